//! `lib.attrsets`.
//!
//! Names keep their conditions and places wherever their value alone changes.

use std::rc::Rc;

use super::super::builtins::{
    STEPS_PER_CALL, closed_list, later, list_to_attrs, map_list, sorted, string, test,
};
use super::super::condition::Condition;
use super::super::machine::{ELEMENTS_PER_STEP, Machine, is_error};
use super::super::operators;
use super::super::value::{
    Attrs, Element, Entry, List, Name, Reason, SymbolRoot, Thunk, Unknown, Val, Value,
};
use super::{
    Outcome, Table, attrs_val, boolean, closed_entries, closed_set, deferred, error, field, from_pairs,
    holds, list_val, primitives, set, several, thrown, unknown_val,
};
use crate::text::Span;

/// `lib.recursiveUpdate`.
fn recursive_update(machine: &Machine<'_>, left: &Val, right: &Val, depth: u32) -> Val {
    // Names inside of `lib` are known one by one.
    if let (Value::Symbol(symbol), Value::Attrs(attrs)) = (&left.value, &right.value)
        && matches!(symbol.root, SymbolRoot::Library)
    {
        let mut result = (**attrs).clone();
        for (name, entry) in &mut result.entries {
            let (base, name, new) = (left.clone(), *name, entry.value.clone());
            entry.value = Thunk::later(move |machine| {
                let old = machine.select_or_unknown(&base, name);
                update_below(machine, &old, &machine.force(&new), depth)
            });
        }
        return Val::of(operators::update(machine, left, &attrs_val(result), None));
    }
    let (Ok(a), Ok(b)) = (machine.set(left), machine.set(right)) else {
        return Val::of(operators::update(machine, left, right, left.span));
    };
    if depth > 100 {
        return Val::unknown(Reason::Depth);
    }
    if let Err(unknown) = machine.charge(a.entries.len() + b.entries.len()) {
        return unknown_val(unknown);
    }
    let mut result = operators::join(&a, &b, &Condition::True);
    for (name, entry) in &mut result.entries {
        let (Some(old), Some(new)) = (a.get(*name), b.get(*name)) else { continue };
        let (before, after) = (old.value.clone(), new.value.clone());
        let both = Thunk::later(move |machine| {
            update_below(machine, &machine.force(&before), &machine.force(&after), depth)
        });
        entry.value = match (&old.condition, &new.condition) {
            (Condition::True, Condition::True) => both,
            (Condition::True, is_new) => {
                let choice = [(is_new.clone(), both), (is_new.not(), old.value.clone())];
                Val::of(Value::Choice(Rc::new(choice))).thunk()
            }
            _ => unknown_val(several()).thunk(),
        };
    }
    attrs_val(result)
}

fn update_below(machine: &Machine<'_>, old: &Val, new: &Val, depth: u32) -> Val {
    let is_set = |val: &Val| match &val.value {
        Value::Attrs(_) => Some(true),
        Value::Symbol(symbol) => matches!(symbol.root, SymbolRoot::Library).then_some(true),
        Value::Choice(_) | Value::Unknown(_) => None,
        _ => Some(false),
    };
    match (is_set(old), is_set(new)) {
        (Some(true), Some(true)) => recursive_update(machine, old, new, depth + 1),
        (_, Some(false)) | (Some(false), _) => new.clone(),
        _ if matches!(&new.value, Value::Unknown(_)) => new.clone(),
        // Names of what is not known may be in the result too.
        (None, Some(true)) => match machine.set(new) {
            Ok(attrs) => {
                let mut result = (*attrs).clone();
                result.open = Some(several());
                for (_, entry) in &mut result.entries {
                    if matches!(machine.force(&entry.value).value, Value::Attrs(_)) {
                        entry.value = unknown_val(several()).thunk();
                    }
                }
                attrs_val(result)
            }
            Err(unknown) => unknown_val(unknown),
        },
        _ => unknown_val(several()),
    }
}

