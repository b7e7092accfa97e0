//! What fixes do to real code, as Nix and nixlint see it.
//!
//! `NIXLINT_NIX_LANG` names the folder `tests/functional/lang` of NixOS/nix, `NIXLINT_NIXPKGS_LIB` a checkout
//! of nixpkgs.lib, and `NIXLINT_ECOSYSTEM` a folder of flakes. A test whose folder is not named, or that needs
//! `nix-instantiate` where there is none, says that it was skipped.

mod nix;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nixlint::syntax::parse;
use tempfile::TempDir;
use walkdir::WalkDir;

/// Nix before 2.14 lacks some builtins that the library asks for.
const SHIM: &str = r#"path:
let
  scope = {
    builtins = builtins // {
      readFileType = path: (builtins.readDir (dirOf path)).${baseNameOf path};
      warn = message: value: value;
      addDrvOutputDependencies = value: value;
      import = scope.import;
    };
    import = builtins.scopedImport scope;
  };
in
builtins.scopedImport scope path
"#;

fn folder(variable: &str) -> Option<PathBuf> {
    match std::env::var(variable) {
        Ok(folder) => Some(folder.into()),
        Err(_) => {
            println!("skipped: {variable} names no folder");
            None
        }
    }
}

/// A copy that can be changed.
fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().expect("a temporary folder");
    for entry in WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let Ok(relative) = entry.path().strip_prefix(from) else { continue };
        if relative.components().any(|part| part.as_os_str() == ".git") {
            continue;
        }
        let target = to.path().join(relative);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).expect("a folder can be made");
        } else if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).expect("a file can be read");
            // One of Nix's tests is no text, which nixlint refuses.
            if std::str::from_utf8(&bytes).is_err()
                && target.extension().is_some_and(|extension| extension == "nix")
            {
                continue;
            }
            fs::write(&target, bytes).expect("a file can be written");
        }
    }
    to
}

/// Runs `nixlint` in a folder; gives what it printed.
fn nixlint(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_nixlint"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("nixlint starts");
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 1)),
        "{arguments:?}: {code:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The Nix files below a folder with their texts.
fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let files =
        WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let nix = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "nix"));
    nix.filter_map(|entry| Some((entry.path().to_owned(), fs::read_to_string(entry.path()).ok()?))).collect()
}

/// What Nix makes of an expression in a folder: its value, or that there is none.
fn value(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("nix-instantiate")
        .args(["--eval", "--strict"])
        .args(arguments)
        .current_dir(folder)
        .env("NIX_STORE_DIR", "/nowhere/store")
        .env("NIX_STATE_DIR", "/nowhere/state")
        .env("HOME", "/homeless")
        .env("NIX_PATH", "nix=/nowhere")
        .output()
        .expect("nix-instantiate starts");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The value of each language test that has one.
fn values(folder: &Path) -> BTreeMap<String, String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("eval-okay-") && name.ends_with(".nix"))
        .collect();
    names.sort();
    names.into_iter().filter_map(|name| Some((name.clone(), value(folder, &[&name])?))).collect()
}

#[test]
fn language_tests_keep_their_values() {
    let Some(lang) = folder("NIXLINT_NIX_LANG").filter(|_| nix::is_installed()) else { return };
    for (name, arguments) in [("safe", &["fix", "."][..]), ("unsafe", &["fix", "--unsafe-fixes", "."][..])] {
        let copy = copy(&lang);
        let (before, old) = (values(copy.path()), texts(copy.path()));
        nixlint(copy.path(), arguments);
        let (after, new) = (values(copy.path()), texts(copy.path()));
        assert!(!before.is_empty(), "the folder has no tests");
        let changed = old.iter().filter(|(path, text)| new.get(*path) != Some(*text)).count();
        let differing: Vec<&String> = before
            .iter()
            .filter(|(name, value)| after.get(*name) != Some(*value))
            .map(|(name, _)| name)
            .collect();
        println!("{name} fixes: {} values, {changed} files changed, differing: {differing:?}", before.len());
        if name == "safe" {
            assert!(changed > 0, "no fix was tried");
            assert!(differing.is_empty(), "safe fixes changed {differing:?}");
        }
    }
}

