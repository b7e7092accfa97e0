//! `let { … }` where an operand stands, such as in a list: Nix takes it there, rnix does not, or takes what follows
//! for something else.
//!
//! Nix reads `let { … }` wherever it reads `rec { … }` (`expr_simple` in src/libexpr/parser.y of NixOS/nix),
//! and the two words are equally long. So rnix gets the one for the other, and the tree gets the first back.
//! It must never be asked first: a text that rnix reads has the tree that rnix builds.

use rnix::{NixLanguage, Root, SyntaxKind, SyntaxNode};
use rowan::{GreenNode, GreenNodeBuilder, Language, NodeOrToken, WalkEvent};

use super::error::is_refused;
use super::tokens::tokens;
use crate::text::TextSize;

/// The tree of a text that rnix refuses, or reads otherwise, for nothing but a `let { … }` in such a place, else `None`.
pub(super) fn read(text: &str) -> Option<GreenNode> {
    let starts = starts(text);
    if starts.is_empty() || is_refused(text) {
        return None;
    }
    let mut as_sets = text.to_owned();
    for start in &starts {
        let start = usize::from(*start);
        as_sets.replace_range(start..start + LET.len(), "rec");
    }
    let parsed = Root::parse(&as_sets);
    parsed.errors().is_empty().then(|| with_lets(&parsed.syntax(), &starts))
}

const LET: &str = "let";

/// Where each `let {` begins, ascending.
fn starts(text: &str) -> Vec<TextSize> {
    if !text.contains(LET) {
        return Vec::new();
    }
    let Ok(tokens) = tokens(text) else { return Vec::new() };
    let pairs = tokens.tokens.windows(2);
    let is_start = |pair: &&[super::tokens::Token]| {
        pair[0].kind == SyntaxKind::TOKEN_LET && pair[1].kind == SyntaxKind::TOKEN_L_BRACE
    };
    pairs.filter(is_start).map(|pair| pair[0].range.start()).collect()
}

/// The tree with the recursive sets that begin at `starts` as what they are in the text.
fn with_lets(root: &SyntaxNode, starts: &[TextSize]) -> GreenNode {
    let mut builder = GreenNodeBuilder::new();
    for event in root.preorder_with_tokens() {
        match event {
            WalkEvent::Enter(NodeOrToken::Node(node)) => {
                let is_let = node.kind() == SyntaxKind::NODE_ATTR_SET
                    && starts.binary_search(&node.text_range().start()).is_ok();
                let kind = if is_let { SyntaxKind::NODE_LEGACY_LET } else { node.kind() };
                builder.start_node(NixLanguage::kind_to_raw(kind));
            }
            WalkEvent::Enter(NodeOrToken::Token(token)) => {
                let is_let = token.kind() == SyntaxKind::TOKEN_REC
                    && starts.binary_search(&token.text_range().start()).is_ok();
                let (kind, text) =
                    if is_let { (SyntaxKind::TOKEN_LET, LET) } else { (token.kind(), token.text()) };
                builder.token(NixLanguage::kind_to_raw(kind), text);
            }
            WalkEvent::Leave(NodeOrToken::Node(_)) => builder.finish_node(),
            WalkEvent::Leave(NodeOrToken::Token(_)) => {}
        }
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::super::{debug_tree, parse};

    #[test]
    fn a_let_is_read_where_a_set_is() {
        for text in [
            "[ let { body = 1; } rec { } ]",
            "f let { body = let /* in */ { body = [ let { } ]; }; } 2",
            "let\n{ body = { a = 1; }; }.a or let { } + -let { }",
            "\"${[ let { } ]}\"",
            "x: let { } + x",
            "map (x: let { body = x; } - 1) [ 1 ]",
            "{ ... }@args: let { } ? a",
            "x: y: let { }.body",
            "with x; let { } x",
            "assert a; if a then b else let { } == c",
        ] {
            let parsed = parse(text);
            assert!(parsed.is_ok(), "{text}");
            assert_eq!(parsed.syntax().text(), text);
            // The tree is that of sets, the names aside.
            let as_sets = text.replace("let", "rec");
            let renamed = debug_tree(text).replace("LEGACY_LET", "ATTR_SET").replace("LET", "REC");
            assert_eq!(renamed.replace("let", "rec"), debug_tree(&as_sets), "{text}");
        }
    }

    #[test]
    fn what_nix_refuses_is_refused() {
        for text in
            ["[ let { body = 1; ]", "[ let x = 1; in x ]", "[ - let { } ]", "a.let { }", "[ let { } ] ]"]
        {
            assert!(!parse(text).is_ok(), "{text}");
        }
    }
}
