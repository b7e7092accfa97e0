//! Versions and the names of packages.

use std::cmp::Ordering;

use super::super::machine::Primitive;
use super::super::value::{Val, Value};
use super::argument::{plain_string, record};

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "compareVersions" 2 |m, a, _| {
        let ordering = compare_versions(&plain_string(m, &a[0])?, &plain_string(m, &a[1])?);
        Ok(Val::of(Value::Int(ordering as i64)))
    };
    "parseDrvName" 1 |m, a, _| {
        let text = plain_string(m, &a[0])?;
        // The version begins behind the first dash that no letter follows.
        let dash = text.match_indices('-').map(|(at, _)| at).find(|at| {
            text[at + 1..].chars().next().is_some_and(|c| !c.is_ascii_alphabetic())
        });
        let (name, version) = dash.map_or((text.as_str(), ""), |at| (&text[..at], &text[at + 1..]));
        Ok(record(m, [("name", Val::string(name)), ("version", Val::string(version))]))
    };
    "splitVersion" 1 |m, a, _| {
        let text = plain_string(m, &a[0])?;
        Ok(Val::list(components(&text).into_iter().map(|part| Val::string(part).thunk()).collect()))
    };
};

/// The order of two versions as `builtins.compareVersions` has it.
pub(in super::super) fn compare_versions(a: &str, b: &str) -> Ordering {
    let (a, b) = (components(a), components(b));
    for index in 0..a.len().max(b.len()) {
        let (x, y) = (a.get(index).copied().unwrap_or(""), b.get(index).copied().unwrap_or(""));
        if comes_before(x, y) {
            return Ordering::Less;
        }
        if comes_before(y, x) {
            return Ordering::Greater;
        }
    }
    Ordering::Equal
}

fn comes_before(a: &str, b: &str) -> bool {
    let (x, y) = (number(a), number(b));
    match (x, y) {
        (Some(x), Some(y)) => x < y,
        _ if a.is_empty() && y.is_some() => true,
        _ if a == "pre" && b != "pre" => true,
        _ if b == "pre" => false,
        (_, Some(_)) => true,
        (Some(_), _) => false,
        _ => a < b,
    }
}

/// A component as Nix reads it: 32 bits, and no number where that is too few.
fn number(component: &str) -> Option<i32> {
    component.parse().ok()
}

/// The parts of a version.
pub(in super::super) fn components(version: &str) -> Vec<&str> {
    let mut result = Vec::new();
    let mut rest = version;
    loop {
        rest = rest.trim_start_matches(['.', '-']);
        let Some(first) = rest.chars().next() else { return result };
        let is_digit = first.is_ascii_digit();
        let end =
            rest.find(|c: char| c == '.' || c == '-' || c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        result.push(&rest[..end]);
        rest = &rest[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_nix_does() {
        for (a, b, expected) in [
            ("1.0", "2.3", Ordering::Less),
            ("2.1", "2.3", Ordering::Less),
            ("2.3", "2.3", Ordering::Equal),
            ("2.5", "2.3", Ordering::Greater),
            ("2.3.1", "2.3", Ordering::Greater),
            ("2.3.1", "2.3a", Ordering::Greater),
            ("2.3pre1", "2.3", Ordering::Less),
            ("2.3pre3", "2.3pre12", Ordering::Less),
            ("2.3a", "2.3c", Ordering::Less),
            ("2.3pre1", "2.3q", Ordering::Less),
        ] {
            assert_eq!(compare_versions(a, b), expected, "{a} {b}");
        }
    }
}
