{
  description = "A linter for Nix that knows what each NixOS host runs, and finds service failures before they boot";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      packageFor = pkgs: pkgs.callPackage ./package.nix { };
    in
    {
      packages = forEachSystem (pkgs: rec {
        nixlint = packageFor pkgs;
        default = nixlint;
      });

      apps = forEachSystem (pkgs: rec {
        nixlint = {
          type = "app";
          program = "${packageFor pkgs}/bin/nixlint";
          meta.description = "Lint Nix files and flakes";
        };
        default = nixlint;
      });

      overlays.default = final: _: { nixlint = packageFor final; };

      checks = forEachSystem (pkgs: {
        package = packageFor pkgs;
        clean-example = self.lib.mkCheck {
          inherit pkgs;
          src = ./examples/clean;
        };
      });

      # `nix fmt` hands over files, or nothing for the whole tree.
      formatter = forEachSystem (
        pkgs:
        pkgs.writeShellScriptBin "nixlint-fix" ''
          exec ${packageFor pkgs}/bin/nixlint fix "$@"
        ''
      );

      devShells = forEachSystem (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.cargo
            pkgs.clippy
            pkgs.rustc
            pkgs.rustfmt
            pkgs.pre-commit
          ];
        };
      });

      # A derivation that fails to build where nixlint finds something in `src`:
      #   checks.nixlint = nixlint.lib.mkCheck { inherit pkgs; src = self; };
      lib.mkCheck =
        {
          pkgs,
          src,
          args ? [ ],
          package ? packageFor pkgs,
        }:
        pkgs.runCommand "nixlint-check" { nativeBuildInputs = [ package ]; } ''
          cd ${src}
          nixlint check ${lib.escapeShellArgs args}
          touch $out
        '';
    };
}
