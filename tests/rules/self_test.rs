//! The harness on a rule of its own, to see that it takes what is right and refuses what is wrong.

use nixlint::prelude::*;
use nixlint::rule::Entry;

use crate::prove::{self, Proof};
use nixlint::cases::{self, Book, Mark, annotate, strip};

declare_rule! {
    /// ## What it does
    /// Finds `!!`.
    ///
    /// ## Why is this bad?
    /// It does nothing.
    ///
    /// ## Example
    /// ```nix
    /// { wanted }: !!wanted
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { wanted }: wanted
    /// ```
    ///
    /// ## Fix safety
    /// Safe.
    pub struct DoubleNegation {
        /// How the rule misbehaves.
        mistake: String = String::new(),
    }

    name: "double-negation",
    summary: "a condition is negated twice",
    group: Style,
    level: Warning,
    fix: Always,
    status: Status::Preview,
}

impl Rule for DoubleNegation {
    type Node = ast::UnaryOp;

    fn check(&self, outer: &ast::UnaryOp, cx: &mut Context<'_>) {
        let Some(inner) = doubly_negated(outer) else { return };
        let mistake = self.mistake.as_str();
        let message = match mistake {
            "message" => "Negated twice.",
            _ => "`!!` does nothing",
        };
        let label = if mistake == "label" { "" } else { "negated twice" };
        let replacement = match mistake {
            "endless" => format!("!!!{inner}"),
            "breaks" => "!".to_owned(),
            "value" => format!("!{inner}"),
            _ => inner.to_string(),
        };
        let report = cx.report(outer, message).here(label);
        if mistake != "no-fix" {
            _ = report
                .fix(Applicability::Safe, "negate it not at all", |edits| edits.replace(outer, replacement));
        }
        assert!(mistake != "panic", "it does not like this");
    }
}

fn doubly_negated(outer: &ast::UnaryOp) -> Option<ast::Expr> {
    let is_not = |op: &ast::UnaryOp| op.operator() == Some(ast::UnaryOpKind::Invert);
    let ast::Expr::UnaryOp(inner) = outer.expr()? else { return None };
    (is_not(outer) && is_not(&inner)).then(|| inner.expr())?
}

const ENTRY: Entry = Entry::file::<DoubleNegation>();

const PROOFS: [(&str, Proof); 7] = [
    ("cases", cases::cases),
    ("manual_page", prove::manual_page),
    ("findings", cases::findings),
    ("fixes_settle", cases::fixes_settle),
    ("dispatch_is_a_walk", prove::dispatch_is_a_walk),
    ("comments_silence", prove::comments_silence),
    ("cut_texts_do_no_harm", prove::cut_texts_do_no_harm),
];

const RIGHT: &str = r#"# double-negation

## In the middle of a line
Text for people, with `code`:
```nix
{ wanted = !!true; other = !!(f ''
#          ^^^^^^ `!!` does nothing
#                          ^^^^^^^… `!!` does nothing
  text
''); }
```
```nix fixed
{ wanted = true; other = (f ''
  text
''); }
```

## At the start
```nix
!!true
#[0..6] `!!` does nothing
```

## Once
```nix
!true
```

## Several files
`a/b.nix`:
```nix
{ a = !!true; }
#     ^^^^^^ `!!` does nothing
```
`c.nix`:
```nix
[ "
  ${!!false}
#   ^^^^^^^ `!!` does nothing
" ]
```
`a/b.nix`:
```nix fixed
{ a = true; }
```
`c.nix`:
```nix fixed unsafe
[ "
  ${false}
" ]
```
`a/b.nix`:
```nix fixed unsafe
{ a = true; }
```
"#;

/// The book with one case that is shown twice as `mistake` and once not.
fn book_with(mistake: &str) -> Book {
    let text = format!(
        "# double-negation\n## Mistaken\n```toml\n[rules.double-negation]\nmistake = \"{mistake}\"\n```\n\
         ### Fires\n```nix\n{{ a = !!true; }}\n```\n### Does not\n```nix\ntrue\n```\n"
    );
    read(&text)
}

