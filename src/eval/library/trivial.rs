//! `lib.trivial`, `lib.fixedPoints` and `lib.asserts`.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::rc::Rc;

use super::super::builtins::{closed_list, parse_json, parse_toml, string};
use super::super::condition::Condition;
use super::super::machine::{Machine, is_error, truth};
use super::super::operators;
use super::super::value::{Attrs, Element, Reason, Symbol, SymbolRoot, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, attrs_val, boolean, deferred, error, field, holds, integer, library, number, primitives,
    set, several, text_of, thrown,
};
use crate::text::Span;

/// Constants of `lib`.
pub(super) const CONSTANTS: &[&str] = &[
    "defaultOrderPriority",
    "defaultOverridePriority",
    "defaultPriority",
    "fakeHash",
    "fakeSha256",
    "fakeSha512",
    "lowerChars",
    "unknownModule",
    "upperChars",
];

pub(super) fn constant(name: &str) -> Option<Val> {
    let characters = |range: std::ops::RangeInclusive<char>| {
        Val::list(range.map(|c| Val::string(c.to_string()).thunk()).collect())
    };
    Some(match name {
        "defaultOrderPriority" => number(1000),
        "defaultOverridePriority" => number(100),
        "defaultPriority" => number(5),
        "fakeHash" => Val::string(format!("sha256-{}=", "A".repeat(43))),
        "fakeSha256" => Val::string("0".repeat(64)),
        "fakeSha512" => Val::string("0".repeat(128)),
        "lowerChars" => characters('a'..='z'),
        "unknownModule" => Val::string("<unknown-file>"),
        "upperChars" => characters('A'..='Z'),
        _ => return None,
    })
}

/// What `compute` makes of its own result.
fn fixed_point(machine: &Machine<'_>, compute: impl FnOnce(&Machine<'_>, Thunk) -> Outcome) -> Outcome {
    let result: Rc<OnceCell<Thunk>> = Rc::default();
    let own = result.clone();
    let last = Thunk::later(move |machine| match own.get() {
        Some(thunk) => machine.force(thunk),
        None => Val::unknown(Reason::Cycle),
    });
    let val = compute(machine, last)?;
    let _ = result.set(val.clone().thunk());
    Ok(val)
}

/// `overlay final prev`, over `prev`.
fn extended(machine: &Machine<'_>, overlay: &Thunk, last: &Thunk, previous: &Val, span: Option<Span>) -> Val {
    let overlay = machine.force(overlay);
    let above = machine.apply_all(&overlay, [last.clone(), previous.clone().thunk()], span);
    Val::of(operators::update(machine, previous, &above, span))
}

/// A function that mirrors the arguments of another.
pub(super) fn with_arguments(machine: &Machine<'_>, function: Thunk, arguments: Thunk) -> Val {
    let functor = super::primitive(INNER, "functor").expect("invariant: the table below has it");
    let call = super::super::value::PrimitiveCall { primitive: functor, arguments: vec![function] };
    let functor = Val::of(Value::Primitive(Rc::new(call))).thunk();
    set(machine, vec![("__functor", functor), ("__functionArgs", arguments)])
}

/// A primitive of this module with its first arguments.
fn partial(name: &str, arguments: Vec<Thunk>) -> Val {
    let primitive = super::primitive(INNER, name).expect("invariant: the table below has it");
    Val::of(Value::Primitive(Rc::new(super::super::value::PrimitiveCall { primitive, arguments })))
}

/// Whether a value can be called, as `lib.isFunction` has it.
pub(super) fn is_function(machine: &Machine<'_>, thunk: &Thunk) -> Result<bool, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Lambda(_) | Value::Primitive(_) => Ok(true),
        Value::Attrs(_) => match field(machine, &val, "__functor")? {
            Some(functor) => {
                let functor = machine.apply(&machine.force(&functor), thunk.clone(), None).thunk();
                machine.descend(|| is_function(machine, &functor))
            }
            None => Ok(false),
        },
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(false),
    }
}

