//! Sets.

use std::collections::hash_map;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::condition::Condition;
use super::super::lookup::either;
use super::super::machine::{ELEMENTS_PER_STEP, Machine, Primitive, is_error, truth};
use super::super::value::{Attrs, Element, Entry, List, Name, Thunk, Unknown, Val, Value};
use super::STEPS_PER_CALL;
use super::argument::{
    Outcome, closed_list, function, later, must_have_known_names, plain_string, several, sorted, undecided,
};
use super::list::if_there;
use crate::text::Span;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "attrNames" 1 |m, a, _| {
        let attrs = m.set(&m.force(&a[0]))?;
        m.charge(attrs.entries.len())?;
        let mut elements: Vec<Element> = sorted(m, &attrs)
            .into_iter()
            .map(|(name, entry)| Element {
                value: Val::at(Val::string(m.text_of(name)).value, entry.key).thunk(),
                condition: entry.condition,
            })
            .collect();
        elements.extend(attrs.patterns.iter().map(|(key, entry)| Element {
            value: Val::at(Value::Str(key.clone()), entry.key).thunk(),
            condition: entry.condition.clone(),
        }));
        Ok(Val::of(Value::List(Rc::new(List { elements, open: disorder(&attrs) }))))
    };
    "attrValues" 1 |m, a, _| {
        let attrs = m.set(&m.force(&a[0]))?;
        m.charge(attrs.entries.len())?;
        let mut elements: Vec<Element> = sorted(m, &attrs)
            .into_iter()
            .map(|(_, entry)| Element { value: entry.value, condition: entry.condition })
            .collect();
        elements.extend(attrs.patterns.iter().map(|(_, entry)| Element {
            value: entry.value.clone(),
            condition: entry.condition.clone(),
        }));
        Ok(Val::of(Value::List(Rc::new(List { elements, open: disorder(&attrs) }))))
    };
    "catAttrs" 2 |m, a, _| {
        let name = m.name(&plain_string(m, &a[0])?);
        let list = m.list(&m.force(&a[1]))?;
        let mut result = List { elements: Vec::new(), open: list.open.clone() };
        for element in &list.elements {
            match m.set(&m.force(&element.value)) {
                Ok(attrs) => match attrs.get(name) {
                    Some(entry) => result.elements.push(Element {
                        value: entry.value.clone(),
                        condition: element.condition.and(&entry.condition),
                    }),
                    None => result.open = result.open.or_else(|| disorder(&attrs)),
                },
                Err(unknown) if is_error(&unknown) => return if_there(&element.condition, Err(unknown)),
                Err(unknown) => result.open = Some(unknown),
            }
        }
        Ok(Val::of(Value::List(Rc::new(result))))
    };
    "getAttr" 2 |m, a, _| {
        let name = m.name(&plain_string(m, &a[0])?);
        m.select(&m.force(&a[1]), name)
    };
    "hasAttr" 2 |m, a, span| {
        let name = m.name(&plain_string(m, &a[0])?);
        let val = m.force(&a[1]);
        match m.set(&val) {
            Ok(attrs) => match attrs.get(name) {
                Some(entry) if attrs.is_closed() || entry.condition == Condition::True => {
                    Ok(Val::of(truth(entry.condition.clone())))
                }
                None if attrs.is_closed() => Ok(Val::of(Value::Bool(false))),
                _ => undecided(m, span),
            },
            Err(unknown) if is_error(&unknown) => Err(unknown),
            Err(_) => undecided(m, span),
        }
    };
    "intersectAttrs" 2 |m, a, _| {
        let (left, right) = (m.set(&m.force(&a[0]))?, m.set(&m.force(&a[1]))?);
        if !left.is_closed() {
            return Err(left.open.clone().unwrap_or_else(several));
        }
        m.charge(right.entries.len())?;
        let entries = right.entries.iter().filter_map(|(name, entry)| {
            let condition = entry.condition.and(&left.get(*name)?.condition);
            Some((*name, Entry { condition, ..entry.clone() }))
        });
        Ok(Val::of(Value::Attrs(Rc::new(Attrs {
            open: disorder(&right),
            ..Attrs::from_entries(entries.collect())
        }))))
    };
    "listToAttrs" 1 |m, a, span| list_to_attrs(m, &*m.list(&m.force(&a[0]))?, span);
    "mapAttrs" 2 |m, a, span| map_attrs(m, &a[0], &a[1], span);
    "removeAttrs" 2 |m, a, _| {
        let attrs = m.set(&m.force(&a[0]))?;
        let mut names = FxHashSet::default();
        for name in closed_list(m, &a[1])? {
            names.insert(m.name(&plain_string(m, &name)?));
        }
        m.charge(attrs.entries.len() / ELEMENTS_PER_STEP)?;
        let mut result = (*attrs).clone();
        result.entries.retain(|(name, _)| !names.contains(name));
        // It has the names that were removed, too.
        result.fallback = result.fallback.filter(|_| names.is_empty());
        Ok(Val::of(Value::Attrs(Rc::new(result))))
    };
    "zipAttrsWith" 2 zip_attrs_with;
};

/// Why a list made of the set may have other elements than those that are known, or have them in another
/// order.
fn disorder(attrs: &Attrs) -> Option<Unknown> {
    attrs.open.clone().or_else(|| (!attrs.patterns.is_empty()).then(several))
}

