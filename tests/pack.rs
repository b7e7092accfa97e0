//! Rules that users declare: from `rule-dirs` to findings, and `nixlint rules test`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A folder with these files.
fn place(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
    folder
}

/// The exit code, stdout and stderr of nixlint in a folder.
fn nixlint(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nixlint"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("nixlint runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it speaks UTF-8");
    (output.status.code().expect("it ends by itself"), text(&output.stdout), text(&output.stderr))
}

/// A declaration with this part in place of `[match]` and what follows.
fn rule(name: &str, rest: &str) -> String {
    format!(
        "name = \"{name}\"\nsummary = \"a rule\"\ngroup = \"pedantic\"\nlevel = \"warning\"\n\
         docs = '''\n## What it does\nA.\n\n## Why is this bad?\nB.\n'''\n{rest}"
    )
}

const CONFIG: (&str, &str) = ("nixlint.toml", "rule-dirs = [\"lint\"]\n");
const REPORT: &str = "[report]\nmessage = \"found\"\nhere = \"here\"\n";

#[test]
fn the_manual_holds() {
    let manual = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rule-packs.md"));
    let manual = manual.expect("the manual can be read");
    let between = |start: &str, end: &str| {
        let (_, rest) = manual.split_once(start).expect("the manual has it");
        rest.split_once(end).expect("it ends").0.to_owned()
    };
    let declaration = between("`lint/no-telnet.toml`:\n\n```toml\n", "\n```\n");
    let cases = between("````markdown\n", "````\n");
    let folder = place(&[CONFIG, ("lint/no-telnet.toml", &declaration), ("lint/no-telnet.md", &cases)]);
    let shown = between("$ nixlint rules test lint\n", "```\n");
    assert_eq!(nixlint(folder.path(), &["rules", "test", "lint"]), (0, shown, String::new()));

    // Every other kind of match is read too.
    for part in manual.split("```toml\n[match]\n").skip(2) {
        let part = part.split_once("```").expect("blocks end").0;
        let folder = place(&[CONFIG, ("lint/a.toml", &rule("a", &format!("[match]\n{part}\n{REPORT}")))]);
        let (code, _, complaints) = nixlint(folder.path(), &["rules"]);
        assert_eq!((code, complaints.as_str()), (0, ""), "{part}");
    }
}

#[test]
fn declared_rules_are_rules_like_others() {
    let telnet = rule(
        "no-telnet",
        "[match]\noption = \"networking.firewall.allowedTCPPorts\"\nelement = { equals = 23 }\n\
         [report]\nmessage = \"port {value} is opened\"\nhere = \"telnet\"\n\
         [fix]\ntitle = \"close it\"\napplicability = \"unsafe\"\ndelete = true\n",
    );
    let flake = "{ inputs.nixpkgs.url = \"github:NixOS/nixpkgs\"; outputs = { nixpkgs, ... }: { nixosConfigurations.box = \
                 nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; }; }; }\n";
    let module = "let telnet = 23; in\n{ lib, ... }:\n{\n  networking.firewall.allowedTCPPorts = lib.mkIf true [ 22 telnet ];\n}\n";
    let folder =
        place(&[CONFIG, ("lint/no-telnet.toml", &telnet), ("flake.nix", flake), ("module.nix", module)]);
    let run = |args: &[&str]| nixlint(folder.path(), args);

    let (code, found, complaints) = run(&["check", "-o", "concise", "-q"]);
    assert_eq!((code, complaints.as_str()), (1, ""));
    assert_eq!(found, "module.nix:1:14: warning[no-telnet] port 23 is opened\n");
    let (code, found, _) = run(&["check", "-o", "concise", "-q", "--select", "no-telnet", "-D", "no-telnet"]);
    assert_eq!((code, found.as_str()), (1, "module.nix:1:14: error[no-telnet] port 23 is opened\n"));
    assert_eq!(run(&["check", "-q", "--ignore", "no-telnet"]).0, 0);
    let (code, page, _) = run(&["explain", "no-telnet"]);
    assert_eq!(code, 0);
    assert!(
        page.starts_with(
            "# no-telnet\n\nA rule.\n\npedantic · warning · on by default · sometimes fixable\n"
        ),
        "{page}"
    );
    assert!(run(&["rules"]).1.contains("no-telnet"));

    fs::write(
        folder.path().join("module.nix"),
        module.replace("let telnet", "# nixlint: ignore[no-telnet] wanted\nlet telnet"),
    )
    .expect("files can be written");
    assert_eq!(run(&["check", "-q"]), (0, String::new(), String::new()));

    let config = "rule-dirs = [\"lint\"]\n[rules]\nno-telnet = \"off\"\n";
    fs::write(folder.path().join("nixlint.toml"), config).expect("files can be written");
    fs::write(folder.path().join("module.nix"), module).expect("files can be written");
    assert_eq!(run(&["check", "-q"]), (0, String::new(), String::new()));
}

