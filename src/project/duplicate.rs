//! Services that a host runs twice: in the system, and for one of its users.
//!
//! Which names mean one service is in `nixos::conflicts` and in the user's configuration; both must want the
//! same port of the same address, or nothing is said.

use std::rc::Rc;

use super::host::Host;
use super::input::Side;
use super::port::{Number, Port};
use super::service::{Manager, Service, ServiceKind};
use super::table::{Certainty, Definition};
use crate::eval::Condition;
use crate::nixos::conflicts::Conflict;
use crate::nixos::services::Protocol;

/// A service that runs in the system and for a user, on one port.
pub struct Duplicate {
    /// What the service is called.
    pub name: String,
    /// Whose it is beside the system; `None` where NixOS defines the unit for every user.
    pub user: Option<Rc<str>>,
    /// The system's.
    pub system: DuplicateSide,
    /// The user's.
    pub of_user: DuplicateSide,
    /// The ports that both want, those of the system with those of the user.
    pub ports: Vec<(Port, Port)>,
    /// A port near the first of them on which nothing is known to listen.
    pub free: Number,
}

/// One of the two that run a service.
#[derive(Clone)]
pub struct DuplicateSide {
    /// What it is, where the host lists it.
    pub service: Option<Service>,
    /// Its first unit, or its name.
    pub unit: String,
    /// The option that makes it.
    pub option: String,
    /// The option that switches it on, where it has one.
    pub enable: Option<String>,
    /// The definition that makes it, where it is one.
    pub definition: Option<Definition>,
}

impl Duplicate {
    /// Whose the second one is, in words.
    pub fn whose(&self) -> String {
        match &self.user {
            Some(user) => format!("`{user}`"),
            None => "every user".to_owned(),
        }
    }

    /// The three ways out: without the system's, without the user's, with another port for one of them.
    pub fn ways_out(&self) -> [String; 3] {
        let off = |side: &DuplicateSide, place: &str| match &side.enable {
            Some(option) => format!("set `{option} = false`{place}"),
            None => format!("remove `{}`{place}", side.option),
        };
        let home = match &self.user {
            Some(user) => format!(" in the home of {user}"),
            None => String::new(),
        };
        [
            off(&self.system, " in the system"),
            off(&self.of_user, &home),
            format!("give one of them another port, such as {}", self.free),
        ]
    }
}

