//! Modules that no host names: files of the NixOS class, and what flakes and flake-parts modules hold in
//! their attributes.
//!
//! Must never be asked where a host is known to have the module.

use super::arguments::Arguments;
use super::classify::classify;
use super::imports::Import;
use super::input::ProjectInput;
use super::link::{Module, module};
use super::table::Certainty;
use crate::eval::{Machine, SymbolRoot, Thunk, Val, Value, Wrapper, wrapper};
use crate::nixos::roots::ModuleSystem;
use crate::text::FileId;

/// Steps that it may take to see what a flake or flake-parts module exports: a library that computes its
/// modules, as nixvim does from 1,300 files, takes 800,000, and rules have nothing to say about the result.
const REGISTRY_STEPS: u64 = 20_000;

/// The NixOS modules of the project, in the order of the files.
pub(super) fn nixos_modules(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
) -> Vec<(Module, Certainty)> {
    let classes = classify(machine, input, arguments);
    let mut modules = Vec::new();
    for file in input.files {
        if file.facts.is_none() {
            continue;
        }
        let class = classes.get(&file.id);
        let is_nixos = class.is_some_and(|class| class.systems.contains(&ModuleSystem::Nixos));
        let is_parts = class.is_some_and(|class| class.systems.contains(&ModuleSystem::FlakeParts));
        let is_flake = file.path.file_name() == Some("flake.nix");
        let value = || machine.import(&file.path);
        if is_nixos {
            if let Some(module) = module(machine, input, file.id, value(), true, arguments) {
                collect(machine, input, arguments, module, Certainty::Must, &mut modules, 0);
            }
        } else if is_parts || is_flake {
            machine.sparingly(REGISTRY_STEPS, || {
                for (file, val) in registered(machine, input, arguments, file.id, value(), is_flake) {
                    if let Some(module) = module(machine, input, file, val, false, arguments) {
                        collect(machine, input, arguments, module, Certainty::Must, &mut modules, 0);
                    }
                }
            });
        }
    }
    modules
}
/// A module and the modules it imports in place; imported files stand for themselves.
fn collect(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
    module: Module,
    certainty: Certainty,
    modules: &mut Vec<(Module, Certainty)>,
    depth: u32,
) {
    if depth > 20 {
        return;
    }
    let mut inner = Vec::new();
    for import in &module.imports {
        if let Import::Inline(file, val) = &import.import {
            inner.push((*file, val.clone()));
        }
    }
    modules.push((module, certainty));
    for (file, val) in inner {
        if let Some(module) = self::module(machine, input, file, val, false, arguments) {
            collect(machine, input, arguments, module, certainty, modules, depth + 1);
        }
    }
}
/// Modules that a flake or flake-parts module holds in its attributes, written in place:
/// `flake.nixosModules.x`, `flake.modules.nixos.x`, `nixosModules.x`.
fn registered(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
    file: FileId,
    value: Val,
    is_flake: bool,
) -> Vec<(FileId, Val)> {
    let mut roots = Vec::new();
    if is_flake {
        let outputs = machine.select(&value, machine.name("outputs")).ok();
        let inputs = Val::symbol(SymbolRoot::Inputs);
        roots.extend(outputs.map(|outputs| machine.apply(&outputs, inputs.thunk(), None)));
    } else if let Some(module) = module(machine, input, file, value, true, arguments) {
        roots.push(machine.force(&module.content.config));
    }
    let mut result = Vec::new();
    for root in roots {
        let prefixes: &[&[&str]] = if is_flake {
            &[&["nixosModules"]]
        } else {
            &[&["flake", "nixosModules"], &["flake", "modules", "nixos"]]
        };
        for prefix in prefixes {
            let found =
                prefix.iter().try_fold(root.clone(), |val, name| machine.select(&val, machine.name(name)));
            let Ok(found) = found else { continue };
            let Ok(attrs) = machine.set(&found) else { continue };
            for (_, entry) in &attrs.entries {
                modules_in(machine, file, &entry.value, &mut result, 0);
            }
        }
    }
    result
}

/// Modules written in place below a registry entry; paths lead to files that stand for themselves.
fn modules_in(
    machine: &Machine<'_>,
    file: FileId,
    thunk: &Thunk,
    result: &mut Vec<(FileId, Val)>,
    depth: u32,
) {
    let val = machine.force(thunk);
    match wrapper(machine, &val) {
        Some(Wrapper::Merge(list)) if depth < 10 => {
            if let Ok(list) = machine.list(&machine.force(&list)) {
                for element in &list.elements {
                    modules_in(machine, file, &element.value, result, depth + 1);
                }
            }
        }
        Some(_) => {}
        None if matches!(val.value, Value::Lambda(_) | Value::Attrs(_)) => {
            let at = val.span.map_or(file, |span| span.file);
            result.push((at, val));
        }
        None => {}
    }
}
