//! Puts texts in the place of files: whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::FxHashSet;

use crate::report::printable;

/// How the names of files begin that wait to take the place of another.
pub(super) const TEMPORARY: &str = ".nixlint-";

/// A file that gets a new text.
pub(super) struct Change<'t> {
    /// Where it lies.
    pub place: &'t Path,
    /// How it is shown.
    pub display: &'t str,
    /// The text it was read with.
    pub old: &'t str,
    /// The text it gets.
    pub new: &'t str,
}

impl Change<'_> {
    /// How messages show the file.
    fn shown(&self) -> String {
        printable(self.display).into_owned()
    }

    fn failed(&self, error: io::Error) -> WriteError {
        WriteError::System { path: self.shown(), error }
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("`{path}` is a link that leads out of the project")]
    Outside { path: String },
    #[error("`{path}` is read-only")]
    ReadOnly { path: String },
    #[error("`{path}` has changed since it was read")]
    Changed { path: String },
    #[error("`{path}` cannot be written: {error}")]
    System { path: String, error: io::Error },
}

/// Writes all `changes` of the project at `root`, or none of them if one is refused.
///
/// Each text is written beside its file and then takes its name, so that no reader ever sees half of it.
pub(super) fn write_all(root: &Path, changes: &[Change<'_>]) -> Result<(), WriteError> {
    let mut prepared: Vec<(Prepared, &Change<'_>)> = Vec::with_capacity(changes.len());
    let mut targets = FxHashSet::default();
    for change in changes {
        let target = target_of(root, change)?;
        // One file may have several names.
        if targets.insert(target.clone()) {
            prepared.extend(prepare(target, change)?.map(|text| (text, change)));
        }
    }
    prepared.into_iter().try_for_each(|(text, change)| text.commit().map_err(|error| change.failed(error)))
}

/// Writes a report, so that no reader ever sees half of it. What is no regular file, or cannot be replaced, is written
/// to as it is.
///
/// # Errors
/// When the system refuses.
pub(super) fn write_report(file: &Path, text: &[u8]) -> io::Result<()> {
    let target = match fs::canonicalize(file) {
        Ok(target) => target,
        // A link to a file that the report makes.
        Err(_) if file.is_symlink() => return fs::write(file, text),
        Err(_) => file.to_owned(),
    };
    let metadata = fs::metadata(&target).ok();
    let is_fixed = |metadata: &fs::Metadata| !metadata.is_file() || metadata.permissions().readonly();
    let beside = if metadata.as_ref().is_some_and(is_fixed) { None } else { new_file_beside(&target).ok() };
    let Some((temporary, new)) = beside else { return fs::write(&target, text) };
    let prepared = Prepared { temporary, target };
    fill(new, text, metadata.as_ref())?;
    prepared.commit()
}

/// The file that a change is for, links followed.
fn target_of(root: &Path, change: &Change<'_>) -> Result<PathBuf, WriteError> {
    let failed = |error| change.failed(error);
    let target = fs::canonicalize(change.place).map_err(failed)?;
    match target.starts_with(fs::canonicalize(root).map_err(failed)?) {
        true => Ok(target),
        false => Err(WriteError::Outside { path: change.shown() }),
    }
}

/// Puts the text of a change beside its file; `None` where the file has it, by another of its names.
fn prepare(target: PathBuf, change: &Change<'_>) -> Result<Option<Prepared>, WriteError> {
    let failed = |error| change.failed(error);
    let text = fs::read(&target);
    if text.as_ref().is_ok_and(|text| text == change.new.as_bytes()) {
        return Ok(None);
    }
    let metadata = fs::metadata(&target).map_err(failed)?;
    if metadata.permissions().readonly() {
        return Err(WriteError::ReadOnly { path: change.shown() });
    }
    if text.map_err(failed)? != change.old.as_bytes() {
        return Err(WriteError::Changed { path: change.shown() });
    }

    let (temporary, file) = new_file_beside(&target).map_err(failed)?;
    let prepared = Prepared { temporary, target };
    fill(file, change.new.as_bytes(), Some(&metadata)).map_err(failed)?;
    Ok(Some(prepared))
}

/// Writes a text, and takes over what is known of the file in whose place it comes.
fn fill(mut file: File, text: &[u8], replaced: Option<&fs::Metadata>) -> io::Result<()> {
    file.write_all(text)?;
    if let Some(metadata) = replaced {
        keep_owner(&file, metadata);
        file.set_permissions(metadata.permissions())?;
    }
    Ok(())
}

/// A text that waits beside the file it belongs to, and goes away if it is not needed.
struct Prepared {
    temporary: PathBuf,
    target: PathBuf,
}

impl Prepared {
    fn commit(self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.target)
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // After the rename there is nothing left to remove.
        let _gone = fs::remove_file(&self.temporary);
    }
}

/// A file that was not there before. Its name is short, since that of the file beside it may be as long as names
/// can be, and numbered, since the folder may have others of this run, or of one that was killed.
fn new_file_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut left = 1000;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = target.with_file_name(format!("{TEMPORARY}{}-{number}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && left > 0 => left -= 1,
            file => return file.map(|file| (path, file)),
        }
    }
}

