//! Applies fixes until nothing applies: in memory, whoever called writes the files.
//!
//! It must never leave a file that Nix could read before and cannot read now.

use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::run::Session;
use super::{Outcome, RuleSet, Workspace};
use crate::diagnostic::{Applicability, Diagnostic, Fix};
use crate::semantic::lower;
use crate::syntax::parse;
use crate::text::{Edit, FileId, Origins, Sources, TextRange, apply_edits};

/// Rounds that may pass without fewer fixes left to apply. Fixes that want the same place need a round
/// each, so rounds that get on are not counted.
const PATIENCE: usize = 10;

/// What fixing came to.
#[derive(Debug)]
pub struct Fixed {
    /// The files with their new texts.
    pub workspace: Workspace,
    /// What is left to say about them.
    pub outcome: Outcome,
    /// The files that changed, by id, each with the number of fixes that changed it.
    pub applied: Vec<(FileId, usize)>,
    /// How many fixes were applied; one that changes several files counts once.
    pub fixes: usize,
    /// Fixes that were dropped since they would have broken a file, and fixes that come to no end:
    /// mistakes in nixlint, in a sentence each.
    pub failures: Vec<String>,
}

/// Applies every fix down to `lowest` (never a manual one) in reported files, round by round, until none
/// is left. A fix that changes several files is applied in all of them or in none.
///
/// Works on the current pool, like [`super::run`].
pub fn fix(workspace: Workspace, rules: &RuleSet, lowest: Applicability) -> Fixed {
    fix_some(Session::default(), workspace, rules, lowest, |_| true)
}

/// As [`fix`], but only what `is_wanted`, and with what is still known of earlier runs.
pub fn fix_some(
    mut session: Session,
    mut workspace: Workspace,
    rules: &RuleSet,
    lowest: Applicability,
    is_wanted: impl Fn(&Diagnostic) -> bool,
) -> Fixed {
    let mut outcome = session.run(&workspace, rules);
    let (mut applied, mut fixes) = (BTreeMap::new(), 0);
    let mut failures = Vec::new();
    let mut broken = FxHashSet::default();

    let original = workspace.sources.clone();
    let mut changed: BTreeMap<FileId, Arc<str>> = BTreeMap::new();
    let mut seen = FxHashSet::from_iter([fingerprint(&changed)]);
    let (mut patience, mut least) = (PATIENCE, usize::MAX);
    loop {
        let mut wanted = wanted(&workspace, &outcome, lowest, &broken);
        wanted.retain(|wanted| is_wanted(wanted.diagnostic));
        let Some(first) = wanted.first() else { break };
        if wanted.len() >= least {
            patience -= 1;
        }
        if patience == 0 {
            failures.push(endless(first));
            break;
        }
        least = least.min(wanted.len());

        let step = step(&workspace, &wanted);
        for dropped in &step.dropped {
            failures.push(broke(&workspace, dropped));
            broken.insert(dropped.key(&workspace));
        }
        for (file, text) in &step.texts {
            match *text == *original.get(*file).text {
                true => changed.remove(file),
                false => changed.insert(*file, text.as_str().into()),
            };
        }
        if !step.taken.is_empty() && !seen.insert(fingerprint(&changed)) {
            failures.push(endless(first));
            break;
        }
        fixes += step.taken.len();
        for file in step.taken.iter().flat_map(Wanted::files) {
            *applied.entry(file).or_insert(0) += 1;
        }
        for (file, text) in step.texts {
            let source = workspace.sources.get(file).with_text(text.into());
            workspace.sources.replace(file, Arc::new(source));
        }
        outcome = session.run(&workspace, rules);
    }
    Fixed { workspace, outcome, applied: applied.into_iter().collect(), fixes, failures }
}

