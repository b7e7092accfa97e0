//! How definitions of one option become its value: by the option's type, else by their shape.
//!
//! Must never choose between definitions that contradict each other.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::modules::{self, Plain, Raw, discharge};
use crate::eval::{
    Attrs, Call, Condition, Element, Entry, List, Machine, Name, Reason, Symbol, SymbolRoot, Text, Thunk,
    Unknown, Val, Value,
};

/// The options that every evaluation of modules has.
pub(super) fn base(machine: &Machine<'_>) -> Thunk {
    let set = |entries: Vec<(&str, Val)>| {
        let entries = entries.into_iter().map(|(name, val)| (machine.name(name), Entry::of(val.thunk())));
        Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect()))))
    };
    let named = |name: &str| Symbol {
        root: SymbolRoot::Library,
        path: vec![machine.name("types"), machine.name(name)],
    };
    let raw = Val::of(Value::Symbol(Rc::new(named("raw"))));
    let call = Call { function: named("lazyAttrsOf"), arguments: vec![raw.thunk()], span: None };
    let of_raw = Symbol { root: SymbolRoot::Call(Rc::new(call)), path: Vec::new() };
    let arguments = set(vec![
        ("_type", Val::string("option")),
        ("type", Val::of(Value::Symbol(Rc::new(of_raw)))),
        ("default", set(Vec::new())),
    ]);
    set(vec![("_module", set(vec![("args", arguments)]))]).thunk()
}

/// The value of definitions of an option of these types, which several declarations may give; `name` is
/// the attribute the option stands under.
pub(super) fn merge(machine: &Machine<'_>, kinds: &[Val], plain: Vec<Plain>, name: Option<Name>) -> Val {
    let kinds: Vec<Kind> = kinds.iter().filter_map(|kind| Kind::of(machine, kind)).collect();
    let Some(kind) = kinds.first() else { return by_shape(machine, plain) };
    if plain.is_empty() {
        return match &*kind.name {
            "submodule" | "submoduleWith" => submodule(machine, &kinds, plain, name),
            _ => Val::error("the option has no value"),
        };
    }
    match &*kind.name {
        "attrsOf" | "lazyAttrsOf" | "attrsWith" => {
            let elements = kinds.iter().filter_map(|kind| kind.element(machine)).collect();
            attrs_of(machine, elements, &plain)
        }
        "listOf" | "nonEmptyListOf" => {
            let elements = kinds.iter().filter_map(|kind| kind.element(machine)).collect();
            list_of(machine, &Rc::new(elements), &plain)
        }
        "submodule" | "submoduleWith" => submodule(machine, &kinds, plain, name),
        "deferredModule" | "deferredModuleWith" => deferred(machine, &kinds, plain),
        "nullOr" => {
            let given: Vec<Plain> =
                plain.iter().filter(|plain| !matches!(plain.val.value, Value::Null)).cloned().collect();
            match given.is_empty() {
                true => Val::of(Value::Null),
                false => merge(machine, &kind.elements(machine), given, name),
            }
        }
        "uniq" | "unique" => merge(machine, &kind.elements(machine), plain, name),
        "coercedTo" => coerced(machine, kind, plain, name),
        "lines" => joined(machine, "\n", &plain),
        "commas" => joined(machine, ",", &plain),
        "envVar" => joined(machine, ":", &plain),
        "separatedString" => {
            let separator = kind.arguments.first().and_then(|text| machine.force(text).as_str());
            separator.map_or_else(|| Val::unknown(Reason::Several), |text| joined(machine, &text, &plain))
        }
        _ => by_shape(machine, plain),
    }
}

/// The value of definitions of an option whose type is not known.
pub(super) fn by_shape(machine: &Machine<'_>, plain: Vec<Plain>) -> Val {
    match plain.as_slice() {
        [] => Val::error("the option has no value"),
        [only] if only.condition == Condition::True => only.val.clone(),
        [only] => {
            let missing = Val::error("the option has no value").thunk();
            Val::of(Value::Choice(Rc::new([
                (only.condition.clone(), only.val.clone().thunk()),
                (only.condition.not(), missing),
            ])))
        }
        all if all.iter().all(|plain| matches!(plain.val.value, Value::Attrs(_))) => {
            attrs_of(machine, Vec::new(), all)
        }
        all if all.iter().all(|plain| matches!(plain.val.value, Value::List(_))) => {
            list_of(machine, &Rc::default(), all)
        }
        [first, rest @ ..] => {
            let same = |other: &Plain| match (&first.val.value, &other.val.value) {
                (Value::Bool(a), Value::Bool(b)) => a == b,
                (Value::Int(a), Value::Int(b)) => a == b,
                (Value::Path(a), Value::Path(b)) => a == b,
                (Value::Null, Value::Null) => true,
                _ => first.val.as_str().is_some_and(|text| other.val.as_str() == Some(text)),
            };
            let is_one = first.condition == Condition::True && rest.iter().all(same);
            if is_one { first.val.clone() } else { Val::unknown(Reason::Several) }
        }
    }
}

