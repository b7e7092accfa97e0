# A program in Rust.
{
  lib,
  rustPlatform,
  sqlite,
  pkg-config,
  pkgs,
}:
let
  versions = rec {
    current = "0.9.1";
  };
in
rustPlatform.buildRustPackage {
  pname = "ledger";
  version = versions.current;
  src = ./.;

  cargoSha256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

  nativeBuildInputs = [ ] ++ [ pkg-config ];
  buildInputs = [ sqlite sqlite ] ++ [ pkgs.stdenv.cc.cc.lib ];

  OPENSSL_NO_VENDOR = 1;

  passthru.system = pkgs.system;

  meta.platforms = pkgs.stdenv.lib.platforms.linux;
  meta.license = with lib.licenses; [ mit lgpl3 ];
}
