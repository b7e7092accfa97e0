//! What git tracks: flakes in a repository see nothing else. Reads the index, never runs git, whose
//! configuration can name programs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use gix_index::entry::Mode;
use gix_index::{State, decode, hash};

/// The index of a repository.
pub(super) struct Index(State);

impl Index {
    /// The index of the repository with its work tree at `repository`; `None` where there is none that can
    /// be read.
    pub(super) fn of(repository: &Path) -> Option<Self> {
        let path = git_folder(repository)?.join("index");
        let file = gix_index::File::at(path, hash::Kind::Sha1, false, decode::Options::default()).ok()?;
        let (state, _) = file.into_parts();
        // A split index keeps most of its entries elsewhere, a sparse one keeps folders.
        let is_whole = state.link().is_none() && !state.is_sparse();
        is_whole.then_some(Self(state))
    }

    /// Whether git tracks a file at `path`, or a file below it; `path` is relative to the work tree.
    /// `None` for what lies in a submodule or behind a link, of which this index says nothing.
    pub(super) fn tracks(&self, path: &Path) -> Option<bool> {
        let name = |path: &Path| path.to_str().map(str::to_owned);
        let text = name(path)?;
        match self.0.entry_by_path(text.as_str().into()) {
            Some(entry) => return (entry.mode != Mode::COMMIT).then_some(true),
            None if self.0.path_is_directory(text.as_str().into()) => return Some(true),
            None => {}
        }
        for above in path.ancestors().skip(1).filter(|above| *above != Path::new("")) {
            if self.0.entry_by_path(name(above)?.as_str().into()).is_some() {
                return None;
            }
        }
        Some(false)
    }
}

/// The folder with the index: `.git`, or what a file of that name points to in linked work trees.
fn git_folder(repository: &Path) -> Option<PathBuf> {
    let folder = repository.join(".git");
    if folder.is_dir() {
        return Some(folder);
    }
    let pointer = fs::read_to_string(&folder).ok()?;
    let target = pointer.strip_prefix("gitdir:")?.trim();
    Some(repository.join(OsStr::new(target)))
}
