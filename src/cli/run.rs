//! What `check` and `fix` share: from arguments to findings and changed texts.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camino::Utf8PathBuf;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Failure;
use super::args::{FileArgs, RuleArgs, usage_error};
use super::output::Streams;
use super::write::{Change, write_all};
use crate::config::discover::{Problem, Request, Stdin, discover};
use crate::config::{RuleBook, Selectors, resolve};
use crate::diagnostic::{Applicability, Diagnostic, Level};
use crate::engine::{self, Outcome, ProjectFiles, Reader, RuleSet, Workspace};
use crate::project::Project;
use crate::report::diff::{Surface, unified_diff};
use crate::report::ignore_edits;
use crate::syntax::{SyntaxKind, SyntaxToken, parse, same_code};
use crate::text::{Edit, FileId, Sources, apply_edits};

/// All that is to be looked at, read and ready.
pub(super) struct Run {
    /// The files as they are after what was done to them.
    pub sources: Sources,
    /// The file from stdin.
    pub stdin: Option<FileId>,
    /// What came from stdin.
    pub input: Option<Vec<u8>>,
    /// What could not be looked at or written, in the order it is to be told.
    pub problems: Vec<Problem>,
    /// Texts that could not be written, in a sentence each.
    pub refused: Vec<String>,
    /// Mistakes in nixlint that were found on the way, in a sentence each.
    pub mistakes: Vec<String>,
    /// Whether files were asked for that may hold Nix.
    pub wants_files: bool,
    original: Sources,
    folder: PathBuf,
    places: Vec<PathBuf>,
    groups: Vec<Rules>,
    reader: Reader,
    pool: rayon::ThreadPool,
}

/// Projects with the rules for them.
struct Rules {
    set: RuleSet,
    fail_on: Option<Level>,
    projects: Vec<ProjectFiles>,
}

/// What was found in all projects.
#[derive(Default)]
pub(super) struct Found {
    /// What there is to say, in order.
    pub outcome: Outcome,
    /// Whether something is at or above the level that fails the run.
    pub fails: bool,
    /// How many fixes were applied.
    pub fixes: usize,
    /// How many ignore comments were written.
    pub ignores: usize,
    /// In how many files.
    pub fixed_files: usize,
}

/// What becomes of fixed texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// The files they belong to.
    Files,
    /// They are only looked at.
    Memory,
}

impl Run {
    /// Finds and reads the files.
    pub(super) fn prepare(files: FileArgs, rules: &RuleArgs, book: RuleBook<'_>) -> Result<Self, Failure> {
        let flags = Selectors::new(&rules.select, &rules.ignore, &rules.levels.levels, book)?
            .and_also(&rules.extend_select, book)?;
        let (paths, stdin) = inputs(files.given_paths(), files.stdin_filename.clone())?;
        let wants_files = paths.iter().any(|path| path.file_name().is_none_or(|name| name != "flake.lock"));
        let input = stdin.as_ref().map(|stdin| stdin.bytes.clone());
        let folder = std::env::current_dir().and_then(std::fs::canonicalize).map_err(|error| {
            miette::MietteDiagnostic::new(format!("the working directory cannot be found: {error}"))
        })?;
        let config = files.config_choice();
        let request = Request {
            folder: &folder,
            paths: &paths,
            stdin,
            open: &[],
            config,
            force_exclude: files.force_exclude,
            book,
        };
        let pool = engine::pool(files.threads);
        let discovered = pool.install(|| discover(&request));
        let rules = |group: crate::config::discover::Group| Rules {
            set: resolve(book, &group.config, &flags),
            fail_on: group.config.fail_on,
            projects: group.projects,
        };
        Ok(Self {
            original: discovered.sources.clone(),
            sources: discovered.sources,
            stdin: discovered.stdin,
            input,
            problems: discovered.problems,
            refused: Vec::new(),
            mistakes: Vec::new(),
            wants_files,
            folder,
            places: discovered.places,
            groups: discovered.groups.into_iter().map(rules).collect(),
            reader: discovered.reader,
            pool,
        })
    }

    /// Lints everything.
    pub(super) fn check(&self, fail_on: Option<Level>) -> Found {
        let mut found = Found::default();
        for group in &self.groups {
            let workspace = self.workspace(group.projects.clone());
            let outcome = self.pool.install(|| engine::run(&workspace, &group.set));
            found.add(outcome, fail_on.or(group.fail_on));
        }
        found.sort();
        found
    }

