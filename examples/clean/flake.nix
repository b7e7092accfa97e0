{
  description = "The homelab example with its mistakes repaired";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

    home-manager = {
      url = "github:nix-community/home-manager/release-26.05";
      inputs.nixpkgs.follows = "nixpkgs";
    };

    sops-nix = {
      url = "github:Mic92/sops-nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs =
    {
      nixpkgs,
      home-manager,
      sops-nix,
      ...
    }@inputs:
    let
      # Every host gets all modules; what it runs is switched on in hosts/<name>.
      mkHost =
        hostName:
        {
          extraModules ? [ ],
        }:
        nixpkgs.lib.nixosSystem {
          specialArgs = { inherit inputs; };
          modules = [
            ./modules
            (./hosts + "/${hostName}")
            home-manager.nixosModules.home-manager
            sops-nix.nixosModules.sops
            { networking = { inherit hostName; }; }
          ]
          ++ extraModules;
        };
    in
    {
      nixosConfigurations = {
        server = mkHost "server" { };
        laptop = mkHost "laptop" { extraModules = [ ./modules/desktop.nix ]; };
      };

      nixosModules.kiosk = ./modules/kiosk;

      lib = import ./lib;

      formatter.x86_64-linux = nixpkgs.legacyPackages.x86_64-linux.nixfmt;
    };
}
