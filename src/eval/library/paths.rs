//! `lib.path`, `lib.filesystem` and `lib.sources`.

use camino::{Utf8Path, Utf8PathBuf};

use super::super::builtins::closed_list;
use super::super::coercion::normalise;
use super::super::machine::{FileKind, Machine};
use super::super::value::{Reason, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, boolean, deferred, error, field, fileset, from_pairs, primitives, set, several, thrown,
    types,
};
use crate::text::Span;

fn path_val(path: &Utf8Path) -> Val {
    Val::of(Value::Path(path.into()))
}

/// A path, and nothing that only names one.
fn path_of(machine: &Machine<'_>, thunk: &Thunk) -> Result<Utf8PathBuf, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Path(path) => Ok(path.to_path_buf()),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) | Value::PathPattern(_) => {
            machine.project_path(&val).ok_or_else(|| machine.symbolic(&val))
        }
        _ => Err(thrown("a path was expected")),
    }
}

/// A place in the project, given as path or text.
fn place(machine: &Machine<'_>, thunk: &Thunk) -> Result<Utf8PathBuf, Unknown> {
    let val = machine.force(thunk);
    let path = machine.project_path(&val).ok_or_else(|| machine.symbolic(&val))?;
    match path.starts_with(machine.loader().root()) {
        true => Ok(path),
        false => Err(Unknown::new(Reason::Impure("files outside the project"))),
    }
}

/// The components of a path below another.
fn components(machine: &Machine<'_>, thunk: &Thunk) -> Result<Vec<String>, Unknown> {
    let text = match &machine.force(thunk).value {
        Value::Str(text) => text.exact().ok_or_else(several)?,
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => return Err(several()),
        _ => return Err(thrown("a subpath must be a string")),
    };
    if !is_subpath(&text) {
        return Err(thrown("this is no valid subpath"));
    }
    let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
    Ok(parts.map(str::to_owned).collect())
}

fn is_subpath(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('/') && text.split('/').all(|part| part != "..")
}

fn subpath<S: AsRef<str>>(components: &[S]) -> Val {
    if components.is_empty() {
        return Val::string("./.");
    }
    let parts: Vec<&str> = components.iter().map(AsRef::as_ref).collect();
    Val::string(format!("./{}", parts.join("/")))
}

fn search_files(
    machine: &Machine<'_>,
    path: &Utf8Path,
    depth: u32,
    result: &mut Vec<Thunk>,
) -> Result<(), Unknown> {
    let list = machine.loader().list(path).ok_or_else(|| Unknown::new(Reason::Impure("a folder")))?;
    machine.charge(list.len())?;
    for (name, kind) in list {
        let path = path.join(name);
        match kind {
            FileKind::Directory if depth < 32 => search_files(machine, &path, depth + 1, result)?,
            FileKind::Directory => return Err(Unknown::new(Reason::Depth)),
            _ => result.push(path_val(&path).thunk()),
        }
    }
    Ok(())
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Regular => "regular",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symlink",
    }
}

fn is_kind(machine: &Machine<'_>, thunk: &Thunk, kind: FileKind) -> Outcome {
    let path = place(machine, thunk)?;
    Ok(boolean(machine.loader().kind(&path) == Some(kind)))
}

/// `packagesFromDirectoryRecursive`
fn packages(machine: &Machine<'_>, call: &Val, path: &Utf8Path, span: Option<Span>) -> Outcome {
    let argument = || set(machine, vec![]).thunk();
    let package = path.join("package.nix");
    if machine.loader().kind(&package).is_some() {
        return Ok(machine.apply_all(call, [path_val(&package).thunk(), argument()], span));
    }
    let list = machine.loader().list(path).ok_or_else(|| Unknown::new(Reason::Impure("a folder")))?;
    let mut pairs: Vec<(std::rc::Rc<str>, Thunk)> = Vec::new();
    for (name, kind) in list {
        let path = path.join(&name);
        let call = call.clone();
        match (kind, name.strip_suffix(".nix")) {
            (FileKind::Directory, _) => {
                let inner =
                    deferred(move |machine| machine.descend(|| packages(machine, &call, &path, span)));
                pairs.push((name.as_str().into(), inner));
            }
            (FileKind::Regular, Some(name)) => {
                let argument = argument();
                let value = deferred(move |machine| {
                    Ok(machine.apply_all(&call, [path_val(&path).thunk(), argument.clone()], span))
                });
                pairs.push((name.into(), value));
            }
            (FileKind::Regular, None) => {}
            (FileKind::Symlink, _) => return Err(thrown("unsupported file type symlink")),
        }
    }
    Ok(from_pairs(machine, pairs))
}

/// A source that is copied to the store with a filter.
fn filtered(machine: &Machine<'_>, source: &Thunk, name: Option<Thunk>, span: Option<Span>) -> Outcome {
    let val = machine.force(source);
    let is_filtered = match &val.value {
        Value::Attrs(_) => field(machine, &val, "_isLibCleanSourceWith")?.is_some(),
        Value::Unknown(unknown) => return Err(unknown.clone()),
        _ => false,
    };
    let own = |name: &str| Ok::<_, Unknown>(machine.select(&val, machine.name(name))?.thunk());
    let origin = if is_filtered { own("origSrc")? } else { source.clone() };
    let name = match name {
        Some(name) => name,
        None if is_filtered => own("name")?,
        None => Val::string("source").thunk(),
    };
    let copy = fileset::copied(&origin, span);
    Ok(set(
        machine,
        vec![
            ("_isLibCleanSourceWith", boolean(true).thunk()),
            ("filter", Val::unknown(Reason::NotModelled("the filter of a source".to_owned())).thunk()),
            ("name", name),
            ("origSrc", origin),
            ("outPath", copy),
        ],
    ))
}

