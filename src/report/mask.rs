//! Texts without what no report may show.
//!
//! Hidden bytes become [`MASK`], line breaks stay, so that every offset means what it did;
//! [`super::terminal::printable_source`] draws a run of masks in one and the same way, whatever its length.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::place;
use crate::diagnostic::Diagnostic;
use crate::text::{Edit, FileId, Sources, TextRange};

/// What stands for a hidden byte.
pub(super) const MASK: char = '\0';

/// The texts with everything masked that one of the findings hides: it may stand in the lines that another
/// shows.
pub(super) fn masked<'a>(sources: &'a Sources, diagnostics: &[Diagnostic]) -> Cow<'a, Sources> {
    let mut files: BTreeMap<FileId, Vec<TextRange>> = BTreeMap::new();
    for span in diagnostics.iter().flat_map(|diagnostic| &diagnostic.masks) {
        files.entry(span.file).or_default().push(span.range());
    }
    if files.is_empty() {
        return Cow::Borrowed(sources);
    }
    let mut result = sources.clone();
    for (id, ranges) in files {
        let file = sources.get(id);
        let mut text = file.text.as_bytes().to_vec();
        for range in ranges {
            let range = place::snapped(&file.text, range);
            let hidden = text[usize::from(range.start())..usize::from(range.end())].iter_mut();
            hidden.filter(|byte| !matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = 0);
        }
        let text = String::from_utf8(text).expect("invariant: whole characters are replaced");
        result.replace(id, Arc::new(file.with_text(text.into())));
    }
    Cow::Owned(result)
}

/// The edits without the texts that one of the findings hides.
pub(super) fn masked_edits(sources: &Sources, diagnostics: &[Diagnostic], edits: &[Edit]) -> Vec<Edit> {
    let mut edits = edits.to_vec();
    for span in diagnostics.iter().flat_map(|diagnostic| &diagnostic.masks) {
        let file = sources.get(span.file);
        let hidden = &file.text[place::snapped(&file.text, span.range())];
        if hidden.is_empty() {
            continue;
        }
        for edit in edits.iter_mut().filter(|edit| edit.text.contains(hidden)) {
            edit.text = edit.text.replace(hidden, &MASK.to_string());
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Applicability;
    use crate::report::sample::{diagnostic, find, fix, rendered, source, sources};
    use crate::report::{Format, Options, fingerprints};

    const TEXT: &str =
        "{\n  password = \"hünter2\";\n  other = 1;\n  key = ''\n    first\n    second\n  '';\n}\n";

    #[test]
    fn no_format_shows_what_is_hidden() {
        let (sources, file) = sources(source("/p/a.nix", TEXT));
        let at = |text: &str| find(&sources, file, text);
        let mut secret = diagnostic("some-rule", "bad", at("\"hünter2\""));
        secret.masks = vec![at("hünter2"), at("first\n    second")];
        let mut other = diagnostic("other-rule", "bad", at("password"));
        other.related = vec![crate::diagnostic::Label { span: at("''\n    first"), text: "here".to_owned() }];
        other.fixes = vec![
            fix("move it", Applicability::Unsafe, at("other = 1"), "copy = \"hünter2\""),
            fix("once more", Applicability::Unsafe, at("other"), "another"),
        ];
        for color in [false, true] {
            for format in Format::ALL {
                let options = Options { color, ..Options::default() };
                let text = rendered(format, &sources, &[secret.clone(), other.clone()], options);
                if format.has_fixes() {
                    // Programs apply fixes; those of rules about secrets hold none.
                    assert!(!text.contains("first") && text.matches("hünter2").count() == 1, "{text}");
                } else {
                    for hidden in ["hünter", "first", "second", "\0"] {
                        assert!(!text.contains(hidden), "{format}: {text}");
                    }
                }
            }
        }
        insta::assert_snapshot!(rendered(Format::Full, &sources, &[secret], Options::default()), @r#"
        warning[some-rule]: bad
           ╭─[ a.nix:2:14 ]
           │
         2 │   password = "•••";
           │              ──┬──
           │                ╰──── here
        ───╯
        "#);
    }

    #[test]
    fn fingerprints_do_not_depend_on_what_is_hidden() {
        let of = |password: &str| {
            let (sources, file) = sources(source("/p/a.nix", &format!("{{ password = \"{password}\"; }}\n")));
            let mut secret = diagnostic("some-rule", "bad", find(&sources, file, "password"));
            secret.masks = vec![find(&sources, file, password)];
            fingerprints(&sources, &[secret]).remove(0)
        };
        assert_eq!(of("hunter2"), of("correct"));
    }
}
