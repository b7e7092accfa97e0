use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds modules whose body, or whose `config`, is chosen by `if` over one of the options that the
    /// module takes part in.
    ///
    /// ## Why is this bad?
    /// To answer the question, the module system needs to know which options every module defines, and this
    /// module only says so once the question is answered: the evaluation ends in infinite recursion.
    /// `mkIf` in the same place is fine, because the names below it are known before its condition.
    ///
    /// ## Example
    /// ```nix
    /// { config, ... }:
    /// {
    ///   config = if config.services.openssh.enable then { networking.firewall.enable = true; } else { };
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
    /// - nixpkgs, lib/modules.nix: `collectModules` and `pushDownProperties` need the names of `config`
    pub struct ConditionalModuleBody {}

    name: "conditional-module-body",
    summary: "module decides by an option which options it defines",
    group: Modules,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for ConditionalModuleBody {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for module in project.modules() {
            let Some(question) = &module.conditional_body else { continue };
            if cx.has_reported(question.span) {
                continue;
            }
            let option = &question.option;
            let _ = cx
                .report(question.span, format!("`config.{option}` decides which options this module defines"))
                .here("infinite recursion: the names must be known before any option is")
                .help(format!("use `lib.mkIf config.{option} {{ … }}`, or `lib.mkMerge` of several"));
        }
    }
}
