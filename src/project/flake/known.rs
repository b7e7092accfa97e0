//! What is known of flake inputs: nixpkgs, and libraries and frameworks whose functions make hosts.
//!
//! Each framework is a small Nix program of ours that does what the framework does to find hosts, as far
//! as that can be seen. What a program does not have stays a name.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::lock::{Input, Inputs};
use super::modules::EVAL_MODULES;
use crate::eval::{
    Attrs, Entry, FileKind, IMPORT_NIXPKGS, Machine, Name, Outside, Platform, Primitive, Symbol, SymbolRoot,
    Thunk, Val, Value, library,
};
use crate::semantic::lower;
use crate::syntax::parse;

/// A flake whose functions are known.
struct Known {
    /// The name that inputs usually have: it speaks where nothing says where an input comes from.
    name: &'static str,
    /// `owner/name`, lower case.
    repositories: &'static [&'static str],
    /// A function from `{ lib, inputs, self, input, evalModules, isFolder }` to the outputs, `__functor` for what
    /// calling the input does and `"/file"` for what importing a file of it gives.
    program: &'static str,
}

/// Read in: flake-parts 2025 and later, the others in November 2026.
static KNOWN: &[Known] = &[
    Known {
        name: "flake-parts",
        repositories: &["hercules-ci/flake-parts"],
        program: include_str!("known/flake-parts.nix"),
    },
    Known {
        name: "flake-utils",
        repositories: &["numtide/flake-utils"],
        program: include_str!("known/flake-utils.nix"),
    },
    Known {
        name: "flake-utils-plus",
        repositories: &["gytis-ivaskevicius/flake-utils-plus"],
        program: include_str!("known/flake-utils-plus.nix"),
    },
    Known {
        name: "import-tree",
        repositories: &["vic/import-tree", "denful/import-tree"],
        program: include_str!("known/import-tree.nix"),
    },
    Known {
        name: "nixos-unified",
        repositories: &["srid/nixos-unified", "srid/nixos-flake"],
        program: include_str!("known/nixos-unified.nix"),
    },
    Known {
        name: "snowfall-lib",
        repositories: &["snowfallorg/lib", "anntnzrb/snowfall-lib"],
        program: include_str!("known/snowfall-lib.nix"),
    },
    Known {
        name: "blueprint",
        repositories: &["numtide/blueprint"],
        program: include_str!("known/blueprint.nix"),
    },
    Known {
        name: "haumea",
        repositories: &["nix-community/haumea"],
        program: include_str!("known/haumea.nix"),
    },
    Known { name: "den", repositories: &["vic/den", "denful/den"], program: include_str!("known/den.nix") },
    Known {
        name: "ez-configs",
        repositories: &["ehllie/ez-configs"],
        program: include_str!("known/ez-configs.nix"),
    },
    Known {
        name: "easy-hosts",
        repositories: &["tgirlcloud/easy-hosts", "isabelroses/easy-hosts"],
        program: include_str!("known/easy-hosts.nix"),
    },
    Known {
        name: "clan-core",
        repositories: &["clan-lol/clan-core", "clan/clan-core"],
        program: include_str!("known/clan-core.nix"),
    },
];

/// Flakes that are nixpkgs, or its library.
const NIXPKGS: [&str; 4] =
    ["nixos/nixpkgs", "nix-community/nixpkgs.lib", "nixos/nixpkgs-channels", "cachix/devenv-nixpkgs"];

/// Lists of systems as flakes: the repository, and what importing it gives.
const SYSTEMS: [(&str, &[&str]); 4] = [
    ("nix-systems/default", &["aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"]),
    ("nix-systems/default-linux", &["aarch64-linux", "x86_64-linux"]),
    ("nix-systems/default-darwin", &["aarch64-darwin", "x86_64-darwin"]),
    ("nix-systems/x86_64-linux", &["x86_64-linux"]),
];

