//! From files to modules: which files are modules, of which module system, and what they import.
//!
//! Until hosts are read from the flake's outputs, a project is one closure: all its NixOS modules.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::Arguments;
use super::input::ProjectInput;
use super::merge::alias_module;
use super::table::{Certainty, Node, PLAIN_PRIORITY, Raw};
use crate::eval::{
    Condition, Machine, Symbol, SymbolRoot, TextHole, TextPiece, Thunk, Unknown, Val, Value, Wrapper, wrapper,
};
use crate::module::FileClass;
use crate::nixos::roots::ModuleSystem;
use crate::semantic::{Attr, Expr, ExprId, Ir, Part, PathKind};
use crate::text::FileId;

/// Modules that one host may have.
const MAX_MODULES: usize = 20_000;

/// The module systems a file belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub systems: FxHashSet<ModuleSystem>,
}

/// What a module evaluates to.
pub(super) struct Module {
    pub file: FileId,
    /// What it defines, wrappers and all.
    pub config: Thunk,
    /// What it declares.
    pub options: Option<Thunk>,
    pub imports: Vec<Import>,
}

pub(super) enum Import {
    File(FileId),
    /// A module written in place, with the file it stands in.
    Inline(FileId, Val),
    /// Something of the project that could not be followed.
    Lost(Unknown),
}

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
            for (file, val) in registered(machine, input, arguments, file.id, value(), is_flake) {
                if let Some(module) = module(machine, input, file, val, false, arguments) {
                    collect(machine, input, arguments, module, Certainty::Must, &mut modules, 0);
                }
            }
        }
    }
    modules
}

/// The modules of one host.
pub(super) struct Closure {
    pub modules: Vec<(Module, Certainty)>,
    /// The files among them.
    pub files: FxHashSet<FileId>,
    /// Why modules may be missing.
    pub incomplete: Option<Unknown>,
}

/// Follows the imports of `roots`, each file once, with the arguments the flake passes to modules.
pub(super) fn closure(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    roots: &Thunk,
    flake: FileId,
    arguments: &Arguments,
) -> Closure {
    let mut closure = Closure { modules: Vec::new(), files: FxHashSet::default(), incomplete: None };
    let mut queue: VecDeque<Import> = read_imports(machine, input, flake, roots).into();
    while let Some(import) = queue.pop_front() {
        let (file, val, is_file) = match import {
            Import::Lost(unknown) => {
                closure.incomplete = Some(unknown);
                continue;
            }
            Import::File(file) => {
                if !closure.files.insert(file) {
                    continue;
                }
                let path = machine.loader().path(file);
                if machine.loader().program(&path).is_none() {
                    closure.incomplete = Some(Unknown::new(crate::eval::Reason::Syntax));
                    continue;
                }
                (file, machine.import(&path), true)
            }
            Import::Inline(file, val) => (file, val, false),
        };
        match module(machine, input, file, val, is_file, arguments) {
            Some(mut module) => {
                queue.extend(std::mem::take(&mut module.imports));
                closure.modules.push((module, Certainty::Must));
            }
            None => closure.incomplete = Some(Unknown::new(crate::eval::Reason::Several)),
        }
        if closure.modules.len() > MAX_MODULES {
            closure.incomplete = Some(Unknown::new(crate::eval::Reason::Fuel));
            break;
        }
    }
    closure
}

/// The root of the option table of these modules.
pub(super) fn table(machine: &Machine<'_>, modules: &[(Module, Certainty)]) -> Node {
    tree(machine, modules, |module| Some(module.config.clone()))
}

/// The root of the declarations of these modules.
pub(super) fn declarations(machine: &Machine<'_>, modules: &[(Module, Certainty)]) -> Node {
    tree(machine, modules, |module| module.options.clone())
}

