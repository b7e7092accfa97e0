//! Calls that make hosts: `nixosSystem` and its kin.

use std::rc::Rc;

use super::super::table::Certainty;
use super::{HostClass, HostSeed, RootModules};
use crate::eval::{Attrs, Machine, Reason, SymbolRoot, Unknown, Val, Value};
use crate::text::FileId;

/// A function that makes a host of a set with the list of its modules.
struct Maker {
    name: &'static str,
    /// What it calls the arguments that every module is given.
    arguments: &'static str,
}

/// nixos/lib/eval-config.nix and lib/eval-config.nix of nixpkgs, eval-config.nix of nix-darwin, and
/// lib/default.nix of Home Manager.
const MAKERS: [Maker; 4] = [
    Maker { name: "nixosSystem", arguments: "specialArgs" },
    Maker { name: "darwinSystem", arguments: "specialArgs" },
    Maker { name: "homeManagerConfiguration", arguments: "extraSpecialArgs" },
    Maker { name: "evalModules", arguments: "specialArgs" },
];

/// The host that an attribute of the outputs is.
pub(super) fn host(
    machine: &Machine<'_>,
    flake: FileId,
    name: String,
    class: HostClass,
    val: &Val,
) -> HostSeed {
    let seed = HostSeed {
        name,
        class,
        system: None,
        roots: Vec::new(),
        arguments: Rc::default(),
        flake,
        open: None,
    };
    called(machine, val, &seed).unwrap_or_else(|unknown| HostSeed {
        arguments: Rc::new(Attrs { open: Some(unknown.clone()), ..Attrs::default() }),
        open: Some(unknown),
        ..seed
    })
}

/// The host that a call makes.
fn called(machine: &Machine<'_>, val: &Val, seed: &HostSeed) -> Result<HostSeed, Unknown> {
    let unknown = || machine.symbolic(val);
    let Value::Symbol(symbol) = &val.value else { return Err(unknown()) };
    let SymbolRoot::Call(call) = &symbol.root else { return Err(unknown()) };
    let name = call.function.path.last().map(|name| machine.text_of(*name)).ok_or_else(unknown)?;
    let maker = MAKERS.iter().find(|maker| *name == *maker.name).ok_or_else(unknown)?;
    let argument = call.arguments.first().ok_or_else(unknown)?;
    let set = machine.set(&machine.force(argument))?;
    let entry = |name: &str| set.get(machine.name(name)).map(|entry| entry.value.clone());
    let arguments = match entry(maker.arguments) {
        Some(special) => machine
            .set(&machine.force(&special))
            .unwrap_or_else(|unknown| Rc::new(Attrs { open: Some(unknown), ..Attrs::default() })),
        None => Rc::default(),
    };
    let roots = entry("modules").map(|modules| RootModules { modules, certainty: Certainty::Must });
    let missing = || Unknown::new(Reason::Argument("modules".to_owned()));
    Ok(HostSeed {
        name: seed.name.clone(),
        class: seed.class,
        system: entry("system").and_then(|system| machine.force(&system).as_str()),
        open: set.open.clone().or_else(|| roots.is_none().then(missing)),
        roots: roots.into_iter().collect(),
        arguments,
        flake: seed.flake,
    })
}