fn read(text: &str) -> Book {
    Book::read(text).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// The proofs that complain, less those about carets, which `book_with` does not draw.
fn complaining(book: &Book) -> Vec<&'static str> {
    let complains = |(_, proof): &&(&str, Proof)| !proof(&ENTRY, book).is_empty();
    PROOFS[1..].iter().filter(complains).map(|(name, _)| *name).collect()
}

#[test]
fn what_is_right_is_proven() {
    let book = read(RIGHT);
    assert_eq!(book.cases.len(), 4);
    for (name, proof) in PROOFS {
        let wrong = proof(&ENTRY, &book);
        // The second file of the last case is changed by safe fixes and shown only after unsafe ones.
        let allowed = if name == "cases" { 1 } else { 0 };
        assert_eq!(wrong.len(), allowed, "{name}: {wrong:#?}");
    }
    assert_eq!(cases::updated(&ENTRY, &book), RIGHT);
}

#[test]
fn what_is_wrong_is_rewritten() {
    let wrong = RIGHT
        .replace("#          ^^^^^^ `!!`", "#         ^^^^^^ `!`")
        .replace("{ wanted = true; ", "{ wanted = maybe; ")
        .replace("!true\n```", "!true\n#^^^ not so\n```");
    assert!(cases::cases(&ENTRY, &read(&wrong)).len() > 3);
    assert_eq!(cases::updated(&ENTRY, &read(&wrong)), RIGHT);
}

#[test]
fn mistakes_are_noticed() {
    for (mistake, noticed) in [
        ("", &[][..]),
        ("message", &["findings"]),
        ("label", &["findings"]),
        ("no-fix", &["findings"]),
        ("endless", &["fixes_settle"]),
        ("breaks", &["fixes_settle"]),
        ("value", &[]),
    ] {
        assert_eq!(complaining(&book_with(mistake)), noticed, "{mistake}");
    }
    let panicking = complaining(&book_with("panic"));
    assert!(
        panicking.contains(&"dispatch_is_a_walk") && panicking.contains(&"cut_texts_do_no_harm"),
        "{panicking:?}"
    );
}

#[test]
fn fixes_that_change_values_are_noticed() {
    let Some(nix) = crate::nix::Nix::find() else { return };
    let right = nix.compare(&ENTRY, &book_with(""));
    assert_eq!((right.fixed, right.evaluated, right.wrong), (1, 1, vec![]));
    assert_eq!(nix.compare(&ENTRY, &book_with("value")).wrong.len(), 1);

    let unknown = read("# x\n## y\n```nix\n[ (!!true) (throw \"never\") ]\n```\n");
    assert_eq!(nix.compare(&ENTRY, &unknown).wrong, ["Nix can evaluate none of the cases with a safe fix"]);
}

#[test]
fn books_with_mistakes_are_refused() {
    for (text, error) in [
        ("# x\n```nix\n1\n", "line 2: the block has no end"),
        ("# x\n```nix\n1\n```\n```nix\n2\n```\n", "line 5: the case has two blocks for `module.nix`"),
        ("# x\n```nix\n1\n```\n`b.nix`:\n```nix fixed\n2\n```\n", "line 6: the case has no file `b.nix`"),
    ] {
        assert_eq!(Book::read(text).err(), Some(vec![error.to_owned()]));
    }
    let misconfigured = read("# x\n```toml\n[rules.double-negation]\nno = 1\n```\n## y\n```nix\n1\n```\n");
    assert_eq!(cases::cases(&ENTRY, &misconfigured).len(), 1);
}

#[test]
fn caret_lines_come_and_go() {
    let text = "é = 1;\n\n  x\n";
    let mark = |line, start, end| Mark { line, start, end, message: "m".to_owned() };
    let marks = vec![
        mark(2, 2, Some(3)),
        mark(0, 4, Some(5)),
        mark(0, 0, None),
        mark(1, 0, Some(0)),
        mark(0, 1, None),
    ];
    let annotated = "é = 1;\n#[0..] m\n#^^^^^… m\n#   ^ m\n\n#[0..0] m\n  x\n# ^ m\n";
    assert_eq!(annotate(text, marks), annotated);
    assert_eq!(strip(annotated), text);
    for code in ["# a comment\n", "#\n", "# [1] ^ x\n", "  # ^ x\n", "#^x\n"] {
        assert_eq!(strip(code), code);
    }
}
