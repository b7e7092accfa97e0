//! Pieces of Nix with holes, `builtins.fetchTarball $url`, and where they stand in a tree.
//!
//! A hole is a `$` and a name; it stands for any expression, or for any name of an attribute. Spaces, comments
//! and parentheses around whole expressions do not matter; everything else must be as it is written. Must never
//! know what a name means.

use std::ops::Range;

use rnix::{SyntaxKind, SyntaxNode};
use rowan::NodeOrToken;

use super::{ParsedFile, parse};

/// A piece of Nix with holes.
#[derive(Debug, Clone)]
pub struct Pattern {
    tree: ParsedFile,
    /// The bytes of the holes in the text of the pattern, with their names.
    holes: Vec<(Range<usize>, String)>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// What is wrong there.
    pub message: String,
}

/// What the holes stand for, by name, in the order of the pattern.
pub type Captures = Vec<(String, SyntaxNode)>;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is no expression, or a hole alone, which everything would match.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let holes = holes(text);
        let mut plain = text.to_owned();
        for (range, _) in &holes {
            plain.replace_range(range.start..=range.start, "_");
        }
        let tree = parse(&plain);
        if !tree.is_ok() {
            let error = tree.errors(&plain).into_iter().next();
            let range = error.as_ref().map_or(0..text.len(), |error| error.range.into());
            let message = error.map_or_else(|| "this is no expression".to_owned(), |error| error.message);
            return Err(PatternError { range, message });
        }
        let pattern = Self { tree, holes };
        if pattern.hole(&pattern.root()).is_some() {
            let message = "a hole alone matches every expression".to_owned();
            return Err(PatternError { range: 0..text.len(), message });
        }
        Ok(pattern)
    }

    /// The kind of node that it can match.
    pub fn kind(&self) -> SyntaxKind {
        self.root().kind()
    }

    /// The names of its holes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.holes.iter().map(|(_, name)| name.as_str())
    }

    /// What the holes stand for where `node` is what the pattern describes. A hole that occurs twice stands
    /// for the same text.
    pub fn captures(&self, node: &SyntaxNode) -> Option<Captures> {
        let mut captures = Captures::new();
        self.matches(&self.root(), node, &mut captures).then_some(captures)
    }

    fn root(&self) -> SyntaxNode {
        peeled(&self.tree.syntax().first_child().expect("invariant: a pattern has an expression"))
    }

    fn hole(&self, node: &SyntaxNode) -> Option<&str> {
        let range: Range<usize> = node.text_range().into();
        let is_name = node.kind() == SyntaxKind::NODE_IDENT;
        self.holes.iter().find(|(hole, _)| is_name && *hole == range).map(|(_, name)| name.as_str())
    }

    fn matches(&self, pattern: &SyntaxNode, node: &SyntaxNode, captures: &mut Captures) -> bool {
        let pattern = peeled(pattern);
        if let Some(name) = self.hole(&pattern) {
            return match captures.iter().find(|(other, _)| other == name) {
                Some((_, same)) => bare(&peeled(same)) == bare(&peeled(node)),
                None => {
                    captures.push((name.to_owned(), node.clone()));
                    true
                }
            };
        }
        let node = peeled(node);
        if pattern.kind() != node.kind() {
            return false;
        }
        let (mut expected, mut found) = (parts(&pattern), parts(&node));
        loop {
            match (expected.next(), found.next()) {
                (None, None) => return true,
                (Some(NodeOrToken::Node(pattern)), Some(NodeOrToken::Node(node))) => {
                    if !self.matches(&pattern, &node, captures) {
                        return false;
                    }
                }
                (Some(NodeOrToken::Token(pattern)), Some(NodeOrToken::Token(token))) => {
                    if pattern.kind() != token.kind() || pattern.text() != token.text() {
                        return false;
                    }
                }
                _ => return false,
            }
        }
    }
}

