//! A host: the machine that a closure of modules configures, and the questions rules ask of it.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use super::closure::{Closure, ImportEdge, ModuleFile, OpenEdge};
use super::flake::HostClass;
use super::hosts::Project;
use super::link::Module;
use super::options::{OptionTable, Resolved};
use super::script::Scripts;
use super::table::{Certainty, Definition, Listing, Node, OptionKey, Raw};
use super::user::{self, User, Users};
use super::view::Views;
use crate::eval::{
    Atom, Condition, Machine, Name, Realm, Scope, Text, Thunk, Unknown, Val, Value, Wrapper, is_error,
    wrapper,
};
use crate::text::{FileId, Span};

/// A host of the project.
pub struct Host<'m> {
    /// Its name in the flake's outputs; `None` for the closure of all modules of a project: then two
    /// definitions may belong to two machines.
    pub name: Option<String>,
    identity: Identity,
    project: &'m Project<'m>,
    machine: &'m Machine<'m>,
    pub(super) options: Rc<OptionTable>,
    pub(super) scope: Scope,
    modules: Vec<(Module, Certainty)>,
    files: Vec<ModuleFile>,
    imports: Vec<ImportEdge>,
    unread: BTreeSet<Utf8PathBuf>,
    external: FxHashSet<String>,
    open: Vec<OpenEdge>,
    users: OnceCell<Users<'m>>,
    /// The files in which findings count; `None` for all.
    reported: Option<FxHashSet<FileId>>,
    pub(super) scripts: Rc<Scripts>,
    /// What was asked for so far of what the host runs.
    pub(super) views: Views,
}

/// What a host is called, and what it is.
pub(super) struct Identity {
    pub name: Option<String>,
    pub class: HostClass,
    /// The system, where the flake says it.
    pub system: Option<String>,
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

/// An option that the project declares.
pub struct OptionDeclaration {
    /// The place of its type.
    pub kind: Option<Span>,
    /// The place of its name.
    pub span: Option<Span>,
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
        project: &'m Project<'m>,
        identity: Identity,
        options: Rc<OptionTable>,
        scope: Scope,
        closure: Closure,
        reported: Option<FxHashSet<FileId>>,
    ) -> Self {
        Self {
            name: identity.name.clone(),
            identity,
            project,
            machine: project.machine,
            options,
            scope,
            modules: closure.modules,
            files: closure.files,
            imports: closure.imports,
            unread: closure.unread,
            external: closure.external,
            open: closure.open,
            users: OnceCell::new(),
            reported,
            scripts: project.scripts.clone(),
            views: Views::default(),
        }
    }

    /// Runs `compute` in the scope of this host.
    pub(super) fn within<T>(&self, compute: impl FnOnce() -> T) -> T {
        self.machine.in_scope(&self.scope, compute)
    }

    /// Of which kind it is.
    pub fn class(&self) -> HostClass {
        self.identity.class
    }

    /// Its system, e.g. `x86_64-linux`, where the flake or a module says it.
    pub fn system(&self) -> Option<String> {
        match self.options.system_name(self.machine) {
            Some(system) => Some(system.to_string()),
            None if self.options.says_platform(self.machine) => None,
            None => self.identity.system.clone(),
        }
    }

    /// The files of its modules, in the order of the module system, each once; those of users not among
    /// them.
    pub fn files(&self) -> &[ModuleFile] {
        &self.files
    }

