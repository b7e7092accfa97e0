//! The desugared program of one file: a compact arena, `Send + Sync`, with a span beside every node.

use std::sync::Arc;

use crate::text::{TextMap, TextRange};

/// Index of an expression in its file's [`Ir`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// A name, numbered per file; see [`Ir::name`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// An expression. Attribute paths on the left of `=` are nested sets by now, sets that Nix merges are
/// one, `inherit` is a binding like others, parentheses are gone.
#[derive(Debug)]
pub enum Expr {
    /// Something the parser could not read.
    Error,
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string, decoded.
    Str(Box<[Part]>),
    /// A path literal.
    Path(PathKind, Box<[Part]>),
    /// `<name/rest>`, without the brackets.
    SearchPath(Box<str>),
    /// A list.
    List(Box<[ExprId]>),
    /// A set, recursive or not.
    Attrs(Box<AttrSet>),
    /// `let set in body`; the set is recursive.
    Let(Box<(AttrSet, ExprId)>),
    /// A function.
    Lambda(Box<Lambda>),
    /// Function, argument.
    Apply(ExprId, ExprId),
    /// `base.path or default`.
    Select(Box<(ExprId, Box<[Key]>, Option<ExprId>)>),
    /// `base ? path`.
    HasAttr(Box<(ExprId, Box<[Key]>)>),
    /// Condition, then, else.
    If(Box<[ExprId; 3]>),
    /// Condition, body.
    Assert(ExprId, ExprId),
    /// Set, body.
    With(ExprId, ExprId),
    /// `!e`.
    Not(ExprId),
    /// `-e`.
    Negate(ExprId),
    /// An operator with two operands. Pipes are applications.
    Binary(BinaryOp, ExprId, ExprId),
    /// A name bound in the file: so many scopes up, at this place of it. `with` counts as a scope.
    Local {
        /// How many scopes to go up, 0 for the innermost.
        up: u32,
        /// Index among the scope's bindings.
        slot: u32,
    },
    /// A name of Nix's outermost scope.
    Global(Symbol),
    /// A name that only a `with` around it can have.
    WithName(Symbol),
    /// A name nobody binds.
    Undefined(Symbol),
    /// `__curPos`.
    CurPos,
}

/// A part of a string or path.
#[derive(Debug, Clone)]
pub enum Part {
    /// Known text.
    Text {
        /// Decoded.
        text: Arc<str>,
        /// Where it stands in the file, see [`crate::syntax::StringPart::Text`].
        map: TextMap,
    },
    /// `${e}`.
    Interpolation {
        /// The expression.
        expr: ExprId,
        /// Bytes of the interpolation with its braces.
        range: TextRange,
    },
}

/// How a path literal begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// `./x`, `../x`, `a/b`: relative to the folder of the file.
    Relative,
    /// `/x`.
    Absolute,
    /// `~/x`.
    Home,
}

/// The bindings of a set or of a `let`.
#[derive(Debug)]
pub struct AttrSet {
    /// Whether the values see the names: `rec` and `let`.
    pub recursive: bool,
    /// Bindings with a name known from the text, in the order of their first definition.
    pub attrs: Box<[Attr]>,
    /// Bindings with a computed name.
    pub dynamic: Box<[DynamicAttr]>,
}

/// A binding.
#[derive(Debug)]
pub struct Attr {
    /// The name.
    pub name: Symbol,
    /// Bytes of the name where it is bound first.
    pub key: TextRange,
    /// The value.
    pub value: ExprId,
    /// Whether the value is to be found in the scope *around* a recursive set: `inherit name;`.
    pub inherited: bool,
    /// Bytes of the whole binding (`a.b = 1;`) where it has one of its own: not for a set that several
    /// bindings make up.
    pub binding: TextRange,
}

/// A binding with a computed name.
#[derive(Debug)]
pub struct DynamicAttr {
    /// The name; evaluated in the scope of the set's values.
    pub name: ExprId,
    /// Bytes of the key.
    pub key: TextRange,
    /// The value.
    pub value: ExprId,
    /// Bytes of the whole binding.
    pub binding: TextRange,
}

/// An element of an attribute path in a selection.
#[derive(Debug)]
pub enum Key {
    /// A known name.
    Static(Symbol, TextRange),
    /// A computed one.
    Dynamic(ExprId),
}

/// A function.
#[derive(Debug)]
pub struct Lambda {
    /// `Some` with the formals for `{ a, b }:`; their scope has the formals in this order, then the `@` name.
    pub formals: Option<Box<[Formal]>>,
    /// Whether the pattern ends in `...`.
    pub ellipsis: bool,
    /// The `@` name or the plain argument, which is then the only binding.
    pub name: Option<Symbol>,
    /// The body, in the function's scope.
    pub body: ExprId,
}

/// An entry of a function's pattern.
#[derive(Debug)]
pub struct Formal {
    /// The name.
    pub name: Symbol,
    /// Bytes of the name.
    pub range: TextRange,
    /// The default, in the function's scope.
    pub default: Option<ExprId>,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `->`
    Implication,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    More,
    /// `>=`
    MoreOrEqual,
    /// `//`
    Update,
    /// `++`
    Concat,
}

/// The program of one file.
#[derive(Debug)]
pub struct Ir {
    pub(super) exprs: Vec<Expr>,
    pub(super) spans: Vec<TextRange>,
    pub(super) symbols: Vec<Box<str>>,
    pub(super) root: ExprId,
}

impl Ir {
    /// The expression `id`.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// Bytes of the expression, without parentheses around it.
    pub fn span(&self, id: ExprId) -> TextRange {
        self.spans[id.0 as usize]
    }

    /// The expression of the whole file.
    pub fn root(&self) -> ExprId {
        self.root
    }

    /// The text of a name.
    pub fn name(&self, symbol: Symbol) -> &str {
        &self.symbols[symbol.0 as usize]
    }

    /// Every name of the file, by [`Symbol`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.symbols.iter().map(|name| &**name)
    }

    /// Every expression, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (ExprId, &Expr)> {
        self.exprs.iter().enumerate().map(|(index, expr)| (ExprId(index as u32), expr))
    }
}
