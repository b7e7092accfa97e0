use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `inherit` without any name.
    ///
    /// ## Why is this bad?
    /// It binds nothing: usually it is what remained of a change.
    ///
    /// ## Example
    /// ```nix
    /// { inherit; a = 1; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a = 1; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: no attribute comes or goes. Where a comment stands in it, above it or behind it, no fix is offered.
    pub struct EmptyInherit {}

    name: "empty-inherit",
    summary: "`inherit` without names",
    group: Style,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EmptyInherit {
    type Node = ast::Inherit;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.nodes().all(|node| node.kind() == SyntaxKind::NODE_INHERIT_FROM)
    }

    fn check(&self, inherit: &ast::Inherit, cx: &mut Context<'_>) {
        if inherit.attrs().next().is_some() {
            return;
        }

        let file = cx.file;
        let report =
            cx.report(inherit, "`inherit` without names binds nothing").here("nothing is named here");
        if has_only_words(inherit) {
            let _ = report.fix(Applicability::Safe, "delete it", |edits| {
                edits.extend(file, edit::delete_binding(inherit.syntax()));
            });
        }
    }
}

/// Whether nothing would be lost with it, such as a comment, also above it or at the end of its line.
fn has_only_words(inherit: &ast::Inherit) -> bool {
    let node = inherit.syntax();
    comments_above(node).is_empty()
        && trailing_comment(node).is_none()
        && node.to_string().split_whitespace().collect::<String>() == "inherit;"
}
