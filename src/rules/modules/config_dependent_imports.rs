use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `imports` that depend on the value of an option.
    ///
    /// ## Why is this bad?
    /// Imports are followed before any option has a value: the evaluation ends in infinite recursion, with
    /// a trace that does not show the cause. `mkIf` cannot help, since `imports` is no option.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   imports = lib.optional config.services.nginx.enable ./sites.nix;
    ///   services.nginx.enable = true;
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   imports = [ ./sites.nix ];
    ///   services.nginx.enable = true;
    /// }
    /// ```
    ///
    /// The imported module then guards what it defines with `lib.mkIf config.services.nginx.enable`.
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `collectModules`
    pub struct ConfigDependentImports {}

    name: "config-dependent-imports",
    summary: "`imports` depends on the value of an option",
    group: Modules,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for ConfigDependentImports {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for module in project.modules() {
            for question in &module.conditional_imports {
                if cx.has_reported(question.span) {
                    continue;
                }
                let option = &question.option;
                let _ = cx
                    .report(question.span, format!("this import depends on `config.{option}`"))
                    .here("infinite recursion: imports are followed before any option has a value")
                    .help(format!(
                        "import it always, and put `lib.mkIf config.{option}` around what it defines"
                    ));
            }
            let Some(span) = module.wrapped_imports.filter(|span| !cx.has_reported(*span)) else { continue };
            let _ = cx
                .report(span, "`imports` is `mkIf` or `mkMerge`, which is no list")
                .here("the module system refuses it")
                .help("import always, and put `lib.mkIf` around what the imported module defines");
        }
    }
}
