use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds modules in the folders for services that define units or containers under no condition, and that
    /// declare no `enable` option. Says nothing until `dirs` is set.
    ///
    /// ## Why is this bad?
    /// Whoever imports the module has the service: hosts cannot share a list of imports and choose.
    ///
    /// ## Example
    /// ```toml
    /// [rules.missing-enable-gate]
    /// dirs = ["modules/services"]
    /// ```
    /// `modules/services/bot.nix`:
    /// ```nix
    /// { systemd.services.bot = { script = "exec bot"; wantedBy = [ "multi-user.target" ]; }; }
    /// ```
    ///
    /// Use instead:
    ///
    /// ```toml
    /// [rules.missing-enable-gate]
    /// dirs = ["modules/services"]
    /// ```
    /// `modules/services/bot.nix`:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   options.lab.bot.enable = lib.mkEnableOption "the bot";
    ///   config = lib.mkIf config.lab.bot.enable {
    ///     systemd.services.bot = { script = "exec bot"; wantedBy = [ "multi-user.target" ]; };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Modules of one host, below `hosts` or `machines`, are on where they are imported, and meant so. Settings
    /// on units of nixpkgs are no services.
    pub struct MissingEnableGate {
        /// The folders of services, as patterns from the root of the project.
        dirs: PathGlobs = PathGlobs::default(),
        /// Files that need no gate.
        exempt: PathGlobs = PathGlobs::of(&["hosts", "machines"]),
    }

    name: "missing-enable-gate",
    summary: "module of a service that cannot be switched off",
    group: Modules,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for MissingEnableGate {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if self.dirs.is_empty() {
            return;
        }
        let mut seen: Vec<FileId> = Vec::new();
        for service in host.own_services().iter() {
            let Some((definition, span)) = service.named_by() else { continue };
            let file = definition.file;
            let path = host.path_of(file);
            let is_meant = self.dirs.matches(path) && !self.exempt.matches(path) && span.file == file;
            if !is_meant || seen.contains(&file) || cx.has_reported(span) {
                continue;
            }
            let is_gated =
                definition.certainty != Certainty::Must || host.gate(definition) != Condition::True;
            // The condition may stand between the name and the command, and be decided on this host.
            let command = service.definition.as_ref().and_then(|main| main.key.or(main.value.span));
            let is_plain =
                [Some(span), command].into_iter().flatten().all(|place| cx.is_unconditional(place));
            if is_gated || !is_plain || declares_switch(cx.file_text(file)) {
                continue;
            }
            seen.push(file);
            let message = format!("`{}` is on wherever `{path}` is imported", service.name);
            let report = cx.report(span, message).here("defined under no condition");
            let report = match definition.binding.filter(|binding| binding.file == file) {
                Some(binding) => report.covers(binding.range()),
                None => report,
            };
            let _ = report.help("declare an `enable` option with `mkEnableOption`, and hang `config` on it");
        }
    }
}

/// Whether a module declares an option that switches it on.
fn declares_switch(text: &str) -> bool {
    let is_declared = ["enable = mkOption", "enable = lib.mkOption"].iter().any(|words| text.contains(words));
    is_declared || text.contains("mkEnableOption")
}
