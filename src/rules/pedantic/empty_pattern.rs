use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions with the pattern `{ ... }:`, which names no argument.
    ///
    /// ## Why is this bad?
    /// `_:` says that the argument does not matter.
    ///
    /// ## Example
    /// ```nix
    /// { f = { ... }: 1; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { f = _: 1; }
    /// ```
    ///
    /// ## Exceptions
    /// Functions that give a set may be modules, where the pattern is the custom: they are not reported. The pattern
    /// `{ }:` rejects all attributes and is not reported either.
    ///
    /// ## Fix safety
    /// Unsafe: `_:` takes what is no set, too.
    pub struct EmptyPattern {}

    name: "empty-pattern",
    summary: "`{ ... }:`, which names no argument",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EmptyPattern {
    type Node = ast::Lambda;

    fn check(&self, lambda: &ast::Lambda, cx: &mut Context<'_>) {
        let Some(ast::Param::Pattern(pattern)) = lambda.param() else { return };
        let is_empty = pattern.pat_entries().next().is_none() && pattern.pat_bind().is_none();
        if !is_empty || pattern.ellipsis_token().is_none() || may_be_module(lambda) {
            return;
        }
        let file = cx.file;
        let mut report = cx.report(&pattern, "this pattern names no argument").here("`_` says the same");
        if !has_comment(pattern.syntax()) {
            report = report.fix(Applicability::Unsafe, "use `_`", |edits| {
                edits.extend(file, vec![(pattern.syntax().text_range(), "_".to_owned())]);
            });
        }
        let _ = report;
    }
}

/// Whether the function gives a set, perhaps below `let` and `with`, or is the whole file.
fn may_be_module(lambda: &ast::Lambda) -> bool {
    let is_file = lambda.syntax().parent().is_some_and(|parent| ast::Root::can_cast(parent.kind()));
    let mut body = lambda.body().map(peel_parens);
    loop {
        body = match body {
            Some(ast::Expr::LetIn(let_in)) => let_in.body().map(peel_parens),
            Some(ast::Expr::With(with)) => with.body().map(peel_parens),
            Some(ast::Expr::AttrSet(_)) => return true,
            Some(ast::Expr::Lambda(_)) => return false,
            _ => return is_file,
        };
    }
}
