//! Builds the green tree; what is written again and again exists once.

use std::hash::Hasher as _;

use rnix::SyntaxKind::{self, *};
use rowan::{GreenNode, GreenToken, NodeOrToken};
use rustc_hash::FxHasher;

/// Trees that are higher are left to the reader that has limits of its own.
const MAX_HEIGHT: u32 = 400;

/// So many names, and so many other tokens, are remembered: the last one for each hash.
const REMEMBERED: usize = 2048;

/// Longer tokens are hardly ever written twice, in bytes.
const LONGEST: usize = 40;

/// Elements that have no parent yet.
#[derive(Debug, Default)]
pub(super) struct TreeBuilder {
    elements: Vec<NodeOrToken<GreenNode, GreenToken>>,
    /// The height of each element.
    heights: Vec<u32>,
    /// Tokens that are always the same, by the number of their kind.
    signs: Vec<Option<GreenToken>>,
    tokens: Vec<Option<GreenToken>>,
    /// Nodes around one name.
    names: Vec<Option<GreenNode>>,
}

impl TreeBuilder {
    /// Starts a tree.
    pub(super) fn begin(&mut self) {
        self.elements.clear();
        self.heights.clear();
        if self.names.is_empty() {
            self.signs.resize(256, None);
            self.tokens.resize(REMEMBERED, None);
            self.names.resize(REMEMBERED, None);
        }
    }

    /// How many elements have no parent: the place to [`close`](Self::close) a node from.
    pub(super) fn mark(&self) -> usize {
        self.elements.len()
    }

    /// Adds a token.
    pub(super) fn token(&mut self, kind: SyntaxKind, text: &str) {
        let token = match kind {
            TOKEN_COMMENT | TOKEN_STRING_CONTENT | TOKEN_WHITESPACE if text.len() > LONGEST => {
                new_token(kind, text)
            }
            TOKEN_COMMENT | TOKEN_STRING_CONTENT | TOKEN_WHITESPACE | TOKEN_STRING_START
            | TOKEN_STRING_END | TOKEN_INTEGER | TOKEN_FLOAT | TOKEN_URI | TOKEN_PATH_ABS
            | TOKEN_PATH_REL | TOKEN_PATH_HOME | TOKEN_PATH_SEARCH => {
                let slot = &mut self.tokens[slot_of(kind, text)];
                match slot {
                    Some(token) if token.text() == text && token.kind() == raw(kind) => token.clone(),
                    _ => slot.insert(new_token(kind, text)).clone(),
                }
            }
            _ => self.signs[kind as usize].get_or_insert_with(|| new_token(kind, text)).clone(),
        };
        self.elements.push(NodeOrToken::Token(token));
        self.heights.push(0);
    }

    /// Adds a name: a node with one token.
    pub(super) fn name(&mut self, text: &str) {
        let is_it = |node: &GreenNode| {
            node.children().next().and_then(NodeOrToken::into_token).is_some_and(|token| token.text() == text)
        };
        let slot = &mut self.names[slot_of(TOKEN_IDENT, text)];
        let node = match slot {
            Some(node) if is_it(node) => node.clone(),
            _ => {
                let token = NodeOrToken::Token(new_token(TOKEN_IDENT, text));
                slot.insert(GreenNode::new(raw(NODE_IDENT), [token])).clone()
            }
        };
        self.elements.push(NodeOrToken::Node(node));
        self.heights.push(1);
    }

    /// Makes one node of everything since `mark`; `None` where the tree becomes too high.
    pub(super) fn close(&mut self, mark: usize, kind: SyntaxKind) -> Option<()> {
        let height = 1 + self.heights[mark..].iter().max().copied().unwrap_or(0);
        let node = GreenNode::new(raw(kind), self.elements.drain(mark..));
        self.heights.truncate(mark);
        self.elements.push(NodeOrToken::Node(node));
        self.heights.push(height);
        (height <= MAX_HEIGHT).then_some(())
    }

    /// The tree, once its root is closed.
    pub(super) fn finish(&mut self) -> Option<GreenNode> {
        self.elements.pop().and_then(NodeOrToken::into_node)
    }
}

fn raw(kind: SyntaxKind) -> rowan::SyntaxKind {
    rowan::SyntaxKind(kind as u16)
}

fn new_token(kind: SyntaxKind, text: &str) -> GreenToken {
    GreenToken::new(raw(kind), text)
}

fn slot_of(kind: SyntaxKind, text: &str) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.write_u16(kind as u16);
    hasher.finish() as usize % REMEMBERED
}
