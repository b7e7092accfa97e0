//! Trees as text, for people who write rules.

use std::fmt::Write as _;

use super::{NodeOrToken, WalkEvent, parse};

/// The tree of `text`, a line per node and token with its bytes, and the text of each token.
///
/// Where the text is no Nix this is what the parser made of it.
pub fn debug_tree(text: &str) -> String {
    let mut tree = String::new();
    let mut depth = 0;
    for event in parse(text).syntax().preorder_with_tokens() {
        let element = match event {
            WalkEvent::Enter(element) => element,
            WalkEvent::Leave(NodeOrToken::Node(_)) => {
                depth -= 1;
                continue;
            }
            WalkEvent::Leave(NodeOrToken::Token(_)) => continue,
        };
        let (kind, range) = (element.kind(), element.text_range());
        write!(tree, "{:1$}{kind:?}@{range:?}", "", depth * 2).expect("invariant: strings take all text");
        match element {
            NodeOrToken::Node(_) => depth += 1,
            NodeOrToken::Token(token) => {
                write!(tree, " {:?}", token.text()).expect("invariant: strings take all text");
            }
        }
        tree.push('\n');
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_indented_and_tokens_quoted() {
        insta::assert_snapshot!(debug_tree("x: \"é\u{1b}\"\n"), @r#"
        NODE_ROOT@0..9
          NODE_LAMBDA@0..8
            NODE_IDENT_PARAM@0..1
              NODE_IDENT@0..1
                TOKEN_IDENT@0..1 "x"
            TOKEN_COLON@1..2 ":"
            TOKEN_WHITESPACE@2..3 " "
            NODE_STRING@3..8
              TOKEN_STRING_START@3..4 "\""
              TOKEN_STRING_CONTENT@4..7 "é\u{1b}"
              TOKEN_STRING_END@7..8 "\""
          TOKEN_WHITESPACE@8..9 "\n"
        "#);
    }
}
