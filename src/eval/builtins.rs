//! The builtins of Nix that do not depend on the machine it runs on.

use std::cmp::Ordering;
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::condition::Condition;
use super::machine::{Coercion, ELEMENTS_PER_STEP, FileKind, Machine, Primitive, is_error, truth};
use super::operators;
use super::value::{
    Attrs, Element, Entry, List, Name, PrimitiveCall, Reason, Symbol, SymbolRoot, Text, TextPiece, Thunk,
    Unknown, Val, Value,
};
use crate::semantic::{BinaryOp, Expr};
use crate::text::Span;

type Outcome = Result<Val, Unknown>;

/// What it takes to keep a call for later.
pub(super) const STEPS_PER_CALL: usize = 4;

/// The value of a global name.
pub(super) fn global(machine: &Machine<'_>, name: &str) -> Val {
    match name {
        "true" => Val::of(Value::Bool(true)),
        "false" => Val::of(Value::Bool(false)),
        "null" => Val::of(Value::Null),
        "builtins" => machine.builtins(),
        _ => builtin(machine, name.strip_prefix("__").unwrap_or(name)),
    }
}

/// `builtins`. Names that are not modelled make it open.
pub(super) fn set(machine: &Machine<'_>) -> Val {
    let mut entries: Vec<(Name, Entry)> = PRIMITIVES
        .iter()
        .map(|primitive| (machine.name(primitive.name), Entry::of(function(primitive).thunk())))
        .collect();
    for name in ["true", "false", "null", "langVersion", "nixVersion", "storeDir", "derivation", "nixPath"] {
        entries.push((machine.name(name), Entry::of(global(machine, name).thunk())));
    }
    let recursive = Thunk::later(|machine| machine.builtins());
    entries.push((machine.name("builtins"), Entry::of(recursive)));
    let mut attrs = Attrs::from_entries(entries);
    attrs.open = Some(Unknown::new(Reason::NotModelled("builtin".to_owned())));
    Val::of(Value::Attrs(Rc::new(attrs)))
}

fn builtin(machine: &Machine<'_>, name: &str) -> Val {
    if let Ok(at) = PRIMITIVES.binary_search_by_key(&name, |primitive| primitive.name) {
        return function(&PRIMITIVES[at]);
    }
    match name {
        "langVersion" => Val::of(Value::Int(6)),
        "storeDir" => Val::string("/nix/store"),
        "nixVersion" | "nixPath" | "currentSystem" | "currentTime" => {
            Val::unknown(Reason::Impure("the Nix that runs"))
        }
        "derivation" | "derivationStrict" => {
            let symbol = Symbol { root: SymbolRoot::Packages, path: vec![machine.name("derivation")] };
            Val::of(Value::Symbol(Rc::new(symbol)))
        }
        _ => Val::unknown(Reason::NotModelled(name.to_owned())),
    }
}

/// A primitive as a value.
pub(super) fn function(primitive: &'static Primitive) -> Val {
    Val::of(Value::Primitive(Rc::new(PrimitiveCall { primitive, arguments: Vec::new() })))
}

/// The primitive with this name among the builtins.
pub(super) fn find(name: &str) -> Option<&'static Primitive> {
    PRIMITIVES.binary_search_by_key(&name, |primitive| primitive.name).ok().map(|at| &PRIMITIVES[at])
}

fn error(message: impl Into<String>) -> Unknown {
    Unknown::new(Reason::Error(message.into()))
}

fn several() -> Unknown {
    Unknown::new(Reason::Several)
}

/// The exact text of a string argument.
pub(super) fn string(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Str(text) => {
            machine.charge(text.weight())?;
            text.exact().ok_or_else(several)
        }
        Value::Path(_) | Value::Attrs(_) => {
            machine.coerce(&val, Coercion::ToString, None)?.exact().ok_or_else(several)
        }
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) => Err(machine.symbolic(&val)),
        _ => Err(error("a string was expected")),
    }
}

/// The elements of a list that is known whole.
pub(super) fn closed_list(machine: &Machine<'_>, thunk: &Thunk) -> Result<Vec<Thunk>, Unknown> {
    let list = machine.list(&machine.force(thunk))?;
    if let Some(open) = &list.open {
        return Err(open.clone());
    }
    if list.elements.iter().any(|element| element.condition != Condition::True) {
        return Err(several());
    }
    machine.charge(list.elements.len() / ELEMENTS_PER_STEP)?;
    Ok(list.elements.iter().map(|element| element.value.clone()).collect())
}

fn integer(machine: &Machine<'_>, thunk: &Thunk) -> Result<i64, Unknown> {
    match &machine.force(thunk).value {
        Value::Int(value) => Ok(*value),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Err(error("an integer was expected")),
    }
}

/// Whether `function argument` holds.
pub(super) fn test(
    machine: &Machine<'_>,
    function: &Val,
    arguments: impl IntoIterator<Item = Thunk>,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let val = machine.apply_all(function, arguments, span);
    machine.condition(&val, span)
}

