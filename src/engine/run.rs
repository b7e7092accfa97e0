//! A run: phase 1 on every file, phase 2 on every project, then what is shown and in which order.

use std::cmp::Ordering;
use std::sync::Arc;

use camino::Utf8PathBuf;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::built_in::{self, BUILT_IN};
use super::file::{self, Dispatch, FileResult};
use super::hosts::{self, Found};
use super::suppress::{self, Sifted};
use super::{ActiveRule, InputFile, Outcome, ProjectFiles, RuleSet, Workspace};
use crate::diagnostic::{Applicability, Diagnostic, Level, Tag};
use crate::rule::{RuleMeta, Runner};
use crate::syntax::{Parser, parse};
use crate::text::{FileId, SourceFile, Span};

/// Stack of a worker, in bytes: trees of the depth that the guard allows can be walked on it.
pub const STACK: usize = 64 << 20;

/// Finds all there is to say about the files of the workspace.
///
/// Works on the current pool, which should be one of [`pool`]: trees may be deep.
pub fn run(workspace: &Workspace, rules: &RuleSet) -> Outcome {
    Session::default().run(workspace, rules)
}

/// Worker threads with stacks large enough for [`run`] and [`super::fix`]; `0` means one per processor.
///
/// # Panics
/// When the system does not even grant one thread.
pub fn pool(threads: usize) -> rayon::ThreadPool {
    let build = |threads| {
        let name = |index| format!("worker-{index}");
        rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).thread_name(name).build()
    };
    build(threads).or_else(|_| build(1)).expect("invariant: the system grants a thread")
}

/// What is kept between runs: phase 1 of a file is done again only when its text is another.
///
/// Belongs to one rule set: what another one finds in the same text would not be noticed.
#[derive(Clone, Default)]
pub struct Session {
    files: FxHashMap<FileId, (Arc<str>, Arc<FileResult>)>,
}

/// What rules on hosts and projects found, before levels and comments are looked at.
#[derive(Debug, Clone, Default)]
pub struct HostFindings {
    /// What was found in each project.
    pub(super) projects: Vec<Found>,
    /// The roots of projects whose evaluation was cut short.
    pub cut_short: Vec<Utf8PathBuf>,
}

impl HostFindings {
    pub(super) fn new(projects: Vec<Found>, workspace: &Workspace) -> Self {
        let of_project = projects.iter().zip(&workspace.projects);
        let cut_short = of_project.filter(|(found, _)| found.is_cut_short);
        let cut_short = cut_short.map(|(_, project)| project.root.clone()).collect();
        Self { projects, cut_short }
    }

    /// The findings in reported files, by project.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.projects.iter().flat_map(|found| &found.diagnostics)
    }
}

impl Session {
    /// As [`run`], with what is still known of earlier runs.
    pub fn run(&mut self, workspace: &Workspace, rules: &RuleSet) -> Outcome {
        self.read_files(workspace, rules);
        let HostFindings { projects, cut_short } = self.of_hosts(workspace, rules);
        let mut by_file: FxHashMap<FileId, Vec<Diagnostic>> = FxHashMap::default();
        for diagnostic in projects.into_iter().flat_map(|found| found.diagnostics) {
            by_file.entry(diagnostic.primary.span.file).or_default().push(diagnostic);
        }
        let settings = Settings::new(rules);
        let mut outcome = Outcome { rules: settings.count(), cut_short, ..Outcome::default() };
        let inputs = workspace.projects.iter().flat_map(|project| &project.files);
        for input in inputs.filter(|input| input.reported) {
            outcome.files += 1;
            let on_hosts = by_file.remove(&input.id).unwrap_or_default();
            let source = workspace.sources.get(input.id);
            let Sifted { shown, suppressed } = self.sifted(input.id, source, on_hosts, rules, &settings);
            outcome.diagnostics.extend(shown);
            outcome.suppressed.extend(suppressed);
        }
        sort(workspace, &mut outcome.diagnostics);
        sort(workspace, &mut outcome.suppressed);
        outcome
    }

    /// All there is to say about one file that is reported on, in order: what `rules` on files find in
    /// `source`, and of what was found on hosts earlier that which is about it.
    ///
    /// Works on the current thread, whose stack should be as large as those of [`pool`].
    pub fn of_file(
        &mut self,
        file: FileId,
        source: &SourceFile,
        on_hosts: Vec<Diagnostic>,
        rules: &RuleSet,
    ) -> Vec<Diagnostic> {
        let text = &source.text;
        if self.is_stale(file, text) {
            let result = file::check(file, text, true, &Dispatch::new(rules), &mut Parser::default());
            self.files.insert(file, (text.clone(), Arc::new(result)));
        }
        let mut shown = self.sifted(file, source, on_hosts, rules, &Settings::new(rules)).shown;
        sort_in_file(&mut shown);
        shown
    }

