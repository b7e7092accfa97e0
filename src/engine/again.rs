//! Phase 2 after an edit: what did not depend on it is kept.
//!
//! An edit of comments and blanks leaves the program of a file as it is. What evaluation made of it stays true,
//! then, and moves with its text; only rules that looked at the text itself must look again. After any other
//! edit all rules run again, in the project of the file.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::hosts::Found;
use super::moved::moved_whole;
use super::run::Session;
use super::{ActiveRule, BUILT_IN, HostFindings, ProjectFiles, RuleSet, Workspace};
use crate::text::{Change, FileId, Sources};

/// What was found on hosts before an edit.
#[derive(Clone, Copy)]
pub struct Earlier<'e> {
    /// What was known of files then.
    pub session: &'e Session,
    /// The texts as they were; the files are the same as now.
    pub sources: &'e Sources,
    /// What was found in them, by the same rules in the same projects.
    pub found: &'e HostFindings,
}

impl Session {
    /// As [`Session::of_hosts`], with what is known of `earlier`.
    ///
    /// # Panics
    /// When a file was not read before.
    pub fn of_hosts_again(
        &self,
        workspace: &Workspace,
        rules: &RuleSet,
        earlier: Earlier<'_>,
    ) -> HostFindings {
        if earlier.found.projects.len() != workspace.projects.len() {
            return self.of_hosts(workspace, rules);
        }
        let all: Vec<&ActiveRule> = rules.rules.iter().collect();
        let again = |(project, found): (&ProjectFiles, &Found)| {
            let changes = changes(workspace, project, earlier.sources);
            if changes.is_empty() {
                return found.clone();
            }
            self.moved(workspace, project, &all, earlier.session, found, &changes)
                .unwrap_or_else(|| self.of_project(workspace, project, &all))
        };
        let projects = workspace.projects.par_iter().zip(&earlier.found.projects).map(again);
        HostFindings::new(projects.collect(), workspace)
    }

    /// The findings on a project in which programs have only moved; `None` where something else has happened, or
    /// may have.
    fn moved(
        &self,
        workspace: &Workspace,
        project: &ProjectFiles,
        rules: &[&ActiveRule],
        session: &Session,
        found: &Found,
        changes: &FxHashMap<FileId, Change>,
    ) -> Option<Found> {
        let is_ours = |rule: &str| BUILT_IN.iter().any(|meta| meta.name == rule);
        if found.is_cut_short || found.diagnostics.iter().any(|found| is_ours(found.rule.as_str())) {
            return None;
        }
        for (file, change) in changes {
            let (old, new) = (&session.result(*file).facts, &self.result(*file).facts);
            let is_moved = old.as_ref()?.are_only_moved(new.as_ref()?, change);
            if !is_moved || found.read.evaluated.contains(file) {
                return None;
            }
        }
        let about = |name: &&str| {
            let read = &found.read.by_rule[*name];
            changes.keys().any(|file| read.is_about(*file, &workspace.sources.get(*file).text))
        };
        let again: FxHashSet<&str> = found.read.by_rule.keys().copied().filter(about).collect();
        let mut result = Found::default();
        for diagnostic in found.diagnostics.iter().filter(|found| !again.contains(found.rule.as_str())) {
            result.diagnostics.push(moved_whole(diagnostic, changes)?);
        }
        result.read.evaluated.clone_from(&found.read.evaluated);
        let kept = found.read.by_rule.iter().filter(|(name, _)| !again.contains(*name));
        result.read.by_rule.extend(kept.map(|(name, read)| (*name, read.clone())));
        if !again.is_empty() {
            let rules: Vec<&ActiveRule> =
                rules.iter().copied().filter(|rule| again.contains(rule.meta.name)).collect();
            let more = self.of_project(workspace, project, &rules);
            result.diagnostics.extend(more.diagnostics);
            result.is_cut_short = more.is_cut_short;
            result.read.evaluated.extend(more.read.evaluated);
            result.read.by_rule.extend(more.read.by_rule);
        }
        Some(result)
    }
}

