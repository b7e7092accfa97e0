//! The modules of one host, or of one user of it: everything that a list of modules leads to.
//!
//! Must never say that a module is surely there when a condition or something unknown stands on the way.

use std::collections::BTreeSet;
use std::mem;
use std::rc::Rc;

use camino::Utf8PathBuf;
use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::Arguments;
use super::imports::{Edge, Import, file_at, file_of, is_folder};
use super::input::ProjectInput;
use super::link::{Module, module};
use super::table::Certainty;
use crate::eval::{Condition, Machine, Reason, Unknown, Val, Value};
use crate::text::{FileId, Span};

/// Modules that one host may have.
const MAX_MODULES: usize = 20_000;

/// A file that holds a module of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleFile {
    /// The file.
    pub file: FileId,
    /// How sure it is that the host has it: never [`Certainty::Open`].
    pub certainty: Certainty,
    /// What of the file is a module.
    pub form: ModuleForm,
}

/// How a file is a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModuleForm {
    /// It is imported by its path.
    Path,
    /// A function or set written in it is a module.
    Inline,
}

/// A file that holds a module which imports one that another file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImportEdge {
    /// The file of the importing module; `None` for the list that the host begins with.
    pub from: Option<FileId>,
    /// The file of the imported module.
    pub to: FileId,
    /// Whether the import is there for sure wherever the importing module is.
    pub certainty: Certainty,
}

/// An import that could not be followed.
#[derive(Debug, Clone)]
pub struct OpenEdge {
    /// Why.
    pub reason: Unknown,
    /// The file of the importing module.
    pub file: FileId,
    /// The element of the list, or the list, if it is written in the project.
    pub span: Option<Span>,
}

/// All that a list of modules leads to.
#[derive(Default)]
pub(super) struct Closure {
    /// The modules, breadth first, as the module system orders them.
    pub modules: Vec<(Module, Certainty)>,
    /// The files of the modules, in the same order, each once.
    pub files: Vec<ModuleFile>,
    /// What imports what, from file to file, each pair once.
    pub imports: Vec<ImportEdge>,
    /// Files that are modules and cannot be read, by absolute path.
    pub unread: BTreeSet<Utf8PathBuf>,
    /// The names of the modules from outside.
    pub external: FxHashSet<String>,
    pub open: Vec<OpenEdge>,
}

/// Follows the imports of `roots`, which stand in `file`, in the scope that the machine is in.
pub(super) fn closure(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    arguments: &Arguments,
    roots: Vec<Edge>,
    file: FileId,
) -> Closure {
    let mut graph = Graph { machine, input, arguments, nodes: Vec::new(), by_key: FxHashMap::default() };
    graph.nodes.push(Node::new(file, None, roots));
    graph.grow();
    graph.closure()
}

/// What makes two modules one.
#[derive(Clone, PartialEq, Eq, Hash)]
enum ModuleKey {
    /// A file, and whether it was imported by the path of its folder.
    File(FileId, bool),
    Key(String),
}

/// A module with what it imports; the first node is the list of roots.
struct Node {
    /// The file that its imports are read in.
    file: FileId,
    key: Option<ModuleKey>,
    /// The file that holds the module, if it is one of the project.
    holder: Option<(FileId, ModuleForm)>,
    /// `None` for what cannot be read as a module.
    module: Option<Module>,
    /// The module as it was imported, where it has no file of its own.
    written: Option<Val>,
    /// The node that imports it first.
    above: usize,
    edges: Vec<Edge>,
    targets: Vec<(usize, Certainty)>,
    unread: Vec<Utf8PathBuf>,
    external: Vec<String>,
    open: Vec<OpenEdge>,
}

impl Node {
    fn new(file: FileId, key: Option<ModuleKey>, edges: Vec<Edge>) -> Self {
        Self {
            file,
            key,
            holder: None,
            module: None,
            written: None,
            above: 0,
            edges,
            targets: Vec::new(),
            unread: Vec::new(),
            external: Vec::new(),
            open: Vec::new(),
        }
    }
}

/// Everything that the roots lead to, before modules are disabled.
struct Graph<'g, 'm> {
    machine: &'g Machine<'m>,
    input: &'g ProjectInput<'g>,
    arguments: &'g Arguments,
    nodes: Vec<Node>,
    by_key: FxHashMap<ModuleKey, usize>,
}

