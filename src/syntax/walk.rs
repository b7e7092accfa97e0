//! Every node of a tree, as views; a node itself is made where someone asks for it.

use rnix::{SyntaxKind, SyntaxNode};
use rowan::NodeOrToken;

use super::view::{Glance, NodeView, TokenKinds};

/// Where a walk is: the current node, last, and those around it.
pub struct Path<'t> {
    steps: Vec<(NodeView<'t>, Option<SyntaxNode>)>,
}

impl Path<'_> {
    /// The current node, made on first use.
    pub fn node(&mut self) -> &SyntaxNode {
        // The root is made from the start, so that some step is.
        let made = self.steps.iter().rposition(|(_, node)| node.is_some()).unwrap_or_default();
        for at in made + 1..self.steps.len() {
            let (above, below) = self.steps.split_at_mut(at);
            let parent = above[at - 1].1.as_ref().expect("invariant: made from the root downwards");
            below[0].1 = Some(child(parent, below[0].0));
        }
        self.steps[self.steps.len() - 1].1.as_ref().expect("invariant: just made")
    }
}

/// The node of a view right below `parent`.
fn child(parent: &SyntaxNode, view: NodeView<'_>) -> SyntaxNode {
    let is_it = |node: &SyntaxNode| node.kind() == view.kind() && node.text_range() == view.range();
    let by_place = parent.child_or_token_at_range(view.range()).and_then(|child| child.into_node());
    // Empty nodes share their place with others.
    by_place
        .filter(is_it)
        .or_else(|| parent.children().find(is_it))
        .expect("invariant: the view is one of a child of this node")
}

/// Shows every node below `root` of a kind that is `wanted`, and `root` itself first: outer ones before inner ones,
/// in the order of the text.
pub fn walk(
    root: &SyntaxNode,
    wanted: impl Fn(SyntaxKind) -> bool,
    visit: impl FnMut(&Glance<'_>, &mut Path<'_>),
) {
    let view = NodeView::new(root);
    let path = Path { steps: vec![(view, Some(root.clone()))] };
    Walk { path, around: Vec::new(), wanted, visit }.descend(view, None);
}

struct Walk<'t, W, V> {
    path: Path<'t>,
    /// The nodes right below the current one, last, and below those around it.
    around: Vec<NodeView<'t>>,
    wanted: W,
    visit: V,
}

impl<'t, W, V> Walk<'t, W, V>
where
    W: Fn(SyntaxKind) -> bool,
    V: FnMut(&Glance<'_>, &mut Path<'_>),
{
    fn descend(&mut self, view: NodeView<'t>, parent: Option<SyntaxKind>) {
        let start = self.around.len();
        let mut tokens = TokenKinds::default();
        for child in view.children() {
            match child {
                NodeOrToken::Node(node) => self.around.push(node),
                NodeOrToken::Token(token) => tokens.insert(token.kind),
            }
        }
        let kind = view.kind();
        if (self.wanted)(kind) {
            let glance = Glance::new(view, parent, &self.around[start..], tokens);
            (self.visit)(&glance, &mut self.path);
        }
        for at in start..self.around.len() {
            let child = self.around[at];
            // Most nodes are names and have none below.
            let is_leaf = matches!(child.kind(), SyntaxKind::NODE_IDENT | SyntaxKind::NODE_LITERAL);
            if is_leaf && !(self.wanted)(child.kind()) {
                continue;
            }
            self.path.steps.push((child, None));
            self.descend(child, Some(kind));
            self.path.steps.pop();
        }
        self.around.truncate(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    #[test]
    fn a_walk_passes_every_node_and_makes_those_asked_for() {
        let text = "{ a ? 1, ... }: with a; rec { inherit (c) d; e.${f} = [ ./g ''h${i}'' (-1) { } ]; }";
        let root = parse(text).syntax();
        let nodes: Vec<SyntaxNode> = root.descendants().collect();
        let mut without_names = 0;
        walk(&root, |kind| kind != SyntaxKind::NODE_IDENT, |_, _| without_names += 1);
        let names = nodes.iter().filter(|node| node.kind() == SyntaxKind::NODE_IDENT).count();
        assert_eq!(without_names + names, nodes.len());
        for every in 1..5 {
            let mut at = 0;
            walk(
                &root,
                |_| true,
                |glance, path| {
                    assert_eq!((glance.kind(), glance.range()), (nodes[at].kind(), nodes[at].text_range()));
                    assert_eq!(glance.parent(), nodes[at].parent().map(|parent| parent.kind()));
                    assert!(
                        glance
                            .nodes()
                            .map(NodeView::range)
                            .eq(nodes[at].children().map(|it| it.text_range()))
                    );
                    for kind in
                        [SyntaxKind::TOKEN_R_BRACE, SyntaxKind::TOKEN_WHITESPACE, SyntaxKind::TOKEN_ELLIPSIS]
                    {
                        assert_eq!(glance.has_token(kind), NodeView::new(&nodes[at]).has_token(kind));
                    }
                    if at % every == 0 {
                        assert_eq!(path.node(), &nodes[at]);
                    }
                    at += 1;
                },
            );
            assert_eq!(at, nodes.len());
        }
    }
}
