use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `if x ? a then x.a else d`.
    ///
    /// ## Why is this bad?
    /// `x.a or d` says the same, and names the attribute once.
    ///
    /// ## Example
    /// ```nix
    /// { x }: if x ? port then x.port else 80
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { x }: x.port or 80
    /// ```
    ///
    /// ## Fix safety
    /// Safe: `or` asks the same question. Unsafe for `if a.b ? c then a.b.c else d`: where there is no `a.b`, that fails,
    /// and `a.b.c or d` gives the default. Where a comment would be lost, no fix is offered.
    ///
    /// ## References
    /// - Nix manual, "Operators": attribute selection
    pub struct HasAttrThenSelect {}

    name: "has-attr-then-select",
    summary: "`if x ? a then x.a else d` where `x.a or d` says the same",
    group: Style,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for HasAttrThenSelect {
    type Node = ast::IfElse;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        use SyntaxKind::*;
        let condition = view.operand().map(NodeView::peel_parens);
        condition.is_some_and(|condition| matches!(condition.kind(), NODE_HAS_ATTR | NODE_UNARY_OP))
    }

    fn check(&self, if_else: &ast::IfElse, cx: &mut Context<'_>) {
        let Some(condition) = if_else.condition().map(peel_parens) else { return };
        let (Some(body), Some(other)) = (if_else.body(), if_else.else_body()) else { return };
        let (question, selected, default) = match condition {
            ast::Expr::HasAttr(question) => (question, peel_parens(body), other),
            ast::Expr::UnaryOp(negation) if negation.operator() == Some(ast::UnaryOpKind::Invert) => {
                match negation.expr().map(peel_parens) {
                    Some(ast::Expr::HasAttr(question)) => (question, peel_parens(other), body),
                    _ => return,
                }
            }
            _ => return,
        };
        let ast::Expr::Select(select) = selected else { return };
        let (Some(of), Some(path)) = (question.expr(), question.attrpath()) else { return };
        if select.default_expr().is_some() {
            return;
        }
        // Where the question is about an attribute of an attribute, the first of them has to be there.
        let is_of_attribute = matches!(peel_parens(of.clone()), ast::Expr::Select(_));
        let applicability = if is_of_attribute { Applicability::Unsafe } else { Applicability::Safe };
        let Some((selection, is_written)) = selection(&select, of, &path) else { return };
        let is_single = Strength::of(&default) >= Strength::Select;
        let written = default.syntax().text();
        let default_text = if is_single { written.to_string() } else { format!("({written})") };
        let text = format!("{selection} or {default_text}");
        let file = cx.file;
        let name = path.syntax().text().to_string();
        let name =
            if name.contains(['"', '$', ' ']) { "this attribute".to_owned() } else { format!("`{name}`") };
        let mut report =
            cx.report(if_else, format!("{name} is asked for and then selected")).here("`or` does both");
        let kept = [default.syntax(), select.syntax()];
        let kept = if is_written { &kept[..] } else { &kept[..1] };
        if !has_comment_outside(if_else.syntax(), kept) {
            report = report.fix(applicability, "use `or`", |edits| {
                edits.extend(file, edit::replace(if_else.syntax(), &text));
            });
        }
        let _ = report;
    }
}

/// The text of `select` if it takes what `path` of the value `of` is: `a.b.c` is the `c` of `a.b`. All names stand in one
/// selection: `(a.b).c or d` fails where `a` has no `b`. Also whether it is the text as written.
fn selection(select: &ast::Select, of: ast::Expr, path: &ast::Attrpath) -> Option<(String, bool)> {
    let (asked, mut names) = base_and_names(of);
    names.extend(path.attrs());
    let (base, taken) = base_and_names(ast::Expr::Select(select.clone()));
    let is_same = same_code(asked.syntax(), base.syntax())
        && names.len() == taken.len()
        && names.iter().zip(&taken).all(|(left, right)| same_code(left.syntax(), right.syntax()));
    if !is_same {
        return None;
    }
    let is_flat = select.attrpath().is_some_and(|path| path.attrs().count() == taken.len());
    let written = select.syntax().text();
    if is_flat {
        return Some((written.to_string(), true));
    }
    // The dot would become a part of a number, a path or a URL.
    let takes_dots = !matches!(base, ast::Expr::Ident(_) | ast::Expr::AttrSet(_) | ast::Expr::Str(_));
    let needs_parens = takes_dots || Strength::of(&base) < Strength::Select;
    let base = base.syntax().text();
    let base = if needs_parens { format!("({base})") } else { base.to_string() };
    let names: Vec<String> = taken.iter().map(|name| name.syntax().text().to_string()).collect();
    Some((format!("{base}.{}", names.join(".")), false))
}

/// What selections without a default start from, and the names that they go through.
fn base_and_names(mut expr: ast::Expr) -> (ast::Expr, Vec<ast::Attr>) {
    let mut names = Vec::new();
    loop {
        expr = peel_parens(expr);
        let step = match &expr {
            ast::Expr::Select(select) if select.default_expr().is_none() => {
                select.expr().zip(select.attrpath())
            }
            _ => None,
        };
        let Some((inner, path)) = step else { return (expr, names) };
        names.splice(0..0, path.attrs());
        expr = inner;
    }
}
