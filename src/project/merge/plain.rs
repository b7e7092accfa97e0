//! Merging values as they are: what lib/options.nix of nixpkgs does with the definitions that count, and the types
//! of lib/types.nix that look no further.

use std::rc::Rc;

use super::definition::{self, Def};
use super::{Cx, error, several};
use crate::eval::{
    Attrs, Condition, Element, Entry, List, Name, SymbolRoot, Text, TextHole, TextPiece, Thunk, Val, Value,
    is_error,
};
use crate::text::HoleKind;

/// Alternatives that one value may have before it is unknown.
const MAX_ALTERNATIVES: usize = 8;

/// How deep values are compared.
const MAX_DEPTH: u32 = 64;

/// The values of definitions of which one is meant, the first that holds.
pub(super) fn first_of(defs: &[Def]) -> Val {
    if let [def] = defs {
        return def.value.clone();
    }
    let mut left = Condition::True;
    let mut alternatives = Vec::new();
    for def in defs {
        let here = left.and(&def.condition);
        if here != Condition::False {
            alternatives.push((here, def.value.clone().thunk()));
        }
        left = left.and(&def.condition.not());
    }
    match alternatives.as_slice() {
        [] => several(),
        [(Condition::True, _)] => defs[0].value.clone(),
        more if more.len() > MAX_ALTERNATIVES => several(),
        _ => Val::of(Value::Choice(alternatives.into())),
    }
}

/// `mergeOneOption`.
pub(super) fn one(defs: &[Def]) -> Val {
    let certain = defs.iter().filter(|def| def.condition == Condition::True).count();
    if certain > 1 {
        return error("an option that may be set once is set more than once");
    }
    first_of(defs)
}

/// `mergeEqualOption`.
pub(super) fn equal(cx: Cx<'_, '_>, defs: &[Def]) -> Val {
    let (first, rest) = match defs {
        [] => return several(),
        [def] => return def.value.clone(),
        [first, rest @ ..] => (first, rest),
    };
    let mut all_equal = Some(true);
    for def in rest {
        match same(cx, &first.value, &def.value) {
            Some(true) => {}
            Some(false) => {
                all_equal = Some(false);
                let both = first.condition == Condition::True && def.condition == Condition::True;
                if both {
                    return error("an option has several values");
                }
            }
            None => {
                if let Some(unknown) =
                    [&first.value, &def.value].into_iter().find_map(|val| match &val.value {
                        Value::Unknown(unknown) => Some(unknown.clone()),
                        _ => None,
                    })
                {
                    return Val::of(Value::Unknown(unknown));
                }
                all_equal = None;
            }
        }
    }
    match all_equal {
        Some(true) => first.value.clone(),
        // Nix refuses them where they differ.
        None if defs.iter().all(|def| is_no_wrapper(&def.value))
            && defs.iter().all(|def| def.condition == Condition::True) =>
        {
            first.value.clone()
        }
        _ => first_of(defs),
    }
}

/// `mergeDefaultOption`: by shape.
pub(super) fn by_default(cx: Cx<'_, '_>, defs: &[Def]) -> Val {
    let all = |test: &dyn Fn(&Value) -> bool| defs.iter().all(|def| test(&def.value.value));
    if let [def] = defs {
        return def.value.clone();
    }
    if let Some(val) = unknown_among(cx, defs) {
        return val;
    }
    if all(&|value| matches!(value, Value::List(_))) {
        return concatenated(cx, defs);
    }
    if all(&|value| matches!(value, Value::Attrs(_))) {
        return update(defs, cx);
    }
    if all(&|value| matches!(value, Value::Bool(_) | Value::Condition(_))) {
        return by_or(cx, defs);
    }
    if all(&|value| matches!(value, Value::Str(_))) {
        return joined(cx, "", defs);
    }
    if all(&|value| matches!(value, Value::Int(_))) {
        return equal(cx, defs);
    }
    if all(&|value| matches!(value, Value::Lambda(_) | Value::Primitive(_))) {
        return several();
    }
    error("definitions that cannot be merged")
}

