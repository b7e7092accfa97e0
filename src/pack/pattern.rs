//! Rules about pieces of Nix.

use super::condition::{Condition, Known};
use super::draft::Draft;
use super::option::shortened;
use super::read::{Reader, Words};
use crate::rule::{Context, ErasedRule};
use crate::syntax::{
    AstNode as _, Captures, Pattern, PatternError, Strength, SyntaxKind, SyntaxNode, ast, edit,
};

/// A rule about a piece of Nix with holes.
pub(super) struct PatternRule {
    pattern: Pattern,
    conditions: Vec<(String, Condition)>,
    words: Words,
}

impl PatternRule {
    pub(super) fn read(reader: &mut Reader, draft: &Draft) -> Option<Self> {
        let matcher = draft.matcher.get_ref();
        let text = matcher.pattern.as_ref()?;
        let pattern = match Pattern::new(text.get_ref()) {
            Ok(pattern) => pattern,
            Err(PatternError { message, .. }) => {
                reader.mistake(&text.span(), "the pattern is no piece of Nix", message);
                return None;
            }
        };
        let mut conditions = Vec::new();
        for (name, condition) in &matcher.r#where {
            if !pattern.names().any(|known| known == name.get_ref()) {
                let message = format!("the pattern has no hole `${}`", name.get_ref());
                reader.mistake(&name.span(), message, "matches nothing");
            }
            conditions.push((name.get_ref().clone(), reader.condition(condition)));
        }
        let names: Vec<&str> = pattern.names().collect();
        let words = reader.words(draft, &names)?;
        Some(Self { pattern, conditions, words })
    }

    fn is_meant(&self, captures: &Captures) -> bool {
        self.conditions.iter().all(|(name, condition)| {
            let captured = captures.iter().find(|(known, _)| known == name).map(|(_, node)| node.clone());
            let known = captured.and_then(ast::Expr::cast).map(|expr| Known::of_expr(&expr));
            known.is_some_and(|known| condition.holds(&known) == Some(true))
        })
    }
}

impl ErasedRule for &'static PatternRule {
    fn wants(&self, kind: SyntaxKind) -> bool {
        kind == self.pattern.kind()
    }

    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>) {
        let Some(captures) = self.pattern.captures(node).filter(|captures| self.is_meant(captures)) else {
            return;
        };
        let captured = |name: &str| captures.iter().find(|(known, _)| known == name).map(|(_, node)| node);
        say(
            &self.words,
            node,
            cx,
            |name| captured(name).map(ToString::to_string).unwrap_or_default(),
            |name| captured(name).map(in_parentheses).unwrap_or_default(),
        );
    }
}

/// Reports a finding at a node, with what fills the words and what fills the replacement.
pub(super) fn say(
    words: &Words,
    node: &SyntaxNode,
    cx: &mut Context<'_>,
    fill: impl Fn(&str) -> String + Copy,
    replaced: impl Fn(&str) -> String,
) {
    let file = cx.file;
    let mut report = cx.report_range(node.text_range(), shortened(&words.message.fill(fill)));
    report = report.here(words.here.fill(fill));
    if let Some(help) = &words.help {
        report = report.help(help.fill(fill));
    }
    for note in &words.notes {
        report = report.note(note.fill(fill));
    }
    if let Some(fix) = &words.fix
        && !has_comment(node)
    {
        let title = fix.title.fill(fill);
        let edits = match &fix.replacement {
            Some(replacement) if replacement.is_placeholder() => edit::replace(node, &replacement.fill(fill)),
            Some(replacement) => edit::replace(node, &replacement.fill(replaced)),
            None => deletion(node),
        };
        report = report.fix(fix.applicability, title, |all| all.extend(file, edits));
    }
    let _ = report;
}

/// Takes a node away: the binding that it is the value of, or the element of a list. Nothing else can go.
fn deletion(node: &SyntaxNode) -> edit::Edits {
    match node.parent() {
        Some(parent) if ast::AttrpathValue::can_cast(parent.kind()) => edit::delete_binding(&parent),
        Some(parent) if ast::List::can_cast(parent.kind()) => {
            ast::Expr::cast(node.clone()).map(|expr| edit::delete_list_element(&expr)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// What is written in a comment would be lost.
fn has_comment(node: &SyntaxNode) -> bool {
    node.descendants_with_tokens().any(|part| part.kind() == SyntaxKind::TOKEN_COMMENT)
}

fn in_parentheses(node: &SyntaxNode) -> String {
    match ast::Expr::cast(node.clone()).map(|expr| Strength::of(&expr)) {
        Some(strength) if strength < Strength::Select => format!("({node})"),
        _ => node.to_string(),
    }
}
