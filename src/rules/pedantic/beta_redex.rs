use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions that are called where they are written: `(x: e) v`.
    ///
    /// ## Why is this bad?
    /// `let x = v; in e` names the value before it is used.
    ///
    /// ## Example
    /// ```nix
    /// (x: x + x) 2
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let x = 2; in x + x
    /// ```
    pub struct BetaRedex {}

    name: "beta-redex",
    summary: "function that is called where it is written",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BetaRedex {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.operand().is_some_and(|function| function.peel_parens().kind() == SyntaxKind::NODE_LAMBDA)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::Lambda(lambda)) = call.lambda().map(peel_parens) else { return };
        let Some(ast::Param::IdentParam(param)) = lambda.param() else { return };
        let name = param.syntax().text().to_string();
        let _ = cx
            .report(&param, format!("the function of `{name}` is called where it is written"))
            .here("this could be bound by `let`")
            .covers(call.syntax().text_range());
    }
}
