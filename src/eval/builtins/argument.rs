//! What the arguments of a builtin are: each function here says why where it does not know.

use super::super::coercion::Coercion;
use super::super::condition::Condition;
use super::super::machine::{ELEMENTS_PER_STEP, Machine, is_error};
use super::super::value::{Attrs, Entry, List, Name, Reason, Thunk, Unknown, Val, Value};
use crate::text::Span;

/// What a builtin gives.
pub(super) type Outcome = Result<Val, Unknown>;

/// Nix would stop here with this message.
pub(super) fn error(message: impl Into<String>) -> Unknown {
    Unknown::new(Reason::Error(message.into()))
}

/// More than one value is possible.
pub(super) fn several() -> Unknown {
    Unknown::new(Reason::Several)
}

/// The exact text of a string argument, or of what Nix makes a string of.
pub(in super::super) fn string(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Path(_) | Value::Attrs(_) => {
            machine.coerce(&val, Coercion::ToString, None)?.exact().ok_or_else(several)
        }
        _ => plain_string(machine, thunk),
    }
}

/// The exact text of an argument that must be a string.
pub(super) fn plain_string(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Str(text) => {
            machine.charge(text.weight())?;
            text.exact().ok_or_else(several)
        }
        value => Err(mistyped(machine, &val, value, "a string")),
    }
}

/// The exact text of an argument that is converted as in `"${x}"`.
pub(super) fn coerced(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let val = machine.force(thunk);
    machine.coerce(&val, Coercion::Interpolation, None)?.exact().ok_or_else(|| match &val.value {
        Value::Unknown(unknown) => unknown.clone(),
        Value::Symbol(_) => machine.symbolic(&val),
        _ => several(),
    })
}

/// An integer argument.
pub(super) fn integer(machine: &Machine<'_>, thunk: &Thunk) -> Result<i64, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Int(value) => Ok(*value),
        value => Err(mistyped(machine, &val, value, "an integer")),
    }
}

/// A function argument: what is certainly none is an error even if it is never called.
pub(super) fn function(machine: &Machine<'_>, thunk: &Thunk) -> Outcome {
    let val = machine.force(thunk);
    let is_certainly_none = match &val.value {
        Value::Attrs(attrs) => attrs.is_closed() && attrs.get(machine.name("__functor")).is_none(),
        Value::Lambda(_) | Value::Primitive(_) | Value::Symbol(_) | Value::Choice(_) => false,
        Value::Unknown(unknown) if is_error(unknown) => return Err(unknown.clone()),
        Value::Unknown(_) => false,
        _ => true,
    };
    if is_certainly_none { Err(error("a function was expected")) } else { Ok(val) }
}

/// The elements of a list that is known whole.
pub(in super::super) fn closed_list(machine: &Machine<'_>, thunk: &Thunk) -> Result<Vec<Thunk>, Unknown> {
    let list = machine.list(&machine.force(thunk))?;
    must_be_closed(&list)?;
    machine.charge(list.elements.len() / ELEMENTS_PER_STEP)?;
    Ok(list.elements.iter().map(|element| element.value.clone()).collect())
}

/// Stops where the list may have other elements.
pub(super) fn must_be_closed(list: &List) -> Result<(), Unknown> {
    if let Some(open) = &list.open {
        return Err(open.clone());
    }
    match list.elements.iter().all(|element| element.condition == Condition::True) {
        true => Ok(()),
        false => Err(several()),
    }
}

/// Stops where the set may have other names.
pub(super) fn must_have_known_names(attrs: &Attrs) -> Result<(), Unknown> {
    if let Some(open) = &attrs.open {
        return Err(open.clone());
    }
    match attrs.is_closed() && attrs.entries.iter().all(|(_, entry)| entry.condition == Condition::True) {
        true => Ok(()),
        false => Err(several()),
    }
}

/// Whether `function arguments…` holds.
pub(in super::super) fn test(
    machine: &Machine<'_>,
    function: &Val,
    arguments: impl IntoIterator<Item = Thunk>,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let val = machine.apply_all(function, arguments, span);
    machine.condition(&val, span)
}

/// A thunk for `function arguments…`.
pub(in super::super) fn later(function: &Thunk, arguments: Vec<Thunk>, span: Option<Span>) -> Thunk {
    let function = function.clone();
    Thunk::later(move |machine| {
        let function = machine.force(&function);
        machine.apply_all(&function, arguments.iter().cloned(), span)
    })
}

/// The names of a set in Nix's order, with their entries.
pub(in super::super) fn sorted(machine: &Machine<'_>, attrs: &Attrs) -> Vec<(Name, Entry)> {
    let mut entries = attrs.entries.clone();
    entries.sort_by(|a, b| machine.text_of(a.0).as_bytes().cmp(machine.text_of(b.0).as_bytes()));
    entries
}

/// A test that nothing known decides, at the call.
pub(super) fn undecided(machine: &Machine<'_>, span: Option<Span>) -> Outcome {
    Ok(Val::of(Value::Condition(machine.opaque(span))))
}

/// A set with these values.
pub(super) fn record(machine: &Machine<'_>, fields: impl IntoIterator<Item = (&'static str, Val)>) -> Val {
    let entries =
        fields.into_iter().map(|(name, val)| (machine.name(name), Entry::of(val.thunk()))).collect();
    Val::of(Value::Attrs(Attrs::from_entries(entries).into()))
}

fn mistyped(machine: &Machine<'_>, val: &Val, value: &Value, wanted: &str) -> Unknown {
    match value {
        Value::Unknown(unknown) => unknown.clone(),
        Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) => machine.symbolic(val),
        _ => error(format!("{wanted} was expected")),
    }
}
