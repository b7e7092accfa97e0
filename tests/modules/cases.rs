//! Cases: modules in text and what their options come to, as `lib.evalModules` has it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::merged;

/// Modules, listed in order, and the options to be looked at with their values.
fn check(modules: &[&str], expected: &[(&str, Json)]) {
    let files: BTreeMap<String, String> = modules
        .iter()
        .enumerate()
        .map(|(number, text)| (format!("m{number}.nix"), (*text).to_owned()))
        .collect();
    let roots: Vec<String> = files.keys().cloned().collect();
    let paths: Vec<String> = expected.iter().map(|(path, _)| (*path).to_owned()).collect();
    let found = merged::values(&files, &roots, &paths);
    for ((path, expected), found) in expected.iter().zip(found) {
        assert_eq!(found.as_ref(), Ok(expected), "{path} of\n{}", modules.join("\n"));
    }
}

#[test]
fn later_modules_come_first_in_lists() {
    check(
        &[
            "{ lib, ... }: { options.a = lib.mkOption { type = lib.types.listOf lib.types.int; default = [ ]; }; config.a = [ 1 ]; }",
            "{ a = [ 2 ]; }",
            "{ lib, ... }: { a = lib.mkAfter [ 3 ]; }",
        ],
        &[("a", json!([2, 1, 3]))],
    );
}