/// The set of `{ name, value }` pairs.
pub(in super::super) fn list_to_attrs(machine: &Machine<'_>, list: &List, span: Option<Span>) -> Outcome {
    let (name_key, value_key) = (machine.name("name"), machine.name("value"));
    let mut entries: Vec<(Name, Entry)> = Vec::new();
    let mut places: FxHashMap<Name, usize> = FxHashMap::default();
    let mut patterns = Vec::new();
    let mut open = list.open.clone();
    machine.charge(list.elements.len())?;
    for element in &list.elements {
        let pair = machine.force(&element.value);
        let name = if_there(&element.condition, machine.select(&pair, name_key))?;
        let key = match &name.value {
            Value::Str(text) => text.clone(),
            Value::Unknown(unknown) if is_error(unknown) => {
                return if_there(&element.condition, Err(unknown.clone()));
            }
            Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) => {
                open = Some(machine.symbolic(&name));
                continue;
            }
            _ => return Err(super::argument::error("a string was expected")),
        };
        // Whether there is a value is seen at once, what it is later.
        let value = match &pair.value {
            Value::Attrs(attrs) => match attrs.get(value_key) {
                Some(entry) if entry.condition == Condition::True => entry.value.clone(),
                _ => if_there(&element.condition, machine.select(&pair, value_key))?.thunk(),
            },
            _ => Thunk::later(move |machine| machine.select_or_unknown(&pair, value_key)),
        };
        let mut entry = Entry { value, condition: element.condition.clone(), key: None, binding: None };
        let Some(text) = key.exact() else {
            patterns.push((key, entry));
            continue;
        };
        // The first of equal names counts, and what is not known before may be one.
        if open.is_some() || !patterns.is_empty() {
            let other = Val::of(Value::Unknown(open.clone().unwrap_or_else(several)));
            entry.value = match span {
                Some(span) => either(&machine.opaque(span), entry.value, other.thunk()).thunk(),
                None => other.thunk(),
            };
        }
        let name = machine.name(&text);
        match places.entry(name) {
            hash_map::Entry::Vacant(place) => {
                place.insert(entries.len());
                entries.push((name, entry));
            }
            hash_map::Entry::Occupied(place) => {
                let first = &mut entries[*place.get()].1;
                if first.condition != Condition::True {
                    let condition = first.condition.or(&entry.condition);
                    first.value = either(&first.condition, first.value.clone(), entry.value).thunk();
                    first.condition = condition;
                }
            }
        }
    }
    let mut attrs = Attrs::from_entries(entries);
    attrs.patterns = patterns;
    attrs.open = open;
    Ok(Val::of(Value::Attrs(Rc::new(attrs))))
}

/// The values of each name, in order.
pub(super) fn group(
    machine: &Machine<'_>,
    pairs: Vec<(Name, Thunk)>,
) -> Result<Vec<(Name, Vec<Thunk>)>, Unknown> {
    machine.charge(pairs.len())?;
    let mut places: FxHashMap<Name, usize> = FxHashMap::default();
    let mut groups: Vec<(Name, Vec<Thunk>)> = Vec::new();
    for (name, value) in pairs {
        let place = *places.entry(name).or_insert_with(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(value);
    }
    Ok(groups)
}

/// What stands under a name is known only if no set that is not known has the name too.
fn zip_attrs_with(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>) -> Outcome {
    function(machine, &arguments[0])?;
    let mut pairs = Vec::new();
    let mut open = None;
    for set in closed_list(machine, &arguments[1])? {
        let attrs = match machine.set(&machine.force(&set)) {
            Ok(attrs) => attrs,
            Err(unknown) if is_error(&unknown) => return Err(unknown),
            Err(unknown) => {
                open = Some(unknown);
                continue;
            }
        };
        if let Err(unknown) = must_have_known_names(&attrs) {
            open = Some(unknown);
        }
        machine.charge(attrs.entries.len() / ELEMENTS_PER_STEP)?;
        pairs.extend(attrs.entries.iter().map(|(name, entry)| (*name, entry.value.clone())));
    }
    let alone = if open.is_none() { Condition::True } else { machine.opaque(span) };
    let entries = group(machine, pairs)?.into_iter().map(|(name, group)| {
        let text = Val::string(machine.text_of(name)).thunk();
        let value = later(&arguments[0], vec![text, Val::list(group).thunk()], span);
        let value = match &open {
            None => value,
            Some(unknown) => {
                let other = Val::of(Value::Unknown(unknown.clone())).thunk();
                Val::of(Value::Choice(Rc::new([(alone.clone(), value), (alone.not(), other)]))).thunk()
            }
        };
        (name, Entry::of(value))
    });
    let attrs = Attrs { open: open.clone(), ..Attrs::from_entries(entries.collect()) };
    Ok(Val::of(Value::Attrs(Rc::new(attrs))))
}

/// Maps the values of a set, keeping conditions, patterns and openness.
fn map_attrs(machine: &Machine<'_>, function: &Thunk, set: &Thunk, span: Option<Span>) -> Outcome {
    let attrs = machine.set(&machine.force(set))?;
    machine.charge(attrs.entries.len() * STEPS_PER_CALL)?;
    let map = |name: Val, entry: &Entry| Entry {
        value: later(function, vec![name.thunk(), entry.value.clone()], span),
        ..entry.clone()
    };
    let entries = attrs
        .entries
        .iter()
        .map(|(name, entry)| (*name, map(Val::string(machine.text_of(*name)), entry)))
        .collect();
    let patterns = attrs
        .patterns
        .iter()
        .map(|(key, entry)| (key.clone(), map(Val::of(Value::Str(key.clone())), entry)))
        .collect();
    Ok(Val::of(Value::Attrs(Rc::new(Attrs { entries, patterns, open: attrs.open.clone(), fallback: None }))))
}