fn tree(
    machine: &Machine<'_>,
    modules: &[(Module, Certainty)],
    value: impl Fn(&Module) -> Option<Thunk>,
) -> Node {
    let raw = modules.iter().filter_map(|(module, certainty)| {
        Some(Raw {
            value: value(module)?,
            condition: Condition::True,
            priority: PLAIN_PRIORITY,
            order: 1000,
            certainty: *certainty,
            file: module.file,
            path: Vec::new(),
            key: None,
            binding: None,
        })
    });
    Node::new(machine, &Condition::clone, raw.collect())
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
        if let Import::Inline(file, val) = import {
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

/// Reads a value as a module; `None` where it is none.
fn module(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    file: FileId,
    value: Val,
    is_file: bool,
    arguments: &Arguments,
) -> Option<Module> {
    let mut val = value;
    for _ in 0..3 {
        if !matches!(val.value, Value::Lambda(_)) {
            break;
        }
        val = arguments.apply(machine, &val);
    }
    if is_file && !matches!(val.value, Value::Attrs(_) | Value::Choice(_)) {
        return None;
    }
    let attrs = machine.set(&val).ok()?;
    if wrapper(machine, &val).is_some() {
        return Some(Module { file, config: val.thunk(), options: None, imports: Vec::new() });
    }
    let entry = |name: &str| attrs.get(machine.name(name)).map(|entry| entry.value.clone());
    let imports =
        entry("imports").map(|imports| read_imports(machine, input, file, &imports)).unwrap_or_default();
    let config = if entry("config").is_some() || entry("options").is_some() {
        match attrs.get(machine.name("config")) {
            Some(entry) => entry.value.clone(),
            None => Val::of(Value::Attrs(Rc::default())).thunk(),
        }
    } else {
        let mut config = (*attrs).clone();
        let keys: Vec<_> = ["imports", "disabledModules", "_class", "_file", "key", "meta"]
            .map(|name| machine.name(name))
            .into();
        config.entries.retain(|(name, _)| !keys.contains(name));
        Val::at(Value::Attrs(Rc::new(config)), val.span).thunk()
    };
    Some(Module { file, config, options: entry("options"), imports })
}

fn read_imports(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    file: FileId,
    imports: &Thunk,
) -> Vec<Import> {
    let list = match machine.list(&machine.force(imports)) {
        Ok(list) => list,
        Err(unknown) => return vec![Import::Lost(unknown)],
    };
    let mut result: Vec<Import> = list.open.iter().cloned().map(Import::Lost).collect();
    for element in &list.elements {
        if element.condition == Condition::False {
            continue;
        }
        let val = machine.force(&element.value);
        for (_, val) in machine.alternatives(&val) {
            if let Some(path) = machine.project_path(&val) {
                result.extend(file_at(machine, input, &path).map(Import::File));
            } else if let Some(module) = alias_module(machine, &val) {
                result.push(Import::Inline(file, module));
            } else if matches!(val.value, Value::Lambda(_) | Value::Attrs(_)) {
                let at = val.span.map_or(file, |span| span.file);
                result.push(Import::Inline(at, val));
            } else if !is_external(machine, &val) {
                result.push(Import::Lost(machine.symbolic(&val)));
            }
        }
    }
    result
}

/// Whether a module certainly comes from outside the project.
fn is_external(machine: &Machine<'_>, val: &Val) -> bool {
    let from_outside = |symbol: &Symbol| {
        matches!(
            symbol.root,
            SymbolRoot::Inputs | SymbolRoot::ModulesPath | SymbolRoot::SearchPath(_) | SymbolRoot::Packages
        )
    };
    match &val.value {
        Value::Symbol(symbol) => match &symbol.root {
            SymbolRoot::Call(call) if matches!(call.function.root, SymbolRoot::Library) => {
                // `mkRenamedOptionModule` and its kin: modules of `lib`.
                let last = call.function.path.last().map(|name| machine.text_of(*name));
                last.is_some_and(|name| name.starts_with("mk") && name.contains("OptionModule"))
            }
            SymbolRoot::Call(_) => false,
            _ => from_outside(symbol),
        },
        Value::Str(text) => match text.pieces.first() {
            Some(TextPiece::Hole(TextHole { value: Some(val), .. })) => is_external(machine, val),
            _ => false,
        },
        Value::Unknown(unknown) => crate::eval::is_error(unknown),
        _ => false,
    }
}

/// The Nix file that `import` reads for a path.
fn file_at(machine: &Machine<'_>, input: &ProjectInput<'_>, path: &camino::Utf8Path) -> Option<FileId> {
    let path = match machine.loader().kind(path)? {
        crate::eval::FileKind::Directory => path.join("default.nix"),
        _ => path.to_owned(),
    };
    let at = input.files.binary_search_by(|file| file.path.as_path().cmp(&path)).ok()?;
    Some(input.files[at].id)
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
        let inputs = Val::of(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Inputs, path: Vec::new() })));
        roots.extend(outputs.map(|outputs| machine.apply(&outputs, inputs.thunk(), None)));
    } else if let Some(module) = module(machine, input, file, value, true, arguments) {
        roots.push(machine.force(&module.config));
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

/// The class of every module file: from the edges that reach it, else from its keys.
fn classify(
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
            seeds.extend(file_at(machine, input, &target).map(|target| (target, system)));
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
    imports: &[Import],
    depth: u32,
) -> Vec<FileId> {
    let mut result = Vec::new();
    for import in imports {
        match import {
            Import::File(file) => result.push(*file),
            Import::Inline(file, val) if depth < 10 => {
                if let Some(module) = module(machine, input, *file, val.clone(), false, arguments) {
                    result.extend(imported(machine, input, arguments, &module.imports, depth + 1));
                }
            }
            Import::Inline(..) | Import::Lost(_) => {}
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
    let raw = Raw {
        value: module.config.clone(),
        condition: Condition::True,
        priority: PLAIN_PRIORITY,
        order: 1000,
        certainty: Certainty::Must,
        file: module.file,
        path: Vec::new(),
        key: None,
        binding: None,
    };
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
            result.extend(file_at(machine, input, &path));
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
