use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that are inherited from nixpkgs' `lib`, or from a set in it such as `lib.types`, and that are not
    /// there.
    ///
    /// ## Why is this bad?
    /// `inherit (lib) name;` says nothing while nobody needs the name. Evaluation stops at the place that does, which
    /// may be far away.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// let
    ///   inherit (lib) mkEnableOpton mkIf;
    /// in
    /// {
    ///   options.site.enable = mkEnableOpton "the site";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, ... }:
    /// let
    ///   inherit (lib) mkEnableOption mkIf;
    /// in
    /// {
    ///   options.site.enable = mkEnableOption "the site";
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// As for `unknown-lib-function`: silent where `lib` may not be nixpkgs' own. Where the locked nixpkgs is newer than
    /// what this rule knows, much older, or not known, it is a warning (`unproven`).
    ///
    /// ## References
    /// - nixpkgs, lib/default.nix
    pub struct InheritFromUndefined {}

    name: "inherit-from-undefined",
    summary: "`inherit (lib)` of a name that is not there",
    group: Correctness,
    level: Error,
    variants: [unproven: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for InheritFromUndefined {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for unknown in project.unknown_library_names() {
            if unknown.place.name.form == NameForm::Inherited {
                let (here, variant) = ("this fails when the name is used", "unproven");
                cx.report_unknown_name(&Self::META, &unknown, here, variant);
            }
        }
    }
}
