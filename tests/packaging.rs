//! What nixlint is packed and shipped with. Says `skipped: …` where a program is missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_nixlint");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

/// Whether a program is there; says so where it is not.
fn has(program: &str) -> bool {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let has = output.is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: {program} is not installed");
    }
    has
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ran(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

/// A nixpkgs of which nothing is built: a derivation is what it was made of.
const NIXPKGS: &str = r#"
let
  lib = {
    genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
    importTOML = file: builtins.fromTOML (builtins.readFile file);
    cleanSource = source: source;
    optionalString = condition: text: if condition then text else "";
    escapeShellArgs = args: builtins.concatStringsSep " " (map (arg: "'${arg}'") args);
    licenses = { mit = "MIT"; asl20 = "Apache-2.0"; };
    platforms.unix = [ "unix" ];
  };
  pkgsFor = system: rec {
    inherit lib system;
    stdenv = { buildPlatform.canExecute = _: true; hostPlatform = { }; };
    rustPlatform.buildRustPackage = args: args // { outPath = "/store/nixlint"; };
    installShellFiles = "installShellFiles";
    versionCheckHook = "versionCheckHook";
    cargo = "cargo"; clippy = "clippy"; rustc = "rustc"; rustfmt = "rustfmt"; pre-commit = "pre-commit";
    runCommand = name: args: script: { inherit name args script; };
    writeShellScriptBin = name: script: { inherit name script; };
    mkShell = args: args;
    callPackage = file: args:
      let f = import file; in
      f (builtins.intersectAttrs (builtins.functionArgs f) self // args);
    self = { inherit lib stdenv rustPlatform installShellFiles versionCheckHook; };
  };
in
{
  inherit lib;
  legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ] pkgsFor;
}
"#;

/// An expression about the outputs of `flake.nix`, evaluated by Nix.
fn nix(expression: &str) -> serde_json::Value {
    let flake = root().join("flake.nix");
    let whole = format!(
        "let nixpkgs = {NIXPKGS}; self = (import {}).outputs {{ inherit self nixpkgs; }}; in {expression}",
        flake.display()
    );
    let store = folder();
    let text = ran(Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "-E", &whole])
        .env("NIX_STATE_DIR", store.path().join("state"))
        .env("NIX_STORE_DIR", store.path().join("store")));
    serde_json::from_str(&text).expect("Nix writes JSON")
}

