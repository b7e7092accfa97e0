use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers that publish ports and run in the network of another container or of the host.
    ///
    /// ## Why is this bad?
    /// Ports are published when a network is made, and such a container makes none. Docker refuses to start
    /// a container that joins another one and publishes ports (`conflicting options`); podman says that it
    /// discards them, and nothing is published (`podman`). In the network of the host both discard them
    /// (`host`): the program listens where it wants, and an address such as `127.0.0.1` in `ports` keeps
    /// nobody out.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers = {
    ///     backend = "docker";
    ///     containers = {
    ///       vpn.image = "docker.io/qmcgaw/gluetun:v3.40";
    ///       torrents = {
    ///         dependsOn = [ "vpn" ];
    ///         extraOptions = [ "--network=container:vpn" ];
    ///         ports = [ "127.0.0.1:8080:8080" ];
    ///       };
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   virtualisation.oci-containers = {
    ///     backend = "docker";
    ///     containers = {
    ///       vpn = {
    ///         image = "docker.io/qmcgaw/gluetun:v3.40";
    ///         ports = [ "127.0.0.1:8080:8080" ];
    ///       };
    ///       torrents = {
    ///         dependsOn = [ "vpn" ];
    ///         extraOptions = [ "--network=container:vpn" ];
    ///       };
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// Unsafe: the port is published for the first time.
    ///
    /// ## References
    /// - moby/moby, `ErrConflictNetworkPublishPorts`
    /// - containers/podman pull request 8230
    pub struct OciPortsWithSharedNetns {}

    name: "oci-ports-with-shared-netns",
    summary: "container publishes ports of a network that is not its own",
    group: Services,
    level: Error,
    variants: [podman: Warning, host: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["virtualisation.oci-containers.containers.*.ports"],
}

impl HostRule for OciPortsWithSharedNetns {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let runs = host.container_runs();
        for run in runs.iter() {
            let joined = run.joined_networks();
            let with_host = run.named("network").find(|option| option.text().as_deref() == Some("host"));
            let (network, other) = match (joined.first(), with_host) {
                (Some((network, name)), _) => (*network, Some(name.as_str())),
                (None, Some(network)) => (network, None),
                (None, None) => continue,
            };
            // Under conditions that have nothing to do with each other, both may never meet.
            let meets = |port: &&RunOption| {
                port.condition().implies(network.condition()) || network.condition().implies(port.condition())
            };
            let ports: Vec<&RunOption> = run.named("publish").filter(meets).collect();
            if let Some(port) = ports.first() {
                report(host, cx, &runs, run, network, other, port, ports.len());
            }
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "both sides of the finding, and where to move the port")]
fn report(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    runs: &[ContainerRun],
    run: &ContainerRun,
    network: &RunOption,
    other: Option<&str>,
    port: &RunOption,
    count: usize,
) {
    use nixos::containers::Backend;
    let name = run.name().replace('*', "…");
    let is_docker = host.container_backends() == [Backend::Docker];
    let effect = match (other, is_docker) {
        (Some(_), true) => "docker does not start it",
        _ => "they are not published",
    };
    let of_what = other.map_or("the host".to_owned(), |other| format!("`{other}`"));
    let message = format!("container `{name}` has ports, but the network of {of_what}: {effect}");
    let target = other.and_then(|other| runs.iter().find(|run| run.container.key.exact() == Some(other)));
    let moved = target.filter(|_| count == 1 && port.source == "ports").and_then(|target| {
        let element = cx.text(port.span()?).to_owned();
        let definition = target.container.node.definitions().first()?.clone();
        let near = Near { definition, value: None };
        let added = cx.add_to_container(host, &target.container, &near, "ports", &element)?;
        Some((cx.remove_item(&port.item)?, added))
    });
    let Some(mut report) = cx.report_item(&port.item, message) else { return };
    if other.is_none() {
        report = report.variant(&OciPortsWithSharedNetns::META, "host");
    } else if !is_docker {
        report = report.variant(&OciPortsWithSharedNetns::META, "podman");
    }
    report = report.here("only the owner of a network can publish its ports");
    if let Some(span) = network.span() {
        report = report.label(span, format!("this is the network of {of_what}"));
    }
    let help = match other {
        Some(other) => format!("publish it from container `{other}`"),
        None => "leave `ports` out, and let the program listen on the address that it should".to_owned(),
    };
    if let Some((removed, added)) = moved {
        report = report.fix(Applicability::Unsafe, help.clone(), |edits| {
            edits.patch(&removed);
            edits.patch(&added);
        });
    }
    let _ = report
        .help(help)
        .note("Cause: the runtime publishes ports when it makes a network; a network that is there already stays as it is.")
        .note("To validate: nixos-rebuild dry-build; then ss -tlnp on the host.");
}
