//! Nix's own language tests: the folder `tests/functional/lang` of NixOS/nix, named by `NIXLINT_NIX_LANG`.
//!
//! Every `eval-okay-*` is compared with its `.exp`, and no `eval-fail-*` may have a known value.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use nixlint::eval::{FileKind, Loader, Machine};
use nixlint::semantic::{Ir, lower};
use nixlint::syntax::parse;
use nixlint::text::FileId;

/// Tests that need a store, a network, the environment or command-line flags, and what they need.
const LEFT_OUT: &[(&str, &str)] = &[
    ("eval-fail-abs-path-fatal", "flags: --lint-absolute-path-literals"),
    ("eval-fail-short-path-literal", "flags: --lint-short-path-literals"),
    ("eval-fail-url-literal", "flags: --lint-url-literals"),
    ("eval-okay-autoargs", "flags: --arg"),
    ("eval-okay-context", "the store: the path of a copied file"),
    ("eval-okay-context-introspection", "the store: contexts of derivations"),
    ("eval-okay-derivation-legacy", "the store: the path of a derivation"),
    ("eval-okay-eq-derivations", "the store: the paths of derivations"),
    ("eval-okay-fromTOML-timestamps", "flags: --extra-experimental-features"),
    ("eval-okay-getenv", "the environment"),
    ("eval-okay-path", "the store: the paths of copied files"),
    ("eval-okay-path-string-interpolation", "the environment: HOME"),
    ("eval-okay-pathexists", "the store: whether its folder exists"),
    ("eval-okay-redefine-builtin", "the environment: NIX_PATH"),
    ("eval-okay-search-path", "flags: -I"),
    ("eval-okay-substring-context", "the store: contexts of derivations"),
    ("eval-okay-toJSON-peel", "the store: the path of a copied file"),
    ("eval-okay-toString-peel", "the store: the path of a copied file"),
];

/// Steps that a test may take.
const FUEL: u64 = 20_000_000;

#[test]
fn what_nix_evaluates_is_evaluated_alike() {
    let Some(folder) = folder() else { return };
    let mut results: BTreeMap<Verdict, Vec<String>> = BTreeMap::new();
    for name in tests(&folder, "eval-okay-") {
        let (verdict, line) = compare(&folder, &name);
        results.entry(verdict).or_default().push(line);
    }
    let count = |verdict| results.get(&verdict).map_or(0, Vec::len);
    for (verdict, lines) in &results {
        println!("{verdict:?}: {}", lines.len());
        if *verdict != Verdict::Agrees {
            lines.iter().for_each(|line| println!("  {line}"));
        }
    }
    let judged = count(Verdict::Agrees) + count(Verdict::Unknown) + count(Verdict::Differs);
    assert!(count(Verdict::LeftOut) <= 25, "{} tests are left out", count(Verdict::LeftOut));
    assert!(judged > 0, "{folder} has no tests");
    assert_eq!(count(Verdict::Differs), 0, "see above");
    assert!(count(Verdict::Agrees) * 100 >= judged * 95, "see above");
}

