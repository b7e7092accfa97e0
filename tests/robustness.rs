//! What hostile input must not do: crash, hang, fill the machine, or get to a terminal raw.
//!
//! Bounds on time and memory are generous; they tell an end from none, and are no measure of speed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nixlint::report::Format;
use tempfile::TempDir;

use survival::{Files, all_rules, fixed, run};

/// What the fuzz targets call, too.
mod survival;

/// A file with one finding, which has a safe fix.
const UNUSED: &str = "{\n  # nixlint: ignore[syntax-error] no longer needed\n  a = 1;\n}\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Nix files of an example.
fn example(name: &str) -> Files {
    let folder = root().join("examples").join(name);
    let mut files = Files::new();
    for entry in walkdir::WalkDir::new(&folder).sort_by_file_name() {
        let path = entry.expect("the example can be listed").into_path();
        if path.extension().is_some_and(|extension| extension == "nix") {
            let name = path.strip_prefix(&folder).expect("it is below").to_str().expect("it is UTF-8");
            files.push((name.to_owned(), fs::read_to_string(&path).expect("it can be read")));
        }
    }
    files
}

/// The Nix blocks in the cases of all rules.
fn cases() -> Vec<String> {
    let mut cases = Vec::new();
    for entry in walkdir::WalkDir::new(root().join("src/rules")).sort_by_file_name() {
        let path = entry.expect("the folder of the rules can be read").into_path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let markdown = fs::read_to_string(&path).expect("the cases can be read");
        let blocks = markdown.split("```nix").skip(1).filter_map(|block| block.split("\n```").next());
        cases.extend(blocks.filter_map(|block| Some(block.split_once('\n')?.1.to_owned())));
    }
    cases
}

#[test]
fn examples_may_end_anywhere() {
    let rules = all_rules();
    let whole = example("homelab");
    for (index, (name, text)) in whole.iter().enumerate() {
        let mut with_rest = whole.clone();
        for (step, (at, _)) in text.char_indices().step_by(7).enumerate() {
            let cut = &text[..at];
            let ran = run(&[(name.clone(), cut.to_owned())], &rules, &[]);
            ran.unwrap_or_else(|error| panic!("{name} cut at {at}: {error}"));
            // Most of what is cut cannot be read, which is the same to the other files.
            if step % 25 == 0 {
                with_rest[index].1 = cut.to_owned();
                let ran = run(&with_rest, &rules, &[Format::Full]);
                ran.unwrap_or_else(|error| panic!("{name} cut at {at}, with the rest: {error}"));
            }
        }
    }
}

#[test]
fn lines_of_an_example_may_be_missing() {
    let rules = all_rules();
    let whole = example("homelab");
    for (index, (name, text)) in whole.iter().enumerate() {
        let lines: Vec<&str> = text.lines().collect();
        for missing in (0..lines.len()).step_by(9) {
            let mut files = whole.clone();
            files[index].1 = [&lines[..missing], &lines[missing + 1..]].concat().join("\n");
            let ran = run(&files, &rules, &[]);
            ran.unwrap_or_else(|error| panic!("{name} without line {}: {error}", missing + 1));
        }
    }
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn piece(&mut self) -> &'static str {
        PIECES[self.below(PIECES.len())]
    }
}

/// Pieces that make parsers stumble.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "''",
    "\"",
    "${",
    "}",
    ";",
    ":",
    "@",
    "?",
    "...",
    "=",
    ".",
    ",",
    "//",
    "++",
    "->",
    "let",
    "in",
    "rec",
    "with",
    "inherit",
    "if",
    "then",
    "else",
    "assert",
    "or",
    "null",
    "\\",
    "$",
    "''$",
    "'''",
    "''\\",
    "/*",
    "*/",
    "#",
    "\n",
    "\r",
    "\t",
    "\0",
    "\u{feff}",
    "\u{a0}",
    "\u{2028}",
    "é",
    "日本",
    "🦀",
    "\u{1b}[2J",
    "<a>",
    "./.",
    "~/",
    "1.",
    ".5",
    "9999999999999999999",
    "-",
    "!",
    "lib.mkIf",
    "lib.mkMerge [",
    "config",
    "self",
    "# nixlint: ignore[",
    "# nixlint: ignore-file[syntax-error]",
    "systemd.services.a.script =",
];

