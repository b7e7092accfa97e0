//! Whether a value is of a type, as far down as the module system looks before it merges.

use super::Cx;
use super::types::Type;
use crate::eval::{Val, Value};

/// Whether `val` passes the check of `ty`; `None` where that is not known.
pub(super) fn check(cx: Cx<'_, '_>, ty: &Type, val: &Val) -> Option<bool> {
    let Some(test) = &ty.check else { return Some(true) };
    if let Value::Unknown(_) | Value::Choice(_) = &val.value {
        return None;
    }
    let passed = cx.machine.apply(&cx.force(test), val.clone().thunk(), val.span);
    match cx.settle(passed).value {
        Value::Bool(passed) => Some(passed),
        _ => None,
    }
}
