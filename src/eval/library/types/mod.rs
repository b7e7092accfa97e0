//! `lib.types` of nixpkgs: values that say how the definitions of an option become one.
//!
//! A type is a set as in lib/types.nix: `_type = "option-type"`, `name`, `description`,
//! `descriptionClass`, `check`, `merge`, `emptyValue` and `nestedTypes` (`elemType`, `left` and `right`,
//! `coercedType` and `finalType`). The other names (`functor`, `getSubOptions` …) are not known. What a
//! type means hangs on its `merge`, as in Nix: `types.str // { description = …; }` still is a string,
//! and a `merge` of the project's own counts wherever it comes from. [`option_type`] reads it:
//!
//! | type | [`Merge`] |
//! | --- | --- |
//! | `bool`, `int`, `ints.*`, `port`, `float`, `str`, `strMatching`, `path`, `enum` … | `Equal` |
//! | `singleLineStr` | `Line` |
//! | `raw`, `package`, `pkgs` | `One` |
//! | `unspecified`, `optionDeclaration`, `mkOptionType` without `merge` | `Default` |
//! | `boolByOr` | `Or` |
//! | `separatedString s`, `lines`, `commas`, `envVar` | `Joined(s)` |
//! | `attrs` | `Update` |
//! | `anything` | `Anything` |
//! | `listOf t`, `nonEmptyListOf t` | `List(t)` |
//! | `attrsOf t`, `lazyAttrsOf t`, `attrsWith` | `Attrs { element, lazy }` |
//! | `attrListOf t` | `AttrList(t)` |
//! | `nullOr t` | `NullOr(t)` |
//! | `uniq t`, `unique … t` | `Unique(t)` |
//! | `either a b`, `oneOf`, `number` | `Either(a, b)` |
//! | `coercedTo a f b` | `Coerced { from, function, to }` |
//! | `submodule`, `submoduleWith` | `Submodule { modules, special_args, shorthand }` |
//! | `deferredModule` | `Deferred(modules)` |
//! | `functionTo t` | `Function(t)` |
//! | `attrTag options` | `Tagged(options)` |
//! | `optionType` | `Type` |
//!
//! It must never decide by the name of a type: names are for people.

mod checks;
mod functions;
mod merges;

use std::rc::Rc;

use super::super::builtins;
use super::super::coercion::Coercion;
use super::super::machine::Machine;
use super::super::operators;
use super::super::value::{Attrs, PrimitiveCall, Reason, Text, Thunk, Unknown, Val, Value};
use super::{Outcome, Table, error, field, set, several};
use checks::CHECKS;
use functions::{BETWEEN, FUNCTIONS};
use merges::MERGES;

pub(super) use checks::{is_in_store, is_store_path};

/// An option type.
pub struct OptionType {
    /// Its `name`, where that is known: for messages only.
    pub name: Option<String>,
    /// What becomes of several definitions.
    pub merge: Merge,
    /// Whether a value fits: apply it.
    pub check: Thunk,
    /// What an option without definitions has, in its entry `value`; without that entry it has none.
    pub empty: Thunk,
}

