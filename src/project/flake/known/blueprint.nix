# Where numtide/blueprint finds hosts, users and modules (lib/default.nix).
{ lib, ... }:
let
  # Nix files and folders, by name; a file goes before a folder.
  entries = path: make:
    if !builtins.pathExists path then { }
    else
      let
        all = builtins.readDir path;
        folders = lib.filterAttrs (_: kind: kind == "directory") all;
        files = lib.filterAttrs (name: kind: kind != "directory" && lib.hasSuffix ".nix" name) all;
        folder = lib.mapAttrs (name: _: { path = path + "/${name}"; isFolder = true; }) folders;
        file = lib.mapAttrs'
          (name: _: lib.nameValuePair (lib.removeSuffix ".nix" name) { path = path + "/${name}"; isFolder = false; })
          files;
      in
      make (folder // file);

  blueprint = { inputs, prefix ? null, nixpkgs ? { }, systems ? [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ] }:
    let
      flake = inputs.self;
      src =
        if prefix == null then inputs.self.outPath
        else if lib.isPath prefix then prefix
        else inputs.self.outPath + "/${prefix}";
      arguments = { inherit inputs flake; };

      homes = entries (src + "/hosts") (hosts: lib.filterAttrs (_: users: users != { }) (lib.mapAttrs
        (_: host: entries (host.path + "/users") (users: lib.filterAttrs (_: path: path != null) (lib.mapAttrs
          (_: user:
            if !user.isFolder then user.path
            else if builtins.pathExists (user.path + "/home-configuration.nix") then user.path + "/home-configuration.nix"
            else null)
          users)))
        (lib.filterAttrs (_: host: host.isFolder) hosts)));

      ofUsers = host: module: lib.optional (homes ? ${host}) {
        imports = [ module ];
        config.home-manager = {
          extraSpecialArgs = arguments;
          users = homes.${host};
        };
      };
      system = class: build: home: host: path: {
        inherit class;
        value = build {
          modules = [ path ] ++ ofUsers host home;
          specialArgs = arguments // { hostName = host; };
        };
      };
      load = host: entry:
        let
          file = name: entry.path + "/${name}";
          has = name: builtins.pathExists (file name);
          nixos = system "nixos" inputs.nixpkgs.lib.nixosSystem inputs.home-manager.nixosModules.default;
        in
        if has "default.nix" then import (file "default.nix") { inherit flake inputs; hostName = host; }
        else if has "configuration.nix" then nixos host (file "configuration.nix")
        else if has "rpi-configuration.nix"
        then system "nixos" inputs.nixos-raspberrypi.lib.nixosSystem inputs.home-manager.nixosModules.default host (file "rpi-configuration.nix")
        else if has "darwin-configuration.nix"
        then system "nix-darwin" inputs.nix-darwin.lib.darwinSystem inputs.home-manager.darwinModules.default host (file "darwin-configuration.nix")
        else { class = "none"; value = null; };
      hosts = entries (src + "/hosts") (lib.mapAttrs load);
      ofClass = class: lib.mapAttrs (_: host: host.value) (lib.filterAttrs (_: host: host.class == class) hosts);

      homeConfigurations = system: lib.concatMapAttrs
        (host: lib.mapAttrs' (user: path: lib.nameValuePair "${user}@${host}" (inputs.home-manager.lib.homeManagerConfiguration {
          pkgs = inputs.nixpkgs.legacyPackages.${system};
          extraSpecialArgs = arguments;
          modules = [ path ];
        })))
        homes;

      kinds = if builtins.pathExists (src + "/modules") then builtins.readDir (src + "/modules") else { };
      modules = lib.mapAttrs
        (kind: _: entries (src + "/modules/${kind}") (lib.mapAttrs (_: entry: entry.path)))
        (lib.filterAttrs (_: kind: kind == "directory") kinds);
    in
    {
      inherit modules;
      nixosConfigurations = ofClass "nixos";
      darwinConfigurations = ofClass "nix-darwin";
      nixosModules = modules.nixos or { };
      darwinModules = modules.darwin or { };
      homeModules = modules.home or { };
      legacyPackages = lib.optionalAttrs (homes != { })
        (lib.genAttrs (if lib.isList systems then systems else import systems) (system: { homeConfigurations = homeConfigurations system; }));
      lib = if builtins.pathExists (src + "/lib") then import (src + "/lib") arguments else { };
    };
in
{
  __functor = _: blueprint;
  lib.mkBlueprint = blueprint;
}