impl Graph<'_, '_> {
    fn grow(&mut self) {
        let mut at = 0;
        while at < self.nodes.len() {
            let file = self.nodes[at].file;
            for Edge { import, certainty, span } in mem::take(&mut self.nodes[at].edges) {
                let target = match import {
                    _ if self.nodes.len() > MAX_MODULES => Err(Unknown::new(Reason::Fuel)),
                    Import::File(file, is_folder) => Ok(self.file(file, is_folder, at)),
                    Import::Inline(holder, val) => match self.written(holder, val, at) {
                        Some(target) => Ok(target),
                        None => continue,
                    },
                    Import::External(name) => {
                        self.nodes[at].external.push(name);
                        continue;
                    }
                    Import::Unread(path) => {
                        let shown = path.strip_prefix(self.input.root).unwrap_or(&path).to_string();
                        self.nodes[at].unread.push(path);
                        Err(Unknown::new(Reason::Error(format!("`{shown}` cannot be read"))))
                    }
                    Import::Lost(unknown) => Err(unknown),
                };
                match target {
                    Ok(target) => self.nodes[at].targets.push((target, certainty)),
                    Err(reason) => self.nodes[at].open.push(OpenEdge { reason, file, span }),
                }
            }
            at += 1;
        }
    }

    /// The node of a file.
    fn file(&mut self, file: FileId, is_folder: bool, above: usize) -> usize {
        let key = ModuleKey::File(file, is_folder);
        if let Some(known) = self.by_key.get(&key) {
            return *known;
        }
        let mut node = Node::new(file, Some(key.clone()), Vec::new());
        node.holder = Some((file, ModuleForm::Path));
        node.above = above;
        let module = match self.value_of(file) {
            Some(val) => {
                let unknown = match &val.value {
                    Value::Unknown(unknown) => unknown.clone(),
                    _ => Unknown::new(Reason::NotModelled("this kind of module".to_owned())),
                };
                module(self.machine, self.input, file, val, true, self.arguments).ok_or(unknown)
            }
            None => Err(Unknown::new(Reason::Syntax)),
        };
        match module {
            Ok(module) => self.load(&mut node, module),
            Err(reason) => node.open.push(OpenEdge { reason, file, span: None }),
        }
        self.by_key.insert(key, self.nodes.len());
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// What a file holds; `None` where that cannot be read.
    fn value_of(&self, file: FileId) -> Option<Val> {
        if let Some(known) = self.machine.known_file(file) {
            return Some(self.machine.force(&known));
        }
        let path = self.machine.loader().path(file);
        self.machine.loader().program(&path).map(|_| self.machine.import(&path))
    }

    /// The node of a module written in place; `None` for one that imports itself.
    fn written(&mut self, file: FileId, val: Val, above: usize) -> Option<usize> {
        let mut at = above;
        while at != 0 {
            if self.nodes[at].written.as_ref().is_some_and(|written| is_same(written, &val)) {
                return None;
            }
            at = self.nodes[at].above;
        }
        let mut node = Node::new(file, None, Vec::new());
        node.above = above;
        let holder = holder(self.machine, &val, self.nodes[above].file);
        node.written = Some(val.clone());
        let module = module(self.machine, self.input, file, val, false, self.arguments);
        let written_in = || module.as_ref()?.content.written_in;
        node.holder = holder.or_else(written_in).map(|file| (file, ModuleForm::Inline));
        match module {
            Some(module) => {
                let key = module.content.key.as_ref().and_then(|key| self.machine.force(key).as_str());
                if let Some(key) = key.map(ModuleKey::Key) {
                    if let Some(known) = self.by_key.get(&key) {
                        return Some(*known);
                    }
                    self.by_key.insert(key.clone(), self.nodes.len());
                    node.key = Some(key);
                }
                self.load(&mut node, module);
            }
            None => {
                let reason = Unknown::new(Reason::NotModelled("this kind of module".to_owned()));
                node.open.push(OpenEdge { reason, file, span: None });
            }
        }
        self.nodes.push(node);
        Some(self.nodes.len() - 1)
    }

    fn load(&self, node: &mut Node, module: Module) {
        node.edges = module.imports.clone();
        node.module = Some(module);
    }

    /// The modules that are switched off, with how sure that is.
    fn disabled(&self) -> FxHashMap<ModuleKey, Certainty> {
        let machine = self.machine;
        let mut result = FxHashMap::default();
        let lists = self.nodes.iter().filter_map(|node| node.module.as_ref()?.content.disabled.as_ref());
        for list in lists {
            let Ok(list) = machine.list(&machine.force(list)) else { continue };
            for element in &list.elements {
                let val = machine.force(&element.value);
                let key = match &val.value {
                    Value::Attrs(attrs) => {
                        let key = attrs.get(machine.name("key"));
                        key.and_then(|key| machine.force(&key.value).as_str()).map(ModuleKey::Key)
                    }
                    // Other strings name modules of nixpkgs.
                    _ => machine.project_path(&val).and_then(|path| {
                        let file = file_at(machine, &path)?;
                        Some(ModuleKey::File(file, is_folder(machine, &path)))
                    }),
                };
                let is_sure = element.condition == Condition::True;
                let certainty = if is_sure { Certainty::Must } else { Certainty::May };
                if let Some(key) = key {
                    let known = result.entry(key).or_insert(certainty);
                    *known = (*known).min(certainty);
                }
            }
        }
        result
    }

    /// What is left when modules that are disabled, and what they alone import, are taken out.
    fn closure(mut self) -> Closure {
        let disabled = self.disabled();
        let off = |node: &Node| node.key.as_ref().and_then(|key| disabled.get(key)).copied();
        let must = self.reach(|node, certainty| certainty == Certainty::Must && off(node).is_none());
        let sure: FxHashSet<usize> = must.into_iter().collect();
        let order = self.reach(|node, _| off(node) != Some(Certainty::Must));

        let mut closure = Closure { imports: self.imports(&order), ..Closure::default() };
        let mut places: FxHashMap<FileId, usize> = FxHashMap::default();
        for at in order {
            let certainty = if sure.contains(&at) { Certainty::Must } else { Certainty::May };
            let node = &mut self.nodes[at];
            closure.unread.extend(node.unread.drain(..));
            closure.external.extend(node.external.drain(..));
            closure.open.append(&mut node.open);
            if let Some((file, form)) = node.holder {
                let place = *places.entry(file).or_insert_with(|| {
                    closure.files.push(ModuleFile { file, certainty, form });
                    closure.files.len() - 1
                });
                let known = &mut closure.files[place];
                known.certainty = known.certainty.min(certainty);
                known.form = known.form.min(form);
            }
            closure.modules.extend(node.module.take().map(|module| (module, certainty)));
        }
        closure
    }

    /// The imports among these nodes. What has no file of its own imports in the name of what imports it.
    fn imports(&self, order: &[usize]) -> Vec<ImportEdge> {
        let wanted: FxHashSet<usize> = order.iter().copied().collect();
        let file_of = |at: usize| self.nodes[at].holder.map(|(file, _)| file);
        let mut places: FxHashMap<(Option<FileId>, FileId), usize> = FxHashMap::default();
        let mut imports: Vec<ImportEdge> = Vec::new();
        for at in order {
            let mut importing = *at;
            while importing != 0 && file_of(importing).is_none() {
                importing = self.nodes[importing].above;
            }
            let from = file_of(importing);
            for (target, certainty) in &self.nodes[*at].targets {
                let Some(to) = file_of(*target).filter(|to| wanted.contains(target) && Some(*to) != from)
                else {
                    continue;
                };
                let place = *places.entry((from, to)).or_insert_with(|| {
                    imports.push(ImportEdge { from, to, certainty: *certainty });
                    imports.len() - 1
                });
                let known = &mut imports[place];
                known.certainty = known.certainty.min(*certainty);
            }
        }
        imports
    }

    /// The nodes that edges lead to, breadth first, as far as they are wanted.
    fn reach(&self, wanted: impl Fn(&Node, Certainty) -> bool) -> Vec<usize> {
        let mut order = vec![0];
        let mut seen: FxHashSet<usize> = [0].into_iter().collect();
        let mut at = 0;
        while at < order.len() {
            for (target, certainty) in &self.nodes[order[at]].targets {
                if wanted(&self.nodes[*target], *certainty) && seen.insert(*target) {
                    order.push(*target);
                }
            }
            at += 1;
        }
        order
    }
}

/// Whether two modules are the same value, not only equal.
fn is_same(a: &Val, b: &Val) -> bool {
    match (&a.value, &b.value) {
        (Value::Lambda(a), Value::Lambda(b)) => Rc::ptr_eq(a, b),
        (Value::Attrs(a), Value::Attrs(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

/// The file that holds a module written in place; that of the import for an empty one, none for what a
/// library made.
fn holder(machine: &Machine<'_>, val: &Val, importing: FileId) -> Option<FileId> {
    let is_empty = matches!(&val.value, Value::Attrs(attrs) if attrs.entries.is_empty());
    file_of(machine, val).or(is_empty.then_some(importing))
}
