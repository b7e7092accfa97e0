use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `!(a == b)` and `!(a != b)`.
    ///
    /// ## Why is this bad?
    /// `a != b` says the same without a detour.
    ///
    /// ## Example
    /// ```nix
    /// { a, b }: !(a == b)
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a, b }: a != b
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: where the place needs them, parentheses stay. Where a comment would be lost, no fix is offered.
    pub struct NegatedEquality {}

    name: "negated-equality",
    summary: "`!(a == b)` where `a != b` says the same",
    group: Style,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for NegatedEquality {
    type Node = ast::UnaryOp;

    fn check(&self, negation: &ast::UnaryOp, cx: &mut Context<'_>) {
        if negation.operator() != Some(ast::UnaryOpKind::Invert) {
            return;
        }
        let Some(ast::Expr::BinOp(inner)) = negation.expr().map(peel_parens) else { return };
        let operator = match inner.operator() {
            Some(ast::BinOpKind::Equal) => "!=",
            Some(ast::BinOpKind::NotEqual) => "==",
            _ => return,
        };
        let (Some(left), Some(right)) = (inner.lhs(), inner.rhs()) else { return };
        let text = format!("{} {operator} {}", left.syntax().text(), right.syntax().text());
        let file = cx.file;
        let mut report = cx
            .report(negation, format!("negation of a comparison that `{operator}` can say"))
            .here(format!("this is `… {operator} …`"));
        if !has_comment_outside(negation.syntax(), &[left.syntax(), right.syntax()]) {
            report = report.fix(Applicability::Safe, format!("use `{operator}`"), |edits| {
                edits.extend(file, edit::replace(negation.syntax(), &text));
            });
        }
        let _ = report;
    }
}
