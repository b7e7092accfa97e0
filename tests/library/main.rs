//! `lib` against the real one: each function that nixlint knows, on generated arguments.
//!
//! `NIXLINT_NIXPKGS_LIB` names a checkout of <https://github.com/nix-community/nixpkgs.lib>;
//! `nix-instantiate` evaluates it. Without either the comparison is skipped. `functions.txt` has a call
//! with `$kinds` of arguments for each function; lines with the same function share its calls.

mod arguments;
#[path = "../nix/mod.rs"]
mod nix;
mod partial;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arguments::Arguments;
use camino::{Utf8Path, Utf8PathBuf};
use nixlint::eval::{FileKind, Loader, Machine, Value, is_error, library, library_names};
use nixlint::nixos::platforms;
use nixlint::semantic::{Ir, lower};
use nixlint::syntax::parse;
use nixlint::text::FileId;

/// Calls of each function.
const CALLS: usize = 120;

/// Calls that one `nix-instantiate` is asked for.
const BATCH: usize = 400;

/// What the real library says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// The value as JSON.
    Value(String),
    /// It stops.
    Failure,
}

/// A line of `functions.txt`.
struct Line<'t> {
    function: &'t str,
    call: &'t str,
}

fn lines() -> Vec<Line<'static>> {
    include_str!("functions.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (function, call) = line.split_once("  ").expect("a function, two spaces and a call");
            Line { function, call: call.trim() }
        })
        .collect()
}

/// Functions that no call can be compared for, and why.
const INCOMPARABLE: &[(&str, &str)] = &[
    ("fileset.gitTracked", "needs a Git repository"),
    ("fileset.gitTrackedWith", "needs a Git repository"),
    ("isInOldestRelease", "depends on the release of nixpkgs and is never known"),
    ("oldestSupportedReleaseIsAtLeast", "depends on the release of nixpkgs and is never known"),
    ("mkSinkUndeclaredOptions", "its type is not known"),
];

#[test]
fn every_function_has_a_call() {
    let named: BTreeSet<&str> = lines().iter().map(|line| line.function).collect();
    let excused: BTreeSet<&str> = INCOMPARABLE.iter().map(|(name, _)| *name).collect();
    let known = library_names();
    let known: BTreeSet<&str> = known.values().flatten().map(String::as_str).collect();
    let missing: Vec<_> =
        known.iter().filter(|name| !named.contains(*name) && !excused.contains(*name)).collect();
    assert!(missing.is_empty(), "without a call in functions.txt: {missing:?}");
    let unknown: Vec<_> = named.iter().chain(&excused).filter(|name| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "functions that nixlint does not know: {unknown:?}");
}

