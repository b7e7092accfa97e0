//! Hosts of small flakes, as `hosts` finds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::super::loader::ProjectLoader;
use super::super::{FUEL, ProjectFile, ProjectInput, STACK, ServiceSettings, Tree};
use super::{HostSeed, hosts};
use crate::eval::{Machine, Val, Value};
use crate::module::Facts;
use crate::semantic::lower;
use crate::syntax::parse;
use crate::text::FileId;

/// One line for each host: class, name, system, modules and what is open.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let run = || {
        let root = Utf8PathBuf::from("/project");
        let mut sorted = files.to_vec();
        sorted.sort_unstable();
        let nix = sorted.iter().filter(|(path, _)| path.ends_with(".nix"));
        let files: Vec<ProjectFile> = nix
            .enumerate()
            .map(|(index, (path, text))| {
                let parsed = parse(text);
                assert!(parsed.is_ok(), "{path} has syntax errors");
                let facts = Facts::new(lower(&parsed.root()).ir, text);
                ProjectFile { id: FileId(index as u32), path: root.join(path), facts: Some(Arc::new(facts)) }
            })
            .collect();
        let texts: BTreeMap<_, _> = sorted.iter().map(|(path, text)| (root.join(path), *text)).collect();
        let read = |path: &camino::Utf8Path| texts.get(path).map(|text| (*text).to_owned());
        let tree = Tree::default();
        let input = ProjectInput {
            root: &root,
            files: &files,
            tree: &tree,
            read: &read,
            hosts: &[],
            services: &ServiceSettings::default(),
            presence: &|_, _| crate::project::Presence::Unknown,
        };
        let loader = ProjectLoader::new(&input);
        let machine = Machine::new(&loader, FUEL);
        hosts(&machine, &input).iter().map(|seed| line(&machine, seed)).collect()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        thread.expect("a thread starts").join().expect("no panic")
    })
}

fn line(machine: &Machine<'_>, seed: &HostSeed) -> String {
    let mut modules: Vec<String> = Vec::new();
    for roots in &seed.roots {
        match machine.list(&machine.force(&roots.modules)) {
            Ok(list) => {
                modules.extend(
                    list.elements.iter().map(|element| shown(machine, &machine.force(&element.value))),
                );
            }
            Err(unknown) => modules.push(format!("{:?}", unknown.reason)),
        }
    }
    let system = seed.system.as_deref().unwrap_or("?");
    let open = seed.open.as_ref().map(|open| format!(" open: {:?}", open.reason)).unwrap_or_default();
    format!("{:?} {} {system}: {}{open}", seed.class, seed.name, modules.join(" "))
}

fn shown(machine: &Machine<'_>, val: &Val) -> String {
    if let Some(path) = machine.project_path(val) {
        return path.as_str().replace("/project", ".");
    }
    match &val.value {
        Value::Symbol(symbol) => machine.symbol_text(symbol),
        Value::Attrs(attrs) => {
            let names = attrs.entries.iter().map(|(name, _)| machine.text_of(*name).to_string());
            let mut names: Vec<String> = names.collect();
            names.sort();
            format!("{{{}}}", names.join(","))
        }
        _ => format!("{val:?}"),
    }
}

/// The text of a flake with these outputs, a function of the inputs.
fn flake(outputs: &str) -> String {
    format!("{{ outputs = {outputs}; }}")
}