/// Where something may be cut: at the start of a word or between other characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let end = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after;
    }
    tokens
}

fn mutated(text: &str, random: &mut Random) -> String {
    if random.below(4) == 0 {
        // As bytes, the way a broken disk does it; what is no text then is replaced as editors do.
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                _ => bytes.insert(at, random.next() as u8),
            }
        }
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut tokens = tokens(text);
    for _ in 0..=random.below(3) {
        let (a, b) = (random.below(tokens.len()), random.below(tokens.len()));
        match random.below(5) {
            0 if !tokens.is_empty() => drop(tokens.remove(a)),
            1 if !tokens.is_empty() => tokens.insert(b, tokens[a]),
            2 if !tokens.is_empty() => tokens.swap(a, b),
            3 => {
                let range = a.min(b)..a.max(b).min(a.min(b) + 20);
                tokens.splice(range, []);
            }
            _ => tokens.insert(a, random.piece()),
        }
    }
    tokens.concat()
}

#[test]
fn mutated_cases_do_no_harm() {
    let rules = all_rules();
    let cases = cases();
    assert!(cases.len() > 100);
    let mut random = Random(0x6e69_786c_696e_7401);
    let mut found = 0;
    for case in &cases {
        for _ in 0..6 {
            let text = mutated(case, &mut random);
            let files = [("a.nix".to_owned(), text)];
            let ran = run(&files, &rules, &Format::ALL);
            found += ran.unwrap_or_else(|error| panic!("{error}\n{}", files[0].1));
            fixed(&files, &rules).unwrap_or_else(|error| panic!("{error}\n{}", files[0].1));
        }
    }
    assert!(found > cases.len());
}

#[test]
fn mutated_examples_do_no_harm() {
    let rules = all_rules();
    let mut random = Random(0x6e69_786c_696e_7402);
    for name in ["homelab", "clean"] {
        let whole = example(name);
        for _ in 0..60 {
            let mut files = whole.clone();
            // Most files stay as they are, so that there are hosts to look at.
            for _ in 0..=random.below(2) {
                let index = random.below(files.len());
                files[index].1 = mutated(&files[index].1, &mut random);
            }
            let ran = run(&files, &rules, &Format::ALL);
            ran.unwrap_or_else(|error| panic!("{error}\n{files:#?}"));
        }
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let rules = all_rules();
    let mut random = Random(0x6e69_786c_696e_7403);
    for _ in 0..300 {
        let bytes: Vec<u8> = (0..random.below(400)).map(|_| random.next() as u8).collect();
        let text: String = (0..random.below(60)).map(|_| random.piece()).collect();
        for text in [String::from_utf8_lossy(&bytes).into_owned(), text] {
            let files = [("a.nix".to_owned(), text)];
            let ran = run(&files, &rules, &Format::ALL);
            ran.unwrap_or_else(|error| panic!("{error}\n{:?}", files[0].1));
        }
    }
}

/// A folder to run in.
struct Place {
    folder: TempDir,
}

/// What a run left.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Path, line, column and rule of every finding.
    fn findings(&self) -> Vec<(String, u64, u64, String)> {
        let text = |value: &serde_json::Value| value.as_str().expect("it is a text").to_owned();
        let mut findings = Vec::new();
        for file in self.json().as_array().expect("it is a list") {
            for found in file["diagnostics"].as_array().expect("it is a list") {
                let start = &found["range"]["start"];
                let number = |name: &str| start[name].as_u64().expect("it is a number");
                findings.push((
                    text(&file["path"]),
                    number("line"),
                    number("character"),
                    text(&found["code"]),
                ));
            }
        }
        findings
    }
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self { folder: tempfile::tempdir().expect("there is a place for temporary files") };
        for (name, text) in files {
            place.write(name, text.as_bytes());
        }
        place
    }

    /// A copy of one of the examples.
    fn example(name: &str) -> Self {
        let place = Self::new(&[]);
        let from = root().join("examples").join(name);
        for entry in walkdir::WalkDir::new(&from) {
            let entry = entry.expect("the example can be listed");
            if entry.file_type().is_file() {
                let below = entry.path().strip_prefix(&from).expect("it is below");
                let bytes = fs::read(entry.path()).expect("it can be read");
                place.write(below.to_str().expect("it is UTF-8"), &bytes);
            }
        }
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("files have folders")).expect("folders can be made");
        fs::write(path, bytes).expect("files can be written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("the file is there")
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.ran(Command::new(env!("CARGO_BIN_EXE_nixlint")).args(args))
    }

    /// With bounds that the system keeps: processor time in seconds, and address space in KiB, of which
    /// stacks and what the allocator sets aside take more than 1 GiB. A run that exceeds them is ended by a
    /// signal.
    #[cfg(unix)]
    fn run_bounded(&self, seconds: u32, memory: u32, args: &[&str]) -> Ran {
        let mut shell = Command::new("/bin/sh");
        let script = format!("ulimit -t {seconds}; ulimit -v {memory}; exec \"$0\" \"$@\"");
        self.ran(shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_nixlint")).args(args))
    }

    fn ran(&self, command: &mut Command) -> Ran {
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        let output = command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let Some(code) = output.status.code() else { panic!("{}: {stderr}", output.status) };
        Ran { code, stdout, stderr }
    }
}

