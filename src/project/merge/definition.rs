//! Definitions and what is wrapped around them: `mkIf`, `mkMerge`, priorities, order.
//!
//! Follows `pushDownProperties`, `dischargeProperties`, `filterOverrides` and `sortProperties` of
//! lib/modules.nix, which do not look everywhere: an override ends the search for conditions.

use super::{Cx, alias, error};
use crate::eval::{
    Attrs, Condition, Entry, Name, Reason, Thunk, Unknown, Val, Value, Wrapper, is_error, wrapper,
};
use crate::text::Span;

/// Priority of a plain definition (`lib.modules.defaultOverridePriority`).
pub(super) const PLAIN: i64 = 100;

/// Priority of an option's default (`lib.mkOptionDefault`).
pub(super) const OPTION_DEFAULT: i64 = 1500;

/// Place of a plain definition (`lib.modules.defaultOrderPriority`).
const MIDDLE: i64 = 1000;

/// How deep wrappers may be in each other.
const MAX_DEPTH: u32 = 60;

/// Something around a definition.
#[derive(Clone)]
pub(super) enum Wrap {
    /// `mkIf`, its condition not computed.
    If(Thunk, Option<Span>),
    /// A condition that is there already.
    When(Condition),
    /// `mkOverride`: the priority, and the number of names above it.
    Override(i64, usize),
}

/// A definition as it stands.
#[derive(Clone)]
pub(super) struct Raw {
    /// Outermost first.
    pub wraps: Vec<Wrap>,
    pub value: Thunk,
}

/// A definition without wrappers around its value, those that were there beside it.
pub(super) struct Pushed {
    pub wraps: Vec<Wrap>,
    pub value: Val,
}

impl Pushed {
    /// The set that it is, if it is one.
    pub(super) fn attrs(&self) -> Option<&Attrs> {
        match &self.value.value {
            Value::Attrs(attrs) => Some(attrs),
            _ => None,
        }
    }

    /// What it says of a name, if it is a set that has it.
    pub(super) fn entry(&self, name: Name) -> Option<&Entry> {
        self.attrs()?.get(name)
    }
}

/// A definition that counts under a condition.
#[derive(Clone)]
pub(super) struct Def {
    pub condition: Condition,
    pub priority: i64,
    pub value: Val,
}

/// A definition with its wrappers taken off.
pub(super) struct Discharged {
    pub condition: Condition,
    /// Priorities, outermost first, with the number of names above each.
    pub overrides: Vec<(i64, usize)>,
    pub order: i64,
    pub value: Val,
}

impl Discharged {
    /// Its priority where it counts: an outer one ends the search for others.
    pub(super) fn priority(&self) -> i64 {
        self.overrides.first().map_or(PLAIN, |(priority, _)| *priority)
    }
}

impl Raw {
    pub(super) fn plain(value: Thunk) -> Self {
        Self { wraps: Vec::new(), value }
    }

    pub(super) fn when(value: Thunk, condition: &Condition) -> Self {
        let wraps = match condition {
            Condition::True => Vec::new(),
            condition => vec![Wrap::When(condition.clone())],
        };
        Self { wraps, value }
    }
}

/// The sets that a definition of a namespace consists of, with the wrappers that go down to their values.
pub(super) fn push_down(cx: Cx<'_, '_>, raw: &Raw, level: usize) -> Vec<Pushed> {
    let mut result = Vec::new();
    push(cx, raw.wraps.clone(), &raw.value, level, 0, &mut result);
    result
}

