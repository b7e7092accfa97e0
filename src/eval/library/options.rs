//! `lib.modules` and `lib.options`: what the module system reads.

use super::super::builtins::{closed_list, map_list, string};
use super::super::condition::Condition;
use super::super::machine::Machine;
use super::super::operators;
use super::super::value::{Attrs, Reason, Text, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, attrs_val, boolean, deferred, field, integer, number, primitives, set, several, tagged,
    text_of, text_val, thrown, types,
};
use crate::text::Span;

fn with_priority(machine: &Machine<'_>, kind: &'static str, priority: i64, content: &Thunk) -> Outcome {
    Ok(tagged(machine, kind, vec![("priority", number(priority).thunk()), ("content", content.clone())]))
}

/// `{ _type = "literalExpression"; text = …; }`
fn literal(machine: &Machine<'_>, kind: &'static str, text: &Thunk) -> Outcome {
    match &machine.force(text).value {
        Value::Str(_) => Ok(tagged(machine, kind, vec![("text", text.clone())])),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Err(thrown(format!("{kind} expects a string."))),
    }
}

/// The values of definitions.
pub(super) fn values(machine: &Machine<'_>, definitions: &Thunk) -> Result<Vec<Thunk>, Unknown> {
    let name = machine.name("value");
    let value = |definition: Thunk| {
        Thunk::later(move |machine| machine.select_or_unknown(&machine.force(&definition), name))
    };
    Ok(closed_list(machine, definitions)?.into_iter().map(value).collect())
}

/// `lib.options.mergeDefaultOption`
fn merge_default(machine: &Machine<'_>, location: &Thunk, values: Vec<Thunk>, span: Option<Span>) -> Outcome {
    if let [one] = values.as_slice() {
        return Ok(machine.force(one));
    }
    let mut kinds = Vec::new();
    for value in &values {
        kinds.push(string(
            machine,
            &super::call_builtin(machine, "typeOf", vec![value.clone()], span).thunk(),
        )?);
    }
    let all = |kind: &str| kinds.iter().all(|other| other == kind);
    if all("lambda") {
        return Err(Unknown::new(Reason::NotModelled("merged functions".to_owned())));
    }
    if all("list") {
        return Ok(super::call_builtin(machine, "concatLists", vec![Val::list(values).thunk()], span));
    }
    if all("set") {
        let empty = attrs_val(Attrs::default());
        let update =
            |sum: Val, value: &Thunk| Val::of(operators::update(machine, &sum, &machine.force(value), span));
        return Ok(values.iter().fold(empty, update));
    }
    if all("bool") {
        let mut any = Condition::False;
        for value in &values {
            any = any.or(&machine.condition(&machine.force(value), span)?);
        }
        return Ok(Val::of(super::super::machine::truth(any)));
    }
    if all("string") {
        return super::strings::join(machine, &Text::default(), &Val::list(values).thunk());
    }
    if all("int") {
        return merge_equal(machine, values, span);
    }
    let place = closed_list(machine, location).is_ok();
    Err(thrown(if place { "cannot merge definitions of an option" } else { "cannot merge definitions" }))
}

fn merge_equal(machine: &Machine<'_>, values: Vec<Thunk>, span: Option<Span>) -> Outcome {
    let Some((first, rest)) = values.split_first() else {
        return Err(super::error("This case should never happen."));
    };
    let first = machine.force(first);
    for other in rest {
        match operators::equal(machine, &first, &machine.force(other), span)? {
            Condition::True => {}
            Condition::False => return Err(thrown("the option has conflicting definition values")),
            _ => return Err(several()),
        }
    }
    Ok(first)
}

fn merge_one(machine: &Machine<'_>, definitions: &Thunk) -> Outcome {
    match values(machine, definitions)?.as_slice() {
        [one] => Ok(machine.force(one)),
        _ => Err(thrown("the option is defined multiple times while it's expected to be unique")),
    }
}

/// A part of an option path as people write it.
fn option_part(part: &str) -> String {
    let is_placeholder = part.len() > 1 && part.starts_with('<') && part.ends_with('>');
    if part == "*" || is_placeholder { part.to_owned() } else { super::strings::identifier(part) }
}

