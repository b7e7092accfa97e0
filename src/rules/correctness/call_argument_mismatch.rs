use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds calls of functions of the same file with a set that lacks an argument, or has one that the function does
    /// not take.
    ///
    /// ## Why is this bad?
    /// Evaluation fails as soon as the call is needed: "called without required argument", or "with unexpected argument".
    ///
    /// ## Example
    /// ```nix
    /// let f = { a, b }: a + b; in f { a = 1; c = 2; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let f = { a, b }: a + b; in f { a = 1; b = 2; }
    /// ```
    pub struct CallArgumentMismatch {}

    name: "call-argument-mismatch",
    summary: "call without an argument that the function needs, or with one it does not take",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for CallArgumentMismatch {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let [function, argument] = view.operands().map(|side| side.map(NodeView::peel_parens));
        argument.is_some_and(|argument| argument.kind() == SyntaxKind::NODE_ATTR_SET)
            && function.is_some_and(|function| match function.kind() {
                SyntaxKind::NODE_LAMBDA => true,
                SyntaxKind::NODE_IDENT => cx.semantics().let_name(function.range()).is_some(),
                _ => false,
            })
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::AttrSet(set)) = call.argument().map(peel_parens) else { return };
        let lambda = match call.lambda().map(peel_parens) {
            Some(ast::Expr::Lambda(lambda)) => lambda,
            Some(ast::Expr::Ident(name)) => match cx.semantics().let_value(&name).map(peel_parens) {
                Some(ast::Expr::Lambda(lambda)) => lambda,
                _ => return,
            },
            _ => return,
        };
        let Some(ast::Param::Pattern(pattern)) = lambda.param() else { return };
        let Some(given) = given(&set) else { return };
        let takes: Vec<(String, bool, TextRange)> = pattern
            .pat_entries()
            .filter_map(|entry| {
                let name = entry.ident()?.syntax().text().to_string();
                Some((name, entry.default().is_none(), entry.syntax().text_range()))
            })
            .collect();
        let file = cx.file;
        let place = Span::new(file, pattern.syntax().text_range());
        for (name, _, range) in takes.iter().filter(|(_, is_needed, _)| *is_needed) {
            if !given.iter().any(|(known, _)| known == name) {
                let _ = cx
                    .report(&set, format!("the argument `{name}` is missing"))
                    .here("evaluation fails here")
                    .label(Span::new(file, *range), "the function needs it");
            }
        }
        if pattern.ellipsis_token().is_some() {
            return;
        }
        for (name, range) in given {
            if !takes.iter().any(|(known, ..)| *known == name) {
                let _ = cx
                    .report_range(range, format!("the function takes no argument `{name}`"))
                    .here("evaluation fails here")
                    .label(place, "it takes these and no others");
            }
        }
    }
}

/// The names of a set; `None` where some are not known.
fn given(set: &ast::AttrSet) -> Option<Vec<(String, TextRange)>> {
    use ast::HasEntry as _;
    let mut names = Vec::new();
    for entry in set.entries() {
        match entry {
            ast::Entry::Inherit(inherit) => {
                for attr in inherit.attrs() {
                    names.push((static_name(&attr)?, attr.syntax().text_range()));
                }
            }
            ast::Entry::AttrpathValue(binding) => {
                let attr = binding.attrpath()?.attrs().next()?;
                let name = static_name(&attr)?;
                if name == "__overrides" {
                    return None;
                }
                if !names.iter().any(|(known, _)| *known == name) {
                    names.push((name, attr.syntax().text_range()));
                }
            }
        }
    }
    Some(names)
}