#[test]
fn the_flake_offers_what_users_of_flakes_look_for() {
    if !has("nix-instantiate") {
        return;
    }
    let systems = ["aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"];
    for output in ["packages", "apps", "checks", "formatter", "devShells"] {
        assert_eq!(nix(&format!("builtins.attrNames self.{output}")), serde_json::json!(systems), "{output}");
    }
    let package = nix("removeAttrs self.packages.x86_64-linux.default [ \"src\" \"cargoLock\" ]");
    assert_eq!(
        package,
        nix(
            "removeAttrs (self.overlays.default nixpkgs.legacyPackages.x86_64-linux { }).nixlint [ \"src\" \"cargoLock\" ]"
        )
    );
    assert_eq!(nix("self.packages.x86_64-linux.default.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(nix("self.packages.x86_64-linux.default.meta.mainProgram"), "nixlint");
    assert_eq!(nix("self.apps.x86_64-linux.default.program"), "/store/nixlint/bin/nixlint");
    assert_eq!(nix("self.formatter.x86_64-linux.script"), "exec /store/nixlint/bin/nixlint fix \"$@\"\n");
    assert_eq!(nix("builtins.length self.devShells.x86_64-linux.default.packages"), 5);
    assert_eq!(
        nix(
            "(self.lib.mkCheck { pkgs = nixpkgs.legacyPackages.x86_64-linux; src = \"/store/src\"; args = [ \"--fail-on=error\" ]; }).script"
        ),
        "cd /store/src\nnixlint check '--fail-on=error'\ntouch $out\n"
    );
}

/// What `mkCheck` and `postInstall` do, done.
#[test]
fn the_scripts_of_the_flake_run() {
    if !has("nix-instantiate") {
        return;
    }
    let place = folder();
    let bin = place.path().join("bin");
    fs::create_dir_all(&bin).expect("folders can be made");
    fs::copy(PROGRAM, bin.join("nixlint")).expect("the program can be copied");
    let path = std::env::join_paths([bin.clone(), PathBuf::from("/usr/bin"), PathBuf::from("/bin")]);
    let path = path.expect("folders have no colons");
    let run = |script: &str, out: &Path| {
        let mut command = Command::new("bash");
        command.args(["-euc", script]).current_dir(place.path()).env_clear();
        command.env("PATH", &path).env("out", out).stdin(Stdio::null()).output().expect("bash starts")
    };
    for (example, passes) in [("clean", true), ("homelab", false)] {
        let source = root().join("examples").join(example);
        let expression = format!(
            "(self.lib.mkCheck {{ pkgs = nixpkgs.legacyPackages.x86_64-linux; src = \"{}\"; }}).script",
            source.display()
        );
        let out = place.path().join(example);
        let output = run(nix(&expression).as_str().expect("scripts are text"), &out);
        assert_eq!(output.status.success(), passes, "{}", said(&output));
        assert_eq!(out.exists(), passes);
    }

    let install = nix("self.packages.x86_64-linux.default.postInstall");
    let helpers = "installManPage() { mkdir -p $out/share/man; cp \"$@\" $out/share/man; }\n\
        installShellCompletion() { shift 2; while [ $# -gt 0 ]; do cat \"$2\" > $out/share/${1#--}; shift 2; done; }\n";
    let script = format!("{helpers}{}", install.as_str().expect("scripts are text"));
    let output = run(&script, place.path());
    assert!(output.status.success(), "{}", said(&output));
    for file in
        ["man/nixlint.1", "man/nixlint-check.1", "bash", "fish", "zsh", "nushell/vendor/autoload/nixlint.nu"]
    {
        let path = place.path().join("share").join(file);
        assert!(fs::metadata(&path).is_ok_and(|file| file.len() > 100), "{}", path.display());
    }
}

#[test]
fn nixlint_finds_nothing_in_its_own_flake() {
    let place = folder();
    fs::create_dir_all(place.path().join("examples/clean")).expect("folders can be made");
    for name in ["flake.nix", "package.nix", "Cargo.toml", "Cargo.lock"] {
        fs::copy(root().join(name), place.path().join(name)).expect("files can be copied");
    }
    let output = Command::new(PROGRAM).arg("check").current_dir(place.path()).env_clear().output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn completions_are_scripts_of_their_shells() {
    for (shell, check) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])] {
        if !has(shell) {
            continue;
        }
        let place = folder();
        let script = place.path().join("completions");
        fs::write(&script, ran(Command::new(PROGRAM).args(["completions", shell])))
            .expect("files can be written");
        ran(Command::new(shell).args(check).arg(&script));
    }
}

#[test]
fn manual_pages_are_readable() {
    if !has("man") {
        return;
    }
    let place = folder();
    ran(Command::new(PROGRAM).arg("man").arg(place.path()));
    let page = place.path().join("nixlint-check.1");
    let text = ran(Command::new("man").args(["--warnings", "--local-file"]).arg(page).env("MANPAGER", "cat"));
    assert!(text.contains("nixlint check") || text.contains("nixlint-check"), "{text}");
    assert!(text.contains("--fail-on"), "{text}");
}

