//! Syntax errors in the words of a Nix user.
//!
//! A text has errors exactly if Nix refuses its grammar, if it begins with a byte-order mark, or if it is
//! too complex. Names without a meaning and attributes defined twice are not looked at here.

use super::grammar;
use super::guard::{Limits, TooComplex, too_long};
use super::parse::{Outcome, ParsedFile, as_nix_reads};
use super::tokens::{Tokens, tokens};
use crate::text::{TextRange, TextSize};

/// One mistake in the text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes; may be empty at the end of a text.
    pub range: TextRange,
    /// What is wrong, in lower case and without a final dot.
    pub message: String,
    /// What stands at `range`.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// A repair, where the mistake leaves no doubt about what was meant.
    pub fix: Option<SyntaxFix>,
    /// Other places that belong to the mistake, such as the bracket that is open.
    pub related: Vec<(TextRange, String)>,
    /// What kind of mistake.
    pub kind: ErrorKind,
}

/// A repair of a [`SyntaxError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFix {
    /// What it does, as an imperative.
    pub title: String,
    /// Byte ranges and what replaces them; they do not overlap.
    pub edits: Vec<(TextRange, String)>,
}

/// Kinds of [`SyntaxError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The grammar of Nix refuses the text.
    Syntax,
    /// The text nests too deep or is chained too long to be read safely.
    TooComplex,
    /// A byte-order mark, which Nix refuses; the rest of the file is read all the same.
    ByteOrderMark,
}

impl ParsedFile {
    /// The mistakes in `text`, which must be the text that was parsed, in the order of the text.
    pub fn errors(&self, text: &str) -> Vec<SyntaxError> {
        let mut errors = Vec::new();
        if text.starts_with('\u{feff}') {
            errors.push(byte_order_mark());
        }
        match self.outcome() {
            Outcome::Clean => {}
            Outcome::TooComplex(too_complex) => errors.push(too_complex_error(*too_complex)),
            Outcome::Broken { at } => errors.extend(mistakes(text, *at)),
        }
        errors
    }
}

/// Whether Nix would refuse `text` for its grammar or a NUL byte.
pub(super) fn is_refused(text: &str) -> bool {
    let Ok(tokens) = tokens(text) else { return true };
    text.contains('\0')
        || !tokens.odd_space.is_empty()
        || !grammar::read(text, &tokens, &Limits::default()).errors.is_empty()
}

fn mistakes(text: &str, parser_stopped_at: TextRange) -> Vec<SyntaxError> {
    let read = as_nix_reads(text);
    let tokens = match tokens(&read) {
        Ok(tokens) => tokens,
        Err(run) => return vec![too_complex_error(too_long(run))],
    };
    let reading = grammar::read(&read, &tokens, &Limits::default());
    let mut errors = reading.errors;
    if let Some(first) = errors.first()
        && let Some(conflict) = merge_conflict(text, first.range.start())
    {
        return vec![conflict];
    }
    errors.extend(odd_space(text, &tokens));
    errors.extend(null_byte(text));
    errors.sort_by_key(|error| error.range.start());
    // A second mistake in a line is more often a consequence of the first than one of its own.
    let mut line_end = TextSize::new(0);
    errors.retain(|error| {
        let start = error.range.start();
        let own = line_end == TextSize::new(0) || start > line_end;
        if own {
            let rest = &text[usize::from(start)..];
            line_end = start + TextSize::new(rest.find('\n').unwrap_or(rest.len()) as u32);
        }
        own
    });
    if errors.is_empty() {
        // Nix takes `1 + !x` and `a/(b)`, rnix does not.
        errors.push(SyntaxError {
            help: Some("put parentheses around it".to_owned()),
            ..error(parser_stopped_at, "this cannot be read without parentheses", "parentheses are missing")
        });
    }
    errors
}

fn error(range: TextRange, message: impl Into<String>, label: &str) -> SyntaxError {
    SyntaxError {
        range,
        message: message.into(),
        label: label.to_owned(),
        help: None,
        fix: None,
        related: Vec::new(),
        kind: ErrorKind::Syntax,
    }
}

