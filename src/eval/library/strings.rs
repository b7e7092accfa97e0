//! `lib.strings`, without what is for shells.
//!
//! Holes stay holes: where a function must look into one, its result is not known.

use std::rc::Rc;

use super::super::builtins::{self, closed_list, later, map_list, string};
use super::super::coercion::Coercion;
use super::super::condition::Condition;
use super::super::machine::{Machine, is_error};
use super::super::value::{Element, List, Text, TextPiece, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, attrsets, boolean, error, field, holds, integer, list_val, number, primitives, several,
    text_of, text_val, thrown,
};
use crate::text::Span;

/// A string literal of Nix, as `escapeNixString` has it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('$', "\\$")
}

/// A name as it stands in an attribute path, as `escapeNixIdentifier` has it.
pub(super) fn identifier(name: &str) -> String {
    let keywords = ["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"];
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_'-".contains(c));
    if is_plain && !keywords.contains(&name) { name.to_owned() } else { quoted(name) }
}

/// `replaceStrings` with texts that are known: the first of `from` that fits at a place wins.
pub(super) fn replaced(from: &[String], to: &[String], text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    loop {
        if let Some(index) = from.iter().position(|from| rest.starts_with(from.as_str())) {
            result.push_str(&to[index]);
            if !from[index].is_empty() {
                rest = &rest[from[index].len()..];
                continue;
            }
        }
        let Some(next) = rest.chars().next() else { return result };
        result.push(next);
        rest = &rest[next.len_utf8()..];
    }
}

/// Whether `text` begins (or ends) with `affix`, where the known parts decide it.
fn has_affix(text: &Text, affix: &str, at_end: bool) -> Option<bool> {
    let mut known = String::new();
    let mut is_exact = true;
    let mut take = |piece: &TextPiece| match piece {
        TextPiece::Known { text, .. } => {
            if at_end {
                known.insert_str(0, text);
            } else {
                known.push_str(text);
            }
            true
        }
        TextPiece::Hole(_) => {
            is_exact = false;
            false
        }
    };
    if at_end {
        text.pieces.iter().rev().all(&mut take);
    } else {
        text.pieces.iter().all(&mut take);
    }
    let matches = if at_end { known.ends_with(affix) } else { known.starts_with(affix) };
    if matches || is_exact || known.len() >= affix.len() { Some(matches) } else { None }
}

/// `text` without the first (or last) `count` bytes, which are known.
fn cut(text: Text, count: usize, at_end: bool) -> Result<Text, Unknown> {
    let mut pieces = text.pieces;
    let mut rest = count;
    while rest > 0 {
        let index = if at_end { pieces.len().saturating_sub(1) } else { 0 };
        let Some(TextPiece::Known { text, origin }) = pieces.get_mut(index) else { return Err(several()) };
        if text.len() <= rest {
            rest -= text.len();
            pieces.remove(index);
        } else {
            *text = if at_end { text[..text.len() - rest].into() } else { text[rest..].into() };
            if !at_end {
                *origin = None;
            }
            rest = 0;
        }
    }
    Ok(Text { pieces })
}

/// `text` without `affix` where it has it.
pub(super) fn without_affix(machine: &Machine<'_>, affix: &Thunk, text: &Thunk, at_end: bool) -> Outcome {
    let affix = string(machine, affix)?;
    let val = machine.force(text);
    let text = machine.coerce(&val, Coercion::Interpolation, val.span)?;
    match has_affix(&text, &affix, at_end) {
        None => Err(several()),
        Some(false) => Ok(Val::at(Value::Str(Rc::new(text)), val.span)),
        Some(true) => Ok(Val::at(Value::Str(Rc::new(cut(text, affix.len(), at_end)?)), val.span)),
    }
}

fn affix_test(machine: &Machine<'_>, arguments: &[Thunk], at_end: bool) -> Outcome {
    let affix = string(machine, &arguments[0])?;
    let text = text_of(machine, &arguments[1])?;
    has_affix(&text, &affix, at_end).map(boolean).ok_or_else(several)
}

/// The text of every element with a separator.
pub(super) fn join(machine: &Machine<'_>, separator: &Text, list: &Thunk) -> Outcome {
    let list = machine.list(&machine.force(list))?;
    Ok(text_val(builtins::join_texts(machine, separator, &list, Coercion::Interpolation)?))
}

