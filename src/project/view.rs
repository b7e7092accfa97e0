//! What the views of a host share: where an item comes from, how sure it is, and what an option is set to.
//!
//! A view says of everything how sure it is, and never fills in what the project and the tables of
//! `nixos` do not say.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::account::{Account, Group};
use super::container::Container;
use super::firewall::Firewall;
use super::host::Host;
use super::leak::Leaks;
use super::monitor::Job;
use super::options::{Resolved, same_scalar};
use super::path::PathUse;
use super::port::Port;
use super::run::ContainerRun;
use super::script::Filled;
use super::secret::Secret;
use super::service::Service;
use super::state::{Making, StateDirectory};
use super::table::{Certainty, Definition, Node, OptionKey};
use super::unit::{Named, Unit};
use crate::nixos::containers::Backend;
use crate::nixos::segments;

use crate::eval::{Condition, Val, Value};
use crate::text::Span;

/// The views of a host, each built when it is first asked for.
#[derive(Default)]
pub(super) struct Views {
    pub units: OnceCell<Vec<Unit>>,
    pub defined_units: OnceCell<Vec<Unit>>,
    /// What units name, by the address of their nodes.
    pub named: RefCell<FxHashMap<*const Node, Rc<Named>>>,
    pub containers: OnceCell<Vec<Container>>,
    pub backends: OnceCell<Vec<Backend>>,
    pub services: OnceCell<Rc<[Service]>>,
    pub own_services: OnceCell<Rc<[Service]>>,
    pub ports: OnceCell<Rc<[Port]>>,
    pub user_ports: OnceCell<Rc<[Port]>>,
    pub states: OnceCell<Rc<[StateDirectory]>>,
    pub makings: OnceCell<Rc<[Making]>>,
    pub firewall: OnceCell<Rc<Firewall>>,
    pub paths: OnceCell<Rc<[PathUse]>>,
    pub declared_secrets: OnceCell<Rc<[Secret]>>,
    pub secrets: OnceCell<Rc<[Secret]>>,
    pub accounts: OnceCell<Rc<[Account]>>,
    pub groups: OnceCell<Rc<[Group]>>,
    pub jobs: OnceCell<Vec<Job>>,
    pub runs: OnceCell<Rc<[ContainerRun]>>,
    pub leaks: OnceCell<Rc<Leaks>>,
    pub filled: Filled,
    /// The option table with every condition as it is written.
    as_written: OnceCell<Rc<Node>>,
}

/// Where an item of a view comes from, and how sure it is that the host has it.
#[derive(Clone)]
pub struct Origin {
    /// The option path of the definitions.
    pub option: String,
    /// The place to point at: the value or key that makes the item.
    pub span: Option<Span>,
    /// The whole bindings that make up the item, the one that matters most first.
    pub bindings: Vec<Span>,
    /// `Must` where the host has the item, `May` where it has it under [`Self::condition`] or another
    /// module decides, `Open` where what decides is not known.
    pub certainty: Certainty,
    /// What the host leaves open of the condition.
    pub condition: Condition,
}

/// A value of the item: known, not set by anyone, or hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known<T> {
    /// This value.
    Value(T),
    /// Some value that cannot be told.
    Unknown,
}

impl<T> Known<T> {
    /// The value, where it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<Option<T>> for Known<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Self::Value)
    }
}

/// What an option is set to.
pub(super) enum Setting {
    /// Nobody sets it in the project.
    Unset,
    /// One value, references to other options followed; and the definition that gives it.
    Known(Val, Definition),
    /// Somebody may set it, and to what is not known.
    Unknown,
}

/// Whether something is switched on.
#[derive(Clone)]
pub(super) enum Switch {
    /// Nobody says so.
    Unset,
    /// It is not.
    Off,
    /// It is.
    On,
    /// It is under this condition.
    If(Condition),
    /// Not known.
    Unknown,
}

impl Switch {
    /// How sure that is, and under which condition; `None` where nothing is switched on.
    pub(super) fn certainty(self) -> Option<(Certainty, Condition)> {
        match self {
            Self::Unset | Self::Off => None,
            Self::On => Some((Certainty::Must, Condition::True)),
            Self::If(condition) => Some((Certainty::May, condition)),
            Self::Unknown => Some((Certainty::Open, Condition::True)),
        }
    }
}

