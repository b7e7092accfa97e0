use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers of `virtualisation.oci-containers` that share a namespace with the host: its
    /// network, its processes, its shared memory or its host name.
    ///
    /// ## Why is this bad?
    /// With the network of the host, the program reaches what listens on `127.0.0.1` only, and whatever it
    /// listens on itself is on the host. With the processes of the host it sees, and as root may kill and
    /// read, every one of them.
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.player.extraOptions = [ "--network=host" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { virtualisation.oci-containers.containers.player.ports = [ "127.0.0.1:8096:8096" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Programs that look for devices by broadcast, such as home automation, and monitors of the host.
    ///
    /// ## References
    /// - docker-run(1) and podman-run(1): `--network`, `--pid`, `--ipc`, `--uts`
    pub struct ContainerHostNamespace {}

    name: "container-host-namespace",
    summary: "container shares a namespace with the host",
    group: Security,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Flags, what they share, and what comes of it.
const SHARED: [(&str, &str, &str); 4] = [
    ("network", "network", "it reaches what listens on 127.0.0.1, and listens on the host itself"),
    ("pid", "processes", "it sees every process of the host"),
    ("ipc", "shared memory", "it can read and write the shared memory of the host"),
    ("uts", "host name", "as a privileged program it can change the name of the host"),
];

impl HostRule for ContainerHostNamespace {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            for (flag, shares, here) in SHARED {
                for option in run.named(flag).filter(|option| option.text().as_deref() == Some("host")) {
                    let name = run.name().replace('*', "…");
                    let message = format!("container `{name}` shares its {shares} with the host");
                    let Some(report) = cx.report_item(&option.item, message) else { continue };
                    let help = match flag {
                        "network" => "publish the ports it needs, on 127.0.0.1 where a proxy stands in front",
                        _ => "leave the flag out, unless the program is there to look after the host",
                    };
                    let _ = report
                        .here(here)
                        .help(help)
                        .note(format!("Cause: `{}` takes that wall away.", option.shown()))
                        .note(format!(
                            "To validate: start `{name}` without it and look whether it does its work."
                        ));
                }
            }
        }
    }
}
