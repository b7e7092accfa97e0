//! What modules are called with: once for all hosts, so that hosts share what their modules evaluate to.
//!
//! An argument that hosts pass with different values is looked up in the host for which a value is
//! computed; all others are plain values. What is passed to users is known host by host: there the modules
//! that take only what is the same for an earlier user are shared with that one.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::link::ModuleContent;
use crate::eval::{
    Attrs, Closure, Entry, Machine, Name, Options, Platform, Realm, Reason, Scope, SymbolRoot, Thunk,
    Unknown, Val, Value, library,
};

/// The calls of modules.
pub(super) struct Arguments {
    set: Thunk,
    /// What a module function gives, with the function, which keeps its address its own.
    applied: RefCell<FxHashMap<*const Closure, (Rc<Closure>, Thunk)>>,
    /// What the sets are that such functions gave, and modules that are no functions.
    contents: RefCell<FxHashMap<*const Attrs, Rc<ModuleContent>>>,
    /// Other calls, with the names whose values are or may be different there.
    others: Vec<(Rc<Arguments>, FxHashSet<Name>)>,
}

impl Arguments {
    /// `special` are the sets that the flake passes, one for each host.
    pub(super) fn new(machine: &Machine<'_>, realm: Realm, special: &[Rc<Attrs>]) -> Self {
        let symbol = |root| Val::symbol(root).thunk();
        let mut entries: Vec<(Name, Entry)> = [
            ("config", symbol(SymbolRoot::Config(realm))),
            ("options", symbol(SymbolRoot::Options)),
            ("pkgs", symbol(SymbolRoot::Packages(Platform::Host))),
            ("modulesPath", symbol(SymbolRoot::ModulesPath)),
            ("inputs", symbol(SymbolRoot::Inputs)),
            ("self", symbol(SymbolRoot::SelfFlake)),
            ("lib", library(machine).thunk()),
        ]
        .into_iter()
        .map(|(name, value)| (machine.name(name), Entry::of(value)))
        .collect();
        let mut names: Vec<Name> =
            special.iter().flat_map(|attrs| attrs.entries.iter().map(|(name, _)| *name)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            entries.push((name, Entry::of(of_all(machine, realm, special, name))));
        }
        let mut attrs = Attrs::from_entries(entries);
        attrs.fallback = Some(machine.module_arguments(realm));
        attrs.open = Some(Unknown::new(Reason::Argument("module".to_owned())));
        let set = Val::of(Value::Attrs(Rc::new(attrs))).thunk();
        Self { set, applied: RefCell::default(), contents: RefCell::default(), others: Vec::new() }
    }

    /// The same for `special` alone, beside other calls, each with the names whose values are or may be different there:
    /// what a function gives that takes none of them is what it gives there.
    pub(super) fn beside(
        machine: &Machine<'_>,
        realm: Realm,
        special: &Rc<Attrs>,
        others: Vec<(Rc<Arguments>, FxHashSet<Name>)>,
    ) -> Self {
        Self { others, ..Self::new(machine, realm, std::slice::from_ref(special)) }
    }

    /// What the module function `function` gives.
    pub(super) fn apply(&self, machine: &Machine<'_>, function: &Val) -> Val {
        let Value::Lambda(closure) = &function.value else {
            return machine.apply(function, self.set.clone(), None);
        };
        if !self.others.is_empty()
            && let Some(names) = closure.formals_alone()
            && let Some((other, _)) =
                self.others.iter().find(|(_, different)| names.iter().all(|name| !different.contains(name)))
        {
            return other.apply(machine, function);
        }
        let known = self.applied.borrow().get(&Rc::as_ptr(closure)).map(|(_, thunk)| thunk.clone());
        let thunk = known.unwrap_or_else(|| {
            let (function, set) = (function.clone(), self.set.clone());
            let thunk = Thunk::later(move |machine| machine.apply(&function, set.clone(), None));
            self.applied.borrow_mut().insert(Rc::as_ptr(closure), (closure.clone(), thunk.clone()));
            thunk
        });
        machine.force(&thunk)
    }

    /// The module that a value is, which takes no arguments; `None` where it is none.
    pub(super) fn content(&self, machine: &Machine<'_>, val: Val) -> Option<Rc<ModuleContent>> {
        let Value::Attrs(attrs) = &val.value else { return ModuleContent::read(machine, val).map(Rc::new) };
        let address = Rc::as_ptr(attrs);
        if let Some(known) = self.contents.borrow().get(&address)
            && known.value.span == val.span
        {
            return Some(known.clone());
        }
        let (content, is_shared) = machine.with_reach(|| ModuleContent::read(machine, val));
        let content = Rc::new(content?);
        if is_shared {
            // It holds the set, which keeps its address its own.
            self.contents.borrow_mut().insert(address, content.clone());
        }
        Some(content)
    }
}

