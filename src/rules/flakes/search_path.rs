use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `<nixpkgs>` and the like in files that a flake leads to.
    ///
    /// ## Why is this bad?
    /// A flake is evaluated without search path: Nix rejects it there.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// { outputs = _: { pkgs = import <nixpkgs> { }; }; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// { outputs = { nixpkgs, ... }: { pkgs = import nixpkgs { }; }; }
    /// ```
    ///
    /// ## Exceptions
    /// Defaults of arguments, which a flake passes, and files for those who do without the flake, such as `shell.nix`,
    /// are not reported, and `<nix/…>` always exists.
    ///
    /// ## References
    /// - Nix manual, `pure-eval` in nix.conf
    pub struct SearchPath {}

    name: "search-path",
    summary: "`<…>` in a flake",
    group: Flakes,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for SearchPath {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for file in project.flake_files() {
            let may_hold_one = file.facts.as_ref().is_some_and(|facts| facts.outside.search_path);
            if !may_hold_one || project.is_aside(file) || cx.file_text(file.id).contains("inPureEvalMode") {
                continue;
            }
            let root = cx.syntax(file.id);
            for path in root.descendants().filter_map(ast::PathSearch::cast) {
                let written = path.syntax().text().to_string();
                let is_passed = path.syntax().ancestors().any(|node| ast::PatEntry::can_cast(node.kind()));
                let is_chosen = path.syntax().ancestors().any(|node| {
                    ast::IfElse::can_cast(node.kind())
                        || ast::Select::cast(node).is_some_and(|select| select.default_expr().is_some())
                });
                if written.starts_with("<nix/") || is_passed || is_chosen {
                    continue;
                }
                let _ = cx
                    .report(
                        Span::new(file.id, path.syntax().text_range()),
                        format!("`{written}` does not exist in a flake"),
                    )
                    .here("evaluation fails here")
                    .help("use an input of the flake");
            }
        }
    }
}
