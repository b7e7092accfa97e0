# How nix-community/haumea makes a set of a folder (src/load.nix, src/__parsePath.nix, src/loaders, src/matchers).
{ lib, ... }:
let
  loaders = {
    default = call;
    scoped = call;
    verbatim = _: path: import path;
    path = _: path: path;
  };
  call = inputs: path:
    let
      value = import path;
    in
    if lib.isFunction value then value (lib.intersectAttrs (lib.functionArgs value) inputs) else value;
  isHidden = name: lib.hasPrefix "_" name;
  bare = name: lib.removePrefix "_" (lib.removePrefix "__" name);
  load = { src, loader ? call, inputs ? { }, transformer ? [ ] }:
    let
      change = cursor: value: lib.foldl' (value: f: f cursor value) value (lib.flatten [ transformer ]);
      folder = cursor: path: change cursor (lib.listToAttrs (lib.concatLists (lib.mapAttrsToList
        (name: kind:
          let
            short = lib.removeSuffix ".nix" name;
          in
          if isHidden name || lib.hasPrefix "." name then [ ]
          else if kind == "directory"
          then [ (lib.nameValuePair name (folder (cursor ++ [ name ]) (path + "/${name}"))) ]
          else if short != name
          then [ (lib.nameValuePair (bare short) (file (path + "/${name}"))) ]
          else [ ])
        (builtins.readDir path))));
      file = path: loader (inputs // { inherit root; self = { }; super = { }; }) path;
      root = folder [ ] src;
    in
    root;
in
{
  lib = { inherit load loaders; };
}
