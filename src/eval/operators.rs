//! The operators of Nix on values that may be partly known.

use std::cmp::Ordering;
use std::rc::Rc;

use super::coercion::{Coercion, path_value};
use super::condition::{Atom, Condition, Scalar};
use super::lookup::either;
use super::machine::{ELEMENTS_PER_STEP, Machine, is_error, is_final, truth};
use super::value::{Attrs, Entry, List, Reason, SymbolRoot, Text, Thunk, Unknown, Val, Value};
use crate::semantic::BinaryOp;
use crate::text::Span;

/// `-operand`.
pub(super) fn negate(operand: &Val) -> Value {
    match &operand.value {
        Value::Int(value) => value.checked_neg().map_or_else(overflow, Value::Int),
        // Nix subtracts from zero, so there is no negative zero.
        Value::Float(value) => Value::Float(0.0 - value),
        Value::Unknown(unknown) => Value::Unknown(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Value::Unknown(Unknown::new(Reason::Several)),
        _ => error("a number was expected"),
    }
}

/// `left op right`.
pub(super) fn binary(
    machine: &Machine<'_>,
    op: BinaryOp,
    left: &Val,
    right: &Thunk,
    span: Option<Span>,
) -> Val {
    let val = |value| Val::at(value, span);
    match op {
        BinaryOp::And | BinaryOp::Or | BinaryOp::Implication => {
            let result = machine.condition(left, span).and_then(|left| {
                let left = if op == BinaryOp::Implication { left.not() } else { left };
                let is_and = op == BinaryOp::And;
                match (&left, is_and) {
                    (Condition::False, true) | (Condition::True, false) => return Ok(left),
                    _ => {}
                }
                let right = match machine.condition(&machine.force(right), span) {
                    // It fails only where the left side lets it be looked at.
                    Err(unknown) if is_error(&unknown) && left != Condition::known(is_and) => {
                        return Err(Unknown::new(Reason::Several));
                    }
                    right => right?,
                };
                Ok(if is_and { left.and(&right) } else { left.or(&right) })
            });
            val(result.map_or_else(Value::Unknown, truth))
        }
        BinaryOp::Equal | BinaryOp::NotEqual => {
            let right = machine.force(right);
            let result = match (&left.value, &right.value) {
                // Equal functions are found in sets and lists only, where they are one value.
                (Value::Lambda(_) | Value::Primitive(_), Value::Lambda(_) | Value::Primitive(_)) => {
                    Ok(Condition::False)
                }
                _ => equal(machine, left, &right, span),
            };
            let result = if op == BinaryOp::Equal { result } else { result.map(|condition| condition.not()) };
            val(result.map_or_else(Value::Unknown, truth))
        }
        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::More | BinaryOp::MoreOrEqual => {
            let right = machine.force(right);
            val(match compare(machine, left, &right) {
                Ok(Some(ordering)) => Value::Bool(match op {
                    BinaryOp::Less => ordering == Ordering::Less,
                    BinaryOp::LessOrEqual => ordering != Ordering::Greater,
                    BinaryOp::More => ordering == Ordering::Greater,
                    _ => ordering != Ordering::Less,
                }),
                // Only NaN has no order.
                Ok(None) => Value::Bool(false),
                Err(unknown) if is_final(&unknown) => Value::Unknown(unknown),
                Err(_) => Value::Condition(machine.opaque(span)),
            })
        }
        BinaryOp::Update => val(update(machine, left, &machine.force(right), span)),
        BinaryOp::Concat => val(concat(machine, left, &machine.force(right))),
        BinaryOp::Add => val(add(machine, left, &machine.force(right), span)),
        BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => val(arithmetic(op, left, &machine.force(right))),
    }
}

fn error(message: &str) -> Value {
    Value::Unknown(Unknown::new(Reason::Error(message.to_owned())))
}

fn overflow() -> Value {
    error("integer overflow")
}

fn not_a_number(left: &Val, right: &Val) -> Value {
    for operand in [left, right] {
        match &operand.value {
            Value::Unknown(unknown) => return Value::Unknown(unknown.clone()),
            Value::Symbol(_) | Value::Choice(_) => return Value::Unknown(Unknown::new(Reason::Several)),
            _ => {}
        }
    }
    error("a number was expected")
}

/// `-`, `*` and `/` on numbers.
pub(super) fn arithmetic(op: BinaryOp, left: &Val, right: &Val) -> Value {
    match (&left.value, &right.value) {
        (Value::Int(a), Value::Int(b)) => match op {
            BinaryOp::Add => a.checked_add(*b),
            BinaryOp::Sub => a.checked_sub(*b),
            BinaryOp::Mul => a.checked_mul(*b),
            _ if *b == 0 => return error("division by zero"),
            _ => a.checked_div(*b),
        }
        .map_or_else(overflow, Value::Int),
        _ => {
            let (Some(a), Some(b)) = (float(left), float(right)) else { return not_a_number(left, right) };
            match op {
                BinaryOp::Add => Value::Float(a + b),
                BinaryOp::Sub => Value::Float(a - b),
                BinaryOp::Mul => Value::Float(a * b),
                _ if b == 0.0 => error("division by zero"),
                _ => Value::Float(a / b),
            }
        }
    }
}

fn float(val: &Val) -> Option<f64> {
    match val.value {
        Value::Int(value) => Some(value as f64),
        Value::Float(value) => Some(value),
        _ => None,
    }
}

fn add(machine: &Machine<'_>, left: &Val, right: &Val, span: Option<Span>) -> Value {
    match (&left.value, &right.value) {
        (Value::Int(_) | Value::Float(_), _) => arithmetic(BinaryOp::Add, left, right),
        (Value::Path(_) | Value::PathPattern(_), _) => {
            let coercion = match &right.value {
                Value::Path(_) | Value::PathPattern(_) => Coercion::ToString,
                _ => Coercion::Interpolation,
            };
            let text = machine.coerce(left, Coercion::ToString, span).and_then(|mut text| {
                text.extend(&machine.coerce(right, coercion, right.span.or(span))?);
                Ok(text)
            });
            text.map_or_else(Value::Unknown, path_value)
        }
        (Value::Unknown(unknown), _) if is_error(unknown) => Value::Unknown(unknown.clone()),
        (_, Value::Unknown(unknown)) if is_error(unknown) => Value::Unknown(unknown.clone()),
        // Only a string has paths copied to the store.
        (_, Value::Path(_) | Value::PathPattern(_)) if is_set(left) => {
            let text = machine.coerce(left, Coercion::Interpolation, left.span.or(span));
            let text = text.and_then(|mut text| {
                text.extend(&machine.coerce(right, Coercion::ToString, right.span.or(span))?);
                Ok(text)
            });
            text.map_or_else(Value::Unknown, |text| Value::Str(Rc::new(text)))
        }
        // Without a string it may be a sum or a path.
        (Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_), right)
            if !matches!(right, Value::Str(_) | Value::Attrs(_)) =>
        {
            Value::Unknown(machine.symbolic(left))
        }
        _ => {
            let text =
                machine.coerce(left, Coercion::Interpolation, left.span.or(span)).and_then(|mut text| {
                    text.extend(&machine.coerce(right, Coercion::Interpolation, right.span.or(span))?);
                    Ok(text)
                });
            text.map_or_else(Value::Unknown, |text| Value::Str(Rc::new(text)))
        }
    }
}

