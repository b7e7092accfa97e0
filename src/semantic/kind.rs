//! What kind of value an expression gives, as far as the file alone tells.
//!
//! Says nothing where it is not certain. Whether the expression can be evaluated at all is another question.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::scope::{BindingId, BindingKind, Resolution, ScopeKind, Semantics};
use crate::syntax::{AstNode, NodeView, SyntaxKind, SyntaxNode, ast, call_parts, peel_parens, static_name};
use crate::text::{TextRange, TextSize};

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// A whole number.
    Int,
    /// A number with a fraction.
    Float,
    /// Text.
    String,
    /// A path.
    Path,
    /// A list.
    List,
    /// An attribute set.
    Set,
    /// A function.
    Function,
}

impl Kind {
    /// The words for a value of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Int => "an integer",
            Self::Float => "a float",
            Self::String => "a string",
            Self::Path => "a path",
            Self::List => "a list",
            Self::Set => "a set",
            Self::Function => "a function",
        }
    }

    /// Whether it is a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }
}

/// Builtins whose results are of one kind, with the number of their arguments.
const RESULTS: &[(&str, usize, Kind)] = &[
    ("all", 2, Kind::Bool),
    ("any", 2, Kind::Bool),
    ("elem", 2, Kind::Bool),
    ("hasAttr", 2, Kind::Bool),
    ("hasContext", 1, Kind::Bool),
    ("isAttrs", 1, Kind::Bool),
    ("isBool", 1, Kind::Bool),
    ("isFloat", 1, Kind::Bool),
    ("isFunction", 1, Kind::Bool),
    ("isInt", 1, Kind::Bool),
    ("isList", 1, Kind::Bool),
    ("isNull", 1, Kind::Bool),
    ("isPath", 1, Kind::Bool),
    ("isString", 1, Kind::Bool),
    ("lessThan", 2, Kind::Bool),
    ("pathExists", 1, Kind::Bool),
    ("baseNameOf", 1, Kind::String),
    ("concatStringsSep", 2, Kind::String),
    ("getEnv", 1, Kind::String),
    ("hashFile", 2, Kind::String),
    ("hashString", 2, Kind::String),
    ("placeholder", 1, Kind::String),
    ("readFile", 1, Kind::String),
    ("replaceStrings", 3, Kind::String),
    ("substring", 3, Kind::String),
    ("toJSON", 1, Kind::String),
    ("toString", 1, Kind::String),
    ("toXML", 1, Kind::String),
    ("typeOf", 1, Kind::String),
    ("unsafeDiscardStringContext", 1, Kind::String),
    ("compareVersions", 2, Kind::Int),
    ("length", 1, Kind::Int),
    ("stringLength", 1, Kind::Int),
    ("attrNames", 1, Kind::List),
    ("attrValues", 1, Kind::List),
    ("catAttrs", 2, Kind::List),
    ("concatLists", 1, Kind::List),
    ("concatMap", 2, Kind::List),
    ("filter", 2, Kind::List),
    ("genList", 2, Kind::List),
    ("map", 2, Kind::List),
    ("sort", 2, Kind::List),
    ("split", 2, Kind::List),
    ("tail", 1, Kind::List),
    ("functionArgs", 1, Kind::Set),
    ("intersectAttrs", 2, Kind::Set),
    ("listToAttrs", 1, Kind::Set),
    ("mapAttrs", 2, Kind::Set),
    ("readDir", 1, Kind::Set),
    ("removeAttrs", 2, Kind::Set),
];

/// What a look at the text alone tells of the kind of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoughKind {
    /// [`Semantics::kind`] gives this kind, or nothing.
    Known(Kind),
    /// It may give any.
    Unsure,
    /// It knows nothing.
    Unknown,
}

impl RoughKind {
    /// Looks at an expression.
    pub fn of(view: NodeView<'_>) -> Self {
        use SyntaxKind::*;
        match view.kind() {
            NODE_STRING => Self::Known(Kind::String),
            NODE_PATH_ABS | NODE_PATH_REL | NODE_PATH_HOME => Self::Known(Kind::Path),
            NODE_LIST => Self::Known(Kind::List),
            NODE_ATTR_SET => Self::Known(Kind::Set),
            NODE_LAMBDA => Self::Known(Kind::Function),
            NODE_HAS_ATTR => Self::Known(Kind::Bool),
            NODE_PAREN => view.operand().map_or(Self::Unknown, Self::of),
            NODE_UNARY_OP if view.has_token(TOKEN_INVERT) => Self::Known(Kind::Bool),
            NODE_BIN_OP => {
                view.tokens().find_map(|token| Self::of_operation(token.kind)).unwrap_or(Self::Unsure)
            }
            NODE_IDENT => match view.last_name() {
                Some("true" | "false") => Self::Known(Kind::Bool),
                Some("null") => Self::Known(Kind::Null),
                _ => Self::Unknown,
            },
            NODE_LITERAL => view.tokens().next().map_or(Self::Unsure, |token| Self::of_literal(token.kind)),
            NODE_APPLY => view.last_name().map_or(Self::Unknown, |name| Self::of_call(view, name)),
            NODE_SELECT => Self::Unknown,
            _ => Self::Unsure,
        }
    }

