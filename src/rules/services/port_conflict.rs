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
    /// `possible`, as are ports that a service has by default, and services of users beside those of the
    /// system. Ports whose number or address is not known are not compared, nor are those that only stand
    /// among the arguments of a command, those of containers in the network of another one, and those of units
    /// with a network of their own or that shut each other out with `Conflicts=`.
    ///
    /// ## Fix safety
    /// The number of a free port is only shown, in the place of one that is written: other programs may know
    /// the old one.
    ///
    /// ## References
    /// - bind(2), EADDRINUSE; ip(7), ipv6(7) on addresses that stand for all
    pub struct PortConflict {}

    name: "port-conflict",
    summary: "two services listen on one port",
    group: Services,
    level: Error,
    variants: [possible: Warning],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for PortConflict {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        // Modules that no host names may never run together.
        if host.name.is_none() {
            return;
        }
        let (ports, of_users) = (host.ports(), host.user_ports());
        for (index, port) in ports.iter().enumerate() {
            for other in ports[index + 1..].iter().chain(of_users.iter()) {
                if collide(port, other) && !are_apart(host, port, other) {
                    report(host, cx, port, other);
                }
            }
        }
    }
}

fn collide(a: &Port, b: &Port) -> bool {
    // The same name is the same service, seen twice or run by two: that is another rule.
    let is_same_thing = a.owner == b.owner || a.units.iter().any(|unit| b.units.contains(unit));
    let is_guess = |port: &Port| port.source == PortSource::Argument || port.certainty() == Certainty::Open;
    // A socket listens for its service.
    let is_pair = |socket: &Port, service: &Port| {
        socket.source == PortSource::Socket
            && (service.owner.starts_with(&socket.owner) || socket.owner.starts_with(&service.owner))
    };
    a.meets(b)
        && !is_same_thing
        && !is_guess(a)
        && !is_guess(b)
        && !is_pair(a, b)
        && !is_pair(b, a)
        && a.origin.condition.and(&b.origin.condition) != Condition::False
}

/// Whether the two may never meet, by what is known of their units.
fn are_apart(host: &Host<'_>, a: &Port, b: &Port) -> bool {
    host.may_have_own_network(a) || host.may_have_own_network(b) || host.may_exclude(a, b)
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, a: &Port, b: &Port) {
    // The later one in the text of the project is the one that came on top.
    let (Some(first), Some(second)) = (a.origin.span, b.origin.span) else { return };
    let (port, span, other, elsewhere) =
        if (first.file, first.range().start()) <= (second.file, second.range().start()) {
            (b, second, a, first)
        } else {
            (a, first, b, second)
        };
    let is_twice = duplicates(host, a, b);
    if cx.has_reported(span) || is_twice {
        return;
    }
    let is_certain = |port: &Port| {
        port.certainty() == Certainty::Must
            && port.origin.condition == Condition::True
            && port.source != PortSource::Default
            && port.is_of_system()
    };
    let free = port.number.value().map(|number| host.free_port(number.first, port.protocol));
    let moved = free.and_then(|free| Some((free, cx.move_port(port, free)?)));
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
        .help(match free {
            Some(free) => format!("give one of them another port, such as {free}, or an address of its own"),
            None => "give one of them another port, or an address of its own".to_owned(),
        });
    if !is_certain(a) || !is_certain(b) {
        report = report.variant(&PortConflict::META, "possible");
    }
    if let Some((free, patch)) = moved {
        let title = format!("give `{}` the port {free}, on which nothing listens", port.owner);
        report = report.fix(Applicability::Manual, title, |edits| edits.patch(&patch));
    }
    let _ = report
        .note("Cause: one port of one address belongs to one program at a time.")
        .note("To validate: ss -tulpn on the host, and journalctl for \"address already in use\".");
}

/// Whether the two are one service that the system and a user run.
fn duplicates(host: &Host<'_>, a: &Port, b: &Port) -> bool {
    if a.is_of_system() && b.is_of_system() {
        return false;
    }
    let is = |a: &Port, b: &Port| (&a.owner, a.kind, &a.manager) == (&b.owner, b.kind, &b.manager);
    let pairs =
        |(system, user): &(Port, Port)| (is(system, a) && is(user, b)) || (is(system, b) && is(user, a));
    host.duplicates().iter().any(|duplicate| duplicate.ports.iter().any(pairs))
}
