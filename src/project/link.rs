//! From values to modules, and from modules to the table of options.

use std::rc::Rc;

use super::arguments::Arguments;
use super::imports::{Edge, file_of, read_imports};
use super::input::ProjectInput;
use super::table::{Certainty, Node, Raw};
use crate::eval::{Attrs, Condition, Machine, Name, Thunk, Val, Value, wrapper};
use crate::text::FileId;

/// A module as one host has it.
pub(super) struct Module {
    pub file: FileId,
    pub content: Rc<ModuleContent>,
    pub imports: Vec<Edge>,
}

/// What a module evaluates to.
pub(super) struct ModuleContent {
    /// The module as it is written, without its arguments.
    pub value: Val,
    /// What it defines, wrappers and all.
    pub config: Thunk,
    /// What it declares.
    pub options: Option<Thunk>,
    /// Its `imports`, unread.
    pub import_list: Option<Thunk>,
    /// Its `disabledModules`.
    pub disabled: Option<Thunk>,
    /// The file in which its attributes are written.
    pub written_in: Option<FileId>,
    /// Its `key`, which makes it one with others of the same.
    pub key: Option<Thunk>,
}

/// The root of the option table of these modules.
pub(super) fn table(machine: &Machine<'_>, modules: &[(Module, Certainty)]) -> Node {
    tree(machine, modules, |module| Some(module.content.config.clone()))
}

/// The root of the declarations of these modules.
pub(super) fn declarations(machine: &Machine<'_>, modules: &[(Module, Certainty)]) -> Node {
    tree(machine, modules, |module| module.content.options.clone())
}

fn tree(
    machine: &Machine<'_>,
    modules: &[(Module, Certainty)],
    value: impl Fn(&Module) -> Option<Thunk>,
) -> Node {
    let raw = modules
        .iter()
        .filter_map(|(module, certainty)| Some(Raw::root(value(module)?, *certainty, module.file)));
    Node::new(machine, &Condition::clone, raw.collect())
}

/// Reads a value as a module; `None` where it is none.
pub(super) fn module(
    machine: &Machine<'_>,
    input: &ProjectInput<'_>,
    file: FileId,
    value: Val,
    is_file: bool,
    arguments: &Arguments,
) -> Option<Module> {
    let mut val = value;
    for _ in 0..3 {
        if !matches!(val.value, Value::Lambda(_)) {
            break;
        }
        val = arguments.apply(machine, &val);
    }
    if is_file && !matches!(val.value, Value::Attrs(_) | Value::Choice(_)) {
        return None;
    }
    let content = arguments.content(machine, val)?;
    let imports = content.import_list.as_ref();
    let imports = imports.map(|imports| read_imports(machine, input, file, imports)).unwrap_or_default();
    Some(Module { file, content, imports })
}

impl ModuleContent {
    /// Reads a set as a module; `None` where the value is none.
    pub(super) fn read(machine: &Machine<'_>, val: Val) -> Option<Self> {
        let attrs = machine.set(&val).ok()?;
        let written_in = file_of(machine, &val);
        if wrapper(machine, &val).is_some() {
            return Some(Self {
                config: val.clone().thunk(),
                value: val,
                import_list: None,
                options: None,
                disabled: None,
                written_in,
                key: None,
            });
        }
        let entry = |name: Name| attrs.get(name).map(|entry| entry.value.clone());
        let (config, options) = (entry(Name::CONFIG), entry(Name::OPTIONS));
        let config = match (config, &options) {
            (Some(config), _) => config,
            (None, Some(_)) => Val::of(Value::Attrs(Rc::default())).thunk(),
            (None, None) => Val::at(Value::Attrs(Rc::new(without_structure(&attrs))), val.span).thunk(),
        };
        Some(Self {
            config,
            options,
            import_list: entry(Name::IMPORTS),
            disabled: entry(Name::DISABLED_MODULES),
            written_in,
            key: entry(Name::KEY),
            value: val,
        })
    }
}

/// What a module that has no `config` defines.
fn without_structure(module: &Attrs) -> Attrs {
    const NO_OPTIONS: [Name; 6] =
        [Name::IMPORTS, Name::DISABLED_MODULES, Name::CLASS, Name::FILE, Name::KEY, Name::META];
    let entries = module.entries.iter().filter(|(name, _)| !NO_OPTIONS.contains(name));
    Attrs {
        entries: entries.cloned().collect(),
        patterns: module.patterns.clone(),
        open: module.open.clone(),
        fallback: module.fallback.clone(),
    }
}
