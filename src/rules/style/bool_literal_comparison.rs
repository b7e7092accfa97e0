use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `x == true`, `x != false` and the like.
    ///
    /// ## Why is this bad?
    /// A boolean needs no comparison: it is the answer already.
    ///
    /// ## Example
    /// ```nix
    /// { a, b }: if (a == b) == true then 1 else 2
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a, b }: if a == b then 1 else 2
    /// ```
    ///
    /// ## Exceptions
    /// Where nothing shows that the other side is a boolean, it may be `null` or a string, and the comparison means
    /// something. These are reported with the option `unproven` only, as info, and their fix is unsafe.
    ///
    /// ## Fix safety
    /// Safe where the other side is a boolean for certain, such as a comparison or the result of `builtins.elem`.
    pub struct BoolLiteralComparison {
        /// Whether comparisons are reported where the other side may be no boolean.
        unproven: bool = false,
    }

    name: "bool-literal-comparison",
    summary: "comparison with `true` or `false`",
    group: Style,
    level: Warning,
    variants: [unproven: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BoolLiteralComparison {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.has_any_token(&[SyntaxKind::TOKEN_EQUAL, SyntaxKind::TOKEN_NOT_EQUAL])
            && view.expressions().any(|side| {
                side.kind() == SyntaxKind::NODE_IDENT && RoughKind::of(side) == RoughKind::Known(Kind::Bool)
            })
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        let is_equal = match operation.operator() {
            Some(ast::BinOpKind::Equal) => true,
            Some(ast::BinOpKind::NotEqual) => false,
            _ => return,
        };
        let (Some(left), Some(right)) = (operation.lhs(), operation.rhs()) else { return };
        let semantics = cx.semantics();
        let (other, literal) = match (semantics.literal_bool(&left), semantics.literal_bool(&right)) {
            (None, Some(literal)) => (left, literal),
            (Some(literal), None) => (right, literal),
            _ => return,
        };
        let is_bool = semantics.kind_of_value(&other) == Some(Kind::Bool);
        if !is_bool && !self.unproven {
            return;
        }
        let is_kept = is_equal == literal;
        let text = match is_kept {
            true => other.syntax().text().to_string(),
            false if Strength::of(&other) >= Strength::Invert => format!("!{}", other.syntax().text()),
            false => format!("!({})", other.syntax().text()),
        };
        let file = cx.file;
        let mut report = cx.report(operation, format!("comparison with `{literal}`"));
        report = match (is_bool, is_kept) {
            (true, true) => report.here("the other side is the answer already"),
            (true, false) => report.here("this is the negation of the other side"),
            (false, _) => report
                .variant(&Self::META, "unproven")
                .here("needed only if the other side may be no boolean"),
        };
        if !has_comment_outside(operation.syntax(), &[other.syntax()]) {
            let applicability = if is_bool { Applicability::Safe } else { Applicability::Unsafe };
            report = report.fix(applicability, "leave the comparison out", |edits| {
                edits.extend(file, edit::replace(operation.syntax(), &text));
            });
        }
        let _ = report;
    }
}
