//! The evaluator against Nix: programs run through `nix-instantiate`.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use nixlint::eval::{FileKind, Loader, Machine, Reason, Val};
use nixlint::semantic::{Ir, lower};
use nixlint::syntax::parse;
use nixlint::text::FileId;

/// Files of one folder, read when they are asked for.
struct Folder {
    root: Utf8PathBuf,
    files: std::cell::RefCell<Vec<Utf8PathBuf>>,
}

impl Loader for Folder {
    fn program(&self, path: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
        let text = std::fs::read_to_string(path).ok()?;
        let parsed = parse(&text);
        if !parsed.is_ok() {
            return None;
        }
        let mut files = self.files.borrow_mut();
        let id = files.iter().position(|file| file == path).unwrap_or_else(|| {
            files.push(path.to_owned());
            files.len() - 1
        });
        Some((FileId(id as u32), Arc::new(lower(&parsed.root()).ir)))
    }

    fn path(&self, file: FileId) -> Utf8PathBuf {
        self.files.borrow()[file.0 as usize].clone()
    }

    fn kind(&self, path: &Utf8Path) -> Option<FileKind> {
        let metadata = std::fs::symlink_metadata(path).ok()?;
        Some(if metadata.is_dir() { FileKind::Directory } else { FileKind::Regular })
    }

    fn read(&self, path: &Utf8Path) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }

    fn list(&self, path: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
        let mut names: Vec<(String, FileKind)> = std::fs::read_dir(path)
            .ok()?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let kind =
                    if entry.file_type().ok()?.is_dir() { FileKind::Directory } else { FileKind::Regular };
                Some((entry.file_name().into_string().ok()?, kind))
            })
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        Some(names)
    }

    fn root(&self) -> &Utf8Path {
        &self.root
    }
}

fn evaluate(path: &Utf8Path) -> String {
    let loader =
        Folder { root: path.parent().expect("a file has a folder").to_owned(), files: Vec::new().into() };
    let machine = Machine::new(&loader, 20_000_000);
    let Some((file, ir)) = loader.program(path) else { return "«syntax error»".to_owned() };
    machine.print(&machine.file(file, &ir))
}

fn nix(expression: &str) -> Option<Result<String, String>> {
    let scratch = std::env::temp_dir().join("nixlint-oracle");
    let mut command = Command::new("nix-instantiate");
    command.args(["--eval", "--strict", "-E", expression]);
    for variable in ["NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR"] {
        command.env(variable, scratch.join(variable));
    }
    let output = command.output().ok()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    Some(if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) })
}

