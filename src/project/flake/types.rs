//! How definitions of one option become its value: by the option's type, else by their shape.
//!
//! Must never choose between definitions that contradict each other.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::modules::{self, Plain, Raw, discharge};
use crate::eval::{
    Attrs, Condition, Element, Entry, List, Machine, Merge, Name, OptionType, Reason, Text, Thunk, Unknown,
    Val, Value, library, option_type,
};

/// The options that every evaluation of modules has.
pub(super) fn base(machine: &Machine<'_>) -> Thunk {
    let set = |entries: Vec<(&str, Val)>| {
        let entries = entries.into_iter().map(|(name, val)| (machine.name(name), Entry::of(val.thunk())));
        Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect()))))
    };
    let types = machine.select_or_unknown(&library(machine), machine.name("types"));
    let [of, raw] = ["lazyAttrsOf", "raw"].map(|name| machine.select_or_unknown(&types, machine.name(name)));
    let arguments = set(vec![
        ("_type", Val::string("option")),
        ("type", machine.apply(&of, raw.thunk(), None)),
        ("default", set(Vec::new())),
    ]);
    set(vec![("_module", set(vec![("args", arguments)]))]).thunk()
}

/// The value of definitions of an option of these types, which several declarations may give; `name` is
/// the attribute the option stands under.
pub(super) fn merge(machine: &Machine<'_>, kinds: &[Val], plain: Vec<Plain>, name: Option<Name>) -> Val {
    let kinds: Vec<OptionType> = kinds.iter().filter_map(|kind| option_type(machine, kind)).collect();
    let Some(kind) = kinds.first() else { return by_shape(machine, plain) };
    if let Merge::Submodule { .. } = kind.merge {
        return submodule(machine, &kinds, plain, name);
    }
    if plain.is_empty() {
        let empty = machine.set(&machine.force(&kind.empty));
        let value = empty.ok().and_then(|empty| Some(empty.get(machine.name("value"))?.value.clone()));
        return value.map_or_else(no_value, |value| machine.force(&value));
    }
    let elements = || {
        let inside = kinds.iter().filter_map(|kind| match &kind.merge {
            Merge::Attrs { element, .. } | Merge::List(element) => Some(element.clone()),
            _ => None,
        });
        inside.collect::<Vec<_>>()
    };
    let one = |kind: &Thunk, plain: Vec<Plain>| merge(machine, &[machine.force(kind)], plain, name);
    match &kind.merge {
        Merge::Attrs { .. } => attrs_of(machine, elements(), &plain),
        Merge::List(_) => list_of(machine, &Rc::new(elements()), &plain),
        Merge::Deferred(_) => deferred(machine, &kinds, plain),
        Merge::NullOr(kind) => {
            let given: Vec<Plain> =
                plain.into_iter().filter(|plain| !matches!(plain.val.value, Value::Null)).collect();
            if given.is_empty() { Val::of(Value::Null) } else { one(kind, given) }
        }
        Merge::Unique(kind) => one(kind, plain),
        Merge::Either(left, right) => match fits(machine, left, &plain) {
            Some(true) => one(left, plain),
            Some(false) => one(right, plain),
            None => by_shape(machine, plain),
        },
        Merge::Coerced { from, function, to } => {
            let converted = plain.into_iter().map(|plain| {
                let val = match fits(machine, from, std::slice::from_ref(&plain)) {
                    Some(true) => machine.apply(&machine.force(function), plain.val.clone().thunk(), None),
                    Some(false) => plain.val.clone(),
                    None => Val::unknown(Reason::Several),
                };
                Plain { val, ..plain }
            });
            let converted = converted.collect();
            one(to, converted)
        }
        Merge::Joined(separator) => match machine.force(separator).as_str() {
            Some(separator) => joined(machine, &separator, &plain),
            None => Val::unknown(Reason::Several),
        },
        Merge::Or if plain.iter().all(|plain| plain.condition == Condition::True) => {
            let mut any = Condition::False;
            for plain in &plain {
                match machine.condition(&plain.val, plain.val.span) {
                    Ok(truth) => any = any.or(&truth),
                    Err(unknown) => return Val::of(Value::Unknown(unknown)),
                }
            }
            Val::of(match any {
                Condition::True => Value::Bool(true),
                Condition::False => Value::Bool(false),
                any => Value::Condition(any),
            })
        }
        Merge::Own(function) => own(machine, function, &plain, name),
        _ => by_shape(machine, plain),
    }
}

fn no_value() -> Val {
    Val::error("the option has no value")
}

