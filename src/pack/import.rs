//! Rules about what files import: elements of `imports`, arguments of `import`.

use globset::{Glob, GlobMatcher};

use super::draft::Draft;
use super::pattern::say;
use super::read::{Reader, Words};
use crate::rule::{Context, ErasedRule};
use crate::syntax::{AstNode as _, SyntaxKind, SyntaxNode, ast, enclosing_binding, static_path};

/// A rule about imports.
pub(super) struct ImportRule {
    target: GlobMatcher,
    words: Words,
}

impl ImportRule {
    pub(super) fn read(reader: &mut Reader, draft: &Draft) -> Option<Self> {
        let text = draft.matcher.get_ref().import.as_ref()?;
        let target = match Glob::new(text.get_ref()) {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                reader.mistake(&text.span(), "this is no pattern of paths", error.kind().to_string());
                return None;
            }
        };
        if text.get_ref().is_empty() {
            reader.mistake(&text.span(), "`import` is empty", "matches nothing");
        }
        Some(Self { target, words: reader.words(draft, &["import"])? })
    }
}

impl ErasedRule for &'static ImportRule {
    fn wants(&self, kind: SyntaxKind) -> bool {
        ast::PathRel::can_cast(kind)
            || ast::PathAbs::can_cast(kind)
            || ast::PathSearch::can_cast(kind)
            || ast::Select::can_cast(kind)
    }

    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>) {
        let written = node.to_string();
        if !self.target.is_match(&written) || !is_imported(node) {
            return;
        }
        say(&self.words, node, cx, |_| written.clone(), |_| written.clone());
    }
}

/// Whether a node is an element of `imports` or what `import` is called with.
fn is_imported(node: &SyntaxNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    if let Some(call) = ast::Apply::cast(parent.clone()) {
        return call.lambda().is_some_and(|function| function.to_string() == "import");
    }
    if !ast::List::can_cast(parent.kind()) {
        return false;
    }
    let path = enclosing_binding(&parent).and_then(|binding| static_path(&binding.attrpath()?));
    path.is_some_and(|path| path == ["imports"])
}
