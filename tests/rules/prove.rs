//! What is proven for every rule, from its cases and its manual page alone.
//!
//! Each proof gets the rule and its book and gives what is wrong, a text each.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nixlint::diagnostic::{Applicability, Diagnostic};
use nixlint::engine::{Outcome, Workspace};
use nixlint::report::ignore_edit;
use nixlint::rule::{Context, Entry, Fixable, RuleMeta, Runner};
use nixlint::semantic::lower;
use nixlint::syntax::{AstNode as _, parse};
use nixlint::text::{FileId, Span, apply_edits, size_of};

use crate::book::{Block, Book, Case};
use crate::carets::annotate;
use crate::case::{Bench, Files, files, marks, text_of, texts, with_stack, workspace, workspace_of};

/// A proof.
pub(crate) type Proof = fn(&Entry, &Book) -> Vec<String>;

/// What the engine says when the case or nixlint itself is wrong.
const MISTAKES: [&str; 4] = ["internal-error", "syntax-error", "file-too-complex", "byte-order-mark"];

/// Findings are where the carets are, and fixed files are as shown.
pub(crate) fn cases(entry: &Entry, book: &Book) -> Vec<String> {
    compare(entry, book).0
}

/// The book as it would be if the rule were right.
pub(crate) fn updated(entry: &Entry, book: &Book) -> String {
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

/// The example of the manual page fires, and what stands behind "Use instead:" does not.
pub(crate) fn manual_page(entry: &Entry, _: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    let page: String =
        entry.meta.docs.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect();
    for heading in ["## What it does\n", "## Why is this bad?\n", "## Example\n", "Use instead:\n"] {
        if !page.contains(heading) {
            wrong.push(format!("the manual page has no `{}`", heading.trim_end()));
        }
    }
    let Some((_, example)) = page.split_once("## Example\n") else { return wrong };
    let example = example.split("\n## ").next().unwrap_or_default();
    let Some((bad, good)) = example.split_once("Use instead:\n") else { return wrong };
    for (part, fires) in [(bad, true), (good, false)] {
        let part = match Book::read(&format!("# example\n{part}")) {
            Ok(part) => part,
            Err(errors) => {
                wrong.extend(errors);
                continue;
            }
        };
        let Some((case, bench)) = benches(entry, &part, &mut wrong).pop() else {
            wrong.push("an example of the manual page has no `nix` block".to_owned());
            continue;
        };
        let outcome = bench.run(&workspace_of(case));
        wrong.extend(mistakes(&outcome).map(|mistake| format!("manual page: {mistake}")));
        match (fires, bench.findings(&outcome).len()) {
            (true, 0) => wrong.push("the example of the manual page has no finding".to_owned()),
            (false, 1..) => wrong.push("what stands behind `Use instead:` has findings".to_owned()),
            _ => {}
        }
    }
    wrong
}

/// There are cases with and without findings, and findings are written and fixed as the rule promises.
pub(crate) fn findings(entry: &Entry, book: &Book) -> Vec<String> {
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
pub(crate) fn fixes_settle(entry: &Entry, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, bench) in benches(entry, book, &mut wrong) {
        for lowest in [Applicability::Safe, Applicability::Unsafe] {
            let once = bench.fix(workspace_of(case), lowest);
            let mut complaints = once.failures;
            complaints.extend(mistakes(&once.outcome));
            let twice = bench.fix(workspace(&texts(&once.workspace)), lowest);
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

/// The engine's table of node kinds gives what a plain walk gives.
pub(crate) fn dispatch_is_a_walk(entry: &Entry, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, bench) in benches(entry, book, &mut wrong) {
        if !matches!(bench.rules.rules[0].runner, Runner::File(..)) {
            continue;
        }
        let workspace = workspace_of(case);
        let outcome = bench.run(&workspace);
        if let Some(mistake) = mistakes(&outcome).next() {
            wrong.push(format!("{}: {mistake}", case.place()));
            continue;
        }
        let by_table: Vec<Said<'_>> = bench.findings(&outcome).into_iter().map(said).collect();
        let walked: Vec<Diagnostic> = with_stack(|| {
            let files = workspace.sources.iter();
            files.flat_map(|(id, file)| walk(entry.meta, &bench, id, &file.text)).collect()
        });
        let mut by_walk: Vec<Said<'_>> = walked.iter().map(said).collect();
        by_walk.sort();
        if by_table != by_walk {
            wrong.push(format!("{}: a plain walk finds {by_walk:?}, the engine {by_table:?}", case.place()));
        }
    }
    wrong
}

/// Place and message of a finding.
type Said<'d> = (Span, &'d str);

fn said(diagnostic: &Diagnostic) -> Said<'_> {
    (diagnostic.primary.span, &diagnostic.message)
}

/// What a rule on nodes says when it is shown every node, whether the text can be read or not.
fn walk(meta: &'static RuleMeta, bench: &Bench, file: FileId, text: &str) -> Vec<Diagnostic> {
    let Runner::File(rule) = &bench.rules.rules[0].runner else { return Vec::new() };
    let root = parse(text).root();
    let semantics = lower(&root);
    let mut cx = Context::new(file, text, &semantics, meta);
    for node in root.syntax().descendants().filter(|node| rule.wants(node.kind())) {
        rule.check_node(&node, &mut cx);
    }
    cx.finish()
}

/// The comment that `ignore_edit` writes silences its finding and is of use.
pub(crate) fn comments_silence(entry: &Entry, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, bench) in benches(entry, book, &mut wrong) {
        let before = workspace_of(case);
        let outcome = bench.run(&before);
        for diagnostic in bench.findings(&outcome) {
            let edit = ignore_edit(&before.sources, diagnostic);
            let mut commented = texts(&before);
            let text = &mut commented[edit.file.0 as usize].1;
            *text = apply_edits(text, [&edit]).expect("one edit applies");
            let moved = match diagnostic.primary.span.range() {
                range if range.start() >= edit.range.start() => range + size_of(&edit.text),
                range => range,
            };
            let moved = Span::new(diagnostic.primary.span.file, moved);
            let after = bench.run(&workspace(&commented));
            let same =
                |other: &&Diagnostic| other.message == diagnostic.message && other.primary.span == moved;
            if let Some(useless) =
                after.diagnostics.iter().find(|found| found.rule.as_str().ends_with("-suppression"))
            {
                wrong.push(format!("{}: of an ignore comment: {}", case.place(), useless.message));
            }
            if after.diagnostics.iter().any(|found| same(&found))
                || !after.suppressed.iter().any(|found| same(&found))
            {
                wrong.push(format!(
                    "{}: an ignore comment does not silence `{}`:\n{}",
                    case.place(),
                    diagnostic.message,
                    commented[edit.file.0 as usize].1
                ));
            }
        }
    }
    wrong
}

