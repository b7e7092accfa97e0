//! The `merge` of types. Only what plain functions of the location and the definitions do is done here;
//! the rest is what tells types apart, and the project layer does what it says.

use super::super::super::condition::Condition;
use super::super::super::machine::Machine;
use super::super::super::operators;
use super::super::super::value::{Reason, Thunk, Unknown, Val, Value};
use super::super::{Outcome, Table, options, primitives, set, several, strings, text_of};
use super::checks::verdict;
use super::merge_option;
use crate::text::Span;

/// Merge functions: they are what tells types apart; the project layer does what they say. The first
/// arguments are the parameters of the type, the last two the location and the definitions.
pub(super) static MERGES: Table = primitives! {
    "types.anything.merge" 2 not_merged_here;
    "types.attrListOf.merge" 3 not_merged_here;
    "types.attrTag.merge" 3 not_merged_here;
    "types.attrs.merge" 2 |m, a, span| {
        let mut result = set(m, vec![]);
        for value in options::values(m, &a[1])? {
            result = Val::of(operators::update(m, &result, &m.force(&value), span));
        }
        Ok(result)
    };
    "types.attrsOf.merge" 4 not_merged_here;
    "types.boolByOr.merge" 2 |m, a, span| {
        let mut any = Condition::False;
        for value in options::values(m, &a[1])? {
            any = any.or(&m.condition(&m.force(&value), span)?);
        }
        verdict(Ok(any))
    };
    "types.coercedTo.merge" 5 not_merged_here;
    "types.deferredModule.merge" 3 not_merged_here;
    "types.either.merge" 4 not_merged_here;
    "types.fileset.merge" 2 not_merged_here;
    "types.functionTo.merge" 3 not_merged_here;
    "types.listOf.merge" 3 not_merged_here;
    "types.nullOr.merge" 3 |m, a, span| {
        let values = options::values(m, &a[2])?;
        let mut nulls = 0;
        for value in &values {
            match &m.force(value).value {
                Value::Null => nulls += 1,
                Value::Unknown(unknown) => return Err(unknown.clone()),
                Value::Symbol(_) | Value::Choice(_) => return Err(several()),
                _ => {}
            }
        }
        if nulls == 0 {
            let merge = m.select(&m.force(&a[0]), m.name("merge"))?;
            return Ok(m.apply_all(&merge, a[1..].iter().cloned(), span));
        }
        match nulls == values.len() {
            true => Ok(Val::of(Value::Null)),
            false => Err(Unknown::new(Reason::Throw("the option is defined both null and not null".to_owned()))),
        }
    };
    "types.optionType.merge" 2 not_merged_here;
    "types.separatedString.merge" 3 |m, a, _| {
        strings::join(m, &text_of(m, &a[0])?, &Val::list(options::values(m, &a[2])?).thunk())
    };
    "types.singleLineStr.merge" 2 |m, a, span| {
        let merged = m.apply_all(&merge_option("mergeEqualOption"), a.iter().cloned(), span);
        strings::without_affix(m, &Val::string("\n").thunk(), &merged.thunk(), true)
    };
    "types.submodule.merge" 5 not_merged_here;
    "types.unique.merge" 3 |m, a, span| {
        match options::values(m, &a[2])?.len() {
            1 => {
                let merge = m.select(&m.force(&a[0]), m.name("merge"))?;
                Ok(m.apply_all(&merge, a[1..].iter().cloned(), span))
            }
            _ => Err(Unknown::new(Reason::Throw("the option is defined more than once".to_owned()))),
        }
    };
};

fn not_merged_here(_: &Machine<'_>, _: &[Thunk], _: Option<Span>) -> Outcome {
    Err(Unknown::new(Reason::NotModelled("a merge of definitions by hand".to_owned())))
}