pub(super) fn by_or(cx: Cx<'_, '_>, defs: &[Def]) -> Val {
    let mut any = Condition::False;
    for def in defs {
        match cx.machine.condition(&def.value, def.value.span) {
            Ok(truth) => any = any.or(&def.condition.and(&truth)),
            Err(unknown) => return Val::of(Value::Unknown(unknown)),
        }
    }
    Val::of(match cx.decided(&any) {
        Condition::True => Value::Bool(true),
        Condition::False => Value::Bool(false),
        any => Value::Condition(any),
    })
}

/// Strings with a separator.
pub(super) fn joined(cx: Cx<'_, '_>, separator: &str, defs: &[Def]) -> Val {
    if let [def] = defs {
        return def.value.clone();
    }
    let mut text = Text::default();
    for (at, def) in defs.iter().enumerate() {
        let piece = match &def.value.value {
            Value::Str(piece) => (**piece).clone(),
            Value::Unknown(unknown) if is_error(unknown) => return def.value.clone(),
            Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => any_text(&def.value),
            _ => return error("a string was expected"),
        };
        if def.condition == Condition::True {
            if at > 0 && !separator.is_empty() {
                text.extend(&Text::known(separator));
            }
            text.extend(&piece);
        } else {
            text.extend(&any_text(&def.value));
        }
        if let Err(unknown) = cx.machine.charge(text.weight()) {
            return Val::of(Value::Unknown(unknown));
        }
    }
    Val::of(Value::Str(Rc::new(neighbours_joined(text))))
}

/// `types.attrs`: the later wins, name by name.
pub(super) fn update(defs: &[Def], cx: Cx<'_, '_>) -> Val {
    if let [def] = defs
        && def.condition == Condition::True
    {
        return def.value.clone();
    }
    let mut result = Attrs::default();
    let mut values: Vec<(Name, Vec<(Condition, Entry)>)> = Vec::new();
    for def in defs {
        match definition::names_of(cx, &def.value) {
            Ok(attrs) => {
                for (name, entry) in &attrs.entries {
                    let condition = def.condition.and(&cx.decided(&entry.condition));
                    match values.iter_mut().find(|(own, _)| own == name) {
                        Some((_, entries)) => entries.push((condition, entry.clone())),
                        None => values.push((*name, vec![(condition, entry.clone())])),
                    }
                }
                result.patterns.extend(attrs.patterns.iter().cloned());
                result.open = result.open.take().or_else(|| attrs.open.clone());
            }
            Err(unknown) if is_error(&unknown) => return Val::of(Value::Unknown(unknown)),
            Err(unknown) => result.open = Some(unknown),
        }
    }
    let mut entries = Vec::new();
    for (name, mut all) in values {
        all.reverse();
        let condition = all.iter().fold(Condition::False, |sum, (condition, _)| sum.or(condition));
        if condition == Condition::False {
            continue;
        }
        let last = all[0].1.clone();
        let defs = all.into_iter().map(|(condition, entry)| (condition, entry.value));
        let defs: Rc<[(Condition, Thunk)]> = defs.collect();
        let value = match &*defs {
            [(Condition::True, value), ..] => value.clone(),
            _ => cx.later(move |cx| {
                let defs = defs.iter().map(|(condition, value)| Def {
                    condition: condition.clone(),
                    priority: definition::PLAIN,
                    value: cx.force(value),
                });
                first_of(&defs.collect::<Vec<_>>())
            }),
        };
        entries.push((name, Entry { value, condition, ..last }));
    }
    result.entries = Attrs::from_entries(entries).entries;
    Val::of(Value::Attrs(Rc::new(result)))
}

/// Lists one after the other, their elements as they are.
fn concatenated(cx: Cx<'_, '_>, defs: &[Def]) -> Val {
    let mut result = List::default();
    for def in defs {
        match cx.machine.list(&def.value) {
            Ok(list) => {
                result.elements.extend(list.elements.iter().map(|element| Element {
                    value: element.value.clone(),
                    condition: def.condition.and(&element.condition),
                }));
                result.open = result.open.or_else(|| list.open.clone());
            }
            Err(unknown) if is_error(&unknown) => return Val::of(Value::Unknown(unknown)),
            Err(unknown) => result.open = Some(unknown),
        }
    }
    Val::of(Value::List(Rc::new(result)))
}

/// Whether two values are equal in Nix; `None` where that is not known.
pub(super) fn same(cx: Cx<'_, '_>, a: &Val, b: &Val) -> Option<bool> {
    same_at(cx, a, b, 0)
}