    /// Looks at a file that is not reported on, for what others need of it.
    pub fn read_file(&mut self, file: FileId, text: &Arc<str>, rules: &RuleSet) {
        if self.is_stale(file, text) {
            let result = file::check(file, text, false, &Dispatch::new(rules), &mut Parser::default());
            self.files.insert(file, (text.clone(), Arc::new(result)));
        }
    }

    /// Phase 1 of all files whose text is another than before.
    pub fn read_files(&mut self, workspace: &Workspace, rules: &RuleSet) {
        let dispatch = Dispatch::new(rules);
        let is_stale = |input: &&InputFile| self.is_stale(input.id, &workspace.sources.get(input.id).text);
        let stale: Vec<&InputFile> =
            workspace.projects.iter().flat_map(|project| &project.files).filter(is_stale).collect();
        let results: Vec<_> = stale
            .into_par_iter()
            .map_init(Parser::default, |parser, input| {
                let text = workspace.sources.get(input.id).text.clone();
                let result = file::check(input.id, &text, input.reported, &dispatch, parser);
                (input.id, (text, Arc::new(result)))
            })
            .collect();
        self.files.extend(results);
    }

    /// Phase 2: the findings of rules on hosts. Every file must have been read.
    ///
    /// # Panics
    /// When a file was not read before.
    pub fn of_hosts(&self, workspace: &Workspace, rules: &RuleSet) -> HostFindings {
        let rules: Vec<&ActiveRule> = rules.rules.iter().collect();
        let found = workspace.projects.par_iter().map(|project| self.of_project(workspace, project, &rules));
        HostFindings::new(found.collect(), workspace)
    }

    /// The findings of these rules on the hosts of one project.
    pub(super) fn of_project(
        &self,
        workspace: &Workspace,
        project: &ProjectFiles,
        rules: &[&ActiveRule],
    ) -> Found {
        if rules.iter().all(|rule| matches!(rule.runner, Runner::File(..))) {
            return Found::default();
        }
        let facts = |file| self.result(file).facts.clone();
        let mut found = hosts::check(workspace, project, facts, rules);
        let reported: FxHashSet<FileId> =
            project.files.iter().filter(|file| file.reported).map(|file| file.id).collect();
        found.diagnostics.retain(|diagnostic| reported.contains(&diagnostic.primary.span.file));
        cover_strings(workspace, &mut found.diagnostics);
        found
    }

    pub(super) fn result(&self, file: FileId) -> &FileResult {
        &self.files[&file].1
    }

    fn is_stale(&self, file: FileId, text: &Arc<str>) -> bool {
        self.files.get(&file).is_none_or(|(read, _)| !Arc::ptr_eq(read, text))
    }

    /// The findings of a file that was read, with levels, without those that others supersede, and told apart
    /// by its comments.
    fn sifted(
        &self,
        file: FileId,
        source: &SourceFile,
        on_hosts: Vec<Diagnostic>,
        rules: &RuleSet,
        settings: &Settings<'_>,
    ) -> Sifted {
        let result = self.result(file);
        let mut found = on_hosts;
        found.extend_from_slice(&result.diagnostics);
        found.retain_mut(|diagnostic| settings.set_level(diagnostic));
        sort_in_file(&mut found);
        settings.supersede(&mut found);
        if result.facts.as_ref().is_some_and(|facts| facts.is_generated) {
            found.retain(|diagnostic| !settings.is_of_form(diagnostic));
            found.iter_mut().for_each(keep_generated);
        }
        let is_read = result.facts.is_some();
        let mut sifted = suppress::sift(file, &source.text, is_read, &result.comments, found, rules);
        rules.quieten(&source.path, &mut sifted.shown);
        sifted
    }
}

/// What the rule set says about findings, by rule name.
struct Settings<'r> {
    rules: FxHashMap<&'static str, &'r ActiveRule>,
    variants: &'r FxHashMap<(&'static str, &'static str), Option<Level>>,
    built_in: FxHashMap<&'static str, Level>,
}