/// Constructs that nest or chain: what comes before, what repeats, what is innermost, what closes, and
/// what comes last.
const CONSTRUCTS: &[(&str, &str, &str, &str, &str)] = &[
    ("", "1+", "1", "", ""),
    ("", "1 - ", "1", "", ""),
    ("", "a && ", "a", "", ""),
    ("", "a -> ", "a", "", ""),
    ("", "a // ", "a", "", ""),
    ("", "[] ++ ", "[]", "", ""),
    ("", "a == ", "a", "", ""),
    ("", "f ", "f", "", ""),
    ("a", ".b", "", "", ""),
    ("{ a", ".b", " = 1; }", "", ""),
    ("a", " ? b", "", "", ""),
    ("", "a or ", "a", "", ""),
    ("", "!", "a", "", ""),
    ("", "- ", "a", "", ""),
    ("", "[", "", "]", ""),
    ("", "(", "1", ")", ""),
    ("", "{a=", "1", ";}", ""),
    ("", "{a=[", "", "];}", ""),
    ("", "{${", "a", "}=1;}", ""),
    ("", "{a?", "1", "}:1", ""),
    ("", "{inherit(", "a", ");}", ""),
    ("", "\"${", "a", "}\"", ""),
    ("", "''${", "a", "}''", ""),
    ("", "f(", "x", ")", ""),
    ("", "a: ", "a", "", ""),
    ("", "with {}; ", "1", "", ""),
    ("", "assert a; ", "1", "", ""),
    ("", "let a = 1; in ", "a", "", ""),
    ("", "let a = ", "1", "; in a", ""),
    ("", "if a then 1 else ", "1", "", ""),
    ("", "if ", "a", " then 1 else 1", ""),
    ("", ") ", "", "", ""),
    ("{ ", "; ", "", "", "}"),
    ("[ ", "a, ", "", "", "]"),
];

#[cfg(unix)]
#[test]
fn absurd_nesting_ends_in_one_finding() {
    let text = |(before, repeated, inner, close, last): &(&str, &str, &str, &str, &str)| {
        format!("{before}{}{inner}{}{last}\n", repeated.repeat(100_000), close.repeat(100_000))
    };
    for construct in CONSTRUCTS {
        // The other file shows that the run goes on.
        let place = Place::new(&[("a.nix", &text(construct)), ("b.nix", UNUSED)]);
        let ran = place.run_bounded(2, 4 << 20, &["check", "-o", "json", "--threads", "2"]);
        let rules: Vec<String> = ran.findings().into_iter().map(|found| found.3).collect();
        let [first, rest @ ..] = rules.as_slice() else { panic!("{construct:?}: {ran:?}") };
        assert!(["file-too-complex", "syntax-error"].contains(&first.as_str()), "{construct:?}: {rules:?}");
        assert_eq!(rest, ["unused-suppression"], "{construct:?}");
    }
}

