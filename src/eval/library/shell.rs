//! `lib.strings` for shells: what is quoted stays one word.

use super::super::builtins::{map_list, string};
use super::super::coercion::Coercion;
use super::super::machine::Machine;
use super::super::value::{Text, TextHole, Thunk, Unknown, Val, Value};
use super::{Outcome, Table, boolean, closed_set, deferred, primitives, several, strings, text_val, thrown};
use crate::text::HoleKind;

/// `lib.escapeShellArg`.
pub(super) fn escaped(machine: &Machine<'_>, val: &Val) -> Result<Text, Unknown> {
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

/// `lib.escapeShellArgs`.
pub(super) fn escaped_list(machine: &Machine<'_>, list: &Thunk) -> Outcome {
    let mapped = map_list(machine, list, |value| {
        deferred(move |machine| {
            let val = machine.force(&value);
            Ok(Val { span: val.span, ..text_val(escaped(machine, &val)?) })
        })
    })?;
    strings::join(machine, &Text::known(" "), &mapped.thunk())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `lib.toShellVar`
fn variable(machine: &Machine<'_>, name: &str, value: &Thunk) -> Result<Text, Unknown> {
    if !is_name(name) {
        return Err(thrown(format!("toShellVar: {name} is not a valid shell variable name")));
    }
    let val = machine.force(value);
    let mut text = Text::default();
    match &val.value {
        Value::Attrs(_) if !strings::string_like(machine, &val)? => {
            text.extend(&Text::known(&format!("declare -A {name}=(")));
            for (index, (key, value)) in closed_set(machine, value)?.into_iter().enumerate() {
                let separator = if index == 0 { "[" } else { " [" };
                text.extend(&Text::known(separator));
                text.extend(&escaped(machine, &Val::string(&key))?);
                text.extend(&Text::known("]="));
                text.extend(&escaped(machine, &machine.force(&value))?);
            }
            text.extend(&Text::known(")"));
        }
        Value::List(_) => {
            text.extend(&Text::known(&format!("declare -a {name}=(")));
            let Value::Str(list) = escaped_list(machine, value)?.value else { return Err(several()) };
            text.extend(&list);
            text.extend(&Text::known(")"));
        }
        Value::Choice(_) => return Err(several()),
        _ => {
            text.extend(&Text::known(&format!("{name}=")));
            text.extend(&escaped(machine, &val)?);
        }
    }
    Ok(text)
}

pub(super) static FUNCTIONS: Table = primitives! {
    "escapeShellArg" 1 |m, a, _| Ok(text_val(escaped(m, &m.force(&a[0]))?));
    "escapeShellArgs" 1 |m, a, _| escaped_list(m, &a[0]);
    "isValidPosixName" 1 |m, a, _| Ok(boolean(is_name(&string(m, &a[0])?)));
    "toShellVar" 2 |m, a, _| Ok(text_val(variable(m, &string(m, &a[0])?, &a[1])?));
    "toShellVars" 1 |m, a, _| {
        let mut lines = Vec::new();
        for (name, value) in closed_set(m, &a[0])? {
            lines.push(text_val(variable(m, &name, &value)?).thunk());
        }
        strings::join(m, &Text::known("\n"), &Val::list(lines).thunk())
    };
};
