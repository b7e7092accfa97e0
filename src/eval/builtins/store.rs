//! What needs the store, the network or the machine: known by name, and where it is known to be nothing.

use std::rc::Rc;

use super::super::machine::{Machine, Primitive};
use super::super::value::{
    Attrs, Call, Name, Platform, Reason, Symbol, SymbolRoot, Thunk, Unknown, Val, Value,
};
use super::argument::{Outcome, closed_list, coerced, error, must_have_known_names, plain_string, several};

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "addDrvOutputDependencies" 1 |_, _, _| store();
    "appendContext" 2 |m, a, _| {
        let context = m.set(&m.force(&a[1]))?;
        must_have_known_names(&context)?;
        // Text that is known has no context, and could not show one.
        if context.entries.is_empty() { Ok(Val::string(plain_string(m, &a[0])?)) } else { store() }
    };
    "derivation" 1 |m, a, span| derivation(m, "derivation", a, span);
    "derivationStrict" 1 |m, a, span| derivation(m, "derivationStrict", a, span);
    "fetchClosure" 1 |_, _, _| network();
    "fetchGit" 1 |_, _, _| network();
    "fetchMercurial" 1 |_, _, _| network();
    "fetchTarball" 1 |_, _, _| network();
    "fetchTree" 1 |_, _, _| network();
    "fetchurl" 1 |_, _, _| network();
    "filterSource" 2 |_, _, _| store();
    "flakeRefToString" 1 |_, _, _| not_modelled("flakeRefToString");
    "getContext" 1 |m, a, _| {
        plain_string(m, &a[0])?;
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::default()))))
    };
    "getEnv" 1 |m, a, _| {
        plain_string(m, &a[0])?;
        Err(Unknown::new(Reason::Impure("the environment")))
    };
    "getFlake" 1 |_, _, _| network();
    "hasContext" 1 |m, a, _| {
        plain_string(m, &a[0])?;
        Ok(Val::of(Value::Bool(false)))
    };
    "hashFile" 2 |_, _, _| not_modelled("hashFile");
    "outputOf" 2 |_, _, _| store();
    "parseFlakeRef" 1 |_, _, _| not_modelled("parseFlakeRef");
    "path" 1 |_, _, _| store();
    "placeholder" 1 |m, a, _| Ok(Val::string(super::hash::placeholder(&plain_string(m, &a[0])?)));
    "storePath" 1 |_, _, _| store();
    "toFile" 2 |m, a, _| {
        plain_string(m, &a[0])?;
        coerced(m, &a[1])?;
        store()
    };
    "unsafeDiscardOutputDependency" 1 |m, a, _| Ok(m.force(&a[0]));
    "unsafeDiscardReferences" 1 |m, a, _| Ok(m.force(&a[0]));
    "unsafeDiscardStringContext" 1 |m, a, _| Ok(m.force(&a[0]));
};

/// The names that a derivation has besides its arguments and its outputs.
const OF_DERIVATIONS: &[&str] = &["outPath", "drvPath", "outputName", "all"];

/// `call.name`, where `call` is a derivation and says it: what a derivation is called with is in it.
pub(in super::super) fn derivation_attribute(
    machine: &Machine<'_>,
    call: &Call,
    name: Name,
) -> Option<Result<Val, Unknown>> {
    let ([argument], [function]) = (call.arguments.as_slice(), call.function.path.as_slice()) else {
        return None;
    };
    if !matches!(call.function.root, SymbolRoot::Packages(_)) || &*machine.text_of(*function) != "derivation"
    {
        return None;
    }
    let text = machine.text_of(name);
    if OF_DERIVATIONS.contains(&&*text) {
        return None;
    }
    match &*text {
        "type" => return Some(Ok(Val::string("derivation"))),
        "drvAttrs" => return Some(Ok(machine.force(argument))),
        _ => {}
    }
    let attrs = machine.set(&machine.force(argument)).ok()?;
    let outputs = match attrs.get(machine.name("outputs")) {
        Some(entry) => {
            let outputs = closed_list(machine, &entry.value).ok()?;
            outputs.iter().map(|output| plain_string(machine, output).ok()).collect::<Option<Vec<_>>>()?
        }
        None if attrs.is_closed() => vec!["out".to_owned()],
        None => return None,
    };
    if outputs.iter().any(|output| **output == *text) {
        return None;
    }
    Some(match attrs.get(name) {
        Some(entry) => Ok(machine.force(&entry.value)),
        None if attrs.is_closed() => Err(error(format!("attribute `{text}` missing"))),
        None => Err(several()),
    })
}

fn derivation(
    machine: &Machine<'_>,
    name: &'static str,
    arguments: &[Thunk],
    span: Option<crate::text::Span>,
) -> Outcome {
    match machine.force(&arguments[0]).value {
        Value::Unknown(unknown) if super::super::machine::is_error(&unknown) => return Err(unknown),
        Value::Attrs(_) | Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => {}
        _ => return Err(error("a set was expected")),
    }
    let function = Symbol { root: SymbolRoot::Packages(Platform::Unknown), path: vec![machine.name(name)] };
    let call = Call { function, arguments: arguments.to_vec(), span };
    Ok(Val::symbol(SymbolRoot::Call(Rc::new(call))))
}

fn store() -> Outcome {
    Err(Unknown::new(Reason::Impure("the store")))
}

fn network() -> Outcome {
    Err(Unknown::new(Reason::Impure("what is fetched")))
}

fn not_modelled(name: &str) -> Outcome {
    Err(Unknown::new(Reason::NotModelled(name.to_owned())))
}