#[test]
fn the_wheel_brings_the_program() {
    if !has("maturin") || !has("python3") {
        return;
    }
    let place = folder();
    let wheels = place.path().join("wheels");
    // As this test was built, so that there is little to build.
    let target = Path::new(PROGRAM).ancestors().nth(2).expect("programs are in folders of folders");
    let output = Command::new("maturin")
        .args(["build", "--profile", "dev", "--out"])
        .arg(&wheels)
        .args(["--target-dir"])
        .arg(target)
        .current_dir(root())
        .output()
        .expect("maturin starts");
    if said(&output).contains("failed to download") {
        println!("skipped: cargo cannot download what the dependencies need elsewhere");
        return;
    }
    assert!(output.status.success(), "{}", said(&output));
    let wheel = fs::read_dir(&wheels).expect("it is there").next().expect("there is a wheel");
    let wheel = wheel.expect("it can be listed").path();
    let name = wheel.file_name().expect("it has a name").to_string_lossy().into_owned();
    assert!(name.starts_with(&format!("nixlint-{}-py3-none-", env!("CARGO_PKG_VERSION"))), "{name}");

    let environment = place.path().join("environment");
    ran(Command::new("python3").args(["-m", "venv"]).arg(&environment));
    ran(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "--no-index"]).arg(&wheel));
    let version = ran(Command::new(environment.join("bin/nixlint")).arg("--version"));
    assert_eq!(version, format!("nixlint {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn releases_hold_what_binstall_and_the_action_look_for() {
    let place = folder();
    let target = "x86_64-unknown-linux-musl";
    ran(Command::new(root().join(".ci/package")).arg(target).arg(PROGRAM).arg(place.path().join("dist")));
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("nixlint-{target}-v{version}");
    let manifest: toml::Table = read("Cargo.toml").parse().expect("it is TOML");
    let binstall = manifest["package"]["metadata"]["binstall"].as_table().expect("it has a table");
    let filled = |template: &toml::Value| {
        let template = template.as_str().expect("templates are text");
        let values = [
            ("{ repo }", ""),
            ("{ version }", version),
            ("{ name }", "nixlint"),
            ("{ target }", target),
            ("{ bin }", "nixlint"),
            ("{ binary-ext }", ""),
            ("{ archive-suffix }", ".tar.gz"),
        ];
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    };
    assert_eq!(filled(&binstall["pkg-url"]), format!("/releases/download/v{version}/{name}.tar.gz"));
    for linux in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let musl = linux.replace("gnu", "musl");
        let own = &binstall["overrides"][linux];
        assert!(own["pkg-url"].as_str().is_some_and(|url| url.contains(&musl)), "{linux}");
        assert!(own["bin-dir"].as_str().is_some_and(|url| url.contains(&musl)), "{linux}");
    }
    ran(Command::new("tar")
        .arg("-xzf")
        .arg(place.path().join(format!("dist/{name}.tar.gz")))
        .current_dir(&place));
    let program = place.path().join(filled(&binstall["bin-dir"]));
    assert_eq!(ran(Command::new(program).arg("--version")), format!("nixlint {version}\n"));
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "man/nixlint.1", "completions/nixlint.nushell"] {
        assert!(place.path().join(&name).join(file).is_file(), "{file}");
    }

    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return;
    }
    // The action installs it, from a `gh` that has this release alone.
    let gh = "#!/bin/sh\nset -eu\n\
        if [ \"$1 $2\" = 'release view' ]; then echo v$VERSION; exit; fi\n\
        test \"$3\" = \"v$VERSION\"\ncp \"$DIST\"/* \"$7\"\n";
    let bin = place.path().join("bin");
    fs::create_dir(&bin).expect("folders can be made");
    fs::write(bin.join("gh"), gh).expect("files can be written");
    ran(Command::new("chmod").arg("+x").arg(bin.join("gh")));
    for (wanted, works) in
        [("latest", true), (version, true), ("9.9.9", false), ("1.0.0; touch pwned", false)]
    {
        let paths = place.path().join("paths");
        fs::write(&paths, "").expect("files can be written");
        let output = Command::new(root().join(".ci/action/install"))
            .current_dir(&place)
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("GITHUB_PATH", &paths)
            .env("NIXLINT_VERSION", wanted)
            .env("NIXLINT_REPOSITORY", "example/nixlint")
            .env("VERSION", version)
            .env("DIST", place.path().join("dist"))
            .output()
            .expect("the script starts");
        assert_eq!(output.status.success(), works, "{wanted}: {}", said(&output));
        assert_eq!(!fs::read_to_string(&paths).expect("it can be read").is_empty(), works, "{wanted}");
    }
    assert!(!place.path().join("pwned").exists());
}

#[test]
fn the_action_runs_what_it_is_told_and_nothing_else() {
    let place = folder();
    let flake = place.path().join("checkout/$(touch pwned) flake");
    fs::create_dir_all(&flake).expect("folders can be made");
    fs::write(flake.join("a b.nix"), "{\n  # nixlint: ignore[syntax-error]\n  a = 1;\n}\n")
        .expect("files can be written");
    let bin = Path::new(PROGRAM).parent().expect("programs are in folders");
    let run = |paths: &str, args: &str| {
        fs::write(place.path().join("output"), "").expect("files can be written");
        fs::write(place.path().join("summary"), "before\n").expect("files can be written");
        Command::new(root().join(".ci/action/check"))
            .current_dir(place.path().join("checkout"))
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("GITHUB_OUTPUT", place.path().join("output"))
            .env("GITHUB_STEP_SUMMARY", place.path().join("summary"))
            .env("GITHUB_WORKSPACE", place.path().join("checkout"))
            .env("NIXLINT_PATHS", paths)
            .env("NIXLINT_ARGS", args)
            .env("NIXLINT_SARIF", "out put.sarif")
            .output()
            .expect("the script starts")
    };
    let output = run("$(touch pwned) flake\n", "");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).starts_with(
            "::warning title=nixlint (unused-suppression),file=$(touch pwned) flake/a b.nix,line=2,"
        ),
        "{}",
        said(&output)
    );
    let written = |name: &str| fs::read_to_string(place.path().join(name)).expect("it can be read");
    assert_eq!(written("output"), "exit-code=1\nsarif-file=out put.sarif\n");
    assert!(
        written("summary").starts_with("before\n**nixlint:** 1 warning in 1 file\n"),
        "{}",
        written("summary")
    );
    let sarif: serde_json::Value =
        serde_json::from_str(&written("checkout/out put.sarif")).expect("it is JSON");
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(1));

    assert_eq!(run(".", "--fail-on=error\n--quiet\n").status.code(), Some(0));
    assert_eq!(run("--version", "").status.code(), Some(2));
    assert_eq!(run(".", "$(touch pwned)").status.code(), Some(2));
    assert_eq!(run("; touch pwned", "").status.code(), Some(2));
    let pwned = walkdir::WalkDir::new(place.path()).into_iter().flatten();
    assert!(pwned.filter(|entry| entry.file_name() == "pwned").count() == 0);
}

