//! nixpkgs' `lib`, written natively so that spans and conditions live on.
//!
//! `lib` is a symbol whose members are looked up by name, so that the names a project puts over it (`lib
//! // { … }`, `lib.extend`, a `lib` of its own) win and cost nothing. What stands here behaves as lib/ of
//! nixpkgs does, path by path; everything else of `lib` stays a symbol: known by name only. Nothing here
//! may answer where the real function would fail.

mod attrsets;
mod customisation;
mod debug;
mod fileset;
mod generators;
mod lists;
mod meta;
mod names;
mod options;
mod paths;
mod shell;
mod strings;
mod systems;
mod trivial;
mod types;
mod versions;

use std::rc::Rc;

use super::builtins;
use super::coercion::Coercion;
use super::condition::Condition;
use super::machine::{Machine, Primitive};
use super::value::{
    Attrs, Entry, List, Name, Reason, Symbol, SymbolRoot, Text, TextPiece, Thunk, Unknown, Val, Value,
};
use crate::text::Span;

pub use names::library_names;
pub use types::{Merge, OptionType, option_type};

type Outcome = Result<Val, Unknown>;

/// Primitives, sorted by name.
type Table = &'static [Primitive];

macro_rules! primitives {
    ($($name:literal $arity:literal $run:expr;)*) => {
        &[$($crate::eval::machine::Primitive { name: $name, arity: $arity, run: $run }),*]
    };
}
use primitives;

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
    Val::symbol(SymbolRoot::Library)
}

/// The module wrapper that `val` is, if it is one.
pub fn wrapper(machine: &Machine<'_>, val: &Val) -> Option<Wrapper> {
    let Value::Attrs(attrs) = &val.value else { return None };
    let kind = machine.force(&attrs.type_tag()?.value);
    let entry = |name: Name| attrs.get(name).map(|entry| entry.value.clone());
    let priority = || match machine.force(&entry(Name::PRIORITY)?).value {
        Value::Int(priority) => Some(priority),
        _ => None,
    };
    if kind.is_text("if") {
        Some(Wrapper::If(entry(Name::CONDITION)?, entry(Name::CONTENT)?))
    } else if kind.is_text("merge") {
        Some(Wrapper::Merge(entry(Name::CONTENTS)?))
    } else if kind.is_text("override") {
        Some(Wrapper::Override(priority()?, entry(Name::CONTENT)?))
    } else if kind.is_text("order") {
        Some(Wrapper::Order(priority()?, entry(Name::CONTENT)?))
    } else {
        None
    }
}

