//! `lib.meta`: what is known of packages. A package known by name only stays what it is.

use super::super::builtins::{closed_list, string};
use super::super::condition::Condition;
use super::super::machine::{Machine, is_error, truth};
use super::super::operators;
use super::super::value::{SymbolRoot, Text, TextHole, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, attrs_val, attrsets, boolean, deferred, error, field, number, primitives, set, several,
    text_of, text_val, thrown,
};
use crate::text::{HoleKind, Span};

/// `lib.isDerivation`
pub(super) fn is_derivation(machine: &Machine<'_>, val: &Val) -> Result<bool, Unknown> {
    match &val.value {
        Value::Symbol(symbol) if matches!(symbol.root, SymbolRoot::Packages(_)) => Ok(true),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        Value::Attrs(_) => match field(machine, val, "type")? {
            Some(kind) => match &machine.force(&kind).value {
                Value::Str(text) => Ok(text.exact().ok_or_else(several)? == "derivation"),
                Value::Unknown(unknown) => Err(unknown.clone()),
                Value::Symbol(_) | Value::Choice(_) => Err(several()),
                _ => Ok(false),
            },
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

/// The program of a package.
fn program(machine: &Machine<'_>, package: &Thunk, name: Option<Text>) -> Outcome {
    let val = machine.force(package);
    match &val.value {
        Value::Unknown(unknown) if is_error(unknown) => return Err(unknown.clone()),
        Value::Attrs(attrs) if attrs.is_closed() => {
            if !is_derivation(machine, &val)? {
                return Err(thrown("lib.meta.getExe': the first argument should be a derivation"));
            }
            let name = match name {
                Some(name) => name,
                None => main_program(machine, &val)?,
            };
            let out = attrsets::get_output(machine, "bin", package)?;
            let mut text = text_of(machine, &out.thunk())?;
            text.extend(&Text::known("/bin/"));
            text.extend(&name);
            return Ok(Val { span: val.span, ..text_val(text) });
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::List(_) => {
            return Err(thrown("lib.meta.getExe': the first argument should be a derivation"));
        }
        _ => {}
    }
    let span = val.span;
    let kind = if name.is_some() { HoleKind::StorePath } else { HoleKind::Program };
    let mut text = Text::hole(TextHole { kind, may_be_empty: false, span, value: Some(val) });
    if let Some(name) = name {
        text.extend(&Text::known("/bin/"));
        text.extend(&name);
    }
    Ok(Val { span, ..text_val(text) })
}

fn main_program(machine: &Machine<'_>, package: &Val) -> Result<Text, Unknown> {
    if let Some(meta) = field(machine, package, "meta")?
        && let Some(name) = field(machine, &machine.force(&meta), "mainProgram")?
    {
        return text_of(machine, &name);
    }
    let getter = super::find(super::strings::FUNCTIONS, "getName").ok_or_else(several)?;
    text_of(machine, &machine.apply(&getter, package.clone().thunk(), None).thunk())
}

/// The package with more in its `meta`.
fn add_meta(machine: &Machine<'_>, new: &Val, package: &Thunk, span: Option<Span>) -> Outcome {
    let val = machine.force(package);
    if !matches!(val.value, Value::Attrs(_)) {
        return match &val.value {
            Value::Unknown(unknown) => Err(unknown.clone()),
            Value::Symbol(_) => Ok(val),
            Value::Choice(_) => Err(several()),
            _ => Err(error("a set was expected")),
        };
    }
    if field(machine, &val, "overrideAttrs")?.is_some() {
        return Err(several());
    }
    let old = match field(machine, &val, "meta")? {
        Some(meta) => machine.force(&meta),
        None => set(machine, vec![]),
    };
    let meta = Val::of(operators::update(machine, &old, new, span)).thunk();
    Ok(Val::of(operators::update(machine, &val, &set(machine, vec![("meta", meta)]), span)))
}

fn prioritised(machine: &Machine<'_>, priority: i64, package: &Thunk, span: Option<Span>) -> Outcome {
    add_meta(machine, &set(machine, vec![("priority", number(priority).thunk())]), package, span)
}

/// `mapDerivationAttrset`
fn map_packages(
    machine: &Machine<'_>,
    packages: &Thunk,
    map: impl Fn(&Machine<'_>, &Thunk) -> Outcome + Clone + 'static,
) -> Outcome {
    let mut result = (*machine.set(&machine.force(packages))?).clone();
    for (_, entry) in &mut result.entries {
        let (value, map) = (entry.value.clone(), map.clone());
        entry.value = deferred(move |machine| {
            let val = machine.force(&value);
            if is_derivation(machine, &val)? { map(machine, &value) } else { Ok(val) }
        });
    }
    Ok(attrs_val(result))
}

fn rename(machine: &Machine<'_>, package: &Thunk, name: Thunk, span: Option<Span>) -> Outcome {
    Ok(Val::of(operators::update(
        machine,
        &machine.force(package),
        &set(machine, vec![("name", name)]),
        span,
    )))
}

/// `platformMatch`
fn platform_match(
    machine: &Machine<'_>,
    platform: &Val,
    wanted: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let val = machine.force(wanted);
    if let Value::Str(_) = val.value {
        return match field(machine, platform, "system")? {
            Some(system) => operators::equal(machine, &machine.force(&system), &val, span),
            None => Ok(Condition::False),
        };
    }
    let pattern = match field(machine, &val, "parsed")? {
        Some(_) => val,
        None => set(machine, vec![("parsed", wanted.clone())]),
    };
    let matches = super::find(attrsets::FUNCTIONS, "matchAttrs").ok_or_else(several)?;
    let matched = machine.apply_all(&matches, [pattern.thunk(), platform.clone().thunk()], span);
    machine.condition(&matched, span)
}

/// Whether one of the platforms that the package's `meta` names under `key` is this; `None` without them.
fn names_platform(
    machine: &Machine<'_>,
    platform: &Val,
    package: &Val,
    key: &str,
    span: Option<Span>,
) -> Result<Option<Condition>, Unknown> {
    let Some(meta) = field(machine, package, "meta")? else { return Ok(None) };
    let Some(list) = field(machine, &machine.force(&meta), key)? else { return Ok(None) };
    let mut any = Condition::False;
    for wanted in closed_list(machine, &list)? {
        any = any.or(&platform_match(machine, platform, &wanted, span)?);
    }
    Ok(Some(any))
}

pub(super) static FUNCTIONS: Table = primitives! {
    "addMetaAttrs" 2 |m, a, span| add_meta(m, &m.force(&a[0]), &a[1], span);
    "appendToName" 2 |m, a, span| {
        let name = m.select(&m.force(&a[1]), m.name("name"))?;
        let parts = super::call_builtin(m, "parseDrvName", vec![name.thunk()], span);
        let part = |part: &str| string(m, &m.select(&parts, m.name(part))?.thunk());
        let name = format!("{}-{}-{}", part("name")?, string(m, &a[0])?, part("version")?);
        rename(m, &a[1], Val::string(name).thunk(), span)
    };
    "availableOn" 2 |m, a, span| {
        let (platform, package) = (m.force(&a[0]), m.force(&a[1]));
        let good = names_platform(m, &platform, &package, "platforms", span)?.unwrap_or(Condition::True);
        if good == Condition::False {
            return Ok(boolean(false));
        }
        let bad = names_platform(m, &platform, &package, "badPlatforms", span)?.unwrap_or(Condition::False);
        Ok(Val::of(truth(good.and(&bad.not()))))
    };
    "dontDistribute" 1 |m, a, span| {
        add_meta(m, &set(m, vec![("hydraPlatforms", Val::list(vec![]).thunk())]), &a[0], span)
    };
    "getExe" 1 |m, a, _| program(m, &a[0], None);
    "getExe'" 2 |m, a, _| {
        let name = match &m.force(&a[1]).value {
            Value::Str(text) => (**text).clone(),
            Value::Unknown(unknown) => return Err(unknown.clone()),
            Value::Symbol(_) | Value::Choice(_) => text_of(m, &a[1])?,
            _ => return Err(thrown("lib.meta.getExe': the second argument should be a string")),
        };
        let is_nested = |piece: &super::TextPiece| matches!(piece, super::TextPiece::Known { text, .. } if text.contains('/'));
        if name.pieces.iter().any(is_nested) {
            return Err(thrown("lib.meta.getExe': the second argument should be the name of a program"));
        }
        program(m, &a[0], Some(name))
    };
    "hiPrio" 1 |m, a, span| prioritised(m, -10, &a[0], span);
    "hiPrioSet" 1 |m, a, span| map_packages(m, &a[0], move |m, package| prioritised(m, -10, package, span));
    "isDerivation" 1 |m, a, _| is_derivation(m, &m.force(&a[0])).map(boolean);
    "lowPrio" 1 |m, a, span| prioritised(m, 10, &a[0], span);
    "lowPrioSet" 1 |m, a, span| map_packages(m, &a[0], move |m, package| prioritised(m, 10, package, span));
    "mapDerivationAttrset" 2 |m, a, span| {
        let function = a[0].clone();
        map_packages(m, &a[1], move |m, package| Ok(m.apply(&m.force(&function), package.clone(), span)))
    };
    "platformMatch" 2 |m, a, span| Ok(Val::of(truth(platform_match(m, &m.force(&a[0]), &a[1], span)?)));
    "setName" 2 |m, a, span| rename(m, &a[1], a[0].clone(), span);
    "setPrio" 2 |m, a, span| {
        add_meta(m, &set(m, vec![("priority", a[0].clone())]), &a[1], span)
    };
    "updateName" 2 |m, a, span| {
        let name = m.select(&m.force(&a[1]), m.name("name"))?.thunk();
        rename(m, &a[1], super::super::builtins::later(&a[0], vec![name], span), span)
    };
};
