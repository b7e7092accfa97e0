use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds modules that import the nixpkgs that their host is made of once more.
    ///
    /// ## Why is this bad?
    /// A host has its packages as `pkgs`. Each further import evaluates all of nixpkgs again, which takes time and memory, and
    /// knows nothing of the overlays and the configuration of the host.
    ///
    /// ## Example
    /// ```nix
    /// { config, inputs, pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ (import inputs.nixpkgs { system = "x86_64-linux"; }).hello ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, inputs, pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ pkgs.hello ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Another version, such as `inputs.nixpkgs-unstable`, is another set of packages. An import with `config`, `overlays` or
    /// `crossSystem` asks for other packages, too.
    ///
    /// ## References
    /// - NixOS manual, "nixpkgs.pkgs"
    pub struct SecondNixpkgsImport {}

    name: "second-nixpkgs-import",
    summary: "module imports nixpkgs again",
    group: Modules,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for SecondNixpkgsImport {
    type Node = ast::Root;

    const NAMES: &'static [&'static str] = &["import"];

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        if !cx.text.contains("nixpkgs") || !is_module(root) {
            return;
        }
        for call in root.syntax().descendants().filter_map(ast::Apply::cast) {
            let Some(import) = call.lambda().map(peel_parens) else { continue };
            let ast::Expr::Apply(import) = import else { continue };
            let is_import = import.lambda().is_some_and(|name| name.syntax().text() == "import");
            let Some(file) = import.argument().map(peel_parens).filter(|_| is_import) else { continue };
            let text = file.syntax().text().to_string();
            let is_same = matches!(text.as_str(), "inputs.nixpkgs" | "<nixpkgs>" | "nixpkgs");
            if !is_same || asks_for_others(&call) {
                continue;
            }
            let _ = cx
                .report(&call, format!("`{text}` is imported again"))
                .here("all of nixpkgs is evaluated once more")
                .help("use the argument `pkgs`");
        }
    }
}

/// Whether the file is a function that takes `config` and `pkgs`, and gives a set.
fn is_module(root: &ast::Root) -> bool {
    let Some(ast::Expr::Lambda(lambda)) = root.expr().map(peel_parens) else { return false };
    let Some(ast::Param::Pattern(pattern)) = lambda.param() else { return false };
    let names: Vec<String> =
        pattern.pat_entries().filter_map(|entry| Some(entry.ident()?.to_string())).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    pattern.ellipsis_token().is_some() && has("config") && has("pkgs")
}

/// Whether the arguments say more than for which system.
fn asks_for_others(call: &ast::Apply) -> bool {
    let Some(ast::Expr::AttrSet(set)) = call.argument().map(peel_parens) else { return true };
    ["config", "overlays", "crossSystem", "localSystem"].iter().any(|name| may_have_attribute(&set, name))
}
