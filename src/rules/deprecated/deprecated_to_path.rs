use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `builtins.toPath`.
    ///
    /// ## Why is this bad?
    /// It gives a string, not a path, and only checks that it is absolute. Nix keeps it for old code.
    ///
    /// ## Example
    /// ```nix
    /// { s }: builtins.toPath s
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { s }: /. + s
    /// ```
    ///
    /// ## References
    /// - Nix manual, `builtins.toPath`
    pub struct DeprecatedToPath {}

    name: "deprecated-to-path",
    summary: "`builtins.toPath`, which gives no path",
    group: Deprecated,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DeprecatedToPath {
    type Node = ast::Select;
    const NAMES: &'static [&'static str] = &["toPath"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.last_name() == Some("toPath")
    }

    fn check(&self, select: &ast::Select, cx: &mut Context<'_>) {
        let name = select.attrpath().and_then(|path| path.attrs().last());
        if !matches!(&name, Some(ast::Attr::Ident(name)) if name.syntax().text() == "toPath") {
            return;
        }
        if cx.semantics().builtin(&ast::Expr::Select(select.clone())).is_none() {
            return;
        }
        let _ = cx
            .report(select, "`builtins.toPath` gives a string, not a path")
            .here("kept for old code only")
            .help("use `/. + x` for an absolute path, `./. + \"/x\"` for one beside the file, or the string as it is");
    }
}
