//! Questions that Nix itself answers. Every test prints `skipped: …` where `nix-instantiate` is missing.

mod nix;

use std::process::{Command, Stdio};

use nixlint::cases::{self, Bench};
use nixlint::rules::RULES;
use nixlint::syntax::{self, AstNode, SyntaxNode, ast, edit};
use nixlint::text::{Edit, FileId, apply_edits};

/// `nix-instantiate` with its state in a folder of its own.
struct Nix {
    state: tempfile::TempDir,
}

impl Nix {
    fn find() -> Option<Self> {
        nix::is_installed().then(|| Self { state: tempfile::tempdir().expect("a temporary folder") })
    }

    /// What `nix-instantiate --parse` prints for `text`.
    fn parse(&self, text: &str) -> Result<String, String> {
        use std::io::Write;

        let mut child = Command::new("nix-instantiate")
            .args(["--parse", "-"])
            .env("NIX_STORE_DIR", self.state.path().join("store"))
            .env("NIX_STATE_DIR", self.state.path().join("state"))
            .env("HOME", "/homeless")
            .current_dir(self.state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nix-instantiate starts");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the text is read");
        let output = child.wait_with_output().expect("nix-instantiate ends");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Whether the grammar accepts `text`, whatever its names mean.
    fn accepts_grammar(&self, text: &str) -> bool {
        let scope =
            ["undefined variable", "already defined", "duplicate formal", "dynamic attributes not allowed"];
        match self.parse(text) {
            Ok(_) => true,
            Err(message) => scope.iter().any(|scope| message.contains(scope)),
        }
    }
}

#[test]
fn verdicts_are_those_of_nix() {
    let Some(nix) = Nix::find() else { return };
    for line in include_str!("data/parse-verdicts.tsv").lines() {
        let mut fields = line.splitn(3, '\t');
        let (Some(name), Some(verdict), Some(input)) = (fields.next(), fields.next(), fields.next()) else {
            panic!("three fields in {line:?}");
        };
        let input = unescape(input);
        assert_eq!(nix.accepts_grammar(&input), verdict == "ok", "{name}: {input:?}");
    }
}

/// The escapes of `tests/data/parse-verdicts.tsv`: `\\`, `\n`, `\r`, `\t` and `\u{…}`.
fn unescape(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        result.push_str(plain);
        let (c, len) = match escaped.as_bytes()[0] {
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'u' => {
                let end = escaped.find('}').expect("a closed escape");
                let code = u32::from_str_radix(&escaped[2..end], 16).expect("a number");
                (char::from_u32(code).expect("a character"), end + 1)
            }
            other => (char::from(other), 1),
        };
        result.push(c);
        rest = &escaped[len..];
    }
    result + rest
}

/// Where nixlint leaves parentheses out, Nix reads the same.
#[test]
fn parentheses_are_left_out_only_where_nix_reads_the_same() {
    let Some(nix) = Nix::find() else { return };
    let replacements = [
        "x: x",
        "let in a",
        "a -> b",
        "a || b",
        "a && b",
        "a == b",
        "a < b",
        "a // b",
        "!a",
        "a - b",
        "a + b",
        "a * b",
        "a ++ b",
        "a ? b",
        "-a",
        "a b",
        "a.b",
        "a.b or c",
        "a",
        "{ }",
        "1",
        "./a",
        "rec { }",
        "[ a ]",
        "\"a${b}\"",
        "a or b",
    ];
    let places = [
        "(H)",
        "[ H ]",
        "a H",
        "H a",
        "H.a",
        "H.a or b",
        "a.b or H",
        "H ? a",
        "-H",
        "!H",
        "H ++ a",
        "a ++ H",
        "H * a",
        "a * H",
        "H / a",
        "a / H",
        "H + a",
        "a + H",
        "H - a",
        "a - H",
        "H // a",
        "a // H",
        "H < a",
        "a < H",
        "H == a",
        "a == H",
        "H && a",
        "a && H",
        "H || a",
        "a || H",
        "H -> a",
        "a -> H",
        "{ k = H; }",
        "let k = H; in H",
        "x: H",
        "if H then H else H",
        "with H; H",
        "assert H; H",
        "{ k ? H }: k",
        "\"${H}\"",
        "a -> H -> b",
        "a + H + b",
        "a == H && b",
        "!H == a",
        "[ a H b ]",
        "a H b",
    ];
    let (mut bare, mut wrapped) = (String::new(), String::new());
    for place in places {
        for replacement in replacements {
            // One selection without parentheses and two with them: another tree of the same value.
            if (place, replacement) == ("H.a", "a.b") {
                continue;
            }
            bare.push_str(&format!("({})\n", replace_all(place, replacement)));
            wrapped.push_str(&format!("({})\n", place.replace('H', &format!("({replacement})"))));
        }
    }
    assert!(bare.len() < wrapped.len());
    let parsed = |list: &str| nix.parse(&format!("with {{ }}; [\n{list}]")).expect("Nix reads it");
    let (bare_tree, wrapped_tree) = (parsed(&bare), parsed(&wrapped));
    if bare_tree != wrapped_tree {
        for (bare, wrapped) in bare.lines().zip(wrapped.lines()) {
            assert_eq!(parsed(bare), parsed(wrapped), "{bare} and {wrapped}");
        }
    }
}

