use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that two `with`s around them could give, where both sets are written out, bound by `let`, or
    /// `builtins`.
    ///
    /// ## Why is this bad?
    /// The inner `with` wins, and nothing says so. Whoever adds a name to the inner set changes what the names
    /// below it mean.
    ///
    /// ## Example
    /// ```nix
    /// let
    ///   old = { port = 80; };
    ///   new = { port = 8080; };
    /// in
    /// with old; with new; { listen = port; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let
    ///   old = { port = 80; };
    ///   new = { port = 8080; };
    /// in
    /// { listen = new.port; }
    /// ```
    pub struct NestedWithAmbiguity {}

    name: "nested-with-ambiguity",
    summary: "name that two nested `with`s could give",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for NestedWithAmbiguity {
    type Node = ast::With;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        view.operand().is_some_and(|namespace| cx.may_have_names(namespace))
    }

    fn check(&self, inner: &ast::With, cx: &mut Context<'_>) {
        let outer: Vec<ast::With> = inner.syntax().ancestors().skip(1).filter_map(ast::With::cast).collect();
        let Some(namespace) = inner.namespace().filter(|_| !outer.is_empty()) else { return };
        let semantics = cx.semantics();
        let Some(scope) = semantics.with_scope(inner.syntax().text_range()) else { return };
        let Some(names) = cx.with_names(&namespace) else { return };
        // The sets around, from the inside, as far as they are known.
        let is_around = |with: &ast::With| {
            let own = semantics.with_scope(with.syntax().text_range());
            own.is_some_and(|own| semantics.around(semantics.scope(scope).parent).any(|id| id == own))
        };
        let around: Vec<(ast::Expr, WithNames)> = outer
            .iter()
            .filter(|with| is_around(with))
            .filter_map(|with| {
                let namespace = with.namespace()?;
                let names = cx.with_names(&namespace)?;
                Some((namespace, names))
            })
            .collect();
        if around.is_empty() {
            return;
        }
        let mut reported: Vec<&str> = Vec::new();
        for reference in &semantics.references {
            let name = semantics.ir.name(reference.name);
            if reference.resolution != Resolution::With(scope) || !names.has(name) || reported.contains(&name)
            {
                continue;
            }
            let Some((other, _)) = around.iter().find(|(_, names)| names.has(name)) else { continue };
            reported.push(name);
            let (inner, other) = (cx.span(&namespace), cx.span(other));
            let _ = cx
                .report_range(reference.range, format!("two `with`s could give `{name}`"))
                .here("the inner one does")
                .label(inner, "this set has the name")
                .label(other, "and so has this one")
                .help("select the name from the set that is meant");
        }
    }
}