/// `lib.functionArgs`
pub(super) fn function_arguments(machine: &Machine<'_>, function: &Thunk, span: Option<Span>) -> Outcome {
    let val = machine.force(function);
    if let Value::Attrs(_) = &val.value
        && let Some(functor) = field(machine, &val, "__functor")?
    {
        if let Some(arguments) = field(machine, &val, "__functionArgs")? {
            return Ok(machine.force(&arguments));
        }
        let inner = machine.apply(&machine.force(&functor), function.clone(), span).thunk();
        return Ok(super::call_builtin(machine, "functionArgs", vec![inner], span));
    }
    Ok(super::call_builtin(machine, "functionArgs", vec![function.clone()], span))
}

/// The value where `condition` is as wanted; where it is not, Nix stops.
fn unless_thrown(machine: &Machine<'_>, a: &[Thunk], throws_if: bool, span: Option<Span>) -> Outcome {
    match machine.condition(&machine.force(&a[0]), span)? {
        Condition::True if throws_if => Err(thrown(text_of(machine, &a[1])?.display())),
        Condition::False if !throws_if => Err(thrown(text_of(machine, &a[1])?.display())),
        _ => Ok(machine.force(&a[2])),
    }
}

/// The value, when the condition is a truth value.
fn warned(machine: &Machine<'_>, a: &[Thunk], span: Option<Span>) -> Outcome {
    machine.condition(&machine.force(&a[0]), span)?;
    Ok(machine.force(&a[2]))
}

fn asserted(machine: &Machine<'_>, holds: Condition, message: impl FnOnce() -> String) -> Outcome {
    let _ = machine;
    match holds {
        Condition::False => Err(thrown(message())),
        // Where it does not hold, there is no configuration at all.
        _ => Ok(boolean(true)),
    }
}

fn one_of(
    machine: &Machine<'_>,
    value: &Thunk,
    list: &Thunk,
    span: Option<Span>,
) -> Result<Condition, Unknown> {
    let list = machine.list(&machine.force(list))?;
    if let Some(open) = &list.open {
        return Err(open.clone());
    }
    let val = machine.force(value);
    let mut any = Condition::False;
    for Element { value, condition } in &list.elements {
        any = any.or(&condition.and(&operators::equal(machine, &val, &machine.force(value), span)?));
    }
    Ok(any)
}

fn digits(machine: &Machine<'_>, base: i64, value: i64) -> Result<Vec<i64>, Unknown> {
    if base < 2 || value < 0 {
        return Err(thrown("assertion failed"));
    }
    let mut result = Vec::new();
    let mut rest = value;
    loop {
        machine.charge(1)?;
        result.push(rest % base);
        rest /= base;
        if rest == 0 {
            result.reverse();
            return Ok(result);
        }
    }
}

fn hex(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_short =
        digits.len() <= 16 && (digits.len() < 16 || digits.starts_with(|c| ('0'..='7').contains(&c)));
    let is_hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    (is_short && is_hex).then(|| i64::from_str_radix(digits, 16).ok()).flatten()
}

/// Which of two values the order prefers.
fn extreme(machine: &Machine<'_>, a: &[Thunk], wanted: Ordering) -> Outcome {
    let (x, y) = (machine.force(&a[0]), machine.force(&a[1]));
    Ok(if operators::compare(machine, &x, &y)? == Some(wanted) { x } else { y })
}

fn read(machine: &Machine<'_>, path: &Thunk) -> Result<String, Unknown> {
    let text = super::call_builtin(machine, "readFile", vec![path.clone()], None);
    string(machine, &text.thunk())
}

fn compose(
    machine: &Machine<'_>,
    overlays: &[Thunk],
    last: &Thunk,
    previous: &Thunk,
    span: Option<Span>,
) -> Outcome {
    let mut base = machine.force(previous);
    let mut result = attrs_val(Attrs::default());
    for overlay in overlays {
        let above = machine.apply_all(&machine.force(overlay), [last.clone(), base.clone().thunk()], span);
        base = Val::of(operators::update(machine, &base, &above, span));
        result = Val::of(operators::update(machine, &result, &above, span));
    }
    Ok(result)
}

