//! The `check` of types: whether a value fits.

use super::super::super::builtins;
use super::super::super::coercion::{Coercion, normalise};
use super::super::super::condition::Condition;
use super::super::super::machine::{Machine, truth};
use super::super::super::operators;
use super::super::super::value::{Name, SymbolRoot, Text, TextPiece, Thunk, Unknown, Val, Value};
use super::super::{Outcome, Table, call_builtin, error, field, integer, meta, primitives, several};
use super::is_of;
use crate::text::{HoleKind, Span};

/// Tests of values; the first arguments are the parameters of the type.
pub(super) static CHECKS: Table = primitives! {
    "always" 1 |_, _, _| Ok(Val::of(Value::Bool(true)));
    "attrList" 1 |m, a, span| {
        verdict(is(m, "isList", &a[0], span).and_then(|list| Ok(list.or(&is(m, "isAttrs", &a[0], span)?))))
    };
    "attrTag" 2 |m, a, span| {
        if is(m, "isAttrs", &a[1], span)? != Condition::True {
            return verdict(is(m, "isAttrs", &a[1], span));
        }
        let names = field_names(m, &a[1])?;
        let [name] = names.as_slice() else { return Ok(Val::of(Value::Bool(false))) };
        let tags = m.set(&m.force(&a[0]))?;
        match tags.get(*name) {
            Some(_) => Ok(Val::of(Value::Bool(true))),
            None => tags.open.clone().map_or(Ok(Val::of(Value::Bool(false))), Err),
        }
    };
    "both" 3 |m, a, span| {
        let first = builtins::test(m, &m.force(&a[0]), [a[2].clone()], span)?;
        if first == Condition::False {
            return verdict(Ok(first));
        }
        verdict(builtins::test(m, &m.force(&a[1]), [a[2].clone()], span).map(|second| first.and(&second)))
    };
    "coercedTo" 4 |m, a, span| {
        let mut converted = passes(m, &a[0], &a[3], span)?;
        if converted != Condition::False {
            let result = builtins::later(&a[1], vec![a[3].clone()], span);
            converted = converted.and(&passes(m, &a[2], &result, span)?);
        }
        if converted == Condition::True {
            return verdict(Ok(converted));
        }
        verdict(passes(m, &a[2], &a[3], span).map(|direct| converted.or(&direct)))
    };
    "either" 3 |m, a, span| {
        let left = passes(m, &a[0], &a[2], span)?;
        if left == Condition::True {
            return verdict(Ok(left));
        }
        verdict(passes(m, &a[1], &a[2], span).map(|right| left.or(&right)))
    };
    "enum" 2 |m, a, span| {
        let mut any = Condition::False;
        let list = m.list(&m.force(&a[0]))?;
        for element in &list.elements {
            let equal = operators::equal(m, &m.force(&a[1]), &m.force(&element.value), span)?;
            any = any.or(&element.condition.and(&equal));
        }
        match &list.open {
            Some(open) if any != Condition::True => Err(open.clone()),
            _ => verdict(Ok(any)),
        }
    };
    "fileset" 1 |m, a, span| verdict(is_tagged(m, "fileset", &a[0], span));
    "function" 1 |m, a, span| verdict(is_function(m, &a[0], span));
    "intBetween" 3 |m, a, _| match m.force(&a[2]).value {
        Value::Int(value) => {
            Ok(Val::of(Value::Bool(value >= integer(m, &a[0])? && value <= integer(m, &a[1])?)))
        }
        Value::Unknown(unknown) => Err(unknown),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(Val::of(Value::Bool(false))),
    };
    "luaInline" 1 |m, a, span| verdict(is_tagged(m, "lua-inline", &a[0], span));
    "module" 1 |m, a, span| {
        let set = is(m, "isAttrs", &a[0], span)?;
        if set == Condition::True {
            return verdict(Ok(set));
        }
        let either = set.or(&is_function(m, &a[0], span)?);
        if either == Condition::True {
            return verdict(Ok(either));
        }
        let path = is_path(m, None, Some(true), &m.force(&a[0]))?;
        verdict(Ok(either.or(&Condition::known(path))))
    };
    "nonEmptyList" 1 |m, a, span| {
        let list = is(m, "isList", &a[0], span)?;
        if list != Condition::True {
            return verdict(Ok(list));
        }
        let list = m.list(&m.force(&a[0]))?;
        match (list.elements.iter().any(|element| element.condition == Condition::True), &list.open) {
            (true, _) => Ok(Val::of(Value::Bool(true))),
            (false, None) if list.elements.is_empty() => Ok(Val::of(Value::Bool(false))),
            _ => Err(several()),
        }
    };
    "nonEmptyStr" 1 |m, a, _| match &m.force(&a[0]).value {
        Value::Str(text) => match text.exact() {
            Some(text) => Ok(Val::of(Value::Bool(text.chars().any(|c| !" \t\n".contains(c))))),
            None => {
                let is_full = |piece: &TextPiece| matches!(piece, TextPiece::Known { text, .. } if text.chars().any(|c| !" \t\n".contains(c)));
                if text.pieces.iter().any(is_full) { Ok(Val::of(Value::Bool(true))) } else { Err(several()) }
            }
        },
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(Val::of(Value::Bool(false))),
    };
    "nullOr" 2 |m, a, span| match &m.force(&a[1]).value {
        Value::Null => Ok(Val::of(Value::Bool(true))),
        _ => verdict(passes(m, &a[0], &a[1], span)),
    };
    "numberAbove" 2 |m, a, _| {
        let is_strict = optional_bool(m, &a[0])? == Some(true);
        match m.force(&a[1]).value {
            Value::Int(value) => Ok(Val::of(Value::Bool(value > 0 || value == 0 && !is_strict))),
            Value::Float(value) => Ok(Val::of(Value::Bool(value > 0.0 || value == 0.0 && !is_strict))),
            Value::Unknown(unknown) => Err(unknown),
            Value::Symbol(_) | Value::Choice(_) => Err(several()),
            _ => Ok(Val::of(Value::Bool(false))),
        }
    };
    "numberBetween" 3 |m, a, _| {
        let val = m.force(&a[2]);
        match &val.value {
            Value::Int(_) | Value::Float(_) => {
                let fits = |ordering: Option<std::cmp::Ordering>| ordering.is_some_and(std::cmp::Ordering::is_le);
                let above = fits(operators::compare(m, &m.force(&a[0]), &val)?);
                Ok(Val::of(Value::Bool(above && fits(operators::compare(m, &val, &m.force(&a[1]))?))))
            }
            Value::Unknown(unknown) => Err(unknown.clone()),
            Value::Symbol(_) | Value::Choice(_) => Err(several()),
            _ => Ok(Val::of(Value::Bool(false))),
        }
    };
    "optionDeclaration" 1 |m, a, span| {
        let tagged = is_tagged(m, "option", &a[0], span)?;
        if tagged != Condition::True {
            return verdict(Ok(tagged));
        }
        Ok(Val::of(Value::Bool(field(m, &m.force(&a[0]), "value")?.is_none())))
    };
    "optionType" 1 |m, a, span| verdict(is_tagged(m, "option-type", &a[0], span));
    "package" 1 |m, a, _| {
        let val = m.force(&a[0]);
        if meta::is_derivation(m, &val)? {
            return Ok(Val::of(Value::Bool(true)));
        }
        is_store_path(m, &val).map(|truth| Val::of(Value::Bool(truth)))
    };
    "passwdEntry" 2 |m, a, span| {
        let inner = passes(m, &a[0], &a[1], span)?;
        if inner == Condition::False {
            return verdict(Ok(inner));
        }
        let text = builtins::string(m, &a[1])?;
        verdict(Ok(inner.and(&Condition::known(!text.contains([':', '\n'])))))
    };
    "path" 3 |m, a, _| {
        let (in_store, absolute) = (optional_bool(m, &a[0])?, optional_bool(m, &a[1])?);
        is_path(m, in_store, absolute, &m.force(&a[2])).map(|truth| Val::of(Value::Bool(truth)))
    };
    "pkgs" 1 |m, a, span| match &m.force(&a[0]).value {
        Value::Symbol(symbol) if matches!(symbol.root, SymbolRoot::Packages(_)) && symbol.path.is_empty() => {
            Ok(Val::of(Value::Bool(true)))
        }
        _ => verdict(is_tagged(m, "pkgs", &a[0], span)),
    };
    "shellPackage" 1 |m, a, _| {
        let val = m.force(&a[0]);
        if !meta::is_derivation(m, &val)? {
            return Ok(Val::of(Value::Bool(false)));
        }
        match &val.value {
            Value::Attrs(_) => Ok(Val::of(Value::Bool(field(m, &val, "shellPath")?.is_some()))),
            _ => Err(several()),
        }
    };
    "singleLineStr" 1 |m, a, _| match &m.force(&a[0]).value {
        Value::Str(text) => {
            let text = text.exact().ok_or_else(several)?;
            let line = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Val::of(Value::Bool(!line.contains(['\n', '\r']))))
        }
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(Val::of(Value::Bool(false))),
    };
    "strMatching" 2 |m, a, span| {
        let string = is(m, "isString", &a[1], span)?;
        if string == Condition::False {
            return verdict(Ok(string));
        }
        let matched = call_builtin(m, "match", vec![a[0].clone(), a[1].clone()], span);
        match &matched.value {
            Value::Null => Ok(Val::of(Value::Bool(false))),
            Value::List(_) => verdict(Ok(string)),
            _ => Err(m.symbolic(&matched)),
        }
    };
};