#[test]
fn calls_make_hosts() {
    let flake = flake(
        r#"{ self, nixpkgs, home-manager, nix-darwin, ... }@inputs: let
          system = modules: { system = "x86_64-linux"; inherit modules; };
          eval = import "${nixpkgs}/nixos/lib/eval-config.nix";
          plain = import (nixpkgs + "/nixos/lib/eval-config.nix");
          lib = nixpkgs.lib.extend (_: _: { make = nixpkgs.lib.nixosSystem; });
        in {
          nixosConfigurations = {
            a = nixpkgs.lib.nixosSystem (system [ ./a.nix ]);
            b = eval (system [ ./b.nix ]);
            c = plain (system [ ./c.nix ]);
            d = lib.make (system [ ./d.nix ]);
            e = self.nixosConfigurations.a.extendModules { modules = [ ./e.nix ]; };
            f = nixpkgs.lib.nixosSystem (system [ ./f.nix ]) // { more = 1; };
            g = nixpkgs.lib.evalModules { modules = [ ./g.nix ]; };
            h = inputs.somewhere.lib.make { };
            i = (import nixpkgs { }).lib.nixosSystem (system inputs.list);
          };
          darwinConfigurations.m = nix-darwin.lib.darwinSystem { modules = [ ./m.nix ]; };
          homeConfigurations."u@h" = home-manager.lib.homeManagerConfiguration { modules = [ ./u.nix ]; };
          legacyPackages.aarch64-linux.homeConfigurations.v =
            lib.homeManagerConfiguration { configuration = ./v.nix; };
        }"#,
    );
    let expected = [
        "Nixos a x86_64-linux: ./a.nix",
        "Nixos b x86_64-linux: ./b.nix",
        "Nixos c x86_64-linux: ./c.nix",
        "Nixos d x86_64-linux: ./d.nix",
        "Nixos e x86_64-linux: ./a.nix ./e.nix",
        "Nixos f x86_64-linux: ./f.nix",
        "Nixos g ?: ./g.nix",
        r#"Nixos h ?:  open: Symbolic("inputs.somewhere.lib.make")"#,
        r#"Nixos i x86_64-linux: Symbolic("inputs.list")"#,
        "Darwin m ?: ./m.nix",
        "Home u@h ?: ./u.nix",
        "Home v aarch64-linux: ./v.nix",
    ];
    assert_eq!(found(&[("flake.nix", &flake)]), expected);
}

#[test]
fn the_lock_file_says_what_an_input_is() {
    let flake = flake(
        r#"{ self, packages, parts, ... }@inputs: parts.lib.mkFlake { inherit inputs; } {
          flake.nixosConfigurations = packages.lib.genAttrs (builtins.attrNames inputs) (name:
            packages.lib.nixosSystem { modules = [ (./. + "/${name}.nix") ]; });
        }"#,
    );
    let lock = r#"{ "root": "root", "version": 7, "nodes": {
        "root": { "inputs": { "packages": ["parts", "nixpkgs-lib"], "parts": "parts" } },
        "parts": { "inputs": { "nixpkgs-lib": "nixpkgs" },
                   "original": { "type": "github", "owner": "hercules-ci", "repo": "flake-parts" } },
        "nixpkgs": { "locked": { "type": "tarball", "url": "https://channels.nixos.org/nixos-unstable/nixexprs.tar.xz" } }
    } }"#;
    let expected =
        ["Nixos packages ?: ./packages.nix", "Nixos parts ?: ./parts.nix", "Nixos self ?: ./self.nix"];
    assert_eq!(found(&[("flake.nix", &flake), ("flake.lock", lock)]), expected);
}

#[test]
fn folders_of_the_project_are_inputs() {
    let flake = r#"{
      inputs.part.url = "path:./part";
      outputs = { nixpkgs, part, ... }: {
        nixosConfigurations.a = nixpkgs.lib.nixosSystem { modules = [ part.nixosModules.x "${part}/y.nix" ]; };
      };
    }"#;
    let part = "{ outputs = { self, ... }: { nixosModules = { x = ./x.nix; }; }; }";
    let files = [("flake.nix", flake), ("part/flake.nix", part), ("part/y.nix", "{ }")];
    assert_eq!(found(&files), ["Nixos a ?: ./part/x.nix ./part/y.nix"]);
}

#[test]
fn modules_of_flake_parts_read_what_others_define() {
    let flake = flake(
        r#"inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; }
          ((inputs.import-tree.filterNot (inputs.nixpkgs.lib.hasInfix "skipped")) ./parts)"#,
    );
    let files = [
        ("flake.nix", flake.as_str()),
        ("parts/_ignored.nix", "throw \"not read\""),
        ("parts/deep/skipped.nix", "throw \"not read\""),
        (
            "parts/machines.nix",
            r#"{ config, lib, inputs, base, ... }: {
              options.machines = lib.mkOption {
                type = lib.types.lazyAttrsOf (lib.types.submodule ({ name, config, ... }: {
                  options.module = lib.mkOption { type = lib.types.deferredModule; default = { }; };
                  options.made = lib.mkOption {
                    readOnly = true;
                    default = inputs.nixpkgs.lib.nixosSystem { modules = [ base config.module ]; };
                  };
                  config.module.networking.hostName = name;
                }));
              };
              config.flake.nixosConfigurations = lib.mapAttrs (_: machine: machine.made) config.machines;
            }"#,
        ),
        (
            "parts/deep/one.nix",
            "{ machines.one.module = ../../one.nix; _module.args.base = ../../base.nix; }",
        ),
        (
            "parts/registry.nix",
            r#"{ self, config, inputs, lib, ... }: {
              flake.modules.nixos.server = ../server.nix;
              flake.nixosModules.own = { pkgs, ... }: { };
              flake.nixosConfigurations.two = inputs.nixpkgs.lib.nixosSystem {
                modules = [ config.flake.modules.nixos.server self.nixosModules.own ];
              };
            }"#,
        ),
        ("parts/more.nix", "{ lib, ... }: { flake.modules.nixos.server = lib.mkIf true { boot = { }; }; }"),
        (
            "parts/systems.nix",
            r#"{ inputs, withSystem, ... }: {
              systems = [ "aarch64-linux" "x86_64-linux" ];
              perSystem = { system, pkgs, ... }: {
                legacyPackages.homeConfigurations.u = inputs.home-manager.lib.homeManagerConfiguration {
                  inherit pkgs;
                  modules = [ (../. + "/${system}.nix") ];
                };
              };
              flake.nixosConfigurations.three = withSystem "x86_64-linux" ({ system, ... }:
                inputs.nixpkgs.lib.nixosSystem { inherit system; modules = [ ../three.nix ]; });
            }"#,
        ),
    ];
    let expected = [
        "Nixos one ?: ./base.nix {imports}",
        "Nixos three x86_64-linux: ./three.nix",
        "Nixos two ?: {imports} function",
        "Home u x86_64-linux: ./x86_64-linux.nix",
    ];
    assert_eq!(found(&files), expected);
}

