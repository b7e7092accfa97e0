# How gytis-ivaskevicius/flake-utils-plus makes hosts (lib/mkFlake.nix).
{ lib, inputs, ... }:
let
  systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
  own = [
    "channels"
    "channelsConfig"
    "hostDefaults"
    "hosts"
    "inputs"
    "nixosProfiles"
    "outputsBuilder"
    "self"
    "sharedOverlays"
    "supportedSystems"
  ];
  mkFlake = args:
    let
      defaults = args.hostDefaults or { };
      host = name: given:
        let
          field = attribute: default: given.${attribute} or defaults.${attribute} or default;
          sets = attribute: (defaults.${attribute} or { }) // (given.${attribute} or { });
          channel = field "channelName" "nixpkgs";
          nixpkgs = args.channels.${channel}.input or inputs.${channel};
          build = field "builder" nixpkgs.lib.nixosSystem;
        in
        {
          output = field "output" "nixosConfigurations";
          inherit name;
          value = build {
            system = field "system" "x86_64-linux";
            modules = (defaults.modules or [ ]) ++ (given.modules or [ ]);
            specialArgs = { inherit (args) inputs; } // sets "extraArgs" // sets "specialArgs";
          };
        };
      hosts = lib.mapAttrsToList host (args.hosts or { });
      built = lib.foldl'
        (all: one: all // { ${one.output} = (all.${one.output} or { }) // { ${one.name} = one.value; }; })
        { }
        hosts;
    in
    lib.recursiveUpdate (removeAttrs args own) built;
in
{
  lib = {
    inherit mkFlake;
    defaultSystems = systems;
    exportModules = paths: lib.listToAttrs (map
      (path: lib.nameValuePair (lib.removeSuffix ".nix" (baseNameOf path)) (import path))
      paths);
  };
}
