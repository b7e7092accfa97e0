use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `!true` and `!false`.
    ///
    /// ## Why is this bad?
    /// It is the other literal.
    ///
    /// ## Example
    /// ```nix
    /// { enable = !true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { enable = false; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe.
    pub struct NegatedBoolLiteral {}

    name: "negated-bool-literal",
    summary: "`!true` or `!false`",
    group: Style,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for NegatedBoolLiteral {
    type Node = ast::UnaryOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.operand().is_some_and(|inner| RoughKind::of(inner) == RoughKind::Known(Kind::Bool))
    }

    fn check(&self, negation: &ast::UnaryOp, cx: &mut Context<'_>) {
        if negation.operator() != Some(ast::UnaryOpKind::Invert) {
            return;
        }
        let Some(inner) = negation.expr().map(peel_parens) else { return };
        let Some(value) = cx.semantics().literal_bool(&inner) else { return };
        // What the other literal is called may be shadowed.
        let other = (!value).to_string();
        if cx.semantics().is_bound_at(&other, inner.syntax().text_range()) != Some(false) {
            return;
        }
        let file = cx.file;
        let mut report =
            cx.report(negation, format!("negation of `{value}`")).here(format!("this is `{}`", !value));
        if !has_comment(negation.syntax()) {
            report = report.fix(Applicability::Safe, format!("use `{}`", !value), |edits| {
                edits.extend(file, edit::replace(negation.syntax(), &(!value).to_string()));
            });
        }
        let _ = report;
    }
}