/// Whether the value is a set for sure: one that is known, or a flake.
fn is_set(val: &Val) -> bool {
    match &val.value {
        Value::Attrs(_) => true,
        Value::Symbol(symbol) => match symbol.root {
            SymbolRoot::SelfFlake => symbol.path.is_empty(),
            SymbolRoot::Inputs => symbol.path.len() == 1,
            _ => false,
        },
        _ => false,
    }
}

/// `left // right`.
pub(super) fn update(machine: &Machine<'_>, left: &Val, right: &Val, span: Option<Span>) -> Value {
    let sets = (machine.set(left), machine.set(right));
    let size = |set: &Result<Rc<Attrs>, Unknown>| set.as_ref().map_or(0, |set| set.entries.len());
    if let Err(unknown) = machine.charge((size(&sets.0) + size(&sets.1)) / ELEMENTS_PER_STEP) {
        return Value::Unknown(unknown);
    }
    match sets {
        (Ok(left), Ok(right)) if right.is_closed() => {
            Value::Attrs(Rc::new(join(&left, &right, &Condition::True)))
        }
        (Ok(left), Ok(right)) => {
            let reason = right.open.clone().unwrap_or_else(|| Unknown::new(Reason::Several));
            let left = maybe_replaced(machine, &left, &right, &reason, span);
            Value::Attrs(Rc::new(join(&left, &right, &Condition::True)))
        }
        (Err(unknown), _) | (_, Err(unknown)) if is_error(&unknown) => Value::Unknown(unknown),
        // `lib // home-manager.lib` adds names to `lib`.
        (_, Err(_)) if is_library(left) && is_symbol(right) => left.value.clone(),
        // What the right side says stays known.
        (Err(unknown), Ok(right)) => {
            let mut result = (*right).clone();
            result.open = Some(unknown);
            if is_symbol(left) {
                result.fallback = Some(left.clone());
            }
            Value::Attrs(Rc::new(result))
        }
        (Ok(left), Err(unknown)) => {
            let mut result = maybe_replaced(machine, &left, &Attrs::default(), &unknown, span);
            result.fallback = (left.is_closed() && is_symbol(right)).then(|| right.clone());
            result.open = Some(unknown);
            Value::Attrs(Rc::new(result))
        }
        (Err(unknown), Err(_)) => Value::Unknown(unknown),
    }
}

