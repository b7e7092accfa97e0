use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `builtins.name` where no Nix has such a builtin.
    ///
    /// ## Why is this bad?
    /// Evaluation stops with "attribute missing" once something needs the value. Most often the name is misspelt, or the
    /// function is one of nixpkgs' `lib`.
    ///
    /// ## Example
    /// ```nix
    /// { names }: builtins.mapAtrs (name: value: value) names
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { names }: builtins.mapAttrs (name: value: value) names
    /// ```
    ///
    /// ## Exceptions
    /// Names behind `builtins ? name` and with `or`.
    ///
    /// ## Fix safety
    /// The fix takes the name that is most alike, which is a guess, so it is unsafe.
    ///
    /// ## References
    /// - Nix manual, "Built-ins"
    pub struct UnknownBuiltin {}

    name: "unknown-builtin",
    summary: "builtin that no Nix has",
    group: Correctness,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnknownBuiltin {
    type Node = ast::Select;
    const NAMES: &'static [&'static str] = &["builtins"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let first = || view.node(SyntaxKind::NODE_ATTRPATH)?.nodes().next()?.last_name();
        view.operand().and_then(NodeView::last_name) == Some("builtins")
            && first().is_none_or(|name| !semantic::needs_prefix(name))
    }

    fn check(&self, select: &ast::Select, cx: &mut Context<'_>) {
        let Some(ast::Expr::Ident(base)) = select.expr() else { return };
        if base.syntax().text() != "builtins" || select.default_expr().is_some() {
            return;
        }
        let is_builtins = cx.semantics().resolve(base.syntax().text_range()) == Some(Resolution::Builtin);
        let Some(attr) = select.attrpath().and_then(|path| path.attrs().next()).filter(|_| is_builtins)
        else {
            return;
        };
        let Some(name) = static_name(&attr) else { return };
        // `builtins.builtins` is there, too.
        if name == "builtins" || builtin_names().any(|known| known == name) {
            return;
        }
        let is_asked_for = cx.text.contains(&format!("? {name}")) || cx.text.contains(&format!("?{name}"));
        if is_asked_for || cx.text.contains(&format!("\"{name}\"")) {
            return;
        }
        let like = nearest(&name, builtin_names());
        let in_library = nixos::library::has("lib", &name) == Some(true);
        let report = cx.report(&attr, format!("`builtins` has no `{name}`")).here("no Nix has this");
        let report = match (in_library, like) {
            (true, _) => report.help(format!("`lib.{name}` of nixpkgs is there")),
            (false, Some(like)) => report.help(format!("perhaps `{like}` is meant")),
            (false, None) => report.help("see the manual of Nix for the builtins that there are"),
        };
        let _ = match like.filter(|_| !in_library) {
            Some(like) => report.fix(Applicability::Unsafe, format!("write `{like}`"), |edits| {
                edits.replace(&attr, like);
            }),
            None => report,
        };
    }
}