/// The names of a set in Nix's order, with their entries.
pub(super) fn sorted(machine: &Machine<'_>, attrs: &Attrs) -> Vec<(Name, Entry)> {
    let mut entries = attrs.entries.clone();
    entries.sort_by(|a, b| machine.text_of(a.0).as_bytes().cmp(machine.text_of(b.0).as_bytes()));
    entries
}

fn number_test(
    machine: &Machine<'_>,
    thunk: &Thunk,
    test: fn(&Value) -> bool,
    span: Option<Span>,
) -> Outcome {
    let val = machine.force(thunk);
    match &val.value {
        Value::Unknown(unknown) if is_error(unknown) => Err(unknown.clone()),
        Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => match span {
            Some(span) => Ok(Val::of(Value::Condition(machine.opaque(span)))),
            None => Err(several()),
        },
        value => Ok(Val::of(Value::Bool(test(value)))),
    }
}

/// Maps the elements of a list, keeping conditions and openness.
pub(super) fn map_list(machine: &Machine<'_>, list: &Thunk, map: impl Fn(Thunk) -> Thunk) -> Outcome {
    let list = machine.list(&machine.force(list))?;
    machine.charge(list.elements.len() * STEPS_PER_CALL)?;
    let elements = list
        .elements
        .iter()
        .map(|element| Element { value: map(element.value.clone()), condition: element.condition.clone() })
        .collect();
    Ok(Val::of(Value::List(Rc::new(List { elements, open: list.open.clone() }))))
}

/// A thunk for `function arguments…`.
pub(super) fn later(function: &Thunk, arguments: Vec<Thunk>, span: Option<Span>) -> Thunk {
    let function = function.clone();
    Thunk::later(move |machine| {
        let function = machine.force(&function);
        machine.apply_all(&function, arguments.iter().cloned(), span)
    })
}

/// Maps the values of a set, keeping conditions, patterns and openness.
pub(super) fn map_attrs(machine: &Machine<'_>, function: &Thunk, set: &Thunk, span: Option<Span>) -> Outcome {
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

/// The set of `{ name, value }` pairs.
pub(super) fn list_to_attrs(machine: &Machine<'_>, list: &List) -> Outcome {
    let (name_key, value_key) = (machine.name("name"), machine.name("value"));
    let mut entries: Vec<(Name, Entry)> = Vec::new();
    let mut names: FxHashSet<Name> = FxHashSet::default();
    let mut patterns = Vec::new();
    let mut open = list.open.clone();
    machine.charge(list.elements.len())?;
    for element in &list.elements {
        let pair = machine.force(&element.value);
        let key = match machine.select(&pair, name_key) {
            Ok(name) => match &name.value {
                Value::Str(text) => text.clone(),
                Value::Unknown(unknown) if is_error(unknown) => return Err(unknown.clone()),
                _ => {
                    open = Some(machine.symbolic(&name));
                    continue;
                }
            },
            Err(unknown) => return Err(unknown),
        };
        let (value, key_span) =
            (Thunk::later(move |machine| machine.select_or_unknown(&pair, value_key)), None);
        let entry = Entry { value, condition: element.condition.clone(), key: key_span, binding: None };
        match key.exact() {
            Some(text) => {
                let name = machine.name(&text);
                // The first of equal names counts.
                if names.insert(name) {
                    entries.push((name, entry));
                }
            }
            None => patterns.push((key, entry)),
        }
    }
    let mut attrs = Attrs::from_entries(entries);
    attrs.patterns = patterns;
    attrs.open = open;
    Ok(Val::of(Value::Attrs(Rc::new(attrs))))
}

/// Joins texts, a separator between them; elements with conditions become holes that may be empty.
pub(super) fn join_texts(
    machine: &Machine<'_>,
    separator: &Text,
    list: &List,
    coercion: Coercion,
) -> Result<Text, Unknown> {
    let hole = |span, value| super::value::TextHole {
        kind: crate::text::HoleKind::Any,
        may_be_empty: true,
        span,
        value,
    };
    let mut result = Text::default();
    let mut is_first = true;
    for element in &list.elements {
        let val = machine.force(&element.value);
        if element.condition == Condition::True {
            if !is_first {
                machine.charge(separator.weight())?;
                result.extend(separator);
            }
            is_first = false;
            result.extend(&machine.coerce(&val, coercion, val.span)?);
        } else {
            result.extend(&Text::hole(hole(val.span, Some(val))));
        }
    }
    if list.open.is_some() {
        result.extend(&Text::hole(hole(None, None)));
    }
    Ok(result)
}

fn read_path(machine: &Machine<'_>, thunk: &Thunk) -> Result<camino::Utf8PathBuf, Unknown> {
    let val = machine.force(thunk);
    match machine.project_path(&val) {
        Some(path) => Ok(path),
        None => Err(match &val.value {
            Value::Unknown(unknown) => unknown.clone(),
            _ => machine.symbolic(&val),
        }),
    }
}

fn type_name(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => "null",
        Value::Bool(_) | Value::Condition(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "string",
        Value::Path(_) | Value::PathPattern(_) => "path",
        Value::List(_) => "list",
        Value::Attrs(_) => "set",
        Value::Lambda(_) | Value::Primitive(_) => "lambda",
        Value::Symbol(_) | Value::Choice(_) | Value::Unknown(_) => return None,
    })
}

