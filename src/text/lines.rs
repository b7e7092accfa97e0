//! Offsets to lines and columns, in bytes, UTF-16 units or characters.

use line_index::{WideEncoding, WideLineCol};
use text_size::TextSize;

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionEncoding {
    /// Bytes of UTF-8.
    Utf8,
    /// Code units of UTF-16, the default of the Language Server Protocol.
    Utf16,
    /// Unicode scalar values, what people and most text formats count.
    Chars,
}

/// A place in a text, both parts counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 0. Lines end at `\n` only, as in Nix and in editors.
    pub line: u32,
    /// Column, from 0, in the units of the [`PositionEncoding`] that was asked for.
    pub column: u32,
}

/// Start of every line of one text and the places of its wide characters.
#[derive(Debug)]
pub struct LineIndex {
    index: line_index::LineIndex,
    len: TextSize,
}

impl LineIndex {
    /// Builds the index; linear in the length of `text`.
    pub fn new(text: &str) -> Self {
        Self { index: line_index::LineIndex::new(text), len: super::size_of(text) }
    }

    /// Line and column of a byte offset. Offsets past the end are taken as the end, offsets inside
    /// a character as its start (in UTF-8) or the nearest unit before it.
    pub fn position(&self, offset: TextSize, encoding: PositionEncoding) -> Position {
        let at = self.index.line_col(offset.min(self.len));
        let column = match encoding {
            PositionEncoding::Utf8 => at.col,
            PositionEncoding::Utf16 => self.wide(at, WideEncoding::Utf16),
            PositionEncoding::Chars => self.wide(at, WideEncoding::Utf32),
        };
        Position { line: at.line, column }
    }

    /// Byte offset of a line and column; `None` for a line that does not exist. A column past the
    /// end of its line gives the end of that line, without its line break.
    pub fn offset(&self, text: &str, position: Position, encoding: PositionEncoding) -> Option<TextSize> {
        let line = self.index.line(position.line)?;
        let content = text[line].trim_end_matches(['\n', '\r']);
        let wide = |unit: fn(char) -> usize| {
            let mut column = 0;
            for (offset, c) in content.char_indices() {
                if column >= position.column as usize {
                    return offset;
                }
                column += unit(c);
            }
            content.len()
        };
        let within = match encoding {
            PositionEncoding::Utf8 => {
                usize::from(super::floor_char_boundary(content, position.column.into()))
            }
            PositionEncoding::Utf16 => wide(char::len_utf16),
            PositionEncoding::Chars => wide(|_| 1),
        };
        Some(line.start() + TextSize::new(within as u32))
    }

    /// Byte range of the line (from 0) with its line break; `None` for a line that does not exist.
    pub fn line_range(&self, line: u32) -> Option<text_size::TextRange> {
        self.index.line(line)
    }

    fn wide(&self, at: line_index::LineCol, encoding: WideEncoding) -> u32 {
        self.index.to_wide(encoding, at).map_or(at.col, |WideLineCol { col, .. }| col)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "é = 1;\r\n\t日本\n\"🦀\"; x\n";

    #[test]
    fn columns_differ_by_encoding() {
        let lines = LineIndex::new(TEXT);
        let x = TextSize::new(TEXT.find('x').expect("the text has an x") as u32);
        let column = |encoding| lines.position(x, encoding);
        assert_eq!(column(PositionEncoding::Utf8), Position { line: 2, column: 8 });
        assert_eq!(column(PositionEncoding::Utf16), Position { line: 2, column: 6 });
        assert_eq!(column(PositionEncoding::Chars), Position { line: 2, column: 5 });
    }

    #[test]
    fn offsets_come_back() {
        let lines = LineIndex::new(TEXT);
        for (offset, _) in TEXT.char_indices() {
            let offset = TextSize::new(offset as u32);
            if TEXT[usize::from(offset)..].starts_with(['\r', '\n']) {
                continue;
            }
            for encoding in [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Chars] {
                let position = lines.position(offset, encoding);
                assert_eq!(lines.offset(TEXT, position, encoding), Some(offset), "{encoding:?} {position:?}");
            }
        }
    }

    #[test]
    fn columns_past_the_line_end_stay_before_the_break() {
        let lines = LineIndex::new(TEXT);
        let far = Position { line: 0, column: 99 };
        assert_eq!(lines.offset(TEXT, far, PositionEncoding::Utf16), Some(TextSize::new(7)));
        assert_eq!(lines.offset(TEXT, Position { line: 9, column: 0 }, PositionEncoding::Utf16), None);
    }
}