/// `lib.path`.
pub(super) static FUNCTIONS: Table = primitives! {
    "append" 2 |m, a, _| {
        let path = path_of(m, &a[0])?;
        let below = components(m, &a[1])?.join("/");
        Ok(path_val(&normalise(&format!("{path}/{below}"))))
    };
    "hasPrefix" 2 |m, a, _| Ok(boolean(path_of(m, &a[1])?.starts_with(path_of(m, &a[0])?)));
    "hasStorePathPrefix" 1 |m, a, _| Ok(boolean(types::is_in_store(path_of(m, &a[0])?.as_str())));
    "removePrefix" 2 |m, a, _| {
        let (prefix, path) = (path_of(m, &a[0])?, path_of(m, &a[1])?);
        match path.strip_prefix(&prefix) {
            Ok(rest) => Ok(subpath(&rest.components().map(|part| part.to_string()).collect::<Vec<_>>())),
            Err(_) => Err(thrown("lib.path.removePrefix: the first path is no prefix of the second")),
        }
    };
    "splitRoot" 1 |m, a, _| {
        let path = path_of(m, &a[0])?;
        let parts: Vec<String> = path.as_str().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Ok(set(m, vec![("root", path_val(Utf8Path::new("/")).thunk()), ("subpath", subpath(&parts).thunk())]))
    };
};

/// `lib.path.subpath`.
pub(super) static SUBPATH: Table = primitives! {
    "components" 1 |m, a, _| {
        Ok(Val::list(components(m, &a[0])?.into_iter().map(|part| Val::string(part).thunk()).collect()))
    };
    "isValid" 1 |m, a, _| match &m.force(&a[0]).value {
        Value::Str(text) => Ok(boolean(is_subpath(&text.exact().ok_or_else(several)?))),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) => Err(several()),
        _ => Ok(boolean(false)),
    };
    "join" 1 |m, a, _| {
        let mut parts = Vec::new();
        for one in closed_list(m, &a[0])? {
            parts.extend(components(m, &one)?);
        }
        Ok(subpath(&parts))
    };
    "normalise" 1 |m, a, _| Ok(subpath(&components(m, &a[0])?));
};

/// `lib.filesystem`.
pub(super) static FILESYSTEM: Table = primitives! {
    "listFilesRecursive" 1 |m, a, _| {
        let mut result = Vec::new();
        search_files(m, &place(m, &a[0])?, 0, &mut result)?;
        Ok(Val::list(result))
    };
    "packagesFromDirectoryRecursive" 1 package_folder;
    "pathIsDirectory" 1 |m, a, _| is_kind(m, &a[0], FileKind::Directory);
    "pathIsRegularFile" 1 |m, a, _| is_kind(m, &a[0], FileKind::Regular);
    "pathType" 1 |m, a, _| {
        let path = place(m, &a[0])?;
        let kind = m.loader().kind(&path).ok_or_else(|| error(format!("path `{path}` does not exist")))?;
        Ok(Val::string(kind_name(kind)))
    };
};

fn package_folder(machine: &Machine<'_>, a: &[Thunk], span: Option<Span>) -> Outcome {
    let argument = machine.force(&a[0]);
    if field(machine, &argument, "newScope")?.is_some() {
        return Err(Unknown::new(Reason::NotModelled("scopes of packages".to_owned())));
    }
    let part = |name: &str| machine.select(&argument, machine.name(name));
    packages(machine, &part("callPackage")?, &place(machine, &part("directory")?.thunk())?, span)
}

/// `lib.sources`, and what of `lib.filesystem` is at the top too.
pub(super) static SOURCES: Table = primitives! {
    "cleanSource" 1 |m, a, span| filtered(m, &a[0], None, span);
    "cleanSourceWith" 1 |m, a, span| {
        let argument = m.force(&a[0]);
        let Some(source) = field(m, &argument, "src")? else {
            return Err(error("function `cleanSourceWith` called without required argument `src`"));
        };
        let name = match field(m, &argument, "name")? {
            Some(name) if !matches!(m.force(&name).value, Value::Null) => Some(name),
            _ => None,
        };
        filtered(m, &source, name, span)
    };
    "packagesFromDirectoryRecursive" 1 package_folder;
    "pathIsDirectory" 1 |m, a, _| is_kind(m, &a[0], FileKind::Directory);
    "pathIsRegularFile" 1 |m, a, _| is_kind(m, &a[0], FileKind::Regular);
    "pathType" 1 |m, a, _| {
        let path = place(m, &a[0])?;
        let kind = m.loader().kind(&path).ok_or_else(|| error(format!("path `{path}` does not exist")))?;
        Ok(Val::string(kind_name(kind)))
    };
    "sourceByRegex" 2 |m, a, span| filtered(m, &a[0], None, span);
    "sourceFilesBySuffices" 2 |m, a, span| filtered(m, &a[0], None, span);
};