/// How definitions of an option of some type become one value (the `merge` of lib/types.nix). Types
/// inside are thunks: read them with [`option_type`].
pub enum Merge {
    /// All definitions must be equal.
    Equal,
    /// Strings that must be equal, without the line break at the end.
    Line,
    /// There must be one definition.
    One,
    /// By shape, as `lib.options.mergeDefaultOption`: lists are joined, sets updated, functions
    /// merged by what they give, Booleans or-ed, equal strings stay.
    Default,
    /// Whether one is true.
    Or,
    /// Strings with this between them.
    Joined(Thunk),
    /// Sets, the later replacing names of the earlier.
    Update,
    /// Sets key by key, all the way down; else all must be equal.
    Anything,
    /// Lists, one after the other; each element is of this type.
    List(Thunk),
    /// Sets; the definitions of a key are merged by the type.
    Attrs {
        /// The type of the values.
        element: Thunk,
        /// Whether a key is there though none of its definitions counts.
        lazy: bool,
    },
    /// Lists of sets with one key each, or sets, as such lists; each value is of this type.
    AttrList(Thunk),
    /// All `null`, or none and this type.
    NullOr(Thunk),
    /// There must be one definition, of this type.
    Unique(Thunk),
    /// The first of the types whose `check` all definitions pass.
    Either(Thunk, Thunk),
    /// `function` is applied to what `from` accepts; then it is `to`.
    Coerced {
        /// The type that is converted.
        from: Thunk,
        /// How.
        function: Thunk,
        /// The type of the result.
        to: Thunk,
    },
    /// Modules, evaluated together with those of the type.
    Submodule {
        /// A list of modules.
        modules: Thunk,
        /// A set.
        special_args: Thunk,
        /// Whether definitions that are sets are all config (`shorthandOnlyDefinesConfig`).
        shorthand: bool,
    },
    /// A module that imports these modules and the definitions.
    Deferred(Thunk),
    /// Functions; what they give is merged by this type.
    Function(Thunk),
    /// Sets with one of these names, each an option.
    Tagged(Thunk),
    /// Option types.
    Type,
    /// The function of the project, or one that is not modelled: apply it to the location and the
    /// definitions.
    Own(Val),
}

/// The option type that `val` is, if it is one.
pub fn option_type(machine: &Machine<'_>, val: &Val) -> Option<OptionType> {
    let Value::Attrs(attrs) = &val.value else { return None };
    let entry = |name: &str| attrs.get(machine.name(name)).map(|entry| entry.value.clone());
    if !machine.force(&attrs.type_tag()?.value).is_text("option-type") {
        return None;
    }
    let merge = machine.force(&entry("merge")?);
    Some(OptionType {
        name: entry("name").and_then(|name| machine.force(&name).as_str()),
        merge: merge_of(machine, &merge),
        check: entry("check")?,
        empty: entry("emptyValue")?,
    })
}

fn merge_of(machine: &Machine<'_>, merge: &Val) -> Merge {
    let Value::Primitive(call) = &merge.value else { return Merge::Own(merge.clone()) };
    let holds = |thunk: &Thunk| matches!(machine.force(thunk).value, Value::Bool(true));
    match (call.primitive.name, call.arguments.as_slice()) {
        ("mergeEqualOption", []) => Merge::Equal,
        ("mergeOneOption", []) => Merge::One,
        ("mergeDefaultOption", []) => Merge::Default,
        ("types.singleLineStr.merge", []) => Merge::Line,
        ("types.boolByOr.merge", []) => Merge::Or,
        ("types.separatedString.merge", [separator]) => Merge::Joined(separator.clone()),
        ("types.attrs.merge", []) => Merge::Update,
        ("types.anything.merge", []) => Merge::Anything,
        ("types.listOf.merge", [element]) => Merge::List(element.clone()),
        ("types.attrsOf.merge", [element, lazy]) => {
            Merge::Attrs { element: element.clone(), lazy: holds(lazy) }
        }
        ("types.attrListOf.merge", [element]) => Merge::AttrList(element.clone()),
        ("types.nullOr.merge", [element]) => Merge::NullOr(element.clone()),
        ("types.unique.merge", [element]) => Merge::Unique(element.clone()),
        ("types.either.merge", [left, right]) => Merge::Either(left.clone(), right.clone()),
        ("types.coercedTo.merge", [from, function, to]) => {
            Merge::Coerced { from: from.clone(), function: function.clone(), to: to.clone() }
        }
        ("types.submodule.merge", [modules, special_args, shorthand]) => Merge::Submodule {
            modules: modules.clone(),
            special_args: special_args.clone(),
            shorthand: holds(shorthand),
        },
        ("types.deferredModule.merge", [modules]) => Merge::Deferred(modules.clone()),
        ("types.functionTo.merge", [element]) => Merge::Function(element.clone()),
        ("types.attrTag.merge", [options]) => Merge::Tagged(options.clone()),
        ("types.optionType.merge", []) => Merge::Type,
        _ => Merge::Own(merge.clone()),
    }
}

