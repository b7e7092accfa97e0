//! Merging by type: what lib/types.nix does with the definitions that count.

use std::rc::Rc;

use super::check::check;
use super::definition::{self, Def, Raw, Wrap, defined};
use super::level::Declaration;
use super::plain::{
    by_default, by_or, equal, first_of, is_no_wrapper, is_scalar, joined, one, unknown_among, update,
};
use super::types::{self, Inner, Merge, Type};
use super::{Cx, error, several, shape, submodule};
use crate::eval::{
    Attrs, Condition, Element, Entry, List, Name, Reason, Thunk, Unknown, Val, Value, is_error,
};

/// What definitions come to.
pub(super) struct Merged {
    /// When there is one.
    pub defined: Condition,
    pub value: Thunk,
}

/// `evalOptionValue`: the value of a declared option.
pub(super) fn of_option(
    cx: Cx<'_, '_>,
    name: &Rc<str>,
    declaration: &Declaration,
    raws: &[Raw],
    level: usize,
) -> Val {
    let mut all = Vec::with_capacity(raws.len() + 1);
    if let Some(default) = &declaration.default {
        let wraps = vec![Wrap::Override(definition::OPTION_DEFAULT, level)];
        all.push(Raw { wraps, value: default.clone() });
    }
    all.extend(raws.iter().cloned());
    if declaration.read_only && all.len() > 1 {
        return error("a read-only option is set more than once");
    }
    let merged = merge_definitions(cx, name, &declaration.ty, &all, level);
    let value = value_or_empty(cx, &declaration.ty, merged);
    match &declaration.apply {
        Some(apply) => cx.settle(cx.machine.apply(&cx.force(apply), value.thunk(), None)),
        None => value,
    }
}

/// `mergeDefinitions`.
pub(super) fn merge_definitions(
    cx: Cx<'_, '_>,
    name: &Rc<str>,
    ty: &Rc<Type>,
    raws: &[Raw],
    level: usize,
) -> Merged {
    let defs = match &ty.merge {
        Merge::Shape => shape::counting(cx, raws, level, level),
        _ => definition::definitions(cx, raws, level),
    };
    let defined = defined(&defs);
    let (ty, name) = (ty.clone(), name.clone());
    let defs = Rc::new(defs);
    let value = cx.later(move |cx| checked(cx, &name, &ty, &defs, level));
    Merged { defined, value }
}

/// `mergedValue`: the merged definitions, or what a type has without any.
fn value_or_empty(cx: Cx<'_, '_>, ty: &Type, merged: Merged) -> Val {
    let missing = |cx| empty(cx, ty).unwrap_or_else(|| error("an option is used and not defined"));
    match &merged.defined {
        Condition::True => cx.force(&merged.value),
        Condition::False => missing(cx),
        // Lists and sets are empty where nobody says anything.
        _ if matches!(ty.merge, Merge::List(_) | Merge::Set { .. } | Merge::Update) => {
            cx.force(&merged.value)
        }
        condition => Val::of(Value::Choice(Rc::new([
            (condition.clone(), merged.value.clone()),
            (condition.not(), missing(cx).thunk()),
        ]))),
    }
}

/// `emptyValue`: what there is where nobody says anything.
pub(super) fn empty(cx: Cx<'_, '_>, ty: &Type) -> Option<Val> {
    match &ty.merge {
        Merge::Submodule(inner) => Some(submodule::evaluate(cx, inner, &"‹name›".into(), &[])),
        Merge::Unique(inner) => empty(cx, &inner.get(cx)),
        Merge::Coerced { to, .. } => empty(cx, &to.get(cx)),
        Merge::Opaque(unknown) => Some(Val::of(Value::Unknown(unknown.clone()))),
        _ => ty.empty.as_ref().map(|empty| cx.force(empty)),
    }
}

/// The definitions merged, where each is of the type.
fn checked(cx: Cx<'_, '_>, name: &Rc<str>, ty: &Type, defs: &[Def], level: usize) -> Val {
    // What fails is in Nix the end of the whole option.
    for def in defs.iter().filter(|def| def.condition == Condition::True) {
        if let Value::Unknown(unknown) = &def.value.value
            && is_error(unknown)
        {
            return def.value.clone();
        }
        if check(cx, ty, &def.value) == Some(false) {
            return error("a definition is not of the type of its option");
        }
    }
    merge(cx, name, ty, defs, level)
}