/// A value of JSON or TOML as a value of Nix.
pub(super) fn from_json(machine: &Machine<'_>, value: &serde_json::Value) -> Val {
    Val::of(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Str(Rc::new(Text::known(text))),
        serde_json::Value::Array(items) => {
            return Val::list(items.iter().map(|item| from_json(machine, item).thunk()).collect());
        }
        serde_json::Value::Object(items) => {
            let entries = items
                .iter()
                .map(|(name, value)| (machine.name(name), Entry::of(from_json(machine, value).thunk())));
            Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))
        }
    })
}

fn from_toml(machine: &Machine<'_>, value: &toml::Value) -> Val {
    Val::of(match value {
        toml::Value::String(text) => Value::Str(Rc::new(Text::known(text))),
        toml::Value::Integer(value) => Value::Int(*value),
        toml::Value::Float(value) => Value::Float(*value),
        toml::Value::Boolean(value) => Value::Bool(*value),
        toml::Value::Datetime(_) => Value::Unknown(Unknown::new(Reason::NotModelled("TOML date".to_owned()))),
        toml::Value::Array(items) => {
            return Val::list(items.iter().map(|item| from_toml(machine, item).thunk()).collect());
        }
        toml::Value::Table(items) => {
            let entries = items
                .iter()
                .map(|(name, value)| (machine.name(name), Entry::of(from_toml(machine, value).thunk())));
            Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))
        }
    })
}

/// The text of a TOML document as a value.
pub(super) fn parse_toml(machine: &Machine<'_>, text: &str) -> Outcome {
    let table: toml::Table = text.parse().map_err(|_| error("this text is not TOML"))?;
    Ok(from_toml(machine, &toml::Value::Table(table)))
}

/// The text of a JSON document as a value.
pub(super) fn parse_json(machine: &Machine<'_>, text: &str) -> Outcome {
    let value = serde_json::from_str(text).map_err(|_| error("this text is not JSON"))?;
    Ok(from_json(machine, &value))
}

fn to_json(machine: &Machine<'_>, val: &Val, depth: u32) -> Result<serde_json::Value, Unknown> {
    machine.charge(1)?;
    if depth > 200 {
        return Err(Unknown::new(Reason::Depth));
    }
    Ok(match &val.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Str(text) => {
            machine.charge(text.weight())?;
            text.exact().ok_or_else(several)?.into()
        }
        Value::List(list) => {
            if list.open.is_some() || list.elements.iter().any(|element| element.condition != Condition::True)
            {
                return Err(several());
            }
            let items = list
                .elements
                .iter()
                .map(|element| to_json(machine, &machine.force(&element.value), depth + 1));
            serde_json::Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Attrs(attrs) => {
            for name in ["__toString", "outPath"] {
                if attrs.get(machine.name(name)).is_some() {
                    return Ok(machine
                        .coerce(val, Coercion::Interpolation, None)?
                        .exact()
                        .ok_or_else(several)?
                        .into());
                }
            }
            if !attrs.is_closed() || attrs.entries.iter().any(|(_, entry)| entry.condition != Condition::True)
            {
                return Err(several());
            }
            let mut object = serde_json::Map::new();
            for (name, entry) in sorted(machine, attrs) {
                let value = to_json(machine, &machine.force(&entry.value), depth + 1)?;
                object.insert(machine.text_of(name).to_string(), value);
            }
            serde_json::Value::Object(object)
        }
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_)
        | Value::Choice(_)
        | Value::Condition(_)
        | Value::Path(_)
        | Value::PathPattern(_) => {
            return Err(machine.symbolic(val));
        }
        Value::Lambda(_) | Value::Primitive(_) => return Err(error("cannot convert a function to JSON")),
    })
}