/// The set with every value perhaps replaced by what a set on its right side, which is not known whole, has
/// under that name. What that has for sure stays out of it.
fn maybe_replaced(
    machine: &Machine<'_>,
    left: &Attrs,
    right: &Attrs,
    reason: &Unknown,
    span: Option<Span>,
) -> Attrs {
    let mut result = left.clone();
    let replace = |entry: &mut Entry| {
        let other = Val::of(Value::Unknown(reason.clone()));
        entry.value = either(&machine.opaque(span), entry.value.clone(), other.thunk()).thunk();
    };
    let is_certain = |name| right.get(name).is_some_and(|entry: &Entry| entry.condition == Condition::True);
    result.entries.iter_mut().filter(|(name, _)| !is_certain(*name)).for_each(|(_, entry)| replace(entry));
    result.patterns.iter_mut().for_each(|(_, entry)| replace(entry));
    result
}

fn is_symbol(val: &Val) -> bool {
    matches!(&val.value, Value::Symbol(_))
}

/// Whether the value is nixpkgs' `lib`, perhaps with names of its own.
fn is_library(val: &Val) -> bool {
    match &val.value {
        Value::Symbol(symbol) => matches!(symbol.root, SymbolRoot::Library) && symbol.path.is_empty(),
        Value::Attrs(attrs) => attrs.fallback.as_ref().is_some_and(is_library),
        _ => false,
    }
}

/// `left // right` where `right` counts only under `condition`.
pub(super) fn join(left: &Attrs, right: &Attrs, condition: &Condition) -> Attrs {
    let mut entries = Vec::with_capacity(left.entries.len() + right.entries.len());
    let mut old = left.entries.iter().peekable();
    for (name, entry) in &right.entries {
        while let Some(before) = old.next_if(|(other, _)| other < name) {
            entries.push(before.clone());
        }
        let replaced = old.next_if(|(other, _)| other == name);
        let condition = condition.and(&entry.condition);
        let mut entry = Entry { condition: condition.clone(), ..entry.clone() };
        if let Some((_, before)) = replaced
            && condition != Condition::True
        {
            let negation = condition.not();
            entry.condition = condition.or(&before.condition);
            entry.value = Thunk::done(Val::of(Value::Choice(Rc::new([
                (condition, entry.value),
                (negation, before.value.clone()),
            ]))));
        }
        entries.push((*name, entry));
    }
    entries.extend(old.cloned());
    let mut patterns = left.patterns.clone();
    patterns.extend(right.patterns.iter().map(|(key, entry)| {
        let condition = condition.and(&entry.condition);
        (key.clone(), Entry { condition, ..entry.clone() })
    }));
    let open = left.open.clone().or_else(|| right.open.clone());
    let fallback = match (left.is_closed(), right.is_closed()) {
        (_, true) => left.fallback.clone(),
        (true, false) => right.fallback.clone(),
        // Either may have the name.
        (false, false) => None,
    };
    Attrs { entries, patterns, open, fallback }
}