/// `lib.recursiveUpdateUntil`, on sets that are known.
fn update_until(
    machine: &Machine<'_>,
    stop: &Val,
    path: &[Thunk],
    left: &Thunk,
    right: &Thunk,
    span: Option<Span>,
) -> Outcome {
    let mut result = closed_set(machine, left)?;
    for (name, new) in closed_set(machine, right)? {
        let Some(at) = result.iter().position(|(other, _)| *other == name) else {
            result.push((name, new));
            continue;
        };
        let old = result[at].1.clone();
        let here: Vec<Thunk> = path.iter().cloned().chain([Val::string(&name).thunk()]).collect();
        let stop = stop.clone();
        result[at].1 = deferred(move |machine| {
            if holds(machine, &stop, [Val::list(here.clone()).thunk(), old.clone(), new.clone()], span)? {
                return Ok(machine.force(&new));
            }
            machine.descend(|| update_until(machine, &stop, &here, &old, &new, span))
        });
    }
    Ok(from_pairs(machine, result))
}

/// `builtins.listToAttrs (map f names)` for texts that may have holes.
fn gen_attrs(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>) -> Outcome {
    let list = machine.list(&machine.force(&arguments[0]))?;
    machine.charge(list.elements.len() * STEPS_PER_CALL)?;
    let mut attrs = Attrs { open: list.open.clone(), ..Attrs::default() };
    let mut entries = Vec::new();
    for element in &list.elements {
        let name = machine.force(&element.value);
        let value = later(&arguments[1], vec![element.value.clone()], span);
        let entry = Entry { value, condition: element.condition.clone(), key: name.span, binding: None };
        match &name.value {
            Value::Str(text) => match text.exact() {
                Some(text) => entries.push((machine.name(&text), entry)),
                None => attrs.patterns.push((text.clone(), entry)),
            },
            Value::Unknown(unknown) if is_error(unknown) => return Err(unknown.clone()),
            Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => {
                attrs.open = Some(machine.symbolic(&name))
            }
            _ => return Err(error("a string was expected as name")),
        }
    }
    attrs.entries = Attrs::from_entries(entries).entries;
    Ok(attrs_val(attrs))
}

/// The values that `mapAttrsToList f` gives.
pub(super) fn map_attrs_to_list(
    machine: &Machine<'_>,
    function: &Thunk,
    set: &Thunk,
    span: Option<Span>,
) -> Result<List, Unknown> {
    let attrs = machine.set(&machine.force(set))?;
    machine.charge(attrs.entries.len() * STEPS_PER_CALL)?;
    let element = |name: Val, entry: &Entry| Element {
        value: later(function, vec![name.thunk(), entry.value.clone()], span),
        condition: entry.condition.clone(),
    };
    let mut elements: Vec<Element> = sorted(machine, &attrs)
        .iter()
        .map(|(name, entry)| element(Val::at(Val::string(machine.text_of(*name)).value, entry.key), entry))
        .collect();
    elements
        .extend(attrs.patterns.iter().map(|(key, entry)| element(Val::of(Value::Str(key.clone())), entry)));
    Ok(List { elements, open: attrs.open.clone() })
}

fn pair(machine: &Machine<'_>, name: &Thunk, value: &Thunk) -> Val {
    set(machine, vec![("name", name.clone()), ("value", value.clone())])
}

pub(super) fn attr_path(machine: &Machine<'_>, thunk: &Thunk) -> Result<Vec<Name>, Unknown> {
    closed_list(machine, thunk)?.iter().map(|name| Ok(machine.name(&string(machine, name)?))).collect()
}

/// Whether a value is a set, where that is known.
fn is_set(val: &Val) -> Result<bool, Unknown> {
    match &val.value {
        Value::Attrs(_) => Ok(true),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(false),
    }
}

/// `set ? name` for each name in turn: the value at the end, or how many names were there.
fn follow(machine: &Machine<'_>, val: Val, path: &[Name]) -> Result<Result<Val, usize>, Unknown> {
    let mut val = val;
    for (index, name) in path.iter().enumerate() {
        match machine.set(&val) {
            Ok(attrs) => match attrs.get(*name) {
                Some(entry) if entry.condition == Condition::True => val = machine.force(&entry.value),
                None if attrs.is_closed() => return Ok(Err(index)),
                Some(_) => return Err(several()),
                None => return Err(attrs.open.clone().unwrap_or_else(several)),
            },
            Err(unknown) if matches!(val.value, Value::Unknown(_)) || !is_error(&unknown) => {
                return Err(unknown);
            }
            Err(_) => return Ok(Err(index)),
        }
    }
    Ok(Ok(val))
}

