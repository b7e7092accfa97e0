use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds units that refer to `sops-install-secrets.service` on hosts that do not have it, because
    /// secrets are installed by an activation script there.
    ///
    /// ## Why is this bad?
    /// sops-nix defines the unit only with systemd activation (`sops.useSystemdActivation`, by default with
    /// `systemd.sysusers.enable` or `services.userborn.enable`). Without it, a unit that requires it does
    /// not start; `after` and `wants` have no effect (`ordering`, an info).
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   sops.useSystemdActivation = false;
    ///   systemd.services.push.requires = [ "sops-install-secrets.service" ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   sops.useSystemdActivation = false;
    ///   systemd.services.push.wants = [ "network.target" ];
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// Removing the entry is safe: the unit it names does not exist on the host.
    ///
    /// ## References
    /// - Mic92/sops-nix, modules/sops/default.nix
    pub struct SopsInstallSecretsUngated {}

    name: "sops-install-secrets-ungated",
    summary: "unit refers to `sops-install-secrets.service`, which the host does not have",
    group: Services,
    level: Error,
    variants: [ordering: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["systemd.mounts", "systemd.automounts", "systemd.*.*.*", "systemd.*.*.unitConfig.*"],
}

const UNITS: [&str; 2] = ["sops-install-secrets.service", "sops-install-secrets-for-users.service"];

impl HostRule for SopsInstallSecretsUngated {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for name in UNITS {
            if may_exist(host, name) {
                continue;
            }
            for unit in host.units() {
                if UNITS.contains(&unit.display().as_str()) {
                    continue;
                }
                for attribute in &DEPENDENCIES {
                    let (items, _) = host.dependencies(&unit, attribute);
                    for item in items.iter().filter(|item| item.exact().as_deref() == Some(name)) {
                        report(host, cx, name, &unit, attribute, item);
                    }
                }
            }
        }
    }
}

/// Whether anything may switch systemd activation on, or define a unit of that name.
fn may_exist(host: &Host<'_>, name: &str) -> bool {
    let Some(unit) = nixos::secrets::unit(name, nixos::secrets::Manager::System) else { return true };
    let gates: Vec<String> = unit.gates.iter().map(ToString::to_string).collect();
    let own = "sops.useSystemdActivation";
    let is_off = |definitions: &[Definition]| {
        !definitions.is_empty() && definitions.iter().all(|one| matches!(one.value.value, Value::Bool(false)))
    };
    // The other gates are only the default of sops-nix's own.
    let is_gated = if gates.iter().any(|gate| gate == own) && is_off(&host.definitions(own)) {
        false
    } else {
        host.name.is_none()
            || gates.iter().any(|gate| {
                let may_be_set = || host.open(gate).is_some() || host.may_be_set_outside(gate);
                gate != own && may_be_set() || host.may_be_enabled(gate)
            })
    };
    let key = OptionKey::Name(name.trim_end_matches(".service").into());
    // A unit that only gets more dependencies is not defined by that.
    is_gated || host.services_called(&key).iter().any(|service| host.runs_something(service))
}

fn report(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    name: &str,
    unit: &Unit,
    attribute: &DependencyAttribute,
    item: &Item,
) {
    // An entry that asks for activation itself is not wrong.
    let gates = ["sops.useSystemdActivation", "systemd.sysusers.enable", "services.userborn.enable"];
    if gates.iter().any(|gate| host.asks_for(&item.condition, gate)) {
        return;
    }
    let unit = unit.display();
    let removal = cx.remove_item(item);
    let problem = format!("`{name}` does not exist on this host");
    let here = "only systemd activation has this unit";
    let entry = MissingUnit { problem: &problem, here, unit: &unit, attribute, item };
    let Some(mut report) = cx.report_missing_unit(&SopsInstallSecretsUngated::META, &entry) else { return };
    if let Some(patch) = removal {
        let applicability = if patch.is_shared { Applicability::Unsafe } else { Applicability::Safe };
        report = report.fix(applicability, "remove it: secrets are there before any unit starts", |edits| {
            edits.patch(&patch);
        });
    }
    let _ = report
        .help("remove the entry, or set `sops.useSystemdActivation = true;`")
        .note("Cause: without systemd activation, sops-nix installs secrets in an activation script.")
        .note("Assumed: no module outside the project switches systemd activation on.")
        .note(format!(
            "To validate: nixos-rebuild dry-build; then systemctl list-dependencies --all {unit}."
        ));
}