#[test]
fn systems_are_looked_at_one_by_one() {
    let flake = flake(
        r#"{ self, nixpkgs, flake-utils, home-manager, ... }:
          flake-utils.lib.eachDefaultSystem (system: {
            packages.homeConfigurations.u = home-manager.lib.homeManagerConfiguration {
              modules = [ (./. + "/${system}.nix") ];
            };
          }) // { nixosConfigurations.a = nixpkgs.lib.nixosSystem { modules = [ ./a.nix ]; }; }"#,
    );
    let expected = ["Nixos a ?: ./a.nix", "Home u x86_64-linux: ./x86_64-linux.nix"];
    assert_eq!(found(&[("flake.nix", &flake)]), expected);
}

#[test]
fn nixos_unified_finds_hosts_by_folder() {
    let files = [
        ("flake.nix", &*flake("inputs: inputs.nixos-unified.lib.mkFlake { inherit inputs; root = ./.; }")),
        (
            "modules/flake/wire.nix",
            "{ inputs, ... }: { imports = [ inputs.nixos-unified.flakeModules.default \
             inputs.nixos-unified.flakeModules.autoWire ]; }",
        ),
        ("configurations/nixos/one/default.nix", "{ }"),
        ("configurations/nixos/two.nix", "{ }"),
        ("configurations/darwin/mac/default.nix", "{ }"),
        ("configurations/home/me@one.nix", "{ }"),
    ];
    let own = "inputs.nixos-unified.nixosModules.configurations inputs.nixos-unified.nixosModules.common";
    let expected = [
        format!("Nixos one ?: {own} ./configurations/nixos/one {{config,imports}}"),
        format!("Nixos two ?: {own} ./configurations/nixos/two.nix {{config,imports}}"),
        format!("Darwin mac ?: {own} ./configurations/darwin/mac {{config,imports}}"),
        "Home me@one x86_64-linux: inputs.nixos-unified.homeModules.common ./configurations/home/me@one.nix"
            .to_owned(),
    ];
    assert_eq!(found(&files), expected);
}

#[test]
fn snowfall_finds_hosts_by_folder() {
    let files = [
        (
            "flake.nix",
            &*flake(
                "inputs: inputs.snowfall-lib.mkFlake { inherit inputs; src = ./.; systems.modules.nixos = [ ./extra.nix ]; }",
            ),
        ),
        ("systems/x86_64-linux/one/default.nix", "{ }"),
        ("systems/aarch64-darwin/mac/default.nix", "{ }"),
        ("systems/x86_64-install-iso/live/default.nix", "{ }"),
        ("homes/x86_64-linux/me@one/default.nix", "{ }"),
        ("modules/nixos/web/default.nix", "{ }"),
    ];
    let expected = [
        "Nixos one x86_64-linux: ./systems/x86_64-linux/one/default.nix function ./extra.nix \
         inputs.home-manager.nixosModules.home-manager {config}",
        "Darwin mac aarch64-darwin: ./systems/aarch64-darwin/mac/default.nix \
         inputs.home-manager.darwinModules.home-manager {config}",
        "Home me@one x86_64-linux: ./homes/x86_64-linux/me@one/default.nix inputs.snowfall-lib.homeModules.user",
    ];
    let flake = files[0].1.replace("inputs: ", "{ home-manager, ... }@inputs: ");
    let files: Vec<(&str, &str)> =
        [("flake.nix", flake.as_str())].into_iter().chain(files[1..].iter().copied()).collect();
    assert_eq!(found(&files), expected);
}

