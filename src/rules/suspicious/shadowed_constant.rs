use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds bindings called `true`, `false` or `null`.
    ///
    /// ## Why is this bad?
    /// These are ordinary names in Nix. Where one is bound, everything in its scope that means the constant gets
    /// something else.
    ///
    /// ## Example
    /// ```nix
    /// let true = 1; in { enable = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let yes = 1; in { enable = true; level = yes; }
    /// ```
    pub struct ShadowedConstant {}

    name: "shadowed-constant",
    summary: "`true`, `false` or `null` bound to something else",
    group: Suspicious,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ShadowedConstant {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for binding in semantics.scopes.iter().flat_map(|scope| &scope.bindings) {
            let name = semantics.ir.name(binding.name);
            if matches!(name, "true" | "false" | "null") {
                let _ = cx
                    .report_range(binding.range, format!("this binding hides the constant `{name}`"))
                    .here(format!("`{name}` means this from here on"))
                    .help("give it another name");
            }
        }
    }
}
