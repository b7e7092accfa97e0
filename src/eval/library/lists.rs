//! `lib.lists`.
//!
//! Elements keep their conditions wherever the place of an element does not matter.

use std::cmp::Ordering;

use super::super::builtins::{STEPS_PER_CALL, closed_list, later, map_list, string};
use super::super::condition::Condition;
use super::super::machine::{ELEMENTS_PER_STEP, Machine};
use super::super::operators;
use super::super::value::{Element, List, Reason, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, boolean, error, holds, integer, list_val, number, primitives, set, several, thrown,
};
use crate::text::Span;

fn flatten(
    machine: &Machine<'_>,
    thunk: &Thunk,
    condition: &Condition,
    result: &mut List,
) -> Result<(), Unknown> {
    let val = machine.force(thunk);
    match machine.list(&val) {
        Ok(list) if matches!(val.value, Value::List(_) | Value::Choice(_)) => {
            for element in &list.elements {
                let condition = condition.and(&element.condition);
                machine.descend(|| flatten(machine, &element.value, &condition, result))?;
            }
            result.open = result.open.take().or_else(|| list.open.clone());
        }
        _ => result.elements.push(Element { value: val.thunk(), condition: condition.clone() }),
    }
    Ok(())
}

/// The elements of `list` where `condition` holds.
fn under(machine: &Machine<'_>, condition: &Thunk, elements: List, span: Option<Span>) -> Outcome {
    let condition = machine.force(condition);
    let condition = machine.condition(&condition, condition.span.or(span))?;
    let mut list = elements;
    match condition {
        Condition::True => {}
        Condition::False => list = List::default(),
        _ => {
            for element in &mut list.elements {
                element.condition = element.condition.and(&condition);
            }
        }
    }
    Ok(list_val(list))
}

/// A list with every element mapped with its place, counted from `first`.
fn indexed(machine: &Machine<'_>, arguments: &[Thunk], first: i64, span: Option<Span>) -> Outcome {
    let list = closed_list(machine, &arguments[1])?;
    machine.charge(list.len() * STEPS_PER_CALL)?;
    let map =
        |(index, element)| later(&arguments[0], vec![number(first + index as i64).thunk(), element], span);
    Ok(Val::list(list.into_iter().enumerate().map(map).collect()))
}

/// Whether one of `list` is equal to `element`.
fn is_in(
    machine: &Machine<'_>,
    list: &List,
    element: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let val = machine.force(element);
    let mut any = Condition::False;
    for other in &list.elements {
        let equal = operators::equal(machine, &val, &machine.force(&other.value), span)?;
        any = any.or(&other.condition.and(&equal));
        if any == Condition::True {
            return Ok(any);
        }
    }
    match &list.open {
        Some(open) => Err(open.clone()),
        None => Ok(any),
    }
}

/// The elements of the second list for which it is `wanted` that the first list has them.
fn select_common(machine: &Machine<'_>, arguments: &[Thunk], wanted: bool, span: Option<Span>) -> Outcome {
    let (first, second) =
        (machine.list(&machine.force(&arguments[0]))?, machine.list(&machine.force(&arguments[1]))?);
    machine.charge(first.elements.len() * second.elements.len() / ELEMENTS_PER_STEP)?;
    let mut result = List { elements: Vec::new(), open: second.open.clone() };
    for element in &second.elements {
        let common = is_in(machine, &first, &element.value, span)?;
        let condition = element.condition.and(&if wanted { common } else { common.not() });
        if condition != Condition::False {
            result.elements.push(Element { value: element.value.clone(), condition });
        }
    }
    Ok(list_val(result))
}

/// A part of a list by index.
fn sublist(machine: &Machine<'_>, list: &Thunk, start: i64, count: i64) -> Outcome {
    let list = closed_list(machine, list)?;
    let start = usize::try_from(start.max(0)).unwrap_or(usize::MAX).min(list.len());
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    Ok(Val::list(list.into_iter().skip(start).take(count).collect()))
}

