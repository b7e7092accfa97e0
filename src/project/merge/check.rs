//! Whether a value is of a type, as far down as the module system looks before it merges.

use super::Cx;
use super::types::{Text, Type};
use super::value::same;
use crate::eval::{Condition, Symbol, SymbolRoot, Val, Value};

/// Whether `val` passes the check of `ty`; `None` where that is not known.
pub(super) fn check(cx: Cx<'_, '_>, ty: &Type, val: &Val) -> Option<bool> {
    if let Value::Unknown(_) | Value::Choice(_) = &val.value {
        return None;
    }
    if let Value::Symbol(symbol) = &val.value {
        return of_symbol(ty, symbol);
    }
    let is_set = matches!(val.value, Value::Attrs(_));
    let is_path = || match &val.value {
        Value::Path(_) | Value::PathPattern(_) => Some(true),
        Value::Str(text) => match text.exact() {
            Some(text) => Some(text.starts_with('/')),
            None if text.known_prefix().is_empty() => None,
            None => Some(text.known_prefix().starts_with('/')),
        },
        Value::Attrs(attrs) => {
            let has = |name| attrs.get(cx.machine.name(name)).is_some();
            if has("outPath") || has("__toString") || !attrs.is_closed() { None } else { Some(false) }
        }
        _ => Some(false),
    };
    match ty {
        Type::Unspecified | Type::Raw | Type::Anything | Type::Shape => Some(true),
        Type::Data => match &val.value {
            Value::Lambda(_) | Value::Primitive(_) => Some(false),
            _ => Some(true),
        },
        Type::Bool | Type::BoolByOr => Some(matches!(val.value, Value::Bool(_) | Value::Condition(_))),
        Type::Int(range) => match &val.value {
            Value::Int(value) => Some(range.is_none_or(|(low, high)| (low..=high).contains(value))),
            _ => Some(false),
        },
        Type::Float => Some(matches!(val.value, Value::Float(_))),
        Type::Str(form) => match (&val.value, form) {
            (Value::Str(_), Text::Any) => Some(true),
            (Value::Str(text), Text::NonEmpty) => {
                let text = text.exact()?;
                Some(!text.chars().all(|c| matches!(c, ' ' | '\t' | '\n')))
            }
            (Value::Str(text), Text::SingleLine) => {
                let text = text.exact()?;
                Some(!text.strip_suffix('\n').unwrap_or(&text).contains(['\n', '\r']))
            }
            (Value::Str(_), Text::Other) => None,
            _ => Some(false),
        },
        Type::Joined(_) => Some(matches!(val.value, Value::Str(_))),
        Type::Attrs | Type::Set { .. } => Some(is_set),
        Type::Package => match &val.value {
            Value::Attrs(attrs) => match attrs.get(cx.machine.name("type")) {
                Some(kind) => Some(cx.force(&kind.value).as_str()? == "derivation"),
                None if attrs.is_closed() => Some(false),
                None => None,
            },
            Value::Str(_) | Value::Path(_) | Value::PathPattern(_) => None,
            _ => Some(false),
        },
        Type::Path => is_path(),
        Type::Enum(values) => {
            let mut unknown = false;
            for value in values {
                match same(cx, val, &cx.force(value)) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => unknown = true,
                }
            }
            if unknown { None } else { Some(false) }
        }
        Type::List { may_be_empty, .. } => match &val.value {
            Value::List(_) if *may_be_empty => Some(true),
            Value::List(list) => {
                let certain = list.elements.iter().any(|element| element.condition == Condition::True);
                match (certain, list.elements.is_empty() && list.open.is_none()) {
                    (true, _) => Some(true),
                    (_, true) => Some(false),
                    _ => None,
                }
            }
            _ => Some(false),
        },
        Type::Submodule(_) | Type::Deferred(_) => match &val.value {
            Value::Attrs(_) | Value::Lambda(_) | Value::Primitive(_) => Some(true),
            _ => is_path(),
        },
        Type::NullOr(inner) => match val.value {
            Value::Null => Some(true),
            _ => check(cx, inner, val),
        },
        Type::Either(left, right) => match (check(cx, left, val), check(cx, right, val)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Type::Coerced { from, function, to } => match (check(cx, to, val), check(cx, from, val)) {
            (Some(true), _) => Some(true),
            (Some(false), Some(false)) => Some(false),
            (_, Some(true)) => {
                let coerced = cx.machine.apply(&cx.force(function), val.clone().thunk(), val.span);
                check(cx, to, &cx.settle(coerced))
            }
            _ => None,
        },
        Type::Unique(inner) => check(cx, inner, val),
        Type::Function(_) => match &val.value {
            Value::Lambda(_) | Value::Primitive(_) => Some(true),
            Value::Attrs(attrs) => match attrs.get(cx.machine.name("__functor")) {
                Some(_) => Some(true),
                None if attrs.is_closed() => Some(false),
                None => None,
            },
            _ => Some(false),
        },
        Type::Tag(tags) => match &val.value {
            Value::Attrs(attrs) if !attrs.is_closed() => None,
            Value::Attrs(attrs) => match attrs.entries.as_slice() {
                [(name, _)] => Some(tags.get(*name).is_some()),
                _ => Some(false),
            },
            _ => Some(false),
        },
        Type::OfOptions => match &val.value {
            Value::Attrs(_) => None,
            _ => Some(false),
        },
        Type::Checked(inner, test) => match check(cx, inner, val) {
            Some(true) => {
                let passed = cx.machine.apply(&cx.force(test), val.clone().thunk(), val.span);
                match cx.settle(passed).value {
                    Value::Bool(passed) => Some(passed),
                    _ => None,
                }
            }
            other => other,
        },
        Type::Opaque(_) => None,
    }
}

/// What is known of something known by name only: packages are derivations.
fn of_symbol(ty: &Type, symbol: &Symbol) -> Option<bool> {
    let is_package = matches!(symbol.root, SymbolRoot::Packages) && !symbol.path.is_empty();
    match ty {
        Type::Unspecified | Type::Raw | Type::Anything | Type::Shape => Some(true),
        Type::Package | Type::Path if is_package => Some(true),
        Type::NullOr(inner) | Type::Unique(inner) => of_symbol(inner, symbol),
        Type::Either(left, right) => match (of_symbol(left, symbol), of_symbol(right, symbol)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            _ => None,
        },
        _ => None,
    }
}
