//! Which package of nixpkgs an expression names, and what stands in lists of packages, as rules on nodes see them.

use super::context::Context;
use crate::nixos::python;
use crate::semantic::{BindingKind, Resolution};
use crate::syntax::{AstNode, ast, is_inherited_name, static_path};

/// How many names that are bound to another name are followed.
const MAX_NAMES: usize = 4;

/// An element of a list that may be put together from several.
#[derive(Debug, Clone)]
pub struct ListElement {
    /// The element, as it stands in its list.
    pub expr: ast::Expr,
    /// The list that it is written in; `None` for the argument of `lib.optional`.
    pub list: Option<ast::List>,
    /// Whether it is there under a condition only.
    pub is_conditional: bool,
}

impl Context<'_> {
    /// The names of the selection that an expression is, such as `pkgs.python3Packages.numpy`. What a `with` opens
    /// and what an `inherit` takes names from stands in front, and names of a `let` for other names are followed.
    /// `None` for what is no selection, and for names that the file gives a value of another sort.
    pub fn selection_path(&self, expr: &ast::Expr) -> Option<Vec<String>> {
        self.path_within(expr, MAX_NAMES)
    }

    /// The path of a package from the root of nixpkgs, such as `cmake` or `qt5.wrapQtAppsHook`. Every set of Python
    /// packages is called `python3.pkgs`. Packages of another platform (`buildPackages`) have their set in front.
    pub fn package_path(&self, expr: &ast::Expr) -> Option<String> {
        let path = self.selection_path(expr)?;
        let roots = path.iter().take_while(|name| is_package_root(name)).count();
        let mut names: Vec<&str> = path[roots..].iter().map(String::as_str).collect();
        if names.first().is_some_and(|first| python::is_package_set(first)) {
            names.splice(0..1, ["python3", "pkgs"]);
        } else if names.len() > 1 && python::is_interpreter(names[0]) && names[1] == "pkgs" {
            names[0] = "python3";
        }
        (!names.is_empty()).then(|| names.join("."))
    }

    /// The elements of a list, as far as they are written out in this place: `++`, `with`, `if` and `lib.optionals`
    /// are looked through.
    pub fn list_elements(&self, expr: &ast::Expr) -> Vec<ListElement> {
        let mut elements = Vec::new();
        self.collect_elements(expr, false, &mut elements);
        elements
    }

    fn path_within(&self, expr: &ast::Expr, names: usize) -> Option<Vec<String>> {
        match expr {
            ast::Expr::Paren(paren) => self.path_within(&paren.expr()?, names),
            ast::Expr::Select(select) if select.default_expr().is_none() => {
                let mut path = self.path_within(&select.expr()?, names)?;
                path.extend(static_path(&select.attrpath()?)?);
                Some(path)
            }
            ast::Expr::Ident(ident) => self.path_of_name(ident, names.checked_sub(1)?),
            _ => None,
        }
    }

    fn path_of_name(&self, ident: &ast::Ident, names: usize) -> Option<Vec<String>> {
        let range = ident.syntax().text_range();
        let name = ident.syntax().text().to_string();
        let id = match self.semantics().resolve(range) {
            Some(Resolution::Binding(id)) => id,
            Some(Resolution::With(_)) => {
                let mut withs = ident.syntax().ancestors().filter_map(ast::With::cast);
                let is_body = |body: ast::Expr| body.syntax().text_range().contains_range(range);
                let with = withs.find(|with| with.body().is_some_and(is_body))?;
                let mut path = self.path_within(&with.namespace()?, names)?;
                path.push(name);
                return Some(path);
            }
            _ => return Some(vec![name]),
        };
        match self.semantics().binding(id).kind {
            BindingKind::Formal | BindingKind::AtName | BindingKind::Argument => Some(vec![name]),
            BindingKind::Plain => self.path_within(&self.semantics().let_value(ident)?, names),
            BindingKind::InheritFrom => {
                let root = ident.syntax().ancestors().last()?;
                let place = self.semantics().binding(id).range;
                if !is_inherited_name(&root, place) {
                    return None;
                }
                let inherit = root.covering_element(place).ancestors().find_map(ast::Inherit::cast)?;
                let mut path = self.path_within(&inherit.from()?.expr()?, names)?;
                path.push(name);
                Some(path)
            }
            BindingKind::Inherit => None,
        }
    }

    fn collect_elements(&self, expr: &ast::Expr, is_conditional: bool, elements: &mut Vec<ListElement>) {
        let mut collect = |part: Option<ast::Expr>, is_conditional| {
            if let Some(part) = part {
                self.collect_elements(&part, is_conditional, elements);
            }
        };
        match expr {
            ast::Expr::List(list) => elements.extend(list.items().map(|expr| ListElement {
                expr,
                list: Some(list.clone()),
                is_conditional,
            })),
            ast::Expr::Paren(paren) => collect(paren.expr(), is_conditional),
            ast::Expr::With(with) => collect(with.body(), is_conditional),
            ast::Expr::LetIn(let_in) => collect(let_in.body(), is_conditional),
            ast::Expr::IfElse(if_else) => {
                collect(if_else.body(), true);
                collect(if_else.else_body(), true);
            }
            ast::Expr::BinOp(operation) if operation.operator() == Some(ast::BinOpKind::Concat) => {
                collect(operation.lhs(), is_conditional);
                collect(operation.rhs(), is_conditional);
            }
            ast::Expr::Apply(_) => match self.library_call(expr) {
                Some((function, arguments)) if arguments.len() == 2 => match function.as_str() {
                    "optionals" => collect(arguments.into_iter().nth(1), true),
                    "optional" => elements.extend(arguments.into_iter().nth(1).map(|expr| ListElement {
                        expr,
                        list: None,
                        is_conditional: true,
                    })),
                    _ => {}
                },
                _ => {}
            },
            _ => {}
        }
    }
}

/// Whether a name stands for the whole of nixpkgs, seen from the platform that packages are for.
pub(super) fn is_package_root(name: &str) -> bool {
    matches!(name, "final" | "prev" | "self" | "super" | "nixpkgs" | "unstable")
        || name.starts_with("pkgs") && !name.starts_with("pkgsBuild")
}
