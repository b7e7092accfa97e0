//! Nodes and tokens of a tree that are copied, not allocated: for walks that pass by every node.
//!
//! Knows no parent and no sibling; who needs those takes a [`SyntaxNode`](super::SyntaxNode).

use std::cell::OnceCell;
use std::ops::Deref;

use rnix::{NixLanguage, SyntaxKind, SyntaxNode};
use rowan::{GreenNodeData, Language, NodeOrToken};

use super::string::verbatim;
use crate::text::{TextRange, TextSize};

/// A node and its place in the text.
#[derive(Debug, Clone, Copy)]
pub struct NodeView<'t> {
    green: &'t GreenNodeData,
    start: TextSize,
}

/// A node in a walk, of which several ask the same things: they are looked up once.
pub struct Glance<'t> {
    view: NodeView<'t>,
    parent: Option<SyntaxKind>,
    nodes: &'t [NodeView<'t>],
    tokens: TokenKinds,
    operand: OnceCell<Option<NodeView<'t>>>,
    called: OnceCell<Option<&'t str>>,
    own: OnceCell<Option<SyntaxKind>>,
    keys: OnceCell<KeyForms>,
    is_plain: OnceCell<bool>,
}

/// Kinds of tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenKinds(u128);

/// How the bindings right below a set or a `let` are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyForms {
    /// How many have a path of several names, as `a.b = …`.
    pub paths: usize,
    /// How many have one key that is no plain name, as `"a" = …` and `${a} = …`.
    pub computed: usize,
}

/// A token and its place in the text.
#[derive(Debug, Clone, Copy)]
pub struct TokenView<'t> {
    /// What it is.
    pub kind: SyntaxKind,
    /// As it is written.
    pub text: &'t str,
    /// Its bytes in the file.
    pub range: TextRange,
}

impl<'t> NodeView<'t> {
    /// A view of `node`.
    pub fn new(node: &'t SyntaxNode) -> Self {
        Self { green: node.green(), start: node.text_range().start() }
    }

    /// What it is.
    pub fn kind(self) -> SyntaxKind {
        NixLanguage::kind_from_raw(self.green.kind())
    }

    /// Its bytes in the file.
    pub fn range(self) -> TextRange {
        TextRange::at(self.start, self.green.text_len())
    }

    /// Nodes and tokens right below it.
    pub fn children(self) -> impl Iterator<Item = NodeOrToken<NodeView<'t>, TokenView<'t>>> + Clone {
        let mut start = self.start;
        self.green.children().map(move |child| match child {
            NodeOrToken::Node(green) => {
                let node = NodeView { green, start };
                start += green.text_len();
                NodeOrToken::Node(node)
            }
            NodeOrToken::Token(token) => {
                let range = TextRange::at(start, token.text_len());
                start = range.end();
                let kind = NixLanguage::kind_from_raw(token.kind());
                NodeOrToken::Token(TokenView { kind, text: token.text(), range })
            }
        })
    }

