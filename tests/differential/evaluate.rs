//! What the evaluator says of a program.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use nixlint::eval::{FileKind, Loader, Machine, Thunk, Value, is_error};
use nixlint::semantic::{Expr, Ir, lower};
use nixlint::syntax::parse;
use nixlint::text::FileId;

/// Steps that a program may take.
const FUEL: u64 = 2_000_000;

/// The whole of a value, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Known {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    Path(String),
    List(Vec<Known>),
    Set(BTreeMap<String, Known>),
    Function,
    Error(String),
    Unknown(String),
}

/// A project of one file.
pub(crate) struct OneFile {
    path: Utf8PathBuf,
    program: Option<Arc<Ir>>,
}

impl OneFile {
    pub(crate) fn new(path: &Utf8Path, text: &str) -> Self {
        let parsed = parse(text);
        let program = parsed.is_ok().then(|| Arc::new(lower(&parsed.root()).ir));
        Self { path: path.to_owned(), program }
    }
}

impl Loader for OneFile {
    fn program(&self, path: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        (path == self.path).then(|| self.program.clone())?.map(|ir| (FileId(0), ir))
    }

    fn path(&self, _: FileId) -> Utf8PathBuf {
        self.path.clone()
    }

    fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        (path == self.path).then_some(FileKind::Regular)
    }

    fn read(&self, _: &Utf8Path) -> Option<String> {
        None
    }

    fn list(&self, _: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
        None
    }

    fn root(&self) -> &Utf8Path {
        self.path.parent().expect("a file has a folder")
    }
}

/// Runs `with` on the value of a program.
pub(crate) fn evaluate<T>(
    path: &Utf8Path,
    text: &str,
    with: impl FnOnce(&Machine<'_>, &Thunk) -> T,
) -> Option<T> {
    let loader = OneFile::new(path, text);
    let machine = Machine::new(&loader, FUEL);
    let (file, ir) = loader.program(path)?;
    Some(with(&machine, &machine.file(file, &ir)))
}

/// Whether Nix reads it at all: every name is bound.
pub(crate) fn is_well_scoped(text: &str) -> bool {
    let parsed = parse(text);
    let is_bound = |(_, expr): (_, &Expr)| !matches!(expr, Expr::Undefined(_) | Expr::Error);
    parsed.is_ok() && lower(&parsed.root()).ir.iter().all(is_bound)
}

/// The whole value of a program.
pub(crate) fn whole(path: &Utf8Path, text: &str) -> Known {
    evaluate(path, text, known).unwrap_or_else(|| Known::Error("syntax".to_owned()))
}

/// Forces everything.
pub(crate) fn known(machine: &Machine<'_>, thunk: &Thunk) -> Known {
    match machine.force(thunk).value {
        Value::Null => Known::Null,
        Value::Bool(value) => Known::Bool(value),
        Value::Int(value) => Known::Int(value),
        Value::Float(value) => Known::Float(value),
        Value::Str(text) => match text.exact() {
            Some(text) => Known::Str(text),
            None => Known::Unknown(format!("a string with holes: {}", text.display())),
        },
        Value::Path(path) => Known::Path(path.to_string()),
        Value::List(list) => match &list.open {
            Some(open) => Known::Unknown(format!("{open:?}")),
            None => Known::List(list.elements.iter().map(|element| known(machine, &element.value)).collect()),
        },
        Value::Attrs(attrs) if attrs.is_closed() => {
            let entry = |(name, value): &(_, nixlint::eval::Entry)| {
                (machine.text_of(*name).to_string(), known(machine, &value.value))
            };
            Known::Set(attrs.entries.iter().map(entry).collect())
        }
        Value::Lambda(_) | Value::Primitive(_) => Known::Function,
        Value::Unknown(unknown) if is_error(&unknown) => Known::Error(format!("{:?}", unknown.reason)),
        Value::Unknown(unknown) => Known::Unknown(format!("{:?}", unknown.reason)),
        _ => Known::Unknown(machine.print(thunk)),
    }
}

impl Known {
    /// The first part that is not known.
    pub(crate) fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(reason) => Some(reason),
            Self::List(items) => items.iter().find_map(Self::unknown),
            Self::Set(entries) => entries.values().find_map(Self::unknown),
            _ => None,
        }
    }

    /// Whether it can be written as JSON.
    pub(crate) fn is_data(&self) -> bool {
        match self {
            Self::Error(_) | Self::Function | Self::Path(_) => false,
            Self::List(items) => items.iter().all(Self::is_data),
            Self::Set(entries) => entries.values().all(Self::is_data),
            _ => true,
        }
    }

    /// Whether a part is an error of Nix.
    pub(crate) fn has_error(&self) -> bool {
        match self {
            Self::Error(_) => true,
            Self::List(items) => items.iter().any(Self::has_error),
            Self::Set(entries) => entries.values().any(Self::has_error),
            _ => false,
        }
    }

    /// Whether it is the value that Nix prints as this.
    pub(crate) fn is(&self, json: &serde_json::Value) -> bool {
        use serde_json::Value as Json;
        match (self, json) {
            (Self::Null, Json::Null) => true,
            (Self::Bool(a), Json::Bool(b)) => a == b,
            (Self::Int(a), Json::Number(b)) => b.as_i64() == Some(*a),
            // Nix 2.8 prints six digits.
            (Self::Float(a), Json::Number(b)) => {
                b.as_f64().is_some_and(|b| (a - b).abs() <= 1e-5 * a.abs().max(b.abs()))
            }
            (Self::Str(a), Json::String(b)) => a == b,
            (Self::List(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b)),
            (Self::Set(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| a.is(b)))
            }
            _ => false,
        }
    }
}
