//! Arguments for calls, by kind and from a seed: the same for each run.

use std::path::{Path, PathBuf};

/// A generator of arguments for one function.
pub(crate) struct Arguments {
    state: u64,
    files: PathBuf,
}

const NAMES: &[&str] = &["a", "b", "c", "foo", "bar", "x-y", "enable", "n1"];

const WORDS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "foo",
    "foo bar",
    "a.b",
    "x/y",
    "Hello",
    "it's",
    "$x",
    "a\\\\b",
    "a\\nb",
    "  pad ",
    "-1",
    "10",
    "foo.nix",
    "a,b,c",
    "1.2.3",
    "\\\"q\\\"",
    "if",
    "<x>&",
    "[s]",
    "k=v",
    "a//b",
    "UPPER",
    "snake_case",
    "*",
];

const VERSIONS: &[&str] = &[
    "1",
    "1.2",
    "1.2.3",
    "2.0",
    "23.11",
    "24.05pre",
    "1.10",
    "1.9",
    "0.1-rc1",
    "5.15.2-beta",
    "2.3a",
    "10.0.0.1",
];

/// Kinds that are one of a few texts.
const CHOICES: &[(&str, &[&str])] = &[
    ("bool", &["true", "false"]),
    ("intfn", &["(x: x + 1)", "(x: x * 2)", "(x: 0)", "(x: -x)"]),
    ("intpred", &["(x: x > 2)", "(x: x == 1)", "(x: true)", "(x: false)", "(x: x < 0 || x > 5)"]),
    ("strfn", &["(x: x + \"!\")", "(x: \"<${x}>\")", "(x: \"\")", "(x: x + x)"]),
    ("strpred", &["(x: x == \"a\")", "(x: true)", "(x: false)", "(x: builtins.stringLength x > 2)"]),
    ("int2fn", &["(x: y: x + y)", "(x: y: x)", "(x: y: x * 2 - y)"]),
    ("str2fn", &["(x: y: x + y)", "(x: y: \"${y}-${x}\")", "(x: y: y)"]),
    ("anyfn", &["(x: x)", "(x: [ x ])", "(x: { inherit x; })", "(x: builtins.typeOf x)", "(x: null)"]),
    ("any2fn", &["(x: y: [ x y ])", "(x: y: { inherit x y; })", "(x: y: y)", "(x: y: x)"]),
    (
        "anypred",
        &["(x: builtins.isInt x)", "(x: builtins.isAttrs x)", "(x: x == null)", "(x: true)", "(x: false)"],
    ),
    ("indexfn", &["(i: x: [ i x ])", "(i: x: i)", "(i: x: x)"]),
    ("indexstrfn", &["(i: x: \"${toString i}:${x}\")", "(i: x: x)"]),
    ("kvfn", &["(n: v: [ n v ])", "(n: v: v)", "(n: v: n)", "(n: v: { inherit n v; })"]),
    ("kvstrfn", &["(n: v: \"${n}=${builtins.toJSON v}\")", "(n: v: n)"]),
    ("kvpred", &["(n: v: n == \"a\")", "(n: v: builtins.isInt v)", "(n: v: true)", "(n: v: n != \"foo\")"]),
    (
        "pairfn",
        &[
            "(n: v: { name = n + \"-x\"; value = v; })",
            "(n: v: { name = \"same\"; value = n; })",
            "(n: v: { name = n; value = [ v ]; })",
        ],
    ),
    ("setfn", &["(n: v: { ${n} = v; })", "(n: v: { ${n + \"2\"} = 1; same = n; })", "(n: v: { })"]),
    ("foldfn", &["(sum: n: v: sum ++ [ n v ])", "(sum: n: v: sum)", "(sum: n: v: [ n ] ++ sum)"]),
    ("pathfn", &["(path: v: path ++ [ v ])", "(path: v: builtins.concatStringsSep \".\" path)"]),
    ("pathpred", &["(path: v: builtins.length path < 2)", "(path: v: true)", "(path: v: !(v ? a))"]),
    (
        "overlay",
        &[
            "(final: prev: { a = 7; })",
            "(final: prev: { b = prev.a or 0; })",
            "(final: prev: { c = final.a or 1; })",
        ],
    ),
    ("setmaker", &["(self: { a = 1; b = self.a; })", "(self: { a = 2; x.y = 3; })", "(self: { })"]),
    (
        "formals",
        &[
            "({ a, b ? 1 }: a)",
            "({ a ? 2, ... }: a)",
            "({ }: 3)",
            "(x: 4)",
            "({ a, foo ? a, ... }@args: args)",
        ],
    ),
    (
        "type",
        &[
            "lib.types.int",
            "lib.types.str",
            "lib.types.bool",
            "lib.types.port",
            "lib.types.path",
            "(lib.types.listOf lib.types.str)",
            "(lib.types.nullOr lib.types.int)",
            "lib.types.ints.positive",
            "(lib.types.attrsOf lib.types.int)",
            "(lib.types.enum [ \"a\" \"b\" ])",
            "lib.types.attrs",
            "(lib.types.either lib.types.int lib.types.str)",
            "lib.types.lines",
            "lib.types.anything",
            "(lib.types.nonEmptyListOf lib.types.int)",
            "lib.types.number",
            "lib.types.nonEmptyStr",
            "(lib.types.ints.between 1 5)",
            "(lib.types.uniq lib.types.str)",
            "(lib.types.functionTo lib.types.int)",
        ],
    ),
    (
        "package",
        &[
            "{ type = \"derivation\"; name = \"foo-1.2\"; outPath = \"/nix/store/x-foo-1.2\"; }",
            "{ type = \"derivation\"; name = \"bar-2\"; outPath = \"/o\"; bin = \"/b\"; lib = \"/l\"; dev = \"/d\"; man = \"/m\"; meta.mainProgram = \"baz\"; }",
            "{ type = \"derivation\"; pname = \"qux\"; version = \"3.1\"; name = \"qux-3.1\"; outPath = \"/q\"; out = \"/qo\"; meta = { priority = 3; platforms = [ \"x86_64-linux\" ]; }; }",
            "{ type = \"derivation\"; name = \"s-1\"; outPath = \"/s\"; outputSpecified = true; bin = \"/sb\"; static = \"/ss\"; include = \"/si\"; }",
        ],
    ),
    (
        "system",
        &[
            "{ system = \"x86_64-linux\"; parsed.kernel.name = \"linux\"; }",
            "{ system = \"aarch64-darwin\"; parsed.kernel.name = \"darwin\"; }",
        ],
    ),
    (
        "subpath",
        &[
            "\"a\"",
            "\"./a/b\"",
            "\"a//b/./c\"",
            "\".\"",
            "\"./.\"",
            "\"a/b/\"",
            "\"..a/b\"",
            "\"foo/bar/baz\"",
        ],
    ),
    (
        "anysubpath",
        &["\"a\"", "\"./a/b\"", "\"../x\"", "\"\"", "\"/a\"", "\"a/..\"", "\"./.\"", "1", "\"a/b/../c\""],
    ),
    (
        "abspath",
        &[
            "/.",
            "/a",
            "/a/b",
            "/a/b/c",
            "/foo/bar",
            "/a/x",
            "/nix/store/00000000000000000000000000000000-x/y",
            "/nix/store",
        ],
    ),
    (
        "pathlike",
        &[
            "/a/b",
            "\"/a\"",
            "\"a/b\"",
            "\"\"",
            "\"/nix/store/00000000000000000000000000000000-x\"",
            "1",
            "{ outPath = \"/x\"; }",
            "{ }",
            "[ ]",
            "\"/nix/store/.links/x\"",
            "\"/nix/store/00000000000000000000000000000000-x/bin/y\"",
        ],
    ),
    ("posixname", &["\"a\"", "\"FOO_1\"", "\"_x\"", "\"PATH\""]),
    ("anyposixname", &["\"a\"", "\"FOO_1\"", "\"_x\"", "\"1a\"", "\"a-b\"", "\"\"", "\"é\""]),
    ("hex", &["\"ff\"", "\"0xFF\"", "\"0\"", "\"10\"", "\"7fffffffffffffff\"", "\"0xdeadBEEF\"", "\"00a\""]),
    (
        "inttext",
        &[
            "\"1\"",
            "\" 42 \"",
            "\"-7\"",
            "\"0\"",
            "\"123456\"",
            "\"-0\"",
            "\"\\t8\\n\"",
            "\"007\"",
            "\"1x\"",
            "\"\"",
            "\"1 2\"",
            "\"99\"",
            "\"5\"",
            "\"31\"",
        ],
    ),
    (
        "decimaltext",
        &[
            "\"1\"",
            "\" 042 \"",
            "\"-7\"",
            "\"000\"",
            "\"00123\"",
            "\"0\"",
            "\"10\"",
            "\" 7\"",
            "\"0-5\"",
            "\"1x\"",
            "\"99 \"",
        ],
    ),
    ("url", &["\"https://a.b/c/foo-1.2.tar.gz\"", "\"foo-1.tar\"", "\"http://x/y/bar_2.zip\"", "\"a/b-c\""]),
    (
        "drvname",
        &[
            "\"hello-2.10\"",
            "\"foo\"",
            "\"foo-bar-1.2-rc\"",
            "\"a-1-b\"",
            "\"python3.11-requests-2.31\"",
            "\"\"",
        ],
    ),
    ("cmaketype", &["\"bool\"", "\"STRING\"", "\"path\"", "\"FilePath\"", "\"list\""]),
    ("separator", &["\",\"", "\".\"", "\" \"", "\"-\"", "\"ab\"", "\"/\"", "\"+\"", "\"\""]),
    ("floatlike", &["1.5", "2", "0.25", "7.0", "(-1.5)", "(-2)", "100.99"]),
    (
        "regex",
        &[
            "\"a\"",
            "\"[a-z]+\"",
            "\"(.*)\\\\.(.*)\"",
            "\"([0-9]+)\"",
            "\"(a)|(b)\"",
            "\".*\"",
            "\"[^ ]* (.*)\"",
        ],
    ),
    ("jsonfile", &["/a.json", "/b.json"]),
    ("tomlfile", &["/a.toml", "/b.toml"]),
    ("textfile", &["/text", "/line", "/a.json"]),
    ("entry", &["", "/below", "/text", "/below/two", "/below/one.nix"]),
    ("folder", &["", "/below", "/below/two", "/below/three"]),
];

