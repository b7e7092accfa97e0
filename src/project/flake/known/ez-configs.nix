# Where ehllie/ez-configs finds hosts, homes and modules (flake-module.nix).
{ lib, input, packages, ... }:
let
  inherit (lib) mkOption types;
  files = folder:
    if folder == null then { }
    else if builtins.pathExists "${folder}.nix" then { default = "${folder}.nix"; }
    else if !builtins.pathExists folder then { }
    else lib.listToAttrs (lib.concatLists (lib.mapAttrsToList
      (name: kind:
        if kind == "regular" && lib.hasSuffix ".nix" name
        then [ (lib.nameValuePair (lib.removeSuffix ".nix" name) "${folder}/${name}") ]
        else if builtins.pathExists "${folder}/${name}/default.nix"
        then [ (lib.nameValuePair name "${folder}/${name}/default.nix") ]
        else [ ])
      (builtins.readDir folder)));

  module = { config, inputs, ... }:
    let
      cfg = config.ezConfigs;
      folder = kind: what: if cfg.root == null then null else "${cfg.root}/${kind}-${what}";
      kindOptions = kind: entries: {
        modulesDirectory = mkOption { type = types.raw; default = folder kind "modules"; };
        configurationsDirectory = mkOption { type = types.raw; default = folder kind "configurations"; };
        specialArgs = mkOption { type = types.attrsOf types.anything; default = cfg.globalArgs; };
        extraSpecialArgs = mkOption { type = types.attrsOf types.anything; default = cfg.globalArgs; };
        ${entries} = mkOption { type = types.lazyAttrsOf types.anything; default = { }; };
      };
      homeModules = files cfg.home.modulesDirectory;
      users = files cfg.home.configurationsDirectory;
      ofUser = user: [ users.${user} ]
        ++ lib.optional ((cfg.home.users.${user}.importDefault or true) && homeModules ? default) homeModules.default;
      homeArguments = cfg.home.extraSpecialArgs // { ezModules = homeModules; };
      system = kind: build: home: host: path:
        let
          modules = files cfg.${kind}.modulesDirectory;
          options = cfg.${kind}.hosts.${host} or { };
          hosted = options.userHomeModules or [ ];
        in
        build {
          specialArgs = cfg.${kind}.specialArgs // { ezModules = modules; };
          modules = [ path { networking.hostName = lib.mkDefault host; } ]
            ++ lib.optional ((options.importDefault or true) && modules ? default) modules.default
            ++ lib.optionals (hosted != [ ]) [
              home
              {
                home-manager.extraSpecialArgs = homeArguments;
                home-manager.users = lib.genAttrs hosted (user: { imports = ofUser user; });
              }
            ];
        };
      homeConfiguration = user: inputs.home-manager.lib.homeManagerConfiguration {
        pkgs = packages;
        extraSpecialArgs = homeArguments;
        modules = ofUser user;
      };
      hosts = files cfg.nixos.configurationsDirectory // files cfg.darwin.configurationsDirectory;
      homes = lib.concatMapAttrs
        (user: _:
          if cfg.home.users.${user}.standalone.enable or false then { ${user} = homeConfiguration user; }
          else lib.mapAttrs'
            (host: _: lib.nameValuePair ((cfg.home.users.${user}.nameFunction or (host: "${user}@${host}")) host) (homeConfiguration user))
            hosts)
        users;
    in
    {
      options.ezConfigs = {
        root = mkOption { type = types.raw; default = null; };
        globalArgs = mkOption { type = types.attrsOf types.anything; default = { }; };
        nixos = kindOptions "nixos" "hosts";
        darwin = kindOptions "darwin" "hosts";
        home = kindOptions "home" "users";
      };
      config.flake = {
        nixosModules = files cfg.nixos.modulesDirectory;
        darwinModules = files cfg.darwin.modulesDirectory;
        homeModules = homeModules;
        nixosConfigurations = lib.mapAttrs
          (system "nixos" inputs.nixpkgs.lib.nixosSystem inputs.home-manager.nixosModules.home-manager)
          (files cfg.nixos.configurationsDirectory);
        darwinConfigurations = lib.mapAttrs
          (system "darwin" inputs.darwin.lib.darwinSystem inputs.home-manager.darwinModules.home-manager)
          (files cfg.darwin.configurationsDirectory);
        homeConfigurations = homes;
      };
    };
in
{
  flakeModule = module;
  flakeModules.default = module;
}
