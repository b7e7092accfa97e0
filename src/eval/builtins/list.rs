//! Lists.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::condition::Condition;
use super::super::machine::{ELEMENTS_PER_STEP, Machine, Primitive, is_error, truth};
use super::super::operators;
use super::super::value::{Element, Entry, List, Reason, Thunk, Unknown, Val, Value};
use super::argument::{
    Outcome, closed_list, error, function, integer, later, must_be_closed, plain_string, record, several,
    test,
};
use super::set::group;
use super::{MAX_GENERATED, STEPS_PER_CALL};
use crate::text::Span;

/// Conditions of elements that are read for a step.
const CONDITIONS_PER_STEP: usize = 16;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "all" 2 |m, a, span| any_or_all(m, a, span, false);
    "any" 2 |m, a, span| any_or_all(m, a, span, true);
    "concatLists" 1 |m, a, _| concat_lists(m, &m.force(&a[0]));
    "concatMap" 2 |m, a, span| {
        function(m, &a[0])?;
        let mapped = map_list(m, &a[1], |value| later(&a[0], vec![value], span))?;
        concat_lists(m, &mapped)
    };
    "elem" 2 |m, a, span| {
        let wanted = m.force(&a[0]);
        let list = m.list(&m.force(&a[1]))?;
        let mut any = Condition::False;
        for element in &list.elements {
            let equal = if_there(&element.condition, operators::equal(m, &wanted, &m.force(&element.value), span))?;
            any = any.or(&element.condition.and(&equal));
            if any == Condition::True {
                break;
            }
        }
        match &list.open {
            Some(open) if any != Condition::True => Err(open.clone()),
            _ => Ok(Val::of(truth(any))),
        }
    };
    "elemAt" 2 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        let index = integer(m, &a[1])?;
        let index = usize::try_from(index).map_err(|_| error("list index is out of bounds"))?;
        if let Some(open) = &list.open {
            return Err(open.clone());
        }
        // Reading the conditions takes time, which calls over a long list would multiply.
        m.charge(index.min(list.elements.len()) / CONDITIONS_PER_STEP)?;
        let before = list.elements.iter().take(index.saturating_add(1));
        if !before.map(|element| &element.condition).all(|condition| *condition == Condition::True) {
            return Err(several());
        }
        match list.elements.get(index) {
            Some(element) => Ok(m.force(&element.value)),
            None if list.elements.iter().all(|element| element.condition == Condition::True) => {
                Err(error("list index is out of bounds"))
            }
            None => Err(several()),
        }
    };
    "filter" 2 |m, a, span| {
        let list = m.list(&m.force(&a[1]))?;
        if list.elements.is_empty() {
            return Ok(Val::of(Value::List(list)));
        }
        let function = function(m, &a[0])?;
        let mut elements = Vec::new();
        for element in &list.elements {
            let holds = if_there(&element.condition, test(m, &function, [element.value.clone()], span))?;
            let condition = element.condition.and(&holds);
            if condition != Condition::False {
                elements.push(Element { value: element.value.clone(), condition });
            }
        }
        Ok(Val::of(Value::List(Rc::new(List { elements, open: list.open.clone() }))))
    };
    "foldl'" 3 |m, a, span| {
        let function = function(m, &a[0])?;
        let mut result = a[1].clone();
        for element in closed_list(m, &a[2])? {
            let val = m.apply_all(&function, [result, element], span);
            if let Value::Unknown(unknown) = &val.value && is_error(unknown) {
                return Err(unknown.clone());
            }
            result = val.thunk();
        }
        Ok(m.force(&result))
    };
    "genList" 2 |m, a, span| {
        let length = integer(m, &a[1])?;
        let length = usize::try_from(length).map_err(|_| error("cannot create a list of negative length"))?;
        // Only newer versions of Nix look at the function before an element is asked for.
        function(m, &a[0]).map_err(|_| several())?;
        if length > MAX_GENERATED {
            return Err(Unknown::new(Reason::Fuel));
        }
        m.charge(length * STEPS_PER_CALL)?;
        let element = |index| later(&a[0], vec![Val::of(Value::Int(index as i64)).thunk()], span);
        Ok(Val::list((0..length).map(element).collect()))
    };
    "genericClosure" 1 generic_closure;
    "groupBy" 2 |m, a, span| {
        let function = function(m, &a[0])?;
        let mut pairs = Vec::new();
        for element in closed_list(m, &a[1])? {
            let name = m.apply(&function, element.clone(), span).thunk();
            pairs.push((m.name(&plain_string(m, &name)?), element));
        }
        let groups = group(m, pairs)?.into_iter();
        Ok(Val::of(Value::Attrs(Rc::new(
            super::super::value::Attrs::from_entries(
                groups.map(|(name, group)| (name, Entry::of(Val::list(group).thunk()))).collect(),
            ),
        ))))
    };
    "head" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        match (list.elements.first(), &list.open) {
            // What is not known may stand before it.
            (_, Some(open)) => Err(open.clone()),
            (Some(element), _) if element.condition == Condition::True => Ok(m.force(&element.value)),
            (None, None) => Err(error("`head` called on an empty list")),
            _ => Err(several()),
        }
    };
    "length" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        must_be_closed(&list)?;
        Ok(Val::of(Value::Int(list.elements.len() as i64)))
    };
    "map" 2 |m, a, span| {
        let is_empty = |list: &List| list.elements.is_empty() && list.open.is_none();
        if !m.list(&m.force(&a[1])).is_ok_and(|list| is_empty(&list)) {
            function(m, &a[0]).map_err(|_| several())?;
        }
        map_list(m, &a[1], |value| later(&a[0], vec![value], span))
    };
    "partition" 2 |m, a, span| {
        let function = function(m, &a[0])?;
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for element in closed_list(m, &a[1])? {
            match test(m, &function, [element.clone()], span)? {
                Condition::True => right.push(element),
                Condition::False => wrong.push(element),
                _ => return Err(several()),
            }
        }
        Ok(record(m, [("right", Val::list(right)), ("wrong", Val::list(wrong))]))
    };
    "sort" 2 |m, a, span| {
        let list = closed_list(m, &a[1])?;
        if list.is_empty() {
            return Ok(Val::list(list));
        }
        let function = function(m, &a[0])?;
        for element in &list {
            if let Value::Unknown(unknown) = m.force(element).value && is_error(&unknown) {
                return Err(unknown);
            }
        }
        let is_less = |left: &Thunk, right: &Thunk| match test(m, &function, [left.clone(), right.clone()], span)? {
            Condition::True => Ok(true),
            Condition::False => Ok(false),
            _ => Err(several()),
        };
        Ok(Val::list(sort(list, &is_less)?))
    };
    "tail" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        match (list.elements.split_first(), &list.open) {
            (_, Some(open)) => Err(open.clone()),
            (Some((first, rest)), None) if first.condition == Condition::True => {
                m.charge(rest.len() / ELEMENTS_PER_STEP)?;
                Ok(Val::of(Value::List(Rc::new(List { elements: rest.to_vec(), open: None }))))
            }
            (None, None) => Err(error("`tail` called on an empty list")),
            _ => Err(several()),
        }
    };
};

