//! Where parentheses and spaces are needed so that a piece of Nix keeps its meaning in a new place.
//!
//! The order of operators is that of src/libexpr/parser.y in NixOS/nix. Doubt is decided for parentheses.

use rnix::{SyntaxKind, SyntaxNode, ast};
use rowan::ast::AstNode;

/// How strongly the outermost construct of an expression holds together, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Functions, `let`, `if`, `with`, `assert`: they extend as far as they can.
    Open,
    /// `<|`
    PipeLeft,
    /// `|>`
    PipeRight,
    /// `->`
    Implication,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`, `!=`
    Equality,
    /// `<`, `<=`, `>`, `>=`
    Comparison,
    /// `//`
    Update,
    /// `!a`
    Invert,
    /// `+`, `-`
    Sum,
    /// `*`, `/`
    Product,
    /// `++`
    Concat,
    /// `a ? b`
    HasAttr,
    /// `-a`
    Negate,
    /// `f x`
    Apply,
    /// `a.b or c`
    Default,
    /// `a.b`
    Select,
    /// Names, literals, and everything in brackets.
    Atom,
}

impl Strength {
    /// The strength of `expr`.
    pub fn of(expr: &ast::Expr) -> Self {
        match expr {
            ast::Expr::Lambda(_)
            | ast::Expr::LetIn(_)
            | ast::Expr::LegacyLet(_)
            | ast::Expr::IfElse(_)
            | ast::Expr::With(_)
            | ast::Expr::Assert(_)
            | ast::Expr::Error(_) => Self::Open,
            ast::Expr::BinOp(operation) => operation.operator().map_or(Self::Open, Self::of_operator),
            ast::Expr::UnaryOp(operation) => match operation.operator() {
                Some(ast::UnaryOpKind::Negate) => Self::Negate,
                _ => Self::Invert,
            },
            ast::Expr::HasAttr(_) => Self::HasAttr,
            ast::Expr::Apply(_) => Self::Apply,
            ast::Expr::Select(select) if select.or_token().is_some() => Self::Default,
            ast::Expr::Select(_) => Self::Select,
            ast::Expr::Root(root) => root.expr().map_or(Self::Open, |expr| Self::of(&expr)),
            _ => Self::Atom,
        }
    }

    /// The strength of the expression `text`; `None` if it is none.
    pub fn of_text(text: &str) -> Option<Self> {
        let parsed = super::parse(text);
        let expr = parsed.root().expr()?;
        parsed.is_ok().then(|| Self::of(&expr))
    }

    fn of_operator(operator: ast::BinOpKind) -> Self {
        use ast::BinOpKind as Op;
        match operator {
            Op::PipeLeft => Self::PipeLeft,
            Op::PipeRight => Self::PipeRight,
            Op::Implication => Self::Implication,
            Op::Or => Self::Or,
            Op::And => Self::And,
            Op::Equal | Op::NotEqual => Self::Equality,
            Op::Less | Op::LessOrEq | Op::More | Op::MoreOrEq => Self::Comparison,
            Op::Update => Self::Update,
            Op::Add | Op::Sub => Self::Sum,
            Op::Mul | Op::Div => Self::Product,
            Op::Concat => Self::Concat,
        }
    }
}

/// Whether an expression of strength `replacement` needs parentheses in the place of `place`, which is an
/// expression of a tree.
pub fn needs_parens(replacement: Strength, place: &SyntaxNode) -> bool {
    replacement < weakest_allowed(place)
}

