//! Nix's own word on safe fixes: the files of a case have the same value before and after.
//!
//! The arguments of a module are symbols (`stub.nix`), so it is evaluated without nixpkgs. Of a rule that
//! repairs options, those options are left out; where an option's value comes from the default of an option
//! of the case, that default is left out too.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use nixlint::cases::{Book, Files, benches, texts, workspace_of};
use nixlint::diagnostic::Applicability;
use nixlint::rule::Entry;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// `nix-instantiate` with its state in a folder of its own.
pub(crate) struct Nix {
    folder: TempDir,
}

/// What came of the safe fixes of a rule.
#[derive(Default)]
pub(crate) struct Values {
    /// Cases that a safe fix changes.
    pub(crate) fixed: usize,
    /// Those of them that Nix can evaluate.
    pub(crate) evaluated: usize,
    pub(crate) wrong: Vec<String>,
}

impl Nix {
    /// `None` where Nix is not installed.
    pub(crate) fn find() -> Option<Self> {
        let version = Command::new("nix-instantiate").arg("--version").output();
        version.ok().filter(|output| output.status.success())?;
        Some(Self { folder: tempfile::tempdir().expect("a temporary folder") })
    }

    /// Evaluates every case of the rule before and after its safe fixes.
    pub(crate) fn compare(&self, entry: &Entry, book: &Book) -> Values {
        let mut values = Values::default();
        for (case, bench) in benches(entry, book, &mut Vec::new()) {
            let before = texts(&workspace_of(case));
            let after = texts(&bench.fix(workspace_of(case), Applicability::Safe).workspace);
            let changed: Vec<&str> = before
                .iter()
                .zip(&after)
                .filter(|(before, after)| before != after)
                .map(|((path, _), _)| path.as_str())
                .collect();
            if changed.is_empty() {
                continue;
            }
            values.fixed += 1;
            let names = names(before.iter().chain(&after).map(|(_, text)| text.as_str()));
            let evaluate = |files: &Files, into_functions| {
                self.evaluate(files, &changed, &names, into_functions).map(|value| without(entry, value))
            };
            let mode = [true, false].into_iter().find_map(|mode| Some((mode, evaluate(&before, mode).ok()?)));
            let Some((into_functions, old)) = mode else { continue };
            values.evaluated += 1;
            let place = case.place();
            match evaluate(&after, into_functions) {
                Ok(new) if new == old => {}
                Ok(new) => values.wrong.push(format!("{place}: a safe fix changes\n{old:#}\ninto\n{new:#}")),
                Err(error) => values.wrong.push(format!("{place}: Nix rejects what was fixed: {error}")),
            }
        }
        if values.fixed > 0 && values.evaluated == 0 {
            values.wrong.push("Nix can evaluate none of the cases with a safe fix".to_owned());
        }
        values
    }

    /// The values of some of the files.
    fn evaluate(
        &self,
        files: &Files,
        wanted: &[&str],
        names: &BTreeSet<&str>,
        into_functions: bool,
    ) -> Result<Value, String> {
        let folder = tempfile::tempdir_in(&self.folder).expect("a folder for the case");
        for (path, text) in files {
            write(folder.path(), path, text);
        }
        for (_, text) in files {
            for path in relative_paths(text) {
                if !folder.path().join(path).exists() {
                    write(folder.path(), path, "");
                }
            }
        }
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let wanted: Vec<String> =
            wanted.iter().map(|path| folder.path().join(path).display().to_string()).collect();
        let expression = format!(
            "map (import {}/tests/rules/stub.nix {{ names = [ {} ]; intoFunctions = {into_functions}; }}) [ {} ]",
            env!("CARGO_MANIFEST_DIR"),
            quoted.join(" "),
            wanted.join(" ")
        );
        let output = Command::new("nix-instantiate")
            .args(["--eval", "--strict", "--json", "-E", &expression])
            .env("NIX_STORE_DIR", self.folder.path().join("store"))
            .env("NIX_STATE_DIR", self.folder.path().join("state"))
            .env("NIX_LOG_DIR", self.folder.path().join("log"))
            .env("HOME", "/homeless")
            .env_remove("NIX_PATH")
            .output()
            .expect("nix-instantiate starts");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let json = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let json = json.replace(&folder.path().display().to_string(), "");
        Ok(serde_json::from_str(&json).expect("Nix writes JSON"))
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder can be made");
    std::fs::write(path, text).expect("a file can be written");
}

/// Every word of the texts that may be the name of an attribute.
fn names<'t>(texts: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '\'');
    let words = texts.flat_map(move |text| text.split(move |c| !is_in_name(c)));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()) && *word != "outPath").collect()
}

