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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(start: u32, end: u32, text: &str) -> Edit {
        Edit { file: FileId(0), range: TextRange::new(start.into(), end.into()), text: text.to_owned() }
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
