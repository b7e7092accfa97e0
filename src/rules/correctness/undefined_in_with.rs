use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that only a `with` can give, where the set behind it is written out, there or in a
    /// `let`, and does not have them; and misspelt names of built-in functions behind `with builtins;`.
    ///
    /// ## Why is this bad?
    /// Nix takes the file and fails when it needs the name: "undefined variable".
    ///
    /// ## Example
    /// ```nix
    /// with { first = 1; }; frist
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// with { first = 1; }; first
    /// ```
    pub struct UndefinedInWith {}

    name: "undefined-in-with",
    summary: "name that the set behind `with` does not have",
    group: Correctness,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UndefinedInWith {
    type Node = ast::With;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        view.operand().is_some_and(|namespace| cx.may_have_names(namespace))
    }

    fn check(&self, node: &ast::With, cx: &mut Context<'_>) {
        let Some(namespace) = node.namespace() else { return };
        let semantics = cx.semantics();
        let Some(names) = cx.with_names(&namespace) else { return };
        let Some(scope) = semantics.with_scope(node.syntax().text_range()) else { return };
        let is_other = |id: &ScopeId| *id != scope && semantics.scope(*id).kind == ScopeKind::With;
        for reference in &semantics.references {
            let name = semantics.ir.name(reference.name);
            if reference.resolution != Resolution::With(scope)
                || semantics.around(reference.scope).any(|id| is_other(&id))
                || names.has(name)
            {
                continue;
            }
            let place = cx.span(&namespace);
            let guess = names.like(name);
            if names.is_open() && guess.is_none() {
                continue;
            }
            let report = cx
                .report_range(reference.range, format!("`{name}` is not in the set of this `with`"))
                .here("nothing else can give this name")
                .label(place, "the names come from here");
            if let Some(guess) = guess {
                let _ = report.help(format!("did you mean `{guess}`?"));
            }
        }
    }
}
