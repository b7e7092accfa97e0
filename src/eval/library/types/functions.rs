//! The types of `lib.types` that are functions of other types.

use std::rc::Rc;

use super::super::super::builtins;
use super::super::super::condition::Condition;
use super::super::super::machine::Machine;
use super::super::super::operators;
use super::super::super::value::{Reason, Text, Thunk, Unknown, Val, Value};
use super::super::{Outcome, Table, error, field, integer, primitives, set, several, strings};
use super::checks::{is_tagged, optional_bool, verdict};
use super::{
    Parts, always, attrs_of, build, check, deferred, described, either, enum_description, later_field,
    list_of, merge, merge_option, null_or, path_with, phrase, plain, separated, serializable, simple,
    submodule, text_field, with_field,
};

/// The types with parameters.
pub(super) static FUNCTIONS: Table = primitives! {
    "addCheck" 2 |m, a, _| {
        let check = check("both", vec![later_field(&a[0], "check"), a[1].clone()]);
        Ok(with_field(m, &m.force(&a[0]), "check", check))
    };
    "attrListOf" 1 |m, a, _| Ok(build(m, Parts {
        name: Val::string("attrListOf").thunk(),
        description: described("attribute list of ", &a[0], &["noun", "composite"], ""),
        class: "composite",
        check: check("attrList", vec![]),
        merge: merge("types.attrListOf.merge", vec![a[0].clone()]),
        empty: Some(Val::list(vec![]).thunk()),
        nested: vec![("elemType", a[0].clone())],
    }));
    "attrTag" 1 |m, a, _| {
        let tags = a[0].clone();
        let description = Thunk::later(move |machine| {
            let names = machine.set(&machine.force(&tags)).and_then(|attrs| {
                let names: Vec<String> = builtins::sorted(machine, &attrs)
                    .iter()
                    .map(|(name, _)| strings::identifier(&machine.text_of(*name)))
                    .collect();
                if attrs.is_closed() { Ok(names) } else { Err(several()) }
            });
            names.map_or_else(
                |unknown| Val::of(Value::Unknown(unknown)),
                |names| Val::string(format!("attribute-tagged union with choices: {}", names.join(", "))),
            )
        });
        Ok(build(m, Parts {
            name: Val::string("attrTag").thunk(),
            description,
            class: "noun",
            check: check("attrTag", vec![a[0].clone()]),
            merge: merge("types.attrTag.merge", vec![a[0].clone()]),
            empty: None,
            nested: vec![],
        }))
    };
    "attrsOf" 1 |m, a, _| Ok(attrs_of(m, &a[0], false));
    "attrsWith" 1 |m, a, _| {
        let argument = m.force(&a[0]);
        let Some(element) = field(m, &argument, "elemType")? else {
            return Err(error("function `attrsWith` called without required argument `elemType`"));
        };
        let lazy = match field(m, &argument, "lazy")? {
            Some(lazy) => optional_bool(m, &lazy)?.unwrap_or(false),
            None => false,
        };
        Ok(attrs_of(m, &element, lazy))
    };
    "coercedTo" 3 |m, a, _| {
        let (from, to) = (a[0].clone(), a[2].clone());
        let description = Thunk::later(move |machine| {
            let text = || {
                let mut text = phrase(machine, &machine.force(&to), &["noun"])?;
                text.extend(&Text::known(" or "));
                text.extend(&phrase(machine, &machine.force(&from), &["noun"])?);
                text.extend(&Text::known(" convertible to it"));
                Ok(Val::of(Value::Str(Rc::new(text))))
            };
            text().unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)))
        });
        let val = build(m, Parts {
            name: Val::string("coercedTo").thunk(),
            description,
            class: "",
            check: check("coercedTo", a.to_vec()),
            merge: merge("types.coercedTo.merge", a.to_vec()),
            empty: None,
            nested: vec![("coercedType", a[0].clone()), ("finalType", a[2].clone())],
        });
        let empty = m.select_or_unknown(&m.force(&a[2]), m.name("emptyValue"));
        Ok(with_field(m, &val, "emptyValue", empty))
    };
    "deferredModuleWith" 1 |m, a, _| {
        let modules = field(m, &m.force(&a[0]), "staticModules")?;
        Ok(deferred(m, modules.unwrap_or_else(|| Val::list(vec![]).thunk())))
    };
    "either" 2 |m, a, _| Ok(either(m, a[0].clone(), a[1].clone()));
    "enum" 1 |m, a, _| {
        let values = a[0].clone();
        let description = Thunk::later(move |machine| {
            let text = enum_description(machine, &values);
            text.map_or_else(|unknown| Val::of(Value::Unknown(unknown)), Val::string)
        });
        let is_short = m.list(&m.force(&a[0])).is_ok_and(|list| list.elements.len() < 2 && list.open.is_none());
        Ok(build(m, Parts {
            name: Val::string("enum").thunk(),
            description,
            class: if is_short { "noun" } else { "conjunction" },
            check: check("enum", vec![a[0].clone()]),
            merge: merge_option("mergeEqualOption"),
            empty: None,
            nested: vec![],
        }))
    };
    "functionTo" 1 |m, a, _| Ok(build(m, Parts {
        name: Val::string("functionTo").thunk(),
        description: described("function that evaluates to a(n) ", &a[0], &["noun", "composite"], ""),
        class: "composite",
        check: check("function", vec![]),
        merge: merge("types.functionTo.merge", vec![a[0].clone()]),
        empty: None,
        nested: vec![("elemType", a[0].clone())],
    }));
    "isOptionType" 1 |m, a, span| verdict(is_tagged(m, "option-type", &a[0], span));
    "lazyAttrsOf" 1 |m, a, _| Ok(attrs_of(m, &a[0], true));
    "listOf" 1 |m, a, _| Ok(list_of(m, &a[0]));
    "loaOf" 1 |m, a, _| Ok(with_field(m, &attrs_of(m, &a[0], false), "name", Val::string("loaOf")));
    "mkOptionType" 1 |m, a, _| {
        let argument = m.set(&m.force(&a[0]))?;
        let argument = Val::of(Value::Attrs(argument));
        let Some(name) = field(m, &argument, "name")? else {
            return Err(error("function `mkOptionType` called without required argument `name`"));
        };
        let parts = Parts {
            description: name.clone(),
            name,
            class: "",
            check: always(),
            merge: merge_option("mergeDefaultOption"),
            empty: None,
            nested: vec![],
        };
        let mut result = operators::update(m, &build(m, parts), &argument, None);
        // `description = null` is none.
        let name = m.name("description");
        if let Value::Attrs(attrs) = &result
            && let Some(entry) = attrs.get(name)
            && matches!(m.force(&entry.value).value, Value::Null)
        {
            let text = m.select(&argument, m.name("name"))?;
            result = with_field(m, &Val::of(result), "description", text).value;
        }
        Ok(Val::of(result))
    };
    "nonEmptyListOf" 1 |m, a, _| {
        let list = list_of(m, &a[0]).thunk();
        let check = check("nonEmptyList", vec![]);
        let val = with_field(m, &m.force(&list), "check", check);
        let val = with_field(m, &val, "description", m.force(&described("non-empty ", &list, &["noun"], "")));
        Ok(with_field(m, &val, "emptyValue", set(m, vec![])))
    };
    "nullOr" 1 |m, a, _| Ok(null_or(m, &a[0]));
    "oneOf" 1 |m, a, _| {
        let mut types = builtins::closed_list(m, &a[0])?.into_iter();
        let Some(first) = types.next() else {
            return Err(Unknown::new(Reason::Throw("types.oneOf needs to get at least one type in its argument".to_owned())));
        };
        let folded = types.fold(first, |left, right| either(m, left, right).thunk());
        Ok(m.force(&folded))
    };
    "optionDescriptionPhrase" 2 |m, a, span| {
        let of = m.force(&a[1]);
        let class = match field(m, &of, "descriptionClass")? {
            Some(class) => class,
            None => Val::of(Value::Null).thunk(),
        };
        let text = text_field(m, &of, "description")?;
        match builtins::test(m, &m.force(&a[0]), [class], span)? {
            Condition::True => Ok(Val::of(Value::Str(Rc::new(text)))),
            Condition::False => {
                let mut result = Text::known("(");
                result.extend(&text);
                result.extend(&Text::known(")"));
                Ok(Val::of(Value::Str(Rc::new(result))))
            }
            _ => Err(several()),
        }
    };
    "passwdEntry" 1 |m, a, _| {
        let of = m.force(&a[0]);
        let mut name = Text::known("passwdEntry ");
        name.extend(&text_field(m, &of, "name")?);
        let description = described("", &a[0], &["noun"], ", not containing newlines or colons");
        let val = with_field(m, &of, "name", Val::of(Value::Str(Rc::new(name))));
        let val = with_field(m, &val, "description", m.force(&description));
        let val = with_field(m, &val, "descriptionClass", Val::string("nonRestrictiveClause"));
        Ok(with_field(m, &val, "check", check("passwdEntry", vec![a[0].clone()])))
    };
    "pathWith" 1 |m, a, _| {
        let argument = m.force(&a[0]);
        let read = |name: &str| match field(m, &argument, name)? {
            Some(thunk) => optional_bool(m, &thunk),
            None => Ok(None),
        };
        let (in_store, absolute) = (read("inStore")?, read("absolute")?);
        if in_store == Some(true) && absolute == Some(false) {
            let message = "In pathWith, inStore means the path must be absolute";
            return Err(Unknown::new(Reason::Throw(message.to_owned())));
        }
        Ok(path_with(m, in_store, absolute))
    };
    "separatedString" 1 |m, a, _| Ok(separated(m, a[0].clone()));
    "serializableValueWith" 1 |m, a, _| {
        let argument = m.force(&a[0]);
        let nullable = match field(m, &argument, "nullable")? {
            Some(nullable) => optional_bool(m, &nullable)?.unwrap_or(false),
            None => true,
        };
        let name = text_field(m, &argument, "typeName")?.exact().ok_or_else(several)?;
        let val = serializable(m, "", nullable);
        Ok(with_field(m, &val, "description", Val::string(format!("{name} value"))))
    };
    "strMatching" 1 |m, a, _| {
        let pattern = builtins::string(m, &a[0])?;
        let quoted = strings::quoted(&pattern);
        let check = check("strMatching", vec![a[0].clone()]);
        let description = format!("string matching the pattern {pattern}");
        Ok(simple(m, &format!("strMatching {quoted}"), &description, check, merge_option("mergeEqualOption")))
    };
    "submodule" 1 |m, a, _| {
        let modules = match &m.force(&a[0]).value {
            Value::List(_) => a[0].clone(),
            _ => Val::list(vec![a[0].clone()]).thunk(),
        };
        let shorthand = Val::of(Value::Bool(true)).thunk();
        submodule(m, &set(m, vec![("modules", modules), ("shorthandOnlyDefinesConfig", shorthand)]), None)
    };
    "submoduleWith" 1 |m, a, _| {
        let argument = m.force(&a[0]);
        let description = match field(m, &argument, "description")? {
            Some(thunk) if !matches!(m.force(&thunk).value, Value::Null) => Some(thunk),
            _ => None,
        };
        submodule(m, &argument, description)
    };
    "uniq" 1 |m, a, _| unique(m, &a[0]);
    "unique" 2 |m, a, _| unique(m, &a[1]);
};

