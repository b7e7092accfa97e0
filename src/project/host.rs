//! A host: the machine that a closure of modules configures, and the questions rules ask of it.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::link::{self, Module};
use super::merge::{self, Merger};
use super::script::Scripts;
use super::table::{Certainty, Definition, Listing, Node, OptionKey, Raw};
use crate::eval::{
    Atom, Condition, Machine, Name, Reason, Scalar, Text, Thunk, Unknown, Val, Value, Wrapper, is_error,
    wrapper,
};
use crate::text::{FileId, Span};

/// A host of the project.
pub struct Host<'m> {
    /// Its name in the flake's outputs; `None` for the closure of all modules of a project: then two
    /// definitions may belong to two machines.
    pub name: Option<String>,
    machine: &'m Machine<'m>,
    root: Rc<Node>,
    /// What the modules declare.
    options: Rc<Node>,
    merger: Rc<Merger>,
    /// Why modules may be missing.
    incomplete: Option<Unknown>,
    /// The files in which findings count; `None` for all.
    scope: Option<FxHashSet<FileId>>,
    pub(super) scripts: Rc<Scripts>,
    decisions: RefCell<FxHashMap<Atom, Option<bool>>>,
    /// Atoms that are being decided: a question that comes back to itself is not decided.
    deciding: RefCell<Vec<Atom>>,
}

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

/// An element of a list that several definitions make up.
#[derive(Clone)]
pub struct Item {
    /// The value.
    pub value: Val,
    /// When it is there.
    pub condition: Condition,
    /// The place of the value.
    pub span: Option<Span>,
    /// The definition it comes from.
    pub definition: Definition,
}

impl Item {
    /// The text of the item.
    pub fn text(&self) -> Option<&Rc<Text>> {
        match &self.value.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The exact text of the item.
    pub fn exact(&self) -> Option<String> {
        self.value.as_str()
    }
}

impl<'m> Host<'m> {
    pub(super) fn new(
        name: Option<String>,
        machine: &'m Machine<'m>,
        modules: &[(Module, Certainty)],
        incomplete: Option<Unknown>,
        scope: Option<FxHashSet<FileId>>,
        scripts: Rc<Scripts>,
    ) -> Self {
        let root = Rc::new(link::table(machine, modules));
        let options = Rc::new(link::declarations(machine, modules));
        let (decisions, deciding) = (RefCell::default(), RefCell::default());
        let merger = Merger::new(merge::parts(modules), name.is_some());
        Self { name, machine, root, options, merger, incomplete, scope, scripts, decisions, deciding }
    }

    /// Whether findings in this file count for this host.
    pub fn reports(&self, file: FileId) -> bool {
        self.scope.as_ref().is_none_or(|scope| scope.contains(&file))
    }

    /// The evaluator behind the host.
    pub fn machine(&self) -> &'m Machine<'m> {
        self.machine
    }

    /// The node of the declarations at a dotted path.
    pub(super) fn declaration(&self, path: &str) -> Rc<Node> {
        self.below(&self.options, path)
    }

    /// Every definition of the options that `pattern` names: a dotted path, `*` for any one name.
    pub fn definitions(&self, pattern: &str) -> Vec<Definition> {
        self.nodes(pattern).iter().flat_map(|(_, node)| node.definitions().iter().cloned()).collect()
    }

    /// The nodes that `pattern` names, with the keys that its stars stand for.
    pub fn nodes(&self, pattern: &str) -> Vec<(Vec<OptionKey>, Rc<Node>)> {
        let mut nodes = vec![(Vec::new(), self.root.clone())];
        for segment in split_path(pattern) {
            let mut next = Vec::new();
            for (keys, node) in nodes {
                if segment == "*" {
                    for (key, node) in &self.keys(&node).keys {
                        let mut keys = keys.clone();
                        keys.push(key.clone());
                        next.push((keys, node.clone()));
                    }
                } else {
                    let node = self.child(&node, &segment);
                    next.push((keys, node));
                }
            }
            nodes = next;
        }
        nodes.retain(|(_, node)| !node.definitions().is_empty());
        nodes
    }

    /// The node below `node` at a dotted path.
    pub fn below(&self, node: &Rc<Node>, path: &str) -> Rc<Node> {
        split_path(path).iter().fold(node.clone(), |node, name| self.child(&node, name))
    }

    /// Why something that is not known may be defined at or above `path`; `None` where nothing may.
    pub fn open(&self, path: &str) -> Option<Unknown> {
        if let Some(incomplete) = &self.incomplete {
            return Some(incomplete.clone());
        }
        // Modules of hosts that are not known define their own units and containers, and nothing else for sure.
        if self.name.is_none()
            && !path.starts_with("systemd.")
            && !path.starts_with("virtualisation.oci-containers")
        {
            return Some(Unknown::new(Reason::Argument("host".to_owned())));
        }
        let mut node = self.root.clone();
        for name in split_path(path) {
            if let Some(open) = node.open() {
                return Some(open.clone());
            }
            node = self.child(&node, &name);
        }
        node.open().cloned()
    }

