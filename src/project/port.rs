//! The ports on which a host listens: of services of nixpkgs, containers and sockets.
//!
//! A port of a service that is switched off is none; a number or an address that cannot be told is shown as
//! unknown and never guessed.

use std::rc::Rc;

use super::firewall::of_condition;
use super::host::Host;
use super::service::{Manager, Service, ServiceKind, Upstream};
use super::table::{Certainty, Node, OptionKey};
use super::unit::{Section, Spelling, Unit};
use super::view::{Known, Origin, Setting, Switch, quoted};
use crate::eval::{Condition, Val};
use crate::nixos::Trust;
use crate::nixos::services::{self, PortForm, Protocol};
use crate::text::Span;

/// A port, or a range of ports, on which something listens.
#[derive(Clone)]
pub struct Port {
    /// The numbers.
    pub number: Known<Number>,
    /// The transport.
    pub protocol: Protocol,
    /// The address it is bound to: `0.0.0.0` and `::` for all.
    pub address: Known<String>,
    /// What says so.
    pub source: PortSource,
    /// The name of the service that listens, see [`Service::name`].
    pub owner: String,
    /// The kind of that service.
    pub kind: ServiceKind,
    /// Whose systemd runs it.
    pub manager: Manager,
    /// The units that listen, as far as they are known.
    pub units: Vec<String>,
    /// Whether a container runtime forwards it, past the firewall.
    pub is_published: bool,
    /// Where it comes from; the span is the place of the number, where a definition gives it.
    pub origin: Origin,
    /// Whether the service opens it in the firewall.
    pub(super) opened_by: Option<Switch>,
}

/// One port or several in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// What says that something listens on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortSource {
    /// The option at this path.
    Option(String),
    /// The module of the service: nobody sets its option.
    Default,
    /// `ports` of a container.
    Container,
    /// A directive of a socket.
    Socket,
    /// An argument such as `--port` of the command that the project writes; what the program makes of it
    /// is not known.
    Argument,
}

impl Number {
    /// One port.
    pub fn one(number: u16) -> Self {
        Self { first: number, last: number }
    }

    /// Whether both have a port in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.parse::<u16>().ok().filter(|number| *number != 0);
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last })
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

impl Port {
    /// How sure it is that the host has it.
    pub fn certainty(&self) -> Certainty {
        self.origin.certainty
    }

    /// Whether the system runs what listens, and not a user.
    pub fn is_of_system(&self) -> bool {
        self.manager == Manager::System
    }

    /// Whether it is surely bound to the loopback interface.
    pub fn is_loopback(&self) -> bool {
        self.address.value().is_some_and(|address| is_loopback(address))
    }

    /// Whether it is surely bound to all addresses.
    pub fn is_everywhere(&self) -> bool {
        self.address.value().is_some_and(|address| is_any(address))
    }

    /// Whether both surely want one port of one address.
    pub fn meets(&self, other: &Self) -> bool {
        let (Some(number), Some(wanted)) = (self.number.value(), other.number.value()) else { return false };
        let (Some(address), Some(elsewhere)) = (self.address.value(), other.address.value()) else {
            return false;
        };
        // Programs share those: they listen to groups of hosts.
        let is_shared = self.protocol == Protocol::Udp
            && MULTICAST.into_iter().any(|port| number.overlaps(Number::one(port)));
        self.protocol == other.protocol && number.overlaps(*wanted) && !is_shared && meet(address, elsewhere)
    }

    /// The address and number, `?` for what is not known.
    pub fn display(&self) -> String {
        let number = self.number.value().map_or("?".to_owned(), Number::to_string);
        let protocol = if self.protocol == Protocol::Udp { "/udp" } else { "" };
        match &self.address {
            Known::Unknown => format!("?:{number}{protocol}"),
            Known::Value(address) if is_any(address) => format!("*:{number}{protocol}"),
            Known::Value(address) if address.contains(':') => format!("[{address}]:{number}{protocol}"),
            Known::Value(address) => format!("{address}:{number}{protocol}"),
        }
    }
}

/// Ports of SSDP and mDNS, which any number of programs open together.
const MULTICAST: [u16; 2] = [1900, 5353];

/// Containers of quadlet-nix, in NixOS as in Home Manager (container.nix and options.nix of SEIAROTg/quadlet-nix at
/// 03fc47a4): below each, its published ports and the text that replaces all of it.
const QUADLETS: (&str, &str, &str) =
    ("virtualisation.quadlet.containers.*", "containerConfig.publishPorts", "rawConfig");

