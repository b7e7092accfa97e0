use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `[ ] ++ x` and `x ++ [ ]`.
    ///
    /// ## Why is this bad?
    /// It adds nothing.
    ///
    /// ## Example
    /// ```nix
    /// { x }: x ++ [ ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { x }: x
    /// ```
    ///
    /// ## Exceptions
    /// An empty list at the head of several that are put together, each on a line of its own, keeps the lines alike,
    /// and a comment in it shows what may come: neither is reported.
    ///
    /// ## Fix safety
    /// Safe where the other side is a list for certain. Otherwise evaluation might have failed here, and the fix is
    /// unsafe.
    pub struct EmptyListConcat {}

    name: "empty-list-concat",
    summary: "`++` with an empty list",
    group: Style,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EmptyListConcat {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.has_token(SyntaxKind::TOKEN_CONCAT)
            && view.expressions().any(|side| side.is_empty(SyntaxKind::NODE_LIST))
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        if operation.operator() != Some(ast::BinOpKind::Concat) {
            return;
        }
        let (Some(left), Some(right)) = (operation.lhs(), operation.rhs()) else { return };
        let (empty, other, is_first) = match (is_empty_list(&left), is_empty_list(&right)) {
            (true, _) => (left, right, true),
            (_, true) => (right, left, false),
            _ => return,
        };
        let between = TextRange::new(
            empty.syntax().text_range().end().min(other.syntax().text_range().end()),
            empty.syntax().text_range().start().max(other.syntax().text_range().start()),
        );
        if has_comment(empty.syntax()) || (is_first && cx.text[between].contains('\n')) {
            return;
        }
        let is_list = cx.semantics().kind_of_value(&other) == Some(Kind::List);
        let file = cx.file;
        let mut report = cx
            .report(operation, "`++` with an empty list")
            .here("this is the other list")
            .covers(operation.syntax().text_range());
        if !has_comment_outside(operation.syntax(), &[other.syntax()]) {
            let applicability = if is_list { Applicability::Safe } else { Applicability::Unsafe };
            report = report.fix(applicability, "leave the empty list out", |edits| {
                edits.extend(file, edit::replace(operation.syntax(), &other.syntax().text().to_string()));
            });
        }
        let _ = report;
    }
}

fn is_empty_list(expr: &ast::Expr) -> bool {
    matches!(peel_parens(expr.clone()), ast::Expr::List(list) if list.items().next().is_none())
}
