//! What is proven for every rule, from its cases and its manual page alone.
//!
//! Each proof gets the rule and its book and gives what is wrong, a text each.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nixlint::cases::{
    Bench, Book, Files, benches, files, mistakes, texts, with_stack, workspace, workspace_beside,
    workspace_of,
};
use nixlint::diagnostic::Diagnostic;
use nixlint::engine::is_of_form;
use nixlint::module::{Outline, is_generated};
use nixlint::report::ignore_edit;
use nixlint::rule::{Context, Entry, Fixable, RuleMeta, Runner};
use nixlint::semantic::lower;
use nixlint::syntax::{AstNode as _, parse};
use nixlint::text::{FileId, Span, apply_edits, size_of};

/// A flake with one host of one module.
const HOST: &str = "{ outputs = { nixpkgs, ... }: { nixosConfigurations.host = nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; }; }; }";

/// A proof.
pub(crate) type Proof = fn(&Entry, &Book) -> Vec<String>;

/// The example of the manual page fires, and what stands behind "Use instead:" does not.
pub(crate) fn manual_page(entry: &Entry, _: &Book) -> Vec<String> {
    let mut wrong = Vec::new();
    let page: String =
        entry.meta.docs.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect();
    for heading in ["## Variants\n", "## Options\n"] {
        if page.contains(heading) {
            wrong.push(format!("`{}` is written by `explain`", heading.trim_end()));
        }
    }
    for variant in entry.meta.variants {
        if !page.contains(&format!("`{}`", variant.name)) {
            wrong.push(format!("the manual page does not say when the variant `{}` is meant", variant.name));
        }
    }
    if entry.meta.fix != Fixable::Never && !page.contains("## Fix safety\n") {
        wrong.push("the manual page does not say how far the fix can be trusted".to_owned());
    }
    for option in entry.meta.options() {
        let table = format!("{} = {}", option.name, option.default).parse::<toml::Table>();
        if !table.is_ok_and(|table| (entry.build)(table).is_ok()) {
            wrong.push(format!("`{}` is no default for `{}` in TOML", option.default, option.name));
        }
    }
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
        // An example may be all that is known, or the only module of a host.
        let alone = files(&case.sources);
        let is_flake = alone.iter().any(|(path, _)| path == "flake.nix");
        let flake = (!is_flake).then(|| ("flake.nix".to_owned(), HOST.to_owned()));
        let on_host = flake.map(|flake| std::iter::once(flake).chain(alone.clone()).collect());
        let mut count = 0;
        for files in std::iter::once(alone).chain(on_host) {
            let outcome = bench.run(&workspace_beside(&workspace_of(case), &files));
            wrong.extend(mistakes(&outcome).map(|mistake| format!("manual page: {mistake}")));
            count += bench.findings(&outcome).len();
        }
        match (fires, count) {
            (true, 0) => wrong.push("the example of the manual page has no finding".to_owned()),
            (false, 1..) => wrong.push("what stands behind `Use instead:` has findings".to_owned()),
            _ => {}
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
    let outline = Outline::of(&semantics.ir);
    let mut cx = Context::new(file, text, &semantics, &outline, meta);
    for node in root.syntax().descendants().filter(|node| rule.wants(node.kind())) {
        rule.check_node(&node, &mut cx);
    }
    let mut found = cx.finish();
    if is_generated(text, &outline) {
        found.retain(|diagnostic| !is_of_form(meta, diagnostic));
    }
    found
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
            let after = bench.run(&workspace_beside(&before, &commented));
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
