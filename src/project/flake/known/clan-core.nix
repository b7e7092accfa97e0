# Where clan-core finds machines (modules/clan): the folders of `machines`, and the names in `machines` and
# `inventory.machines`. What the inventory's services add is not followed.
{ lib, inputs, input, ... }:
let
  machines = { directory, self ? inputs.self, machines ? { }, inventory ? { }, specialArgs ? { }, ... }:
    let
      path = directory + "/machines";
      folders =
        if builtins.pathExists path
        then lib.attrNames (lib.filterAttrs (_: kind: kind == "directory") (builtins.readDir path))
        else [ ];
      names = lib.unique (folders ++ lib.attrNames machines ++ lib.attrNames (inventory.machines or { }));
      machine = name:
        let
          files = map (file: path + "/${name}/${file}") [ "configuration.nix" "hardware-configuration.nix" "disko.nix" ];
          isDarwin = (inventory.machines.${name}.machineClass or "nixos") == "darwin";
        in
        {
          inherit name isDarwin;
          value = (if isDarwin then inputs.nix-darwin.lib.darwinSystem else inputs.nixpkgs.lib.nixosSystem) {
            modules = lib.filter builtins.pathExists files
              ++ lib.optional (machines ? ${name}) machines.${name}
              ++ [ input.nixosModules.clanCore ];
            specialArgs = { inherit inputs self; } // specialArgs;
          };
        };
      of = darwin: lib.listToAttrs (lib.filter (one: one.isDarwin == darwin) (map machine names));
    in
    { nixosConfigurations = of false; darwinConfigurations = of true; };

  module = { config, self, ... }: {
    options.clan = lib.mkOption { type = lib.types.lazyAttrsOf lib.types.anything; default = { }; };
    config.flake = machines ({ directory = self.outPath; } // config.clan);
  };
  call = options: let found = machines ({ directory = options.self.outPath; } // options); in
    found // { config = found; };
in
{
  lib = { clan = call; buildClan = call; };
  flakeModules.default = module;
  flakeModule = module;
}