/// `trimWith`: white space goes as far as it is known.
fn trim(machine: &Machine<'_>, text: &Thunk, start: bool, end: bool) -> Outcome {
    let val = machine.force(text);
    let text = match &val.value {
        Value::Str(text) => (**text).clone(),
        _ => Text::known(&string(machine, &val.clone().thunk())?),
    };
    let is_space = |c: char| " \t\r\n".contains(c);
    let mut result = text;
    for (wanted, at_end) in [(start, false), (end, true)] {
        if !wanted {
            continue;
        }
        loop {
            let piece = if at_end { result.pieces.last() } else { result.pieces.first() };
            let known = match piece {
                None => break,
                Some(TextPiece::Hole(_)) => return Err(several()),
                Some(TextPiece::Known { text, .. }) => text.clone(),
            };
            let kept =
                if at_end { known.trim_end_matches(is_space) } else { known.trim_start_matches(is_space) };
            let spaces = known.len() - kept.len();
            let is_done = !kept.is_empty();
            result = cut(result, spaces, at_end)?;
            if is_done {
                break;
            }
            if spaces == 0 {
                let index = if at_end { result.pieces.len() - 1 } else { 0 };
                result.pieces.remove(index);
            }
        }
    }
    Ok(Val::at(Value::Str(Rc::new(result)), val.span))
}

/// The list with every element mapped with its place, counted from one.
fn indexed(machine: &Machine<'_>, function: &Thunk, list: &Thunk, span: Option<Span>) -> Outcome {
    let list = closed_list(machine, list)?;
    let map = |(index, element)| later(function, vec![number(index as i64 + 1).thunk(), element], span);
    Ok(Val::list(list.into_iter().enumerate().map(map).collect()))
}

/// Single bytes; text that has longer characters is not known.
fn characters(machine: &Machine<'_>, text: &Thunk) -> Result<Vec<char>, Unknown> {
    let text = string(machine, text)?;
    machine.charge(text.len())?;
    if text.is_ascii() { Ok(text.chars().collect()) } else { Err(several()) }
}

fn exact(text: impl AsRef<str>) -> Thunk {
    Val::string(text).thunk()
}

/// The text between two separators, each time the function says there is one.
fn split_by(
    characters: &[char],
    keep: bool,
    mut is_split: impl FnMut(&str, &str) -> Result<bool, Unknown>,
) -> Result<Vec<String>, Unknown> {
    let mut result = Vec::new();
    let mut current = String::new();
    let mut previous = String::new();
    for character in characters {
        let here = character.to_string();
        if is_split(&previous, &here)? {
            result.push(std::mem::take(&mut current));
            if keep {
                current.push(*character);
            }
        } else {
            current.push(*character);
        }
        previous = here;
    }
    result.push(current);
    Ok(result)
}

fn sentence_case(text: &str) -> String {
    let Some((first, rest)) = text.split_at_checked(1) else { return text.to_owned() };
    first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
}

fn levenshtein(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Two texts whose comparison costs as much as their lengths say.
fn compared(machine: &Machine<'_>, a: &Thunk, b: &Thunk) -> Result<(String, String), Unknown> {
    let (a, b) = (string(machine, a)?, string(machine, b)?);
    machine.charge(a.len().saturating_mul(b.len()) / 16)?;
    Ok((a, b))
}

/// A string, and nothing that only becomes one.
fn strict_text(machine: &Machine<'_>, thunk: &Thunk) -> Result<Text, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Str(text) => Ok((**text).clone()),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => machine.coerce(&val, Coercion::Interpolation, val.span),
        _ => Err(thrown("a string was expected")),
    }
}

/// Texts after each other.
fn pasted(parts: &[&Text]) -> Val {
    let mut result = Text::default();
    for part in parts {
        result.extend(part);
    }
    text_val(result)
}

fn known(text: &str) -> Text {
    Text::known(text)
}

/// `--with-x` or `--without-x`
fn switch(
    machine: &Machine<'_>,
    flag: &Thunk,
    feature: &Thunk,
    words: [&str; 2],
) -> Result<(bool, Text), Unknown> {
    let is_on = super::decided(machine, flag, None)?;
    let mut text = known(&format!("--{}-", words[usize::from(!is_on)]));
    text.extend(&strict_text(machine, feature)?);
    Ok((is_on, text))
}

