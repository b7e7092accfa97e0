//! What goes in and what comes out.

use camino::Utf8PathBuf;
use rustc_hash::FxHashMap;

use crate::diagnostic::{Diagnostic, Level};
use crate::project::Tree;
use crate::rule::{RuleMeta, Runner};
use crate::text::{FileId, Sources};

/// All files of a run, by project.
#[derive(Debug, Default, Clone)]
pub struct Workspace {
    /// Paths and texts.
    pub sources: Sources,
    /// The projects, sorted by root. A file belongs to exactly one.
    pub projects: Vec<ProjectFiles>,
}

/// The files of one project.
#[derive(Debug, Default, Clone)]
pub struct ProjectFiles {
    /// The folder of the flake, or what stands for it; absolute.
    pub root: Utf8PathBuf,
    /// The Nix files, sorted by path.
    pub files: Vec<InputFile>,
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
    /// Every rule name there is, for suppression comments, with whether it runs.
    pub known: FxHashMap<String, bool>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings in reported files, sorted by file, start, end, rule; suppressed ones are not among them.
    pub diagnostics: Vec<Diagnostic>,
    /// Findings that a comment silenced.
    pub suppressed: Vec<Diagnostic>,
    /// How many files were looked at and reported on.
    pub files: usize,
    /// How many rules ran.
    pub rules: usize,
}
