//! Types, functions, errors and the order of evaluation.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::super::coercion::Coercion;
use super::super::lookup::either;
use super::super::machine::{Machine, Primitive, is_final};
use super::super::value::{Attrs, Entry, Reason, Thunk, Unknown, Val, Value};
use super::argument::{Outcome, coerced, error, plain_string, record, several, undecided};
use super::list::if_there;
use crate::semantic::Expr;
use crate::text::Span;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "abort" 1 |m, a, _| Err(error(coerced(m, &a[0])?));
    "addErrorContext" 2 |m, a, _| Ok(m.force(&a[1]));
    "break" 1 |m, a, _| Ok(m.force(&a[0]));
    "deepSeq" 2 |m, a, _| {
        must_not_fail_below(m, &a[0], &mut FxHashSet::default())?;
        Ok(m.force(&a[1]))
    };
    "functionArgs" 1 function_args;
    "isAttrs" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Attrs(_)), span);
    "isBool" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Bool(_) | Value::Condition(_)), span);
    "isFloat" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Float(_)), span);
    "isFunction" 1 |m, a, span| {
        is(m, &a[0], |value| matches!(value, Value::Lambda(_) | Value::Primitive(_)), span)
    };
    "isInt" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Int(_)), span);
    "isList" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::List(_)), span);
    "isNull" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Null), span);
    "isPath" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Path(_) | Value::PathPattern(_)), span);
    "isString" 1 |m, a, span| is(m, &a[0], |value| matches!(value, Value::Str(_)), span);
    "seq" 2 |m, a, _| {
        must_not_fail(&m.force(&a[0]))?;
        Ok(m.force(&a[1]))
    };
    "throw" 1 |m, a, _| {
        let text = m.coerce(&m.force(&a[0]), Coercion::Interpolation, None)?;
        Err(Unknown::new(Reason::Throw(text.display())))
    };
    "toString" 1 |m, a, _| {
        let val = m.force(&a[0]);
        let text = m.coerce(&val, Coercion::ToString, val.span)?;
        Ok(Val::at(Value::Str(Rc::new(text)), val.span))
    };
    "trace" 2 |m, a, _| {
        must_not_fail(&m.force(&a[0]))?;
        Ok(m.force(&a[1]))
    };
    "traceVerbose" 2 |m, a, _| Ok(m.force(&a[1]));
    "tryEval" 1 |m, a, span| {
        let assumed = m.assumed();
        let val = m.force(&a[0]);
        if m.assumed() != assumed {
            return Err(several());
        }
        try_eval(m, val, span)
    };
    "typeOf" 1 |m, a, _| {
        let val = m.force(&a[0]);
        match type_name(&val.value) {
            Some(name) => Ok(Val::string(name)),
            None => Err(m.symbolic(&val)),
        }
    };
    "warn" 2 |m, a, _| {
        plain_string(m, &a[0])?;
        Ok(m.force(&a[1]))
    };
};

fn is(machine: &Machine<'_>, thunk: &Thunk, test: fn(&Value) -> bool, span: Option<Span>) -> Outcome {
    let val = machine.force(thunk);
    match &val.value {
        Value::Unknown(unknown) if is_final(unknown) => Err(unknown.clone()),
        Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => undecided(machine, span),
        Value::Str(text) if text.may_be_path() => undecided(machine, span),
        value => Ok(Val::of(Value::Bool(test(value)))),
    }
}

/// What `tryEval` gives for an argument with this value.
fn try_eval(machine: &Machine<'_>, val: Val, span: Option<Span>) -> Outcome {
    let result =
        |success: Value, value: Val| record(machine, [("success", Val::of(success)), ("value", value)]);
    let failed = || Val::of(Value::Bool(false));
    Ok(match &val.value {
        Value::Unknown(unknown) => match &*unknown.reason {
            Reason::Throw(_) => result(Value::Bool(false), failed()),
            _ => return Err(unknown.clone()),
        },
        // It may be missing or broken.
        Value::Symbol(_) => {
            let span = span.ok_or_else(|| machine.symbolic(&val))?;
            let succeeds = machine.opaque(span);
            let value = either(&succeeds, val.thunk(), failed().thunk());
            result(Value::Condition(succeeds), value)
        }
        Value::Choice(choice) => machine.choose(choice, |machine, val| {
            try_eval(machine, val, span).unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)))
        }),
        _ => result(Value::Bool(true), val),
    })
}

fn type_name(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => "null",
        Value::Bool(_) | Value::Condition(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Str(text) if text.may_be_path() => return None,
        Value::Str(_) => "string",
        Value::Path(_) | Value::PathPattern(_) => "path",
        Value::List(_) => "list",
        Value::Attrs(_) => "set",
        Value::Lambda(_) | Value::Primitive(_) => "lambda",
        Value::Symbol(_) | Value::Choice(_) | Value::Unknown(_) => return None,
    })
}

fn function_args(machine: &Machine<'_>, arguments: &[Thunk], _: Option<Span>) -> Outcome {
    let val = machine.force(&arguments[0]);
    match &val.value {
        Value::Lambda(closure) => {
            let Expr::Lambda(lambda) = closure.unit.ir.expr(closure.expr) else { return Err(several()) };
            let entries = lambda.formals.iter().flatten().map(|formal| {
                let has_default = Val::of(Value::Bool(formal.default.is_some()));
                let place = Some(closure.unit.span(formal.range));
                let name = closure.unit.ir.name(formal.name);
                (machine.name(name), Entry { key: place, binding: place, ..Entry::of(has_default.thunk()) })
            });
            Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(entries.collect())))))
        }
        Value::Primitive(_) => Ok(Val::of(Value::Attrs(Rc::new(Attrs::default())))),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(machine.symbolic(&val)),
        _ => Err(error("a function was expected")),
    }
}

/// Stops where Nix, or the evaluation, ends with `val`. What is only unknown is taken to be there.
fn must_not_fail(val: &Val) -> Result<(), Unknown> {
    match &val.value {
        Value::Unknown(unknown) => match &*unknown.reason {
            Reason::Argument(_)
            | Reason::Symbolic(_)
            | Reason::Impure(_)
            | Reason::NotModelled(_)
            | Reason::Several => Ok(()),
            _ => Err(unknown.clone()),
        },
        _ => Ok(()),
    }
}

/// Forces everything below `thunk`, each value once.
fn must_not_fail_below(
    machine: &Machine<'_>,
    thunk: &Thunk,
    seen: &mut FxHashSet<*const ()>,
) -> Result<(), Unknown> {
    let val = machine.force(thunk);
    must_not_fail(&val)?;
    machine.descend(|| match &val.value {
        Value::List(list) if seen.insert(Rc::as_ptr(list).cast()) => {
            list.elements.iter().try_for_each(|element| {
                if_there(&element.condition, must_not_fail_below(machine, &element.value, seen))
            })
        }
        Value::Attrs(attrs) if seen.insert(Rc::as_ptr(attrs).cast()) => {
            attrs.entries.iter().try_for_each(|(_, entry)| {
                if_there(&entry.condition, must_not_fail_below(machine, &entry.value, seen))
            })
        }
        _ => Ok(()),
    })
}
