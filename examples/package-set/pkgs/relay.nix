# A shell script and what it needs.
{
  lib,
  stdenvNoCC,
  writeText,
  withTests ? true,
  user ? "relay",
}:
let
  config = let port = "8080"; in writeText "relay.conf" ''
    port = ${port}
    user = \${user}
    tests = ${toString withTests}
  '';
  shell = builtins.toPath "/bin/sh";
  checks = with lib; [ ];
  old = let { body = "1"; };
in
stdenvNoCC.mkDerivation {
  pname = "relay";
  version = "1.0" + old;
  src = ./relay;
  patches = [ patches/install.patch ];

  inherit shell checks;
  passthru.modes = map (x:x) [ toString 1 ];
  passthru.timeout = 60/2;

  buildPhase = "true";
  installPhase = ''
    runHook preInstall
    install -D relay.sh $out/bin/relay
    install -D ${config} $out/etc/relay.conf
    runHook postInstall
  '';

  meta.broken = "1" == 1;
}
