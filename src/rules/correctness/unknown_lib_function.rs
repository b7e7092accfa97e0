use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that are selected from nixpkgs' `lib`, or from a set in it such as `lib.types`, and that are not
    /// there.
    ///
    /// ## Why is this bad?
    /// Evaluation stops with "attribute missing", though only once something needs the value: a misspelt name in a
    /// seldom used branch can stay for months.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   networking.firewall.enable = lib.mkDefualt true;
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   networking.firewall.enable = lib.mkDefault true;
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// The rule is silent where the project extends `lib` or hands modules another one, for names behind
    /// `lib ? name` and with `or`, and in files that ask for the version of nixpkgs.
    /// Where the locked nixpkgs is newer than what this rule knows, much older, or not known, it is a warning
    /// (`unproven`).
    ///
    /// ## Fix safety
    /// The fix takes the name that is most alike, which is a guess, so it is unsafe.
    ///
    /// ## References
    /// - nixpkgs, lib/default.nix
    pub struct UnknownLibFunction {}

    name: "unknown-lib-function",
    summary: "name that nixpkgs' `lib` does not have",
    group: Correctness,
    level: Error,
    variants: [unproven: Warning],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for UnknownLibFunction {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for unknown in project.unknown_library_names() {
            if unknown.place.name.form != NameForm::Inherited {
                let (here, variant) = ("there is no such name", "unproven");
                cx.report_unknown_name(&Self::META, &unknown, here, variant);
            }
        }
    }
}