#[test]
fn large_files_are_read_up_to_a_limit() {
    let flat = |bytes: usize| {
        let mut text = String::from("{\n");
        for number in 0.. {
            if text.len() > bytes {
                break;
            }
            text.push_str(&format!(
                "  attribute-{number} = [ {number} \"some text that fills the file\" ./path ];\n"
            ));
        }
        text + &UNUSED[2..]
    };
    let place = Place::new(&[("large.nix", &flat(20_000_000)), ("small.nix", UNUSED), ("path", "")]);
    let huge = fs::File::create(place.folder.path().join("huge.nix")).expect("files can be made");
    huge.set_len(100_000_000).expect("files can be sparse");
    let found = place.run(&["check", "-o", "json"]).findings();
    let found: Vec<(&str, &str)> = found.iter().map(|found| (found.0.as_str(), found.3.as_str())).collect();
    let expected = [
        ("huge.nix", "file-too-large"),
        ("large.nix", "unused-suppression"),
        ("small.nix", "unused-suppression"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_line_of_a_megabyte_is_shown_in_part() {
    let filler = "a".repeat(500_000);
    let before = format!("{{ x = \"{filler}\"; y = [ 1, 2 ]; z = \"{filler}\"; }}\n");
    let place = Place::new(&[("a.nix", &before)]);
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("y = [ 1, 2 ]"), "{}", &ran.stdout[..ran.stdout.len().min(2_000)]);
    assert!(ran.stdout.len() < 20_000, "{} bytes", ran.stdout.len());
}

#[test]
fn a_byte_order_mark_is_an_error_that_can_be_fixed() {
    let text = "\u{feff}{ a = 1;\r\n  # nixlint: ignore[syntax-error] \u{e9}\r\n  b = \"\u{feff}\"; }\r\n";
    let place = Place::new(&[("a.nix", text)]);
    let ran = place.run(&["check", "-o", "json"]);
    let found: Vec<(u64, u64, String)> =
        ran.findings().into_iter().map(|found| (found.1, found.2, found.3)).collect();
    assert!(found.contains(&(0, 0, "byte-order-mark".to_owned())), "{found:?}");
    assert_eq!(ran.json()[0]["diagnostics"][0]["severity"], 1);
    assert_eq!(place.run(&["fix", "--select", "byte-order-mark"]).code, 0);
    assert_eq!(place.read("a.nix"), text.strip_prefix('\u{feff}').expect("there is a mark"));

    // Columns are those of the text with the mark, which is what editors see.
    place.write("a.nix", "\u{feff}{ a = ; }".as_bytes());
    let concise = place.run(&["check", "-o", "concise", "-q"]).stdout;
    let [mark, error] = concise.lines().collect::<Vec<_>>()[..] else { panic!("{concise}") };
    assert!(mark.starts_with("a.nix:1:1: error[byte-order-mark]"), "{mark}");
    assert!(error.starts_with("a.nix:1:6: error[syntax-error]"), "{error}");
    let found = place.run(&["check", "-o", "json"]).findings();
    assert!(found.contains(&("a.nix".to_owned(), 0, 5, "syntax-error".to_owned())), "{found:?}");
}

#[test]
fn a_carriage_return_alone_ends_a_comment() {
    let place = Place::new(&[("a.nix", "# a comment\r{ a = 1 }\n")]);
    let rules: Vec<String> =
        place.run(&["check", "-o", "json"]).findings().into_iter().map(|found| found.3).collect();
    assert_eq!(rules, ["syntax-error"]);
    place.write("a.nix", b"# a comment {\r{ a = 1; }\n");
    assert_eq!(place.run(&["check", "-o", "json"]).findings(), []);
}

#[cfg(unix)]
#[test]
fn folders_and_links_are_not_taken_for_files() {
    use std::os::unix::fs::symlink;

    let place =
        Place::new(&[("x.nix/y.nix", UNUSED), ("x.nix/default.nix", "{ }"), ("a.nix", "import ./x.nix")]);
    let link = |to: &str, name: &str| symlink(to, place.folder.path().join(name)).expect("links can be made");
    link("..", "x.nix/up");
    link("loop.nix", "loop.nix");
    link("two.nix", "one.nix");
    link("one.nix", "two.nix");
    let ran = place.run(&["check", "-o", "json"]);
    let paths: Vec<String> = ran.findings().into_iter().map(|found| found.0).collect();
    assert_eq!(paths, ["x.nix/y.nix"], "{}", ran.stderr);
    let given = place.run(&["check", "-o", "json", "x.nix", "x.nix/up"]);
    assert_eq!(given.findings().len(), 1, "{}", given.stderr);
    let given = place.run(&["check", "-o", "json", "loop.nix", "x.nix"]);
    assert_eq!((given.code, given.findings().len()), (2, 1), "{}", given.stderr);
}

#[test]
fn what_is_no_text_fails_alone() {
    let place = Place::new(&[("good.nix", UNUSED)]);
    place.write("nul.nix", b"{ a = 1;\0 }");
    place.write("latin.nix", b"{ a = \"\xe9\"; }");
    let ran = place.run(&["check", "-o", "json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`latin.nix` is not UTF-8"), "{}", ran.stderr);
    let found = ran.findings();
    let found: Vec<(&str, &str)> = found.iter().map(|found| (found.0.as_str(), found.3.as_str())).collect();
    assert_eq!(found, [("good.nix", "unused-suppression"), ("nul.nix", "syntax-error")]);
}

// Other systems take no names that are no text.
#[cfg(target_os = "linux")]
#[test]
fn names_do_not_control_the_terminal() {
    use std::os::unix::ffi::OsStrExt as _;

    let name = "a\u{1b}]0;title\u{7}\n\r\u{9b}31m\u{202e}.nix";
    let place = Place::new(&[(name, "{ \u{1b}[2J a = ; }")]);
    // A name that is no text at all must not stop the run either.
    let raw = std::ffi::OsStr::from_bytes(b"b\xff\x1b[2J.nix");
    fs::write(place.folder.path().join(raw), UNUSED).expect("files can be written");
    for args in
        [&["check"][..], &["check", "-o", "concise"], &["check", "--diff"], &["check", "--statistics"]]
    {
        let ran = place.run(args);
        assert!(ran.code > 0, "{args:?}: {ran:?}");
        for text in [&ran.stdout, &ran.stderr] {
            let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(raw), "{args:?}: {text:?}");
        }
    }
    let paths: Vec<String> =
        place.run(&["check", "-o", "json"]).findings().into_iter().map(|found| found.0).collect();
    assert!(paths.iter().any(|path| path == name), "{paths:?}");
}

#[test]
fn threads_change_nothing() {
    let place = Place::example("homelab");
    let mutated_place = Place::example("homelab");
    let mut random = Random(0x6e69_786c_696e_7404);
    for (name, text) in example("homelab") {
        mutated_place.write(&name, mutated(&text, &mut random).as_bytes());
    }
    for place in [place, mutated_place] {
        let ran = |threads: &str| place.run(&["check", "-o", "json", "--threads", threads]);
        let one = ran("1");
        assert!(!one.findings().is_empty());
        assert_eq!(ran("8"), one);
    }
}

/// Whether Nix reads every file of the place; `None` without Nix.
fn nix_reads(place: &Place) -> Option<Result<(), String>> {
    for (name, _) in example("homelab") {
        let mut command = Command::new("nix-instantiate");
        command.args(["--parse"]).arg(place.folder.path().join(&name));
        for variable in ["NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR"] {
            command.env(variable, place.folder.path().join(".nix-state").join(variable));
        }
        let output = command.output().ok()?;
        if !output.status.success() {
            return Some(Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr))));
        }
    }
    Some(Ok(()))
}