fn too_complex_error(too_complex: TooComplex) -> SyntaxError {
    SyntaxError {
        help: Some("split the file, or generate it as JSON and read it with `lib.importJSON`".to_owned()),
        kind: ErrorKind::TooComplex,
        ..error(too_complex.range, too_complex.to_string(), "the limit is exceeded here")
    }
}

fn byte_order_mark() -> SyntaxError {
    let mark = TextRange::up_to(TextSize::of('\u{feff}'));
    SyntaxError {
        help: Some("save the file as UTF-8 without a byte-order mark".to_owned()),
        fix: Some(SyntaxFix {
            title: "remove the byte-order mark".to_owned(),
            edits: vec![(mark, String::new())],
        }),
        kind: ErrorKind::ByteOrderMark,
        ..error(mark, "the file begins with a byte-order mark, which Nix rejects", "an invisible character")
    }
}

/// The error for a text that git could not merge, if its line at `offset` is a conflict marker.
fn merge_conflict(text: &str, offset: TextSize) -> Option<SyntaxError> {
    let line_start = text[..usize::from(offset)].rfind('\n').map_or(0, |at| at + 1);
    let is_marker =
        |line: &str| ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| line.starts_with(marker));
    if !is_marker(&text[line_start..]) {
        return None;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("<<<<<<<") {
            let end = at + line.trim_end().len();
            let range = TextRange::new(TextSize::new(at as u32), TextSize::new(end as u32));
            return Some(SyntaxError {
                help: Some("choose one side and remove the lines with markers".to_owned()),
                ..error(range, "unresolved merge conflict", "the conflict begins here")
            });
        }
        at += line.len();
    }
    None
}

fn odd_space(text: &str, tokens: &Tokens) -> Option<SyntaxError> {
    let first = *tokens.odd_space.first()?;
    let code = text[first].chars().next().map_or(0, u32::from);
    let name = match code {
        0xa0 => " (no-break space)",
        0x0c => " (form feed)",
        0x0b => " (vertical tab)",
        _ => "",
    };
    Some(SyntaxError {
        fix: Some(SyntaxFix {
            title: "replace it by a space".to_owned(),
            edits: tokens.odd_space.iter().map(|range| (*range, " ".to_owned())).collect(),
        }),
        ..error(first, format!("U+{code:04X}{name} is not a space in Nix"), "looks like a space")
    })
}