impl<'r> Settings<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        let level = |meta: &&'static RuleMeta| Some((meta.name, built_in::level(rules, meta)?));
        Self {
            rules: rules.rules.iter().map(|rule| (rule.meta.name, rule)).collect(),
            variants: &rules.variant_levels,
            built_in: BUILT_IN.iter().filter_map(level).collect(),
        }
    }

    fn count(&self) -> usize {
        self.rules.len() + self.built_in.len()
    }

    /// Sets the level; `false` for a finding that nobody wants.
    fn set_level(&self, diagnostic: &mut Diagnostic) -> bool {
        let name = diagnostic.rule.as_str();
        if let Some(rule) = self.rules.get(name) {
            let of_variant = diagnostic.variant.and_then(|name| self.variants.get(&(rule.meta.name, name)));
            let level = match of_variant {
                Some(None) => return false,
                Some(level) => *level,
                None => rule.level,
            };
            diagnostic.level = level.unwrap_or(diagnostic.level);
            return true;
        }
        match self.built_in.get(name) {
            Some(level) => {
                diagnostic.level = *level;
                true
            }
            None => false,
        }
    }

    /// Whether it is a finding that a program which writes code does not care about.
    fn is_of_form(&self, diagnostic: &Diagnostic) -> bool {
        self.rules.get(diagnostic.rule.as_str()).is_some_and(|rule| is_of_form(rule.meta, diagnostic))
    }

    /// Drops findings that give way to those of a more specific rule in the same place.
    fn supersede(&self, found: &mut Vec<Diagnostic>) {
        let stronger: Vec<(&'static [&'static str], Span)> = found
            .iter()
            .filter_map(|diagnostic| {
                let rule = self.rules.get(diagnostic.rule.as_str())?;
                (!rule.meta.supersedes.is_empty()).then_some((rule.meta.supersedes, diagnostic.primary.span))
            })
            .collect();
        if stronger.is_empty() {
            return;
        }
        found.retain(|diagnostic| {
            let span = diagnostic.primary.span;
            !stronger.iter().any(|(rules, place)| {
                rules.contains(&diagnostic.rule.as_str())
                    && place.file == span.file
                    && (place.range() == span.range() || overlap(*place, span))
            })
        });
    }
}

/// Whether a finding is about how a text is written, or about what it has too much of, and not about what it does.
/// None is reported in files that a program writes.
pub fn is_of_form(rule: &RuleMeta, diagnostic: &Diagnostic) -> bool {
    diagnostic.tag == Some(Tag::Unused) || rule.group.is_of_form()
}

/// A program would undo what is patched into its output: fixes there are shown and not applied.
fn keep_generated(diagnostic: &mut Diagnostic) {
    for fix in &mut diagnostic.fixes {
        fix.applicability = Applicability::Manual;
    }
    diagnostic.notes.push("This file says that it is generated: change what generates it.".to_owned());
}

fn overlap(a: Span, b: Span) -> bool {
    a.range().intersect(b.range()).is_some_and(|shared| !shared.is_empty())
}

/// Gives findings of rules on hosts inside strings a range in which comments count. Parses again, but
/// only files with such findings.
fn cover_strings(workspace: &Workspace, found: &mut [Diagnostic]) {
    found.sort_by_key(|diagnostic| diagnostic.primary.span.file);
    for of_file in found.chunk_by_mut(|a, b| a.primary.span.file == b.primary.span.file) {
        let text = &workspace.sources.get(of_file[0].primary.span.file).text;
        suppress::add_covers(&parse(text).syntax(), of_file);
    }
}

/// By path, start, end and rule; what is equal in these by message.
fn sort(workspace: &Workspace, found: &mut [Diagnostic]) {
    found.sort_by(|a, b| {
        let path = |diagnostic: &Diagnostic| &workspace.sources.get(diagnostic.primary.span.file).path;
        path(a).cmp(path(b)).then_with(|| in_file(a, b))
    });
}

/// As [`sort`], for the findings of one file.
fn sort_in_file(found: &mut [Diagnostic]) {
    found.sort_by(in_file);
}

