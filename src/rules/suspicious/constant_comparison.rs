use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds comparisons of two literals, such as `true == false` or `1 < 2`.
    ///
    /// ## Why is this bad?
    /// The answer is always the same: one side was to be a variable, or the code is dead.
    ///
    /// ## Example
    /// ```nix
    /// if "release" == "debug" then 1 else 2
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { mode }: if mode == "debug" then 1 else 2
    /// ```
    pub struct ConstantComparison {}

    name: "constant-comparison",
    summary: "comparison of two literals",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ConstantComparison {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        use SyntaxKind::*;
        let is_literal = |side: NodeView<'_>| {
            let side = side.peel_parens();
            match side.kind() {
                NODE_STRING => !side.has_node(NODE_INTERPOL),
                NODE_LITERAL => true,
                _ => RoughKind::of(side) == RoughKind::Known(Kind::Bool),
            }
        };
        const COMPARISONS: [SyntaxKind; 6] =
            [TOKEN_EQUAL, TOKEN_NOT_EQUAL, TOKEN_LESS, TOKEN_LESS_OR_EQ, TOKEN_MORE, TOKEN_MORE_OR_EQ];
        view.has_any_token(&COMPARISONS) && view.expressions().all(is_literal)
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        use ast::BinOpKind as Op;
        let Some(operator) = operation.operator() else { return };
        if !matches!(operator, Op::Equal | Op::NotEqual | Op::Less | Op::LessOrEq | Op::More | Op::MoreOrEq) {
            return;
        }
        let (Some(left), Some(right)) = (operation.lhs(), operation.rhs()) else { return };
        let (Some(left), Some(right)) = (literal(&left, cx), literal(&right, cx)) else { return };
        // What is of two kinds is another rule's business.
        let Some(order) = left.compare(&right) else { return };
        let answer = match operator {
            Op::Equal => order.is_eq(),
            Op::NotEqual => order.is_ne(),
            Op::Less => order.is_lt(),
            Op::LessOrEq => order.is_le(),
            Op::More => order.is_gt(),
            _ => order.is_ge(),
        };
        let _ = cx
            .report(operation, format!("this comparison is always `{answer}`"))
            .here("both sides are written out")
            .help("compare with the variable that was meant, or leave the comparison out");
    }
}

/// A value that is written out.
enum Literal {
    Bool(bool),
    Number(f64),
    Text(String),
}

impl Literal {
    fn compare(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Number(left), Self::Number(right)) => left.partial_cmp(right),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

fn literal(expr: &ast::Expr, cx: &Context<'_>) -> Option<Literal> {
    match peel_parens(expr.clone()) {
        ast::Expr::Str(string) => plain_text(&string).map(Literal::Text),
        ast::Expr::Literal(literal) if !matches!(literal.kind(), ast::LiteralKind::Uri(_)) => {
            literal.syntax().text().to_string().parse().ok().map(Literal::Number)
        }
        expr => cx.semantics().literal_bool(&expr).map(Literal::Bool),
    }
}