/// The holes of a text outside of its strings and comments.
fn holes(text: &str) -> Vec<(Range<usize>, String)> {
    let bytes = text.as_bytes();
    let mut holes = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        if rest.starts_with('"') || rest.starts_with("''") || rest.starts_with('#') || rest.starts_with("/*")
        {
            at += skipped(rest);
            continue;
        }
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = bytes[at + 1..].iter().take_while(|byte| is_name(byte)).count();
        let starts = bytes.get(at + 1).is_some_and(|byte| byte.is_ascii_alphabetic());
        if bytes[at] == b'$' && starts {
            holes.push((at..at + 1 + length, text[at + 1..at + 1 + length].to_owned()));
            at += 1 + length;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    holes
}

/// How long the string or comment is that `text` begins with.
fn skipped(text: &str) -> usize {
    let (opener, closer) = match text.as_bytes() {
        [b'"', ..] => (1, "\""),
        [b'#', ..] => (1, "\n"),
        [b'/', ..] => (2, "*/"),
        _ => (2, "''"),
    };
    let end = text[opener..].find(closer).map_or(text.len(), |end| opener + end + closer.len());
    end.min(text.len())
}

fn peeled(node: &SyntaxNode) -> SyntaxNode {
    let mut node = node.clone();
    while node.kind() == SyntaxKind::NODE_PAREN
        && let Some(inner) = node.first_child()
    {
        node = inner;
    }
    node
}

/// The children that mean something.
fn parts(node: &SyntaxNode) -> impl Iterator<Item = NodeOrToken<SyntaxNode, super::SyntaxToken>> {
    node.children_with_tokens().filter(|part| !is_trivia(part.kind()))
}

fn is_trivia(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::TOKEN_WHITESPACE | SyntaxKind::TOKEN_COMMENT)
}

/// The text of a node without spaces and comments.
fn bare(node: &SyntaxNode) -> String {
    let tokens = node.descendants_with_tokens().filter_map(NodeOrToken::into_token);
    tokens.filter(|token| !is_trivia(token.kind())).map(|token| format!("{} ", token.text())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the holes of `pattern` stand for in each place of `text` where it matches.
    fn found(pattern: &str, text: &str) -> Vec<String> {
        let pattern = Pattern::new(pattern).expect("it is a pattern");
        let root = parse(text).syntax();
        let captures = root.descendants().filter(|node| node.kind() == pattern.kind()).filter_map(|node| {
            let captures = pattern.captures(&node)?;
            let shown = captures.iter().map(|(name, node)| format!("{name}={node}"));
            Some(shown.collect::<Vec<_>>().join(" "))
        });
        captures.collect()
    }

    #[test]
    fn holes_stand_for_expressions_and_names() {
        assert_eq!(found("builtins.fetchTarball $url", "[ (builtins.fetchTarball \"x\") ]"), ["url=\"x\""]);
        assert_eq!(found("f $a $b", "f 1 (g 2)"), ["a=1 b=(g 2)"]);
        assert_eq!(found("$set.enable", "config.services.x.enable"), Vec::<String>::new());
        assert_eq!(found("$set.$name", "a.b"), ["set=a name=b"]);
        assert_eq!(found("{ $key = $value; }", "{ a.b = 1; }"), Vec::<String>::new());
        assert_eq!(found("{ $key = $value; }", "{ a = 1; }"), ["key=a value=1"]);
    }

    #[test]
    fn spaces_comments_and_parentheses_do_not_matter() {
        assert_eq!(found("$a == true", "(x)\n  /* so */ == (true)"), ["a=(x)"]);
        assert_eq!(found("(f $a)", "f x"), ["a=x"]);
    }

    #[test]
    fn a_hole_that_occurs_twice_stands_for_the_same() {
        assert_eq!(found("if $a then $b else $b", "if x then y z else (y  z)"), ["a=x b=y z"]);
        assert!(found("if $a then $b else $b", "if x then y else z").is_empty());
    }

    #[test]
    fn strings_and_comments_have_no_holes() {
        assert_eq!(found("f \"$a\"", "f \"$a\""), [""]);
        assert!(Pattern::new("f # $a\n $b").expect("it is a pattern").names().eq(["b"]));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let message = |text: &str| Pattern::new(text).expect_err("it is no pattern").message;
        assert_eq!(message("$x"), "a hole alone matches every expression");
        assert_eq!(message("(($x))"), "a hole alone matches every expression");
        assert!(Pattern::new("f (").is_err());
        assert!(Pattern::new("").is_err());
    }
}
