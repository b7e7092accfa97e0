//! Where a decoded text comes from.

use std::sync::Arc;

use text_size::{TextRange, TextSize};

/// Where the bytes of a decoded text stand in a file: byte for byte where both are of one length, else as a whole,
/// as with an escape sequence, or an interpolation whose text is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextMap {
    /// All of it comes from these bytes, as with most texts.
    Whole(TextRange),
    /// The bytes from an offset in the text to the next one come from the bytes beside it.
    Parts(Arc<[(TextSize, TextRange)]>),
}

impl TextMap {
    /// The offsets in the text, ascending, and the bytes of the file that stand there.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (TextSize, TextRange)> {
        let len = match self {
            Self::Whole(_) => 1,
            Self::Parts(parts) => parts.len(),
        };
        (0..len).map(move |index| match self {
            Self::Whole(range) => (TextSize::new(0), *range),
            Self::Parts(parts) => parts[index],
        })
    }
}

impl From<Vec<(TextSize, TextRange)>> for TextMap {
    fn from(entries: Vec<(TextSize, TextRange)>) -> Self {
        match entries.as_slice() {
            [(at, range)] if usize::from(*at) == 0 => Self::Whole(*range),
            _ => Self::Parts(entries.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_at_the_start_is_the_whole() {
        let range = |from: u32, to: u32| TextRange::new(from.into(), to.into());
        let entries = |map: &TextMap| map.entries().collect::<Vec<_>>();
        let whole = TextMap::from(vec![(0.into(), range(3, 5))]);
        assert_eq!(whole, TextMap::Whole(range(3, 5)));
        assert_eq!(entries(&whole), [(0.into(), range(3, 5))]);
        let several = vec![(0.into(), range(3, 5)), (2.into(), range(6, 8))];
        assert_eq!(entries(&TextMap::from(several.clone())), several);
        assert_eq!(entries(&TextMap::from(Vec::new())), []);
    }
}