/// Nothing panics when a file ends too early, wherever that is.
pub(crate) fn cut_texts_do_no_harm(entry: &Entry, book: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    for (case, bench) in benches(entry, book, &mut wrong) {
        let whole = files(&case.sources);
        for index in 0..whole.len() {
            if let Err(cut) = with_stack(|| cut(entry.meta, &bench, &whole, index)) {
                wrong.push(format!("{}: nixlint fails on\n{cut}", case.place()));
            }
        }
    }
    wrong
}

/// Cuts one file of a case at every character.
///
/// # Errors
/// The text that makes the rule or the engine panic.
fn cut(meta: &'static RuleMeta, bench: &Bench, whole: &Files, index: usize) -> Result<(), String> {
    let mut files = whole.clone();
    let text = &whole[index].1;
    let mut broken_was_run = false;
    for (at, _) in text.char_indices() {
        let cut = &text[..at];
        let walked = catch_unwind(AssertUnwindSafe(|| {
            walk(meta, bench, FileId(0), cut);
            parse(cut).is_ok()
        }));
        let is_ok = walked.map_err(|_| cut.to_owned())?;
        // All texts that cannot be read are the same to the rest of the project.
        if is_ok || !std::mem::replace(&mut broken_was_run, true) {
            files[index].1 = cut.to_owned();
            let outcome = bench.run(&workspace(&files));
            if outcome.diagnostics.iter().any(|found| found.rule.as_str() == "internal-error") {
                return Err(cut.to_owned());
            }
        }
    }
    Ok(())
}

/// The cases of a book, each with the rule as it is configured there.
pub(crate) fn benches<'b>(entry: &Entry, book: &'b Book, wrong: &mut Vec<String>) -> Vec<(&'b Case, Bench)> {
    let mut benches = Vec::new();
    for case in &book.cases {
        match Bench::new(entry, case.toml.as_deref()) {
            Ok(bench) => benches.push((case, bench)),
            Err(error) => wrong.push(format!("{}: {error}", case.place())),
        }
    }
    benches
}

fn mistakes(outcome: &Outcome) -> impl Iterator<Item = String> {
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