/// A type of `lib.types`, known by its name.
struct Kind {
    name: Rc<str>,
    arguments: Vec<Thunk>,
}

impl Kind {
    fn of(machine: &Machine<'_>, val: &Val) -> Option<Self> {
        let Value::Symbol(symbol) = &val.value else { return None };
        let (function, arguments) = match &symbol.root {
            SymbolRoot::Call(call) if symbol.path.is_empty() => (&call.function, call.arguments.clone()),
            _ => (&**symbol, Vec::new()),
        };
        if !matches!(function.root, SymbolRoot::Library) {
            return None;
        }
        Some(Self { name: machine.text_of(*function.path.last()?), arguments })
    }

    /// The type of what is inside.
    fn element(&self, machine: &Machine<'_>) -> Option<Thunk> {
        let argument = self.arguments.first()?;
        if &*self.name != "attrsWith" {
            return Some(argument.clone());
        }
        let set = machine.set(&machine.force(argument)).ok()?;
        set.get(machine.name("elemType")).map(|entry| entry.value.clone())
    }

    fn elements(&self, machine: &Machine<'_>) -> Vec<Val> {
        self.element(machine).iter().map(|kind| machine.force(kind)).collect()
    }

    /// A field of the set that the type is made from.
    fn field(&self, machine: &Machine<'_>, name: &str) -> Option<Thunk> {
        let set = machine.set(&machine.force(self.arguments.first()?)).ok()?;
        set.get(machine.name(name)).map(|entry| entry.value.clone())
    }

    fn list(&self, machine: &Machine<'_>, name: &str) -> Vec<(Thunk, Condition)> {
        let list = self.field(machine, name).and_then(|list| machine.list(&machine.force(&list)).ok());
        let elements = list.iter().flat_map(|list| &list.elements);
        elements.map(|element| (element.value.clone(), element.condition.clone())).collect()
    }

    /// Whether values of this type have the shape of `val`.
    fn fits(&self, val: &Val) -> Option<bool> {
        Some(match &*self.name {
            "str" | "nonEmptyStr" | "singleLineStr" | "lines" => matches!(val.value, Value::Str(_)),
            "path" => matches!(val.value, Value::Path(_) | Value::PathPattern(_)),
            "listOf" => matches!(val.value, Value::List(_)),
            "attrs" | "attrsOf" | "lazyAttrsOf" => matches!(val.value, Value::Attrs(_)),
            "bool" => matches!(val.value, Value::Bool(_) | Value::Condition(_)),
            "int" => matches!(val.value, Value::Int(_)),
            "functionTo" => matches!(val.value, Value::Lambda(_) | Value::Primitive(_)),
            _ => return None,
        })
    }
}

/// Definitions that are sets, key by key.
fn attrs_of(machine: &Machine<'_>, kinds: Vec<Thunk>, plain: &[Plain]) -> Val {
    let mut below: FxHashMap<Name, (Vec<Raw>, Entry)> = FxHashMap::default();
    let (mut patterns, mut open, mut fallback) = (Vec::new(), None, None);
    for plain in plain {
        let attrs = match machine.set(&plain.val) {
            Ok(attrs) => attrs,
            Err(unknown) => {
                open = Some(unknown);
                continue;
            }
        };
        open = open.or_else(|| attrs.open.clone());
        fallback = fallback.or_else(|| attrs.fallback.clone());
        patterns.extend(attrs.patterns.iter().cloned());
        for (name, entry) in &attrs.entries {
            let condition = plain.condition.and(&entry.condition);
            let raw = Raw { condition: condition.clone(), ..Raw::new(entry.value.clone()) };
            let (raws, known) = below.entry(*name).or_insert_with(|| (Vec::new(), entry.clone()));
            known.condition = if raws.is_empty() { condition } else { known.condition.or(&condition) };
            raws.push(raw);
        }
    }
    let kinds = Rc::new(kinds);
    let entries = below.into_iter().map(|(name, (raws, entry))| {
        let kinds = kinds.clone();
        let value = Thunk::later(move |machine| element(machine, &kinds, &raws, Some(name)));
        (name, Entry { value, ..entry })
    });
    let mut attrs = Attrs::from_entries(entries.collect());
    (attrs.patterns, attrs.open, attrs.fallback) = (patterns, open, fallback);
    let span = plain.first().and_then(|plain| plain.val.span);
    Val::at(Value::Attrs(Rc::new(attrs)), span)
}

fn element(machine: &Machine<'_>, kinds: &[Thunk], raws: &[Raw], name: Option<Name>) -> Val {
    // What has no type is nobody's business but its own.
    if let ([], [only]) = (kinds, raws)
        && only.condition == Condition::True
    {
        return machine.force(&only.value);
    }
    let kinds: Vec<Val> = kinds.iter().map(|kind| machine.force(kind)).collect();
    match discharge(machine, raws) {
        Ok(plain) => merge(machine, &kinds, plain, name),
        Err(unknown) => Val::of(Value::Unknown(unknown)),
    }
}

