//! The option table of a host: a tree of definitions that grows where it is asked.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::places::Places;
use crate::eval::{
    Condition, Entry, Machine, Name, Text, TextPiece, Thunk, Unknown, Val, Value, Wrapper, is_error, wrapper,
};
use crate::text::{FileId, Span};

/// How sure it is that a module belongs to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It does.
    Must,
    /// It may: behind a condition, or the host is not known exactly.
    May,
    /// Something outside the project may say more.
    Open,
}

/// Priority of a plain definition (`lib.modules.defaultOverridePriority` of nixpkgs).
pub(super) const PLAIN_PRIORITY: i64 = 100;

/// A key of an option path as a definition writes it.
#[derive(Clone)]
pub enum OptionKey {
    /// A known name.
    Name(Rc<str>),
    /// A name with holes, e.g. `podman-${name}`.
    Pattern(Rc<Text>),
}

impl OptionKey {
    /// The name, with `*` for holes.
    pub fn display(&self) -> String {
        match self {
            Self::Name(name) => name.to_string(),
            Self::Pattern(text) => text.display(),
        }
    }

    /// The exact name.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Pattern(_) => None,
        }
    }

    /// Whether the key may be `name`.
    pub fn may_be(&self, name: &str) -> bool {
        match self {
            Self::Name(own) => **own == *name,
            Self::Pattern(text) => pattern_matches(text, name),
        }
    }

    /// Whether two keys may be the same.
    pub fn may_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (key, Self::Name(name)) => key.may_be(name),
            (Self::Name(name), key) => key.may_be(name),
            // Two patterns: compare the known beginnings and ends.
            (Self::Pattern(a), Self::Pattern(b)) => {
                let fits = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
                let back = |text: &str| text.chars().rev().collect::<String>();
                let (a, b) = (a.display(), b.display());
                let (front_a, front_b) =
                    (a.split('*').next().unwrap_or(""), b.split('*').next().unwrap_or(""));
                let (end_a, end_b) = (a.rsplit('*').next().unwrap_or(""), b.rsplit('*').next().unwrap_or(""));
                fits(front_a, front_b) && fits(&back(end_a), &back(end_b))
            }
        }
    }
}

/// Whether `name` fits the known parts of `pattern`, holes standing for anything.
pub(super) fn pattern_matches(pattern: &Text, name: &str) -> bool {
    let mut rest = name;
    let mut anchored = true;
    let last = pattern.pieces.len().saturating_sub(1);
    for (index, piece) in pattern.pieces.iter().enumerate() {
        match piece {
            TextPiece::Hole(_) => anchored = false,
            TextPiece::Known { text, .. } => {
                if anchored {
                    let Some(after) = rest.strip_prefix(&**text) else { return false };
                    rest = after;
                } else if index == last {
                    return rest.ends_with(&**text);
                } else {
                    let Some(at) = rest.find(&**text) else { return false };
                    rest = &rest[at + text.len()..];
                }
                anchored = true;
            }
        }
    }
    !anchored || rest.is_empty()
}

/// The keys of an option path. Definitions that write the same ones share them.
pub type KeyPath = Rc<[OptionKey]>;

/// What a host knows of a condition: the condition with the decided parts replaced.
pub(super) type Decide<'d> = dyn Fn(&Condition) -> Condition + 'd;

/// One definition of an option, its wrappers (`mkIf`, `mkForce` …) taken off.
#[derive(Clone)]
pub struct Definition {
    /// The value; never a module wrapper.
    pub value: Val,
    /// When it counts.
    pub condition: Condition,
    /// The lower the stronger; 100 for a plain definition.
    pub priority: i64,
    /// Where a list goes: 500 for `mkBefore`, 1500 for `mkAfter`, 1000 else.
    pub order: i64,
    /// How sure the module belongs to the host.
    pub certainty: Certainty,
    /// The file of the module.
    pub file: FileId,
    /// The keys from the root of the table, as this definition writes them.
    pub path: KeyPath,
    /// The last key in the text.
    pub key: Option<Span>,
    /// The whole binding in the text.
    pub binding: Option<Span>,
}

