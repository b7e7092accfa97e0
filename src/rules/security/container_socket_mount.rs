use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers of `virtualisation.oci-containers` that get the socket of a container runtime.
    ///
    /// ## Why is this bad?
    /// Who can write to that socket can start a privileged container with the disk of the host in it, and so
    /// is root on the host. `:ro` does not help: it protects the name of the socket, not what is sent
    /// through it.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.proxy.volumes =
    ///     [ "/var/run/docker.sock:/var/run/docker.sock:ro" ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers = {
    ///     socket-proxy = {
    ///       image = "docker.io/tecnativa/docker-socket-proxy:0.3.0";
    ///       environment.CONTAINERS = "1";
    ///       volumes = [ "/var/run/docker.sock:/var/run/docker.sock:ro" ];
    ///     };
    ///     proxy.environment.DOCKER_HOST = "tcp://socket-proxy:2375";
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Images that exist to guard the socket are not reported, such as `docker-socket-proxy`. Programs that
    /// manage containers need the socket: then treat the container as root and say so with an ignore
    /// comment.
    ///
    /// ## References
    /// - Docker, "Docker daemon attack surface"
    /// - podman-system-service(1), "Security"
    pub struct ContainerSocketMount {}

    name: "container-socket-mount",
    summary: "container gets the socket of a container runtime",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// What the names of images have in them that guard the socket.
const GUARDS: [&str; 2] = ["socket-proxy", "socketproxy"];

impl HostRule for ContainerSocketMount {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            for mount in run.mounts() {
                if nixos::isolation::socket(&mount.source).is_some() && !guards_it(host, run) {
                    report(cx, run, &mount);
                }
            }
        }
    }
}

fn guards_it(host: &Host<'_>, run: &ContainerRun) -> bool {
    let image = host.image_reference(&run.container).and_then(|(image, _)| image.name);
    image.is_some_and(|image| GUARDS.iter().any(|guard| image.contains(guard)))
}

fn report(cx: &mut HostContext<'_>, run: &ContainerRun, mount: &Mount<'_>) {
    let name = run.name().replace('*', "…");
    let message = format!("container `{name}` gets `{}`", mount.source);
    let Some(report) = cx.report_item(&mount.option.item, message) else { return };
    let here = if mount.is_read_only {
        "`ro` does not keep it from sending commands"
    } else {
        "it can start containers as root of the host"
    };
    let _ = report
        .here(here)
        .help("put a socket proxy between them that lets only the needed requests through")
        .note("Cause: a request to this socket can start a privileged container with the host's disk in it.")
        .note(format!(
            "To validate: list what the program in `{name}` asks of the socket, and allow only that."
        ));
}
