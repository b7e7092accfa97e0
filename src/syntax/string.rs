//! Strings and paths of Nix, decoded, with a map back to the source.

use rnix::{SyntaxKind, SyntaxNode, ast};
use rowan::NodeOrToken;
use rowan::ast::AstNode;

use crate::text::{TextRange, TextSize};

/// One part of a string or path literal.
#[derive(Debug, Clone)]
pub enum StringPart {
    /// Literal text, decoded.
    Text {
        /// What the text means: escapes resolved, indentation stripped.
        text: String,
        /// `(at, source)`: the bytes of `text` from `at` to the next entry come from the bytes `source` of
        /// the file, until the next entry. An escape sequence has an entry of its own.
        map: Vec<(TextSize, TextRange)>,
    },
    /// `${…}`.
    Interpolation(ast::Interpol),
}

/// The parts of a string literal, decoded as Nix does (`unescapeStr` and `stripIndentation` of
/// src/libexpr in NixOS/nix). Neighbouring texts are one part; an empty string has no part.
pub fn decode_string(string: &ast::Str) -> Vec<StringPart> {
    let node = string.syntax();
    let indented = node.first_token().is_some_and(|token| token.text() == "''");
    let raw = raw_parts(node);
    if indented { decode_indented(raw) } else { decode_quoted(raw) }
}

/// The parts of a path literal: text as it stands, and interpolations.
pub fn decode_path(path: &SyntaxNode) -> Vec<StringPart> {
    path.children_with_tokens()
        .filter_map(|element| match element {
            NodeOrToken::Token(token) => Some(StringPart::Text {
                text: token.text().to_owned(),
                map: vec![(TextSize::new(0), token.text_range())],
            }),
            NodeOrToken::Node(node) => ast::Interpol::cast(node).map(StringPart::Interpolation),
        })
        .collect()
}

enum Raw {
    Text(String, TextSize),
    Interpolation(ast::Interpol),
}

fn raw_parts(node: &SyntaxNode) -> Vec<Raw> {
    node.children_with_tokens()
        .filter_map(|element| match element {
            NodeOrToken::Token(token) if token.kind() == SyntaxKind::TOKEN_STRING_CONTENT => {
                Some(Raw::Text(token.text().to_owned(), token.text_range().start()))
            }
            NodeOrToken::Token(_) => None,
            NodeOrToken::Node(node) => ast::Interpol::cast(node).map(Raw::Interpolation),
        })
        .collect()
}

/// Collects decoded text and its map.
#[derive(Default)]
struct Decoder {
    parts: Vec<StringPart>,
    text: String,
    map: Vec<(TextSize, TextRange)>,
}

impl Decoder {
    /// `decoded` stands for the source bytes `start..start + len`.
    fn push(&mut self, decoded: &str, start: TextSize, len: usize) {
        if decoded.is_empty() {
            return;
        }
        let source = TextRange::at(start, TextSize::new(len as u32));
        let verbatim = decoded.len() == len;
        if verbatim
            && let Some((at, last)) = self.map.last_mut()
            && last.end() == start
            && usize::from(last.len()) == self.text.len() - usize::from(*at)
        {
            *last = last.cover(source);
        } else {
            self.map.push((TextSize::new(self.text.len() as u32), source));
        }
        self.text.push_str(decoded);
    }

    fn interpolation(&mut self, interpolation: ast::Interpol) {
        self.flush();
        self.parts.push(StringPart::Interpolation(interpolation));
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let (text, map) = (std::mem::take(&mut self.text), std::mem::take(&mut self.map));
            self.parts.push(StringPart::Text { text, map });
        }
    }

    fn finish(mut self) -> Vec<StringPart> {
        self.flush();
        self.parts
    }
}

fn decode_quoted(raw: Vec<Raw>) -> Vec<StringPart> {
    let mut out = Decoder::default();
    for part in raw {
        match part {
            Raw::Interpolation(interpolation) => out.interpolation(interpolation),
            Raw::Text(text, start) => {
                let at = |offset: usize| start + TextSize::new(offset as u32);
                let mut rest = text.as_str();
                while let Some(c) = rest.chars().next() {
                    let offset = text.len() - rest.len();
                    let plain = rest.find(['\\', '\r']).unwrap_or(rest.len());
                    if plain > 0 {
                        out.push(&rest[..plain], at(offset), plain);
                        rest = &rest[plain..];
                    } else if c == '\r' {
                        let len = if rest.starts_with("\r\n") { 2 } else { 1 };
                        out.push("\n", at(offset), len);
                        rest = &rest[len..];
                    } else {
                        let escaped = rest[1..].chars().next();
                        let len = 1 + escaped.map_or(0, char::len_utf8);
                        match escaped {
                            Some('n') => out.push("\n", at(offset), len),
                            Some('r') => out.push("\r", at(offset), len),
                            Some('t') => out.push("\t", at(offset), len),
                            Some(other) => out.push(other.encode_utf8(&mut [0; 4]), at(offset), len),
                            None => {}
                        }
                        rest = &rest[len..];
                    }
                }
            }
        }
    }
    out.finish()
}

/// Escapes of an indented string, as `(escape, decoded)` at the start of `rest`, longest first.
fn indented_escape(rest: &str) -> Option<(usize, String)> {
    if let Some(after) = rest.strip_prefix("''\\") {
        let c = after.chars().next()?;
        let decoded = match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            other => other,
        };
        Some((3 + c.len_utf8(), decoded.to_string()))
    } else if rest.starts_with("''$") {
        Some((3, "$".to_owned()))
    } else if rest.starts_with("'''") {
        Some((3, "''".to_owned()))
    } else {
        None
    }
}

