//! What is not known goes through `lib` as such, and what is known stays.

use std::sync::Arc;

use nixlint::eval::{
    Condition, Extent, Machine, Merge, Platform, Realm, Symbol, SymbolRoot, TextPiece, Thunk, Val, Value,
    library, option_type,
};
use nixlint::semantic::lower;
use nixlint::syntax::parse;
use nixlint::text::FileId;

use super::Folder;

/// Evaluates `body` with `lib`, the options `config` and the packages `pkgs`.
fn with_machine<T>(body: &str, read: impl FnOnce(&Machine<'_>, Val) -> T) -> T {
    let parsed = parse(&format!("lib: config: pkgs: {body}"));
    assert!(parsed.is_ok(), "{body}");
    let ir = Arc::new(lower(&parsed.root()).ir);
    let loader = Folder { root: "/project".into() };
    let machine = Machine::new(&loader, 1_000_000);
    let function = machine.force(&machine.file(FileId(0), &ir));
    let symbol = |root| Val::of(Value::Symbol(Symbol { root, path: Vec::new() }.into())).thunk();
    let arguments = [
        library(&machine).thunk(),
        symbol(SymbolRoot::Config(Realm::System)),
        symbol(SymbolRoot::Packages(Platform::Unknown)),
    ];
    let val = machine.apply_all(&function, arguments, None);
    read(&machine, val)
}

fn printed(body: &str) -> String {
    with_machine(body, |machine, val| machine.print(&val.thunk()))
}

#[test]
fn elements_keep_their_conditions() {
    for (call, expected) in [
        ("lib.optional config.a.enable 1", "[ «if config.a.enable» 1 ]"),
        ("lib.optionals config.a.enable [ 1 2 ]", "[ «if config.a.enable» 1 «if config.a.enable» 2 ]"),
        ("lib.flatten [ 1 (lib.optional config.a.enable [ 2 ]) ]", "[ 1 «if config.a.enable» 2 ]"),
        ("lib.unique ([ 1 ] ++ lib.optional config.a.enable 2 ++ [ 1 ])", "[ 1 «if config.a.enable» 2 ]"),
        (
            "lib.unique (lib.optional config.a.enable 1 ++ [ 1 ])",
            "[ «if config.a.enable» 1 «if !config.a.enable» 1 ]",
        ),
        ("lib.subtractLists [ 1 ] (lib.optional config.a.enable 2 ++ [ 1 ])", "[ «if config.a.enable» 2 ]"),
        ("lib.reverseList ([ 1 ] ++ lib.optional config.a.enable 2)", "[ «if config.a.enable» 2 1 ]"),
        ("lib.optionalAttrs config.a.enable { b = 1; }", "{ «if config.a.enable» b = 1; }"),
        (
            "lib.mapAttrsToList (n: v: n) (lib.optionalAttrs config.a.enable { b = 1; })",
            "[ «if config.a.enable» \"b\" ]",
        ),
        ("lib.attrsToList { b = 1; }", "[ { name = \"b\"; value = 1; } ]"),
        (
            "lib.mergeAttrsList [ { a = 1; } (lib.optionalAttrs config.a.enable { b = 2; }) ]",
            "{ a = 1; «if config.a.enable» b = 2; }",
        ),
        (
            "(lib.recursiveUpdate { a.b = 1; } (lib.optionalAttrs config.x { a.c = 2; })).a",
            "«one of (config.x: { b = 1; c = 2; }) (!config.x: { b = 1; })»",
        ),
    ] {
        assert_eq!(printed(call), expected, "{call}");
    }
}

#[test]
fn names_of_the_project_win() {
    for (call, expected) in [
        ("(lib // { id = x: 7; }).id 1", "7"),
        ("(lib // { id = x: 7; }).singleton 1", "[ 1 ]"),
        ("(lib.extend (final: prev: { id = x: 7; own = final.id 1; })).own", "7"),
        ("with (lib // { own = 1; }); [ own (singleton 2) ]", "[ 1 [ 2 ] ]"),
        ("(lib.recursiveUpdate lib { strings.own = 1; }).strings.own", "1"),
        ("(lib.recursiveUpdate lib { strings.own = 1; }).strings.toUpper \"a\"", "\"A\""),
        ("(lib.recursiveUpdate lib { strings.toUpper = x: 1; }).strings.toUpper \"a\"", "1"),
    ] {
        assert_eq!(printed(call), expected, "{call}");
    }
}

#[test]
fn nothing_is_said_of_what_is_not_known() {
    for call in [
        "lib.length config.a",
        "lib.last [ 1 config.a ]",
        "lib.hasPrefix \"a\" config.a",
        "lib.toUpper config.a",
        "lib.splitString \",\" config.a",
        "lib.findFirst (x: x == config.a) 0 [ 1 2 ]",
        "lib.toInt config.a",
        "lib.head (lib.optional config.a.enable 1)",
        "lib.concatLines (lib.optional config.a.enable \"x\")",
        "lib.versions.major config.a",
        "lib.types.int.check config.a",
        "lib.mapNullable (x: x) config.a",
        "lib.generators.toJSON { } config.a",
        "lib.naturalSort [ \"a\" config.a ]",
        "lib.licenses.mit",
    ] {
        with_machine(call, |machine, val| {
            let printed = machine.printed(&val.thunk(), Extent::Whole);
            assert!(printed.unknown.is_some() || printed.text.contains('«'), "{call} is {}", printed.text);
        });
    }
}

#[test]
fn known_text_keeps_its_place() {
    let body = "lib.removeSuffix \".nix\" (lib.removePrefix \"a/\" \"a/b${config.x}c.nix\")";
    with_machine(body, |_, val| {
        let Value::Str(text) = val.value else { panic!("a string") };
        let pieces: Vec<&str> = text
            .pieces
            .iter()
            .map(|piece| match piece {
                TextPiece::Known { text, .. } => &**text,
                TextPiece::Hole(_) => "*",
            })
            .collect();
        assert_eq!(pieces, ["b", "*", "c"]);
        assert!(matches!(&text.pieces[2], TextPiece::Known { origin: Some(_), .. }));
        assert!(val.span.is_some());
    });
}

#[test]
fn elements_point_at_their_literals() {
    let body = "lib.unique (lib.flatten (lib.mapAttrsToList (n: v: v) { a = [ 80 ]; b = [ 443 80 ]; }))";
    let text = format!("lib: config: pkgs: {body}");
    with_machine(body, |machine, val| {
        let list = machine.list(&val).expect("a list");
        let places: Vec<&str> = list
            .elements
            .iter()
            .map(|element| {
                assert_eq!(element.condition, Condition::True);
                &text[machine.force(&element.value).span.expect("a place").range()]
            })
            .collect();
        assert_eq!(places, ["80", "443"]);
    });
}

/// What a type is made of, in a few words.
fn described(machine: &Machine<'_>, of: &Thunk) -> String {
    let of = option_type(machine, &machine.force(of)).expect("an option type");
    let inner = |of: &Thunk| described(machine, of);
    match of.merge {
        Merge::Equal => "equal".to_owned(),
        Merge::Line => "line".to_owned(),
        Merge::One => "one".to_owned(),
        Merge::Default => "default".to_owned(),
        Merge::Or => "or".to_owned(),
        Merge::Joined(separator) => format!("joined {}", machine.print(&separator)),
        Merge::Update => "update".to_owned(),
        Merge::Anything => "anything".to_owned(),
        Merge::List(of) => format!("list ({})", inner(&of)),
        Merge::Attrs { element, lazy } => {
            format!("{}set ({})", if lazy { "lazy " } else { "" }, inner(&element))
        }
        Merge::AttrList(of) => format!("list of sets ({})", inner(&of)),
        Merge::NullOr(of) => format!("null or ({})", inner(&of)),
        Merge::Unique(of) => format!("unique ({})", inner(&of)),
        Merge::Either(left, right) => format!("({}) or ({})", inner(&left), inner(&right)),
        Merge::Coerced { from, to, .. } => format!("({}) to ({})", inner(&from), inner(&to)),
        Merge::Submodule { modules, shorthand, .. } => {
            format!("submodule {} {shorthand}", machine.print(&modules))
        }
        Merge::Deferred(modules) => format!("deferred {}", machine.print(&modules)),
        Merge::Function(of) => format!("function ({})", inner(&of)),
        Merge::Tagged(options) => {
            format!("tagged {}", machine.set(&machine.force(&options)).map_or(0, |set| set.entries.len()))
        }
        Merge::Type => "type".to_owned(),
        Merge::Own(_) => "own".to_owned(),
    }
}

#[test]
fn types_say_how_definitions_merge() {
    for (of, expected) in [
        ("port", "equal"),
        ("singleLineStr", "line"),
        ("package", "one"),
        ("unspecified", "default"),
        ("boolByOr", "or"),
        ("lines", "joined \"\\n\""),
        ("attrs", "update"),
        ("anything", "anything"),
        ("listOf (enum [ 1 ])", "list (equal)"),
        ("nonEmptyListOf str", "list (equal)"),
        ("attrsOf (lazyAttrsOf int)", "set (lazy set (equal))"),
        ("attrListOf int", "list of sets (equal)"),
        ("nullOr path", "null or (equal)"),
        ("uniq str", "unique (equal)"),
        ("oneOf [ int lines attrs ]", "((equal) or (joined \"\\n\")) or (update)"),
        ("number", "(equal) or (equal)"),
        ("coercedTo str toString (listOf str)", "(equal) to (list (equal))"),
        ("submodule { a = 1; }", "submodule [ { a = 1; } ] true"),
        ("submoduleWith { modules = [ 1 ]; }", "submodule [ 1 ] false"),
        ("deferredModule", "deferred [ ]"),
        ("functionTo str", "function (equal)"),
        ("attrTag { a = 1; b = 2; }", "tagged 2"),
        ("optionType", "type"),
        ("addCheck lines (x: true)", "joined \"\\n\""),
        ("lines // { description = \"x\"; }", "joined \"\\n\""),
        ("lib.mkOptionType { name = \"x\"; merge = loc: defs: 1; }", "own"),
        ("lib.mkOptionType { name = \"x\"; }", "default"),
        ("lib.mkOptionType { name = \"x\"; merge = lib.mergeOneOption; }", "one"),
    ] {
        let of = format!("with lib.types; {of}");
        with_machine(&of, |machine, val| assert_eq!(described(machine, &val.thunk()), expected, "{of}"));
    }
}