fn components(version: &str) -> Vec<&str> {
    let mut result = Vec::new();
    let mut rest = version;
    loop {
        rest = rest.trim_start_matches(['.', '-']);
        let Some(first) = rest.chars().next() else { return result };
        let is_digit = first.is_ascii_digit();
        let end =
            rest.find(|c: char| c == '.' || c == '-' || c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        result.push(&rest[..end]);
        rest = &rest[end..];
    }
}

/// The order of two versions as `builtins.compareVersions` has it.
pub(super) fn compare_versions(a: &str, b: &str) -> Ordering {
    fn less(a: &str, b: &str) -> bool {
        let (x, y) = (a.parse::<i64>().ok(), b.parse::<i64>().ok());
        match (x, y) {
            (Some(x), Some(y)) => x < y,
            _ if a.is_empty() && y.is_some() => true,
            _ if a == "pre" && b != "pre" => true,
            _ if b == "pre" => false,
            (_, Some(_)) => true,
            (Some(_), _) => false,
            _ => a < b,
        }
    }
    let (a, b) = (components(a), components(b));
    for index in 0..a.len().max(b.len()) {
        let (x, y) = (a.get(index).copied().unwrap_or(""), b.get(index).copied().unwrap_or(""));
        if less(x, y) {
            return Ordering::Less;
        }
        if less(y, x) {
            return Ordering::Greater;
        }
    }
    Ordering::Equal
}

/// `replaceStrings from to text` on known texts.
pub(super) fn replace_strings(from: &[String], to: &[String], text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    loop {
        match from.iter().position(|from| rest.starts_with(from.as_str())) {
            Some(index) => {
                result.push_str(&to[index]);
                if from[index].is_empty() {
                    let Some(c) = rest.chars().next() else { return result };
                    result.push(c);
                    rest = &rest[c.len_utf8()..];
                } else {
                    rest = &rest[from[index].len()..];
                    if rest.is_empty() && !from.iter().any(String::is_empty) {
                        return result;
                    }
                }
            }
            None => {
                let Some(c) = rest.chars().next() else { return result };
                result.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
}

fn any_or_all(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>, is_any: bool) -> Outcome {
    let function = machine.force(&arguments[0]);
    let list = machine.list(&machine.force(&arguments[1]))?;
    let mut result = Condition::known(!is_any);
    for element in &list.elements {
        let holds = test(machine, &function, [element.value.clone()], span)?;
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

fn arithmetic(machine: &Machine<'_>, op: BinaryOp, arguments: &[Thunk]) -> Outcome {
    Ok(Val::of(operators::arithmetic(op, &machine.force(&arguments[0]), &machine.force(&arguments[1]))))
}

fn bits(machine: &Machine<'_>, arguments: &[Thunk], op: fn(i64, i64) -> i64) -> Outcome {
    Ok(Val::of(Value::Int(op(integer(machine, &arguments[0])?, integer(machine, &arguments[1])?))))
}

fn base_name(machine: &Machine<'_>, thunk: &Thunk) -> Outcome {
    let val = machine.force(thunk);
    let text = machine.coerce(&val, Coercion::ToString, None)?;
    if let Some(TextPiece::Known { text: last, .. }) = text.pieces.last() {
        let last = last.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(last);
        if let Some((_, name)) = last.rsplit_once('/') {
            return Ok(Val::string(name));
        }
        if text.pieces.len() == 1 {
            return Ok(Val::string(last));
        }
    }
    if text.is_empty() { Ok(Val::string("")) } else { Err(several()) }
}

fn import(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>) -> Outcome {
    let val = machine.force(&arguments[0]);
    if let Some(path) = machine.project_path(&val) {
        return Ok(machine.import(&path));
    }
    match &val.value {
        Value::Symbol(symbol) => {
            let is_nixpkgs = match &symbol.root {
                SymbolRoot::Inputs => {
                    symbol.path.len() == 1 && machine.text_of(symbol.path[0]).starts_with("nixpkgs")
                }
                SymbolRoot::SearchPath(name) => &**name == "nixpkgs",
                SymbolRoot::Packages => symbol.path.as_slice() == [machine.name("path")],
                _ => false,
            };
            if is_nixpkgs {
                return Ok(function(&IMPORT_NIXPKGS));
            }
            let call =
                super::value::Call { function: (**symbol).clone(), arguments: arguments.to_vec(), span };
            let root = SymbolRoot::Call(Rc::new(call));
            Ok(Val::of(Value::Symbol(Rc::new(Symbol { root, path: Vec::new() }))))
        }
        Value::Choice(choice) => Ok(machine.choose(choice, |machine, val| {
            import(machine, &[val.thunk()], span).unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)))
        })),
        Value::Unknown(unknown) => Err(unknown.clone()),
        _ => Err(machine.symbolic(&val)),
    }
}

/// `import nixpkgs arguments`: a package set.
static IMPORT_NIXPKGS: Primitive = Primitive {
    name: "nixpkgs",
    arity: 1,
    run: |_, _, _| {
        Ok(Val::of(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Packages, path: Vec::new() }))))
    },
};

macro_rules! primitives {
    ($($name:literal $arity:literal $run:expr;)*) => {
        &[$(Primitive { name: $name, arity: $arity, run: $run }),*]
    };
}

