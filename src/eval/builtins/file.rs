//! Paths and the files of the project.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::coercion::{Coercion, normalise};
use super::super::condition::Condition;
use super::super::machine::{FileKind, Machine, Primitive};
use super::super::value::{
    Attrs, Call, Entry, Name, Platform, Reason, Symbol, SymbolRoot, Text, TextHole, TextPiece, Thunk,
    Unknown, Val, Value,
};
use super::argument::{Outcome, error, must_have_known_names, plain_string, several};
use crate::text::Span;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "baseNameOf" 1 |m, a, _| base_name(m, &a[0]);
    "dirOf" 1 |m, a, _| dir_of(m, &a[0]);
    "findFile" 2 |m, a, _| {
        m.force(&a[0]);
        Ok(Val::symbol(SymbolRoot::SearchPath(plain_string(m, &a[1])?.into())))
    };
    "import" 1 import;
    "pathExists" 1 |m, a, _| {
        let val = m.force(&a[0]);
        let path = read_path(m, &val)?;
        if !is_visible(m, &path) {
            return Err(Unknown::new(Reason::Impure("files outside the project")));
        }
        let must_be_folder = match &val.value {
            Value::Str(text) => text.pieces.last().is_some_and(|piece| match piece {
                TextPiece::Known { text, .. } => text.ends_with('/') || text.ends_with("/."),
                TextPiece::Hole(_) => false,
            }),
            _ => false,
        };
        let kind = match must_be_folder {
            true => kind_behind_links(m, &path)?.filter(|kind| *kind == FileKind::Directory),
            false => m.loader().kind(&path),
        };
        Ok(Val::of(Value::Bool(kind.is_some())))
    };
    "readDir" 1 |m, a, _| {
        let path = read_path(m, &m.force(&a[0]))?;
        let Some(list) = m.loader().list(&path) else { return Err(Unknown::new(Reason::Impure("a folder"))) };
        m.charge(list.len())?;
        let entry = |(name, kind): &(String, FileKind)| {
            (m.name(name), Entry::of(Val::string(kind_text(*kind)).thunk()))
        };
        Ok(Val::of(Value::Attrs(Rc::new(Attrs::from_entries(list.iter().map(entry).collect())))))
    };
    "readFile" 1 |m, a, _| {
        let path = read_path(m, &m.force(&a[0]))?;
        match m.loader().read(&path) {
            Some(text) if text.contains('\0') => Err(error(format!("`{path}` contains a NUL byte"))),
            Some(text) => {
                m.charge(text.len() / 64)?;
                Ok(Val::string(text))
            }
            None => Err(Unknown::new(Reason::Impure("a file"))),
        }
    };
    "readFileType" 1 |m, a, _| {
        let path = read_path(m, &m.force(&a[0]))?;
        match m.loader().kind(&path) {
            Some(kind) => Ok(Val::string(kind_text(kind))),
            None => Err(Unknown::new(Reason::Impure("a file"))),
        }
    };
    "scopedImport" 2 |m, a, _| {
        let scope = m.set(&m.force(&a[0]))?;
        must_have_known_names(&scope)?;
        let path = read_path(m, &m.force(&a[1]))?;
        Ok(m.import_scoped(&path, scope))
    };
    "toPath" 1 |m, a, _| Ok(Val::string(absolute(m, &a[0])?));
};

fn kind_text(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Regular => "regular",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symlink",
    }
}

/// The root of the project, and what is above and below it.
fn is_visible(machine: &Machine<'_>, path: &Utf8Path) -> bool {
    path.starts_with(machine.loader().root())
}

/// What is at `path`; where a link is in the way only the evaluation that Nix does can tell.
fn kind_behind_links(machine: &Machine<'_>, path: &Utf8Path) -> Result<Option<FileKind>, Unknown> {
    match machine.loader().kind(path) {
        Some(FileKind::Symlink) => match machine.loader().list(path) {
            Some(_) => Ok(Some(FileKind::Directory)),
            None => Err(Unknown::new(Reason::Impure("a symbolic link"))),
        },
        kind => Ok(kind),
    }
}

/// The path that a value names, for reading.
fn read_path(machine: &Machine<'_>, val: &Val) -> Result<Utf8PathBuf, Unknown> {
    if let Some(path) = machine.project_path(val) {
        return Ok(path);
    }
    match &val.value {
        Value::Attrs(_) => {
            let text = machine.coerce(val, Coercion::ToString, None)?;
            let val = Val::of(Value::Str(Rc::new(text)));
            machine.project_path(&val).ok_or_else(several)
        }
        Value::Str(text) => match text.exact() {
            Some(text) if !text.starts_with('/') => {
                Err(error(format!("string `{text}` does not represent an absolute path")))
            }
            _ => Err(machine.symbolic(val)),
        },
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) | Value::PathPattern(_) => {
            Err(machine.symbolic(val))
        }
        _ => Err(error("a path was expected")),
    }
}

/// The text of an absolute path.
fn absolute(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let val = machine.force(thunk);
    let text = match &val.value {
        Value::Path(path) => return Ok(path.to_string()),
        Value::Str(_) | Value::Attrs(_) => {
            machine.coerce(&val, Coercion::ToString, None)?.exact().ok_or_else(several)?
        }
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) | Value::PathPattern(_) => {
            return Err(machine.symbolic(&val));
        }
        _ => return Err(error("a path was expected")),
    };
    match text.starts_with('/') {
        true => Ok(normalise(&text).into_string()),
        false => Err(error(format!("string `{text}` does not represent an absolute path"))),
    }
}

