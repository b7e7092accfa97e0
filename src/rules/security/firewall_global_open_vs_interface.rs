use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds ports that `networking.firewall.allowedTCPPorts` or `allowedUDPPorts` opens on all interfaces,
    /// although everything that is known to listen there is bound to the loopback or to one address.
    ///
    /// ## Why is this bad?
    /// The opening says that the service can be reached, and it cannot; or it opens more than is needed. When
    /// the service later listens on all addresses, it is open to everyone at once.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./box.nix ]; };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// {
    ///   services.open-webui = { enable = true; port = 3080; host = "127.0.0.1"; };
    ///   networking.firewall.allowedTCPPorts = [ 22 3080 ];
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./box.nix ]; };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// {
    ///   services.open-webui = { enable = true; port = 3080; host = "127.0.0.1"; };
    ///   networking.firewall.allowedTCPPorts = [ 22 ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A program that nixlint does not know may listen on the port, too: hence the rule is off by default.
    ///
    /// ## Fix safety
    /// There is no fix: whether the service or the firewall is right only you know.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/services/networking/firewall.nix, `interfaces`
    pub struct FirewallGlobalOpenVsInterface {}

    name: "firewall-global-open-vs-interface",
    summary: "port is open on all interfaces, and the service listens on one",
    group: Security,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for FirewallGlobalOpenVsInterface {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let firewall = host.firewall();
        if host.name.is_none() || firewall.enabled != Some(true) {
            return;
        }
        let ports = host.ports();
        for opening in &firewall.openings {
            let is_single = opening.first == opening.last && opening.interface.is_none();
            let Some(span) = opening.span.filter(|_| is_single) else { continue };
            let listeners: Vec<&Port> = ports
                .iter()
                .filter(|port| {
                    let number = port.number.value();
                    // What listens somewhere may listen here.
                    port.protocol == opening.protocol
                        && number.is_none_or(|number| (number.first..=number.last).contains(&opening.first))
                })
                .collect();
            let is_bound = |port: &&Port| {
                port.number.value().is_some()
                    && port.certainty() == Certainty::Must
                    && port.address.value().is_some()
                    && !port.is_everywhere()
            };
            let Some(port) = listeners.first().filter(|_| listeners.iter().all(is_bound)) else { continue };
            if !cx.has_reported(span) {
                report(cx, span, port);
            }
        }
    }
}

fn report(cx: &mut HostContext<'_>, span: Span, port: &Port) {
    let number = port.number.value().map_or(0, |number| number.first);
    let address = port.address.value().cloned().unwrap_or_default();
    let message =
        format!("port {number} is open on all interfaces, but `{}` listens on {address}", port.owner);
    let mut report = cx.report(span, message).here("for every interface");
    if let Some(place) = port.origin.span {
        report = report.label(place, format!("`{}` listens on {}", port.owner, port.display()));
    }
    let help = match port.is_loopback() {
        true => "leave it shut, or let the service listen where it is to be reached",
        false => "open it on that interface: `networking.firewall.interfaces.<name>.allowedTCPPorts`",
    };
    let _ = report
        .help(help)
        .note("Cause: `allowedTCPPorts` below `networking.firewall` is for every interface of the host.")
        .note("To validate: ss -tulpn on the host, and nft list ruleset or iptables -L.");
}
