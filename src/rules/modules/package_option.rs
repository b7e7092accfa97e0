use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options for a package whose default is one of `pkgs`, without `defaultText`.
    ///
    /// ## Why is this bad?
    /// To write the manual, Nix has to evaluate the default, and the manual shows a store path instead of a name.
    /// `mkPackageOption` says all of it in one line.
    ///
    /// ## Example
    /// ```nix
    /// { lib, pkgs, ... }:
    /// {
    ///   options.site.package = lib.mkOption {
    ///     type = lib.types.package;
    ///     default = pkgs.hello;
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, pkgs, ... }:
    /// {
    ///   options.site.package = lib.mkPackageOption pkgs "hello" { };
    /// }
    /// ```
    ///
    /// ## References
    /// - nixpkgs, lib/options.nix: `mkPackageOption`
    pub struct PackageOption {}

    name: "package-option",
    summary: "option for a package without `mkPackageOption`",
    group: Modules,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for PackageOption {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["mkOption"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["mkOption"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some((name, arguments)) = cx.library_call(&ast::Expr::Apply(call.clone())) else { return };
        let [ast::Expr::AttrSet(set)] = arguments.as_slice() else { return };
        let is_told =
            ["defaultText", "internal", "readOnly"].iter().any(|name| may_have_attribute(set, name));
        if name != "mkOption" || is_told {
            return;
        }
        let is_package = attribute(set, "type").and_then(|kind| cx.library_name(&kind));
        if is_package.as_deref() != Some("package") {
            return;
        }
        let Some(ast::Expr::Select(default)) = attribute(set, "default") else { return };
        let path = package(&default);
        let Some(path) = path else { return };
        let _ = cx
            .report(&default, "the manual has to build this default to show it")
            .here("a package without `defaultText`")
            .help(format!("write the option as `mkPackageOption pkgs \"{path}\" {{ }}`"));
    }
}

/// The path below `pkgs`.
fn package(select: &ast::Select) -> Option<String> {
    let ast::Expr::Ident(base) = select.expr()? else { return None };
    (base.syntax().text() == "pkgs").then(|| static_path(&select.attrpath()?).map(|path| path.join(".")))?
}