/// Definitions that are lists, one after the other.
fn list_of(machine: &Machine<'_>, kinds: &Rc<Vec<Thunk>>, plain: &[Plain]) -> Val {
    let mut result = List::default();
    for plain in plain {
        let list = match machine.list(&plain.val) {
            Ok(list) => list,
            Err(unknown) => {
                result.open = Some(unknown);
                continue;
            }
        };
        result.open = result.open.or_else(|| list.open.clone());
        for Element { value, condition } in &list.elements {
            let raw = Raw::new(value.clone());
            let kinds = kinds.clone();
            let value =
                Thunk::later(move |machine| element(machine, &kinds, std::slice::from_ref(&raw), None));
            result.elements.push(Element { value, condition: condition.and(&plain.condition) });
        }
    }
    Val::at(Value::List(Rc::new(result)), plain.first().and_then(|plain| plain.val.span))
}

/// A module system in an option: the type's modules and the definitions are its modules.
fn submodule(machine: &Machine<'_>, kinds: &[Kind], plain: Vec<Plain>, name: Option<Name>) -> Val {
    let mut modules: Vec<(Thunk, Condition)> = Vec::new();
    let mut special = Vec::new();
    let mut shorthand = false;
    for kind in kinds {
        match &*kind.name {
            "submodule" => {
                shorthand = true;
                modules.extend(kind.arguments.first().map(|module| (module.clone(), Condition::True)));
            }
            "submoduleWith" => {
                modules.extend(kind.list(machine, "modules"));
                let arguments = kind.field(machine, "specialArgs");
                let arguments = arguments.and_then(|set| machine.set(&machine.force(&set)).ok());
                special.extend(arguments.iter().flat_map(|set| set.entries.iter().cloned()));
                let only_config = kind.field(machine, "shorthandOnlyDefinesConfig");
                shorthand |=
                    only_config.is_some_and(|truth| matches!(machine.force(&truth).value, Value::Bool(true)));
            }
            _ => {}
        }
    }
    for plain in plain {
        let is_config = shorthand && matches!(plain.val.value, Value::Attrs(_));
        let val = match is_config {
            true => {
                let entry = (machine.name("config"), Entry::of(plain.val.thunk()));
                Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![entry]))))
            }
            false => plain.val,
        };
        modules.push((val.thunk(), plain.condition));
    }
    if let Some(name) = name {
        let text = Val::string(machine.text_of(name)).thunk();
        special.push((machine.name("name"), Entry::of(text)));
    }
    let config = modules::evaluate(modules::module_list(modules), Rc::new(Attrs::from_entries(special)));
    machine.force(&config)
}

/// A module that is kept for later: the definitions are what it imports.
fn deferred(machine: &Machine<'_>, kinds: &[Kind], plain: Vec<Plain>) -> Val {
    let mut modules: Vec<(Thunk, Condition)> =
        kinds.iter().flat_map(|kind| kind.list(machine, "staticModules")).collect();
    if let ([], [only]) = (modules.as_slice(), plain.as_slice())
        && only.condition == Condition::True
    {
        return only.val.clone();
    }
    modules.extend(plain.into_iter().map(|plain| (plain.val.thunk(), plain.condition)));
    let entry = (machine.name("imports"), Entry::of(modules::module_list(modules)));
    Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![entry]))))
}

/// `coercedTo from function to`.
fn coerced(machine: &Machine<'_>, kind: &Kind, plain: Vec<Plain>, name: Option<Name>) -> Val {
    let [from, function, to] = kind.arguments.as_slice() else { return by_shape(machine, plain) };
    let Some(from) = Kind::of(machine, &machine.force(from)) else { return by_shape(machine, plain) };
    let mut result = Vec::new();
    for plain in plain {
        let val = match from.fits(&plain.val) {
            Some(true) => machine.apply(&machine.force(function), plain.val.thunk(), None),
            Some(false) => plain.val,
            None => Val::unknown(Reason::Several),
        };
        result.push(Plain { val, ..plain });
    }
    merge(machine, &[machine.force(to)], result, name)
}

/// Definitions that are texts, with a separator between them.
fn joined(machine: &Machine<'_>, separator: &str, plain: &[Plain]) -> Val {
    let mut result = Text::default();
    for (index, plain) in plain.iter().enumerate() {
        let Value::Str(text) = &plain.val.value else {
            return Val::of(Value::Unknown(machine.symbolic(&plain.val)));
        };
        if plain.condition != Condition::True {
            return Val::of(Value::Unknown(Unknown::new(Reason::Several)));
        }
        if index > 0 {
            result.extend(&Text::known(separator));
        }
        result.extend(text);
    }
    Val::at(Value::Str(Rc::new(result)), plain.first().and_then(|plain| plain.val.span))
}