impl Host<'_> {
    /// Whether the option of a node switches something on. A set does, too, which makes an instance, and a
    /// text or path where `null` would mean "none".
    pub(super) fn switch(&self, node: &Node) -> Switch {
        match self.value_of(node) {
            Resolved::Unset => Switch::Unset,
            Resolved::Known(val) => self.switch_of(&val),
            Resolved::Unknown(_) => {
                let Some(strongest) = node.definitions().iter().map(|definition| definition.priority).min()
                else {
                    return Switch::Unset;
                };
                let strong = node.definitions().iter().filter(|one| one.priority == strongest);
                let mut sum = Condition::False;
                let mut certain = true;
                for definition in strong {
                    let condition = match self.switch_of(&definition.value) {
                        Switch::Unset | Switch::Off => continue,
                        Switch::On => definition.condition.clone(),
                        Switch::If(condition) => definition.condition.and(&condition),
                        Switch::Unknown => return Switch::Unknown,
                    };
                    certain &= definition.certainty == Certainty::Must;
                    sum = sum.or(&condition);
                }
                match sum {
                    Condition::False => Switch::Off,
                    Condition::True if certain => Switch::On,
                    sum => Switch::If(sum),
                }
            }
        }
    }

    fn switch_of(&self, val: &Val) -> Switch {
        match &val.value {
            Value::Bool(true)
            | Value::Str(_)
            | Value::Path(_)
            | Value::PathPattern(_)
            | Value::Attrs(_)
            | Value::Lambda(_) => Switch::On,
            Value::Bool(false) | Value::Null => Switch::Off,
            Value::Condition(condition) => match self.decide(condition) {
                Condition::True => Switch::On,
                Condition::False => Switch::Off,
                condition => Switch::If(condition),
            },
            Value::Symbol(_) => match self.referenced(val) {
                Some(other) if !matches!(other.value, Value::Symbol(_)) => self.switch_of(&other),
                _ => Switch::Unknown,
            },
            _ => Switch::Unknown,
        }
    }

    /// What the option of a node is set to where `given` holds.
    pub(super) fn setting(&self, node: &Node, given: &Condition) -> Setting {
        let definitions = node.definitions();
        let Some(strongest) = definitions.iter().map(|definition| definition.priority).min() else {
            return if node.open().is_some() { Setting::Unknown } else { Setting::Unset };
        };
        let mut found: Option<&Definition> = None;
        for definition in definitions.iter().filter(|definition| definition.priority == strongest) {
            let is_sure = definition.certainty == Certainty::Must
                && (definition.condition == Condition::True || given.implies(&definition.condition));
            if !is_sure || found.is_some_and(|found| !same_scalar(&found.value, &definition.value)) {
                return Setting::Unknown;
            }
            found.get_or_insert(definition);
        }
        let Some(definition) = found else { return Setting::Unknown };
        let val = match &definition.value.value {
            Value::Symbol(_) => self.referenced(&definition.value),
            Value::Unknown(_) => None,
            _ => Some(definition.value.clone()),
        };
        match val {
            Some(val) => Setting::Known(val, definition.clone()),
            None => Setting::Unknown,
        }
    }

    /// What the option at a path of a service is set to where `given` holds. Where the options of the service
    /// are hidden, so is this.
    pub(super) fn setting_at(&self, path: &str, given: &Condition) -> Setting {
        let node = self.below(self.root(), path);
        match self.setting(&node, given) {
            Setting::Unset if self.is_hidden(path) => Setting::Unknown,
            setting => setting,
        }
    }

    /// Whether a part of the set around an option is not known. What hides everything hides nothing in
    /// particular, hence not the first two sets.
    fn is_hidden(&self, path: &str) -> bool {
        let mut node = self.root().clone();
        for (depth, name) in segments(path).iter().enumerate() {
            if depth >= 2 && node.open().is_some() {
                return true;
            }
            node = self.below(&node, &quoted(name));
        }
        node.open().is_some()
    }

    /// The text that the option at a path of a service is set to; `None` where it is not set.
    pub(super) fn text_at(&self, path: &str, given: &Condition) -> Option<Known<String>> {
        self.text_of(self.setting_at(path, given))
    }

    /// The text that the option of a node is set to; `None` where it is not set.
    pub(super) fn text_setting(&self, node: &Node, given: &Condition) -> Option<Known<String>> {
        self.text_of(self.setting(node, given))
    }

    fn text_of(&self, setting: Setting) -> Option<Known<String>> {
        match setting {
            Setting::Unset => None,
            Setting::Unknown => Some(Known::Unknown),
            Setting::Known(val, _) => match val.value {
                Value::Null => None,
                _ => Some(self.plain(&val).into()),
            },
        }
    }

    /// A scalar as the text that a unit or program gets.
    pub(super) fn plain(&self, val: &Val) -> Option<String> {
        match &val.value {
            Value::Str(text) => self.resolve_text(text).exact(),
            Value::Path(path) if !path.starts_with(self.machine().loader().root()) => Some(path.to_string()),
            Value::Int(value) => Some(value.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Symbol(_) => {
                let other = self.referenced(val)?;
                if matches!(other.value, Value::Symbol(_)) { None } else { self.plain(&other) }
            }
            _ => None,
        }
    }

    /// The texts of a list option, or of a single text; and whether all are known.
    pub(super) fn texts(&self, node: &Node) -> (Vec<String>, bool) {
        let (items, open) = self.items(node);
        let mut is_known = open.is_none();
        let mut texts = Vec::new();
        for item in items {
            match self.plain(&item.value) {
                Some(text) => texts.push(text),
                None => is_known = false,
            }
        }
        (texts, is_known)
    }

    /// The origin of an item that the definitions of `node` make up; `main` is what matters most of them.
    pub(super) fn origin(&self, option: String, node: &Node, main: Option<&Definition>) -> Origin {
        let definitions = node.definitions();
        let (certainty, condition) = presence(definitions);
        self.origin_of(option, definitions, main, certainty, condition)
    }

    /// The same with certainty and condition given.
    pub(super) fn origin_of(
        &self,
        option: String,
        definitions: &[Definition],
        main: Option<&Definition>,
        certainty: Certainty,
        condition: Condition,
    ) -> Origin {
        let first = main.or_else(|| definitions.first());
        let span = first.and_then(|first| first.key.or_else(|| first.span()));
        let mut bindings: Vec<Span> = definitions.iter().filter_map(binding).collect();
        bindings.dedup();
        if let Some(main) = main {
            let place = main.span().or(main.key);
            let holds = |binding: &Span| place.is_some_and(|place| contains(*binding, place));
            // What matters most comes first.
            bindings.sort_by_key(|binding| !holds(binding));
        }
        Origin { option, span, bindings, certainty, condition }
    }

    /// The condition of the definition as the project writes it, which the host may have decided.
    pub fn gate(&self, definition: &Definition) -> Condition {
        let keys: Option<Vec<&str>> = definition.path.iter().map(OptionKey::exact).collect();
        let Some(keys) = keys else { return definition.condition.clone() };
        let machine = self.machine();
        let undecided = &|condition: &Condition| condition.clone();
        let mut node = self
            .views
            .as_written
            .get_or_init(|| {
                let raw = self.root().definitions().iter().map(Definition::raw).collect();
                Rc::new(Node::new(machine, undecided, raw))
            })
            .clone();
        for key in keys {
            node = node.child(machine, undecided, machine.name(key));
        }
        let same = |other: &&Definition| {
            other.binding == definition.binding && other.value.span == definition.value.span
        };
        let written = node.definitions().iter().find(same);
        written.map_or_else(|| definition.condition.clone(), |written| written.condition.clone())
    }
}

/// A name as a part of a dotted path.
pub(super) fn quoted(name: &str) -> String {
    if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() }
}

/// Whether something that several definitions make up is there: certain as soon as one of them is.
pub(super) fn presence(definitions: &[Definition]) -> (Certainty, Condition) {
    let mut condition = Condition::False;
    let mut certainty = Certainty::Open;
    for definition in definitions {
        condition = condition.or(&definition.condition);
        let own = match definition.condition {
            Condition::True => definition.certainty,
            _ => definition.certainty.max(Certainty::May),
        };
        certainty = certainty.min(own);
    }
    (certainty, condition)
}

/// The whole binding of a definition, else its value or key.
pub(super) fn binding(definition: &Definition) -> Option<Span> {
    definition.binding.or(definition.value.span).or(definition.key)
}

/// Whether `inner` lies in `outer`.
pub(super) fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.range().contains_range(inner.range())
}