/// The paths below the folder that a text names, as far as they are plain.
fn relative_paths(text: &str) -> impl Iterator<Item = &str> {
    let is_in_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+');
    let words = text.split(move |c| !is_in_path(c));
    words
        .filter_map(|word| word.strip_prefix("./"))
        .filter(|path| !path.is_empty() && !path.ends_with('/') && !path.contains("..") && path.contains('.'))
}

/// The value without what the rule repairs.
fn without(entry: &Entry, value: Value) -> Value {
    let patterns: Vec<Vec<&str>> =
        entry.meta.repairs.iter().map(|pattern| pattern.split('.').collect()).collect();
    match patterns.is_empty() {
        true => value,
        false => strip(value, &mut Vec::new(), &patterns).unwrap_or_default(),
    }
}

/// The value at `path` without what a pattern names and without sets that are empty, since a fix may leave
/// such a set behind; `None` where nothing is left.
fn strip(value: Value, path: &mut Vec<String>, patterns: &[Vec<&str>]) -> Option<Value> {
    if patterns.iter().any(|pattern| ends_with(path, pattern)) || is_default_of_option(path) {
        return None;
    }
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items: Vec<Value> =
                items.into_iter().filter_map(|item| strip(item, path, patterns)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(attrs) => {
            let is_wrapper = attrs.contains_key("_type");
            let mut rest = Map::new();
            for (name, value) in attrs {
                let is_transparent = match is_wrapper {
                    true => matches!(name.as_str(), "content" | "contents"),
                    false => name.starts_with("__") || matches!(name.as_str(), "call" | "argument"),
                };
                if !is_transparent {
                    path.push(name.clone());
                }
                let stripped = strip(value, path, patterns);
                if !is_transparent {
                    path.pop();
                }
                match stripped {
                    Some(value) => _ = rest.insert(name, value),
                    // A wrapper around nothing is nothing.
                    None if is_wrapper => return None,
                    None => {}
                }
            }
            (!rest.is_empty()).then_some(Value::Object(rest))
        }
        other => Some(other),
    }
}

fn ends_with(path: &[String], pattern: &[&str]) -> bool {
    let Some(start) = path.len().checked_sub(pattern.len()) else { return false };
    path[start..].iter().zip(pattern).all(|(name, wanted)| *wanted == "*" || name == wanted)
}

fn is_default_of_option(path: &[String]) -> bool {
    path.last().is_some_and(|name| name == "default") && path.iter().any(|name| name == "options")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repaired_options_are_left_out() {
        let patterns = vec![vec!["services", "*", "url"], vec!["after"]];
        let strip = |value| strip(value, &mut Vec::new(), &patterns);
        let kept = json!({ "config": { "services": { "a": { "port": 1 } } } });
        assert_eq!(
            strip(json!({ "config": { "services": { "a": { "url": "x", "port": 1 } } } })),
            Some(kept)
        );
        let wrapped =
            json!([{ "_type": "if", "condition": true, "content": { "u": { "after": ["x"] } } }, 1]);
        assert_eq!(strip(wrapped), Some(json!([1])));
        assert_eq!(strip(json!({ "after": [] })), None);
        assert_eq!(strip(json!({ "u": {}, "v": [] })), Some(json!({ "v": [] })));
    }

    #[test]
    fn symbols_and_wrappers_are_seen_through() {
        let Some(nix) = Nix::find() else { return };
        let text =
            "{ config, lib, pkgs, ... }: lib.mkIf config.a.enable { x = pkgs.f { y = \"${config.b}\"; }; }";
        let files = vec![("a.nix".to_owned(), text.to_owned())];
        let value = nix.evaluate(&files, &["a.nix"], &names([text].into_iter()), true);
        let call = json!({ "call": "pkgs.f", "argument": { "y": "<\"config.b\">" } });
        let expected =
            json!([{ "_type": "if", "condition": true, "content": { "x": { "__symbol": call } } }]);
        assert_eq!(value, Ok(expected));
    }
}
