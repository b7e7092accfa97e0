//! Limits that keep hostile text from exhausting stack or time, checked before a tree is built.
//!
//! It must stay far cheaper than parsing: small texts are counted byte by byte, and only texts with more
//! tokens than a limit allows are read as tokens.

use std::fmt;

use super::grammar;
use super::tokens::{RunTooLong, tokens};
use crate::text::{TextRange, TextSize};

/// Why a text is refused, and where it becomes too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooComplex {
    /// The place, in bytes of the text.
    pub range: TextRange,
    /// Which limit is exceeded.
    pub what: Excess,
}

/// A limit on the shape of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Brackets, functions, `let`, `if`, `with` or strings inside each other.
    Nesting,
    /// Operators, arguments or attribute names in a row.
    Chain,
    /// Deep nesting in too many places.
    Work,
    /// Names, numbers and dots without a space between them.
    Run,
    /// Expressions inside each other, counted by the parser.
    Recursion,
}

impl fmt::Display for TooComplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.what {
            Excess::Nesting => "this file nests deeper than 2,000 levels",
            Excess::Chain => "this file chains more than 4,000 operators, arguments or names",
            Excess::Work => "this file nests deeply in too many places",
            Excess::Run => "this file has too many tokens without a space between them",
            Excess::Recursion => "this file nests deeper than 512 expressions",
        })
    }
}

impl std::error::Error for TooComplex {}

/// Refuses text that would take the parser, or a walk over its tree, too deep or too long.
///
/// What passes yields trees of at most some ten thousand levels; no file of 26 public repositories is refused.
///
/// # Errors
/// When a limit is exceeded: 2,000 levels of nesting, 4,000 links of one chain, and bounds on their sum.
pub fn check(text: &str) -> Result<(), TooComplex> {
    inspect(text).map(|_| ())
}

/// What is known of a text that keeps the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The parser may read it.
    Fine,
    /// It has a mistake, and so many tokens that the parser, which reads on behind mistakes in its own
    /// way, might nest without limit.
    Broken,
}

pub(super) fn inspect(text: &str) -> Result<Verdict, TooComplex> {
    let limits = Limits::default();
    if !may_exceed(text, &limits) {
        return Ok(Verdict::Fine);
    }
    let tokens = tokens(text).map_err(too_long)?;
    let reading = grammar::read(text, &tokens, &limits);
    match reading.too_complex {
        Some(too_complex) => Err(too_complex),
        None if reading.errors.is_empty() => Ok(Verdict::Fine),
        None => Ok(Verdict::Broken),
    }
}

pub(super) fn too_long(run: RunTooLong) -> TooComplex {
    TooComplex { range: TextRange::empty(run.at), what: Excess::Run }
}

/// Sizes that stop reading.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) nesting: u32,
    pub(super) chain: u32,
    /// Nesting and chains on one path from the root.
    pub(super) depth: u32,
    /// Sum of the depth over all tokens, which bounds what the tree builder's table of equal nodes
    /// costs: rowan 0.17 hashes a node by walking it whenever the table grows.
    pub(super) work: u64,
    pub(super) work_per_token: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nesting: 2_000, chain: 4_000, depth: 4_000, work: 64_000_000, work_per_token: 128 }
    }
}

/// Whether the tokens of `text` could exceed a limit, from bytes alone; `false` is certain.
fn may_exceed(text: &str, limits: &Limits) -> bool {
    let (mut tokens, mut openers) = (0u32, 0u32);
    let mut before = b' ';
    for chunk in text.as_bytes().chunks(4096) {
        // Plain comparisons over slices of known length become vector instructions.
        tokens += begun_tokens(before, chunk[0]);
        tokens +=
            chunk.iter().zip(&chunk[1..]).map(|(before, byte)| begun_tokens(*before, *byte)).sum::<u32>();
        openers += chunk.iter().map(|byte| u32::from(opens(*byte))).sum::<u32>();
        if tokens > limits.depth.min(limits.chain) || openers > limits.nesting {
            return true;
        }
        before = chunk[chunk.len() - 1];
    }
    false
}