/// `lib.types.path`.
pub(super) fn select(machine: &Machine<'_>, path: &[&str]) -> Option<Val> {
    Some(match path {
        ["ints", name] => integer_type(machine, name)?,
        ["numbers", name] => number_type(machine, name)?,
        [name] => match super::find(FUNCTIONS, name) {
            Some(function) => function,
            None => plain(machine, name)?,
        },
        _ => return None,
    })
}

/// The names of `lib.types` that are modelled.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = FUNCTIONS
        .iter()
        .map(|primitive| primitive.name)
        .chain(PLAIN.iter().copied())
        .map(str::to_owned)
        .collect();
    names.extend(
        ["unsigned", "positive", "u8", "u16", "u32", "s8", "s16", "s32", "between"]
            .map(|name| format!("ints.{name}")),
    );
    names.extend(["between", "nonnegative", "positive"].map(|name| format!("numbers.{name}")));
    names.sort();
    names
}

const PLAIN: &[&str] = &[
    "anything",
    "attrs",
    "bool",
    "boolByOr",
    "commas",
    "deferredModule",
    "envVar",
    "externalPath",
    "fileset",
    "float",
    "int",
    "json",
    "lines",
    "luaInline",
    "nonEmptyStr",
    "number",
    "optionDeclaration",
    "optionType",
    "package",
    "path",
    "pathInStore",
    "pkgs",
    "port",
    "raw",
    "shellPackage",
    "singleLineStr",
    "str",
    "toml",
    "unspecified",
];

