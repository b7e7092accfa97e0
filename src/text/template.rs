//! Text with holes: what a Nix string or an evaluated value looks like before it is complete.

use text_size::TextSize;

use super::Span;

/// A sequence of known text and holes, with the places in source files they come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Template {
    /// The parts in order; two neighbouring texts may stand side by side.
    pub pieces: Vec<Piece>,
}

/// One part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// Known text, decoded: escapes are resolved, indentation is stripped.
    Text {
        /// The decoded text.
        text: Box<str>,
        /// Where its bytes stand in source files, ascending by `at`. Bytes before the first
        /// segment have no source.
        map: Box<[Segment]>,
    },
    /// Something not known as text.
    Hole(Hole),
}

/// The decoded bytes from `at` to the next segment come from `source`: byte for byte where both are of one
/// length, else as a whole, as with an escape sequence, or an interpolation whose text is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Byte offset in the decoded text of the piece.
    pub at: TextSize,
    /// The bytes in the file the segment was decoded from.
    pub source: Span,
}

/// A part of a text that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hole {
    /// The interpolation or expression, where it has a place.
    pub span: Option<Span>,
    /// What is known about it all the same.
    pub kind: HoleKind,
    /// Whether the text may be empty.
    pub may_be_empty: bool,
}

/// What is known about the text of a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoleKind {
    /// Nothing: it may hold blanks, line breaks, whole statements.
    Any,
    /// A path in the Nix store: absolute, without blanks.
    StorePath,
    /// An absolute path of a program, without blanks.
    Program,
    /// An absolute path, perhaps outside the store.
    AbsolutePath,
    /// A decimal integer.
    Integer,
    /// The value of an option that could not be resolved: one value, but nothing is known of its text.
    Option,
    /// One shell word, quoted as `escapeShellArg` does.
    ShellWord,
}

impl HoleKind {
    /// Whether the text can neither hold blanks nor line breaks nor shell operators.
    pub fn is_one_word(self) -> bool {
        matches!(self, Self::StorePath | Self::Program | Self::AbsolutePath | Self::Integer | Self::ShellWord)
    }
}

impl Template {
    /// The whole text when there is no hole.
    pub fn as_text(&self) -> Option<String> {
        let mut result = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text { text, .. } => result.push_str(text),
                Piece::Hole(_) => return None,
            }
        }
        Some(result)
    }

    /// The known text with `stand_in` for every hole.
    pub fn lossy(&self, stand_in: &str) -> String {
        let mut result = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text { text, .. } => result.push_str(text),
                Piece::Hole(_) => result.push_str(stand_in),
            }
        }
        result
    }

    /// Whether a known piece has `text` in it.
    pub fn contains(&self, text: &str) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Text { text: known, .. } if known.contains(text)))
    }

    /// Whether there is any hole.
    pub fn has_holes(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Hole(_)))
    }
}
