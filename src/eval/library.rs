//! nixpkgs' `lib`, as far as configurations use it, written natively so that spans and conditions live on.
//!
//! What stands here behaves as lib/ of nixpkgs does; everything else of `lib` is a symbol.

use std::rc::Rc;

use super::builtins::{
    self, STEPS_PER_CALL, closed_list, later, list_to_attrs, map_list, parse_json, parse_toml, sorted,
    string, test,
};
use super::condition::Condition;
use super::machine::{Coercion, ELEMENTS_PER_STEP, Machine, Primitive, is_error, truth};
use super::operators;
use super::value::{
    Attrs, Element, Entry, List, Name, Reason, Symbol, SymbolRoot, Text, TextHole, TextPiece, Thunk, Unknown,
    Val, Value,
};
use crate::text::HoleKind;

type Outcome = Result<Val, Unknown>;

/// A value that the module system reads in its own way (lib/modules.nix of nixpkgs).
pub enum Wrapper {
    /// `mkIf`
    If(Thunk, Thunk),
    /// `mkMerge`
    Merge(Thunk),
    /// `mkOverride`, `mkForce`, `mkDefault` …: priority and content.
    Override(i64, Thunk),
    /// `mkOrder`, `mkBefore`, `mkAfter`: priority and content.
    Order(i64, Thunk),
}

/// `lib`.
pub fn library(_: &Machine<'_>) -> Val {
    Val::of(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Library, path: Vec::new() })))
}

/// The module wrapper that `val` is, if it is one.
pub fn wrapper(machine: &Machine<'_>, val: &Val) -> Option<Wrapper> {
    let Value::Attrs(attrs) = &val.value else { return None };
    let kind = machine.force(&attrs.get(machine.name("_type"))?.value).as_str()?;
    let entry = |name: &str| attrs.get(machine.name(name)).map(|entry| entry.value.clone());
    let priority = || match machine.force(&entry("priority")?).value {
        Value::Int(priority) => Some(priority),
        _ => None,
    };
    match kind.as_str() {
        "if" => Some(Wrapper::If(entry("condition")?, entry("content")?)),
        "merge" => Some(Wrapper::Merge(entry("contents")?)),
        "override" => Some(Wrapper::Override(priority()?, entry("content")?)),
        "order" => Some(Wrapper::Order(priority()?, entry("content")?)),
        _ => None,
    }
}

/// The option declaration (`mkOption …`) that `val` is, if it is one.
pub fn option_declaration(machine: &Machine<'_>, val: &Val) -> Option<Rc<Attrs>> {
    let Value::Attrs(attrs) = &val.value else { return None };
    let kind = machine.force(&attrs.get(machine.name("_type"))?.value).as_str()?;
    (kind == "option").then(|| attrs.clone())
}

/// Names that only `lib` has, so that `with lib; with pkgs;` leaves no doubt.
pub(super) fn is_wrapper(name: &str) -> bool {
    matches!(
        name,
        "mkIf"
            | "mkMerge"
            | "mkDefault"
            | "mkForce"
            | "mkOverride"
            | "mkBefore"
            | "mkAfter"
            | "mkOrder"
            | "mkOption"
            | "mkEnableOption"
            | "mkPackageOption"
            | "types"
            | "optional"
            | "optionals"
            | "optionalAttrs"
            | "optionalString"
            | "mapAttrs'"
            | "nameValuePair"
            | "genAttrs"
            | "concatStringsSep"
            | "getExe"
            | "getExe'"
    )
}

/// `lib.path`.
pub(super) fn select(machine: &Machine<'_>, path: &[Name], span: Option<crate::text::Span>) -> Val {
    let symbol =
        || Val::at(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Library, path: path.to_vec() })), span);
    let names: Vec<Rc<str>> = path.iter().map(|name| machine.text_of(*name)).collect();
    let texts: Vec<&str> = names.iter().map(|name| &**name).collect();
    let name = match texts.as_slice() {
        [name] => *name,
        [
            "strings" | "lists" | "attrsets" | "trivial" | "modules" | "options" | "customisation" | "meta"
            | "fixedPoints",
            name,
        ] => *name,
        ["path", "append"] => return Val { span, ..builtins::function(&APPEND_PATH) },
        ["filesystem", "listFilesRecursive"] => return Val { span, ..builtins::function(&LIST_FILES) },
        _ => return symbol(),
    };
    if let Ok(at) = PRIMITIVES.binary_search_by_key(&name, |primitive| primitive.name) {
        return Val { span, ..builtins::function(&PRIMITIVES[at]) };
    }
    if REEXPORTED.contains(&name)
        && let Some(primitive) = builtins::find(name)
    {
        return Val { span, ..builtins::function(primitive) };
    }
    symbol()
}