/// What a type is made of; the rest is what `mkOptionType` gives.
struct Parts {
    name: Thunk,
    description: Thunk,
    class: &'static str,
    check: Val,
    merge: Val,
    /// `emptyValue.value`
    empty: Option<Thunk>,
    nested: Vec<(&'static str, Thunk)>,
}

fn build(machine: &Machine<'_>, parts: Parts) -> Val {
    let class = match parts.class {
        "" => Val::of(Value::Null),
        class => Val::string(class),
    };
    let empty = set(machine, parts.empty.map(|value| ("value", value)).into_iter().collect());
    let val = set(
        machine,
        vec![
            ("_type", machine.tag("option-type")),
            ("name", parts.name),
            ("description", parts.description),
            ("descriptionClass", class.thunk()),
            ("check", parts.check.thunk()),
            ("merge", parts.merge.thunk()),
            ("emptyValue", empty.thunk()),
            ("nestedTypes", set(machine, parts.nested).thunk()),
            ("deprecationMessage", Val::of(Value::Null).thunk()),
        ],
    );
    match val.value {
        Value::Attrs(attrs) => open(&attrs),
        value => Val::of(value),
    }
}

/// The set with the names of option types that are not modelled.
fn open(attrs: &Attrs) -> Val {
    let open = Some(Unknown::new(Reason::NotModelled("a part of an option type".to_owned())));
    Val::of(Value::Attrs(Rc::new(Attrs { open, ..attrs.clone() })))
}

/// A type without parameters, as most are.
fn simple(machine: &Machine<'_>, name: &str, description: &str, check: Val, merge: Val) -> Val {
    build(
        machine,
        Parts {
            name: Val::string(name).thunk(),
            description: Val::string(description).thunk(),
            class: "noun",
            check,
            merge,
            empty: None,
            nested: Vec::new(),
        },
    )
}

/// A primitive of this module with its first arguments.
fn partial(table: Table, name: &str, arguments: Vec<Thunk>) -> Val {
    let primitive =
        super::primitive(table, name).expect("invariant: the tables below have every name used above");
    Val::of(Value::Primitive(Rc::new(PrimitiveCall { primitive, arguments })))
}

fn check(name: &str, arguments: Vec<Thunk>) -> Val {
    partial(CHECKS, name, arguments)
}

fn merge(name: &str, arguments: Vec<Thunk>) -> Val {
    partial(MERGES, name, arguments)
}

fn merge_option(name: &str) -> Val {
    super::find(super::options::FUNCTIONS, name).expect("invariant: options has the merge functions")
}

fn is_of(builtin: &str) -> Val {
    builtins::find(builtin).map(builtins::function).expect("invariant: the tests of types are builtins")
}

fn always() -> Val {
    check("always", Vec::new())
}

fn plain(machine: &Machine<'_>, name: &str) -> Option<Val> {
    let equal = || merge_option("mergeEqualOption");
    let one = || merge_option("mergeOneOption");
    let default = || merge_option("mergeDefaultOption");
    let of = |name, description, check, merge| simple(machine, name, description, check, merge);
    let empty = |val: Val, empty: Val| with_empty(machine, &val, empty);
    Some(match name {
        "raw" => of("raw", "raw value", always(), one()),
        "anything" => of("anything", "anything", always(), merge("types.anything.merge", vec![])),
        "unspecified" => of("unspecified", "unspecified value", always(), default()),
        "bool" => of("bool", "boolean", is_of("isBool"), equal()),
        "boolByOr" => {
            let merge = merge("types.boolByOr.merge", vec![]);
            of("boolByOr", "boolean (merged using or)", is_of("isBool"), merge)
        }
        "int" => of("int", "signed integer", is_of("isInt"), equal()),
        "port" => return integer_type(machine, "u16"),
        "float" => of("float", "floating point number", is_of("isFloat"), equal()),
        "number" => {
            let (int, float) = (plain(machine, "int")?, plain(machine, "float")?);
            either(machine, int.thunk(), float.thunk())
        }
        "str" => of("str", "string", is_of("isString"), equal()),
        "nonEmptyStr" => of("nonEmptyStr", "non-empty string", check("nonEmptyStr", vec![]), equal()),
        "singleLineStr" => {
            let description = "(optionally newline-terminated) single-line string";
            let merge = merge("types.singleLineStr.merge", vec![]);
            of("singleLineStr", description, check("singleLineStr", vec![]), merge)
        }
        "lines" => separated(machine, Val::string("\n").thunk()),
        "commas" => separated(machine, Val::string(",").thunk()),
        "envVar" => separated(machine, Val::string(":").thunk()),
        "attrs" => {
            let val = of("attrs", "attribute set", is_of("isAttrs"), merge("types.attrs.merge", vec![]));
            let val = with_field(machine, &val, "descriptionClass", Val::of(Value::Null));
            empty(val, set(machine, vec![]))
        }
        "fileset" => {
            let none = super::select(machine, &["fileset", "empty"].map(|name| machine.name(name)), None);
            empty(
                of("fileset", "fileset", check("fileset", vec![]), merge("types.fileset.merge", vec![])),
                none,
            )
        }
        "package" => of("package", "package", check("package", vec![]), one()),
        "shellPackage" => of("package", "package", check("shellPackage", vec![]), one()),
        "pkgs" => {
            let sets = plain(machine, "attrs")?;
            let val = of(
                "pkgs",
                "Nixpkgs package set",
                check("pkgs", vec![]),
                merge("types.unique.merge", vec![sets.thunk()]),
            );
            empty(val, set(machine, vec![]))
        }
        "path" => path_with(machine, None, Some(true)),
        "pathInStore" => path_with(machine, Some(true), None),
        "externalPath" => path_with(machine, Some(false), Some(true)),
        "luaInline" => of("luaInline", "inline lua", check("luaInline", vec![]), equal()),
        "deferredModule" => deferred(machine, Val::list(vec![]).thunk()),
        "optionDeclaration" => {
            of("optionDeclaration", "option declaration", check("optionDeclaration", vec![]), default())
        }
        "optionType" => of(
            "optionType",
            "optionType",
            check("optionType", vec![]),
            merge("types.optionType.merge", vec![]),
        ),
        "json" => serializable(machine, "JSON", true),
        "toml" => serializable(machine, "TOML", false),
        _ => return None,
    })
}

fn with_field(machine: &Machine<'_>, val: &Val, name: &str, value: Val) -> Val {
    let new = set(machine, vec![(name, value.thunk())]);
    Val::of(operators::update(machine, val, &new, None))
}

fn with_empty(machine: &Machine<'_>, val: &Val, value: Val) -> Val {
    with_field(machine, val, "emptyValue", set(machine, vec![("value", value.thunk())]))
}

/// `ints.name`
fn integer_type(machine: &Machine<'_>, name: &str) -> Option<Val> {
    let both = |low: i64, high: i64| format!("{low} and {high} (both inclusive)");
    let ranged = |name: String, sort: &str, low: i64, high: i64| {
        let description = format!("{sort}; between {}", both(low, high));
        let bounds = vec![Val::of(Value::Int(low)).thunk(), Val::of(Value::Int(high)).thunk()];
        simple(machine, &name, &description, check("intBetween", bounds), merge_option("mergeEqualOption"))
    };
    let unsigned = |bits: u32| {
        ranged(format!("unsignedInt{bits}"), &format!("{bits} bit unsigned integer"), 0, (1 << bits) - 1)
    };
    let signed = |bits: u32| {
        let half = 1_i64 << (bits - 1);
        ranged(format!("signedInt{bits}"), &format!("{bits} bit signed integer"), -half, half - 1)
    };
    let at_least = |name: &str, description: &str, low: i64| {
        let bounds = vec![Val::of(Value::Int(low)).thunk(), Val::of(Value::Int(i64::MAX)).thunk()];
        let val =
            simple(machine, name, description, check("intBetween", bounds), merge_option("mergeEqualOption"));
        with_field(machine, &val, "descriptionClass", Val::string("nonRestrictiveClause"))
    };
    Some(match name {
        "u8" => unsigned(8),
        "u16" => unsigned(16),
        "u32" => unsigned(32),
        "s8" => signed(8),
        "s16" => signed(16),
        "s32" => signed(32),
        "unsigned" => at_least("unsignedInt", "unsigned integer, meaning >=0", 0),
        "positive" => at_least("positiveInt", "positive integer, meaning >0", 1),
        "between" => super::find(BETWEEN, "ints.between")?,
        _ => return None,
    })
}

/// `numbers.name`
fn number_type(machine: &Machine<'_>, name: &str) -> Option<Val> {
    let of = |name: &str, description: &str, is_positive: bool| {
        let bound = Val::of(Value::Bool(is_positive)).thunk();
        let val = plain(machine, "number")?;
        let val = with_field(machine, &val, "name", Val::string(name));
        let val = with_field(machine, &val, "description", Val::string(description));
        let val = with_field(machine, &val, "descriptionClass", Val::string("nonRestrictiveClause"));
        Some(with_field(machine, &val, "check", check("numberAbove", vec![bound])))
    };
    match name {
        "nonnegative" => {
            of("numberNonnegative", "nonnegative integer or floating point number, meaning >=0", false)
        }
        "positive" => of("numberPositive", "positive integer or floating point number, meaning >0", true),
        "between" => super::find(BETWEEN, "numbers.between"),
        _ => None,
    }
}

/// The description of a type as a part of another one's: in parentheses unless its class is one of these.
fn phrase(machine: &Machine<'_>, of: &Val, bare: &[&str]) -> Result<Text, Unknown> {
    let class = machine.select(of, machine.name("descriptionClass")).ok().and_then(|class| class.as_str());
    let text = text_field(machine, of, "description")?;
    if class.is_some_and(|class| bare.contains(&class.as_str())) {
        return Ok(text);
    }
    let mut result = Text::known("(");
    result.extend(&text);
    result.extend(&Text::known(")"));
    Ok(result)
}

fn text_field(machine: &Machine<'_>, of: &Val, name: &str) -> Result<Text, Unknown> {
    let val = machine.select(of, machine.name(name))?;
    machine.coerce(&val, Coercion::Interpolation, val.span)
}

/// A text made of the description of `inner`.
fn described(
    before: &'static str,
    inner: &Thunk,
    bare: &'static [&'static str],
    after: &'static str,
) -> Thunk {
    let inner = inner.clone();
    Thunk::later(move |machine| {
        let text = phrase(machine, &machine.force(&inner), bare).map(|phrase| {
            let mut text = Text::known(before);
            text.extend(&phrase);
            text.extend(&Text::known(after));
            text
        });
        Val::of(text.map_or_else(Value::Unknown, |text| Value::Str(Rc::new(text))))
    })
}

