//! Strings and paths of Nix, decoded, with a map back to the source.

use std::borrow::Cow;

use rnix::{SyntaxKind, ast};
use rowan::NodeOrToken;
use rowan::ast::AstNode;

use super::view::{NodeView, TokenView};
use crate::text::{TextRange, TextSize};

/// One part of a string or path literal; `I` is the node of an interpolation.
#[derive(Debug, Clone)]
pub enum StringPart<I = ast::Interpol> {
    /// Literal text, decoded.
    Text {
        /// What the text means: escapes resolved, indentation stripped.
        text: String,
        /// `(at, source)`: the bytes of `text` from `at` to the next entry come from the bytes `source` of
        /// the file, until the next entry. An escape sequence has an entry of its own.
        map: Vec<(TextSize, TextRange)>,
    },
    /// `${…}`.
    Interpolation(I),
}

/// The parts of a string literal, decoded as Nix does (`unescapeStr` and `stripIndentation` of
/// src/libexpr in NixOS/nix). Neighbouring texts are one part; an empty string has no part.
pub fn decode_string(string: &ast::Str) -> Vec<StringPart> {
    let mut interpolations = string.syntax().children().filter_map(ast::Interpol::cast);
    let with_node = |part| match part {
        StringPart::Text { text, map } => Some(StringPart::Text { text, map }),
        StringPart::Interpolation(_) => interpolations.next().map(StringPart::Interpolation),
    };
    decode_string_view(NodeView::new(string.syntax())).into_iter().filter_map(with_node).collect()
}