/// Builtins that `lib` has under the same name.
const REEXPORTED: &[&str] = &[
    "add",
    "all",
    "any",
    "attrNames",
    "attrValues",
    "bitAnd",
    "bitOr",
    "bitXor",
    "catAttrs",
    "compareVersions",
    "concatLists",
    "concatMap",
    "concatStringsSep",
    "deepSeq",
    "div",
    "elem",
    "elemAt",
    "filter",
    "foldl'",
    "fromJSON",
    "functionArgs",
    "genList",
    "getAttr",
    "groupBy",
    "hasAttr",
    "head",
    "intersectAttrs",
    "isAttrs",
    "isBool",
    "isFloat",
    "isFunction",
    "isInt",
    "isList",
    "isPath",
    "isString",
    "length",
    "lessThan",
    "listToAttrs",
    "map",
    "mapAttrs",
    "mul",
    "parseDrvName",
    "partition",
    "pathExists",
    "readFile",
    "removeAttrs",
    "replaceStrings",
    "seq",
    "sort",
    "splitVersion",
    "stringLength",
    "sub",
    "substring",
    "tail",
    "toJSON",
    "trace",
    "tryEval",
    "typeOf",
    "warn",
    "zipAttrsWith",
    "addErrorContext",
    "baseNameOf",
    "dirOf",
    "import",
    "isNull",
    "readDir",
    "throw",
    "toString",
    "unsafeDiscardStringContext",
];

fn error(message: impl Into<String>) -> Unknown {
    Unknown::new(Reason::Error(message.into()))
}

fn several() -> Unknown {
    Unknown::new(Reason::Several)
}

/// `{ _type = kind; … }`.
fn tagged(machine: &Machine<'_>, kind: &str, fields: Vec<(&str, Thunk)>) -> Val {
    let mut entries: Vec<(Name, Entry)> =
        fields.into_iter().map(|(name, value)| (machine.name(name), Entry::of(value))).collect();
    entries.push((machine.name("_type"), Entry::of(Val::string(kind).thunk())));
    Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries))))
}

fn with_priority(machine: &Machine<'_>, kind: &str, priority: i64, content: &Thunk) -> Outcome {
    let priority = Val::of(Value::Int(priority)).thunk();
    Ok(tagged(machine, kind, vec![("priority", priority), ("content", content.clone())]))
}

fn symbol(machine: &Machine<'_>, root: SymbolRoot, path: &[&str]) -> Val {
    let path = path.iter().map(|name| machine.name(name)).collect();
    Val::of(Value::Symbol(Rc::new(Symbol { root, path })))
}

/// The elements of `list` where `condition` holds.
fn under(
    machine: &Machine<'_>,
    condition: &Thunk,
    elements: List,
    span: Option<crate::text::Span>,
) -> Outcome {
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
    Ok(Val::of(Value::List(Rc::new(list))))
}

fn text_of(machine: &Machine<'_>, thunk: &Thunk) -> Result<Text, Unknown> {
    let val = machine.force(thunk);
    machine.coerce(&val, Coercion::Interpolation, val.span)
}

/// Whether `text` begins (or ends) with `affix`, where the known parts decide it.
fn has_affix(text: &Text, affix: &str, at_end: bool) -> Option<bool> {
    let mut known = String::new();
    let mut is_exact = true;
    let mut take = |piece: &TextPiece| match piece {
        TextPiece::Known { text, .. } => {
            if at_end {
                known.insert_str(0, text);
            } else {
                known.push_str(text);
            }
            true
        }
        TextPiece::Hole(_) => {
            is_exact = false;
            false
        }
    };
    if at_end {
        text.pieces.iter().rev().all(&mut take);
    } else {
        text.pieces.iter().all(&mut take);
    }
    let matches = if at_end { known.ends_with(affix) } else { known.starts_with(affix) };
    if matches || is_exact || known.len() >= affix.len() { Some(matches) } else { None }
}

