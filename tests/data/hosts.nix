# The hosts of a flake and the files each is made of, as evaluation finds them: `outputs` is called with
# inputs that only have what the examples ask of them, and imports are followed as lib/modules.nix of
# nixpkgs does. Nothing but `imports` and `home-manager` of a module is evaluated.
{ root }:
let
  inherit (builtins)
    attrNames
    concatLists
    filter
    functionArgs
    genericClosure
    head
    isAttrs
    isFunction
    isPath
    isString
    mapAttrs
    pathExists
    stringLength
    substring
    unsafeGetAttrPos
    ;

  flake = import (root + "/flake.nix");
  outputs = flake.outputs (inputs // { self = outputs // { outPath = root; }; });

  inputs = mapAttrs (name: _: {
    inherit lib;
    outPath = "/outside/${name}";
    legacyPackages.x86_64-linux = { };
    nixosModules = {
      home-manager = outside;
      sops = outside;
    };
  }) flake.inputs;

  outside.isOutside = true;

  lib = {
    nixosSystem = system: system;
    mkIf = condition: content: { inherit condition content; };
    mkOption = option: option;
    mkEnableOption = text: { inherit text; };
    optionalAttrs = condition: attrs: if condition then attrs else { };
    genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    types = { };
  };

  # The modules that a list leads to, each with its place and what it defines.
  closure =
    arguments: place: modules:
    let
      call = module: if isFunction module then module (arguments // { inherit lib; }) else module;
      file = path: if pathExists (path + "/default.nix") then path + "/default.nix" else path;
      position =
        module: otherwise:
        let
          names = if isFunction module then functionArgs module else module;
          found = if names == { } then null else unsafeGetAttrPos (head (attrNames names)) names;
        in
        if found == null then otherwise else found.file;
      item =
        above: number: module:
        if isPath module || isString module then
          rec {
            place = toString (file module);
            key = place;
            form = "files";
            value = call (import place);
          }
        else
          {
            place = position module above.place;
            key = "${above.key}:${toString number}";
            form = "inline";
            value = call module;
          };
      items =
        above: list:
        let
          isOutside = module: (isAttrs module && module ? isOutside) || (isString module && substring 0 9 module == "/outside/");
          inside = filter (module: !isOutside module) list;
          numbers = builtins.genList (number: number) (builtins.length inside);
        in
        map (number: item above number (builtins.elemAt inside number)) numbers;
      root = {
        inherit place;
        key = "";
      };
    in
    genericClosure {
      startSet = items root modules;
      operator = above: items above (above.value.imports or [ ]);
    };

  relative = path: substring (stringLength (toString root) + 1) (stringLength path) path;
  ofForm = form: modules: map (module: relative module.place) (filter (module: module.form == form) modules);
  files = modules: {
    files = ofForm "files" modules;
    inline = ofForm "inline" modules;
  };

  host =
    _: system:
    let
      arguments = (system.specialArgs or { }) // {
        config = throw "imports must not ask for options";
        pkgs = { };
        modulesPath = "/outside/nixpkgs/nixos/modules";
      };
      modules = closure arguments "${toString root}/flake.nix" system.modules;
      homes = map (module: {
        inherit (module) place;
        users = module.value.home-manager.users or module.value.config.home-manager.users or { };
      }) modules;
      names = concatLists (map (home: attrNames home.users) homes);
      ofUser =
        name:
        files (
          concatLists (
            map (home: if home.users ? ${name} then closure arguments home.place [ home.users.${name} ] else [ ]) homes
          )
        );
    in
    files modules // { users = lib.genAttrs names ofUser; };
in
mapAttrs host outputs.nixosConfigurations