impl Definition {
    /// The place to point at: the value, else the key.
    pub fn span(&self) -> Option<Span> {
        self.value.span.or(self.key)
    }

    pub(super) fn raw(&self) -> Raw {
        Raw {
            value: self.value.clone().thunk(),
            condition: self.condition.clone(),
            priority: self.priority,
            order: self.order,
            certainty: self.certainty,
            file: self.file,
            path: self.path.clone(),
            key: self.key,
            binding: self.binding,
        }
    }

    /// The option path, dotted, with `*` for holes.
    pub fn path_text(&self) -> String {
        self.path.iter().map(OptionKey::display).collect::<Vec<_>>().join(".")
    }
}

/// A definition whose wrappers are still on.
#[derive(Clone)]
pub(super) struct Raw {
    pub value: Thunk,
    pub condition: Condition,
    pub priority: i64,
    pub order: i64,
    pub certainty: Certainty,
    pub file: FileId,
    pub path: KeyPath,
    pub key: Option<Span>,
    pub binding: Option<Span>,
}

impl Raw {
    /// What a module defines, or declares, at the root of the table.
    pub(super) fn root(value: Thunk, certainty: Certainty, file: FileId) -> Self {
        Self {
            value,
            condition: Condition::True,
            priority: PLAIN_PRIORITY,
            order: 1000,
            certainty,
            file,
            path: ROOT.with(Rc::clone),
            key: None,
            binding: None,
        }
    }
}

/// An option path of the host with everything that defines it.
pub struct Node {
    definitions: Vec<Definition>,
    /// Definitions that stronger ones take the place of, with their places among all of them.
    overridden: Vec<(usize, Definition)>,
    /// Why something may be defined here that is not known.
    open: Option<Unknown>,
    /// Where names stand among many definitions.
    places: OnceCell<Places>,
    children: RefCell<FxHashMap<Name, Rc<Node>>>,
    listed: RefCell<Option<Rc<Listing>>>,
}

/// The keys below a node.
pub(super) struct Listing {
    pub keys: Vec<(OptionKey, Rc<Node>)>,
}

/// Options whose values are sets that are looked into: each name below them is an option, too, or belongs to one.
const OPTIONS: [&[&str]; 17] = [
    &["environment", "etc"],
    &["environment", "persistence"],
    &["fileSystems"],
    &["home", "file"],
    &["systemd", "paths"],
    &["systemd", "services"],
    &["systemd", "slices"],
    &["systemd", "sockets"],
    &["systemd", "targets"],
    &["systemd", "timers"],
    &["systemd", "user", "paths"],
    &["systemd", "user", "services"],
    &["systemd", "user", "sockets"],
    &["systemd", "user", "targets"],
    &["systemd", "user", "timers"],
    &["users", "users"],
    &["virtualisation", "oci-containers", "containers"],
];

/// So many names from the root stand sets of options and no options, as `services.openssh`; nearly always.
const NAMESPACES: usize = 2;

/// How many definitions are few.
const FEW: usize = 4;

thread_local! {
    /// What is below a node that nobody defines: most of what rules ask for.
    static NOTHING: Rc<Node> = Rc::new(Node::empty());
    /// The path of the root: definitions whose paths are one know that they are equal.
    static ROOT: KeyPath = Rc::new([]);
}

/// What a definition costs in steps of evaluation: merges may hold themselves twice.
const STEPS: usize = 4;