    /// Nodes right below it.
    pub fn nodes(self) -> impl Iterator<Item = NodeView<'t>> + Clone {
        self.children().filter_map(NodeOrToken::into_node)
    }

    /// Tokens right below it.
    pub fn tokens(self) -> impl Iterator<Item = TokenView<'t>> {
        self.children().filter_map(NodeOrToken::into_token)
    }

    /// The first node of a kind right below it.
    pub fn node(self, kind: SyntaxKind) -> Option<NodeView<'t>> {
        self.nodes().find(|node| node.kind() == kind)
    }

    /// Whether a node of a kind stands right below it.
    pub fn has_node(self, kind: SyntaxKind) -> bool {
        self.node(kind).is_some()
    }

    /// Whether a token of a kind stands right below it.
    pub fn has_token(self, kind: SyntaxKind) -> bool {
        self.tokens().any(|token| token.kind == kind)
    }

    /// Expressions right below it.
    pub fn expressions(self) -> impl Iterator<Item = NodeView<'t>> {
        self.nodes().filter(|node| is_expression(node.kind()))
    }

    /// The first expressions right below it.
    pub fn operands<const N: usize>(self) -> [Option<NodeView<'t>>; N] {
        let mut expressions = self.expressions();
        std::array::from_fn(|_| expressions.next())
    }

    /// The expression right below it.
    pub fn operand(self) -> Option<NodeView<'t>> {
        self.expressions().next()
    }

    /// The node without the parentheses around it.
    pub fn peel_parens(self) -> NodeView<'t> {
        let mut node = self;
        while node.kind() == SyntaxKind::NODE_PAREN {
            let Some(inner) = node.operand() else { break };
            node = inner;
        }
        node
    }

    /// The first word or mark in it, no space and no comment, parentheses around it aside.
    fn first_token(self) -> Option<&'t str> {
        self.peel_parens().children().find_map(|child| match child {
            NodeOrToken::Node(node) => node.first_token(),
            NodeOrToken::Token(token) => (!token.kind.is_trivia()).then_some(token.text),
        })
    }

    /// Whether two expressions begin with the same word or mark, as all do that are the same.
    pub fn begins_like(self, other: NodeView<'_>) -> bool {
        self.first_token() == other.first_token()
    }

    /// The last name of `a` or `b.a`, of what a call calls, and of what stands in parentheses. `None` for one that is
    /// computed or has an escape in it, and for everything else.
    pub fn last_name(self) -> Option<&'t str> {
        let mut node = self;
        loop {
            node = match node.kind() {
                SyntaxKind::NODE_IDENT => return node.tokens().next().map(|token| token.text),
                SyntaxKind::NODE_STRING => return verbatim(node).map(|token| token.text),
                SyntaxKind::NODE_SELECT => node.node(SyntaxKind::NODE_ATTRPATH)?.nodes().last()?,
                SyntaxKind::NODE_APPLY | SyntaxKind::NODE_PAREN => node.operand()?,
                _ => return None,
            };
        }
    }

    /// The name of a binding that has one alone: none for `a.b = …`.
    pub fn key(self) -> Option<NodeView<'t>> {
        let mut attrs = self.node(SyntaxKind::NODE_ATTRPATH)?.nodes();
        attrs.next().filter(|_| attrs.next().is_none())
    }

    /// Whether it is a set or list of this kind with nothing in it, parentheses aside.
    pub fn is_empty(self, kind: SyntaxKind) -> bool {
        let node = self.peel_parens();
        node.kind() == kind && node.nodes().next().is_none()
    }

    /// Bindings right below a set or a `let`.
    pub fn bindings(self) -> impl Iterator<Item = NodeView<'t>> {
        self.nodes().filter(|node| node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE)
    }

    /// Whether a binding right below a set or a `let` begins with one of these names, see [`Self::last_name`].
    pub fn binds(self, names: &[&str]) -> bool {
        self.bindings().any(|binding| {
            let first = binding.node(SyntaxKind::NODE_ATTRPATH).and_then(|path| path.nodes().next());
            first.and_then(Self::last_name).is_some_and(|name| names.contains(&name))
        })
    }
}

impl TokenKinds {
    /// Adds a kind; those of nodes come behind those of all tokens.
    pub fn insert(&mut self, kind: SyntaxKind) {
        self.0 |= Self::bit(kind);
    }

    fn has(self, kind: SyntaxKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    fn bit(kind: SyntaxKind) -> u128 {
        debug_assert!((kind as u32) < u128::BITS, "{kind:?}");
        1 << kind as u32
    }
}

impl<'t> Deref for Glance<'t> {
    type Target = NodeView<'t>;

    fn deref(&self) -> &Self::Target {
        &self.view
    }
}

impl<'t> Glance<'t> {
    /// Looks at a node below one of the kind `parent`, with `nodes` and `tokens` right below it.
    pub fn new(
        view: NodeView<'t>,
        parent: Option<SyntaxKind>,
        nodes: &'t [NodeView<'t>],
        tokens: TokenKinds,
    ) -> Self {
        Self {
            view,
            parent,
            nodes,
            tokens,
            operand: OnceCell::new(),
            called: OnceCell::new(),
            own: OnceCell::new(),
            keys: OnceCell::new(),
            is_plain: OnceCell::new(),
        }
    }

    /// What stands right around it.
    pub fn parent(&self) -> Option<SyntaxKind> {
        self.parent
    }