/// Whoever runs us as root does not want the file to become root's. Others may not give files away.
#[cfg(unix)]
fn keep_owner(file: &File, metadata: &fs::Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};

    let _not_allowed = fchown(file, Some(metadata.uid()), Some(metadata.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &fs::Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("files can be written");
        }
        folder
    }

    #[test]
    fn a_folder_may_have_many_files() {
        let names: Vec<String> = (0..1100).map(|number| format!("{number}.nix")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let folder = place(&files);
        let places: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        let changes: Vec<Change<'_>> =
            places.iter().map(|place| Change { place, display: "n.nix", old: "1", new: "2" }).collect();
        write_all(folder.path(), &changes).expect("all can be written");
        assert!(places.iter().all(|place| fs::read_to_string(place).is_ok_and(|text| text == "2")));
        assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), names.len());
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder is there");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("it can be listed").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_files_change_and_nothing_else_is_left() {
        let folder = place(&[("a.nix", "1"), ("b.nix", "2")]);
        let (a, b) = (folder.path().join("a.nix"), folder.path().join("b.nix"));
        let changes = [
            Change { place: &a, display: "a.nix", old: "1", new: "one" },
            Change { place: &b, display: "b.nix", old: "2", new: "two" },
        ];
        write_all(folder.path(), &changes).expect("both can be written");
        assert_eq!(fs::read_to_string(&a).expect("it is there"), "one");
        assert_eq!(fs::read_to_string(&b).expect("it is there"), "two");
        assert_eq!(names(folder.path()), ["a.nix", "b.nix"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_two_names_is_written_once() {
        let folder = place(&[("a.nix", "1")]);
        let (a, b) = (folder.path().join("a.nix"), folder.path().join("b.nix"));
        std::os::unix::fs::symlink("a.nix", &b).expect("links can be made");
        let changes = [
            Change { place: &b, display: "b.nix", old: "1", new: "one" },
            Change { place: &a, display: "a.nix", old: "1", new: "one" },
        ];
        write_all(folder.path(), &changes).expect("it can be written");
        assert_eq!(fs::read_to_string(&a).expect("it is there"), "one");
        assert_eq!(names(folder.path()), ["a.nix", "b.nix"]);
    }

    #[test]
    fn what_is_left_of_other_runs_and_long_names_are_no_trouble() {
        let long = format!("{}.nix", "n".repeat(240));
        let left = format!(".nixlint-{}-0", std::process::id());
        let folder = place(&[(&long, "1"), (&left, "left")]);
        let file = folder.path().join(&long);
        let change = Change { place: &file, display: "n.nix", old: "1", new: "2" };
        write_all(folder.path(), &[change]).expect("it can be written");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "2");
        assert_eq!(names(folder.path()), [left, long]);
    }

    #[test]
    fn if_one_is_refused_none_is_written() {
        let folder = place(&[("a.nix", "1"), ("b.nix", "3")]);
        let (a, b) = (folder.path().join("a.nix"), folder.path().join("b.nix"));
        let changes = [
            Change { place: &a, display: "a.nix", old: "1", new: "one" },
            Change { place: &b, display: "b.nix", old: "2", new: "two" },
        ];
        let refused = write_all(folder.path(), &changes);
        assert!(matches!(refused, Err(WriteError::Changed { path }) if path == "b.nix"));
        assert_eq!(fs::read_to_string(&a).expect("it is there"), "1");
        assert_eq!(names(folder.path()), ["a.nix", "b.nix"]);
    }

    #[test]
    fn read_only_files_stay() {
        let folder = place(&[("a.nix", "1")]);
        let a = folder.path().join("a.nix");
        let mut permissions = fs::metadata(&a).expect("it is there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&a, permissions).expect("it is ours");
        let refused =
            write_all(folder.path(), &[Change { place: &a, display: "a.nix", old: "1", new: "one" }]);
        assert!(matches!(refused, Err(WriteError::ReadOnly { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay_and_links_stay_inside() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let outside = place(&[("secret.nix", "1")]);
        let folder = place(&[("a.nix", "1")]);
        let a = folder.path().join("a.nix");
        fs::set_permissions(&a, fs::Permissions::from_mode(0o750)).expect("it is ours");
        let inner = folder.path().join("inner.nix");
        symlink("a.nix", &inner).expect("links can be made");
        let outer = folder.path().join("outer.nix");
        symlink(outside.path().join("secret.nix"), &outer).expect("links can be made");

        write_all(folder.path(), &[Change { place: &inner, display: "inner.nix", old: "1", new: "2" }])
            .expect("it stays inside");
        assert!(fs::symlink_metadata(&inner).expect("it is there").is_symlink());
        assert_eq!(fs::read_to_string(&a).expect("it is there"), "2");
        assert_eq!(fs::metadata(&a).expect("it is there").permissions().mode() & 0o777, 0o750);

        let refused =
            write_all(folder.path(), &[Change { place: &outer, display: "outer.nix", old: "1", new: "2" }]);
        assert!(matches!(refused, Err(WriteError::Outside { .. })));
        assert_eq!(fs::read_to_string(outside.path().join("secret.nix")).expect("it is there"), "1");
    }
}
