use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds files and modules of other flakes that one module imports twice.
    ///
    /// ## Why is this bad?
    /// The module system takes every path once, so the second import of a path does nothing. A module of
    /// another flake may even be taken twice and declare its options twice, and a file that is imported as
    /// `./disks` and as `./disks/default.nix` is: its lists are doubled. It is often what a merge left
    /// behind, where something else was meant.
    ///
    /// ## Example
    /// ```nix
    /// { inputs, ... }:
    /// {
    ///   imports = [ inputs.disko.nixosModules.disko inputs.disko.nixosModules.disko ];
    ///   networking.hostName = "nas";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { inputs, ... }:
    /// {
    ///   imports = [ inputs.disko.nixosModules.disko ];
    ///   networking.hostName = "nas";
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// Removing the later import of the same path is safe: it is one module however often it is imported.
    /// A module that may be taken twice may be there twice on purpose, so removing it is unsafe.
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `filterModules` compares keys, which are paths
    pub struct DuplicateImport {}

    name: "duplicate-import",
    summary: "module imports the same file or module twice",
    group: Modules,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["imports"],
}

impl ProjectRule for DuplicateImport {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for module in project.modules() {
            for repeated in &module.repeated_imports {
                let (first, again) = (repeated.first, repeated.again);
                if cx.has_reported(again) {
                    continue;
                }
                let written = cx.text(again);
                let element = cx.expression_at(again);
                let is_element = |element: &ast::Expr| {
                    element.syntax().parent().is_some_and(|parent| ast::List::can_cast(parent.kind()))
                };
                let element = element.filter(is_element);
                let report = cx
                    .report(again, format!("`{written}` is imported twice"))
                    .here(if repeated.is_file { "this import does nothing" } else { "once is enough" })
                    .label(first, "imported here already");
                if let Some(element) = element {
                    let file = again.file;
                    let applicability =
                        if repeated.is_file { Applicability::Safe } else { Applicability::Unsafe };
                    let _ = report.fix(applicability, "remove it", |edits| {
                        edits.extend(file, edit::delete_list_element(&element));
                    });
                }
            }
        }
    }
}