    /// Its modules, in the order of the module system.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.iter().map(|(module, _)| module)
    }

    /// The option tree of its modules.
    pub(super) fn realm(&self) -> Realm {
        match self.class() {
            HostClass::Nixos | HostClass::Darwin => Realm::System,
            HostClass::Home => Realm::Home,
        }
    }

    /// Which file imports which, from the host down.
    pub fn imports(&self) -> &[ImportEdge] {
        &self.imports
    }

    /// Files among its modules of which nothing is known because they are no text, by absolute path.
    pub fn unread_files(&self) -> impl Iterator<Item = &Utf8Path> {
        self.unread.iter().map(Utf8PathBuf::as_path)
    }

    /// How many modules come from outside of the project.
    pub fn external(&self) -> usize {
        self.external.len()
    }

    /// The names of the modules from outside, in no order.
    pub(super) fn external_names(&self) -> impl Iterator<Item = &str> {
        self.external.iter().map(String::as_str)
    }

    /// The imports that could not be followed, those of users not among them.
    pub fn open_imports(&self) -> &[OpenEdge] {
        &self.open
    }

    /// Why there may be users beside those that [`Self::visit_users`] visits.
    pub fn open_users(&self) -> Option<&OpenEdge> {
        self.users().open.as_ref()
    }

    /// Visits the users whose homes Home Manager makes on this host, by name.
    pub fn visit_users(&self, visit: &mut dyn FnMut(&User<'m>)) {
        for user in &self.users().list {
            user.home.within(|| visit(user));
        }
    }

    fn users(&self) -> &Users<'m> {
        self.users.get_or_init(|| user::users(self))
    }

    /// The project it belongs to.
    pub(super) fn project(&self) -> &'m Project<'m> {
        self.project
    }

    /// The node of the definitions at a dotted path.
    pub(super) fn node(&self, path: &str) -> Rc<Node> {
        self.below(self.options.root(), path)
    }

    /// The exact text that a value has on this host, where it is known.
    pub(super) fn known_text(&self, val: &Val) -> Option<String> {
        val.as_str().or_else(|| self.referenced(val)?.as_str())
    }

    /// Whether findings in this file count for this host.
    pub fn reports(&self, file: FileId) -> bool {
        self.reported.as_ref().is_none_or(|reported| reported.contains(&file))
    }

    /// The evaluator behind the host.
    pub fn machine(&self) -> &'m Machine<'m> {
        self.machine
    }

    /// Every definition of the options that `pattern` names: a dotted path, `*` for any one name.
    pub fn definitions(&self, pattern: &str) -> Vec<Definition> {
        self.nodes(pattern).iter().flat_map(|(_, node)| node.definitions().iter().cloned()).collect()
    }

    /// The nodes that `pattern` names, with the keys that its stars stand for.
    pub fn nodes(&self, pattern: &str) -> Vec<(Vec<OptionKey>, Rc<Node>)> {
        let mut nodes = vec![(Vec::new(), self.options.root().clone())];
        for name in self.names(pattern).iter().copied() {
            let mut next = Vec::new();
            for (keys, node) in nodes {
                if name == Name::STAR {
                    for (key, node) in &self.options.keys(self.machine, &node).keys {
                        let mut keys = keys.clone();
                        keys.push(key.clone());
                        next.push((keys, node.clone()));
                    }
                } else {
                    let child = self.options.child(self.machine, &node, name);
                    if !child.definitions().is_empty() {
                        next.push((keys, child));
                    }
                }
            }
            nodes = next;
        }
        nodes.retain(|(_, node)| !node.definitions().is_empty());
        nodes
    }

    /// The root of the option table.
    pub(super) fn root(&self) -> &Rc<Node> {
        self.options.root()
    }

    /// Every key below `node`.
    pub(super) fn keys(&self, node: &Rc<Node>) -> Rc<Listing> {
        self.options.keys(self.machine, node)
    }

    /// The node of the declarations at a dotted path.
    pub(super) fn declaration(&self, path: &str) -> Rc<Node> {
        self.options.declaration(self.machine, &self.names(path))
    }

    /// Whether a module of the project declares an option at or below a dotted path.
    pub fn declares(&self, path: &str) -> bool {
        !self.declaration(path).definitions().is_empty()
    }

    /// The node below `node` at a dotted path.
    pub fn below(&self, node: &Rc<Node>, path: &str) -> Rc<Node> {
        self.options.below(self.machine, node, &self.names(path))
    }

    /// Why something that is not known may be defined at or above `path`; `None` where nothing may.
    pub fn open(&self, path: &str) -> Option<Unknown> {
        self.options.open(self.machine, &self.names(path))
    }

    /// The names of a dotted path.
    pub(super) fn names(&self, path: &str) -> Rc<[Name]> {
        self.project.names(path)
    }

    /// The node below `node` that is called `name`, which is no path.
    pub(super) fn child(&self, node: &Rc<Node>, name: &str) -> Rc<Node> {
        self.options.child(self.machine, node, self.machine.name(name))
    }

    pub(super) fn decide(&self, condition: &Condition) -> Condition {
        self.options.decided(self.machine, condition)
    }

    /// Whether the condition asks for the option at `path`.
    pub fn asks_for(&self, condition: &Condition, path: &str) -> bool {
        let path = self.names(path);
        condition.any_atom(&mut |atom| match atom {
            Atom::Option(option) | Atom::Equals(option, _) => *option.names == *path,
            Atom::Opaque(..) | Atom::Large(_) => false,
        })
    }

    /// The value of an option whose definitions do not merge: the strongest definition where it is one
    /// for sure.
    pub fn value(&self, path: &str) -> Resolved {
        self.options.value(self.machine, &self.names(path))
    }

    /// The same for the option of a node; what may be defined above it is not looked at.
    pub fn value_of(&self, node: &Node) -> Resolved {
        OptionTable::value_of(node)
    }

    /// The value of an option that the project sets once, or declares with a default and does not set.
    pub fn option_value(&self, path: &str) -> Option<Val> {
        let val = self.options.option_value(self.machine, &self.names(path))?;
        Some(self.machine.settled(&val))
    }

    /// How the project declares the option at `path`, where it does once.
    pub fn option_declaration(&self, path: &str) -> Option<OptionDeclaration> {
        let node = self.declaration(path);
        let [definition] = node.definitions() else { return None };
        let declaration = crate::eval::option_declaration(self.machine, &definition.value)?;
        let kind = declaration.get(self.machine.name("type"));
        let kind = kind.and_then(|entry| self.machine.force(&entry.value).span);
        Some(OptionDeclaration { kind, span: definition.key.or(definition.value.span) })
    }

    /// The path of a file from the root of the project.
    pub fn path_of(&self, file: FileId) -> &'m Utf8Path {
        let input = self.project.input;
        let known = input.files.iter().find(|known| known.id == file);
        known.map_or(Utf8Path::new(""), |known| known.path.strip_prefix(input.root).unwrap_or(&known.path))
    }

    /// The default that the project's own declaration gives an option.
    pub fn declared_default(&self, path: &str) -> Option<Val> {
        self.options.declared_default(self.machine, &self.names(path))
    }

    /// The value of the option that `val` refers to, where one value is certain.
    pub fn referenced(&self, val: &Val) -> Option<Val> {
        let Value::Symbol(symbol) = &val.value else { return None };
        let option = symbol.option()?;
        let table = self.options.with_option(self.machine, option.realm, &option.names)?;
        table.option_value(self.machine, &option.names)
    }

    /// The value of an option, its definitions merged by the type that the project declares, else by shape.
    pub fn merged(&self, path: &str) -> Resolved {
        self.options.merged(self.machine, &self.names(path))
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
