//! `lib.customisation`: functions whose arguments can be changed later.

use std::rc::Rc;

use super::super::machine::Machine;
use super::super::operators;
use super::super::value::{PrimitiveCall, Reason, Thunk, Unknown, Val, Value};
use super::trivial::{function_arguments, is_function, with_arguments};
use super::{
    Outcome, Table, attrs_val, closed_set, deferred, error, from_pairs, primitives, set, several, thrown,
};
use crate::text::Span;

/// A primitive of this module with its first arguments.
fn partial(name: &str, arguments: Vec<Thunk>) -> Val {
    let primitive = super::primitive(INNER, name).expect("invariant: the table below has it");
    Val::of(Value::Primitive(Rc::new(PrimitiveCall { primitive, arguments })))
}

/// `result` with what changes the arguments it was made with.
fn overridable(
    machine: &Machine<'_>,
    function: &Thunk,
    arguments: &Thunk,
    result: Val,
    span: Option<Span>,
) -> Outcome {
    let (inner, of) = (function.clone(), partial("override", vec![function.clone(), arguments.clone()]));
    let override_function = with_arguments(
        machine,
        of.thunk(),
        deferred(move |machine| function_arguments(machine, &inner, span)),
    );
    match &result.value {
        Value::Attrs(attrs) => {
            let not_modelled =
                || Val::unknown(Reason::NotModelled("an override of a derivation".to_owned())).thunk();
            let mut fields =
                vec![("override", override_function.thunk()), ("overrideDerivation", not_modelled())];
            if attrs.get(machine.name("overrideAttrs")).is_some() {
                fields.push(("overrideAttrs", not_modelled()));
            }
            Ok(Val::of(operators::update(machine, &result, &set(machine, fields), span)))
        }
        Value::Lambda(_) | Value::Primitive(_) => {
            let called = result.thunk();
            let inner = called.clone();
            let callable = with_arguments(
                machine,
                called,
                deferred(move |machine| function_arguments(machine, &inner, span)),
            );
            let own = set(machine, vec![("override", override_function.thunk())]);
            Ok(Val::of(operators::update(machine, &callable, &own, span)))
        }
        _ => Ok(result),
    }
}

/// The function, and the arguments it gets: those of the call over those of the scope.
fn package_call(machine: &Machine<'_>, a: &[Thunk], span: Option<Span>) -> Result<(Thunk, Thunk), Unknown> {
    let function = match is_function(machine, &a[1])? {
        true => a[1].clone(),
        false => super::call_builtin(machine, "import", vec![a[1].clone()], span).thunk(),
    };
    let formals = closed_set(machine, &function_arguments(machine, &function, span)?.thunk())?;
    let (scope, given) = (machine.force(&a[0]), machine.set(&machine.force(&a[2]))?);
    let mut pairs = Vec::new();
    for (name, has_default) in formals {
        let key = machine.name(&name);
        let is_in_scope = match &scope.value {
            Value::Attrs(attrs) => match attrs.get(key) {
                Some(_) => true,
                None if attrs.is_closed() => false,
                None => return Err(attrs.open.clone().unwrap_or_else(several)),
            },
            Value::Symbol(_) => true,
            _ => return Err(machine.symbolic(&scope)),
        };
        if is_in_scope {
            let scope = scope.clone();
            pairs.push((name, Thunk::later(move |machine| machine.select_or_unknown(&scope, key))));
        } else if given.get(key).is_none()
            && given.is_closed()
            && !super::decided(machine, &has_default, span)?
        {
            return Err(error(format!("function called without required argument `{name}`")));
        }
    }
    let arguments =
        operators::update(machine, &from_pairs(machine, pairs), &attrs_val((*given).clone()), span);
    Ok((function, Val::of(arguments).thunk()))
}

/// What is called later.
static INNER: Table = primitives! {
    "apply" 2 |m, a, span| {
        let result = m.apply(&m.force(&a[0]), a[1].clone(), span);
        overridable(m, &a[0], &a[1], result, span)
    };
    "attribute" 3 |m, a, span| {
        let result = m.apply(&m.force(&a[0]), a[2].clone(), span);
        m.select(&result, m.name(&super::super::builtins::string(m, &a[1])?))
    };
    "override" 3 |m, a, span| {
        let new = match is_function(m, &a[2])? {
            true => m.apply(&m.force(&a[2]), a[1].clone(), span),
            false => m.force(&a[2]),
        };
        let arguments = Val::of(operators::update(m, &m.force(&a[1]), &new, span)).thunk();
        let result = m.apply(&m.force(&a[0]), arguments.clone(), span);
        overridable(m, &a[0], &arguments, result, span)
    };
};

pub(super) static FUNCTIONS: Table = primitives! {
    "callPackageWith" 3 |m, a, span| {
        let (function, arguments) = package_call(m, a, span)?;
        let result = m.apply(&m.force(&function), arguments.clone(), span);
        overridable(m, &function, &arguments, result, span)
    };
    "callPackagesWith" 3 |m, a, span| {
        let (function, arguments) = package_call(m, a, span)?;
        let packages = m.apply(&m.force(&function), arguments.clone(), span);
        if super::meta::is_derivation(m, &packages)? {
            return Err(thrown("function `callPackages` was called on a *single* derivation"));
        }
        let mut result = (*m.set(&packages)?).clone();
        for (name, entry) in &mut result.entries {
            let (name, value, arguments) = (m.text_of(*name), entry.value.clone(), arguments.clone());
            let one = partial("attribute", vec![function.clone(), Val::string(name).thunk()]).thunk();
            entry.value = deferred(move |m| overridable(m, &one, &arguments, m.force(&value), span));
        }
        Ok(attrs_val(result))
    };
    "makeOverridable" 1 |m, a, span| {
        let function = a[0].clone();
        let arguments = deferred(move |m| function_arguments(m, &function, span));
        let mirrored = with_arguments(m, partial("apply", vec![a[0].clone()]).thunk(), arguments);
        match &m.force(&a[0]).value {
            Value::Attrs(_) => Err(Unknown::new(Reason::NotModelled("an overridable set".to_owned()))),
            _ => Ok(mirrored),
        }
    };
};
