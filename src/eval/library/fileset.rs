//! `lib.fileset`: sets of files. Which files they hold does not matter here, only where a source comes
//! from.

use super::super::builtins::closed_list;
use super::super::machine::Machine;
use super::super::value::{Attrs, Reason, Text, TextHole, Thunk, Unknown, Val, Value};
use super::{Outcome, Table, attrs_val, error, field, primitives, set, tagged, thrown};
use crate::text::{HoleKind, Span};

/// A set of files that is known as such alone.
fn some_files(machine: &Machine<'_>) -> Val {
    let Value::Attrs(attrs) = tagged(machine, "fileset", vec![]).value else {
        return Val::unknown(Reason::Several);
    };
    let open = Some(Unknown::new(Reason::NotModelled("the files of a file set".to_owned())));
    attrs_val(Attrs { open, ..(*attrs).clone() })
}

/// `lib.fileset.empty`
pub(super) fn nothing(machine: &Machine<'_>) -> Val {
    some_files(machine)
}

/// The copy of a folder in the store.
pub(super) fn copied(root: &Thunk, span: Option<Span>) -> Thunk {
    let root = root.clone();
    Thunk::later(move |machine| {
        let val = machine.force(&root);
        if let Value::Unknown(unknown) = &val.value {
            return Val::of(Value::Unknown(unknown.clone()));
        }
        let hole = TextHole { kind: HoleKind::StorePath, may_be_empty: false, span, value: Some(val) };
        Val::of(Value::Str(std::rc::Rc::new(Text::hole(hole))))
    })
}

fn combined(machine: &Machine<'_>, a: &[Thunk], _: Option<Span>) -> Outcome {
    for one in a {
        if let Value::Unknown(unknown) = &machine.force(one).value {
            return Err(unknown.clone());
        }
    }
    Ok(some_files(machine))
}

pub(super) static FUNCTIONS: Table = primitives! {
    "difference" 2 combined;
    "fileFilter" 2 combined;
    "fromSource" 1 combined;
    "gitTracked" 1 combined;
    "gitTrackedWith" 2 combined;
    "intersection" 2 combined;
    "maybeMissing" 1 combined;
    "toSource" 1 |m, a, span| {
        let argument = m.force(&a[0]);
        let Some(root) = field(m, &argument, "root")? else {
            return Err(error("function `toSource` called without required argument `root`"));
        };
        let Some(files) = field(m, &argument, "fileset")? else {
            return Err(error("function `toSource` called without required argument `fileset`"));
        };
        match (&m.force(&root).value, &m.force(&files).value) {
            (Value::Path(root), Value::Path(files)) if !files.starts_with(&**root) => {
                return Err(thrown("lib.fileset.toSource: the files are not all below the root"));
            }
            (_, Value::Unknown(unknown)) => return Err(unknown.clone()),
            _ => {}
        }
        let copy = copied(&root, span);
        Ok(set(m, vec![
            ("_isLibCleanSourceWith", super::boolean(true).thunk()),
            ("name", Val::string("source").thunk()),
            ("origSrc", root),
            ("outPath", copy),
            ("filter", Val::unknown(Reason::NotModelled("the filter of a file set".to_owned())).thunk()),
        ]))
    };
    "trace" 2 |m, a, _| Ok(m.force(&a[1]));
    "traceVal" 1 combined;
    "union" 2 combined;
    "unions" 1 |m, a, _| {
        closed_list(m, &a[0])?;
        Ok(some_files(m))
    };
};
