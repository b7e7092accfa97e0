//! Whether something is at a path, and whether a flake sees it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rustc_hash::FxHashMap;

use super::git::Index;
use crate::project::Presence;

/// Looks at the projects of a run and the repositories around them, and nowhere else.
pub(super) struct Presences {
    places: Vec<Place>,
    /// The place that counts for what is in a folder.
    folders: Mutex<FxHashMap<PathBuf, Option<usize>>>,
    /// Read when first asked for.
    indexes: Mutex<FxHashMap<PathBuf, Option<Index>>>,
}

struct Place {
    project: PathBuf,
    /// What may be looked at: the repository around the project, else the project.
    root: PathBuf,
    is_repository: bool,
    is_flake: bool,
}

impl Presences {
    pub(super) fn new(roots: &[PathBuf]) -> Self {
        let place = |root: &PathBuf| {
            let is_flake = root.join("flake.nix").is_file();
            let repository = root.ancestors().find(|above| above.join(".git").exists());
            Place {
                project: root.clone(),
                root: repository.unwrap_or(root).to_owned(),
                is_repository: repository.is_some(),
                is_flake,
            }
        };
        Self {
            places: roots.iter().map(place).collect(),
            folders: Mutex::default(),
            indexes: Mutex::default(),
        }
    }

    /// The innermost project that `folder` lies in, else a repository around one.
    fn place(&self, folder: &Path) -> Option<&Place> {
        let mut folders = self.folders.lock().ok()?;
        if let Some(known) = folders.get(folder) {
            return known.map(|index| &self.places[index]);
        }
        let length = |path: &Path| path.as_os_str().len();
        let around = |(_, place): &(usize, &Place)| folder.starts_with(&place.root);
        let nearest = self.places.iter().enumerate().filter(around).max_by_key(|(_, place)| {
            (folder.starts_with(&place.project), length(&place.root), length(&place.project))
        });
        let nearest = nearest.map(|(index, _)| index);
        folders.insert(folder.to_owned(), nearest);
        nearest.map(|index| &self.places[index])
    }

    /// What is at `path`; `is_there` spares a look.
    pub(super) fn of(&self, path: &Path, is_there: bool) -> Presence {
        let Some(place) = self.place(path.parent().unwrap_or(path)) else { return Presence::Unknown };
        if !is_there && let Err(error) = fs::symlink_metadata(path) {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Presence::Missing,
                _ => Presence::Unknown,
            };
        }
        if !place.is_repository || !place.is_flake {
            return Presence::There;
        }
        let Ok(relative) = path.strip_prefix(&place.root) else { return Presence::Unknown };
        if relative.as_os_str().is_empty() {
            return Presence::There;
        }
        let Ok(mut indexes) = self.indexes.lock() else { return Presence::Unknown };
        let index = indexes.entry(place.root.clone()).or_insert_with(|| Index::of(&place.root));
        match index.as_ref().and_then(|index| index.tracks(relative)) {
            Some(true) => Presence::There,
            Some(false) => Presence::Untracked,
            None => Presence::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Git without what a hook tells it.
    fn clean_git() -> Command {
        let mut git = Command::new("git");
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX"] {
            git.env_remove(name);
        }
        git
    }

    #[test]
    fn a_flake_sees_what_git_tracks() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = fs::canonicalize(folder.path()).expect("it is there");
        let git = |arguments: &[&str]| clean_git().arg("-C").arg(&root).args(arguments).output();
        if !git(&["init", "-q"]).is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: git is missing");
            return;
        }
        let write = |path: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("it is below the root")).expect("folders can be made");
            fs::write(path, "{ }").expect("files can be written");
        };
        for path in ["flake.nix", "a/b.nix", "a/new.nix", "ignored.nix", "kept.nix", "plain/x.nix"] {
            write(path);
        }
        fs::write(root.join(".gitignore"), "ignored.nix\nkept.nix\n").expect("files can be written");
        let added = git(&["add", "-f", "flake.nix", "a/b.nix", "kept.nix"]).expect("git runs");
        assert!(added.status.success());

        let presences = Presences::new(std::slice::from_ref(&root));
        let of = |path: &str| presences.of(&root.join(path), false);
        for path in ["flake.nix", "a", "a/b.nix", "kept.nix"] {
            assert_eq!(of(path), Presence::There, "{path}");
        }
        for path in ["a/new.nix", "ignored.nix", "plain", "plain/x.nix"] {
            assert_eq!(of(path), Presence::Untracked, "{path}");
        }
        assert_eq!(of("a/c.nix"), Presence::Missing);
        assert_eq!(of("a/b.nix/c"), Presence::Missing);
        assert_eq!(presences.of(Path::new("/etc/passwd"), false), Presence::Unknown);
    }

    #[test]
    fn without_git_everything_is_seen() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = fs::canonicalize(folder.path()).expect("it is there");
        fs::write(root.join("flake.nix"), "{ }").expect("files can be written");
        let presences = Presences::new(std::slice::from_ref(&root));
        assert_eq!(presences.of(&root.join("flake.nix"), true), Presence::There);
        assert_eq!(presences.of(&root.join("x.nix"), false), Presence::Missing);
    }
}
