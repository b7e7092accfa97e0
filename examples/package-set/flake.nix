{
  description = "A small package set, with the mistakes people make in one";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs, ... }@inputs:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      forAllSystems = f: nixpkgs.lib.genAttrs systems (system: f system);
    in
    {
      overlay = import ./overlay.nix;

      packages = forAllSystems (
        system:
        let
          pkgs = import nixpkgs {
            system = system;
            overlays = [ self.overlay ];
          };
        in
        {
          inherit (pkgs) chart-tools gauge gauge-docs ledger notes-server panel relay;
        }
      );

      devShells = forAllSystems (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          # Here it does not matter in which list a tool stands.
          default = pkgs.mkShell { buildInputs = [ pkgs.cmake pkgs.pkg-config pkgs.nixfmt-rfc-style ]; };
        }
      );
    };
}