/// The text of `file` with the safe fixes of those findings that are wanted, as far as they touch neither each
/// other nor another file; `None` where that changes nothing.
pub fn fix_once(
    sources: &Sources,
    found: &[Diagnostic],
    file: FileId,
    is_wanted: impl Fn(&Diagnostic) -> bool,
) -> Option<String> {
    let safe = |diagnostic| {
        let fix = Diagnostic::applicable_fix(diagnostic, Applicability::Safe)?;
        Some(Wanted { diagnostic, fix })
    };
    let mut wanted: Vec<Wanted<'_>> = found.iter().filter_map(safe).collect();
    wanted.retain(|wanted| is_wanted(wanted.diagnostic) && wanted.files() == [file]);
    let workspace = Workspace { sources: sources.clone(), ..Workspace::default() };
    step(&workspace, &wanted).texts.remove(&file)
}

/// A fix that may be applied.
#[derive(Clone, Copy)]
struct Wanted<'o> {
    diagnostic: &'o Diagnostic,
    fix: &'o Fix,
}

impl Wanted<'_> {
    /// Every file it changes, once.
    fn files(&self) -> Vec<FileId> {
        let mut files: Vec<FileId> = self.fix.edits.iter().map(|edit| edit.file).collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// What names the fix in any round, however places have moved.
    fn key(&self, workspace: &Workspace) -> String {
        let rule = &self.diagnostic.rule;
        let change = |edit: &Edit| {
            let old = workspace.sources.get(edit.file).text.get(std::ops::Range::<usize>::from(edit.range));
            (edit.file, old.map(str::to_owned), edit.text.clone())
        };
        let changes: Vec<_> = self.fix.edits.iter().map(change).collect();
        format!("{rule} {} {changes:?}", self.fix.title)
    }
}

/// What is to be fixed, in the order of the findings.
fn wanted<'o>(
    workspace: &Workspace,
    outcome: &'o Outcome,
    lowest: Applicability,
    broken: &FxHashSet<String>,
) -> Vec<Wanted<'o>> {
    let inputs = workspace.projects.iter().flat_map(|project| &project.files);
    let reported: FxHashSet<FileId> = inputs.filter(|input| input.reported).map(|input| input.id).collect();
    let applicable = |diagnostic: &'o Diagnostic| {
        let fix = diagnostic.applicable_fix(lowest)?;
        Some(Wanted { diagnostic, fix })
    };
    let mut wanted: Vec<Wanted<'o>> = outcome.diagnostics.iter().filter_map(applicable).collect();
    wanted.retain(|wanted| wanted.files().iter().all(|file| reported.contains(file)));
    if !broken.is_empty() {
        wanted.retain(|wanted| !broken.contains(&wanted.key(workspace)));
    }
    wanted
}

/// One round.
struct Step<'o> {
    taken: Vec<Wanted<'o>>,
    dropped: Vec<Wanted<'o>>,
    /// The new texts of the files that the taken fixes change.
    texts: BTreeMap<FileId, String>,
}

/// Takes the fixes that do not touch each other, less those that break a file.
fn step<'o>(workspace: &Workspace, wanted: &[Wanted<'o>]) -> Step<'o> {
    let chosen = apart(wanted);
    let mut texts = BTreeMap::new();
    let mut suspect = FxHashSet::default();
    for file in files_of(&chosen) {
        match changed_text(workspace, &chosen, file) {
            Some(text) => _ = texts.insert(file, text),
            None => _ = suspect.insert(file),
        }
    }
    if suspect.is_empty() {
        return Step { taken: chosen, dropped: Vec::new(), texts };
    }

    let is_suspect = |wanted: &Wanted<'_>| wanted.files().iter().any(|file| suspect.contains(file));
    let (suspects, mut taken): (Vec<_>, Vec<_>) = chosen.into_iter().partition(is_suspect);
    let mut dropped = Vec::new();
    for wanted in suspects {
        taken.push(wanted);
        let breaks = |fixes: &[Wanted<'_>]| {
            wanted.files().iter().any(|file| changed_text(workspace, fixes, *file).is_none())
        };
        if breaks(&taken) {
            taken.pop();
            // One that others keep from fitting is looked at again when these are through.
            if breaks(&[wanted]) {
                dropped.push(wanted);
            }
        }
    }
    let texts = files_of(&taken)
        .into_iter()
        .filter_map(|file| Some((file, changed_text(workspace, &taken, file)?)))
        .collect();
    Step { taken, dropped, texts }
}

