use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `let { … }` without the attribute `body`.
    ///
    /// ## Why is this bad?
    /// In this old form of `let`, the attribute `body` is the value of the whole: without it, evaluation fails.
    ///
    /// ## Example
    /// ```nix
    /// let { a = 1; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let a = 1; in a
    /// ```
    pub struct LegacyLetMissingBody {}

    name: "legacy-let-missing-body",
    summary: "`let { … }` without `body`",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for LegacyLetMissingBody {
    type Node = ast::LegacyLet;

    fn check(&self, legacy: &ast::LegacyLet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        for entry in legacy.entries() {
            let mut heads: Vec<ast::Attr> = Vec::new();
            match entry {
                ast::Entry::Inherit(inherit) => heads.extend(inherit.attrs()),
                ast::Entry::AttrpathValue(binding) => {
                    heads.extend(binding.attrpath().and_then(|path| path.attrs().next()));
                }
            }
            // What is computed may be it, and `__overrides` may bring it.
            let may_be =
                |name: Option<String>| name.is_none_or(|name| name == "body" || name == "__overrides");
            if heads.iter().any(|head| may_be(static_name(head))) {
                return;
            }
        }
        let Some(start) = legacy.let_token() else { return };
        let _ = cx
            .report_range(start.text_range(), "`let { … }` without `body`")
            .here("evaluation fails here")
            .covers(legacy.syntax().text_range())
            .help("name the value `body`, or use `let … in`");
    }
}
