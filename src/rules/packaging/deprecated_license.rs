use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds licenses that `lib.licenses` marks as deprecated: `gpl2`, `gpl3`, `lgpl2`, `lgpl21`, `lgpl3`, `apsl10`,
    /// `apsl20`.
    ///
    /// ## Why is this bad?
    /// `gpl2` does not say whether later versions of the license hold as well. That is a difference for who wants to
    /// combine programs; `gpl2Only` and `gpl2Plus` say it.
    ///
    /// ## Example
    /// ```nix
    /// { lib, stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; meta.license = lib.licenses.gpl3; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; meta.license = lib.licenses.gpl3Plus; }
    /// ```
    ///
    /// ## Fix safety
    /// There is no fix: the source of the program says which of them it is.
    ///
    /// ## References
    /// - nixpkgs, lib/licenses
    pub struct DeprecatedLicense {}

    name: "deprecated-license",
    summary: "license that does not say which one it is",
    group: Packaging,
    level: Warning,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DeprecatedLicense {
    type Node = ast::Expr;
    const NAMES: &'static [&'static str] = &["apsl10", "apsl20", "gpl2", "gpl3", "lgpl2", "lgpl21", "lgpl3"];

    fn check(&self, expr: &ast::Expr, cx: &mut Context<'_>) {
        if !matches!(expr, ast::Expr::Ident(_) | ast::Expr::Select(_)) {
            return;
        }
        let Some(path) = cx.selection_path(expr) else { return };
        let [library @ .., licenses, name] = path.as_slice() else { return };
        let is_library = |name: &String| matches!(name.as_str(), "lib" | "pkgs" | "stdenv");
        if licenses != "licenses" || !library.iter().all(is_library) {
            return;
        }
        let Some(license) = nixos::stdenv::old_license(name) else { return };
        let meant: Vec<String> = license.meant.iter().map(|name| format!("`{name}`")).collect();
        let _ = cx
            .report(expr, format!("the license `{name}` is deprecated"))
            .here("marked so in `lib.licenses`")
            .help(format!("write {}, as the source of the program says", meant.join(" or ")))
            .tag(Tag::Deprecated);
    }
}
