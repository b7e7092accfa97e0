//! Calls of functions of nixpkgs' `lib`, as rules on nodes see them.

use super::context::Context;
use crate::semantic::{BindingKind, Resolution};
use crate::syntax::{AstNode, ast, call_parts, peel_parens, plain_text, static_name, static_path};

impl Context<'_> {
    /// The name of the function of `lib` that an expression is: `lib.name`, `lib.types.name`, `types.name`, or a name
    /// that is inherited or comes from a `with`. Whether `lib` is nixpkgs' own is not asked.
    pub fn library_name(&self, function: &ast::Expr) -> Option<String> {
        match function {
            ast::Expr::Select(select) => {
                let ast::Expr::Ident(base) = select.expr()? else { return None };
                let path = static_path(&select.attrpath()?)?;
                let base = base.syntax().text().to_string();
                let is_library = base == "lib" && path.len() <= 2
                    || base == "types" && path.len() == 1
                    || base == "types"
                        && path.first().is_some_and(|first| first == "ints" || first == "numbers")
                    || base == "lib" && path.first().is_some_and(|first| first == "types");
                (is_library && select.default_expr().is_none()).then(|| path.last().cloned())?
            }
            ast::Expr::Ident(ident) => {
                let is_of_library = match self.semantics().resolve(ident.syntax().text_range())? {
                    Resolution::With(_) => true,
                    Resolution::Binding(id) => self.semantics().binding(id).kind == BindingKind::InheritFrom,
                    _ => false,
                };
                is_of_library.then(|| ident.syntax().text().to_string())
            }
            _ => None,
        }
    }

    /// The function of `lib` that a call calls, with its arguments.
    pub fn library_call(&self, call: &ast::Expr) -> Option<(String, Vec<ast::Expr>)> {
        match peel_parens(call.clone()) {
            ast::Expr::Apply(call) => {
                let (function, arguments) = call_parts(&call)?;
                Some((self.library_name(&function)?, arguments))
            }
            function => Some((self.library_name(&function)?, Vec::new())),
        }
    }
}

/// The value of a binding `name = value;` in a set that is written out; `None` also where the set holds something that
/// may bind the name otherwise.
pub fn attribute(set: &ast::AttrSet, name: &str) -> Option<ast::Expr> {
    use ast::HasEntry as _;
    set.attrpath_values().find_map(|binding| {
        let path = static_path(&binding.attrpath()?)?;
        (path.len() == 1 && path[0] == name).then(|| binding.value().map(peel_parens))?
    })
}

/// Whether a set may have this attribute: it binds it, inherits it, or has computed names.
pub fn may_have_attribute(set: &ast::AttrSet, name: &str) -> bool {
    use ast::HasEntry as _;
    let binds = |binding: ast::AttrpathValue| {
        let first = binding.attrpath().and_then(|path| path.attrs().next());
        first.is_none_or(|first| static_name(&first).is_none_or(|first| first == name))
    };
    let inherits = |inherit: ast::Inherit| {
        inherit.attrs().any(|attr| static_name(&attr).is_none_or(|attr| attr == name))
    };
    set.attrpath_values().any(binds) || set.inherits().any(inherits)
}

/// The text of a string that is written out.
pub fn written_text(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Str(string) => plain_text(string),
        _ => None,
    }
}