fn switch_as(machine: &Machine<'_>, a: &[Thunk], words: [&str; 2]) -> Outcome {
    let (is_on, text) = switch(machine, &a[0], &a[1], words)?;
    if !is_on {
        return Ok(text_val(text));
    }
    Ok(pasted(&[&text, &known("="), &text_of(machine, &a[2])?]))
}

/// `-Dfeature:TYPE=value`
fn cmake(machine: &Machine<'_>, kind: &str, feature: &Thunk, value: &Text) -> Outcome {
    let kind = kind.to_ascii_uppercase();
    if !["BOOL", "FILEPATH", "PATH", "STRING", "INTERNAL", "LIST"].contains(&kind.as_str()) {
        return Err(thrown("assertion failed"));
    }
    Ok(pasted(&[&known("-D"), &strict_text(machine, feature)?, &known(&format!(":{kind}=")), value]))
}

fn meson(machine: &Machine<'_>, feature: &Thunk, value: &Text) -> Outcome {
    Ok(pasted(&[&known("-D"), &strict_text(machine, feature)?, &known("="), value]))
}

/// The text before `:` in a search path for each package.
fn search_path(machine: &Machine<'_>, output: Option<&str>, folder: &Text, packages: &Thunk) -> Outcome {
    let list = machine.list(&machine.force(packages))?;
    machine.charge(list.elements.len())?;
    let mut result = List { elements: Vec::new(), open: list.open.clone() };
    for element in &list.elements {
        let package = match output {
            Some(output) => match attrsets::get_output(machine, output, &element.value) {
                Err(unknown) if !is_error(&unknown) => machine.force(&element.value),
                package => package?,
            },
            None => machine.force(&element.value),
        };
        if matches!(package.value, Value::Null) {
            continue;
        }
        let mut text = machine.coerce(&package, Coercion::Interpolation, package.span)?;
        text.extend(&known("/"));
        text.extend(folder);
        let value = Val::at(Value::Str(Rc::new(text)), package.span).thunk();
        result.elements.push(Element { value, condition: element.condition.clone() });
    }
    join(machine, &known(":"), &list_val(result).thunk())
}

/// What a name becomes that may be used in the store.
fn sanitized(text: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "+._?=-".contains(c);
    if text.len() <= 207 && !text.is_empty() && !text.starts_with('.') && text.chars().all(is_allowed) {
        return text.to_owned();
    }
    let mut result = String::new();
    let mut in_gap = false;
    for c in text.trim_start_matches('.').chars() {
        if is_allowed(c) {
            result.push(c);
        } else if !in_gap {
            result.push('-');
        }
        in_gap = !is_allowed(c);
    }
    let start = result.len().saturating_sub(207);
    if result.is_empty() { "unknown".to_owned() } else { result[start..].to_owned() }
}

/// `name` or `version` of a string or a package.
fn name_part(machine: &Machine<'_>, of: &Thunk, own: &str, parsed: &str, span: Option<Span>) -> Outcome {
    let val = machine.force(of);
    let name = match &val.value {
        Value::Str(_) => of.clone(),
        Value::Attrs(_) => match field(machine, &val, own)? {
            Some(value) => return Ok(machine.force(&value)),
            None => machine.select(&val, machine.name("name"))?.thunk(),
        },
        _ => return machine.select(&val, machine.name(own)),
    };
    let parts = super::call_builtin(machine, "parseDrvName", vec![name], span);
    machine.select(&parts, machine.name(parsed))
}

fn to_int(text: &str, is_decimal: bool) -> Result<i64, Unknown> {
    let fail = || thrown(format!("toInt: Could not convert {} to int.", quoted(text)));
    let space = |c: char| " \t\n\r\u{b}\u{c}".contains(c);
    let mut digits = text.trim_matches(space);
    if is_decimal {
        let rest = digits.trim_start_matches('0');
        // One digit stays.
        digits = if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            rest
        } else if rest.is_empty() && !digits.is_empty() {
            "0"
        } else {
            digits
        };
    }
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Err(fail());
    }
    if unsigned.len() > 1 && unsigned.starts_with('0') {
        return Err(if digits == unsigned { fail() } else { error("this text is not JSON") });
    }
    digits.parse().map_err(|_| fail())
}