/// The inputs of a flake, with what is known of them.
pub(super) struct KnownInputs {
    inputs: Inputs,
    /// The set of all inputs, as `outputs` gets it.
    set: Rc<Attrs>,
    programs: RefCell<FxHashMap<Name, Option<Val>>>,
}

impl KnownInputs {
    pub(super) fn new(machine: &Machine<'_>, inputs: Inputs) -> Self {
        let symbol = |root, path| Val::of(Value::Symbol(Rc::new(Symbol { root, path })));
        let mut entries =
            vec![(machine.name("self"), Entry::of(symbol(SymbolRoot::SelfFlake, Vec::new()).thunk()))];
        for (name, input) in &inputs.by_name {
            let name = machine.name(name);
            let value = match &input.folder {
                Some(folder) => inside(folder.as_path(), input.is_flake),
                None => symbol(SymbolRoot::Inputs, vec![name]).thunk(),
            };
            entries.push((name, Entry::of(value)));
        }
        let mut set = Attrs::from_entries(entries);
        if !inputs.is_closed {
            let others = symbol(SymbolRoot::Inputs, Vec::new());
            set.open = Some(machine.symbolic(&others));
            set.fallback = Some(others);
        }
        Self { inputs, set: Rc::new(set), programs: RefCell::default() }
    }

    /// The argument of `outputs`.
    pub(super) fn argument(&self) -> Val {
        Val::of(Value::Attrs(self.set.clone()))
    }

    fn input<'i>(&'i self, machine: &Machine<'_>, name: Name) -> Option<&'i Input> {
        self.inputs.by_name.get(&*machine.text_of(name))
    }

    fn is_nixpkgs(&self, machine: &Machine<'_>, name: Name) -> bool {
        match self.input(machine, name).and_then(|input| input.repository.as_deref()) {
            Some(repository) => NIXPKGS.contains(&repository) || repository.ends_with("/nixpkgs"),
            None => machine.text_of(name).starts_with("nixpkgs"),
        }
    }

    /// The outputs of an input whose functions are known.
    fn outputs(&self, machine: &Machine<'_>, name: Name) -> Option<Val> {
        if let Some(outputs) = self.programs.borrow().get(&name) {
            return outputs.clone();
        }
        let text = machine.text_of(name);
        let repository = self.input(machine, name).and_then(|input| input.repository.as_deref());
        let known = KNOWN.iter().find(|known| match repository {
            Some(repository) => {
                let is_fork = known.name != "den" && repository.rsplit('/').next() == Some(known.name);
                known.repositories.contains(&repository) || is_fork
            }
            None => *text == *known.name,
        });
        let outputs = known.map(|known| self.run(machine, name, known));
        self.programs.borrow_mut().insert(name, outputs.clone());
        outputs
    }

    fn run(&self, machine: &Machine<'_>, name: Name, known: &Known) -> Val {
        let parsed = parse(known.program);
        let program = machine.own_program(&Arc::new(lower(&parsed.root()).ir));
        let symbol = |root, path| Val::of(Value::Symbol(Rc::new(Symbol { root, path }))).thunk();
        let arguments = [
            ("lib", library(machine).thunk()),
            ("inputs", self.argument().thunk()),
            ("self", symbol(SymbolRoot::SelfFlake, Vec::new())),
            ("input", symbol(SymbolRoot::Inputs, vec![name])),
            // Packages for a system that the program does not know.
            ("packages", symbol(SymbolRoot::Packages(Platform::Unknown), Vec::new())),
            ("evalModules", Val::function(&EVAL_MODULES, Vec::new()).thunk()),
            ("isFolder", Val::function(&IS_FOLDER, Vec::new()).thunk()),
        ];
        let entries = arguments.into_iter().map(|(name, value)| (machine.name(name), Entry::of(value)));
        let arguments = Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect()))));
        machine.apply(&program, arguments.thunk(), None)
    }

    /// What stands below nixpkgs.
    fn nixpkgs(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Val> {
        let names: Vec<Rc<str>> = path.iter().map(|name| machine.text_of(*name)).collect();
        match names.iter().map(|name| &**name).collect::<Vec<_>>().as_slice() {
            ["lib" | "/lib" | "/lib/default.nix"] => Some(library(machine)),
            ["legacyPackages", system] => {
                let system = Val::string(system).thunk();
                Some(Val::symbol(SymbolRoot::Packages(Platform::Of(system))))
            }
            ["/" | "/default.nix"] => Some(Val::function(&IMPORT_NIXPKGS, Vec::new())),
            _ => None,
        }
    }
}

