//! The evaluator's window on one project.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::input::ProjectInput;
use crate::eval::{FileKind, Loader};
use crate::semantic::{Ir, lower};
use crate::syntax::parse;
use crate::text::FileId;

/// Shows the files of one project and nothing else.
pub(super) struct ProjectLoader<'p> {
    input: &'p ProjectInput<'p>,
    /// By text: comparing paths part by part is slow.
    by_path: FxHashMap<&'p str, usize>,
    by_id: FxHashMap<FileId, usize>,
    /// Folders that hold a Nix file, whether the tree names them or not.
    folders: BTreeSet<&'p str>,
    texts: RefCell<FxHashMap<Utf8PathBuf, Option<String>>>,
    /// Programs that phase 1 did not keep.
    programs: RefCell<FxHashMap<FileId, Option<Arc<Ir>>>>,
}

impl<'p> ProjectLoader<'p> {
    pub(super) fn new(input: &'p ProjectInput<'p>) -> Self {
        let mut folders = BTreeSet::new();
        let (mut by_path, mut by_id) = (FxHashMap::default(), FxHashMap::default());
        for (index, file) in input.files.iter().enumerate() {
            by_path.insert(file.path.as_str(), index);
            by_id.insert(file.id, index);
            let mut folder = file.path.as_str();
            while let Some((parent, _)) = folder.rsplit_once('/') {
                // The folders above one that is known are known too.
                if parent.len() < input.root.as_str().len() || !folders.insert(parent) {
                    break;
                }
                folder = parent;
            }
        }
        Self { input, by_path, by_id, folders, texts: RefCell::default(), programs: RefCell::default() }
    }
}

impl Loader for ProjectLoader<'_> {
    fn program(&self, path: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        let file = &self.input.files[*self.by_path.get(path.as_str())?];
        let facts = file.facts.as_ref()?;
        if let Some(ir) = &facts.ir {
            return Some((file.id, ir.clone()));
        }
        let mut programs = self.programs.borrow_mut();
        let program = programs.entry(file.id).or_insert_with(|| {
            let parsed = parse(&(self.input.read)(path)?);
            parsed.is_ok().then(|| Arc::new(lower(&parsed.root()).ir))
        });
        Some((file.id, program.clone()?))
    }

    fn file(&self, path: &Utf8Path) -> Option<FileId> {
        Some(self.input.files[*self.by_path.get(path.as_str())?].id)
    }

    fn path(&self, file: FileId) -> Utf8PathBuf {
        self.by_id.get(&file).map(|index| self.input.files[*index].path.clone()).unwrap_or_default()
    }

    fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        if self.by_path.contains_key(path.as_str()) {
            return Some(FileKind::Regular);
        }
        if self.folders.contains(path.as_str()) {
            return Some(FileKind::Directory);
        }
        self.input.tree.entries.get(path.as_str()).copied()
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
        let below = format!("{path}/");
        let mut add = |entry: &str, kind: FileKind| {
            if let Some(name) =
                entry.strip_prefix(&below).filter(|name| !name.is_empty() && !name.contains('/'))
            {
                names.insert(name.to_owned(), kind);
            }
        };
        for (entry, kind) in &self.input.tree.entries {
            add(entry, *kind);
        }
        for folder in &self.folders {
            add(folder, FileKind::Directory);
        }
        for file in self.input.files {
            add(file.path.as_str(), FileKind::Regular);
        }
        Some(names.into_iter().collect())
    }

    fn root(&self) -> &Utf8Path {
        self.input.root
    }
}