/// The weakest expression that can stand in the place of `place` without parentheses.
pub fn weakest_allowed(place: &SyntaxNode) -> Strength {
    use ast::BinOpKind as Op;

    let Some(parent) = place.parent() else { return Strength::Open };
    // `(f) or x` applies a function to a variable called `or`, which `a.b or x` does not.
    let mut after = place.last_token().and_then(|token| token.next_token());
    while let Some(token) = after.take_if(|token| token.kind().is_trivia()) {
        after = token.next_token();
    }
    if after.is_some_and(|token| token.text() == "or") && parent.kind() == SyntaxKind::NODE_APPLY {
        return Strength::Atom;
    }
    let first = parent.children().next().as_ref() == Some(place);
    let stronger_on = |left_associative: bool, same: Strength, next: Strength| {
        if first == left_associative { same } else { next }
    };
    match parent.kind() {
        SyntaxKind::NODE_LIST => Strength::Default,
        SyntaxKind::NODE_APPLY if first => Strength::Apply,
        SyntaxKind::NODE_APPLY => Strength::Default,
        // `(a.b).c or d` fails where `a` has no `b`; `a.b.c or d` is `d` then.
        SyntaxKind::NODE_SELECT if first => {
            let has_default = ast::Select::cast(parent).is_some_and(|select| select.or_token().is_some());
            if has_default { Strength::Atom } else { Strength::Select }
        }
        SyntaxKind::NODE_SELECT => Strength::Default,
        SyntaxKind::NODE_HAS_ATTR => Strength::HasAttr,
        SyntaxKind::NODE_UNARY_OP => {
            match ast::UnaryOp::cast(parent).and_then(|operation| operation.operator()) {
                Some(ast::UnaryOpKind::Negate) => Strength::Negate,
                _ => Strength::Invert,
            }
        }
        SyntaxKind::NODE_BIN_OP => {
            let Some(operator) = ast::BinOp::cast(parent).and_then(|operation| operation.operator()) else {
                return Strength::Atom;
            };
            match operator {
                Op::PipeLeft => stronger_on(false, Strength::PipeLeft, Strength::PipeRight),
                Op::PipeRight => stronger_on(true, Strength::PipeRight, Strength::Implication),
                Op::Implication => stronger_on(false, Strength::Implication, Strength::Or),
                Op::Or => stronger_on(true, Strength::Or, Strength::And),
                Op::And => stronger_on(true, Strength::And, Strength::Equality),
                Op::Equal | Op::NotEqual => Strength::Comparison,
                Op::Less | Op::LessOrEq | Op::More | Op::MoreOrEq => Strength::Update,
                Op::Update => stronger_on(false, Strength::Update, Strength::Invert),
                Op::Add | Op::Sub => stronger_on(true, Strength::Sum, Strength::Product),
                Op::Mul | Op::Div => stronger_on(true, Strength::Product, Strength::Concat),
                Op::Concat => stronger_on(false, Strength::Concat, Strength::HasAttr),
            }
        }
        _ => Strength::Open,
    }
}

