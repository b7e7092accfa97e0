//! Submodules: modules inside of an option's value, with their own `config` and `name`.
//!
//! Follows `submoduleWith` of lib/types.nix and `collectModules` of lib/modules.nix.

use std::rc::Rc;

use camino::Utf8PathBuf;
use rustc_hash::FxHashSet;

use super::definition::Def;
use super::level::{Level, Origin, Undeclared};
use super::types::{self, Submodule};
use super::{Cx, Part, alias};
use crate::eval::{
    Attrs, Condition, Entry, Name, Reason, SymbolRoot, Thunk, Unknown, Val, Value, Wrapper, library, wrapper,
};

/// Modules that one submodule may have.
const MAX_MODULES: usize = 1000;

/// Keys of a module that are not options.
const META: [&str; 7] = ["_class", "_file", "key", "disabledModules", "require", "imports", "freeformType"];

/// Something that `collectModules` looks at.
struct Item {
    module: Module,
    condition: Condition,
}

enum Module {
    Value(Thunk),
    /// A set that is a definition whatever its keys are.
    Config(Thunk),
    /// A module that imports another and says nothing itself.
    Wrapper(Thunk),
}

/// The value of an option that is a submodule.
pub(super) fn evaluate(cx: Cx<'_, '_>, submodule: &Rc<Submodule>, name: &Rc<str>, defs: &[Def]) -> Val {
    let mut items: Vec<Item> = Vec::new();
    let certain = |module| Item { module, condition: Condition::True };
    let failed = |unknown: Unknown| Val::of(Value::Unknown(unknown));
    let mut modules = Vec::new();
    for list in &submodule.modules {
        // `submodule` takes one module too.
        match &cx.force(list).value {
            Value::List(_) => match types::elements(cx, list) {
                Ok(elements) => modules.extend(elements),
                Err(unknown) => return failed(unknown),
            },
            Value::Unknown(unknown) => return failed(unknown.clone()),
            Value::Choice(_) => return failed(Unknown::new(Reason::Several)),
            _ => modules.push(list.clone()),
        }
    }
    let special = match types::special(cx, submodule) {
        Ok(special) => special,
        Err(unknown) => return failed(unknown),
    };
    for module in &modules {
        let module =
            if submodule.wrapped { Module::Wrapper(module.clone()) } else { Module::Value(module.clone()) };
        items.push(certain(module));
    }
    for def in defs {
        let thunk = def.value.clone().thunk();
        let is_set = matches!(def.value.value, Value::Attrs(_));
        let module = match is_set && submodule.only_config {
            true => Module::Config(thunk),
            false => Module::Wrapper(thunk),
        };
        items.push(Item { module, condition: def.condition.clone() });
    }
    // `config` is the value itself.
    let level: Rc<std::cell::OnceCell<Rc<Level>>> = Rc::default();
    let config = {
        let level = Rc::downgrade(&level);
        cx.later(move |cx| match level.upgrade().and_then(|level| level.get()?.attrs(cx)) {
            Some(val) => val,
            None => Val::unknown(Reason::Cycle),
        })
    };
    let arguments = arguments(cx, &special, name, &config);
    let own = level.clone();
    match collect(cx, items, &arguments) {
        Ok(parts) => {
            let root = Level::root(parts, Undeclared::Forbidden, Origin::Submodule);
            let root = level.get_or_init(|| root).clone();
            let val = root.attrs(cx).unwrap_or_else(|| Val::unknown(Reason::Cycle));
            cx.merger.keep(own);
            val
        }
        Err(unknown) => failed(unknown),
    }
}

/// The set of arguments of the modules.
fn arguments(cx: Cx<'_, '_>, special: &Attrs, name: &Rc<str>, config: &Thunk) -> Thunk {
    let machine = cx.machine;
    let mut entries: Vec<(Name, Entry)> = vec![
        (machine.name("name"), Entry::of(Val::string(name).thunk())),
        (machine.name("lib"), Entry::of(library(machine).thunk())),
        (machine.name("options"), Entry::of(Val::symbol(SymbolRoot::Options).thunk())),
        (machine.name("config"), Entry::of(config.clone())),
    ];
    entries.extend(special.entries.iter().cloned());
    let mut attrs = Attrs::from_entries(entries);
    attrs.open = Some(Unknown::new(Reason::Argument("module".to_owned())));
    Val::of(Value::Attrs(Rc::new(attrs))).thunk()
}

/// The modules in the order in which they are imported, each file once.
fn collect(cx: Cx<'_, '_>, items: Vec<Item>, arguments: &Thunk) -> Result<Vec<Part>, Unknown> {
    let mut parts = Vec::new();
    let mut files: FxHashSet<Utf8PathBuf> = FxHashSet::default();
    let mut queue: std::collections::VecDeque<Item> = items.into();
    while let Some(item) = queue.pop_front() {
        if parts.len() > MAX_MODULES {
            return Err(Unknown::new(Reason::Fuel));
        }
        let condition = item.condition;
        let thunk = match item.module {
            Module::Config(config) => {
                parts.push(Part { options: None, config, freeform: None, condition });
                continue;
            }
            Module::Wrapper(module) => {
                queue.push_back(Item { module: Module::Value(module), condition });
                continue;
            }
            Module::Value(thunk) => thunk,
        };
        let mut val = cx.force(&thunk);
        if let Some(module) = alias::alias_module(cx.machine, &val) {
            val = module;
        }
        if !matches!(val.value, Value::Attrs(_) | Value::Lambda(_) | Value::Primitive(_)) {
            let Some(path) = cx.machine.project_path(&val) else {
                return Err(cx.machine.symbolic(&val));
            };
            if !files.insert(path.clone()) {
                continue;
            }
            val = cx.machine.import(&path);
        }
        if matches!(val.value, Value::Lambda(_) | Value::Primitive(_)) {
            val = cx.settle(cx.machine.apply(&val, arguments.clone(), None));
        }
        if let Some(Wrapper::If(..) | Wrapper::Override(..)) = wrapper(cx.machine, &val) {
            parts.push(Part { options: None, config: val.thunk(), freeform: None, condition });
            continue;
        }
        let attrs = cx.machine.set(&val)?;
        if let Value::Choice(_) = val.value {
            return Err(Unknown::new(Reason::Several));
        }
        let entry = |name: &str| attrs.get(cx.machine.name(name)).map(|entry| entry.value.clone());
        for key in ["imports", "require"] {
            let Some(imports) = entry(key) else { continue };
            let list = cx.machine.list(&cx.force(&imports))?;
            if let Some(open) = &list.open {
                return Err(open.clone());
            }
            for element in &list.elements {
                let condition = condition.and(&cx.decided(&element.condition));
                if condition != Condition::False {
                    queue.push_back(Item { module: Module::Value(element.value.clone()), condition });
                }
            }
        }
        let explicit = entry("config").is_some() || entry("options").is_some();
        let config = match (explicit, entry("config")) {
            (true, Some(config)) => config,
            (true, None) => Val::of(Value::Attrs(Rc::default())).thunk(),
            (false, _) => {
                let mut config = (*attrs).clone();
                let meta = META.map(|name| cx.machine.name(name));
                config.entries.retain(|(name, _)| !meta.contains(name));
                Val::at(Value::Attrs(Rc::new(config)), val.span).thunk()
            }
        };
        parts.push(Part { options: entry("options"), config, freeform: entry("freeformType"), condition });
    }
    Ok(parts)
}
