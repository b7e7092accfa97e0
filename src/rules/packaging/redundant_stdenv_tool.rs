use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `coreutils`, `gnumake` and other tools in `nativeBuildInputs` that every build has anyway.
    ///
    /// ## Why is this bad?
    /// They change nothing, and make the list longer than what the package really asks for.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv, cmake, coreutils, gnused }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   nativeBuildInputs = [ cmake coreutils gnused ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv, cmake }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   nativeBuildInputs = [ cmake ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// `buildInputs` are not looked at: scripts of a package are patched to use the tools from there.
    ///
    /// ## Fix safety
    /// Unsafe: the package is built again.
    ///
    /// ## References
    /// - nixpkgs, pkgs/stdenv/generic/common-path.nix
    pub struct RedundantStdenvTool {}

    name: "redundant-stdenv-tool",
    summary: "tool in `nativeBuildInputs` that every build has",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for RedundantStdenvTool {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["nativeBuildInputs"];

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(|call| !call.is_shell()) else { return };
        let Some(inputs) = call.attribute("nativeBuildInputs") else { return };
        let Some(value) = inputs.value() else { return };
        let file = cx.file;
        for element in cx.list_elements(&value) {
            let path = cx.package_path(&element.expr);
            let Some(name) = path.filter(|path| nixos::stdenv::is_default_tool(path)) else { continue };
            let report = cx
                .report(&element.expr, format!("every build has `{name}`"))
                .here("part of the standard environment")
                .covers(inputs.range())
                .help("leave it out");
            let _ = match &element.list {
                Some(_) => report.fix(Applicability::Unsafe, "leave it out", |edits| {
                    edits.extend(file, edit::delete_list_element(&element.expr));
                }),
                None => report,
            };
        }
    }
}
