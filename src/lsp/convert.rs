//! Between what the protocol says and what nixlint says: addresses, positions, ranges.

use std::path::PathBuf;

use gen_lsp_types::{Position, Range};

use crate::text::{self, LineIndex, PositionEncoding, TextRange, TextSize, size_of};

/// The absolute path behind a `file:` address; `None` for other addresses.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let path = match rest.find('/')? {
        0 => rest,
        // A host; only this one has files that can be read.
        slash => rest.strip_prefix("localhost").filter(|_| slash == "localhost".len())?,
    };
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let bytes = decoded(&path[..end]);
    // Windows: `/c:/x`.
    let drive = matches!(bytes.as_slice(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    let bytes = if drive && cfg!(windows) { bytes[1..].to_vec() } else { bytes };
    if bytes.contains(&0) {
        return None;
    }
    native(bytes)
}

#[cfg(unix)]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn native(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// `%41` is `A`; a sign that does not begin such a group stands for itself.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let value = digits.and_then(|digits| {
            let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
            u8::from_str_radix(text, 16).ok()
        });
        match value {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// The byte offset of a position; what lies outside of the text is taken as its nearest end.
pub(super) fn offset(
    text: &str,
    lines: &LineIndex,
    position: Position,
    encoding: PositionEncoding,
) -> TextSize {
    let position = text::Position { line: position.line, column: position.character };
    lines.offset(text, position, encoding).unwrap_or_else(|| size_of(text))
}

/// The bytes of a range; a range that is the wrong way round is turned.
pub(super) fn range(text: &str, lines: &LineIndex, range: Range, encoding: PositionEncoding) -> TextRange {
    let start = offset(text, lines, range.start, encoding);
    let end = offset(text, lines, range.end, encoding);
    TextRange::new(start.min(end), start.max(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_paths() {
        let path = |uri: &str| path_of(uri).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(path("file:///p/a%20b/%C3%A9%23.nix").as_deref(), Some("/p/a b/é#.nix"));
        assert_eq!(path("file://localhost/p/a.nix").as_deref(), Some("/p/a.nix"));
        assert_eq!(path("file:///p/100%/%zz/%+1.nix").as_deref(), Some("/p/100%/%zz/%+1.nix"));
        assert_eq!(path("file:///p/a.nix#L3").as_deref(), Some("/p/a.nix"));
        for uri in ["untitled:x", "file://elsewhere/p", "file:", "", "file:///%00"] {
            assert_eq!(path(uri), None, "{uri}");
        }
    }

    #[test]
    fn positions_outside_are_clamped() {
        let text = "é🦀\nb";
        let lines = LineIndex::new(text);
        let at = |line, character| {
            let position = Position { line, character };
            u32::from(offset(text, &lines, position, PositionEncoding::Utf16))
        };
        assert_eq!((at(0, 1), at(0, 3), at(0, 99)), (2, 6, 6));
        assert_eq!((at(1, 1), at(7, 0)), (8, 8));
        // Half a surrogate pair.
        assert_eq!(at(0, 2), 6);
    }
}
