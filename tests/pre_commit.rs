//! The hooks of `.pre-commit-hooks.yaml` under the real pre-commit. Says `skipped: …` where that is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const UNUSED: &str = "{\n  # nixlint: ignore[syntax-error] no longer needed\n  a = 1;\n}\n";
const FIXED: &str = "{\n  a = 1;\n}\n";

/// A git repository of a user, and beside it what pre-commit keeps.
struct User {
    folder: TempDir,
}

impl User {
    /// A user who takes `hook` from the repository at `source`.
    fn new(source: &Path, hook: &str, files: &[(&str, &str)]) -> Self {
        let user = Self { folder: tempfile::tempdir().expect("there is a place for temporary files") };
        fs::create_dir(user.repository()).expect("folders can be made");
        for (name, text) in files {
            fs::write(user.repository().join(name), text).expect("files can be written");
        }
        let revision = git(source, &["rev-parse", "HEAD"]);
        let config = format!(
            "repos:\n  - repo: '{}'\n    rev: {}\n    hooks:\n      - id: {hook}\n",
            source.display(),
            revision.trim()
        );
        fs::write(user.repository().join(".pre-commit-config.yaml"), config).expect("files can be written");
        git(&user.repository(), &["init", "--quiet"]);
        git(&user.repository(), &["add", "--all"]);
        user
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.repository().join(name)).expect("the file is there")
    }

    /// Whether the hook passes, and what it says.
    fn run(&self, args: &[&str]) -> (bool, String) {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pre-commit");
        let output = pre_commit()
            .arg("run")
            .args(args)
            .args(["--color", "never"])
            .current_dir(self.repository())
            .env("PRE_COMMIT_HOME", self.folder.path().join("cache"))
            // A hook that has to be built is built quickly, and only once on this machine.
            .env("CARGO_TARGET_DIR", target)
            .envs([("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")])
            .output()
            .expect("pre-commit starts");
        (output.status.success(), text(&output))
    }
}

/// pre-commit, with this build of nixlint on the `PATH` and none of the surrounding git.
fn pre_commit() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_nixlint")).parent().expect("programs are in folders");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [program.to_owned()].into_iter().chain(std::env::split_paths(&path));
    let mut command = Command::new("pre-commit");
    command.env("PATH", std::env::join_paths(path).expect("folders have no colons"));
    without_git(&mut command);
    command
}

fn without_git(command: &mut Command) {
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(variable);
    }
}

fn is_missing() -> bool {
    let works =
        |command: &mut Command| command.arg("--version").output().is_ok_and(|out| out.status.success());
    let missing = !works(&mut Command::new("pre-commit")) || !works(&mut Command::new("git"));
    if missing {
        println!("skipped: pre-commit or git is not installed");
    }
    missing
}

fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    without_git(&mut command);
    let user =
        ["-c", "user.name=nixlint", "-c", "user.email=nixlint@example.org", "-c", "commit.gpgsign=false"];
    let output = command.args(user).args(args).current_dir(folder).output().expect("git starts");
    assert!(output.status.success(), "git {args:?}: {}", text(&output));
    text(&output)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A repository that offers the hooks and has nothing to build.
fn hooks_alone() -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    fs::copy(manifest, folder.path().join(".pre-commit-hooks.yaml")).expect("the manifest is there");
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "--all"]);
    git(folder.path(), &["commit", "--quiet", "--message", "Offer hooks"]);
    folder
}

#[test]
fn the_manifest_is_valid() {
    if is_missing() {
        return;
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    let output = pre_commit().arg("validate-manifest").arg(manifest).output().expect("pre-commit starts");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn only_the_files_of_the_commit_are_reported_on() {
    if is_missing() {
        return;
    }
    let source = hooks_alone();
    let files = [("flake.nix", FIXED), ("flake.lock", "{}\n"), ("a.nix", UNUSED), ("b.nix", UNUSED)];
    let user = User::new(source.path(), "nixlint-system", &files);

    let (passes, said) = user.run(&["--all-files"]);
    assert!(!passes && said.contains("a.nix:2:") && said.contains("b.nix:2:"), "{said}");
    let (passes, said) = user.run(&["--files", "a.nix"]);
    assert!(!passes && said.contains("a.nix:2:") && !said.contains("b.nix:2:"), "{said}");
    let (passes, said) = user.run(&["--files", "flake.nix", "flake.lock"]);
    assert!(passes && said.contains("Passed"), "{said}");

    fs::write(user.repository().join("nixlint.toml"), "exclude = ['a.nix']\n").expect("files can be written");
    let (passes, said) = user.run(&["--files", "a.nix"]);
    assert!(passes, "{said}");
}

#[test]
fn the_hooks_can_be_tried() {
    if is_missing() {
        return;
    }
    let source = hooks_alone();
    let user = User::new(source.path(), "nixlint-system", &[("flake.nix", FIXED), ("a.nix", UNUSED)]);
    let output = pre_commit()
        .arg("try-repo")
        .arg(source.path())
        .args(["nixlint-system", "--all-files", "--color", "never"])
        .current_dir(user.repository())
        .env("PRE_COMMIT_HOME", user.folder.path().join("cache"))
        .output()
        .expect("pre-commit starts");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("a.nix:2:"), "{}", text(&output));
}

/// Builds all of nixlint, as the hooks do for users who have none: only where time is no matter.
#[test]
fn the_hook_that_builds_itself_fixes_files() {
    if is_missing() {
        return;
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("CI").is_none() || !project.join(".git").exists() {
        println!("skipped: nixlint is built by pre-commit in CI and from a clone only");
        return;
    }
    let user = User::new(project, "nixlint-fix", &[("flake.nix", FIXED), ("a.nix", UNUSED)]);
    let (passes, said) = user.run(&["--all-files"]);
    assert!(!passes && said.contains("files were modified by this hook"), "{said}");
    assert_eq!(user.read("a.nix"), FIXED);
    let (passes, said) = user.run(&["--all-files"]);
    assert!(passes, "{said}");
}