fn push(cx: Cx<'_, '_>, wraps: Vec<Wrap>, value: &Thunk, level: usize, depth: u32, result: &mut Vec<Pushed>) {
    let with = |wrap: Wrap| {
        let mut wraps = wraps.clone();
        wraps.push(wrap);
        wraps
    };
    if depth > MAX_DEPTH || cx.machine.charge(1).is_err() {
        result.push(Pushed { wraps, value: Val::unknown(Reason::Fuel) });
        return;
    }
    let val = cx.force(value);
    match wrapper(cx.machine, &val) {
        Some(Wrapper::If(condition, content)) => {
            push(cx, with(Wrap::If(condition, val.span)), &content, level, depth + 1, result);
        }
        Some(Wrapper::Merge(contents)) => {
            let contents = cx.force(&contents);
            match cx.machine.list(&contents) {
                Ok(list) => {
                    for element in &list.elements {
                        let wraps = match &element.condition {
                            Condition::True => wraps.clone(),
                            condition => with(Wrap::When(condition.clone())),
                        };
                        push(cx, wraps, &element.value, level, depth + 1, result);
                    }
                    if let Some(open) = &list.open {
                        result.push(Pushed { wraps, value: Val::of(Value::Unknown(open.clone())) });
                    }
                }
                Err(unknown) => result.push(Pushed { wraps, value: Val::of(Value::Unknown(unknown)) }),
            }
        }
        Some(Wrapper::Override(priority, content)) => {
            push(cx, with(Wrap::Override(priority, level)), &content, level, depth + 1, result);
        }
        // The module system does not look into it.
        Some(Wrapper::Order(..)) => {
            result.push(Pushed { wraps, value: error("`mkOrder` around a namespace") })
        }
        None => match &val.value {
            Value::Choice(choice) => {
                for (condition, thunk) in choice.iter() {
                    push(cx, with(Wrap::When(condition.clone())), thunk, level, depth + 1, result);
                }
            }
            _ => match alias::definitions(cx, &val) {
                Some(definitions) => {
                    for (condition, priority, value) in definitions {
                        let mut wraps = with(Wrap::When(condition));
                        wraps.push(Wrap::Override(priority, level));
                        push(cx, wraps, &value.thunk(), level, depth + 1, result);
                    }
                }
                None => result.push(Pushed { wraps, value: val }),
            },
        },
    }
}

/// The values that a definition comes to, with their conditions. `deep` takes wrappers off where the module
/// system would not look for them.
pub(super) fn discharge(cx: Cx<'_, '_>, raw: &Raw, level: usize, deep: bool, result: &mut Vec<Discharged>) {
    let mut condition = Condition::True;
    let mut overrides = Vec::new();
    for wrap in &raw.wraps {
        if !overrides.is_empty() && !deep {
            let value = error("a definition inside of `mkOverride` is wrapped");
            result.push(Discharged { condition, overrides, order: MIDDLE, value });
            return;
        }
        match wrap {
            Wrap::Override(priority, level) => overrides.push((*priority, *level)),
            Wrap::If(thunk, span) => match truth(cx, thunk, *span) {
                Ok(truth) => condition = condition.and(&truth),
                Err(unknown) => {
                    let value = Val::of(Value::Unknown(unknown));
                    result.push(Discharged { condition, overrides, order: MIDDLE, value });
                    return;
                }
            },
            Wrap::When(when) => condition = condition.and(&cx.decided(when)),
        }
        if condition == Condition::False {
            return;
        }
    }
    let start = Discharged { condition, overrides, order: MIDDLE, value: Val::of(Value::Null) };
    unwrap(cx, start, &raw.value, Search { level, deep, in_order: false, depth: 0 }, result);
}

#[derive(Clone, Copy)]
struct Search {
    level: usize,
    deep: bool,
    in_order: bool,
    depth: u32,
}

