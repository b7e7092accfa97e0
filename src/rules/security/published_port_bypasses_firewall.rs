use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds ports that a container of `virtualisation.oci-containers` publishes on all addresses, on hosts
    /// whose firewall is on and does not open them.
    ///
    /// ## Why is this bad?
    /// It looks as if the firewall kept the port shut, and it does not: docker and podman redirect the
    /// packets before the firewall of NixOS sees them, since that filters only what is for the host itself.
    /// Everyone who reaches the host reaches the program.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nas = nixpkgs.lib.nixosSystem { modules = [ ./nas.nix ]; };
    ///   };
    /// }
    /// ```
    /// `nas.nix`:
    /// ```nix
    /// { virtualisation.oci-containers.containers.database.ports = [ "5432:5432" ]; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nas = nixpkgs.lib.nixosSystem { modules = [ ./nas.nix ]; };
    ///   };
    /// }
    /// ```
    /// `nas.nix`:
    /// ```nix
    /// { virtualisation.oci-containers.containers.database.ports = [ "127.0.0.1:5432:5432" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Where everyone may reach the port, open it in the firewall too: then both say the same. Nothing is
    /// reported for containers of podman that run as another user than root, whose ports the firewall does
    /// guard, nor where rules are written by hand or docker is told to leave the firewall alone.
    ///
    /// ## Fix safety
    /// Unsafe: whoever uses the port from another machine is shut out.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix, `ports`; NixOS/nixpkgs issue 111852
    /// - containers/netavark, src/firewall: the redirection is in PREROUTING, and packets then pass FORWARD
    pub struct PublishedPortBypassesFirewall {}

    name: "published-port-bypasses-firewall",
    summary: "container port is open to all although the firewall does not open it",
    group: Security,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["virtualisation.oci-containers.containers.*.ports"],
}

/// What stands in scripts that guard forwarded packets, and in those that make networks on which nothing is
/// published.
const OWN_RULES: [&str; 3] = ["DOCKER-USER", "macvlan", "ipvlan"];

impl HostRule for PublishedPortBypassesFirewall {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let runs = host.container_runs();
        if runs.is_empty() || !guards_ports(host) {
            return;
        }
        let mut has_own_rules: Option<bool> = None;
        for port in host.ports().iter() {
            if port.source != PortSource::Container || !port.is_everywhere() {
                continue;
            }
            let on_interfaces = match host.firewall_exposure(port) {
                Exposure::Closed => Vec::new(),
                Exposure::Interfaces(names) => names,
                _ => continue,
            };
            let Some(run) = runs.iter().find(|run| run.name() == port.owner) else { continue };
            if run.may_have_no_own_network() || may_be_rootless(host, run) {
                continue;
            }
            if *has_own_rules.get_or_insert_with(|| has_rules_by_hand(host)) {
                return;
            }
            report(host, cx, run, port, &on_interfaces);
        }
    }
}

/// Whether the firewall of the host is on, all of it is known, and the runtime passes it.
fn guards_ports(host: &Host<'_>) -> bool {
    use nixos::containers::Backend;
    let firewall = host.firewall();
    let is_hidden = |option: &str| host.open(option).is_some() || host.may_be_set_outside(option);
    if firewall.enabled != Some(true) || firewall.is_open_ended || is_hidden("networking.firewall") {
        return false;
    }
    let is_set = |option: &str| !host.definitions(option).is_empty() || host.open(option).is_some();
    let backends = host.container_backends();
    let docker_is_told = is_set("virtualisation.docker.extraOptions")
        || is_set("virtualisation.docker.daemon.settings.iptables")
        || is_set("virtualisation.docker.daemon.settings.ip");
    let podman_is_told = is_set("virtualisation.containers.containersConf.settings.network")
        // With docker beside it, packets are forwarded for docker only.
        || host.may_be_enabled("virtualisation.docker.enable");
    !(backends.contains(&Backend::Docker) && docker_is_told
        || backends.contains(&Backend::Podman) && podman_is_told)
}

/// Whether podman may run the container as another user than root: then the port is that of a process.
fn may_be_rootless(host: &Host<'_>, run: &ContainerRun) -> bool {
    match host.container_value(&run.container, "podman.user") {
        Resolved::Unset => false,
        Resolved::Known(value) => value.as_str().as_deref() != Some("root"),
        Resolved::Unknown(_) => true,
    }
}

/// Whether a script on the host may keep packets from the container.
fn has_rules_by_hand(host: &Host<'_>) -> bool {
    let in_units = |unit: &Unit| host.unit_runs(unit, &OWN_RULES);
    host.units().iter().filter(|unit| unit.suffix == "service").any(in_units)
        || host.activation_runs(&OWN_RULES)
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, run: &ContainerRun, port: &Port, interfaces: &[String]) {
    let is_it = |option: &&RunOption| option.span() == port.origin.span;
    let Some(option) = run.named("publish").find(is_it) else { return };
    let Some(number) = port.number.value() else { return };
    let protocol = if port.protocol == nixos::services::Protocol::Udp { "/udp" } else { "" };
    let name = run.name().replace('*', "…");
    let edit = on_loopback(cx, option);
    let message = format!("port {number}{protocol} of `{name}` is open to all, past the firewall");
    let Some(mut report) = cx.report_item(&option.item, message) else { return };
    report = report.here(match interfaces {
        [] => "the firewall does not open it, and is not asked".to_owned(),
        names => format!("the firewall opens it on {} only, and is not asked", names.join(", ")),
    });
    if let Some((span, text)) = edit {
        let title = "publish it on 127.0.0.1 only";
        report = report.fix(Applicability::Unsafe, title, |edits| edits.replace_span(span, text));
    }
    let runtime = match host.container_backends().as_slice() {
        [backend] => backend.as_str(),
        _ => "the container runtime",
    };
    let list = if protocol.is_empty() { "allowedTCPPorts" } else { "allowedUDPPorts" };
    let _ = report
        .help(format!("publish it on 127.0.0.1, or say that it is open in `networking.firewall.{list}`"))
        .note(format!(
            "Cause: {runtime} redirects the packets before the firewall of NixOS, which filters only what is for the host itself."
        ))
        .note(format!("To validate: from another machine, nc -vz HOST {}.", number.first));
}

/// The published port with an address in front, where it is written as a string.
fn on_loopback(cx: &HostContext<'_>, option: &RunOption) -> Option<(Span, String)> {
    let span = option.span().filter(|_| option.source == "ports")?;
    let inner = cx.text(span).strip_prefix('"').filter(|text| !text.starts_with('\''))?;
    let value = option.text()?;
    let text = match inner.strip_prefix("0.0.0.0:") {
        Some(rest) => format!("\"127.0.0.1:{rest}"),
        // An address is written in another way.
        None if value.split(':').count() > 2 => return None,
        None => format!("\"127.0.0.1:{inner}"),
    };
    Some((span, text))
}