/// The first element that passes, and its place.
fn first_passing(
    machine: &Machine<'_>,
    function: &Thunk,
    list: &Thunk,
    span: Option<Span>,
) -> Result<Option<(usize, Thunk)>, Unknown> {
    let function = machine.force(function);
    for (index, element) in closed_list(machine, list)?.into_iter().enumerate() {
        if holds(machine, &function, [element.clone()], span)? {
            return Ok(Some((index, element)));
        }
    }
    Ok(None)
}

/// Sorts stably by a comparison that may fail.
fn sorted_by(
    machine: &Machine<'_>,
    list: Vec<Thunk>,
    mut less: impl FnMut(&Thunk, &Thunk) -> Result<bool, Unknown>,
) -> Result<Vec<Thunk>, Unknown> {
    machine.charge(list.len())?;
    if list.len() < 2 {
        return Ok(list);
    }
    let mut right = list;
    let left = right.drain(..right.len() / 2).collect();
    let mut left =
        sorted_by(machine, left, &mut less as &mut dyn FnMut(&Thunk, &Thunk) -> Result<bool, Unknown>)?
            .into_iter()
            .peekable();
    let mut right =
        sorted_by(machine, right, &mut less as &mut dyn FnMut(&Thunk, &Thunk) -> Result<bool, Unknown>)?
            .into_iter()
            .peekable();
    let mut result = Vec::new();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if less(b, a)? { right.next() } else { left.next() };
        result.extend(next);
    }
    result.extend(left);
    result.extend(right);
    Ok(result)
}

/// Parts of text and numbers of a string, as `naturalSort` compares them.
fn natural(text: &str) -> Vec<(String, Option<i64>)> {
    let mut parts = Vec::new();
    let mut rest = text;
    // Text first, then numbers and text in turn, as `builtins.split "(0|[1-9][0-9]*)"` has it.
    loop {
        let digits = rest.find(|c: char| c.is_ascii_digit());
        let Some(start) = digits else {
            parts.push((rest.to_owned(), None));
            return parts;
        };
        parts.push((rest[..start].to_owned(), None));
        rest = &rest[start..];
        let end = match rest.starts_with('0') {
            true => 1,
            false => rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
        };
        parts.push((rest[..end].to_owned(), rest[..end].parse().ok()));
        rest = &rest[end..];
    }
}

