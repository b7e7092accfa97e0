//! What goes in and what comes out.

use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::{Diagnostic, Level};
use crate::project::{NamedHost, Presence, ServiceSettings, Tree};
use crate::rule::{RuleMeta, Runner};
use crate::text::{FileId, Sources};

/// All files of a run, by project.
#[derive(Debug, Default, Clone)]
pub struct Workspace {
    /// Paths and texts.
    pub sources: Sources,
    /// The projects, sorted by root. A file belongs to exactly one.
    pub projects: Vec<ProjectFiles>,
    /// How other files are looked at: for `readFile` and `fromJSON`, and for paths that lead nowhere.
    pub reader: Reader,
}

/// Looks at files by absolute path. The default reads nothing and knows nothing.
#[derive(Clone)]
pub struct Reader {
    read: Arc<ReadFile>,
    presence: Arc<LookAt>,
}

type ReadFile = dyn Fn(&Utf8Path) -> Option<String> + Send + Sync;
type LookAt = dyn Fn(&Utf8Path, bool) -> Presence + Send + Sync;

impl Reader {
    /// A reader that asks `read` for texts and `presence` for what is there; both must stay inside the
    /// projects of the run and the repositories around them.
    pub fn new(
        read: impl Fn(&Utf8Path) -> Option<String> + Send + Sync + 'static,
        presence: impl Fn(&Utf8Path, bool) -> Presence + Send + Sync + 'static,
    ) -> Self {
        Self { read: Arc::new(read), presence: Arc::new(presence) }
    }

    /// The text of the file, or `None` where it cannot be read.
    pub fn read(&self, path: &Utf8Path) -> Option<String> {
        (self.read)(path)
    }

    /// Whether something is at the path, and whether a flake sees it. `is_there` says that something is, for
    /// sure.
    pub fn presence(&self, path: &Utf8Path, is_there: bool) -> Presence {
        (self.presence)(path, is_there)
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(|_| None, |_, _| Presence::Unknown)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// The files of one project.
#[derive(Debug, Default, Clone)]
pub struct ProjectFiles {
    /// The folder of the flake, or what stands for it; absolute.
    pub root: Utf8PathBuf,
    /// The Nix files, sorted by path.
    pub files: Vec<InputFile>,
    /// Hosts of it that the user names.
    pub hosts: Vec<NamedHost>,
    /// What the user says of its services.
    pub services: Arc<ServiceSettings>,
    /// Everything else that is there, for `pathExists` and folder listings.
    pub tree: Tree,
}

/// A Nix file to be read.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Its id in [`Workspace::sources`].
    pub id: FileId,
    /// Whether findings in it are shown; other files only help to understand these.
    pub reported: bool,
}

/// A rule that runs, with the level its findings get.
pub struct ActiveRule {
    /// The rule.
    pub meta: &'static RuleMeta,
    /// The rule with its options.
    pub runner: Runner,
    /// The level that configuration sets for all its findings; `None` keeps the declared ones.
    pub level: Option<Level>,
}

/// The rules of a run.
#[derive(Default)]
pub struct RuleSet {
    /// The rules that run, in the order of the registry.
    pub rules: Vec<ActiveRule>,
    /// Every rule name there is, for suppression comments, with whether it runs. A rule of
    /// [`super::BUILT_IN`] that is not named here runs if it is on by default.
    pub known: FxHashMap<String, bool>,
    /// The levels that configuration sets for rules of [`super::BUILT_IN`].
    pub built_in_levels: FxHashMap<String, Level>,
    /// The levels that configuration sets for variants, by rule and variant; `None` where one is not wanted.
    pub variant_levels: FxHashMap<(&'static str, &'static str), Option<Level>>,
    /// Which rules do not speak about which files.
    pub quiet: Vec<Quiet>,
}

/// Rules that do not speak about some files.
pub struct Quiet {
    /// Their names.
    pub names: FxHashSet<&'static str>,
    /// Whether the file at an absolute path is one of those.
    pub files: Box<dyn Fn(&Utf8Path) -> bool + Send + Sync>,
}

impl RuleSet {
    /// Drops the findings about the file at `path` of rules that do not speak about it.
    pub(super) fn quieten(&self, path: &Utf8Path, found: &mut Vec<Diagnostic>) {
        for quiet in &self.quiet {
            let is_quiet = |diagnostic: &Diagnostic| quiet.names.contains(diagnostic.rule.as_str());
            if found.iter().any(is_quiet) && (quiet.files)(path) {
                found.retain(|diagnostic| !is_quiet(diagnostic));
            }
        }
    }
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings in reported files, sorted by file, start, end, rule; suppressed ones are not among them.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings that a comment silenced.
    pub suppressed: Vec<Diagnostic>,
    /// The roots of projects whose evaluation was cut short: findings about their hosts may be missing.
    pub cut_short: Vec<Utf8PathBuf>,
    /// How many files were looked at and reported on.
    pub files: usize,
    /// How many rules ran, those of [`super::BUILT_IN`] included.
    pub rules: usize,
}
