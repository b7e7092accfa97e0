use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds modules in which `optionalAttrs`, over one of the options that the module takes part in, decides which
    /// options are defined: at the root of the module or of its `config`.
    ///
    /// ## Why is this bad?
    /// The module system needs the names of all definitions before it can answer for any option, and this module only
    /// says them once the answer is there: the evaluation ends in infinite recursion. `mkIf` in the same place is fine.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   config = lib.optionalAttrs config.services.openssh.enable { networking.firewall.enable = true; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   config = lib.mkIf config.services.openssh.enable { networking.firewall.enable = true; };
    /// }
    /// ```
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `pushDownProperties` needs the names of `config`
    pub struct OptionalattrsAtConfigRoot {}

    name: "optionalattrs-at-config-root",
    summary: "`optionalAttrs` decides which options a module defines",
    group: Modules,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for OptionalattrsAtConfigRoot {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for module in project.modules() {
            let Some(question) = &module.conditional_names else { continue };
            if cx.has_reported(question.span) {
                continue;
            }
            let option = &question.option;
            let _ = cx
                .report(
                    question.span,
                    format!("`config.{option}` decides whether this module defines this name"),
                )
                .here("infinite recursion: the names must be known before any option is")
                .help(format!("use `lib.mkIf config.{option} {{ … }}`, or `lib.mkMerge` of several"));
        }
    }
}
