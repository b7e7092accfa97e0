//! What stands in a list of imports: files, modules written in place, modules from outside, and what could
//! not be followed.
//!
//! Must never call a module external that may belong to the project.

use camino::{Utf8Path, Utf8PathBuf};

use super::input::ProjectInput;
use super::merge::alias_module;
use super::table::Certainty;
use crate::eval::{
    Condition, FileKind, Machine, Reason, Symbol, SymbolRoot, TextHole, TextPiece, Thunk, Unknown, Val,
    Value, is_error,
};
use crate::text::{FileId, Span};

/// What an element of a list of imports is.
#[derive(Clone)]
pub(super) enum Import {
    /// A file of the project, and whether its folder is what is imported. The module system compares paths, so
    /// `./a` and `./a/default.nix` are two modules.
    File(FileId, bool),
    /// A module written in place, with the file it stands in.
    Inline(FileId, Val),
    /// A file of the project that is no text, e.g. an encrypted one, by its absolute path.
    Unread(Utf8PathBuf),
    /// A module from outside of the project, by the name it is known by.
    External(String),
    /// Something of the project that could not be followed.
    Lost(Unknown),
}

/// An import with its place.
#[derive(Clone)]
pub(super) struct Edge {
    pub import: Import,
    /// Whether it is there on every host that has the importing module.
    pub certainty: Certainty,
    /// The element, or the list.
    pub span: Option<Span>,
}

impl Edge {
    /// Something that could not be followed.
    pub(super) fn lost(unknown: Unknown, span: Option<Span>) -> Self {
        Self { import: Import::Lost(unknown), certainty: Certainty::May, span }
    }

    /// The same, no surer than `certainty`.
    pub(super) fn at_most(self, certainty: Certainty) -> Self {
        Self { certainty: self.certainty.max(certainty), ..self }
    }
}

/// Reads a list of imports that stands in `file`.
pub(super) fn read_imports(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    file: FileId,
    imports: &Thunk,
) -> Vec<Edge> {
    let list_val = machine.force(imports);
    let list = match machine.list(&list_val) {
        Ok(list) => list,
        Err(unknown) => return vec![Edge::lost(unknown, list_val.span)],
    };
    let mut result: Vec<Edge> = Vec::new();
    if let Some(open) = &list.open {
        result.push(Edge::lost(open.clone(), list_val.span));
    }
    for element in &list.elements {
        let val = machine.force(&element.value);
        result.extend(read_import(machine, input, file, &val, &element.condition));
    }
    let place = |edge: Edge| Edge { span: edge.span.or(list_val.span), ..edge };
    result.into_iter().map(place).collect()
}

/// Reads one module that is imported under a condition: several edges where it may be one of several.
pub(super) fn read_import(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    file: FileId,
    val: &Val,
    condition: &Condition,
) -> Vec<Edge> {
    let mut result = Vec::new();
    for (when, alternative) in machine.alternatives(&machine.settled(val)) {
        let certainty = match condition.and(&when) {
            Condition::True => Certainty::Must,
            Condition::False => continue,
            _ => Certainty::May,
        };
        let span = alternative.span.or(val.span);
        result.push(Edge { import: import(machine, input, file, alternative), certainty, span });
    }
    result
}

fn import(machine: &Machine<'_>, input: &ProjectInput<'_>, file: FileId, val: Val) -> Import {
    if let Some(path) = machine.project_path(&val) {
        return import_of_path(machine, input, &path);
    }
    match &val.value {
        Value::Lambda(_) | Value::Primitive(_) | Value::Attrs(_) => {
            Import::Inline(file_of(machine, &val).unwrap_or(file), val)
        }
        // `mkRenamedOptionModule` and its kin.
        _ => match alias_module(machine, &val) {
            Some(module) => Import::Inline(file_of(machine, &val).unwrap_or(file), module),
            None => match external_name(machine, &val) {
                Some(name) => Import::External(name),
                None => Import::Lost(reason(machine, &val)),
            },
        },
    }
}

fn import_of_path(machine: &Machine<'_>, input: &ProjectInput<'_>, path: &Utf8Path) -> Import {
    match file_at(machine, path) {
        Some(file) => Import::File(file, is_folder(machine, path)),
        None if !path.starts_with(input.root) => Import::External(path.to_string()),
        None => {
            let shown = path.strip_prefix(input.root).unwrap_or(path);
            let below = path.join("default.nix");
            let reason = match machine.loader().kind(path) {
                Some(FileKind::Directory) if machine.loader().kind(&below).is_some() => {
                    return Import::Unread(below);
                }
                Some(FileKind::Directory) => format!("`{shown}` has no `default.nix`"),
                Some(_) => return Import::Unread(path.to_owned()),
                None => format!("path `{shown}` does not exist"),
            };
            Import::Lost(Unknown::new(Reason::Error(reason)))
        }
    }
}

