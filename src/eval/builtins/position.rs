//! Places in files as values: `__curPos`, `unsafeGetAttrPos`.

use std::rc::Rc;

use super::super::machine::{Machine, Primitive};
use super::super::value::{Reason, Unknown, Val, Value};
use super::argument::{must_have_known_names, plain_string, record, several};
use crate::text::Span;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "unsafeGetAttrPos" 2 |m, a, _| {
        let name = m.name(&plain_string(m, &a[0])?);
        let val = m.force(&a[1]);
        let attrs = m.set(&val)?;
        let is_builtins = matches!(&m.builtins().value, Value::Attrs(builtins) if Rc::ptr_eq(builtins, &attrs));
        match attrs.get(name) {
            // What is written in a file; where other sets have their places from differs between versions.
            Some(entry) if entry.binding.is_some() => {
                entry.key.ok_or_else(several).and_then(|place| position(m, place))
            }
            Some(_) if is_builtins => Ok(Val::of(Value::Null)),
            Some(_) => Err(several()),
            None => {
                must_have_known_names(&attrs)?;
                Ok(Val::of(Value::Null))
            }
        }
    };
};

/// `{ column, file, line }` of the beginning of `place`.
pub(in super::super) fn position(machine: &Machine<'_>, place: Span) -> Result<Val, Unknown> {
    let path = machine.loader().path(place.file);
    let text = machine.loader().read(&path).ok_or_else(|| Unknown::new(Reason::Impure("a file")))?;
    machine.charge(text.len() / 64)?;
    let before = text.get(..usize::from(place.range().start())).ok_or_else(several)?;
    // A carriage return ends a line for Nix, alone or before a newline.
    let ends = before.replace("\r\n", "\n ").replace('\r', "\n");
    let line = ends.matches('\n').count() + 1;
    let column = before.len() - before.rfind(['\n', '\r']).map_or(0, |end| end + 1) + 1;
    Ok(record(
        machine,
        [
            ("column", Val::of(Value::Int(column as i64))),
            ("file", Val::string(path.as_str())),
            ("line", Val::of(Value::Int(line as i64))),
        ],
    ))
}