fn decode_indented(mut raw: Vec<Raw>) -> Vec<StringPart> {
    // An opening line of spaces only does not count, not even its line break.
    if let Some(Raw::Text(text, start)) = raw.first_mut()
        && let Some(line) = text.find('\n')
        && text[..line].bytes().all(|byte| byte == b' ')
    {
        *start += TextSize::new(line as u32 + 1);
        text.drain(..=line);
    }

    let strip = common_indentation(&raw);
    let last = raw.len().saturating_sub(1);
    let mut out = Decoder::default();
    let mut line_start = true;
    let mut dropped = 0;
    for (index, part) in raw.into_iter().enumerate() {
        match part {
            Raw::Interpolation(interpolation) => {
                line_start = false;
                dropped = 0;
                out.interpolation(interpolation);
            }
            Raw::Text(mut text, start) => {
                // A closing line of spaces only keeps its line break and loses the spaces.
                if index == last
                    && let Some(line) = text.rfind('\n')
                    && !is_escaped(&text, line)
                    && text[line + 1..].bytes().all(|byte| byte == b' ')
                {
                    text.truncate(line + 1);
                }
                let at = |offset: usize| start + TextSize::new(offset as u32);
                let mut rest = text.as_str();
                while let Some(c) = rest.chars().next() {
                    let offset = text.len() - rest.len();
                    if line_start && c == ' ' {
                        if dropped >= strip {
                            out.push(" ", at(offset), 1);
                        }
                        dropped += 1;
                        rest = &rest[1..];
                    } else if c == '\n' {
                        out.push("\n", at(offset), 1);
                        line_start = true;
                        dropped = 0;
                        rest = &rest[1..];
                    } else if let Some((len, decoded)) = indented_escape(rest) {
                        // Nix strips what an escape stands for as if it stood there itself.
                        let is_stripped = line_start && decoded == " " && dropped < strip;
                        if !is_stripped {
                            out.push(&decoded, at(offset), len);
                        }
                        match decoded.as_str() {
                            "\n" => {
                                line_start = true;
                                dropped = 0;
                            }
                            " " if line_start => dropped += 1,
                            _ => line_start = false,
                        }
                        rest = &rest[len..];
                    } else {
                        line_start = false;
                        let plain = rest[c.len_utf8()..]
                            .find(['\n', '\''])
                            .map_or(rest.len(), |len| len + c.len_utf8());
                        out.push(&rest[..plain], at(offset), plain);
                        rest = &rest[plain..];
                    }
                }
            }
        }
    }
    out.finish()
}

/// Whether the line break at `line` is the escaped one of `''\`.
fn is_escaped(text: &str, line: usize) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let offset = text.len() - rest.len();
        if offset >= line {
            return offset > line;
        }
        let escape = if c == '\'' { indented_escape(rest) } else { None };
        rest = &rest[escape.map_or(c.len_utf8(), |(len, _)| len)..];
    }
    false
}

/// How many spaces every line of an indented string begins with; lines of spaces only do not count.
fn common_indentation(raw: &[Raw]) -> usize {
    let mut least = usize::MAX;
    let mut line_start = true;
    let mut current = 0;
    for part in raw {
        match part {
            Raw::Interpolation(_) => {
                if line_start {
                    line_start = false;
                    least = least.min(current);
                }
            }
            Raw::Text(text, _) => {
                let mut rest = text.as_str();
                while let Some(c) = rest.chars().next() {
                    let escape = if c == '\'' { indented_escape(rest) } else { None };
                    match c {
                        '\n' => {
                            line_start = true;
                            current = 0;
                        }
                        ' ' if line_start => current += 1,
                        // An escape ends the indentation, even that of a line break.
                        _ if line_start => {
                            line_start = false;
                            least = least.min(current);
                        }
                        _ => {}
                    }
                    rest = &rest[escape.map_or(c.len_utf8(), |(len, _)| len)..];
                }
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    fn decoded(source: &str) -> String {
        let root = parse(source).root();
        let Some(ast::Expr::Str(string)) = root.expr() else { panic!("{source} is no string") };
        let mut result = String::new();
        for part in decode_string(&string) {
            match part {
                StringPart::Text { text, map } => {
                    for (index, (at, range)) in map.iter().enumerate() {
                        let end = map.get(index + 1).map_or(text.len(), |next| usize::from(next.0));
                        let piece = &text[usize::from(*at)..end];
                        if piece.len() == usize::from(range.len()) {
                            assert_eq!(piece, source[*range].replace('\r', "\n"), "{source:?}");
                        }
                    }
                    result.push_str(&text);
                }
                StringPart::Interpolation(node) => result.push_str(&format!("<{}>", node.syntax().text())),
            }
        }
        result
    }

    #[test]
    fn quoted_strings() {
        assert_eq!(decoded(r#""a\n\"b\" \${c} $${d} ${e}""#), "a\n\"b\" ${c} $${d} <${e}>");
        assert_eq!(decoded("\"a\r\nb\rc\""), "a\nb\nc");
        assert_eq!(decoded("\"\""), "");
    }

    #[test]
    fn indented_strings() {
        assert_eq!(decoded("''\n    a\n      b\n\n    c\n  ''"), "a\n  b\n\nc\n");
        assert_eq!(decoded("''a ''${b} ''' ''\\n $${c} ' ''"), "a ${b} '' \n $${c} ' ");
        assert_eq!(decoded("''\n  ${a}\n    b\n''"), "<${a}>\n  b\n");
        assert_eq!(decoded("''\n\ta\n  b''"), "\ta\n  b");
        assert_eq!(decoded("''  ''\\n    ''"), "\n  ");
        assert_eq!(decoded("''\n    ''\\\nx\n''"), "\nx\n");
        assert_eq!(decoded("''   $ ''\\\na\n\n    ''"), "$ \na\n\n");
    }
}
