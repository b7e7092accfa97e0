//! `nixlint hosts` as users run it: which hosts a flake has, and which modules each is made of.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// What `nixlint hosts` prints.
fn hosts(folder: &Path, args: &[&str]) -> String {
    run(folder, "hosts", args)
}

/// What the program prints, run in `folder` without anything from outside.
fn run(folder: &Path, command: &str, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_nixlint"))
        .arg(command)
        .args(args)
        .current_dir(folder)
        .env_clear()
        .output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

/// A folder with these files.
fn flake(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("files have folders")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
    folder
}

/// The hosts of a flake, a line each: `host: file file(inline) file(may) | user: file`, the external
/// modules counted, and the open imports with their reasons.
fn lines(files: &[(&str, &str)]) -> String {
    let folder = flake(files);
    let hosts: Value = serde_json::from_str(&hosts(folder.path(), &["-o", "json"])).expect("it is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let modules = |value: &Value| {
        let mut words: Vec<String> = Vec::new();
        for file in list(&value["files"]) {
            let inline = if file["as"] == "inline" { "(inline)" } else { "" };
            let may = if file["certainty"] == "may" { "(may)" } else { "" };
            words.push(format!("{}{inline}{may}", text(&file["path"])));
        }
        if value["external"] != 0 {
            words.push(format!("+{}", value["external"]));
        }
        for open in list(&value["open"]) {
            words.push(format!("[{}:{}: {}]", text(&open["path"]), open["line"], text(&open["reason"])));
        }
        words.join(" ")
    };
    let line = |host: &Value| {
        let mut line = format!("{} {}: {}\n", text(&host["class"]), text(&host["name"]), modules(host));
        for (name, user) in host["users"].as_object().expect("users are a set") {
            line.push_str(&format!("  {name}: {}\n", modules(user)));
        }
        line
    };
    list(&hosts).iter().map(line).collect()
}

/// A flake with the host `h`, whose list of modules is `modules`.
fn one_host<'t>(
    flake: &'t mut String,
    modules: &str,
    files: &[(&'t str, &'t str)],
) -> Vec<(&'t str, &'t str)> {
    *flake = format!(
        "{{ outputs = {{ self, nixpkgs, ... }}@inputs: {{ nixosConfigurations.h = nixpkgs.lib.nixosSystem {{ \
         specialArgs = {{ inherit inputs; }}; modules = {modules}; }}; }}; }}"
    );
    let mut files = files.to_vec();
    files.push(("flake.nix", flake));
    files
}

macro_rules! host {
    ($modules:expr, $files:expr) => {
        lines(&one_host(&mut String::new(), $modules, $files))
    };
}