#[test]
fn pieces_of_nix_are_found_and_replaced() {
    let bool = "[match]\npattern = \"if $c then true else false\"\n[report]\nmessage = \"`{c}` alone will do\"\nhere = \"here\"\n\
                [fix]\ntitle = \"use it\"\napplicability = \"unsafe\"\nreplace = \"{c}\"\n";
    let url = "[match]\npattern = \"f $url\"\nwhere.url = { kind = \"string\", matches = \"^http:\" }\n[report]\nmessage = \"no TLS\"\nhere = \"here\"\n"
        .replace("no TLS", "plain HTTP");
    let call = format!("[match]\ncall = \"builtins.fetchGit\"\nargument = {{ kind = \"string\" }}\n{REPORT}");
    let import = format!("[match]\nimport = \"*/legacy/*\"\n{REPORT}");
    let text = "{ f, a, b, ... }:\n{\n  imports = [ ./legacy/x.nix ];\n  x = !(if a || b then true else false);\n  y = if a /* why */ then true else false;\n  \
                z = [ (f \"http://a\") (f \"https://a\") (f a) (fetchGit \"u\") (builtins.fetchGit { }) ];\n  q = let builtins = { fetchGit = x: x; }; in builtins.fetchGit \"u\";\n  p = ./legacy/y.nix;\n}\n";
    let folder = place(&[
        CONFIG,
        ("lint/bool.toml", &rule("bool", bool)),
        ("lint/url.toml", &rule("url", &url)),
        ("lint/call.toml", &rule("call", &call)),
        ("lint/deep/import.toml", &rule("import", &import)),
        ("x.nix", text),
    ]);
    let select = ["--select", "bool,url,call,import", "-q"];
    let (_, found, complaints) = nixlint(folder.path(), &[&["check", "-o", "concise"], &select[..]].concat());
    assert_eq!(complaints, "");
    assert_eq!(
        found,
        "x.nix:3:15: warning[import] found\n\
         x.nix:4:9: warning[bool] `a || b` alone will do\n\
         x.nix:5:7: warning[bool] `a` alone will do\n\
         x.nix:6:10: warning[url] plain HTTP\n\
         x.nix:6:47: warning[call] found\n"
    );
    let (_, _, _) = nixlint(folder.path(), &[&["check", "--fix", "--unsafe-fixes"], &select[..]].concat());
    let fixed = fs::read_to_string(folder.path().join("x.nix")).expect("it is there");
    assert!(fixed.contains("x = !(a || b);"), "{fixed}");
    assert!(fixed.contains("y = if a /* why */ then true else false;"), "a comment would be lost: {fixed}");
}

#[test]
fn mistakes_are_shown_at_their_places() {
    let declarations = [
        ("impossible", "[match]\noption = \"a.b\"\nvalue = { one-of = [1, 2], kind = \"string\" }\n"),
        ("nothing", "[match]\noption = \"a.b\"\nvalue = { one-of = [] }\n"),
        ("no-path", "[match]\noption = \"config.a..b\"\n"),
        ("everything", "[match]\npattern = \"$x\"\n"),
        ("no-nix", "[match]\npattern = \"f (\"\n"),
        ("no-hole", "[match]\npattern = \"f $x\"\nwhere.y = { kind = \"string\" }\n"),
        ("no-regex", "[match]\ncall = \"f\"\nargument = { matches = \"(\" }\n"),
        ("two-kinds", "[match]\ncall = \"f\"\nimport = \"*\"\n"),
        ("stranger", "[match]\ncall = \"f\"\nunless = [{ option = \"a.b\" }]\n"),
        ("no-kind", "[match]\noption = \"a.b\"\nvalue = { kind = \"text\" }\n"),
    ];
    let mut files: Vec<(String, String)> = declarations
        .iter()
        .map(|(name, part)| (format!("lint/{name}.toml"), rule(name, &format!("{part}{REPORT}"))))
        .collect();
    let words = "[match]\noption = \"a.b\"\n[report]\nmessage = \"Bad {name}.\"\nhere = \"here\"\n[fix]\ntitle = \"t\"\napplicability = \"sure\"\n";
    files.push(("lint/words.toml".to_owned(), rule("other-name", words)));
    files.push(("lint/zz-unknown.toml".to_owned(), "name = \"zz-unknown\"\nsevirity = 1\n".to_owned()));
    files.push((CONFIG.0.to_owned(), CONFIG.1.to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = place(&files);
    let (code, found, complaints) = nixlint(folder.path(), &["check"]);
    assert_eq!((code, found.as_str()), (2, ""));
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("declared_rules_with_mistakes", complaints);
    });
}

