//! The firewall of a host: which ports it lets in, and where.
//!
//! Reads the options of `networking.firewall` and those by which services open their own ports; rules
//! written by hand, such as `extraCommands`, make the answer unknown and are never read.

use std::rc::Rc;

use super::host::Host;
use super::port::{Number, Port};
use super::table::{Certainty, Node};
use super::view::{Known, Switch};
use crate::eval::Condition;
use crate::nixos::services::Protocol;
use crate::text::Span;

/// The firewall as the project sets it.
pub struct Firewall {
    /// Whether it is on; `None` where that is not known.
    pub enabled: Option<bool>,
    /// What it lets in.
    pub openings: Vec<Opening>,
    /// Interfaces from which everything comes in.
    pub trusted: Vec<String>,
    /// Whether more may be open than what is listed.
    pub is_open_ended: bool,
}

/// Ports that the firewall lets in.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The first port.
    pub first: u16,
    /// The last port.
    pub last: u16,
    /// The transport.
    pub protocol: Protocol,
    /// The interface; `None` for all.
    pub interface: Option<String>,
    /// How sure that is.
    pub certainty: Certainty,
    /// Under which condition.
    pub condition: Condition,
    /// The place that opens them.
    pub span: Option<Span>,
}

/// How far a port can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// It is bound to the loopback interface.
    Local,
    /// The firewall lets it in from everywhere.
    Open,
    /// The firewall is off.
    NoFirewall,
    /// The container runtime publishes it past the firewall.
    Published,
    /// The firewall lets it in from these interfaces.
    Interfaces(Vec<String>),
    /// The firewall keeps it shut.
    Closed,
    /// Not known.
    Unknown,
}

/// Options below which rules may stand that are not read (nixos/modules/services/networking/firewall-iptables.nix,
/// firewall-nftables.nix and nftables.nix of nixpkgs).
const BY_HAND: [&str; 6] = [
    "networking.firewall.extraCommands",
    "networking.firewall.extraInputRules",
    "networking.nftables.ruleset",
    "networking.nftables.rulesetFile",
    "networking.nftables.tables",
    "services.firewalld",
];