/// `lib.isStorePath`: the path of something in the store itself.
pub(in super::super) fn is_store_path(machine: &Machine<'_>, val: &Val) -> Result<bool, Unknown> {
    let Some(text) = string_like(machine, val)? else { return Ok(false) };
    let exact = text.exact().ok_or_else(several)?;
    Ok(exact.strip_prefix("/nix/store/").is_some_and(is_store_name))
}

fn field_names(machine: &Machine<'_>, set: &Thunk) -> Result<Vec<Name>, Unknown> {
    let attrs = machine.set(&machine.force(set))?;
    if !attrs.is_closed() || attrs.entries.iter().any(|(_, entry)| entry.condition != Condition::True) {
        return Err(several());
    }
    Ok(attrs.entries.iter().map(|(name, _)| *name).collect())
}

/// Whether a value passes the `check` of a type.
fn passes(
    machine: &Machine<'_>,
    of: &Thunk,
    value: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let check = machine.select(&machine.force(of), machine.name("check"))?;
    builtins::test(machine, &check, [value.clone()], span)
}

/// Whether a value is of a type of Nix.
fn is(machine: &Machine<'_>, builtin: &str, value: &Thunk, span: Option<Span>) -> Result<Condition, Unknown> {
    builtins::test(machine, &is_of(builtin), [value.clone()], span)
}