/// `mkPackageOption pkgs name { … }`
fn package_option(m: &Machine<'_>, a: &[Thunk]) -> Outcome {
    let names = match &m.force(&a[1]).value {
        Value::List(_) => super::attrsets::attr_path(m, &a[1])?,
        _ => vec![m.name(&string(m, &a[1])?)],
    };
    let argument = m.force(&a[2]);
    let nullable = match field(m, &argument, "nullable")? {
        Some(nullable) => super::decided(m, &nullable, None)?,
        None => false,
    };
    let path = match field(m, &argument, "default")? {
        Some(path) => match &m.force(&path).value {
            Value::Null => None,
            Value::List(_) => Some(super::attrsets::attr_path(m, &path)?),
            _ => Some(vec![m.name(&string(m, &path)?)]),
        },
        None => Some(names.clone()),
    };
    let package = types::select(m, &["package"]).ok_or_else(several)?.thunk();
    let of = if nullable {
        let null_or = types::select(m, &["nullOr"]).ok_or_else(several)?;
        m.apply(&null_or, package, None).thunk()
    } else {
        package
    };
    let mut description = Text::known("The ");
    description.extend(&Text::known(&names.last().map(|name| m.text_of(*name)).ok_or_else(several)?));
    description.extend(&Text::known(" package to use."));
    if let Some(extra) = field(m, &argument, "extraDescription")? {
        let extra = text_of(m, &extra)?;
        if !extra.is_empty() {
            description.extend(&Text::known(" "));
            description.extend(&extra);
        }
    }
    let mut fields = vec![("type", of), ("description", text_val(description).thunk())];
    match path {
        Some(path) => {
            let written: Vec<String> =
                path.iter().map(|name| super::strings::identifier(&m.text_of(*name))).collect();
            let packages = match field(m, &argument, "pkgsText")? {
                Some(text) => string(m, &text)?,
                None => "pkgs".to_owned(),
            };
            let text = Val::string(format!("{packages}.{}", written.join("."))).thunk();
            fields.push(("defaultText", tagged(m, "literalExpression", vec![("text", text)]).thunk()));
            let packages = a[0].clone();
            fields.push((
                "default",
                deferred(move |m| {
                    path.iter().try_fold(m.force(&packages), |val, name| m.select(&val, *name))
                }),
            ));
        }
        None if nullable => fields.push(("default", Val::of(Value::Null).thunk())),
        None => {}
    }
    if let Some(example) = field(m, &argument, "example")?
        && !matches!(m.force(&example).value, Value::Null)
    {
        let text = match &m.force(&example).value {
            Value::List(_) => {
                let names: Vec<String> = super::attrsets::attr_path(m, &example)?
                    .into_iter()
                    .map(|name| super::strings::identifier(&m.text_of(name)))
                    .collect();
                Val::string(format!("pkgs.{}", names.join("."))).thunk()
            }
            _ => example.clone(),
        };
        fields.push(("example", tagged(m, "literalExpression", vec![("text", text)]).thunk()));
    }
    Ok(tagged(m, "option", fields))
}

