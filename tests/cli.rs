//! The program as users run it: arguments, exit codes, streams, and what it does to files.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A file with one finding, which has a safe fix.
const UNUSED: &str = "{\n  # nixlint: ignore[syntax-error] no longer needed\n  a = 1;\n}\n";
/// The same without the finding.
const FIXED: &str = "{\n  a = 1;\n}\n";
/// A file that Nix cannot read.
const BROKEN: &str = "{ a = }\n";

/// A folder to run in.
struct Place {
    folder: TempDir,
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
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name), place.folder.path());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("files have folders")).expect("folders can be made");
        fs::write(path, bytes).expect("files can be written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file is there")
    }

    /// The program, in this folder and without anything from outside.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
        command.args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.ran(self.command(args).output().expect("the program starts"))
    }

    fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        child.stdin.take().expect("stdin is a pipe").write_all(input).expect("it reads its input");
        self.ran(child.wait_with_output().expect("the program ends"))
    }

    fn ran(&self, output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
        Ran {
            code: output.status.code().expect("no signal ends the program"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("files can be copied");
        }
    }
}

/// What a run left.
#[derive(Debug, PartialEq, Eq)]
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    /// Everything, with the time taken out.
    fn shown(&self) -> String {
        let mut shown = format!("exit code: {}\n", self.code);
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                shown.push_str(&format!("--- {name}\n{}\n", without_counts(text).trim_end()));
            }
        }
        shown
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("stdout is one JSON document")
    }
}