/// `text` without `affix` where it has it.
fn without_affix(machine: &Machine<'_>, arguments: &[Thunk], at_end: bool) -> Outcome {
    let affix = string(machine, &arguments[0])?;
    let val = machine.force(&arguments[1]);
    let text = machine.coerce(&val, Coercion::ToString, val.span)?;
    match has_affix(&text, &affix, at_end) {
        None => Err(several()),
        Some(false) => Ok(val),
        Some(true) => {
            let mut pieces = text.pieces;
            let mut rest = affix.len();
            while rest > 0 {
                let index = if at_end { pieces.len() - 1 } else { 0 };
                let TextPiece::Known { text, origin } = &mut pieces[index] else { return Err(several()) };
                if text.len() <= rest {
                    rest -= text.len();
                    pieces.remove(index);
                } else {
                    *text = if at_end { text[..text.len() - rest].into() } else { text[rest..].into() };
                    if !at_end {
                        *origin = None;
                    }
                    rest = 0;
                }
            }
            Ok(Val::at(Value::Str(Rc::new(Text { pieces })), val.span))
        }
    }
}

fn affix_test(machine: &Machine<'_>, arguments: &[Thunk], at_end: bool) -> Outcome {
    let affix = string(machine, &arguments[0])?;
    let text = text_of(machine, &arguments[1])?;
    has_affix(&text, &affix, at_end).map(|truth| Val::of(Value::Bool(truth))).ok_or_else(several)
}

/// `lib.escapeShellArg`.
fn escape_shell(machine: &Machine<'_>, val: &Val) -> Result<Text, Unknown> {
    let text = machine.coerce(val, Coercion::ToString, val.span)?;
    match text.exact() {
        Some(exact) => {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || ",._+:@%/-".contains(c);
            if !exact.is_empty() && exact.chars().all(is_plain) {
                Ok(text)
            } else {
                Ok(Text::known(&format!("'{}'", exact.replace('\'', "'\\''"))))
            }
        }
        None => Ok(Text::hole(TextHole {
            kind: HoleKind::ShellWord,
            may_be_empty: false,
            span: val.span,
            value: Some(val.clone()),
        })),
    }
}

/// The text of every element with a separator.
fn join(machine: &Machine<'_>, separator: &Text, list: &Thunk) -> Outcome {
    let list = machine.list(&machine.force(list))?;
    Ok(Val::of(Value::Str(Rc::new(builtins::join_texts(
        machine,
        separator,
        &list,
        Coercion::Interpolation,
    )?))))
}

/// The program of a package.
fn program(machine: &Machine<'_>, package: &Thunk, name: Option<Text>) -> Outcome {
    let package = machine.force(package);
    if let Value::Unknown(unknown) = &package.value
        && is_error(unknown)
    {
        return Err(unknown.clone());
    }
    let span = package.span;
    let kind = if name.is_some() { HoleKind::StorePath } else { HoleKind::Program };
    let mut text = Text::hole(TextHole { kind, may_be_empty: false, span, value: Some(package) });
    if let Some(name) = name {
        text.extend(&Text::known("/bin/"));
        text.extend(&name);
    }
    Ok(Val::at(Value::Str(Rc::new(text)), span))
}

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

/// `lib.recursiveUpdate`.
fn recursive_update(machine: &Machine<'_>, left: &Val, right: &Val, depth: u32) -> Val {
    let (Ok(a), Ok(b)) = (machine.set(left), machine.set(right)) else {
        return Val::of(operators::update(machine, left, right, left.span));
    };
    if depth > 100 {
        return Val::unknown(Reason::Depth);
    }
    if let Err(unknown) = machine.charge(a.entries.len() + b.entries.len()) {
        return Val::of(Value::Unknown(unknown));
    }
    let mut result = operators::join(&a, &b, &Condition::True);
    for (name, entry) in &mut result.entries {
        if let (Some(old), Some(new)) = (a.get(*name), b.get(*name)) {
            let (old, new) = (old.value.clone(), new.value.clone());
            entry.value = Thunk::later(move |machine| {
                let (old, new) = (machine.force(&old), machine.force(&new));
                match (&old.value, &new.value) {
                    (Value::Attrs(_), Value::Attrs(_)) => recursive_update(machine, &old, &new, depth + 1),
                    _ => new,
                }
            });
        }
    }
    Val::of(Value::Attrs(Rc::new(result)))
}

/// `builtins.listToAttrs (map f names)` for texts that may have holes.
fn gen_attrs(machine: &Machine<'_>, arguments: &[Thunk], span: Option<crate::text::Span>) -> Outcome {
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
            _ => attrs.open = Some(machine.symbolic(&name)),
        }
    }
    attrs.entries = Attrs::from_entries(entries).entries;
    Ok(Val::of(Value::Attrs(Rc::new(attrs))))
}

/// Pairs of a set, as `mapAttrsToList f` gives them.
fn map_attrs_to_list(
    machine: &Machine<'_>,
    function: &Thunk,
    set: &Thunk,
    span: Option<crate::text::Span>,
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
    let entries = vec![
        (machine.name("name"), Entry::of(name.clone())),
        (machine.name("value"), Entry::of(value.clone())),
    ];
    Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries))))
}