/// The option declaration (`mkOption …`) that `val` is, if it is one.
pub fn option_declaration(machine: &Machine<'_>, val: &Val) -> Option<Rc<Attrs>> {
    let Value::Attrs(attrs) = &val.value else { return None };
    let kind = machine.force(&attrs.type_tag()?.value);
    kind.is_text("option").then(|| attrs.clone())
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
pub(super) fn select(machine: &Machine<'_>, path: &[Name], span: Option<Span>) -> Val {
    let names: Vec<Rc<str>> = path.iter().map(|name| machine.text_of(*name)).collect();
    let texts: Vec<&str> = names.iter().map(|name| &**name).collect();
    match member(machine, &texts) {
        Some(val) => Val { span, ..val },
        None => {
            let from_outside = match texts.as_slice() {
                [name] | ["modules", name] => {
                    machine.outside().and_then(|outside| outside.library(machine, name))
                }
                _ => None,
            };
            from_outside.unwrap_or_else(|| {
                let symbol = Symbol { root: SymbolRoot::Library, path: path.to_vec() };
                Val::at(Value::Symbol(Rc::new(symbol)), span)
            })
        }
    }
}

/// What `lib` has in groups alone, or with another meaning than at the top.
const GROUPED: &[(&str, Table)] = &[
    ("cli", generators::COMMAND_LINES),
    ("fileset", fileset::FUNCTIONS),
    ("filesystem", paths::FILESYSTEM),
    ("generators", generators::FUNCTIONS),
    ("lists", lists::GROUPED),
    ("path", paths::FUNCTIONS),
    ("strings", strings::GROUPED),
    ("versions", versions::FUNCTIONS),
];

/// Groups whose functions `lib` has at the top too.
const FLAT: &[&str] = &[
    "asserts",
    "attrsets",
    "customisation",
    "debug",
    "derivations",
    "filesystem",
    "fixedPoints",
    "lists",
    "meta",
    "modules",
    "options",
    "sources",
    "strings",
    "trivial",
];

/// What stands in the tables of [`TOP`] and yet is in a group alone: group and name, by name.
const NOT_AT_THE_TOP: &[(&str, &str)] = &[
    ("asserts", "assertEachOneOf"),
    ("meta", "availableOn"),
    ("strings", "charToInt"),
    ("asserts", "checkAssertWarn"),
    ("lists", "commonPrefix"),
    ("modules", "defaultOrderPriority"),
    ("modules", "defaultOverridePriority"),
    ("meta", "defaultPriority"),
    ("strings", "escapeC"),
    ("strings", "escapeNixIdentifier"),
    ("strings", "escapeNixString"),
    ("lists", "findFirstIndex"),
    ("strings", "floatToString"),
    ("strings", "levenshtein"),
    ("strings", "levenshteinAtMost"),
    ("options", "literalCode"),
    ("attrsets", "longestValidPathPrefix"),
    ("strings", "normalizePath"),
    ("meta", "platformMatch"),
    ("strings", "sanitizeDerivationName"),
    ("attrsets", "unionOfDisjoint"),
];

/// The functions of `lib` itself, by theme.
const TOP: &[(&str, Table)] = &[
    ("modules and options", options::FUNCTIONS),
    ("sets", attrsets::FUNCTIONS),
    ("strings", strings::FUNCTIONS),
    ("lists", lists::FUNCTIONS),
    ("functions and truth", trivial::FUNCTIONS),
    ("text for shells", shell::FUNCTIONS),
    ("packages", meta::FUNCTIONS),
    ("packages", customisation::FUNCTIONS),
    ("debugging", debug::FUNCTIONS),
    ("files", paths::SOURCES),
];

fn member(machine: &Machine<'_>, path: &[&str]) -> Option<Val> {
    match path {
        [name] if NOT_AT_THE_TOP.binary_search_by_key(name, |(_, other)| other).is_ok() => None,
        [name] => top(machine, name),
        ["types", rest @ ..] => types::select(machine, rest),
        ["systems", "doubles", name] | ["platforms", name] => systems::doubles(name),
        ["systems", name] => systems::select(name),
        ["path", "subpath", name] => find(paths::SUBPATH, name),
        ["fileset", "empty"] => Some(fileset::nothing(machine)),
        [group, name] => {
            let grouped = GROUPED.iter().find(|(other, _)| other == group);
            let own = grouped.and_then(|(_, table)| find(table, name));
            own.or_else(|| if FLAT.contains(group) { top(machine, name) } else { None })
        }
        _ => None,
    }
}

fn top(machine: &Machine<'_>, name: &str) -> Option<Val> {
    if let Some(function) = TOP.iter().find_map(|(_, table)| find(table, name)) {
        return Some(function);
    }
    if REEXPORTED.contains(&name) {
        return builtins::find(name).map(builtins::function);
    }
    match name {
        "mkOptionType" | "isOptionType" => types::select(machine, &[name]),
        _ => trivial::constant(name),
    }
}

fn primitive(table: Table, name: &str) -> Option<&'static Primitive> {
    table.binary_search_by_key(&name, |primitive| primitive.name).ok().map(|at| &table[at])
}

fn find(table: Table, name: &str) -> Option<Val> {
    primitive(table, name).map(builtins::function)
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
    "ceil",
    "compareVersions",
    "concatLists",
    "concatMap",
    "concatStringsSep",
    "deepSeq",
    "div",
    "elem",
    "elemAt",
    "filter",
    "floor",
    "foldl'",
    "fromJSON",
    "fromTOML",
    "functionArgs",
    "genList",
    "genericClosure",
    "getAttr",
    "groupBy",
    "hasAttr",
    "hashString",
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
    "match",
    "mul",
    "parseDrvName",
    "partition",
    "pathExists",
    "placeholder",
    "readFile",
    "removeAttrs",
    "replaceStrings",
    "seq",
    "sort",
    "split",
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
    "readDir",
    "toString",
    "unsafeDiscardStringContext",
];

fn error(message: impl Into<String>) -> Unknown {
    Unknown::new(Reason::Error(message.into()))
}

fn thrown(message: impl Into<String>) -> Unknown {
    Unknown::new(Reason::Throw(message.into()))
}

fn several() -> Unknown {
    Unknown::new(Reason::Several)
}

fn boolean(truth: bool) -> Val {
    Val::of(Value::Bool(truth))
}

fn number(value: i64) -> Val {
    Val::of(Value::Int(value))
}

fn text_val(text: Text) -> Val {
    Val::of(Value::Str(Rc::new(text)))
}

fn list_val(list: List) -> Val {
    Val::of(Value::List(Rc::new(list)))
}

fn attrs_val(attrs: Attrs) -> Val {
    Val::of(Value::Attrs(Rc::new(attrs)))
}

