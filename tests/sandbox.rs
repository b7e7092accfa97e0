//! nixlint as a build sandbox runs it: no home, no `.git`, nothing that can be written, every file from
//! 1970, no network.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

/// A copy of an example as the Nix store holds it.
fn store_path(example: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
    for entry in walkdir::WalkDir::new(&source) {
        let entry = entry.expect("the example can be read");
        let target = folder.path().join(entry.path().strip_prefix(&source).expect("it is below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("folders can be made");
        } else {
            fs::copy(entry.path(), target).expect("files can be copied");
        }
    }
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    for path in contents(folder.path()) {
        File::open(&path).and_then(|file| file.set_modified(past)).expect("times can be set");
        let mut permissions = fs::metadata(&path).expect("it is there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).expect("permissions can be set");
    }
    folder
}

/// Everything in a folder, the innermost first.
fn contents(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).contents_first(true).into_iter();
    entries.map(|entry| entry.expect("it can be read").into_path()).collect()
}

/// Makes the copy one that can be removed.
fn writable(folder: &Path) {
    let mut folders = contents(folder);
    folders.reverse();
    for path in folders {
        let mut permissions = fs::metadata(&path).expect("it is there").permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "the copy is removed right after")]
        permissions.set_readonly(false);
        fs::set_permissions(&path, permissions).expect("permissions can be set");
    }
}

/// The program, without anything from outside.
fn nixlint(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
    command.args(args).current_dir(folder).env_clear().stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// The same in namespaces of its own: no network, and the folder mounted read-only, which holds for root
/// too. `None` where the system does not grant them.
fn isolated(folder: &Path, args: &[&str]) -> Option<Output> {
    let script = "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" \
        && ! touch probe 2>/dev/null && test \"$(wc -l < /proc/net/dev)\" -le 3 || exit 99\nexec \"$@\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--net", "sh", "-c", script, "sh"])
        .arg(env!("CARGO_BIN_EXE_nixlint"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output.status.code().is_some_and(|code| code <= 2).then_some(output)
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("the output is UTF-8")
}

#[test]
fn check_works_on_a_path_of_the_store() {
    let clean = store_path("clean");
    let dirty = store_path("homelab");
    let expected = {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/homelab");
        nixlint(&source, &["check", "-o", "concise", "-q"])
    };
    let mut runs =
        vec![(nixlint(clean.path(), &["check"]), nixlint(dirty.path(), &["check", "-o", "concise", "-q"]))];
    match (isolated(clean.path(), &["check"]), isolated(dirty.path(), &["check", "-o", "concise", "-q"])) {
        (Some(clean), Some(dirty)) => runs.push((clean, dirty)),
        _ => println!("skipped: this system grants no namespaces, so the network is there"),
    }
    for (clean, dirty) in runs {
        assert_eq!(clean.status.code(), Some(0), "{}", text(&clean.stdout));
        assert!(text(&clean.stderr).starts_with("All checks passed: "), "{}", text(&clean.stderr));
        assert_eq!((dirty.status.code(), text(&dirty.stderr)), (Some(1), ""));
        assert_eq!(text(&dirty.stdout), text(&expected.stdout));
    }
    writable(clean.path());
    writable(dirty.path());
}

#[test]
fn fix_changes_nothing_where_nothing_can_be_written() {
    let dirty = store_path("homelab");
    let mut runs = vec![nixlint(dirty.path(), &["fix"])];
    runs.extend(isolated(dirty.path(), &["fix"]));
    for ran in runs {
        assert_eq!(ran.status.code(), Some(2), "{}", text(&ran.stderr));
        assert!(text(&ran.stderr).contains("is read-only"), "{}", text(&ran.stderr));
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/homelab");
    for path in contents(dirty.path()).into_iter().filter(|path| path.is_file()) {
        let name = path.strip_prefix(dirty.path()).expect("it is below");
        let same =
            fs::read(&path).expect("it can be read") == fs::read(source.join(name)).expect("it is there");
        assert!(same, "{}", name.display());
    }
    writable(dirty.path());
}
