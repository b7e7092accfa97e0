//! The ports on which a host listens: of services of nixpkgs, containers and sockets.
//!
//! A port of a service that is switched off is none; a number or an address that cannot be told is shown as
//! unknown and never guessed.

use std::rc::Rc;

use super::firewall::of_condition;
use super::host::Host;
use super::service::{Manager, Service, ServiceKind, Upstream};
use super::table::{Certainty, Node};
use super::unit::{Section, Spelling};
use super::view::{Known, Origin, Setting, Switch};
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

    fn parse(text: &str) -> Option<Self> {
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

    /// Whether it is surely bound to the loopback interface.
    pub fn is_loopback(&self) -> bool {
        self.address.value().is_some_and(|address| is_loopback(address))
    }

    /// Whether it is surely bound to all addresses.
    pub fn is_everywhere(&self) -> bool {
        self.address.value().is_some_and(|address| is_any(address))
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
        ports
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
            origin: service.origin.clone(),
            opened_by: None,
        };
        let mut publish = |text: Option<String>, condition: &Condition, span: Option<Span>| {
            let mut port = base.clone();
            port.origin.condition = port.origin.condition.and(condition);
            port.origin.certainty = of_condition(port.origin.certainty, &port.origin.condition);
            if let Some(Published { address, number, protocol }) = text.as_deref().and_then(published) {
                // Without a number the runtime picks one.
                port.number = number.into();
                port.address = Known::Value(address.unwrap_or_else(|| "0.0.0.0".to_owned()));
                port.protocol = protocol;
            }
            ports.push(at(port, span));
        };
        for option in run.named("publish") {
            publish(option.text(), option.condition(), option.span());
        }
        if is_open {
            ports.push(base);
        }
    }

    fn socket_ports(&self, service: &Service, ports: &mut Vec<Port>) {
        let Some(unit) = &service.unit else { return };
        let of_section = |name: &str| self.directive(unit, Section::Socket, name);
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
                let mut origin = service.origin.clone();
                origin.condition = origin.condition.and(&item.condition);
                origin.certainty = of_condition(origin.certainty, &origin.condition);
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

    /// Ports that the command line of a unit of the project names.
    fn argument_ports(&self, service: &Service, ports: &mut Vec<Port>) {
        let Some(unit) = &service.unit else { return };
        for text in self.unit_texts(unit, &["--port"]) {
            let super::script::RunKind::Command { words, span, .. } = &text.kind else { continue };
            let words: Vec<Option<&str>> = words.iter().map(|word| word.as_literal()).collect();
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
            ports.push(at(port, *span));
        }
    }
}

/// The port with the place that says its number.
fn at(mut port: Port, span: Option<Span>) -> Port {
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
    matches!(address, "0.0.0.0" | "::" | "*" | "")
}

/// What an address to listen on says.
enum Listen {
    /// A file.
    Socket,
    /// The address, if any, and the port.
    Port(Option<String>, Number),
}

/// Reads `8080`, `:8080`, `127.0.0.1:8080`, `[::1]:8080`, `tcp://…`, `/run/socket` or `unix:…`.
fn listen_address(text: &str) -> Option<Listen> {
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
