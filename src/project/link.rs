//! From values to modules, and from modules to the table of options.

use std::rc::Rc;

use super::arguments::Arguments;
use super::imports::{Edge, file_of, read_imports};
use super::input::ProjectInput;
use super::table::{Certainty, Node, Raw};
use crate::eval::{Condition, Machine, Thunk, Val, Value, wrapper};
use crate::text::FileId;

/// What a module evaluates to.
pub(super) struct Module {
    pub file: FileId,
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
    pub imports: Vec<Edge>,
}

/// The root of the option table of these modules.
pub(super) fn table(machine: &Machine<'_>, modules: &[(Module, Certainty)]) -> Node {
    tree(machine, modules, |module| Some(module.config.clone()))
}

/// The root of the declarations of these modules.
pub(super) fn declarations(machine: &Machine<'_>, modules: &[(Module, Certainty)]) -> Node {
    tree(machine, modules, |module| module.options.clone())
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
    let attrs = machine.set(&val).ok()?;
    let written_in = file_of(machine, &val);
    if wrapper(machine, &val).is_some() {
        return Some(Module {
            file,
            value: val.clone(),
            config: val.thunk(),
            import_list: None,
            options: None,
            disabled: None,
            written_in,
            key: None,
            imports: Vec::new(),
        });
    }
    let entry = |name: &str| attrs.get(machine.name(name)).map(|entry| entry.value.clone());
    let imports =
        entry("imports").map(|imports| read_imports(machine, input, file, &imports)).unwrap_or_default();
    let config = if entry("config").is_some() || entry("options").is_some() {
        match attrs.get(machine.name("config")) {
            Some(entry) => entry.value.clone(),
            None => Val::of(Value::Attrs(Rc::default())).thunk(),
        }
    } else {
        let mut config = (*attrs).clone();
        let keys: Vec<_> = ["imports", "disabledModules", "_class", "_file", "key", "meta"]
            .map(|name| machine.name(name))
            .into();
        config.entries.retain(|(name, _)| !keys.contains(name));
        Val::at(Value::Attrs(Rc::new(config)), val.span).thunk()
    };
    Some(Module {
        file,
        config,
        options: entry("options"),
        import_list: entry("imports"),
        disabled: entry("disabledModules"),
        written_in,
        key: entry("key"),
        imports,
        value: val,
    })
}