/// The parts of the string literal `string`, see [`decode_string`].
pub fn decode_string_view(string: NodeView<'_>) -> Vec<StringPart<NodeView<'_>>> {
    let raw = raw_parts(string);
    let indented = string.tokens().next().is_some_and(|token| token.text == "''");
    if indented { decode_indented(raw) } else { decode_quoted(raw) }
}

/// The text of the string literal `string`, if nothing is interpolated.
pub fn plain_text_view(string: NodeView<'_>) -> Option<Cow<'_, str>> {
    if let Some(token) = verbatim(string) {
        return Some(Cow::Borrowed(token.text));
    }
    let mut parts = decode_string_view(string).into_iter();
    match (parts.next(), parts.next()) {
        (None, _) => Some(Cow::Borrowed("")),
        (Some(StringPart::Text { text, .. }), None) => Some(Cow::Owned(text)),
        _ => None,
    }
}

/// The content of a quoted string that stands for itself, which most do: one token without escapes.
pub fn verbatim(string: NodeView<'_>) -> Option<TokenView<'_>> {
    let mut children = string.children();
    let (Some(NodeOrToken::Token(open)), Some(NodeOrToken::Token(content)), Some(_), None) =
        (children.next(), children.next(), children.next(), children.next())
    else {
        return None;
    };
    let is_plain = content.kind == SyntaxKind::TOKEN_STRING_CONTENT
        && open.text == "\""
        && !content.text.bytes().any(|byte| matches!(byte, b'\\' | b'\r'));
    is_plain.then_some(content)
}

/// One part of a string literal as it is written.
#[derive(Debug, Clone)]
pub enum RawPart {
    /// Bytes of text, escapes and all.
    Text(TextRange),
    /// `${…}`.
    Interpolation(ast::Interpol),
}

/// The parts of a string literal as they are written, without the quotes.
pub fn raw_string(string: &ast::Str) -> Vec<RawPart> {
    let parts = string.syntax().children_with_tokens().filter_map(|element| match element {
        NodeOrToken::Token(token) if token.kind() == SyntaxKind::TOKEN_STRING_CONTENT => {
            Some(RawPart::Text(token.text_range()))
        }
        NodeOrToken::Node(node) => ast::Interpol::cast(node).map(RawPart::Interpolation),
        NodeOrToken::Token(_) => None,
    });
    parts.collect()
}

/// The words of a string literal, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenWords {
    /// Each with its interpolations.
    pub words: Vec<String>,
    /// Whether every word stands for itself, to Nix in double quotes as well as to a shell.
    pub is_plain: bool,
}

/// Splits a string literal at its spaces. Interpolations stay whole, whatever they hold.
pub fn written_words(string: &ast::Str) -> WrittenWords {
    let start = string.syntax().text_range().start();
    let source = string.syntax().text().to_string();
    let mut words = vec![String::new()];
    let mut is_plain = !is_indented(string);
    for part in raw_string(string) {
        let last = words.last_mut().expect("invariant: there is a word");
        match part {
            RawPart::Interpolation(hole) => last.push_str(&hole.syntax().text().to_string()),
            RawPart::Text(range) => {
                let range = range - start;
                let text = &source[usize::from(range.start())..usize::from(range.end())];
                is_plain &= !text.contains(['\\', '\'', '"', '`', '$', '*', '?', '[']);
                let mut pieces = text.split([' ', '\t', '\n']);
                last.push_str(pieces.next().unwrap_or_default());
                words.extend(pieces.map(str::to_owned));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    WrittenWords { words, is_plain }
}

/// Whether a string literal is written with `''`.
pub fn is_indented(string: &ast::Str) -> bool {
    string.syntax().first_token().is_some_and(|token| token.text() == "''")
}

/// The parts of a path literal: text as it stands, and interpolations.
pub fn decode_path(path: NodeView<'_>) -> Vec<StringPart<NodeView<'_>>> {
    path.children()
        .filter_map(|element| match element {
            NodeOrToken::Token(token) => Some(StringPart::Text {
                text: token.text.to_owned(),
                map: vec![(TextSize::new(0), token.range)],
            }),
            NodeOrToken::Node(node) if node.kind() == SyntaxKind::NODE_INTERPOL => {
                Some(StringPart::Interpolation(node))
            }
            NodeOrToken::Node(_) => None,
        })
        .collect()
}

enum Raw<'t> {
    Text(&'t str, TextSize),
    Interpolation(NodeView<'t>),
}

fn raw_parts(node: NodeView<'_>) -> Vec<Raw<'_>> {
    node.children()
        .filter_map(|element| match element {
            NodeOrToken::Token(token) if token.kind == SyntaxKind::TOKEN_STRING_CONTENT => {
                Some(Raw::Text(token.text, token.range.start()))
            }
            NodeOrToken::Node(node) if node.kind() == SyntaxKind::NODE_INTERPOL => {
                Some(Raw::Interpolation(node))
            }
            _ => None,
        })
        .collect()
}

/// Collects decoded text and its map.
#[derive(Default)]
struct Decoder<'t> {
    parts: Vec<StringPart<NodeView<'t>>>,
    text: String,
    map: Vec<(TextSize, TextRange)>,
}

impl<'t> Decoder<'t> {
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

    fn interpolation(&mut self, interpolation: NodeView<'t>) {
        self.flush();
        self.parts.push(StringPart::Interpolation(interpolation));
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let (text, map) = (std::mem::take(&mut self.text), std::mem::take(&mut self.map));
            self.parts.push(StringPart::Text { text, map });
        }
    }

    fn finish(mut self) -> Vec<StringPart<NodeView<'t>>> {
        self.flush();
        self.parts
    }
}

fn decode_quoted(raw: Vec<Raw<'_>>) -> Vec<StringPart<NodeView<'_>>> {
    let mut out = Decoder::default();
    for part in raw {
        match part {
            Raw::Interpolation(interpolation) => out.interpolation(interpolation),
            Raw::Text(text, start) => {
                let at = |offset: usize| start + TextSize::new(offset as u32);
                let mut rest = text;
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

fn decode_indented(mut raw: Vec<Raw<'_>>) -> Vec<StringPart<NodeView<'_>>> {
    // An opening line of spaces only does not count, not even its line break.
    if let Some(Raw::Text(text, start)) = raw.first_mut()
        && let Some(line) = text.find('\n')
        && text[..line].bytes().all(|byte| byte == b' ')
    {
        *start += TextSize::new(line as u32 + 1);
        *text = &text[line + 1..];
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
                    && !is_escaped(text, line)
                    && text[line + 1..].bytes().all(|byte| byte == b' ')
                {
                    text = &text[..=line];
                }
                let at = |offset: usize| start + TextSize::new(offset as u32);
                let mut rest = text;
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
fn common_indentation(raw: &[Raw<'_>]) -> usize {
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
                let mut rest = *text;
                while let Some(byte) = rest.bytes().next() {
                    let len = match byte {
                        b'\n' => {
                            line_start = true;
                            current = 0;
                            1
                        }
                        b' ' if line_start => {
                            current += 1;
                            1
                        }
                        _ => {
                            // An escape ends the indentation, even that of a line break.
                            if line_start {
                                line_start = false;
                                least = least.min(current);
                            }
                            let escape = if byte == b'\'' { indented_escape(rest) } else { None };
                            let plain = || {
                                let next = rest.as_bytes()[1..]
                                    .iter()
                                    .position(|byte| matches!(byte, b'\n' | b'\''));
                                next.map_or(rest.len(), |next| next + 1)
                            };
                            escape.map_or_else(plain, |(len, _)| len)
                        }
                    };
                    rest = &rest[len..];
                }
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_split_outside_of_interpolations() {
        let words = |text: &str| {
            let root = super::super::parse(text).root();
            let Some(ast::Expr::Str(string)) = root.expr() else { panic!("a string") };
            let WrittenWords { words, is_plain } = written_words(&string);
            (words.join("|"), is_plain)
        };
        assert_eq!(words(r#"" -a  -b=${f " " x}c ""#), (r#"-a|-b=${f " " x}c"#.to_owned(), true));
        assert_eq!(words(r#""'a b'""#), ("'a|b'".to_owned(), false));
        assert_eq!(words("''a\n  b''"), ("a|b".to_owned(), false));
        assert_eq!(words("\"\""), (String::new(), true));
    }

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
