//! Options under another name: `mkRenamedOptionModule`, `mkAliasOptionModule`, `mkRemovedOptionModule`.
//!
//! The module that such a function makes declares the old name, and its definitions go on to the new one.

use std::rc::Rc;

use super::definition::{self, Discharged};
use super::{Cx, level};
use crate::eval::{Attrs, Condition, Entry, Machine, Name, SymbolRoot, Thunk, Val, Value};
use crate::project::options::Resolved;

/// The module that a call of one of these functions makes, if `val` is one.
pub(in crate::project) fn alias_module(machine: &Machine<'_>, val: &Val) -> Option<Val> {
    let Value::Symbol(symbol) = &val.value else { return None };
    let SymbolRoot::Call(call) = &symbol.root else { return None };
    if !matches!(call.function.root, SymbolRoot::Library) || !symbol.path.is_empty() {
        return None;
    }
    let function = machine.text_of(*call.function.path.last()?);
    let (from, to) = match (&*function, call.arguments.as_slice()) {
        ("mkRenamedOptionModule" | "mkAliasOptionModule" | "mkAliasOptionModuleMD", [from, to]) => {
            (names(machine, from)?, Some(names(machine, to)?))
        }
        ("mkRenamedOptionModuleWith", [arguments]) => {
            let arguments = machine.set(&machine.force(arguments)).ok()?;
            let path = |name: &str| names(machine, &arguments.get(machine.name(name))?.value);
            (path("from")?, Some(path("to")?))
        }
        ("mkRemovedOptionModule", [from, _]) => (names(machine, from)?, None),
        _ => return None,
    };
    let mut entries = Vec::new();
    if let Some(to) = &to {
        let option =
            set(machine, vec![("_type", Val::string("option").thunk()), ("aliasOf", path(machine, to))]);
        entries.push(("options", nested(machine, &from, option)));
        let definitions =
            set(machine, vec![("_type", Val::string("definitions").thunk()), ("of", path(machine, &from))]);
        entries.push(("config", nested(machine, to, definitions)));
    } else {
        let option = set(machine, vec![("_type", Val::string("option").thunk())]);
        entries.push(("options", nested(machine, &from, option)));
    }
    Some(Val { value: machine.force(&set(machine, entries)).value, span: val.span })
}

fn names(machine: &Machine<'_>, thunk: &Thunk) -> Option<Vec<Name>> {
    let list = machine.list(&machine.force(thunk)).ok()?;
    let names =
        list.elements.iter().map(|element| Some(machine.name(&machine.force(&element.value).as_str()?)));
    if list.open.is_some() { None } else { names.collect() }
}

fn path(machine: &Machine<'_>, names: &[Name]) -> Thunk {
    let names = names.iter().map(|name| Val::string(machine.text_of(*name)).thunk());
    Val::list(names.collect()).thunk()
}

fn set(machine: &Machine<'_>, entries: Vec<(&str, Thunk)>) -> Thunk {
    let entries = entries.into_iter().map(|(name, value)| (machine.name(name), Entry::of(value)));
    Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))).thunk()
}

fn nested(machine: &Machine<'_>, path: &[Name], value: Thunk) -> Thunk {
    path.iter().rev().fold(value, |value, name| set(machine, vec![(&machine.text_of(*name), value)]))
}

/// The option that a declaration of this kind is another name of.
pub(super) fn target(cx: Cx<'_, '_>, declaration: &Attrs) -> Option<Vec<Name>> {
    names(cx.machine, &declaration.get(Name::ALIAS_OF)?.value)
}

/// The option whose definitions stand here, if `val` is what the module above defines.
fn forwarded(cx: Cx<'_, '_>, val: &Val) -> Option<Vec<Name>> {
    let Value::Attrs(attrs) = &val.value else { return None };
    if !cx.machine.force(&attrs.type_tag()?.value).is_text("definitions") {
        return None;
    }
    names(cx.machine, &attrs.get(cx.machine.name("of"))?.value)
}

/// The definitions that stand here, if `val` is what the module above defines: when they count, their priority
/// and their value.
pub(super) fn definitions(cx: Cx<'_, '_>, val: &Val) -> Option<Vec<(Condition, i64, Val)>> {
    let from = forwarded(cx, val)?;
    let (raws, level) = level::definitions_at(cx, &cx.merger.root, &from)?;
    let mut all = Vec::new();
    for raw in &raws {
        definition::discharge(cx, raw, level, false, &mut all);
    }
    let present = definition::strongest(&all, &Discharged::priority);
    let priorities: Vec<i64> = all.iter().map(Discharged::priority).collect();
    let mut kept: Vec<(i64, (Condition, i64, Val))> = all
        .into_iter()
        .zip(present)
        .zip(priorities)
        .filter(|((_, present), _)| *present != Condition::False)
        .map(|((one, present), priority)| (one.order, (present, priority, one.value)))
        .collect();
    kept.sort_by_key(|(order, _)| *order);
    Some(kept.into_iter().map(|(_, definition)| definition).collect())
}

/// The value of the option behind another name.
pub(super) fn value(cx: Cx<'_, '_>, target: &[Name]) -> Val {
    match cx.merger.lookup(cx.machine, target) {
        Resolved::Known(val) => val,
        Resolved::Unknown(unknown) => Val::of(Value::Unknown(unknown)),
        Resolved::Unset => Val::error("an option is used and not defined"),
    }
}
