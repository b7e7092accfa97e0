# Which hosts and homes vic/den has (modules/options.nix, nix/lib/types.nix): the names below `den.hosts.<system>`
# and `den.homes.<system>`. What they are made of comes from aspects, which are not followed.
{ lib, input, ... }:
let
  module = { config, ... }:
    let
      entries = kind: lib.foldl'
        (all: system: all // config.den.${kind}.${system})
        { }
        (lib.attrNames (config.den.${kind} or { }));
      isDarwin = system: lib.hasSuffix "darwin" system;
      ofClass = darwin: lib.foldl'
        (all: system: if isDarwin system == darwin then all // config.den.hosts.${system} else all)
        { }
        (lib.attrNames config.den.hosts);
      open = lib.mapAttrs (name: _: input.configurations.${name});
    in
    {
      options.den = {
        hosts = lib.mkOption { type = lib.types.lazyAttrsOf (lib.types.lazyAttrsOf lib.types.anything); default = { }; };
        homes = lib.mkOption { type = lib.types.lazyAttrsOf (lib.types.lazyAttrsOf lib.types.anything); default = { }; };
      };
      config.flake = {
        nixosConfigurations = open (ofClass false);
        darwinConfigurations = open (ofClass true);
        homeConfigurations = open (entries "homes");
      };
    };
in
{
  flakeModule = module;
  flakeModules = { default = module; dendritic = module; };
}
