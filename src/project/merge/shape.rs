//! Merging without a type: lists concatenate, sets merge name by name, and of scalars the strongest counts.
//!
//! Whether a set is a namespace or the value of an option is not known, so a priority may belong to the whole
//! set or to each of its names: what differs between the two is not known. Two scalars of one priority are
//! never a conflict: the option may join them.

use std::rc::Rc;

use super::definition::{self, Def, Discharged, PLAIN, Raw, Wrap, discharge, strongest};
use super::plain::{first_of, same, unknown_among};
use super::types::Type;
use super::value;
use super::{Cx, several};
use crate::eval::{Condition, Name, Reason, Unknown, Val, Value};

/// How many names from the root are namespaces for sure: options of nixpkgs do not start above.
pub(super) fn namespaces(cx: Cx<'_, '_>, above: &[Name], name: &str) -> usize {
    let first = above.first().map(|name| cx.machine.text_of(*name));
    match first.as_deref().unwrap_or(name) {
        "services" | "programs" | "hardware" | "virtualisation" => 2,
        "systemd" | "boot" | "networking" | "environment" | "users" | "security" | "nix" | "nixpkgs"
        | "system" | "i18n" | "time" | "fonts" | "xdg" | "home" | "console" | "documentation"
        | "home-manager" => 1,
        _ => 0,
    }
}

/// Why names of a set are not known whose options are declared outside of the project.
pub(super) fn elsewhere() -> Unknown {
    Unknown::new(Reason::Symbolic("options from outside".to_owned()))
}

/// What definitions come to at a name that has `depth - 1` names above it; `None` where there are none.
pub(super) fn merge(cx: Cx<'_, '_>, raws: &[Raw], depth: usize, fixed: usize) -> Option<Val> {
    let defs = counting(cx, raws, depth, fixed);
    if defs.is_empty() {
        return None;
    }
    let defined = definition::defined(&defs);
    let val = by_shape(cx, &defs, depth);
    let is_collection = matches!(val.value, Value::List(_) | Value::Attrs(_) | Value::Unknown(_));
    Some(match &defined {
        Condition::True => val,
        _ if is_collection => val,
        // Whether anything else is said is not known.
        condition => Val::of(Value::Choice(Rc::new([
            (condition.clone(), val.thunk()),
            (condition.not(), Val::error("an option is used and not defined").thunk()),
        ]))),
    })
}

/// When a name is there at all.
pub(super) fn presence(cx: Cx<'_, '_>, raws: &[Raw], depth: usize) -> Condition {
    definition::defined(&counting(cx, raws, depth, 0))
}

/// The definitions that may count.
pub(super) fn counting(cx: Cx<'_, '_>, raws: &[Raw], depth: usize, fixed: usize) -> Vec<Def> {
    let mut all = Vec::new();
    for raw in raws {
        discharge(cx, raw, depth, true, &mut all);
    }
    if all.iter().all(|one| one.overrides.is_empty()) {
        let present = all.iter().map(|one| one.condition.clone()).collect();
        return definition::finish(all, present);
    }
    // The names above that are namespaces, for each number of them that is possible.
    let mut present: Option<Vec<Condition>> = None;
    for namespaces in fixed.min(depth)..=depth {
        let here = surviving(&all, namespaces, depth);
        present = Some(match present {
            None => here,
            Some(before) => before
                .into_iter()
                .zip(here)
                .zip(&all)
                .map(|((before, here), one)| {
                    if before == here {
                        return before;
                    }
                    match cx.doubt(one.value.span) {
                        Ok(doubt) => one.condition.and(&doubt),
                        Err(_) => one.condition.clone(),
                    }
                })
                .collect(),
        });
    }
    let present = present.unwrap_or_default();
    definition::finish(all, present)
}

