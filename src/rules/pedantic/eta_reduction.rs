use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions that do nothing but hand their argument to another one: `x: f x`.
    ///
    /// ## Why is this bad?
    /// The other function can be used as it is.
    ///
    /// ## Example
    /// ```nix
    /// map (x: toString x) [ 1 2 ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// map toString [ 1 2 ]
    /// ```
    ///
    /// ## Exceptions
    /// Only functions that are called by name are looked at.
    ///
    /// ## Fix safety
    /// Unsafe: the other function is evaluated earlier, which may never end where two functions use each other, and
    /// `functionArgs` sees its arguments.
    pub struct EtaReduction {}

    name: "eta-reduction",
    summary: "function that only calls another one",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EtaReduction {
    type Node = ast::Lambda;

    fn check(&self, lambda: &ast::Lambda, cx: &mut Context<'_>) {
        let (Some(ast::Param::IdentParam(param)), Some(ast::Expr::Apply(call))) =
            (lambda.param(), lambda.body())
        else {
            return;
        };
        let (Some(function), Some(ast::Expr::Ident(argument))) = (call.lambda(), call.argument()) else {
            return;
        };
        let Some(path) = dotted_path(&function) else { return };
        let name = param.syntax().text().to_string();
        if argument.syntax().text() != name.as_str() || path[0] == name {
            return;
        }
        let file = cx.file;
        let text = function.syntax().text().to_string();
        let mut report = cx
            .report(lambda, format!("this function only calls `{}`", path.join(".")))
            .here("the function that is called would do");
        if !has_comment(lambda.syntax()) {
            report = report.fix(Applicability::Unsafe, "use the function itself", |edits| {
                edits.extend(file, edit::replace(lambda.syntax(), &text));
            });
        }
        let _ = report;
    }
}
