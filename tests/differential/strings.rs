//! Strings of generated programs, in all their forms.

use crate::generate::{Generator, pieces};
use crate::program::{Piece, Program, Type};

/// A name as a key: with quotes only where it needs them.
pub(crate) fn key(name: &str) -> String {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_plain = name.starts_with(is_start)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_'-".contains(c))
        && !["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"].contains(&name);
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// Text as a string of Nix.
pub(crate) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// A string literal.
pub(crate) fn literal(generator: &mut Generator, depth: usize) -> Program {
    match generator.random.below(10) {
        0..5 => {
            let words = ["", "a", "b", "foo", "x y", "1.2", "/a/b", "Zed", "é", "-1"];
            Program::new(&Type::Str, pieces![quoted(generator.random.pick(&words))])
        }
        5..8 => with_escapes(generator, depth),
        _ => indented(generator, depth),
    }
}

/// Ways to make a string of other values.
pub(crate) fn typed(generator: &mut Generator, depth: usize) -> Program {
    let kind = &Type::Str;
    let choice = generator.random.below(18);
    if choice > 8 {
        generator.mark("builtin");
    }
    let strings = Type::List(Box::new(Type::Str));
    let pieces = match choice {
        0 | 1 => return with_escapes(generator, depth),
        2..5 => return indented(generator, depth),
        5 | 6 => pieces!["(", generator.expr(kind, depth), " + ", generator.expr(kind, depth), ")"],
        7 | 8 => {
            generator.mark("__toString");
            let own = generator.expr(kind, depth);
            let set = pieces!["{ own = ", own, "; __toString = self: \"<${self.own}>\"; }"];
            let set = Program::new(&Type::Set(Vec::new()), set);
            match generator.random.below(3) {
                0 => pieces!["\"${", set, "}\""],
                1 => pieces!["(toString ", set, ")"],
                _ => pieces!["(", generator.expr(kind, depth), " + ", set, ")"],
            }
        }
        9 | 10 => {
            generator.mark("toString");
            let of = [
                Type::Int,
                Type::Float,
                Type::Bool,
                Type::Null,
                Type::Path,
                strings,
                Type::List(Box::new(Type::Int)),
            ];
            let of = generator.random.pick(&of);
            pieces!["(toString ", generator.expr(&of, depth), ")"]
        }
        11 => {
            let separator = generator.random.pick(&["\", \"", "\"\"", "\"\\n\""]);
            pieces![format!("(builtins.concatStringsSep {separator} "), generator.expr(&strings, depth), ")"]
        }
        12 => {
            let (start, length) = (generator.random.below(4), generator.random.below(6));
            pieces![
                format!("(builtins.substring {start} {length} (builtins.replaceStrings [ \"é\" ] [ \"e\" ] "),
                generator.expr(kind, depth),
                "))"
            ]
        }
        13 => {
            let from = generator.random.pick(&[
                "[ \"a\" ] [ \"bb\" ]",
                "[ \"o\" \"fo\" ] [ \"0\" \"\" ]",
                "[ \" \" \"\" ] [ \"_\" \"-\" ]",
            ]);
            let text = generator.expr(kind, depth);
            // Nix cuts characters into bytes.
            let text = pieces!["(builtins.replaceStrings [ \"é\" ] [ \"e\" ] ", text, ")"];
            pieces![format!("(builtins.replaceStrings {from} "), Program::new(kind, text), ")"]
        }
        14 => {
            let of = [Type::Int, Type::Str, Type::Bool, Type::Null, Type::Path, Type::Float, strings];
            let of = generator.random.pick(&of);
            pieces!["(builtins.typeOf ", generator.expr(&of, depth), ")"]
        }
        15 => {
            let of = [
                Type::Int,
                Type::Str,
                Type::Bool,
                Type::Null,
                strings,
                Type::Set(vec![("b".into(), Type::Int), ("a".into(), Type::Str)]),
            ];
            let of = generator.random.pick(&of);
            pieces!["(builtins.toJSON ", generator.expr(&of, depth), ")"]
        }
        16 => {
            let of = [Type::Path, Type::Str][generator.random.below(2)].clone();
            pieces!["(baseNameOf ", generator.expr(&of, depth), ")"]
        }
        _ => pieces!["(dirOf ", generator.expr(kind, depth), ")"],
    };
    Program::new(kind, pieces)
}

/// `"…"`
fn with_escapes(generator: &mut Generator, depth: usize) -> Program {
    let mut pieces = pieces!["\""];
    for _ in 0..1 + generator.random.below(5) {
        match generator.random.below(12) {
            0 => pieces.push("\\n".into()),
            1 => pieces.push((generator.random.pick(&["\\t", "\\r", "\\\\", "\\\"", "\\q", "\\é"])).into()),
            2 => {
                generator.mark("escape");
                pieces.push((generator.random.pick(&["\\${a}", "$${a}", "$", "$$ ", "\\$", "\\$ "])).into());
            }
            3 => pieces.push((generator.random.pick(&["\n", "\t", "é", "'' ", "#", "/*"])).into()),
            4..7 => pieces.push(interpolation(generator, depth)),
            _ => pieces.push((generator.random.pick(&["a", "bc ", " foo", "x"])).into()),
        }
        separate_dollar(&mut pieces);
    }
    pieces.push("\"".into());
    Program::new(&Type::Str, pieces)
}

/// `''…''`
fn indented(generator: &mut Generator, depth: usize) -> Program {
    generator.mark("indented string");
    let mut pieces = pieces!["''"];
    if generator.random.chance(70) {
        pieces.push((generator.random.pick(&["\n", "  \n", "\t\n", " \n"])).into());
    }
    let base = generator.random.below(5);
    for _ in 0..1 + generator.random.below(4) {
        if generator.random.chance(80) {
            let more = if generator.random.chance(30) { generator.random.below(4) } else { 0 };
            pieces.push(" ".repeat(base + more).into());
        } else if generator.random.chance(20) {
            pieces.push("\t".into());
        }
        for _ in 0..generator.random.below(4) {
            match generator.random.below(12) {
                0..3 => {
                    generator.mark("escape");
                    let escapes = [
                        "''${a}", "''' ", "''\\n", "''\\t", "''\\\\", "''\\x", "''$", "''\\${", "''\\'x",
                        "''\\\n",
                    ];
                    pieces.push((generator.random.pick(&escapes)).into());
                }
                3 => pieces.push(
                    (generator.random.pick(&["$", "$$ ", "$${a}", "' ", "\"", "\\n", "\\", "é", "\t", "#"]))
                        .into(),
                ),
                4..7 => pieces.push(interpolation(generator, depth)),
                _ => pieces.push((generator.random.pick(&["a", "b c", " foo ", "x"])).into()),
            }
            separate_dollar(&mut pieces);
        }
        if generator.random.chance(75) {
            pieces.push("\n".into());
        }
    }
    if generator.random.chance(60) {
        pieces.push(" ".repeat(generator.random.below(5)).into());
    }
    if let Some(Piece::Text(text)) = pieces.last()
        && text.ends_with(['$', '\''])
    {
        pieces.push(" ".into());
    }
    pieces.push("''".into());
    Program::new(&Type::Str, pieces)
}

/// Keeps `$` from what follows.
fn separate_dollar(pieces: &mut Vec<Piece>) {
    if let Some(Piece::Text(text)) = pieces.last()
        && text.ends_with('$')
    {
        pieces.push(" ".into());
    }
}

fn interpolation(generator: &mut Generator, depth: usize) -> Piece {
    generator.mark("interpolation");
    Piece::Optional(pieces!["${", generator.expr(&Type::Str, depth.saturating_sub(1)), "}"])
}
