# How tgirlcloud/easy-hosts makes hosts (flake-module.nix, lib.nix).
{ lib, ... }:
let
  inherit (lib) mkOption types;
  shared = {
    modules = mkOption { type = types.listOf types.deferredModule; default = [ ]; };
    specialArgs = mkOption { type = types.lazyAttrsOf types.raw; default = { }; };
  };
  none = { modules = [ ]; specialArgs = { }; };

  module = { config, inputs, self, ... }:
    let
      cfg = config.easy-hosts;
      ofName = name: {
        nixos = "nixos";
        linux = "nixos";
        darwin = "darwin";
      }.${name} or cfg.additionalClasses.${name} or "nixos";
      # Without `autoConstruct` hosts are options; with it they are the folders `<path>/<arch>-<class>/<host>`.
      found =
        if !cfg.autoConstruct || cfg.path == null then { }
        else lib.foldl'
          (all: folder:
            let
              parts = lib.splitString "-" folder;
              host = name: {
                arch = lib.head parts;
                class = ofName (lib.last parts);
                path = cfg.path + "/${folder}/${name}";
              };
              names = lib.attrNames (builtins.readDir (cfg.path + "/${folder}"));
            in
            all // lib.genAttrs names host)
          { }
          (lib.filter (name: lib.hasInfix "-" name) (lib.attrNames (builtins.readDir cfg.path)));
      hosts = lib.recursiveUpdate found cfg.hosts;
      host = name: given:
        let
          class = ofName (given.class or "nixos");
          arch = given.arch or "x86_64";
          perClass = cfg.perClass (given.class or "nixos");
          perArch = cfg.perArch arch;
          tags = map cfg.perTag (given.tags or [ ]);
          all = [ cfg.shared perClass perArch given ] ++ tags;
          build =
            if class == "darwin" then (given.nix-darwin or inputs.nix-darwin or inputs.darwin).lib.darwinSystem
            else (given.nixpkgs or inputs.nixpkgs).lib.nixosSystem;
          usual = lib.filter builtins.pathExists [ "${self}/hosts/${name}/default.nix" "${self}/systems/${name}/default.nix" ];
        in
        {
          inherit class name;
          value = build {
            modules = (if given.path or null != null then [ given.path ] else usual)
              ++ lib.concatMap (one: one.modules or [ ]) all;
            specialArgs = lib.foldl' (sum: one: sum // (one.specialArgs or { })) { inherit inputs self; } all;
          };
        };
      built = lib.mapAttrsToList host hosts;
      ofClass = class: lib.listToAttrs (map (one: lib.nameValuePair one.name one.value) (lib.filter (one: one.class == class) built));
    in
    {
      options.easy-hosts = {
        inherit shared;
        autoConstruct = mkOption { type = types.bool; default = false; };
        path = mkOption { type = types.raw; default = null; };
        additionalClasses = mkOption { type = types.attrsOf types.str; default = { }; };
        perClass = mkOption { type = types.raw; default = _: none; };
        perArch = mkOption { type = types.raw; default = _: none; };
        perTag = mkOption { type = types.raw; default = _: none; };
        hosts = mkOption { type = types.lazyAttrsOf types.anything; default = { }; };
      };
      config.flake = {
        nixosConfigurations = ofClass "nixos";
        darwinConfigurations = ofClass "darwin";
      };
    };
in
{
  flakeModule = module;
  flakeModules.default = module;
}
