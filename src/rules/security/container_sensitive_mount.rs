use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers of `virtualisation.oci-containers` that get a place of the host by which they can
    /// take it over: `/`, `/etc`, `/root`, `/dev`, `/run` and the like.
    ///
    /// ## Why is this bad?
    /// A program in a container is root there by default, and files that it can write are written as root of
    /// the host: a new account in `/etc`, a key in `/root`, a device in `/dev`. Some places are dangerous to
    /// read already, since private keys and passwords lie there.
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.backup.volumes = [ "/:/source" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { virtualisation.oci-containers.containers.backup.volumes = [ "/srv/photos:/source/photos:ro" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Only these places themselves are meant, not what lies below: `/etc/localtime` is fine. Mounted
    /// read-only, those that are no danger to read are not reported, such as `/proc` and `/sys` for a
    /// monitor, and the others are only an info (`readonly`); a socket below `/run` takes commands all the same.
    ///
    /// ## References
    /// - docker-run(1) and podman-run(1), `--volume`
    pub struct ContainerSensitiveMount {}

    name: "container-sensitive-mount",
    summary: "container gets a place that the host depends on",
    group: Security,
    level: Warning,
    variants: [readonly: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for ContainerSensitiveMount {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            for mount in run.mounts() {
                if mount.is_exact
                    && let Some(place) = nixos::isolation::place(&mount.source)
                    && (place.read || !mount.is_read_only)
                {
                    report(cx, run, &mount, place);
                }
            }
        }
    }
}

fn report(
    cx: &mut HostContext<'_>,
    run: &ContainerRun,
    mount: &Mount<'_>,
    place: &'static nixos::isolation::Place,
) {
    let name = run.name().replace('*', "…");
    let verb = if mount.is_read_only { "reads" } else { "can write" };
    let message = format!("container `{name}` {verb} `{}` of the host", mount.source);
    let Some(mut report) = cx.report_item(&mount.option.item, message) else { return };
    if mount.is_read_only {
        report = report.variant(&ContainerSensitiveMount::META, "readonly");
    }
    let _ = report
        .here(format!("it holds {}", place.holds))
        .help("mount only the folders that the program needs, with `:ro` where it only reads them")
        .note(
            "Cause: the program is root in its container by default, and so is what it does to these files.",
        )
        .note(format!(
            "To validate: start `{name}` with the narrower mounts and look for errors in its log."
        ));
}
