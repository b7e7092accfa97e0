//! The outputs of the project's flake, as far as they are hosts.
//!
//! A host whose modules cannot be followed is still a host; one that is not named is none.

mod calls;

use std::rc::Rc;

use super::input::ProjectInput;
use super::table::Certainty;
use crate::eval::{Attrs, Condition, Machine, Symbol, SymbolRoot, Thunk, Unknown, Val, Value};
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

/// A host that the flake names.
pub(super) struct HostSeed {
    /// Its name in the outputs.
    pub name: String,
    pub class: HostClass,
    /// The system it is built for, as the call says it (`x86_64-linux`); modules may say it instead.
    pub system: Option<String>,
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

/// The hosts of the flake, NixOS first, in the order of their names; empty where they are not written in
/// a way that is understood.
pub(super) fn hosts(machine: &Machine<'_>, input: &ProjectInput<'_>) -> Vec<HostSeed> {
    let path = input.root.join("flake.nix");
    let Some(file) = input.files.iter().find(|file| file.path == path) else { return Vec::new() };
    let flake = machine.import(&path);
    let Ok(outputs) = machine.select(&flake, machine.name("outputs")) else { return Vec::new() };
    let inputs = Val::of(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Inputs, path: Vec::new() })));
    let outputs = Thunk::later(move |machine| machine.apply(&outputs, inputs.clone().thunk(), None));
    machine.set_own_flake(outputs.clone());
    let outputs = machine.force(&outputs);
    let mut hosts = Vec::new();
    for (output, class) in OUTPUTS {
        let Ok(configurations) = machine.select(&outputs, machine.name(output)) else { continue };
        let Ok(configurations) = machine.set(&configurations) else { continue };
        for (name, entry) in &configurations.entries {
            if entry.condition != Condition::False {
                let val = machine.force(&entry.value);
                hosts.push(calls::host(machine, file.id, machine.text_of(*name).to_string(), class, &val));
            }
        }
    }
    hosts.sort_by(|a, b| (a.class, &a.name).cmp(&(b.class, &b.name)));
    hosts
}
