//! The options of one host, or of one Home Manager user: what is defined, what is declared, and what
//! conditions come to. Answers the evaluator, which asks while it evaluates, so every question is guarded
//! against itself.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::flake::HostClass;
use super::link::{self, Module};
use super::merge::{self, Declarations, Merger};
use super::table::{Certainty, Definition, Listing, Node, OptionKey};
use super::view::Known;
use crate::eval::{
    Atom, Attrs, Condition, Machine, Name, OptionPath, Options, Realm, Reason, Scalar, Thunk, Unknown, Val,
    Value, platform_attribute,
};
use crate::nixos::platforms;

/// What all definitions of an option come to.
#[derive(Clone)]
pub enum Resolved {
    /// Nobody defines it in the project, and nothing hides a definition.
    Unset,
    /// One value, for sure.
    Known(Val),
    /// Several values are possible, or none is known.
    Unknown(Unknown),
}

/// The options that a closure of modules defines and declares.
pub(super) struct OptionTable {
    realm: Realm,
    class: HostClass,
    /// The system that the flake says the host is built for.
    platform: Option<Rc<str>>,
    /// The system of the packages that the flake gives, or may give, the host.
    packages: Option<Known<String>>,
    /// Whether it is that of one machine; else two definitions may belong to two.
    is_host: bool,
    root: Rc<Node>,
    declarations: Rc<Node>,
    merger: Rc<Merger>,
    /// Why modules may be missing.
    incomplete: Option<Unknown>,
    /// What the flake passes to the modules.
    arguments: Rc<Attrs>,
    /// The options of the host that a user belongs to.
    system: Option<Rc<OptionTable>>,
    decisions: RefCell<FxHashMap<Atom, Option<bool>>>,
    /// Atoms that are being decided: a question that comes back to itself is not decided.
    deciding: RefCell<Vec<Atom>>,
    /// The place in `deciding` of the outermost atom that a question came back to.
    highest: Cell<usize>,
}

/// Where an [`OptionTable`] comes from.
pub(super) struct OptionSource<'a> {
    pub realm: Realm,
    pub class: HostClass,
    pub platform: Option<Rc<str>>,
    pub packages: Option<Known<String>>,
    pub is_host: bool,
    pub modules: &'a [(Module, Certainty)],
    /// What is known of declarations whatever the host.
    pub shared: Rc<Declarations>,
    pub incomplete: Option<Unknown>,
    pub arguments: Rc<Attrs>,
    pub system: Option<Rc<OptionTable>>,
}

impl OptionTable {
    pub(super) fn new(machine: &Machine<'_>, source: OptionSource<'_>) -> Self {
        Self {
            realm: source.realm,
            class: source.class,
            platform: source.platform,
            packages: source.packages,
            is_host: source.is_host,
            root: Rc::new(link::table(machine, source.modules)),
            declarations: Rc::new(link::declarations(machine, source.modules)),
            merger: Merger::new(merge::parts(source.modules), source.shared),
            incomplete: source.incomplete,
            arguments: source.arguments,
            system: source.system,
            decisions: RefCell::default(),
            deciding: RefCell::default(),
            highest: Cell::new(usize::MAX),
        }
    }

    /// The options of this or of the host around it.
    pub(super) fn in_realm(&self, realm: Realm) -> Option<&Self> {
        if realm == self.realm { Some(self) } else { self.system.as_ref()?.in_realm(realm) }
    }

    /// The options that the one of `realm` at `path` belongs to: of a home without a system around it, the
    /// platform is known all the same, and of one with packages of its own it is not.
    pub(super) fn with_option(&self, machine: &Machine<'_>, realm: Realm, path: &[Name]) -> Option<&Self> {
        if realm == self.realm || !is_of_platform(path) {
            return self.in_realm(realm);
        }
        let has_packages = [["_module", "args", "pkgs"].as_slice(), &["nixpkgs", "system"]]
            .into_iter()
            .any(|path| self.is_defined(machine, path));
        if has_packages { None } else { Some(self.in_realm(realm).unwrap_or(self)) }
    }

    /// Whether the modules have a definition at `path`.
    fn is_defined(&self, machine: &Machine<'_>, path: &[&str]) -> bool {
        let path: Vec<Name> = path.iter().map(|name| machine.name(name)).collect();
        !self.below(machine, &self.root, &path).definitions().is_empty()
    }

    /// The node of all definitions.
    pub(super) fn root(&self) -> &Rc<Node> {
        &self.root
    }

    pub(super) fn child(&self, machine: &Machine<'_>, node: &Rc<Node>, name: Name) -> Rc<Node> {
        node.child(machine, &|condition| self.decided(machine, condition), name)
    }

