//! Systemd units as the project's modules define them.

use std::rc::Rc;

use super::host::{Host, Item};
use super::table::{Node, OptionKey};

/// Kinds of unit that NixOS has an option for, as `systemd.<option>`, and their suffix.
const KINDS: [(&str, &str); 6] = [
    ("services", "service"),
    ("timers", "timer"),
    ("sockets", "socket"),
    ("targets", "target"),
    ("paths", "path"),
    ("slices", "slice"),
];

/// A system unit that modules of the project define or extend.
#[derive(Clone)]
pub struct Unit {
    /// The name without suffix, as the definitions write it.
    pub key: OptionKey,
    /// `service`, `timer` …
    pub suffix: &'static str,
    /// Its definitions.
    pub node: Rc<Node>,
}

/// What naming another unit in an attribute of a unit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// Order only: a unit that does not exist is passed over.
    Order,
    /// Starts the other unit where it exists.
    Weak,
    /// The start fails when the other unit does not exist.
    Strong,
    /// The other unit starts this one: never, when it does not exist.
    Reverse,
}

/// An attribute that names other units.
#[derive(Debug, Clone, Copy)]
pub struct DependencyAttribute {
    /// The NixOS option below the unit.
    pub option: &'static str,
    /// The name in `unitConfig`; empty for what systemd has no directive for.
    pub directive: &'static str,
    /// What it does.
    pub kind: Dependency,
}

/// The attributes of a unit that name other units (systemd.unit(5); nixos/lib/systemd-unit-options.nix of
/// nixpkgs).
pub const DEPENDENCIES: [DependencyAttribute; 11] = {
    const fn attribute(
        option: &'static str,
        directive: &'static str,
        kind: Dependency,
    ) -> DependencyAttribute {
        DependencyAttribute { option, directive, kind }
    }
    [
        attribute("after", "After", Dependency::Order),
        attribute("before", "Before", Dependency::Order),
        attribute("wants", "Wants", Dependency::Weak),
        attribute("upholds", "Upholds", Dependency::Weak),
        attribute("partOf", "PartOf", Dependency::Order),
        attribute("requires", "Requires", Dependency::Strong),
        attribute("requisite", "Requisite", Dependency::Strong),
        attribute("bindsTo", "BindsTo", Dependency::Strong),
        attribute("wantedBy", "", Dependency::Reverse),
        attribute("requiredBy", "", Dependency::Reverse),
        attribute("upheldBy", "", Dependency::Reverse),
    ]
};

/// The unit name of a mount point (systemd-escape(1), `--path`).
fn escaped(path: &str) -> String {
    let trimmed = path.trim_matches('/');
    trimmed
        .chars()
        .map(|c| match c {
            '/' => "-".to_owned(),
            c if c.is_ascii_alphanumeric() || "_.:".contains(c) => c.to_string(),
            c => c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        })
        .collect()
}

impl Unit {
    /// The name with its suffix, `*` for holes.
    pub fn display(&self) -> String {
        format!("{}.{}", self.key.display(), self.suffix)
    }
}

impl Host<'_> {
    /// The system units of every kind.
    pub fn units(&self) -> Vec<Unit> {
        let of_kind = |(option, suffix): &(&str, &'static str)| {
            let suffix = *suffix;
            let nodes = self.nodes(&format!("systemd.{option}.*"));
            nodes
                .into_iter()
                .filter_map(move |(mut keys, node)| Some(Unit { key: keys.pop()?, suffix, node }))
        };
        KINDS.iter().flat_map(of_kind).chain(self.mount_units()).collect()
    }

    /// Units of `systemd.mounts` and `systemd.automounts`, which are lists of sets.
    fn mount_units(&self) -> Vec<Unit> {
        let mut units = Vec::new();
        for (option, suffix) in [("mounts", "mount"), ("automounts", "automount")] {
            for (_, node) in self.nodes(&format!("systemd.{option}")) {
                for item in self.items(&node).0 {
                    let node = self.node_of(&item);
                    let place = self
                        .below(&node, "where")
                        .definitions()
                        .first()
                        .and_then(|place| place.value.as_str());
                    let name = place.map(|place| escaped(&place)).unwrap_or_default();
                    units.push(Unit { key: OptionKey::Name(name.into()), suffix, node });
                }
            }
        }
        units
    }

    /// The services that may be called `name` (without suffix).
    pub fn services_called(&self, name: &OptionKey) -> Vec<Unit> {
        let nodes = self.nodes("systemd.services.*");
        let units = nodes.into_iter().filter_map(|(mut keys, node)| Some((keys.pop()?, node)));
        units
            .filter(|(key, _)| key.may_equal(name))
            .map(|(key, node)| Unit { key, suffix: "service", node })
            .collect()
    }

    /// Whether the project says what the service runs: then it is the project's own, not an extension.
    pub fn runs_something(&self, unit: &Unit) -> bool {
        let options = ["script", "serviceConfig.ExecStart"];
        options.iter().any(|option| !self.below(&unit.node, option).definitions().is_empty())
    }

    /// The units that an attribute of `unit` names, in the option and in `unitConfig`; and whether there
    /// may be more. Strings of several names are one item each.
    pub fn dependencies(&self, unit: &Unit, attribute: &DependencyAttribute) -> (Vec<Item>, bool) {
        let (mut items, open) = self.items(&self.below(&unit.node, attribute.option));
        let mut is_open = open.is_some();
        if !attribute.directive.is_empty() {
            let (more, open) =
                self.items(&self.below(&unit.node, &format!("unitConfig.{}", attribute.directive)));
            items.extend(more);
            is_open |= open.is_some();
        }
        (items, is_open)
    }
}
