use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `if` with a literal as its condition, with two branches that are the same, or with a condition that was
    /// asked before in the chain.
    ///
    /// ## Why is this bad?
    /// One of the branches is never taken, or the question makes no difference: often the remains of a change or a copy.
    ///
    /// ## Example
    /// ```nix
    /// { a, b }: if a then 1 else if b then 2 else if a then 3 else 4
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a, b, c }: if a then 1 else if b then 2 else if c then 3 else 4
    /// ```
    pub struct UnreachableBranch {}

    name: "unreachable-branch",
    summary: "branch that is never taken, or makes no difference",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnreachableBranch {
    type Node = ast::IfElse;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        use SyntaxKind::*;
        let [Some(condition), Some(body), Some(other)] = view.operands() else { return false };
        let is_literal = RoughKind::of(condition.peel_parens()) == RoughKind::Known(Kind::Bool);
        is_literal || view.parent() == Some(NODE_IF_ELSE) || body.begins_like(other)
    }

    fn check(&self, if_else: &ast::IfElse, cx: &mut Context<'_>) {
        let (Some(condition), Some(body), Some(other)) =
            (if_else.condition(), if_else.body(), if_else.else_body())
        else {
            return;
        };
        let file = cx.file;
        if let Some(value) = cx.semantics().literal_bool(&peel_parens(condition.clone())) {
            let dead = if value { &other } else { &body };
            let _ = cx
                .report(&condition, format!("this condition is always `{value}`"))
                .here("the answer is written out")
                .label(Span::new(file, dead.syntax().text_range()), "this is never reached")
                .covers(if_else.syntax().text_range());
            return;
        }
        if same_code(body.syntax(), other.syntax()) {
            let _ = cx
                .report(&other, "both branches are the same")
                .here("this is what the other branch says")
                .label(Span::new(file, body.syntax().text_range()), "the other branch")
                .covers(if_else.syntax().text_range());
            return;
        }
        // The chain above: each `if` in the `else` of the one before.
        let mut inner = if_else.clone();
        while let Some(outer) = inner.syntax().parent().and_then(ast::IfElse::cast) {
            if outer.else_body().is_none_or(|other| other.syntax() != inner.syntax()) {
                return;
            }
            if let Some(asked) =
                outer.condition().filter(|asked| same_code(asked.syntax(), condition.syntax()))
            {
                let _ = cx
                    .report(&condition, "this was asked before in the chain")
                    .here("always false here")
                    .label(Span::new(file, asked.syntax().text_range()), "asked here first")
                    .covers(if_else.syntax().text_range());
                return;
            }
            inner = outer;
        }
    }
}