    /// Looks at a call of a function that ends in this name.
    pub fn of_call(call: NodeView<'_>, name: &str) -> Self {
        match RESULTS_BY_NAME.get(name.strip_prefix("__").unwrap_or(name)) {
            Some((arguments, kind)) if *arguments == count_arguments(call) => Self::Known(*kind),
            _ => Self::Unknown,
        }
    }

    fn of_literal(token: SyntaxKind) -> Self {
        use SyntaxKind::*;
        match token {
            TOKEN_INTEGER => Self::Known(Kind::Int),
            TOKEN_FLOAT => Self::Known(Kind::Float),
            TOKEN_URI => Self::Known(Kind::String),
            _ => Self::Unsure,
        }
    }

    fn of_operation(token: SyntaxKind) -> Option<Self> {
        use SyntaxKind::*;
        match token {
            TOKEN_AND_AND | TOKEN_OR_OR | TOKEN_IMPLICATION | TOKEN_EQUAL | TOKEN_NOT_EQUAL | TOKEN_LESS
            | TOKEN_LESS_OR_EQ | TOKEN_MORE | TOKEN_MORE_OR_EQ => Some(Self::Known(Kind::Bool)),
            TOKEN_UPDATE => Some(Self::Known(Kind::Set)),
            TOKEN_CONCAT => Some(Self::Known(Kind::List)),
            TOKEN_PIPE_RIGHT | TOKEN_PIPE_LEFT => Some(Self::Unknown),
            _ => None,
        }
    }

    /// Whether it may be of a kind for which `is` is true.
    pub fn may(self, is: impl Fn(Kind) -> bool) -> bool {
        match self {
            Self::Known(kind) => is(kind),
            Self::Unsure => true,
            Self::Unknown => false,
        }
    }
}

/// How many arguments a call has, parentheses around the function and its first arguments aside.
fn count_arguments(call: NodeView<'_>) -> usize {
    let calls = std::iter::successors(Some(call), |call| call.operand().map(NodeView::peel_parens));
    calls.take_while(|call| call.kind() == SyntaxKind::NODE_APPLY).count()
}

/// The rows of [`RESULTS`].
static RESULTS_BY_NAME: LazyLock<FxHashMap<&'static str, (usize, Kind)>> = LazyLock::new(|| {
    let rows = RESULTS.iter().map(|(name, arguments, kind)| (*name, (*arguments, *kind)));
    rows.collect()
});

/// How many names are followed.
const MAX_NAMES: usize = 4;

impl Semantics {
    /// The name of the builtin that an expression is: `map`, `builtins.map`, `__map`, unless it is shadowed.
    pub fn builtin(&self, expr: &ast::Expr) -> Option<String> {
        match expr {
            ast::Expr::Ident(ident) => {
                let range = ident.syntax().text_range();
                (self.resolve(range)? == Resolution::Builtin).then(|| {
                    let name = ident.syntax().text().to_string();
                    name.strip_prefix("__").map(str::to_owned).unwrap_or(name)
                })
            }
            ast::Expr::Select(select) if select.default_expr().is_none() => {
                let ast::Expr::Ident(base) = select.expr()? else { return None };
                if base.syntax().text() != "builtins" {
                    return None;
                }
                let mut attrs = select.attrpath()?.attrs();
                let (Some(name), None) = (attrs.next(), attrs.next()) else { return None };
                let is_builtins = self.resolve(base.syntax().text_range())? == Resolution::Builtin;
                is_builtins.then(|| static_name(&name)).flatten()
            }
            _ => None,
        }
    }

    /// The boolean that `true`, `false` stands for, unless it is shadowed.
    pub fn literal_bool(&self, expr: &ast::Expr) -> Option<bool> {
        let ast::Expr::Ident(ident) = expr else { return None };
        let value = match ident.syntax().text() {
            text if text == "true" => true,
            text if text == "false" => false,
            _ => return None,
        };
        (self.resolve(ident.syntax().text_range())? == Resolution::Builtin).then_some(value)
    }

