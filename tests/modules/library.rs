//! Nix with the module system of nixpkgs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::generate::Set;
use crate::nix;

/// `nix-instantiate`, and `lib` of nixpkgs in a form that old releases of Nix read.
pub(crate) struct Nix {
    folder: tempfile::TempDir,
}

impl Nix {
    pub(crate) fn find() -> Option<Self> {
        let checkout = nix::library()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(&checkout.join("lib"), &folder.path().join("lib"));
        // Nix 2.8 has no `builtins.readFileType`; nothing here reads folders.
        let filesystem = folder.path().join("lib/filesystem.nix");
        let text = std::fs::read_to_string(&filesystem).expect("lib has filesystem.nix");
        let text =
            text.replace("builtins.readFileType", "(_: \"regular\")").replace("    readFileType\n", "");
        std::fs::write(&filesystem, text).expect("the copy is writable");
        Some(Self { folder })
    }

    /// The values of the options of each set; `None` where Nix refuses.
    pub(crate) fn evaluate(&self, sets: &[Set]) -> Vec<Vec<Option<Value>>> {
        let root = self.folder.path();
        let mut all = String::from("[\n");
        for (number, set) in sets.iter().enumerate() {
            let folder = root.join(format!("set{number}"));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).expect("a folder");
            for (name, text) in &set.files {
                std::fs::write(folder.join(name), text).expect("a module");
            }
            let modules: Vec<String> = set.roots.iter().map(|name| format!("./set{number}/{name}")).collect();
            let paths: Vec<String> = set.paths.iter().map(|path| format!("{path:?}")).collect();
            all.push_str(&format!("(values [ {} ] [ {} ])\n", modules.join(" "), paths.join(" ")));
        }
        all.push(']');
        let program = format!(
            r#"let
  lib = import ./lib;
  values = modules: paths: let
    inherit (lib.evalModules {{ inherit modules; }}) config;
    one = path: let
      value = lib.getAttrFromPath (lib.splitString "." path) config;
      tried = builtins.tryEval (builtins.deepSeq value value);
    in if tried.success then [ tried.value ] else [ ];
  in map one paths;
in {all}"#
        );
        let file = root.join("all.nix");
        std::fs::write(&file, program).expect("the program");
        let output = Command::new("nix-instantiate")
            .args(["--eval", "--strict", "--json"])
            .arg(&file)
            .env("NIX_STORE_DIR", root.join("store"))
            .env("NIX_STATE_DIR", root.join("state"))
            .env("HOME", "/homeless")
            .output()
            .expect("nix-instantiate starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let values: Vec<Vec<Vec<Value>>> = serde_json::from_slice(&output.stdout).expect("JSON");
        let first = |mut value: Vec<Value>| if value.is_empty() { None } else { Some(value.remove(0)) };
        values.into_iter().map(|set| set.into_iter().map(first).collect()).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder of NIXLINT_NIXPKGS_LIB") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a file type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}
