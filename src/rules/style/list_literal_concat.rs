use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds two lists that are written out and put together with `++`.
    ///
    /// ## Why is this bad?
    /// One list says the same.
    ///
    /// ## Example
    /// ```nix
    /// [ 1 ] ++ [ 2 ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// [ 1 2 ]
    /// ```
    ///
    /// ## Exceptions
    /// Lists with a comment in or between them may be apart for a reason: they are not reported.
    ///
    /// ## Fix safety
    /// Always safe.
    pub struct ListLiteralConcat {}

    name: "list-literal-concat",
    summary: "`++` between two lists that are written out",
    group: Style,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ListLiteralConcat {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let [left, right] = view.operands().map(|side| side.map(NodeView::kind));
        view.has_token(SyntaxKind::TOKEN_CONCAT) && left == right && left == Some(SyntaxKind::NODE_LIST)
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        if operation.operator() != Some(ast::BinOpKind::Concat) {
            return;
        }
        let (Some(ast::Expr::List(left)), Some(ast::Expr::List(right))) = (operation.lhs(), operation.rhs())
        else {
            return;
        };
        // Comments inside say what each of them is for.
        if has_comment(operation.syntax()) {
            return;
        }
        if left.items().next().is_none() || right.items().next().is_none() {
            return;
        }
        let (Some(close), Some(open)) = (left.r_brack_token(), right.l_brack_token()) else { return };
        let words = close.text_range().cover(open.text_range());
        if !cx.text[words].split_whitespace().collect::<String>().eq("]++[") {
            return;
        }
        let Some(edit) = edit::join_at(cx.text, words) else { return };
        let file = cx.file;
        let _ = cx
            .report(operation, "`++` between two lists that are written out")
            .here("one list says the same")
            .fix(Applicability::Safe, "make them one list", |edits| edits.extend(file, vec![edit]));
    }
}
