//! Phase 2: the rules on hosts, project by project.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::file::internal_error;
use super::projects::with_project;
use super::{ActiveRule, ProjectFiles, Workspace};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::module::Facts;
use crate::project::{Host, HostClass, ModuleForm, ProjectView, Survey};
use crate::rule::{HostContext, RuleMeta, Runner, Texts, TextsRead};
use crate::text::FileId;

/// How many hosts a note names.
const NAMED_HOSTS: usize = 8;

/// What was found in one project.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the evaluation was cut short, so that there may be more.
    pub is_cut_short: bool,
    /// The texts that were read.
    pub read: Read,
}

/// What findings rest on beside the programs of files.
#[derive(Debug, Clone, Default)]
pub(super) struct Read {
    /// Files whose texts the evaluation read.
    pub evaluated: FxHashSet<FileId>,
    /// What rules read of texts, by name.
    pub by_rule: FxHashMap<&'static str, TextsRead>,
}

/// The findings of `rules`, those on hosts among them, in a project; those about several hosts merged. `facts`
/// gives what phase 1 knows of a file.
pub(super) fn check(
    workspace: &Workspace,
    project: &ProjectFiles,
    facts: impl Fn(FileId) -> Option<Arc<Facts>>,
    rules: &[&ActiveRule],
) -> Found {
    let place = place_for_errors(workspace, project);
    let mut found = Vec::new();
    let mut by_rule = FxHashMap::default();
    let visited = catch_unwind(AssertUnwindSafe(|| {
        with_project(workspace, project, facts, |project| {
            let texts = Texts::new(&workspace.sources);
            let mut check =
                |host: &Host<'_>| found.append(&mut check_host(host, &texts, rules, place, &mut by_rule));
            // Rules know the options of NixOS and of no other module system.
            let mut attached = FxHashSet::default();
            let wants_survey = rules.iter().any(|rule| matches!(rule.runner, Runner::Project(_)));
            let mut survey = Survey::default();
            let mut classes = vec![HostClass::Nixos, HostClass::Darwin, HostClass::Home];
            let is_wanted = |class: HostClass| {
                rules.iter().any(|rule| match &rule.runner {
                    Runner::Host(runner) => runner.wants(class),
                    _ => false,
                })
            };
            classes.retain(|class| wants_survey || *class == HostClass::Nixos || is_wanted(*class));
            project.visit_hosts(&classes, &mut |host| {
                if wants_survey {
                    survey.add(host);
                }
                if host.class() == HostClass::Nixos {
                    let by_path = host.files().iter().filter(|module| module.form == ModuleForm::Path);
                    attached.extend(by_path.map(|module| module.file));
                }
                check(host);
            });
            project.visit_rest(&attached, &mut |host| {
                if wants_survey {
                    survey.add(host);
                }
                check(host);
            });
            if wants_survey {
                let view = ProjectView::new(project, survey);
                found.append(&mut check_project(&view, &texts, rules, place, &mut by_rule));
            }
            project.is_exhausted()
        })
    }));
    let mut merged = merge(found);
    let (is_cut_short, evaluated) = match visited {
        Ok(visited) => visited.unwrap_or_default(),
        Err(panic) => {
            let message = "nixlint failed on the hosts of this project";
            merged.extend(place.map(|file| internal_error(file, message, &*panic)));
            <(bool, FxHashSet<FileId>)>::default()
        }
    };
    Found { diagnostics: merged, is_cut_short, read: Read { evaluated, by_rule } }
}

/// The file in which trouble with the whole project is reported.
fn place_for_errors(workspace: &Workspace, project: &ProjectFiles) -> Option<FileId> {
    let reported = || project.files.iter().filter(|file| file.reported).map(|file| file.id);
    let is_flake = |file: &FileId| workspace.sources.get(*file).path.file_name() == Some("flake.nix");
    reported().find(is_flake).or_else(|| reported().next())
}

fn check_host(
    host: &Host<'_>,
    texts: &Texts<'_>,
    rules: &[&ActiveRule],
    place: Option<FileId>,
    read: &mut FxHashMap<&'static str, TextsRead>,
) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let on_hosts = rules.iter().filter_map(|rule| match &rule.runner {
        Runner::Host(runner) if runner.wants(host.class()) => Some((rule.meta, runner)),
        _ => None,
    });
    let mut cx: Option<HostContext<'_>> = None;
    for (meta, runner) in on_hosts {
        let cx = cx.get_or_insert_with(|| HostContext::new(texts, meta));
        cx.set_rule(meta, host.name.as_deref());
        let checked = catch_unwind(AssertUnwindSafe(|| runner.check_host(host, cx)));
        note(read, meta, texts);
        if let (Err(panic), Some(file)) = (checked, place) {
            let message = match &host.name {
                Some(name) => format!("rule `{}` failed on the host `{name}`", meta.name),
                None => format!("rule `{}` failed on this project", meta.name),
            };
            errors.push(internal_error(file, message, &*panic));
        }
    }
    let mut found = cx.map(HostContext::finish).unwrap_or_default();
    found.retain(|diagnostic| host.reports(diagnostic.primary.span.file));
    found.append(&mut errors);
    found
}

