//! Calls that make hosts: `nixosSystem` and its kin.
//!
//! Must never take a host for one without modules because its call is not understood.

use std::rc::Rc;

use super::super::table::Certainty;
use super::super::view::Known;
use super::{HostClass, HostSeed, RootModules};
use crate::eval::{
    Attrs, Call, Condition, List, Machine, Reason, SymbolRoot, Thunk, Unknown, Val, Value, is_error,
};
use crate::text::FileId;

/// A function that makes a host of a set with the list of its modules.
struct Maker {
    /// Its name, or the file it is imported from.
    name: &'static str,
    /// What it calls the arguments that every module is given.
    arguments: &'static str,
}

/// lib/eval-config.nix of nixpkgs (nixos/) and nix-darwin, lib/default.nix of Home Manager, lib/modules.nix
/// of nixpkgs, and nixos/default.nix of nixpkgs.
const MAKERS: [Maker; 8] = [
    Maker { name: "nixosSystem", arguments: "specialArgs" },
    Maker { name: "darwinSystem", arguments: "specialArgs" },
    Maker { name: "homeManagerConfiguration", arguments: "extraSpecialArgs" },
    Maker { name: "evalModules", arguments: "specialArgs" },
    Maker { name: "/nixos/lib/eval-config.nix", arguments: "specialArgs" },
    Maker { name: "/nixos", arguments: "specialArgs" },
    Maker { name: "/nixos/default.nix", arguments: "specialArgs" },
    Maker { name: "/eval-config.nix", arguments: "specialArgs" },
];

/// The arguments that hold modules: lists, and a single module.
const LISTS: [&str; 2] = ["modules", "extraModules"];
const SINGLE: &str = "configuration";

/// What a host is called, and where.
pub(super) struct Place {
    pub name: String,
    pub class: HostClass,
    pub flake: FileId,
    /// When the flake has it.
    pub condition: Condition,
    /// The system under which it stands in the outputs.
    pub system: Option<String>,
}

/// The host that an attribute of the outputs is.
pub(super) fn host(machine: &Machine<'_>, place: Place, val: &Val) -> HostSeed {
    let mut made = Made::default();
    let certainty = if place.condition == Condition::True { Certainty::Must } else { Certainty::May };
    made.alternatives(machine, val, certainty);
    HostSeed {
        name: place.name,
        class: place.class,
        system: made.system.or(place.system),
        packages: made.packages,
        roots: made.roots,
        arguments: Rc::new(made.arguments),
        flake: place.flake,
        open: made.open,
    }
}

/// What the calls that make a host say.
#[derive(Default)]
struct Made {
    system: Option<String>,
    packages: Option<Known<String>>,
    roots: Vec<RootModules>,
    arguments: Attrs,
    open: Option<Unknown>,
}

impl Made {
    fn alternatives(&mut self, machine: &Machine<'_>, val: &Val, certainty: Certainty) {
        let mut alternatives = machine.alternatives(val);
        if alternatives.len() > 1 {
            // Where Nix stops there is no host.
            alternatives
                .retain(|(_, val)| !matches!(&val.value, Value::Unknown(unknown) if is_error(unknown)));
        }
        // One of several functions is called: whichever it is, its modules are these.
        let argument = |val: &Val| match &val.value {
            Value::Symbol(symbol) => match &symbol.root {
                SymbolRoot::Call(call) if symbol.path.is_empty() => call.arguments.first().cloned(),
                _ => None,
            },
            _ => None,
        };
        if let Some(first) = alternatives.first().and_then(|(_, val)| argument(val))
            && alternatives.iter().all(|(_, val)| argument(val).is_some_and(|other| other.is(&first)))
        {
            alternatives.truncate(1);
        }
        let certainty = if alternatives.len() == 1 { certainty } else { certainty.max(Certainty::May) };
        for (_, val) in alternatives {
            if let Err(unknown) = self.made(machine, &val, certainty) {
                self.arguments.open = Some(unknown.clone());
                self.open = Some(unknown);
            }
        }
    }

