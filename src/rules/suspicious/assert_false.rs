use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `assert false;`.
    ///
    /// ## Why is this bad?
    /// It always fails, and says nothing about the reason.
    ///
    /// ## Example
    /// ```nix
    /// { mode }: if mode == "a" then 1 else assert false; null
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { mode }: if mode == "a" then 1 else throw "unknown mode ${mode}"
    /// ```
    pub struct AssertFalse {}

    name: "assert-false",
    summary: "assertion that always fails",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for AssertFalse {
    type Node = ast::Assert;

    fn check(&self, assert: &ast::Assert, cx: &mut Context<'_>) {
        let Some(condition) = assert.condition() else { return };
        if cx.semantics().literal_bool(&peel_parens(condition.clone())) != Some(false) {
            return;
        }
        let _ = cx
            .report(&condition, "this assertion always fails")
            .here("evaluation ends here, without a reason")
            .covers(assert.syntax().text_range())
            .help("use `throw` and say what is wrong");
    }
}
