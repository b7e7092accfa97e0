use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds two services, containers or sockets of one host that listen on the same port and address.
    ///
    /// ## Why is this bad?
    /// The second one to start fails with "address already in use"; which one that is may change from boot to
    /// boot. Evaluation and build show nothing.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.a = { image = "a:1"; ports = [ "8080:80" ]; };
    ///   virtualisation.oci-containers.containers.b = { image = "b:1"; ports = [ "8080:80" ]; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.a = { image = "a:1"; ports = [ "8080:80" ]; };
    ///   virtualisation.oci-containers.containers.b = { image = "b:1"; ports = [ "8081:80" ]; };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Services of which only one runs at a time by conditions that nixlint cannot decide are the variant
    /// `possible`, as are ports that a service has by default. Ports whose number or address is not known are
    /// not compared, nor are those that only stand among the arguments of a command.
    ///
    /// ## Fix safety
    /// There is no automatic fix: other programs may know the old number.
    ///
    /// ## References
    /// - bind(2), EADDRINUSE
    pub struct PortConflict {}

    name: "port-conflict",
    summary: "two services listen on one port",
    group: Services,
    level: Error,
    variants: [possible: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for PortConflict {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        // Modules that no host names may never run together.
        if host.name.is_none() {
            return;
        }
        let ports = host.ports();
        for (index, port) in ports.iter().enumerate() {
            for other in &ports[index + 1..] {
                if collide(port, other) {
                    report(cx, port, other);
                }
            }
        }
    }
}

fn collide(a: &Port, b: &Port) -> bool {
    let (Some(number), Some(other)) = (a.number.value(), b.number.value()) else { return false };
    let (Some(address), Some(elsewhere)) = (a.address.value(), b.address.value()) else { return false };
    let is_same_thing = a.owner == b.owner || a.units.iter().any(|unit| b.units.contains(unit));
    let is_guess = |port: &Port| port.source == PortSource::Argument || port.certainty() == Certainty::Open;
    // A socket listens for its service.
    let is_pair = |socket: &Port, service: &Port| {
        socket.source == PortSource::Socket
            && (service.owner.starts_with(&socket.owner) || socket.owner.starts_with(&service.owner))
    };
    number.overlaps(*other)
        && a.protocol == b.protocol
        && !is_same_thing
        && !is_guess(a)
        && !is_guess(b)
        && !is_pair(a, b)
        && !is_pair(b, a)
        && meet(address, elsewhere)
        && a.origin.condition.and(&b.origin.condition) != Condition::False
}

/// Whether two addresses have one in common. That of all of IPv6 takes IPv4 too.
fn meet(a: &str, b: &str) -> bool {
    let is_any = |address: &str| matches!(address, "0.0.0.0" | "::" | "[::]" | "*" | "");
    let is_six = |address: &str| address.contains(':');
    match (is_any(a), is_any(b)) {
        (true, true) => true,
        (true, false) => is_six(a) || !is_six(b),
        (false, true) => is_six(b) || !is_six(a),
        (false, false) => a == b,
    }
}

fn report(cx: &mut HostContext<'_>, a: &Port, b: &Port) {
    // The later one in the text of the project is the one that came on top.
    let (Some(first), Some(second)) = (a.origin.span, b.origin.span) else { return };
    let (port, span, other, elsewhere) =
        if (first.file, first.range().start()) <= (second.file, second.range().start()) {
            (b, second, a, first)
        } else {
            (a, first, b, second)
        };
    if cx.has_reported(span) {
        return;
    }
    let is_certain = |port: &Port| {
        port.certainty() == Certainty::Must
            && port.origin.condition == Condition::True
            && port.source != PortSource::Default
    };
    let message = format!(
        "`{}` and `{}` both listen on port {}",
        port.owner,
        other.owner,
        port.display().trim_start_matches("*:")
    );
    let mut report = cx
        .report(span, message)
        .here(format!("`{}` listens on {}", port.owner, port.display()))
        .label(elsewhere, format!("`{}` listens on {}", other.owner, other.display()))
        .help("give one of them another port, or an address of its own");
    if !is_certain(a) || !is_certain(b) {
        report = report.variant(&PortConflict::META, "possible");
    }
    let _ = report
        .note("Cause: one port of one address belongs to one program at a time.")
        .note("To validate: ss -tulpn on the host, and journalctl for \"address already in use\".");
}
