use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names of `let` that hide a function of Nix, such as `map` or `import`, behind something that is certainly
    /// no function.
    ///
    /// ## Why is this bad?
    /// Whoever writes `map f list` further down gets an error about calling a set or a string, far from its cause.
    /// As long as nobody does, the name only misleads: the finding is an info. Functions under such a name are usually a
    /// better version of the original and are not reported, nor are arguments, inherited names and attributes of sets.
    ///
    /// ## Example
    /// ```nix
    /// let map = { a = 1; }; in map.a
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let table = { a = 1; }; in table.a
    /// ```
    pub struct ShadowedBuiltin {}

    name: "shadowed-builtin",
    summary: "name of a built-in function bound to no function",
    group: Suspicious,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ShadowedBuiltin {
    type Node = ast::LetIn;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.bindings().any(|binding| {
            let first = binding.node(SyntaxKind::NODE_ATTRPATH).and_then(|path| path.nodes().next());
            first.and_then(NodeView::last_name).is_none_or(semantic::is_global_builtin)
        })
    }

    fn check(&self, node: &ast::LetIn, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        for binding in node.attrpath_values() {
            let Some(path) = binding.attrpath() else { continue };
            let Some(name) = path.attrs().next().and_then(|first| static_name(&first)) else { continue };
            let is_constant = matches!(name.as_str(), "true" | "false" | "null" | "builtins");
            if is_constant || name.starts_with("__") || !semantic::is_global_builtin(&name) {
                continue;
            }
            if path.attrs().count() == 1 && !binding.value().is_some_and(|value| is_no_function(&value)) {
                continue;
            }
            let _ = cx
                .report(&path, format!("this binding hides the function `{name}` of Nix"))
                .here("no function")
                .help("give it another name");
        }
    }
}

/// Whether the value can be seen to be no function.
fn is_no_function(value: &ast::Expr) -> bool {
    match peel_parens(value.clone()) {
        ast::Expr::AttrSet(set) => {
            use ast::HasEntry as _;
            !set.attrpath_values().any(|binding| {
                let path = binding.attrpath().and_then(|path| path.attrs().next());
                path.and_then(|first| static_name(&first)).is_none_or(|name| name == "__functor")
            }) && set.inherits().next().is_none()
        }
        ast::Expr::Str(_) | ast::Expr::List(_) | ast::Expr::Literal(_) => true,
        value => matches!(
            value.syntax().kind(),
            SyntaxKind::NODE_PATH_ABS | SyntaxKind::NODE_PATH_REL | SyntaxKind::NODE_PATH_HOME
        ),
    }
}
