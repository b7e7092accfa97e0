//! Small questions about nodes that many rules and the lowering to values ask.
//!
//! Answers come from the node and its neighbours alone, never from what a name refers to.

use std::borrow::Cow;

use rnix::{SyntaxKind, SyntaxNode, SyntaxToken, ast};
use rowan::NodeOrToken;
use rowan::ast::AstNode;

use super::string::plain_text_view;
use super::view::NodeView;
use crate::text::{TextRange, TextSize};

/// `expr` without the parentheses around it.
pub fn peel_parens(expr: ast::Expr) -> ast::Expr {
    let mut expr = expr;
    while let ast::Expr::Paren(paren) = &expr {
        let Some(inner) = paren.expr() else { break };
        expr = inner;
    }
    expr
}

/// The name of an attribute, if Nix knows it when it parses: `a`, `"a"`, `${"a"}`, `${("a")}`.
///
/// `"${"a"}"` has no static name in Nix, although its value is plain.
pub fn static_name(attr: &ast::Attr) -> Option<String> {
    match attr {
        ast::Attr::Ident(ident) => Some(ident.syntax().text().to_string()),
        ast::Attr::Str(string) => plain_text(string),
        ast::Attr::Dynamic(dynamic) => match peel_parens(dynamic.expr()?) {
            ast::Expr::Str(string) => plain_text(&string),
            _ => None,
        },
    }
}

/// The names of an attribute path, if all of them are static (see [`static_name`]).
pub fn static_path(path: &ast::Attrpath) -> Option<Vec<String>> {
    path.attrs().map(|attr| static_name(&attr)).collect()
}

/// The decoded text of a string without interpolation.
pub fn plain_text(string: &ast::Str) -> Option<String> {
    plain_text_view(NodeView::new(string.syntax())).map(Cow::into_owned)
}

/// The nearest binding around `node`; a binding is not around itself.
pub fn enclosing_binding(node: &SyntaxNode) -> Option<ast::AttrpathValue> {
    node.ancestors().skip(1).find_map(ast::AttrpathValue::cast)
}

/// Whether the name at exactly `range` is one of an `inherit`: a name of the set as well as one that is used.
pub fn is_inherited_name(root: &SyntaxNode, range: TextRange) -> bool {
    let covering = root.covering_element(range);
    let attribute = covering.ancestors().take_while(|node| node.text_range() == range).last();
    let around = attribute.and_then(|attribute| attribute.parent());
    around.is_some_and(|around| around.kind() == SyntaxKind::NODE_INHERIT)
}

/// What is taken of the set that the name at exactly `range` stands for: the attribute that is selected from it
/// or asked for, or those that are inherited from it. `None` where the set is used as a whole.
pub fn names_taken(root: &SyntaxNode, range: TextRange) -> Option<Vec<String>> {
    let name = root.covering_element(range).ancestors().find(|node| node.kind() == SyntaxKind::NODE_IDENT)?;
    let value = name
        .ancestors()
        .find(|node| node.parent().is_none_or(|parent| parent.kind() != SyntaxKind::NODE_PAREN))?;
    let around = value.parent()?;
    match around.kind() {
        SyntaxKind::NODE_SELECT | SyntaxKind::NODE_HAS_ATTR if around.first_child()? == value => {
            let path = around.children().find_map(ast::Attrpath::cast)?;
            Some(vec![static_name(&path.attrs().next()?)?])
        }
        SyntaxKind::NODE_INHERIT_FROM => {
            let inherit = ast::Inherit::cast(around.parent()?)?;
            inherit.attrs().map(|attr| static_name(&attr)).collect()
        }
        _ => None,
    }
}

/// The spaces and tabs that the line of byte `offset` begins with.
pub fn indentation_of(text: &str, offset: TextSize) -> &str {
    let line = &text[line_start(text, usize::from(offset))..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Offset of the first byte of the line that holds byte `offset`.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |at| at + 1)
}

/// The comments directly above `node`, first one first: each on a line of its own, without a blank line
/// between them or before `node`.
pub fn comments_above(node: &SyntaxNode) -> Vec<SyntaxToken> {
    let mut comments = Vec::new();
    let mut at = node.prev_sibling_or_token();
    loop {
        let Some(NodeOrToken::Token(space)) = at else { break };
        if space.kind() != SyntaxKind::TOKEN_WHITESPACE || space.text().matches('\n').count() != 1 {
            break;
        }
        let Some(NodeOrToken::Token(comment)) = space.prev_sibling_or_token() else { break };
        if comment.kind() != SyntaxKind::TOKEN_COMMENT {
            break;
        }
        let before = comment.prev_token();
        let on_own_line = before.is_none_or(|before| {
            before.kind() == SyntaxKind::TOKEN_WHITESPACE
                && (before.text().contains('\n') || before.prev_token().is_none())
        });
        if !on_own_line {
            break;
        }
        at = comment.prev_sibling_or_token();
        comments.push(comment);
    }
    comments.reverse();
    comments
}

