# The core of hercules-ci/flake-parts (lib.nix, modules/*.nix, extras/modules.nix), as far as hosts and modules
# depend on it.
{ lib, inputs, self, packages, evalModules, ... }:
let
  inherit (lib) mkOption types;
  any = types.lazyAttrsOf types.raw;
  modules = types.lazyAttrsOf types.deferredModule;
  transposed = [ "apps" "checks" "devShells" "formatter" "legacyPackages" "packages" ];

  forSystem = arguments: { config, ... }: {
    options = { allModuleArgs = mkOption { type = types.raw; }; } // lib.genAttrs [ "apps" "checks" "devShells" "legacyPackages" "packages" ] (_: mkOption {
      type = any;
      default = { };
    });
    config.allModuleArgs = config._module.args;
    config._module.args = {
      pkgs = lib.mkOptionDefault arguments.inputs.nixpkgs.legacyPackages.${arguments.system};
      inputs' = lib.mapAttrs (_: input: forInput arguments.system input) arguments.inputs;
      self' = forInput arguments.system arguments.self;
    };
  };
  forInput = system: input: lib.genAttrs transposed (name: input.${name}.${system});

  core = { config, inputs, self, ... }: {
    options = {
      systems = mkOption { type = types.listOf types.str; default = [ ]; };
      debug = mkOption { type = types.bool; default = false; };
      perSystem = mkOption {
        type = types.deferredModule;
        default = { };
        apply = module: system: (evalModules {
          modules = [ (forSystem { inherit inputs self system; }) module ];
          specialArgs = { inherit system; };
        }).config;
      };
      flake = mkOption {
        default = { };
        type = types.submoduleWith {
          modules = [{
            options = {
              darwinModules = mkOption { type = modules; default = { }; };
              homeModules = mkOption { type = modules; default = { }; };
              modules = mkOption { type = types.lazyAttrsOf modules; default = { }; };
              nixosConfigurations = mkOption { type = any; default = { }; };
              nixosModules = mkOption { type = modules; default = { }; };
              darwinConfigurations = mkOption { type = any; default = { }; };
              homeConfigurations = mkOption { type = any; default = { }; };
              flakeModules = mkOption { type = modules; default = { }; };
              overlays = mkOption { type = any; default = { }; };
            } // lib.genAttrs transposed (_: mkOption { type = any; default = { }; });
          }];
        };
      };
    };
    config = {
      _module.args = rec {
        getSystem = system: config.perSystem system;
        withSystem = system: function:
          let
            own = getSystem system;
          in
          function (own.allModuleArgs // { inherit system; config = own; });
        moduleWithSystem = make:
          let
            system = if config.systems == [ ] then "x86_64-linux" else lib.head config.systems;
          in
          # Of whichever system the module is for.
          withSystem system (arguments: make (arguments // { pkgs = packages; inherit (packages.stdenv.hostPlatform) system; }));
      };
      flake = lib.genAttrs transposed (name: lib.genAttrs config.systems (system: (config.perSystem system).${name}));
    };
  };

  evalFlakeModule = args: module: evalModules {
    specialArgs = {
      inherit flake-parts-lib;
      self = args.self or self;
      inputs = args.inputs or inputs;
      moduleLocation = args.moduleLocation or "${self}/flake.nix";
    } // (args.specialArgs or { });
    modules = [ core module ];
  };

  flake-parts-lib = {
    inherit evalFlakeModule;
    mkFlake = args: module: (evalFlakeModule args module).config.flake;
    mkSubmoduleOptions = options: mkOption { type = types.submoduleWith { modules = [{ inherit options; }]; }; };
    mkPerSystemType = module: types.deferredModuleWith { staticModules = [ module ]; };
    mkDeferredModuleType = module: types.deferredModuleWith { staticModules = [ module ]; };
    mkPerSystemOption = module: mkOption { type = types.deferredModuleWith { staticModules = [ module ]; }; };
    mkDeferredModuleOption = module: mkOption { type = types.deferredModuleWith { staticModules = [ module ]; }; };
    importApply = path: arguments: import path arguments;
    importAndPublish = name: module: { imports = [ module ]; flake.modules.flake.${name} = module; };
    mkTransposedPerSystemModule = { name, ... }: {
      options.flake.${name} = mkOption { type = any; default = { }; };
    };
  };
in
{
  lib = flake-parts-lib;
  flakeModules = {
    modules = { };
    flakeModules = { };
    easyOverlay = { };
    bundlers = { };
    touchup = { };
  };
}