fn later_field(of: &Thunk, name: &'static str) -> Thunk {
    let of = of.clone();
    Thunk::later(move |machine| machine.select_or_unknown(&machine.force(&of), machine.name(name)))
}

fn separated(machine: &Machine<'_>, separator: Thunk) -> Val {
    let between = separator.clone();
    let description = Thunk::later(move |machine| {
        let text = builtins::string(machine, &between)
            .map(|separator| format!("strings concatenated with {}", serde_json::Value::from(separator)));
        text.map_or_else(|unknown| Val::of(Value::Unknown(unknown)), Val::string)
    });
    build(
        machine,
        Parts {
            name: Val::string("separatedString").thunk(),
            description,
            class: "noun",
            check: is_of("isString"),
            merge: merge("types.separatedString.merge", vec![separator]),
            empty: None,
            nested: vec![],
        },
    )
}

/// `pathWith` with what is not null.
fn path_with(machine: &Machine<'_>, in_store: Option<bool>, absolute: Option<bool>) -> Val {
    let place = match in_store {
        None => "",
        Some(true) => " in the Nix store",
        Some(false) => " not in the Nix store",
    };
    let start = match absolute {
        None => "",
        Some(true) => "absolute ",
        Some(false) => "relative ",
    };
    let argument = |truth: Option<bool>| Val::of(truth.map_or(Value::Null, Value::Bool)).thunk();
    let check = check("path", vec![argument(in_store), argument(absolute)]);
    simple(machine, "path", &format!("{start}path{place}"), check, merge_option("mergeEqualOption"))
}

