use crate::prelude::*;
use nixos::systemd::ADMINISTERS;

declare_rule! {
    /// ## What it does
    /// Finds services of the project that keep running and that nothing shuts in: none of `NoNewPrivileges`,
    /// `ProtectSystem`, `PrivateTmp` and the other directives that `systemd-analyze security` counts.
    ///
    /// ## Why is this bad?
    /// Whoever takes over such a service reads and writes all that its user may, on the whole host; as root that is
    /// everything. A few lines keep it to what it needs.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.web = {
    ///     wantedBy = [ "multi-user.target" ];
    ///     serviceConfig = {
    ///       ExecStart = "/srv/web/bin/web";
    ///       Restart = "always";
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   systemd.services.web = {
    ///     wantedBy = [ "multi-user.target" ];
    ///     serviceConfig = {
    ///       ExecStart = "/srv/web/bin/web";
    ///       Restart = "always";
    ///       DynamicUser = true;
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Services without `Restart`, which may run once and end, oneshots, and those that a timer starts; units of
    /// users, containers and services of nixpkgs; and services that by their commands change the machine itself:
    /// mounts, networks, modules of the kernel, other units. What a package of `systemd.packages` says of a unit is not
    /// seen. It is no matter: who changes the command of such a unit has to take the old one away first, with
    /// `ExecStart = [ "" … ]`, and that unit is left alone.
    ///
    /// ## Fix safety
    /// There is no automatic fix: what a service needs, only you can tell.
    ///
    /// ## References
    /// - systemd.exec(5), "Sandboxing"; systemd-analyze(1), `security`
    pub struct SystemdUnhardenedService {}

    name: "systemd-unhardened-service",
    summary: "own service that nothing shuts in",
    group: Services,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for SystemdUnhardenedService {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for service in host.own_services().iter() {
            let Some(unit) = service.unit.as_ref().filter(|_| service.kind == ServiceKind::Unit) else {
                continue;
            };
            let Some((definition, span)) = service.named_by() else { continue };
            if cx.has_reported(span)
                || !keeps_running(host, unit)
                || may_be_shut_in(host, unit)
                || administers(host, unit)
            {
                continue;
            }
            let name = unit.display();
            let runs_as = match host.directive_text(unit, Section::Service, "User") {
                None => "runs as root",
                Some(Known::Value(user)) if user == "root" => "runs as root",
                Some(_) => "runs",
            };
            let mut report = cx
                .report(span, format!("`{name}` {runs_as} without any sandboxing"))
                .here("nothing shuts it in");
            if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
                report = report.covers(binding.range());
            }
            let _ = report
                .help("begin with `NoNewPrivileges`, `ProtectSystem = \"strict\"`, `PrivateTmp`, or `DynamicUser`")
                .note("Cause: systemd gives a service the whole system unless the unit says otherwise.")
                .note(format!("To validate: systemd-analyze security {name}."));
        }
    }
}

/// Whether the service surely goes on running, by what it says of its end.
fn keeps_running(host: &Host<'_>, unit: &Unit) -> bool {
    let text = |name: &str| host.unit_text(unit, &format!("serviceConfig.{name}"));
    let restarts = matches!(text("Restart"), Some(Some(when)) if when != "no");
    let is_simple = match text("Type") {
        None => true,
        Some(kind) => kind.is_some_and(|kind| !["oneshot", "forking"].contains(&kind.as_str())),
    };
    restarts && is_simple && text("RemainAfterExit").is_none() && !host.may_be_triggered(unit)
}

/// Whether something may shut the service in: a directive, a user made up for it, or what is not seen.
fn may_be_shut_in(host: &Host<'_>, unit: &Unit) -> bool {
    let is_set = |option: &str| !host.below(&unit.node, option).definitions().is_empty();
    host.may_run_something(unit)
        || ["confinement", "serviceConfig.RootDirectory", "serviceConfig.RootImage"].into_iter().any(is_set)
        || host.directive_flag(unit, Section::Service, "DynamicUser") != Some(false)
        || !host.hardening(unit).is_empty()
}

/// Whether the commands of the service change the machine, by what their text mentions.
fn administers(host: &Host<'_>, unit: &Unit) -> bool {
    unit.key.exact().is_none() || host.unit_runs(unit, &ADMINISTERS)
}
