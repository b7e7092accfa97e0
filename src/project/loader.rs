//! The evaluator's window on one project.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::input::ProjectInput;
use crate::eval::{FileKind, Loader};
use crate::semantic::Ir;
use crate::text::FileId;

/// Shows the files of one project and nothing else.
pub(super) struct ProjectLoader<'p> {
    input: &'p ProjectInput<'p>,
    by_path: FxHashMap<&'p Utf8Path, usize>,
    by_id: FxHashMap<FileId, usize>,
    /// Folders that hold a Nix file, whether the tree names them or not.
    folders: BTreeMap<Utf8PathBuf, FileKind>,
    texts: RefCell<FxHashMap<Utf8PathBuf, Option<String>>>,
}

impl<'p> ProjectLoader<'p> {
    pub(super) fn new(input: &'p ProjectInput<'p>) -> Self {
        let mut folders = BTreeMap::new();
        let (mut by_path, mut by_id) = (FxHashMap::default(), FxHashMap::default());
        for (index, file) in input.files.iter().enumerate() {
            by_path.insert(file.path.as_path(), index);
            by_id.insert(file.id, index);
            for folder in file.path.ancestors().skip(1).take_while(|folder| folder.starts_with(input.root)) {
                folders.entry(folder.to_owned()).or_insert(FileKind::Directory);
            }
        }
        Self { input, by_path, by_id, folders, texts: RefCell::default() }
    }
}

impl Loader for ProjectLoader<'_> {
    fn program(&self, path: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        let file = &self.input.files[*self.by_path.get(path)?];
        Some((file.id, file.facts.as_ref()?.ir.clone()))
    }

    fn path(&self, file: FileId) -> Utf8PathBuf {
        self.by_id.get(&file).map(|index| self.input.files[*index].path.clone()).unwrap_or_default()
    }

    fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        if self.by_path.contains_key(path) {
            return Some(FileKind::Regular);
        }
        self.folders.get(path).or_else(|| self.input.tree.entries.get(path)).copied()
    }

    fn read(&self, path: &Utf8Path) -> Option<String> {
        if !path.starts_with(self.input.root) {
            return None;
        }
        let mut texts = self.texts.borrow_mut();
        texts.entry(path.to_owned()).or_insert_with(|| (self.input.read)(path)).clone()
    }

    fn list(&self, path: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
        if self.kind(path) != Some(FileKind::Directory) {
            return None;
        }
        let mut names: BTreeMap<String, FileKind> = BTreeMap::new();
        let start = path.to_owned();
        let is_below = |other: &Utf8Path| other.starts_with(path);
        for (entry, kind) in
            self.input.tree.entries.range(start.clone()..).take_while(|(entry, _)| is_below(entry))
        {
            if entry.parent() == Some(path) {
                names.insert(entry.file_name().unwrap_or_default().to_owned(), *kind);
            }
        }
        for (entry, kind) in self.folders.range(start..).take_while(|(entry, _)| is_below(entry)) {
            if entry.parent() == Some(path) {
                names.insert(entry.file_name().unwrap_or_default().to_owned(), *kind);
            }
        }
        for file in self.input.files {
            if file.path.parent() == Some(path) {
                names.insert(file.path.file_name().unwrap_or_default().to_owned(), FileKind::Regular);
            }
        }
        Some(names.into_iter().collect())
    }

    fn root(&self) -> &Utf8Path {
        self.input.root
    }
}