    /// The kind of value that an expression gives; names are not followed.
    pub fn kind(&self, expr: &ast::Expr) -> Option<Kind> {
        self.kind_within(expr, 0)
    }

    /// The kind of value that an expression gives, names of `let` followed.
    pub fn kind_of_value(&self, expr: &ast::Expr) -> Option<Kind> {
        self.kind_within(expr, MAX_NAMES)
    }

    /// The binding of `let … in`, no `inherit`, that the reference at exactly `range` is to.
    pub fn let_name(&self, range: TextRange) -> Option<BindingId> {
        let Resolution::Binding(id) = self.resolve(range)? else { return None };
        let is_plain = self.binding(id).kind == BindingKind::Plain;
        (is_plain && self.scope(id.scope).kind == ScopeKind::Let).then_some(id)
    }

    /// What a name of `let … in` is bound to, where it is bound once and as a whole.
    pub fn let_value(&self, ident: &ast::Ident) -> Option<ast::Expr> {
        let id = self.let_name(ident.syntax().text_range())?;
        let root = ident.syntax().ancestors().last()?;
        let binding = binding_at(&root, self.binding(id).range.start())?;
        let is_whole = binding.attrpath()?.attrs().count() == 1;
        let is_only = binding.syntax().siblings(crate::syntax::Direction::Next).skip(1).all(|sibling| {
            let other = ast::AttrpathValue::cast(sibling).and_then(|other| other.attrpath());
            let other = other.and_then(|path| path.attrs().next()).and_then(|name| static_name(&name));
            other.is_none_or(|other| other != self.ir.name(self.binding(id).name))
        });
        (is_whole && is_only).then(|| binding.value()).flatten()
    }

    /// Whether the file binds the name anywhere.
    fn binds(&self, name: &str) -> bool {
        self.scopes.iter().flat_map(|scope| &scope.bindings).any(|binding| self.ir.name(binding.name) == name)
    }

    /// Whether the name would mean a binding of the file if it stood where the name at `range` stands; `None` where no
    /// name is used there.
    pub fn is_bound_at(&self, name: &str, range: TextRange) -> Option<bool> {
        let reference = self.reference(range)?;
        let mut scopes = self.around(reference.scope).map(|id| self.scope(id));
        Some(scopes.any(|scope| scope.bindings.iter().any(|binding| self.ir.name(binding.name) == name)))
    }

    /// Whether the text of a scope around the place binds the name.
    pub fn is_bound_around(&self, name: &str, at: TextSize) -> bool {
        self.scopes
            .iter()
            .filter(|scope| scope.range.contains(at))
            .any(|scope| scope.bindings.iter().any(|binding| self.ir.name(binding.name) == name))
    }

    fn kind_within(&self, expr: &ast::Expr, names: usize) -> Option<Kind> {
        match expr {
            ast::Expr::Str(_) => Some(Kind::String),
            ast::Expr::Literal(literal) => Some(match literal.kind() {
                ast::LiteralKind::Float(_) => Kind::Float,
                ast::LiteralKind::Integer(_) => Kind::Int,
                ast::LiteralKind::Uri(_) => Kind::String,
            }),
            ast::Expr::PathAbs(_) | ast::Expr::PathRel(_) | ast::Expr::PathHome(_) => Some(Kind::Path),
            ast::Expr::List(_) => Some(Kind::List),
            ast::Expr::AttrSet(_) => Some(Kind::Set),
            ast::Expr::Lambda(_) => Some(Kind::Function),
            ast::Expr::Paren(paren) => self.kind_within(&paren.expr()?, names),
            ast::Expr::LetIn(let_in) => self.kind_within(&let_in.body()?, names),
            ast::Expr::With(with) => self.kind_within(&with.body()?, names),
            ast::Expr::Assert(assert) => self.kind_within(&assert.body()?, names),
            ast::Expr::IfElse(if_else) => {
                let kind = self.kind_within(&if_else.body()?, names)?;
                (self.kind_within(&if_else.else_body()?, names)? == kind).then_some(kind)
            }
            ast::Expr::HasAttr(_) => Some(Kind::Bool),
            ast::Expr::UnaryOp(operation) => match operation.operator()? {
                ast::UnaryOpKind::Invert => Some(Kind::Bool),
                ast::UnaryOpKind::Negate => {
                    self.kind_within(&operation.expr()?, names).filter(|kind| kind.is_number())
                }
            },
            ast::Expr::BinOp(operation) => self.kind_of_operation(operation, names),
            ast::Expr::Ident(ident) => self.kind_of_name(expr, ident, names),
            ast::Expr::Apply(call) => self.kind_of_call(call),
            _ => None,
        }
    }