impl Host<'_> {
    /// The firewall.
    pub fn firewall(&self) -> Rc<Firewall> {
        self.views.firewall.get_or_init(|| Rc::new(self.build_firewall())).clone()
    }

    fn build_firewall(&self) -> Firewall {
        let root = self.below(self.root(), "networking.firewall");
        // On by default (nixos/modules/services/networking/firewall.nix of nixpkgs).
        let enabled = match self.switch(&self.below(&root, "enable")) {
            Switch::Unset => root.open().is_none().then_some(true),
            Switch::On => Some(true),
            Switch::Off => Some(false),
            Switch::If(_) | Switch::Unknown => None,
        };
        let (trusted, all_trusted) = self.texts(&self.below(&root, "trustedInterfaces"));
        let mut firewall = Firewall {
            enabled,
            openings: Vec::new(),
            trusted,
            is_open_ended: root.open().is_some() || !all_trusted,
        };
        self.openings(&root, None, &mut firewall);
        let interfaces = self.below(&root, "interfaces");
        firewall.is_open_ended |= interfaces.open().is_some();
        for (key, node) in &self.keys(&interfaces).keys {
            self.openings(node, Some(key.display()), &mut firewall);
        }
        firewall.is_open_ended |= BY_HAND.iter().any(|option| {
            let node = self.below(self.root(), option);
            !node.definitions().is_empty()
        });
        firewall
    }

    fn openings(&self, node: &Rc<Node>, interface: Option<String>, firewall: &mut Firewall) {
        for (name, protocol) in [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp)] {
            let ports = self.below(node, &format!("allowed{name}Ports"));
            let (items, open) = self.items(&ports);
            firewall.is_open_ended |= open.is_some();
            for item in items {
                let number = self.plain(&item.value).and_then(|text| text.parse::<u16>().ok());
                let Some(number) = number else {
                    firewall.is_open_ended = true;
                    continue;
                };
                let certainty = item.definition.certainty;
                firewall.openings.push(Opening {
                    first: number,
                    last: number,
                    protocol,
                    interface: interface.clone(),
                    certainty: of_condition(certainty, &item.condition),
                    condition: item.condition.clone(),
                    span: item.span,
                });
            }
            let ranges = self.below(node, &format!("allowed{name}PortRanges"));
            let (items, open) = self.items(&ranges);
            firewall.is_open_ended |= open.is_some();
            for item in items {
                let range = self.node_of(&item);
                let end = |name: &str| {
                    let text = self.text_setting(&self.below(&range, name), &item.condition)?;
                    text.value()?.parse::<u16>().ok()
                };
                let (Some(first), Some(last)) = (end("from"), end("to")) else {
                    firewall.is_open_ended = true;
                    continue;
                };
                firewall.openings.push(Opening {
                    first,
                    last,
                    protocol,
                    interface: interface.clone(),
                    certainty: of_condition(item.definition.certainty, &item.condition),
                    condition: item.condition.clone(),
                    span: item.span,
                });
            }
        }
    }

    /// How far a port of the host can be reached.
    pub fn exposure(&self, port: &Port) -> Exposure {
        if port.is_loopback() {
            return Exposure::Local;
        }
        let (Known::Value(number), Known::Value(_)) = (&port.number, &port.address) else {
            return match (&port.number, &port.address) {
                // Whatever the address, the firewall has the last word; it may be the loopback.
                (Known::Value(number), Known::Unknown) => match self.allowed(number, port) {
                    Exposure::Closed => Exposure::Closed,
                    _ => Exposure::Unknown,
                },
                _ => Exposure::Unknown,
            };
        };
        if port.is_published {
            return Exposure::Published;
        }
        self.allowed(number, port)
    }

    /// How far the firewall lets a port in, whatever a container runtime does past it.
    pub fn firewall_exposure(&self, port: &Port) -> Exposure {
        match &port.number {
            Known::Value(number) => self.allowed(number, port),
            Known::Unknown => Exposure::Unknown,
        }
    }

    fn allowed(&self, number: &Number, port: &Port) -> Exposure {
        let firewall = self.firewall();
        match firewall.enabled {
            Some(true) => {}
            Some(false) => return Exposure::NoFirewall,
            None => return Exposure::Unknown,
        }
        let fits = |opening: &&Opening| {
            opening.protocol == port.protocol && opening.first <= number.first && number.last <= opening.last
        };
        let holds = |opening: &&Opening| {
            opening.certainty == Certainty::Must || port.origin.condition.implies(&opening.condition)
        };
        let openings: Vec<&Opening> = firewall.openings.iter().filter(fits).collect();
        let is_opened = match &port.opened_by {
            Some(Switch::On) => true,
            Some(Switch::If(condition)) if port.origin.condition.implies(condition) => true,
            Some(Switch::If(_) | Switch::Unknown) => return Exposure::Unknown,
            _ => false,
        };
        if is_opened || openings.iter().any(|opening| opening.interface.is_none() && holds(opening)) {
            return Exposure::Open;
        }
        if openings.iter().any(|opening| !holds(opening)) || firewall.is_open_ended {
            return Exposure::Unknown;
        }
        let mut interfaces: Vec<String> =
            openings.iter().filter_map(|opening| opening.interface.clone()).collect();
        interfaces.extend(firewall.trusted.iter().cloned());
        interfaces.sort();
        interfaces.dedup();
        interfaces.retain(|name| name != "lo");
        if interfaces.is_empty() { Exposure::Closed } else { Exposure::Interfaces(interfaces) }
    }
}

/// The certainty of something under a condition.
pub(super) fn of_condition(certainty: Certainty, condition: &Condition) -> Certainty {
    if *condition == Condition::True { certainty } else { certainty.max(Certainty::May) }
}

impl Exposure {
    /// In a word or two.
    pub fn describe(&self) -> String {
        match self {
            Self::Local => "local".to_owned(),
            Self::Open => "open".to_owned(),
            Self::NoFirewall => "firewall off".to_owned(),
            Self::Published => "published".to_owned(),
            Self::Interfaces(names) => names.join(", "),
            Self::Closed => "closed".to_owned(),
            Self::Unknown => "?".to_owned(),
        }
    }
}