/// Whether a value is a set tagged with `_type`.
pub(super) fn is_tagged(
    machine: &Machine<'_>,
    kind: &str,
    value: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let is_set = is(machine, "isAttrs", value, span)?;
    if is_set != Condition::True {
        return Ok(is_set);
    }
    match field(machine, &machine.force(value), "_type")? {
        Some(tag) => operators::equal(machine, &machine.force(&tag), &Val::string(kind), span),
        None => Ok(Condition::False),
    }
}

fn is_function(machine: &Machine<'_>, value: &Thunk, span: Option<Span>) -> Result<Condition, Unknown> {
    let function = is(machine, "isFunction", value, span)?;
    if function != Condition::False || is(machine, "isAttrs", value, span)? != Condition::True {
        return Ok(function);
    }
    match field(machine, &machine.force(value), "__functor")? {
        Some(functor) => {
            let functor = machine.apply(&machine.force(&functor), value.clone(), span).thunk();
            machine.descend(|| is_function(machine, &functor, span))
        }
        None => Ok(Condition::False),
    }
}

/// Whether a value is a string or becomes one in `"${…}"`, and the text then.
fn string_like(machine: &Machine<'_>, val: &Val) -> Result<Option<Text>, Unknown> {
    let attrs = match &val.value {
        Value::Str(_) | Value::Path(_) | Value::PathPattern(_) => None,
        Value::Attrs(attrs) => Some(attrs),
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => return Err(several()),
        _ => return Ok(None),
    };
    if let Some(attrs) = attrs
        && ["outPath", "__toString"].iter().all(|name| attrs.get(machine.name(name)).is_none())
    {
        return attrs.open.clone().map_or(Ok(None), Err);
    }
    machine.coerce(val, Coercion::ToString, val.span).map(Some)
}

/// `pathWith { inStore, absolute }`
fn is_path(
    machine: &Machine<'_>,
    in_store: Option<bool>,
    absolute: Option<bool>,
    val: &Val,
) -> Result<bool, Unknown> {
    let Some(text) = string_like(machine, val)? else { return Ok(false) };
    if in_store == Some(false) && !matches!(val.value, Value::Str(_)) {
        return Ok(false);
    }
    let start = text.known_prefix();
    let is_known = !start.is_empty() || text.is_empty();
    let is_absolute = match text.pieces.first() {
        Some(TextPiece::Hole(hole)) if hole.kind == HoleKind::StorePath => true,
        _ if is_known => start.starts_with('/'),
        _ => return Err(several()),
    };
    if absolute.is_some_and(|absolute| absolute != is_absolute) {
        return Ok(false);
    }
    match in_store {
        None => Ok(true),
        // A store path has a hash behind the folder.
        Some(wanted) if text.exact().is_some() => Ok(wanted == is_in_store(&start)),
        Some(_) => Err(several()),
    }
}

/// `lib.path.hasStorePathPrefix`
pub(in super::super) fn is_in_store(path: &str) -> bool {
    let path = normalise(path);
    let Some(rest) = path.as_str().strip_prefix("/nix/store/") else { return false };
    let first = rest.split('/').next().unwrap_or("");
    is_store_name(first)
}

/// Whether a name is a hash, a dash and a name, as in the Nix store.
fn is_store_name(name: &str) -> bool {
    let is_hash = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() && !"eout".contains(c);
    let Some((hash, rest)) = name.split_at_checked(32) else { return false };
    hash.chars().all(is_hash)
        && rest.strip_prefix('-').is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-._?=".contains(c))
        })
}

pub(super) fn optional_bool(machine: &Machine<'_>, thunk: &Thunk) -> Result<Option<bool>, Unknown> {
    match &machine.force(thunk).value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) => Err(several()),
        _ => Err(error("a Boolean was expected")),
    }
}

/// A formula as a value.
pub(super) fn verdict(condition: Result<Condition, Unknown>) -> Outcome {
    condition.map(|condition| Val::of(truth(condition)))
}
