//! `nixlint eval` as users run it, and against `nix-instantiate --eval`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("files have folders")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
    folder
}

/// The program, run in `folder` without anything from outside.
fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
    command.arg("eval").args(args).current_dir(folder).env_clear().output().expect("the program starts")
}

/// What it prints where all goes well.
fn printed(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is UTF-8").trim_end().to_owned()
}

/// What it complains about where Nix would stop, too.
fn error(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).expect("the output is UTF-8")
}

#[test]
fn known_values_are_printed_as_nix_prints_them() {
    let programs = [
        "{ b = [ 1 \"x\\n\" ./y null true ]; a.\"c d\" = 1.5; f = x: x; p = map; q = map (x: x); }",
        "let x = { a = 1; }; l = [ 1 ]; in [ x x l l { } { } ]",
        "let x = { self = x; }; in x",
        "rec { a = 1; b = a + 1; c = \"${toString b}\"; d = a; e = [ a b ]; g = x: x; h = true; }",
        "builtins.split \"(a)|b\" \"xaybz\"",
        "1.0e10",
        "\"\\${x} \\\"\"",
    ];
    let place = folder(&[("default.nix", "1")]);
    for program in programs {
        fs::write(place.path().join("default.nix"), program).expect("the file can be written");
        for flags in [&["--strict"][..], &[]] {
            let mut nix = Command::new("nix-instantiate");
            nix.arg("--eval").args(flags).arg("default.nix").current_dir(place.path());
            for variable in ["NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR"] {
                nix.env(variable, place.path().join(variable));
            }
            let Ok(output) = nix.output() else {
                println!("skipped: nix-instantiate is not installed");
                return;
            };
            let theirs = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let args: Vec<&str> = ["."].into_iter().chain(flags.iter().copied()).collect();
            assert_eq!(printed(place.path(), &args), theirs.trim_end(), "{program} {flags:?}");
        }
    }
}