/// `mapAttrsRecursiveCond`
fn map_recursive(
    machine: &Machine<'_>,
    condition: Option<Val>,
    function: &Thunk,
    path: &[Thunk],
    of: &Thunk,
    span: Option<Span>,
) -> Outcome {
    let attrs = machine.set(&machine.force(of))?;
    machine.charge(attrs.entries.len() * STEPS_PER_CALL)?;
    let mut result = (*attrs).clone();
    let map = |name: Val, entry: &mut Entry| {
        let here: Vec<Thunk> = path.iter().cloned().chain([name.thunk()]).collect();
        let (condition, function, value) = (condition.clone(), function.clone(), entry.value.clone());
        entry.value = deferred(move |machine| {
            let descends = is_set(&machine.force(&value))?
                && match &condition {
                    Some(condition) => holds(machine, condition, [value.clone()], span)?,
                    None => true,
                };
            if descends {
                return machine
                    .descend(|| map_recursive(machine, condition.clone(), &function, &here, &value, span));
            }
            Ok(machine.apply_all(
                &machine.force(&function),
                [Val::list(here.clone()).thunk(), value.clone()],
                span,
            ))
        });
    };
    for (name, entry) in &mut result.entries {
        map(Val::string(machine.text_of(*name)), entry);
    }
    for (key, entry) in &mut result.patterns {
        map(Val::of(Value::Str(key.clone())), entry);
    }
    Ok(attrs_val(result))
}

/// `mapAttrsToListRecursiveCond`
fn list_recursive(
    machine: &Machine<'_>,
    condition: Option<&Val>,
    function: &Thunk,
    path: &[Thunk],
    of: &Thunk,
    span: Option<Span>,
    result: &mut Vec<Thunk>,
) -> Result<(), Unknown> {
    for (name, value) in closed_set(machine, of)? {
        let here: Vec<Thunk> = path.iter().cloned().chain([Val::string(&name).thunk()]).collect();
        let descends = is_set(&machine.force(&value))?
            && match condition {
                Some(condition) => {
                    holds(machine, condition, [Val::list(here.clone()).thunk(), value.clone()], span)?
                }
                None => true,
            };
        if descends {
            machine.descend(|| list_recursive(machine, condition, function, &here, &value, span, result))?;
        } else {
            result.push(later(function, vec![Val::list(here).thunk(), value], span));
        }
    }
    Ok(())
}

fn filter_recursive(machine: &Machine<'_>, function: &Val, of: &Thunk, span: Option<Span>) -> Outcome {
    let attrs = machine.set(&machine.force(of))?;
    let mut filtered = filter(machine, function, &attrs, span)?;
    for (_, entry) in filtered.entries.iter_mut() {
        let (function, value) = (function.clone(), entry.value.clone());
        entry.value = deferred(move |machine| match is_set(&machine.force(&value))? {
            true => machine.descend(|| filter_recursive(machine, &function, &value, span)),
            false => Ok(machine.force(&value)),
        });
    }
    Ok(attrs_val(filtered))
}

fn filter(
    machine: &Machine<'_>,
    function: &Val,
    attrs: &Attrs,
    span: Option<Span>,
) -> Result<Attrs, Unknown> {
    let mut result = Attrs { open: attrs.open.clone(), ..Attrs::default() };
    for (name, entry) in &attrs.entries {
        let text = Val::string(machine.text_of(*name)).thunk();
        let condition = entry.condition.and(&test(machine, function, [text, entry.value.clone()], span)?);
        if condition != Condition::False {
            result.entries.push((*name, Entry { condition, ..entry.clone() }));
        }
    }
    for (key, entry) in &attrs.patterns {
        let text = Val::of(Value::Str(key.clone())).thunk();
        let condition = entry.condition.and(&test(machine, function, [text, entry.value.clone()], span)?);
        if condition != Condition::False {
            result.patterns.push((key.clone(), Entry { condition, ..entry.clone() }));
        }
    }
    Ok(result)
}

