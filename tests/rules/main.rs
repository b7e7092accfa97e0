//! The cases of the rules, `src/rules/<group>/<name>.md`, and what is proven from them for every rule.
//!
//! `UPDATE=1 cargo test --test rules` rewrites carets, messages and `fixed` blocks. `book` and `carets`
//! describe the format.

mod nix;
mod prove;
mod self_test;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nixlint::cases::{self, Book, strip};
use nixlint::pack::shipped;
use nixlint::rule::Entry;
use nixlint::rules::RULES;
use nixlint::syntax::parse;

use self::prove::Proof;

#[test]
fn cases_hold() {
    if std::env::var_os("UPDATE").is_some_and(|value| !value.is_empty()) {
        for (entry, (path, book)) in rules_with_books() {
            std::fs::write(path, cases::updated(entry, &book)).expect("the cases can be written");
        }
    }
    prove_for_all(cases::cases);
}

#[test]
fn manual_pages_show_what_the_rule_does() {
    prove_for_all(prove::manual_page);
}

#[test]
fn findings_are_written_and_fixed_as_promised() {
    prove_for_all(cases::findings);
}

#[test]
fn fixes_settle() {
    prove_for_all(cases::fixes_settle);
}

#[test]
fn dispatch_is_a_walk() {
    prove_for_all(prove::dispatch_is_a_walk);
}

#[test]
fn comments_silence() {
    prove_for_all(prove::comments_silence);
}

#[test]
fn cut_texts_do_no_harm() {
    prove_for_all(prove::cut_texts_do_no_harm);
}

#[test]
fn safe_fixes_keep_values() {
    let Some(nix) = nix::Nix::find() else {
        println!("skipped: nix-instantiate is not installed");
        return;
    };
    let mut wrong = Vec::new();
    for (entry, (_, book)) in rules_with_books() {
        let values = nix.compare(entry, &book);
        println!("{}: {} of {} safe fixes evaluated", entry.meta.name, values.evaluated, values.fixed);
        wrong.extend(values.wrong.into_iter().map(|what| format!("{}: {what}", entry.meta.name)));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_rule_has_its_three_places() {
    let mut wrong = Vec::new();
    let mut books = books();
    for entry in shipped() {
        let (meta, folder) = (entry.meta, format!("rules/{}", entry.meta.group));
        if meta.file != format!("{folder}/{}.toml", meta.name) {
            wrong.push(format!("{}: stands in {}, not in {folder}", meta.name, meta.file));
        }
        match books.remove(meta.name) {
            Some((path, book)) if path.starts_with(root().join(&folder)) => {
                if book.title.as_deref() != Some(meta.name) {
                    wrong.push(format!("{}: {} has another title", meta.name, path.display()));
                }
            }
            _ => wrong.push(format!("{}: has no cases, {folder}/{}.md", meta.name, meta.name)),
        }
    }
    for entry in RULES {
        let meta = entry.meta;
        let folder = format!("src/rules/{}", meta.group);
        let snake = meta.name.replace('-', "_");
        if meta.file != format!("{folder}/{snake}.rs") {
            wrong.push(format!("{}: stands in {}, not in {folder}/{snake}.rs", meta.name, meta.file));
        }
        let name_of_type: String = meta.name.split('-').map(capitalized).collect();
        let source = std::fs::read_to_string(root().join(meta.file)).unwrap_or_default();
        if !source.contains(&format!("pub struct {name_of_type} {{")) {
            wrong.push(format!("{}: {} has no `pub struct {name_of_type}`", meta.name, meta.file));
        }
        match books.remove(meta.name) {
            None => wrong.push(format!("{}: has no cases, {folder}/{}.md", meta.name, meta.name)),
            Some((path, _)) if !path.starts_with(root().join(folder)) => {
                wrong.push(format!("{}: its cases stand in {}", meta.name, path.display()));
            }
            Some((path, book)) => {
                if book.title.as_deref() != Some(meta.name) {
                    wrong.push(format!("{}: {} has another title", meta.name, path.display()));
                }
            }
        }
    }
    wrong.extend(books.into_values().map(|(path, _)| format!("{} has no rule", path.display())));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_case_is_nix() {
    let mut wrong = Vec::new();
    for (path, book) in books().into_values() {
        for case in &book.cases {
            for block in case.sources.iter().chain(&case.fixed).chain(&case.fixed_unsafe) {
                let text = strip(&block.text);
                let errors = parse(&text).errors(&text);
                let place = format!("{}: {}", path.display(), case.place());
                wrong.extend(errors.into_iter().map(|error| format!("{place}: {}", error.message)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn prove_for_all(proof: Proof) {
    let mut wrong = Vec::new();
    for (entry, (_, book)) in rules_with_books() {
        wrong.extend(proof(entry, &book).into_iter().map(|what| format!("{}: {what}", entry.meta.name)));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The rules that have cases, or those of them whose names hold `NIXLINT_TEST_RULE`; another test finds those
/// that have none.
fn rules_with_books() -> Vec<(&'static Entry, (PathBuf, Book))> {
    let mut books = books();
    let wanted = std::env::var("NIXLINT_TEST_RULE").unwrap_or_default();
    let entries = RULES.iter().chain(shipped()).filter(|entry| entry.meta.name.contains(&wanted));
    entries.filter_map(|entry| Some((entry, books.remove(entry.meta.name)?))).collect()
}

/// The books of all rules by the names of their files.
fn books() -> BTreeMap<String, (PathBuf, Book)> {
    let mut books = BTreeMap::new();
    let folders = ["src/rules", "rules"].map(|folder| walkdir::WalkDir::new(root().join(folder)));
    for file in folders.into_iter().flatten() {
        let path = file.expect("the folder of the rules can be read").into_path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let markdown = std::fs::read_to_string(&path).expect("the cases can be read");
        let book = Book::read(&markdown).unwrap_or_else(|errors| {
            panic!("{}:\n{}", path.display(), errors.join("\n"));
        });
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("the name is UTF-8").to_owned();
        books.insert(name, (path, book));
    }
    books
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