fn compare_natural(a: &str, b: &str) -> Ordering {
    for (a, b) in natural(a).iter().zip(&natural(b)) {
        let ordering = match (a.1, b.1) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => a.0.as_bytes().cmp(b.0.as_bytes()),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    natural(a).len().cmp(&natural(b).len())
}

fn zip(machine: &Machine<'_>, a: &Thunk, b: &Thunk) -> Result<Vec<(Thunk, Thunk)>, Unknown> {
    Ok(closed_list(machine, a)?.into_iter().zip(closed_list(machine, b)?).collect())
}

fn is_list_prefix(machine: &Machine<'_>, a: &[Thunk], span: Option<Span>) -> Result<bool, Unknown> {
    let (prefix, list) = (closed_list(machine, &a[0])?, closed_list(machine, &a[1])?);
    if prefix.len() > list.len() {
        return Ok(false);
    }
    for (a, b) in prefix.iter().zip(&list) {
        match operators::equal(machine, &machine.force(a), &machine.force(b), span)? {
            Condition::True => {}
            Condition::False => return Ok(false),
            _ => return Err(several()),
        }
    }
    Ok(true)
}

/// Names that mean something else at the top of `lib`.
pub(super) static GROUPED: Table = primitives! {
    "hasPrefix" 2 |m, a, span| is_list_prefix(m, a, span).map(boolean);
    "removePrefix" 2 |m, a, span| {
        if !is_list_prefix(m, a, span)? {
            return Err(thrown("lists.removePrefix: the list has not this prefix"));
        }
        let count = closed_list(m, &a[0])?.len();
        sublist(m, &a[1], count as i64, i64::MAX)
    };
};

pub(super) static FUNCTIONS: Table = primitives! {
    "allUnique" 1 |m, a, span| {
        let mut seen = List::default();
        for value in closed_list(m, &a[0])? {
            match is_in(m, &seen, &value, span)? {
                Condition::True => return Ok(boolean(false)),
                Condition::False => seen.elements.push(Element { value, condition: Condition::True }),
                _ => return Err(several()),
            }
        }
        Ok(boolean(true))
    };
    "commonPrefix" 2 |m, a, span| {
        let mut result = Vec::new();
        for (left, right) in zip(m, &a[0], &a[1])? {
            match operators::equal(m, &m.force(&left), &m.force(&right), span)? {
                Condition::True => result.push(left),
                Condition::False => break,
                _ => return Err(several()),
            }
        }
        Ok(Val::list(result))
    };
    "compareLists" 3 |m, a, span| {
        let (left, right) = (closed_list(m, &a[1])?, closed_list(m, &a[2])?);
        let function = m.force(&a[0]);
        for (x, y) in left.iter().zip(&right) {
            let ordering = integer(m, &m.apply_all(&function, [x.clone(), y.clone()], span).thunk())?;
            if ordering != 0 {
                return Ok(number(ordering));
            }
        }
        Ok(number(left.len().cmp(&right.len()) as i64))
    };
    "count" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let mut count = 0;
        for element in closed_list(m, &a[1])? {
            count += i64::from(holds(m, &function, [element], span)?);
        }
        Ok(number(count))
    };
    "crossLists" 2 |m, a, span| {
        let mut results = vec![m.force(&a[0])];
        for list in closed_list(m, &a[1])? {
            let list = closed_list(m, &list)?;
            m.charge(results.len() * list.len())?;
            let apply = |function: &Val| {
                list.iter().map(|argument| m.apply(function, argument.clone(), span)).collect::<Vec<_>>()
            };
            results = results.iter().flat_map(apply).collect();
        }
        Ok(Val::list(results.into_iter().map(Val::thunk).collect()))
    };
    "drop" 2 |m, a, _| sublist(m, &a[1], integer(m, &a[0])?, i64::MAX);
    "dropEnd" 2 |m, a, _| {
        let length = closed_list(m, &a[1])?.len() as i64;
        sublist(m, &a[1], 0, length.saturating_sub(integer(m, &a[0])?))
    };
    "findFirst" 3 |m, a, span| match first_passing(m, &a[0], &a[2], span)? {
        Some((_, element)) => Ok(m.force(&element)),
        None => Ok(m.force(&a[1])),
    };
    "findFirstIndex" 3 |m, a, span| match first_passing(m, &a[0], &a[2], span)? {
        Some((index, _)) => Ok(number(index as i64)),
        None => Ok(m.force(&a[1])),
    };
    "findSingle" 4 |m, a, span| {
        let function = m.force(&a[0]);
        let mut found = None;
        for element in closed_list(m, &a[3])? {
            if holds(m, &function, [element.clone()], span)? {
                if found.is_some() {
                    return Ok(m.force(&a[2]));
                }
                found = Some(element);
            }
        }
        Ok(m.force(&found.unwrap_or_else(|| a[1].clone())))
    };
    "flatten" 1 |m, a, _| {
        let val = m.force(&a[0]);
        if let Value::Unknown(unknown) = &val.value {
            return Err(unknown.clone());
        }
        let mut result = List::default();
        flatten(m, &val.thunk(), &Condition::True, &mut result)?;
        Ok(list_val(result))
    };
    "fold" 3 foldr;
    "foldl" 3 |m, a, span| {
        let function = m.force(&a[0]);
        let list = closed_list(m, &a[2])?;
        let folded = list.into_iter().fold(a[1].clone(), |sum, element| {
            m.apply_all(&function, [sum, element], span).thunk()
        });
        Ok(m.force(&folded))
    };
    "foldr" 3 foldr;
    "forEach" 2 |m, a, span| map_list(m, &a[0], |value| later(&a[1], vec![value], span));
    "groupBy'" 4 |m, a, span| {
        let groups = super::call_builtin(m, "groupBy", vec![a[2].clone(), a[3].clone()], span);
        let (op, nul) = (a[0].clone(), a[1].clone());
        let groups = super::closed_set(m, &groups.thunk())?.into_iter().map(|(name, list)| {
            let (op, nul) = (op.clone(), nul.clone());
            let folded = super::deferred(move |m| Ok(super::call_builtin(m, "foldl'", vec![op.clone(), nul.clone(), list.clone()], span)));
            (name, folded)
        });
        Ok(super::from_pairs(m, groups.collect()))
    };
    "ifilter0" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let mut result = Vec::new();
        for (index, element) in closed_list(m, &a[1])?.into_iter().enumerate() {
            if holds(m, &function, [number(index as i64).thunk(), element.clone()], span)? {
                result.push(element);
            }
        }
        Ok(Val::list(result))
    };
    "imap0" 2 |m, a, span| indexed(m, a, 0, span);
    "imap1" 2 |m, a, span| indexed(m, a, 1, span);
    "init" 1 |m, a, _| {
        let mut list = closed_list(m, &a[0])?;
        list.pop().map(|_| Val::list(list)).ok_or_else(|| thrown("lists.init: list must not be empty!"))
    };
    "intersectLists" 2 |m, a, span| {
        // The real one asks for each element of the second list whether the first has it.
        select_common(m, a, true, span)
    };
    "last" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        match (list.elements.last(), &list.open) {
            (Some(element), None) if element.condition == Condition::True => Ok(m.force(&element.value)),
            (None, None) => Err(thrown("lists.last: list must not be empty!")),
            _ => Err(several()),
        }
    };
    "mutuallyExclusive" 2 |m, a, span| {
        let list = m.list(&select_common(m, a, true, span)?)?;
        match (list.elements.is_empty(), &list.open) {
            (true, None) => Ok(boolean(true)),
            (false, _) if list.elements.iter().any(|element| element.condition == Condition::True) => {
                Ok(boolean(false))
            }
            _ => Err(several()),
        }
    };
    "naturalSort" 1 |m, a, _| {
        let list = closed_list(m, &a[0])?;
        Ok(Val::list(sorted_by(m, list, |a, b| {
            Ok(compare_natural(&string(m, a)?, &string(m, b)?) == Ordering::Less)
        })?))
    };
    "optional" 2 |m, a, span| {
        let element = Element { value: a[1].clone(), condition: Condition::True };
        under(m, &a[0], List { elements: vec![element], open: None }, span)
    };
    "optionals" 2 |m, a, span| {
        let condition = m.force(&a[0]);
        match m.condition(&condition, condition.span.or(span))? {
            Condition::False => Ok(Val::list(Vec::new())),
            // Whatever it is, nobody asks whether it is a list.
            Condition::True => Ok(m.force(&a[1])),
            _ => {
                let list = m.list(&m.force(&a[1]))?;
                under(m, &condition.thunk(), (*list).clone(), span)
            }
        }
    };
    "range" 2 |m, a, _| {
        let (first, last) = (integer(m, &a[0])?, integer(m, &a[1])?);
        if last.checked_sub(first).is_none_or(|rest| rest >= 100_000) {
            return Err(Unknown::new(Reason::Fuel));
        }
        m.charge(usize::try_from(last - first).unwrap_or(0))?;
        Ok(Val::list((first..=last).map(|value| number(value).thunk()).collect()))
    };
    "remove" 2 |m, a, span| {
        let wanted = m.force(&a[0]);
        let list = m.list(&m.force(&a[1]))?;
        let mut result = List { elements: Vec::new(), open: list.open.clone() };
        for element in &list.elements {
            let equal = operators::equal(m, &wanted, &m.force(&element.value), span)?;
            let condition = element.condition.and(&equal.not());
            if condition != Condition::False {
                result.elements.push(Element { value: element.value.clone(), condition });
            }
        }
        Ok(list_val(result))
    };
    "replicate" 2 |m, a, _| {
        let count = integer(m, &a[0])?;
        let Ok(count) = usize::try_from(count) else {
            return Err(error("cannot create a list of negative length"));
        };
        m.charge(count)?;
        Ok(Val::list(vec![a[1].clone(); count]))
    };
    "reverseList" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        if let Some(open) = &list.open {
            return Err(open.clone());
        }
        m.charge(list.elements.len() / ELEMENTS_PER_STEP)?;
        let elements = list.elements.iter().rev().cloned().collect();
        Ok(list_val(List { elements, open: None }))
    };
    "singleton" 1 |_, a, _| Ok(Val::list(vec![a[0].clone()]));
    "sortOn" 2 |m, a, span| {
        let keyed: Vec<Thunk> = closed_list(m, &a[1])?
            .into_iter()
            .map(|element| Val::list(vec![later(&a[0], vec![element.clone()], span), element]).thunk())
            .collect();
        let part = |pair: &Thunk, index: usize| Ok::<_, Unknown>(closed_list(m, pair)?[index].clone());
        let less = |a: &Thunk, b: &Thunk| {
            let (a, b) = (m.force(&part(a, 0)?), m.force(&part(b, 0)?));
            Ok(operators::compare(m, &a, &b)? == Some(Ordering::Less))
        };
        let sorted = sorted_by(m, keyed, less)?;
        Ok(Val::list(sorted.iter().map(|pair| part(pair, 1)).collect::<Result<_, _>>()?))
    };
    "sublist" 3 |m, a, _| sublist(m, &a[2], integer(m, &a[0])?, integer(m, &a[1])?);
    "subtractLists" 2 |m, a, span| select_common(m, a, false, span);
    "take" 2 |m, a, _| sublist(m, &a[1], 0, integer(m, &a[0])?);
    "takeEnd" 2 |m, a, _| {
        let length = closed_list(m, &a[1])?.len() as i64;
        sublist(m, &a[1], length.saturating_sub(integer(m, &a[0])?), i64::MAX)
    };
    "toList" 1 |m, a, _| {
        let val = m.force(&a[0]);
        match &val.value {
            Value::List(_) => Ok(val),
            Value::Unknown(unknown) => Err(unknown.clone()),
            Value::Choice(choice) => Ok(m.choose(choice, |_, val| match &val.value {
                Value::List(_) | Value::Unknown(_) => val,
                Value::Symbol(_) | Value::Choice(_) => super::unknown_val(several()),
                _ => Val::list(vec![val.thunk()]),
            })),
            Value::Symbol(_) => Err(m.symbolic(&val)),
            _ => Ok(Val::list(vec![val.thunk()])),
        }
    };
    "unique" 1 |m, a, span| {
        let list = m.list(&m.force(&a[0]))?;
        m.charge(list.elements.len() * list.elements.len() / (16 * ELEMENTS_PER_STEP))?;
        let mut result = List { elements: Vec::new(), open: None };
        for element in &list.elements {
            let seen = is_in(m, &result, &element.value, span)?;
            let condition = element.condition.and(&seen.not());
            if condition != Condition::False {
                result.elements.push(Element { value: element.value.clone(), condition });
            }
        }
        result.open = list.open.clone();
        Ok(list_val(result))
    };
    "uniqueStrings" 1 |m, a, _| {
        let mut names = Vec::new();
        for element in closed_list(m, &a[0])? {
            names.push(string(m, &element)?);
        }
        names.sort();
        names.dedup();
        Ok(Val::list(names.into_iter().map(|name| Val::string(name).thunk()).collect()))
    };
    "zipLists" 2 |m, a, _| {
        let pairs = zip(m, &a[0], &a[1])?;
        Ok(Val::list(pairs.into_iter().map(|(fst, snd)| set(m, vec![("fst", fst), ("snd", snd)]).thunk()).collect()))
    };
    "zipListsWith" 3 |m, a, span| {
        let pairs = zip(m, &a[1], &a[2])?;
        Ok(Val::list(pairs.into_iter().map(|(x, y)| later(&a[0], vec![x, y], span)).collect()))
    };
};

fn foldr(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>) -> Outcome {
    let list = closed_list(machine, &arguments[2])?;
    machine.charge(list.len() * STEPS_PER_CALL)?;
    let folded = list
        .into_iter()
        .rev()
        .fold(arguments[1].clone(), |sum, element| later(&arguments[0], vec![element, sum], span));
    Ok(machine.force(&folded))
}
