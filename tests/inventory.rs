//! `nixlint inventory` as users run it: what the hosts of a flake run, held against what is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The exit code, stdout and stderr of `nixlint inventory` in a folder.
fn inventory(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
    let output = command.arg("inventory").args(args).current_dir(folder).env_clear().output();
    let output = output.expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What is listed of the homelab, in a run without trouble.
fn homelab(args: &[&str]) -> String {
    let (code, stdout, stderr) = inventory(&examples().join("homelab"), args);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    stdout
}

fn in_snapshots(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(check);
}

#[test]
fn tables_say_what_an_operator_would() {
    for kind in ["services", "ports", "containers", "paths", "secrets", "users"] {
        let table = homelab(&[kind]);
        in_snapshots(|| insta::assert_snapshot!(format!("inventory_{kind}"), table));
        let widest = table.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= 80), "{kind} is readable at 80 columns");
    }
}

#[test]
fn markdown_is_a_table_for_each_host() {
    let markdown = homelab(&["containers", "-o", "markdown"]);
    in_snapshots(|| insta::assert_snapshot!("inventory_markdown", markdown));
    for kind in ["services", "ports", "paths", "secrets", "users"] {
        let markdown = homelab(&[kind, "-o", "markdown", "--host", "server"]);
        let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
        let columns = |line: &&str| line.replace("\\|", "").matches('|').count();
        assert!(rows.len() > 2, "{kind}: {markdown}");
        assert!(rows.iter().all(|row| columns(row) == columns(&rows[0])), "{kind}: {markdown}");
    }
}

#[test]
fn programs_get_everything() {
    let json: Value = serde_json::from_str(&homelab(&["services", "-o", "json"])).expect("it is JSON");
    let server = &json[1];
    assert_eq!((&server["project"], &server["host"]), (&".".into(), &"server".into()));
    let services = server["services"].as_array().expect("services are a list");
    let named = |name: &str| services.iter().find(|service| service["name"] == name).expect("it is listed");
    let cache = named("atticd");
    assert_eq!(cache["gate"], "homelab.cache.enable");
    assert_eq!(cache["ports"][0]["port"], 8085);
    assert_eq!(cache["ports"][0]["firewall"], "local");
    assert_eq!(cache["places"][0]["path"], "modules/services/cache.nix");
    assert_eq!(named("nvr")["hardening"].as_array().map(Vec::len), Some(10));
    assert_eq!(named("podman-photos-ml")["kind"], "override");
    let counted: u64 =
        server["totals"].as_object().expect("totals have names").values().filter_map(Value::as_u64).sum();
    assert_eq!(counted, services.len() as u64);
}

#[test]
fn hosts_can_be_chosen() {
    let table = homelab(&["containers", "--host", "laptop"]);
    assert!(table.contains("notebook") && !table.contains("transcribe"), "{table}");
    let (code, stdout, stderr) = inventory(&examples().join("homelab"), &["containers", "--host", "laptpo"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("did you mean `laptop`?"), "{stderr}");
}

/// A flake whose one host runs three services twice.
fn twice() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("files can be written");
    write(
        "flake.nix",
        "{ outputs = { nixpkgs, home-manager, ... }: {\n\
         \x20 nixosConfigurations.workstation = nixpkgs.lib.nixosSystem {\n\
         \x20   modules = [ home-manager.nixosModules.home-manager ./workstation.nix ];\n\
         \x20 };\n\
         }; }\n",
    );
    write(
        "workstation.nix",
        "{\n\
         \x20 services.ollama.enable = true;\n\
         \x20 services.qdrant.enable = true;\n\
         \x20 services.syncthing.enable = true;\n\
         \x20 home-manager.users.nora = ./nora.nix;\n\
         }\n",
    );
    write(
        "nora.nix",
        "{ pkgs, ... }:\n\
         {\n\
         \x20 services.ollama = {\n\
         \x20   enable = true;\n\
         \x20   host = \"0.0.0.0\";\n\
         \x20 };\n\
         \x20 services.syncthing.enable = true;\n\
         \x20 virtualisation.quadlet.containers.qdrant.containerConfig = {\n\
         \x20   image = \"docker.io/qdrant/qdrant:v1.15.1\";\n\
         \x20   publishPorts = [ \"127.0.0.1:6333:6333\" \"127.0.0.1:6334:6334\" ];\n\
         \x20 };\n\
         }\n",
    );
    folder
}

#[test]
fn services_that_run_twice_come_with_ways_out() {
    let folder = twice();
    let (code, table, stderr) = inventory(folder.path(), &["conflicts"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let widest = table.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 80), "readable at 80 columns: {table}");
    let (_, markdown, _) = inventory(folder.path(), &["conflicts", "-o", "markdown"]);
    in_snapshots(|| insta::assert_snapshot!("inventory_conflicts", format!("{table}\n{markdown}")));
    let (code, stdout, _) = inventory(folder.path(), &["conflicts", "-o", "json", "--host", "workstation"]);
    let json: Value = serde_json::from_str(&stdout).expect("it is JSON");
    let conflicts = json[0]["conflicts"].as_array().expect("it is a list");
    assert_eq!((code, conflicts.len(), &json[0]["totals"]["conflicts"]), (Some(0), 3, &3.into()));
    let qdrant = conflicts.iter().find(|conflict| conflict["service"] == "qdrant").expect("it is listed");
    assert_eq!((&qdrant["user"], &qdrant["inSystem"]["unit"]), (&"nora".into(), &"qdrant.service".into()));
    assert_eq!(qdrant["ports"].as_array().map(Vec::len), Some(2));
    assert_eq!(qdrant["forUser"]["place"]["path"], "nora.nix");
    assert_eq!(qdrant["waysOut"].as_array().map(Vec::len), Some(3));
    assert_eq!(homelab(&["conflicts", "--host", "laptop"]), "laptop: no conflicts\n");
}

#[test]
fn nothing_is_no_failure() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let (code, stdout, stderr) = inventory(folder.path(), &["services"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "", "no hosts found\n"));
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations.empty = \
         nixpkgs.lib.nixosSystem { modules = [ { } ]; }; }; }";
    fs::write(folder.path().join("flake.nix"), flake).expect("files can be written");
    let (code, stdout, _) = inventory(folder.path(), &["ports"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "empty: no ports\n"));
    let (code, stdout, _) = inventory(folder.path(), &["ports", "-o", "json"]);
    let json: Value = serde_json::from_str(&stdout).expect("it is JSON");
    assert_eq!((code, &json[0]["ports"]), (Some(0), &Value::Array(Vec::new())));
}