/// The fixes, first come first served, of which no two touch. Where two meet, both were written for a
/// neighbour that is about to change, so even neighbours wait for the next round.
fn apart<'o>(wanted: &[Wanted<'o>]) -> Vec<Wanted<'o>> {
    let mut occupied: FxHashMap<FileId, BTreeMap<u32, u32>> = FxHashMap::default();
    let mut chosen = Vec::new();
    for wanted in wanted {
        let is_free = |edit: &Edit| {
            let Some(occupied) = occupied.get(&edit.file) else { return true };
            let before = occupied.range(..=u32::from(edit.range.end())).next_back();
            before.is_none_or(|(_, end)| *end < u32::from(edit.range.start()))
        };
        if !wanted.fix.edits.iter().all(is_free) {
            continue;
        }
        for edit in &wanted.fix.edits {
            let (start, end) = bounds(edit.range);
            let end_there = occupied.entry(edit.file).or_default().entry(start).or_insert(end);
            *end_there = end.max(*end_there);
        }
        chosen.push(*wanted);
    }
    chosen
}

fn bounds(range: TextRange) -> (u32, u32) {
    (range.start().into(), range.end().into())
}

fn files_of(wanted: &[Wanted<'_>]) -> Vec<FileId> {
    let mut files: Vec<FileId> = wanted.iter().flat_map(Wanted::files).collect();
    files.sort_unstable();
    files.dedup();
    files
}

/// The text of the file with the fixes applied; `None` where that would break it: it cannot be parsed any more, two of
/// them define one attribute, or a name means something else. Each fix answers for what it does alone; of several, none
/// knows what the others do to the scopes that it was written for.
fn changed_text<'o>(workspace: &Workspace, fixes: &[Wanted<'o>], file: FileId) -> Option<String> {
    let text = &workspace.sources.get(file).text;
    let edits_of = |wanted: &Wanted<'o>| wanted.fix.edits.iter().filter(|edit| edit.file == file);
    let edits = || fixes.iter().flat_map(edits_of);
    let changed = apply_edits(text, edits()).ok()?;
    let before = parse(text);
    if !before.is_ok() {
        return Some(changed);
    }
    let after = parse(&changed);
    if !after.is_ok() {
        return None;
    }
    let (before, after) = (lower(&before.root()), lower(&after.root()));
    let is_alone = fixes.iter().filter(|wanted| edits_of(wanted).next().is_some()).count() < 2;
    let is_whole = after.duplicates.len() <= before.duplicates.len()
        && (is_alone || before.keeps_meaning(&after, &Origins::new(text, edits())));
    is_whole.then_some(changed)
}

fn fingerprint(changed: &BTreeMap<FileId, Arc<str>>) -> u64 {
    let mut hasher = FxHasher::default();
    changed.hash(&mut hasher);
    hasher.finish()
}

fn broke(workspace: &Workspace, wanted: &Wanted<'_>) -> String {
    let path = &workspace.sources.get(wanted.diagnostic.primary.span.file).display;
    format!("a fix of `{}` would have broken {path}: {}", wanted.diagnostic.rule, wanted.fix.title)
}

