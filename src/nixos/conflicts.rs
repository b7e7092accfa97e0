//! Services that people run in the system and for a user by mistake: what they are called on either side, and
//! where they listen by default.
//!
//! Only says that two names mean one service; whether a host runs both, and on which ports, is not decided
//! here. Users add rows of their own in `nixlint.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::services::{PortForm, Protocol};
use super::{OptionPattern, glob};

/// A service that can run in the system and for a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// What it is called, unique in the table.
    pub name: String,
    /// The unit of the system, with its suffix.
    pub system: String,
    /// Names of units and containers of users, `*` for any text; without suffix, and without the word that
    /// Podman and Docker put in front.
    pub user: Vec<String>,
    /// The prefix of its options in Home Manager, where that has a module for it.
    pub home: Option<OptionPattern>,
    /// Where it listens by default.
    pub ports: Vec<ConflictPort>,
    /// Where the row was read; empty for those of users.
    #[serde(default)]
    pub source: String,
}

/// Where a service listens by default, in the system as for a user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConflictPort {
    /// The number.
    pub number: u16,
    /// TCP unless the row says otherwise.
    #[serde(default)]
    pub protocol: Protocol,
    /// The address; all of them where the row does not say.
    pub address: Option<String>,
    /// The options of Home Manager that set it.
    #[serde(default)]
    pub options: Vec<OptionPattern>,
    /// How these spell it.
    #[serde(default)]
    pub form: PortForm,
    /// The options of Home Manager that set the address.
    #[serde(default)]
    pub address_options: Vec<OptionPattern>,
    /// Variables of the program that say where it listens, as an address with a port.
    #[serde(default)]
    pub variables: Vec<String>,
}

impl ConflictPort {
    /// A port on all addresses that no option changes.
    pub fn new(number: u16, protocol: Protocol) -> Self {
        Self {
            number,
            protocol,
            address: None,
            options: Vec::new(),
            form: PortForm::Number,
            address_options: Vec::new(),
            variables: Vec::new(),
        }
    }
}

/// Every service of the table that nixlint ships.
pub fn all() -> &'static [Conflict] {
    &TABLE.conflict
}

impl Conflict {
    /// A row of the user's own, whose ports count on either side; `name` may be empty, and suffixes may be left
    /// out of the unit of the system, as they must be of the others.
    pub fn of_user(name: &str, system: &str, user: &[String], ports: Vec<ConflictPort>) -> Self {
        let (bare, system) = match system.rsplit_once('.') {
            Some((bare, _)) => (bare, system.to_owned()),
            None => (system, format!("{system}.service")),
        };
        let name = if name.is_empty() { bare.replace('*', "") } else { name.to_owned() };
        let without_suffix = |name: &String| name.strip_suffix(".service").unwrap_or(name).to_owned();
        let user = user.iter().map(without_suffix).collect();
        Self { name, system, user, home: None, ports, source: String::new() }
    }

    /// Whether it is a row of the user's own.
    pub fn is_of_user(&self) -> bool {
        self.source.is_empty()
    }

    /// Whether a unit or container of this name, without suffix, is the service run for a user.
    pub fn is_user_unit(&self, name: &str) -> bool {
        self.user.iter().any(|pattern| glob(pattern, bare(name)))
    }

    /// Whether a unit or container of this name can be nothing else: it needs no more to say where it listens.
    pub fn is_called(&self, name: &str) -> bool {
        bare(name) == self.name
    }

    /// Whether a unit of this name, with suffix, is the service of the system.
    pub fn is_system_unit(&self, name: &str) -> bool {
        glob(&self.system, name)
    }
}

/// The name of a container without what the runtime puts in front of it.
fn bare(name: &str) -> &str {
    ["podman-", "docker-"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    conflict: Vec<Conflict>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("conflicts"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;
    use crate::nixos::{Trust, services};

    #[test]
    fn every_row_is_complete() {
        let names: BTreeSet<_> = all().iter().map(|conflict| &conflict.name).collect();
        assert_eq!(names.len(), all().len());
        for conflict in all() {
            let name = &conflict.name;
            assert!(is_source(&conflict.source), "{name}");
            assert!(conflict.is_user_unit(name) && !conflict.ports.is_empty(), "{name}");
            let has_options = conflict.ports.iter().any(|port| !port.options.is_empty());
            assert_eq!(conflict.home.is_some(), has_options, "{name}");
        }
    }

    #[test]
    fn the_services_of_the_system_listen_there_by_default() {
        for conflict in all() {
            let (service, _) = services::by_unit(&conflict.system.replace('*', ""))
                .unwrap_or_else(|| panic!("{} is in the table of services", conflict.system));
            for port in &conflict.ports {
                let is_it = |known: &services::Port| {
                    known.number == Some(port.number) && known.protocol == port.protocol
                };
                assert!(service.ports(Trust::Any).any(is_it), "{} {}", conflict.name, port.number);
            }
        }
    }

    #[test]
    fn names_of_containers_have_a_word_in_front() {
        let ollama = all().iter().find(|conflict| conflict.name == "ollama").expect("listed");
        assert!(ollama.is_user_unit("podman-ollama") && ollama.is_called("podman-ollama"));
        assert!(ollama.is_user_unit("ollama-server") && !ollama.is_called("ollama-server"));
        assert!(!ollama.is_user_unit("my-ollama"));
        assert!(ollama.is_system_unit("ollama.service") && !ollama.is_system_unit("ollama.socket"));
    }
}
