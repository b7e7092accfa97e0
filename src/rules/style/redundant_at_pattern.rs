use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions with a pattern that names the whole argument and nothing else: `{ ... }@args:`.
    ///
    /// ## Why is this bad?
    /// `args:` says the same.
    ///
    /// ## Example
    /// ```nix
    /// { ... }@args: args.x
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// args: args.x
    /// ```
    ///
    /// ## Fix safety
    /// Unsafe: the plain name takes what is no set, too.
    pub struct RedundantAtPattern {}

    name: "redundant-at-pattern",
    summary: "`{ ... }@args:` where `args:` says the same",
    group: Style,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for RedundantAtPattern {
    type Node = ast::Pattern;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        !view.has_node(SyntaxKind::NODE_PAT_ENTRY)
    }

    fn check(&self, pattern: &ast::Pattern, cx: &mut Context<'_>) {
        let Some(name) = pattern.pat_bind().and_then(|bind| bind.ident()) else { return };
        if pattern.pat_entries().next().is_some() || pattern.ellipsis_token().is_none() {
            return;
        }
        let file = cx.file;
        let name = name.syntax().text().to_string();
        let mut report = cx
            .report(pattern, format!("the pattern names `{name}` and nothing else"))
            .here(format!("this is `{name}:`"));
        if !has_comment(pattern.syntax()) {
            report = report.fix(Applicability::Unsafe, format!("use `{name}`"), |edits| {
                edits.extend(file, vec![(pattern.syntax().text_range(), name.clone())]);
            });
        }
        let _ = report;
    }
}
