//! Every evaluation ends, within its fuel and its depth, and says which of them ended it.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Condition, FileKind, Loader, Machine, Name, Options, Realm, Val, Value};
use crate::semantic::{Ir, lower};
use crate::syntax::parse;
use crate::text::FileId;

/// Steps for programs that end by themselves.
const ENOUGH: u64 = 6_000_000;

/// Steps for those that do not.
const LITTLE: u64 = 200_000;

/// No files.
pub(crate) struct Nothing;

impl Loader for Nothing {
    fn program(&self, _: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        None
    }
    fn path(&self, _: FileId) -> Utf8PathBuf {
        Utf8PathBuf::from("/program.nix")
    }
    fn kind(&self, _: &Utf8Path) -> Option<FileKind> {
        None
    }
    fn read(&self, _: &Utf8Path) -> Option<String> {
        None
    }
    fn list(&self, _: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
        None
    }
    fn root(&self) -> &Utf8Path {
        Utf8Path::new("/")
    }
}

/// A host that has one value for every option.
pub(crate) struct Everywhere(pub Option<i64>);

impl Options for Everywhere {
    fn value(&self, _: &Machine<'_>, _: Realm, _: &[Name]) -> Option<Val> {
        self.0.map(|value| Val::of(Value::Int(value)))
    }

    fn decide(&self, _: &Machine<'_>, condition: &Condition) -> Condition {
        condition.clone()
    }

    fn argument(&self, _: &Machine<'_>, _: Realm, _: Name) -> Option<Val> {
        None
    }
}

/// What a program evaluates to as a whole, and whether it ran out of fuel.
fn evaluate(program: &str, fuel: u64) -> (String, bool) {
    let run = || {
        let parsed = parse(program);
        assert!(parsed.is_ok(), "{program}");
        let machine = Machine::new(&Nothing, fuel);
        let text = machine.print(&machine.file(FileId(0), &Arc::new(lower(&parsed.root()).ir)));
        assert_eq!(machine.is_exhausted(), machine.fuel() == 0, "{program}");
        (text, machine.is_exhausted())
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1 << 30).spawn_scoped(scope, run);
        thread.expect("there is room").join().expect("the program ends")
    })
}

fn value(program: &str) -> String {
    evaluate(program, ENOUGH).0
}

#[test]
fn values_that_need_themselves_are_errors() {
    for program in [
        "let x = x; in x",
        "let a = b; b = a; in a",
        "(rec { x = x + 1; }).x",
        "let fix = f: let x = f x; in x; in fix (x: x)",
        "builtins.seq (let x = x; in x) 1",
    ] {
        assert_eq!(value(program), "«error: infinite recursion»", "{program}");
    }
}

#[test]
fn fixed_points_have_values() {
    let fix = "let fix = f: let x = f x; in x; in ";
    assert_eq!(value(&format!("{fix}(fix (self: {{ a = 1; b = self.a + 1; }})).b")), "2");
    let list = format!("{fix}builtins.elemAt (fix (l: [ 1 (builtins.head l) ])) 1");
    assert_eq!(value(&list), "1");
}

#[test]
fn calls_end_at_the_depth_of_nix() {
    let count = "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f";
    assert_eq!(value(&format!("{count} 1000")), "1000");
    for program in [
        format!("{count} 1000000").as_str(),
        "let f = n: f (n + 1); in f 0",
        "let f = x: [ (f x) ]; in f 1",
        "builtins.toJSON (let s = { a = s; }; in s)",
        "let s = { outPath = s; }; in \"${s}\"",
        "let s = { __functor = s; }; in s 1",
    ] {
        let (text, is_exhausted) = evaluate(program, ENOUGH);
        assert!(text.contains("«unknown: nested too deep»"), "{program}: {text}");
        assert!(!is_exhausted, "{program}");
    }
}

#[test]
fn long_lists_are_worth_their_length() {
    for (program, expected) in [
        ("builtins.length (builtins.genList (x: x) 1000000)", "1000000"),
        ("builtins.elemAt (builtins.genList (x: x * 2) 1000000) 999999", "1999998"),
        ("builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 100000)", "4999950000"),
        ("builtins.elemAt (builtins.sort (a: b: a > b) (builtins.genList (x: x) 10000)) 0", "9999"),
    ] {
        assert_eq!(evaluate(program, ENOUGH), (expected.to_owned(), false), "{program}");
    }
}

#[test]
fn endless_work_ends_with_the_fuel() {
    for program in [
        "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
        "let d = s: n: if n == 0 then s else d (s + s) (n - 1); in builtins.stringLength (d \"x\" 60)",
        "let d = l: n: if n == 0 then l else d (l ++ l) (n - 1); in builtins.length (d [ 1 ] 60)",
        "let f = n: if n == 0 then 1 else f (n - 1) + f (n - 1); in f 60",
        "builtins.genList (x: x) 2000000",
        "builtins.match \"(a|a)*(a|a)*(a|a)*b\" \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    ] {
        let (text, is_exhausted) = evaluate(program, LITTLE);
        assert!(is_exhausted, "{program}");
        assert_eq!(text, "«unknown: too much work»", "{program}");
    }
}

#[test]
fn endless_sets_are_printed_to_an_end() {
    let (text, _) = evaluate("let s = n: { v = n; next = s (n + 1); }; in s 0", ENOUGH);
    assert!(text.contains("«unknown: nested too deep»"));
    let (_, is_exhausted) = evaluate("let t = n: { a = t (n + 1); b = t (n + 1); }; in t 0", LITTLE);
    assert!(is_exhausted);
}

#[test]
fn what_holds_itself_is_looked_at_once() {
    assert_eq!(value("let s = { a = s; b = s; }; in builtins.deepSeq s 1"), "1");
    assert_eq!(value("let s = { a = s; b = s; }; in s"), "{ a = «repeated»; b = «repeated»; }");
    assert_eq!(value("let l = [ l l ]; in l == l"), "true");
}