pub(super) fn concat(machine: &Machine<'_>, left: &Val, right: &Val) -> Value {
    let (left, right) = (machine.list(left), machine.list(right));
    let mut result = List::default();
    for side in [left, right] {
        match side {
            Ok(list) => {
                if let Err(unknown) = machine.charge(list.elements.len() / ELEMENTS_PER_STEP) {
                    return Value::Unknown(unknown);
                }
                result.elements.extend(list.elements.iter().cloned());
                result.open = result.open.or_else(|| list.open.clone());
            }
            Err(unknown) if is_error(&unknown) => return Value::Unknown(unknown),
            Err(unknown) => result.open = Some(unknown),
        }
    }
    if result.elements.is_empty()
        && let Some(open) = result.open
    {
        return Value::Unknown(open);
    }
    Value::List(Rc::new(result))
}

/// Whether two values are equal, as a formula.
///
/// # Errors
/// With the error of Nix that forcing one of them gives.
pub(super) fn equal(
    machine: &Machine<'_>,
    left: &Val,
    right: &Val,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    machine.descend(|| equal_here(machine, left, right, span))
}

fn equal_here(
    machine: &Machine<'_>,
    left: &Val,
    right: &Val,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    if let (Value::Str(a), Value::Str(b)) = (&left.value, &right.value) {
        machine.charge(a.weight() + b.weight())?;
    }
    let opaque = |unknown: Unknown| match span {
        _ if is_final(&unknown) => Err(unknown),
        _ => Ok(machine.opaque(span)),
    };
    match (&left.value, &right.value) {
        (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => opaque(unknown.clone()),
        (Value::Choice(_), _) | (_, Value::Choice(_)) => {
            let (mut any, mut failed, mut is_decided) = (Condition::False, None, false);
            for (a, left) in machine.alternatives(left) {
                for (b, right) in machine.alternatives(right) {
                    match equal(machine, &left, &right, span) {
                        Ok(equal) => {
                            any = any.or(&a.and(&b).and(&equal));
                            is_decided = true;
                        }
                        Err(unknown) if is_error(&unknown) => failed = Some(unknown),
                        Err(unknown) => return Err(unknown),
                    }
                }
            }
            match failed {
                Some(unknown) if !is_decided => Err(unknown),
                // Where it does not fail, only the other alternatives count.
                Some(_) if any == Condition::False => opaque(Unknown::new(Reason::Several)),
                _ => Ok(any),
            }
        }
        (Value::Symbol(symbol), other) | (other, Value::Symbol(symbol)) => {
            match (symbol.option(), scalar(other)) {
                (Some(path), Some(Scalar::Bool(truth))) => {
                    let atom = Condition::atom(Atom::Option(path));
                    Ok(if truth { atom } else { atom.not() })
                }
                (Some(path), Some(scalar)) => Ok(Condition::atom(Atom::Equals(path, scalar))),
                _ => opaque(Unknown::new(Reason::Several)),
            }
        }
        (Value::Condition(condition), Value::Bool(truth))
        | (Value::Bool(truth), Value::Condition(condition)) => {
            Ok(if *truth { condition.clone() } else { condition.not() })
        }
        (Value::Condition(_), Value::Condition(_)) => opaque(Unknown::new(Reason::Several)),
        (Value::Null, Value::Null) => Ok(Condition::True),
        (Value::Bool(a), Value::Bool(b)) => Ok(Condition::known(a == b)),
        (Value::Int(a), Value::Int(b)) => Ok(Condition::known(a == b)),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            Ok(Condition::known(float(left) == float(right)))
        }
        (Value::Str(a), Value::Str(b)) => match (a.exact(), b.exact()) {
            (Some(a), Some(b)) => Ok(Condition::known(a == b)),
            _ if certainly_differ(a, b) => Ok(Condition::False),
            _ => opaque(Unknown::new(Reason::Several)),
        },
        (Value::Path(a), Value::Path(b)) => Ok(Condition::known(a == b)),
        (Value::Str(text), Value::Path(_) | Value::PathPattern(_))
        | (Value::Path(_) | Value::PathPattern(_), Value::Str(text))
            if text.may_be_path() =>
        {
            opaque(Unknown::new(Reason::Several))
        }
        (Value::PathPattern(_), Value::Path(_) | Value::PathPattern(_))
        | (Value::Path(_), Value::PathPattern(_)) => opaque(Unknown::new(Reason::Several)),
        (Value::List(a), Value::List(b)) => {
            let is_known = |list: &List| {
                list.open.is_none()
                    && list.elements.iter().all(|element| element.condition == Condition::True)
            };
            if !is_known(a) || !is_known(b) {
                return opaque(Unknown::new(Reason::Several));
            }
            if a.elements.len() != b.elements.len() {
                return Ok(Condition::False);
            }
            let mut all = Condition::True;
            for (a, b) in a.elements.iter().zip(&b.elements) {
                all = all.and(&equal_thunks(machine, &a.value, &b.value, span)?);
                if all == Condition::False {
                    break;
                }
            }
            Ok(all)
        }
        (Value::Attrs(a), Value::Attrs(b)) => {
            let is_known = |attrs: &Attrs| {
                attrs.is_closed() && attrs.entries.iter().all(|(_, entry)| entry.condition == Condition::True)
            };
            if !is_known(a) || !is_known(b) {
                return opaque(Unknown::new(Reason::Several));
            }
            // Two derivations are equal when they are built at the same place.
            let out = machine.name("outPath");
            if let (Some(out_a), Some(out_b)) = (a.get(out), b.get(out)) {
                match (is_derivation(machine, a), is_derivation(machine, b)) {
                    (Some(true), Some(true)) => {
                        return equal_thunks(machine, &out_a.value, &out_b.value, span);
                    }
                    (Some(_), Some(_)) => {}
                    _ => return opaque(Unknown::new(Reason::Several)),
                }
            }
            if a.entries.len() != b.entries.len() || a.entries.iter().zip(&b.entries).any(|(a, b)| a.0 != b.0)
            {
                return Ok(Condition::False);
            }
            let mut all = Condition::True;
            // Nix compares in an order that other files of the same run decide: a failure counts only where
            // no other name makes the difference.
            let mut failed = None;
            for ((_, a), (_, b)) in a.entries.iter().zip(&b.entries) {
                match equal_thunks(machine, &a.value, &b.value, span) {
                    Ok(equal) => all = all.and(&equal),
                    Err(unknown) if is_error(&unknown) => failed = Some(unknown),
                    Err(unknown) => return Err(unknown),
                }
                if all == Condition::False {
                    break;
                }
            }
            if let Some(failed) = failed {
                return Err(if all == Condition::True { failed } else { Unknown::new(Reason::Several) });
            }
            Ok(all)
        }
        // Nix compares functions by place in some positions and not at all in others.
        (Value::Lambda(a), Value::Lambda(b)) if Rc::ptr_eq(a, b) => opaque(Unknown::new(Reason::Several)),
        (Value::Primitive(_), Value::Primitive(_)) => opaque(Unknown::new(Reason::Several)),
        _ => Ok(Condition::False),
    }
}

