use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers of `virtualisation.oci-containers` that run with `--privileged`.
    ///
    /// ## Why is this bad?
    /// A privileged container has every capability and every device of the host, and neither seccomp nor
    /// the hidden parts of `/proc` and `/sys` stand in its way. Whoever takes over the program in it is root
    /// on the host: one `mount` of its disk is enough. Most programs that ask for it need one device or one
    /// capability.
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.zigbee.privileged = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { virtualisation.oci-containers.containers.zigbee.devices = [ "/dev/ttyACM0" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Containers whose task is to manage the host. Say so with an ignore comment.
    ///
    /// ## Fix safety
    /// Unsafe: the program may need a device or a capability that has to be named instead.
    ///
    /// ## References
    /// - docker-run(1) and podman-run(1), `--privileged`
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix
    pub struct PrivilegedContainer {}

    name: "privileged-container",
    summary: "container runs with all privileges of the host",
    group: Security,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["virtualisation.oci-containers.containers.*.*"],
}

impl HostRule for PrivilegedContainer {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            if let Some(option) = run.privileged() {
                report(host, cx, run, option);
            }
        }
    }
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, run: &ContainerRun, option: &RunOption) {
    let patch = match option.source {
        "privileged" => cx.remove_definition(&option.item.definition),
        _ => cx.remove_item(&option.item),
    };
    let redundant = run.named("device").next();
    let name = run.name().replace('*', "…");
    let message = format!("container `{name}` has all privileges of the host");
    let Some(mut report) = cx.report_item(&option.item, message) else { return };
    report = report.here("it gets every capability and every device");
    if let Some(span) = redundant.and_then(RunOption::span) {
        report = report.label(span, "without it, this device would be the only one");
    }
    if let Some(patch) = patch {
        report =
            report.fix(Applicability::Unsafe, "run it without all privileges", |edits| edits.patch(&patch));
    }
    let _ = report
        .help("name what it needs in `devices` and `capabilities` instead")
        .note("Cause: nothing but its files keeps a privileged container apart from the host; who takes it over is root there.")
        .note(format!(
            "To validate: {} inspect {name} --format '{{{{.HostConfig.Privileged}}}}'.",
            backend(host)
        ));
}

fn backend(host: &Host<'_>) -> &'static str {
    match host.container_backends().as_slice() {
        [backend] => backend.as_str(),
        _ => nixos::containers::Backend::Podman.as_str(),
    }
}