/// Maps the elements of a list, keeping conditions and openness.
pub(in super::super) fn map_list(
    machine: &Machine<'_>,
    list: &Thunk,
    map: impl Fn(Thunk) -> Thunk,
) -> Outcome {
    let list = machine.list(&machine.force(list))?;
    machine.charge(list.elements.len() * STEPS_PER_CALL)?;
    let elements = list
        .elements
        .iter()
        .map(|element| Element { value: map(element.value.clone()), condition: element.condition.clone() })
        .collect();
    Ok(Val::of(Value::List(Rc::new(List { elements, open: list.open.clone() }))))
}

fn concat_lists(machine: &Machine<'_>, lists: &Val) -> Outcome {
    let lists = machine.list(lists)?;
    let mut result = List { elements: Vec::new(), open: lists.open.clone() };
    for element in &lists.elements {
        match machine.list(&machine.force(&element.value)) {
            Ok(list) => {
                machine.charge(list.elements.len() / ELEMENTS_PER_STEP)?;
                result.elements.extend(list.elements.iter().map(|inner| Element {
                    value: inner.value.clone(),
                    condition: element.condition.and(&inner.condition),
                }));
                result.open = result.open.or_else(|| list.open.clone());
            }
            Err(unknown) => {
                result.open = Some(if_there(&element.condition, Err(unknown)).or_else(not_an_error)?)
            }
        }
    }
    Ok(Val::of(Value::List(Rc::new(result))))
}

