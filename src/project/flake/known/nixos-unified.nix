# Where srid/nixos-unified finds hosts (nix/modules/flake-parts/{autowire,lib}.nix, flake.nix).
{ lib, input, ... }:
let
  nixFiles = folder: make:
    let
      entries = if builtins.pathExists folder then builtins.readDir folder else { };
      entry = name: kind:
        let
          short = lib.removeSuffix ".nix" name;
        in
        if kind == "regular" && short != name then [ (lib.nameValuePair short (make "${folder}/${name}")) ]
        else if kind == "directory" && builtins.pathExists "${folder}/${name}/default.nix"
        then [ (lib.nameValuePair name (make "${folder}/${name}")) ]
        else [ ];
    in
    lib.listToAttrs (lib.concatLists (lib.mapAttrsToList entry entries));

  library = { self, inputs, config, ... }:
    let
      common = { flake = { inherit self inputs config; }; };
      home = class: {
        imports = [ inputs.home-manager.${class}.home-manager ];
        config.home-manager = {
          useGlobalPkgs = true;
          useUserPackages = true;
          extraSpecialArgs = common;
          sharedModules = [ input.homeModules.common ];
        };
      };
      system = build: class: { home-manager ? false }: module: build {
        specialArgs = common;
        modules = [ input.nixosModules.configurations input.nixosModules.common module ]
          ++ lib.optional home-manager (home class);
      };
    in
    {
      flake.nixos-unified.lib = {
        specialArgsFor = { inherit common; nixos = common; darwin = common; };
        mkLinuxSystem = system inputs.nixpkgs.lib.nixosSystem "nixosModules";
        mkMacosSystem = system inputs.nix-darwin.lib.darwinSystem "darwinModules";
        mkHomeConfiguration = pkgs: module: inputs.home-manager.lib.homeManagerConfiguration {
          inherit pkgs;
          extraSpecialArgs = common;
          modules = [ input.homeModules.common module ];
        };
      };
    };

  autoWire = { self, ... }: {
    config = {
      flake = {
        nixosConfigurations = nixFiles "${self}/configurations/nixos"
          (self.nixos-unified.lib.mkLinuxSystem { home-manager = true; });
        darwinConfigurations = nixFiles "${self}/configurations/darwin"
          (self.nixos-unified.lib.mkMacosSystem { home-manager = true; });
        nixosModules = nixFiles "${self}/modules/nixos" (file: file);
        darwinModules = nixFiles "${self}/modules/darwin" (file: file);
        homeModules = nixFiles "${self}/modules/home" (file: file);
        overlays = nixFiles "${self}/overlays" (file: import file self.nixos-unified.lib.specialArgsFor.common);
      };
      perSystem = { pkgs, ... }: {
        legacyPackages.homeConfigurations =
          nixFiles "${self}/configurations/home" (self.nixos-unified.lib.mkHomeConfiguration pkgs);
      };
    };
  };

  folders = [ "nix/modules/flake" "modules/flake" "nix/modules/flake-parts" "modules/flake-parts" ];
in
rec {
  flakeModules = { default = library; inherit autoWire; };
  flakeModule = library;
  lib.mkFlake = { inputs, root, systems ? [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ], specialArgs ? { } }:
    inputs.flake-parts.lib.mkFlake { inherit inputs specialArgs; } {
      inherit systems;
      _module.args = { inherit root; };
      imports =
        let
          there = builtins.filter (folder: builtins.pathExists "${root}/${folder}") folders;
          folder = "${root}/${builtins.head there}";
        in
        if there == [ ] then [ ] else map (name: "${folder}/${name}") (builtins.attrNames (builtins.readDir folder));
    };
}
