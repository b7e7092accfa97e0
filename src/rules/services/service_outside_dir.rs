use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds services that the project writes itself, units and containers, outside of the folders that are
    /// meant for them. Says nothing until `dirs` is set.
    ///
    /// ## Why is this bad?
    /// In itself it is not. But where a project has a place for its services, nobody looks for one elsewhere.
    ///
    /// ## Example
    /// ```toml
    /// [rules.service-outside-dir]
    /// dirs = ["modules/services"]
    /// ```
    /// `hosts/box.nix`:
    /// ```nix
    /// { systemd.services.bot = { script = "exec bot"; wantedBy = [ "multi-user.target" ]; }; }
    /// ```
    ///
    /// Use instead:
    ///
    /// ```toml
    /// [rules.service-outside-dir]
    /// dirs = ["modules/services"]
    /// ```
    /// `modules/services/bot.nix`:
    /// ```nix
    /// { systemd.services.bot = { script = "exec bot"; wantedBy = [ "multi-user.target" ]; }; }
    /// ```
    ///
    /// ## Exceptions
    /// Settings on units of nixpkgs, such as `systemd.services.ollama.serviceConfig.Nice`, add to a service and
    /// are none of their own. Neither are options such as `services.ollama.enable`.
    pub struct ServiceOutsideDir {
        /// The folders of services, as patterns from the root of the project.
        dirs: PathGlobs = PathGlobs::default(),
        /// Files that are not looked at.
        exempt: PathGlobs = PathGlobs::default(),
        /// Whether containers are services.
        containers: bool = true,
    }

    name: "service-outside-dir",
    summary: "service outside of the folders for services",
    group: Services,
    level: Warning,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for ServiceOutsideDir {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if self.dirs.is_empty() {
            return;
        }
        for service in host.own_services().iter() {
            if service.container.is_some() && !self.containers {
                continue;
            }
            let Some((definition, span)) = service.named_by() else { continue };
            let path = host.path_of(definition.file);
            if self.dirs.matches(path) || self.exempt.matches(path) || cx.has_reported(span) {
                continue;
            }
            let what = if service.container.is_some() { "container" } else { "service" };
            let message = format!("the {what} `{}` is outside of {}", service.name, self.dirs.shown());
            let report = cx.report(span, message).here("defined here");
            let report = match definition.binding.filter(|binding| binding.file == span.file) {
                Some(binding) => report.covers(binding.range()),
                None => report,
            };
            let _ = report.help("move it to a module there, and import that");
        }
    }
}