#[test]
fn a_file_sees_its_project() {
    let place = folder(&[
        ("flake.nix", "{ outputs = _: { }; }"),
        ("lib/add.nix", "a: b: a + b"),
        ("lib/data.json", "{ \"port\": 80 }"),
        (
            "hosts/one.nix",
            "let data = builtins.fromJSON (builtins.readFile ../lib/data.json); in\n\
             { port = import ../lib/add.nix data.port 1; list = [ { a = 2; } ]; }",
        ),
        ("hosts/module.nix", "{ lib, config, ... }: { x = lib.optional true 1; y = config.a.b; }"),
    ]);
    let eval = |args: &[&str]| printed(place.path(), args);
    assert_eq!(eval(&["hosts/one.nix", "--strict"]), "{ list = [ { a = 2; } ]; port = 81; }");
    assert_eq!(eval(&["hosts/one.nix"]), "{ list = <CODE>; port = <CODE>; }");
    assert_eq!(eval(&["hosts/one.nix", "port"]), "81");
    assert_eq!(eval(&["hosts/one.nix", "list.0.a"]), "2");
    assert_eq!(eval(&["hosts/one.nix", "-o", "json"]), r#"{"value":{"list":[{"a":2}],"port":81}}"#);
    assert_eq!(eval(&["hosts/module.nix"]), "<LAMBDA>");
    assert_eq!(eval(&["hosts/module.nix", "x"]), "[ 1 ]");
    assert_eq!(eval(&["hosts/module.nix", "y"]), "«unknown: config.a.b»");
    assert_eq!(eval(&["hosts/module.nix", "y", "-o", "json"]), r#"{"unknown":"needs config.a.b"}"#);
}

#[test]
fn errors_of_nix_are_errors_with_their_place() {
    let place = folder(&[
        ("throws.nix", "{\n  a = 1;\n  b = throw \"no way\";\n}\n"),
        ("cycle.nix", "let x = x; in x"),
        ("broken.nix", "{ a = }"),
    ]);
    let text = error(place.path(), &["throws.nix", "--strict"]);
    assert!(text.contains("no way") && text.contains("throws.nix:3:7"), "{text}");
    assert!(error(place.path(), &["throws.nix", "b"]).contains("no way"));
    assert!(error(place.path(), &["throws.nix", "c"]).contains("attribute `c` missing"));
    assert!(error(place.path(), &["throws.nix", "b", "-o", "json"]).contains("no way"));
    assert_eq!(printed(place.path(), &["throws.nix", "a"]), "1");
    assert!(error(place.path(), &["cycle.nix"]).contains("infinite recursion"));
    assert!(error(place.path(), &["broken.nix"]).contains("syntax errors"));
    assert_eq!(run(place.path(), &["nothing.nix"]).status.code(), Some(2));
    assert_eq!(run(place.path(), &["throws.nix", "a..b"]).status.code(), Some(2));
}

#[test]
fn evaluation_that_is_cut_short_says_so() {
    let place =
        folder(&[("long.nix", "let l = n: builtins.length (builtins.genList (x: n) 2000000); in l 1 + l 2")]);
    let output = run(place.path(), &["long.nix"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "«unknown: too much work»");
    assert!(String::from_utf8_lossy(&output.stderr).contains("too many steps"));
}

/// The example that `examples/homelab` is.
fn homelab() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/homelab"))
}

#[test]
fn options_of_a_host_are_merged_and_placed() {
    let eval = |args: &[&str]| printed(homelab(), args);
    let on = |host: &str, option: &str| eval(&["--host", host, option]);
    assert_eq!(
        on("server", "services.openssh.enable"),
        "true\nmodules/base.nix:33: definition of priority 100"
    );
    assert_eq!(on("server", "homelab.llm.port"), "11434\nmodules/services/llm.nix:12: default");
    // Two modules make the container, and its port is the value of an option.
    let container = on("server", "virtualisation.oci-containers.containers.llm");
    // Modules of nixpkgs may add to lists that the project does not declare.
    assert!(container.contains(r#"devices = [ "nvidia.com/gpu=0" «perhaps more"#), "{container}");
    assert!(container.contains(r#"ports = [ "127.0.0.1:11434:11434" «perhaps more"#), "{container}");
    assert!(container.contains("\nhosts/server/gpu.nix:17: definition of priority 100"), "{container}");
    assert!(container.contains("\nmodules/services/llm.nix:18: definition of priority 100"), "{container}");
    // A package has a name and no value.
    let shell = on("server", "users.users.nora.shell");
    assert!(
        shell.starts_with("«unknown: pkgs.zsh»\nnot known: needs pkgs.zsh\nmodules/users.nix:"),
        "{shell}"
    );
    assert_eq!(on("server", "services.caddy.email"), "«unknown: the project does not set it»");
    // Of another host, and of a user.
    assert!(on("laptop", "homelab.llm.enable").starts_with("false\n"));
    let user = ["--host", "laptop", "--user", "nora", "programs.git.enable"];
    assert_eq!(eval(&user), "true\nhome/nora/default.nix:10: definition of priority 100");
}

#[test]
fn options_of_a_host_are_json_with_their_definitions() {
    let on = |option: &str| {
        let text = printed(homelab(), &["--host", "server", option, "-o", "json"]);
        serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON")
    };
    let place = |path: &str, line: u32, priority: i64| serde_json::json!({ "path": path, "line": line, "priority": priority, "condition": null });
    assert_eq!(
        on("services.openssh.settings.PermitRootLogin"),
        serde_json::json!({ "value": "no", "definitions": [place("modules/base.nix", 37, 100)] })
    );
    let unknown = on("users.users.nora.shell");
    assert_eq!(unknown["unknown"], "needs pkgs.zsh");
    assert_eq!(unknown["definitions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn conditions_and_priorities_of_definitions_are_told() {
    let place = folder(&[
        (
            "flake.nix",
            "{ outputs = { nixpkgs, ... }: { nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./a.nix ]; }; }; }",
        ),
        (
            "a.nix",
            "{ config, lib, ... }: {\n  imports = [ ./b.nix ];\n  networking.hostName = lib.mkForce \"box\";\n  \
             a = lib.mkIf config.services.x.enable 1;\n  bad = throw \"no way\";\n}\n",
        ),
        ("b.nix", "{ networking.hostName = \"other\"; }"),
    ]);
    let eval = |args: &[&str]| printed(place.path(), args);
    let text = eval(&["--host", "box", "networking.hostName"]);
    assert!(text.starts_with("\"box\"\n"), "{text}");
    assert!(text.contains("a.nix:3: definition of priority 50"), "{text}");
    assert!(text.contains("b.nix:1: definition of priority 100"), "{text}");
    let text = eval(&["--host", "box", "a"]);
    assert!(text.contains("a.nix:4: definition of priority 100, if config.services.x.enable"), "{text}");
    assert!(error(place.path(), &["--host", "box", "bad"]).contains("no way"));
}

#[test]
fn hosts_and_users_have_to_be_there() {
    let failed = |args: &[&str]| {
        let output = run(homelab(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        String::from_utf8(output.stderr).expect("the output is UTF-8")
    };
    assert!(failed(&["--host", "srver", "time.timeZone"]).contains("did you mean `server`?"));
    assert!(
        failed(&["--host", "laptop", "--user", "norah", "home.stateVersion"])
            .contains("did you mean `nora`?")
    );
    failed(&["--user", "nora", "home.stateVersion"]);
    failed(&["--host", "server", "--strict", "time.timeZone"]);
    failed(&["--host", "server", "time..timeZone"]);
}
