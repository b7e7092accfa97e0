use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `with` from which no name can come: every name behind it is bound elsewhere.
    ///
    /// ## Why is this bad?
    /// It is what remained of a change, and readers look for the names it brings.
    /// A `with` before an empty list is a place kept for later and not reported.
    ///
    /// ## Example
    /// ```nix
    /// { lib, pkgs }: with lib; [ pkgs.hello ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, pkgs }: [ pkgs.hello ]
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: Nix evaluates what is between `with` and `;` only to look for a name in it. Where a comment stands
    /// there, no fix is offered.
    ///
    /// ## References
    /// - Nix manual, "With-expressions"
    pub struct UnusedWith {}

    name: "unused-with",
    summary: "`with` that gives no name",
    group: Suspicious,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnusedWith {
    type Node = ast::Root;
    const FINDS_UNUSED: bool = true;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        let file = cx.file;
        for (id, scope) in semantics.numbered_scopes() {
            if scope.kind != ScopeKind::With || semantics.usage().is_with_used(id) {
                continue;
            }
            let covering = root.syntax().covering_element(scope.range);
            let Some(node) = covering.ancestors().find_map(ast::With::cast) else { continue };
            let (Some(namespace), Some(body)) = (node.namespace(), node.body()) else { continue };
            if matches!(peel_parens(body), ast::Expr::List(list) if list.items().next().is_none()) {
                continue;
            }
            let report = cx
                .report(&namespace, "no name comes from this `with`")
                .here("every name behind it is bound elsewhere")
                .covers(node.syntax().text_range())
                .tag(Tag::Unused);
            if let Some(cut) = edit::delete_head(node.syntax(), SyntaxKind::TOKEN_SEMICOLON) {
                // Nix refuses a name that is bound nowhere, so the file would only work without it.
                let goes = |place: TextRange| namespace.syntax().text_range().contains_range(place);
                let applicability = match semantics.undefined().any(goes) {
                    true => Applicability::Unsafe,
                    false => Applicability::Safe,
                };
                let _ = report.fix(applicability, "delete the `with`", |edits| edits.extend(file, cut));
            }
        }
    }
}
