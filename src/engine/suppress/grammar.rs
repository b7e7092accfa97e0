//! What an ignore comment says. The one parser of its grammar, over the text of one comment:
//!
//! ```text
//! comment   = "#"+ body | "/*" "*"* body "*/"
//! body      = "nixlint:" verb list? reason | "deadnix:" "skip"
//! verb      = "ignore" | "ignore-file"
//! list      = "[" name ("," name)* "]"
//! ```
//!
//! White space may stand between any two parts. What begins with `nixlint`, a word much like
//! `ignore` and a list in brackets was meant to be one; everything else is prose, about which nothing is said.

use std::ops::Range;

/// A comment that silences findings, or tries to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directive {
    /// How far it reaches.
    pub(super) verb: Verb,
    /// The rules it names; `None` where it has no list in brackets.
    pub(super) names: Option<Vec<Name>>,
    /// Whether something stands behind the list.
    pub(super) has_reason: bool,
}

/// How far an ignore comment reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// The line, or what follows.
    Ignore,
    /// The whole file.
    IgnoreFile,
    /// None, though the comment looks like one that silences: bytes of what stands before its list.
    Misspelt(usize, usize),
    /// The comment of another linter for names that are not used.
    DeadnixSkip,
}

/// A name in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// As written.
    pub(super) text: String,
    /// Bytes of the comment.
    pub(super) range: Range<usize>,
}

/// Reads a comment with its marks; `None` where it is prose.
pub(super) fn parse(comment: &str) -> Option<Directive> {
    let body = body(comment)?;
    let start = body.start;
    let mut rest = &comment[body];
    let whole = rest;
    let skip = |rest: &str| whole.len() - rest.len() + start;

    if let Some(after) = rest.strip_prefix("deadnix:") {
        let after = after.trim_start().strip_prefix("skip")?;
        let is_word = !after.starts_with(is_word);
        return is_word.then_some(Directive { verb: Verb::DeadnixSkip, names: None, has_reason: false });
    }

    let Some(after) = rest.strip_prefix("nixlint:").map(str::trim_start) else {
        return misspelt(whole, start);
    };
    rest = after;
    let word = rest.len() - rest.trim_start_matches(is_word).len();
    let verb = match &rest[..word] {
        "ignore" => Verb::Ignore,
        "ignore-file" => Verb::IgnoreFile,
        _ => return misspelt(whole, start),
    };
    rest = rest[word..].trim_start();
    let Some((list, reason)) = rest.strip_prefix('[').and_then(|list| list.split_once(']')) else {
        return Some(Directive { verb, names: None, has_reason: false });
    };

    let mut names = Vec::new();
    let mut at = skip(list_start(rest));
    for part in list.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let from = at + (part.len() - part.trim_start().len());
            names.push(Name { text: name.to_owned(), range: from..from + name.len() });
        }
        at += part.len() + 1;
    }
    let has_reason = reason.contains(char::is_alphanumeric);
    Some(Directive { verb, names: Some(names), has_reason })
}

/// Words of other linters for what `ignore` does.
const OTHER_VERBS: [&str; 8] = ["allow", "disable", "expect", "noqa", "off", "silence", "skip", "suppress"];

/// A comment that looks like one that silences; `start` is where `body` stands in it.
fn misspelt(body: &str, start: usize) -> Option<Directive> {
    const NAME: &str = "nixlint";
    let name = body.get(..NAME.len()).filter(|head| head.eq_ignore_ascii_case(NAME))?;
    let (head, list) = body.split_once('[')?;
    let verb = head[name.len()..].trim_matches([':', '=', ' ', '\t']).to_ascii_lowercase();
    let verb = verb.strip_suffix("-file").unwrap_or(&verb);
    let is_verb = OTHER_VERBS.contains(&verb) || strsim::jaro(verb, "ignore") > 0.8;
    let (names, _) = list.split_once(']')?;
    let are_names = names.split(',').all(|name| {
        let name = name.trim();
        !name.is_empty() && name.chars().all(is_word)
    });
    let verb = Verb::Misspelt(start, start + head.len());
    (is_verb && are_names).then_some(Directive { verb, names: None, has_reason: false })
}

/// Where the words of a comment stand in it.
fn body(comment: &str) -> Option<Range<usize>> {
    let (inner, end) = match comment.strip_prefix("/*") {
        Some(inner) => (inner.trim_start_matches('*'), comment.strip_suffix("*/")?.len()),
        None => (comment.strip_prefix('#')?.trim_start_matches('#'), comment.len()),
    };
    let start = comment.len() - inner.trim_start().len();
    (start <= end).then_some(start..end)
}