fn unique(m: &Machine<'_>, of: &Thunk) -> Outcome {
    let val = m.force(of);
    let copy = |name: &str| m.select_or_unknown(&val, m.name(name));
    let mut result = simple(m, "unique", "", copy("check"), merge("types.unique.merge", vec![of.clone()]));
    for name in ["description", "descriptionClass", "emptyValue"] {
        result = with_field(m, &result, name, copy(name));
    }
    Ok(with_field(m, &result, "nestedTypes", set(m, vec![("elemType", of.clone())])))
}

pub(super) static BETWEEN: Table = primitives! {
    "ints.between" 2 |m, a, _| {
        let (low, high) = (integer(m, &a[0])?, integer(m, &a[1])?);
        if low > high {
            return Err(Unknown::new(Reason::Throw("ints.between: lowest must be smaller than highest".to_owned())));
        }
        let description = format!("integer between {low} and {high} (both inclusive)");
        Ok(simple(m, "intBetween", &description, check("intBetween", a.to_vec()), merge_option("mergeEqualOption")))
    };
    "numbers.between" 2 |m, a, _| {
        let (low, high) = (m.force(&a[0]), m.force(&a[1]));
        if operators::compare(m, &low, &high)? == Some(std::cmp::Ordering::Greater) {
            let message = "numbers.between: lowest must be smaller than highest";
            return Err(Unknown::new(Reason::Throw(message.to_owned())));
        }
        let json = |val: &Val| match val.value {
            Value::Float(value) => serde_json::Value::from(value).to_string(),
            Value::Int(value) => value.to_string(),
            _ => String::new(),
        };
        let bounds = format!("{} and {} (both inclusive)", json(&low), json(&high));
        let val = plain(m, "number").ok_or_else(several)?;
        let val = with_field(m, &val, "name", Val::string("numberBetween"));
        let description = format!("integer or floating point number between {bounds}");
        let val = with_field(m, &val, "description", Val::string(description));
        Ok(with_field(m, &val, "check", check("numberBetween", a.to_vec())))
    };
};