    fn kind_of_operation(&self, operation: &ast::BinOp, names: usize) -> Option<Kind> {
        use ast::BinOpKind as Op;
        let operands = || {
            let left = self.kind_within(&operation.lhs()?, names);
            Some((left, self.kind_within(&operation.rhs()?, names)))
        };
        let operator = operation.operator()?;
        // Nix looks these functions up by name.
        let function = match operator {
            Op::Less | Op::LessOrEq | Op::More | Op::MoreOrEq => Some("__lessThan"),
            Op::Sub => Some("__sub"),
            Op::Mul => Some("__mul"),
            Op::Div => Some("__div"),
            _ => None,
        };
        if function.is_some_and(|function| self.binds(function)) {
            return None;
        }
        match operator {
            Op::And | Op::Or | Op::Implication => Some(Kind::Bool),
            Op::Equal | Op::NotEqual | Op::Less | Op::LessOrEq | Op::More | Op::MoreOrEq => Some(Kind::Bool),
            Op::Update => Some(Kind::Set),
            Op::Concat => Some(Kind::List),
            Op::Add => match operands()? {
                (Some(Kind::String), _) => Some(Kind::String),
                (Some(Kind::Path), _) => Some(Kind::Path),
                (Some(Kind::Int), Some(Kind::Int)) => Some(Kind::Int),
                (Some(Kind::Int | Kind::Float), Some(Kind::Int | Kind::Float)) => Some(Kind::Float),
                _ => None,
            },
            Op::Sub | Op::Mul | Op::Div => match operands()? {
                (Some(Kind::Int), Some(Kind::Int)) => Some(Kind::Int),
                (Some(Kind::Int | Kind::Float), Some(Kind::Int | Kind::Float)) => Some(Kind::Float),
                _ => None,
            },
            Op::PipeRight | Op::PipeLeft => None,
        }
    }

    fn kind_of_name(&self, expr: &ast::Expr, ident: &ast::Ident, names: usize) -> Option<Kind> {
        if self.literal_bool(expr).is_some() {
            return Some(Kind::Bool);
        }
        if ident.syntax().text() == "null" && self.builtin(expr).is_some() {
            return Some(Kind::Null);
        }
        let value = (names > 0).then(|| self.let_value(ident)).flatten()?;
        self.kind_within(&value, names - 1)
    }

    fn kind_of_call(&self, call: &ast::Apply) -> Option<Kind> {
        let (function, arguments) = call_parts(call)?;
        let name = self.builtin(&peel_parens(function))?;
        let row = RESULTS.iter().find(|(builtin, count, _)| *builtin == name && *count == arguments.len());
        row.map(|(_, _, kind)| *kind)
    }
}

/// The binding whose key begins at a place.
fn binding_at(root: &SyntaxNode, at: TextSize) -> Option<ast::AttrpathValue> {
    let token = root.token_at_offset(at).right_biased()?;
    token.parent_ancestors().find_map(ast::AttrpathValue::cast)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::lower;
    use crate::syntax::parse;

    fn kind(text: &str) -> Option<Kind> {
        let root = parse(text).root();
        lower(&root).kind_of_value(&root.expr().expect("an expression"))
    }

    #[test]
    fn kinds_are_seen() {
        assert_eq!(kind("\"a\""), Some(Kind::String));
        assert_eq!(kind("if a then [ ] else b ++ c"), Some(Kind::List));
        assert_eq!(kind("let a = b; b = { }; in a"), Some(Kind::Set));
        assert_eq!(kind("builtins.elem 1 x"), Some(Kind::Bool));
        assert_eq!(kind("map f"), None);
        assert_eq!(kind("x: x"), Some(Kind::Function));
        assert_eq!(kind("1 + 2.0"), Some(Kind::Float));
        assert_eq!(kind("null"), Some(Kind::Null));
    }

    #[test]
    fn what_is_not_certain_has_no_kind() {
        assert_eq!(kind("{ map }: map f x").filter(|kind| *kind == Kind::List), None);
        for unknown in [
            "let map = f; f = f; in map f x",
            "let true = 1; in true == true && a.b",
            "a.b",
            "let a = a; in a",
        ] {
            assert!(matches!(kind(unknown), None | Some(Kind::Bool)), "{unknown}");
        }
        assert_eq!(kind("let true = x; x = x; in true"), None);
        assert_eq!(kind("if a then 1 else \"\""), None);
    }
}