fn either(machine: &Machine<'_>, left: Thunk, right: Thunk) -> Val {
    let (a, b) = (left.clone(), right.clone());
    let description = Thunk::later(move |machine| {
        let (a, b) = (machine.force(&a), machine.force(&b));
        let text = || {
            let class = machine.select(&a, machine.name("descriptionClass"))?.as_str();
            let (mut text, bare): (Text, &[&str]) = match class.as_deref() {
                Some("nonRestrictiveClause") => {
                    let mut text = text_field(machine, &a, "description")?;
                    text.extend(&Text::known(","));
                    (text, &["noun", "conjunction"])
                }
                _ => (phrase(machine, &a, &["noun", "conjunction"])?, &["noun", "conjunction", "composite"]),
            };
            text.extend(&Text::known(" or "));
            text.extend(&phrase(machine, &b, bare)?);
            Ok(Val::of(Value::Str(Rc::new(text))))
        };
        text().unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)))
    });
    build(
        machine,
        Parts {
            name: Val::string("either").thunk(),
            description,
            class: "conjunction",
            check: check("either", vec![left.clone(), right.clone()]),
            merge: merge("types.either.merge", vec![left.clone(), right.clone()]),
            empty: None,
            nested: vec![("left", left), ("right", right)],
        },
    )
}

fn null_or(machine: &Machine<'_>, element: &Thunk) -> Val {
    build(
        machine,
        Parts {
            name: Val::string("nullOr").thunk(),
            description: described("null or ", element, &["noun", "conjunction"], ""),
            class: "conjunction",
            check: check("nullOr", vec![element.clone()]),
            merge: merge("types.nullOr.merge", vec![element.clone()]),
            empty: Some(Val::of(Value::Null).thunk()),
            nested: vec![("elemType", element.clone())],
        },
    )
}

fn list_of(machine: &Machine<'_>, element: &Thunk) -> Val {
    build(
        machine,
        Parts {
            name: Val::string("listOf").thunk(),
            description: described("list of ", element, &["noun", "composite"], ""),
            class: "composite",
            check: is_of("isList"),
            merge: merge("types.listOf.merge", vec![element.clone()]),
            empty: Some(Val::list(vec![]).thunk()),
            nested: vec![("elemType", element.clone())],
        },
    )
}