#[test]
fn workflows_keep_to_their_schemas_and_are_safe() {
    if has("check-jsonschema") {
        let workflows = fs::read_dir(root().join(".github/workflows")).expect("there are workflows");
        let workflows = workflows.map(|entry| entry.expect("it can be listed").path());
        ran(Command::new("check-jsonschema")
            .args(["--builtin-schema", "vendor.github-workflows"])
            .args(workflows));
        ran(Command::new("check-jsonschema")
            .args(["--builtin-schema", "vendor.github-actions"])
            .arg(root().join("action.yml")));
    }
    if has("zizmor") {
        ran(Command::new("zizmor").args(["--offline", "--no-progress", "--quiet", "."]).current_dir(root()));
    }
    if has("shellcheck") {
        let scripts =
            ["run", "package", "ecosystem-diff", "ecosystem-fetch", "action/check", "action/install"];
        let scripts = scripts.map(|name| root().join(".ci").join(name));
        ran(Command::new("shellcheck").args(scripts));
    }
}

#[test]
fn steps_of_workflows_that_can_run_here_are_scripts() {
    for name in fs::read_dir(root().join(".ci")).expect("there are scripts") {
        let path = name.expect("it can be listed").path();
        if path.is_file() && path.extension().is_none() {
            ran(Command::new("bash").arg("-n").arg(&path));
        }
    }
    let place = folder();
    let examples = [root().join("examples/clean"), root().join("examples/homelab")];
    let text = ran(Command::new(root().join(".ci/ecosystem-diff")).args([PROGRAM, PROGRAM]).args(&examples));
    assert_eq!(text, "### Findings on real configurations: 0 more, 0 less\n");
    let other = place.path().join("other");
    fs::write(&other, "#!/bin/sh\nexit 0\n").expect("files can be written");
    ran(Command::new("chmod").arg("+x").arg(&other));
    let text = ran(Command::new(root().join(".ci/ecosystem-diff")).arg(PROGRAM).arg(&other).args(&examples));
    assert!(text.contains(" 0 more, ") && text.contains("\n- homelab/"), "{text}");
}

#[test]
fn fuzz_targets_call_what_the_tests_call() {
    for target in ["check", "fix"] {
        let text = read(&format!("fuzz/fuzz_targets/{target}.rs"));
        let calls: Vec<&str> = text.match_indices("survival::").map(|(at, _)| &text[at..]).collect();
        assert!(calls.len() >= 2, "{target}");
        assert!(text.contains("#[path = \"../../tests/survival/mod.rs\"]"), "{target}");
        assert_eq!(text.matches("nixlint::").count(), text.matches("use nixlint::").count(), "{target}");
    }
    let tests = read("tests/robustness.rs");
    assert!(tests.contains("run(&files") && tests.contains("fixed(&files"));
}

#[test]
fn licences_of_dependencies_are_allowed() {
    let deny: toml::Table = read("deny.toml").parse().expect("it is TOML");
    let allowed = deny["licenses"]["allow"].as_array().expect("licences are a list");
    let is_allowed = |name: &str| allowed.iter().any(|allowed| allowed.as_str() == Some(name.trim()));
    let mut metadata = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    metadata.args(["metadata", "--offline", "--locked", "--format-version", "1"]).current_dir(root());
    match metadata.output().ok().filter(|output| output.status.success()) {
        Some(output) => {
            let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
            for package in metadata["packages"].as_array().expect("packages are a list") {
                let licence = package["license"].as_str().unwrap_or_default();
                let all = licence.split(" AND ").all(|part| {
                    part.trim_matches(['(', ')'])
                        .split(" OR ")
                        .flat_map(|part| part.split('/'))
                        .any(is_allowed)
                });
                assert!(all, "{}: {licence}", package["name"]);
            }
        }
        None => println!("skipped: `cargo metadata --offline` does not work here"),
    }
    if has("cargo-deny") {
        let checks = ["licenses", "bans", "sources"];
        ran(Command::new("cargo-deny").args(["--offline", "check"]).args(checks).current_dir(root()));
    }
}