    fn child(&self, node: &Rc<Node>, name: &str) -> Rc<Node> {
        node.child(self.machine, &|condition| self.decide(condition), self.machine.name(name))
    }

    fn keys(&self, node: &Rc<Node>) -> Rc<Listing> {
        node.keys(self.machine, &|condition| self.decide(condition))
    }

    /// The condition with what is certain on this host decided.
    fn decide(&self, condition: &Condition) -> Condition {
        if matches!(condition, Condition::True | Condition::False) {
            return condition.clone();
        }
        match condition.decide(&mut |atom| self.decide_atom(atom)) {
            // Without a host two machines may decide differently: enough for silence, not for a claim.
            decided if self.name.is_some() || decided == Condition::False => decided,
            _ => condition.clone(),
        }
    }

    /// Whether the condition asks for the option at `path`.
    pub fn asks_for(&self, condition: &Condition, path: &str) -> bool {
        let is_it = |names: &[Name]| quoted_path(self.machine, names) == path;
        let mut found = false;
        condition.decide(&mut |atom| {
            found |= match atom {
                Atom::Option(names) | Atom::Equals(names, _) => is_it(names),
                Atom::Opaque(_) => false,
            };
            None
        });
        found
    }

    fn decide_atom(&self, atom: &Atom) -> Option<bool> {
        if let Some(decision) = self.decisions.borrow().get(atom) {
            return *decision;
        }
        if self.deciding.borrow().contains(atom) {
            return None;
        }
        self.deciding.borrow_mut().push(atom.clone());
        let decision = match atom {
            Atom::Option(path) => self.scalar(path).and_then(|scalar| match scalar {
                Scalar::Bool(value) => Some(value),
                _ => None,
            }),
            Atom::Equals(path, wanted) => self.scalar(path).map(|scalar| scalar == *wanted),
            Atom::Opaque(_) => None,
        };
        self.deciding.borrow_mut().pop();
        // An answer that was cut short by a question around it holds only there.
        if decision.is_some() || self.deciding.borrow().is_empty() {
            self.decisions.borrow_mut().insert(atom.clone(), decision);
        }
        decision
    }

    /// The value of an option, where it is a scalar and certain.
    fn scalar(&self, path: &[Name]) -> Option<Scalar> {
        let path = quoted_path(self.machine, path);
        // Without a host, an option that nobody sets may be set by its user.
        if self.name.is_none() && self.definitions(&path).is_empty() {
            return None;
        }
        match self.option_value(&path)?.value {
            Value::Null => Some(Scalar::Null),
            Value::Bool(value) => Some(Scalar::Bool(value)),
            Value::Int(value) => Some(Scalar::Int(value)),
            Value::Str(text) => text.exact().map(|text| Scalar::Str(text.into())),
            Value::Condition(condition) => match self.decide(&condition) {
                Condition::True => Some(Scalar::Bool(true)),
                Condition::False => Some(Scalar::Bool(false)),
                _ => None,
            },
            Value::Symbol(symbol) if matches!(symbol.root, crate::eval::SymbolRoot::Config) => {
                let atom = Atom::Option(symbol.path.as_slice().into());
                self.decide_atom(&atom).map(Scalar::Bool)
            }
            _ => None,
        }
    }

    /// The value of an option whose definitions do not merge: the strongest definition where it is one
    /// for sure.
    pub fn value(&self, path: &str) -> Resolved {
        match self.value_of(&self.below(&self.root, path)) {
            Resolved::Unset => match self.open(path) {
                Some(open) => Resolved::Unknown(open),
                None => Resolved::Unset,
            },
            resolved => resolved,
        }
    }

