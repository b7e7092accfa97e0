//! Hosts of small projects, as queries see them.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::options::Resolved;
use super::{Host, HostClass, ProjectFile, ProjectInput, ServiceSettings, Tree, link};
use crate::eval::Value;
use crate::module::Facts;
use crate::semantic::lower;
use crate::syntax::parse;
use crate::text::FileId;

/// What `answer` says of each NixOS host of the project with these files.
fn hosts(files: &[(&str, &str)], answer: impl Fn(&Host<'_>) -> String + Sync) -> Vec<String> {
    hosts_of(&[HostClass::Nixos], files, answer)
}

/// What `answer` says of each host of these classes.
fn hosts_of(
    classes: &[HostClass],
    files: &[(&str, &str)],
    answer: impl Fn(&Host<'_>) -> String + Sync,
) -> Vec<String> {
    let root = Utf8PathBuf::from("/project");
    let mut sorted = files.to_vec();
    sorted.sort_unstable();
    let files: Vec<ProjectFile> = sorted
        .iter()
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
    let input = ProjectInput {
        root: &root,
        files: &files,
        hosts: &[],
        services: &ServiceSettings::default(),
        tree: &Tree::default(),
        read: &read,
        presence: &|_, _| super::Presence::Unknown,
    };
    let mut answers = Vec::new();
    let linked = link(&input, |project| {
        project.visit_hosts(classes, &mut |host| answers.push(answer(host)));
    });
    linked.expect("the system grants a thread");
    answers
}

/// The value of an option as the evaluator prints it.
fn option(host: &Host<'_>, path: &str) -> String {
    host.option_value(path).map_or_else(|| "not known".to_owned(), |val| host.machine().print(&val.thunk()))
}

const FLAKE: &str = r#"{
  outputs = { self, nixpkgs, ... }@inputs: {
    nixosConfigurations = nixpkgs.lib.genAttrs [ "one" "two" ] (name: nixpkgs.lib.nixosSystem {
      specialArgs = { inherit inputs; hostName = name; };
      modules = [ ./common.nix (./. + "/${name}.nix") ];
    });
  };
}"#;

const COMMON: &str = r#"{ config, lib, hostName, ... }: {
  options.my = {
    users = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ ]; };
    port = lib.mkOption { type = lib.types.port; default = 80; };
    wide = lib.mkEnableOption "wide";
  };
  config = {
    networking.hostName = hostName;
    test = {
      first = builtins.head config.my.users;
      count = builtins.length config.my.users;
      next = config.my.port + 1;
      names = lib.concatStringsSep "," (map (user: "u-${user}") config.my.users);
      address = if config.my.wide then "0.0.0.0" else "127.0.0.1";
      upper = lib.toUpper config.networking.hostName;
      fixed = 1 + 1;
    };
  };
}"#;

