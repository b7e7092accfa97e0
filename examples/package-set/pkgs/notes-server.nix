# A program in Go.
{
  lib,
  buildGoModule,
  fetchFromGitHub,
  installShellFiles,
}:
let
  self = buildGoModule {
    pname = "notes-server";
    version = "1.12.0";

    src = fetchFromGitHub {
      owner = "example";
      repo = "notes-server";
      rev = "v1.12.0";
      sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    };

    vendorHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    buildInputs = [ installShellFiles ];
    ldflags = "-s -w";
    checkFlags = [ "-skip TestNetwork" ];

    meta.mainProgram = if true then "notes-server" else "notes";
  };
in
self // { }