fn assert_nix_reads(place: &Place) {
    match nix_reads(place) {
        Some(read) => assert_eq!(read, Ok(())),
        None => println!("skipped: nix-instantiate is not installed"),
    }
}

/// Diagnostics that have a fix which may be applied without asking.
fn with_safe_fix(ran: &Ran) -> usize {
    let json = ran.json();
    let files = json.as_array().expect("it is a list").iter();
    let found = files.flat_map(|file| file["diagnostics"].as_array().expect("it is a list"));
    let is_safe = |found: &&serde_json::Value| found["data"]["fixes"][0]["isPreferred"] == true;
    found.filter(is_safe).count()
}

#[test]
fn safe_fixes_of_the_example_settle() {
    let place = Place::example("homelab");
    let check = ["check", "-o", "json"];
    assert!(with_safe_fix(&place.run(&check)) > 0);
    let diff = place.run(&["check", "--diff"]);
    assert_eq!(diff.code, 1);
    place.write("fixes.patch", diff.stdout.as_bytes());
    let mut git = Command::new("git");
    git.args(["apply", "--check", "fixes.patch"]).current_dir(place.folder.path());
    match git.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => println!("skipped: there is no git"),
    }

    place.run(&["check", "--fix"]);
    assert_eq!(with_safe_fix(&place.run(&check)), 0);
    assert_nix_reads(&place);
    let texts: Vec<String> = example("homelab").iter().map(|(name, _)| place.read(name)).collect();
    place.run(&["check", "--fix"]);
    let again: Vec<String> = example("homelab").iter().map(|(name, _)| place.read(name)).collect();
    assert_eq!(texts, again);
}

