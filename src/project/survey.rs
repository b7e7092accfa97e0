//! A project as a whole: its files, and how the modules of all its hosts are written.

use std::cell::OnceCell;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::dead::DeadModule;
use super::flake::{LockFile, WrittenFlake};
use super::host::Host;
use super::hosts::Project;
use super::imports::file_at;
use super::input::{Presence, ProjectFile};
use super::link::Module;
use super::shape::{ModuleShape, shape};
use crate::eval::{FileKind, normalise};
use crate::module::LiteralRole;
use crate::text::{FileId, Span};

/// What the hosts of a project show of it, gathered host by host.
#[derive(Default)]
pub struct Survey {
    shapes: FxHashMap<(FileId, Option<Span>), ModuleShape>,
}

impl Survey {
    /// Adds a host, which is being visited, with its users.
    ///
    /// Of modules that no host has, those are left out that another file imports as a value: they look like
    /// modules and may be anything.
    pub fn add(&mut self, host: &Host<'_>) {
        if host.name.is_none() {
            let called = called(host.project());
            self.add_configuration(host, |module| !called.contains(&module.file));
            return;
        }
        self.add_configuration(host, |_| true);
        host.visit_users(&mut |user| self.add_configuration(&user.home, |_| true));
    }

    fn add_configuration(&mut self, host: &Host<'_>, wanted: impl Fn(&Module) -> bool) {
        for module in host.modules().filter(|module| wanted(module)) {
            let key = (module.file, module.content.value.span);
            self.shapes.entry(key).or_insert_with(|| shape(host.machine(), module, host.realm()));
        }
    }
}

/// The files that some file of the project imports as a value or hands to a function.
fn called(project: &Project<'_>) -> FxHashSet<FileId> {
    let mut called = FxHashSet::default();
    for file in project.input.files {
        let paths = file.facts.iter().flat_map(|facts| facts.paths.iter());
        for literal in paths.filter(|path| matches!(path.role, LiteralRole::Import | LiteralRole::Argument)) {
            called.extend(file_at(project.machine, &resolve(file, &literal.path)));
        }
    }
    called
}

/// The absolute path that a relative one means in `file`.
fn resolve(file: &ProjectFile, path: &str) -> Utf8PathBuf {
    let folder = file.path.parent().unwrap_or(&file.path);
    normalise(&format!("{folder}/{path}"))
}

/// A project with what its hosts show.
pub struct ProjectView<'p> {
    project: &'p Project<'p>,
    survey: Survey,
    by_path: FxHashMap<&'p Utf8Path, &'p ProjectFile>,
    flake_files: OnceCell<Vec<&'p ProjectFile>>,
    flakes: OnceCell<Vec<WrittenFlake>>,
    lock: OnceCell<Option<LockFile>>,
}

impl<'p> ProjectView<'p> {
    /// A project whose hosts were all added to `survey`.
    pub fn new(project: &'p Project<'p>, survey: Survey) -> Self {
        let by_path = project.input.files.iter().map(|file| (file.path.as_path(), file)).collect();
        Self {
            project,
            survey,
            by_path,
            flake_files: OnceCell::new(),
            flakes: OnceCell::new(),
            lock: OnceCell::new(),
        }
    }

    /// The folder of the project, absolute.
    pub fn root(&self) -> &Utf8Path {
        self.project.root()
    }

    /// The project itself.
    pub(super) fn project(&self) -> &'p Project<'p> {
        self.project
    }