/// Sorted by name.
static PRIMITIVES: &[Primitive] = primitives! {
    "abort" 1 |m, a, _| Err(error(string(m, &a[0])?));
    "add" 2 |m, a, _| arithmetic(m, BinaryOp::Add, a);
    "addErrorContext" 2 |m, a, _| Ok(m.force(&a[1]));
    "all" 2 |m, a, span| any_or_all(m, a, span, false);
    "any" 2 |m, a, span| any_or_all(m, a, span, true);
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
        Ok(Val::of(Value::List(Rc::new(List { elements, open: attrs.open.clone() }))))
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
        Ok(Val::of(Value::List(Rc::new(List { elements, open: attrs.open.clone() }))))
    };
    "baseNameOf" 1 |m, a, _| base_name(m, &a[0]);
    "bitAnd" 2 |m, a, _| bits(m, a, |x, y| x & y);
    "bitOr" 2 |m, a, _| bits(m, a, |x, y| x | y);
    "bitXor" 2 |m, a, _| bits(m, a, |x, y| x ^ y);
    "catAttrs" 2 |m, a, _| {
        let name = m.name(&string(m, &a[0])?);
        let list = m.list(&m.force(&a[1]))?;
        let mut result = List { elements: Vec::new(), open: list.open.clone() };
        for element in &list.elements {
            match m.set(&m.force(&element.value)) {
                Ok(attrs) => match attrs.get(name) {
                    Some(entry) => result.elements.push(Element {
                        value: entry.value.clone(),
                        condition: element.condition.and(&entry.condition),
                    }),
                    None => result.open = result.open.or_else(|| attrs.open.clone()),
                },
                Err(unknown) if is_error(&unknown) => return Err(unknown),
                Err(unknown) => result.open = Some(unknown),
            }
        }
        Ok(Val::of(Value::List(Rc::new(result))))
    };
    "ceil" 1 |m, a, _| match m.force(&a[0]).value {
        Value::Float(value) => Ok(Val::of(Value::Int(value.ceil() as i64))),
        _ => Ok(Val::of(Value::Int(integer(m, &a[0])?))),
    };
    "compareVersions" 2 |m, a, _| {
        let ordering = compare_versions(&string(m, &a[0])?, &string(m, &a[1])?);
        Ok(Val::of(Value::Int(ordering as i64)))
    };
    "concatLists" 1 |m, a, _| {
        let lists = m.list(&m.force(&a[0]))?;
        let mut result = List { elements: Vec::new(), open: lists.open.clone() };
        for element in &lists.elements {
            match m.list(&m.force(&element.value)) {
                Ok(list) => {
                    m.charge(list.elements.len() / ELEMENTS_PER_STEP)?;
                    result.elements.extend(list.elements.iter().map(|inner| Element {
                        value: inner.value.clone(),
                        condition: element.condition.and(&inner.condition),
                    }));
                    result.open = result.open.or_else(|| list.open.clone());
                }
                Err(unknown) if is_error(&unknown) => return Err(unknown),
                Err(unknown) => result.open = Some(unknown),
            }
        }
        Ok(Val::of(Value::List(Rc::new(result))))
    };
    "concatMap" 2 |m, a, span| {
        let function = a[0].clone();
        let mapped = map_list(m, &a[1], |value| later(&function, vec![value], span))?;
        let concat = builtin(m, "concatLists");
        Ok(m.apply(&concat, mapped.thunk(), span))
    };
    "concatStringsSep" 2 |m, a, _| {
        let separator = m.coerce(&m.force(&a[0]), Coercion::Interpolation, None)?;
        let list = m.list(&m.force(&a[1]))?;
        Ok(Val::of(Value::Str(Rc::new(join_texts(m, &separator, &list, Coercion::Interpolation)?))))
    };
    "deepSeq" 2 |m, a, _| {
        m.is_known(&a[0]);
        Ok(m.force(&a[1]))
    };
    "dirOf" 1 |m, a, _| {
        let val = m.force(&a[0]);
        match &val.value {
            Value::Path(path) => Ok(Val::of(Value::Path(path.parent().unwrap_or(path).into()))),
            _ => {
                let text = string(m, &a[0])?;
                Ok(Val::string(match text.rsplit_once('/') {
                    Some(("", _)) => "/",
                    Some((directory, _)) => directory,
                    None => ".",
                }))
            }
        }
    };
    "div" 2 |m, a, _| arithmetic(m, BinaryOp::Div, a);
    "elem" 2 |m, a, span| {
        let wanted = m.force(&a[0]);
        let list = m.list(&m.force(&a[1]))?;
        let mut any = Condition::False;
        for element in &list.elements {
            let equal = operators::equal(m, &wanted, &m.force(&element.value), span)?;
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
        let list = closed_list(m, &a[0])?;
        let index = integer(m, &a[1])?;
        match usize::try_from(index).ok().and_then(|index| list.get(index)) {
            Some(element) => Ok(m.force(element)),
            None => Err(error("list index is out of bounds")),
        }
    };
    "filter" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let list = m.list(&m.force(&a[1]))?;
        let mut elements = Vec::new();
        for element in &list.elements {
            let condition = element.condition.and(&test(m, &function, [element.value.clone()], span)?);
            if condition != Condition::False {
                elements.push(Element { value: element.value.clone(), condition });
            }
        }
        Ok(Val::of(Value::List(Rc::new(List { elements, open: list.open.clone() }))))
    };
    "floor" 1 |m, a, _| match m.force(&a[0]).value {
        Value::Float(value) => Ok(Val::of(Value::Int(value.floor() as i64))),
        _ => Ok(Val::of(Value::Int(integer(m, &a[0])?))),
    };
    "foldl'" 3 |m, a, span| {
        let function = m.force(&a[0]);
        let mut result = m.force(&a[1]);
        for element in closed_list(m, &a[2])? {
            result = m.apply_all(&function, [result.thunk(), element], span);
        }
        Ok(result)
    };
    "fromJSON" 1 |m, a, _| parse_json(m, &string(m, &a[0])?);
    "fromTOML" 1 |m, a, _| parse_toml(m, &string(m, &a[0])?);
    "functionArgs" 1 |m, a, _| match &m.force(&a[0]).value {
        Value::Lambda(closure) => {
            let Expr::Lambda(lambda) = closure.unit.ir.expr(closure.expr) else { return Err(several()) };
            let entries = lambda.formals.iter().flatten().map(|formal| {
                let has_default = Val::of(Value::Bool(formal.default.is_some()));
                (m.name(closure.unit.ir.name(formal.name)), Entry::of(has_default.thunk()))
            });
            Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))))
        }
        Value::Primitive(_) => Ok(Val::of(Value::Attrs(Rc::default()))),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Err(error("a function was expected")),
    };
    "genList" 2 |m, a, span| {
        let length = integer(m, &a[1])?;
        if length < 0 {
            return Err(error("cannot create a list of negative length"));
        }
        if length > 100_000 {
            return Err(Unknown::new(Reason::Fuel));
        }
        m.charge(length as usize * STEPS_PER_CALL)?;
        Ok(Val::list((0..length).map(|index| later(&a[0], vec![Val::of(Value::Int(index)).thunk()], span)).collect()))
    };
    "genericClosure" 1 |m, a, span| {
        let argument = m.force(&a[0]);
        let operator = m.select(&argument, m.name("operator"))?;
        let start = closed_list(m, &m.select(&argument, m.name("startSet"))?.thunk())?;
        let (mut keys, mut result): (Vec<Val>, Vec<Thunk>) = (Vec::new(), Vec::new());
        let mut queue: std::collections::VecDeque<Thunk> = start.into();
        'items: while let Some(item) = queue.pop_front() {
            let key = m.select(&m.force(&item), m.name("key"))?;
            for other in &keys {
                match operators::equal(m, &key, other, span)? {
                    Condition::True => continue 'items,
                    Condition::False => {}
                    _ => return Err(several()),
                }
            }
            keys.push(key);
            result.push(item.clone());
            queue.extend(closed_list(m, &m.apply(&operator, item, span).thunk())?);
        }
        Ok(Val::list(result))
    };
    "getAttr" 2 |m, a, _| {
        let name = m.name(&string(m, &a[0])?);
        m.select(&m.force(&a[1]), name)
    };
    "getEnv" 1 |_, _, _| Err(Unknown::new(Reason::Impure("the environment")));
    "groupBy" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let mut groups: Vec<(Name, Vec<Thunk>)> = Vec::new();
        for element in closed_list(m, &a[1])? {
            let name = m.name(&string(m, &m.apply(&function, element.clone(), span).thunk())?);
            m.charge(groups.len() / 64)?;
            match groups.iter_mut().find(|(other, _)| *other == name) {
                Some((_, group)) => group.push(element),
                None => groups.push((name, vec![element])),
            }
        }
        let entries = groups.into_iter().map(|(name, group)| (name, Entry::of(Val::list(group).thunk())));
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))))
    };
    "hasAttr" 2 |m, a, span| {
        let name = m.name(&string(m, &a[0])?);
        let val = m.force(&a[1]);
        match m.set(&val) {
            Ok(attrs) => match attrs.get(name) {
                Some(entry) => Ok(Val::of(truth(entry.condition.clone()))),
                None if attrs.is_closed() => Ok(Val::of(Value::Bool(false))),
                None => span.map(|span| Val::of(truth(m.opaque(span)))).ok_or_else(several),
            },
            Err(unknown) if is_error(&unknown) => Err(unknown),
            Err(_) => span.map(|span| Val::of(truth(m.opaque(span)))).ok_or_else(several),
        }
    };
    "head" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        match (list.elements.first(), &list.open) {
            (Some(element), _) if element.condition == Condition::True => Ok(m.force(&element.value)),
            (None, None) => Err(error("`head` called on an empty list")),
            _ => Err(several()),
        }
    };
    "import" 1 import;
    "intersectAttrs" 2 |m, a, _| {
        let (left, right) = (m.set(&m.force(&a[0]))?, m.set(&m.force(&a[1]))?);
        if !left.is_closed() {
            return Err(left.open.clone().unwrap_or_else(several));
        }
        m.charge(right.entries.len())?;
        let entries = right.entries.iter().filter(|(name, _)| left.get(*name).is_some()).cloned().collect();
        Ok(Val::of(Value::Attrs(Rc::new(Attrs { open: right.open.clone(), ..Attrs::from_entries(entries) }))))
    };
    "isAttrs" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::Attrs(_)), span);
    "isBool" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::Bool(_) | Value::Condition(_)), span);
    "isFloat" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::Float(_)), span);
    "isFunction" 1 |m, a, span| {
        number_test(m, &a[0], |value| matches!(value, Value::Lambda(_) | Value::Primitive(_)), span)
    };
    "isInt" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::Int(_)), span);
    "isList" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::List(_)), span);
    "isNull" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::Null), span);
    "isPath" 1 |m, a, span| {
        number_test(m, &a[0], |value| matches!(value, Value::Path(_) | Value::PathPattern(_)), span)
    };
    "isString" 1 |m, a, span| number_test(m, &a[0], |value| matches!(value, Value::Str(_)), span);
    "length" 1 |m, a, _| Ok(Val::of(Value::Int(closed_list(m, &a[0])?.len() as i64)));
    "lessThan" 2 |m, a, _| {
        let ordering = operators::compare(m, &m.force(&a[0]), &m.force(&a[1]))?;
        Ok(Val::of(Value::Bool(ordering == Some(Ordering::Less))))
    };
    "listToAttrs" 1 |m, a, _| list_to_attrs(m, &*m.list(&m.force(&a[0]))?);
    "map" 2 |m, a, span| map_list(m, &a[1], |value| later(&a[0], vec![value], span));
    "mapAttrs" 2 |m, a, span| map_attrs(m, &a[0], &a[1], span);
    "mul" 2 |m, a, _| arithmetic(m, BinaryOp::Mul, a);
    "parseDrvName" 1 |m, a, _| {
        let text = string(m, &a[0])?;
        let dash = text.match_indices('-').map(|(at, _)| at).find(|at| {
            text[at + 1..].chars().next().is_some_and(|c| !c.is_ascii_alphabetic())
        });
        let (name, version) = dash.map_or((text.as_str(), ""), |at| (&text[..at], &text[at + 1..]));
        let entry = |text: &str| Entry::of(Val::string(text).thunk());
        let entries = vec![(m.name("name"), entry(name)), (m.name("version"), entry(version))];
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries)))))
    };
    "partition" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for element in closed_list(m, &a[1])? {
            match test(m, &function, [element.clone()], span)? {
                Condition::True => right.push(element),
                Condition::False => wrong.push(element),
                _ => return Err(several()),
            }
        }
        let entry = |list| Entry::of(Val::list(list).thunk());
        let entries = vec![(m.name("right"), entry(right)), (m.name("wrong"), entry(wrong))];
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries)))))
    };
    "pathExists" 1 |m, a, _| {
        let path = read_path(m, &a[0])?;
        if !path.starts_with(m.loader().root()) {
            return Err(Unknown::new(Reason::Impure("files outside the project")));
        }
        Ok(Val::of(Value::Bool(m.loader().kind(&path).is_some())))
    };
    "placeholder" 1 |_, _, _| Err(Unknown::new(Reason::NotModelled("placeholder".to_owned())));
    "readDir" 1 |m, a, _| {
        let path = read_path(m, &a[0])?;
        let Some(list) = m.loader().list(&path) else { return Err(Unknown::new(Reason::Impure("a folder"))) };
        let entries = list.iter().map(|(name, kind)| {
            let kind = match kind {
                FileKind::Regular => "regular",
                FileKind::Directory => "directory",
                FileKind::Symlink => "symlink",
            };
            (m.name(name), Entry::of(Val::string(kind).thunk()))
        });
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))))
    };
    "readFile" 1 |m, a, _| {
        let path = read_path(m, &a[0])?;
        match m.loader().read(&path) {
            Some(text) => Ok(Val::string(text)),
            None => Err(Unknown::new(Reason::Impure("a file"))),
        }
    };
    "removeAttrs" 2 |m, a, _| {
        let attrs = m.set(&m.force(&a[0]))?;
        let mut names = FxHashSet::default();
        for name in closed_list(m, &a[1])? {
            names.insert(m.name(&string(m, &name)?));
        }
        m.charge(attrs.entries.len() / ELEMENTS_PER_STEP)?;
        let mut result = (*attrs).clone();
        result.entries.retain(|(name, _)| !names.contains(name));
        Ok(Val::of(Value::Attrs(Rc::new(result))))
    };
    "replaceStrings" 3 |m, a, _| {
        let texts = |thunk: &Thunk| -> Result<Vec<String>, Unknown> {
            closed_list(m, thunk)?.iter().map(|text| string(m, text)).collect()
        };
        let (from, to) = (texts(&a[0])?, texts(&a[1])?);
        if from.len() != to.len() {
            return Err(error("`from` and `to` have different lengths"));
        }
        let text = string(m, &a[2])?;
        // Every byte is compared with every `from`, and may give the longest `to`.
        let longest = to.iter().map(String::len).max().unwrap_or(0);
        m.charge(text.len().saturating_mul(longest + from.len()) / 64)?;
        Ok(Val::string(replace_strings(&from, &to, &text)))
    };
    "seq" 2 |m, a, _| match m.force(&a[0]).value {
        Value::Unknown(unknown) if is_error(&unknown) => Err(unknown),
        _ => Ok(m.force(&a[1])),
    };
    "sort" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let mut sorted: Vec<Thunk> = Vec::new();
        // Insertion keeps equal elements in order and needs no total order.
        for element in closed_list(m, &a[1])? {
            let mut at = sorted.len();
            while at > 0 {
                match test(m, &function, [element.clone(), sorted[at - 1].clone()], span)? {
                    Condition::True => at -= 1,
                    Condition::False => break,
                    _ => return Err(several()),
                }
            }
            sorted.insert(at, element);
        }
        Ok(Val::list(sorted))
    };
    "splitVersion" 1 |m, a, _| {
        let text = string(m, &a[0])?;
        Ok(Val::list(components(&text).into_iter().map(|part| Val::string(part).thunk()).collect()))
    };
    "stringLength" 1 |m, a, _| Ok(Val::of(Value::Int(string(m, &a[0])?.len() as i64)));
    "sub" 2 |m, a, _| arithmetic(m, BinaryOp::Sub, a);
    "substring" 3 |m, a, _| {
        let (start, length) = (integer(m, &a[0])?, integer(m, &a[1])?);
        let text = string(m, &a[2])?;
        let Ok(start) = usize::try_from(start) else { return Err(error("negative start position in `substring`")) };
        let start = start.min(text.len());
        let end = usize::try_from(length).map_or(text.len(), |length| start.saturating_add(length).min(text.len()));
        match text.get(start..end) {
            Some(part) => Ok(Val::string(part)),
            None => Err(several()),
        }
    };
    "tail" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        match (list.elements.split_first(), &list.open) {
            (Some((first, rest)), open) if first.condition == Condition::True => {
                m.charge(rest.len() / ELEMENTS_PER_STEP)?;
                Ok(Val::of(Value::List(Rc::new(List { elements: rest.to_vec(), open: open.clone() }))))
            }
            (None, None) => Err(error("`tail` called on an empty list")),
            _ => Err(several()),
        }
    };
    "throw" 1 |m, a, _| {
        let text = m.coerce(&m.force(&a[0]), Coercion::Interpolation, None)?;
        Err(Unknown::new(Reason::Throw(text.display())))
    };
    "toJSON" 1 |m, a, _| {
        let value = to_json(m, &m.force(&a[0]), 0)?;
        Ok(Val::string(value.to_string()))
    };
    "toPath" 1 |m, a, _| Ok(Val::string(string(m, &a[0])?));
    "toString" 1 |m, a, _| {
        let val = m.force(&a[0]);
        let text = m.coerce(&val, Coercion::ToString, val.span)?;
        Ok(Val::at(Value::Str(Rc::new(text)), val.span))
    };
    "trace" 2 |m, a, _| Ok(m.force(&a[1]));
    "traceVerbose" 2 |m, a, _| Ok(m.force(&a[1]));
    "tryEval" 1 |m, a, _| {
        let val = m.force(&a[0]);
        let (success, value) = match &val.value {
            Value::Unknown(unknown) => match &*unknown.reason {
                Reason::Throw(_) => (false, Val::of(Value::Bool(false))),
                _ => return Err(unknown.clone()),
            },
            _ => (true, val),
        };
        let entries = vec![
            (m.name("success"), Entry::of(Val::of(Value::Bool(success)).thunk())),
            (m.name("value"), Entry::of(value.thunk())),
        ];
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries)))))
    };
    "typeOf" 1 |m, a, _| {
        let val = m.force(&a[0]);
        match type_name(&val.value) {
            Some(name) => Ok(Val::string(name)),
            None => Err(m.symbolic(&val)),
        }
    };
    "unsafeDiscardOutputDependency" 1 |m, a, _| Ok(m.force(&a[0]));
    "unsafeDiscardStringContext" 1 |m, a, _| Ok(m.force(&a[0]));
    "warn" 2 |m, a, _| Ok(m.force(&a[1]));
    "zipAttrsWith" 2 |m, a, span| {
        let mut groups: Vec<(Name, Vec<Thunk>)> = Vec::new();
        for set in closed_list(m, &a[1])? {
            let attrs = m.set(&m.force(&set))?;
            if !attrs.is_closed() || attrs.entries.iter().any(|(_, entry)| entry.condition != Condition::True) {
                return Err(several());
            }
            for (name, entry) in &attrs.entries {
                m.charge(1 + groups.len() / 64)?;
                match groups.iter_mut().find(|(other, _)| other == name) {
                    Some((_, group)) => group.push(entry.value.clone()),
                    None => groups.push((*name, vec![entry.value.clone()])),
                }
            }
        }
        let entries = groups.into_iter().map(|(name, group)| {
            let text = Val::string(m.text_of(name)).thunk();
            (name, Entry::of(later(&a[0], vec![text, Val::list(group).thunk()], span)))
        });
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))))
    };
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(PRIMITIVES.is_sorted_by_key(|primitive| primitive.name));
    }

    #[test]
    fn versions_are_compared_as_nix_does() {
        for (a, b, expected) in [
            ("1.0", "2.3", Ordering::Less),
            ("2.1", "2.3", Ordering::Less),
            ("2.3", "2.3", Ordering::Equal),
            ("2.5", "2.3", Ordering::Greater),
            ("2.3.1", "2.3", Ordering::Greater),
            ("2.3.1", "2.3a", Ordering::Greater),
            ("2.3pre1", "2.3", Ordering::Less),
            ("2.3pre3", "2.3pre12", Ordering::Less),
            ("2.3a", "2.3c", Ordering::Less),
            ("2.3pre1", "2.3q", Ordering::Less),
        ] {
            assert_eq!(compare_versions(a, b), expected, "{a} {b}");
        }
    }
}