#[test]
fn the_library_keeps_its_tests() {
    let Some(library) =
        folder("NIXLINT_NIXPKGS_LIB").map(|checkout| checkout.join("lib")).filter(|_| nix::is_installed())
    else {
        return;
    };
    let tests = ["tests/misc.nix", "tests/systems.nix", "tests/fetchers.nix"];
    for (name, arguments) in [("safe", &["fix", "."][..]), ("unsafe", &["fix", "--unsafe-fixes", "."][..])] {
        let copy = copy(&library);
        fs::write(copy.path().join("shim"), SHIM).expect("a file can be written");
        let results = || -> Vec<Option<String>> {
            let call =
                |test: &&str| value(copy.path(), &["-E", &format!("import ./shim (toString ./{test})")]);
            tests.iter().map(call).collect()
        };
        let (before, old) = (results(), texts(copy.path()));
        nixlint(copy.path(), arguments);
        let (after, new) = (results(), texts(copy.path()));
        assert!(before.iter().any(Option::is_some), "Nix can run none of the tests");
        let changed = old.iter().filter(|(path, text)| new.get(*path) != Some(*text)).count();
        println!("{name} fixes: {changed} files changed, tests equal: {}", before == after);
        if name == "safe" {
            assert!(changed > 0, "no fix was tried");
            assert_eq!(before, after, "safe fixes changed what the tests of the library say");
        }
    }
}

/// The errors that Nix would report when it parses the files, by file.
fn parse_errors(folder: &Path) -> BTreeSet<(String, String)> {
    let rules = [
        "syntax-error",
        "undefined-variable",
        "builtin-needs-prefix",
        "duplicate-attribute",
        "dynamic-attr-in-let",
        "dynamic-attr-in-inherit",
        "duplicate-formal",
    ];
    let mut arguments = vec!["check", "--output-format", "json", "."];
    arguments.extend(rules.iter().flat_map(|rule| ["--select", rule]));
    let files: serde_json::Value = serde_json::from_str(&nixlint(folder, &arguments)).expect("JSON");
    let mut errors = BTreeSet::new();
    for file in files.as_array().into_iter().flatten() {
        for found in file["diagnostics"].as_array().into_iter().flatten() {
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            errors.insert((text(&file["path"]), text(&found["message"])));
        }
    }
    errors
}

#[test]
fn fixed_configurations_can_still_be_read() {
    let Some(ecosystem) = folder("NIXLINT_ECOSYSTEM") else { return };
    let mut total = 0;
    for entry in fs::read_dir(&ecosystem).expect("the folder can be read").filter_map(Result::ok) {
        let copy = copy(&entry.path());
        let (before, errors) = (texts(copy.path()), parse_errors(copy.path()));
        nixlint(copy.path(), &["fix", "."]);
        let after = texts(copy.path());
        let name = entry.file_name();
        let changed: Vec<&PathBuf> = after
            .iter()
            .filter(|(path, text)| before.get(*path) != Some(*text))
            .map(|(path, _)| path)
            .collect();
        for path in &changed {
            assert!(parse(&after[*path]).is_ok(), "{} no longer parses", path.display());
        }
        let errors_after = parse_errors(copy.path());
        let other: Vec<_> = errors.symmetric_difference(&errors_after).collect();
        assert!(other.is_empty(), "{}: other errors: {other:?}", name.display());
        nixlint(copy.path(), &["fix", "."]);
        assert!(after == texts(copy.path()), "{}: a second run changes files again", name.display());
        println!("{}: {} files changed", name.display(), changed.len());
        total += changed.len();
    }
    assert!(total > 0, "no fix was tried");
}