    pub(super) fn keys(&self, machine: &Machine<'_>, node: &Rc<Node>) -> Rc<Listing> {
        node.keys(machine, &|condition| self.decided(machine, condition))
    }

    /// The keys below `node` of which `wanted` takes a definition, which it is shown before it is evaluated.
    pub(super) fn keys_with(
        &self,
        machine: &Machine<'_>,
        node: &Node,
        wanted: &dyn Fn(Name, &Thunk) -> bool,
    ) -> Vec<(OptionKey, Rc<Node>)> {
        node.keys_with(machine, &|condition| self.decided(machine, condition), wanted)
    }

    /// The node below `node` at `path`.
    pub(super) fn below(&self, machine: &Machine<'_>, node: &Rc<Node>, path: &[Name]) -> Rc<Node> {
        path.iter().fold(node.clone(), |node, name| self.child(machine, &node, *name))
    }

    /// Why something that is not known may be defined at or above `path`; `None` where nothing may.
    pub(super) fn open(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Unknown> {
        if let Some(incomplete) = &self.incomplete {
            return Some(incomplete.clone());
        }
        // Modules of hosts that are not known define their own units and containers, and nothing else for sure.
        if !self.is_host {
            let name = |at: usize| path.get(at).map(|name| machine.text_of(*name));
            let (first, second) = (name(0), name(1));
            let is_own = matches!(
                (first.as_deref(), second.as_deref()),
                (Some("systemd"), Some(_)) | (Some("virtualisation"), Some("oci-containers"))
            );
            if !is_own {
                return Some(Unknown::new(Reason::Argument("host".to_owned())));
            }
        }
        let mut node = self.root.clone();
        for name in path {
            if let Some(open) = node.open() {
                return Some(open.clone());
            }
            node = self.child(machine, &node, *name);
        }
        node.open().cloned()
    }

    /// The condition with what is certain here decided.
    pub(super) fn decided(&self, machine: &Machine<'_>, condition: &Condition) -> Condition {
        if matches!(condition, Condition::True | Condition::False) {
            return condition.clone();
        }
        match condition.decide(&mut |atom| self.decide_atom(machine, atom)) {
            // Without a host two machines may decide differently: enough for silence, not for a claim.
            decided if self.is_host || decided == Condition::False => decided,
            _ => condition.clone(),
        }
    }

    fn decide_atom(&self, machine: &Machine<'_>, atom: &Atom) -> Option<bool> {
        let (Atom::Option(option) | Atom::Equals(option, _)) = atom else { return None };
        let table = self.with_option(machine, option.realm, &option.names)?;
        if !std::ptr::eq(table, self) {
            return table.decide_atom(machine, atom);
        }
        if let Some(decision) = self.decisions.borrow().get(atom) {
            return *decision;
        }
        let depth = self.deciding.borrow().len();
        if let Some(at) = self.deciding.borrow().iter().position(|other| other == atom) {
            self.highest.set(self.highest.get().min(at));
            return None;
        }
        let highest = self.highest.replace(usize::MAX);
        let cuts = machine.cuts();
        self.deciding.borrow_mut().push(atom.clone());
        let val = self.value_for_decision(machine, option);
        let scalar = val.as_ref().and_then(|val| self.scalar(machine, val));
        let decision = match atom {
            Atom::Equals(_, wanted) => match scalar {
                Some(scalar) => Some(scalar == *wanted),
                // Sets, lists and functions are no scalars.
                None => val.filter(is_no_scalar).map(|_| false),
            },
            _ => scalar.and_then(|scalar| match scalar {
                Scalar::Bool(value) => Some(value),
                _ => None,
            }),
        };
        self.deciding.borrow_mut().pop();
        // An answer that was cut short by a question around it holds only there.
        let is_whole = self.highest.get() >= depth && machine.cuts() == cuts;
        self.highest.set(highest.min(self.highest.get()));
        if decision.is_some() || is_whole || depth == 0 {
            self.decisions.borrow_mut().insert(atom.clone(), decision);
        }
        decision
    }

    /// The value of an option, where it is certain.
    fn value_for_decision(&self, machine: &Machine<'_>, option: &OptionPath) -> Option<Val> {
        // Without a host, an option that nobody sets may be set by its user.
        if !self.is_host && self.below(machine, &self.root, &option.names).definitions().is_empty() {
            return None;
        }
        if self.is_host {
            known(self.merged(machine, &option.names))
        } else {
            self.option_value(machine, &option.names)
        }
    }

    /// The scalar that a value is.
    fn scalar(&self, machine: &Machine<'_>, val: &Val) -> Option<Scalar> {
        match &val.value {
            Value::Null => Some(Scalar::Null),
            Value::Bool(value) => Some(Scalar::Bool(*value)),
            Value::Int(value) => Some(Scalar::Int(*value)),
            Value::Str(text) => text.exact().map(|text| Scalar::Str(text.into())),
            Value::Condition(condition) => match self.decided(machine, condition) {
                Condition::True => Some(Scalar::Bool(true)),
                Condition::False => Some(Scalar::Bool(false)),
                _ => None,
            },
            Value::Symbol(symbol) => {
                let option = symbol.option()?;
                self.decide_atom(machine, &Atom::Option(option)).map(Scalar::Bool)
            }
            _ => None,
        }
    }

    /// The value of an option whose definitions do not merge: the strongest definition where it is one
    /// for sure.
    pub(super) fn value(&self, machine: &Machine<'_>, path: &[Name]) -> Resolved {
        match Self::value_of(&self.below(machine, &self.root, path)) {
            Resolved::Unset => match self.open(machine, path) {
                Some(open) => Resolved::Unknown(open),
                None => Resolved::Unset,
            },
            resolved => resolved,
        }
    }

    /// The same for the option of a node; what may be defined above it is not looked at.
    pub(super) fn value_of(node: &Node) -> Resolved {
        let definitions = node.definitions();
        let Some(strongest) = definitions.iter().map(|definition| definition.priority).min() else {
            return Resolved::Unset;
        };
        let several = || Resolved::Unknown(Unknown::new(Reason::Several));
        let mut value: Option<Val> = None;
        for definition in definitions.iter().filter(|definition| definition.priority == strongest) {
            let is_sure = definition.condition == Condition::True && definition.certainty == Certainty::Must;
            let same = value.as_ref().is_none_or(|value| same_scalar(value, &definition.value));
            match &definition.value.value {
                Value::Unknown(unknown) => return Resolved::Unknown(unknown.clone()),
                _ if is_sure && same => value = Some(definition.value.clone()),
                _ => return several(),
            }
        }
        value.map_or_else(several, Resolved::Known)
    }

    /// The value that all definitions of an option come to.
    pub(super) fn merged(&self, machine: &Machine<'_>, path: &[Name]) -> Resolved {
        if let Some(val) = self.of_platform(machine, path) {
            return Resolved::Known(val);
        }
        match self.merger.lookup(machine, path) {
            Resolved::Unset => match self.open(machine, path) {
                Some(open) => Resolved::Unknown(open),
                None => Resolved::Unset,
            },
            resolved => resolved,
        }
    }

    /// The value of an option that the project sets once, or declares with a default and does not set.
    pub(super) fn option_value(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Val> {
        if let Some(val) = self.of_platform(machine, path) {
            return Some(val);
        }
        match self.value(machine, path) {
            Resolved::Known(val) => Some(val),
            Resolved::Unset => self.declared_default(machine, path),
            // Without a host, the default is what the project shows of an option that nobody sets.
            Resolved::Unknown(_) if !self.is_host => {
                let is_set = !self.below(machine, &self.root, path).definitions().is_empty();
                if is_set { None } else { self.declared_default(machine, path) }
            }
            Resolved::Unknown(_) => None,
        }
    }

    /// What `nixpkgs.hostPlatform` says under the last name of the path, where the path is one below that.
    fn of_platform(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Val> {
        if !self.is_host || !is_of_platform(path) || self.is_defined(machine, &["_module", "args", "pkgs"]) {
            return None;
        }
        let name = machine.text_of(*path.last()?);
        let system = self.system_name(machine).filter(|system| platforms::is_system(system));
        if let Some(system) = system {
            return platform_attribute(&system, &name, None);
        }
        let flag = match self.class {
            HostClass::Nixos => platforms::flag_of_kernel("linux", &name),
            HostClass::Darwin => platforms::flag_of_kernel("darwin", &name),
            HostClass::Home => None,
        };
        flag.map(|flag| Val::of(Value::Bool(flag)))
    }

    /// Whether a module says what the platform is.
    pub(super) fn says_platform(&self, machine: &Machine<'_>) -> bool {
        ["crossSystem", "localSystem", "hostPlatform", "system"]
            .into_iter()
            .any(|option| self.is_defined(machine, &["nixpkgs", option]))
    }

    /// The system that the packages of the host are for: that of packages that the flake or a module gives, else as
    /// modules say, else as the flake does (nixos/lib/eval-config.nix and nixos/modules/misc/nixpkgs.nix of nixpkgs,
    /// eval-config.nix of nix-darwin); `None` where one of them says something that is not known, where they say
    /// different things, or where it is put together from more than the name.
    pub(super) fn system_name(&self, machine: &Machine<'_>) -> Option<Rc<str>> {
        if self.realm == Realm::Home {
            return self.platform.clone();
        }
        let is_defined = |option: &str| self.is_defined(machine, &["nixpkgs", option]);
        if is_defined("crossSystem") || is_defined("localSystem") {
            return None;
        }
        let packages = match &self.packages {
            Some(system) => Some(system.value().map(|system| system.as_str().into())),
            None if is_defined("pkgs") => Some(self.system_of_packages(machine)),
            None => None,
        };
        match (packages, self.said_system(machine)) {
            (Some(packages), None) => packages,
            (Some(packages), Some(said)) => packages.filter(|packages| Some(packages) == said.as_ref()),
            (None, Some(said)) => said,
            (None, None) => {
                let nixpkgs = self.below(machine, &self.root, &[machine.name("nixpkgs")]);
                let is_hidden = self.root.open().is_some() || nixpkgs.open().is_some();
                self.platform.clone().filter(|_| !is_hidden)
            }
        }
    }

    /// The system of `nixpkgs.pkgs`.
    fn system_of_packages(&self, machine: &Machine<'_>) -> Option<Rc<str>> {
        let path = ["nixpkgs", "pkgs"].map(|name| machine.name(name));
        match self.merger.lookup(machine, &path) {
            Resolved::Known(packages) => machine.system_of_packages(&packages).map(Into::into),
            _ => None,
        }
    }

    /// What modules say of the system, where they do.
    fn said_system(&self, machine: &Machine<'_>) -> Option<Option<Rc<str>>> {
        let names = |names: &[&str]| names.iter().map(|name| machine.name(name)).collect::<Vec<_>>();
        let known = |path: &[&str]| match self.merger.lookup(machine, &names(path)) {
            Resolved::Known(val) => val.as_str().map(Into::into),
            _ => None,
        };
        let node = self.below(machine, &self.root, &names(&["nixpkgs", "hostPlatform"]));
        if node.definitions().is_empty() {
            return self.is_defined(machine, &["nixpkgs", "system"]).then(|| known(&["nixpkgs", "system"]));
        }
        let system = machine.name("system");
        let is_only_system = |definition: &Definition| match &definition.value.value {
            Value::Attrs(attrs) => attrs.entries.len() == 1 && attrs.get(system).is_some(),
            _ => false,
        };
        Some(match node.definitions().iter().all(is_only_system) {
            true if node.open().is_none() => known(&["nixpkgs", "hostPlatform", "system"]),
            true => None,
            false => known(&["nixpkgs", "hostPlatform"]),
        })
    }

    /// The node of the declarations at `path`.
    pub(super) fn declaration(&self, machine: &Machine<'_>, path: &[Name]) -> Rc<Node> {
        self.below(machine, &self.declarations, path)
    }

    /// The default that the project's own declaration gives an option.
    pub(super) fn declared_default(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Val> {
        let node = self.declaration(machine, path);
        let [definition] = node.definitions() else { return None };
        let declaration = crate::eval::option_declaration(machine, &definition.value)?;
        let default = declaration.get(machine.name("default"))?;
        Some(machine.force(&default.value))
    }
}

impl Options for OptionTable {
    fn value(&self, machine: &Machine<'_>, realm: Realm, path: &[Name]) -> Option<Val> {
        let table = self.with_option(machine, realm, path).filter(|table| table.is_host)?;
        known(table.merged(machine, path))
    }

    fn decide(&self, machine: &Machine<'_>, condition: &Condition) -> Condition {
        self.decided(machine, condition)
    }

    fn argument(&self, machine: &Machine<'_>, realm: Realm, name: Name) -> Option<Val> {
        let entry = self.in_realm(realm)?.arguments.get(name)?;
        Some(machine.force(&entry.value))
    }
}

/// Whether an option is a name below `nixpkgs.hostPlatform`.
fn is_of_platform(path: &[Name]) -> bool {
    let [nixpkgs, platform, _] = path else { return false };
    *nixpkgs == Name::NIXPKGS && *platform == Name::HOST_PLATFORM
}

/// Whether a value that is known is equal to no scalar.
fn is_no_scalar(val: &Val) -> bool {
    matches!(
        val.value,
        Value::List(_) | Value::Attrs(_) | Value::Lambda(_) | Value::Primitive(_) | Value::Path(_)
    )
}

fn known(resolved: Resolved) -> Option<Val> {
    match resolved {
        Resolved::Known(val) => Some(val),
        _ => None,
    }
}

pub(super) fn same_scalar(a: &Val, b: &Val) -> bool {
    match (&a.value, &b.value) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Null, Value::Null) => true,
        (Value::Str(a), Value::Str(b)) => a.exact().is_some() && a.exact() == b.exact(),
        _ => false,
    }
}
