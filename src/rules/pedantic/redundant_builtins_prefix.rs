use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `builtins.` before names that Nix knows without it, such as `builtins.map`.
    ///
    /// ## Why is this bad?
    /// It is longer. Many like it for showing where the name is from: hence the rule is off.
    ///
    /// ## Example
    /// ```nix
    /// builtins.map toString [ 1 2 ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// map toString [ 1 2 ]
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: where another thing of that name is in scope, nothing is reported.
    pub struct RedundantBuiltinsPrefix {}

    name: "redundant-builtins-prefix",
    summary: "`builtins.` before a name that is known without it",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

/// The names, as of Nix 2.3.
const NAMES: &[&str] = &[
    "abort",
    "baseNameOf",
    "derivation",
    "dirOf",
    "fetchGit",
    "fetchMercurial",
    "fetchTarball",
    "fromTOML",
    "import",
    "isNull",
    "map",
    "placeholder",
    "removeAttrs",
    "scopedImport",
    "throw",
    "toString",
];

impl Rule for RedundantBuiltinsPrefix {
    type Node = ast::Select;
    const NAMES: &'static [&'static str] = &["builtins"];

    fn check(&self, select: &ast::Select, cx: &mut Context<'_>) {
        let name = select.attrpath().and_then(|path| path.attrs().last());
        let Some(ast::Attr::Ident(name)) = name else { return };
        let name = name.syntax().text().to_string();
        if !NAMES.contains(&name.as_str())
            || cx.semantics().builtin(&ast::Expr::Select(select.clone())).is_none()
        {
            return;
        }
        let base = select.expr().map(|base| base.syntax().text_range());
        if base.and_then(|base| cx.semantics().is_bound_at(&name, base)) != Some(false) {
            return;
        }
        let file = cx.file;
        let mut report = cx.report(select, format!("`{name}` needs no `builtins.`")).here("known everywhere");
        if !has_comment(select.syntax()) {
            report = report.fix(Applicability::Safe, format!("use `{name}`"), |edits| {
                edits.extend(file, edit::replace(select.syntax(), &name));
            });
        }
        let _ = report;
    }
}
