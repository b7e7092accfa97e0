//! The ports on which listens what users run: services of Home Manager, containers of Podman, units.
//!
//! Lists what the project and the conflict map of `nixos` say; of a unit that says nothing about where it
//! listens, only one that is called as a service of the map has its default port.

use std::rc::Rc;

use super::host::Host;
use super::port::{Listen, Number, Port, PortSource, at, listen_address};
use super::script::RunKind;
use super::service::{Manager, Service, ServiceKind};
use super::unit::{Section, Spelling, Unit};
use super::view::{Known, Setting, Switch, quoted};
use crate::eval::Value;
use crate::nixos::OptionPattern;
use crate::nixos::conflicts::{self, Conflict, ConflictPort};
use crate::nixos::services::PortForm;

/// Words by which a command or a variable may say where a program listens.
const HINTS: [&str; 8] = ["port", "host", "listen", "bind", "addr", "config", "url", "socket"];

impl Host<'_> {
    /// The services that may run in the system and for a user: those that nixlint knows, and the user's own.
    pub(super) fn conflict_map(&self) -> impl Iterator<Item = &Conflict> {
        conflicts::all().iter().chain(&self.project().services().conflicts)
    }

    /// The ports of what users of the host run, those of one user together.
    pub fn user_ports(&self) -> Rc<[Port]> {
        self.views.user_ports.get_or_init(|| self.build_user_ports().into()).clone()
    }

    fn build_user_ports(&self) -> Vec<Port> {
        let mut ports = Vec::new();
        for service in self.services().iter().filter(|service| service.manager != Manager::System) {
            let found = self.on(&service.manager, |home| {
                let mut ports = Vec::new();
                match service.kind {
                    ServiceKind::Option => self.home_ports(home, service, &mut ports),
                    ServiceKind::Socket => home.socket_ports(service, &mut ports),
                    ServiceKind::Unit | ServiceKind::Oneshot => {
                        home.argument_ports(service, &mut ports);
                        for conflict in self.conflict_map() {
                            if ports.is_empty() && conflict.is_user_unit(&service.name) {
                                ports.extend(home.mapped_ports(service, conflict));
                            }
                        }
                    }
                    _ => {}
                }
                ports
            });
            ports.extend(found.unwrap_or_default());
        }
        self.visit_users(&mut |user| {
            let manager = Manager::User(user.name.as_str().into());
            user.home.quadlet_ports(&manager, &mut ports);
            user.home.podman_ports(&manager, &mut ports);
        });
        ports
    }

    /// The ports of a service of Home Manager.
    fn home_ports(&self, home: &Host<'_>, service: &Service, ports: &mut Vec<Port>) {
        for conflict in self.conflict_map() {
            let is_it = conflict.home.as_ref().is_some_and(|home| home.to_string() == service.origin.option);
            if is_it {
                let base = |port: &ConflictPort| base(service, port);
                ports.extend(conflict.ports.iter().filter_map(|port| home.home_port(port, base(port))));
            }
        }
    }

    fn home_port(&self, fact: &ConflictPort, base: Port) -> Option<Port> {
        let condition = base.origin.condition.clone();
        let set = |option: &OptionPattern| self.text_at(&option.to_string(), &condition);
        let address = fact.address_options.iter().find_map(set).unwrap_or_else(|| base.address.clone());
        if address.value().is_some_and(|address| address.starts_with('/')) {
            return None;
        }
        for option in &fact.options {
            let path = option.to_string();
            let source = PortSource::Option(path.clone());
            let (val, definition) = match self.setting_at(&path, &condition) {
                Setting::Unset => continue,
                Setting::Unknown => return Some(Port { number: Known::Unknown, source, ..base }),
                Setting::Known(val, definition) => (val, definition),
            };
            let text = self.plain(&val);
            let (address, number) = match fact.form {
                PortForm::Address => match text.as_deref().and_then(listen_address) {
                    Some(Listen::Socket) => return None,
                    Some(Listen::Port(own, number)) => (own.map_or(address, Known::Value), Some(number)),
                    None => (Known::Unknown, None),
                },
                _ => (address, text.as_deref().and_then(Number::parse)),
            };
            return Some(at(Port { number: number.into(), address, source, ..base }, definition.span()));
        }
        Some(Port { address, ..base })
    }

    /// The containers that Home Manager runs (modules/services/podman of nix-community/home-manager at ec1a8fdf).
    fn podman_ports(&self, manager: &Manager, ports: &mut Vec<Port>) {
        let containers = self.nodes("services.podman.containers.*");
        let is_on = || self.switch(&self.below(self.root(), "services.podman.enable"));
        if containers.is_empty() || matches!(is_on(), Switch::Unset | Switch::Off) {
            return;
        }
        for (mut keys, node) in containers {
            let Some(name) = keys.pop().map(|key| key.display()) else { continue };
            let option = format!("services.podman.containers.{}", quoted(&name));
            self.listed_publications(
                manager,
                &node,
                (&name, format!("podman-{name}.service"), option),
                "ports",
                ports,
            );
        }
    }

    /// The ports of a unit that the project writes and that is called as a service of the map: what its
    /// variables say, else the default where it says nothing at all.
    pub(super) fn mapped_ports(&self, service: &Service, conflict: &Conflict) -> Vec<Port> {
        let Some(unit) = &service.unit else { return Vec::new() };
        let of_variable = |port: &ConflictPort| {
            port.variables.iter().find_map(|variable| {
                let text = self.unit_variable(unit, variable)?;
                let base = base(service, port);
                let Some(Listen::Port(address, number)) = text.value().and_then(|text| listen_address(text))
                else {
                    return Some(Port { number: Known::Unknown, ..base });
                };
                let address = address.map_or_else(|| base.address.clone(), Known::Value);
                Some(Port { number: Known::Value(number), address, source: PortSource::Argument, ..base })
            })
        };
        let said: Vec<Port> = conflict.ports.iter().filter_map(of_variable).collect();
        if !said.is_empty() {
            return said;
        }
        // What users add to the map, they know.
        if conflict.is_of_user() || (conflict.is_called(&service.name) && self.says_nothing_of_ports(unit)) {
            return conflict.ports.iter().map(|port| base(service, port)).collect();
        }
        Vec::new()
    }

    /// What a variable of a unit is set to; `None` where it is not.
    fn unit_variable(&self, unit: &Unit, name: &str) -> Option<Known<String>> {
        let condition = self.unit_condition(unit);
        if unit.spelling == Spelling::Nixos {
            let node = self.below(&unit.node, &format!("environment.{name}"));
            if let Some(text) = self.text_setting(&node, &condition) {
                return Some(text);
            }
        }
        let start = format!("{name}=");
        let items = self.items(&self.directive(unit, Section::Service, "Environment")).0;
        items.iter().find_map(|item| {
            let text = self.resolve_text(item.text()?);
            let is_it = text.known_prefix().trim_start_matches('"').starts_with(&start);
            let value = |text: String| text.trim_matches('"')[start.len()..].to_owned();
            is_it.then(|| text.exact().map(value).into())
        })
    }

    /// Whether nothing in the commands and variables of a unit may say where its program listens.
    fn says_nothing_of_ports(&self, unit: &Unit) -> bool {
        let is_hint = |text: &str| {
            let lower = text.to_lowercase();
            HINTS.iter().any(|hint| lower.contains(hint)) || matches!(text, "-p" | "-l" | "-a" | "-c" | "-f")
        };
        let environment = self.directive(unit, Section::Service, "Environment");
        let (items, open) = self.items(&environment);
        let is_quiet = |text: &str| !is_hint(text.split('=').next().unwrap_or_default());
        let has_variables = open.is_some()
            || items.iter().any(|item| !item.text().is_some_and(|text| is_quiet(&text.known_prefix())));
        let has_files = !self.directive(unit, Section::Service, "EnvironmentFile").definitions().is_empty();
        let names = self.below(&unit.node, "environment");
        let has_names = names.open().is_some()
            || self.keys(&names).keys.iter().any(|(key, _)| key.exact().is_none_or(is_hint));
        if has_variables || has_files || (unit.spelling == Spelling::Nixos && has_names) {
            return false;
        }
        let texts = self.unit_texts(unit, &[""]);
        let start = self.directive(unit, Section::Service, "ExecStart");
        let is_known = start
            .definitions()
            .iter()
            .all(|definition| matches!(definition.value.value, Value::Str(_) | Value::List(_)));
        is_known
            && !texts.is_empty()
            && texts.iter().all(|text| match &text.kind {
                RunKind::Command { words, .. } => {
                    words.iter().skip(1).all(|word| word.as_literal().is_some_and(|text| !is_hint(text)))
                }
                RunKind::Script(_) => false,
            })
    }
}

/// A port of a service as the map has it.
fn base(service: &Service, port: &ConflictPort) -> Port {
    Port {
        number: Known::Value(Number::one(port.number)),
        protocol: port.protocol,
        address: Known::Value(port.address.clone().unwrap_or_default()),
        source: PortSource::Default,
        owner: service.name.clone(),
        kind: service.kind,
        manager: service.manager.clone(),
        units: service.units.clone(),
        is_published: false,
        origin: service.origin.clone(),
        opened_by: None,
    }
}