/// Whether text that ends with `before` and text that begins with `after` would become other tokens when
/// nothing stands between them. May say so where it is not the case.
pub fn glues(before: char, after: char) -> bool {
    let in_token = |c: char| !c.is_whitespace() && !"()[]{}\",;".contains(c);
    let name = after.is_ascii_alphanumeric() || after == '_';
    match before {
        '!' | '=' | '>' | '?' | '&' | '|' | '*' if name => false,
        _ => in_token(before) && in_token(after),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AstNode, parse};
    use super::*;

    /// Every strength, by example.
    const EXAMPLES: [(&str, Strength); 19] = [
        ("x: x", Strength::Open),
        ("if a then b else c", Strength::Open),
        ("a -> b", Strength::Implication),
        ("a || b", Strength::Or),
        ("a && b", Strength::And),
        ("a == b", Strength::Equality),
        ("a < b", Strength::Comparison),
        ("a // b", Strength::Update),
        ("!a", Strength::Invert),
        ("a - b", Strength::Sum),
        ("a * b", Strength::Product),
        ("a ++ b", Strength::Concat),
        ("a ? b", Strength::HasAttr),
        ("-a", Strength::Negate),
        ("a b", Strength::Apply),
        ("a.b", Strength::Select),
        ("a.b or c", Strength::Default),
        ("a", Strength::Atom),
        ("{ }", Strength::Atom),
    ];

    #[test]
    fn strengths_of_expressions() {
        for (text, strength) in EXAMPLES {
            assert_eq!(Strength::of_text(text), Some(strength), "{text}");
        }
        assert_eq!(Strength::of_text("a ="), None);
    }

    /// The shape of a tree without parentheses and space.
    fn shape(node: &SyntaxNode) -> String {
        match ast::Paren::cast(node.clone()).and_then(|paren| paren.expr()) {
            Some(inner) => shape(inner.syntax()),
            None => {
                let children: Vec<String> = node.children().map(|child| shape(&child)).collect();
                let first = node.first_token().filter(|_| children.is_empty());
                format!(
                    "{:?}{}[{}]",
                    node.kind(),
                    first.map_or(String::new(), |token| token.to_string()),
                    children.join(" ")
                )
            }
        }
    }

    #[test]
    fn parentheses_are_needed_exactly_where_the_tree_changes() {
        let places = [
            "(H)",
            "[ H ]",
            "f H",
            "H x",
            "H.a",
            "H.a or b",
            "p.a or H",
            "H ? a",
            "-H",
            "!H",
            "H ++ q",
            "q ++ H",
            "H * q",
            "q * H",
            "q / H",
            "H + q",
            "q - H",
            "H // q",
            "q // H",
            "H < q",
            "q < H",
            "H == q",
            "q == H",
            "H && q",
            "q && H",
            "H || q",
            "q || H",
            "H -> q",
            "q -> H",
            "{ k = H; }",
            "let k = H; in H",
            "x: H",
            "if H then H else H",
            "with H; H",
            "{ k ? H }: k",
            "\"${H}\"",
            "H |> q",
            "q |> H",
            "H <| q",
            "q <| H",
        ];
        for place in places {
            for (replacement, strength) in EXAMPLES {
                let tree = parse(place).syntax();
                let holes: Vec<SyntaxNode> = tree
                    .descendants()
                    .filter(|node| ast::Expr::can_cast(node.kind()) && node.text() == "H")
                    .collect();
                let needed = holes.iter().any(|hole| needs_parens(strength, hole));
                let bare = parse(&place.replace('H', replacement));
                let wrapped = parse(&place.replace('H', &format!("({replacement})")));
                assert!(wrapped.is_ok(), "{place} {replacement}");
                // The tree of a selection from a selection is another one, the meaning is the same.
                let joins = place == "H.a" && strength == Strength::Select;
                // `a + !b` is read and keeps its parentheses: other tools refuse it without.
                let is_common = rnix::Root::parse(&place.replace('H', replacement)).errors().is_empty();
                let same =
                    joins || is_common && bare.is_ok() && shape(&bare.syntax()) == shape(&wrapped.syntax());
                if same {
                    assert!(!needed, "{replacement} needs no parentheses in {place}");
                } else {
                    assert!(needed, "{replacement} needs parentheses in {place}");
                }
            }
        }
    }

    #[test]
    fn an_or_behind_parentheses_keeps_them() {
        let tree = parse("(a.b) or x").syntax();
        let paren = tree.descendants().find(|node| node.kind() == SyntaxKind::NODE_PAREN);
        assert!(needs_parens(Strength::Select, &paren.expect("there are parentheses")));
    }

    #[test]
    fn tokens_that_touch_may_glue() {
        for (before, after) in
            [("toString", "x"), ("x", "-1"), ("x:", "x"), ("a", "''b''"), ("1", ".5"), ("-", "./a")]
        {
            let (last, first) = (before.chars().next_back(), after.chars().next());
            let (last, first) = (last.expect("not empty"), first.expect("not empty"));
            assert!(glues(last, first), "{before}{after}");
        }
        for (before, after) in
            [('(', 'a'), ('a', '('), ('!', 'a'), ('=', 'a'), ('a', ';'), ('a', '"'), (' ', 'a')]
        {
            assert!(!glues(before, after), "{before}{after}");
        }
    }
}
