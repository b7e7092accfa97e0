use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `toString ./x` in strings.
    ///
    /// ## Why is this bad?
    /// It gives the place of the file beside the code and copies nothing: a service or a build that gets this text looks
    /// for the file on another machine, or in a sandbox without it.
    ///
    /// ## Example
    /// ```nix
    /// { script = "sh ${toString ./run.sh}"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { script = "sh ${./run.sh}"; }
    /// ```
    ///
    /// ## Exceptions
    /// In a flake the code itself is in the store, so the text often works there.
    ///
    /// ## Fix safety
    /// Unsafe, since the text becomes another one.
    pub struct PathCoercionCopies {}

    name: "path-coercion-copies",
    summary: "`toString` of a path in a string, which copies nothing",
    group: Suspicious,
    level: Info,
    default: Off,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for PathCoercionCopies {
    type Node = ast::Interpol;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.operand().is_some_and(|call| call.last_name() == Some("toString"))
    }

    fn check(&self, interpolation: &ast::Interpol, cx: &mut Context<'_>) {
        let Some(ast::Expr::Apply(call)) = interpolation.expr().map(peel_parens) else { return };
        let (Some(function), Some(ast::Expr::PathRel(path))) =
            (call.lambda(), call.argument().map(peel_parens))
        else {
            return;
        };
        if cx.semantics().builtin(&function).is_none_or(|name| name != "toString") {
            return;
        }
        let file = cx.file;
        let _ = cx
            .report(&call, "`toString` of a path copies nothing into the store")
            .here("the place beside the code, wherever that is")
            .fix(Applicability::Unsafe, "interpolate the path itself", |edits| {
                edits.extend(file, vec![(call.syntax().text_range(), path.syntax().text().to_string())]);
            });
    }
}