/// The comment behind `node` on its last line, if nothing else follows there.
pub fn trailing_comment(node: &SyntaxNode) -> Option<SyntaxToken> {
    let mut next = node.last_token()?.next_token()?;
    if next.kind() == SyntaxKind::TOKEN_WHITESPACE && !next.text().contains('\n') {
        next = next.next_token()?;
    }
    let ends_line = |token: &SyntaxToken| {
        token
            .next_token()
            .is_none_or(|next| next.text().trim_start_matches([' ', '\t', '\r']).starts_with('\n'))
    };
    (next.kind() == SyntaxKind::TOKEN_COMMENT && ends_line(&next)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn names(text: &str) -> Vec<Option<String>> {
        let root = parse(text).root();
        root.syntax().descendants().filter_map(ast::Attr::cast).map(|attr| static_name(&attr)).collect()
    }

    #[test]
    fn inherited_names_are_told_from_uses() {
        let text = "{ inherit first \"second\"; inherit (used) third; inherit ({ inherit fourth; }) fifth; x = other; }";
        let root = parse(text).root();
        let is_inherited = |name: &&str| {
            let at = TextSize::new(text.find(*name).expect("it is there") as u32);
            is_inherited_name(root.syntax(), TextRange::at(at, TextSize::of(*name)))
        };
        let names = ["first", "\"second\"", "used", "third", "fourth", "fifth", "other"];
        let inherited: Vec<&str> = names.into_iter().filter(is_inherited).collect();
        assert_eq!(inherited, ["first", "\"second\"", "third", "fourth", "fifth"]);
    }

    #[test]
    fn names_are_static_as_in_nix() {
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(names("{ inherit a; }"), [some("a")]);
        assert_eq!(names(r#"{ inherit "a\n"; }"#), [some("a\n")]);
        assert_eq!(names(r#"{ inherit ${"a"}; }"#)[0], some("a"));
        assert_eq!(names(r#"{ inherit ${("a")}; }"#)[0], some("a"));
        assert_eq!(names("{ inherit ${''a''}; }")[0], some("a"));
        assert_eq!(names(r#"{ inherit "${"a"}"; }"#)[0], None);
        assert_eq!(names(r#"{ inherit ${"a" + "b"}; }"#)[0], None);
        assert_eq!(names(r#"{ inherit ""; }"#), [some("")]);
    }

    #[test]
    fn paths_are_static_when_all_names_are() {
        let path = |text: &str| {
            let path = parse(text).syntax().descendants().find_map(ast::Attrpath::cast);
            static_path(&path.expect("there is a path"))
        };
        assert_eq!(path(r#"{ a."b".${"c"} = 1; }"#), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(path("{ a.${b} = 1; }"), None);
    }

    #[test]
    fn bindings_enclose_their_value_and_their_key() {
        let root = parse("{ a = { b = x; }; }").syntax();
        let ident = root.descendants().filter(|node| node.kind() == SyntaxKind::NODE_IDENT).last();
        let binding = enclosing_binding(&ident.expect("there is a name")).expect("it is bound");
        assert_eq!(binding.syntax().text(), "b = x;");
        let outer = enclosing_binding(binding.syntax()).expect("there is an outer binding");
        assert_eq!(outer.attrpath().map(|path| path.to_string()).as_deref(), Some("a"));
    }

    #[test]
    fn comments_above_stop_at_blank_lines_and_code() {
        let above = |text: &str| {
            let binding = parse(text).syntax().descendants().filter_map(ast::AttrpathValue::cast).last();
            let comments = comments_above(binding.expect("there is a binding").syntax());
            comments.iter().map(|comment| comment.text().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(above("{\n  # a\n  /* b */\n  x = 1;\n}"), ["# a", "/* b */"]);
        assert_eq!(above("{\n  # a\n\n  # b\n  x = 1;\n}"), ["# b"]);
        assert_eq!(above("{ # a\n  x = 1;\n}"), [""; 0]);
        assert_eq!(above("{\n  y = 1; # a\n  x = 1;\n}"), [""; 0]);
    }

    #[test]
    fn trailing_comments_end_their_line() {
        let trailing = |text: &str| {
            let binding = parse(text).syntax().descendants().find_map(ast::AttrpathValue::cast);
            trailing_comment(binding.expect("there is a binding").syntax())
                .map(|comment| comment.text().to_owned())
        };
        assert_eq!(trailing("{ x = 1; # a\r\n}").as_deref(), Some("# a\r"));
        assert_eq!(trailing("{ x = 1; /* a */\n}").as_deref(), Some("/* a */"));
        assert_eq!(trailing("{ x = 1; /* a */ y = 2;\n}"), None);
        assert_eq!(trailing("{ x = 1;\n# a\n}"), None);
    }

    #[test]
    fn indentation_is_that_of_the_line() {
        assert_eq!(indentation_of("a\n \tb c\n", TextSize::new(5)), " \t");
        assert_eq!(indentation_of("a", TextSize::new(0)), "");
    }
}