fn same_at(cx: Cx<'_, '_>, a: &Val, b: &Val, depth: u32) -> Option<bool> {
    if depth > MAX_DEPTH || cx.machine.charge(1).is_err() {
        return None;
    }
    match (&a.value, &b.value) {
        (
            Value::Unknown(_)
            | Value::Symbol(_)
            | Value::Choice(_)
            | Value::Condition(_)
            | Value::PathPattern(_),
            _,
        )
        | (
            _,
            Value::Unknown(_)
            | Value::Symbol(_)
            | Value::Choice(_)
            | Value::Condition(_)
            | Value::PathPattern(_),
        ) => None,
        (Value::Null, Value::Null) => Some(true),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::Int(a), Value::Int(b)) => Some(a == b),
        (Value::Float(a), Value::Float(b)) => Some(a == b),
        (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => Some(*a as f64 == *b),
        (Value::Str(a), Value::Str(b)) => match (a.exact(), b.exact()) {
            (Some(a), Some(b)) => Some(a == b),
            _ => None,
        },
        (Value::Path(a), Value::Path(b)) => Some(a == b),
        (Value::List(a), Value::List(b)) => {
            let certain = |list: &List| {
                list.open.is_none() && list.elements.iter().all(|one| one.condition == Condition::True)
            };
            if !certain(a) || !certain(b) {
                return None;
            }
            if a.elements.len() != b.elements.len() {
                return Some(false);
            }
            let mut result = Some(true);
            for (a, b) in a.elements.iter().zip(&b.elements) {
                match same_at(cx, &cx.force(&a.value), &cx.force(&b.value), depth + 1) {
                    Some(false) => return Some(false),
                    Some(true) => {}
                    None => result = None,
                }
            }
            result
        }
        (Value::Attrs(a), Value::Attrs(b)) => {
            let certain = |set: &Attrs| {
                set.is_closed() && set.entries.iter().all(|(_, entry)| entry.condition == Condition::True)
            };
            if !certain(a) || !certain(b) {
                return None;
            }
            if a.entries.len() != b.entries.len() || a.entries.iter().zip(&b.entries).any(|(a, b)| a.0 != b.0)
            {
                return Some(false);
            }
            let mut result = Some(true);
            for ((_, a), (_, b)) in a.entries.iter().zip(&b.entries) {
                match same_at(cx, &cx.force(&a.value), &cx.force(&b.value), depth + 1) {
                    Some(false) => return Some(false),
                    Some(true) => {}
                    None => result = None,
                }
            }
            result
        }
        // Functions are equal to nothing.
        _ => Some(false),
    }
}

/// Why definitions are not known by their shape.
pub(super) fn unknown_among(cx: Cx<'_, '_>, defs: &[Def]) -> Option<Val> {
    defs.iter().find_map(|def| match &def.value.value {
        Value::Unknown(unknown) => Some(Val::of(Value::Unknown(unknown.clone()))),
        Value::Symbol(_) | Value::Choice(_) => Some(Val::of(Value::Unknown(cx.machine.symbolic(&def.value)))),
        _ => None,
    })
}

pub(super) fn is_scalar(val: &Val) -> bool {
    matches!(
        val.value,
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Path(_)
    )
}

/// Whether a value that is known by name only cannot be one that `mkIf` or `mkForce` gave.
pub(super) fn is_no_wrapper(val: &Val) -> bool {
    match &val.value {
        Value::Symbol(symbol) => matches!(symbol.root, SymbolRoot::Packages(_) | SymbolRoot::Config(_)),
        value => !matches!(value, Value::Unknown(_) | Value::Choice(_)),
    }
}

fn any_text(val: &Val) -> Text {
    Text::hole(TextHole { kind: HoleKind::Any, may_be_empty: true, span: val.span, value: Some(val.clone()) })
}

/// One hole for several in a row: they stand for anything anyway.
fn neighbours_joined(mut text: Text) -> Text {
    text.pieces.dedup_by(|next, previous| {
        matches!((&*previous, &*next), (TextPiece::Hole(a), TextPiece::Hole(b)) if a.kind == HoleKind::Any && b.kind == HoleKind::Any)
    });
    text
}
