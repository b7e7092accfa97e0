final: prev:
let
  helpers = final.callPackage ./lib { };
  plain = (helpers.only prev.stdenv.isLinux);
in
{
  chart-tools = final.python3Packages.callPackage ./pkgs/chart-tools.nix { };
  gauge = final.callPackage ./pkgs/gauge.nix { };
  gauge-docs = final.callPackage ./pkgs/gauge-docs.nix { };
  ledger = final.callPackage ./pkgs/ledger.nix { };
  notes-server = final.callPackage ./pkgs/notes-server.nix { };
  panel = final.callPackage ./pkgs/panel.nix { };
  relay = final.callPackage ./pkgs/relay.nix { withTests = false; };

  # An old version that one of our programs needs.
  sqlite-ledger = prev.sqlite.overrideAttrs (old: rec {
    src = prev.fetchurl {
      url = "http://example.org/sqlite-ledger.tar.gz";
      sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    };
    buildInputs = old.buildInputs ++ plain [ ] ++ [ ];
  });
}
