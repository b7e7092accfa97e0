# What a module is given when it is evaluated alone: symbols. An attribute of a symbol and a call of it are
# symbols that remember how they came about, so values that contain them can be compared. A set cannot have
# every attribute, so it has all `names`.
{ names, intoFunctions }:
let
  symbol =
    label:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        # So that conditions on options can be decided.
        value = if name == "enable" then true else symbol (select label name);
      }) names
    )
    // {
      __symbol = label;
      __toString = _: "<${builtins.toJSON label}>";
      __functor = _: argument: symbol {
        call = label;
        argument = show 20 argument;
      };
    };

  select =
    label: name:
    if builtins.isString label then
      "${label}.${name}"
    else
      {
        select = name;
        from = label;
      };

  # Plain data, with symbols and functions as sets that say so.
  show =
    depth: value:
    if depth == 0 then
      "<deep>"
    else if builtins.isFunction value then
      if intoFunctions then { __function = show (depth - 1) (apply value); } else "<function>"
    else if builtins.isList value then
      map (show (depth - 1)) value
    else if builtins.isPath value then
      { __path = toString value; }
    else if !builtins.isAttrs value then
      value
    else if value ? __symbol then
      showSymbol depth value
    else
      builtins.mapAttrs (_: show (depth - 1)) value;

  showSymbol =
    depth: value:
    let
      label = value.__symbol;
      given = removeAttrs value [
        "__symbol"
        "__toString"
        "__functor"
      ];
      isOwn =
        name:
        name == "enable" && value.enable == true
        || value.${name} ? __symbol && value.${name}.__symbol == select label name;
      others = builtins.filter (name: !isOwn name) (builtins.attrNames given);
    in
    {
      __symbol = label;
    }
    // (
      if others == [ ] || label == "lib" then
        { }
      else
        {
          __with = builtins.listToAttrs (
            map (name: {
              inherit name;
              value = show (depth - 1) value.${name};
            }) others
          );
        }
    );

  apply =
    function:
    let
      formals = builtins.functionArgs function;
      isGiven = name: arguments ? ${name} || !formals.${name};
      given = builtins.filter isGiven (builtins.attrNames formals);
      value = name: {
        inherit name;
        value = arguments.${name} or (symbol name);
      };
    in
    function (if formals == { } then arguments else builtins.listToAttrs (map value given));

  arguments = {
    inherit lib;
    config = symbol "config";
    options = symbol "options";
    pkgs = symbol "pkgs" // {
      inherit lib;
    };
    modulesPath = "/nixos/modules";
    self = symbol "self";
    inputs = symbol "inputs";
    nixpkgs = symbol "nixpkgs" // {
      lib = lib // {
        nixosSystem = symbol "nixosSystem";
      };
    };
  };

  override = priority: content: {
    _type = "override";
    inherit priority content;
  };

  order = priority: content: {
    _type = "order";
    inherit priority content;
  };

  when = condition: content: {
    _type = "if";
    inherit condition content;
  };

  lib = symbol "lib" // {
    mkIf = when;
    mkMerge = contents: {
      _type = "merge";
      inherit contents;
    };
    mkOverride = override;
    mkForce = override 50;
    mkDefault = override 1000;
    mkOrder = order;
    mkBefore = order 500;
    mkAfter = order 1500;
    optional = condition: item: lib.optionals condition [ item ];
    optionals =
      condition: list:
      if !builtins.isBool condition then
        [ (when condition list) ]
      else if condition then
        list
      else
        [ ];
    optionalString =
      condition: text:
      if !builtins.isBool condition then
        "<${builtins.toJSON (show 20 condition)}>${text}"
      else if condition then
        text
      else
        "";
    optionalAttrs =
      condition: set:
      if !builtins.isBool condition then
        when condition set
      else if condition then
        set
      else
        { };
    inherit (builtins)
      attrNames
      attrValues
      concatLists
      concatMap
      concatStringsSep
      elem
      filter
      head
      length
      listToAttrs
      mapAttrs
      tail
      toJSON
      ;
    concatMapStringsSep =
      separator: function: list:
      builtins.concatStringsSep separator (map function list);
    filterAttrs =
      predicate: set:
      removeAttrs set (
        builtins.filter (name: !predicate name set.${name}) (builtins.attrNames set)
      );
    genAttrs =
      keys: function:
      builtins.listToAttrs (
        map (name: {
          inherit name;
          value = function name;
        }) keys
      );
    mapAttrs' =
      function: set:
      builtins.listToAttrs (map (name: function name set.${name}) (builtins.attrNames set));
    mapAttrsToList = function: set: map (name: function name set.${name}) (builtins.attrNames set);
    nameValuePair = name: value: { inherit name value; };
  };
in
file:
let
  value = import file;
in
show 60 (if builtins.isFunction value then apply value else value)