/// Whether all values pass the `check` of a type.
fn fits(machine: &Machine<'_>, kind: &Thunk, plain: &[Plain]) -> Option<bool> {
    let check = machine.force(&option_type(machine, &machine.force(kind))?.check);
    let mut all = Condition::True;
    for plain in plain {
        let truth = machine.apply(&check, plain.val.clone().thunk(), None);
        all = all.and(&machine.condition(&truth, None).ok()?);
    }
    match all {
        Condition::True => Some(true),
        Condition::False => Some(false),
        _ => None,
    }
}

/// The `merge` of a type that the project makes: a function of the location and the definitions.
fn own(machine: &Machine<'_>, function: &Val, plain: &[Plain], name: Option<Name>) -> Val {
    if plain.iter().any(|plain| plain.condition != Condition::True) {
        return Val::unknown(Reason::Several);
    }
    let location = name.iter().map(|name| Val::string(machine.text_of(*name)).thunk()).collect();
    let definitions = plain.iter().map(|plain| {
        let fields = vec![
            (machine.name("file"), Entry::of(Val::string("flake.nix").thunk())),
            (machine.name("value"), Entry::of(plain.val.clone().thunk())),
        ];
        Val::of(Value::Attrs(Rc::new(Attrs::from_entries(fields)))).thunk()
    });
    let arguments = [Val::list(location).thunk(), Val::list(definitions.collect()).thunk()];
    machine.apply_all(function, arguments, None)
}

/// The value of definitions of an option whose type is not known.
pub(super) fn by_shape(machine: &Machine<'_>, plain: Vec<Plain>) -> Val {
    match plain.as_slice() {
        [] => no_value(),
        [only] if only.condition == Condition::True => only.val.clone(),
        [only] => {
            let missing = no_value().thunk();
            Val::of(Value::Choice(Rc::new([
                (only.condition.clone(), only.val.clone().thunk()),
                (only.condition.not(), missing),
            ])))
        }
        all if all.iter().all(|plain| matches!(plain.val.value, Value::Attrs(_))) => {
            attrs_of(machine, Vec::new(), all)
        }
        all if all.iter().all(|plain| matches!(plain.val.value, Value::List(_))) => {
            list_of(machine, &Rc::default(), all)
        }
        [first, rest @ ..] => {
            let same = |other: &Plain| match (&first.val.value, &other.val.value) {
                (Value::Bool(a), Value::Bool(b)) => a == b,
                (Value::Int(a), Value::Int(b)) => a == b,
                (Value::Path(a), Value::Path(b)) => a == b,
                (Value::Null, Value::Null) => true,
                _ => first.val.as_str().is_some_and(|text| other.val.as_str() == Some(text)),
            };
            let is_one = first.condition == Condition::True && rest.iter().all(same);
            if is_one { first.val.clone() } else { Val::unknown(Reason::Several) }
        }
    }
}

/// Definitions that are sets, key by key.
fn attrs_of(machine: &Machine<'_>, kinds: Vec<Thunk>, plain: &[Plain]) -> Val {
    let mut below: FxHashMap<Name, (Vec<Raw>, Entry)> = FxHashMap::default();
    let (mut patterns, mut open, mut fallback) = (Vec::new(), None, None);
    for plain in plain {
        let attrs = match machine.set(&plain.val) {
            Ok(attrs) => attrs,
            Err(unknown) => {
                open = Some(unknown);
                continue;
            }
        };
        open = open.or_else(|| attrs.open.clone());
        fallback = fallback.or_else(|| attrs.fallback.clone());
        patterns.extend(attrs.patterns.iter().cloned());
        for (name, entry) in &attrs.entries {
            let condition = plain.condition.and(&entry.condition);
            let raw = Raw { condition: condition.clone(), ..Raw::new(entry.value.clone()) };
            let (raws, known) = below.entry(*name).or_insert_with(|| (Vec::new(), entry.clone()));
            known.condition = if raws.is_empty() { condition } else { known.condition.or(&condition) };
            raws.push(raw);
        }
    }
    let kinds = Rc::new(kinds);
    let entries = below.into_iter().map(|(name, (raws, entry))| {
        let kinds = kinds.clone();
        let value = Thunk::later(move |machine| element(machine, &kinds, &raws, Some(name)));
        (name, Entry { value, ..entry })
    });
    let mut attrs = Attrs::from_entries(entries.collect());
    (attrs.patterns, attrs.open, attrs.fallback) = (patterns, open, fallback);
    let span = plain.first().and_then(|plain| plain.val.span);
    Val::at(Value::Attrs(Rc::new(attrs)), span)
}

