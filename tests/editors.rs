//! The language server with clients that were not written for it: Neovim, and one made of pygls. Says
//! `skipped: …` where they are missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A file of the example with a finding that has a safe fix.
const FILE: &str = "modules/services/backup.nix";
const CODE: &str = "sops-nix-service-ref";

/// Longer than any of it takes.
const FOREVER: Duration = Duration::from_secs(180);

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/homelab"), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be listed");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("files can be copied")),
        }
    }
}

/// The output of a program that ends by itself.
fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let end = Instant::now() + FOREVER;
    while child.try_wait().expect("it can be asked").is_none() {
        if Instant::now() > end {
            _ = child.kill();
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("it has ended")
}

fn expect_ok(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && stdout.contains("ok: "), "{stdout}\n{stderr}");
    println!("{}", stdout.trim());
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editors").join(name)
}

#[test]
fn neovim_sees_a_finding_and_applies_its_fix() {
    if !Command::new("nvim").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: nvim is missing");
        return;
    }
    let folder = project();
    let root = fs::canonicalize(folder.path()).expect("the folder is there");
    let state = tempfile::tempdir().expect("there is a place for temporary files");
    let mut nvim = Command::new("nvim");
    nvim.args(["--headless", "-n", "-u", "NONE", "-i", "NONE"]);
    nvim.arg("-c").arg(format!("luafile {}", script("neovim.lua").display()));
    nvim.env("NIXLINT", env!("CARGO_BIN_EXE_nixlint"))
        .env("PROJECT", &root)
        .env("FILE", FILE)
        .env("CODE", CODE);
    for variable in ["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        nvim.env(variable, state.path());
    }
    expect_ok(&run(&mut nvim));
}

#[test]
fn a_client_of_another_house_pulls_in_utf_8() {
    let Some(python) = python() else { return };
    let folder = project();
    let root = fs::canonicalize(folder.path()).expect("the folder is there");
    let mut client = Command::new(python);
    client.arg(script("pulls.py")).arg(env!("CARGO_BIN_EXE_nixlint")).arg(root).args([FILE, CODE]);
    expect_ok(&run(&mut client));
}

/// A Python that has pygls: the one of the system, or one that is put together here.
fn python() -> Option<PathBuf> {
    let has_pygls = |python: &Path| {
        let mut command = Command::new(python);
        let output = command.args(["-c", "import pygls.lsp.client, lsprotocol"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    let system = PathBuf::from("python3");
    if has_pygls(&system) {
        return Some(system);
    }
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pygls");
    let python = own.join("bin/python");
    if !has_pygls(&python) {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&own).output();
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pygls==2.1.1"];
        if made.is_ok_and(|output| output.status.success()) {
            _ = Command::new(&python).args(pip).output();
        }
    }
    if has_pygls(&python) {
        return Some(python);
    }
    println!("skipped: pygls cannot be installed here");
    None
}