#[test]
fn what_nix_refuses_has_no_known_value() {
    let Some(folder) = folder() else { return };
    let names = tests(&folder, "eval-fail-");
    assert!(!names.is_empty(), "{folder} has no tests");
    let known: Vec<String> = names
        .into_iter()
        .filter(|name| !LEFT_OUT.iter().any(|(left_out, _)| left_out == name))
        .filter_map(|name| {
            let text = fs::read_to_string(folder.join(format!("{name}.nix"))).ok()?;
            let ours = evaluate(&folder, &name, &text);
            (!ours.contains('«')).then(|| format!("{name}: {ours}"))
        })
        .collect();
    assert!(known.is_empty(), "{known:#?}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Agrees,
    LeftOut,
    Unknown,
    Differs,
}

fn folder() -> Option<Utf8PathBuf> {
    match std::env::var("NIXLINT_NIX_LANG") {
        Ok(folder) => Some(fs::canonicalize(&folder).ok()?.try_into().ok()?),
        Err(_) => {
            println!("skipped: NIXLINT_NIX_LANG does not name the language tests of Nix");
            None
        }
    }
}

/// The names of the tests that begin with `prefix`, sorted.
fn tests(folder: &Utf8Path, prefix: &str) -> Vec<String> {
    let names = folder.read_dir_utf8().expect("the folder can be read").filter_map(|entry| {
        let entry = entry.ok()?;
        Some(entry.file_name().strip_suffix(".nix")?.to_owned())
    });
    let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names
}

fn compare(folder: &Utf8Path, name: &str) -> (Verdict, String) {
    if let Some((_, reason)) = LEFT_OUT.iter().find(|(left_out, _)| *left_out == name) {
        return (Verdict::LeftOut, format!("{name}: {reason}"));
    }
    let path = folder.join(format!("{name}.nix"));
    let as_xml = fs::read_to_string(folder.join(format!("{name}.exp.xml"))).ok();
    let (ours, theirs) = match as_xml {
        // What `nix-instantiate --xml --no-location` writes is what the builtin gives, as a string.
        Some(theirs) => {
            let ours = evaluate(folder, name, &format!("builtins.toXML (import {path})"));
            let ours =
                ours.trim_matches('"').replace("\\\"", "\"").replace("\\n", "\n").replace("\\\\", "\\");
            (ours, theirs)
        }
        None => match fs::read_to_string(folder.join(format!("{name}.exp"))) {
            Ok(theirs) => {
                let text = fs::read_to_string(&path).expect("the test can be read");
                (evaluate(folder, name, &text), theirs)
            }
            Err(_) => return (Verdict::LeftOut, format!("{name}: Nix has switched it off")),
        },
    };
    // In the repository of Nix the folder is called `lang`.
    let around = folder.parent().expect("the folder is no root");
    let ours = ours.replace(folder.as_str(), "/pwd/lang").replace(around.as_str(), "/pwd");
    if ours.trim_end() == theirs.trim_end() {
        (Verdict::Agrees, name.to_owned())
    } else if ours.contains('«') {
        (Verdict::Unknown, format!("{name}: {ours}"))
    } else {
        (Verdict::Differs, format!("{name}:\n    ours   {ours}\n    theirs {}", theirs.trim_end()))
    }
}

/// What `text` evaluates to as the file of the test `name`. Nix's own stack is large, too.
fn evaluate(folder: &Utf8Path, name: &str, text: &str) -> String {
    std::thread::scope(|scope| {
        let run = || {
            let path = folder.join(format!("{name}.nix"));
            let loader =
                Folder { root: folder.to_owned(), program: (path.clone(), text), files: RefCell::default() };
            let machine = Machine::new(&loader, FUEL);
            match loader.program(&path) {
                Some((file, ir)) => machine.print(&machine.file(file, &ir)),
                None => "«syntax error»".to_owned(),
            }
        };
        let thread = std::thread::Builder::new().stack_size(1 << 30).spawn_scoped(scope, run);
        thread.expect("there is room").join().unwrap_or_else(|_| panic!("{name} ends in a panic"))
    })
}

/// A folder, with another text in the place of one file.
struct Folder<'a> {
    root: Utf8PathBuf,
    program: (Utf8PathBuf, &'a str),
    files: RefCell<Vec<Utf8PathBuf>>,
}

impl Loader for Folder<'_> {
    fn program(&self, path: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        let mut files = self.files.borrow_mut();
        let text = match path == self.program.0 && files.is_empty() {
            true => self.program.1.to_owned(),
            false => fs::read_to_string(path).ok()?,
        };
        let parsed = parse(&text);
        if !parsed.is_ok() {
            return None;
        }
        let id = match files.iter().skip(1).position(|file| file == path) {
            Some(index) => index + 1,
            None => {
                files.push(path.to_owned());
                files.len() - 1
            }
        };
        Some((FileId(id as u32), Arc::new(lower(&parsed.root()).ir)))
    }

    fn path(&self, file: FileId) -> Utf8PathBuf {
        self.files.borrow()[file.0 as usize].clone()
    }

    fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        Some(kind(&fs::symlink_metadata(path).ok()?.file_type()))
    }

    fn read(&self, path: &Utf8Path) -> Option<String> {
        fs::read_to_string(path).ok()
    }

    fn list(&self, path: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
        let entries = path.read_dir_utf8().ok()?.filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_owned(), kind(&entry.file_type().ok()?)))
        });
        let mut names: Vec<(String, FileKind)> = entries.collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Some(names)
    }

    fn root(&self) -> &Utf8Path {
        &self.root
    }
}

fn kind(file_type: &fs::FileType) -> FileKind {
    if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Regular
    }
}