/// What follows the last slash; one slash at the end does not count. Paths in the store keep what is known
/// of their names only where that is all behind a slash.
fn base_name(machine: &Machine<'_>, thunk: &Thunk) -> Outcome {
    let val = machine.force(thunk);
    let text = match &val.value {
        Value::Path(_) | Value::PathPattern(_) => machine.coerce(&val, Coercion::ToString, None)?,
        Value::Attrs(_) => machine.coerce(&val, Coercion::ToString, None)?,
        _ => machine.coerce(&val, Coercion::Interpolation, None)?,
    };
    let text = text.exact().map_or(text, |exact| Text::known(&exact));
    if let Some(TextPiece::Known { text: last, .. }) = text.pieces.last() {
        let last = last.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(last);
        if let Some((_, name)) = last.rsplit_once('/') {
            return Ok(Val::string(name));
        }
        if text.pieces.len() == 1 {
            return Ok(Val::string(last));
        }
    }
    if text.is_empty() { Ok(Val::string("")) } else { Err(several()) }
}

fn dir_of(machine: &Machine<'_>, thunk: &Thunk) -> Outcome {
    let val = machine.force(thunk);
    if let Value::Path(path) = &val.value {
        return Ok(Val::of(Value::Path(path.parent().unwrap_or(path).into())));
    }
    let text = match &val.value {
        Value::Attrs(_) => machine.coerce(&val, Coercion::ToString, None)?.exact().ok_or_else(several)?,
        _ => super::argument::coerced(machine, thunk)?,
    };
    Ok(Val::string(match text.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    }))
}

fn import(machine: &Machine<'_>, arguments: &[Thunk], span: Option<Span>) -> Outcome {
    let val = machine.force(&arguments[0]);
    if let Some(path) = machine.project_path(&val) {
        return Ok(machine.import(&path));
    }
    if let Some((input, file)) = file_of_input(machine, &val) {
        let path = [input, machine.name(&file)];
        if let Some(known) = machine.outside().and_then(|outside| outside.input(machine, &path)) {
            return Ok(known);
        }
        if file != "/" {
            let symbol = Symbol { root: SymbolRoot::Inputs, path: path.to_vec() };
            return Ok(Val::at(Value::Symbol(Rc::new(symbol)), val.span));
        }
    }
    match &val.value {
        Value::Symbol(symbol) => {
            let is_nixpkgs = match &symbol.root {
                SymbolRoot::Inputs => {
                    symbol.path.len() == 1 && machine.text_of(symbol.path[0]).starts_with("nixpkgs")
                }
                SymbolRoot::SearchPath(name) => &**name == "nixpkgs",
                SymbolRoot::Packages(_) => symbol.path.as_slice() == [machine.name("path")],
                _ => false,
            };
            if is_nixpkgs {
                return Ok(super::function(&IMPORT_NIXPKGS));
            }
            let call = Call { function: (**symbol).clone(), arguments: arguments.to_vec(), span };
            let root = SymbolRoot::Call(Rc::new(call));
            Ok(Val::symbol(root))
        }
        Value::Choice(choice) => Ok(machine.choose(choice, |machine, val| {
            import(machine, &[val.thunk()], span).unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)))
        })),
        _ => {
            let path = read_path(machine, &val)?;
            Ok(machine.import(&path))
        }
    }
}

/// The flake input that a path leads into, and the rest of the path, with its `/`.
fn file_of_input(machine: &Machine<'_>, val: &Val) -> Option<(Name, String)> {
    match &val.value {
        Value::Symbol(symbol) => match (&symbol.root, symbol.path.as_slice()) {
            (SymbolRoot::Inputs, [input]) => Some((*input, "/".to_owned())),
            (SymbolRoot::Inputs, [input, path]) if &*machine.text_of(*path) == "outPath" => {
                Some((*input, "/".to_owned()))
            }
            _ => None,
        },
        Value::Str(text) => {
            let [TextPiece::Hole(TextHole { value: Some(base), .. }), rest @ ..] = text.pieces.as_slice()
            else {
                return None;
            };
            let (input, folder) = file_of_input(machine, base)?;
            let rest = Text { pieces: rest.to_vec() }.exact()?;
            Some((input, normalise(&format!("{folder}{rest}")).into_string()))
        }
        _ => None,
    }
}

/// `import nixpkgs arguments`: a package set.
pub static IMPORT_NIXPKGS: Primitive = Primitive {
    name: "nixpkgs",
    arity: 1,
    run: |_, arguments, _| {
        let arguments = arguments[0].clone();
        let system = Thunk::later(move |machine| system_of_call(machine, &arguments));
        Ok(Val::symbol(SymbolRoot::Packages(Platform::Of(system))))
    },
};

/// The system that nixpkgs is called for with `arguments`.
fn system_of_call(machine: &Machine<'_>, arguments: &Thunk) -> Val {
    let not_known = || Val::unknown(Reason::Argument("system".to_owned()));
    let Value::Attrs(attrs) = machine.force(arguments).value else { return not_known() };
    let has = |name: &str| attrs.get(machine.name(name)).is_some();
    if attrs.open.is_some() || !attrs.patterns.is_empty() || has("crossSystem") || has("localSystem") {
        return not_known();
    }
    match attrs.get(machine.name("system")) {
        Some(entry) if entry.condition == Condition::True => machine.force(&entry.value),
        _ => not_known(),
    }
}
