# A program for the browser.
{ lib, buildNpmPackage }:
buildNpmPackage (finalAttrs: {
  name = "panel-${finalAttrs.version}";
  version = "3.0.0";
  src = ../panel;

  npmDepsHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  npmFlags = "--legacy-peer-deps";

  doCheck = !true;

  buildPhase = ''
    runHook preBuild
    npm run build -- --base=/panel
  '';

  meta = {
    description = "Shows gauges";
    license = [ lib.licenses.agpl3Only lib.licenses.agpl3Only ];
  };
})
