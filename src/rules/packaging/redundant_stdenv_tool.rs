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
    /// `buildInputs` are not looked at: scripts of a package are patched to use the tools from there. Nor is what is
    /// added under a condition, which may be that a platform lacks the tool.
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
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for RedundantStdenvTool {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["nativeBuildInputs"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(|call| !call.is_shell()) else { return };
        let Some(inputs) = call.attribute("nativeBuildInputs") else { return };
        let Some(value) = inputs.value() else { return };
        let file = cx.file;
        let elements = cx.list_elements(&value);
        let tools: Vec<(&ListElement, String)> =
            elements.iter().filter_map(|element| Some((element, tool(element, cx)?))).collect();
        let goes_empty = !call.is_open && tools.len() == elements.len() && inputs.list().is_some();
        let edits = |element: &ListElement| match &inputs.binding {
            Some(binding) if goes_empty => edit::delete_binding(binding.syntax()),
            _ => edit::delete_list_element(&element.expr),
        };
        for (element, name) in tools {
            let edits = edits(element);
            let _ = cx
                .report(&element.expr, format!("every build has `{name}`"))
                .here("part of the standard environment")
                .covers(inputs.range())
                .help("leave it out")
                .fix(Applicability::Unsafe, "leave it out", |fix| fix.extend(file, edits));
        }
    }
}

/// The path of the tool that an element is. The standard environment of some platforms has fewer: that is what a
/// condition may say.
fn tool(element: &ListElement, cx: &Context<'_>) -> Option<String> {
    let path = cx.package_path(&element.expr).filter(|_| !element.is_conditional)?;
    nixos::stdenv::is_default_tool(&path).then_some(path)
}