/// `type.merge` for definitions of which there is at least one.
fn merge(cx: Cx<'_, '_>, name: &Rc<str>, ty: &Type, defs: &[Def], level: usize) -> Val {
    match &ty.merge {
        Merge::Default => by_default(cx, defs),
        Merge::One => one(defs),
        Merge::Anything => anything(cx, defs, level),
        Merge::Equal => equal(cx, defs),
        Merge::Line => {
            let val = equal(cx, defs);
            match val.as_str() {
                Some(text) => match text.strip_suffix('\n') {
                    Some(line) => Val::at(Val::string(line).value, val.span),
                    None => val,
                },
                None => val,
            }
        }
        Merge::Or => by_or(cx, defs),
        Merge::Joined(separator) => match cx.force(separator).as_str() {
            Some(separator) => joined(cx, &separator, defs),
            None => several(),
        },
        Merge::Update => update(defs, cx),
        Merge::List(element) => list(cx, &element.get(cx), defs, level),
        Merge::Set { element, lazy } => set(cx, &element.get(cx), *lazy, defs, level),
        Merge::Submodule(inner) => submodule::evaluate(cx, inner, name, defs),
        Merge::NullOr(inner) => null_or(cx, name, &inner.get(cx), defs, level),
        Merge::Either(left, right) => either(cx, name, left, right, defs, level),
        Merge::Coerced { from, function, to } => {
            let from = from.get(cx);
            let coerced = defs.iter().map(|def| Def {
                condition: def.condition.clone(),
                priority: def.priority,
                value: coerce(cx, &from, function, &def.value),
            });
            checked(cx, name, &to.get(cx), &coerced.collect::<Vec<_>>(), level)
        }
        Merge::Unique(inner) => match defs {
            [_] => merge(cx, name, &inner.get(cx), defs, level),
            _ => one(defs),
        },
        Merge::Function(_) => match defs {
            [def] => def.value.clone(),
            _ => several(),
        },
        Merge::Tagged(tags) => match cx.machine.set(&cx.force(tags)) {
            Ok(tags) => tag(cx, &tags, defs, level),
            Err(unknown) => Val::of(Value::Unknown(unknown)),
        },
        Merge::Deferred(modules) => deferred(cx, modules, defs),
        Merge::Own(function) => own(cx, name, function, defs),
        Merge::Shape => shape::by_shape(cx, defs, level),
        Merge::Opaque(unknown) => match defs {
            // One value that is no list and no set is hardly made into another.
            [def] if def.condition == Condition::True && is_scalar(&def.value) => def.value.clone(),
            _ => Val::of(Value::Unknown(unknown.clone())),
        },
    }
}

/// `deferredModule`: a module that imports the definitions.
fn deferred(cx: Cx<'_, '_>, modules: &Thunk, defs: &[Def]) -> Val {
    if defs.iter().any(|def| def.condition != Condition::True) {
        return several();
    }
    match types::elements(cx, modules) {
        Ok(mut imports) => {
            imports.extend(defs.iter().map(|def| def.value.clone().thunk()));
            let imports = Entry::of(Val::list(imports).thunk());
            let entries = vec![(cx.machine.name("imports"), imports)];
            Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries))))
        }
        Err(unknown) => Val::of(Value::Unknown(unknown)),
    }
}

/// A `merge` of the project's own, which gets the location and the definitions.
fn own(cx: Cx<'_, '_>, name: &Rc<str>, function: &Val, defs: &[Def]) -> Val {
    if defs.iter().any(|def| def.condition != Condition::True) {
        return several();
    }
    let definition = |def: &Def| {
        let entries = vec![
            (cx.machine.name("file"), Entry::of(Val::string("<unknown-file>").thunk())),
            (cx.machine.name("value"), Entry::of(def.value.clone().thunk())),
        ];
        Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries)))).thunk()
    };
    let defs = Val::list(defs.iter().map(definition).collect()).thunk();
    let location = Val::list(vec![Val::string(name).thunk()]).thunk();
    cx.settle(cx.machine.apply_all(function, [location, defs], None))
}

