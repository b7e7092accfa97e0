//! What rnix accepts and Nix does not, found in a tree without errors.
//!
//! Only asks whether a closer look is due; the verdict is `grammar`'s.

use rnix::{NixLanguage, SyntaxKind, SyntaxKind::*};
use rowan::{GreenNodeData, Language, NodeOrToken};

use super::grammar::{float_fits, search_path_is_valid};
use super::tokens::is_nix_space;

/// Whether Nix might refuse the text of `green`, which rnix parsed without an error.
pub(super) fn may_be_refused(green: &GreenNodeData, text: &str) -> bool {
    // Space that is none for Nix is U+000B, U+000C, or not ASCII.
    let odd_space = text.bytes().any(|byte| !byte.is_ascii() || matches!(byte, 0x0b | 0x0c));
    if text.contains('\0') {
        return true;
    }
    let mut nodes = vec![green];
    while let Some(node) = nodes.pop() {
        let parent = NixLanguage::kind_from_raw(node.kind());
        let mut closed = parent != NODE_PAREN;
        for child in node.children() {
            match child {
                NodeOrToken::Node(child) => {
                    if is_misplaced(NixLanguage::kind_from_raw(child.kind()), parent)
                        || parent_names(parent) && is_indented_string(child)
                    {
                        return true;
                    }
                    nodes.push(child);
                }
                NodeOrToken::Token(token) => {
                    let kind = NixLanguage::kind_from_raw(token.kind());
                    let refused = match kind {
                        TOKEN_R_PAREN => {
                            closed = true;
                            false
                        }
                        TOKEN_WHITESPACE | TOKEN_COMMENT if is_path(parent) => true,
                        TOKEN_WHITESPACE => odd_space && !token.text().chars().all(is_nix_space),
                        TOKEN_PATH_SEARCH => !search_path_is_valid(token.text()),
                        TOKEN_INTEGER => token.text().len() > 18 && token.text().parse::<i64>().is_err(),
                        TOKEN_FLOAT => !float_fits(token.text()),
                        TOKEN_ERROR => true,
                        _ => false,
                    };
                    if refused {
                        return true;
                    }
                }
            }
        }
        // rnix lets any token end parentheses.
        if !closed {
            return true;
        }
    }
    false
}

/// A function, or something else that goes on to the end of an expression, where only an operand may stand.
fn is_misplaced(child: SyntaxKind, parent: SyntaxKind) -> bool {
    matches!(child, NODE_LAMBDA | NODE_LET_IN | NODE_WITH | NODE_ASSERT | NODE_IF_ELSE)
        && matches!(
            parent,
            NODE_LIST | NODE_APPLY | NODE_BIN_OP | NODE_UNARY_OP | NODE_SELECT | NODE_HAS_ATTR
        )
}

/// Whether the node is a path.
pub(super) fn is_path(kind: SyntaxKind) -> bool {
    matches!(kind, NODE_PATH_ABS | NODE_PATH_REL | NODE_PATH_HOME | NODE_PATH_SEARCH)
}

fn parent_names(kind: SyntaxKind) -> bool {
    matches!(kind, NODE_ATTRPATH | NODE_INHERIT)
}

fn is_indented_string(node: &GreenNodeData) -> bool {
    NixLanguage::kind_from_raw(node.kind()) == NODE_STRING
        && node.children().next().and_then(NodeOrToken::into_token).is_some_and(|token| token.text() == "''")
}
