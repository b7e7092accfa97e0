use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds divisions by zero, `head` and `tail` of an empty list, and `elemAt` past the end, all written out.
    ///
    /// ## Why is this bad?
    /// Evaluation fails as soon as the value is needed.
    ///
    /// ## Example
    /// ```nix
    /// builtins.elemAt [ 1 2 ] 2
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// builtins.elemAt [ 1 2 ] 1
    /// ```
    pub struct CertainThrow {}

    name: "certain-throw",
    summary: "operation that always fails",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for CertainThrow {
    type Node = ast::Expr;

    fn wants(kind: SyntaxKind) -> bool {
        matches!(kind, SyntaxKind::NODE_APPLY | SyntaxKind::NODE_BIN_OP)
    }

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        match view.kind() {
            SyntaxKind::NODE_APPLY => view.calls(&["head", "tail", "last", "elemAt"]),
            kind => kind == SyntaxKind::NODE_BIN_OP && view.has_token(SyntaxKind::TOKEN_DIV),
        }
    }

    fn check(&self, expr: &ast::Expr, cx: &mut Context<'_>) {
        let message = match expr {
            ast::Expr::BinOp(operation) => {
                if operation.operator() != Some(ast::BinOpKind::Div)
                    || !operation.rhs().is_some_and(|zero| is_zero(&zero))
                {
                    return;
                }
                "division by zero".to_owned()
            }
            ast::Expr::Apply(call) => {
                let Some(message) = failing_call(call, cx) else { return };
                message
            }
            _ => return,
        };
        let _ = cx.report(expr, message).here("evaluation fails here");
    }
}

fn is_zero(expr: &ast::Expr) -> bool {
    matches!(peel_parens(expr.clone()), ast::Expr::Literal(literal)
        if literal.syntax().text().to_string().parse::<f64>().is_ok_and(|number| number == 0.0))
}

/// What is wrong with a call that always fails.
fn failing_call(call: &ast::Apply, cx: &Context<'_>) -> Option<String> {
    // Cheap questions first: most calls are of other functions.
    let (function, arguments) = match peel_parens(call.lambda()?) {
        ast::Expr::Apply(inner) => (peel_parens(inner.lambda()?), vec![inner.argument()?, call.argument()?]),
        function => (function, vec![call.argument()?]),
    };
    let path = dotted_path(&function)?;
    let name = path.last()?.as_str();
    if !matches!(name, "head" | "tail" | "last" | "elemAt") {
        return None;
    }
    let ast::Expr::List(list) = peel_parens(arguments.first()?.clone()) else { return None };
    let is_known =
        path.first().is_some_and(|first| first == "lib") || cx.semantics().builtin(&function).is_some();
    let count = list.items().count();
    match (name, arguments.as_slice()) {
        ("head" | "tail" | "last", [_]) if is_known && count == 0 => {
            Some(format!("`{name}` of an empty list"))
        }
        ("elemAt", [_, index]) if is_known => {
            let index: usize = peel_parens(index.clone()).syntax().text().to_string().parse().ok()?;
            (index >= count).then(|| format!("element {index} of a list of {count}"))
        }
        _ => None,
    }
}