    /// Links every project and hands it to `visit`; gives what that gives, in the order of the roots.
    pub(super) fn visit_projects<T: Send>(
        &self,
        visit: impl Fn(&ProjectFiles, &Project<'_>) -> T + Sync,
    ) -> Vec<T> {
        let mut results: Vec<(Utf8PathBuf, T)> = Vec::new();
        for group in &self.groups {
            let workspace = self.workspace(group.projects.clone());
            let visit =
                |files: &ProjectFiles, project: &Project<'_>| (files.root.clone(), visit(files, project));
            results.extend(self.pool.install(|| engine::visit_projects(&workspace, visit)));
        }
        results.sort_by(|(a, _), (b, _)| a.cmp(b));
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// The folders of the projects.
    pub(super) fn roots(&self) -> impl Iterator<Item = PathBuf> {
        let projects = self.groups.iter().flat_map(|group| &group.projects);
        projects.map(|project| project.root.clone().into_std_path_buf())
    }

    /// The working directory.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lints everything and applies fixes down to `lowest`.
    ///
    /// A project of which a file cannot be written stays as it is, and is reported on as it is.
    pub(super) fn fix(
        &mut self,
        lowest: Applicability,
        destination: Destination,
        fail_on: Option<Level>,
    ) -> Found {
        let mut found = Found::default();
        let groups = std::mem::take(&mut self.groups);
        for group in &groups {
            let workspace = self.workspace(group.projects.clone());
            let fixed = self.pool.install(|| engine::fix(workspace, &group.set, lowest));
            self.sources = fixed.workspace.sources;
            self.mistakes.extend(fixed.failures);
            found.fixes += fixed.fixes;
            let mut outcome = fixed.outcome;
            if destination == Destination::Files {
                let refused = self.write(&group.projects);
                if !refused.is_empty() {
                    let workspace = self.workspace(group.projects.clone());
                    outcome = self.pool.install(|| engine::run(&workspace, &group.set));
                    let lost = |(file, _): &&(FileId, usize)| refused.contains(file);
                    let lost: usize = fixed.applied.iter().filter(lost).map(|(_, count)| count).sum();
                    found.fixes -= lost.min(fixed.fixes);
                }
            }
            found.add(outcome, fail_on.or(group.fail_on));
        }
        self.groups = groups;
        found.fixed_files = self.changed().count();
        found.sort();
        found
    }

    /// Writes an ignore comment for each finding, and lints again.
    ///
    /// What a comment cannot silence is left: findings that no rule makes, and places where a comment would be code or a
    /// part of another comment. A project of which a file cannot be written stays as it is.
    pub(super) fn add_ignores(&mut self, reason: &str, fail_on: Option<Level>) -> Found {
        let found = self.check(fail_on).outcome.diagnostics;
        let is_of_rule = |diagnostic: &&Diagnostic| {
            !engine::BUILT_IN.iter().any(|meta| meta.name == diagnostic.rule.as_str())
        };
        let found: Vec<&Diagnostic> = found.iter().filter(is_of_rule).collect();
        let is_space = |c: char| c.is_whitespace() || c.is_control();
        let reason: Vec<&str> = reason.split(is_space).filter(|word| !word.is_empty()).collect();
        let reason = reason.join(" ");
        let edits = ignore_edits(&self.sources, &found, &reason);
        let mut written_in: FxHashMap<FileId, usize> = FxHashMap::default();
        for of_file in edits.chunk_by(|a, b| a.file == b.file) {
            let file = of_file[0].file;
            let source = self.sources.get(file).clone();
            let written = self.pool.install(|| with_comments(&source.text, of_file));
            if let Some((text, count)) = written {
                written_in.insert(file, count);
                self.sources.replace(file, Arc::new(source.with_text(text.into())));
            }
        }
        let groups = std::mem::take(&mut self.groups);
        for group in &groups {
            for lost in self.write(&group.projects) {
                written_in.remove(&lost);
            }
        }
        self.groups = groups;
        let ignores = written_in.values().sum();
        Found { ignores, fixed_files: self.changed().count(), ..self.check(fail_on) }
    }

    /// The changes since the files were read, as a patch.
    pub(super) fn diff(&self, streams: &Streams) -> String {
        let surface = if streams.terminal || streams.color {
            Surface::Terminal { color: streams.color }
        } else {
            Surface::Patch
        };
        let mut seen = FxHashSet::default();
        let diff = |file: FileId| {
            let (old, new) = (self.original.get(file), self.sources.get(file));
            // Patches do not follow links, and a file changes once by whatever names.
            let target = std::fs::canonicalize(&old.path).ok();
            if let Some(target) = &target
                && !seen.insert(target.clone())
            {
                return String::new();
            }
            let below = target.as_ref().and_then(|target| target.strip_prefix(&self.folder).ok()?.to_str());
            unified_diff(below.unwrap_or(&old.display), &old.text, &new.text, surface)
        };
        self.changed().map(diff).collect()
    }

    /// What could not be looked at or written, a sentence each.
    pub(super) fn undone(&self) -> Vec<String> {
        let refused =
            self.refused.iter().map(|refused| format!("{refused}; nothing in its project was changed"));
        self.problems.iter().map(Problem::line).chain(refused).collect()
    }

    /// Tells on stderr what could not be done, and gives whether there was something.
    pub(super) fn complain(&self, streams: &Streams) -> bool {
        for problem in &self.problems {
            streams.complain_about(problem);
        }
        for refused in &self.refused {
            streams.complain(&format!("{refused}; nothing in its project was changed"));
        }
        for mistake in &self.mistakes {
            streams.complain(&format!("internal error, please report it: {mistake}"));
        }
        !self.problems.is_empty() || !self.refused.is_empty()
    }

    /// Tells on stderr which projects were too much work: silence about their hosts means nothing.
    pub(super) fn note_what_is_missing(&self, found: &Found, streams: &Streams) {
        for root in &found.outcome.cut_short {
            let place = root.as_std_path().strip_prefix(&self.folder).unwrap_or(root.as_std_path());
            let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
            streams.complain(&format!(
                "evaluating `{}` took too many steps and was cut short: findings about its hosts may be missing",
                place.display()
            ));
        }
    }

    fn workspace(&self, projects: Vec<ProjectFiles>) -> Workspace {
        Workspace { sources: self.sources.clone(), projects, reader: self.reader.clone() }
    }

    fn changed(&self) -> impl Iterator<Item = FileId> {
        let is_changed =
            |(id, file): &(FileId, &Arc<crate::text::SourceFile>)| self.original.get(*id).text != file.text;
        self.sources.iter().filter(is_changed).map(|(id, _)| id)
    }

    /// Writes what changed in the projects, and takes back what could not be written: those files.
    fn write(&mut self, projects: &[ProjectFiles]) -> FxHashSet<FileId> {
        let changed: FxHashSet<FileId> = self.changed().filter(|file| Some(*file) != self.stdin).collect();
        let mut lost = FxHashSet::default();
        for project in projects {
            let files = project.files.iter().map(|file| file.id).filter(|file| changed.contains(file));
            let files: Vec<FileId> = files.collect();
            let change = |file: &FileId| Change {
                place: &self.places[file.0 as usize],
                display: &self.original.get(*file).display,
                old: &self.original.get(*file).text,
                new: &self.sources.get(*file).text,
            };
            let changes: Vec<Change<'_>> = files.iter().map(change).collect();
            let Err(error) = write_all(project.root.as_std_path(), &changes) else { continue };
            self.refused.push(error.to_string());
            for file in files {
                self.sources.replace(file, self.original.get(file).clone());
                lost.insert(file);
            }
        }
        lost
    }
}

impl Found {
    fn add(&mut self, outcome: Outcome, fail_on: Option<Level>) {
        let lowest = fail_on.unwrap_or(Level::Warning);
        self.fails |= outcome.diagnostics.iter().any(|diagnostic| diagnostic.level >= lowest);
        self.outcome.diagnostics.extend(outcome.diagnostics);
        self.outcome.suppressed.extend(outcome.suppressed);
        self.outcome.cut_short.extend(outcome.cut_short);
        self.outcome.files += outcome.files;
        self.outcome.rules = self.outcome.rules.max(outcome.rules);
    }

    /// Projects with one configuration may lie between those with another.
    fn sort(&mut self) {
        let place = |a: &Diagnostic, b: &Diagnostic| {
            (a.primary.span, a.rule.as_str()).cmp(&(b.primary.span, b.rule.as_str()))
        };
        self.outcome.diagnostics.sort_by(place);
        self.outcome.cut_short.sort();
    }
}

/// A text with those of the comments that change nothing but comments, and how many these are.
fn with_comments(text: &str, comments: &[Edit]) -> Option<(String, usize)> {
    let before = parse(text);
    // A comment in a comment would say nothing.
    let in_comment = |edit: &Edit| {
        let at = edit.range.start();
        let is_around = |token: &SyntaxToken| {
            token.kind() == SyntaxKind::TOKEN_COMMENT
                && token.text_range().start() < at
                && at < token.text_range().end()
        };
        before.syntax().token_at_offset(at).left_biased().as_ref().is_some_and(is_around)
    };
    let is_harmless = |edits: &[Edit]| {
        if edits.iter().any(in_comment) {
            return None;
        }
        let after = apply_edits(text, edits).ok()?;
        let parsed = parse(&after);
        (parsed.is_ok() && same_code(&before.syntax(), &parsed.syntax())).then_some((after, edits.len()))
    };
    is_harmless(comments).or_else(|| {
        let alone: Vec<Edit> = comments
            .iter()
            .filter(|edit| is_harmless(std::slice::from_ref(edit)).is_some())
            .cloned()
            .collect();
        if alone.is_empty() { None } else { is_harmless(&alone) }
    })
}

/// The paths to look at and the text from stdin.
fn inputs(paths: Vec<PathBuf>, name: Option<PathBuf>) -> Result<(Vec<PathBuf>, Option<Stdin>), Failure> {
    let is_stdin = |path: &PathBuf| path == Path::new("-");
    if !paths.iter().any(is_stdin) {
        if name.is_some() {
            return Err(usage_error("`--stdin-filename` needs `-` as the path").into());
        }
        return Ok((if paths.is_empty() { vec![PathBuf::from(".")] } else { paths }, None));
    }
    if paths.len() > 1 {
        return Err(usage_error("`-` cannot be combined with other paths").into());
    }
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| miette::MietteDiagnostic::new(format!("stdin cannot be read: {error}")))?;
    Ok((Vec::new(), Some(Stdin { name, bytes })))
}