fn null_byte(text: &str) -> Option<SyntaxError> {
    let at = TextSize::new(text.find('\0')? as u32);
    let range = TextRange::at(at, 1.into());
    Some(error(range, "Nix does not allow NUL bytes", "a NUL byte"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;
    use crate::text::{Edit, FileId, apply_edits};

    fn errors(text: &str) -> Vec<SyntaxError> {
        parse(text).errors(text)
    }

    fn fixed(text: &str, error: &SyntaxError) -> Option<String> {
        let fix = error.fix.as_ref()?;
        let edits =
            fix.edits.iter().map(|(range, text)| Edit { file: FileId(0), range: *range, text: text.clone() });
        Some(apply_edits(text, &edits.collect::<Vec<_>>()).expect("edits fit the text"))
    }

    /// The escapes of `tests/data/parse-verdicts.tsv`: `\\`, `\n`, `\r`, `\t` and `\u{…}`.
    fn unescape(text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some((plain, escaped)) = rest.split_once('\\') {
            result.push_str(plain);
            let (c, len) = match escaped.as_bytes()[0] {
                b'n' => ('\n', 1),
                b'r' => ('\r', 1),
                b't' => ('\t', 1),
                b'u' => {
                    let end = escaped.find('}').expect("a closed escape");
                    let code = u32::from_str_radix(&escaped[2..end], 16).expect("a number");
                    (char::from_u32(code).expect("a character"), end + 1)
                }
                other => (char::from(other), 1),
            };
            result.push(c);
            rest = &escaped[len..];
        }
        result + rest
    }

    fn verdicts() -> Vec<(String, bool, String)> {
        let rows = include_str!("../../tests/data/parse-verdicts.tsv").lines();
        rows.map(|row| {
            let fields: Vec<&str> = row.splitn(3, '\t').collect();
            (fields[0].to_owned(), fields[1] == "ok", unescape(fields[2]))
        })
        .collect()
    }

    #[test]
    fn texts_have_errors_where_nix_refuses_them() {
        for (name, accepted, input) in verdicts() {
            let errors = errors(&input);
            assert_eq!(errors.is_empty(), accepted, "{name}: {input:?} {errors:?}");
        }
    }

    #[test]
    fn messages_are_well_formed_and_fixes_fit() {
        for (name, _, input) in verdicts() {
            for error in errors(&input) {
                let message = &error.message;
                assert!(message.chars().count() <= 100 && !message.ends_with('.'), "{name}: {message}");
                assert!(
                    !message.starts_with(char::is_uppercase)
                        || message.starts_with("U+")
                        || message.starts_with("Nix "),
                    "{name}: {message}"
                );
                assert!(!message.contains("TOKEN") && !message.contains("NODE"), "{name}: {message}");
                fixed(&input, &error);
            }
        }
    }

    /// Pipe operators are an experimental feature of Nix: another layer reports them.
    #[test]
    fn pipe_operators_are_no_syntax_error() {
        assert_eq!(errors("1 |> (x: x)"), []);
        assert_eq!(errors("(x: x) <| 1"), []);
    }

    /// Nix reads these and rnix does not. Where something stands beside them that is left to rnix, the message asks
    /// for what helps.
    #[test]
    fn what_only_nix_reads_is_no_error_or_one_with_a_way_out() {
        for text in ["1 + !x", "a/(b)", "-!x", "1 + !x + y == z"] {
            assert_eq!(errors(text), [], "{text}");
        }
        for (text, way_out) in
            [("__curPos + !x", "__curPos + (!x)"), ("__curPos + a/(b)", "__curPos + a /(b)")]
        {
            assert_eq!(errors(text).len(), 1, "{text}");
            assert_eq!(errors(way_out), [], "{way_out}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_one_error_and_the_rest_is_read() {
        let text = "\u{feff}{ a = 1; }";
        let [error] = &errors(text)[..] else { panic!("one error") };
        assert_eq!(error.kind, ErrorKind::ByteOrderMark);
        assert_eq!(fixed(text, error).as_deref(), Some("{ a = 1; }"));
        assert!(parse(text).is_ok());
        assert_eq!(errors("\u{feff}{ a = 1 }").len(), 2);
    }

    #[test]
    fn independent_mistakes_are_each_reported() {
        let text = "{\n  a = [ 1, 2 ];\n  b = 1\n  c.d = if x = y then 1 else 2;\n  e = { f: 1; };\n  g = 1;;\n  h = ;\n}\n";
        let messages: Vec<String> = errors(text).into_iter().map(|error| error.message).collect();
        assert_eq!(
            messages,
            [
                "list elements are separated by spaces, not `,`",
                "expected `;` after this binding, found `c`",
                "`=` does not compare, `==` does",
                "expected `=` after `f`, found `:`",
                "extra `;`: there is no binding before it",
                "expected an expression after `=`, found `;`",
            ]
        );
    }

    #[test]
    fn one_mistake_is_one_error() {
        for text in [
            "{\n  a = 1\n}\n",
            "{\n  a = (1;\n  b = 2;\n}\n",
            "{\n  a = [ 1;\n  b = 2;\n}\n",
            "{\n  a = \"x;\n  b = 2;\n}\n",
            "{\n  a = if x then 1;\n  b = 2;\n}\n",
            "{\n<<<<<<< HEAD\n  a = 1;\n=======\n  a = 2;\n>>>>>>> b\n}\n",
            "{ lib, pkgs }\n{\n  a = 1;\n}\n",
            "{ config, lib pkgs, ... }:\n{\n  a = 1;\n}\n",
            "let\n  a = 1;\n  b = 2;\n{\n  c = a;\n}\n",
            "with lib\n{\n  a = 1;\n}\n",
        ] {
            assert_eq!(errors(text).len(), 1, "{text}: {:?}", errors(text));
        }
    }

    #[test]
    fn fixes_repair_the_text() {
        for (text, expected) in [
            ("{ a = 1 }", "{ a = 1; }"),
            ("{\n  a = 1\n  b = 2;\n}", "{\n  a = 1;\n  b = 2;\n}"),
            ("{\n  a = f x\n  b.\"c\" = 2;\n}", "{\n  a = f x;\n  b.\"c\" = 2;\n}"),
            ("{\n  a = x # one\n}", "{\n  a = x; # one\n}"),
            ("{ inherit a }", "{ inherit a; }"),
            ("{\n  inherit a\n  b = 1;\n}", "{\n  inherit a;\n  b = 1;\n}"),
            ("let a = 1 in a", "let a = 1; in a"),
            ("let a = 1; a + 1", "let a = 1; in a + 1"),
            ("let\n  a = 1;\n{ b = a; }", "let\n  a = 1;\nin { b = a; }"),
            ("{ a = 1, b = 2, }", "{ a = 1; b = 2; }"),
            ("{a=1,b=2;}", "{a=1; b=2;}"),
            ("[ a, b,c ]", "[ a b c ]"),
            ("[ a; b; ]", "[ a b ]"),
            ("{ a = 1;; }", "{ a = 1; }"),
            ("{ a == 1; }", "{ a = 1; }"),
            ("{ \"a\": 1; }", "{ \"a\" = 1; }"),
            ("if a = b then c else d", "if a == b then c else d"),
            ("{ a. = 1; }", "{ a = 1; }"),
            ("a..b", "a.b"),
            ("{ if = 1; }", "{ \"if\" = 1; }"),
            ("a.then", "a.\"then\""),
            ("{ a b }: a", "{ a, b }: a"),
            ("{ a, ..., }: a", "{ a, ... }: a"),
            ("{ a = 1 }: a", "{ a ? 1 }: a"),
            ("{ a; b }: a", "{ a, b }: a"),
            ("{ a,, b }: a", "{ a, b }: a"),
            ("./a/", "./a"),
            ("<a/>", "<a>"),
            ("[ -1 2 ]", "[ (-1) 2 ]"),
            ("[ x: x ]", "[ (x: x) ]"),
            ("[ a + b ]", "[ (a + b) ]"),
            ("[\n  a\n  b ++ c\n  d\n]", "[\n  a\n  (b ++ c)\n  d\n]"),
            ("[ if a then b else c ]", "[ (if a then b else c) ]"),
            ("map x: x", "map (x: x)"),
            ("1 + if a then b else c", "1 + (if a then b else c)"),
            ("with lib { }", "with lib; { }"),
            ("1\u{a0}+ 2", "1 + 2"),
            ("{ a = 1; };", "{ a = 1; }"),
            ("{ a.1 = 2; }", "{ a.\"1\" = 2; }"),
            ("{ a; }", "{ inherit a; }"),
        ] {
            let found = errors(text);
            let first = found.first().unwrap_or_else(|| panic!("{text} has an error"));
            let result = fixed(text, first).unwrap_or_else(|| text.to_owned());
            assert_eq!(result, expected, "{first:?}");
        }
    }

    #[test]
    fn doubtful_repairs_are_not_offered() {
        for text in [
            "[ x -1 ]",
            "[ a + f x ]",
            "[ f a + b ]",
            "{ a = b = c; }",
            "f(a, b)",
            "(1",
            "{ a.b }",
            "x: y) z",
        ] {
            let found = errors(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].fix, None, "{text}");
        }
    }

    /// Each input with its errors, as a reader would see them.
    fn rendered(text: &str) -> String {
        let mut result = String::new();
        for line in text.replace('\0', "(NUL)").replace('\u{feff}', "(BOM)").lines() {
            result.push_str(&format!("    {line}\n"));
        }
        for error in errors(text) {
            let start = usize::from(error.range.start());
            let line = text[..start].matches('\n').count() + 1;
            let column = text[..start].chars().rev().take_while(|c| *c != '\n').count() + 1;
            let shown = &text[error.range];
            result.push_str(&format!("{line}:{column} {shown:?}: {} ({})\n", error.message, error.label));
            for (range, label) in &error.related {
                result.push_str(&format!("  {:?}: {label}\n", &text[*range]));
            }
            if let Some(help) = &error.help {
                result.push_str(&format!("  help: {help}\n"));
            }
            if let Some(fix) = &error.fix {
                let fixed = fixed(text, &error).unwrap_or_default();
                result.push_str(&format!("  fix: {}: {fixed:?}\n", fix.title));
            }
        }
        result
    }

    #[test]
    fn messages() {
        let broken = [
            "",
            "# only a comment\n",
            "{",
            "{ a = 1",
            "{ a = 1 }",
            "{ a = }",
            "{ a = ; }",
            "{ a }",
            "{ a; }",
            "{ a b = 1; }",
            "{ = 1; }",
            "{ a == 1; }",
            "{ a: 1 }",
            "{a:1}",
            "{ a += 1; }",
            "{ a = b = c; }",
            "{ a = 1;; }",
            "{ a = 1, b = 2 }",
            "{ a. = 1; }",
            "{ .a = 1; }",
            "a.",
            "a..b",
            "{ if = 1; }",
            "a.if",
            "{ 1 = 2; }",
            "{ a.1 = 2; }",
            "{ ''a'' = 1; }",
            "{ inherit a }",
            "{ inherit a.b; }",
            "{ inherit a = 1; }",
            "{ inherit a, b; }",
            "inherit a;",
            "a = 1;",
            "[ -1 ]",
            "[ x -1 ]",
            "[ x: x ]",
            "[ a + b ]",
            "[ a == b ]",
            "[ {} ? a ]",
            "[ let a = 1; in a ]",
            "[ if a then b else c ]",
            "[ with a; b ]",
            "[ a, b ]",
            "[ a; b ]",
            "[ a = 1 ]",
            "[ 1 2",
            "[ 1 )",
            "[ ${a} ]",
            "-x: x",
            "f x: x",
            "1 + if a then b else c",
            "a == b == c",
            "a < b < c",
            "{ a b }: 1",
            "{ a,, b }: 1",
            "{ ..., a }: 1",
            "{ ..., ... }: 1",
            "{ a, ..., }: 1",
            "{ or }: 1",
            "a@{ b }@c: 1",
            "a@b: 1",
            "{ a }@{ b }: 1",
            "{ a, b }",
            "{ a ? }: 1",
            "{ \"a\" }: 1",
            "{ a = 1 }: a",
            "./a/",
            "./a//b",
            "<a/>",
            "<a//b>",
            "a/(b)",
            "\"abc",
            "''abc",
            "\"a ${b",
            "\"a ${b c\"",
            "\"${}\"",
            "1 /* abc",
            "if a = b then c else d",
            "if a then b",
            "if a else b",
            "if a then else b",
            "let a = 1; a",
            "let a = 1 in a",
            "let a = 1;",
            "let a = 1; in",
            "rec 1",
            "with a",
            "with a b",
            "with a;",
            "assert a; ",
            "f or",
            "or",
            "a or b or",
            "{ x = 1; } or",
            "1 \0",
            "é: 1",
            "'a'",
            "a & b",
            "a | b",
            "$a",
            "${a}",
            "a ~ b",
            "\u{201c}a\u{201d}",
            "1\u{a0}+ 2",
            "9223372036854775808",
            "1.5e999",
            "1.e",
            "()",
            "(1",
            "1)",
            "(1]",
            "{ a = 1; } }",
            "{ a = (1; }",
            "{ a = 1; };",
            ")",
            ": 1",
            "{ a = 1; }: 1",
            "f(a, b)",
            "1 2 then",
            "{ a = x ? ; }",
            "\u{feff}1",
            "{\n<<<<<<< HEAD\n  a = 1;\n=======\n  a = 2;\n>>>>>>> other\n}",
            "{\n  a = with lib\n    [ b ];\n  c = 1;\n}",
            "{\n  a =\n  b = 2;\n}",
            "{\n  a = with lib;\n  b = 2;\n}",
        ];
        let all: Vec<String> = broken.iter().map(|text| rendered(text)).collect();
        insta::with_settings!({ snapshot_path => "../../snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("syntax-error-messages", all.join("\n"));
        });
    }

    const VALID: &str = "{ pkgs, lib ? pkgs.lib, ... }@args:\nlet\n  a = x: x.y or 1 + -2; # é\n  inherit (args) b \"c\";\nin\nassert a != b -> !c;\nwith lib;\n{\n  d.${e}.\"f\" = [ 1 (g h) ./i ] ++ rec { j = ''\n    k ${l} ''${m}\n  ''; };\n  n = if o == { } then \"p${q}\" else <r> // s ? t;\n}\n";

    /// What holds for the errors of any text.
    fn check_errors(text: &str) -> Result<(), TestCaseError> {
        let parsed = parse(text);
        let errors = parsed.errors(text);
        prop_assert_eq!(errors.is_empty(), parsed.is_ok() && !text.starts_with('\u{feff}'), "{:?}", text);
        for error in &errors {
            prop_assert!(
                text.get(std::ops::Range::<usize>::from(error.range)).is_some(),
                "{:?} {:?}",
                text,
                error
            );
            prop_assert!(
                !error.message.is_empty() && error.message.chars().count() <= 100,
                "{}",
                error.message
            );
            for (range, _) in &error.related {
                prop_assert!(
                    text.get(std::ops::Range::<usize>::from(*range)).is_some(),
                    "{:?} {:?}",
                    text,
                    error
                );
            }
            if error.fix.is_some() {
                fixed(text, error);
            }
        }
        Ok(())
    }

    #[test]
    fn every_prefix_and_every_gap_has_sound_errors() {
        for (at, c) in VALID.char_indices() {
            check_errors(&VALID[..at]).expect("a prefix");
            check_errors(&format!("{}{}", &VALID[..at], &VALID[at + c.len_utf8()..])).expect("a gap");
        }
        check_errors(VALID).expect("the whole");
        assert_eq!(errors(VALID), []);
    }

    proptest! {
        #[test]
        fn mutations_have_sound_errors(
            at in 0usize..VALID.len(),
            len in 0usize..6,
            insert in "[a-c;:=,.(){}\\[\\]\"'$é\u{a0}\u{feff}\\-+/<>|&?@!# \n\r]{0,4}",
        ) {
            let start = (0..=at).rev().find(|at| VALID.is_char_boundary(*at)).unwrap_or(0);
            let end = (start + len..=VALID.len()).find(|at| VALID.is_char_boundary(*at)).unwrap_or(VALID.len());
            check_errors(&format!("{}{insert}{}", &VALID[..start], &VALID[end..]))?;
        }

        #[test]
        fn any_text_has_sound_errors(text in "[ab1;:=,.(){}\\[\\]\"'$\\-+/<>|&?@!#\\\\ \n\ré]{0,30}") {
            check_errors(&text)?;
        }

        #[test]
        fn words_in_any_order_have_sound_errors(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "a", "b.c", "1", "=", ";", "{", "}", "[", "]", "(", ")", "let", "in", "if", "then", "else", "with",
                "assert", "rec", "inherit", "or", ":", "@", "?", ",", "...", ".", "\"", "''", "${", "+", "-", "!",
                "==", "<", "//", "->", "x:", "./p", "<n>", "\n",
            ]), 0..25),
        ) {
            check_errors(&words.join(" "))?;
        }
    }
}