fn collect(
    machine: &Machine<'_>,
    function: &Val,
    of: &Thunk,
    span: Option<Span>,
    result: &mut Vec<Thunk>,
) -> Result<(), Unknown> {
    if holds(machine, function, [of.clone()], span)? {
        result.push(of.clone());
    } else if is_set(&machine.force(of))? {
        for (_, value) in closed_set(machine, of)? {
            machine.descend(|| collect(machine, function, &value, span, result))?;
        }
    }
    Ok(())
}

fn matches_pattern(
    machine: &Machine<'_>,
    pattern: &Thunk,
    of: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let mut all = Condition::True;
    for (name, wanted) in closed_set(machine, pattern)? {
        let Some(found) = field(machine, &machine.force(of), &name)? else { return Ok(Condition::False) };
        let here = if is_set(&machine.force(&wanted))? {
            match is_set(&machine.force(&found))? {
                true => machine.descend(|| matches_pattern(machine, &wanted, &found, span))?,
                false => Condition::False,
            }
        } else {
            operators::equal(machine, &machine.force(&wanted), &machine.force(&found), span)?
        };
        all = all.and(&here);
        if all == Condition::False {
            break;
        }
    }
    Ok(all)
}

/// `cartesianProduct`
fn product(machine: &Machine<'_>, of: &Thunk) -> Result<Vec<Thunk>, Unknown> {
    let mut results: Vec<Vec<(Rc<str>, Thunk)>> = vec![Vec::new()];
    for (name, list) in closed_set(machine, of)? {
        let list = closed_list(machine, &list)?;
        machine.charge(results.len() * list.len())?;
        let with = |set: &Vec<(Rc<str>, Thunk)>| {
            let with = |value: &Thunk| set.iter().cloned().chain([(name.clone(), value.clone())]).collect();
            list.iter().map(with).collect::<Vec<_>>()
        };
        results = results.iter().flat_map(with).collect();
    }
    Ok(results.into_iter().map(|set| from_pairs(machine, set).thunk()).collect())
}

/// One output of a package. What is known by name only stays the package: which outputs it has is not
/// known.
fn output(machine: &Machine<'_>, names: &[&str], package: &Thunk) -> Outcome {
    let val = machine.force(package);
    if !matches!(val.value, Value::Attrs(_)) {
        return match &val.value {
            Value::Unknown(unknown) => Err(unknown.clone()),
            _ => Ok(val),
        };
    }
    if let Some(specified) = field(machine, &val, "outputSpecified")?
        && super::decided(machine, &specified, val.span)?
    {
        return Ok(val);
    }
    for name in names {
        if let Some(output) = field(machine, &val, name)? {
            return Ok(machine.force(&output));
        }
    }
    Ok(val)
}

/// The output of that name, or what the package is by default.
pub(super) fn get_output(machine: &Machine<'_>, name: &str, package: &Thunk) -> Outcome {
    output(machine, &[name, "out"], package)
}

fn zip_with(
    machine: &Machine<'_>,
    names: Vec<Rc<str>>,
    function: Option<&Thunk>,
    sets: &Thunk,
    span: Option<Span>,
) -> Outcome {
    let sets = closed_list(machine, sets)?;
    let mut pairs = Vec::new();
    for name in names {
        let mut values = Vec::new();
        for one in &sets {
            values.extend(field(machine, &machine.force(one), &name)?);
        }
        let values = Val::list(values).thunk();
        let value = match function {
            Some(function) => later(function, vec![Val::string(&name).thunk(), values], span),
            None => values,
        };
        pairs.push((name, value));
    }
    Ok(from_pairs(machine, pairs))
}

fn texts(machine: &Machine<'_>, list: &Thunk) -> Result<Vec<Rc<str>>, Unknown> {
    closed_list(machine, list)?.iter().map(|name| Ok(string(machine, name)?.into())).collect()
}