#[test]
fn folders_of_rules_that_cannot_count_are_mistakes() {
    let complaint = |files: &[(&str, &str)], args: &[&str]| {
        let (code, _, complaints) = nixlint(place(files).path(), args);
        assert_eq!(code, 2, "{complaints}");
        complaints
    };
    let missing = complaint(&[CONFIG, ("a.nix", "1")], &["check"]);
    assert!(missing.contains("`lint` is no folder"), "{missing}");
    let empty = complaint(&[CONFIG, ("lint/readme.md", ""), ("a.nix", "1")], &["check"]);
    assert!(empty.contains("`lint` holds no rule"), "{empty}");
    let wrong = complaint(&[("nixlint.toml", "rule-dirs = \"lint\"\n"), ("a.nix", "1")], &["check"]);
    assert!(wrong.contains("expected a list of folders"), "{wrong}");
    let taken = rule("import-cycle", &format!("[match]\ncall = \"f\"\n{REPORT}"));
    let taken = complaint(&[CONFIG, ("lint/import-cycle.toml", &taken), ("a.nix", "1")], &["check"]);
    assert!(taken.contains("there is a rule called `import-cycle` already"), "{taken}");
    let mine = rule("mine", &format!("[match]\ncall = \"f\"\n{REPORT}"));
    let nested = [
        ("sub/flake.nix", "{ outputs = _: { }; }"),
        ("sub/nixlint.toml", CONFIG.1),
        ("sub/lint/mine.toml", mine.as_str()),
        ("a.nix", "1"),
    ];
    let complaints = complaint(&nested, &["check"]);
    assert!(complaints.contains("`rule-dirs` of this file is not followed"), "{complaints}");
    assert_eq!(nixlint(place(&nested).path(), &["check", "sub", "-q"]).0, 0);
}

#[test]
fn cases_are_tried_and_rewritten() {
    let declaration = rule("mine", &format!("[match]\ncall = \"f\"\n{REPORT}"));
    let cases = "# mine\n\n## A call\n```nix\nx: f x\n```\n\n## None\n```nix\n1\n```\n";
    let folder = place(&[("lint/mine.toml", &declaration), ("lint/mine.md", cases)]);
    let (code, said, _) = nixlint(folder.path(), &["rules", "test", "lint"]);
    assert_eq!(code, 1);
    assert!(said.contains("mine: line 3, A call: `module.nix` should be (+)"), "{said}");
    let (code, said, _) = nixlint(folder.path(), &["rules", "test", "lint", "--update"]);
    assert_eq!((code, said.as_str()), (0, "mine: 2 cases hold\n"));
    let updated = fs::read_to_string(folder.path().join("lint/mine.md")).expect("it is there");
    assert_eq!(updated, cases.replace("x: f x\n", "x: f x\n#  ^^^ found\n"));

    let (code, _, complaints) = nixlint(folder.path(), &["rules", "test", "nowhere"]);
    assert_eq!(code, 2);
    assert!(complaints.contains("nowhere"), "{complaints}");
    fs::remove_file(folder.path().join("lint/mine.md")).expect("it is there");
    let (code, said, _) = nixlint(folder.path(), &["rules", "test", "lint"]);
    assert_eq!(code, 1);
    assert!(said.contains("mine: its cases in"), "{said}");
}
