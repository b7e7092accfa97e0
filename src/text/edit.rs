//! Replacements in a text.

use text_size::{TextRange, TextSize};

use super::FileId;

/// Replaces the bytes of `range` in `file` by `text`. An empty range inserts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    /// The file that changes.
    pub file: FileId,
    /// Bytes that go, on character boundaries of the text the edit was made for.
    pub range: TextRange,
    /// What comes in their place.
    pub text: String,
}

/// Why a set of edits cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Two edits touch the same bytes.
    #[error("edits overlap at byte {at}")]
    Overlap {
        /// First byte both want.
        at: u32,
    },
    /// An edit lies outside the text or inside a character.
    #[error("edit {start}..{end} does not lie on character boundaries of the text")]
    OutOfBounds {
        /// Start of the edit in bytes.
        start: u32,
        /// End of the edit in bytes.
        end: u32,
    },
}

/// Applies `edits`, in any order, to `text`; their files are not looked at. Equal edits count once.
///
/// # Errors
/// When two different edits overlap (two insertions at one place do), or one is out of bounds.
pub fn apply_edits<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Result<String, EditError> {
    let mut sorted: Vec<&Edit> = edits.into_iter().collect();
    sorted.sort_by(|a, b| {
        (a.range.start(), a.range.end(), &a.text).cmp(&(b.range.start(), b.range.end(), &b.text))
    });
    sorted.dedup();

    let mut result = String::with_capacity(text.len());
    let mut at = TextSize::new(0);
    let mut last: Option<TextRange> = None;
    for edit in sorted {
        let (start, end) = (edit.range.start(), edit.range.end());
        if text.get(usize::from(start)..usize::from(end)).is_none() {
            return Err(EditError::OutOfBounds { start: start.into(), end: end.into() });
        }
        if start < at
            || last.is_some_and(|last| last.start() == start && last.is_empty() && edit.range.is_empty())
        {
            return Err(EditError::Overlap { at: start.into() });
        }
        result.push_str(&text[usize::from(at)..usize::from(start)]);
        result.push_str(&edit.text);
        at = end;
        last = Some(edit.range);
    }
    result.push_str(&text[usize::from(at)..]);
    Ok(result)
}

/// Where the parts of an edited text come from.
#[derive(Debug)]
pub struct Origins {
    /// What no edit wrote, ascending: bytes of the new text, and where they begin in the old one.
    kept: Vec<(TextRange, TextSize)>,
}

impl Origins {
    /// Of what [`apply_edits`] makes of `text` by `edits`, which must fit each other and it.
    pub fn new<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Self {
        let mut sorted: Vec<&Edit> = edits.into_iter().collect();
        sorted.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
        sorted.dedup();
        let (mut old, mut new) = (TextSize::new(0), TextSize::new(0));
        let mut kept = Vec::with_capacity(sorted.len() + 1);
        let ends = sorted.iter().map(|edit| (edit.range.start(), edit.range.end(), TextSize::of(&edit.text)));
        for (start, end, written) in ends.chain([(TextSize::of(text), TextSize::of(text), TextSize::new(0))])
        {
            if start > old {
                kept.push((TextRange::at(new, start - old), old));
                new += start - old;
            }
            new += written;
            old = end;
        }
        Self { kept }
    }

    /// Where the bytes at `range` of the new text stood in the old one; `None` where an edit wrote some of them.
    pub fn old(&self, range: TextRange) -> Option<TextRange> {
        let (kept, old) = self.kept_before(range.start())?;
        kept.contains_range(range).then(|| range - kept.start() + *old)
    }

    /// The place in the old text that corresponds to one in the new: the end of the kept bytes before it where an edit
    /// wrote what is there.
    pub fn place(&self, at: TextSize) -> TextSize {
        match self.kept_before(at) {
            Some((kept, old)) => *old + (at.min(kept.end()) - kept.start()),
            None => TextSize::new(0),
        }
    }

    /// Whether the new text has all the bytes at `range` of the old one.
    pub fn keeps(&self, range: TextRange) -> bool {
        self.kept.iter().any(|(kept, old)| TextRange::at(*old, kept.len()).contains_range(range))
    }

    fn kept_before(&self, at: TextSize) -> Option<&(TextRange, TextSize)> {
        let behind = self.kept.partition_point(|(kept, _)| kept.start() <= at);
        self.kept.get(behind.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { file: FileId(0), range: TextRange::new(start.into(), end.into()), text: text.to_owned() }
    }

    #[test]
    fn parts_know_their_origin() {
        // `hello world` becomes `Jello, old!`.
        let edits = [edit(6, 7, ""), edit(0, 1, "J"), edit(5, 5, ","), edit(8, 9, ""), edit(11, 11, "!")];
        let text = "hello world";
        let new = apply_edits(text, &edits).expect("they fit");
        assert_eq!(new, "Jello, old!");
        let origins = Origins::new(text, &edits);
        let range = |start: u32, end: u32| TextRange::new(start.into(), end.into());
        assert_eq!(origins.old(range(1, 5)), Some(range(1, 5)));
        assert_eq!(origins.old(range(8, 10)), Some(range(9, 11)));
        for written in [range(0, 1), range(0, 3), range(4, 7), range(7, 9), range(10, 11)] {
            assert_eq!(origins.old(written), None, "{written:?}");
        }
        assert_eq!([0, 3, 5, 10].map(|at| u32::from(origins.place(at.into()))), [0, 3, 5, 11]);
        assert!(origins.keeps(range(1, 5)) && !origins.keeps(range(4, 6)) && !origins.keeps(range(5, 7)));
    }

    #[test]
    fn edits_apply_in_any_order() {
        let edits = [edit(4, 5, "!"), edit(0, 1, "J"), edit(2, 2, "--")];
        assert_eq!(apply_edits("hello", &edits), Ok("Je--ll!".to_owned()));
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert_eq!(
            apply_edits("hello", &[edit(0, 2, ""), edit(1, 3, "")]),
            Err(EditError::Overlap { at: 1 })
        );
        assert_eq!(
            apply_edits("hello", &[edit(1, 1, "a"), edit(1, 1, "b")]),
            Err(EditError::Overlap { at: 1 })
        );
    }

    #[test]
    fn edits_inside_a_character_are_refused() {
        assert_eq!(apply_edits("é", &[edit(1, 2, "")]), Err(EditError::OutOfBounds { start: 1, end: 2 }));
    }

    proptest! {
        #[test]
        fn disjoint_edits_equal_edits_applied_from_the_back(
            text in "[a-z]{0,40}",
            cuts in proptest::collection::btree_set(0usize..40, 0..8),
            insert in "[A-Z]{0,3}",
        ) {
            let cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            let edits: Vec<Edit> = cuts.chunks_exact(2).map(|pair| edit(pair[0] as u32, pair[1] as u32, &insert)).collect();
            let mut expected = text.clone();
            for pair in cuts.chunks_exact(2).rev() {
                expected.replace_range(pair[0]..pair[1], &insert);
            }
            prop_assert_eq!(apply_edits(&text, &edits), Ok(expected));
        }
    }
}