#[test]
fn programs_agree_with_nix() {
    if nix("1").is_none() {
        println!("skipped: nix-instantiate is not installed");
        return;
    }
    let programs = [
        "{ a = rec { b = 1; c = b + 1; }; a.d = 3; }",
        "let f = { a, b ? a, ... }@args: [ a b (args ? c) ]; in f { a = 1; c = 2; }",
        "(x: x + 1) 2 == 3 && !(1 > 2) -> \"a\" < \"b\"",
        "with { a = 1; }; let a = 2; in with { b = 3; a = 4; }; [ a b ]",
        "builtins.sort (a: b: a < b) [ 3 1 2 ]",
        "builtins.concatStringsSep \", \" (map toString [ 1 null true 1.5 [ 2 3 ] ./. ])",
        "''\n  a\n    ${\"b\"}\n  c\n''",
        "builtins.replaceStrings [ \"a\" \"\" ] [ \"b\" \"-\" ] \"cab\"",
        "{ inherit (rec { x = 1; y = x; }) y; } // { z.w = 2; }",
        "builtins.foldl' (a: b: a * b) 1 (builtins.genList (x: x + 1) 5)",
        "builtins.mapAttrs (n: v: n + v) { a = \"1\"; b = \"2\"; }",
        "builtins.listToAttrs [ { name = \"a\"; value = 1; } { name = \"a\"; value = 2; } ]",
        "builtins.groupBy (x: if x > 1 then \"big\" else \"small\") [ 1 2 3 ]",
        "builtins.tryEval (throw \"no\")",
        "builtins.tryEval (assert false; 1)",
        "let x = { a.b.c = 1; }; in [ (x.a.b.c or 2) (x.a.d.c or 2) (x ? a.b) (x ? a.z) ]",
        "builtins.fromJSON ''{\"a\": [1, 2.5, null, true, \"x\"]}''",
        "builtins.toJSON { b = 1; a = [ \"x\" null ]; }",
        "builtins.parseDrvName \"hello-2.10-rc\"",
        "[ (7 / 2) (-7 / 2) (7 / 2.0) 1.0 1.0e10 0.00001 123456.789 ]",
        "builtins.functionArgs ({ a, b ? 1 }: a)",
        "let s = { __functor = self: x: self.n + x; n = 1; }; in s 2",
        "let inherit (builtins) substring stringLength; in substring 1 (stringLength \"abcd\") \"abcd\"",
        "builtins.partition (x: x > 2) [ 1 2 3 4 ]",
        "builtins.zipAttrsWith (n: v: v) [ { a = 1; } { a = 2; b = 3; } ]",
        "{ ${null} = 1; \"${\"a\"}\" = 2; }",
        "builtins.compareVersions \"1.2pre\" \"1.2\"",
        "builtins.splitVersion \"1.2-rc3a\"",
        "rec { a = b; b = c.d; c = { d = 5; }; }.a",
        "let { body = x; x = 3; }",
        "[ let { body = 1; } let { body.a = 2; }.a (-let { body = 3; }) ]",
        "(x: y: [ x y ]) let { body = 1; } let { body = 2; }",
        "let { body = x: x; } 1 + let { body = 2; } * 3",
        "{ }.a or let { body = 1; }",
        "[ ({ a = 1; } // let { body = { b = 2; }; }) ({ a = 1; } ? ${let { body = \"a\"; }}) ]",
        "[ (!let { body = false; }) (let { body = { a = 1; }; } ? a) ]",
        "let x = 2; in [ let { y = x; x = 1; body = y; } x ]",
        "builtins.catAttrs \"a\" [ { a = 1; } { b = 0; } { a = 2; } ]",
        "builtins.intersectAttrs { a = 1; } { a = 2; b = 3; }",
        "builtins.removeAttrs { a = 1; b = 2; } [ \"a\" ]",
        "[ (baseNameOf \"/a/b/\") (baseNameOf ./x.nix) (dirOf \"/a/b\") (dirOf \"a\") ]",
        "[ (builtins.elem 1 [ 1 2 ]) (builtins.any (x: x) [ false ]) (builtins.all (x: x) [ ]) ]",
        "''  ''\\n    ''",
        "''\n    ''\\\nx\n''",
        "''   $$ ''\\\na\n\n    ''",
        "''\n   ''\\'x''\\\n''\\t''$ \n  \n  ''",
        "''\n  a''\\n\n ''$ \n a\n ''\\\nb c  ''",
        "[ (toString (-0.0)) (toString (-(1.0 - 1.0))) (-0.5) ]",
        "[ (baseNameOf \"a${\"b/\"}c\") (baseNameOf { own = 1; __toString = self: \"<${toString self.own}>\"; }) ]",
        "let a = { outPath = \"x\"; n = 1; }; in a == a // { n = 2; }",
        "let a = { type = \"derivation\"; outPath = \"x\"; n = 1; }; in a == a // { n = 2; }",
        "let s = { f = x: x; again = s; }; in s == s",
    ];
    let scratch = tempfile::tempdir().expect("a folder");
    for program in programs {
        let path = Utf8PathBuf::from_path_buf(scratch.path().join("program.nix")).expect("UTF-8");
        std::fs::write(&path, program).expect("writable");
        let ours = evaluate(&path);
        let theirs =
            nix(&std::fs::read_to_string(&path).expect("readable")).expect("nix runs").expect("it evaluates");
        let theirs = theirs.replace(&*std::env::current_dir().expect("a folder").to_string_lossy(), "DIR");
        let ours = ours.replace(&*Path::new(path.parent().expect("a folder")).to_string_lossy(), "DIR");
        assert_eq!(ours, theirs, "{program}");
    }
}

#[test]
fn errors_of_nix_are_no_values() {
    if nix("1").is_none() {
        println!("skipped: nix-instantiate is not installed");
        return;
    }
    let programs = [
        "builtins.deepSeq { a = throw \"x\"; } 1",
        "builtins.deepSeq (assert !true; 1) { }",
        "builtins.trace (assert !true; 1) { }",
        "builtins.foldl' (a: b: if b == 2 then 5 else throw \"x\") 0 [ 1 2 ]",
        "let s = { a = throw \"x\"; }; in s == s",
        "let l = [ (throw \"x\") ]; in l == l",
        "builtins.concatMap 7 [ ]",
        "baseNameOf 4",
        "builtins.length (builtins.sort (a: b: a < b) [ (throw \"x\") ])",
    ];
    let scratch = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(scratch.path().join("program.nix")).expect("UTF-8");
    for program in programs {
        std::fs::write(&path, program).expect("writable");
        assert!(nix(program).expect("nix runs").is_err(), "{program}");
        assert!(evaluate(&path).starts_with("«error: "), "{program}: {}", evaluate(&path));
    }
}

