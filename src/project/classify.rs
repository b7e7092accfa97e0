//! The module system of each file, for what no host reaches: from the edges between files, else from the
//! keys they define.
//!
//! Must never speak against a host: where a closure reaches a file, the closure says what it is.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::Arguments;
use super::imports::{Edge, Import, file_at};
use super::input::ProjectInput;
use super::link::{Module, module};
use super::table::{Certainty, Node, Raw};
use crate::eval::{Condition, Machine, Val, Value};
use crate::module::FileClass;
use crate::nixos::roots::ModuleSystem;
use crate::semantic::{Attr, Expr, ExprId, Ir, Part, PathKind};
use crate::text::FileId;

/// The module systems a file belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub systems: FxHashSet<ModuleSystem>,
}
/// The class of every module file: from the edges that reach it, else from its keys.
pub(super) fn classify(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
) -> FxHashMap<FileId, Class> {
    let mut guesses: FxHashMap<FileId, FileClass> = FxHashMap::default();
    let mut edges: FxHashMap<FileId, Vec<FileId>> = FxHashMap::default();
    let mut seeds: Vec<(FileId, ModuleSystem)> = Vec::new();
    let has_darwin =
        input.files.iter().any(|file| file.facts.as_ref().is_some_and(|facts| facts.names_darwin));
    for file in input.files {
        let Some(facts) = &file.facts else { continue };
        let is_flake = file.path.file_name() == Some("flake.nix");
        let mut guess = if is_flake { FileClass::Other } else { facts.class };
        if guess == FileClass::Module
            && !has_darwin
            && let Some(systems) = facts.outline.systems()
        {
            // Without darwin hosts, what fits NixOS and darwin is NixOS.
            let systems: Vec<_> =
                systems.into_iter().filter(|system| *system != ModuleSystem::Darwin).collect();
            if systems == [ModuleSystem::Nixos] {
                guess = FileClass::Nixos;
            } else if systems == [ModuleSystem::HomeManager] {
                guess = FileClass::HomeManager;
            }
        }
        guesses.insert(file.id, guess);
        let is_registry = is_flake || guess == FileClass::FlakeParts;
        let program = is_registry.then(|| machine.loader().program(&file.path)).flatten();
        for (path, system) in program.iter().flat_map(|(_, ir)| paths_with_class(ir)) {
            let Some(system) = system else { continue };
            let mut absolute = machine.loader().path(file.id);
            absolute.pop();
            let target = crate::eval::normalise(&format!("{absolute}/{path}"));
            seeds.extend(file_at(machine, &target).map(|target| (target, system)));
        }
        let is_module = matches!(
            guess,
            FileClass::Nixos
                | FileClass::HomeManager
                | FileClass::Darwin
                | FileClass::FlakeParts
                | FileClass::Module
        );
        if is_module {
            let value = machine.import(&file.path);
            if let Some(module) = module(machine, input, file.id, value, true, arguments) {
                let targets = imported(machine, input, arguments, &module.imports, 0);
                edges.insert(file.id, targets);
                seeds.extend(
                    home_modules(machine, input, arguments, &module)
                        .into_iter()
                        .map(|id| (id, ModuleSystem::HomeManager)),
                );
            }
        }
    }
    let mut classes: FxHashMap<FileId, Class> = FxHashMap::default();
    // Edges speak first …
    spread(&mut classes, &edges, &guesses, seeds);
    // … then keys, for files that no edge reached.
    let guessed = input.files.iter().filter_map(|file| {
        let system = system_of_class(*guesses.get(&file.id)?)?;
        (!classes.contains_key(&file.id)).then_some((file.id, system))
    });
    let guessed: Vec<_> = guessed.collect();
    spread(&mut classes, &edges, &guesses, guessed);
    classes
}

/// Gives every file that the seeds reach over imports their class, unless its keys contradict.
fn spread(
    classes: &mut FxHashMap<FileId, Class>,
    edges: &FxHashMap<FileId, Vec<FileId>>,
    guesses: &FxHashMap<FileId, FileClass>,
    seeds: Vec<(FileId, ModuleSystem)>,
) {
    let mut queue: VecDeque<(FileId, ModuleSystem)> = seeds.into();
    while let Some((file, system)) = queue.pop_front() {
        let guessed = guesses.get(&file).and_then(|class| system_of_class(*class));
        let contradicted = guessed.is_some_and(|guessed| guessed != system);
        if contradicted || !classes.entry(file).or_default().systems.insert(system) {
            continue;
        }
        queue.extend(edges.get(&file).into_iter().flatten().map(|target| (*target, system)));
    }
}

fn system_of_class(class: FileClass) -> Option<ModuleSystem> {
    match class {
        FileClass::Nixos => Some(ModuleSystem::Nixos),
        FileClass::HomeManager => Some(ModuleSystem::HomeManager),
        FileClass::Darwin => Some(ModuleSystem::Darwin),
        FileClass::FlakeParts => Some(ModuleSystem::FlakeParts),
        _ => None,
    }
}