/// The names that one of two sets has alone, or with another value, as far as is cheap to see.
pub(super) fn different_names(machine: &Machine<'_>, a: &Rc<Attrs>, b: &Rc<Attrs>) -> FxHashSet<Name> {
    if Rc::ptr_eq(a, b) {
        return FxHashSet::default();
    }
    let names = a.entries.iter().chain(&b.entries).map(|(name, _)| *name);
    let is_different = |name: &Name| match (a.get(*name), b.get(*name)) {
        (Some(a), Some(b)) => {
            a.condition != b.condition || !same(machine, &machine.force(&a.value), &machine.force(&b.value))
        }
        _ => true,
    };
    names.filter(is_different).collect()
}

/// The argument `name` for all hosts.
fn of_all(machine: &Machine<'_>, realm: Realm, special: &[Rc<Attrs>], name: Name) -> Thunk {
    let values: Vec<Option<Val>> =
        special.iter().map(|attrs| attrs.get(name).map(|entry| machine.force(&entry.value))).collect();
    if let [Some(first), rest @ ..] = values.as_slice()
        && rest.iter().all(|other| other.as_ref().is_some_and(|other| same(machine, first, other)))
    {
        return first.clone().thunk();
    }
    Thunk::later(move |machine| {
        // A host that is passed no packages has its own.
        let defined = || match &*machine.text_of(name) {
            "pkgs" => Val::symbol(SymbolRoot::Packages(Platform::Host)),
            _ => machine.select_or_unknown(&machine.module_arguments(realm), name),
        };
        machine.argument(realm, name).unwrap_or_else(defined)
    })
}

/// Whether two values are the same for sure, by what is cheap to see.
fn same(machine: &Machine<'_>, a: &Val, b: &Val) -> bool {
    match (&a.value, &b.value) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Path(a), Value::Path(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => Rc::ptr_eq(a, b) || (a.exact().is_some() && a.exact() == b.exact()),
        (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b),
        (Value::Attrs(a), Value::Attrs(b)) => Rc::ptr_eq(a, b),
        (Value::Lambda(a), Value::Lambda(b)) => Rc::ptr_eq(a, b),
        (Value::Symbol(a), Value::Symbol(b)) => {
            let same_root = match (&a.root, &b.root) {
                (SymbolRoot::Config(a), SymbolRoot::Config(b)) => a == b,
                (SymbolRoot::Packages(a), SymbolRoot::Packages(b)) => match (a, b) {
                    (Platform::Host, Platform::Host) | (Platform::Unknown, Platform::Unknown) => true,
                    (Platform::Of(a), Platform::Of(b)) => {
                        a.is(b) || same(machine, &machine.force(a), &machine.force(b))
                    }
                    _ => false,
                },
                (SymbolRoot::Inputs, SymbolRoot::Inputs)
                | (SymbolRoot::SelfFlake, SymbolRoot::SelfFlake)
                | (SymbolRoot::Library, SymbolRoot::Library)
                | (SymbolRoot::ModulesPath, SymbolRoot::ModulesPath) => true,
                (SymbolRoot::Call(a), SymbolRoot::Call(b)) => Rc::ptr_eq(a, b),
                _ => false,
            };
            same_root && a.path == b.path
        }
        _ => false,
    }
}

/// A scope with arguments alone: what is evaluated before any option is known.
pub(super) struct ArgumentsOnly {
    /// The option tree of the modules they are passed to.
    pub realm: Realm,
    /// What is passed.
    pub set: Rc<Attrs>,
}

impl ArgumentsOnly {
    /// The scope in which the modules of a host are collected.
    pub(super) fn scope(machine: &Machine<'_>, realm: Realm, set: Rc<Attrs>) -> Scope {
        let key = [machine.new_scope_number(), machine.new_scope_number(), 0];
        Scope { key, options: Rc::new(Self { realm, set }) }
    }
}

impl Options for ArgumentsOnly {
    fn value(&self, _: &Machine<'_>, _: Realm, _: &[Name]) -> Option<Val> {
        None
    }

    fn decide(&self, _: &Machine<'_>, condition: &crate::eval::Condition) -> crate::eval::Condition {
        condition.clone()
    }

    fn argument(&self, machine: &Machine<'_>, realm: Realm, name: Name) -> Option<Val> {
        let entry = self.set.get(name).filter(|_| realm == self.realm)?;
        Some(machine.force(&entry.value))
    }
}
