//! In which order systemd starts units: `After`, `Before`, and what every service is ordered after.
//!
//! Says only what the project shows; where a list is not known, it may order anything.

use rustc_hash::FxHashSet;

use super::host::{Host, Item};
use super::unit::{DEPENDENCIES, DependencyAttribute, Section, Unit};

/// The targets that every unit waits for, unless it says otherwise (systemd.service(5), "Default Dependencies").
const EARLY: [&str; 2] = ["basic.target", "sysinit.target"];

impl Host<'_> {
    /// Whether systemd may start `unit` only after `other`, both with their suffixes: by what one of them says, or
    /// units in between, such as targets.
    pub fn may_start_after(&self, unit: &str, other: &str) -> bool {
        let [after, before] = ["after", "before"].map(attribute);
        let units = self.defined_units();
        let others: Vec<&Unit> = units.iter().filter(|unit| self.may_be_called(unit, other)).collect();
        let goals = self.names_of(&others, other);
        let mut seen: FxHashSet<String> = FxHashSet::default();
        let mut waiting = vec![unit.to_owned()];
        while let Some(name) = waiting.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let called: Vec<&Unit> = units.iter().filter(|unit| self.may_be_called(unit, &name)).collect();
            let names = self.names_of(&called, &name);
            if names.iter().any(|name| goals.contains(name)) {
                return true;
            }
            let mut is_early = EARLY.contains(&name.as_str());
            for one in called {
                let (named, is_known) = self.named_units(one, after);
                if !is_known || one.node.open().is_some() {
                    return true;
                }
                waiting.extend(named.into_iter().map(|(name, _)| name));
                is_early |= self.directive_flag(one, Section::Unit, "DefaultDependencies") == Some(false)
                    && !self.directive(one, Section::Unit, "DefaultDependencies").definitions().is_empty();
            }
            let is_before = |unit: &&Unit| names.iter().any(|name| self.may_depend_on(unit, before, name));
            waiting.extend(units.iter().filter(is_before).map(Unit::display));
            match name.as_str() {
                "basic.target" => waiting.push("sysinit.target".to_owned()),
                _ if !is_early => waiting.extend(EARLY.map(str::to_owned)),
                _ => {}
            }
        }
        false
    }

    /// `name` and all names of the units that may be called so: their own and their aliases.
    fn names_of(&self, called: &[&Unit], name: &str) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        for unit in called {
            names.push(unit.display());
            names.extend(self.items(&self.below(&unit.node, "aliases")).0.iter().filter_map(Item::exact));
        }
        names
    }

    /// Whether a unit may be the one of that name: by its own name, as the template of an instance, or by an alias.
    pub fn may_be_called(&self, unit: &Unit, name: &str) -> bool {
        let Some(base) = name.strip_suffix(unit.suffix).and_then(|base| base.strip_suffix('.')) else {
            return false;
        };
        let template = base.split_once('@').map(|(base, _)| format!("{base}@"));
        let (aliases, open) = self.items(&self.below(&unit.node, "aliases"));
        unit.key.may_be(base)
            || template.is_some_and(|template| unit.key.may_be(&template))
            || open.is_some()
            || self.may_name(&aliases, name)
    }
}

fn attribute(option: &str) -> &'static DependencyAttribute {
    let found = DEPENDENCIES.iter().find(|attribute| attribute.option == option);
    found.expect("invariant: these attributes are in the table")
}