#[test]
fn hosts_share_modules_and_differ_where_options_do() {
    let files = [
        ("flake.nix", FLAKE),
        ("common.nix", COMMON),
        ("one.nix", "{ my.users = [ \"a\" \"b\" ]; my.wide = true; }"),
        ("two.nix", "{ lib, ... }: { my.users = [ \"c\" ]; my.port = lib.mkForce 443; }"),
    ];
    let told = hosts(&files, |host| {
        let paths = ["first", "count", "next", "names", "address", "upper", "fixed"];
        let values = paths.map(|name| option(host, &format!("test.{name}")));
        format!("{} {}", option(host, "networking.hostName"), values.join(" "))
    });
    assert_eq!(
        told,
        [r#""one" "a" 2 81 "u-a,u-b" "0.0.0.0" "ONE" 2"#, r#""two" "c" 1 444 "u-c" "127.0.0.1" "TWO" 2"#,]
    );
}

#[test]
fn a_forced_set_leaves_the_names_of_others_in_doubt() {
    let module = r#"{ lib, ... }: {
      services.web.settings = lib.mkForce { port = 1; };
      services.web.extra = lib.mkDefault { a = 1; };
      services.proxy = lib.mkForce { port = 2; };
    }"#;
    let other = r#"{
      services.web.settings = { port = 3; host = "h"; };
      services.web.extra.b = 2;
      services.proxy.host = "h";
    }"#;
    let files = [
        ("flake.nix", FLAKE),
        ("common.nix", COMMON),
        ("one.nix", "{ imports = [ ./module.nix ./other.nix ]; }"),
        ("two.nix", "{ imports = [ ./other.nix ]; }"),
        ("module.nix", module),
        ("other.nix", other),
    ];
    let told = hosts(&files, |host| {
        let known = |path: &str| option(host, &format!("services.{path}"));
        let paths = ["web.settings.port", "web.settings.host", "web.extra.a", "web.extra.b", "proxy.host"];
        let merged = |path: &str| match host.merged(&format!("services.{path}")) {
            Resolved::Known(val) if !matches!(val.value, Value::Choice(_)) => {
                host.machine().print(&val.thunk())
            }
            _ => "not known".to_owned(),
        };
        assert_eq!(paths.map(known), paths.map(merged));
        paths.map(known).join(" ")
    });
    // Two names from the root are namespaces, so all that `services.proxy` says counts.
    assert_eq!(told, [r#"1 not known not known 2 "h""#, r#"3 "h" not known 2 "h""#]);
}

#[test]
fn packages_know_the_platform_they_are_for() {
    let flake = r#"{
      outputs = { nixpkgs, home-manager, nix-darwin, ... }@inputs: {
        nixosConfigurations = {
          flake = nixpkgs.lib.nixosSystem { system = "x86_64-linux"; modules = [ ./common.nix ]; };
          module = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [ ./common.nix { nixpkgs.hostPlatform = nixpkgs.lib.mkDefault "aarch64-linux"; } ];
          };
          set = nixpkgs.lib.nixosSystem {
            modules = [ ./common.nix { nixpkgs.hostPlatform.system = "aarch64-linux"; } ];
          };
          cross = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [ ./common.nix { nixpkgs.crossSystem.system = "aarch64-linux"; } ];
          };
          given = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            pkgs = import nixpkgs { system = "aarch64-linux"; };
            modules = [ ./common.nix ];
          };
          option = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [ ./common.nix { nixpkgs.pkgs = nixpkgs.legacyPackages.aarch64-linux; } ];
          };
          triple = nixpkgs.lib.nixosSystem {
            modules = [ ./common.nix { nixpkgs.hostPlatform = "x86_64-unknown-linux-musl"; } ];
          };
          stronger = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [ ./common.nix { nixpkgs.system = "aarch64-linux"; } ];
          };
          argument = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [
              ./common.nix
              { _module.args.pkgs = nixpkgs.lib.mkForce (import nixpkgs { system = "aarch64-linux"; }); }
            ];
          };
          hidden = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [ ./common.nix { nixpkgs = inputs.somewhere.settings; } ];
          };
          stable = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            modules = [
              ({ lib, pkgs, ... }: let
                stable = import nixpkgs { inherit (pkgs) system; };
              in {
                test.linux = stable.stdenv.hostPlatform.isLinux;
                test.arm = stable.stdenv.hostPlatform.isAarch64;
                test.system = "s";
                test.is = 1;
                test.old = 1;
              })
            ];
          };
          special = nixpkgs.lib.nixosSystem {
            system = "x86_64-linux";
            specialArgs.other = nixpkgs.legacyPackages.aarch64-linux;
            specialArgs.imported = import nixpkgs { system = "aarch64-darwin"; };
            specialArgs.crossed = import nixpkgs { system = "x86_64-linux"; crossSystem = "aarch64-linux"; };
            modules = [ ./common.nix ./special.nix ];
          };
        };
        darwinConfigurations.mac = nix-darwin.lib.darwinSystem { modules = [ ./common.nix ]; };
        homeConfigurations = {
          here = home-manager.lib.homeManagerConfiguration {
            pkgs = nixpkgs.legacyPackages.x86_64-linux;
            modules = [ ./common.nix ];
          };
          there = home-manager.lib.homeManagerConfiguration {
            pkgs = import nixpkgs { system = "aarch64-darwin"; };
            modules = [ ./common.nix ];
          };
          somewhere = home-manager.lib.homeManagerConfiguration { modules = [ ./common.nix ]; };
        };
      };
    }"#;
    let common = r#"{ lib, pkgs, ... }: let inherit (pkgs.stdenv) hostPlatform; in {
      test.linux = if pkgs.stdenv.isLinux then "linux" else "other";
      test.arm = lib.optionalString hostPlatform.isAarch64 "arm";
      test.system = "${pkgs.stdenv.hostPlatform.system}";
      test.is = pkgs.system == "x86_64-linux";
      test.old = (lib.mkIf hostPlatform.isBeautiful 1).condition;
    }"#;
    let special = r#"{ lib, other, imported, crossed, ... }: {
      test.linux = lib.mkForce imported.stdenv.hostPlatform.isLinux;
      test.arm = lib.mkForce other.stdenv.hostPlatform.isAarch64;
      test.system = lib.mkForce imported.system;
      test.is = lib.mkForce crossed.stdenv.hostPlatform.isAarch64;
    }"#;
    let files = [("flake.nix", flake), ("common.nix", common), ("special.nix", special)];
    let told = hosts_of(&[HostClass::Nixos, HostClass::Darwin, HostClass::Home], &files, |host| {
        let value = |name: &str| match host.merged(&format!("test.{name}")) {
            Resolved::Known(val) => match &val.value {
                Value::Choice(_) | Value::Condition(_) | Value::Symbol(_) => "?".to_owned(),
                Value::Str(text) => text.exact().unwrap_or_else(|| "?".to_owned()),
                _ => host.machine().print(&val.thunk()),
            },
            _ => "?".to_owned(),
        };
        let values = ["linux", "arm", "system", "is", "old"].map(value);
        format!("{} {}", host.name.as_deref().unwrap_or_default(), values.join(" "))
    });
    assert_eq!(
        told,
        [
            "argument ? ? ? ? ?",
            "cross linux ? ? ? ?",
            "flake linux  x86_64-linux true ?",
            "given linux arm aarch64-linux false ?",
            "hidden linux ? ? ? ?",
            "module linux arm aarch64-linux false ?",
            "option linux arm aarch64-linux false ?",
            "set linux arm aarch64-linux false ?",
            "special false true aarch64-darwin ? ?",
            "stable true false s 1 1",
            "stronger linux arm aarch64-linux false ?",
            "triple linux ? ? ? ?",
            "mac other ? ? ? ?",
            "here linux  x86_64-linux true ?",
            "somewhere ? ? ? ? ?",
            "there other arm aarch64-darwin false ?",
        ]
    );
}