impl Host<'_> {
    /// The ports on which the host listens, in the order of its services.
    pub fn ports(&self) -> Rc<[Port]> {
        self.views.ports.get_or_init(|| self.build_ports().into()).clone()
    }

    fn build_ports(&self) -> Vec<Port> {
        let mut ports = Vec::new();
        for service in self.services().iter().filter(|service| !matches!(service.manager, Manager::User(_))) {
            match service.kind {
                ServiceKind::Option => self.upstream_ports(service, &mut ports),
                ServiceKind::Container => self.published_ports(service, &mut ports),
                ServiceKind::Socket => self.socket_ports(service, &mut ports),
                ServiceKind::Unit => self.argument_ports(service, &mut ports),
                _ => {}
            }
        }
        self.quadlet_ports(&Manager::System, &mut ports);
        ports
    }

    /// Whether what listens may have a network of its own, by what the project changes of its units.
    pub fn may_have_own_network(&self, port: &Port) -> bool {
        const NETWORKS: [&str; 6] = [
            "serviceConfig.NetworkNamespacePath",
            "serviceConfig.PrivateNetwork",
            "serviceConfig.JoinsNamespaceOf",
            "unitConfig.JoinsNamespaceOf",
            "vpnConfinement",
            "vpnconfinement",
        ];
        self.services_of(port).iter().any(|unit| {
            let is_set = |path: &&str| !self.below(&unit.node, path).definitions().is_empty();
            NETWORKS.iter().any(is_set)
        })
    }

    /// Whether the units of two ports may shut each other out, with `Conflicts=`.
    pub fn may_exclude(&self, a: &Port, b: &Port) -> bool {
        let names = |of: &Port, other: &Port| {
            self.services_of(of).iter().any(|unit| {
                ["conflicts", "unitConfig.Conflicts"].iter().any(|path| {
                    let (items, open) = self.items(&self.below(&unit.node, path));
                    open.is_some()
                        || items.iter().any(|item| match self.plain(&item.value) {
                            Some(text) => text
                                .split_whitespace()
                                .any(|name| other.units.iter().any(|unit| unit == name)),
                            None => true,
                        })
                })
            })
        };
        names(a, b) || names(b, a)
    }

    /// The services of the system that the units of a port are, as far as the project writes them.
    fn services_of(&self, port: &Port) -> Vec<Unit> {
        let names = port.units.iter().filter_map(|unit| unit.strip_suffix(".service"));
        names.flat_map(|name| self.services_called(&OptionKey::Name(name.into()))).collect()
    }

    /// The ports that containers of quadlet-nix publish.
    pub(super) fn quadlet_ports(&self, manager: &Manager, ports: &mut Vec<Port>) {
        let (containers, published, raw) = QUADLETS;
        for (mut keys, node) in self.nodes(containers) {
            let Some(name) = keys.pop().map(|key| key.display()) else { continue };
            if self.below(&node, raw).definitions().is_empty() {
                let unit = format!("{name}.service");
                let path = format!("virtualisation.quadlet.containers.{}", quoted(&name));
                self.listed_publications(manager, &node, (&name, unit, path), published, ports);
            }
        }
    }

    /// The ports that a list below a container publishes. `names`: of the container, its unit and its option.
    pub(super) fn listed_publications(
        &self,
        manager: &Manager,
        node: &Rc<Node>,
        names: (&str, String, String),
        published: &str,
        ports: &mut Vec<Port>,
    ) {
        let (name, unit, option) = names;
        let mut origin = self.origin(option, node, None);
        let is_manual = matches!(self.switch(&self.below(node, "autoStart")), Switch::Off);
        if is_manual {
            origin.certainty = origin.certainty.max(Certainty::May);
        }
        let base = Port {
            number: Known::Unknown,
            protocol: Protocol::Tcp,
            address: Known::Unknown,
            source: PortSource::Container,
            owner: name.to_owned(),
            kind: ServiceKind::Container,
            manager: manager.clone(),
            units: vec![unit],
            is_published: true,
            origin,
            opened_by: None,
        };
        for item in self.items(&self.below(node, published)).0 {
            let text = self.plain(&item.value);
            ports.push(published_port(&base, text.as_deref(), &item.condition, item.span));
        }
    }

    fn upstream_ports(&self, service: &Service, ports: &mut Vec<Port>) {
        let Some(upstream) = &service.upstream else { return };
        for fact in upstream.service.ports(Trust::Any) {
            let is_verified = upstream.service.ports(Trust::Verified).any(|other| std::ptr::eq(other, fact));
            let Some((certainty, condition)) = self.listens(upstream, fact, service) else { continue };
            let certainty = if is_verified { certainty } else { certainty.max(Certainty::May) };
            let origin = Origin { certainty, condition, ..service.origin.clone() };
            let opened_by = match &fact.opened_by {
                Some(option) => self.upstream_switch(upstream, option, fact.opened),
                // Modules call it so; whether it means this port was not read.
                None => {
                    let option = upstream.service.options.join("openFirewall");
                    match self.upstream_switch(upstream, &option, false) {
                        Switch::Unset | Switch::Off => Switch::Off,
                        Switch::On | Switch::If(_) | Switch::Unknown => Switch::Unknown,
                    }
                }
            };
            let base = Port {
                number: Known::Unknown,
                protocol: fact.protocol,
                address: Known::Unknown,
                source: PortSource::Default,
                owner: service.name.clone(),
                kind: service.kind,
                manager: service.manager.clone(),
                units: service.units.clone(),
                is_published: false,
                origin,
                opened_by: Some(opened_by),
            };
            self.upstream_port(upstream, fact, base, ports);
        }
    }

    /// Whether a service listens on one of its ports at all.
    fn listens(
        &self,
        upstream: &Upstream,
        fact: &services::Port,
        service: &Service,
    ) -> Option<(Certainty, Condition)> {
        let origin = &service.origin;
        let (mut certainty, mut condition) = (origin.certainty, origin.condition.clone());
        if let Some(option) = &fact.when {
            let (own, when) = self.upstream_switch(upstream, option, fact.when_default).certainty()?;
            certainty = certainty.max(own);
            condition = condition.and(&when);
        }
        if let Some(option) = &fact.unless {
            match self.upstream_switch(upstream, option, false) {
                Switch::Unset | Switch::Off => {}
                Switch::On => return None,
                Switch::If(when) => {
                    certainty = certainty.max(Certainty::May);
                    condition = condition.and(&when.not());
                }
                Switch::Unknown => certainty = Certainty::Open,
            }
        }
        if let Some(switch) = &fact.socket {
            let text = upstream.option(&switch.option).map(|path| self.text_at(&path, &condition));
            match text {
                Some(None) => {}
                Some(Some(Known::Value(text))) if text.contains(&switch.mark) => return None,
                Some(Some(Known::Value(_))) => {}
                Some(Some(Known::Unknown)) | None => certainty = Certainty::Open,
            }
        }
        Some((certainty, condition))
    }

    fn upstream_port(&self, upstream: &Upstream, fact: &services::Port, base: Port, ports: &mut Vec<Port>) {
        let condition = base.origin.condition.clone();
        let address = fact
            .address_options
            .iter()
            .find_map(|option| self.text_at(&upstream.option(option)?, &condition));
        let address = address.unwrap_or_else(|| fact.address.clone().into());
        if address.value().is_some_and(|address| address.starts_with('/')) {
            return;
        }
        for option in &fact.options {
            let Some(path) = upstream.option(option) else { continue };
            let (val, definition) = match self.setting_at(&path, &condition) {
                Setting::Unset => continue,
                Setting::Unknown => {
                    ports.push(Port { source: PortSource::Option(path), ..base.clone() });
                    if fact.form != PortForm::List {
                        return;
                    }
                    continue;
                }
                Setting::Known(val, definition) => (val, definition),
            };
            let span = definition.span();
            let source = PortSource::Option(path.clone());
            match fact.form {
                PortForm::List => {
                    let node = self.below(self.root(), &path);
                    self.listed_ports(&node, &source, &address, &base, ports);
                    return;
                }
                PortForm::Address => {
                    let (address, number) = match self.plain(&val).as_deref().and_then(listen_address) {
                        Some(Listen::Socket) => return,
                        Some(Listen::Port(own, number)) => {
                            (own.map_or(Known::Value("::".to_owned()), Known::Value), Known::Value(number))
                        }
                        None => (Known::Unknown, Known::Unknown),
                    };
                    ports.push(at(Port { number, address, source, ..base.clone() }, span));
                    return;
                }
                PortForm::Number | PortForm::String => {
                    let number = match self.plain(&val) {
                        // Zero is how modules spell "none".
                        Some(text) if text == "0" => return,
                        Some(text) => Number::parse(&text).into(),
                        None if is_null(&val) => continue,
                        None => Known::Unknown,
                    };
                    ports.push(at(Port { number, address, source, ..base.clone() }, span));
                    return;
                }
            }
        }
        match fact.number {
            Some(number) => ports.push(Port { number: Known::Value(Number::one(number)), address, ..base }),
            None if fact.unread => ports.push(Port { address, ..base }),
            None => {}
        }
    }

    /// The ports of an option that lists numbers.
    fn listed_ports(
        &self,
        node: &Node,
        source: &PortSource,
        address: &Known<String>,
        base: &Port,
        ports: &mut Vec<Port>,
    ) {
        let (items, open) = self.items(node);
        for item in &items {
            let (own, number) = match self.plain(&item.value).as_deref().and_then(listen_address) {
                Some(Listen::Socket) => continue,
                Some(Listen::Port(own, number)) => (own, Some(number)),
                None => (None, None),
            };
            let address = own.map_or_else(|| address.clone(), Known::Value);
            let mut port = Port { number: number.into(), address, source: source.clone(), ..base.clone() };
            port.origin.condition = port.origin.condition.and(&item.condition);
            port.origin.certainty = of_condition(port.origin.certainty, &port.origin.condition);
            ports.push(at(port, item.span));
        }
        if open.is_some() && items.is_empty() {
            ports.push(Port { source: source.clone(), ..base.clone() });
        }
    }

    /// The ports that a container publishes.
    fn published_ports(&self, service: &Service, ports: &mut Vec<Port>) {
        let Some(container) = &service.container else { return };
        let run = self.container_run(container.clone());
        let is_open = self.items(&self.below(&container.node, "ports")).1.is_some();
        let by_hand = if self.starts_by_itself(container) { Certainty::Must } else { Certainty::May };
        let certainty = service.origin.certainty.max(by_hand);
        let base = Port {
            number: Known::Unknown,
            protocol: Protocol::Tcp,
            address: Known::Unknown,
            source: PortSource::Container,
            owner: service.name.clone(),
            kind: service.kind,
            manager: service.manager.clone(),
            units: service.units.clone(),
            is_published: true,
            origin: Origin { certainty, ..service.origin.clone() },
            opened_by: None,
        };
        // The network is another container's or the host's: what is published there is discarded.
        if run.discards_ports() {
            return;
        }
        for option in run.named("publish") {
            let text = option.text();
            ports.push(published_port(&base, text.as_deref(), option.condition(), option.span()));
        }
        if is_open {
            ports.push(base);
        }
    }

    pub(super) fn socket_ports(&self, service: &Service, ports: &mut Vec<Port>) {
        let Some(unit) = &service.unit else { return };
        let of_section = |name: &str| self.directive(unit, Section::Socket, name);
        // Several sockets may have one port then, each a part of what comes in.
        let is_shared = ["BindIPv6Only", "BindToDevice", "ReusePort"]
            .iter()
            .any(|name| !of_section(name).definitions().is_empty());
        let by_hand = if self.is_wanted(unit) { Certainty::Must } else { Certainty::May };
        let mut nodes =
            vec![(of_section("ListenStream"), Protocol::Tcp), (of_section("ListenDatagram"), Protocol::Udp)];
        if unit.spelling == Spelling::Nixos {
            nodes.push((self.below(&unit.node, "listenStreams"), Protocol::Tcp));
            nodes.push((self.below(&unit.node, "listenDatagrams"), Protocol::Udp));
        }
        for (node, protocol) in nodes {
            for item in self.items(&node).0 {
                let (address, number) = match self.plain(&item.value).as_deref().map(listen_address) {
                    Some(Some(Listen::Port(address, number))) => {
                        (Known::Value(address.unwrap_or_else(|| "::".to_owned())), Known::Value(number))
                    }
                    Some(Some(Listen::Socket)) => continue,
                    Some(None) | None => (Known::Unknown, Known::Unknown),
                };
                let address = if is_shared { Known::Unknown } else { address };
                let mut origin = service.origin.clone();
                origin.condition = origin.condition.and(&item.condition);
                origin.certainty = of_condition(origin.certainty, &origin.condition).max(by_hand);
                let port = Port {
                    number,
                    protocol,
                    address,
                    source: PortSource::Socket,
                    owner: service.name.clone(),
                    kind: service.kind,
                    manager: service.manager.clone(),
                    units: service.units.clone(),
                    is_published: false,
                    origin,
                    opened_by: None,
                };
                ports.push(at(port, item.span));
            }
        }
    }

    /// Ports that a unit publishes which runs a container itself.
    fn run_ports(
        &self,
        service: &Service,
        words: &[Option<&str>],
        span: Option<Span>,
        ports: &mut Vec<Port>,
    ) {
        let mut origin = service.origin.clone();
        origin.certainty = origin.certainty.max(Certainty::May);
        let base = Port {
            number: Known::Unknown,
            protocol: Protocol::Tcp,
            address: Known::Unknown,
            source: PortSource::Argument,
            owner: service.name.clone(),
            kind: service.kind,
            manager: service.manager.clone(),
            units: service.units.clone(),
            is_published: true,
            origin,
            opened_by: None,
        };
        for (index, word) in words.iter().enumerate() {
            let text = match word {
                Some("-p" | "--publish") => words.get(index + 1).copied().flatten(),
                Some(word) => word.strip_prefix("--publish=").or_else(|| word.strip_prefix("-p")),
                None => None,
            };
            // Behind the image the same letters mean something else.
            if let Some(text) = text.filter(|text| text.contains(':') && published(text).is_some()) {
                ports.push(published_port(&base, Some(text), &Condition::True, span));
            }
        }
    }

    /// Ports that the command line of a unit of the project names.
    pub(super) fn argument_ports(&self, service: &Service, ports: &mut Vec<Port>) {
        let Some(unit) = &service.unit else { return };
        let commands = self.unit_commands(unit, &["--port", "-p", "--publish"]);
        for command in commands.iter().filter(|command| !command.has_script) {
            let (words, span) = (&command.words, command.item.span);
            let program = words.first().and_then(|word| word.base_name());
            let words: Vec<Option<&str>> = words.iter().map(|word| word.as_literal()).collect();
            if matches!(program, Some("podman" | "docker")) && words.contains(&Some("run")) {
                self.run_ports(service, &words, span, ports);
                continue;
            }
            let argument = |names: &[&str]| {
                words.iter().enumerate().find_map(|(index, word)| {
                    let word = (*word)?;
                    names.iter().find_map(|name| match word.strip_prefix(name)? {
                        "" => words.get(index + 1).copied().flatten().map(str::to_owned),
                        rest => rest.strip_prefix('=').map(str::to_owned),
                    })
                })
            };
            let Some(number) = argument(&["--port"]).and_then(|text| Number::parse(&text)) else { continue };
            let address = argument(&["--host", "--address", "--bind", "--listen"]);
            let mut origin = service.origin.clone();
            origin.certainty = origin.certainty.max(Certainty::May);
            let port = Port {
                number: Known::Value(number),
                protocol: Protocol::Tcp,
                address: address.into(),
                source: PortSource::Argument,
                owner: service.name.clone(),
                kind: service.kind,
                manager: service.manager.clone(),
                units: service.units.clone(),
                is_published: false,
                origin,
                opened_by: None,
            };
            ports.push(at(port, span));
        }
    }
}

