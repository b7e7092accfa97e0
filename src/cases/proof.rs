//! What the cases of a rule prove. Each proof gives what is wrong, a text each.

use super::bench::{Bench, marks, text_of, texts, workspace_beside, workspace_of};
use super::book::{Block, Book, Case};
use super::carets::annotate;
use crate::diagnostic::{Applicability, Diagnostic};
use crate::engine::{Outcome, Workspace};
use crate::rule::{Entry, Fixable, RuleMeta};
use crate::text::Span;

/// What the engine says when the case or nixlint itself is wrong.
const MISTAKES: [&str; 4] = ["internal-error", "syntax-error", "file-too-complex", "byte-order-mark"];

/// Findings are where the carets are, and fixed files are as shown.
pub fn cases(entry: &Entry, book: &Book) -> Vec<String> {
    compare(entry, book).0
}

/// The book as it would be if the rule were right.
pub fn updated(entry: &Entry, book: &Book) -> String {
    compare(entry, book).1
}

fn compare(entry: &Entry, book: &Book) -> (Vec<String>, String) {
    let mut wrong = Vec::new();
    let mut changes: Vec<(&Block, String)> = Vec::new();
    for (case, bench) in benches(entry, book, &mut wrong) {
        let before = workspace_of(case);
        let outcome = bench.run(&before);
        wrong.extend(mistakes(&outcome).map(|mistake| format!("{}: {mistake}", case.place())));

        let found = bench.findings(&outcome);
        let mut shown: Vec<(&Block, String)> = Vec::new();
        for (id, file) in before.sources.iter() {
            let block = case.sources.iter().find(|block| block.path == file.display);
            let block = block.expect("every file comes from a block");
            shown.push((block, annotate(&file.text, marks(&before, id, &found))));
        }
        let kinds = [(&case.fixed, Applicability::Safe), (&case.fixed_unsafe, Applicability::Unsafe)];
        for (blocks, lowest) in kinds.into_iter().filter(|(blocks, _)| !blocks.is_empty()) {
            for (path, text) in texts(&bench.fix(before.clone(), lowest).workspace) {
                match blocks.iter().find(|block| block.path == path) {
                    Some(block) => shown.push((block, text)),
                    None if text == text_of(&texts(&before), &path) => {}
                    None => wrong.push(format!("{}: fixes change `{path}` too", case.place())),
                }
            }
        }
        for (block, actual) in shown {
            if block.text != actual {
                let difference = diff(&block.text, &actual);
                wrong.push(format!("{}: `{}` should be (+)\n{difference}", case.place(), block.path));
                changes.push((block, actual));
            }
        }
    }
    (wrong, book.with(changes))
}

/// There are cases with and without findings, and findings are written and fixed as the rule promises.
pub fn findings(entry: &Entry, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut firing, mut silent) = (0, 0);
    for (case, bench) in benches(entry, book, &mut wrong) {
        let workspace = workspace_of(case);
        let outcome = bench.run(&workspace);
        let found = bench.findings(&outcome);
        match found.is_empty() {
            true => silent += 1,
            false => firing += 1,
        }
        for diagnostic in found {
            let complaints = badly_written(entry.meta, &workspace, diagnostic);
            wrong.extend(complaints.into_iter().map(|what| format!("{}: {what}", case.place())));
        }
    }
    if firing == 0 {
        wrong.push("no case has a finding".to_owned());
    }
    if silent == 0 {
        wrong.push("every case has a finding".to_owned());
    }
    wrong
}

fn badly_written(meta: &RuleMeta, workspace: &Workspace, diagnostic: &Diagnostic) -> Vec<String> {
    let mut wrong = Vec::new();
    let message = &diagnostic.message;
    let starts_well = message.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit() || c == '`');
    if !starts_well || message.ends_with('.') || message.chars().count() > 100 {
        wrong.push(format!(
            "a message starts in lower case, has no final dot and 100 characters at most: {message}"
        ));
    }
    if diagnostic.primary.text.is_empty() {
        wrong.push(format!("the primary label is empty: {message}"));
    }
    match (meta.fix, diagnostic.fixes.is_empty()) {
        (Fixable::Always, true) => wrong.push(format!("there is no fix: {message}")),
        (Fixable::Never, false) => wrong.push(format!("there is a fix: {message}")),
        _ => {}
    }
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.related);
    let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits);
    let places = labels.map(|label| label.span).chain(edits.map(|edit| Span::new(edit.file, edit.range)));
    for span in places {
        let text = &workspace.sources.get(span.file).text;
        if text.get(std::ops::Range::<usize>::from(span.range())).is_none() {
            wrong.push(format!("{:?} is no place in the file: {message}", span.range()));
        }
    }
    wrong
}

/// Fixing ends, breaks nothing, and a second run has nothing to do.
pub fn fixes_settle(entry: &Entry, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, bench) in benches(entry, book, &mut wrong) {
        for lowest in [Applicability::Safe, Applicability::Unsafe] {
            let once = bench.fix(workspace_of(case), lowest);
            let mut complaints = once.failures;
            complaints.extend(mistakes(&once.outcome));
            let twice = bench.fix(workspace_beside(&once.workspace, &texts(&once.workspace)), lowest);
            if twice.fixes > 0 {
                complaints.push(format!("a second run has {} more fixes", twice.fixes));
            }
            let place = case.place();
            wrong.extend(
                complaints.into_iter().map(|what| format!("{place}: {} fixes: {what}", lowest.as_str())),
            );
        }
    }
    wrong
}

/// The cases of a book, each with the rule as it is configured there.
pub fn benches<'b>(entry: &Entry, book: &'b Book, wrong: &mut Vec<String>) -> Vec<(&'b Case, Bench)> {
    let mut benches = Vec::new();
    for case in &book.cases {
        match Bench::new(entry, case.toml.as_deref()) {
            Ok(bench) => benches.push((case, bench)),
            Err(error) => wrong.push(format!("{}: {error}", case.place())),
        }
    }
    benches
}

/// What the engine says about itself or about broken files of a case.
pub fn mistakes(outcome: &Outcome) -> impl Iterator<Item = String> {
    let is_mistake = |found: &&Diagnostic| MISTAKES.contains(&found.rule.as_str());
    outcome
        .diagnostics
        .iter()
        .filter(is_mistake)
        .map(|found| format!("{}: {} {:?}", found.rule, found.message, found.notes))
}

fn diff(shown: &str, actual: &str) -> String {
    similar::TextDiff::from_lines(shown, actual).unified_diff().context_radius(2).to_string()
}