#[test]
fn options_that_need_themselves_are_not_known() {
    let files = [
        ("flake.nix", FLAKE),
        (
            "common.nix",
            "{ config, ... }: { a = config.b ++ [ 1 ]; b = config.a ++ [ 2 ]; c = config.d; d = 3; }",
        ),
        ("one.nix", "{ }"),
        ("two.nix", "{ }"),
    ];
    let told = hosts(&files, |host| format!("{} {}", option(host, "a"), option(host, "c")));
    assert_eq!(told, ["[ 2 1 «perhaps more: needs config.a» ] 3"; 2]);
}

#[test]
fn modules_of_nixpkgs_may_define_the_same_options() {
    let flake = r#"{
      outputs = { nixpkgs, ... }: {
        nixosConfigurations.one = nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; };
      };
    }"#;
    let module = r#"{ config, lib, pkgs, ... }: {
      options.test = lib.mkOption { type = lib.types.attrsOf lib.types.anything; };
      config = {
        boot.kernelModules = [ "kvm" ];
        boot.kernelParams = lib.mkForce [ "quiet" ];
        boot.initrd.kernelModules = lib.mkDefault [ "dm-mod" ];
        systemd.services.web.path = [ pkgs.git ];
        hardware.graphics.enable = lib.mkDefault false;
        networking.firewall.enable = false;
        networking.domain = lib.mkDefault "example.org";
        test = {
          length = lib.length config.boot.kernelModules;
          equal = config.boot.kernelModules == [ "kvm" ];
          absent = builtins.elem "loop" config.boot.kernelModules;
          present = builtins.elem "kvm" config.boot.kernelModules;
          first = builtins.head config.boot.kernelModules;
          all = lib.all (name: name == "kvm") config.boot.kernelModules;
          path = lib.length config.systemd.services.web.path;
          weak = builtins.elem "dm-mod" config.boot.initrd.kernelModules;
          graphics = if config.hardware.graphics.enable then 1 else 2;
          forced = lib.length config.boot.kernelParams;
          firewall = if config.networking.firewall.enable then 1 else 2;
          domain = config.networking.domain;
        };
      };
    }"#;
    let told = hosts(&[("flake.nix", flake), ("module.nix", module)], |host| {
        let is_known = |name: &&str| {
            let value = match host.merged(&format!("test.{name}")) {
                super::Resolved::Known(val) => host.machine().print(&val.thunk()),
                _ => return false,
            };
            !value.contains('«')
        };
        let names = [
            "length", "equal", "absent", "present", "first", "all", "path", "weak", "graphics", "forced",
            "firewall", "domain",
        ];
        names.into_iter().filter(is_known).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(told, ["present forced firewall domain"]);
}

#[test]
fn a_folder_and_the_file_in_it_are_two_modules() {
    let flake = r#"{
      outputs = { nixpkgs, ... }: {
        nixosConfigurations.one = nixpkgs.lib.nixosSystem { modules = [ ./module.nix ]; };
      };
    }"#;
    let module = r#"{ lib, ... }: {
      imports = [ ./disks ./disks/default.nix ./disks ];
      options.disks = lib.mkOption { type = lib.types.listOf lib.types.str; };
    }"#;
    let files =
        [("flake.nix", flake), ("module.nix", module), ("disks/default.nix", "{ disks = [ \"a\" ]; }")];
    let told = hosts(&files, |host| match host.merged("disks") {
        super::Resolved::Known(val) => host.machine().print(&val.thunk()),
        _ => "not known".to_owned(),
    });
    assert_eq!(told, [r#"[ "a" "a" ]"#]);
}

#[test]
fn modules_pass_arguments_to_each_other() {
    let flake = r#"{
      outputs = { nixpkgs, ... }: {
        nixosConfigurations.one = nixpkgs.lib.nixosSystem {
          modules = [ ./user.nix ./one.nix { _module.args.double = x: x * 2; } ];
        };
        nixosConfigurations.two = nixpkgs.lib.nixosSystem {
          specialArgs = { site = { port = 2; }; double = x: x * 20; };
          modules = [ ./user.nix ];
        };
      };
    }"#;
    let user = r#"{ lib, site, double, missing ? 3, ... }: {
      options.test = lib.mkOption { type = lib.types.attrs; };
      config.test = { doubled = double site.port; inherit missing; };
    }"#;
    let one = r#"{ config, lib, ... }: {
      options.base = lib.mkOption { type = lib.types.int; default = 21; };
      config._module.args = { site.port = config.base; };
    }"#;
    let told = hosts(&[("flake.nix", flake), ("user.nix", user), ("one.nix", one)], |host| {
        let (doubled, missing) = (option(host, "test.doubled"), option(host, "test.missing"));
        format!("{doubled} {missing}")
    });
    assert_eq!(told, ["42 «unknown: missing»", "40 «unknown: missing»"]);
}
