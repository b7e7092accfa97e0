//! What became of places in a text that was edited.

use text_size::{TextRange, TextSize};

use super::floor_char_boundary;

/// The one stretch in which two texts differ. Everything in front of it and behind it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Bytes of the old text that went.
    pub old: TextRange,
    /// Bytes of the new text that came; starts where `old` starts.
    pub new: TextRange,
}

impl Change {
    /// The smallest change that makes `new` of `old`; `None` where they are the same.
    pub fn between(old: &str, new: &str) -> Option<Self> {
        if old == new {
            return None;
        }
        let (a, b) = (old.as_bytes(), new.as_bytes());
        let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let start = floor_char_boundary(old, TextSize::new(common as u32));
        let (rest_a, rest_b) = (&a[usize::from(start)..], &b[usize::from(start)..]);
        let mut tail = rest_a.iter().rev().zip(rest_b.iter().rev()).take_while(|(a, b)| a == b).count();
        while !old.is_char_boundary(a.len() - tail) || !new.is_char_boundary(b.len() - tail) {
            tail -= 1;
        }
        let end = |len: usize| TextSize::new((len - tail) as u32);
        Some(Self { old: TextRange::new(start, end(a.len())), new: TextRange::new(start, end(b.len())) })
    }

    /// Where `range` of the old text is now, unless the change touches it.
    pub fn beside(&self, range: TextRange) -> Option<TextRange> {
        if range.end() <= self.old.start() {
            Some(range)
        } else if range.start() >= self.old.end() {
            Some(TextRange::new(self.shifted(range.start()), self.shifted(range.end())))
        } else {
            None
        }
    }

    /// Like [`Change::beside`], but a range that the change lies inside of grows or shrinks with it.
    pub fn around(&self, range: TextRange) -> Option<TextRange> {
        let is_inside = range.start() < self.old.start() && self.old.end() < range.end();
        if is_inside {
            return Some(TextRange::new(range.start(), self.shifted(range.end())));
        }
        self.beside(range)
    }

    fn shifted(&self, offset: TextSize) -> TextSize {
        offset - self.old.end() + self.new.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    #[test]
    fn the_change_is_the_smallest() {
        let change = |old, new| Change::between(old, new).map(|change| (change.old, change.new));
        assert_eq!(change("abc", "abc"), None);
        assert_eq!(change("abc", "axc"), Some((range(1, 2), range(1, 2))));
        assert_eq!(change("aa", "aaa"), Some((range(2, 2), range(2, 3))));
        assert_eq!(change("é", "è"), Some((range(0, 2), range(0, 2))));
        assert_eq!(change("xé", "x\u{3a9}"), Some((range(1, 3), range(1, 3))));
    }

    #[test]
    fn places_move_with_their_text() {
        let change = Change::between("one two three", "one 2 three").expect("they differ");
        assert_eq!(change.beside(range(0, 3)), Some(range(0, 3)));
        assert_eq!(change.beside(range(8, 13)), Some(range(6, 11)));
        assert_eq!(change.beside(range(4, 7)), None);
        assert_eq!(change.around(range(3, 8)), Some(range(3, 6)));
        assert_eq!(change.around(range(4, 8)), None);
    }

    proptest! {
        #[test]
        fn what_is_kept_reads_the_same(
            old in "[abé日]{0,12}", new in "[abé日]{0,12}", start in 0usize..30, len in 0usize..30,
        ) {
            if let Some(change) = Change::between(&old, &new) {
                let mut made = old.clone();
                made.replace_range(std::ops::Range::<usize>::from(change.old), &new[change.new]);
                prop_assert_eq!(&made, &new);
                let (from, to) = (start.min(old.len()), (start + len).min(old.len()));
                if old.is_char_boundary(from) && old.is_char_boundary(to) {
                    let place = range(from as u32, to as u32);
                    if let Some(moved) = change.beside(place) {
                        prop_assert_eq!(&old[place], &new[moved]);
                    }
                }
            }
        }
    }
}