fn without_time(text: &str) -> String {
    let line = |line: &str| match line.rfind([',', '·']) {
        Some(at) if line.ends_with(" ms") || line.ends_with(" s") => {
            format!("{}\n", line[..at].trim_end())
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The same without how many rules there are, which changes with every new one.
fn without_counts(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(", ") {
        Some((before, count)) if count.ends_with(" rules") => format!("{before}, all rules\n"),
        _ => format!("{line}\n"),
    };
    without_time(text).lines().map(line).collect()
}

/// Compares with a file in `snapshots/`.
fn in_snapshots(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(check);
}

#[test]
fn alone_it_prints_help() {
    let place = Place::new(&[]);
    let help = place.run(&[]);
    assert_eq!(help, place.run(&["-h"]));
    in_snapshots(|| insta::assert_snapshot!("cli_help", help.shown()));
    in_snapshots(|| insta::assert_snapshot!("cli_help_check", place.run(&["check", "--help"]).shown()));
}

#[test]
fn the_version_is_one_line() {
    let version = Place::new(&[]).run(&["--version"]);
    assert_eq!(version.stdout, format!("nixlint {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!((version.code, version.stderr.as_str()), (0, ""));
}

#[test]
fn findings_go_to_stdout_and_the_rest_to_stderr() {
    let place = Place::new(&[("a.nix", UNUSED), ("sub/b.nix", FIXED)]);
    insta::assert_snapshot!(place.run(&["check", "-o", "concise"]).shown(), @"
    exit code: 1
    --- stdout
    a.nix:2:3: warning[unused-suppression] there is nothing to ignore from `syntax-error` [*]
    --- stderr
    Found 1 warning in 1 of 2 files
    [*] 1 fixable with --fix
    ");
    insta::assert_snapshot!(place.run(&["check", "sub"]).shown(), @"
    exit code: 0
    --- stderr
    All checks passed: 1 file, all rules
    ");
    insta::assert_snapshot!(place.run(&["check", "-q", "-o", "concise"]).shown(), @"
    exit code: 1
    --- stdout
    a.nix:2:3: warning[unused-suppression] there is nothing to ignore from `syntax-error` [*]
    ");
    in_snapshots(|| insta::assert_snapshot!("cli_check_full", place.run(&["check"]).shown()));
}

#[test]
fn the_exit_code_follows_the_levels() {
    let place = Place::new(&[("a.nix", UNUSED)]);
    let code = |args: &[&str]| {
        let args: Vec<&str> = ["check"].iter().chain(args).copied().collect();
        place.run(&args).code
    };
    assert_eq!(code(&[]), 1);
    assert_eq!(code(&["--fail-on", "error"]), 0);
    assert_eq!(code(&["--fail-on", "error", "-D", "unused-suppression"]), 1);
    assert_eq!(code(&["--fail-on=info"]), 1);
    assert_eq!(code(&["--exit-zero"]), 0);
    assert_eq!(code(&["-A", "unused-suppression"]), 0);
    assert_eq!(code(&["-A", "suspicious", "-W", "unused-suppression"]), 1);
    assert_eq!(code(&["-W", "unused-suppression", "-A", "suspicious"]), 0);
    assert_eq!(code(&["--ignore", "unused-suppression,services"]), 0);
    assert_eq!(code(&["--select", "services"]), 0);
    assert_eq!(code(&["--select", "unused-suppression"]), 1);
    assert_eq!(code(&["--exit-zero", "missing"]), 2);

    place.write("nixlint.toml", b"fail-on = 'error'");
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&["--fail-on", "warn"]), 1);
    assert_eq!(code(&["--isolated"]), 1);
    place.write("other.toml", b"rules.ALL = 'off'");
    assert_eq!(code(&["--config", "other.toml", "--fail-on", "info"]), 0);
}

#[test]
fn json_is_all_there_is_on_stdout() {
    let place = Place::new(&[("a.nix", UNUSED), ("b.nix", FIXED)]);
    place.write("c.nix", b"\xff");
    let ran = place.run(&["check", "--format", "json"]);
    assert_eq!(ran.json()[0]["path"], "a.nix");
    assert_eq!(ran.json()[0]["diagnostics"][0]["code"], "unused-suppression");
    insta::assert_snapshot!(ran.stderr, @"
    × `c.nix` is not UTF-8: wrong byte at offset 0
    help: store it as UTF-8; a file that is not meant to be Nix can go to `exclude` in nixlint.toml
    ");

    let clean = place.run(&["check", "-o", "json", "b.nix"]);
    assert_eq!((clean.stdout.trim(), clean.stderr.as_str(), clean.code), ("[]", "", 0));
}

#[test]
fn reports_go_to_files_too() {
    let place = Place::new(&[("a.nix", UNUSED)]);
    let ran = place.run(&["check", "-o", "concise", "-o", "json=report.json", "--color=always"]);
    assert!(ran.stdout.contains("a.nix:2:"), "{}", ran.stdout);
    let report: serde_json::Value = serde_json::from_str(&place.read("report.json")).expect("it is JSON");
    assert_eq!(report[0]["path"], "a.nix");

    insta::assert_snapshot!(place.run(&["check", "-o", "json", "-o", "full"]).shown(), @"
    exit code: 2
    --- stderr
    error: only one output format can go to stdout: give the others a file, as in `-o json=FILE`

    Usage: nixlint [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.run(&["check", "-o", "json=no/such/folder"]).shown(), @"
    exit code: 2
    --- stderr
      × `no/such/folder` cannot be written: No such file or directory (os error 2)
    ");
}

#[test]
fn statistics_replace_the_findings() {
    let place = Place::new(&[("a.nix", UNUSED), ("b.nix", UNUSED), ("c.nix", BROKEN)]);
    insta::assert_snapshot!(place.run(&["check", "--statistics", "-q"]).shown(), @"
    exit code: 1
    --- stdout
    2 [*] unused-suppression
    1     syntax-error
    ");
    let counts = place.run(&["check", "--statistics", "-o", "json"]).json();
    assert_eq!(counts[0]["count"], 2);
    let ran = place.run(&["check", "--statistics", "-o", "sarif"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`--statistics` are not written as `sarif`"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_is_told_once_and_the_rest_goes_on() {
    let place = Place::new(&[("a/flake.nix", UNUSED), ("b/flake.nix", UNUSED), ("c/flake.nix", UNUSED)]);
    place.write("b/nixlint.toml", b"[rules]\nunused-supression = 'off'\n");
    place.write("c/latin.nix", b"{ a = \"\xe9\"; }");
    let args = ["check", "-o", "concise", ".", "no\u{1b}where"];
    in_snapshots(|| insta::assert_snapshot!("cli_problems", place.run(&args).shown()));
}

#[test]
fn wrong_arguments_are_told_once() {
    let place = Place::new(&[("a.nix", FIXED)]);
    insta::assert_snapshot!(place.run(&["check", "--select", "unused-supression"]).shown(), @"
    exit code: 2
    --- stderr
      × unknown rule or group `unused-supression`
      help: did you mean `unused-suppression`?
    ");
    insta::assert_snapshot!(place.run(&["check", "-D", "W001"]).shown(), @"
    exit code: 2
    --- stderr
      × unknown rule or group `W001`
      help: `nixlint rules` lists them all
    ");
    insta::assert_snapshot!(place.run(&["check", "--fail-on", "eror"]).shown(), @"
    exit code: 2
    --- stderr
    error: invalid value 'eror' for '--fail-on <LEVEL>': unknown level `eror`: choose error, warning or info

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.run(&["check", "-o", "xml"]).shown(), @"
    exit code: 2
    --- stderr
    error: invalid value 'xml' for '--output-format <FORMAT[=FILE]>': unknown output format `xml`: choose one of full, concise, json, json-lines, sarif, github, gitlab, junit, checkstyle, rdjson, rdjsonl, errfmt, markdown

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.run(&["check", "--stdin-filename", "a.nix"]).shown(), @"
    exit code: 2
    --- stderr
    error: `--stdin-filename` needs `-` as the path

    Usage: nixlint [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.run(&["check", "-", "a.nix"]).shown(), @"
    exit code: 2
    --- stderr
    error: `-` cannot be combined with other paths

    Usage: nixlint [OPTIONS] [COMMAND]

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(place.run(&["check", "--config", "missing.toml"]).shown(), @"
    exit code: 2
    --- stderr
      × `missing.toml` cannot be read: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(place.run(&["explain", "syntax-eror"]).shown(), @"
    exit code: 2
    --- stderr
      × unknown rule `syntax-eror`
      help: did you mean `syntax-error`?
    ");
    insta::assert_snapshot!(place.run(&["syntax", "missing.nix"]).shown(), @"
    exit code: 2
    --- stderr
      × `missing.nix` cannot be read: No such file or directory (os error 2)
    ");
}

#[test]
fn a_folder_without_nix_is_no_failure() {
    let place = Place::new(&[("a.txt", ""), ("flake.lock", "{}")]);
    insta::assert_snapshot!(place.run(&["check"]).shown(), @"
    exit code: 0
    --- stderr
    No Nix files to check
    ");
    insta::assert_snapshot!(place.run(&["check", "flake.lock"]).shown(), @"
    exit code: 0
    --- stderr
    All checks passed: 0 files, all rules
    ");
}

#[test]
fn a_lock_file_selects_what_is_found_in_it() {
    let place = Place::new(&[("flake.nix", UNUSED), ("flake.lock", "{}"), ("a.nix", FIXED)]);
    insta::assert_snapshot!(place.run(&["check", "-o", "concise", "flake.lock"]).shown(), @"
    exit code: 0
    --- stderr
    All checks passed: 0 files, all rules
    ");
    insta::assert_snapshot!(place.run(&["check", "-o", "concise", "flake.lock", "a.nix"]).shown(), @"
    exit code: 0
    --- stderr
    All checks passed: 1 file, all rules
    ");
    insta::assert_snapshot!(place.run(&["check", "-o", "json", "flake.lock"]).shown(), @"
    exit code: 0
    --- stdout
    []
    ");
    insta::assert_snapshot!(place.run(&["check", "gone/flake.lock"]).shown(), @"
    exit code: 2
    --- stderr
      × `gone/flake.lock` does not exist
    ");
}

#[test]
fn a_lock_file_with_conflicts_is_told() {
    let place = Place::new(&[("flake.nix", FIXED), ("flake.lock", "<<<<<<< HEAD\n")]);
    insta::assert_snapshot!(place.run(&["check", "-q"]).shown(), @"
    exit code: 2
    --- stderr
      × `flake.lock` is no JSON: expected value at line 1 column 1
      help: `nix flake lock` writes it anew
    ");
}

#[test]
fn evaluation_that_is_cut_short_is_told_once_per_project() {
    let endless = r#"{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs";
  outputs = { nixpkgs, ... }:
    let
      work = n: if n == 0 then "nvr" else work (n - 1) + work (n - 1);
      host = nixpkgs.lib.nixosSystem {
        modules = [ { systemd.services.${work 60}.script = "exec nvr"; } ];
      };
    in
    { nixosConfigurations = { a = host; b = host; }; };
}
"#;
    let place = Place::new(&[("one/flake.nix", endless), ("two/flake.nix", FIXED)]);
    insta::assert_snapshot!(place.run(&["check", "-q"]).shown(), @"
    exit code: 0
    --- stderr
    nixlint: evaluating `one` took too many steps and was cut short: findings about its hosts may be missing
    ");
    insta::assert_snapshot!(place.run(&["check", "--diff", "one"]).shown(), @"
    exit code: 0
    --- stderr
    nixlint: evaluating `one` took too many steps and was cut short: findings about its hosts may be missing
    ");
    insta::assert_snapshot!(place.run(&["check", "-q", "two"]).shown(), @"exit code: 0");
}

#[test]
fn gitignore_counts_without_git_except_for_given_files() {
    let place = Place::new(&[
        ("flake.nix", FIXED),
        (".gitignore", "gen/\n"),
        ("gen/a.nix", UNUSED),
        (".hidden/b.nix", UNUSED),
        ("nixlint.toml", "exclude = ['vendor']"),
        ("vendor/c.nix", UNUSED),
    ]);
    let findings = |args: &[&str]| {
        let args: Vec<&str> = ["check", "-q", "-o", "concise"].iter().chain(args).copied().collect();
        place.run(&args).stdout.lines().count()
    };
    assert_eq!(findings(&[]), 0);
    let files = ["gen/a.nix", ".hidden/b.nix", "vendor/c.nix"];
    assert_eq!(findings(&files), 3);
    assert_eq!(findings(&[&["--force-exclude"][..], &files].concat()), 0);
}

#[test]
fn files_that_git_does_not_track_are_told() {
    let place = Place::new(&[
        ("flake.nix", "{ outputs = { self }: { a = import ./a.nix; b = import ./b.nix; }; }\n"),
        ("a.nix", "1\n"),
        ("b.nix", "2\n"),
    ]);
    let git =
        |args: &[&str]| Command::new("git").current_dir(place.folder.path()).env_clear().args(args).output();
    let is_there = git(&["init", "-q"]).is_ok_and(|output| output.status.success());
    if !is_there {
        println!("skipped: git is not installed");
        return;
    }
    assert!(git(&["add", "flake.nix", "a.nix"]).expect("git runs").status.success());
    let ran = place.run(&["check", "-o", "concise"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("warning[missing-path] `./b.nix` is not tracked by git"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("`./a.nix`"), "{}", ran.stdout);
    assert!(git(&["add", "--intent-to-add", "b.nix"]).expect("git runs").status.success());
    let ran = place.run(&["check", "-o", "concise"]);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn stdin_is_linted_under_the_name_it_is_given() {
    let place =
        Place::new(&[("flake.nix", FIXED), ("a.nix", FIXED), ("nixlint.toml", "exclude = ['b.nix']")]);
    let check = ["check", "-q", "-o", "concise", "-"];
    insta::assert_snapshot!(place.run_with_input(&check, UNUSED.as_bytes()).shown(), @"
    exit code: 1
    --- stdout
    <stdin>:2:3: warning[unused-suppression] there is nothing to ignore from `syntax-error` [*]
    ");
    let named = |name: &str, more: &[&str]| {
        let args: Vec<&str> = check.iter().chain(&["--stdin-filename", name]).chain(more).copied().collect();
        place.run_with_input(&args, UNUSED.as_bytes())
    };
    insta::assert_snapshot!(named("a.nix", &[]).shown(), @"
    exit code: 1
    --- stdout
    a.nix:2:3: warning[unused-suppression] there is nothing to ignore from `syntax-error` [*]
    ");
    assert_eq!(named("b.nix", &[]).code, 1);
    assert_eq!(named("b.nix", &["--force-exclude"]).code, 0);
    assert_eq!(named("new/folder/c.nix", &[]).code, 1);
    assert_eq!(place.read("a.nix"), FIXED);
}

#[test]
fn fixing_stdin_answers_on_stdout() {
    let place = Place::new(&[("a.nix", BROKEN)]);
    let fixed = place.run_with_input(&["fix", "-"], UNUSED.as_bytes());
    assert_eq!((fixed.code, fixed.stdout.as_str(), fixed.stderr.as_str()), (0, FIXED, ""));
    let named = place.run_with_input(&["fix", "--stdin-filename", "a.nix", "-"], UNUSED.as_bytes());
    assert_eq!((named.code, named.stdout.as_str()), (0, FIXED));
    assert_eq!(place.read("a.nix"), BROKEN);

    let check = place.run_with_input(&["check", "--fix", "-"], UNUSED.as_bytes());
    assert_eq!((check.code, check.stdout.as_str()), (0, FIXED));
    insta::assert_snapshot!(without_counts(&check.stderr), @"
    Fixed 1 finding in 1 file
    All checks passed: 1 file, all rules
    ");

    let broken = place.run_with_input(&["fix", "-"], BROKEN.as_bytes());
    assert_eq!((broken.code, broken.stdout.as_str()), (2, BROKEN));
    assert!(broken.stderr.starts_with("<stdin>:1:"), "{}", broken.stderr);

    place.write("nixlint.toml", b"preview = 'yes'");
    let config = place.run_with_input(&["fix", "--stdin-filename", "a.nix", "-"], UNUSED.as_bytes());
    assert_eq!((config.code, config.stdout.as_str()), (2, UNUSED));
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_were() {
    let place = Place::new(&[]);
    let mut child = place.command(&["fix", "-"]);
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("the program starts");
    child.stdin.take().expect("stdin is a pipe").write_all(b"\xff\x00").expect("it reads its input");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b"\xff\x00"[..]));
}

#[test]
fn check_fix_fails_on_what_remains_and_fix_does_not() {
    let files = [("a.nix", UNUSED), ("b.nix", BROKEN)];
    let place = Place::new(&files);
    let check = place.run(&["check", "--fix", "-o", "concise"]);
    assert_eq!(check.code, 1);
    assert!(check.stdout.starts_with("b.nix:1:") && check.stdout.lines().count() == 1, "{}", check.stdout);
    insta::assert_snapshot!(without_counts(&check.stderr), @"
    Fixed 1 finding in 1 file
    Found 1 error in 1 of 2 files
    ");
    assert_eq!((place.read("a.nix").as_str(), place.read("b.nix").as_str()), (FIXED, BROKEN));

    let place = Place::new(&files);
    insta::assert_snapshot!(place.run(&["fix"]).shown(), @"
    exit code: 0
    --- stderr
    Fixed 1 finding in 1 file
    1 finding left, see `nixlint check`
    ");
    insta::assert_snapshot!(place.run(&["fix"]).shown(), @"
    exit code: 0
    --- stderr
    Nothing to fix in 2 files
    1 finding left, see `nixlint check`
    ");
    assert_eq!((place.read("a.nix").as_str(), place.read("b.nix").as_str()), (FIXED, BROKEN));
}

#[test]
fn files_that_do_not_change_are_not_written() {
    let place = Place::new(&[("a.nix", UNUSED), ("b.nix", FIXED)]);
    let time =
        |name: &str| fs::metadata(place.path(name)).and_then(|data| data.modified()).expect("it has one");
    let (a, b) = (time("a.nix"), time("b.nix"));
    assert_eq!(place.run(&["fix", "--select", "services"]).code, 0);
    assert_eq!((time("a.nix"), time("b.nix")), (a, b));
    assert_eq!(place.run(&["fix"]).code, 0);
    assert_eq!(time("b.nix"), b);
    assert_eq!(place.read("a.nix"), FIXED);
}

#[test]
fn a_diff_changes_nothing_and_git_takes_it() {
    let place = Place::new(&[("sub dir/a.nix", UNUSED), ("b.nix", "{ }")]);
    let diff = place.run(&["check", "--diff"]);
    // A name with blanks ends in a tab, so that nothing after it counts.
    let header = "--- a/sub dir/a.nix\t\n+++ b/sub dir/a.nix\t\n@@ -1,4 +1,3 @@\n";
    let hunk = " {\n-  # nixlint: ignore[syntax-error] no longer needed\n   a = 1;\n }\n";
    assert_eq!((diff.code, &diff.stdout), (1, &format!("{header}{hunk}")));
    assert_eq!(place.read("sub dir/a.nix"), UNUSED);
    assert_eq!(place.run(&["fix", "--diff"]), diff);
    assert_eq!(place.run(&["check", "--diff", "b.nix"]).code, 0);

    let mut git = Command::new("git");
    git.args(["apply", "-"]).current_dir(place.folder.path()).stdin(Stdio::piped());
    let Ok(mut git) = git.spawn() else {
        eprintln!("skipped: there is no git");
        return;
    };
    git.stdin.take().expect("stdin is a pipe").write_all(diff.stdout.as_bytes()).expect("git reads");
    assert!(git.wait().expect("git ends").success());
    assert_eq!(place.read("sub dir/a.nix"), FIXED);
}

#[cfg(unix)]
#[test]
fn permissions_stay_and_no_link_leads_out() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let place =
        Place::new(&[("project/flake.nix", FIXED), ("project/a.nix", UNUSED), ("outside.nix", UNUSED)]);
    fs::set_permissions(place.path("project/a.nix"), fs::Permissions::from_mode(0o640)).expect("it is ours");
    symlink("../outside.nix", place.path("project/link.nix")).expect("links can be made");
    symlink("..", place.path("project/loop.nix")).expect("links can be made");

    assert_eq!(place.run(&["fix", "project"]).code, 0);
    assert_eq!(place.read("project/a.nix"), FIXED);
    let mode = fs::metadata(place.path("project/a.nix")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(place.read("outside.nix"), UNUSED);

    insta::assert_snapshot!(place.run(&["fix", "project/link.nix"]).shown(), @"
    exit code: 2
    --- stderr
    nixlint: `project/link.nix` is a link that leads out of the project; nothing in its project was changed
    ");
    insta::assert_snapshot!(place.run(&["check", "--fix", "-q", "-o", "concise", "project/link.nix"]).shown(), @"
    exit code: 2
    --- stdout
    project/link.nix:2:3: warning[unused-suppression] there is nothing to ignore from `syntax-error` [*]
    --- stderr
    nixlint: `project/link.nix` is a link that leads out of the project; nothing in its project was changed
    ");
    assert_eq!(place.read("outside.nix"), UNUSED);
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let place = Place::example("homelab");
    let json = |threads: &str| place.run(&["check", "-o", "json", "--threads", threads]);
    let one = json("1");
    assert_eq!(one.code, 1);
    for threads in ["2", "3", "8"] {
        assert_eq!(json(threads), one, "{threads} threads");
    }
}

#[test]
fn the_repaired_example_is_clean_and_the_other_can_be_fixed() {
    assert_eq!(Place::example("clean").run(&["check"]).code, 0);

    let place = Place::example("homelab");
    let before = place.run(&["check", "-o", "json", "--statistics"]).json();
    assert_eq!(place.run(&["fix"]).code, 0);
    let after = place.run(&["check", "-o", "json", "--statistics"]).json();
    assert_ne!(before, after);
    let fixable = |counts: &serde_json::Value| {
        let counts = counts.as_array().expect("it is a list").clone();
        counts.iter().filter_map(|count| count["fixable"].as_u64()).sum::<u64>()
    };
    assert!(fixable(&before) > 0);
    assert_eq!(fixable(&after), 0);
    assert_eq!(place.run(&["fix", "--diff"]), Ran { code: 0, stdout: String::new(), stderr: String::new() });
}

#[test]
fn the_example_shows_the_mistakes_of_modules() {
    let rules = [
        "conditional-module-body",
        "config-dependent-imports",
        "duplicate-import",
        "import-cycle",
        "missing-path",
        "mixed-module-syntax",
        "module-not-imported",
        "update-on-mkif",
    ];
    let found = Place::example("homelab").run(&["check", "-o", "json", "--select", &rules.join(",")]).json();
    let mut names: Vec<&str> = found
        .as_array()
        .expect("it is a list")
        .iter()
        .flat_map(|file| file["diagnostics"].as_array().expect("it is a list"))
        .map(|diagnostic| diagnostic["code"].as_str().expect("rules have names"))
        .collect();
    names.sort_unstable();
    assert_eq!(names, rules);
}

#[test]
fn packages_are_looked_at_when_somebody_asks() {
    let clean = Place::example("clean");
    let said = clean.run(&["check", "--extend-select", "packaging", "-o", "concise"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));

    let place = Place::example("package-set");
    in_snapshots(|| {
        insta::assert_snapshot!("cli_package_set", place.run(&["check", "-o", "concise", "-q"]).shown())
    });
    fs::remove_file(place.path("nixlint.toml")).expect("it was there");
    let rules = |args: &[&str]| {
        let counts = place.run(&[&["check", "--statistics", "-o", "json"], args].concat()).json();
        let counts = counts.as_array().expect("it is a list").clone();
        let names = counts.iter().map(|count| count["rule"].as_str().expect("it has a rule").to_owned());
        names.collect::<std::collections::BTreeSet<String>>()
    };
    let (usual, only) = (rules(&[]), rules(&["--select", "packaging"]));
    assert!(usual.contains("url-literal") && usual.is_disjoint(&only) && only.contains("flags-array"));
    let both: std::collections::BTreeSet<String> = usual.union(&only).cloned().collect();
    assert_eq!(rules(&["--extend-select", "packaging"]), both);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let place = Place::new(&[("a.nix", UNUSED)]);
    let colored = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = place.command(&[&["check"], args].concat());
        let output = command.envs(variables.iter().copied()).output().expect("the program starts");
        place.ran(output).stdout.contains('\u{1b}')
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colored(&[], &[("FORCE_COLOR", "1")]));
    assert!(!colored(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn the_environment_chooses_format_and_configuration() {
    let place = Place::new(&[("a.nix", UNUSED), ("ci.toml", "rules.unused-suppression = 'error'")]);
    let mut command = place.command(&["check"]);
    command.env("NIXLINT_OUTPUT_FORMAT", "json").env("NIXLINT_CONFIG", "ci.toml");
    let ran = place.ran(command.output().expect("the program starts"));
    assert_eq!(ran.json()[0]["diagnostics"][0]["severity"], 1);
}

#[test]
fn nobody_has_to_read_to_the_end() {
    let text = format!("{{\n{}}}\n", "  # nixlint: ignore[syntax-error] gone\n  a = 1;\n".repeat(2_000));
    let place = Place::new(&[("a.nix", &text)]);
    let mut command = place.command(&["check", "-o", "full", "-o", "json=x.json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut first = [0; 10];
    let mut stdout = child.stdout.take().expect("stdout is a pipe");
    stdout.read_exact(&mut first).expect("something is written");
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().expect("stderr is a pipe").read_to_string(&mut stderr).expect("it is UTF-8");
    // What was found stays found, and what goes elsewhere goes there.
    assert_eq!(child.wait().expect("the program ends").code(), Some(1));
    assert!(!stderr.contains("nixlint:"), "{stderr}");
    assert!(place.read("x.json").contains("unused-suppression"));
}

#[test]
fn what_was_not_done_is_no_clean_report() {
    let place = Place::new(&[("a.nix", "1"), ("nixlint.toml", "fail-on = 3")]);
    let outputs = ["-o", "sarif=x.sarif", "-o", "junit=x.xml", "-o", "markdown"];
    let ran = place.run(&[&["check"], &outputs[..]].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(!place.path("x.sarif").exists() && !place.path("x.xml").exists());

    // A part of it was done.
    let ran = place.run(&[&["check", "--isolated", "a.nix", "gone.nix"], &outputs[..]].concat());
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.stdout, @"
    **nixlint:** <code>gone.nix</code> does not exist

    **nixlint:** nothing found
    ");
    let sarif: serde_json::Value = serde_json::from_str(&place.read("x.sarif")).expect("it is JSON");
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "`gone.nix` does not exist");
    insta::assert_snapshot!(place.read("x.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="nixlint" tests="1" failures="0" errors="1">
      <testsuite name="nixlint" tests="1" failures="0" errors="1">
        <testcase name="`gone.nix` does not exist" classname="nixlint">
          <error message="`gone.nix` does not exist"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
    let ran = place.run(&["check", "--isolated", "a.nix", "gone.nix", "-o", "github"]);
    insta::assert_snapshot!(ran.stdout, @"::error title=nixlint::`gone.nix` does not exist");
}

#[test]
fn variants_have_levels() {
    let module = "{ pkgs, ... }: { environment.systemPackages = [ (import ./gone.nix) (import ./secrets/gone.nix) ]; }";
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations.a = nixpkgs.lib.nixosSystem { modules = [ ./m.nix ]; }; }; }";
    let place = Place::new(&[("flake.nix", flake), ("m.nix", module), ("nixlint.toml", "")]);
    let levels = |config: &str, flags: &[&str]| {
        place.write("nixlint.toml", config.as_bytes());
        let ran = place.run(&[&["check", "-o", "concise", "--select", "missing-path"], flags].concat());
        let level = |line: &str| {
            line.split_once(": ").and_then(|(_, rest)| rest.split('[').next().map(str::to_owned))
        };
        ran.stdout.lines().filter_map(level).collect::<Vec<String>>()
    };
    assert_eq!(levels("", &[]), ["error", "info"]);
    assert_eq!(levels("rules.missing-path.variants.secret = 'warning'", &[]), ["error", "warning"]);
    assert_eq!(
        levels("rules.missing-path = { level = 'warning', variants.secret = 'off' }", &[]),
        ["warning"]
    );
    assert_eq!(
        levels("rules.missing-path.variants.secret = 'off'", &["-W", "missing-path"]),
        ["warning", "warning"]
    );
    place.write(
        "nixlint.toml",
        b"rules.missing-path.variants = { secrt = 'off' }\nrules.empty-let.variants = { x = 'off' }",
    );
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("did you mean `secret`?") && ran.stderr.contains("has no variants"),
        "{}",
        ran.stderr
    );
}

#[test]
fn ignore_comments_are_written_for_what_is_found() {
    let text = "{\n  a = rec { b = 1; };\n  c = [ ''\n    ${if true then \"x\" else \"y\"}\n  '' ];\n  /* why\n  */ e = rec { f = 1; };\n  d = \"\\q\"; inherit;\n}\n";
    let place = Place::new(&[("a.nix", text), ("broken.nix", BROKEN)]);
    let ran = place.run(&["check", "--add-ignore=until spring", "-o", "concise"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.shown(), @"
    exit code: 1
    --- stdout
    a.nix:9:10: warning[unneeded-rec] this set need not be recursive [*]
    broken.nix:1:5: error[syntax-error] expected an expression after `=`, found `}`
    --- stderr
    Wrote 3 ignore comments in 1 file
    Found 1 error, 1 warning in 2 of 2 files (4 ignored)
    [*] 1 fixable with --fix
    ");
    insta::assert_snapshot!(place.read("a.nix"), @r#"
    {
      # nixlint: ignore[unneeded-rec] until spring
      a = rec { b = 1; };
      # nixlint: ignore[unreachable-branch] until spring
      c = [ ''
        ${if true then "x" else "y"}
      '' ];
      /* why
      */ e = rec { f = 1; };
      # nixlint: ignore[empty-inherit, useless-escape] until spring
      d = "\q"; inherit;
    }
    "#);
    assert_eq!(place.read("broken.nix"), BROKEN);
    // Nothing new.
    let again = place.run(&["check", "--add-ignore", "-o", "concise"]);
    assert_eq!((again.code, again.stdout), (1, ran.stdout));
    let piped = place.run_with_input(&["check", "--add-ignore", "-"], b"{ inherit; }\n");
    assert_eq!(piped.stdout, "# nixlint: ignore[empty-inherit]\n{ inherit; }\n");
    assert_eq!(place.run(&["check", "--add-ignore", "--fix"]).code, 2);
}

#[test]
fn rules_are_silent_about_some_files() {
    let config = "[per-file-ignores]\n'old/' = ['ALL']\n'a.nix' = ['suspicious', 'style']\n";
    let files =
        [("a.nix", UNUSED), ("b.nix", UNUSED), ("old/c.nix", "{ inherit; }"), ("nixlint.toml", config)];
    let place = Place::new(&files);
    let said = place.run(&["check", "-o", "concise"]).stdout;
    let places: Vec<&str> = said.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(places, ["b.nix"], "{said}");

    place.write(
        "nixlint.toml",
        b"[per-file-ignores]\n'../x' = ['style']\n'a.nix' = ['stile', 1]\n'b.nix' = 'style'\n",
    );
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 2);
    for told in [
        "leads out of the folder",
        "unknown rule or group `stile`",
        "expected the name of a rule",
        "expected a list of rules",
    ] {
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
}

#[test]
fn graphs_are_of_hosts_that_are_there() {
    let ran = Place::example("homelab").run(&["graph", "--host", "servr"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("did you mean `server`?"), "{}", ran.stderr);
}

#[test]
fn outputs_that_cannot_be_are_refused() {
    let place = Place::new(&[("a.nix", UNUSED)]);
    for args in [
        &["check", "--diff", "-o", "json=x.json"][..],
        &["check", "--diff", "--statistics"],
        &["check", "-o", "json=x", "-o", "sarif=x"],
    ] {
        let ran = place.run(args);
        assert_eq!(
            (ran.code, place.path("x.json").exists() || place.path("x").exists()),
            (2, false),
            "{args:?}: {}",
            ran.stderr
        );
    }
    assert!(place.run(&["check", "-o", "json=-"]).stdout.starts_with('['));
    assert!(!place.path("-").exists());
}

#[cfg(unix)]
#[test]
fn no_report_takes_the_place_of_what_is_read() {
    let place = Place::new(&[("a.nix", UNUSED), ("nixlint.toml", "fail-on = \"error\"\n")]);
    std::os::unix::fs::symlink("a.nix", place.path("link.json")).expect("links can be made");
    for file in ["a.nix", "./a.nix", "link.json", "nixlint.toml"] {
        // With `--fix`, nothing is fixed either.
        for args in [&["check"][..], &["check", "--fix"]] {
            let output = format!("json={file}");
            let ran = place.run(&[args, &["-o", &output]].concat());
            assert_eq!(ran.code, 2, "{file}: {}", ran.stderr);
            assert!(ran.stderr.contains("which nixlint reads"), "{}", ran.stderr);
        }
    }
    assert_eq!(
        (place.read("a.nix"), &*place.read("nixlint.toml")),
        (UNUSED.to_owned(), "fail-on = \"error\"\n")
    );
    assert_eq!(place.run(&["check", "-o", "json=/dev/null", "-o", "sarif=/dev/null"]).code, 0);
}

#[cfg(unix)]
#[test]
fn reports_take_the_place_of_older_ones_whole() {
    let place = Place::new(&[("a.nix", UNUSED), ("reports/old.json", "old, and longer than nothing")]);
    std::os::unix::fs::symlink("reports/old.json", place.path("link.json")).expect("links can be made");
    for file in ["link.json", "new.json"] {
        let ran = place.run(&["check", "-o", &format!("json={file}")]);
        let read: serde_json::Value = serde_json::from_str(&place.read(file)).expect("it is JSON");
        assert!(read.is_array() && ran.code < 2, "{}", ran.stderr);
    }
    assert!(fs::symlink_metadata(place.path("link.json")).expect("it is there").is_symlink());
    let names = |folder: &str| fs::read_dir(place.path(folder)).expect("it is a folder").count();
    assert_eq!((names("reports"), names(".")), (1, 4), "nothing else is left");
}

#[cfg(unix)]
#[test]
fn a_file_of_two_names_is_fixed_once() {
    let place = Place::new(&[("d/a.nix", UNUSED)]);
    std::os::unix::fs::symlink("d/a.nix", place.path("link.nix")).expect("links can be made");
    let diff = place.run(&["check", "--diff", "link.nix"]);
    assert!(diff.stdout.starts_with("--- a/d/a.nix\n+++ b/d/a.nix\n"), "{}", diff.stdout);
    assert_eq!(place.run(&["check", "--diff", "d/a.nix", "link.nix"]).stdout, diff.stdout);
    let fixed = place.run(&["fix", "d/a.nix", "link.nix"]);
    assert_eq!((fixed.code, place.read("d/a.nix")), (0, FIXED.to_owned()), "{}", fixed.stderr);
    assert!(fs::symlink_metadata(place.path("link.nix")).expect("it is there").is_symlink());
}

#[cfg(unix)]
#[test]
fn a_configuration_that_cannot_be_read_is_told() {
    let place = Place::new(&[("a.nix", UNUSED)]);
    std::os::unix::fs::symlink("nowhere.toml", place.path("nixlint.toml")).expect("links can be made");
    let ran = place.run(&["check"]);
    assert!(ran.code == 2 && ran.stderr.contains("`nixlint.toml` cannot be read"), "{}", ran.stderr);
    fs::remove_file(place.path("nixlint.toml")).expect("it is ours");
    place.write("nixlint.toml", b"\xff");
    let ran = place.run(&["check"]);
    assert!(ran.code == 2 && ran.stderr.contains("is not UTF-8"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("`exclude`"), "{}", ran.stderr);
}

#[test]
fn paths_of_a_named_configuration_count_from_the_working_directory() {
    let place = Place::new(&[
        ("a.nix", UNUSED),
        ("sub/a.nix", UNUSED),
        ("ci/a.toml", "exclude = [\"/sub\"]\n"),
        ("ci/b.toml", "[hosts]\nx = \"b.nix\"\n"),
    ]);
    let ran = place.run(&["check", "-o", "concise", "--config", "ci/a.toml"]);
    assert!(ran.stdout.starts_with("a.nix:") && !ran.stdout.contains("sub/"), "{}", ran.stdout);
    let ran = place.run(&["check", "--config", "ci/b.toml"]);
    assert!(ran.code == 2 && ran.stderr.contains("from the working directory"), "{}", ran.stderr);
}

#[test]
fn every_rule_is_explained_and_listed() {
    let place = Place::new(&[]);
    let rules = place.run(&["rules", "-o", "json"]).json();
    let rules = rules.as_array().expect("it is a list").clone();
    assert!(!rules.is_empty());
    let table = place.run(&["rules"]).stdout;
    for rule in &rules {
        let name = rule["name"].as_str().expect("rules have names");
        let page = place.run(&["explain", name]);
        assert_eq!((page.code, page.stderr.as_str()), (0, ""));
        assert!(page.stdout.starts_with(&format!("# {name}\n")), "{}", page.stdout);
        assert!(page.stdout.contains("\n## Why is this bad?\n"), "{}", page.stdout);
        assert!(table.contains(name));
    }
    assert_eq!(table.lines().count(), rules.len());
    assert_eq!(place.run(&["rule", "syntax-error"]), place.run(&["explain", "syntax-error"]));
    in_snapshots(|| insta::assert_snapshot!("cli_explain", place.run(&["explain", "syntax-error"]).shown()));
}

#[test]
fn shells_get_their_completions() {
    let place = Place::new(&[]);
    for shell in ["bash", "elvish", "fish", "nushell", "powershell", "zsh"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.stdout.contains("force-exclude"), "{shell}");
    }
}

#[test]
fn packagers_get_manual_pages() {
    let place = Place::new(&[]);
    let page = place.run(&["man"]);
    assert!(page.stdout.contains(".TH nixlint 1"), "{}", page.stdout);
    let ran = place.run(&["man", "share/man1"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    assert_eq!(place.read("share/man1/nixlint.1"), page.stdout);
    let check = place.read("share/man1/nixlint-check.1");
    assert!(check.contains("\\-\\-fail\\-on"), "{check}");
    place.write("file", b"");
    insta::assert_snapshot!(place.run(&["man", "file"]).shown(), @"
    exit code: 2
    --- stderr
      × `file` cannot be written: File exists (os error 17)
    ");
}

#[test]
fn editors_that_know_statix_are_at_home() {
    let place = Place::new(&[("a.nix", UNUSED)]);
    let ran = place.run_with_input(&["check", "-o", "errfmt", "--stdin"], UNUSED.as_bytes());
    insta::assert_snapshot!(ran.shown(), @"
    exit code: 1
    --- stdout
    <stdin>>2:3:W:0:[unused-suppression] there is nothing to ignore from `syntax-error`
    ");
    assert_eq!(place.run_with_input(&["fix", "--stdin"], UNUSED.as_bytes()).stdout, FIXED);
    assert_eq!(place.run(&["check", "--stdin", "a.nix"]).code, 2);
}

#[test]
fn the_tree_of_a_file_is_printed() {
    let place = Place::new(&[("a.nix", "x: x")]);
    let tree = place.run(&["syntax", "a.nix"]);
    assert!(tree.stdout.starts_with("NODE_ROOT@0..4\n  NODE_LAMBDA@0..4\n"), "{}", tree.stdout);
    assert_eq!(place.run_with_input(&["syntax", "-"], b"x: x"), tree);
}

/// Secrets, and a finding of another rule beside one.
const SECRETS: &str = r#"{
  users.users.nora.password = "vErY-sEcReT-1";
  users.users.ole.initialPassword =
    "vErY-sEcReT-2";
  networking.wireless.networks.home.psk = "vErY-sEcReT-3";
  systemd.services.app.environment = { APP_PASSWORD = "vErY-sEcReT-4"; TOKEN = "vErY-sEcReT-5-0123"; };
  environment.etc."app.env".text = ''
    LANG=C
    DB_PASSWORD=vErY-sEcReT-6
  '';
  services.app.passwordFile = (import <nixpkgs> { }).writeText "password" "vErY-sEcReT-7";
  services.app.environmentFile = ./app.env;
  services.other.environmentFile = ./other.env;
  hardware.opengl.enable = true; services.app.settings.password = "vErY-sEcReT-8";
}
"#;

#[test]
fn secrets_are_in_no_output() {
    let flake = "{\n  inputs.nixpkgs.url = \"github:NixOS/nixpkgs\";\n  outputs = { nixpkgs, ... }: {\n    nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; };\n  };\n}\n";
    let module = SECRETS.replace("(import <nixpkgs> { })", "pkgs");
    let module = format!("{{ pkgs, ... }}:\n{module}");
    let env = "LANG=C\nPASSWORD=vErY-sEcReT-9\n";
    let files = [("flake.nix", flake), ("module.nix", &module), ("app.env", env), ("other.env", "LANG=C\n")];
    let place = Place::new(&files);
    let base = ["check", ".", "--select", "ALL"];
    for more in [
        &[][..],
        &["-o", "full", "--color", "always"],
        &["-o", "concise"],
        &["-o", "json"],
        &["-o", "json-lines"],
        &["-o", "sarif"],
        &["-o", "github"],
        &["-o", "gitlab"],
        &["-o", "junit"],
        &["-o", "checkstyle"],
        &["-o", "rdjson"],
        &["-o", "rdjsonl"],
        &["-o", "errfmt"],
        &["-o", "markdown"],
        &["--statistics"],
        &["--output-format", "json", "--statistics"],
    ] {
        let ran = place.run(&[&base[..], more].concat());
        let text = format!("{}{}", ran.stdout, ran.stderr);
        assert!(text.contains("secret-option-literal"), "{more:?}: {text}");
        assert!(!text.contains("sEcReT"), "{more:?}: {text}");
    }
    let full = place.run(&[&base[..], &["-o", "full"]].concat()).stdout;
    for rule in ["plaintext-secret-in-store", "password-file-in-store", "renamed-option"] {
        assert!(full.contains(rule), "{rule}: {full}");
    }
    assert_eq!(full.matches("[secret-option-literal]").count(), 3, "{full}");
    assert_eq!(full.matches("[plaintext-secret-in-store]").count(), 4, "{full}");
    assert_eq!(full.matches("[password-file-in-store]").count(), 2, "{full}");
}

#[test]
fn the_specific_finding_silences_the_general_one() {
    let flake = "{ inputs.nixpkgs.url = \"github:NixOS/nixpkgs\"; outputs = { nixpkgs, ... }: { nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; }; }; }\n";
    let module = r#"{
  services.ollama.enable = true;
  services.grafana.settings.security.admin_password = "kd83jdh38dk";
  systemd.services.own = {
    serviceConfig.StateDirectory = "own";
    script = "exec own";
  };
  systemd.services.web = {
    after = [ "sops-nix.service" ];
    requires = [ "sops-nix.service" ];
    script = ''
      mkdir -p /var/lib/ollama
      mkdir -p /var/lib/own
      mkdir -p /var/lib/web
    '';
  };
}
"#;
    let place = Place::new(&[("flake.nix", flake), ("module.nix", module)]);
    let found = place.run(&["check", ".", "-o", "concise"]).stdout;
    for (rule, count) in [
        ("sops-nix-service-ref", 2),
        ("unknown-unit-ref", 0),
        ("dynamic-user-manual-dir", 1),
        ("state-directory-manual-mkdir", 1),
        ("mkdir-in-unit-script", 1),
        ("secret-option-literal", 1),
        ("plaintext-secret-in-store", 0),
    ] {
        assert_eq!(found.matches(&format!("[{rule}]")).count(), count, "{rule}: {found}");
    }
}

#[test]
fn secrets_are_in_no_report() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let secret = "hunter2-Q9ü";
    let module = format!(
        "{{\n  virtualisation.docker.enable = true;\n  users.users.nora = {{ initialPassword = \"{secret}\"; extraGroups = [ \"docker\" ]; }};\n}}\n"
    );
    let flake = "{ inputs.nixpkgs.url = \"github:NixOS/nixpkgs\"; outputs = { nixpkgs, ... }: { nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; }; }; }\n";
    std::fs::write(folder.path().join("module.nix"), module).expect("files can be written");
    std::fs::write(folder.path().join("flake.nix"), flake).expect("files can be written");
    for format in nixlint::report::Format::ALL.map(nixlint::report::Format::as_str) {
        let output = Command::new(env!("CARGO_BIN_EXE_nixlint"))
            .args(["check", "-o", format])
            .current_dir(folder.path())
            .env_clear()
            .output()
            .expect("nixlint runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("secret-option-literal"), "{format}: {said}");
        assert!(said.contains("docker-group"), "{format}: {said}");
        assert!(!said.contains("hunter2"), "{format} shows a secret:\n{said}");
    }
}

#[test]
fn watched_files_are_linted_again() {
    use std::io::BufRead as _;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    let place = Place::new(&[("flake.nix", "{ outputs = _: { }; }\n"), ("a.nix", FIXED)]);
    let mut command = place.command(&["check", "--watch", "-o", "concise"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let (sender, lines) = channel();
    let errors = sender.clone();
    let (stdout, stderr) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let read = |stream: Box<dyn std::io::Read + Send>, sender: std::sync::mpsc::Sender<String>| {
        std::thread::spawn(move || {
            for line in std::io::BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        })
    };
    read(Box::new(stdout), sender);
    read(Box::new(stderr), errors);
    let until = |wanted: &str| {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|line: &String| !line.contains(wanted)) {
            let line = lines.recv_timeout(Duration::from_secs(60));
            heard.push(line.unwrap_or_else(|error| panic!("{wanted}: {error}; {heard:?}")));
        }
    };
    until("Waiting for changes");
    place.write("a.nix", UNUSED.as_bytes());
    until("a.nix:2:3: warning[unused-suppression]");
    place.write("sub/b.nix", BROKEN.as_bytes());
    until("sub/b.nix:1:5: error[syntax-error]");
    place.write("nixlint.toml", b"rules.ALL = 'offf'\n");
    until("offf");
    fs::remove_file(place.path("nixlint.toml")).expect("it is there");
    fs::remove_file(place.path("sub/b.nix")).expect("it is there");
    until("a.nix:2:3: warning[unused-suppression]");
    child.kill().expect("it is still there");
    child.wait().expect("it ends");
}
