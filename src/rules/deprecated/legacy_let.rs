use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `let { … }`, the first form of `let`.
    ///
    /// ## Why is this bad?
    /// Hardly anyone knows what it means: the value of the attribute `body`. Nix keeps it for old code only.
    ///
    /// ## Example
    /// ```nix
    /// let { a = 1; body = a + 1; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let a = 1; in a + 1
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: it is written as what it is, the attribute `body` of a recursive set.
    ///
    /// ## References
    /// - src/libexpr/parser.y in NixOS/nix
    pub struct LegacyLet {}

    name: "legacy-let",
    summary: "`let { … }`, the first form of `let`",
    group: Deprecated,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for LegacyLet {
    type Node = ast::LegacyLet;

    fn check(&self, legacy: &ast::LegacyLet, cx: &mut Context<'_>) {
        let (Some(start), Some(end)) = (legacy.let_token(), legacy.curly_close_token()) else { return };
        let needs_parens = edit::needs_parens_as(Strength::Select, legacy.syntax());
        let (open, close) = if needs_parens { ("(rec", "}.body)") } else { ("rec", "}.body") };
        let file = cx.file;
        let close = edit::spaced_from(close, legacy.syntax());
        let edits = vec![(start.text_range(), open.to_owned()), (end.text_range(), close)];
        let _ = cx
            .report_range(start.text_range(), "`let { … }` is the first form of `let`")
            .here("this is the attribute `body` of a recursive set")
            .covers(legacy.syntax().text_range())
            .help("use `let … in`")
            .fix(Applicability::Safe, "write it as a recursive set", |out| out.extend(file, edits));
    }
}
