//! Findings about a text that has been edited since, before it is looked at again.

use rustc_hash::FxHashMap;

use crate::diagnostic::{Diagnostic, Fix};
use crate::text::{Change, FileId, Span, TextRange};

/// The finding at its place in the edited texts, `changes` being what became of each file that was edited;
/// `None` where the edits reach into its place. Evidence and fixes that the edits reach are left out.
pub fn moved(diagnostic: &Diagnostic, changes: &FxHashMap<FileId, Change>) -> Option<Diagnostic> {
    let around = |span: Span| match changes.get(&span.file) {
        Some(change) => change.around(span.range()).map(|range| Span::new(span.file, range)),
        None => Some(span),
    };
    let mut result = diagnostic.clone();
    result.primary.span = around(diagnostic.primary.span)?;
    result.related.retain_mut(|label| around(label.span).map(|span| label.span = span).is_some());
    result.masks = diagnostic.masks.iter().copied().filter_map(around).collect();
    if let Some(change) = changes.get(&diagnostic.primary.span.file) {
        result.covers = diagnostic.covers.and_then(|range| change.around(range));
    }
    let follows = |fix: &mut Fix| {
        fix.edits.iter_mut().all(|edit| match changes.get(&edit.file) {
            Some(change) => change.beside(edit.range).map(|range| edit.range = range).is_some(),
            None => true,
        })
    };
    result.fixes.retain_mut(follows);
    Some(result)
}

/// As [`moved`], but `None` where the edits reach into anything of the finding, or it is not certain on which
/// side of them something is.
pub(super) fn moved_whole(
    diagnostic: &Diagnostic,
    changes: &FxHashMap<FileId, Change>,
) -> Option<Diagnostic> {
    let is_certain = |file: FileId, range: TextRange| {
        changes.get(&file).is_none_or(|change| !range.is_empty() || change.old.intersect(range).is_none())
    };
    let labels = diagnostic.related.iter().map(|label| label.span);
    let spans = labels.chain(diagnostic.masks.iter().copied()).chain([diagnostic.primary.span]);
    let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| (edit.file, edit.range));
    let mut places = spans.map(|span| (span.file, span.range())).chain(edits);
    if !places.all(|(file, range)| is_certain(file, range)) {
        return None;
    }
    let new = moved(diagnostic, changes)?;
    let is_whole = new.related.len() == diagnostic.related.len()
        && new.masks.len() == diagnostic.masks.len()
        && new.fixes.len() == diagnostic.fixes.len()
        && new.covers.is_some() == diagnostic.covers.is_some();
    is_whole.then_some(new)
}

#[cfg(test)]
mod tests {
    use super::super::built_in::{SYNTAX_ERROR, finding};
    use super::*;
    use crate::diagnostic::{Applicability, Label};
    use crate::text::Edit;

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    #[test]
    fn findings_follow_their_text() {
        let file = FileId(0);
        let mut found = finding(&SYNTAX_ERROR, Span::new(file, range(8, 13)), "bad", "here");
        let elsewhere =
            |start, end, file| Label { span: Span::new(file, range(start, end)), text: "x".into() };
        found.related = vec![elsewhere(0, 3, file), elsewhere(4, 6, file), elsewhere(4, 6, FileId(1))];
        let fix = |start, end| Fix {
            title: "fix".into(),
            applicability: Applicability::Safe,
            edits: vec![Edit { file, range: range(start, end), text: String::new() }],
        };
        found.fixes = vec![fix(8, 13), fix(3, 13)];
        let change = Change::between("one two three", "one 2 three").expect("they differ");
        let moved = moved(&found, &FxHashMap::from_iter([(file, change)])).expect("it was not touched");
        assert_eq!(moved.primary.span.range(), range(6, 11));
        let related: Vec<_> = moved.related.iter().map(|label| label.span.range()).collect();
        assert_eq!(related, [range(0, 3), range(4, 6)]);
        assert_eq!(moved.fixes.len(), 1);
        assert_eq!(moved.fixes[0].edits[0].range, range(6, 11));
    }

    #[test]
    fn a_finding_whose_text_is_gone_is_gone() {
        let found = finding(&SYNTAX_ERROR, Span::new(FileId(0), range(4, 7)), "bad", "here");
        let change = Change::between("one two three", "one 2 three").expect("they differ");
        assert_eq!(moved(&found, &FxHashMap::from_iter([(FileId(0), change)])), None);
    }
}