/// What became of the files of a project since their texts were those of `sources`.
fn changes(workspace: &Workspace, project: &ProjectFiles, sources: &Sources) -> FxHashMap<FileId, Change> {
    let change = |file: FileId| {
        let (old, new) = (&sources.get(file).text, &workspace.sources.get(file).text);
        let change = if std::sync::Arc::ptr_eq(old, new) { None } else { Change::between(old, new) };
        Some((file, change?))
    };
    project.files.iter().filter_map(|file| change(file.id)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::sample::{meta, rules, workspace};
    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::project::ProjectView;
    use crate::rule::{ErasedProjectRule, HostContext, RuleMeta, Runner};
    use crate::text::{Span, TextRange};

    /// Reports the program of each file, and counts how often it runs.
    struct OnPrograms(Arc<AtomicUsize>);

    impl ErasedProjectRule for OnPrograms {
        fn check_project(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            for file in project.files() {
                let Some(ir) = file.facts.as_ref().and_then(|facts| facts.ir.as_ref()) else { continue };
                _ = cx.report(Span::new(file.id, ir.span(ir.root())), "a program").here("here");
            }
        }
    }

    /// Reports how long the text of the second file is.
    struct OnText(Arc<AtomicUsize>);

    impl ErasedProjectRule for OnText {
        fn check_project(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            let file = project.files()[1].id;
            let length = cx.file_text(file).len();
            _ = cx.report(Span::new(file, TextRange::default()), format!("{length} bytes")).here("here");
        }
    }

    /// Asks whether the first file holds a needle.
    struct OnNeedles(Arc<AtomicUsize>);

    impl ErasedProjectRule for OnNeedles {
        fn check_project(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            let file = &project.files()[0];
            let ir = file.facts.as_ref().and_then(|facts| facts.ir.as_ref());
            if let Some(ir) = ir.filter(|_| cx.text_says(file.id, |text| text.contains("needle"))) {
                _ = cx.report(Span::new(file.id, ir.span(ir.root())), "a needle").here("here");
            }
        }
    }

    /// The texts, what is known of them, and what was found.
    struct Run {
        workspace: Workspace,
        session: Session,
        found: HostFindings,
    }

    #[test]
    fn rules_run_again_where_they_must() {
        static PROGRAMS: RuleMeta = meta("programs");
        static TEXT: RuleMeta = meta("text");
        static NEEDLES: RuleMeta = meta("needles");
        let counts: [Arc<AtomicUsize>; 3] = std::array::from_fn(|_| Arc::default());
        let [programs, text, needles] = counts.clone();
        let rule = |meta, runner| ActiveRule { meta, runner: Runner::Project(runner), level: None };
        let set = rules(vec![
            rule(&PROGRAMS, Box::new(OnPrograms(programs))),
            rule(&TEXT, Box::new(OnText(text))),
            rule(&NEEDLES, Box::new(OnNeedles(needles))),
        ]);
        let mut last: Option<Run> = None;
        for (a, b, wanted) in [
            ("[ 1 2 ]", "{ }", [1, 1, 1]),
            ("[ 1 /* two */ 2 ]", "{ }", [0, 0, 0]),
            ("[ 1 /* two */ 2 ]", "\n{ }", [0, 1, 0]),
            ("[ 1 /* needle */ 2 ]", "\n{ }", [0, 0, 1]),
            ("# now\n[ 1 /* needle */ 2 ]", " \n{ }", [0, 1, 0]),
            // Two edits are one change, which holds the program.
            ("# now\n[ 1 /* needle */ 2 ]", "\n{ } # then", [1, 1, 1]),
            ("# now\n[ 1 /* needle */ 3 ]", "\n{ } # then", [1, 1, 1]),
            ("# now\n[ 1 /* needle */ ", "\n{ } # then", [1, 1, 1]),
            ("# now\n[ 1 ]", "\n{ } # then", [1, 1, 1]),
        ] {
            let workspace = workspace(&[("a.nix", a), ("b.nix", b)]);
            let mut session = last.as_ref().map(|last| last.session.clone()).unwrap_or_default();
            session.read_files(&workspace, &set);
            counts.iter().for_each(|count| count.store(0, Ordering::Relaxed));
            let found = match &last {
                None => session.of_hosts(&workspace, &set),
                Some(Run { workspace: old, session: known, found }) => {
                    let earlier = Earlier { session: known, sources: &old.sources, found };
                    session.of_hosts_again(&workspace, &set, earlier)
                }
            };
            assert_eq!(counts.each_ref().map(|count| count.load(Ordering::Relaxed)), wanted, "{a} {b}");
            let sorted = |found: &HostFindings| {
                let mut found: Vec<Diagnostic> = found.diagnostics().cloned().collect();
                found.sort_by_key(|found| (found.rule.clone(), found.primary.span));
                found
            };
            assert_eq!(sorted(&found), sorted(&session.of_hosts(&workspace, &set)), "{a} {b}");
            last = Some(Run { workspace, session, found });
        }
    }
}
