use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds services that are no containers and depend on the generator of the NVIDIA container toolkit.
    ///
    /// ## Why is this bad?
    /// The generator writes a description of the graphics cards that container runtimes read, and nothing else
    /// does. A service that requires it fails with it, and is restarted with it, for nothing.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   services.immich.enable = true;
    ///   systemd.services.immich-server.requires = [ "nvidia-container-toolkit-cdi-generator.service" ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   services.immich.enable = true;
    ///   systemd.services.immich-server.after = [ "systemd-modules-load.service" ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Units that run a container or something that is not known. Where the generator only orders the service
    /// (`after`, `wants`), the finding is the variant `ordering`.
    ///
    /// ## Fix safety
    /// Unsafe: the order may stand for "the driver is loaded".
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/services/hardware/nvidia-container-toolkit/default.nix
    pub struct NativeServiceRequiresCdi {}

    name: "native-service-requires-cdi",
    summary: "service without container depends on what only containers read",
    group: Services,
    level: Warning,
    variants: [ordering: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

/// What programs and units have in their names that run containers.
const RUNTIMES: [&str; 14] = [
    "docker",
    "podman",
    "nerdctl",
    "containerd",
    "compose",
    "crun",
    "runc",
    "oci",
    "cdi",
    "nvidia-c",
    "k3s",
    "kubelet",
    "nomad",
    "nspawn",
];

impl HostRule for NativeServiceRequiresCdi {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let generators: Vec<&str> =
            nixos::containers::device_interfaces().iter().map(|one| one.generator.as_str()).collect();
        for unit in host.units().into_iter().filter(|unit| unit.suffix == "service") {
            for attribute in DEPENDENCIES.iter().filter(|one| one.kind != Dependency::Reverse) {
                if attribute.option == "before" {
                    continue;
                }
                for item in host.dependencies(&unit, attribute).0 {
                    let is_generator = item.exact().is_some_and(|name| generators.contains(&name.as_str()));
                    if is_generator && is_native(host, &unit) {
                        report(cx, &unit, attribute, &item);
                    }
                }
            }
        }
    }
}

/// Whether the unit surely runs no container.
fn is_native(host: &Host<'_>, unit: &Unit) -> bool {
    let Some(key) = unit.key.exact() else { return false };
    let is_runtime = |text: &str| RUNTIMES.iter().any(|name| text.contains(name));
    let of_container =
        |container: &Container| host.container_units(container).iter().any(|name| name.may_equal(&unit.key));
    if is_runtime(key) || host.containers().iter().any(of_container) {
        return false;
    }
    if !host.runs_something(unit) {
        // What nixpkgs runs is known for the services of the table.
        return nixos::services::by_unit(&unit.display()).is_some();
    }
    let commands = host.unit_commands(unit, &[""]);
    let are_known = commands
        .iter()
        .all(|command| !command.has_script && command.words.first().and_then(Word::base_name).is_some());
    !commands.is_empty() && are_known && !host.unit_runs(unit, &RUNTIMES)
}

fn report(cx: &mut HostContext<'_>, unit: &Unit, attribute: &DependencyAttribute, item: &Item) {
    let patch = cx.remove_item(item).filter(|patch| !patch.is_shared);
    let is_strong = attribute.kind == Dependency::Strong;
    let name = unit.display();
    let message = match is_strong {
        true => format!("`{name}` fails with a generator that only containers need"),
        false => format!("`{name}` waits for a generator that only containers need"),
    };
    let Some(mut report) = cx.report_item(item, message) else { return };
    if !is_strong {
        report = report.variant(&NativeServiceRequiresCdi::META, "ordering");
    }
    report = report
        .here("no container runs here")
        .help("remove it; the driver is loaded without it")
        .note("Cause: the generator describes the cards for container runtimes; programs of the host open them as they are.")
        .note(format!("To validate: systemctl list-dependencies {name} after a switch."));
    if let Some(patch) = patch {
        report = report.fix(Applicability::Unsafe, "remove the dependency", |edits| edits.patch(&patch));
    }
    let _ = report;
}