#[test]
fn blueprint_finds_hosts_by_folder() {
    let files = [
        (
            "flake.nix",
            &*flake(
                "{ self, blueprint, nixpkgs, ... }@inputs: blueprint { inherit inputs; prefix = \"nix\"; }",
            ),
        ),
        ("nix/hosts/one/configuration.nix", "{ }"),
        ("nix/hosts/one/users/me.nix", "{ }"),
        (
            "nix/hosts/two/default.nix",
            "{ inputs, ... }: { class = \"nixos\"; value = inputs.nixpkgs.lib.nixosSystem { modules = [ ./own.nix ]; }; }",
        ),
        ("nix/hosts/mac/darwin-configuration.nix", "{ }"),
        ("nix/hosts/empty/readme.nix", "{ }"),
    ];
    let expected = [
        "Nixos one ?: ./nix/hosts/one/configuration.nix {config,imports}",
        "Nixos two ?: ./nix/hosts/two/own.nix",
        "Darwin mac ?: ./nix/hosts/mac/darwin-configuration.nix",
        "Home me@one x86_64-linux: ./nix/hosts/one/users/me.nix",
    ];
    assert_eq!(found(&files), expected);
}

#[test]
fn modules_of_frameworks_make_hosts() {
    let flake = flake(
        r#"{ self, ... }@inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } {
          imports = [
            inputs.ez-configs.flakeModule
            inputs.easy-hosts.flakeModule
            inputs.den.flakeModule
            inputs.clan-core.flakeModules.default
          ];
          ezConfigs = { root = ./ez; home.users.me.standalone.enable = true; };
          easy-hosts = {
            shared.modules = [ ./shared.nix ];
            hosts.easy = { path = ./easy.nix; class = "nixos"; };
            hosts.mac = { class = "darwin"; modules = [ ./mac.nix ]; };
          };
          den.hosts.x86_64-linux.dweller.users.me = { };
          clan.machines.inner = ./inner.nix;
        }"#,
    );
    let files = [
        ("flake.nix", flake.as_str()),
        ("ez/nixos-configurations/ezra/default.nix", "{ }"),
        ("ez/nixos-modules/default.nix", "{ }"),
        ("ez/home-configurations/me.nix", "{ }"),
        ("machines/outer/configuration.nix", "{ }"),
    ];
    let expected = [
        r#"Nixos dweller ?:  open: Symbolic("inputs.den.configurations.dweller")"#,
        "Nixos easy ?: ./easy.nix ./shared.nix",
        "Nixos ezra ?: ./ez/nixos-configurations/ezra/default.nix {networking} ./ez/nixos-modules/default.nix",
        "Nixos inner ?: ./inner.nix inputs.clan-core.nixosModules.clanCore",
        "Nixos outer ?: ./machines/outer/configuration.nix inputs.clan-core.nixosModules.clanCore",
        "Darwin mac ?: ./shared.nix ./mac.nix",
        "Home me ?: ./ez/home-configurations/me.nix",
    ];
    assert_eq!(found(&files), expected);
}

#[test]
fn flake_utils_plus_and_haumea_are_known() {
    let flake = flake(
        r#"{ self, nixpkgs, ... }@inputs: inputs.flake-utils-plus.lib.mkFlake {
          inherit self inputs;
          hostDefaults.modules = [ ./common.nix ];
          hosts = builtins.mapAttrs (name: module: { modules = [ module ]; })
            (inputs.haumea.lib.load { src = ./hosts; loader = inputs.haumea.lib.loaders.path; });
          hosts_ = 1;
        }"#,
    );
    let files = [("flake.nix", flake.as_str()), ("hosts/one.nix", "{ }"), ("hosts/_two.nix", "{ }")];
    assert_eq!(found(&files), ["Nixos one x86_64-linux: ./common.nix ./hosts/one.nix"]);
}

#[test]
fn a_module_system_that_goes_round_ends() {
    let flake = flake(
        r#"inputs: inputs.flake-parts.lib.mkFlake { inherit inputs; } ({ config, lib, ... }: {
          imports = lib.optional (config.flake ? x) ./x.nix;
          flake.nixosConfigurations = config.flake.nixosConfigurations;
        })"#,
    );
    assert_eq!(found(&[("flake.nix", &flake)]), Vec::<String>::new());
}
