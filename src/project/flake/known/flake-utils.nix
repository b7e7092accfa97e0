# What numtide/flake-utils does with systems (lib.nix).
{ lib, ... }:
let
  defaultSystems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
  allSystems = defaultSystems ++ [ "i686-linux" "armv7l-linux" "armv6l-linux" "riscv64-linux" "powerpc64le-linux" ];
  perSystem = systems: make: lib.genAttrs systems make;
  eachSystem = systems: make:
    lib.foldl'
      (all: system:
        all // lib.mapAttrs (name: value: (all.${name} or { }) // { ${system} = value; }) (make system))
      { }
      systems;
in
{
  lib = {
    inherit allSystems defaultSystems eachSystem;
    eachDefaultSystem = eachSystem defaultSystems;
    eachSystemMap = perSystem;
    eachDefaultSystemMap = perSystem defaultSystems;
    eachSystemPassThrough = systems: make: lib.foldl' (all: system: all // make system) { } systems;
    eachDefaultSystemPassThrough = make: lib.foldl' (all: system: all // make system) { } defaultSystems;
    system = perSystem allSystems (system: system);
    flattenTree = tree: tree;
  };
}