/// Names that mean something else at the top of `lib`.
pub(super) static GROUPED: Table = primitives! {
    "commonPrefixLength" 2 |m, a, _| {
        let (x, y) = compared(m, &a[0], &a[1])?;
        Ok(number(x.bytes().zip(y.bytes()).take_while(|(x, y)| x == y).count() as i64))
    };
    "commonSuffixLength" 2 |m, a, _| {
        let (x, y) = compared(m, &a[0], &a[1])?;
        Ok(number(x.bytes().rev().zip(y.bytes().rev()).take_while(|(x, y)| x == y).count() as i64))
    };
    "isConvertibleWithToString" 1 |m, a, _| convertible(m, &a[0]).map(boolean);
    "replicate" 2 |m, a, _| {
        let count = integer(m, &a[0])?;
        let text = text_of(m, &a[1])?;
        let Ok(count) = usize::try_from(count) else {
            return Err(error("cannot create a list of negative length"));
        };
        m.charge(count.saturating_mul(text.weight()))?;
        Ok(pasted(&vec![&text; count]))
    };
    "splitStringBy" 3 |m, a, span| {
        let function = m.force(&a[0]);
        let keep = super::decided(m, &a[1], span)?;
        let parts = split_by(&characters(m, &a[2])?, keep, |previous, here| {
            holds(m, &function, [exact(previous), exact(here)], span)
        })?;
        Ok(Val::list(parts.into_iter().map(exact).collect()))
    };
    "toCamelCase" 1 |m, a, _| {
        let text = strict_text(m, &a[0])?.exact().ok_or_else(several)?;
        let characters = characters(m, &exact(&text))?;
        let words = split_by(&characters, false, |_, here| Ok(["-", "_", " "].contains(&here)))?;
        let mut parts = Vec::new();
        for word in words {
            let is_lower = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase()) && text.len() == 1;
            let is_upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase()) && text.len() == 1;
            let split = |previous: &str, here: &str| Ok(is_lower(previous) && is_upper(here));
            parts.extend(split_by(&word.chars().collect::<Vec<_>>(), true, split)?);
        }
        let cased = parts.iter().enumerate().map(|(index, part)| match index {
            0 => part.to_ascii_lowercase(),
            _ => sentence_case(part),
        });
        Ok(Val::string(cased.collect::<String>()))
    };
};

