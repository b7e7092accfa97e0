//! The builtins of Nix, by theme. What depends on the machine Nix runs on is unknown, with that reason.
//!
//! Each does what Nix does where its arguments are known (src/libexpr/primops.cc of NixOS/nix), and never
//! more than its fuel allows.

use std::rc::Rc;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::machine::{Machine, Primitive};
use super::value::{Attrs, Entry, Name, PrimitiveCall, Reason, Thunk, Unknown, Val, Value};

macro_rules! primitives {
    ($($name:literal $arity:literal $run:expr;)*) => {
        &[$(Primitive { name: $name, arity: $arity, run: $run }),*]
    };
}

mod argument;
mod control;
mod data;
mod file;
mod hash;
mod list;
mod number;
mod position;
mod regex;
mod set;
mod store;
mod string;
mod version;
mod xml;

pub use file::IMPORT_NIXPKGS;

pub(super) use argument::{closed_list, later, sorted, string, test};
pub(super) use data::{parse_json, parse_toml};
pub use hash::sri_hash;
pub(super) use list::map_list;
pub(super) use position::position;
pub(super) use set::list_to_attrs;
pub(super) use store::derivation_attribute;
pub(super) use string::join_texts;
pub(super) use version::{compare_versions, components};

/// What it takes to keep a call for later.
pub(super) const STEPS_PER_CALL: usize = 4;

/// Elements that one call may make.
const MAX_GENERATED: usize = 2_000_000;

/// The value of a global name.
pub(super) fn global(machine: &Machine<'_>, name: &str) -> Val {
    match name {
        "true" => Val::of(Value::Bool(true)),
        "false" => Val::of(Value::Bool(false)),
        "null" => Val::of(Value::Null),
        "builtins" => machine.builtins(),
        _ => builtin(name.strip_prefix("__").unwrap_or(name)),
    }
}

/// `builtins`. Which names there are depends on the version of Nix and its settings, so the set is open.
pub(super) fn set(machine: &Machine<'_>) -> Val {
    let mut entries: Vec<(Name, Entry)> = THEMES
        .iter()
        .copied()
        .flatten()
        .map(|primitive| (machine.name(primitive.name), Entry::of(function(primitive).thunk())))
        .collect();
    for name in ["true", "false", "null"].into_iter().chain(CONSTANTS.iter().copied()) {
        entries.push((machine.name(name), Entry::of(global(machine, name).thunk())));
    }
    let recursive = Thunk::later(|machine| machine.builtins());
    entries.push((machine.name("builtins"), Entry::of(recursive)));
    let mut attrs = Attrs::from_entries(entries);
    attrs.open = Some(Unknown::new(Reason::NotModelled("builtin".to_owned())));
    Val::of(Value::Attrs(Rc::new(attrs)))
}

/// A primitive as a value.
pub(super) fn function(primitive: &'static Primitive) -> Val {
    Val::of(Value::Primitive(Rc::new(PrimitiveCall { primitive, arguments: Vec::new() })))
}

/// The primitive with this name among the builtins.
pub(super) fn find(name: &str) -> Option<&'static Primitive> {
    BY_NAME.get(name).copied()
}

/// The builtins that are modelled, sorted.
pub fn builtin_names() -> Vec<&'static str> {
    let functions = THEMES.iter().copied().flatten().map(|primitive| primitive.name);
    let mut names: Vec<&str> =
        functions.chain(["builtins", "false", "langVersion", "null", "storeDir", "true"]).collect();
    names.sort_unstable();
    names
}

static THEMES: &[&[Primitive]] = &[
    control::PRIMITIVES,
    data::PRIMITIVES,
    file::PRIMITIVES,
    hash::PRIMITIVES,
    list::PRIMITIVES,
    number::PRIMITIVES,
    position::PRIMITIVES,
    set::PRIMITIVES,
    store::PRIMITIVES,
    string::PRIMITIVES,
    version::PRIMITIVES,
    xml::PRIMITIVES,
];

/// Names that are no functions.
const CONSTANTS: &[&str] =
    &["currentSystem", "currentTime", "langVersion", "nixPath", "nixVersion", "storeDir"];

static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Primitive>> =
    LazyLock::new(|| THEMES.iter().copied().flatten().map(|primitive| (primitive.name, primitive)).collect());

fn builtin(name: &str) -> Val {
    if let Some(primitive) = find(name) {
        return function(primitive);
    }
    match name {
        "langVersion" => Val::of(Value::Int(6)),
        "storeDir" => Val::string("/nix/store"),
        "nixVersion" | "nixPath" | "currentSystem" | "currentTime" => {
            Val::unknown(Reason::Impure("the Nix that runs"))
        }
        _ => Val::unknown(Reason::NotModelled(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_there_twice() {
        assert_eq!(BY_NAME.len(), THEMES.iter().map(|theme| theme.len()).sum::<usize>());
    }
}