fn imported(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
    imports: &[Edge],
    depth: u32,
) -> Vec<FileId> {
    let mut result = Vec::new();
    for edge in imports {
        match &edge.import {
            Import::File(file, _) => result.push(*file),
            Import::Inline(file, val) if depth < 10 => {
                if let Some(module) = module(machine, input, *file, val.clone(), false, arguments) {
                    result.extend(imported(machine, input, arguments, &module.imports, depth + 1));
                }
            }
            Import::Inline(..) | Import::Unread(_) | Import::External(_) | Import::Lost(_) => {}
        }
    }
    result
}

/// Files that a module makes Home Manager modules: values of `home-manager.users.*`, `sharedModules`.
fn home_modules(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
    module: &Module,
) -> Vec<FileId> {
    let raw = Raw::root(module.content.config.clone(), Certainty::Must, module.file);
    let home = Node::new(machine, &Condition::clone, vec![raw]).child(
        machine,
        &Condition::clone,
        machine.name("home-manager"),
    );
    if home.definitions().is_empty() {
        return Vec::new();
    }
    let mut result = Vec::new();
    let mut visit = |val: &Val| {
        if let Some(path) = machine.project_path(val) {
            result.extend(file_at(machine, &path));
            return;
        }
        let Some(span) = val.span else { return };
        if span.file != module.file
            && let Value::Lambda(_) = val.value
        {
            // `import ./home.nix`
            result.push(span.file);
        }
        if let Some(inner) = self::module(machine, input, span.file, val.clone(), false, arguments) {
            result.extend(imported(machine, input, arguments, &inner.imports, 0));
        }
    };
    for (_, user) in
        &home.child(machine, &Condition::clone, machine.name("users")).keys(machine, &Condition::clone).keys
    {
        for definition in user.definitions() {
            visit(&definition.value);
        }
    }
    for definition in home.child(machine, &Condition::clone, machine.name("sharedModules")).definitions() {
        if let Ok(list) = machine.list(&definition.value) {
            for element in &list.elements {
                visit(&machine.force(&element.value));
            }
        }
    }
    result
}

/// Relative path literals of a file, with the module system that the attribute around them names.
fn paths_with_class(ir: &Ir) -> Vec<(String, Option<ModuleSystem>)> {
    let mut result = Vec::new();
    // From the root down, so that the nearest name wins; a work list, because nesting may be deep.
    let mut work: Vec<(ExprId, Option<ModuleSystem>)> = vec![(ir.root(), None)];
    while let Some((id, system)) = work.pop() {
        let attr = |attr: &Attr| (attr.value, system_of_name(ir.name(attr.name)).or(system));
        match ir.expr(id) {
            Expr::Path(PathKind::Relative, parts) => {
                if let [Part::Text { text, .. }] = &**parts {
                    result.push((text.to_string(), system));
                }
            }
            Expr::Attrs(set) => {
                work.extend(set.attrs.iter().map(attr));
                work.extend(set.dynamic.iter().map(|attr| (attr.value, system)));
            }
            Expr::Let(node) => {
                work.extend(node.0.attrs.iter().map(attr));
                work.push((node.1, system));
            }
            Expr::Apply(function, argument) => {
                let called = system_of_call(ir, *function).or(system);
                work.push((*function, system));
                work.push((*argument, called));
            }
            Expr::List(items) => work.extend(items.iter().map(|item| (*item, system))),
            Expr::Lambda(lambda) => work.push((lambda.body, system)),
            Expr::With(set, body) | Expr::Assert(set, body) => work.extend([(*set, system), (*body, system)]),
            Expr::If(node) => work.extend(node.iter().map(|expr| (*expr, system))),
            Expr::Binary(_, left, right) => work.extend([(*left, system), (*right, system)]),
            Expr::Select(node) => work.push((node.0, system)),
            Expr::Str(parts) => {
                work.extend(parts.iter().filter_map(|part| match part {
                    Part::Interpolation { expr, .. } => Some((*expr, system)),
                    Part::Text { .. } => None,
                }));
            }
            _ => {}
        }
    }
    result
}

fn system_of_name(name: &str) -> Option<ModuleSystem> {
    match name {
        "nixosConfigurations" | "nixosModules" | "nixosModule" | "nixos" => Some(ModuleSystem::Nixos),
        "homeConfigurations" | "homeModules" | "homeManagerModules" | "homeManager" | "sharedModules"
        | "home-manager" => Some(ModuleSystem::HomeManager),
        "darwinConfigurations" | "darwinModules" | "darwin" => Some(ModuleSystem::Darwin),
        _ => None,
    }
}

fn system_of_call(ir: &Ir, function: ExprId) -> Option<ModuleSystem> {
    let name = match ir.expr(function) {
        Expr::Select(node) => match node.1.last()? {
            crate::semantic::Key::Static(name, _) => ir.name(*name),
            crate::semantic::Key::Dynamic(_) => return None,
        },
        Expr::WithName(name) => ir.name(*name),
        _ => return None,
    };
    match name {
        "nixosSystem" => Some(ModuleSystem::Nixos),
        "homeManagerConfiguration" => Some(ModuleSystem::HomeManager),
        "darwinSystem" => Some(ModuleSystem::Darwin),
        "mkFlake" => Some(ModuleSystem::FlakeParts),
        _ => None,
    }
}