/// A port that a container publishes, as `text` says.
fn published_port(base: &Port, text: Option<&str>, condition: &Condition, span: Option<Span>) -> Port {
    let mut port = base.clone();
    port.origin.condition = port.origin.condition.and(condition);
    port.origin.certainty = of_condition(port.origin.certainty, &port.origin.condition);
    if let Some(Published { address, number, protocol }) = text.and_then(published) {
        // Without a number the runtime picks one.
        port.number = number.into();
        port.address = Known::Value(address.unwrap_or_else(|| "0.0.0.0".to_owned()));
        port.protocol = protocol;
    }
    at(port, span)
}

/// The port with the place that says its number.
pub(super) fn at(mut port: Port, span: Option<Span>) -> Port {
    port.origin.span = span.or(port.origin.span);
    port
}

fn is_null(val: &Val) -> bool {
    matches!(val.value, crate::eval::Value::Null)
}

/// Whether programs take the address as the loopback interface.
fn is_loopback(address: &str) -> bool {
    address == "localhost" || address == "::1" || address.starts_with("127.")
}

/// Whether the address stands for all.
fn is_any(address: &str) -> bool {
    matches!(address, "0.0.0.0" | "::" | "*" | "any" | "")
}

/// Whether two addresses have one in common. That of all of IPv6 takes IPv4 too.
fn meet(a: &str, b: &str) -> bool {
    let is_six = |address: &str| address.contains(':');
    let plain =
        |address: &str| if address == "localhost" { "127.0.0.1".to_owned() } else { address.to_owned() };
    match (is_any(a), is_any(b)) {
        (true, true) => true,
        (true, false) => is_six(a) || !is_six(b),
        (false, true) => is_six(b) || !is_six(a),
        (false, false) => plain(a) == plain(b),
    }
}