/// Whether a value is the path of a folder of the project.
static IS_FOLDER: Primitive = Primitive {
    name: "isFolder",
    arity: 1,
    run: |machine, arguments, _| {
        let path = machine.project_path(&machine.force(&arguments[0]));
        let kind = path.and_then(|path| machine.loader().kind(&path));
        Ok(Val::of(Value::Bool(kind == Some(FileKind::Directory))))
    },
};

impl Outside for KnownInputs {
    fn input(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Val> {
        let [name, below @ ..] = path else { return None };
        if self.is_nixpkgs(machine, *name) {
            return self.nixpkgs(machine, below);
        }
        let [attribute] = below else { return None };
        let text = machine.text_of(*attribute);
        let repository =
            KnownInputs::input(self, machine, *name).and_then(|input| input.repository.as_deref());
        if let Some((_, systems)) = SYSTEMS.iter().find(|(known, _)| repository == Some(*known))
            && matches!(&*text, "/" | "/default.nix")
        {
            return Some(Val::list(systems.iter().map(|system| Val::string(system).thunk()).collect()));
        }
        let outputs = machine.set(&self.outputs(machine, *name)?).ok()?;
        let val = machine.force(&outputs.get(*attribute)?.value);
        match &val.value {
            // What a library has beside the known functions stays a name.
            Value::Attrs(attrs) if matches!(&*text, "lib" | "flakeModules") && attrs.fallback.is_none() => {
                let mut attrs = (**attrs).clone();
                let symbol = Symbol { root: SymbolRoot::Inputs, path: path.to_vec() };
                let symbol = Val::of(Value::Symbol(Rc::new(symbol)));
                attrs.open = Some(machine.symbolic(&symbol));
                attrs.fallback = Some(symbol);
                Some(Val::at(Value::Attrs(Rc::new(attrs)), val.span))
            }
            _ => Some(val),
        }
    }

    fn library(&self, _: &Machine<'_>, name: &str) -> Option<Val> {
        (name == "evalModules").then(|| Val::function(&EVAL_MODULES, Vec::new()))
    }
}

/// An input that is a folder of the project: its outputs, with its own inputs known by name only.
fn inside(folder: &camino::Utf8Path, is_flake: bool) -> Thunk {
    let folder = folder.to_owned();
    Thunk::fix(move |machine, own| {
        let path = Val::of(Value::Path(folder.as_path().into())).thunk();
        let mut entries = vec![(machine.name("outPath"), Entry::of(path))];
        let file = folder.join("flake.nix");
        if is_flake && machine.loader().kind(&file).is_some() {
            let flake = machine.import(&file);
            let mut inputs = Attrs::from_entries(vec![(machine.name("self"), Entry::of(own))]);
            let others = Val::symbol(SymbolRoot::Inputs);
            inputs.open = Some(machine.symbolic(&others));
            inputs.fallback = Some(others);
            let inputs = Val::of(Value::Attrs(Rc::new(inputs)));
            let outputs = machine.select(&flake, machine.name("outputs"));
            let outputs = outputs.map(|outputs| machine.apply(&outputs, inputs.thunk(), None));
            if let Ok(outputs) = outputs.and_then(|outputs| machine.set(&outputs)) {
                entries.extend(outputs.entries.iter().cloned());
            }
        }
        Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_nix() {
        for known in KNOWN {
            assert!(parse(known.program).is_ok(), "{}", known.name);
        }
    }
}
