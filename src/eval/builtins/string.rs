//! Strings.

use std::rc::Rc;

use super::super::coercion::Coercion;
use super::super::condition::Condition;
use super::super::machine::{Machine, Primitive};
use super::super::value::{List, Text, TextHole, Thunk, Unknown, Val, Value};
use super::argument::{Outcome, closed_list, coerced, error, integer, plain_string, several};
use super::regex::Regex;
use crate::text::HoleKind;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "concatStringsSep" 2 |m, a, _| {
        let separator = m.force(&a[0]);
        if !matches!(&separator.value, Value::Str(_)) {
            plain_string(m, &a[0])?;
        }
        let separator = m.coerce(&separator, Coercion::Interpolation, None)?;
        let list = m.list(&m.force(&a[1]))?;
        Ok(Val::of(Value::Str(Rc::new(join_texts(m, &separator, &list, Coercion::Interpolation)?))))
    };
    "match" 2 |m, a, _| {
        let regex = Regex::new(m, &plain_string(m, &a[0])?)?;
        let text = plain_string(m, &a[1])?;
        match regex.match_whole(m, &text)? {
            Some(found) => groups(&found.groups, &text),
            None => Ok(Val::of(Value::Null)),
        }
    };
    "replaceStrings" 3 replace_strings;
    "split" 2 |m, a, _| {
        let regex = Regex::new(m, &plain_string(m, &a[0])?)?;
        let text = plain_string(m, &a[1])?;
        let mut parts = Vec::new();
        let mut end = 0;
        for found in regex.find_all(m, &text)? {
            parts.push(part(&text, end, found.start)?.thunk());
            parts.push(groups(&found.groups, &text)?.thunk());
            end = found.end;
        }
        parts.push(part(&text, end, text.len())?.thunk());
        Ok(Val::list(parts))
    };
    "stringLength" 1 |m, a, _| Ok(Val::of(Value::Int(coerced(m, &a[0])?.len() as i64)));
    "substring" 3 |m, a, _| {
        let (start, length) = (integer(m, &a[0])?, integer(m, &a[1])?);
        let Ok(start) = usize::try_from(start) else { return Err(error("negative start position in `substring`")) };
        // A negative length is all the rest.
        let end = usize::try_from(length).map_or(usize::MAX, |length| start.saturating_add(length));
        let val = m.force(&a[2]);
        if let Value::Str(text) = &val.value {
            let known = text.known_prefix();
            if end <= known.len() {
                return part(&known, start, end);
            }
        }
        let text = coerced(m, &a[2])?;
        part(&text, start.min(text.len()), end.min(text.len()))
    };
};

/// Joins texts, a separator between them; elements with conditions become holes that may be empty.
pub(in super::super) fn join_texts(
    machine: &Machine<'_>,
    separator: &Text,
    list: &List,
    coercion: Coercion,
) -> Result<Text, Unknown> {
    let hole = |span, value| TextHole { kind: HoleKind::Any, may_be_empty: true, span, value };
    let mut result = Text::default();
    let mut is_first = true;
    for element in &list.elements {
        // Elements that are not known may stand anywhere.
        if list.open.is_some() && is_first {
            result.extend(&Text::hole(hole(None, None)));
        }
        let val = machine.force(&element.value);
        if element.condition == Condition::True {
            if !is_first {
                machine.charge(separator.weight())?;
                result.extend(separator);
                if list.open.is_some() {
                    result.extend(&Text::hole(hole(None, None)));
                }
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

/// Nix counts bytes; a part that begins or ends inside a character is no text of ours.
fn part(text: &str, start: usize, end: usize) -> Outcome {
    text.get(start..end).map(Val::string).ok_or_else(several)
}

fn groups(groups: &[Option<(usize, usize)>], text: &str) -> Outcome {
    let groups = groups.iter().map(|group| match group {
        Some((start, end)) => part(text, *start, *end).map(Val::thunk),
        None => Ok(Val::of(Value::Null).thunk()),
    });
    Ok(Val::list(groups.collect::<Result<_, _>>()?))
}

/// The first `from` that fits at a place wins; a replacement that is never needed is never forced.
fn replace_strings(machine: &Machine<'_>, arguments: &[Thunk], _: Option<crate::text::Span>) -> Outcome {
    let (from, to) = (closed_list(machine, &arguments[0])?, closed_list(machine, &arguments[1])?);
    if from.len() != to.len() {
        return Err(error("`from` and `to` have different lengths"));
    }
    let from: Vec<String> = from.iter().map(|text| plain_string(machine, text)).collect::<Result<_, _>>()?;
    let mut replacements: Vec<Option<String>> = vec![None; to.len()];
    let text = plain_string(machine, &arguments[2])?;
    let mut result = String::new();
    let mut rest = text.as_str();
    loop {
        machine.charge(1 + from.len() / 64)?;
        let found = from.iter().position(|from| rest.starts_with(from.as_str()));
        if let Some(index) = found {
            let replacement = match &mut replacements[index] {
                Some(known) => known,
                none => none.insert(plain_string(machine, &to[index])?),
            };
            machine.charge(replacement.len() / 64)?;
            result.push_str(replacement);
            if !from[index].is_empty() {
                rest = &rest[from[index].len()..];
                continue;
            }
        }
        let Some(next) = rest.chars().next() else { return Ok(Val::string(result)) };
        // Nix inserts between the bytes of a character.
        if found.is_some() && next.len_utf8() > 1 {
            return Err(several());
        }
        result.push(next);
        rest = &rest[next.len_utf8()..];
    }
}