    /// Its Nix files, sorted by path.
    pub fn files(&self) -> &'p [ProjectFile] {
        self.project.input.files
    }

    /// The files that the flake leads to by paths that are written out, `flake.nix` among them: those that Nix may
    /// evaluate without looking at anything outside. None without a flake.
    pub fn flake_files(&self) -> &[&'p ProjectFile] {
        self.flake_files.get_or_init(|| self.find_flake_files())
    }

    fn find_flake_files(&self) -> Vec<&'p ProjectFile> {
        let Some(flake) = self.by_path.get(self.root().join("flake.nix").as_path()) else {
            return Vec::new();
        };
        let mut found: Vec<&ProjectFile> = vec![*flake];
        let mut known: FxHashSet<FileId> = FxHashSet::from_iter([flake.id]);
        let mut at = 0;
        while let Some(file) = found.get(at).copied() {
            at += 1;
            let paths = file.facts.iter().flat_map(|facts| facts.paths.iter());
            for literal in paths.filter(|path| path.role != LiteralRole::Text) {
                if let Some(next) = self.file_at(&self.resolve(file, &literal.path))
                    && known.insert(next.id)
                {
                    found.push(next);
                }
            }
        }
        found
    }

    /// What every `flake.nix` of the project says by its text, that of the project first.
    pub fn flakes(&self) -> &[WrittenFlake] {
        self.flakes.get_or_init(|| {
            let root = self.root().join("flake.nix");
            let is_flake = |file: &&ProjectFile| file.path.file_name() == Some("flake.nix");
            let mut files: Vec<&ProjectFile> = self.files().iter().filter(is_flake).collect();
            files.sort_by_key(|file| file.path != root);
            let read = |file: &ProjectFile| {
                let text = (self.project.input.read)(&file.path)?;
                WrittenFlake::read(file.id, file.path == root, &text)
            };
            files.into_iter().filter_map(read).collect()
        })
    }

    /// The flake of the project.
    pub fn flake(&self) -> Option<&WrittenFlake> {
        self.flakes().iter().find(|flake| flake.is_root)
    }

    /// The lock file of the project's flake.
    pub fn lock(&self) -> Option<&LockFile> {
        let read = || LockFile::read(&self.project.machine.loader().read(&self.root().join("flake.lock"))?);
        self.lock.get_or_init(read).as_ref()
    }

    /// Whether a file is there to try or to show something, or for those who do without the flake.
    pub fn is_aside(&self, file: &ProjectFile) -> bool {
        let below = file.path.strip_prefix(self.root()).unwrap_or(&file.path);
        let is_in_root = below.components().count() == 1;
        let is_entry = matches!(below.file_name(), Some("shell.nix" | "test.nix" | "tests.nix"))
            || (is_in_root && matches!(below.file_name(), Some("default.nix" | "ci.nix" | "release.nix")));
        is_entry
            || below.components().any(|part| {
                matches!(
                    part.as_str(),
                    "test" | "tests" | "examples" | "example" | "template" | "templates" | "docs"
                )
            })
    }

    /// The path of a file from the root, as users know it.
    pub fn shown(&self, file: FileId) -> &'p Utf8Path {
        let known = self.files().iter().find(|known| known.id == file);
        known.map_or(Utf8Path::new(""), |known| known.path.strip_prefix(self.root()).unwrap_or(&known.path))
    }

    /// The file that `import` reads for an absolute path.
    pub fn file_at(&self, path: &Utf8Path) -> Option<&'p ProjectFile> {
        match self.kind(path)? {
            FileKind::Directory => self.by_path.get(path.join("default.nix").as_path()).copied(),
            _ => self.by_path.get(path).copied(),
        }
    }

    /// The absolute path that a relative one means in `file`.
    pub fn resolve(&self, file: &ProjectFile, path: &str) -> Utf8PathBuf {
        resolve(file, path)
    }

    /// What kind of thing discovery saw at a path.
    pub fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        self.project.machine.loader().kind(path)
    }

    /// What is at a path, and whether a flake sees it.
    pub fn presence(&self, path: &Utf8Path) -> Presence {
        (self.project.input.presence)(path, self.kind(path).is_some())
    }

    /// The name in the folder of `path` that is most like its last name.
    pub fn nearest(&self, path: &Utf8Path) -> Option<String> {
        let wanted = path.file_name()?;
        let names = self.project.machine.loader().list(path.parent()?)?;
        let like = |name: &String| strsim::normalized_damerau_levenshtein(name, wanted);
        let close = names.into_iter().map(|(name, _)| (like(&name), name)).filter(|(like, _)| *like > 0.6);
        close.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
    }

    /// The module files that no host, user, exported module or other file leads to, sorted by path; none
    /// where an import could not be followed.
    pub fn dead_modules(&self) -> Vec<DeadModule> {
        self.project.dead_modules()
    }

    /// How the modules of all hosts are written, each module once, in the order of the files.
    pub fn modules(&self) -> Vec<&ModuleShape> {
        let mut shapes: Vec<_> = self.survey.shapes.iter().collect();
        shapes.sort_by_key(|(key, _)| **key);
        shapes.into_iter().map(|(_, shape)| shape).collect()
    }
}
