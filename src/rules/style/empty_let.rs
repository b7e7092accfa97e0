use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `let in` without any binding.
    ///
    /// ## Why is this bad?
    /// It binds nothing: usually it is what remained of a change.
    ///
    /// ## Example
    /// ```nix
    /// let in { a = 1; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a = 1; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe. Where a comment stands between `let` and `in`, no fix is offered.
    pub struct EmptyLet {}

    name: "empty-let",
    summary: "`let` without bindings",
    group: Style,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EmptyLet {
    type Node = ast::LetIn;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.nodes()
            .all(|node| !matches!(node.kind(), SyntaxKind::NODE_ATTRPATH_VALUE | SyntaxKind::NODE_INHERIT))
    }

    fn check(&self, let_in: &ast::LetIn, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        if let_in.entries().next().is_some() {
            return;
        }
        let (Some(start), Some(end), Some(body)) = (let_in.let_token(), let_in.in_token(), let_in.body())
        else {
            return;
        };
        let file = cx.file;
        let words = start.text_range().cover(end.text_range());
        let mut report = cx.report_range(words, "`let` without bindings").here("nothing is bound here");
        if !has_comment_outside(let_in.syntax(), &[body.syntax()]) {
            report = report.fix(Applicability::Safe, "delete it", |edits| {
                edits.extend(file, edit::replace(let_in.syntax(), &body.syntax().text().to_string()));
            });
        }
        let _ = report;
    }
}
