//! One text to one tree.

use std::borrow::Cow;

use rnix::{Root, SyntaxNode, ast};
use rowan::GreenNode;
use rowan::ast::AstNode;

/// The syntax tree of one text. `Send + Sync`; [`ParsedFile::syntax`] makes the nodes, which are not.
#[derive(Debug, Clone)]
pub struct ParsedFile {
    green: GreenNode,
    errors: Vec<rnix::ParseError>,
}

/// Parses `text`. Offsets of the tree are byte offsets of `text`.
///
/// The parser sees what Nix sees: a byte-order mark is passed over, and a lone carriage return ends a
/// comment (src/libexpr/lexer.l of NixOS/nix), which rnix does not know.
pub fn parse(text: &str) -> ParsedFile {
    let parsed = Root::parse(&as_nix_reads(text));
    let errors = parsed.errors().to_vec();
    ParsedFile { green: parsed.syntax().green().to_owned(), errors }
}

impl ParsedFile {
    /// The root node.
    pub fn syntax(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// The typed root node.
    pub fn root(&self) -> ast::Root {
        ast::Root::cast(self.syntax()).expect("invariant: the parser yields a root node")
    }

    /// Whether the parser reported nothing.
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    /// What the parser reported, in its own terms.
    pub(super) fn parser_errors(&self) -> &[rnix::ParseError] {
        &self.errors
    }
}

/// `text` with the same length in bytes, in the form that makes rnix agree with Nix's lexer.
fn as_nix_reads(text: &str) -> Cow<'_, str> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => Cow::Owned(format!("   {rest}")),
        None => Cow::Borrowed(text),
    };
    if !has_lone_carriage_return(&text) {
        return text;
    }
    // Behind the carriage return everything is code again, so reading goes on from there.
    let mut result = String::with_capacity(text.len());
    'from_here: loop {
        for (kind, token) in rnix::tokenize(&text[result.len()..]) {
            if kind == rnix::SyntaxKind::TOKEN_COMMENT && token.starts_with('#') {
                let next = text.as_bytes().get(result.len() + token.len());
                let lone = token.find('\r').filter(|at| at + 1 < token.len() || next != Some(&b'\n'));
                if let Some(at) = lone {
                    result.push_str(&token[..at]);
                    result.push('\n');
                    continue 'from_here;
                }
            }
            result.push_str(token);
        }
        return Cow::Owned(result);
    }
}

fn has_lone_carriage_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_carriage_return_ends_a_comment() {
        for (text, nodes) in
            [("1 # a\r+ 2 # b\r+ 3", "1 # a\n+ 2 # b\n+ 3"), ("1 # a\r\n+ 2", "1 # a\r\n+ 2")]
        {
            let parsed = parse(text);
            assert!(parsed.is_ok(), "{text:?}");
            assert_eq!(parsed.syntax().text().to_string(), nodes);
        }
    }

    #[test]
    fn a_byte_order_mark_keeps_offsets() {
        let parsed = parse("\u{feff}a");
        assert!(parsed.is_ok());
        let expr = parsed.root().expr().expect("there is an expression");
        assert_eq!(u32::from(expr.syntax().text_range().start()), 3);
    }
}