/// Why a value is not known to be a module.
fn reason(machine: &Machine<'_>, val: &Val) -> Unknown {
    match &val.value {
        Value::Str(text) | Value::PathPattern(text) => {
            let holes = text.pieces.iter().filter_map(|piece| match piece {
                TextPiece::Hole(hole) => hole.value.as_ref(),
                TextPiece::Known { .. } => None,
            });
            let inner = holes.map(|val| reason(machine, val)).next();
            inner.unwrap_or_else(|| Unknown::new(Reason::Error(format!("`{}` is no path", text.display()))))
        }
        Value::Symbol(_) | Value::Unknown(_) | Value::Choice(_) => machine.symbolic(val),
        _ => Unknown::new(Reason::Error("this is no module".to_owned())),
    }
}

/// The file of the project in which a module that has no file of its own is written: that of its formals or
/// attributes.
pub(super) fn file_of(machine: &Machine<'_>, val: &Val) -> Option<FileId> {
    // What nixlint itself is made of has no path.
    let is_of_project = |file: &FileId| !machine.loader().path(*file).as_str().is_empty();
    let place = || val.span.map(|span| span.file).filter(is_of_project);
    match &val.value {
        Value::Lambda(closure) => {
            Some(closure.unit.file).filter(|file| !closure.unit.is_own && is_of_project(file))
        }
        Value::Attrs(attrs) => {
            let keys = attrs.entries.iter().filter_map(|(_, entry)| entry.key);
            keys.filter(|key| is_of_project(&key.file)).min().map(|key| key.file).or_else(place)
        }
        _ => place(),
    }
}

/// The name of a module that certainly comes from outside the project.
fn external_name(machine: &Machine<'_>, val: &Val) -> Option<String> {
    match &val.value {
        Value::Symbol(symbol) => is_external(machine, symbol).then(|| machine.symbol_text(symbol)),
        Value::Str(text) => match text.pieces.split_first() {
            Some((TextPiece::Hole(TextHole { value: Some(val), .. }), rest)) => {
                let known = rest.iter().filter_map(|piece| match piece {
                    TextPiece::Known { text, .. } => Some(&**text),
                    TextPiece::Hole(_) => None,
                });
                Some(external_name(machine, val)? + &known.collect::<String>())
            }
            _ => None,
        },
        Value::Unknown(unknown) if is_error(unknown) => None,
        _ => None,
    }
}

fn is_external(machine: &Machine<'_>, symbol: &Symbol) -> bool {
    match &symbol.root {
        SymbolRoot::Call(call) => match &call.function.root {
            // What a function from outside makes of nothing that is the project's own.
            SymbolRoot::Inputs | SymbolRoot::ModulesPath | SymbolRoot::SearchPath(_) => {
                call.arguments.iter().all(|argument| holds_no_module(machine, &machine.force(argument), 0))
            }
            // `mkRenamedOptionModule` and its kin: modules of `lib`.
            SymbolRoot::Library => {
                let last = call.function.path.last().map(|name| machine.text_of(*name));
                last.is_some_and(|name| name.starts_with("mk") && name.contains("OptionModule"))
            }
            _ => false,
        },
        root => matches!(
            root,
            SymbolRoot::Inputs
                | SymbolRoot::ModulesPath
                | SymbolRoot::SearchPath(_)
                | SymbolRoot::Packages(_)
        ),
    }
}

/// Whether a value certainly holds no module of the project.
fn holds_no_module(machine: &Machine<'_>, val: &Val, depth: u32) -> bool {
    let below = |thunk: &Thunk| depth < 3 && holds_no_module(machine, &machine.force(thunk), depth + 1);
    match &val.value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Condition(_) => true,
        Value::Str(text) => text.exact().is_some_and(|text| !text.starts_with('/')),
        Value::Symbol(symbol) => match &symbol.root {
            SymbolRoot::Call(_) => is_external(machine, symbol),
            SymbolRoot::SelfFlake | SymbolRoot::Argument(_) => false,
            SymbolRoot::Config(_) => !machine.is_module_argument(val),
            _ => true,
        },
        Value::List(list) => list.open.is_none() && list.elements.iter().all(|element| below(&element.value)),
        Value::Attrs(attrs) => {
            attrs.is_closed() && attrs.entries.iter().all(|(_, entry)| below(&entry.value))
        }
        _ => false,
    }
}

/// Whether a path is that of a folder.
pub(super) fn is_folder(machine: &Machine<'_>, path: &Utf8Path) -> bool {
    machine.loader().kind(path) == Some(FileKind::Directory)
}

/// The Nix file that `import` reads for a path.
pub(super) fn file_at(machine: &Machine<'_>, path: &Utf8Path) -> Option<FileId> {
    match machine.loader().kind(path)? {
        FileKind::Directory => machine.loader().file(&path.join("default.nix")),
        _ => machine.loader().file(path),
    }
}
