//! Text without Nix: files, spans, line indices, edits, and text with holes.
//!
//! This layer must never know a syntax kind, a rule, or a file system.

mod change;
mod edit;
mod file;
mod lines;
mod map;
mod spelling;
mod template;

pub use change::Change;
pub use edit::{Edit, EditError, Origins, apply_edits};
pub use file::{FileId, SourceFile, Sources, Span};
pub use lines::{LineIndex, Position, PositionEncoding};
pub use map::TextMap;
pub use spelling::{nearest, nearest_within};
pub use template::{Hole, HoleKind, Piece, Segment, Template};
pub use text_size::{TextRange, TextSize};

/// Length of `text` in bytes as a [`TextSize`].
///
/// Inputs are capped far below 4 GiB before they reach this layer; longer text is cut to `u32::MAX`.
pub fn size_of(text: &str) -> TextSize {
    TextSize::new(u32::try_from(text.len()).unwrap_or(u32::MAX))
}

/// The largest offset not above `offset` that is a character boundary of `text`.
pub fn floor_char_boundary(text: &str, offset: TextSize) -> TextSize {
    let mut at = usize::from(offset).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    TextSize::new(at as u32)
}