fn list_start(rest: &str) -> &str {
    &rest['['.len_utf8()..]
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(comment: &str) -> Option<Vec<String>> {
        Some(parse(comment)?.names?.into_iter().map(|name| name.text).collect())
    }

    #[test]
    fn both_kinds_of_comments_are_read() {
        for comment in [
            "# nixlint: ignore[a-b, c] because",
            "## nixlint:ignore [ a-b ,c,] because",
            "/* nixlint: ignore[a-b, c] because */",
            "/** nixlint: ignore[a-b,\n  c]\n because */",
        ] {
            assert_eq!(names(comment), Some(vec!["a-b".to_owned(), "c".to_owned()]), "{comment}");
            assert!(parse(comment).is_some_and(|directive| directive.has_reason), "{comment}");
        }
        assert_eq!(
            parse("# nixlint: ignore-file[a]").map(|directive| directive.verb),
            Some(Verb::IgnoreFile)
        );
    }

    #[test]
    fn prose_is_not_read() {
        for comment in [
            "# nixlint: a linter",
            "# nixlint: ignores this",
            "# see nixlint: ignore[a]",
            "# nixlint supports [a]: see its manual",
            "# nixlint: see [the manual]",
            "# nixlint[a]",
            "#",
            "/**/",
            "/*/",
            "# deadnix: skips",
        ] {
            assert_eq!(parse(comment), None, "{comment}");
        }
    }

    #[test]
    fn what_looks_like_a_directive_is_told() {
        for (comment, head) in [
            ("# nixlint ignore[a]", "nixlint ignore"),
            ("# NIXLINT: ignore[a-b, c]", "NIXLINT: ignore"),
            ("/* nixlint: ignor [a] */", "nixlint: ignor "),
            ("# nixlint: disable[a] why", "nixlint: disable"),
        ] {
            let Some(Verb::Misspelt(start, end)) = parse(comment).map(|directive| directive.verb) else {
                panic!("{comment} is passed over")
            };
            assert_eq!(&comment[start..end], head);
        }
    }

    #[test]
    fn a_list_may_be_missing_or_open() {
        for comment in ["# nixlint: ignore", "# nixlint: ignore the next line", "# nixlint: ignore[a b"] {
            assert_eq!(parse(comment).map(|directive| directive.names), Some(None), "{comment}");
        }
        assert_eq!(names("# nixlint: ignore[]"), Some(Vec::new()));
    }

    #[test]
    fn a_reason_has_words() {
        let has_reason = |comment| parse(comment).expect("it is a directive").has_reason;
        assert!(has_reason("# nixlint: ignore[a]: upstream 12"));
        assert!(!has_reason("# nixlint: ignore[a] -- "));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            file in any::<bool>(),
            block in any::<bool>(),
            rules in proptest::collection::vec("[a-z][a-z-]{0,8}", 0..4),
            space in "[ \t]{0,2}",
            reason in "[ a-z0-9.]{0,12}",
        ) {
            let verb = if file { "ignore-file" } else { "ignore" };
            let (open, close) = if block { ("/*", "*/") } else { ("#", "") };
            let list = rules.join(&format!("{space},{space}"));
            let comment = format!("{open}{space}nixlint:{space}{verb}{space}[{space}{list}{space}]{reason}{close}");
            let directive = parse(&comment).expect("it is a directive");
            prop_assert_eq!(directive.verb, if file { Verb::IgnoreFile } else { Verb::Ignore });
            prop_assert_eq!(directive.has_reason, reason.contains(char::is_alphanumeric));
            let names = directive.names.expect("there is a list");
            prop_assert_eq!(names.iter().map(|name| &name.text).collect::<Vec<_>>(), rules.iter().collect::<Vec<_>>());
            for name in names {
                prop_assert_eq!(&comment[name.range], &name.text);
            }
        }

        #[test]
        fn any_text_is_read_without_harm(comment in "(#|/\\*|)[#* ]{0,3}(nixlint:|deadnix:)? ?(ignore|skip)?(-file)?[\\[\\], a-zé*/\n]{0,12}") {
            if let Some(directive) = parse(&comment) {
                for name in directive.names.unwrap_or_default() {
                    prop_assert_eq!(&comment[name.range], &name.text);
                }
            }
        }
    }
}