#[test]
fn all_fixes_repair_the_example() {
    const REPAIRED: [&str; 5] = [
        "oci-cdi-missing-ordering",
        "mkdir-in-unit-script",
        "python-buildenv",
        "sops-nix-service-ref",
        "sqlite-url-missing-rwc",
    ];
    let place = Place::example("homelab");
    let left = || -> Vec<(String, u64, u64, String)> {
        let found = place.run(&["check", "-o", "json"]).findings().into_iter();
        found.filter(|found| REPAIRED.contains(&found.3.as_str())).collect()
    };
    let before = left();
    for rule in REPAIRED {
        assert!(before.iter().any(|found| found.3 == rule), "{rule} is not in the example");
    }
    place.run(&["check", "--fix", "--unsafe-fixes"]);
    assert_eq!(left(), []);
    assert_nix_reads(&place);
    let texts: Vec<String> = example("homelab").iter().map(|(name, _)| place.read(name)).collect();
    place.run(&["check", "--fix", "--unsafe-fixes"]);
    let again: Vec<String> = example("homelab").iter().map(|(name, _)| place.read(name)).collect();
    assert_eq!(texts, again);
}

#[test]
fn the_repaired_example_has_no_finding() {
    let ran = Place::example("clean").run(&["check", "-o", "json"]);
    assert_eq!((ran.code, ran.json()), (0, serde_json::json!([])), "{}", ran.stderr);
}