fn in_file(a: &Diagnostic, b: &Diagnostic) -> Ordering {
    let range = a.primary.span.range.cmp(&b.primary.span.range);
    range.then_with(|| a.rule.cmp(&b.rule)).then_with(|| a.message.cmp(&b.message))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{bad_name, check, meta, needle, on_names, rules, said, workspace};
    use super::*;
    use crate::diagnostic::Group;
    use crate::syntax::{AstNode as _, SyntaxKind};

    fn panics() -> ActiveRule {
        static META: RuleMeta = meta("panics");
        on_names(&META, |name, cx| {
            let found = cx.report(name, "seen").here("here");
            assert!(name.to_string() != "bad", "no bad names");
            _ = found;
        })
    }

    #[test]
    fn findings_come_in_order() {
        let workspace = workspace(&[("b.nix", "bad"), ("a.nix", "[ \"needle\" bad ]")]);
        let outcome = run(&workspace, &rules(vec![bad_name(), needle()]));
        assert_eq!(said(&workspace, &outcome.diagnostics), ["needle 1:4", "bad-name 1:12", "bad-name 1:1"]);
        assert_eq!((outcome.files, outcome.rules), (2, 2 + BUILT_IN.len() - 1));
    }

    #[test]
    fn the_pool_gives_the_same() {
        let workspace = workspace(&[("b.nix", "bad"), ("a.nix", "bad")]);
        let set = rules(vec![bad_name()]);
        let outcome = pool(2).install(|| run(&workspace, &set));
        assert_eq!(outcome.diagnostics, run(&workspace, &set).diagnostics);
    }

    #[test]
    fn a_panic_loses_no_other_finding() {
        let (outcome, said) = check("[ good bad bad ]", &rules(vec![panics(), bad_name()]));
        assert_eq!(said, ["internal-error 1:1", "panics 1:3", "bad-name 1:8", "panics 1:8", "bad-name 1:12"]);
        assert_eq!(outcome.diagnostics[0].message, "rule `panics` failed on this file");
        assert_eq!(outcome.diagnostics[0].notes, ["no bad names", "it was looking at bytes 7 to 10"]);
    }

    #[test]
    fn fixes_of_generated_files_are_shown_only() {
        let (outcome, _) = check("# This file has been generated by node2nix\nbad", &rules(vec![bad_name()]));
        assert_eq!(outcome.diagnostics[0].fixes[0].applicability, Applicability::Manual);
        let (outcome, _) = check("# A name\nbad", &rules(vec![bad_name()]));
        assert_eq!(outcome.diagnostics[0].fixes[0].applicability, Applicability::Safe);
    }

    #[test]
    fn nothing_is_said_about_the_form_of_generated_files() {
        static STYLE: RuleMeta = RuleMeta { group: Group::Style, ..meta("of-style") };
        static UNUSED: RuleMeta = meta("unused");
        let set = rules(vec![
            on_names(&STYLE, |name, cx| drop(cx.report(name, "ugly"))),
            on_names(&UNUSED, |name, cx| drop(cx.report(name, "unused").tag(Tag::Unused))),
            bad_name(),
        ]);
        assert_eq!(check("bad", &set).1, ["bad-name 1:1", "of-style 1:1", "unused 1:1"]);
        assert_eq!(check("# Generated by a program\nbad", &set).1, ["bad-name 2:1"]);
    }

    #[test]
    fn a_file_with_mistakes_has_no_other_findings() {
        let (outcome, said) = check("[ bad", &rules(vec![bad_name()]));
        assert_eq!(said, ["syntax-error 1:1"]);
        assert_eq!(outcome.diagnostics[0].level, Level::Error);
    }

    #[test]
    fn a_file_that_is_too_deep_or_too_large_is_not_read() {
        let deep = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
        assert_eq!(check(&deep, &rules(vec![])).1, ["file-too-complex 1:2001"]);
        let large = format!("bad #{}", "-".repeat(32 << 20));
        assert_eq!(check(&large, &rules(vec![bad_name()])).1, ["file-too-large 1:1"]);
    }

    #[test]
    fn levels_come_from_the_configuration() {
        let mut set = rules(vec![ActiveRule { level: Some(Level::Info), ..bad_name() }]);
        set.built_in_levels.insert("syntax-error".to_owned(), Level::Warning);
        assert_eq!(check("bad", &set).0.diagnostics[0].level, Level::Info);
        assert_eq!(check("[", &set).0.diagnostics[0].level, Level::Warning);
        set.known.insert("syntax-error".to_owned(), false);
        assert_eq!(check("[", &set).0.diagnostics, []);
    }

    #[test]
    fn the_more_specific_rule_speaks() {
        static META: RuleMeta = RuleMeta { supersedes: &["bad-name"], ..meta("specific") };
        let specific = on_names(&META, |name, cx| {
            if name.syntax().parent().is_some_and(|parent| parent.kind() == SyntaxKind::NODE_LIST) {
                _ = cx.report(name, "a bad item").here("here");
            }
        });
        assert_eq!(
            check("bad [ bad ]", &rules(vec![bad_name(), specific])).1,
            ["bad-name 1:1", "specific 1:7"]
        );
    }

    #[test]
    fn files_that_are_not_reported_are_silent() {
        let mut workspace = workspace(&[("a.nix", "bad"), ("b.nix", "[")]);
        for file in &mut workspace.projects[0].files {
            file.reported = false;
        }
        let outcome = run(&workspace, &rules(vec![bad_name()]));
        assert_eq!((outcome.diagnostics, outcome.files), (vec![], 0));
    }
}
