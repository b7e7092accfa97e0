//! `lib.versions`.

use super::super::builtins::{self, string};
use super::super::machine::Machine;
use super::super::value::{Thunk, Val};
use super::{Outcome, Table, error, integer, primitives};

/// The parts of a version from `start`, so many of them.
fn parts(machine: &Machine<'_>, version: &Thunk, start: usize, count: usize) -> Outcome {
    let text = string(machine, version)?;
    let parts = builtins::components(&text);
    if count == 1 {
        return parts.get(start).map(Val::string).ok_or_else(|| error("the version has too few parts"));
    }
    Ok(Val::string(parts.into_iter().skip(start).take(count).collect::<Vec<_>>().join(".")))
}

pub(super) static FUNCTIONS: Table = primitives! {
    "major" 1 |m, a, _| parts(m, &a[0], 0, 1);
    "majorMinor" 1 |m, a, _| parts(m, &a[0], 0, 2);
    "minor" 1 |m, a, _| parts(m, &a[0], 1, 1);
    "pad" 2 |m, a, _| {
        let count = integer(m, &a[0])?;
        let text = string(m, &a[1])?;
        let (version, suffix) = match text.split_once('-') {
            Some((version, _)) => (version, &text[version.len()..]),
            None => (text.as_str(), ""),
        };
        let mut parts: Vec<&str> = builtins::components(version);
        parts.resize(usize::try_from(count.clamp(0, 1000)).unwrap_or(0), "0");
        Ok(Val::string(parts.join(".") + suffix))
    };
    "patch" 1 |m, a, _| parts(m, &a[0], 2, 1);
    "splitVersion" 1 |m, a, span| Ok(super::call_builtin(m, "splitVersion", a.to_vec(), span));
};