fn unknown_val(unknown: Unknown) -> Val {
    Val::of(Value::Unknown(unknown))
}

/// A set with these fields.
fn set(machine: &Machine<'_>, fields: Vec<(&str, Thunk)>) -> Val {
    let entries = fields.into_iter().map(|(name, value)| (machine.name(name), Entry::of(value))).collect();
    attrs_val(Attrs::from_entries(entries))
}

/// `{ _type = kind; … }`.
fn tagged(machine: &Machine<'_>, kind: &'static str, mut fields: Vec<(&str, Thunk)>) -> Val {
    fields.push(("_type", machine.tag(kind)));
    set(machine, fields)
}

/// The value of a name of a set, where it is known whether it has it.
fn field(machine: &Machine<'_>, of: &Val, name: &str) -> Result<Option<Thunk>, Unknown> {
    let attrs = machine.set(of)?;
    match attrs.get(machine.name(name)) {
        Some(entry) if entry.condition == Condition::True => Ok(Some(entry.value.clone())),
        None if attrs.is_closed() => Ok(None),
        None => Err(attrs.open.clone().unwrap_or_else(several)),
        Some(_) => Err(several()),
    }
}

/// The entries of a set that is known whole, in the order of Nix.
fn closed_set(machine: &Machine<'_>, thunk: &Thunk) -> Result<Vec<(Rc<str>, Thunk)>, Unknown> {
    let attrs = machine.set(&machine.force(thunk))?;
    closed_entries(machine, &attrs)
}

fn closed_entries(machine: &Machine<'_>, attrs: &Attrs) -> Result<Vec<(Rc<str>, Thunk)>, Unknown> {
    if !attrs.is_closed() {
        return Err(attrs.open.clone().unwrap_or_else(several));
    }
    if attrs.entries.iter().any(|(_, entry)| entry.condition != Condition::True) {
        return Err(several());
    }
    machine.charge(attrs.entries.len())?;
    let entries = builtins::sorted(machine, attrs);
    Ok(entries.into_iter().map(|(name, entry)| (machine.text_of(name), entry.value)).collect())
}

/// A set of these entries.
fn from_pairs(machine: &Machine<'_>, pairs: Vec<(Rc<str>, Thunk)>) -> Val {
    let entries = pairs.into_iter().map(|(name, value)| (machine.name(&name), Entry::of(value))).collect();
    attrs_val(Attrs::from_entries(entries))
}

fn integer(machine: &Machine<'_>, thunk: &Thunk) -> Result<i64, Unknown> {
    match &machine.force(thunk).value {
        Value::Int(value) => Ok(*value),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Err(error("an integer was expected")),
    }
}

/// A truth value that is known.
fn decided(machine: &Machine<'_>, thunk: &Thunk, span: Option<Span>) -> Result<bool, Unknown> {
    match machine.condition(&machine.force(thunk), span)? {
        Condition::True => Ok(true),
        Condition::False => Ok(false),
        _ => Err(several()),
    }
}

/// Whether `function arguments…` holds, where that is known.
fn holds(
    machine: &Machine<'_>,
    function: &Val,
    arguments: impl IntoIterator<Item = Thunk>,
    span: Option<Span>,
) -> Result<bool, Unknown> {
    match builtins::test(machine, function, arguments, span)? {
        Condition::True => Ok(true),
        Condition::False => Ok(false),
        _ => Err(several()),
    }
}

fn text_of(machine: &Machine<'_>, thunk: &Thunk) -> Result<Text, Unknown> {
    let val = machine.force(thunk);
    machine.coerce(&val, Coercion::Interpolation, val.span)
}

/// A thunk for the outcome of `compute`.
fn deferred(compute: impl Fn(&Machine<'_>) -> Outcome + 'static) -> Thunk {
    Thunk::later(move |machine| compute(machine).unwrap_or_else(unknown_val))
}

/// A builtin, applied.
fn call_builtin(machine: &Machine<'_>, name: &str, arguments: Vec<Thunk>, span: Option<Span>) -> Val {
    match builtins::find(name) {
        Some(primitive) => machine.apply_all(&builtins::function(primitive), arguments, span),
        None => Val::unknown(Reason::NotModelled(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        let grouped = GROUPED.iter().map(|(_, table)| table);
        for table in
            TOP.iter().map(|(_, table)| table).chain(grouped).chain(&types::TABLES).chain(&[paths::SUBPATH])
        {
            assert!(table.is_sorted_by_key(|primitive| primitive.name));
        }
        assert!(NOT_AT_THE_TOP.is_sorted_by_key(|(_, name)| *name));
    }
}