impl Host<'_> {
    /// Who keeps a service that runs twice, where the user says so.
    pub fn preferred_side(&self) -> Option<Side> {
        self.project().services().prefer
    }

    /// The services that the system and a user of the host both run, on a port that both want.
    pub fn duplicates(&self) -> Vec<Duplicate> {
        let users = self.user_ports();
        if users.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<Duplicate> = Vec::new();
        let system = self.ports();
        for conflict in self.conflict_map() {
            let of_user: Vec<&Port> = users
                .iter()
                .filter(|port| is_of(port, |name| conflict.is_user_unit(name), conflict))
                .collect();
            if of_user.is_empty() {
                continue;
            }
            let mut known: Vec<Port> = system
                .iter()
                .filter(|port| is_of(port, |name| conflict.is_user_unit(name), conflict))
                .cloned()
                .collect();
            known.extend(self.system_units(conflict));
            for user in of_user {
                for port in known.iter().filter(|port| port.meets(user) && self.run_together(port, user)) {
                    let whose = match &user.manager {
                        Manager::User(name) => Some(name.clone()),
                        _ => None,
                    };
                    let pair = (port.clone(), user.clone());
                    let is_same = |other: &&mut Duplicate| {
                        other.user == whose
                            && other.ports[0].0.owner == port.owner
                            && other.ports[0].1.owner == user.owner
                    };
                    if let Some(other) = found.iter_mut().find(is_same) {
                        let is_new =
                            |(a, b): &(Port, Port)| a.number != port.number || b.number != user.number;
                        if other.ports.iter().all(is_new) {
                            other.ports.push(pair);
                        }
                        continue;
                    }
                    let Some(number) = port.number.value() else { continue };
                    found.push(Duplicate {
                        name: conflict.name.clone(),
                        user: whose,
                        system: self.side(port),
                        of_user: self.side(user),
                        ports: vec![pair],
                        free: Number::one(self.free_port(number.first, port.protocol)),
                    });
                }
            }
        }
        found
    }

    /// A port behind `number` on which nothing on the host is known to listen, and that needs no privilege.
    pub fn free_port(&self, number: u16, protocol: Protocol) -> u16 {
        let (system, users) = (self.ports(), self.user_ports());
        let start = if number < 1024 { number + 8000 } else { number };
        let is_free = |wanted: &u16| {
            let takes = |port: &Port| {
                port.protocol == protocol
                    && port.number.value().is_some_and(|number| number.overlaps(Number::one(*wanted)))
            };
            *wanted != number && !system.iter().chain(users.iter()).any(takes)
        };
        (start..=u16::MAX).find(is_free).unwrap_or(number)
    }

    /// The ports of units of the system that the project writes itself.
    fn system_units(&self, conflict: &Conflict) -> Vec<Port> {
        let services = self.services();
        let is_it = |service: &&Service| {
            service.manager == Manager::System
                && matches!(service.kind, ServiceKind::Unit | ServiceKind::Oneshot)
                && service.units.iter().any(|unit| conflict.is_system_unit(unit))
        };
        let ports = self.ports();
        services
            .iter()
            .filter(is_it)
            .filter(|service| !ports.iter().any(|port| port.owner == service.name))
            .flat_map(|service| self.mapped_ports(service, conflict))
            .collect()
    }

    /// Whether both run at the same time for sure: always, or under one condition.
    fn run_together(&self, a: &Port, b: &Port) -> bool {
        let of = |port: &Port| match self.service_of(port) {
            Some(service) => (service.origin.certainty, service.origin.condition),
            None => (port.origin.certainty, port.origin.condition.clone()),
        };
        let ((certainty, condition), (other, when)) = (of(a), of(b));
        match (certainty, other) {
            (Certainty::Must, Certainty::Must) => condition.and(&when) != Condition::False,
            (Certainty::May, Certainty::May) => {
                condition != Condition::True && condition.implies(&when) && when.implies(&condition)
            }
            _ => false,
        }
    }

    fn service_of(&self, port: &Port) -> Option<Service> {
        let is_it = |service: &&Service| {
            (&service.name, service.kind, &service.manager) == (&port.owner, port.kind, &port.manager)
        };
        self.services().iter().find(is_it).cloned()
    }

    fn side(&self, port: &Port) -> DuplicateSide {
        let service = self.service_of(port);
        let unit = port.units.first().cloned().unwrap_or_else(|| match port.kind {
            ServiceKind::Option => format!("{}.service", port.owner),
            _ => port.owner.clone(),
        });
        let enable = match &service {
            Some(Service { upstream: Some(upstream), .. }) => upstream.option(&upstream.service.enable()),
            Some(Service { kind: ServiceKind::Option, origin, .. }) => {
                Some(format!("{}.enable", origin.option))
            }
            // Home Manager has no such option for units.
            Some(Service {
                unit: Some(_), origin, manager: Manager::System | Manager::EveryUser, ..
            }) => Some(format!("{}.enable", origin.option)),
            _ => None,
        };
        let option = service.as_ref().map_or(&port.origin.option, |service| &service.origin.option).clone();
        let definition = match &service {
            Some(Service { unit: Some(unit), .. }) => only(unit.node.definitions()),
            Some(service) => service.definition.clone(),
            // Containers of users, which no view lists.
            None => self.on(&port.manager, |home| only(&home.definitions(&option))).flatten(),
        };
        DuplicateSide { service, unit, option, enable, definition }
    }
}

fn only(definitions: &[Definition]) -> Option<Definition> {
    match definitions {
        [definition] => Some(definition.clone()),
        _ => None,
    }
}

/// Whether a port belongs to the service of a row: by the name of what listens, or by its unit.
fn is_of(port: &Port, is_called: impl Fn(&str) -> bool, conflict: &Conflict) -> bool {
    let is_system = port.manager == Manager::System;
    let of_unit = |unit: &String| {
        let name = unit.rsplit_once('.').map_or(unit.as_str(), |(name, _)| name);
        if is_system && conflict.is_system_unit(unit) { true } else { is_called(name) }
    };
    match port.kind {
        ServiceKind::Option if !is_system => {
            conflict.home.as_ref().is_some_and(|home| home.to_string() == port.origin.option)
        }
        ServiceKind::Option => port.units.iter().any(|unit| conflict.is_system_unit(unit)),
        _ => port.units.iter().any(of_unit) || is_called(&port.owner),
    }
}