/// `listOf`: every element is an option of its own.
pub(super) fn list(cx: Cx<'_, '_>, element: &Rc<Type>, defs: &[Def], level: usize) -> Val {
    let mut result = List::default();
    for (number, def) in defs.iter().enumerate() {
        let list = match cx.machine.list(&def.value) {
            Ok(list) => list,
            Err(unknown) if is_error(&unknown) => return Val::of(Value::Unknown(unknown)),
            Err(unknown) => {
                result.open = Some(unknown);
                continue;
            }
        };
        for (at, one) in list.elements.iter().enumerate() {
            let condition = def.condition.and(&cx.decided(&one.condition));
            if condition == Condition::False {
                continue;
            }
            let name = format!("[definition {}-entry {}]", number + 1, at + 1).into();
            let raws = [Raw::plain(one.value.clone())];
            let merged = merge_definitions(cx, &name, element, &raws, level + 1);
            let condition = condition.and(&merged.defined);
            if condition != Condition::False {
                result.elements.push(Element { value: merged.value, condition });
            }
        }
        result.open = result.open.or_else(|| list.open.clone());
    }
    if matches!(element.merge, Merge::Shape) && !shape::outdo_nixpkgs(defs) {
        // Lists of all modules are joined.
        result.open.get_or_insert_with(shape::elsewhere);
    }
    let span = if let [def] = defs { def.value.span } else { None };
    Val::at(Value::List(Rc::new(result)), span)
}

/// `attrsOf` and `lazyAttrsOf`: every name is an option of its own.
pub(super) fn set(cx: Cx<'_, '_>, element: &Rc<Type>, lazy: bool, defs: &[Def], level: usize) -> Val {
    let mut result = Attrs::default();
    let mut names: Vec<(Name, Entry, Vec<Raw>)> = Vec::new();
    let mut places: rustc_hash::FxHashMap<Name, usize> = rustc_hash::FxHashMap::default();
    for def in defs {
        match definition::names_of(cx, &def.value) {
            Ok(attrs) => {
                for (name, entry) in &attrs.entries {
                    let condition = def.condition.and(&cx.decided(&entry.condition));
                    if condition == Condition::False {
                        continue;
                    }
                    let raw = Raw::when(entry.value.clone(), &condition);
                    let at = *places.entry(*name).or_insert_with(|| {
                        names.push((
                            *name,
                            Entry { condition: Condition::False, ..entry.clone() },
                            Vec::new(),
                        ));
                        names.len() - 1
                    });
                    names[at].1.condition = names[at].1.condition.or(&condition);
                    names[at].2.push(raw);
                }
                result.open = result.open.take().or_else(|| attrs.open.clone());
            }
            Err(unknown) if is_error(&unknown) => return Val::of(Value::Unknown(unknown)),
            Err(unknown) => result.open = Some(unknown),
        }
    }
    for def in defs {
        let Ok(attrs) = definition::names_of(cx, &def.value) else { continue };
        for (pattern, entry) in &attrs.patterns {
            // A computed name may be one of the known ones: then its value is one of several.
            for (name, _, raws) in &mut names {
                if crate::project::table::pattern_matches(pattern, &cx.machine.text_of(*name))
                    && let Ok(doubt) = cx.doubt(entry.key.or(entry.binding))
                {
                    raws.push(Raw::when(entry.value.clone(), &def.condition.and(&doubt)));
                }
            }
            let raws = [Raw::when(entry.value.clone(), &def.condition.and(&cx.decided(&entry.condition)))];
            let merged = merge_definitions(cx, &pattern.display().into(), element, &raws, level + 1);
            let condition = merged.defined.clone();
            if condition != Condition::False {
                result
                    .patterns
                    .push((pattern.clone(), Entry { value: merged.value, condition, ..entry.clone() }));
            }
        }
    }
    let mut entries = Vec::with_capacity(names.len());
    for (name, entry, raws) in names {
        let text = cx.machine.text_of(name);
        if lazy {
            let element = element.clone();
            let value = cx.later(move |cx| {
                let merged = merge_definitions(cx, &text, &element, &raws, level + 1);
                value_or_empty(cx, &element, merged)
            });
            entries.push((name, Entry { value, ..entry }));
        } else {
            let merged = merge_definitions(cx, &text, element, &raws, level + 1);
            if merged.defined != Condition::False {
                entries.push((name, Entry { value: merged.value, condition: merged.defined, ..entry }));
            }
        }
    }
    result.entries = Attrs::from_entries(entries).entries;
    if matches!(element.merge, Merge::Shape) {
        // Options of nixpkgs have defaults.
        result.open.get_or_insert_with(shape::elsewhere);
    }
    let span = if let [def] = defs { def.value.span } else { None };
    Val::at(Value::Attrs(Rc::new(result)), span)
}