impl Node {
    pub(super) fn new(machine: &Machine<'_>, decide: &Decide<'_>, raw: Vec<Raw>) -> Self {
        let mut node = Self { definitions: Vec::with_capacity(raw.len()), ..Self::empty() };
        // Whether their priority is given right here, as `mkForce { … }` and `mkDefault { … }` do.
        let mut is_own: Vec<bool> = Vec::new();
        for raw in raw {
            let inherited = raw.priority;
            let val = machine.force(&raw.value);
            node.unwrap(machine, raw, val, 0);
            let added = &node.definitions[is_own.len()..];
            is_own.extend(added.iter().map(|definition| definition.priority != inherited));
        }
        for definition in &mut node.definitions {
            definition.condition = decide(&definition.condition);
        }
        let strongest = |is_wanted: &dyn Fn(usize) -> bool| {
            let counts = |(at, definition): &(usize, &Definition)| {
                definition.condition != Condition::False && is_wanted(*at)
            };
            let counting = node.definitions.iter().enumerate().filter(counts);
            counting.map(|(_, definition)| definition.priority).min().unwrap_or(i64::MAX)
        };
        let (strongest_own, strongest) = (strongest(&|at| is_own[at]), strongest(&|_| true));
        let mut is_kept = node.definitions.iter().map(|definition| definition.condition != Condition::False);
        is_own.retain(|_| is_kept.next() == Some(true));
        node.definitions.retain(|definition| definition.condition != Condition::False);
        let first = node.definitions.first().map(|definition| definition.priority);
        if node.definitions.iter().any(|definition| Some(definition.priority) != first) {
            if node.is_option() {
                node.override_weaker(decide);
            } else if node.definitions.iter().all(|definition| definition.path.len() > NAMESPACES) {
                // Whether this is an option, so that the set takes the place of all of them, is not known.
                for (definition, is_own) in node.definitions.iter_mut().zip(is_own) {
                    if definition.priority > if is_own { strongest } else { strongest_own } {
                        definition.certainty = definition.certainty.max(Certainty::May);
                    }
                }
            }
        }
        node
    }

    fn empty() -> Self {
        Self {
            definitions: Vec::new(),
            overridden: Vec::new(),
            open: None,
            places: OnceCell::new(),
            children: RefCell::default(),
            listed: RefCell::default(),
        }
    }

    /// The definitions that count, in the order of the modules.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// These and those that stronger ones take the place of, in the order of the modules.
    pub(super) fn every_definition(&self) -> Vec<&Definition> {
        let mut all: Vec<&Definition> = self.definitions.iter().collect();
        for (place, definition) in &self.overridden {
            all.insert((*place).min(all.len()), definition);
        }
        all
    }

    /// Whether this is an option, and no set of options: only there do stronger definitions take the place of weaker
    /// ones (`pushDownProperties` and `filterOverrides` in lib/modules.nix of nixpkgs). Says no in doubt.
    fn is_option(&self) -> bool {
        let is_leaf = |definition: &Definition| match &definition.value.value {
            // A set of options has no empty definition that means something.
            Value::Attrs(attrs) => {
                definition.priority < PLAIN_PRIORITY && attrs.entries.is_empty() && attrs.is_closed()
            }
            Value::Unknown(_) | Value::Symbol(_) => false,
            _ => true,
        };
        let is_below_option = |definition: &Definition| {
            let begins = |option: &&[&str]| {
                definition.path.len() >= option.len()
                    && definition.path.iter().zip(*option).all(|(key, name)| key.exact() == Some(*name))
            };
            OPTIONS.iter().any(begins)
        };
        self.definitions.iter().any(|definition| is_leaf(definition) || is_below_option(definition))
    }

    /// Lets definitions count only where no stronger one does.
    fn override_weaker(&mut self, decide: &Decide<'_>) {
        let all = std::mem::take(&mut self.definitions);
        for (place, original) in all.iter().enumerate() {
            let mut definition = original.clone();
            for stronger in all.iter().filter(|other| other.priority < definition.priority) {
                match stronger.certainty {
                    Certainty::Must => {
                        definition.condition = definition.condition.and_not(&stronger.condition);
                    }
                    // Perhaps it is overridden.
                    certainty => definition.certainty = definition.certainty.max(certainty),
                }
            }
            definition.condition = decide(&definition.condition);
            match definition.condition {
                Condition::False => self.overridden.push((place, original.clone())),
                _ => self.definitions.push(definition),
            }
        }
    }

    /// Why something may be defined here that is not known.
    pub fn open(&self) -> Option<&Unknown> {
        self.open.as_ref()
    }