    /// Nodes right below it.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = NodeView<'t>> + Clone + use<'t> {
        self.nodes.iter().copied()
    }

    /// Whether a node of a kind stands right below it.
    pub fn has_node(&self, kind: SyntaxKind) -> bool {
        self.nodes().any(|node| node.kind() == kind)
    }

    /// Whether a token of a kind stands right below it.
    pub fn has_token(&self, kind: SyntaxKind) -> bool {
        self.tokens.has(kind)
    }

    /// Whether a token of one of the kinds stands right below it.
    pub fn has_any_token(&self, kinds: &[SyntaxKind]) -> bool {
        kinds.iter().any(|kind| self.has_token(*kind))
    }

    /// Expressions right below it.
    pub fn expressions(&self) -> impl DoubleEndedIterator<Item = NodeView<'t>> + use<'t> {
        self.nodes().filter(|node| is_expression(node.kind()))
    }

    /// The first expressions right below it.
    pub fn operands<const N: usize>(&self) -> [Option<NodeView<'t>>; N] {
        let mut expressions = self.expressions();
        std::array::from_fn(|_| expressions.next())
    }

    /// The expression right below it.
    pub fn operand(&self) -> Option<NodeView<'t>> {
        *self.operand.get_or_init(|| self.expressions().next())
    }

    /// Bindings right below a set or a `let`.
    pub fn bindings(&self) -> impl Iterator<Item = NodeView<'t>> + use<'t> {
        self.nodes().filter(|node| node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE)
    }

    /// What a call calls, see [`NodeView::last_name`].
    pub fn called(&self) -> Option<&'t str> {
        *self.called.get_or_init(|| self.operand()?.last_name())
    }

    /// Whether a call calls a function of one of these names.
    pub fn calls(&self, names: &[&str]) -> bool {
        self.called().is_some_and(|name| names.contains(&name))
    }

    /// Whether a binding gives a name to a value of this kind that ends in the same name: `a = a;`, `a = b.a;`.
    pub fn binds_own_name(&self, kind: SyntaxKind) -> bool {
        let own = || {
            let value = self.operand()?;
            let ends_in = value.last_name()?;
            let name = self.view.key().filter(|name| name.kind() == SyntaxKind::NODE_IDENT)?.last_name()?;
            (name == ends_in).then(|| value.kind())
        };
        *self.own.get_or_init(own) == Some(kind)
    }

    /// How the bindings right below a set or a `let` are written, where there are several.
    pub fn key_forms(&self) -> KeyForms {
        *self.keys.get_or_init(|| {
            let mut forms = KeyForms::default();
            // One alone has no other to be compared with.
            if self.nodes.len() < 2 {
                return forms;
            }
            for binding in self.bindings() {
                match binding.key().map(NodeView::kind) {
                    None => forms.paths += 1,
                    Some(SyntaxKind::NODE_IDENT) => {}
                    Some(_) => forms.computed += 1,
                }
            }
            forms
        })
    }

    /// Whether a string has no interpolation, no tab, and neither `$` nor `\` in it.
    pub fn is_plain_string(&self) -> bool {
        *self.is_plain.get_or_init(|| {
            self.view.children().all(|part| match part {
                NodeOrToken::Node(_) => false,
                NodeOrToken::Token(token) => {
                    memchr::memchr3(b'$', b'\\', b'\t', token.text.as_bytes()).is_none()
                }
            })
        })
    }
}

/// Whether a node of this kind is an expression.
fn is_expression(kind: SyntaxKind) -> bool {
    use SyntaxKind::*;
    matches!(
        kind,
        NODE_APPLY
            | NODE_ASSERT
            | NODE_ERROR
            | NODE_IF_ELSE
            | NODE_SELECT
            | NODE_STRING
            | NODE_PATH_ABS
            | NODE_PATH_REL
            | NODE_PATH_HOME
            | NODE_PATH_SEARCH
            | NODE_LITERAL
            | NODE_LAMBDA
            | NODE_LEGACY_LET
            | NODE_LET_IN
            | NODE_LIST
            | NODE_BIN_OP
            | NODE_PAREN
            | NODE_ROOT
            | NODE_ATTR_SET
            | NODE_UNARY_OP
            | NODE_IDENT
            | NODE_WITH
            | NODE_HAS_ATTR
            | NODE_CUR_POS
    )
}

#[cfg(test)]
mod tests {
    use rowan::ast::AstNode as _;

    use super::*;
    use crate::syntax::{ast, parse};

    #[test]
    fn views_are_the_nodes() {
        fn compare(node: &SyntaxNode, view: NodeView<'_>) {
            assert_eq!((node.kind(), node.text_range()), (view.kind(), view.range()));
            assert_eq!(ast::Expr::can_cast(node.kind()), is_expression(view.kind()), "{:?}", node.kind());
            let (nodes, views): (Vec<_>, Vec<_>) = (node.children().collect(), view.nodes().collect());
            assert_eq!(nodes.len(), views.len());
            nodes.iter().zip(views).for_each(|(node, view)| compare(node, view));
            let tokens = node.children_with_tokens().filter_map(NodeOrToken::into_token);
            for (token, view) in tokens.zip(view.tokens()) {
                assert_eq!(
                    (token.kind(), token.text(), token.text_range()),
                    (view.kind, view.text, view.range)
                );
            }
        }
        let text =
            "{ a, b ? 1, ... }@c: with a; assert !b; rec { inherit (c) d; e.${f} = [ ./g ''h${i}'' -1 ]; }";
        for text in
            [text, "let { a = (b ? c) or d; body = <e> + /f + ~/g; }", "x: if x then __curPos else y."]
        {
            let root = parse(text).syntax();
            compare(&root, NodeView::new(&root));
        }
    }
}