fn null_or(cx: Cx<'_, '_>, name: &Rc<str>, inner: &Type, defs: &[Def], level: usize) -> Val {
    let is_null = |def: &&Def| matches!(def.value.value, Value::Null);
    let is_vague = |def: &&Def| match &def.value.value {
        Value::Unknown(_) | Value::Choice(_) => true,
        Value::Symbol(_) => defs.len() > 1 && !is_no_wrapper(&def.value),
        _ => false,
    };
    if let Some(vague) = defs.iter().find(is_vague) {
        return match defs {
            [only] => only.value.clone(),
            _ => Val::of(Value::Unknown(cx.machine.symbolic(&vague.value))),
        };
    }
    let (nulls, rest): (Vec<&Def>, Vec<&Def>) = defs.iter().partition(is_null);
    let (Some(null), false) = (nulls.first(), rest.is_empty()) else {
        return match nulls.first() {
            Some(null) => null.value.clone(),
            None => merge(cx, name, inner, defs, level),
        };
    };
    let certain = |defs: &[&Def]| defs.iter().any(|def| def.condition == Condition::True);
    if certain(&nulls) && certain(&rest) {
        return error("an option is null and not null");
    }
    let is_null = nulls.iter().fold(Condition::False, |sum, def| sum.or(&def.condition));
    let rest: Vec<Def> = rest.into_iter().cloned().collect();
    let otherwise = merge(cx, name, inner, &rest, level);
    if is_null == Condition::True {
        // Nix refuses both together, so the others do not hold.
        return null.value.clone();
    }
    Val::of(Value::Choice(Rc::new([
        (is_null.clone(), null.value.clone().thunk()),
        (is_null.not(), otherwise.thunk()),
    ])))
}

fn either(cx: Cx<'_, '_>, name: &Rc<str>, left: &Inner, right: &Inner, defs: &[Def], level: usize) -> Val {
    for ty in [left, right] {
        let ty = &ty.get(cx);
        let mut all = Some(true);
        for def in defs {
            match check(cx, ty, &def.value) {
                Some(true) => {}
                Some(false) if def.condition == Condition::True => {
                    all = Some(false);
                    break;
                }
                _ => all = None,
            }
        }
        match all {
            Some(true) => return merge(cx, name, ty, defs, level),
            Some(false) => {}
            // Not known by its check: one value stays what it is, unless it is made of parts.
            None if defs.len() == 1 => {
                return match &defs[0].value.value {
                    Value::Symbol(_) | Value::Str(_) => defs[0].value.clone(),
                    _ => Val::of(Value::Unknown(cx.machine.symbolic(&defs[0].value))),
                };
            }
            None => return first_if_scalars(defs),
        }
    }
    one(defs)
}

/// Definitions of several types under conditions: one of them holds.
fn first_if_scalars(defs: &[Def]) -> Val {
    if defs.iter().all(|def| is_scalar(&def.value)) { first_of(defs) } else { several() }
}