impl Arguments {
    pub(crate) fn new(function: &str, files: &Path) -> Self {
        let seed = function.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { state: seed | 1, files: files.to_owned() }
    }

    /// The call with each `$kind` replaced by an argument.
    pub(crate) fn fill(&mut self, call: &str) -> String {
        let mut result = String::new();
        let mut rest = call;
        while let Some(at) = rest.find('$') {
            result.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            // `${` of Nix stays.
            if end == 0 {
                result.push('$');
                continue;
            }
            result.push_str(&self.argument(&rest[..end]));
            rest = &rest[end..];
        }
        result + rest
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % bound
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    fn list(&mut self, most: usize, mut element: impl FnMut(&mut Self) -> String) -> String {
        let count = self.below(most + 1);
        let elements: Vec<String> = (0..count).map(|_| element(self)).collect();
        format!("[ {} ]", elements.join(" "))
    }

    fn set(&mut self, most: usize, mut value: impl FnMut(&mut Self) -> String) -> String {
        let first = self.below(NAMES.len());
        let count = self.below(most + 1);
        let bindings: Vec<String> = (0..count)
            .map(|index| format!("{} = {};", NAMES[(first + index * 3) % NAMES.len()], value(self)))
            .collect();
        format!("{{ {} }}", bindings.join(" "))
    }

    fn atom(&mut self) -> String {
        match self.below(8) {
            0 => "null".to_owned(),
            1 => "true".to_owned(),
            2 => "false".to_owned(),
            3 | 4 => self.argument("int"),
            5 => "1.5".to_owned(),
            _ => self.argument("str"),
        }
    }

    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 2 } else { 4 }) {
            0 | 1 => self.atom(),
            2 => self.list(3, |arguments| arguments.value(depth - 1)),
            _ => self.set(3, |arguments| arguments.value(depth - 1)),
        }
    }

    fn argument(&mut self, kind: &str) -> String {
        if let Some((_, texts)) = CHOICES.iter().find(|(name, _)| *name == kind) {
            let text = self.one(texts).to_owned();
            return match kind {
                "jsonfile" | "tomlfile" | "textfile" | "entry" | "folder" => {
                    format!("{}{text}", self.files.display())
                }
                _ => text,
            };
        }
        match kind {
            "int" => match self.below(12) {
                0 => "(-3)".to_owned(),
                1 => "1000".to_owned(),
                _ => self.below(10).to_string(),
            },
            "nat" => self.below(6).to_string(),
            "big" => (self.below(1 << 30)).to_string(),
            "count" => (1 + self.below(4)).to_string(),
            "base" => (2 + self.below(15)).to_string(),
            "str" => format!("\"{}\"", self.one(WORDS)).replace('$', "\\$"),
            "fullstr" => format!("\"{}\"", self.one(&WORDS[1..])).replace('$', "\\$"),
            "char" => {
                let c = self.one(&["a", "b", "z", "Q", "0", " ", ".", "/", "-", "~"]);
                format!("\"{c}\"")
            }
            "name" => format!("\"{}\"", self.one(NAMES)),
            "version" => format!("\"{}\"", self.one(VERSIONS)),
            "atom" => self.atom(),
            "any" => self.value(3),
            "maybestr" => {
                if self.below(4) == 0 {
                    "null".to_owned()
                } else {
                    self.argument("str")
                }
            }
            "strs" => self.list(5, |arguments| arguments.argument("str")),
            "fullstrs" => format!("([ {} ] ++ {})", self.argument("str"), self.argument("strs")),
            "maybestrs" => self.list(5, |arguments| arguments.argument("maybestr")),
            "chars" => self.list(4, |arguments| arguments.argument("char")),
            "names" => self.list(4, |arguments| arguments.argument("name")),
            "versions" => self.list(4, |arguments| arguments.argument("version")),
            "ints" => self.list(6, |arguments| arguments.argument("int")),
            "fullints" => format!("([ {} ] ++ {})", self.argument("int"), self.argument("ints")),
            "bools" => self.list(4, |arguments| arguments.argument("bool")),
            "list" => self.list(5, Self::atom),
            "fulllist" => format!("([ {} ] ++ {})", self.atom(), self.argument("list")),
            "lists" => self.list(4, |arguments| arguments.argument("list")),
            "nested" => self.value(4).to_string(),
            "intlists" => self.list(3, |arguments| arguments.argument("ints")),
            "attrs" => self.set(4, Self::atom),
            "intattrs" => self.set(4, |arguments| arguments.argument("int")),
            "strattrs" => self.set(4, |arguments| arguments.argument("str")),
            "listattrs" => self.set(3, |arguments| arguments.argument("list")),
            "deep" => self.set(4, |arguments| arguments.value(3)),
            "sections" => self.set(3, |arguments| arguments.argument("iniattrs")),
            "iniattrs" => self.set(3, |arguments| match arguments.below(4) {
                0 => arguments.argument("int"),
                1 => arguments.argument("bool"),
                2 => "null".to_owned(),
                _ => arguments.argument("str"),
            }),
            "dupattrs" => self.set(3, |arguments| match arguments.below(2) {
                0 => arguments.argument("strs"),
                _ => arguments.argument("int"),
            }),
            "duplicates" => self.set(3, |arguments| arguments.argument("dupattrs")),
            "gitsections" => self.set(3, |arguments| {
                let inner = arguments.argument("dupattrs");
                match arguments.below(3) {
                    0 => format!("{{ sub = {inner}; }}"),
                    _ => inner,
                }
            }),
            "attrlist" => self.list(4, |arguments| arguments.argument("attrs")),
            "intattrlist" => self.list(4, |arguments| arguments.argument("intattrs")),
            "pairs" => self.list(4, |arguments| {
                format!("{{ name = {}; value = {}; }}", arguments.argument("name"), arguments.atom())
            }),
            "path" => self.list(3, |arguments| arguments.argument("name")),
            "fullpath" => format!("([ {} ] ++ {})", self.argument("name"), self.argument("path")),
            "packages" => self.list(3, |arguments| arguments.argument("package")),
            "defs" => {
                let count = 1 + self.below(3);
                let same = self.below(2) == 0;
                let first = self.atom();
                let defs: Vec<String> = (0..count)
                    .map(|_| {
                        let value = if same { first.clone() } else { self.atom() };
                        format!("{{ file = \"f\"; value = {value}; }}")
                    })
                    .collect();
                format!("[ {} ]", defs.join(" "))
            }
            "strdefs" => self
                .list(3, |arguments| format!("{{ file = \"f\"; value = {}; }}", arguments.argument("str"))),
            "listdefs" => self
                .list(3, |arguments| format!("{{ file = \"g\"; value = {}; }}", arguments.argument("list"))),
            "attrdefs" => self
                .list(3, |arguments| format!("{{ file = \"g\"; value = {}; }}", arguments.argument("attrs"))),
            "booldefs" => self
                .list(3, |arguments| format!("{{ file = \"g\"; value = {}; }}", arguments.argument("bool"))),
            "tests" => {
                let names = ["testA", "testB", "other"];
                let tests: Vec<String> = names
                    .iter()
                    .map(|name| {
                        format!("{name} = {{ expr = {}; expected = {}; }};", self.below(3), self.below(3))
                    })
                    .collect();
                format!("{{ {} }}", tests.join(" "))
            }
            "typevalue" => match self.below(14) {
                0 => "[ ]".to_owned(),
                1 => "{ }".to_owned(),
                2 => "/a/b".to_owned(),
                3 => "[ 1 2 ]".to_owned(),
                4 => "[ \"a\" ]".to_owned(),
                5 => "{ a = 1; }".to_owned(),
                6 => "(x: 1)".to_owned(),
                7 => "80".to_owned(),
                8 => "70000".to_owned(),
                9 => "\"/abs\"".to_owned(),
                10 => "\"a\\n\"".to_owned(),
                _ => self.atom(),
            },
            other => panic!("no kind of argument is called {other}"),
        }
    }
}