pub(super) static FUNCTIONS: Table = primitives! {
    "attrByPath" 3 |m, a, _| match follow(m, m.force(&a[2]), &attr_path(m, &a[0])?) {
        Ok(Ok(val)) => Ok(val),
        Ok(Err(_)) => Ok(m.force(&a[1])),
        // Where a symbol is on the way, it is a name below it.
        Err(unknown) => {
            let selected = attr_path(m, &a[0])?
                .into_iter()
                .try_fold(m.force(&a[2]), |val, name| m.select(&val, name))?;
            match selected.value {
                Value::Symbol(_) => Ok(selected),
                _ => Err(unknown),
            }
        }
    };
    "attrVals" 2 |m, a, _| {
        let set = m.force(&a[1]);
        let names = attr_path(m, &a[0])?;
        Ok(Val::list(names.into_iter().map(|name| m.select_or_unknown(&set, name).thunk()).collect()))
    };
    "attrsToList" 1 |m, a, _| {
        let attrs = m.set(&m.force(&a[0]))?;
        let element = |name: Val, entry: &Entry| Element {
            value: pair(m, &name.thunk(), &entry.value).thunk(),
            condition: entry.condition.clone(),
        };
        let mut elements: Vec<Element> = sorted(m, &attrs)
            .iter()
            .map(|(name, entry)| element(Val::at(Val::string(m.text_of(*name)).value, entry.key), entry))
            .collect();
        elements.extend(attrs.patterns.iter().map(|(key, entry)| element(Val::of(Value::Str(key.clone())), entry)));
        Ok(list_val(List { elements, open: attrs.open.clone() }))
    };
    "cartesianProduct" 1 |m, a, _| Ok(Val::list(product(m, &a[0])?));
    "chooseDevOutputs" 1 |m, a, _| map_list(m, &a[0], |package| deferred(move |m| get_output(m, "dev", &package)));
    "collect" 2 |m, a, span| {
        let mut result = Vec::new();
        collect(m, &m.force(&a[0]), &a[1], span, &mut result)?;
        Ok(Val::list(result))
    };
    "concatMapAttrs" 2 |m, a, span| {
        let list = map_attrs_to_list(m, &a[0], &a[1], span)?;
        let mut result = Attrs { open: list.open.clone(), ..Attrs::default() };
        for element in &list.elements {
            match m.set(&m.force(&element.value)) {
                Ok(attrs) => {
                    m.charge((result.entries.len() + attrs.entries.len()) / ELEMENTS_PER_STEP)?;
                    result = operators::join(&result, &attrs, &element.condition);
                }
                Err(unknown) if is_error(&unknown) => return Err(unknown),
                Err(unknown) => result.open = Some(unknown),
            }
        }
        Ok(attrs_val(result))
    };
    "dontRecurseIntoAttrs" 1 |m, a, span| {
        let mark = set(m, vec![("recurseForDerivations", boolean(false).thunk())]);
        Ok(Val::of(operators::update(m, &m.force(&a[0]), &mark, span)))
    };
    "filterAttrs" 2 |m, a, span| {
        let attrs = m.set(&m.force(&a[1]))?;
        Ok(attrs_val(filter(m, &m.force(&a[0]), &attrs, span)?))
    };
    "filterAttrsRecursive" 2 |m, a, span| filter_recursive(m, &m.force(&a[0]), &a[1], span);
    "foldAttrs" 3 |m, a, span| {
        let mut result: Vec<(Rc<str>, Thunk)> = Vec::new();
        for one in closed_list(m, &a[2])?.iter().rev() {
            for (name, value) in closed_set(m, one)? {
                let at = result.iter().position(|(other, _)| *other == name);
                let sum = at.map_or_else(|| a[1].clone(), |at| result[at].1.clone());
                let folded = later(&a[0], vec![value, sum], span);
                match at {
                    Some(at) => result[at].1 = folded,
                    None => result.push((name, folded)),
                }
            }
        }
        Ok(from_pairs(m, result))
    };
    "foldlAttrs" 3 |m, a, span| {
        let function = m.force(&a[0]);
        let mut sum = a[1].clone();
        for (name, value) in closed_set(m, &a[2])? {
            sum = m.apply_all(&function, [sum, Val::string(&name).thunk(), value], span).thunk();
        }
        Ok(m.force(&sum))
    };
    "genAttrs" 2 gen_attrs;
    "genAttrs'" 2 |m, a, span| {
        let pairs = map_list(m, &a[0], |value| later(&a[1], vec![value], span))?;
        list_to_attrs(m, &*m.list(&pairs)?, span)
    };
    "getAttrFromPath" 2 |m, a, _| {
        attr_path(m, &a[0])?.into_iter().try_fold(m.force(&a[1]), |val, name| m.select(&val, name))
    };
    "getAttrs" 2 |m, a, _| {
        let set = m.force(&a[1]);
        let mut pairs = Vec::new();
        for name in texts(m, &a[0])? {
            let (set, key) = (set.clone(), m.name(&name));
            pairs.push((name, Thunk::later(move |m| m.select_or_unknown(&set, key))));
        }
        Ok(from_pairs(m, pairs))
    };
    "getBin" 1 |m, a, _| get_output(m, "bin", &a[0]);
    "getDev" 1 |m, a, _| get_output(m, "dev", &a[0]);
    "getFirstOutput" 2 |m, a, _| {
        let names = texts(m, &a[0])?;
        output(m, &names.iter().map(|name| &**name).collect::<Vec<_>>(), &a[1])
    };
    "getInclude" 1 |m, a, _| output(m, &["include", "dev", "out"], &a[0]);
    "getLib" 1 |m, a, _| get_output(m, "lib", &a[0]);
    "getMan" 1 |m, a, _| get_output(m, "man", &a[0]);
    "getOutput" 2 |m, a, _| get_output(m, &string(m, &a[0])?, &a[1]);
    "getStatic" 1 |m, a, _| output(m, &["static", "lib", "out"], &a[0]);
    "hasAttrByPath" 2 |m, a, _| {
        Ok(boolean(follow(m, m.force(&a[1]), &attr_path(m, &a[0])?)?.is_ok()))
    };
    "longestValidPathPrefix" 2 |m, a, _| {
        let path = closed_list(m, &a[0])?;
        let length = match follow(m, m.force(&a[1]), &attr_path(m, &a[0])?)? {
            Ok(_) => path.len(),
            Err(length) => length,
        };
        Ok(Val::list(path.into_iter().take(length).collect()))
    };
    "mapAttrs'" 2 |m, a, span| {
        let list = map_attrs_to_list(m, &a[0], &a[1], span)?;
        list_to_attrs(m, &list, span)
    };
    "mapAttrsRecursive" 2 |m, a, span| map_recursive(m, None, &a[0], &[], &a[1], span);
    "mapAttrsRecursiveCond" 3 |m, a, span| map_recursive(m, Some(m.force(&a[0])), &a[1], &[], &a[2], span);
    "mapAttrsToList" 2 |m, a, span| Ok(list_val(map_attrs_to_list(m, &a[0], &a[1], span)?));
    "mapAttrsToListRecursive" 2 |m, a, span| {
        let mut result = Vec::new();
        list_recursive(m, None, &a[0], &[], &a[1], span, &mut result)?;
        Ok(Val::list(result))
    };
    "mapAttrsToListRecursiveCond" 3 |m, a, span| {
        let mut result = Vec::new();
        list_recursive(m, Some(&m.force(&a[0])), &a[1], &[], &a[2], span, &mut result)?;
        Ok(Val::list(result))
    };
    "mapCartesianProduct" 2 |m, a, span| {
        let sets = product(m, &a[1])?.into_iter().map(|set| later(&a[0], vec![set], span));
        Ok(Val::list(sets.collect()))
    };
    "matchAttrs" 2 |m, a, span| {
        if !is_set(&m.force(&a[0]))? {
            return Err(error("a set was expected"));
        }
        Ok(Val::of(super::super::machine::truth(matches_pattern(m, &a[0], &a[1], span)?)))
    };
    "mergeAttrsList" 1 |m, a, span| {
        let list = m.list(&m.force(&a[0]))?;
        let mut sum = attrs_val(Attrs { open: list.open.clone(), ..Attrs::default() });
        for (index, element) in list.elements.iter().enumerate() {
            let val = m.force(&element.value);
            sum = match element.condition {
                Condition::True if index == 0 && list.open.is_none() => val,
                Condition::True => Val::of(operators::update(m, &sum, &val, span)),
                _ => attrs_val(operators::join(&*m.set(&sum)?, &*m.set(&val)?, &element.condition)),
            };
        }
        Ok(sum)
    };
    "nameValuePair" 2 |m, a, _| Ok(pair(m, &a[0], &a[1]));
    "optionalAttrs" 2 |m, a, span| {
        let condition = m.force(&a[0]);
        match m.condition(&condition, condition.span.or(span))? {
            Condition::True => Ok(m.force(&a[1])),
            Condition::False => Ok(attrs_val(Attrs::default())),
            condition => {
                let attrs = m.set(&m.force(&a[1]))?;
                Ok(attrs_val(operators::join(&Attrs::default(), &attrs, &condition)))
            }
        }
    };
    "overrideExisting" 2 |m, a, _| {
        let (old, new) = (m.set(&m.force(&a[0]))?, m.set(&m.force(&a[1]))?);
        if !old.is_closed() || !new.is_closed() {
            return Err(several());
        }
        let new = closed_entries(m, &new)?;
        let mut result = (*old).clone();
        for (name, value) in new {
            let name = m.name(&name);
            if let Ok(at) = result.entries.binary_search_by_key(&name, |(name, _)| *name) {
                result.entries[at].1.value = value;
            }
        }
        Ok(attrs_val(result))
    };
    "recurseIntoAttrs" 1 |m, a, span| {
        let mark = set(m, vec![("recurseForDerivations", boolean(true).thunk())]);
        Ok(Val::of(operators::update(m, &m.force(&a[0]), &mark, span)))
    };
    "recursiveUpdate" 2 |m, a, _| Ok(recursive_update(m, &m.force(&a[0]), &m.force(&a[1]), 0));
    "recursiveUpdateUntil" 3 |m, a, span| update_until(m, &m.force(&a[0]), &[], &a[1], &a[2], span);
    "setAttrByPath" 2 |m, a, _| {
        let path = attr_path(m, &a[0])?;
        let wrap = |value: Thunk, name| attrs_val(Attrs::from_entries(vec![(name, Entry::of(value))])).thunk();
        Ok(m.force(&path.into_iter().rev().fold(a[1].clone(), wrap)))
    };
    "showAttrPath" 1 |m, a, _| {
        let names = texts(m, &a[0])?;
        if names.is_empty() {
            return Ok(Val::string("<root attribute path>"));
        }
        Ok(Val::string(names.iter().map(|name| super::strings::identifier(name)).collect::<Vec<_>>().join(".")))
    };
    "unionOfDisjoint" 2 |m, a, span| {
        let (left, right) = (m.set(&m.force(&a[0]))?, m.set(&m.force(&a[1]))?);
        if !left.is_closed() || !right.is_closed() {
            return Err(several());
        }
        let mut result = operators::join(&left, &right, &Condition::True);
        for (name, entry) in &mut result.entries {
            if left.get(*name).is_some() && right.get(*name).is_some() {
                let message = format!("unionOfDisjoint: collision on {}", m.text_of(*name));
                entry.value = unknown_val(thrown(message)).thunk();
            }
        }
        Ok(Val::at(Value::Attrs(Rc::new(result)), span))
    };
    "zipAttrs" 1 |m, a, span| {
        let names = all_names(m, &a[0])?;
        zip_with(m, names, None, &a[0], span)
    };
    "zipAttrsWithNames" 3 |m, a, span| zip_with(m, texts(m, &a[0])?, Some(&a[1]), &a[2], span);
};

fn all_names(machine: &Machine<'_>, sets: &Thunk) -> Result<Vec<Rc<str>>, Unknown> {
    let mut names = Vec::new();
    for one in closed_list(machine, sets)? {
        names.extend(closed_set(machine, &one)?.into_iter().map(|(name, _)| name));
    }
    names.sort();
    names.dedup();
    Ok(names)
}