    fn unwrap(&mut self, machine: &Machine<'_>, raw: Raw, val: Val, depth: u32) {
        if depth > 50 || raw.condition == Condition::False {
            return;
        }
        if let Err(unknown) = machine.charge(STEPS) {
            self.open = Some(unknown);
            return;
        }
        match wrapper(machine, &val) {
            Some(Wrapper::If(condition, content)) => {
                let condition = machine.force(&condition);
                let Ok(condition) = machine.condition(&condition, condition.span.or(val.span)) else {
                    return;
                };
                let raw = Raw { condition: raw.condition.and(&condition), ..raw };
                self.unwrap(machine, raw, machine.force(&content), depth + 1);
            }
            Some(Wrapper::Merge(contents)) => match machine.list(&machine.force(&contents)) {
                Ok(list) => {
                    for element in &list.elements {
                        let raw = Raw { condition: raw.condition.and(&element.condition), ..raw.clone() };
                        self.unwrap(machine, raw, machine.force(&element.value), depth + 1);
                    }
                    if let Some(open) = &list.open {
                        self.open = Some(open.clone());
                    }
                }
                Err(unknown) => self.open = Some(unknown),
            },
            Some(Wrapper::Override(priority, content)) => {
                let raw = Raw { priority, ..raw };
                self.unwrap(machine, raw, machine.force(&content), depth + 1);
            }
            Some(Wrapper::Order(order, content)) => {
                let raw = Raw { order, ..raw };
                self.unwrap(machine, raw, machine.force(&content), depth + 1);
            }
            None => match &val.value {
                Value::Choice(_) => {
                    for (condition, val) in machine.alternatives(&val) {
                        let raw = Raw { condition: raw.condition.and(&condition), ..raw.clone() };
                        self.unwrap(machine, raw, val, depth + 1);
                    }
                }
                Value::Unknown(unknown) => {
                    if !is_error(unknown) {
                        self.open = Some(unknown.clone());
                    }
                    self.push(raw, val);
                }
                Value::Symbol(_) => {
                    self.open = Some(machine.symbolic(&val));
                    self.push(raw, val);
                }
                Value::Attrs(attrs) => {
                    if let Some(open) = &attrs.open {
                        self.open = Some(open.clone());
                    }
                    self.push(raw, val);
                }
                _ => self.push(raw, val),
            },
        }
    }

    fn push(&mut self, raw: Raw, value: Val) {
        let Raw { condition, priority, order, certainty, file, path, key, binding, .. } = raw;
        self.definitions.push(Definition {
            value,
            condition,
            priority,
            order,
            certainty,
            file,
            path,
            key,
            binding,
        });
    }

    /// The node below the known name `name`, with the definitions of patterns that fit it.
    pub(super) fn child(&self, machine: &Machine<'_>, decide: &Decide<'_>, name: Name) -> Rc<Node> {
        // Looking for a name in few sets costs less than to keep that it is not there.
        if self.definitions.len() <= FEW && !self.may_have(name) {
            return NOTHING.with(Rc::clone);
        }
        if let Some(node) = self.children.borrow().get(&name) {
            return node.clone();
        }
        let raw = match self.definitions.len() <= FEW {
            true => raw_below(machine, &mut self.definitions.iter(), name),
            false => {
                let places = self.places().of(name).into_iter();
                raw_below(machine, &mut places.map(|place| &self.definitions[place]), name)
            }
        };
        if raw.is_empty() {
            return NOTHING.with(Rc::clone);
        }
        let node = Rc::new(Node::new(machine, decide, raw));
        self.children.borrow_mut().insert(name, node.clone());
        node
    }

    fn places(&self) -> &Places {
        self.places.get_or_init(|| {
            let sets = self.definitions.iter().map(|definition| match &definition.value.value {
                Value::Attrs(attrs) => Some(&**attrs),
                _ => None,
            });
            Places::new(sets.enumerate().filter(|(_, attrs)| attrs.is_some()), false)
        })
    }

    /// Whether a set has the name, or computed names that may fit it.
    fn may_have(&self, name: Name) -> bool {
        self.definitions.iter().any(|definition| match &definition.value.value {
            Value::Attrs(attrs) => !attrs.patterns.is_empty() || attrs.get(name).is_some(),
            _ => false,
        })
    }

