//! Questions that Nix itself answers. Every test prints `skipped: …` where `nix-instantiate` is missing.

use std::process::{Command, Stdio};

use nixlint::syntax::{self, AstNode, SyntaxNode, ast, edit};
use nixlint::text::{Edit, FileId, apply_edits};

/// `nix-instantiate` with its state in a folder of its own.
struct Nix {
    state: tempfile::TempDir,
}

impl Nix {
    fn find() -> Option<Self> {
        let version = Command::new("nix-instantiate").arg("--version").output();
        if !version.is_ok_and(|output| output.status.success()) {
            println!("skipped: nix-instantiate is not installed");
            return None;
        }
        Some(Self { state: tempfile::tempdir().expect("a temporary folder") })
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
