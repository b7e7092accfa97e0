//! Cases: modules in text and what their options come to. Nix is asked too, where it is there.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::generate::Set;
use crate::{library, merged};

/// Modules, listed in order, and options with their values as JSON.
struct Case {
    name: &'static str,
    modules: &'static [&'static str],
    expected: &'static [(&'static str, &'static str)],
}

/// Types for short.
const LIST: &str =
    "{ lib, ... }: { options.a = lib.mkOption { type = lib.types.listOf lib.types.int; default = [ ]; }; }";
const SUBMODULES: &str = r#"{ lib, ... }: {
  options.a = lib.mkOption {
    type = lib.types.attrsOf (lib.types.submodule ({ name, config, ... }: {
      options.tags = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
      options.on = lib.mkEnableOption "it";
      config.tags = lib.mkIf config.on [ "own-${name}" ];
    }));
    default = { };
  };
}"#;

const CASES: &[Case] = &[
    Case {
        name: "later modules come first in lists",
        modules: &[LIST, "{ a = [ 1 ]; }", "{ a = [ 2 ]; }", "{ lib, ... }: { a = lib.mkAfter [ 3 ]; }"],
        expected: &[("a", "[2, 1, 3]")],
    },
    Case {
        name: "modules of a list come before the modules these import",
        modules: &[LIST, "{ imports = [ { a = [ 1 ]; } { a = [ 2 ]; } ]; a = [ 3 ]; }", "{ a = [ 4 ]; }"],
        expected: &[("a", "[2, 1, 4, 3]")],
    },
    Case {
        name: "definitions of submodules keep the order of the modules",
        modules: &[SUBMODULES, "{ a.x.tags = [ \"1\" ]; }", "{ a.x = { tags = [ \"2\" ]; on = true; }; }"],
        expected: &[("a", r#"{"x": {"on": true, "tags": ["own-x", "1", "2"]}}"#)],
    },
    Case {
        name: "submodules may be functions, and import",
        modules: &[
            SUBMODULES,
            "{ a.x = { name, ... }: { imports = [ { tags = [ \"inner\" ]; } ]; config.tags = [ \"of-${name}\" ]; }; }",
            "{ lib, ... }: { a.x.tags = lib.mkBefore [ \"first\" ]; }",
        ],
        expected: &[("a.x.tags", r#"["first", "inner", "of-x"]"#)],
    },
    Case {
        name: "a priority around a namespace holds for each name below",
        modules: &[
            "{ lib, ... }: { options.n = { a = lib.mkOption { type = lib.types.int; }; b = lib.mkOption { type = lib.types.int; }; }; }",
            "{ lib, ... }: { n = lib.mkForce { a = 1; }; }",
            "{ n = { a = 2; b = 3; }; }",
        ],
        expected: &[("n", r#"{"a": 1, "b": 3}"#)],
    },
    Case {
        name: "a priority around a set of an option holds for the set",
        modules: &[
            "{ lib, ... }: { options.n = lib.mkOption { type = lib.types.attrsOf lib.types.int; }; }",
            "{ lib, ... }: { n = lib.mkForce { a = 1; }; }",
            "{ n = { a = 2; b = 3; }; }",
        ],
        expected: &[("n", r#"{"a": 1}"#)],
    },
    Case {
        name: "names whose definitions do not hold are missing",
        modules: &[
            "{ lib, ... }: { options.n = lib.mkOption { type = lib.types.attrsOf lib.types.int; }; options.l = lib.mkOption { type = lib.types.lazyAttrsOf (lib.types.nullOr lib.types.int); }; }",
            "{ lib, ... }: { n = { a = lib.mkIf false 1; b = lib.mkMerge [ ]; c = 3; }; l = { a = lib.mkIf false 1; }; }",
        ],
        expected: &[("n", r#"{"c": 3}"#), ("l", r#"{"a": null}"#)],
    },
    Case {
        name: "elements of lists are unwrapped",
        modules: &[
            LIST,
            "{ lib, ... }: { a = [ 1 (lib.mkIf false 2) (lib.mkMerge [ (lib.mkForce 3) ]) (lib.mkDefault 4) ]; }",
        ],
        expected: &[("a", "[1, 3, 4]")],
    },
    Case {
        name: "options with another name pass on what they are given",
        modules: &[
            "{ lib, ... }: { imports = [ (lib.mkAliasOptionModule [ \"old\" \"list\" ] [ \"a\" ]) (lib.mkAliasOptionModule [ \"old\" \"port\" ] [ \"n\" \"port\" ]) ]; }",
            LIST,
            "{ lib, ... }: { options.n.port = lib.mkOption { type = lib.types.port; default = 1; }; }",
            "{ lib, ... }: { old.list = lib.mkMerge [ [ 1 ] (lib.mkIf false [ 9 ]) ]; a = [ 2 ]; old.port = lib.mkDefault 5; }",
            "{ lib, ... }: { n.port = lib.mkOverride 900 6; }",
        ],
        expected: &[("a", "[1, 2]"), ("old.list", "[1, 2]"), ("n.port", "6"), ("old.port", "6")],
    },
    Case {
        name: "one option may be declared in several modules",
        modules: &[
            "{ lib, ... }: { options.a = lib.mkOption { type = lib.types.attrsOf (lib.types.submodule { options.x = lib.mkOption { type = lib.types.int; default = 1; }; }); }; }",
            "{ lib, ... }: { options.a = lib.mkOption { type = lib.types.attrsOf (lib.types.submodule { options.y = lib.mkOption { type = lib.types.int; default = 2; }; }); }; }",
            "{ a.k.x = 7; }",
        ],
        expected: &[("a", r#"{"k": {"x": 7, "y": 2}}"#)],
    },
    Case {
        name: "what no option is declared for has the free type",
        modules: &[
            r#"{ lib, ... }: { options.s = lib.mkOption { type = lib.types.submodule {
              freeformType = lib.types.attrsOf (lib.types.listOf lib.types.int);
              options.known.low = lib.mkOption { type = lib.types.int; default = 0; };
            }; }; }"#,
            "{ s.more = [ 1 ]; }",
            "{ lib, ... }: { s.more = [ 2 ]; s.known.low = 5; s.none = lib.mkIf false [ 1 ]; }",
        ],
        expected: &[("s", r#"{"known": {"low": 5}, "more": [1, 2]}"#)],
    },
    Case {
        name: "defaults may need what is defined, and the other way round",
        modules: &[
            "{ lib, config, ... }: { options = { on = lib.mkEnableOption \"it\"; port = lib.mkOption { type = lib.types.port; default = if config.on then 443 else 80; }; url = lib.mkOption { type = lib.types.str; }; name = lib.mkOption { default = \"x\"; }; }; config.url = \"http://x:${toString config.port}/\"; }",
            "{ config, lib, ... }: { config = lib.mkIf (config.name != \"\") { on = true; }; }",
        ],
        expected: &[("on", "true"), ("port", "443"), ("url", "\"http://x:443/\"")],
    },
    Case {
        name: "one of several tags",
        modules: &[
            "{ lib, ... }: { options.t = lib.mkOption { type = lib.types.attrTag { a = lib.mkOption { type = lib.types.int; }; b = lib.mkOption { type = lib.types.listOf lib.types.int; }; }; }; }",
            "{ t.b = [ 1 ]; }",
            "{ t.b = [ 2 ]; }",
        ],
        expected: &[("t", r#"{"b": [2, 1]}"#)],
    },
    Case {
        name: "the first type that fits all definitions merges them",
        modules: &[
            "{ lib, ... }: { options.a = lib.mkOption { type = with lib.types; oneOf [ int (listOf int) lines ]; }; options.b = lib.mkOption { type = with lib.types; coercedTo int toString (separatedString \"-\"); }; }",
            "{ a = [ 1 ]; b = 1; }",
            "{ a = [ 2 ]; b = \"x\"; }",
        ],
        expected: &[("a", "[2, 1]"), ("b", "\"x-1\"")],
    },
    Case {
        name: "data merges as far down as it goes",
        modules: &[
            "{ lib, ... }: { options.j = lib.mkOption { type = lib.types.json; default = { }; }; options.x = lib.mkOption { type = lib.types.anything; }; }",
            "{ lib, ... }: { j = { a.b = [ 1 ]; a.c = lib.mkDefault 1; }; x = { p.q = 1; r = [ 1 ]; }; }",
            "{ lib, ... }: { j = { a.b = [ 2 ]; a.c = 2; d = null; }; x = { p.s = lib.mkIf true 2; r = [ 1 ]; }; }",
        ],
        expected: &[
            ("j", r#"{"a": {"b": [2, 1], "c": 2}, "d": null}"#),
            ("x", r#"{"p": {"q": 1, "s": 2}, "r": [1]}"#),
        ],
    },
    Case {
        name: "options without a type merge by shape",
        modules: &[
            "{ lib, ... }: { options = { l = lib.mkOption { }; s = lib.mkOption { }; b = lib.mkOption { }; }; }",
            "{ l = [ 1 ]; s = { a = 1; b = 1; }; b = false; }",
            "{ l = [ 2 ]; s = { b = 2; }; b = true; }",
        ],
        expected: &[("l", "[2, 1]"), ("s", r#"{"a": 1, "b": 1}"#), ("b", "true")],
    },
    Case {
        name: "null and a value of which one holds",
        modules: &[
            "{ lib, ... }: { options.n = lib.mkOption { type = lib.types.nullOr (lib.types.submodule { options.x = lib.mkOption { type = lib.types.int; default = 1; }; }); default = null; }; options.on = lib.mkEnableOption \"it\"; }",
            "{ lib, config, ... }: { n = lib.mkMerge [ (lib.mkIf (lib.elem config.on [ true ]) null) { x = lib.mkForce 2; } ]; }",
        ],
        expected: &[("n", r#"{"x": 2}"#)],
    },
];

fn set(case: &Case) -> Set {
    let files: BTreeMap<String, String> = case
        .modules
        .iter()
        .enumerate()
        .map(|(number, text)| (format!("m{number}.nix"), (*text).to_owned()))
        .collect();
    let roots = files.keys().cloned().collect();
    Set { files, roots, paths: case.expected.iter().map(|(path, _)| (*path).to_owned()).collect() }
}

fn expected(case: &Case) -> Vec<Json> {
    case.expected.iter().map(|(_, json)| serde_json::from_str(json).expect("JSON")).collect()
}

#[test]
fn cases_have_their_values() {
    for case in CASES {
        let set = set(case);
        let found = merged::values(&set.files, &set.roots, &set.paths);
        for ((path, expected), found) in set.paths.iter().zip(expected(case)).zip(found) {
            assert_eq!(found, Ok(expected), "{}: `{path}`", case.name);
        }
    }
}

#[test]
fn cases_are_what_nix_says() {
    let Some(nix) = library::Nix::find() else { return };
    let sets: Vec<Set> = CASES.iter().map(set).collect();
    for (case, found) in CASES.iter().zip(nix.evaluate(&sets)) {
        let expected: Vec<_> = expected(case).into_iter().map(Some).collect();
        assert_eq!(found, expected, "{}", case.name);
    }
}