    /// The host that a value is: a call, or what a call gives with more attributes.
    fn made(&mut self, machine: &Machine<'_>, val: &Val, certainty: Certainty) -> Result<(), Unknown> {
        match &val.value {
            Value::Symbol(symbol) => match &symbol.root {
                SymbolRoot::Call(call) if symbol.path.is_empty() => self.called(machine, call, certainty),
                _ => Err(machine.symbolic(val)),
            },
            Value::Attrs(attrs) => match &attrs.fallback {
                Some(call) => self.made(machine, call, certainty),
                None => Err(Unknown::new(Reason::Symbolic("a set made in another way".to_owned()))),
            },
            _ => Err(machine.symbolic(val)),
        }
    }

    fn called(&mut self, machine: &Machine<'_>, call: &Call, certainty: Certainty) -> Result<(), Unknown> {
        let not_known = || Unknown::new(Reason::Symbolic(machine.symbol_text(&call.function)));
        let name = call.function.path.last().map(|name| machine.text_of(*name)).ok_or_else(not_known)?;
        let argument = call.arguments.first().ok_or_else(not_known)?;
        if &*name == "extendModules"
            && let SymbolRoot::Call(base) = &call.function.root
        {
            self.called(machine, base, certainty)?;
            return self.take(machine, argument, "specialArgs", certainty);
        }
        let maker = MAKERS.iter().find(|maker| *name == *maker.name);
        // Flakes that change nixpkgs have functions of their own with the same arguments.
        let arguments = match maker {
            Some(maker) => maker.arguments,
            None if name.contains("nixosSystem") || name.contains("NixosSystem") => "specialArgs",
            None => return Err(not_known()),
        };
        self.take(machine, argument, arguments, certainty)?;
        if self.roots.is_empty() && self.open.is_none() {
            self.open = Some(Unknown::new(Reason::Argument("modules".to_owned())));
        }
        Ok(())
    }

    /// Takes what the argument of a call says.
    fn take(
        &mut self,
        machine: &Machine<'_>,
        argument: &Thunk,
        arguments: &str,
        certainty: Certainty,
    ) -> Result<(), Unknown> {
        let set = machine.set(&machine.force(argument))?;
        let entry = |name: &str| set.get(machine.name(name)).map(|entry| entry.value.clone());
        self.open = self.open.take().or_else(|| set.open.clone());
        let packages = entry("pkgs").map(|packages| machine.force(&packages));
        match packages.filter(|packages| !matches!(packages.value, Value::Null)) {
            Some(packages) => self.packages = Some(machine.system_of_packages(&packages).into()),
            None if set.open.is_some() => self.packages = Some(Known::Unknown),
            None => {}
        }
        let system = self.packages.as_ref().and_then(Known::value).cloned();
        let system = system.or_else(|| self.system.take());
        self.system = system.or_else(|| machine.force(&entry("system")?).as_str());
        if let Some(special) = entry(arguments) {
            match machine.set(&machine.force(&special)) {
                Ok(special) => {
                    let mut entries = std::mem::take(&mut self.arguments.entries);
                    entries.extend(special.entries.iter().cloned());
                    let open = self.arguments.open.take().or_else(|| special.open.clone());
                    self.arguments = Attrs { open, ..Attrs::from_entries(entries) };
                }
                Err(unknown) => self.arguments.open = Some(unknown),
            }
        }
        let lists = LISTS.iter().filter_map(|name| entry(name));
        let single = entry(SINGLE).map(|module| Val::list(vec![module]).thunk());
        for modules in lists.chain(single) {
            if !is_empty(machine, &modules) {
                self.roots.push(RootModules { modules, certainty });
            }
        }
        Ok(())
    }
}

fn is_empty(machine: &Machine<'_>, modules: &Thunk) -> bool {
    let Value::List(list) = &machine.force(modules).value else { return false };
    let List { elements, open } = &**list;
    elements.is_empty() && open.is_none()
}
