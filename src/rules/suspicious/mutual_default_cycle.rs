use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds arguments whose defaults are each other, or themselves: `{ a ? b, b ? a }:`.
    ///
    /// ## Why is this bad?
    /// Who passes none of them gets an infinite recursion.
    ///
    /// ## Example
    /// ```nix
    /// { a ? a }: a
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a ? 1 }: a
    /// ```
    ///
    /// ## Exceptions
    /// A pair of arguments of which one is always passed works: such a circle is an info (`circle`).
    pub struct MutualDefaultCycle {}

    name: "mutual-default-cycle",
    summary: "defaults that go round in a circle",
    group: Suspicious,
    level: Warning,
    variants: [circle: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for MutualDefaultCycle {
    type Node = ast::Pattern;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let entries = view.nodes().filter(|node| node.kind() == SyntaxKind::NODE_PAT_ENTRY);
        entries.map(NodeView::operands).any(|[_, default]| {
            default.is_some_and(|default| default.peel_parens().kind() == SyntaxKind::NODE_IDENT)
        })
    }

    fn check(&self, pattern: &ast::Pattern, cx: &mut Context<'_>) {
        let entries: Vec<(String, Option<String>, ast::PatEntry)> = pattern
            .pat_entries()
            .filter_map(|entry| {
                let name = entry.ident()?.syntax().text().to_string();
                let default = match entry.default().map(peel_parens) {
                    Some(ast::Expr::Ident(default)) => Some(default.syntax().text().to_string()),
                    _ => None,
                };
                Some((name, default, entry))
            })
            .collect();
        let next = |name: &str| {
            entries.iter().find(|(known, ..)| known == name).and_then(|(_, default, _)| default.clone())
        };
        let mut reported: Vec<String> = Vec::new();
        for (name, default, entry) in &entries {
            let mut circle = vec![name.clone()];
            let mut at = default.clone();
            while let Some(name) = at {
                if circle.contains(&name) {
                    break;
                }
                at = next(&name);
                circle.push(name);
                if at.is_none() {
                    circle.clear();
                }
            }
            let closes = circle.last().and_then(|last| next(last)).is_some_and(|back| back == *name);
            if !closes || reported.contains(name) {
                continue;
            }
            reported.extend(circle.iter().cloned());
            let report = match circle.as_slice() {
                [_] => cx.report(entry, format!("the default of `{name}` is itself")).here("this never ends"),
                _ => cx
                    .report(entry, format!("the defaults of `{}` go round in a circle", circle.join("`, `")))
                    .variant(&Self::META, "circle")
                    .here("this never ends where none of them is passed"),
            };
            let _ = report;
        }
    }
}