/// `place` with each name `H` replaced as a fix does it.
fn replace_all(place: &str, replacement: &str) -> String {
    let tree = syntax::parse(place).syntax();
    let is_hole = |node: &SyntaxNode| ast::Expr::can_cast(node.kind()) && node.text() == "H";
    let edits = tree.descendants().filter(is_hole).flat_map(|hole| edit::replace(&hole, replacement));
    let edits: Vec<Edit> = edits.map(|(range, text)| Edit { file: FileId(0), range, text }).collect();
    apply_edits(place, &edits).expect("the edits fit")
}

/// Rules that speak where Nix refuses a file that follows the grammar.
const REFUSALS: [&str; 6] = [
    "undefined-variable",
    "builtin-needs-prefix",
    "duplicate-attribute",
    "dynamic-attr-in-let",
    "dynamic-attr-in-inherit",
    "duplicate-formal",
];

/// Whether nixlint says that Nix refuses the text: any Nix, or one that does not merge sets inside sets.
fn is_refused(bench: &Bench, text: &str, merges_nested: bool) -> bool {
    if !syntax::parse(text).is_ok() {
        return true;
    }
    let workspace = cases::workspace(&[("module.nix".to_owned(), text.to_owned())]);
    let found = bench.run(&workspace).diagnostics;
    found.iter().any(|diagnostic| !merges_nested || diagnostic.variant != Some("nested"))
}

/// A text with one to three of its tokens deleted, doubled, exchanged, or replaced by another of its kind.
fn mutated(text: &str, random: &mut impl FnMut(usize) -> usize) -> String {
    let tokens = syntax::parse(text).syntax().descendants_with_tokens();
    let mut tokens: Vec<(syntax::SyntaxKind, String)> = tokens
        .filter_map(|element| element.into_token())
        .map(|token| (token.kind(), token.text().to_owned()))
        .collect();
    let is_word = |kind: syntax::SyntaxKind| {
        !matches!(kind, syntax::SyntaxKind::TOKEN_WHITESPACE | syntax::SyntaxKind::TOKEN_COMMENT)
    };
    for _ in 0..=random(3) {
        let words: Vec<usize> = (0..tokens.len()).filter(|at| is_word(tokens[*at].0)).collect();
        if words.is_empty() {
            break;
        }
        let at = words[random(words.len())];
        match random(4) {
            0 => tokens[at].1.clear(),
            1 => tokens.insert(at, (syntax::SyntaxKind::TOKEN_WHITESPACE, format!("{} ", tokens[at].1))),
            2 => {
                let other = words[random(words.len())];
                tokens.swap(at, other);
            }
            _ => {
                let alike: Vec<usize> =
                    words.iter().copied().filter(|other| tokens[*other].0 == tokens[at].0).collect();
                tokens[at].1 = tokens[alike[random(alike.len())]].1.clone();
            }
        }
    }
    tokens.into_iter().map(|(_, text)| text).collect()
}

/// Over the cases of the rules and mutations of them, nixlint says that Nix refuses a text exactly where Nix does.
#[test]
fn refusals_are_those_of_nix() {
    let Some(nix) = Nix::find() else { return };
    let entries = RULES.iter().filter(|entry| REFUSALS.contains(&entry.meta.name));
    let mut benches = entries.map(|entry| Bench::new(entry, None).expect("the rule needs no options"));
    let mut bench = benches.next().expect("there are rules");
    bench.rules.rules.extend(benches.flat_map(|bench| bench.rules.rules));
    assert_eq!(bench.rules.rules.len(), REFUSALS.len(), "every rule of the list exists");

    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut texts = Vec::new();
    for group in std::fs::read_dir(folder).expect("the folder can be read").filter_map(Result::ok) {
        for file in std::fs::read_dir(group.path()).into_iter().flatten().filter_map(Result::ok) {
            if file.path().extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text = std::fs::read_to_string(file.path()).expect("the cases can be read");
            let book = cases::Book::read(&text).expect("the cases are well formed");
            texts.extend(
                book.cases.iter().flat_map(|case| &case.sources).map(|block| cases::strip(&block.text)),
            );
        }
    }
    texts.retain(|text| text.len() < 600);
    texts.sort();

    let seed = std::env::var("NIXLINT_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u64);
    let count =
        std::env::var("NIXLINT_TEST_PROGRAMS").ok().and_then(|count| count.parse().ok()).unwrap_or(400_usize);
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below.max(1)
    };
    let merges_nested = nix.parse("{ a = { b = { c = 1; }; }; a = { b = { d = 1; }; }; }").is_ok();
    let (mut refused, mut tried, mut wrong) = (0, 0, Vec::new());
    while tried < count {
        let text = &texts[random(texts.len())];
        let text = if random(5) == 0 { text.clone() } else { mutated(text, &mut random) };
        // Operators and builtins that are newer than the Nix that may be installed, and bytes that differ by version.
        if ["|>", "<|", "break", "\0", "fetchTree", "__"].iter().any(|newer| text.contains(newer)) {
            continue;
        }
        tried += 1;
        let theirs = nix.parse(&text);
        let ours = is_refused(&bench, &text, merges_nested);
        refused += usize::from(theirs.is_err());
        if ours != theirs.is_err() {
            wrong.push(format!("nixlint refuses: {ours}; Nix: {:?}\n{text}", theirs.err()));
        }
    }
    println!("{tried} texts, {refused} of them refused by Nix, seed {seed}");
    assert!(refused * 10 > tried && refused * 10 < tried * 9, "{refused} of {tried} texts are refused");
    assert!(wrong.is_empty(), "{} of {tried} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}