/// Whether two parts are equal; one and the same always is, be it endless or a function.
fn equal_thunks(
    machine: &Machine<'_>,
    a: &Thunk,
    b: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let left = machine.force(a);
    if !Rc::ptr_eq(&a.0, &b.0) {
        return equal(machine, &left, &machine.force(b), span);
    }
    match left.value {
        Value::Unknown(unknown) => Err(unknown),
        _ => Ok(Condition::True),
    }
}

/// Whether Nix takes a set for a derivation; `None` where that is not known.
fn is_derivation(machine: &Machine<'_>, attrs: &Attrs) -> Option<bool> {
    let Some(kind) = attrs.get(machine.name("type")) else { return Some(false) };
    match machine.force(&kind.value).value {
        Value::Str(text) => text.exact().map(|text| text == "derivation"),
        Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => None,
        _ => Some(false),
    }
}

fn scalar(value: &Value) -> Option<Scalar> {
    match value {
        Value::Null => Some(Scalar::Null),
        Value::Bool(value) => Some(Scalar::Bool(*value)),
        Value::Int(value) => Some(Scalar::Int(*value)),
        Value::Str(text) => text.exact().map(|text| Scalar::Str(text.into())),
        _ => None,
    }
}

/// Two texts whose known beginnings do not fit.
fn certainly_differ(a: &Text, b: &Text) -> bool {
    let (a, b) = (a.known_prefix(), b.known_prefix());
    let common = a.len().min(b.len());
    a.as_bytes()[..common] != b.as_bytes()[..common]
}

