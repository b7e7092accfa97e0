//! The outputs of the project's flake, as far as they are hosts.
//!
//! A host whose modules cannot be followed is still a host; one that is not named is none.

mod calls;
mod known;
mod lock;
mod locked;
mod modules;
#[cfg(test)]
mod tests;
mod types;
mod written;

use std::rc::Rc;

use known::KnownInputs;

pub use locked::{LockFile, LockedNode};
pub use written::{
    InputUses, Written, WrittenAttr, WrittenFlake, WrittenFunction, WrittenInput, WrittenKind,
};

use camino::Utf8Path;

use super::input::ProjectInput;
use super::renames::Pin;
use super::table::Certainty;
use super::view::Known;
use crate::eval::{Attrs, Condition, Machine, Thunk, Unknown, Val};
use crate::nixos::renames::Release;
use crate::text::FileId;

/// The module system that a host is a configuration of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostClass {
    /// NixOS.
    Nixos,
    /// nix-darwin.
    Darwin,
    /// Home Manager without a system around it.
    Home,
}

impl HostClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Nixos, Self::Darwin, Self::Home];

    /// The word for it in what nixlint prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nixos => "nixos",
            Self::Darwin => "darwin",
            Self::Home => "home",
        }
    }
}

/// What the lock file of the project says of the age of its inputs that come from `repository`, `owner/name` in
/// lower case; without one, what the branches say that the flake names.
pub(super) fn pins(machine: &Machine<'_>, root: &Utf8Path, repository: &str) -> Vec<Pin> {
    if let Some(lock) = machine.loader().read(&root.join("flake.lock")) {
        return lock::pins(&lock, repository);
    }
    let path = root.join("flake.nix");
    let file = machine.loader().file(&path).zip(machine.loader().read(&path));
    let Some(flake) = file.and_then(|(file, text)| WrittenFlake::read(file, true, &text)) else {
        return Vec::new();
    };
    let pin = |input: WrittenInput<'_>| {
        let field = |name: &str| input.text(name).map(|(text, _)| text);
        let by_name = field("owner").zip(field("repo"));
        let named = by_name.map(|(owner, repo)| format!("{owner}/{repo}").to_lowercase());
        let named = named.or_else(|| lock::repository_of(field("url")?));
        let release = ["ref", "url"].into_iter().find_map(|name| Release::find(field(name)?))?;
        (named.as_deref() == Some(repository)).then_some(Pin { release: Some(release), modified: None })
    };
    flake.inputs().into_iter().filter_map(pin).collect()
}

/// A host that the flake names.
pub(super) struct HostSeed {
    /// Its name in the outputs.
    pub name: String,
    pub class: HostClass,
    /// The system it is built for, as the call says it (`x86_64-linux`); modules may say it instead.
    pub system: Option<String>,
    /// The system of the packages that the call gives, or may give, it: that counts, whatever modules say. `None` for a
    /// host with packages of its own.
    pub packages: Option<Known<String>>,
    /// The lists of modules it begins with.
    pub roots: Vec<RootModules>,
    /// What the flake passes to modules; open where there may be more.
    pub arguments: Rc<Attrs>,
    /// The file of the flake.
    pub flake: FileId,
    /// Why there may be modules beside those of `roots`.
    pub open: Option<Unknown>,
}

/// A list of modules that a host begins with.
pub(super) struct RootModules {
    /// The list.
    pub modules: Thunk,
    /// Whether the host has them for sure.
    pub certainty: Certainty,
}

/// The attribute of a flake's outputs for hosts of each class.
const OUTPUTS: [(&str, HostClass); 3] = [
    ("nixosConfigurations", HostClass::Nixos),
    ("darwinConfigurations", HostClass::Darwin),
    ("homeConfigurations", HostClass::Home),
];

/// Outputs that hold further outputs for each system, hosts among them.
const PER_SYSTEM: [&str; 2] = ["legacyPackages", "packages"];

/// The system that is looked at first.
const USUAL_SYSTEM: &str = "x86_64-linux";

/// The hosts of the flake, NixOS first, in the order of their names; empty where they are not written in
/// a way that is understood.
pub(super) fn hosts(machine: &Machine<'_>, input: &ProjectInput<'_>) -> Vec<HostSeed> {
    let path = input.root.join("flake.nix");
    let Some(file) = input.files.iter().find(|file| file.path == path) else { return Vec::new() };
    let flake = machine.import(&path);
    let Ok(outputs) = machine.select(&flake, machine.name("outputs")) else { return Vec::new() };
    let inputs = Rc::new(KnownInputs::new(machine, lock::inputs(machine, input, &flake)));
    machine.set_outside(inputs.clone());
    let argument = inputs.argument();
    let outputs = Thunk::later(move |machine| machine.apply(&outputs, argument.clone().thunk(), None));
    machine.set_own_flake(outputs.clone());
    let outputs = machine.force(&outputs);
    let mut found = Found { machine, flake: file.id, hosts: Vec::new() };
    found.read(&outputs, &Condition::True, None);
    for output in PER_SYSTEM {
        let Ok(systems) = machine.select(&outputs, machine.name(output)) else { continue };
        let Ok(systems) = machine.set(&systems) else { continue };
        let mut systems: Vec<_> =
            systems.entries.iter().map(|(name, entry)| (machine.text_of(*name), entry)).collect();
        // One host may stand below several systems.
        systems.sort_by_key(|(name, _)| (&**name != USUAL_SYSTEM, name.clone()));
        for (system, entry) in systems {
            found.read(&machine.force(&entry.value), &entry.condition, Some(&system));
        }
    }
    let mut hosts = found.hosts;
    hosts.sort_by(|a, b| (a.class, &a.name).cmp(&(b.class, &b.name)));
    hosts
}

/// What is found in the outputs.
struct Found<'f, 'm> {
    machine: &'f Machine<'m>,
    flake: FileId,
    hosts: Vec<HostSeed>,
}

impl Found<'_, '_> {
    /// Reads the hosts in a set of outputs; those of `system`, where one is named.
    fn read(&mut self, outputs: &Val, condition: &Condition, system: Option<&str>) {
        let machine = self.machine;
        for (output, class) in OUTPUTS {
            let Ok(configurations) = machine.select(outputs, machine.name(output)) else { continue };
            let Ok(configurations) = machine.set(&configurations) else { continue };
            for (name, entry) in &configurations.entries {
                let name = machine.text_of(*name).to_string();
                let condition = condition.and(&entry.condition);
                let is_known = self.hosts.iter().any(|host| host.class == class && host.name == name);
                if condition == Condition::False || is_known {
                    continue;
                }
                let system = system.map(str::to_owned);
                let place = calls::Place { name, class, flake: self.flake, condition, system };
                self.hosts.push(calls::host(machine, place, &machine.force(&entry.value)));
            }
        }
    }
}
