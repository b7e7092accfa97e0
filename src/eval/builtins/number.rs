//! Arithmetic.

use std::cmp::Ordering;

use super::super::machine::{Machine, Primitive};
use super::super::operators;
use super::super::value::{Thunk, Val, Value};
use super::argument::{Outcome, error, integer};
use crate::semantic::BinaryOp;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "add" 2 |m, a, _| arithmetic(m, BinaryOp::Add, a);
    "bitAnd" 2 |m, a, _| bits(m, a, |x, y| x & y);
    "bitOr" 2 |m, a, _| bits(m, a, |x, y| x | y);
    "bitXor" 2 |m, a, _| bits(m, a, |x, y| x ^ y);
    "ceil" 1 |m, a, _| round(m, &a[0], f64::ceil);
    "div" 2 |m, a, _| arithmetic(m, BinaryOp::Div, a);
    "floor" 1 |m, a, _| round(m, &a[0], f64::floor);
    "lessThan" 2 |m, a, _| {
        let ordering = operators::compare(m, &m.force(&a[0]), &m.force(&a[1]))?;
        Ok(Val::of(Value::Bool(ordering == Some(Ordering::Less))))
    };
    "mul" 2 |m, a, _| arithmetic(m, BinaryOp::Mul, a);
    "sub" 2 |m, a, _| arithmetic(m, BinaryOp::Sub, a);
};

fn arithmetic(machine: &Machine<'_>, op: BinaryOp, arguments: &[Thunk]) -> Outcome {
    Ok(Val::of(operators::arithmetic(op, &machine.force(&arguments[0]), &machine.force(&arguments[1]))))
}

fn bits(machine: &Machine<'_>, arguments: &[Thunk], op: fn(i64, i64) -> i64) -> Outcome {
    Ok(Val::of(Value::Int(op(integer(machine, &arguments[0])?, integer(machine, &arguments[1])?))))
}

/// Nix rounds integers by way of floats and stops where that loses digits.
fn round(machine: &Machine<'_>, thunk: &Thunk, round: fn(f64) -> f64) -> Outcome {
    let value = match machine.force(thunk).value {
        Value::Float(value) => value,
        _ => {
            let value = integer(machine, thunk)?;
            return match value as f64 as i64 == value && value != i64::MAX {
                true => Ok(Val::of(Value::Int(value))),
                false => Err(error("this integer cannot be rounded without loss")),
            };
        }
    };
    let rounded = round(value);
    // Both limits are powers of two, which floats have exactly.
    let limit = -(i64::MIN as f64);
    match (-limit..limit).contains(&rounded) {
        true => Ok(Val::of(Value::Int(rounded as i64))),
        false => Err(error("this float is out of the range of integers")),
    }
}