fn attrs_of(machine: &Machine<'_>, element: &Thunk, lazy: bool) -> Val {
    let (name, start) = match lazy {
        true => ("lazyAttrsOf", "lazy attribute set of "),
        false => ("attrsOf", "attribute set of "),
    };
    let is_lazy = Val::of(Value::Bool(lazy)).thunk();
    build(
        machine,
        Parts {
            name: Val::string(name).thunk(),
            description: described(start, element, &["noun", "composite"], ""),
            class: "composite",
            check: is_of("isAttrs"),
            merge: merge("types.attrsOf.merge", vec![element.clone(), is_lazy]),
            empty: Some(set(machine, vec![]).thunk()),
            nested: vec![("elemType", element.clone())],
        },
    )
}

fn deferred(machine: &Machine<'_>, modules: Thunk) -> Val {
    simple(
        machine,
        "deferredModule",
        "module",
        check("module", vec![]),
        merge("types.deferredModule.merge", vec![modules]),
    )
}

/// `serializableValueWith`
fn serializable(machine: &Machine<'_>, format: &'static str, nullable: bool) -> Val {
    let inner = || Thunk::later(move |machine| serializable(machine, format, nullable));
    let mut base = plain(machine, "bool");
    for next in ["int", "float", "str", "path"] {
        base =
            base.zip(plain(machine, next)).map(|(left, right)| either(machine, left.thunk(), right.thunk()));
    }
    let base = base.unwrap_or_else(|| Val::unknown(Reason::Several));
    let base = either(machine, base.thunk(), attrs_of(machine, &inner(), false).thunk());
    let base = either(machine, base.thunk(), list_of(machine, &inner()).thunk());
    let val = if nullable { null_or(machine, &base.thunk()) } else { base };
    with_field(machine, &val, "description", Val::string(format!("{format} value")))
}

fn submodule(machine: &Machine<'_>, argument: &Val, description: Option<Thunk>) -> Outcome {
    let optional = |name: &str, default: Value| {
        field(machine, argument, name).map(|thunk| thunk.unwrap_or_else(|| Val::of(default).thunk()))
    };
    let Some(modules) = field(machine, argument, "modules")? else {
        return Err(error("function `submoduleWith` called without required argument `modules`"));
    };
    let special_args = optional("specialArgs", Value::Attrs(Rc::default()))?;
    let shorthand = optional("shorthandOnlyDefinesConfig", Value::Bool(false))?;
    let unknown = || Val::unknown(Reason::NotModelled("an option of a submodule".to_owned())).thunk();
    Ok(build(
        machine,
        Parts {
            name: Val::string("submodule").thunk(),
            description: description.unwrap_or_else(unknown),
            class: "",
            check: check("module", vec![]),
            merge: merge("types.submodule.merge", vec![modules, special_args, shorthand]),
            empty: Some(unknown()),
            nested: vec![],
        },
    ))
}

fn enum_description(machine: &Machine<'_>, values: &Thunk) -> Result<String, Unknown> {
    let mut texts = Vec::new();
    for value in builtins::closed_list(machine, values)? {
        let val = machine.force(&value);
        texts.push(match &val.value {
            Value::Str(text) => format!("\"{}\"", text.exact().ok_or_else(several)?),
            Value::Int(value) => value.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => format!("<{}>", builtins::string(machine, &is_type_of(&value))?),
        });
    }
    Ok(match texts.as_slice() {
        [] => "impossible (empty enum)".to_owned(),
        [one] => format!("value {one} (singular enum)"),
        many => format!("one of {}", many.join(", ")),
    })
}

fn is_type_of(value: &Thunk) -> Thunk {
    builtins::later(&is_of("typeOf").thunk(), vec![value.clone()], None)
}

/// The tables of this module.
#[cfg(test)]
pub(super) static TABLES: [Table; 4] = [FUNCTIONS, BETWEEN, CHECKS, MERGES];
