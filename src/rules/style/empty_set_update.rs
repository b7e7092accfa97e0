use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `{ } // x` and `x // { }`.
    ///
    /// ## Why is this bad?
    /// It changes nothing.
    ///
    /// ## Example
    /// ```nix
    /// { x }: x // { }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { x }: x
    /// ```
    ///
    /// ## Exceptions
    /// An empty set at the head of several, each on a line of its own, keeps the lines alike, and a comment in it shows
    /// what may come: neither is reported.
    ///
    /// ## Fix safety
    /// Safe where the other side is a set for certain. Otherwise evaluation might have failed here, and the fix is
    /// unsafe.
    pub struct EmptySetUpdate {}

    name: "empty-set-update",
    summary: "`//` with an empty set",
    group: Style,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EmptySetUpdate {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.has_token(SyntaxKind::TOKEN_UPDATE)
            && view.expressions().any(|side| side.is_empty(SyntaxKind::NODE_ATTR_SET))
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        if operation.operator() != Some(ast::BinOpKind::Update) {
            return;
        }
        let (Some(left), Some(right)) = (operation.lhs(), operation.rhs()) else { return };
        let between = TextRange::new(left.syntax().text_range().end(), right.syntax().text_range().start());
        let (empty, other, is_head) = match (is_empty_set(&left), is_empty_set(&right)) {
            (true, _) => (left, right, cx.text[between].contains('\n')),
            (_, true) => (right, left, false),
            _ => return,
        };
        if is_head || has_comment(empty.syntax()) {
            return;
        }
        let is_set = cx.semantics().kind_of_value(&other) == Some(Kind::Set);
        let file = cx.file;
        let mut report = cx.report(operation, "`//` with an empty set").here("this is the other set");
        if !has_comment_outside(operation.syntax(), &[other.syntax()]) {
            let applicability = if is_set { Applicability::Safe } else { Applicability::Unsafe };
            report = report.fix(applicability, "leave the empty set out", |edits| {
                edits.extend(file, edit::replace(operation.syntax(), &other.syntax().text().to_string()));
            });
        }
        let _ = report;
    }
}

fn is_empty_set(expr: &ast::Expr) -> bool {
    use ast::HasEntry as _;
    matches!(peel_parens(expr.clone()), ast::Expr::AttrSet(set) if set.entries().next().is_none())
}