/// How many tokens begin at `byte`, at most. A word may be a number and a name, such as `1a`.
fn begun_tokens(before: u8, byte: u8) -> u32 {
    let digit = byte.is_ascii_digit();
    let in_word = before.is_ascii_alphanumeric() | (before == b'_');
    let word = byte.is_ascii_alphabetic() | (byte == b'_') | digit;
    let space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    u32::from(!space & !(word & in_word)) + u32::from(digit & !in_word)
}

fn opens(byte: u8) -> bool {
    matches!(byte, b'(' | b'[' | b'{' | b'"' | b'\'' | b':')
}

/// The excess that the parser itself reports, at the place where it stopped.
pub(super) fn recursion_at(at: TextSize) -> TooComplex {
    TooComplex { range: TextRange::empty(at), what: Excess::Recursion }
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorKind, parse};
    use super::*;

    /// Runs `test` with the stack that worker threads have.
    fn on_worker_stack(test: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(test);
        thread.expect("a thread starts").join().expect("the test passes");
    }

    /// Constructs that nest or chain: what comes before, what repeats, what is innermost, and what closes.
    const CONSTRUCTS: &[(&str, &str, &str, &str)] = &[
        ("", "1+", "1", ""),
        ("", "1 + ", "1", ""),
        ("", "1 - ", "1", ""),
        ("", "2 * ", "1", ""),
        ("", "a && ", "a", ""),
        ("", "a || ", "a", ""),
        ("", "a -> ", "a", ""),
        ("", "a // ", "a", ""),
        ("", "[] ++ ", "[]", ""),
        ("", "a |> ", "a", ""),
        ("", "a <| ", "a", ""),
        ("", "a == ", "a", ""),
        ("", "f ", "f", ""),
        ("", "f [x] ", "f", ""),
        ("", "f { a = 1; } ", "f", ""),
        ("a", ".b", "", ""),
        ("{ a", ".b", " = 1; }", ""),
        ("", "a.\"b\".", "c", ""),
        ("a", " ? b", "", ""),
        ("", "a or ", "a", ""),
        ("", "a.b or ", "a", ""),
        ("", "!", "a", ""),
        ("", "- ", "a", ""),
        ("", "-(", "a", ")"),
        ("", "[", "", "]"),
        ("", "(", "1", ")"),
        ("", "{a=", "1", ";}"),
        ("", "{a=[", "", "];}"),
        ("", "{${", "a", "}=1;}"),
        ("", "{a?", "1", "}:1"),
        ("", "{inherit(", "a", ");}"),
        ("", "\"${", "a", "}\""),
        ("", "''${", "a", "}''"),
        ("", "./a${", "b", "}"),
        ("", "f(", "x", ")"),
        ("", "a: ", "a", ""),
        ("", "{a}: ", "a", ""),
        ("", "f x: ", "x", ""),
        ("", "with {}; ", "1", ""),
        ("", "assert a; ", "1", ""),
        ("", "let a = 1; in ", "a", ""),
        ("", "let a = ", "1", "; in a"),
        ("", "let { a = ", "1", "; }"),
        ("", "if a then 1 else ", "1", ""),
        ("", "if ", "a", " then 1 else 1"),
        ("", ") ", "", ""),
        ("{ ", "; ", "}", ""),
        ("[ ", "a, ", "]", ""),
        ("", "[ a. ] b ", "", ""),
        ("", "[ ( ] ", "", ""),
        ("", "[ x: ] ", "", ""),
        ("", ".", "", ""),
        ("", "<", "", ""),
        ("", "=", "", ""),
        ("", "1a", "", ""),
        ("", ".5", "", ""),
        ("", "/*", "", ""),
        ("", "# a\r", "1", ""),
        ("", "a@", "", ""),
        ("", "${", "", ""),
        ("", "\u{feff}", "1", ""),
        ("", "\0", "1", ""),
        ("1", "\u{a0}", "", ""),
        ("[ ", "a ", "]", ""),
        ("{ inherit ", "a ", ";}", ""),
        ("\"", "${a}", "\"", ""),
    ];

    fn build((before, repeated, inner, close): (&str, &str, &str, &str), times: usize) -> String {
        format!("{before}{}{inner}{}", repeated.repeat(times), close.repeat(times))
    }

    #[test]
    fn absurd_texts_end_with_few_errors_and_a_tree_that_can_be_walked() {
        on_worker_stack(|| {
            for construct in CONSTRUCTS {
                let closed = build(*construct, 100_000);
                let open = closed.strip_suffix(&construct.3.repeat(100_000)).map(str::to_owned);
                for text in std::iter::once(closed).chain(open.filter(|_| !construct.3.is_empty())) {
                    let parsed = parse(&text);
                    let errors = parsed.errors(&text);
                    assert!(errors.len() <= 20, "{construct:?}");
                    assert!(parsed.syntax().descendants().count() > 0, "{construct:?}");
                    if errors.iter().any(|error| error.kind == ErrorKind::TooComplex) {
                        assert_eq!(errors.len(), 1, "{construct:?}");
                    }
                }
            }
        });
    }

    #[test]
    fn what_passes_is_parsed_and_walked_without_overflow() {
        on_worker_stack(|| {
            for construct in CONSTRUCTS {
                for times in [400, 1_990, 3_990] {
                    let text = build(*construct, times);
                    let parsed = parse(&text);
                    assert!(parsed.syntax().descendants().count() > 0, "{construct:?}");
                    assert!(parsed.errors(&text).len() <= 20, "{construct:?}");
                }
            }
        });
    }

    #[test]
    fn chains_inside_nesting_count_together() {
        on_worker_stack(|| {
            let chain = "- ".repeat(1_000);
            let text = format!("{}1{}", format!("{chain}(").repeat(100), ")".repeat(100));
            assert_eq!(check(&text).map_err(|excess| excess.what), Err(Excess::Chain));
            let functions = format!("{}1", format!("{chain}f: ").repeat(100));
            assert!(!parse(&functions).is_ok());
        });
    }

    #[test]
    fn limits_are_where_they_are_said_to_be() {
        let what = |text: &str| check(text).map_err(|excess| excess.what);
        assert_eq!(what(&build(("", "[", "", "]"), 2_000)), Ok(()));
        assert_eq!(what(&build(("", "[", "", "]"), 2_001)), Err(Excess::Nesting));
        assert_eq!(what(&build(("", "a ++ ", "a", ""), 3_990)), Ok(()));
        assert_eq!(what(&build(("", "a ++ ", "a", ""), 4_001)), Err(Excess::Chain));
        assert_eq!(what(&build(("a", ".b", "", ""), 3_990)), Ok(()));
        assert_eq!(what(&build(("a", ".b", "", ""), 4_010)), Err(Excess::Chain));
        let text = build(("", "(", "1", ")"), 600);
        let [error] = &parse(&text).errors(&text)[..] else { panic!("one error") };
        assert_eq!(error.kind, ErrorKind::TooComplex);
    }

    #[test]
    fn long_but_flat_texts_pass() {
        let bindings: String = (0..20_000).map(|at| format!("a{at} = [ {at} b.c ];\n")).collect();
        for text in [
            format!("{{ {bindings} }}"),
            build(("[ ", "a.b.c ", "]", ""), 50_000),
            build(("{ inherit ", "a ", "; }", ""), 50_000),
            build(("{ ", "a, ", "b }: 1", ""), 50_000),
            build(("\"", "${a}", "\"", ""), 50_000),
        ] {
            assert_eq!(check(&text), Ok(()));
            assert!(parse(&text).is_ok());
        }
    }

    #[test]
    fn work_is_bounded_over_many_chains() {
        let chain = "- ".repeat(3_900);
        let text = format!("[ {} ]", format!("({chain}1) ").repeat(100));
        assert_eq!(check(&text).map_err(|excess| excess.what), Err(Excess::Work));
    }

    #[test]
    fn counting_bytes_never_counts_too_few_tokens() {
        for text in ["1a 2b", "a.b.c", "f\"a\"\"b\"", "a+b", "{a=1;}", "''${a}''", "<a>", "./a/b", "1.5e3"] {
            let counted =
                text.bytes().fold((0, b' '), |(sum, before), byte| (sum + begun_tokens(before, byte), byte));
            let read = tokens(text).expect("it is short").tokens.len() as u32;
            assert!(counted.0 >= read, "{text}: {} < {read}", counted.0);
        }
    }
}