    /// The same for the option of a node; what may be defined above it is not looked at.
    pub fn value_of(&self, node: &Node) -> Resolved {
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

    /// The value of an option, its definitions merged by the type that the project declares, else by shape.
    pub fn merged(&self, path: &str) -> Resolved {
        let path: Vec<Name> = split_path(path).iter().map(|name| self.machine.name(name)).collect();
        match self.merger.lookup(self.machine, &path) {
            Resolved::Unset => match &self.incomplete {
                Some(incomplete) => Resolved::Unknown(incomplete.clone()),
                None => Resolved::Unset,
            },
            resolved => resolved,
        }
    }

    /// Whether a definition sets the option at `path` to `true`, under whatever condition.
    pub fn may_be_enabled(&self, path: &str) -> bool {
        self.definitions(path).iter().any(|definition| !matches!(definition.value.value, Value::Bool(false)))
    }

    /// Whether a definition sets the option at `path` to exactly `true`; gives it.
    pub fn enabled_by(&self, path: &str) -> Option<Definition> {
        self.definitions(path)
            .into_iter()
            .find(|definition| matches!(definition.value.value, Value::Bool(true)))
    }

    /// The node of a set that is an element of a list.
    pub fn node_of(&self, item: &Item) -> Rc<Node> {
        let raw = Raw {
            value: item.value.clone().thunk(),
            condition: item.condition.clone(),
            ..item.definition.raw()
        };
        Rc::new(Node::new(self.machine, &|condition| self.decide(condition), vec![raw]))
    }

    /// The elements of a list that all definitions of `node` make up; and why there may be more.
    pub fn items(&self, node: &Node) -> (Vec<Item>, Option<Unknown>) {
        let mut items = Vec::new();
        let mut open = node.open().cloned();
        for definition in node.definitions() {
            self.items_of(definition, &definition.value, &definition.condition, &mut items, &mut open, 0);
        }
        (items, open)
    }

    fn items_of(
        &self,
        definition: &Definition,
        val: &Val,
        condition: &Condition,
        items: &mut Vec<Item>,
        open: &mut Option<Unknown>,
        depth: u32,
    ) {
        let machine = self.machine;
        match machine.list(val) {
            Ok(list) => {
                for element in &list.elements {
                    let condition = condition.and(&element.condition);
                    self.item(definition, &element.value, &condition, items, open, depth);
                }
                if list.open.is_some() {
                    open.clone_from(&list.open);
                }
            }
            Err(unknown) if is_error(&unknown) => {
                // A single string where a list may stand.
                if matches!(val.value, Value::Str(_)) {
                    let item = Item {
                        value: val.clone(),
                        condition: condition.clone(),
                        span: val.span,
                        definition: definition.clone(),
                    };
                    items.push(item);
                }
            }
            Err(unknown) => {
                *open = Some(unknown);
                if matches!(val.value, Value::Symbol(_)) {
                    let (condition, definition) = (condition.clone(), definition.clone());
                    items.push(Item { value: val.clone(), condition, span: val.span, definition });
                }
            }
        }
    }

    fn item(
        &self,
        definition: &Definition,
        thunk: &Thunk,
        condition: &Condition,
        items: &mut Vec<Item>,
        open: &mut Option<Unknown>,
        depth: u32,
    ) {
        let machine = self.machine;
        let val = machine.force(thunk);
        let condition = &self.decide(condition);
        if *condition == Condition::False || depth > 20 {
            return;
        }
        match wrapper(machine, &val) {
            Some(Wrapper::If(when, content)) => {
                let when = machine.force(&when);
                if let Ok(when) = machine.condition(&when, when.span.or(val.span)) {
                    self.item(definition, &content, &condition.and(&when), items, open, depth + 1);
                }
            }
            Some(Wrapper::Override(_, content) | Wrapper::Order(_, content)) => {
                self.item(definition, &content, condition, items, open, depth + 1);
            }
            Some(Wrapper::Merge(contents)) => {
                self.items_of(definition, &machine.force(&contents), condition, items, open, depth + 1);
            }
            None => {
                for (when, value) in machine.alternatives(&val) {
                    if let Value::Unknown(unknown) = &value.value
                        && !is_error(unknown)
                    {
                        *open = Some(unknown.clone());
                    }
                    let span = value.span.or(val.span);
                    let condition = self.decide(&condition.and(&when));
                    if condition == Condition::False {
                        continue;
                    }
                    items.push(Item { value, condition, span, definition: definition.clone() });
                }
            }
        }
    }
}

/// The dotted path of names, those with dots in quotes.
pub(super) fn quoted_path(machine: &Machine<'_>, path: &[Name]) -> String {
    let quoted = path.iter().map(|name| {
        let name = machine.text_of(*name);
        if name.contains('.') { format!("\"{name}\"") } else { name.to_string() }
    });
    quoted.collect::<Vec<_>>().join(".")
}

/// The names of a dotted path; a name in double quotes may hold dots.
fn split_path(path: &str) -> Vec<String> {
    let mut result = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => result.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    if !current.is_empty() || !result.is_empty() {
        result.push(current);
    }
    result
}

fn same_scalar(a: &Val, b: &Val) -> bool {
    match (&a.value, &b.value) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Null, Value::Null) => true,
        (Value::Str(a), Value::Str(b)) => a.exact().is_some() && a.exact() == b.exact(),
        _ => false,
    }
}
