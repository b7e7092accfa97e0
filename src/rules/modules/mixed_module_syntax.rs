use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds modules that have settings beside `config` or `options`.
    ///
    /// ## Why is this bad?
    /// A module is either all settings, or has them below `config`. With both, evaluation stops:
    /// "Module … has an unsupported attribute".
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption { type = lib.types.str; };
    ///   networking.hostName = "nas";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption { type = lib.types.str; };
    ///   config.networking.hostName = "nas";
    /// }
    /// ```
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `unifyModuleSyntax`
    pub struct MixedModuleSyntax {}

    name: "mixed-module-syntax",
    summary: "module has settings beside `config` or `options`",
    group: Modules,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for MixedModuleSyntax {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for module in project.modules() {
            let Some(mixed) = &module.mixed else { continue };
            let [(name, span), others @ ..] = mixed.settings.as_slice() else { continue };
            if cx.has_reported(*span) {
                continue;
            }
            let (structure, beside) = &mixed.structure;
            let mut report = cx
                .report(*span, format!("`{name}` stands beside `{structure}` in this module"))
                .here("the module system refuses it")
                .label(*beside, format!("because of `{structure}`, settings belong below `config`"));
            for (name, span) in others {
                report = report.label(*span, format!("`{name}` as well"));
            }
            let _ = report.help(format!("write `config.{name}`, or move all settings below `config`"));
        }
    }
}