fn convertible(machine: &Machine<'_>, of: &Thunk) -> Result<bool, Unknown> {
    let val = machine.force(of);
    match &val.value {
        Value::Null | Value::Int(_) | Value::Float(_) | Value::Bool(_) | Value::Condition(_) => Ok(true),
        Value::List(_) => {
            for element in closed_list(machine, of)? {
                if !machine.descend(|| convertible(machine, &element))? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => string_like(machine, &val),
    }
}

/// `lib.isStringLike`
pub(super) fn string_like(machine: &Machine<'_>, val: &Val) -> Result<bool, Unknown> {
    match &val.value {
        Value::Str(_) | Value::Path(_) | Value::PathPattern(_) => Ok(true),
        Value::Attrs(_) => {
            Ok(field(machine, val, "outPath")?.is_some() || field(machine, val, "__toString")?.is_some())
        }
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(false),
    }
}

pub(super) static FUNCTIONS: Table = primitives! {
    "addContextFrom" 2 |m, a, _| {
        string(m, &a[0])?;
        Ok(m.force(&a[1]))
    };
    "charToInt" 1 |m, a, _| {
        let text = strict_text(m, &a[0])?.exact().ok_or_else(several)?;
        match text.as_bytes() {
            [byte @ (b'\t' | b'\n' | b'\r' | b' '..=b'~')] => Ok(number(i64::from(*byte))),
            _ => Err(error("this is no character of ASCII")),
        }
    };
    "cmakeBool" 2 |m, a, _| {
        let truth = if super::decided(m, &a[1], None)? { "TRUE" } else { "FALSE" };
        cmake(m, "bool", &a[0], &known(truth))
    };
    "cmakeFeature" 2 |m, a, _| cmake(m, "string", &a[0], &strict_text(m, &a[1])?);
    "cmakeOptionType" 3 |m, a, _| cmake(m, &string(m, &a[0])?, &a[1], &strict_text(m, &a[2])?);
    "concatImapStrings" 2 |m, a, span| join(m, &Text::default(), &indexed(m, &a[0], &a[1], span)?.thunk());
    "concatImapStringsSep" 3 |m, a, span| {
        join(m, &text_of(m, &a[0])?, &indexed(m, &a[1], &a[2], span)?.thunk())
    };
    "concatLines" 1 |m, a, _| {
        let list = m.list(&m.force(&a[0]))?;
        let is_there = list.elements.iter().any(|element| element.condition == Condition::True);
        if !is_there && (list.open.is_some() || !list.elements.is_empty()) {
            return Err(several());
        }
        if !is_there {
            return Ok(Val::string(""));
        }
        let text = builtins::join_texts(m, &known("\n"), &list, Coercion::Interpolation)?;
        Ok(pasted(&[&text, &known("\n")]))
    };
    "concatMapAttrsStringSep" 3 |m, a, span| {
        let list = attrsets::map_attrs_to_list(m, &a[1], &a[2], span)?;
        join(m, &text_of(m, &a[0])?, &list_val(list).thunk())
    };
    "concatMapStrings" 2 |m, a, span| {
        let mapped = map_list(m, &a[1], |value| later(&a[0], vec![value], span))?;
        join(m, &Text::default(), &mapped.thunk())
    };
    "concatMapStringsSep" 3 |m, a, span| {
        let mapped = map_list(m, &a[2], |value| later(&a[1], vec![value], span))?;
        join(m, &text_of(m, &a[0])?, &mapped.thunk())
    };
    "concatStrings" 1 |m, a, _| join(m, &Text::default(), &a[0]);
    "enableFeature" 2 |m, a, _| Ok(text_val(switch(m, &a[0], &a[1], ["enable", "disable"])?.1));
    "enableFeatureAs" 3 |m, a, _| switch_as(m, a, ["enable", "disable"]);
    "escape" 2 |m, a, _| {
        let mut from = Vec::new();
        for one in closed_list(m, &a[0])? {
            from.push(string(m, &one)?);
        }
        let text = string(m, &a[1])?;
        m.charge(text.len().saturating_mul(from.len()) / 64)?;
        let to: Vec<String> = from.iter().map(|text| format!("\\{text}")).collect();
        Ok(Val::string(replaced(&from, &to, &text)))
    };
    "escapeC" 2 |m, a, _| {
        let mut from = Vec::new();
        for one in closed_list(m, &a[0])? {
            from.push(string(m, &one)?);
        }
        let mut to = Vec::new();
        for one in &from {
            match one.as_bytes() {
                [byte @ (b'\t' | b'\n' | b'\r' | b' '..=b'~')] => to.push(format!("\\x{byte:02x}")),
                _ => return Err(error("this is no character of ASCII")),
            }
        }
        Ok(Val::string(replaced(&from, &to, &string(m, &a[1])?)))
    };
    "escapeNixIdentifier" 1 |m, a, _| Ok(Val::string(identifier(&string(m, &a[0])?)));
    "escapeNixString" 1 |m, a, _| Ok(Val::string(quoted(&string(m, &a[0])?)));
    "escapeRegex" 1 |m, a, _| {
        let escaped = |c: char| if "\\[{()^$?*+|.".contains(c) { format!("\\{c}") } else { c.to_string() };
        Ok(Val::string(string(m, &a[0])?.chars().map(escaped).collect::<String>()))
    };
    "escapeURL" 1 |m, a, _| {
        let escaped = |c: char| match c {
            '\t' | '\n' | '\r' | ' '..='~' if !c.is_ascii_alphanumeric() && !"-_.~".contains(c) => {
                format!("%{:02X}", u32::from(c))
            }
            _ => c.to_string(),
        };
        Ok(Val::string(string(m, &a[0])?.chars().map(escaped).collect::<String>()))
    };
    "escapeXML" 1 |m, a, _| {
        let text = string(m, &a[0])?;
        let escaped = |c: char| match c {
            '"' => "&quot;".to_owned(),
            '\'' => "&apos;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            c => c.to_string(),
        };
        Ok(Val::string(text.chars().map(escaped).collect::<String>()))
    };
    "fileContents" 1 |m, a, span| {
        let text = super::call_builtin(m, "readFile", vec![a[0].clone()], span);
        without_affix(m, &exact("\n"), &text.thunk(), true)
    };
    "fixedWidthNumber" 2 |m, a, _| {
        let val = m.force(&a[1]);
        let text = m.coerce(&val, Coercion::ToString, None)?.exact().ok_or_else(several)?;
        padded(m, integer(m, &a[0])?, "0", &text)
    };
    "fixedWidthString" 3 |m, a, _| padded(m, integer(m, &a[0])?, &string(m, &a[1])?, &string(m, &a[2])?);
    "floatToString" 1 |m, a, _| {
        Ok(text_val(m.coerce(&m.force(&a[0]), Coercion::ToString, None)?))
    };
    "getName" 1 |m, a, span| name_part(m, &a[0], "pname", "name", span);
    "getVersion" 1 |m, a, span| name_part(m, &a[0], "version", "version", span);
    "hasInfix" 2 |m, a, _| {
        let infix = string(m, &a[0])?;
        let text = text_of(m, &a[1])?;
        let found = text.pieces.iter().any(|piece| {
            matches!(piece, TextPiece::Known { text, .. } if text.contains(infix.as_str()))
        });
        match text.exact() {
            Some(text) => Ok(boolean(text.contains(infix.as_str()))),
            None if found => Ok(boolean(true)),
            None => Err(several()),
        }
    };
    "hasPrefix" 2 |m, a, _| affix_test(m, a, false);
    "hasSuffix" 2 |m, a, _| affix_test(m, a, true);
    "intersperse" 2 |m, a, _| {
        let list = closed_list(m, &a[1])?;
        let mut result = Vec::new();
        for (index, element) in list.into_iter().enumerate() {
            if index > 0 {
                result.push(a[0].clone());
            }
            result.push(element);
        }
        Ok(Val::list(result))
    };
    "isStorePath" 1 |m, a, _| super::types::is_store_path(m, &m.force(&a[0])).map(boolean);
    "isStringLike" 1 |m, a, _| string_like(m, &m.force(&a[0])).map(boolean);
    "join" 2 |m, a, _| join(m, &text_of(m, &a[0])?, &a[1]);
    "levenshtein" 2 |m, a, _| {
        let (x, y) = compared(m, &a[0], &a[1])?;
        Ok(number(levenshtein(&x, &y) as i64))
    };
    "levenshteinAtMost" 3 |m, a, _| {
        let limit = integer(m, &a[0])?;
        let (x, y) = compared(m, &a[1], &a[2])?;
        Ok(boolean(levenshtein(&x, &y) as i64 <= limit.max(0)))
    };
    "makeBinPath" 1 |m, a, _| search_path(m, Some("bin"), &known("bin"), &a[0]);
    "makeIncludePath" 1 |m, a, _| search_path(m, Some("dev"), &known("include"), &a[0]);
    "makeLibraryPath" 1 |m, a, _| search_path(m, Some("lib"), &known("lib"), &a[0]);
    "makeSearchPath" 2 |m, a, _| search_path(m, None, &text_of(m, &a[0])?, &a[1]);
    "makeSearchPathOutput" 3 |m, a, _| {
        search_path(m, Some(&string(m, &a[0])?), &text_of(m, &a[1])?, &a[2])
    };
    "mesonBool" 2 |m, a, _| {
        let truth = if super::decided(m, &a[1], None)? { "true" } else { "false" };
        meson(m, &a[0], &known(truth))
    };
    "mesonEnable" 2 |m, a, _| {
        let word = if super::decided(m, &a[1], None)? { "enabled" } else { "disabled" };
        meson(m, &a[0], &known(word))
    };
    "mesonOption" 2 |m, a, _| meson(m, &a[0], &strict_text(m, &a[1])?);
    "nameFromURL" 2 |m, a, _| {
        let (url, separator) = (string(m, &a[0])?, string(m, &a[1])?);
        let file = url.rsplit('/').next().unwrap_or("");
        match file.split_once(separator.as_str()) {
            Some((name, _)) if !separator.is_empty() => Ok(Val::string(name)),
            _ => Err(if separator.is_empty() { several() } else { thrown("assertion failed") }),
        }
    };
    "normalizePath" 1 |m, a, _| {
        let mut result = String::new();
        for c in string(m, &a[0])?.chars() {
            if c != '/' || !result.ends_with('/') {
                result.push(c);
            }
        }
        Ok(Val::string(result))
    };
    "optionalString" 2 |m, a, span| {
        let condition = m.force(&a[0]);
        match m.condition(&condition, condition.span.or(span))? {
            Condition::True => Ok(m.force(&a[1])),
            Condition::False => Ok(Val::string("")),
            condition => Ok(Val::of(Value::Choice(Rc::new([
                (condition.clone(), a[1].clone()),
                (condition.not(), exact("")),
            ])))),
        }
    };
    "removePrefix" 2 |m, a, _| without_affix(m, &a[0], &a[1], false);
    "removeSuffix" 2 |m, a, _| without_affix(m, &a[0], &a[1], true);
    "replaceString" 3 |m, a, span| {
        let one = |thunk: &Thunk| Val::list(vec![thunk.clone()]).thunk();
        Ok(super::call_builtin(m, "replaceStrings", vec![one(&a[0]), one(&a[1]), a[2].clone()], span))
    };
    "sanitizeDerivationName" 1 |m, a, _| {
        let text = string(m, &a[0])?;
        if text.is_ascii() { Ok(Val::string(sanitized(&text))) } else { Err(several()) }
    };
    "splitString" 2 |m, a, _| {
        let text_of = |thunk: &Thunk| {
            let val = m.force(thunk);
            m.coerce(&val, Coercion::ToString, val.span)?.exact().ok_or_else(several)
        };
        let (separator, text) = (text_of(&a[0])?, text_of(&a[1])?);
        if separator.is_empty() && !text.is_ascii() {
            return Err(several());
        }
        m.charge(text.len() / 16)?;
        let span = m.force(&a[1]).span;
        let part = |part| Val::at(Val::string(part).value, span).thunk();
        Ok(Val::list(text.split(separator.as_str()).map(part).collect()))
    };
    "stringAsChars" 2 |m, a, span| {
        let characters = characters(m, &a[1])?;
        let mapped = characters.into_iter().map(|c| later(&a[0], vec![exact(c.to_string())], span));
        join(m, &Text::default(), &Val::list(mapped.collect()).thunk())
    };
    "stringToCharacters" 1 |m, a, _| {
        Ok(Val::list(characters(m, &a[0])?.into_iter().map(|c| exact(c.to_string())).collect()))
    };
    "toInt" 1 |m, a, _| to_int(&string(m, &a[0])?, false).map(number);
    "toIntBase10" 1 |m, a, _| to_int(&string(m, &a[0])?, true).map(number);
    "toLower" 1 |m, a, _| Ok(Val::string(string(m, &a[0])?.to_ascii_lowercase()));
    "toSentenceCase" 1 |m, a, _| {
        let text = strict_text(m, &a[0])?.exact().ok_or_else(several)?;
        if text.is_ascii() { Ok(Val::string(sentence_case(&text))) } else { Err(several()) }
    };
    "toUpper" 1 |m, a, _| Ok(Val::string(string(m, &a[0])?.to_ascii_uppercase()));
    "trim" 1 |m, a, _| trim(m, &a[0], true, true);
    "trimWith" 2 |m, a, _| {
        let argument = m.force(&a[0]);
        let side = |name: &str| match field(m, &argument, name)? {
            Some(side) => super::decided(m, &side, None),
            None => Ok(false),
        };
        trim(m, &a[1], side("start")?, side("end")?)
    };
    "versionAtLeast" 2 |m, a, _| {
        let ordering = builtins::compare_versions(&string(m, &a[0])?, &string(m, &a[1])?);
        Ok(boolean(ordering.is_ge()))
    };
    "versionOlder" 2 |m, a, _| {
        let ordering = builtins::compare_versions(&string(m, &a[0])?, &string(m, &a[1])?);
        Ok(boolean(ordering.is_lt()))
    };
    "withFeature" 2 |m, a, _| Ok(text_val(switch(m, &a[0], &a[1], ["with", "without"])?.1));
    "withFeatureAs" 3 |m, a, _| switch_as(m, a, ["with", "without"]);
};

/// `fixedWidthString`
fn padded(machine: &Machine<'_>, width: i64, filler: &str, text: &str) -> Outcome {
    let Some(gap) = usize::try_from(width).ok().and_then(|width| width.checked_sub(text.len())) else {
        return Err(thrown("fixedWidthString: the string is longer than the width"));
    };
    if gap == 0 {
        return Ok(Val::string(text));
    }
    if filler.is_empty() {
        return Err(Unknown::new(super::Reason::Depth));
    }
    if gap % filler.len() != 0 {
        return Err(thrown("fixedWidthString: the filler does not fit"));
    }
    machine.charge(gap / 16)?;
    Ok(Val::string(filler.repeat(gap / filler.len()) + text))
}
