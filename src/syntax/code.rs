//! Code as it is written: comments inside of it, pieces that are the same, and names and calls taken apart.
//!
//! Knows nothing of what a name means.

use rnix::{SyntaxKind, SyntaxNode, ast};
use rowan::NodeOrToken;
use rowan::ast::AstNode;

use super::ext::{peel_parens, static_path};

/// Whether a comment stands in `node`.
pub fn has_comment(node: &SyntaxNode) -> bool {
    has_comment_outside(node, &[])
}

/// Whether a comment stands in `node`, but not in one of `kept`.
pub fn has_comment_outside(node: &SyntaxNode, kept: &[&SyntaxNode]) -> bool {
    node.descendants_with_tokens().filter_map(NodeOrToken::into_token).any(|token| {
        token.kind() == SyntaxKind::TOKEN_COMMENT
            && !kept.iter().any(|kept| kept.text_range().contains_range(token.text_range()))
    })
}

/// Whether two pieces of code are the same but for space, comments and parentheses around them.
pub fn same_code(left: &SyntaxNode, right: &SyntaxNode) -> bool {
    let tokens = |node: &SyntaxNode| {
        let node = match ast::Expr::cast(node.clone()) {
            Some(expr) => peel_parens(expr).syntax().clone(),
            None => node.clone(),
        };
        node.descendants_with_tokens()
            .filter_map(NodeOrToken::into_token)
            .filter(|token| !token.kind().is_trivia())
    };
    let texts = |node| tokens(node).map(|token| (token.kind(), token.text().to_owned()));
    texts(left).eq(texts(right))
}

/// The names of `a`, `a.b` or `a.b.c`, all of them static and without a default.
pub fn dotted_path(expr: &ast::Expr) -> Option<Vec<String>> {
    match expr {
        ast::Expr::Ident(ident) => Some(vec![ident.syntax().text().to_string()]),
        ast::Expr::Select(select) if select.default_expr().is_none() => {
            let mut path = dotted_path(&select.expr()?)?;
            path.extend(static_path(&select.attrpath()?)?);
            Some(path)
        }
        _ => None,
    }
}

/// What is called, and with which arguments, parentheses taken off.
pub fn call_parts(call: &ast::Apply) -> Option<(ast::Expr, Vec<ast::Expr>)> {
    let mut arguments = vec![peel_parens(call.argument()?)];
    let mut function = peel_parens(call.lambda()?);
    while let ast::Expr::Apply(inner) = &function {
        arguments.push(peel_parens(inner.argument()?));
        function = peel_parens(inner.lambda()?);
    }
    arguments.reverse();
    Some((function, arguments))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn expr(text: &str) -> ast::Expr {
        parse(text).root().expr().expect("an expression")
    }

    #[test]
    fn comments_are_seen_unless_they_are_kept() {
        let list = expr("[ a /* b */ { /* c */ } ]");
        let set = list.syntax().children().last().expect("a set");
        assert!(has_comment(list.syntax()));
        assert!(has_comment_outside(list.syntax(), &[&set]));
        let list = expr("[ a { /* c */ } ]");
        let set = list.syntax().children().last().expect("a set");
        assert!(!has_comment_outside(list.syntax(), &[&set]));
    }

    #[test]
    fn code_is_the_same_whatever_the_space() {
        let same = |left: &str, right: &str| same_code(expr(left).syntax(), expr(right).syntax());
        assert!(same("a.b c", "( a . b /* x */ c)"));
        assert!(!same("a.b c", "a.b d"));
        assert!(!same("\"a b\"", "\"a  b\""));
    }

    #[test]
    fn names_and_calls_are_taken_apart() {
        assert_eq!(dotted_path(&expr("a.b.\"c\"")), Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(dotted_path(&expr("a.b or c")), None);
        let ast::Expr::Apply(call) = expr("f (x) (y z)") else { panic!("a call") };
        let (function, arguments) = call_parts(&call).expect("a whole call");
        assert_eq!(function.to_string(), "f");
        assert_eq!(arguments.iter().map(ToString::to_string).collect::<Vec<_>>(), ["x", "y z"]);
    }
}
