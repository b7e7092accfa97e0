# Where snowfallorg/lib finds systems, homes and modules (snowfall-lib/{system,home,module,flake,fs}/default.nix).
{ lib, input, ... }:
let
  folders = path:
    if builtins.pathExists path
    then lib.attrNames (lib.filterAttrs (_: kind: kind == "directory") (builtins.readDir path))
    else [ ];
  # Every `default.nix` below a folder.
  defaults = path:
    if builtins.pathExists path
    then lib.filter (file: baseNameOf file == "default.nix") (lib.filesystem.listFilesRecursive path)
    else [ ];

  mkLib = options:
    let
      inherit (options) inputs src;
      given = options.snowfall or { };
      root = given.root or src;
      namespace = given.namespace or "internal";
      sets = lib.foldl' lib.recursiveUpdate { };
      call = arguments: path:
        let
          value = import path;
        in
        if lib.isFunction value then value (builtins.intersectAttrs (lib.functionArgs value) arguments) else value;
      library = lib // {
        inherit mkFlake;
        ${namespace} = own;
        snowfall = { fs.get-file = path: "${src}/${path}"; fs.get-snowfall-file = path: "${root}/${path}"; };
      };
      own = sets (map (call { inherit inputs namespace; lib = library; snowfall-inputs = input; }) (defaults (root + "/lib")));

      moduleSet = path:
        let
          name = file: lib.removePrefix "/" (lib.removeSuffix "/default.nix" (lib.removePrefix (toString path) (toString file)));
          module = file: args@{ pkgs, ... }:
            let
              value = import file;
              more = { inherit inputs namespace; lib = library; systems = { }; target = args.system or ""; virtual = false; };
            in
            if lib.isFunction value then value (args // more) else value;
        in
        lib.listToAttrs (map (file: lib.nameValuePair (name file) (module file)) (defaults path));

      nixosModules = moduleSet (root + "/modules/nixos");
      darwinModules = moduleSet (root + "/modules/darwin");
      homeModules = moduleSet (root + "/modules/home");

      mkFlake = flake:
        let
          homeOptions = flake.homes or { };
          systemOptions = flake.systems or { };

          homes = lib.concatMap
            (target: map
              (name: rec {
                inherit name;
                system = target;
                path = root + "/homes/${target}/${name}/default.nix";
                user = lib.head (lib.splitString "@" name);
                host = if lib.hasInfix "@" name then lib.last (lib.splitString "@" name) else "";
                more = homeOptions.users.${name} or { };
              })
              (lib.filter
                (name: builtins.pathExists (root + "/homes/${target}/${name}/default.nix"))
                (folders (root + "/homes/${target}"))))
            (folders (root + "/homes"));

          homeArguments = home: {
            inherit inputs namespace;
            inherit (home) name user host system;
            lib = library;
            format = "home";
          } // (home.more.specialArgs or { });

          homeConfiguration = home: inputs.home-manager.lib.homeManagerConfiguration {
            pkgs = inputs.nixpkgs.legacyPackages.${home.system};
            extraSpecialArgs = homeArguments home;
            modules = [ home.path input.homeModules.user ]
              ++ lib.attrValues homeModules
              ++ (home.more.modules or [ ])
              ++ (homeOptions.modules or [ ]);
          };

          # What a system gets of Home Manager: shared modules, and the homes that name it or its platform.
          ofHomes = class: system: host: [
            inputs.home-manager.${class}.home-manager
            {
              config.home-manager = {
                extraSpecialArgs = {
                  inherit inputs namespace system host;
                  lib = library;
                  format = "home";
                  target = system;
                  virtual = false;
                  systems = { };
                };
                sharedModules = (homeOptions.modules or [ ]) ++ [ input.homeModules.user ] ++ lib.attrValues homeModules;
                useGlobalPkgs = true;
                users = lib.listToAttrs (map
                  (home: lib.nameValuePair home.user { imports = (home.more.modules or [ ]) ++ [ home.path ]; })
                  (lib.filter (home: home.host == host || (home.host == "" && home.system == system)) homes));
              };
            }
          ];

          system = target: name:
            let
              isDarwin = lib.hasInfix "darwin" target;
              platform = if isDarwin || lib.hasSuffix "-linux" target then target else "${lib.head (lib.splitString "-" target)}-linux";
              more = systemOptions.hosts.${name} or { };
              class = if isDarwin then "darwinModules" else "nixosModules";
              modules = if isDarwin then darwinModules else nixosModules;
              build = if isDarwin then inputs.darwin.lib.darwinSystem else inputs.nixpkgs.lib.nixosSystem;
            in
            {
              output =
                if isDarwin then "darwinConfigurations"
                else if lib.hasSuffix "-linux" target then "nixosConfigurations"
                else "${lib.concatStringsSep "-" (lib.tail (lib.splitString "-" target))}Configurations";
              inherit name;
              value = build {
                system = platform;
                modules = [ (root + "/systems/${target}/${name}/default.nix") ]
                  ++ lib.attrValues modules
                  ++ (more.modules or [ ])
                  ++ (systemOptions.modules.${if isDarwin then "darwin" else "nixos"} or [ ])
                  ++ lib.optionals (inputs ? home-manager) (ofHomes class platform name);
                specialArgs = {
                  inherit inputs namespace target;
                  system = platform;
                  host = name;
                  lib = library;
                  format = if isDarwin then "darwin" else "linux";
                  virtual = !(isDarwin || lib.hasSuffix "-linux" target);
                  systems = { };
                } // (more.specialArgs or { });
              };
            };

          systems = lib.concatMap
            (target: map (system target) (folders (root + "/systems/${target}")))
            (folders (root + "/systems"));

          built = lib.foldl'
            (all: one: all // { ${one.output} = (all.${one.output} or { }) // { ${one.name} = one.value; }; })
            { }
            systems;
        in
        built // {
          homeConfigurations = lib.listToAttrs (map (home: lib.nameValuePair home.name (homeConfiguration home)) homes);
          nixosModules = nixosModules // (flake.modules.nixos or { });
          darwinModules = darwinModules // (flake.modules.darwin or { });
          homeModules = homeModules // (flake.modules.home or { });
          lib = own;
        };
    in
    library // own;
in
{
  inherit mkLib;
  mkFlake = options: (mkLib options).mkFlake (removeAttrs options [ "inputs" "src" ]);
}
