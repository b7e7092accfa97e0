//! What any text must survive: shared by the mutation tests of `tests/robustness.rs` and the targets of
//! `fuzz/`, so that these find nothing that could not be a test.

use std::sync::{Arc, LazyLock};

use camino::Utf8PathBuf;
use nixlint::cli::own_rules;
use nixlint::config::{Config, RuleBook, Selectors, resolve};
use nixlint::diagnostic::{Applicability, Diagnostic};
use nixlint::engine::{self, BUILT_IN, InputFile, ProjectFiles, RuleSet, Workspace};
use nixlint::report::{Format, Input, Options, render};
use nixlint::text::SourceFile;

/// Names of files with their texts.
pub(crate) type Files = Vec<(String, String)>;

static POOL: LazyLock<rayon::ThreadPool> = LazyLock::new(|| engine::pool(0));

/// Every rule as it is without configuration.
pub(crate) fn all_rules() -> RuleSet {
    let book = RuleBook { rules: own_rules(), built_in: BUILT_IN, packs: &[] };
    resolve(book, &Config::default(), &Selectors::default())
}

fn workspace(files: &[(String, String)]) -> Workspace {
    let mut workspace = Workspace::default();
    let mut project = ProjectFiles { root: "/case".into(), ..ProjectFiles::default() };
    let mut sorted: Vec<&(String, String)> = files.iter().collect();
    sorted.sort();
    for (name, text) in sorted {
        let path = Utf8PathBuf::from(format!("/case/{name}"));
        let id = workspace.sources.add(Arc::new(SourceFile::new(path, name.clone(), text.as_str().into())));
        project.files.push(InputFile { id, reported: true });
    }
    workspace.projects.push(project);
    workspace
}

/// Runs all rules; gives how many findings there are.
///
/// # Errors
/// What is wrong with the findings, if anything.
pub(crate) fn run(files: &[(String, String)], rules: &RuleSet, formats: &[Format]) -> Result<usize, String> {
    let workspace = workspace(files);
    let outcome = POOL.install(|| engine::run(&workspace, rules));
    for found in outcome.diagnostics.iter().chain(&outcome.suppressed) {
        if found.rule.as_str() == "internal-error" {
            return Err(format!("{}: {:?}", found.message, found.notes));
        }
        in_bounds(&workspace, found)?;
    }
    for format in formats {
        let input = Input {
            suppressed: &outcome.suppressed,
            ..Input::new(&workspace.sources, &outcome.diagnostics, Options::default())
        };
        let mut out = Vec::new();
        render(*format, &input, &mut out).map_err(|error| error.to_string())?;
        let text = String::from_utf8(out).map_err(|error| format!("{format}: {error}"))?;
        if matches!(format, Format::Json | Format::Sarif | Format::Gitlab | Format::Rdjson) {
            serde_json::from_str::<serde_json::Value>(&text).map_err(|error| format!("{format}: {error}"))?;
        }
        // Tabs may stay: they are harmless, and belong to lines of a diff.
        let raw = |line: &&str| line.contains(|c: char| c.is_control() && c != '\t');
        if let Some(line) = text.lines().find(raw) {
            return Err(format!("{format} has control characters: {line:?}"));
        }
    }
    Ok(outcome.diagnostics.len())
}

fn in_bounds(workspace: &Workspace, found: &Diagnostic) -> Result<(), String> {
    let labels = std::iter::once(&found.primary).chain(&found.related).map(|label| label.span);
    let edits = found.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| (edit.file, edit.range));
    for (file, range) in labels.map(|span| (span.file, span.range())).chain(edits) {
        let text = &workspace.sources.get(file).text;
        if text.get(std::ops::Range::<usize>::from(range)).is_none() {
            return Err(format!("{range:?} is no place in the file: {}: {}", found.rule, found.message));
        }
    }
    Ok(())
}

/// Applies every fix that may be applied.
///
/// # Errors
/// What nixlint itself says went wrong with a fix.
pub(crate) fn fixed(files: &[(String, String)], rules: &RuleSet) -> Result<(), String> {
    let workspace = workspace(files);
    let fixed = POOL.install(|| engine::fix(workspace, rules, Applicability::Unsafe));
    match fixed.failures.first() {
        Some(failure) => Err(failure.clone()),
        None => Ok(()),
    }
}