fn coerce(cx: Cx<'_, '_>, from: &Type, function: &Thunk, val: &Val) -> Val {
    match check(cx, from, val) {
        Some(true) => {
            let function = cx.force(function);
            let mut coerced = cx.settle(cx.machine.apply(&function, val.clone().thunk(), val.span));
            coerced.span = coerced.span.or(val.span);
            coerced
        }
        Some(false) => val.clone(),
        None => match &val.value {
            Value::Unknown(_) => val.clone(),
            _ => Val::of(Value::Unknown(cx.machine.symbolic(val))),
        },
    }
}

/// `attrTag`: one of several names, each an option.
fn tag(cx: Cx<'_, '_>, tags: &Rc<Attrs>, defs: &[Def], level: usize) -> Val {
    let mut choice: Option<Name> = None;
    let mut raws = Vec::new();
    for def in defs {
        let Value::Attrs(attrs) = &def.value.value else {
            return Val::of(Value::Unknown(cx.machine.symbolic(&def.value)));
        };
        match attrs.entries.as_slice() {
            [(name, entry)] if attrs.is_closed() && choice.is_none_or(|choice| choice == *name) => {
                choice = Some(*name);
                raws.push(Raw::when(entry.value.clone(), &def.condition));
            }
            _ if attrs.is_closed() && def.condition == Condition::True => return error("several tags"),
            _ => return several(),
        }
    }
    let Some(name) = choice else { return several() };
    let Some(declared) = tags.get(name) else { return error("not one of the tags") };
    let declaration = match crate::eval::option_declaration(cx.machine, &cx.force(&declared.value)) {
        Some(attrs) => Declaration::read(cx, &attrs),
        None => return Val::unknown(Reason::Several),
    };
    let text = cx.machine.text_of(name);
    let raws = Rc::new(raws);
    let value = cx.later(move |cx| of_option(cx, &text, &declaration, &raws, level + 1));
    Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![(name, Entry::of(value))]))))
}

/// `types.anything`: sets by name, everything else must be equal.
fn anything(cx: Cx<'_, '_>, defs: &[Def], level: usize) -> Val {
    if let Some(val) = unknown_among(cx, defs) {
        // One value is what it is; several are merged in a way that depends on what they are.
        return match defs {
            [def] => def.value.clone(),
            _ => val,
        };
    }
    let is_string_like = |attrs: &Attrs| {
        ["outPath", "__toString"].iter().any(|name| attrs.get(cx.machine.name(name)).is_some())
    };
    let sets = defs.iter().filter(|def| matches!(def.value.value, Value::Attrs(_))).count();
    if sets == defs.len() {
        let like: Vec<bool> = defs
            .iter()
            .map(|def| matches!(&def.value.value, Value::Attrs(attrs) if is_string_like(attrs)))
            .collect();
        if like.iter().all(|like| *like) {
            return one(defs);
        }
        if like.iter().any(|like| *like) {
            return several();
        }
        return set(cx, &Type::anything(), false, defs, level);
    }
    if defs.iter().all(|def| matches!(def.value.value, Value::Lambda(_) | Value::Primitive(_))) {
        return match defs {
            [def] => def.value.clone(),
            _ => several(),
        };
    }
    equal(cx, defs)
}

/// The type of what stands below the name of a set of this type, declared by nobody.
pub(super) fn step(cx: Cx<'_, '_>, ty: &Rc<Type>) -> Rc<Type> {
    match &ty.merge {
        Merge::Set { element, .. } => element.get(cx),
        Merge::Anything | Merge::Shape => ty.clone(),
        Merge::NullOr(inner) | Merge::Unique(inner) => step(cx, &inner.get(cx)),
        Merge::Either(left, right) => match step(cx, &left.get(cx)) {
            found if matches!(found.merge, Merge::Opaque(_)) => step(cx, &right.get(cx)),
            found => found,
        },
        _ => Type::opaque(Unknown::new(Reason::NotModelled("freeformType".to_owned()))),
    }
}

/// The types of several declarations of one option.
pub(super) fn merged_type(cx: Cx<'_, '_>, types: &[Rc<Type>]) -> Option<Rc<Type>> {
    let (first, rest) = types.split_first()?;
    rest.iter().try_fold(first.clone(), |sum, ty| types::merge(cx, &sum, ty))
}
