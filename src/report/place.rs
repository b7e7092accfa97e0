//! Where things are: spans snapped to characters, positions, locations, addresses.

use std::fmt::Write as _;

use camino::Utf8Path;

use crate::text::{
    FileId, Position, PositionEncoding, SourceFile, Sources, Span, TextRange, TextSize, floor_char_boundary,
};

/// `range` inside `text` and on character boundaries, grown to whole characters.
pub(super) fn snapped(text: &str, range: TextRange) -> TextRange {
    let start = floor_char_boundary(text, range.start());
    let mut end = usize::from(range.end()).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    TextRange::new(start, TextSize::new(end as u32))
}

/// Line and column of a byte offset; offsets inside a character count as its start.
pub(super) fn position(file: &SourceFile, offset: TextSize, encoding: PositionEncoding) -> Position {
    file.lines().position(floor_char_boundary(&file.text, offset), encoding)
}

/// Where `span` starts and ends, lines and columns counted from 1; the end is exclusive.
pub(super) fn region(sources: &Sources, span: Span, encoding: PositionEncoding) -> (Position, Position) {
    let file = sources.get(span.file);
    let range = snapped(&file.text, span.range());
    let from_one = |offset: TextSize| {
        let at = position(file, offset, encoding);
        Position { line: at.line + 1, column: at.column + 1 }
    };
    (from_one(range.start()), from_one(range.end()))
}

/// The text of a line (from 0) without its line break, and where it starts in bytes.
pub(super) fn line_content(file: &SourceFile, line: u32) -> (TextSize, &str) {
    let range = file.lines().line_range(line).expect("invariant: the line comes from the index of this file");
    let content = &file.text[range];
    let content = match content.strip_suffix('\n') {
        Some(content) => content.strip_suffix('\r').unwrap_or(content),
        None => content,
    };
    (range.start(), content)
}

/// `path:line:column` of the start of `span`, from 1 and in characters, safe for terminals.
pub(super) fn location(sources: &Sources, span: Span) -> String {
    let file = sources.get(span.file);
    let at = position(file, span.range().start(), PositionEncoding::Chars);
    format!("{}:{}:{}", path(sources, span.file), at.line + 1, at.column + 1)
}

/// The shown path of a file, safe for terminals.
pub(super) fn path(sources: &Sources, file: FileId) -> String {
    super::printable(&sources.get(file).display).into_owned()
}

/// The `file:` address of an absolute `/`-separated path (RFC 8089), percent-encoded.
pub fn file_uri(path: &Utf8Path) -> String {
    // A path on a Windows drive has no slash in front.
    let slash = if path.as_str().starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", percent_encoded(path.as_str()))
}

/// `text` with everything but `/` and what RFC 3986 allows in a path segment percent-encoded.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => result.push(char::from(byte)),
            b'/' | b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+'
            | b',' | b';' | b'=' | b':' | b'@' => result.push(char::from(byte)),
            _ => write!(result, "%{byte:02X}").expect("invariant: strings take all text"),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_grow_to_whole_characters_inside_the_text() {
        let range = |start: u32, end: u32| TextRange::new(start.into(), end.into());
        assert_eq!(snapped("a日b", range(2, 3)), range(1, 4));
        assert_eq!(snapped("a日b", range(2, 2)), range(1, 4));
        assert_eq!(snapped("a日b", range(4, 99)), range(4, 5));
        assert_eq!(snapped("", range(4, 99)), range(0, 0));
    }

    #[test]
    fn addresses_are_percent_encoded() {
        let uri = |path: &str| file_uri(Utf8Path::new(path));
        assert_eq!(uri("/p/a b/é#%?.nix"), "file:///p/a%20b/%C3%A9%23%25%3F.nix");
        assert_eq!(uri("/p/a+b@2,c.nix"), "file:///p/a+b@2,c.nix");
        assert_eq!(uri("/p/\u{1b}\n\"<>\\.nix"), "file:///p/%1B%0A%22%3C%3E%5C.nix");
        assert_eq!(uri("C:/p/a.nix"), "file:///C:/p/a.nix");
    }
}
