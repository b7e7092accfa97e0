use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds bindings of `let` that nothing needs: nothing uses them, or only other unused bindings do.
    ///
    /// ## Why is this bad?
    /// They are what remained of a change, or the use was meant and forgotten.
    /// Names that Nix uses without their being written, such as `__findFile` for `<x>` and `__sub` for `-`, count as
    /// used, and names that begin with `_` are taken to be unused on purpose.
    ///
    /// ## Example
    /// ```nix
    /// { lib }: let version = lib.version; name = "x"; in name
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib }: let name = "x"; in name
    /// ```
    ///
    /// ## Fix safety
    /// Nix never evaluates what nothing uses, so taking it away is safe. Its comments go with it, and so do the unused
    /// bindings that use it.
    pub struct UnusedLetBinding {}

    name: "unused-let-binding",
    summary: "`let` binding that nothing uses",
    group: Suspicious,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnusedLetBinding {
    type Node = ast::Root;
    const FINDS_UNUSED: bool = true;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        cx.report_unused(root, |kind| matches!(kind, BindingKind::Plain));
    }
}
