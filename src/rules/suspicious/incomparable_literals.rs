use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `==` and `!=` between values of two kinds, such as a string and a number.
    ///
    /// ## Why is this bad?
    /// They are never equal, and Nix does not complain: the answer is always the same.
    ///
    /// ## Example
    /// ```nix
    /// { port }: toString port == 80
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { port }: port == 80
    /// ```
    ///
    /// ## References
    /// - Nix manual, "Operators": equality
    pub struct IncomparableLiterals {}

    name: "incomparable-literals",
    summary: "comparison of values that are never equal",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for IncomparableLiterals {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        use RoughKind::{Known, Unknown};
        let [left, right] = view.operands().map(|side| side.map_or(Unknown, RoughKind::of));
        let may_differ = match (left, right) {
            (Unknown, _) | (_, Unknown) => false,
            (Known(left), Known(right)) => left != right,
            _ => true,
        };
        may_differ && view.has_any_token(&[SyntaxKind::TOKEN_EQUAL, SyntaxKind::TOKEN_NOT_EQUAL])
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        let answer = match operation.operator() {
            Some(ast::BinOpKind::Equal) => false,
            Some(ast::BinOpKind::NotEqual) => true,
            _ => return,
        };
        let (Some(left), Some(right)) = (operation.lhs(), operation.rhs()) else { return };
        let Some(left_kind) = cx.semantics().kind(&left) else { return };
        let Some(right_kind) = cx.semantics().kind(&right) else { return };
        let is_comparable = left_kind == right_kind || (left_kind.is_number() && right_kind.is_number());
        if is_comparable || left_kind == Kind::Function || right_kind == Kind::Function {
            return;
        }
        let file = cx.file;
        let (left, right) = (left.syntax().text_range(), right.syntax().text_range());
        let _ = cx
            .report(operation, format!("{} and {} are never equal", left_kind.words(), right_kind.words()))
            .here(format!("this is always `{answer}`"))
            .label(Span::new(file, left), left_kind.words())
            .label(Span::new(file, right), right_kind.words());
    }
}