    /// Every key below, in the order of the modules; each with its node. A known name's node has the
    /// definitions of patterns that fit too; a pattern's node has its own only.
    pub(super) fn keys(&self, machine: &Machine<'_>, decide: &Decide<'_>) -> Rc<Listing> {
        if let Some(listing) = &*self.listed.borrow() {
            return listing.clone();
        }
        let listing = Rc::new(Listing { keys: self.keys_with(machine, decide, &|_, _| true) });
        *self.listed.borrow_mut() = Some(listing.clone());
        listing
    }

    /// The same for the names of which `wanted` takes a definition, which it is shown before it is evaluated;
    /// and all patterns.
    pub(super) fn keys_with(
        &self,
        machine: &Machine<'_>,
        decide: &Decide<'_>,
        wanted: &dyn Fn(Name, &Thunk) -> bool,
    ) -> Vec<(OptionKey, Rc<Node>)> {
        let sets = || {
            self.definitions.iter().filter_map(|definition| match &definition.value.value {
                Value::Attrs(attrs) => Some((definition, attrs)),
                _ => None,
            })
        };
        let mut names: FxHashSet<Name> = FxHashSet::default();
        for (_, attrs) in sets() {
            for (name, entry) in &attrs.entries {
                if !names.contains(name) && wanted(*name, &entry.value) {
                    names.insert(*name);
                }
            }
        }
        let mut keys: Vec<(OptionKey, Rc<Node>)> = Vec::new();
        for (definition, attrs) in sets() {
            let mut entries: Vec<&(Name, Entry)> =
                attrs.entries.iter().filter(|(name, _)| names.contains(name)).collect();
            entries.sort_by_key(|(_, entry)| entry.key);
            for (name, _) in entries {
                if names.remove(name) {
                    keys.push((OptionKey::Name(machine.text_of(*name)), self.child(machine, decide, *name)));
                }
            }
            for (pattern, entry) in &attrs.patterns {
                let key = OptionKey::Pattern(pattern.clone());
                let path = longer(&definition.path, key.clone());
                let raw = below(definition, path, entry, definition.certainty);
                keys.push((key, Rc::new(Node::new(machine, decide, vec![raw]))));
            }
        }
        keys
    }
}

/// What these definitions say of a name, wrappers and all.
fn raw_below(
    machine: &Machine<'_>,
    definitions: &mut dyn Iterator<Item = &Definition>,
    name: Name,
) -> Vec<Raw> {
    let text = machine.text_of(name);
    let mut raw: Vec<Raw> = Vec::new();
    // Definitions that write the same keys share their path.
    let mut last: Option<(&KeyPath, KeyPath)> = None;
    for definition in definitions {
        let Value::Attrs(attrs) = &definition.value.value else { continue };
        if let Some(entry) = attrs.get(name) {
            let path = match &last {
                Some((above, path)) if Rc::ptr_eq(above, &definition.path) => path.clone(),
                _ => longer(&definition.path, OptionKey::Name(text.clone())),
            };
            last = Some((&definition.path, path.clone()));
            raw.push(below(definition, path, entry, definition.certainty));
        }
        for (pattern, entry) in &attrs.patterns {
            if pattern_matches(pattern, &text) {
                let certainty = definition.certainty.max(Certainty::May);
                let path = longer(&definition.path, OptionKey::Pattern(pattern.clone()));
                raw.push(below(definition, path, entry, certainty));
            }
        }
    }
    raw
}

/// The path with one more key.
fn longer(path: &[OptionKey], key: OptionKey) -> KeyPath {
    path.iter().cloned().chain(std::iter::once(key)).collect()
}

fn below(definition: &Definition, path: KeyPath, entry: &Entry, certainty: Certainty) -> Raw {
    Raw {
        value: entry.value.clone(),
        condition: definition.condition.and(&entry.condition),
        priority: definition.priority,
        order: definition.order,
        certainty,
        file: definition.file,
        path,
        key: entry.key,
        binding: entry.binding,
    }
}