/// Programs with something hidden, and what is known of their values nevertheless.
#[test]
fn what_is_hidden_leaves_every_value_possible() {
    let cases = [
        ("({ a = 1; } // hidden).a", "«one of (?: 1) (!?: «unknown»)»"),
        ("({ a = 1; } // (hidden // { b = 2; })).a", "«one of (?: 1) (!?: «unknown»)»"),
        ("({ a = 1; } // { \"${hidden}\" = 2; }).a", "«one of (?: 1) (!?: «unknown»)»"),
        ("({ a = 1; } // hidden).a == 2", "«unknown»"),
        ("(if hidden then { a = 1; } else { }).a or 5", "«one of (?: 1) (!?: 5)»"),
        ("({ a ? 2 }: a) (if hidden then { a = 1; } else { })", "«one of (?: 1) (!?: 2)»"),
        (
            "({ a ? 2, ... }: a) ({ b = 1; } // (if hidden then { a = 1; } else { }))",
            "«one of (?: 1) (!?: 2)»",
        ),
        ("with { a = 1; }; with (if hidden then { a = 2; } else { }); a", "«one of (?: 2) (!?: 1)»"),
        ("hidden && throw \"x\"", "«unknown»"),
        ("hidden + hidden", "«unknown»"),
        ("(hidden + \"/x\") == /x", "«unknown»"),
        ("builtins.isString (hidden + \"/x\")", "«unknown»"),
        ("builtins.head (hidden ++ [ 1 ])", "«unknown»"),
        ("builtins.concatStringsSep \",\" (hidden ++ [ \"a\" ])", "\"«…»a«…»\""),
        ("toString (hidden ++ [ \"a\" ])", "\"«…»a«…»\""),
        (
            "(builtins.listToAttrs [ { name = hidden; value = 1; } { name = \"a\"; value = 2; } ]).a",
            "«one of (?: 2) (!?: «unknown»)»",
        ),
        ("builtins.attrNames { a = 1; \"${hidden}\" = 2; }", "[ \"a\" \"«…»\" «unknown» ]"),
        ("builtins.length (builtins.attrNames { a = 1; \"${hidden}\" = 2; })", "«unknown»"),
        ("builtins.tryEval (assert hidden; 1)", "«unknown»"),
        ("let f = x: x == 1; in f hidden.a && !(f hidden.b)", "«unknown»"),
        ("[ (./a + hidden) ] < [ ./b ]", "«unknown»"),
        ("builtins.any (x: throw \"x\") (if hidden then [ 1 ] else [ ])", "«unknown»"),
        ("builtins.replaceStrings [ \"\" ] [ \"-\" ] \"é\"", "«unknown»"),
        ("/a/./b/../c${hidden}/d", "/a/c«…»/d"),
        ("(removeAttrs (hidden // { a = 1; }) [ \"a\" ]).a", "«unknown»"),
        ("builtins.deepSeq (builtins.filter (x: hidden) [ (throw \"x\") ]) 1", "«unknown»"),
        ("if (if hidden then throw \"a\" else throw \"b\") then 1 else 2", "«error: b»"),
        ("(if hidden then throw \"a\" else throw \"b\") ++ [ 1 ]", "«error: b»"),
        ("(if hidden then throw \"a\" else throw \"b\") // { }", "«error: b»"),
        ("let x = builtins.head (map 7 [ hidden ]); in [ x ] == [ x ]", "«unknown»"),
        ("{ a = throw \"x\"; b = 1; } == { a = 1; b = 2; }", "«unknown»"),
        ("{ a = throw \"x\"; b = 1; } == { a = 1; b = 1; }", "«error: x»"),
        ("import /outside/of/the/project.nix", "«unknown»"),
    ];
    let scratch = tempfile::tempdir().expect("a folder");
    let path = Utf8PathBuf::from_path_buf(scratch.path().join("program.nix")).expect("UTF-8");
    for (program, expected) in cases {
        std::fs::write(&path, format!("hidden: {program}")).expect("writable");
        let loader = Folder { root: path.parent().expect("a folder").to_owned(), files: Vec::new().into() };
        let machine = Machine::new(&loader, 1_000_000);
        let (file, ir) = loader.program(&path).expect("it can be parsed");
        let hidden = Val::unknown(Reason::Argument("hidden".to_owned())).thunk();
        let val = machine.apply(&machine.force(&machine.file(file, &ir)), hidden, None);
        assert_eq!(without_reasons(&machine.print(&val.thunk())), expected, "{program}");
    }
}

/// The text with what is not known named so, and not why.
fn without_reasons(text: &str) -> String {
    let mut parts = text.split('«');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push('«');
        match part.split_once('»') {
            Some((inside, rest))
                if inside.starts_with("unknown: ") || inside.starts_with("perhaps more: ") =>
            {
                result.push_str("unknown»");
                result.push_str(rest);
            }
            _ => result.push_str(part),
        }
    }
    result
}