/// Puts definitions of a name under `doubt` that do not count if a set they stand in is the value of an option: stronger
/// definitions of that set, whose wrappers are `others`, do not have the name. No option stands above the first
/// `namespaces` names.
pub(super) fn doubt_weaker<'a>(
    raws: &mut [Raw],
    others: impl Iterator<Item = &'a [Wrap]>,
    namespaces: usize,
    doubt: &Condition,
) {
    let overrides = |wraps: &[Wrap]| -> Vec<(usize, i64)> {
        let of = |wrap: &Wrap| match wrap {
            Wrap::Override(priority, level) if *level > namespaces => Some((*level, *priority)),
            _ => None,
        };
        wraps.iter().filter_map(of).collect()
    };
    let at = |overrides: &[(usize, i64)], level: usize| {
        overrides.iter().find(|(at, _)| *at == level).map_or(PLAIN, |(_, priority)| *priority)
    };
    let others: Vec<Vec<(usize, i64)>> = others.map(overrides).collect();
    for raw in raws {
        let own = overrides(&raw.wraps);
        let is_weaker = |other: &Vec<(usize, i64)>| {
            own.iter().chain(other).any(|(level, _)| at(other, *level) < at(&own, *level))
        };
        if others.iter().any(is_weaker) {
            raw.wraps.insert(0, Wrap::When(doubt.clone()));
        }
    }
}

/// When each definition counts if the first `namespaces` names are namespaces and all below are names of sets.
fn surviving(all: &[Discharged], namespaces: usize, depth: usize) -> Vec<Condition> {
    let at = |one: &Discharged, level: usize| {
        let here = |at: usize| if level == namespaces { at <= level } else { at == level };
        one.overrides.iter().find(|(_, at)| here(*at)).map_or(PLAIN, |(priority, _)| *priority)
    };
    let mut conditions: Vec<Condition> = all.iter().map(|one| one.condition.clone()).collect();
    for level in namespaces..=depth {
        let filtered: Vec<Discharged> = all
            .iter()
            .zip(&conditions)
            .map(|(one, condition)| Discharged {
                condition: condition.clone(),
                overrides: one.overrides.clone(),
                order: one.order,
                value: one.value.clone(),
            })
            .collect();
        conditions = strongest(&filtered, &|one| at(one, level));
    }
    conditions
}

/// Whether plain definitions of nixpkgs do not count beside these.
pub(super) fn outdo_nixpkgs(defs: &[Def]) -> bool {
    defs.iter().all(|def| def.priority < PLAIN)
}

/// Whether modules of nixpkgs may replace the value of definitions that are all weaker than a plain one: they
/// switch on what they need (`hardware.graphics.enable`, `security.polkit.enable`) and add to lists. Texts and
/// numbers they leave to others.
fn may_be_replaced(defs: &[Def]) -> bool {
    let is_replaceable =
        |def: &Def| matches!(def.value.value, Value::Bool(_) | Value::Condition(_) | Value::List(_));
    defs.iter().all(|def| def.priority > PLAIN) && defs.iter().any(is_replaceable)
}

/// The value of definitions that count, by what they are.
pub(super) fn by_shape(cx: Cx<'_, '_>, defs: &[Def], depth: usize) -> Val {
    if may_be_replaced(defs) {
        return Val::of(Value::Unknown(elsewhere()));
    }
    let any = Type::shape();
    let all = |test: &dyn Fn(&Value) -> bool| defs.iter().all(|def| test(&def.value.value));
    let some = |test: &dyn Fn(&Value) -> bool| defs.iter().any(|def| test(&def.value.value));
    let is_vague = |value: &Value| matches!(value, Value::Unknown(_) | Value::Symbol(_));
    if some(&|value| matches!(value, Value::Attrs(_)))
        && all(&|value| matches!(value, Value::Attrs(_)) || is_vague(value))
    {
        return value::set(cx, &any, false, defs, depth);
    }
    if some(&|value| matches!(value, Value::List(_)))
        && all(&|value| matches!(value, Value::List(_)) || is_vague(value))
    {
        return value::list(cx, &any, defs, depth);
    }
    if let [def] = defs {
        return def.value.clone();
    }
    if let Some(val) = unknown_among(cx, defs) {
        return val;
    }
    let certain = |def: &Def| def.condition == Condition::True;
    for (at, one) in defs.iter().enumerate() {
        for other in &defs[at + 1..] {
            // Two that hold together may be joined, unless they exclude each other.
            let together = (certain(one) && certain(other)) || one.condition.compatible(&other.condition);
            if together && same(cx, &one.value, &other.value) != Some(true) {
                return several();
            }
            // Equal strings may be lines of a text.
            if together && matches!(one.value.value, Value::Str(_)) {
                return several();
            }
        }
    }
    first_of(defs)
}
