//! What an ignore comment covers, by where it stands in the tree.

use super::grammar::Verb;
use crate::syntax::{AstNode as _, SyntaxKind, SyntaxNode, SyntaxToken, ast};
use crate::text::{TextRange, TextSize};

/// The findings that a comment covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of the file.
    File,
    /// Those that touch this line.
    Line(TextRange),
    /// Those that start in these bytes.
    Starts(TextRange),
    /// None: nothing follows.
    Nothing,
    /// None: it stands too far down for what it says.
    Misplaced,
}

impl Scope {
    /// Whether it covers a finding at `primary` for which comments count in `covers` too.
    pub(super) fn covers(self, primary: TextRange, covers: Option<TextRange>) -> bool {
        match self {
            Self::File => true,
            Self::Line(line) => [Some(primary), covers].into_iter().flatten().any(|range| touch(range, line)),
            Self::Starts(code) => {
                let mut starts = [Some(primary), covers].into_iter().flatten().map(TextRange::start);
                starts.any(|start| code.contains(start) || start == code.start())
            }
            Self::Nothing | Self::Misplaced => false,
        }
    }
}

/// The scope of a comment that says `verb`.
pub(super) fn of(comment: &SyntaxToken, verb: Verb, text: &str) -> Scope {
    let start = comment.text_range().start();
    match verb {
        Verb::Misspelt(..) => Scope::Misplaced,
        Verb::IgnoreFile if has_code_before(comment) => Scope::Misplaced,
        Verb::IgnoreFile => Scope::File,
        Verb::Ignore | Verb::DeadnixSkip if has_code_on_line(comment) => Scope::Line(line_at(text, start)),
        Verb::Ignore => match next_code(comment) {
            Some(next) => {
                let line = line_at(text, next.text_range().start());
                Scope::Starts(outermost_at(&next).map_or(line, |node| node.cover(line)))
            }
            None => Scope::Nothing,
        },
        Verb::DeadnixSkip => match next_code(comment) {
            Some(next) => Scope::Starts(line_at(text, next.text_range().start())),
            None => Scope::Nothing,
        },
    }
}

/// What an ignore comment can stand around, for a finding at `range` inside a string that spans lines:
/// the binding or list item that holds the outermost such string, else that string.
pub(super) fn around_string(tree: &SyntaxNode, range: TextRange) -> Option<TextRange> {
    let spans_lines = |node: &SyntaxNode| {
        ast::Str::can_cast(node.kind()) && node.text_range() != range && node.text().contains_char('\n')
    };
    let string = tree.covering_element(range).ancestors().filter(spans_lines).last()?;
    let in_list = |node: &SyntaxNode| node.parent().is_some_and(|parent| ast::List::can_cast(parent.kind()));
    let holder = string.ancestors().find(|node| ast::AttrpathValue::can_cast(node.kind()) || in_list(node));
    Some(holder.unwrap_or(string).text_range())
}

/// The line around `at`, in bytes, without its line break.
pub(super) fn line_at(text: &str, at: TextSize) -> TextRange {
    let at = usize::from(at);
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    TextRange::new(TextSize::new(start as u32), TextSize::new(end as u32))
}

/// Whether the ranges share a byte, or an empty one stands in or beside the other.
fn touch(range: TextRange, line: TextRange) -> bool {
    match range.is_empty() {
        true => line.contains_inclusive(range.start()),
        false => range.start() <= line.end() && range.end() > line.start(),
    }
}

/// The outermost node that begins with `token`.
fn outermost_at(token: &SyntaxToken) -> Option<TextRange> {
    let start = token.text_range().start();
    let nodes = token.parent_ancestors().map(|node| node.text_range());
    nodes.take_while(|range| range.start() == start).last()
}

fn has_code_before(comment: &SyntaxToken) -> bool {
    std::iter::successors(comment.prev_token(), SyntaxToken::prev_token).any(|token| !is_trivia(&token))
}

fn has_code_on_line(comment: &SyntaxToken) -> bool {
    let mut before = std::iter::successors(comment.prev_token(), SyntaxToken::prev_token);
    before
        .find(|token| !is_trivia(token) || token.text().contains('\n'))
        .is_some_and(|token| !is_trivia(&token))
}

/// The next token that is neither white space nor a comment.
fn next_code(comment: &SyntaxToken) -> Option<SyntaxToken> {
    std::iter::successors(comment.next_token(), SyntaxToken::next_token).find(|token| !is_trivia(token))
}

fn is_trivia(token: &SyntaxToken) -> bool {
    matches!(token.kind(), SyntaxKind::TOKEN_COMMENT | SyntaxKind::TOKEN_WHITESPACE)
}
