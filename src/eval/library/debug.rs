//! `lib.debug`: values pass through; nothing is printed.

use super::super::builtins::closed_list;
use super::super::condition::Condition;
use super::super::machine::Machine;
use super::super::operators;
use super::super::value::{Thunk, Val};
use super::{Outcome, Table, boolean, closed_set, field, primitives, set, several};
use crate::text::Span;

fn first(machine: &Machine<'_>, a: &[Thunk], _: Option<Span>) -> Outcome {
    Ok(machine.force(&a[0]))
}

fn second(machine: &Machine<'_>, a: &[Thunk], _: Option<Span>) -> Outcome {
    Ok(machine.force(&a[1]))
}

fn third(machine: &Machine<'_>, a: &[Thunk], _: Option<Span>) -> Outcome {
    Ok(machine.force(&a[2]))
}

pub(super) static FUNCTIONS: Table = primitives! {
    "runTests" 1 |m, a, span| {
        let tests = m.force(&a[0]);
        let wanted = match field(m, &tests, "tests")? {
            Some(names) => closed_list(m, &names)?,
            None => Vec::new(),
        };
        let mut names = Vec::new();
        for name in &wanted {
            names.push(super::super::builtins::string(m, name)?);
        }
        let mut failures = Vec::new();
        for (name, test) in closed_set(m, &a[0])? {
            let is_named = names.iter().any(|other| **other == *name);
            if !is_named && (!names.is_empty() || !name.starts_with("test")) {
                continue;
            }
            let part = |part: &str| m.select(&m.force(&test), m.name(part));
            let (result, expected) = (part("expr")?, part("expected")?);
            match operators::equal(m, &result, &expected, span)? {
                Condition::True => {}
                Condition::False => failures.push(set(m, vec![
                    ("name", Val::string(&name).thunk()),
                    ("expected", expected.thunk()),
                    ("result", result.thunk()),
                ]).thunk()),
                _ => return Err(several()),
            }
        }
        Ok(Val::list(failures))
    };
    "testAllTrue" 1 |m, a, _| {
        let expected = vec![boolean(true).thunk(); closed_list(m, &a[0])?.len()];
        Ok(set(m, vec![("expr", a[0].clone()), ("expected", Val::list(expected).thunk())]))
    };
    "traceIf" 3 |m, a, span| {
        m.condition(&m.force(&a[0]), span)?;
        Ok(m.force(&a[2]))
    };
    "traceSeq" 2 second;
    "traceSeqN" 3 third;
    "traceVal" 1 first;
    "traceValFn" 2 second;
    "traceValSeq" 1 first;
    "traceValSeqFn" 2 second;
    "traceValSeqN" 2 second;
    "traceValSeqNFn" 3 third;
};