fn endless(first: &Wanted<'_>) -> String {
    format!("fixes come to no end, among them one of `{}`: {}", first.diagnostic.rule, first.fix.title)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{meta, on_names, rules, text, workspace};
    use super::*;
    use crate::rule::RuleMeta;
    use crate::text::Span;

    /// A rule whose fixes depend on the name.
    fn set() -> RuleSet {
        static META: RuleMeta = meta("name");
        let rule = on_names(&META, |name, cx| {
            let (applicability, replacement) = match name.to_string().as_str() {
                "bad" | "both" => (Applicability::Safe, "good"),
                "risky" => (Applicability::Unsafe, "good"),
                "choice" => (Applicability::Manual, "good"),
                "broken" => (Applicability::Safe, ")"),
                "flip" => (Applicability::Safe, "flop"),
                "flop" => (Applicability::Safe, "flip"),
                "grow" => (Applicability::Safe, "(grow)"),
                _ => return,
            };
            let in_both = name.to_string() == "both";
            _ = cx.report(name, "not so").here("here").fix(applicability, "another name", |edits| {
                edits.replace(name, replacement);
                if in_both {
                    edits.replace_span(Span::new(FileId(1), TextRange::default()), "# both\n");
                }
            });
        });
        rules(vec![rule])
    }

    fn fixed(before: &str, lowest: Applicability) -> (String, Fixed) {
        let fixed = fix(workspace(&[("a.nix", before)]), &set(), lowest);
        (text(&fixed.workspace, 0), fixed)
    }

    #[test]
    fn only_what_is_allowed_is_applied() {
        let before = "[ bad risky choice ]";
        assert_eq!(fixed(before, Applicability::Safe).0, "[ good risky choice ]");
        for lowest in [Applicability::Unsafe, Applicability::Manual] {
            let (after, fixed) = fixed(before, lowest);
            assert_eq!(after, "[ good good choice ]");
            assert_eq!((fixed.fixes, fixed.applied), (2, vec![(FileId(0), 2)]));
            assert_eq!(fixed.outcome.diagnostics.len(), 1);
        }
    }

    #[test]
    fn bytes_around_a_fix_stay() {
        let mut set = set();
        set.known.insert("byte-order-mark".to_owned(), false);
        let files = workspace(&[("a.nix", "\u{feff}[\r\n\tbad # é\r\n]")]);
        let fixed = fix(files.clone(), &set, Applicability::Safe);
        assert_eq!(text(&fixed.workspace, 0), "\u{feff}[\r\n\tgood # é\r\n]");

        set.known.remove("byte-order-mark");
        let fixed = fix(files, &set, Applicability::Safe);
        assert_eq!(text(&fixed.workspace, 0), "[\r\n\tgood # é\r\n]");
    }

    #[test]
    fn neighbours_take_turns() {
        let (after, fixed) = fixed("[ (bad)(bad)(bad) bad.bad ]", Applicability::Safe);
        assert_eq!(after, "[ (good)(good)(good) good.good ]");
        assert_eq!((fixed.fixes, fixed.failures), (5, vec![]));
    }

    #[test]
    fn a_fix_that_breaks_a_file_is_dropped_alone() {
        let (after, fixed) = fixed("[ bad broken bad ]", Applicability::Safe);
        assert_eq!(after, "[ good broken good ]");
        assert_eq!(fixed.failures, ["a fix of `name` would have broken a.nix: another name"]);
        assert_eq!(fixed.fixes, 2);
    }

    #[test]
    fn fixes_that_undo_each_other_end() {
        let (after, fixed) = fixed("[ flip bad ]", Applicability::Safe);
        assert_eq!(after, "[ flip good ]");
        assert_eq!(fixed.failures, ["fixes come to no end, among them one of `name`: another name"]);
    }

    #[test]
    fn fixes_that_grow_end() {
        let (after, fixed) = fixed("grow", Applicability::Safe);
        assert_eq!(after.matches('(').count(), PATIENCE);
        assert_eq!(fixed.failures.len(), 1);
    }

    #[test]
    fn a_fix_of_several_files_is_applied_whole_or_not_at_all() {
        let files = workspace(&[("a.nix", "both"), ("b.nix", "1")]);
        let whole = fix(files.clone(), &set(), Applicability::Safe);
        assert_eq!(
            (text(&whole.workspace, 0), text(&whole.workspace, 1)),
            ("good".into(), "# both\n1".into())
        );
        assert_eq!((whole.fixes, whole.applied), (1, vec![(FileId(0), 1), (FileId(1), 1)]));

        let mut hidden = files;
        hidden.projects[0].files[1].reported = false;
        let none = fix(hidden, &set(), Applicability::Safe);
        assert_eq!((text(&none.workspace, 0), none.fixes), ("both".into(), 0));
        assert_eq!(none.outcome.diagnostics.len(), 1);
    }
}
