//! The outputs of the project's flake, as far as they are hosts.

use std::rc::Rc;

use super::input::ProjectInput;
use crate::eval::{Attrs, Condition, Machine, Symbol, SymbolRoot, Thunk, Val, Value};
use crate::text::FileId;

/// A host that the flake names.
pub(super) struct HostSeed {
    /// Its name in `nixosConfigurations`.
    pub name: String,
    /// The list of its modules.
    pub modules: Thunk,
    /// What the flake passes to modules.
    pub arguments: Rc<Attrs>,
    /// The file of the flake.
    pub flake: FileId,
}

/// The NixOS hosts of the flake, in the order of their names; empty where they are not written in a way
/// that is understood.
pub(super) fn hosts(machine: &Machine<'_>, input: &ProjectInput<'_>) -> Vec<HostSeed> {
    let path = input.root.join("flake.nix");
    let Some(file) = input.files.iter().find(|file| file.path == path) else { return Vec::new() };
    let flake = machine.import(&path);
    let Ok(outputs) = machine.select(&flake, machine.name("outputs")) else { return Vec::new() };
    let inputs = Val::of(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Inputs, path: Vec::new() })));
    let outputs = Thunk::later(move |machine| machine.apply(&outputs, inputs.clone().thunk(), None));
    machine.set_own_flake(outputs.clone());
    let outputs = machine.force(&outputs);
    let Ok(configurations) = machine.select(&outputs, machine.name("nixosConfigurations")) else {
        return Vec::new();
    };
    let Ok(configurations) = machine.set(&configurations) else { return Vec::new() };
    let mut hosts = Vec::new();
    for (name, entry) in &configurations.entries {
        if entry.condition == Condition::False {
            continue;
        }
        let val = machine.force(&entry.value);
        hosts.extend(host(machine, file.id, machine.text_of(*name).to_string(), &val));
    }
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    hosts
}

/// The host that a call of `nixosSystem` makes.
fn host(machine: &Machine<'_>, flake: FileId, name: String, val: &Val) -> Option<HostSeed> {
    let Value::Symbol(symbol) = &val.value else { return None };
    let SymbolRoot::Call(call) = &symbol.root else { return None };
    let called = call.function.path.last().map(|name| machine.text_of(*name));
    if called.as_deref() != Some("nixosSystem") || !symbol.path.is_empty() {
        return None;
    }
    let arguments = machine.set(&machine.force(call.arguments.first()?)).ok()?;
    let modules = arguments.get(machine.name("modules"))?.value.clone();
    let special = match arguments.get(machine.name("specialArgs")) {
        Some(special) => machine.set(&machine.force(&special.value)).ok()?,
        None => Rc::default(),
    };
    Some(HostSeed { name, modules, arguments: special, flake })
}
