//! One text to one tree.

use std::borrow::Cow;

use rnix::{NixLanguage, Root, SyntaxKind, SyntaxNode, ast};
use rowan::ast::AstNode;
use rowan::{GreenNode, GreenNodeBuilder, Language};

use super::error::is_refused;
use super::guard::{TooComplex, Verdict, inspect, recursion_at};
use super::legacy_let;
use super::permissive::may_be_refused;
use super::quick::QuickReader;
use super::tokens::LookaheadMeter;
use crate::text::TextRange;

/// The syntax tree of one text. `Send + Sync`; [`ParsedFile::syntax`] makes the nodes, which are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedFile {
    green: GreenNode,
    outcome: Outcome,
}

/// How parsing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nix takes the text too, as far as its grammar goes.
    Clean,
    /// The text has mistakes; the parser noticed the first one at `at`.
    Broken { at: TextRange },
    /// There is no tree.
    TooComplex(TooComplex),
}

/// Parses `text`. Offsets of the tree are byte offsets of `text`.
///
/// The parser sees what Nix sees: a byte-order mark is passed over, and a lone carriage return ends a
/// comment (src/libexpr/lexer.l of NixOS/nix), which rnix does not know. A text that is too complex, or
/// broken and very large, has a tree of one error node.
pub fn parse(text: &str) -> ParsedFile {
    Parser::default().parse(text)
}

/// Parses texts one after the other, which is faster than to [`parse`] each: the names and signs of one
/// serve the next.
#[derive(Debug, Default)]
pub struct Parser {
    quick: QuickReader,
}

impl Parser {
    /// See [`parse`].
    pub fn parse(&mut self, text: &str) -> ParsedFile {
        let text = as_nix_reads(text);
        let Some(green) = self.quick.read(&text) else { return parse_with_rnix(&text) };
        let parsed = ParsedFile { green, outcome: Outcome::Clean };
        debug_assert!(
            matches!(parse_with_rnix(&text), other if other == parsed || !other.is_ok() && !is_refused(&text)),
            "rnix reads another tree: {}",
            &text[..60.min(text.len())]
        );
        parsed
    }
}

fn parse_with_rnix(text: &str) -> ParsedFile {
    match inspect(text) {
        Ok(Verdict::Fine) => {}
        Ok(Verdict::Broken) => {
            return ParsedFile {
                green: without_tree(text),
                outcome: Outcome::Broken { at: TextRange::default() },
            };
        }
        Err(excess) => {
            return ParsedFile { green: without_tree(text), outcome: Outcome::TooComplex(excess) };
        }
    }
    let parsed = Root::parse(text);
    let green = parsed.syntax().green().to_owned();
    let outcome = match parsed.errors() {
        [] if may_be_refused(&green, text) => match (is_refused(text), legacy_let::read(text)) {
            (true, _) => Outcome::Broken { at: TextRange::default() },
            // rnix ends a function, and all that goes on to the end of an expression, behind a `let { … }`.
            (false, Some(green)) => return ParsedFile { green, outcome: Outcome::Clean },
            (false, None) => Outcome::Clean,
        },
        [] => Outcome::Clean,
        errors if errors.contains(&rnix::ParseError::RecursionLimitExceeded) => {
            let error_node = |node: &SyntaxNode| node.kind() == SyntaxKind::NODE_ERROR;
            let stopped = parsed.syntax().descendants().find(error_node);
            let at = stopped.map_or(0.into(), |node| node.text_range().start());
            let excess = Outcome::TooComplex(recursion_at(at));
            return ParsedFile { green: without_tree(text), outcome: excess };
        }
        [first, ..] => match legacy_let::read(text) {
            Some(green) => return ParsedFile { green, outcome: Outcome::Clean },
            None => Outcome::Broken { at: range_of(first) },
        },
    };
    ParsedFile { green, outcome }
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

    /// Whether the grammar of Nix accepts the text, its byte-order mark aside.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Clean)
    }

    pub(super) fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

/// A root with one error node that holds the whole text as one token.
fn without_tree(text: &str) -> GreenNode {
    let mut builder = GreenNodeBuilder::new();
    builder.start_node(NixLanguage::kind_to_raw(SyntaxKind::NODE_ROOT));
    builder.start_node(NixLanguage::kind_to_raw(SyntaxKind::NODE_ERROR));
    builder.token(NixLanguage::kind_to_raw(SyntaxKind::TOKEN_ERROR), text);
    builder.finish_node();
    builder.finish_node();
    builder.finish()
}

fn range_of(error: &rnix::ParseError) -> TextRange {
    use rnix::ParseError::{
        DuplicatedArgs, Unexpected, UnexpectedDoubleBind, UnexpectedExtra, UnexpectedWanted,
    };
    match error {
        Unexpected(range) | UnexpectedExtra(range) | UnexpectedDoubleBind(range) => *range,
        UnexpectedWanted(_, range, _) | DuplicatedArgs(range, _) => *range,
        _ => TextRange::default(),
    }
}

/// `text` with the same length in bytes, in the form that makes rnix agree with Nix's lexer.
pub(super) fn as_nix_reads(text: &str) -> Cow<'_, str> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => Cow::Owned(format!("   {rest}")),
        None => Cow::Borrowed(text),
    };
    if !has_lone_carriage_return(&text) {
        return text;
    }
    // Behind the carriage return everything is code again, so reading goes on from there.
    let mut meter = LookaheadMeter::new(&text);
    let mut result = String::with_capacity(text.len());
    'from_here: loop {
        for (kind, token) in rnix::tokenize(&text[result.len()..]) {
            if !meter.allows(kind, result.len(), result.len() + token.len()) {
                return text.clone();
            }
            if kind == SyntaxKind::TOKEN_COMMENT && token.starts_with('#') {
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
    if !text.contains('\r') {
        return false;
    }
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
