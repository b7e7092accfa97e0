use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds comparisons with a function.
    ///
    /// ## Why is this bad?
    /// Functions are never equal, not even to themselves: the answer is always the same.
    ///
    /// ## Example
    /// ```nix
    /// { f }: f == (x: x)
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { f }: builtins.isFunction f
    /// ```
    ///
    /// ## References
    /// - Nix manual, "Operators": equality
    pub struct FunctionEquality {}

    name: "function-equality",
    summary: "comparison with a function",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FunctionEquality {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.expressions().any(|side| RoughKind::of(side) == RoughKind::Known(Kind::Function))
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        let answer = match operation.operator() {
            Some(ast::BinOpKind::Equal) => false,
            Some(ast::BinOpKind::NotEqual) => true,
            _ => return,
        };
        let sides = [operation.lhs(), operation.rhs()].map(|side| side.map(peel_parens));
        if !sides.into_iter().flatten().any(|side| matches!(side, ast::Expr::Lambda(_))) {
            return;
        }
        let _ = cx
            .report(operation, format!("a comparison with a function is always `{answer}`"))
            .here("functions are never equal")
            .help("ask `builtins.isFunction`, or compare what the functions give");
    }
}
