//! Names that are in scope everywhere.

/// Whether `name` is a variable of Nix's outermost scope: a primitive operation without the prefix
/// `builtins.`, or a constant. A primitive operation that needs the prefix is also there as `__name`
/// (`EvalState::addPrimOp` in src/libexpr/eval.cc of NixOS/nix).
pub fn is_global(name: &str) -> bool {
    GLOBALS.binary_search(&name).is_ok()
        || name.strip_prefix("__").is_some_and(|rest| PREFIXED.binary_search(&rest).is_ok())
}

/// Names below `builtins` that some Nix has and the tables of globals do not: those of other makers of Nix among them.
const OTHERS: &[&str] = &[
    "currentSystem",
    "currentTime",
    "filterAttrs",
    "getFlake",
    "langVersion",
    "nixPath",
    "nixVersion",
    "parallel",
    "storeDir",
    "valueSize",
    "wasm",
];

/// Every name that `builtins` may have, in some Nix.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    let globals = GLOBALS.iter().filter(|name| !name.starts_with("__"));
    globals.chain(PREFIXED).chain(OTHERS).copied()
}

/// Whether `name` is a primitive operation that is in scope as `builtins.name` only.
pub fn needs_prefix(name: &str) -> bool {
    PREFIXED.binary_search(&name).is_ok()
}

/// The primitive operations that are in scope as `builtins.name` only.
pub fn prefixed() -> impl Iterator<Item = &'static str> {
    PREFIXED.iter().copied()
}

/// The names that are in scope everywhere, without those that begin with `__`.
pub fn globals() -> impl Iterator<Item = &'static str> {
    GLOBALS.iter().copied().filter(|name| !name.starts_with("__"))
}

/// Global names without prefix, sorted (NixOS/nix 88b09c64, src/libexpr).
const GLOBALS: &[&str] = &[
    "__currentSystem",
    "__currentTime",
    "__findFile",
    "__langVersion",
    "__nixPath",
    "__nixVersion",
    "__storeDir",
    "abort",
    "baseNameOf",
    "break",
    "builtins",
    "derivation",
    "derivationStrict",
    "dirOf",
    "false",
    "fetchGit",
    "fetchMercurial",
    "fetchTarball",
    "fetchTree",
    "fromTOML",
    "import",
    "isNull",
    "map",
    "null",
    "placeholder",
    "removeAttrs",
    "scopedImport",
    "throw",
    "toString",
    "true",
];

/// Primitive operations that are global under `__name`, sorted.
const PREFIXED: &[&str] = &[
    "add",
    "addDrvOutputDependencies",
    "addErrorContext",
    "all",
    "any",
    "appendContext",
    "attrNames",
    "attrValues",
    "bitAnd",
    "bitOr",
    "bitXor",
    "catAttrs",
    "ceil",
    "compareVersions",
    "concatLists",
    "concatMap",
    "concatStringsSep",
    "convertHash",
    "deepSeq",
    "div",
    "elem",
    "elemAt",
    "exec",
    "fetchClosure",
    "fetchurl",
    "filter",
    "filterSource",
    "findFile",
    "flakeRefToString",
    "floor",
    "foldl'",
    "fromJSON",
    "functionArgs",
    "genList",
    "genericClosure",
    "getAttr",
    "getContext",
    "getEnv",
    "getFlake",
    "groupBy",
    "hasAttr",
    "hasContext",
    "hashFile",
    "hashString",
    "head",
    "importNative",
    "intersectAttrs",
    "isAttrs",
    "isBool",
    "isFloat",
    "isFunction",
    "isInt",
    "isList",
    "isPath",
    "isString",
    "length",
    "lessThan",
    "listToAttrs",
    "mapAttrs",
    "match",
    "mul",
    "outputOf",
    "parseDrvName",
    "parseFlakeRef",
    "partition",
    "path",
    "pathExists",
    "readDir",
    "readFile",
    "readFileType",
    "replaceStrings",
    "seq",
    "sort",
    "split",
    "splitVersion",
    "storePath",
    "stringLength",
    "sub",
    "substring",
    "tail",
    "toFile",
    "toJSON",
    "toPath",
    "toXML",
    "trace",
    "traceVerbose",
    "tryEval",
    "typeOf",
    "unsafeDiscardOutputDependency",
    "unsafeDiscardStringContext",
    "unsafeGetAttrPos",
    "warn",
    "zipAttrsWith",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(GLOBALS.is_sorted());
        assert!(PREFIXED.is_sorted());
    }

    #[test]
    fn globals_have_two_forms() {
        for name in ["map", "__toJSON", "true", "__currentSystem", "__foldl'"] {
            assert!(is_global(name), "{name}");
        }
        for name in ["attrNames", "__map", "toJSON", "__curPos", "or", "lib"] {
            assert!(!is_global(name), "{name}");
        }
    }
}