fn attr_path(machine: &Machine<'_>, thunk: &Thunk) -> Result<Vec<Name>, Unknown> {
    closed_list(machine, thunk)?.iter().map(|name| Ok(machine.name(&string(machine, name)?))).collect()
}

fn declared(machine: &Machine<'_>, fields: Vec<(&str, Thunk)>) -> Val {
    tagged(machine, "option", fields)
}

fn search_files(
    machine: &Machine<'_>,
    path: &camino::Utf8Path,
    depth: u32,
    result: &mut Vec<Thunk>,
) -> Result<(), Unknown> {
    use super::machine::FileKind;
    let list = machine.loader().list(path).ok_or_else(|| Unknown::new(Reason::Impure("a folder")))?;
    for (name, kind) in list {
        let path = path.join(name);
        match kind {
            FileKind::Directory if depth < 32 => search_files(machine, &path, depth + 1, result)?,
            FileKind::Directory => {}
            _ => result.push(Val::of(Value::Path(path.as_path().into())).thunk()),
        }
    }
    Ok(())
}

macro_rules! primitives {
    ($($name:literal $arity:literal $run:expr;)*) => {
        &[$(Primitive { name: $name, arity: $arity, run: $run }),*]
    };
}

/// Sorted by name.
static PRIMITIVES: &[Primitive] = primitives! {
    "and" 2 |m, a, span| {
        let (x, y) = (m.force(&a[0]), m.force(&a[1]));
        Ok(Val::of(truth(m.condition(&x, span)?.and(&m.condition(&y, span)?))))
    };
    "attrByPath" 3 |m, a, _| {
        let mut val = m.force(&a[2]);
        for name in attr_path(m, &a[0])? {
            match m.select(&val, name) {
                Ok(next) => val = next,
                Err(_) => return Ok(m.force(&a[1])),
            }
        }
        Ok(val)
    };
    "attrVals" 2 |m, a, _| {
        let set = m.force(&a[1]);
        let names = attr_path(m, &a[0])?;
        Ok(Val::list(names.into_iter().map(|name| m.select_or_unknown(&set, name).thunk()).collect()))
    };
    "boolToString" 1 |m, a, span| {
        let val = m.force(&a[0]);
        match m.condition(&val, span)? {
            Condition::True => Ok(Val::string("true")),
            Condition::False => Ok(Val::string("false")),
            condition => Ok(Val::of(Value::Choice(Rc::new([
                (condition.clone(), Val::string("true").thunk()),
                (condition.not(), Val::string("false").thunk()),
            ])))),
        }
    };
    "concatLines" 1 |m, a, _| {
        let Value::Str(text) = join(m, &Text::known("\n"), &a[0])?.value else { return Err(several()) };
        let mut text = (*text).clone();
        text.extend(&Text::known("\n"));
        Ok(Val::of(Value::Str(Rc::new(text))))
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
        Ok(Val::of(Value::Attrs(Rc::new(result))))
    };
    "concatMapStrings" 2 |m, a, span| {
        let mapped = map_list(m, &a[1], |value| later(&a[0], vec![value], span))?;
        join(m, &Text::default(), &mapped.thunk())
    };
    "concatMapStringsSep" 3 |m, a, span| {
        let mapped = map_list(m, &a[2], |value| later(&a[1], vec![value], span))?;
        join(m, &text_of(m, &a[0])?, &mapped.thunk())
    };
    "concatStrings" 1 |m, a, _| join(m, &Text::default(), &a[0]);
    "const" 2 |m, a, _| Ok(m.force(&a[0]));
    "count" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let mut count = 0;
        for element in closed_list(m, &a[1])? {
            match test(m, &function, [element], span)? {
                Condition::True => count += 1,
                Condition::False => {}
                _ => return Err(several()),
            }
        }
        Ok(Val::of(Value::Int(count)))
    };
    "escapeShellArg" 1 |m, a, _| Ok(Val::of(Value::Str(Rc::new(escape_shell(m, &m.force(&a[0]))?))));
    "escapeShellArgs" 1 |m, a, _| {
        let mapped = map_list(m, &a[0], |value| {
            Thunk::later(move |machine| {
                let val = machine.force(&value);
                match escape_shell(machine, &val) {
                    Ok(text) => Val::at(Value::Str(Rc::new(text)), val.span),
                    Err(unknown) => Val::of(Value::Unknown(unknown)),
                }
            })
        })?;
        join(m, &Text::known(" "), &mapped.thunk())
    };
    "extend" 1 |m, a, span| {
        // `final` is the result itself.
        let result: Rc<std::cell::OnceCell<Thunk>> = Rc::default();
        let own = result.clone();
        let last = Thunk::later(move |machine| match own.get() {
            Some(thunk) => machine.force(thunk),
            None => Val::unknown(Reason::Cycle),
        });
        let overlay = m.apply_all(&m.force(&a[0]), [last, library(m).thunk()], span);
        let mut attrs = (*m.set(&overlay)?).clone();
        attrs.open = Some(Unknown::new(Reason::Symbolic("lib".to_owned())));
        attrs.fallback = Some(library(m));
        let val = Val::of(Value::Attrs(Rc::new(attrs)));
        let _ = result.set(val.clone().thunk());
        Ok(val)
    };
    "filterAttrs" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let attrs = m.set(&m.force(&a[1]))?;
        let mut result = Attrs { open: attrs.open.clone(), ..Attrs::default() };
        for (name, entry) in &attrs.entries {
            let text = Val::string(m.text_of(*name)).thunk();
            let condition = entry.condition.and(&test(m, &function, [text, entry.value.clone()], span)?);
            if condition != Condition::False {
                result.entries.push((*name, Entry { condition, ..entry.clone() }));
            }
        }
        for (key, entry) in &attrs.patterns {
            let text = Val::of(Value::Str(key.clone())).thunk();
            let condition = entry.condition.and(&test(m, &function, [text, entry.value.clone()], span)?);
            if condition != Condition::False {
                result.patterns.push((key.clone(), Entry { condition, ..entry.clone() }));
            }
        }
        Ok(Val::of(Value::Attrs(Rc::new(result))))
    };
    "findFirst" 3 |m, a, span| {
        let function = m.force(&a[0]);
        for element in closed_list(m, &a[2])? {
            match test(m, &function, [element.clone()], span)? {
                Condition::True => return Ok(m.force(&element)),
                Condition::False => {}
                _ => return Err(several()),
            }
        }
        Ok(m.force(&a[1]))
    };
    "flatten" 1 |m, a, _| {
        let val = m.force(&a[0]);
        if let Value::Unknown(unknown) = &val.value {
            return Err(unknown.clone());
        }
        let mut result = List::default();
        flatten(m, &val.thunk(), &Condition::True, &mut result)?;
        Ok(Val::of(Value::List(Rc::new(result))))
    };
    "flip" 3 |m, a, span| Ok(m.apply_all(&m.force(&a[0]), [a[2].clone(), a[1].clone()], span));
    "foldl" 3 |m, a, span| {
        let function = m.force(&a[0]);
        let start = m.force(&a[1]);
        let list = closed_list(m, &a[2])?;
        Ok(list.into_iter().fold(start, |sum, element| m.apply_all(&function, [sum.thunk(), element], span)))
    };
    "foldr" 3 |m, a, span| {
        let function = m.force(&a[0]);
        let start = a[1].clone();
        let list = closed_list(m, &a[2])?;
        let folded = list.into_iter().rev().fold(start, |sum, element| {
            m.apply_all(&function, [element, sum], span).thunk()
        });
        Ok(m.force(&folded))
    };
    "forEach" 2 |m, a, span| map_list(m, &a[0], |value| later(&a[1], vec![value], span));
    "genAttrs" 2 gen_attrs;
    "getAttrFromPath" 2 |m, a, _| {
        attr_path(m, &a[0])?.into_iter().try_fold(m.force(&a[1]), |val, name| m.select(&val, name))
    };
    "getBin" 1 |m, a, _| Ok(m.force(&a[0]));
    "getExe" 1 |m, a, _| program(m, &a[0], None);
    "getExe'" 2 |m, a, _| program(m, &a[0], Some(text_of(m, &a[1])?));
    "hasAttrByPath" 2 |m, a, _| {
        let mut val = m.force(&a[1]);
        for name in attr_path(m, &a[0])? {
            match m.set(&val) {
                Ok(attrs) => match attrs.get(name) {
                    Some(entry) if entry.condition == Condition::True => val = m.force(&entry.value),
                    None if attrs.is_closed() => return Ok(Val::of(Value::Bool(false))),
                    _ => return Err(several()),
                },
                Err(unknown) if is_error(&unknown) => return Ok(Val::of(Value::Bool(false))),
                Err(unknown) => return Err(unknown),
            }
        }
        Ok(Val::of(Value::Bool(true)))
    };
    "hasInfix" 2 |m, a, _| {
        let infix = string(m, &a[0])?;
        let text = text_of(m, &a[1])?;
        let found = text.pieces.iter().any(|piece| {
            matches!(piece, TextPiece::Known { text, .. } if text.contains(infix.as_str()))
        });
        match text.exact() {
            Some(text) => Ok(Val::of(Value::Bool(text.contains(infix.as_str())))),
            None if found => Ok(Val::of(Value::Bool(true))),
            None => Err(several()),
        }
    };
    "hasPrefix" 2 |m, a, _| affix_test(m, a, false);
    "hasSuffix" 2 |m, a, _| affix_test(m, a, true);
    "id" 1 |m, a, _| Ok(m.force(&a[0]));
    "imap0" 2 |m, a, span| {
        let list = closed_list(m, &a[1])?;
        let indexed = list.into_iter().enumerate().map(|(index, element)| {
            later(&a[0], vec![Val::of(Value::Int(index as i64)).thunk(), element], span)
        });
        Ok(Val::list(indexed.collect()))
    };
    "imap1" 2 |m, a, span| {
        let list = closed_list(m, &a[1])?;
        let indexed = list.into_iter().enumerate().map(|(index, element)| {
            later(&a[0], vec![Val::of(Value::Int(index as i64 + 1)).thunk(), element], span)
        });
        Ok(Val::list(indexed.collect()))
    };
    "importJSON" 1 |m, a, _| {
        let path = m.project_path(&m.force(&a[0])).ok_or_else(several)?;
        let text = m.loader().read(&path).ok_or_else(|| Unknown::new(Reason::Impure("a file")))?;
        parse_json(m, &text)
    };
    "importTOML" 1 |m, a, _| {
        let path = m.project_path(&m.force(&a[0])).ok_or_else(several)?;
        let text = m.loader().read(&path).ok_or_else(|| Unknown::new(Reason::Impure("a file")))?;
        parse_toml(m, &text)
    };
    "init" 1 |m, a, _| {
        let mut list = closed_list(m, &a[0])?;
        list.pop().map(|_| Val::list(list)).ok_or_else(|| error("`init` called on an empty list"))
    };
    "isDerivation" 1 |m, a, _| match &m.force(&a[0]).value {
        Value::Symbol(symbol) if matches!(symbol.root, SymbolRoot::Packages) => Ok(Val::of(Value::Bool(true))),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        Value::Attrs(attrs) => match attrs.get(m.name("type")) {
            Some(entry) => Ok(Val::of(Value::Bool(m.force(&entry.value).as_str().as_deref() == Some("derivation")))),
            None => Ok(Val::of(Value::Bool(false))),
        },
        _ => Ok(Val::of(Value::Bool(false))),
    };
    "last" 1 |m, a, _| {
        let list = closed_list(m, &a[0])?;
        list.last().map(|last| m.force(last)).ok_or_else(|| error("`last` called on an empty list"))
    };
    "makeBinPath" 1 |m, a, _| {
        let mapped = map_list(m, &a[0], |value| Thunk::later(move |machine| {
            let val = machine.force(&value);
            match machine.coerce(&val, Coercion::Interpolation, val.span) {
                Ok(mut text) => {
                    text.extend(&Text::known("/bin"));
                    Val::at(Value::Str(Rc::new(text)), val.span)
                }
                Err(unknown) => Val::of(Value::Unknown(unknown)),
            }
        }))?;
        join(m, &Text::known(":"), &mapped.thunk())
    };
    "mapAttrs'" 2 |m, a, span| {
        let list = map_attrs_to_list(m, &a[0], &a[1], span)?;
        list_to_attrs(m, &list, span)
    };
    "mapAttrsToList" 2 |m, a, span| {
        Ok(Val::of(Value::List(Rc::new(map_attrs_to_list(m, &a[0], &a[1], span)?))))
    };
    "max" 2 |m, a, _| {
        let (x, y) = (m.force(&a[0]), m.force(&a[1]));
        Ok(if operators::compare(m, &x, &y)? == Some(std::cmp::Ordering::Greater) { x } else { y })
    };
    "mergeAttrs" 2 |m, a, span| Ok(Val::of(operators::update(m, &m.force(&a[0]), &m.force(&a[1]), span)));
    "mergeAttrsList" 1 |m, a, span| {
        let list = closed_list(m, &a[0])?;
        let empty = Val::of(Value::Attrs(Rc::default()));
        Ok(list.iter().fold(empty, |sum, set| Val::of(operators::update(m, &sum, &m.force(set), span))))
    };
    "min" 2 |m, a, _| {
        let (x, y) = (m.force(&a[0]), m.force(&a[1]));
        Ok(if operators::compare(m, &x, &y)? == Some(std::cmp::Ordering::Less) { x } else { y })
    };
    "mkAfter" 1 |m, a, _| with_priority(m, "order", 1500, &a[0]);
    "mkBefore" 1 |m, a, _| with_priority(m, "order", 500, &a[0]);
    "mkDefault" 1 |m, a, _| with_priority(m, "override", 1000, &a[0]);
    "mkEnableOption" 1 |m, a, _| {
        let boolean = symbol(m, SymbolRoot::Library, &["types", "bool"]).thunk();
        let default = Val::of(Value::Bool(false)).thunk();
        Ok(declared(m, vec![("type", boolean), ("default", default), ("description", a[0].clone())]))
    };
    "mkForce" 1 |m, a, _| with_priority(m, "override", 50, &a[0]);
    "mkIf" 2 |m, a, _| Ok(tagged(m, "if", vec![("condition", a[0].clone()), ("content", a[1].clone())]));
    "mkMerge" 1 |m, a, _| Ok(tagged(m, "merge", vec![("contents", a[0].clone())]));
    "mkOption" 1 |m, a, _| {
        let attrs = m.set(&m.force(&a[0]))?;
        let mut result = (*attrs).clone();
        result.entries.push((m.name("_type"), Entry::of(Val::string("option").thunk())));
        result.entries.sort_by_key(|(name, _)| *name);
        Ok(Val::of(Value::Attrs(Rc::new(result))))
    };
    "mkOptionDefault" 1 |m, a, _| with_priority(m, "override", 1500, &a[0]);
    "mkOrder" 2 |m, a, _| match m.force(&a[0]).value {
        Value::Int(priority) => with_priority(m, "order", priority, &a[1]),
        _ => Err(several()),
    };
    "mkOverride" 2 |m, a, _| match m.force(&a[0]).value {
        Value::Int(priority) => with_priority(m, "override", priority, &a[1]),
        _ => Err(several()),
    };
    "mkPackageOption" 3 |m, _, _| {
        let package = symbol(m, SymbolRoot::Library, &["types", "package"]).thunk();
        let default = Val::unknown(Reason::Symbolic("a package".to_owned())).thunk();
        Ok(declared(m, vec![("type", package), ("default", default)]))
    };
    "mkVMOverride" 1 |m, a, _| with_priority(m, "override", 10, &a[0]);
    "nameValuePair" 2 |m, a, _| Ok(pair(m, &a[0], &a[1]));
    "not" 1 |m, a, span| Ok(Val::of(truth(m.condition(&m.force(&a[0]), span)?.not())));
    "optional" 2 |m, a, span| {
        let element = Element { value: a[1].clone(), condition: Condition::True };
        under(m, &a[0], List { elements: vec![element], open: None }, span)
    };
    "optionalAttrs" 2 |m, a, span| {
        let condition = m.force(&a[0]);
        match m.condition(&condition, condition.span.or(span))? {
            Condition::True => Ok(m.force(&a[1])),
            Condition::False => Ok(Val::of(Value::Attrs(Rc::default()))),
            condition => {
                let attrs = m.set(&m.force(&a[1]))?;
                Ok(Val::of(Value::Attrs(Rc::new(operators::join(&Attrs::default(), &attrs, &condition)))))
            }
        }
    };
    "optionalString" 2 |m, a, span| {
        let condition = m.force(&a[0]);
        match m.condition(&condition, condition.span.or(span))? {
            Condition::True => Ok(m.force(&a[1])),
            Condition::False => Ok(Val::string("")),
            condition => Ok(Val::of(Value::Choice(Rc::new([
                (condition.clone(), a[1].clone()),
                (condition.not(), Val::string("").thunk()),
            ])))),
        }
    };
    "optionals" 2 |m, a, span| {
        let condition = m.force(&a[0]);
        if m.condition(&condition, condition.span.or(span))? == Condition::False {
            return Ok(Val::list(Vec::new()));
        }
        let list = m.list(&m.force(&a[1]))?;
        under(m, &condition.thunk(), (*list).clone(), span)
    };
    "or" 2 |m, a, span| {
        let (x, y) = (m.force(&a[0]), m.force(&a[1]));
        Ok(Val::of(truth(m.condition(&x, span)?.or(&m.condition(&y, span)?))))
    };
    "pipe" 2 |m, a, span| {
        let functions = closed_list(m, &a[1])?;
        Ok(functions.iter().fold(m.force(&a[0]), |val, function| m.apply(&m.force(function), val.thunk(), span)))
    };
    "range" 2 |m, a, _| match (m.force(&a[0]).value, m.force(&a[1]).value) {
        (Value::Int(first), Value::Int(last)) if last.checked_sub(first).is_some_and(|rest| rest < 100_000) => {
            m.charge(usize::try_from(last - first).unwrap_or(0))?;
            Ok(Val::list((first..=last).map(|value| Val::of(Value::Int(value)).thunk()).collect()))
        }
        _ => Err(several()),
    };
    "recursiveUpdate" 2 |m, a, _| Ok(recursive_update(m, &m.force(&a[0]), &m.force(&a[1]), 0));
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
        Ok(Val::of(Value::List(Rc::new(result))))
    };
    "removePrefix" 2 |m, a, _| without_affix(m, a, false);
    "removeSuffix" 2 |m, a, _| without_affix(m, a, true);
    "reverseList" 1 |m, a, _| {
        let mut list = closed_list(m, &a[0])?;
        list.reverse();
        Ok(Val::list(list))
    };
    "setAttrByPath" 2 |m, a, _| {
        let path = attr_path(m, &a[0])?;
        Ok(path.into_iter().rev().fold(m.force(&a[1]), |val, name| {
            Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![(name, Entry::of(val.thunk()))]))))
        }))
    };
    "singleton" 1 |_, a, _| Ok(Val::list(vec![a[0].clone()]));
    "splitString" 2 |m, a, _| {
        let (separator, text) = (string(m, &a[0])?, string(m, &a[1])?);
        if separator.is_empty() {
            return Err(several());
        }
        Ok(Val::list(text.split(separator.as_str()).map(|part| Val::string(part).thunk()).collect()))
    };
    "take" 2 |m, a, _| {
        let list = closed_list(m, &a[1])?;
        match m.force(&a[0]).value {
            Value::Int(count) => Ok(Val::list(list.into_iter().take(count.max(0) as usize).collect())),
            _ => Err(several()),
        }
    };
    "toInt" 1 |m, a, _| {
        let text = string(m, &a[0])?;
        text.trim().parse().map(|value| Val::of(Value::Int(value))).map_err(|_| error("not an integer"))
    };
    "toList" 1 |m, a, _| {
        let val = m.force(&a[0]);
        match &val.value {
            Value::List(_) => Ok(val),
            Value::Unknown(unknown) => Err(unknown.clone()),
            Value::Symbol(_) | Value::Choice(_) => Err(several()),
            _ => Ok(Val::list(vec![val.thunk()])),
        }
    };
    "toLower" 1 |m, a, _| Ok(Val::string(string(m, &a[0])?.to_ascii_lowercase()));
    "toUpper" 1 |m, a, _| Ok(Val::string(string(m, &a[0])?.to_ascii_uppercase()));
    "unique" 1 |m, a, span| {
        let mut result: Vec<Thunk> = Vec::new();
        'elements: for element in closed_list(m, &a[0])? {
            for other in &result {
                match operators::equal(m, &m.force(&element), &m.force(other), span)? {
                    Condition::True => continue 'elements,
                    Condition::False => {}
                    _ => return Err(several()),
                }
            }
            result.push(element);
        }
        Ok(Val::list(result))
    };
    "versionAtLeast" 2 |m, a, _| {
        let ordering = builtins::compare_versions(&string(m, &a[0])?, &string(m, &a[1])?);
        Ok(Val::of(Value::Bool(ordering != std::cmp::Ordering::Less)))
    };
    "versionOlder" 2 |m, a, _| {
        let ordering = builtins::compare_versions(&string(m, &a[1])?, &string(m, &a[0])?);
        Ok(Val::of(Value::Bool(ordering == std::cmp::Ordering::Greater)))
    };
};

/// `lib.path.append`.
static APPEND_PATH: Primitive = Primitive {
    name: "append",
    arity: 2,
    run: |m, a, _| {
        let path = m.project_path(&m.force(&a[0])).ok_or_else(several)?;
        let below = string(m, &a[1])?;
        Ok(Val::of(Value::Path(super::machine::normalise(&format!("{path}/{below}")).as_path().into())))
    },
};

/// `lib.filesystem.listFilesRecursive`.
static LIST_FILES: Primitive = Primitive {
    name: "listFilesRecursive",
    arity: 1,
    run: |m, a, _| {
        let path = m.project_path(&m.force(&a[0])).ok_or_else(several)?;
        let mut result = Vec::new();
        search_files(m, &path, 0, &mut result)?;
        Ok(Val::list(result))
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(PRIMITIVES.is_sorted_by_key(|primitive| primitive.name));
    }
}