/// What an address to listen on says.
pub(super) enum Listen {
    /// A file.
    Socket,
    /// The address, if any, and the port.
    Port(Option<String>, Number),
}

/// Reads `8080`, `:8080`, `127.0.0.1:8080`, `[::1]:8080`, `tcp://…`, `/run/socket` or `unix:…`.
pub(super) fn listen_address(text: &str) -> Option<Listen> {
    if text.starts_with(['/', '@', '%']) || text.starts_with("unix:") {
        return Some(Listen::Socket);
    }
    let text = ["tcp://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let Some((address, port)) = text.rsplit_once(':') else {
        return Some(Listen::Port(None, Number::parse(text)?));
    };
    let address = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    let address = (!address.is_empty()).then(|| address.to_owned());
    Some(Listen::Port(address, Number::parse(port)?))
}

/// What `ports` of a container says.
struct Published {
    address: Option<String>,
    number: Option<Number>,
    protocol: Protocol,
}

/// Reads `[[address:]host:]container[/protocol]`, with ranges (docker-run(1), podman-run(1)).
fn published(text: &str) -> Option<Published> {
    let (text, protocol) = match text.rsplit_once('/') {
        Some((text, "udp")) => (text, Protocol::Udp),
        Some((text, "tcp")) => (text, Protocol::Tcp),
        Some(_) => return None,
        None => (text, Protocol::Tcp),
    };
    let (host, inner) = match text.rsplit_once(':') {
        Some((host, inner)) => (Some(host), inner),
        None => (None, text),
    };
    Number::parse(inner)?;
    let Some(host) = host else { return Some(Published { address: None, number: None, protocol }) };
    let (address, number) = match host.rsplit_once(':') {
        Some((address, number)) => (Some(address), number),
        None => (None, host),
    };
    let bare = |address: &str| address.trim_start_matches('[').trim_end_matches(']').to_owned();
    let number = match number {
        "" => None,
        number => Some(Number::parse(number)?),
    };
    Some(Published { address: address.map(bare), number, protocol })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ports_have_many_forms() {
        let read = |text| {
            let published = published(text)?;
            let number = published.number.map(|number| number.to_string());
            Some((published.address.unwrap_or_default(), number.unwrap_or_default(), published.protocol))
        };
        let some =
            |address: &str, number: &str, protocol| Some((address.to_owned(), number.to_owned(), protocol));
        assert_eq!(read("8080:80"), some("", "8080", Protocol::Tcp));
        assert_eq!(read("127.0.0.1:8080:80"), some("127.0.0.1", "8080", Protocol::Tcp));
        assert_eq!(read("[::1]:53:53/udp"), some("::1", "53", Protocol::Udp));
        assert_eq!(read("9000-9002:9000-9002"), some("", "9000-9002", Protocol::Tcp));
        assert_eq!(read("80"), some("", "", Protocol::Tcp));
        assert_eq!(read("127.0.0.1::80"), some("127.0.0.1", "", Protocol::Tcp));
        assert_eq!(read("80:80/sctp"), None);
        assert_eq!(read("http:80"), None);
    }

    #[test]
    fn addresses_to_listen_on_have_many_forms() {
        let read = |text| match listen_address(text)? {
            Listen::Socket => Some("socket".to_owned()),
            Listen::Port(address, number) => Some(format!("{} {number}", address.unwrap_or_default())),
        };
        assert_eq!(read("8080").as_deref(), Some(" 8080"));
        assert_eq!(read(":8080").as_deref(), Some(" 8080"));
        assert_eq!(read("[::1]:8080").as_deref(), Some("::1 8080"));
        assert_eq!(read("127.0.0.1:80").as_deref(), Some("127.0.0.1 80"));
        assert_eq!(read("/run/x.sock").as_deref(), Some("socket"));
        assert_eq!(read("localhost"), None);
        assert_eq!(read("localhost:http"), None);
    }
}