fn check_project(
    project: &ProjectView<'_>,
    texts: &Texts<'_>,
    rules: &[&ActiveRule],
    place: Option<FileId>,
    read: &mut FxHashMap<&'static str, TextsRead>,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules {
        let Runner::Project(runner) = &rule.runner else { continue };
        let mut cx = HostContext::new(texts, rule.meta);
        let checked = catch_unwind(AssertUnwindSafe(|| runner.check_project(project, &mut cx)));
        note(read, rule.meta, texts);
        found.append(&mut cx.finish());
        if let (Err(panic), Some(file)) = (checked, place) {
            let message = format!("rule `{}` failed on this project", rule.meta.name);
            found.push(internal_error(file, message, &*panic));
        }
    }
    found
}

/// Notes what a rule read that has just run.
fn note(read: &mut FxHashMap<&'static str, TextsRead>, rule: &'static RuleMeta, texts: &Texts<'_>) {
    let new = texts.take_read();
    if !new.files.is_empty() || !new.asked.is_empty() {
        let read = read.entry(rule.name).or_default();
        read.files.extend(new.files);
        read.asked.extend(new.asked);
    }
}

/// One finding for what several hosts have in common: place, rule, variant and message.
fn merge(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut merged: Vec<Merged> = Vec::new();
    let mut places = FxHashMap::default();
    for diagnostic in found {
        let key = (
            diagnostic.rule.clone(),
            diagnostic.variant,
            diagnostic.primary.span,
            diagnostic.message.clone(),
        );
        let index = *places.entry(key).or_insert_with(|| {
            merged.push(Merged::default());
            merged.len() - 1
        });
        merged[index].0.push(diagnostic);
    }
    merged.into_iter().filter_map(Merged::into_one).collect()
}

/// The same finding on one or more hosts.
#[derive(Default)]
struct Merged(Vec<Diagnostic>);

impl Merged {
    fn into_one(self) -> Option<Diagnostic> {
        let mut all = self.0.into_iter();
        let mut result = all.next()?;
        let mut hosts: Vec<String> = result.host.take().into_iter().collect();
        for other in all {
            hosts.extend(other.host);
            result.masks.extend(other.masks);
            for note in other.notes {
                if !result.notes.contains(&note) {
                    result.notes.push(note);
                }
            }
            // What is proven for one host may be wrong for another that does not offer the same.
            for fix in &mut result.fixes {
                let same = other.fixes.iter().find(|same| same.edits == fix.edits);
                let applicability = same.map_or(Applicability::Unsafe, |same| same.applicability);
                fix.applicability = fix.applicability.min(applicability);
            }
            for mut fix in other.fixes {
                if !result.fixes.iter().any(|same| same.edits == fix.edits) {
                    fix.applicability = fix.applicability.min(Applicability::Unsafe);
                    result.fixes.push(fix);
                }
            }
        }
        hosts.sort();
        hosts.dedup();
        match hosts.len() {
            0 => {}
            1 => result.host = hosts.pop(),
            _ => result.notes.push(note_on(&hosts)),
        }
        Some(result)
    }
}

fn note_on(hosts: &[String]) -> String {
    let quoted = |hosts: &[String]| {
        let quoted: Vec<String> = hosts.iter().map(|host| format!("`{host}`")).collect();
        quoted.join(", ")
    };
    match hosts.len() {
        count if count > NAMED_HOSTS => {
            format!("on the hosts {} and {} more", quoted(&hosts[..NAMED_HOSTS]), count - NAMED_HOSTS)
        }
        count => format!("on the hosts {} and `{}`", quoted(&hosts[..count - 1]), hosts[count - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::built_in::{SYNTAX_ERROR, finding};
    use super::*;
    use crate::diagnostic::Fix;
    use crate::text::{Edit, Span, TextRange};

    fn on(host: &str, message: &str, fixes: &[(Applicability, &str)]) -> Diagnostic {
        let span = Span::new(FileId(0), TextRange::default());
        let mut diagnostic = finding(&SYNTAX_ERROR, span, message, "here");
        diagnostic.host = Some(host.to_owned());
        let fix = |(applicability, text): &(Applicability, &str)| Fix {
            title: (*text).to_owned(),
            applicability: *applicability,
            edits: vec![Edit { file: FileId(0), range: TextRange::default(), text: (*text).to_owned() }],
        };
        diagnostic.fixes = fixes.iter().map(fix).collect();
        diagnostic
    }

    #[test]
    fn what_hosts_have_in_common_is_said_once() {
        let merged = merge(vec![on("b", "x", &[]), on("a", "y", &[]), on("a", "x", &[])]);
        let said: Vec<_> = merged
            .iter()
            .map(|found| (found.message.as_str(), found.host.as_deref(), &found.notes[..]))
            .collect();
        assert_eq!(said, [("x", None, &["on the hosts `a` and `b`".to_owned()][..]), ("y", Some("a"), &[])]);
    }

    #[test]
    fn a_fix_is_as_safe_as_on_the_worst_host() {
        use Applicability::{Safe, Unsafe};
        let merged = merge(vec![
            on("a", "x", &[(Safe, "same"), (Safe, "not on b")]),
            on("b", "x", &[(Safe, "same"), (Safe, "not on a")]),
        ]);
        let fixes: Vec<_> =
            merged[0].fixes.iter().map(|fix| (fix.title.as_str(), fix.applicability)).collect();
        assert_eq!(fixes, [("same", Safe), ("not on b", Unsafe), ("not on a", Unsafe)]);
    }

    #[test]
    fn many_hosts_are_counted() {
        let hosts: Vec<String> = (1..=10).map(|number| number.to_string()).collect();
        assert_eq!(note_on(&hosts), "on the hosts `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8` and 2 more");
    }
}