#[test]
fn the_example_is_shown_as_a_table() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    insta::assert_snapshot!(hosts(&examples.join("homelab"), &["--files"]), @"
    HOST    CLASS  SYSTEM        MODULES  OPEN
    laptop  nixos  x86_64-linux  20       -
      nora  user                 3        -
    server  nixos  x86_64-linux  19       -
      nora  user                 3        -

    laptop:
      flake.nix (inline)
      hosts/laptop/default.nix
      hosts/laptop/hardware.nix
      hosts/laptop/notebook.nix
      modules/base.nix
      modules/containers.nix
      modules/default.nix
      modules/desktop.nix
      modules/secrets.nix
      modules/services/backup.nix
      modules/services/cache.nix
      modules/services/default.nix
      modules/services/inventory/default.nix
      modules/services/llm.nix
      modules/services/notes.nix
      modules/services/nvr.nix
      modules/services/photos.nix
      modules/services/proxy.nix
      modules/services/transcribe.nix
      modules/users.nix

    laptop, user nora:
      home/nora/default.nix (inline)
      home/nora/mail.nix
      home/nora/shell.nix

    server:
      flake.nix (inline)
      hosts/server/default.nix
      hosts/server/gpu.nix
      hosts/server/hardware.nix
      modules/base.nix
      modules/containers.nix
      modules/default.nix
      modules/secrets.nix
      modules/services/backup.nix
      modules/services/cache.nix
      modules/services/default.nix
      modules/services/inventory/default.nix
      modules/services/llm.nix
      modules/services/notes.nix
      modules/services/nvr.nix
      modules/services/photos.nix
      modules/services/proxy.nix
      modules/services/transcribe.nix
      modules/users.nix

    server, user nora:
      home/nora/default.nix (inline)
      home/nora/mail.nix
      home/nora/shell.nix
    ");
    insta::assert_snapshot!(hosts(&examples, &["-o", "markdown"]), @"
    ## `clean`

    | HOST | CLASS | SYSTEM | MODULES | OPEN |
    | --- | --- | --- | --- | --- |
    | laptop | nixos | x86_64-linux | 21 | - |
    |   nora | user |  | 3 | - |
    | server | nixos | x86_64-linux | 20 | - |
    |   nora | user |  | 3 | - |

    ## `homelab`

    | HOST | CLASS | SYSTEM | MODULES | OPEN |
    | --- | --- | --- | --- | --- |
    | laptop | nixos | x86_64-linux | 20 | - |
    |   nora | user |  | 3 | - |
    | server | nixos | x86_64-linux | 19 | - |
    |   nora | user |  | 3 | - |
    ");
}

#[test]
fn imports_are_followed_with_their_certainty() {
    insta::assert_snapshot!(host!(
        "[ ./a.nix inputs.sops.nixosModules.sops (nixpkgs + \"/x.nix\") { imports = [ ./c ]; } ]",
        &[
            ("a.nix", "{ lib, inputs, ... }: { imports = [ ./b.nix ./a.nix ] ++ lib.optional (inputs ? x) ./may.nix; }"),
            ("b.nix", "{ modulesPath, ... }: { imports = [ (modulesPath + \"/installer/scan.nix\") ]; }"),
            ("may.nix", "{ imports = [ ./below.nix ./b.nix ]; }"),
            ("below.nix", "{ }"),
            ("c/default.nix", "{ }"),
        ]
    ), @"nixos h: a.nix b.nix below.nix(may) c/default.nix flake.nix(inline) may.nix(may) +3");
}

#[test]
fn what_cannot_be_followed_is_open_at_its_place() {
    insta::assert_snapshot!(host!(
        "[ ./a.nix ]",
        &[
            ("a.nix", "{ stranger, ... }: {\n  imports = [\n    ./missing.nix\n    ./folder\n    stranger\n  ];\n}"),
            ("folder/readme", ""),
        ]
    ), @"nixos h: a.nix [a.nix:3: error: path `missing.nix` does not exist] [a.nix:4: error: `folder` has no `default.nix`] [a.nix:2: needs stranger]");
}

#[test]
fn modules_are_files_or_written_in_place() {
    insta::assert_snapshot!(host!(
        "[ (import ./called.nix { a = 1; }) (import ./set.nix) { imports = [ (import ./inner.nix) ]; } ]",
        &[
            ("called.nix", "{ a }: { config, ... }: { imports = [ ./leaf.nix ]; }"),
            ("set.nix", "{ imports = [ ./leaf.nix ]; }"),
            ("inner.nix", "{ ... }: { }"),
            ("leaf.nix", "{ }"),
        ]
    ), @"nixos h: called.nix(inline) flake.nix(inline) inner.nix(inline) leaf.nix set.nix(inline)");
}

#[test]
fn disabled_modules_go_with_what_they_alone_import() {
    insta::assert_snapshot!(host!(
        "[ ./a.nix ./b.nix ]",
        &[
            ("a.nix", "{ imports = [ ./only.nix ./both.nix ]; }"),
            ("only.nix", "{ }"),
            ("both.nix", "{ }"),
            ("b.nix", "{ imports = [ ./both.nix ]; disabledModules = [ ./a.nix \"services/misc/x.nix\" ]; }"),
        ]
    ), @"nixos h: b.nix both.nix");
}

#[test]
fn a_key_makes_modules_one() {
    insta::assert_snapshot!(host!(
        "[ { key = \"k\"; imports = [ ./a.nix ]; } { key = \"k\"; imports = [ ./b.nix ]; } { disabledModules = [ { key = \"off\"; } ]; } { key = \"off\"; imports = [ ./c.nix ]; } ]",
        &[("a.nix", "{ }"), ("b.nix", "{ }"), ("c.nix", "{ }")]
    ), @"nixos h: a.nix flake.nix(inline)");
}

#[test]
fn users_have_closures_of_their_own() {
    insta::assert_snapshot!(host!(
        "[ ./a.nix ]",
        &[
            ("a.nix", "{ config, lib, ... }: {
                my.name = \"dora\";
                home-manager.extraSpecialArgs = { more = ./more.nix; };
                home-manager.sharedModules = [ ./shared.nix ];
                home-manager.users = {
                  ada = import ./ada.nix;
                  bob = ./bob.nix;
                  cyd = { osConfig, more, ... }: { imports = [ more ]; };
                  ${config.my.name}.imports = [ ./dora.nix ];
                  off = lib.mkIf config.my.no ./ada.nix;
                  fay = import (./. + \"/${config.my.name}.nix\");
                  gus = { osConfig, ... }: { imports = [ ./${osConfig.my.name}.nix ]; };
                } // lib.genAttrs [ \"eve\" ] (name: ./. + \"/${name}.nix\");
                my.no = false;
              }"),
            ("ada.nix", "{ ... }: { imports = [ ./leaf.nix ]; }"),
            ("bob.nix", "{ }"), ("dora.nix", "{ }"), ("eve.nix", "{ }"), ("leaf.nix", "{ }"),
            ("more.nix", "{ }"), ("shared.nix", "{ }"),
        ]
    ), @"
    nixos h: a.nix
      ada: ada.nix(inline) leaf.nix shared.nix
      bob: bob.nix shared.nix
      cyd: a.nix(inline) more.nix shared.nix
      dora: a.nix(inline) dora.nix shared.nix
      eve: eve.nix shared.nix
      fay: dora.nix(inline) shared.nix
      gus: a.nix(inline) dora.nix shared.nix
    ");
}

#[test]
fn hosts_may_pass_different_things_to_one_module_of_a_user() {
    let host = |name: &str, more: &str| {
        format!(
            "{name} = nixpkgs.lib.nixosSystem {{ modules = [ ./user.nix {{ my.name = \"{name}\"; \
             home-manager.extraSpecialArgs = {{ host = \"{name}\"; same = \"same\"; {more} }}; }} ]; }};"
        )
    };
    let hosts = [host("a", ""), host("b", "other = \"b\";"), host("c", "other = \"c\";")].concat();
    let flake = format!("{{ outputs = {{ nixpkgs, ... }}: {{ nixosConfigurations = {{ {hosts} }}; }}; }}");
    let import =
        |formals: &str, name: &str| format!("{formals}: {{ imports = [ (./. + \"/{name}.nix\") ]; }}");
    insta::assert_snapshot!(lines(&[
        ("flake.nix", &flake),
        ("user.nix", "{ home-manager.users.u.imports = [ ./named.nix ./whole.nix ./shared.nix ./os.nix ./default.nix ]; }"),
        ("named.nix", &import("{ host, ... }", "named-${host}")),
        ("whole.nix", &import("{ ... }@args", "whole-${args.host}")),
        ("shared.nix", &import("{ same, ... }", "${same}")),
        ("os.nix", &import("{ osConfig, same, ... }", "os-${osConfig.my.name}")),
        ("default.nix", &import("{ other ? \"a\", ... }", "default-${other}")),
        ("named-a.nix", "{ }"), ("named-b.nix", "{ }"), ("named-c.nix", "{ }"),
        ("whole-a.nix", "{ }"), ("whole-b.nix", "{ }"), ("whole-c.nix", "{ }"),
        ("os-a.nix", "{ }"), ("os-b.nix", "{ }"), ("os-c.nix", "{ }"),
        ("default-a.nix", "{ }"), ("default-b.nix", "{ }"), ("default-c.nix", "{ }"),
        ("same.nix", "{ }"),
    ]), @"
    nixos a: flake.nix(inline) user.nix
      u: default.nix named-a.nix named.nix os-a.nix os.nix same.nix shared.nix user.nix(inline) whole-a.nix whole.nix [default.nix:1: needs other]
    nixos b: flake.nix(inline) user.nix
      u: default-b.nix default.nix named-b.nix named.nix os-b.nix os.nix same.nix shared.nix user.nix(inline) whole-b.nix whole.nix
    nixos c: flake.nix(inline) user.nix
      u: default-c.nix default.nix named-c.nix named.nix os-c.nix os.nix same.nix shared.nix user.nix(inline) whole-c.nix whole.nix
    ");
}

#[test]
fn the_user_may_name_hosts() {
    insta::assert_snapshot!(lines(&[
        ("nixlint.toml", "[hosts]\nattic = \"attic.nix\"\nmac = { modules = [\"a.nix\", \"sub/b.nix\"], class = \"darwin\" }\ninner = \"sub/flake/c.nix\""),
        ("flake.nix", "{ outputs = { ... }: { }; }"),
        ("attic.nix", "{ imports = [ ./a.nix ]; }"),
        ("a.nix", "{ }"),
        ("sub/b.nix", "{ }"),
        ("sub/flake/flake.nix", "{ outputs = { ... }: { }; }"),
        ("sub/flake/c.nix", "{ }"),
    ]), @"
    nixos attic: a.nix attic.nix
    darwin mac: a.nix sub/b.nix
    nixos inner: c.nix
    ");
}

#[test]
fn a_folder_without_a_flake_may_be_a_machine() {
    insta::assert_snapshot!(lines(&[
        ("configuration.nix", "{ config, pkgs, ... }: { imports = [ ./hardware.nix ]; networking.hostName = \"den\"; }"),
        ("hardware.nix", "{ boot.loader.grub.enable = true; }"),
    ]), @"nixos den: configuration.nix hardware.nix");
    assert_eq!(lines(&[("configuration.nix", "{ colour = \"blue\"; }")]), "");
    assert_eq!(lines(&[("other.nix", "{ boot.loader.grub.enable = true; }")]), "");
}

#[test]
fn an_encrypted_module_is_a_module_of_which_nothing_is_known() {
    let secret = "age-encryption.org/v1\n";
    insta::assert_snapshot!(host!("[ ./secrets ./key.nix ]", &[("secrets/default.nix", secret), ("key.nix", secret)]), @"nixos h: key.nix secrets/default.nix [flake.nix:1: error: `secrets/default.nix` cannot be read] [flake.nix:1: error: `key.nix` cannot be read]");
}

/// A flake with every kind of node and edge.
const GRAPH: [(&str, &str); 9] = [
    (
        "flake.nix",
        "{ outputs = { nixpkgs, ... }@inputs: {
            nixosConfigurations.h = nixpkgs.lib.nixosSystem { specialArgs = { inherit inputs; }; modules = [ ./a.nix ]; };
            nixosModules.out = ./exported.nix;
          }; }",
    ),
    (
        "a.nix",
        "{ lib, inputs, ... }: { imports = [ ./b.nix ] ++ lib.optional (inputs ? x) ./may.nix; home-manager.users.u = ./home.nix; }",
    ),
    ("b.nix", "{ stranger, ... }: { imports = [ stranger ./may.nix ]; }"),
    ("may.nix", "{ environment.etc = import ./data.nix; }"),
    ("home.nix", "{ home.packages = [ ]; }"),
    ("exported.nix", "{ services.nginx.enable = true; }"),
    ("data.nix", "{ services.nginx.enable = true; }"),
    ("dead.nix", "{ imports = [ ./dead-too.nix ]; services.nginx.enable = true; }"),
    ("dead-too.nix", "{ services.nginx.enable = true; }"),
];

#[test]
fn imports_are_drawn() {
    let folder = flake(&GRAPH);
    insta::assert_snapshot!(run(folder.path(), "graph", &[]), @r#"
    flowchart LR
      p0n0(["h"])
      class p0n0 host
      p0n1["a.nix"]
      p0n2["b.nix"]
      class p0n2 open
      p0n3["may.nix"]
      p0n4[/"u"/]
      class p0n4 user
      p0n5["home.nix"]
      p0n6["dead-too.nix"]
      class p0n6 unattached
      p0n7["dead.nix"]
      class p0n7 unattached
      p0n0 --> p0n1
      p0n0 --> p0n4
      p0n1 --> p0n2
      p0n1 -.-> p0n3
      p0n2 --> p0n3
      p0n4 --> p0n5
      classDef host stroke-width:3px
      classDef open stroke:#c00
      classDef unattached stroke-dasharray:4
    "#);
    insta::assert_snapshot!(run(folder.path(), "graph", &["-o", "dot", "--host", "h"]), @r#"
    digraph imports {
      rankdir=LR;
      node [shape=box];
      subgraph cluster_0 {
        label=".";
        p0n0 [label="h", shape=ellipse, penwidth=3];
        p0n1 [label="a.nix"];
        p0n2 [label="b.nix", color=red];
        p0n3 [label="may.nix"];
        p0n4 [label="u", shape=parallelogram];
        p0n5 [label="home.nix"];
        p0n0 -> p0n1;
        p0n0 -> p0n4;
        p0n1 -> p0n2;
        p0n1 -> p0n3 [style=dashed];
        p0n2 -> p0n3;
        p0n4 -> p0n5;
      }
    }
    "#);
    let graphs: Value =
        serde_json::from_str(&run(folder.path(), "graph", &["-o", "json"])).expect("it is JSON");
    let names = |kind: &str| {
        let nodes = graphs[0]["nodes"].as_array().expect("there are nodes").iter();
        let names = nodes.filter(|node| node["kind"] == kind).filter_map(|node| node["name"].as_str());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("host"), "h");
    assert_eq!(names("user"), "u");
    assert_eq!(names("unattached"), "dead-too.nix dead.nix");
    assert_eq!(graphs[0]["edges"].as_array().map(Vec::len), Some(6));
}

#[test]
fn hosts_of_every_class_are_found() {
    insta::assert_snapshot!(lines(&[
        ("flake.nix", "{ outputs = { nixpkgs, darwin, home-manager, ... }: {
            darwinConfigurations.mac = darwin.lib.darwinSystem { system = \"aarch64-darwin\"; modules = [ ./mac.nix ]; };
            homeConfigurations.\"a@b\" = home-manager.lib.homeManagerConfiguration { modules = [ ./home.nix ]; extraSpecialArgs = { x = ./x.nix; }; };
          }; }"),
        ("mac.nix", "{ home-manager.users.u.imports = [ ./home.nix ]; }"),
        ("home.nix", "{ x ? null, ... }: { imports = [ x ]; }"),
        ("x.nix", "{ }"),
    ]), @"
    darwin mac: mac.nix
      u: home.nix mac.nix(inline) [home.nix:1: needs x]
    home a@b: home.nix x.nix
    ");
}

/// What `nix-instantiate` finds with `tests/data/hosts.nix`; `None` where it is not installed.
fn evaluated(root: &Path) -> Option<Value> {
    let state = tempfile::tempdir().expect("there is a place for temporary files");
    let output = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--arg", "root"])
        .arg(root)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hosts.nix"))
        .env("NIX_STORE_DIR", state.path().join("store"))
        .env("NIX_STATE_DIR", state.path().join("state"))
        .env("HOME", "/homeless")
        .output();
    let Ok(output) = output else {
        println!("skipped: nix-instantiate is not installed");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("it is JSON"))
}

/// The files of a host or user as `tests/data/hosts.nix` gives them.
fn by_form(modules: &Value) -> Value {
    let of_form = |form: &str| {
        let files = modules["files"].as_array().expect("files are a list").iter();
        let files = files.filter(|file| file["as"] == form && file["certainty"] == "must");
        files.map(|file| file["path"].clone()).collect::<Vec<Value>>()
    };
    json!({ "files": of_form("path"), "inline": of_form("inline") })
}

#[test]
fn the_hosts_of_the_examples_are_those_of_nix() {
    for example in ["homelab", "clean"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        let Some(mut expected) = evaluated(&root) else { return };
        sort_lists(&mut expected);
        let listed: Value = serde_json::from_str(&hosts(&root, &["-o", "json"])).expect("it is JSON");
        let mut found = json!({});
        for host in listed.as_array().expect("hosts are a list") {
            assert_eq!(host["open"], json!([]), "{example}");
            let mut modules = by_form(host);
            let users = host["users"].as_object().expect("users are a set").iter();
            modules["users"] = users.map(|(name, user)| (name.clone(), by_form(user))).collect();
            found[host["name"].as_str().expect("names are strings")] = modules;
        }
        sort_lists(&mut found);
        assert_eq!(found, expected, "{example}");
    }
}

/// Sorts every list: the order of modules is not compared.
fn sort_lists(value: &mut Value) {
    match value {
        Value::Array(list) => list.sort_by_key(|element| element.to_string()),
        Value::Object(entries) => entries.values_mut().for_each(sort_lists),
        _ => {}
    }
}
