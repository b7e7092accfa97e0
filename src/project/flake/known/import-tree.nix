# Which files vic/import-tree takes (default.nix): all below a folder that end in `.nix` and have no `/_` in
# their path below it, unless told otherwise.
{ lib, isFolder, ... }:
let
  plain = { keep = [ ]; first = null; change = [ ]; paths = [ ]; finish = files: { imports = files; }; api = { }; };

  isTree = value: lib.isAttrs value && value ? importTree;
  isPathLike = value: lib.isPath value || lib.isString value || (lib.isAttrs value && value ? outPath);

  filesOf = place:
    if isTree place then place.files
    else if lib.isList place then lib.concatMap filesOf place
    else if lib.isAttrs place && place ? outPath then filesOf place.outPath
    else if isPathLike place && isFolder place then lib.filesystem.listFilesRecursive place
    else [ place ];

  below = folders: file:
    let
      text = toString file;
      around = lib.filter (folder: lib.hasPrefix (toString folder) text) folders;
    in
    if around == [ ] then text else lib.removePrefix (toString (lib.head around)) text;

  leaves = state: place:
    let
      places = lib.flatten [ state.paths place ];
      folders = lib.filter (folder: isPathLike folder && isFolder folder) places;
      usual = path: lib.hasSuffix ".nix" path && !lib.hasInfix "/_" path;
      first = if state.first == null then usual else state.first;
      kept = file:
        if isPathLike file
        then let path = below folders file; in first path && lib.all (test: test path) state.keep
        else lib.all (test: test file) state.keep;
      changed = file: lib.foldl' (value: change: change value) file state.change;
    in
    map changed (lib.filter kept (lib.concatMap filesOf places));

  make = state:
    let
      with' = more: make (state // more);
      also = attribute: value: with' { ${attribute} = state.${attribute} ++ [ value ]; };
      matches = pattern: path: builtins.match pattern path != null;
      self = lib.mapAttrs (_: function: function self) state.api // {
        importTree = state;
        __functor = _: place:
          state.finish (leaves state (if lib.isAttrs place && place ? options then [ ] else place));
        filter = test: also "keep" test;
        filterNot = test: also "keep" (path: !test path);
        match = pattern: also "keep" (matches pattern);
        matchNot = pattern: also "keep" (path: !matches pattern path);
        map = change: also "change" change;
        addPath = path: also "paths" path;
        addAPI = api: with' { api = state.api // api; };
        withLib = _: self;
        initFilter = first: with' { inherit first; };
        pipeTo = finish: with' { inherit finish; };
        leafs = with' { finish = files: files; };
        result = state.finish (leaves state [ ]);
        files = leaves state [ ];
        new = make plain;
      };
    in
    self;

  tree = make plain;
in
tree // { "/" = tree; "/default.nix" = tree; }