/// What is said of something that is there under a condition: an error is one only if it is there.
pub(super) fn if_there<T>(condition: &Condition, said: Result<T, Unknown>) -> Result<T, Unknown> {
    said.map_err(|unknown| match is_error(&unknown) && *condition != Condition::True {
        true => several(),
        false => unknown,
    })
}

/// The unknown itself, where it is no error.
fn not_an_error(unknown: Unknown) -> Result<Unknown, Unknown> {
    if is_error(&unknown) { Err(unknown) } else { Ok(unknown) }
}

fn any_or_all(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>, is_any: bool) -> Outcome {
    let function = function(machine, &arguments[0])?;
    let list = machine.list(&machine.force(&arguments[1]))?;
    let mut result = Condition::known(!is_any);
    for element in &list.elements {
        let holds = if_there(&element.condition, test(machine, &function, [element.value.clone()], span))?;
        result = if is_any {
            result.or(&element.condition.and(&holds))
        } else {
            result.and(&element.condition.not().or(&holds))
        };
        if result == Condition::known(is_any) {
            break;
        }
    }
    if let Some(open) = &list.open
        && result != Condition::known(is_any)
    {
        return Err(open.clone());
    }
    Ok(Val::of(truth(result)))
}

fn generic_closure(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>) -> Outcome {
    let argument = machine.force(&arguments[0]);
    let start = closed_list(machine, &machine.select(&argument, machine.name("startSet"))?.thunk())?;
    if start.is_empty() {
        return Ok(Val::list(start));
    }
    let operator = machine.select(&argument, machine.name("operator"))?;
    let operator = function(machine, &operator.thunk())?;
    // Ascending, as Nix keeps them: keys of two kinds are an error where they meet.
    let mut keys: Vec<Val> = Vec::new();
    let mut result: Vec<Thunk> = Vec::new();
    let mut queue: VecDeque<Thunk> = start.into();
    'items: while let Some(item) = queue.pop_front() {
        let key = machine.select(&machine.force(&item), machine.name("key"))?;
        if let Value::Unknown(unknown) = &key.value {
            return Err(unknown.clone());
        }
        let (mut low, mut high) = (0, keys.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match operators::compare(machine, &keys[middle], &key)? {
                Some(std::cmp::Ordering::Less) => low = middle + 1,
                Some(std::cmp::Ordering::Greater) => high = middle,
                _ => continue 'items,
            }
        }
        machine.charge(1 + keys.len() / 64)?;
        keys.insert(low, key);
        result.push(item.clone());
        queue.extend(closed_list(machine, &machine.apply(&operator, item, span).thunk())?);
    }
    Ok(Val::list(result))
}

/// Sorts by merging, equal elements in their order. Where `is_less` holds both ways the result depends on
/// the algorithm of the Nix that runs, so it is not known.
fn sort(
    mut list: Vec<Thunk>,
    is_less: &impl Fn(&Thunk, &Thunk) -> Result<bool, Unknown>,
) -> Result<Vec<Thunk>, Unknown> {
    if list.len() < 2 {
        return Ok(list);
    }
    let right = sort(list.split_off(list.len() / 2), is_less)?;
    let left = sort(list, is_less)?;
    let mut result = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        if is_less(b, a)? {
            if is_less(a, b)? {
                return Err(several());
            }
            result.extend(right.next());
        } else {
            result.extend(left.next());
        }
    }
    result.extend(left);
    result.extend(right);
    Ok(result)
}