fn extensible(machine: &Machine<'_>, name: &str, function: &Thunk, span: Option<Span>) -> Outcome {
    let function_val = machine.force(function);
    fixed_point(machine, |machine, last| {
        let base = machine.apply(&function_val, last, span);
        let extend = partial("extensible.extend", vec![Val::string(name).thunk(), function.clone()]);
        let own = set(machine, vec![(name, extend.thunk()), ("__unfix__", function.clone())]);
        Ok(Val::of(operators::update(machine, &base, &own, span)))
    })
}

/// What the functions above give to be called later.
static INNER: Table = primitives! {
    "extends.apply" 3 |m, a, span| {
        let previous = m.apply(&m.force(&a[1]), a[2].clone(), span);
        Ok(extended(m, &a[0], &a[2], &previous, span))
    };
    "extensible.extend" 3 |m, a, span| {
        let function = partial("extends.apply", vec![a[2].clone(), a[1].clone()]);
        extensible(m, &string(m, &a[0])?, &function.thunk(), span)
    };
    "functor" 2 |m, a, _| Ok(m.force(&a[0]));
};

pub(super) static FUNCTIONS: Table = primitives! {
    "and" 2 |m, a, span| {
        let left = m.condition(&m.force(&a[0]), span)?;
        if left == Condition::False {
            return Ok(boolean(false));
        }
        Ok(Val::of(truth(left.and(&m.condition(&m.force(&a[1]), span)?))))
    };
    "assertEachOneOf" 3 |m, a, span| {
        let mut all = Condition::True;
        for value in closed_list(m, &a[1])? {
            all = all.and(&one_of(m, &value, &a[2], span)?);
        }
        asserted(m, all, || "each element must be one of a list".to_owned())
    };
    "assertMsg" 2 |m, a, span| {
        let holds = m.condition(&m.force(&a[0]), span)?;
        asserted(m, holds, || text_of(m, &a[1]).map_or_else(|_| String::new(), |text| text.display()))
    };
    "assertOneOf" 3 |m, a, span| {
        let holds = one_of(m, &a[1], &a[2], span)?;
        asserted(m, holds, || "a value must be one of a list".to_owned())
    };
    "bitNot" 1 |m, a, _| Ok(number(!integer(m, &a[0])?));
    "boolToString" 1 |m, a, span| words(m, &a[0], ["true", "false"], span);
    "boolToYesNo" 1 |m, a, span| words(m, &a[0], ["yes", "no"], span);
    "checkAssertWarn" 3 |m, a, span| {
        for assertion in closed_list(m, &a[0])? {
            let holds = m.select(&m.force(&assertion), m.name("assertion"))?;
            if m.condition(&holds, span)? == Condition::False {
                return Err(thrown("Failed assertions"));
            }
        }
        Ok(m.force(&a[2]))
    };
    "checkListOfEnum" 4 |m, a, span| {
        for value in closed_list(m, &a[2])? {
            match one_of(m, &value, &a[1], span)? {
                Condition::False => return Err(thrown("an unexpected element")),
                Condition::True => {}
                _ => return Err(several()),
            }
        }
        Ok(m.force(&a[3]))
    };
    "compare" 2 |m, a, _| {
        let ordering = operators::compare(m, &m.force(&a[0]), &m.force(&a[1]))?;
        Ok(number(ordering.map_or(0, |ordering| ordering as i64)))
    };
    "composeExtensions" 4 |m, a, span| compose(m, &a[..2], &a[2], &a[3], span);
    "composeManyExtensions" 3 |m, a, span| compose(m, &closed_list(m, &a[0])?, &a[1], &a[2], span);
    "concat" 2 |m, a, _| Ok(Val::of(operators::concat(m, &m.force(&a[0]), &m.force(&a[1]))));
    "const" 2 |m, a, _| Ok(m.force(&a[0]));
    "converge" 2 |m, a, span| {
        let function = m.force(&a[0]);
        let mut val = m.force(&a[1]);
        loop {
            m.charge(1)?;
            let next = m.apply(&function, val.clone().thunk(), span);
            match operators::equal(m, &next, &val, span)? {
                Condition::True => return Ok(val),
                Condition::False => val = next,
                _ => return Err(several()),
            }
        }
    };
    "defaultTo" 2 |m, a, _| {
        let val = m.force(&a[1]);
        match &val.value {
            Value::Null => Ok(m.force(&a[0])),
            Value::Symbol(_) | Value::Choice(_) => Err(several()),
            _ => Ok(val),
        }
    };
    "extend" 1 |m, a, span| {
        let base = library(m);
        fixed_point(m, |m, last| {
            let overlay = m.apply_all(&m.force(&a[0]), [last, base.clone().thunk()], span);
            let mut attrs = match m.set(&overlay) {
                Ok(attrs) => (*attrs).clone(),
                // The library of a flake input adds names of its own.
                Err(_) if matches!(overlay.value, Value::Symbol(_)) => return Ok(base.clone()),
                Err(unknown) => return Err(unknown),
            };
            attrs.open = Some(Unknown::new(Reason::Symbolic("lib".to_owned())));
            attrs.fallback = Some(base.clone());
            Ok(attrs_val(attrs))
        })
    };
    "extends" 3 |m, a, span| {
        let previous = m.apply(&m.force(&a[1]), a[2].clone(), span);
        Ok(extended(m, &a[0], &a[2], &previous, span))
    };
    "fix" 1 |m, a, span| {
        let function = m.force(&a[0]);
        fixed_point(m, |m, last| Ok(m.apply(&function, last, span)))
    };
    "fix'" 1 |m, a, span| {
        let function = m.force(&a[0]);
        fixed_point(m, |m, last| {
            let own = set(m, vec![("__unfix__", a[0].clone())]);
            Ok(Val::of(operators::update(m, &m.apply(&function, last, span), &own, span)))
        })
    };
    "flip" 3 |m, a, span| Ok(m.apply_all(&m.force(&a[0]), [a[2].clone(), a[1].clone()], span));
    "fromHexString" 1 |m, a, _| hex(&string(m, &a[0])?).map(number).ok_or_else(several);
    "functionArgs" 1 |m, a, span| function_arguments(m, &a[0], span);
    "id" 1 |m, a, _| Ok(m.force(&a[0]));
    "importJSON" 1 |m, a, _| parse_json(m, &read(m, &a[0])?);
    "importTOML" 1 |m, a, _| parse_toml(m, &read(m, &a[0])?);
    "info" 2 |m, a, _| Ok(m.force(&a[1]));
    "isFunction" 1 |m, a, _| is_function(m, &a[0]).map(boolean);
    "isInOldestRelease" 1 |m, a, _| Err(release(m, &a[0]));
    "makeExtensible" 1 |m, a, span| extensible(m, "extend", &a[0], span);
    "makeExtensibleWithCustomName" 2 |m, a, span| extensible(m, &string(m, &a[0])?, &a[1], span);
    "mapNullable" 2 |m, a, span| {
        let val = m.force(&a[1]);
        match &val.value {
            Value::Null => Ok(val),
            Value::Choice(choice) => {
                let function = m.force(&a[0]);
                Ok(m.choose(choice, |m, val| match &val.value {
                    Value::Null | Value::Unknown(_) => val,
                    Value::Choice(_) => super::unknown_val(several()),
                    _ => m.apply(&function, val.thunk(), span),
                }))
            }
            Value::Unknown(unknown) if is_error(unknown) => Err(unknown.clone()),
            Value::Symbol(_) | Value::Unknown(_) => Err(several()),
            _ => Ok(m.apply(&m.force(&a[0]), a[1].clone(), span)),
        }
    };
    "max" 2 |m, a, _| extreme(m, a, Ordering::Greater);
    "mergeAttrs" 2 |m, a, span| Ok(Val::of(operators::update(m, &m.force(&a[0]), &m.force(&a[1]), span)));
    "min" 2 |m, a, _| extreme(m, a, Ordering::Less);
    "mirrorFunctionArgs" 2 |m, a, span| {
        let function = a[0].clone();
        let arguments = deferred(move |m| function_arguments(m, &function, span));
        Ok(with_arguments(m, a[1].clone(), arguments))
    };
    "mod" 2 |m, a, _| {
        let (base, divisor) = (integer(m, &a[0])?, integer(m, &a[1])?);
        base.checked_rem(divisor).map(number).ok_or_else(|| error("division by zero"))
    };
    "oldestSupportedReleaseIsAtLeast" 1 |m, a, _| Err(release(m, &a[0]));
    "or" 2 |m, a, span| {
        let left = m.condition(&m.force(&a[0]), span)?;
        if left == Condition::True {
            return Ok(boolean(true));
        }
        Ok(Val::of(truth(left.or(&m.condition(&m.force(&a[1]), span)?))))
    };
    "pipe" 2 |m, a, span| {
        let functions = closed_list(m, &a[1])?;
        let apply = |val: Thunk, function: &Thunk| m.apply(&m.force(function), val, span).thunk();
        Ok(m.force(&functions.iter().fold(a[0].clone(), apply)))
    };
    "setFunctionArgs" 2 |m, a, _| Ok(with_arguments(m, a[0].clone(), a[1].clone()));
    "showWarnings" 2 |m, a, _| {
        closed_list(m, &a[0])?;
        Ok(m.force(&a[1]))
    };
    "splitByAndCompare" 5 |m, a, span| {
        let first = m.force(&a[0]);
        let is = |value: &Thunk| holds(m, &first, [value.clone()], span);
        let with = |function: &Thunk| Ok(m.apply_all(&m.force(function), [a[3].clone(), a[4].clone()], span));
        match (is(&a[3])?, is(&a[4])?) {
            (true, true) => with(&a[1]),
            (true, false) => Ok(number(-1)),
            (false, true) => Ok(number(1)),
            (false, false) => with(&a[2]),
        }
    };
    "throwIf" 3 |m, a, span| unless_thrown(m, a, true, span);
    "throwIfNot" 3 |m, a, span| unless_thrown(m, a, false, span);
    "toBaseDigits" 2 |m, a, _| {
        let digits = digits(m, integer(m, &a[0])?, integer(m, &a[1])?)?;
        Ok(Val::list(digits.into_iter().map(|digit| number(digit).thunk()).collect()))
    };
    "toFunction" 1 |m, a, _| match is_function(m, &a[0])? {
        true => Ok(m.force(&a[0])),
        false => Ok(partial("functor", vec![a[0].clone()])),
    };
    "toHexString" 1 |m, a, _| {
        let value = integer(m, &a[0])?;
        if value < 0 { Err(thrown("assertion failed")) } else { Ok(Val::string(format!("{value:X}"))) }
    };
    "warnIf" 3 warned;
    "warnIfNot" 3 warned;
    "xor" 2 |m, a, span| {
        let (x, y) = (m.condition(&m.force(&a[0]), span)?, m.condition(&m.force(&a[1]), span)?);
        Ok(Val::of(truth(x.and(&y.not()).or(&x.not().and(&y)))))
    };
};

/// Which releases are supported depends on the nixpkgs that is used.
fn release(machine: &Machine<'_>, thunk: &Thunk) -> Unknown {
    let symbol = Symbol { root: SymbolRoot::Library, path: vec![machine.name("oldestSupportedRelease")] };
    match &machine.force(thunk).value {
        Value::Unknown(unknown) => unknown.clone(),
        _ => Unknown::new(Reason::Symbolic(machine.symbol_text(&symbol))),
    }
}

fn words(machine: &Machine<'_>, of: &Thunk, [yes, no]: [&str; 2], span: Option<Span>) -> Outcome {
    Ok(match machine.condition(&machine.force(of), span)? {
        Condition::True => Val::string(yes),
        Condition::False => Val::string(no),
        condition => Val::of(Value::Choice(Rc::new([
            (condition.clone(), Val::string(yes).thunk()),
            (condition.not(), Val::string(no).thunk()),
        ]))),
    })
}