fn unwrap(cx: Cx<'_, '_>, outer: Discharged, value: &Thunk, search: Search, result: &mut Vec<Discharged>) {
    let Search { level, deep, in_order, depth } = search;
    let deeper = Search { depth: depth + 1, ..search };
    let fail = |outer: Discharged, unknown: Unknown, result: &mut Vec<Discharged>| {
        result.push(Discharged { value: Val::of(Value::Unknown(unknown)), ..outer });
    };
    if depth > MAX_DEPTH || cx.machine.charge(1).is_err() {
        return fail(outer, Unknown::new(Reason::Fuel), result);
    }
    let val = cx.force(value);
    // Below an override only an order is looked for, and below that nothing.
    let ended = !deep && (in_order || !outer.overrides.is_empty());
    match wrapper(cx.machine, &val) {
        Some(Wrapper::Order(order, content)) if !in_order || deep => {
            unwrap(cx, Discharged { order, ..outer }, &content, Search { in_order: true, ..deeper }, result);
        }
        Some(_) if ended => {
            fail(outer, Unknown::new(Reason::Error("a wrapper where none is taken off".to_owned())), result);
        }
        Some(Wrapper::If(condition, content)) => match truth(cx, &condition, val.span) {
            Ok(truth) => {
                let condition = outer.condition.and(&truth);
                if condition != Condition::False {
                    unwrap(cx, Discharged { condition, ..outer }, &content, deeper, result);
                }
            }
            Err(unknown) => fail(outer, unknown, result),
        },
        Some(Wrapper::Merge(contents)) => match cx.machine.list(&cx.force(&contents)) {
            Ok(list) => {
                for element in &list.elements {
                    let condition = outer.condition.and(&cx.decided(&element.condition));
                    if condition != Condition::False {
                        let outer = Discharged {
                            condition,
                            overrides: outer.overrides.clone(),
                            order: outer.order,
                            value: Val::of(Value::Null),
                        };
                        unwrap(cx, outer, &element.value, deeper, result);
                    }
                }
                if let Some(open) = &list.open {
                    fail(outer, open.clone(), result);
                }
            }
            Err(unknown) => fail(outer, unknown, result),
        },
        Some(Wrapper::Override(priority, content)) => {
            let mut overrides = outer.overrides;
            overrides.push((priority, level));
            unwrap(cx, Discharged { overrides, ..outer }, &content, deeper, result);
        }
        Some(Wrapper::Order(..)) => {
            fail(outer, Unknown::new(Reason::Error("`mkOrder` in `mkOrder`".to_owned())), result);
        }
        None => match &val.value {
            Value::Choice(choice) => {
                for (condition, thunk) in choice.iter() {
                    let condition = outer.condition.and(condition);
                    if condition == Condition::False {
                        continue;
                    }
                    let outer = Discharged {
                        condition,
                        overrides: outer.overrides.clone(),
                        order: outer.order,
                        value: Val::of(Value::Null),
                    };
                    unwrap(cx, outer, thunk, deeper, result);
                }
            }
            _ => match alias::definitions(cx, &val) {
                Some(definitions) => {
                    for (condition, priority, value) in definitions {
                        let condition = outer.condition.and(&condition);
                        let mut overrides = outer.overrides.clone();
                        overrides.push((priority, level));
                        result.push(Discharged { condition, overrides, order: MIDDLE, value });
                    }
                }
                None => result.push(Discharged { value: val, ..outer }),
            },
        },
    }
}

fn truth(cx: Cx<'_, '_>, condition: &Thunk, span: Option<Span>) -> Result<Condition, Unknown> {
    let val = cx.force(condition);
    if let Value::Unknown(unknown) = &val.value
        && matches!(*unknown.reason, Reason::Cycle)
    {
        return Err(unknown.clone());
    }
    let condition = cx.machine.condition(&val, val.span.or(span))?;
    Ok(cx.decided(&condition))
}

/// The definitions that count of those of one option, in their order.
pub(super) fn definitions(cx: Cx<'_, '_>, raws: &[Raw], level: usize) -> Vec<Def> {
    let mut discharged = Vec::new();
    for raw in raws {
        discharge(cx, raw, level, false, &mut discharged);
    }
    let present = strongest(&discharged, &Discharged::priority);
    finish(discharged, present)
}

/// When each of the definitions is among the strongest.
pub(super) fn strongest(all: &[Discharged], priority: &dyn Fn(&Discharged) -> i64) -> Vec<Condition> {
    all.iter()
        .map(|one| {
            let stronger = all.iter().filter(|other| priority(other) < priority(one));
            stronger.fold(one.condition.clone(), |sum, other| sum.and(&other.condition.not()))
        })
        .collect()
}

/// The definitions under the conditions under which they count, sorted by order.
pub(super) fn finish(all: Vec<Discharged>, present: Vec<Condition>) -> Vec<Def> {
    let mut kept: Vec<(i64, Def)> = all
        .into_iter()
        .zip(present)
        .filter(|(_, present)| *present != Condition::False)
        .map(|(one, condition)| (one.order, Def { condition, priority: one.priority(), value: one.value }))
        .collect();
    kept.sort_by_key(|(order, _)| *order);
    kept.into_iter().map(|(_, def)| def).collect()
}

/// When at least one of the definitions counts.
pub(super) fn defined(defs: &[Def]) -> Condition {
    defs.iter().fold(Condition::False, |sum, def| sum.or(&def.condition))
}

/// The set a definition is, or why its names are not known.
pub(super) fn names_of(cx: Cx<'_, '_>, val: &Val) -> Result<std::rc::Rc<Attrs>, Unknown> {
    match cx.machine.set(val) {
        Err(unknown) if is_error(&unknown) && !matches!(val.value, Value::Unknown(_)) => {
            Err(Unknown::new(Reason::Error("a set was expected".to_owned())))
        }
        set => set,
    }
}