/// The order of two values; `None` where one is not a number (NaN).
///
/// # Errors
/// With the error of Nix, or the reason where nothing is known.
pub(super) fn compare(machine: &Machine<'_>, left: &Val, right: &Val) -> Result<Option<Ordering>, Unknown> {
    machine.descend(|| compare_here(machine, left, right))
}

fn compare_here(machine: &Machine<'_>, left: &Val, right: &Val) -> Result<Option<Ordering>, Unknown> {
    if let (Value::Str(a), Value::Str(b)) = (&left.value, &right.value) {
        machine.charge(a.weight() + b.weight())?;
    }
    match (&left.value, &right.value) {
        (Value::Unknown(unknown), _) | (_, Value::Unknown(unknown)) => Err(unknown.clone()),
        (Value::Symbol(_) | Value::Choice(_), _) | (_, Value::Symbol(_) | Value::Choice(_)) => {
            Err(Unknown::new(Reason::Several))
        }
        (Value::Int(a), Value::Int(b)) => Ok(Some(a.cmp(b))),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            Ok(float(left).and_then(|a| float(right).and_then(|b| a.partial_cmp(&b))))
        }
        (Value::Str(a), Value::Str(b)) => match (a.exact(), b.exact()) {
            (Some(a), Some(b)) => Ok(Some(a.as_bytes().cmp(b.as_bytes()))),
            _ => Err(Unknown::new(Reason::Several)),
        },
        (Value::Path(a), Value::Path(b)) => Ok(Some(a.as_str().cmp(b.as_str()))),
        (Value::Str(text), Value::Path(_) | Value::PathPattern(_))
        | (Value::Path(_) | Value::PathPattern(_), Value::Str(text))
            if text.may_be_path() =>
        {
            Err(Unknown::new(Reason::Several))
        }
        (Value::PathPattern(_), Value::Path(_) | Value::PathPattern(_))
        | (Value::Path(_), Value::PathPattern(_)) => Err(Unknown::new(Reason::Several)),
        (Value::List(a), Value::List(b)) => {
            let is_known = |list: &List| {
                list.open.is_none()
                    && list.elements.iter().all(|element| element.condition == Condition::True)
            };
            if !is_known(a) || !is_known(b) {
                return Err(Unknown::new(Reason::Several));
            }
            for (a, b) in a.elements.iter().zip(&b.elements) {
                match equal_thunks(machine, &a.value, &b.value, None)? {
                    Condition::True => {}
                    Condition::False => {
                        return compare(machine, &machine.force(&a.value), &machine.force(&b.value));
                    }
                    _ => return Err(Unknown::new(Reason::Several)),
                }
            }
            Ok(Some(a.elements.len().cmp(&b.elements.len())))
        }
        _ => Err(Unknown::new(Reason::Error("cannot compare these values".to_owned()))),
    }
}