fn element(machine: &Machine<'_>, kinds: &[Thunk], raws: &[Raw], name: Option<Name>) -> Val {
    // What has no type is nobody's business but its own.
    if let ([], [only]) = (kinds, raws)
        && only.condition == Condition::True
    {
        return machine.force(&only.value);
    }
    let kinds: Vec<Val> = kinds.iter().map(|kind| machine.force(kind)).collect();
    match discharge(machine, raws) {
        Ok(plain) => merge(machine, &kinds, plain, name),
        Err(unknown) => Val::of(Value::Unknown(unknown)),
    }
}

/// Definitions that are lists, one after the other.
fn list_of(machine: &Machine<'_>, kinds: &Rc<Vec<Thunk>>, plain: &[Plain]) -> Val {
    let mut result = List::default();
    for plain in plain {
        let list = match machine.list(&plain.val) {
            Ok(list) => list,
            Err(unknown) => {
                result.open = Some(unknown);
                continue;
            }
        };
        result.open = result.open.or_else(|| list.open.clone());
        for Element { value, condition } in &list.elements {
            let raw = Raw::new(value.clone());
            let kinds = kinds.clone();
            let value =
                Thunk::later(move |machine| element(machine, &kinds, std::slice::from_ref(&raw), None));
            result.elements.push(Element { value, condition: condition.and(&plain.condition) });
        }
    }
    Val::at(Value::List(Rc::new(result)), plain.first().and_then(|plain| plain.val.span))
}

/// A module system in an option: the type's modules and the definitions are its modules.
fn submodule(machine: &Machine<'_>, kinds: &[OptionType], plain: Vec<Plain>, name: Option<Name>) -> Val {
    let mut modules: Vec<(Thunk, Condition)> = Vec::new();
    let mut special = Vec::new();
    let mut is_short = false;
    for kind in kinds {
        let Merge::Submodule { modules: own, special_args, shorthand } = &kind.merge else { continue };
        modules.extend(elements(machine, own));
        if let Ok(set) = machine.set(&machine.force(special_args)) {
            special.extend(set.entries.iter().cloned());
        }
        is_short |= shorthand;
    }
    for plain in plain {
        let is_config = is_short && matches!(plain.val.value, Value::Attrs(_));
        let val = match is_config {
            true => {
                let entry = (machine.name("config"), Entry::of(plain.val.thunk()));
                Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![entry]))))
            }
            false => plain.val,
        };
        modules.push((val.thunk(), plain.condition));
    }
    if let Some(name) = name {
        let text = Val::string(machine.text_of(name)).thunk();
        special.push((machine.name("name"), Entry::of(text)));
    }
    let config = modules::evaluate(modules::module_list(modules), Rc::new(Attrs::from_entries(special)));
    machine.force(&config)
}

/// A module that is kept for later: the definitions are what it imports.
fn deferred(machine: &Machine<'_>, kinds: &[OptionType], plain: Vec<Plain>) -> Val {
    let mut modules: Vec<(Thunk, Condition)> = Vec::new();
    for kind in kinds {
        if let Merge::Deferred(own) = &kind.merge {
            modules.extend(elements(machine, own));
        }
    }
    if let ([], [only]) = (modules.as_slice(), plain.as_slice())
        && only.condition == Condition::True
    {
        return only.val.clone();
    }
    modules.extend(plain.into_iter().map(|plain| (plain.val.thunk(), plain.condition)));
    let entry = (machine.name("imports"), Entry::of(modules::module_list(modules)));
    Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![entry]))))
}

fn elements(machine: &Machine<'_>, list: &Thunk) -> Vec<(Thunk, Condition)> {
    let list = machine.list(&machine.force(list));
    let elements = list.iter().flat_map(|list| &list.elements);
    elements.map(|element| (element.value.clone(), element.condition.clone())).collect()
}

/// Definitions that are texts, with a separator between them.
fn joined(machine: &Machine<'_>, separator: &str, plain: &[Plain]) -> Val {
    let mut result = Text::default();
    for (index, plain) in plain.iter().enumerate() {
        let Value::Str(text) = &plain.val.value else {
            return Val::of(Value::Unknown(machine.symbolic(&plain.val)));
        };
        if plain.condition != Condition::True {
            return Val::of(Value::Unknown(Unknown::new(Reason::Several)));
        }
        if index > 0 {
            result.extend(&Text::known(separator));
        }
        result.extend(text);
    }
    Val::at(Value::Str(Rc::new(result)), plain.first().and_then(|plain| plain.val.span))
}