/// Values of `systemd.services` that never end, or that do not fit anywhere.
const ENDLESS: &[&str] = &[
    "let f = x: f x; in f 1",
    "(rec { a = b; b = a; }).a",
    "import ./one.nix",
    "let s = { __functor = s: s; }; in s 1",
    "let x = { a = x; serviceConfig = x; }; in x",
    "let x = { outPath = x; }; in { a.script = \"${x}\"; }",
    "{ a.script = \"${{ __toString = s: s; }}\"; }",
    "let x = [ x x ]; in { a.script = toString x; }",
    "let x = [ x x ]; in { a.script = builtins.toJSON x; }",
    "let x = [ x x ]; in { a.path = lib.flatten x; a.script = toString (lib.flatten x); }",
    "let x = [ x x ]; in builtins.deepSeq x { }",
    "let x = { a = x; }; y = { a = y; }; in if x == y then { } else { a = { }; }",
    "let x = [ x ]; y = [ y ]; in if x < y then { } else { a = { }; }",
    "let x = lib.mkMerge [ x x ]; in x",
    "let f = n: lib.mkMerge [ (f (n + 1)) (f (n + 2)) ]; in f 0",
    "builtins.foldl' (a: _: lib.mkMerge [ a ]) { } (lib.range 1 1000)",
    "{ a.script = toString (builtins.genList (x: x) 1000000000); }",
    "{ a.script = toString (lib.range (-9223372036854775807) 9223372036854775807); }",
    "{ a.script = toString (builtins.genList (x: x) 100000); }",
    "{ a.script = toString (builtins.concatLists (builtins.genList (_: MANY) 100000)); }",
    "{ a.script = builtins.foldl' (s: _: s + s) \"x\" (lib.range 1 40); }",
    "{ a.script = builtins.foldl' (s: _: \"${s}${s}\") \"${pkgs.hello}\" (lib.range 1 40); }",
    "{ a.script = toString (builtins.foldl' (s: _: s ++ s) [ 1 ] (lib.range 1 40)); }",
    "{ a.script = builtins.foldl' (s: _: builtins.replaceStrings [ \"x\" ] [ \"xx\" ] s) \"x\" (lib.range 1 40); }",
    "{ a.script = builtins.foldl' (s: _: builtins.concatStringsSep s [ s s s ]) \"x\" (lib.range 1 40); }",
    "{ a.script = builtins.foldl' (s: _: builtins.toJSON [ s s ]) \"x\" (lib.range 1 40); }",
    "{ a.script = \"${builtins.foldl' (s: _: s.b) pkgs MANY}\"; }",
    "{ a.script = \"${builtins.foldl' (s: _: builtins.foldl' (s: x: (s x).b) s MANY) pkgs MANY}\"; }",
    "{ a.path = builtins.foldl' (s: _: builtins.foldl' (s: _: [ s ]) s MANY) [ ] MANY; }",
    "{ a.script = toString (builtins.foldl' (s: _: [ s ]) [ ] MANY); }",
    "builtins.foldl' (s: x: s // { \"a${toString x}\" = { }; }) { } MANY",
    "builtins.listToAttrs (map (x: { name = toString x; value = { }; }) (lib.range 1 10000))",
    "lib.genAttrs (map toString (lib.range 1 2000)) (n: { script = \"mkdir -p /var/lib/${n}\"; })",
    "{ a.script = toString (lib.unique MANY); }",
    "{ a.script = toString (builtins.sort (a: b: a > b) MANY); }",
    "{ a.script = toString (map (builtins.elemAt MANY) MANY); }",
    "{ a.script = toString (builtins.genericClosure { startSet = [ { key = 0; } ]; operator = i: [ { key = i.key + 1; } ]; }); }",
    "let s = toString (map (_: \"mkdir -p /var/lib/x; \") MANY); in lib.genAttrs (map toString (lib.range 1 1000)) (n: { script = s; })",
    "{ a.script = builtins.foldl' (s: x: if config.\"a${toString x}\" then s + \"x\" else s) \"\" MANY; }",
    "{ a.enable = builtins.foldl' (s: x: (s || config.\"a${toString x}\") && config.b || !s) config.c MANY; }",
];

#[cfg(unix)]
#[test]
fn endless_programs_end() {
    for program in ENDLESS {
        let many = format!(
            "{{ config, lib, pkgs, ... }}:\nlet MANY = builtins.genList (x: x) 100000; in\n{{ systemd.services = {program}; }}\n"
        );
        let place = Place::new(&[
            (
                "flake.nix",
                "{ outputs = { nixpkgs, ... }: { nixosConfigurations.a = nixpkgs.lib.nixosSystem { modules = [ ./a.nix ./b.nix ]; }; }; }",
            ),
            ("a.nix", &many),
            ("b.nix", UNUSED),
            ("one.nix", "import ./two.nix"),
            ("two.nix", "import ./one.nix"),
        ]);
        let ran = place.run_bounded(20, 4 << 20, &["check", "-o", "json", "--threads", "2"]);
        let rules: Vec<String> = ran.findings().into_iter().map(|found| found.3).collect();
        assert!(rules.contains(&"unused-suppression".to_owned()), "{program}: {rules:?}");
        assert!(!rules.contains(&"internal-error".to_owned()), "{program}: {}", ran.stdout);
    }
}