#[test]
fn platforms_are_those_of_the_real_library() {
    let scratch = tempfile::tempdir().expect("a folder");
    let Some(oracle) = Oracle::find(scratch.path()) else { return };
    let mut calls = Vec::new();
    let mut ours = Vec::new();
    for system in platforms::systems() {
        for flag in platforms::flags() {
            calls.push(format!("(lib.systems.elaborate {system:?}).{flag}"));
            ours.push(platforms::flag(system, flag).expect("both are in the table").to_string());
        }
    }
    assert!(calls.len() > 500, "the table has many rows");
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let theirs: Vec<Answer> = calls.chunks(BATCH).flat_map(|chunk| oracle.answers(chunk)).collect();
    let wrong: Vec<_> = calls
        .iter()
        .zip(&theirs)
        .zip(&ours)
        .filter(|((_, theirs), ours)| **theirs != Answer::Value((*ours).clone()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn functions_agree_with_the_real_library() {
    let wanted = std::env::var("NIXLINT_LIB_FUNCTION").ok();
    let scratch = tempfile::tempdir().expect("a folder");
    let Some(oracle) = Oracle::find(scratch.path()) else { return };
    let files = sample_files(scratch.path());

    let mut by_function: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines() {
        if wanted.as_deref().is_none_or(|wanted| wanted == line.function) {
            by_function.entry(line.function).or_default().push(line.call);
        }
    }
    let mut calls: Vec<(&str, String)> = Vec::new();
    for (function, templates) in &by_function {
        let mut arguments = Arguments::new(function, &files);
        // What takes no arguments is the same each time.
        let count = if templates.iter().any(|call| call.contains('$')) { CALLS } else { templates.len() };
        for index in 0..count {
            calls.push((function, arguments.fill(templates[index % templates.len()])));
        }
    }
    let expressions: Vec<&str> = calls.iter().map(|(_, call)| call.as_str()).collect();
    let theirs: Vec<Answer> = expressions.chunks(BATCH).flat_map(|chunk| oracle.answers(chunk)).collect();
    let ours: Vec<Option<Answer>> =
        expressions.chunks(BATCH).flat_map(|chunk| our_answers(scratch.path(), chunk)).collect();

    let mut table: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for (((function, call), theirs), ours) in calls.iter().zip(&theirs).zip(&ours) {
        let tally = table.entry(function).or_default();
        tally.calls += 1;
        tally.failures += usize::from(*theirs == Answer::Failure);
        match ours {
            None if *theirs == Answer::Failure => {}
            None => {
                tally.unknown += 1;
                if wanted.is_some() {
                    println!("unknown: {call}");
                }
            }
            Some(ours) if ours == theirs => {}
            Some(ours) => {
                tally.wrong += 1;
                disagreements.push(format!("{function}: {call}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
            }
        }
    }
    println!("{:<44} {:>6} {:>6} {:>8} {:>6}", "function", "calls", "stop", "unknown", "wrong");
    let mut total = Tally::default();
    for (function, tally) in &table {
        tally.print(function);
        total.calls += tally.calls;
        total.failures += tally.failures;
        total.unknown += tally.unknown;
        total.wrong += tally.wrong;
    }
    total.print(&format!("{} functions", table.len()));
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
    let unknown: Vec<_> = table
        .iter()
        .filter(|(_, tally)| tally.unknown * 20 > tally.calls)
        .map(|(function, _)| *function)
        .collect();
    assert!(unknown.is_empty(), "more than 5 % unknown: {unknown:?}");
    let idle: Vec<_> = table
        .iter()
        .filter(|(_, tally)| tally.failures * 2 > tally.calls)
        .map(|(function, _)| *function)
        .collect();
    assert!(idle.is_empty(), "most generated calls stop: {idle:?}");
}

#[derive(Default)]
struct Tally {
    calls: usize,
    /// Calls that stop in the real library.
    failures: usize,
    unknown: usize,
    wrong: usize,
}

impl Tally {
    fn print(&self, function: &str) {
        println!(
            "{function:<44} {:>6} {:>6} {:>8} {:>6}",
            self.calls, self.failures, self.unknown, self.wrong
        );
    }
}

/// The real library under `nix-instantiate`.
struct Oracle {
    library: PathBuf,
    state: PathBuf,
}

impl Oracle {
    /// Says why it was skipped where there is none.
    fn find(scratch: &Path) -> Option<Self> {
        Some(Self::new(&nix::library()?, scratch))
    }

    /// A copy of the checkout that old versions of Nix can evaluate.
    fn new(checkout: &Path, scratch: &Path) -> Self {
        let from = if checkout.join("lib").is_dir() { checkout.join("lib") } else { checkout.to_owned() };
        let library = scratch.join("nixpkgs/lib");
        for entry in walkdir::WalkDir::new(&from) {
            let entry = entry.expect("the checkout can be read");
            let to = library.join(entry.path().strip_prefix(&from).expect("it lies below"));
            if entry.file_type().is_dir() {
                fs::create_dir_all(&to).expect("folders can be made");
            } else if let Ok(text) = fs::read_to_string(entry.path()) {
                let text = text.replace(
                    "pathType = builtins.readFileType;",
                    "pathType = p: (builtins.readDir (dirOf p)).${baseNameOf p};",
                );
                fs::write(to, text).expect("files can be written");
            }
        }
        Self { library, state: scratch.join("nix") }
    }

    /// What the calls give. A call that stops Nix altogether is found by halving.
    fn answers(&self, calls: &[&str]) -> Vec<Answer> {
        let elements: Vec<String> =
            calls.iter().map(|call| format!("(answer ({}))", as_json(call))).collect();
        let program = format!(
            "let lib = import {}; answer = value: let result = builtins.tryEval value; in \
             if result.success then result.value else null; in [\n{}\n]",
            self.library.display(),
            elements.join("\n")
        );
        let file = self.state.with_extension("nix");
        fs::write(&file, program).expect("files can be written");
        let mut command = Command::new("nix-instantiate");
        command.args(["--eval", "--strict", "--json"]).arg(&file);
        for variable in ["NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR"] {
            command.env(variable, self.state.join(variable));
        }
        // The place of the store shows in results.
        command.env("NIX_STORE_DIR", "/nix/store");
        let output = command.output().expect("nix-instantiate starts");
        if output.status.success() {
            let values: Vec<Option<String>> = serde_json::from_slice(&output.stdout).expect("JSON");
            return values.into_iter().map(|value| value.map_or(Answer::Failure, Answer::Value)).collect();
        }
        if let [call] = calls {
            if std::env::var_os("NIXLINT_LIB_FUNCTION").is_some() {
                println!("stops: {call}: {}", String::from_utf8_lossy(&output.stderr).trim());
            }
            return vec![Answer::Failure];
        }
        let (left, right) = calls.split_at(calls.len() / 2);
        let mut answers = self.answers(left);
        answers.extend(self.answers(right));
        answers
    }
}

fn as_json(call: &str) -> String {
    format!("builtins.toJSON ({call})")
}

/// What nixlint says; `None` for what it does not know.
fn our_answers(folder: &Path, calls: &[&str]) -> Vec<Option<Answer>> {
    let elements: Vec<String> = calls.iter().map(|call| format!("({})", as_json(call))).collect();
    let program = format!("lib: [\n{}\n]", elements.join("\n"));
    let parsed = parse(&program);
    assert!(parsed.is_ok(), "a generated call is no Nix");
    let ir = Arc::new(lower(&parsed.root()).ir);
    let folder = Utf8PathBuf::from_path_buf(folder.to_owned()).expect("UTF-8");
    let loader = Folder { root: folder };
    let machine = Machine::new(&loader, 200_000_000);
    let function = machine.force(&machine.file(FileId(0), &ir));
    let list = machine.apply(&function, library(&machine).thunk(), None);
    let list = machine.list(&list).expect("the program is a list");
    assert_eq!(list.elements.len(), calls.len());
    list.elements
        .iter()
        .map(|element| match &machine.force(&element.value).value {
            Value::Str(text) => text.exact().map(Answer::Value),
            Value::Unknown(unknown) if is_error(unknown) => Some(Answer::Failure),
            _ => None,
        })
        .collect()
}

/// The generated program, and the files it may read.
struct Folder {
    root: Utf8PathBuf,
}

impl Loader for Folder {
    fn program(&self, _: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        None
    }

    fn path(&self, _: FileId) -> Utf8PathBuf {
        self.root.join("program.nix")
    }

    fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        let metadata = fs::symlink_metadata(path).ok()?;
        Some(if metadata.is_dir() { FileKind::Directory } else { FileKind::Regular })
    }

    fn read(&self, path: &Utf8Path) -> Option<String> {
        fs::read_to_string(path).ok()
    }

    fn list(&self, path: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
        let mut names: Vec<(String, FileKind)> = fs::read_dir(path)
            .ok()?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let is_folder = entry.file_type().ok()?.is_dir();
                let kind = if is_folder { FileKind::Directory } else { FileKind::Regular };
                Some((entry.file_name().into_string().ok()?, kind))
            })
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Some(names)
    }

    fn root(&self) -> &Utf8Path {
        &self.root
    }
}

/// A few files for functions that read some.
fn sample_files(scratch: &Path) -> PathBuf {
    let folder = scratch.join("files");
    let files = [
        ("a.json", "{\"a\": [1, null, \"x\"], \"b\": {\"c\": true}}\n"),
        ("b.json", "[1, 2.5, \"text\"]"),
        ("a.toml", "a = 1\n[b]\nc = [\"x\", \"y\"]\n"),
        ("b.toml", "[[list]]\nname = \"one\"\n[[list]]\nname = \"two\"\n"),
        ("text", "a line\nanother\n\n"),
        ("line", "one line\n"),
        ("below/one.nix", "{ }: 1"),
        ("below/two/package.nix", "{ }: 2"),
        ("below/two/ignored", ""),
        ("below/three/four.nix", "{ }: 4"),
    ];
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
    folder
}
