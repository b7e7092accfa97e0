//! What starts a unit: itself by `wantedBy` and its kin, a timer, another unit.
//!
//! Says only what the project shows; where a list is not known, something in it may start the unit.

use super::host::{Host, Item};
use super::unit::{DEPENDENCIES, Dependency, DependencyAttribute, Section, Unit};

/// Options that name units which are started when the unit ends, below the unit.
const AFTERWARDS: [&str; 4] = ["onFailure", "onSuccess", "unitConfig.OnFailure", "unitConfig.OnSuccess"];

impl Host<'_> {
    /// Whether something may start the unit: its own `wantedBy` and the like, `startAt`, a unit that is
    /// triggered in its place, or another unit of the host that names it.
    pub fn may_be_started(&self, unit: &Unit) -> bool {
        let may_be_set = |option: &str| {
            let (items, open) = self.items(&self.below(&unit.node, option));
            open.is_some() || !items.is_empty()
        };
        let is_reverse = |attribute: &&DependencyAttribute| attribute.kind == Dependency::Reverse;
        let is_wanted = DEPENDENCIES.iter().filter(is_reverse).any(|attribute| may_be_set(attribute.option));
        if unit.node.open().is_some() || is_wanted || may_be_set("aliases") {
            return true;
        }
        if self.may_be_triggered(unit) {
            return true;
        }
        let whole = unit.display();
        if self.may_be_mounted_with(&whole) {
            return true;
        }
        self.units().iter().any(|other| other.display() != whole && self.starts(other, &whole))
    }

    /// Whether a file system may pull the unit in by its mount options (systemd.mount(5)).
    fn may_be_mounted_with(&self, name: &str) -> bool {
        let pulls = ["x-systemd.requires=", "x-systemd.wants="];
        self.nodes("fileSystems.*").iter().any(|(_, node)| {
            let (options, open) = self.items(&self.below(node, "options"));
            open.is_some()
                || options.iter().any(|item| match self.plain(&item.value) {
                    Some(option) => pulls.iter().any(|pull| option.strip_prefix(pull) == Some(name)),
                    None => true,
                })
        })
    }

    /// Whether a timer, socket or path unit may start the service.
    pub fn may_be_triggered(&self, unit: &Unit) -> bool {
        let Some(name) = unit.key.exact() else { return true };
        let times = self.below(&unit.node, "startAt");
        !times.definitions().is_empty() || self.units().iter().any(|other| self.triggers(other, name))
    }

    /// Whether a timer, socket or path unit may be there for the service of that name.
    fn triggers(&self, trigger: &Unit, name: &str) -> bool {
        let section = match trigger.suffix {
            "timer" => Section::Timer,
            "path" => Section::Path,
            "socket" => Section::Socket,
            _ => return false,
        };
        let directive = if trigger.suffix == "socket" { "Service" } else { "Unit" };
        trigger.key.may_be(name)
            || self.may_name(
                &self.items(&self.directive(trigger, section, directive)).0,
                &format!("{name}.service"),
            )
    }

    /// Whether the other unit may start the one of that name.
    fn starts(&self, other: &Unit, name: &str) -> bool {
        let of_attributes = DEPENDENCIES.iter().any(|attribute| {
            if !matches!(attribute.kind, Dependency::Weak | Dependency::Strong) {
                return false;
            }
            let (items, is_open) = self.dependencies(other, attribute);
            is_open || self.may_name(&items, name)
        });
        of_attributes
            || AFTERWARDS.iter().any(|option| {
                let (items, open) = self.items(&self.below(&other.node, option));
                open.is_some() || self.may_name(&items, name)
            })
    }

    /// Whether a list of units may hold that one.
    pub(super) fn may_name(&self, items: &[Item], name: &str) -> bool {
        items.iter().any(|item| match self.plain(&item.value) {
            Some(text) => text.split_whitespace().any(|one| one == name),
            None => true,
        })
    }

    /// Whether the units that an attribute names may hold that one; a list that is not known may.
    pub fn may_depend_on(&self, unit: &Unit, attribute: &DependencyAttribute, name: &str) -> bool {
        let (items, is_open) = self.dependencies(unit, attribute);
        is_open || self.may_name(&items, name)
    }

    /// The units that an attribute of a unit surely names, each with its place in the project, and whether
    /// these are all.
    pub fn named_units(&self, unit: &Unit, attribute: &DependencyAttribute) -> (Vec<(String, Item)>, bool) {
        let (items, is_open) = self.dependencies(unit, attribute);
        let mut is_known = !is_open;
        let mut named = Vec::new();
        for item in items {
            match self.plain(&item.value) {
                Some(text) => {
                    named.extend(text.split_whitespace().map(|name| (name.to_owned(), item.clone())));
                }
                None => is_known = false,
            }
        }
        (named, is_known)
    }
}