pub(super) static FUNCTIONS: Table = primitives! {
    "getFiles" 1 |m, a, _| {
        let name = m.name("file");
        map_list(m, &a[0], |one| Thunk::later(move |m| m.select_or_unknown(&m.force(&one), name)))
    };
    "getValues" 1 |m, a, _| {
        let name = m.name("value");
        map_list(m, &a[0], |one| Thunk::later(move |m| m.select_or_unknown(&m.force(&one), name)))
    };
    "isOption" 1 |m, a, span| is_type(m, &Val::string("option").thunk(), &a[0], span);
    "isType" 2 |m, a, span| is_type(m, &a[0], &a[1], span);
    "literalCode" 2 |m, a, _| {
        let (language, text) = (text_of(m, &a[0])?, text_of(m, &a[1])?);
        let mut result = Text::known("```");
        result.extend(&language);
        result.extend(&Text::known("\n"));
        result.extend(&text);
        result.extend(&Text::known("\n```\n"));
        literal(m, "literalMD", &text_val(result).thunk())
    };
    "literalExpression" 1 |m, a, _| literal(m, "literalExpression", &a[0]);
    "literalMD" 1 |m, a, _| literal(m, "literalMD", &a[0]);
    "mergeDefaultOption" 2 |m, a, span| merge_default(m, &a[0], values(m, &a[1])?, span);
    "mergeEqualOption" 2 |m, a, span| merge_equal(m, values(m, &a[1])?, span);
    "mergeOneOption" 2 |m, a, _| merge_one(m, &a[1]);
    "mergeUniqueOption" 3 |m, a, span| {
        let merge = field(m, &m.force(&a[0]), "merge")?;
        match merge {
            Some(merge) if closed_list(m, &a[2])?.len() == 1 => {
                Ok(m.apply_all(&m.force(&merge), a[1..].iter().cloned(), span))
            }
            _ => merge_one(m, &a[2]),
        }
    };
    "mkAfter" 1 |m, a, _| with_priority(m, "order", 1500, &a[0]);
    "mkBefore" 1 |m, a, _| with_priority(m, "order", 500, &a[0]);
    "mkDefault" 1 |m, a, _| with_priority(m, "override", 1000, &a[0]);
    "mkDefinition" 1 |m, a, span| {
        let mark = set(m, vec![("_type", Val::string("definition").thunk())]);
        Ok(Val::of(operators::update(m, &m.force(&a[0]), &mark, span)))
    };
    "mkEnableOption" 1 |m, a, _| {
        let name = a[0].clone();
        let description = deferred(move |m| {
            let mut text = Text::known("Whether to enable ");
            text.extend(&text_of(m, &name)?);
            text.extend(&Text::known("."));
            Ok(text_val(text))
        });
        let of = types::select(m, &["bool"]).ok_or_else(several)?;
        Ok(tagged(m, "option", vec![
            ("type", of.thunk()),
            ("default", boolean(false).thunk()),
            ("example", boolean(true).thunk()),
            ("description", description),
        ]))
    };
    "mkForce" 1 |m, a, _| with_priority(m, "override", 50, &a[0]);
    "mkIf" 2 |m, a, _| Ok(tagged(m, "if", vec![("condition", a[0].clone()), ("content", a[1].clone())]));
    "mkImageMediaOverride" 1 |m, a, _| with_priority(m, "override", 60, &a[0]);
    "mkMerge" 1 |m, a, _| Ok(tagged(m, "merge", vec![("contents", a[0].clone())]));
    "mkOption" 1 |m, a, span| {
        let mark = set(m, vec![("_type", Val::string("option").thunk())]);
        Ok(Val::of(operators::update(m, &m.force(&a[0]), &mark, span)))
    };
    "mkOptionDefault" 1 |m, a, _| with_priority(m, "override", 1500, &a[0]);
    "mkOrder" 2 |m, a, _| with_priority(m, "order", integer(m, &a[0])?, &a[1]);
    "mkOverride" 2 |m, a, _| with_priority(m, "override", integer(m, &a[0])?, &a[1]);
    "mkPackageOption" 3 |m, a, _| package_option(m, a);
    "mkSinkUndeclaredOptions" 1 |m, a, span| {
        let sink = tagged(m, "option", vec![
            ("internal", boolean(true).thunk()),
            ("visible", boolean(false).thunk()),
            ("default", boolean(false).thunk()),
            ("description", Val::string("Sink for option definitions.").thunk()),
            ("type", Val::unknown(Reason::NotModelled("the type of a sink".to_owned())).thunk()),
        ]);
        Ok(Val::of(operators::update(m, &sink, &m.force(&a[0]), span)))
    };
    "mkVMOverride" 1 |m, a, _| with_priority(m, "override", 10, &a[0]);
    "setDefaultModuleLocation" 2 |m, a, _| {
        Ok(set(m, vec![("_file", a[0].clone()), ("imports", Val::list(vec![a[1].clone()]).thunk())]))
    };
    "setType" 2 |m, a, span| {
        let mark = set(m, vec![("_type", a[0].clone())]);
        Ok(Val::of(operators::update(m, &m.force(&a[1]), &mark, span)))
    };
    "showFiles" 1 |m, a, _| {
        let files: Result<Vec<String>, Unknown> =
            closed_list(m, &a[0])?.iter().map(|file| Ok(format!("`{}'", string(m, file)?))).collect();
        Ok(Val::string(files?.join(" and ")))
    };
    "showOption" 1 |m, a, _| {
        let parts: Result<Vec<String>, Unknown> =
            closed_list(m, &a[0])?.iter().map(|part| Ok(option_part(&string(m, part)?))).collect();
        Ok(Val::string(parts?.join(".")))
    };
};

fn is_type(machine: &Machine<'_>, kind: &Thunk, of: &Thunk, span: Option<Span>) -> Outcome {
    let val = machine.force(of);
    let tag = match &val.value {
        Value::Attrs(_) => field(machine, &val, "_type")?,
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => return Err(several()),
        _ => None,
    };
    let tag = tag.unwrap_or_else(|| Val::string("").thunk());
    let equal = operators::equal(machine, &machine.force(&tag), &machine.force(kind), span)?;
    Ok(Val::of(super::super::machine::truth(equal)))
}
