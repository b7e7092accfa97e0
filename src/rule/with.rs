//! The names that the set behind a `with` gives.

use super::context::Context;
use crate::semantic::{self, Resolution};
use crate::syntax::{AstNode as _, NodeView, SyntaxKind, ast, peel_parens, static_name};
use crate::text::nearest;

/// The names that a `with` gives.
pub enum WithNames {
    /// Those of a set that is written out.
    Written(Vec<String>),
    /// Those of `builtins`; a newer Nix may have more.
    Builtins,
}

impl WithNames {
    /// Whether it gives this name.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Written(names) => names.iter().any(|other| other == name),
            Self::Builtins => semantic::needs_prefix(name),
        }
    }

    /// The name that is most like this one.
    pub fn like(&self, name: &str) -> Option<String> {
        match self {
            Self::Written(names) => nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
            Self::Builtins => nearest(name, semantic::prefixed()).map(str::to_owned),
        }
    }

    /// Whether there may be more than is known, as in a newer Nix.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Builtins)
    }
}

impl Context<'_> {
    /// The names of the set behind a `with`, where it is written out there, or where a `let` binds it, or where it is
    /// `builtins`.
    pub fn with_names(&self, namespace: &ast::Expr) -> Option<WithNames> {
        match peel_parens(namespace.clone()) {
            ast::Expr::AttrSet(set) => written(&set),
            ast::Expr::Ident(ident) => match self.semantics().resolve(ident.syntax().text_range())? {
                Resolution::Builtin if ident.syntax().text() == "builtins" => Some(WithNames::Builtins),
                _ => match peel_parens(self.semantics().let_value(&ident)?) {
                    ast::Expr::AttrSet(set) => written(&set),
                    _ => None,
                },
            },
            _ => None,
        }
    }
}

impl Context<'_> {
    /// Whether [`Self::with_names`] may know the names: it does not for most.
    pub fn may_have_names(&self, namespace: NodeView<'_>) -> bool {
        let namespace = namespace.peel_parens();
        match namespace.kind() {
            SyntaxKind::NODE_ATTR_SET => true,
            SyntaxKind::NODE_IDENT => {
                namespace.last_name() == Some("builtins")
                    || self.semantics().let_name(namespace.range()).is_some()
            }
            _ => false,
        }
    }
}

fn written(set: &ast::AttrSet) -> Option<WithNames> {
    use ast::HasEntry as _;
    let mut names = Vec::new();
    for binding in set.attrpath_values() {
        names.push(static_name(&binding.attrpath()?.attrs().next()?)?);
    }
    for name in set.inherits().flat_map(|inherit| inherit.attrs()) {
        names.push(static_name(&name)?);
    }
    // Nix adds what stands in there to a recursive set.
    let has_overrides = set.rec_token().is_some() && names.iter().any(|name| name == "__overrides");
    (!has_overrides).then_some(WithNames::Written(names))
}
