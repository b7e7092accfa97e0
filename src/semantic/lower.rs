//! From the syntax tree to the [`Ir`] and the scopes, in one walk.
//!
//! Sets are built in two steps, because in a recursive set a value may use a name bound below it: first
//! all keys are read and merged by Nix's rule (`ParserState::addAttr` in src/libexpr/parser-state.hh of
//! NixOS/nix), then the values are lowered in the scope that results.

use rustc_hash::FxHashMap;

use super::builtins;
use super::ir::{
    Attr, AttrSet, BinaryOp, DynamicAttr, Expr, ExprId, Formal, Ir, Key, Lambda, Part, PathKind, Symbol,
};
use super::scope::{
    Binding, BindingId, BindingKind, Duplicate, Reference, Resolution, Scope, ScopeId, ScopeKind, Semantics,
};
use crate::syntax::ast;
use crate::syntax::{
    AstNode as _, StringPart, SyntaxKind, SyntaxNode, decode_path, decode_string, peel_parens, plain_text,
};
use crate::text::TextRange;

/// Lowers a whole file. Total: what the parser could not read becomes [`Expr::Error`].
///
/// Recursive over the nesting of the tree, so the caller has checked the nesting and provides the stack.
pub fn lower(root: &ast::Root) -> Semantics {
    let mut cx = Lowering::default();
    // An expression takes some twenty bytes of text: growing step by step would copy them again and again.
    let expected = usize::from(root.syntax().text_range().len()) / 20;
    cx.exprs.reserve(expected);
    cx.spans.reserve(expected);
    let expr = root.expr();
    let id = cx.optional(expr, root.syntax().text_range(), None);
    let ir = Ir { exprs: cx.exprs, spans: cx.spans, symbols: cx.symbols, root: id };
    Semantics::new(ir, cx.scopes, cx.references, cx.duplicates)
}

/// Up to so many names are searched one by one, which is faster than a table.
const FEW: usize = 8;

#[derive(Default)]
struct Lowering {
    exprs: Vec<Expr>,
    spans: Vec<TextRange>,
    symbols: Vec<Box<str>>,
    symbol_ids: FxHashMap<Box<str>, Symbol>,
    scopes: Vec<Scope>,
    /// Names of each scope that has more than [`FEW`].
    names: FxHashMap<ScopeId, FxHashMap<Symbol, u32>>,
    references: Vec<Reference>,
    duplicates: Vec<Duplicate>,
    /// Sources of `inherit (source) …`, lowered once for all their names.
    sources: FxHashMap<TextRange, ExprId>,
}

/// A set whose keys are read and whose values are not.
struct SetDraft {
    recursive: bool,
    attrs: Vec<AttrDraft>,
    index: FxHashMap<Symbol, usize>,
    dynamic: Vec<DynamicDraft>,
    range: TextRange,
}

struct AttrDraft {
    name: Symbol,
    key: TextRange,
    binding: TextRange,
    kind: BindingKind,
    value: ValueDraft,
}

struct DynamicDraft {
    name: ast::Expr,
    key: TextRange,
    binding: TextRange,
    value: ValueDraft,
}

enum ValueDraft {
    Expr(Option<ast::Expr>),
    Set(SetDraft),
    /// `inherit name;`
    Inherit,
    /// `inherit (source) name;`
    From(ast::Expr),
}

/// A key of an attribute path on the left of `=`.
enum KeyDraft {
    Static(Symbol, TextRange),
    Dynamic(ast::Expr, TextRange),
}

impl SetDraft {
    fn new(recursive: bool, range: TextRange) -> Self {
        Self { recursive, attrs: Vec::new(), index: FxHashMap::default(), dynamic: Vec::new(), range }
    }

    /// The place of a name among the attributes.
    fn find(&self, name: Symbol) -> Option<usize> {
        if self.attrs.len() > FEW {
            return self.index.get(&name).copied();
        }
        self.attrs.iter().position(|attr| attr.name == name)
    }

    fn push(&mut self, attr: AttrDraft) {
        self.attrs.push(attr);
        let len = self.attrs.len();
        if len == FEW + 1 {
            self.index = self.attrs.iter().enumerate().map(|(at, attr)| (attr.name, at)).collect();
        } else if len > FEW {
            self.index.insert(self.attrs[len - 1].name, len - 1);
        }
    }
}

impl Lowering {
    fn push(&mut self, expr: Expr, range: TextRange) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(expr);
        self.spans.push(range);
        id
    }

    fn symbol(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.symbol_ids.get(name) {
            return *symbol;
        }
        let symbol = Symbol(self.symbols.len() as u32);
        self.symbols.push(name.into());
        self.symbol_ids.insert(name.into(), symbol);
        symbol
    }

    fn scope(
        &mut self,
        kind: ScopeKind,
        parent: Option<ScopeId>,
        range: TextRange,
        bindings: Vec<Binding>,
    ) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        if bindings.len() > FEW {
            let names = bindings.iter().enumerate().map(|(slot, binding)| (binding.name, slot as u32));
            self.names.insert(id, names.collect());
        }
        self.scopes.push(Scope { kind, parent, range, bindings });
        id
    }

    /// The place of a name in a scope.
    fn slot(&self, scope: ScopeId, name: Symbol) -> Option<u32> {
        let bindings = &self.scopes[scope.0 as usize].bindings;
        if bindings.len() > FEW {
            return self.names.get(&scope)?.get(&name).copied();
        }
        bindings.iter().position(|binding| binding.name == name).map(|slot| slot as u32)
    }

    fn ident(&mut self, ident: &ast::Ident) -> Symbol {
        match ident.syntax().first_token() {
            Some(token) => self.symbol(token.text()),
            None => self.symbol(""),
        }
    }

    fn optional(&mut self, expr: Option<ast::Expr>, around: TextRange, scope: Option<ScopeId>) -> ExprId {
        match expr {
            Some(expr) => self.expr(&expr, scope),
            None => self.push(Expr::Error, around),
        }
    }

    fn expr(&mut self, expr: &ast::Expr, scope: Option<ScopeId>) -> ExprId {
        let range = expr.syntax().text_range();
        match expr {
            ast::Expr::Paren(node) => self.optional(node.expr(), range, scope),
            ast::Expr::Root(node) => self.optional(node.expr(), range, scope),
            ast::Expr::Error(_) => self.push(Expr::Error, range),
            ast::Expr::Literal(node) => self.literal(node),
            ast::Expr::Str(node) => {
                let parts = match verbatim(node.syntax()) {
                    Some(part) => Box::new([part]) as Box<[Part]>,
                    None => self.parts(decode_string(node), scope),
                };
                self.push(Expr::Str(parts), range)
            }
            ast::Expr::PathAbs(node) => self.path(PathKind::Absolute, node.syntax(), scope),
            ast::Expr::PathRel(node) => self.path(PathKind::Relative, node.syntax(), scope),
            ast::Expr::PathHome(node) => self.path(PathKind::Home, node.syntax(), scope),
            ast::Expr::PathSearch(node) => {
                let text = node.syntax().text().to_string();
                let inner = text.trim_start_matches('<').trim_end_matches('>');
                self.push(Expr::SearchPath(inner.into()), range)
            }
            ast::Expr::List(node) => {
                let items: Box<[ExprId]> = node.items().map(|item| self.expr(&item, scope)).collect();
                self.push(Expr::List(items), range)
            }
            ast::Expr::AttrSet(node) => {
                let draft = self.draft(node, node.rec_token().is_some());
                self.set(draft, ScopeKind::RecursiveSet, scope)
            }
            ast::Expr::LetIn(node) => {
                let draft = self.draft(node, true);
                let (set, inner) = self.attr_set(draft, ScopeKind::Let, scope);
                let body = self.optional(node.body(), range, inner);
                self.push(Expr::Let(Box::new((set, body))), range)
            }
            ast::Expr::LegacyLet(node) => {
                let draft = self.draft(node, true);
                let set = self.set(draft, ScopeKind::LegacyLet, scope);
                let body = self.symbol("body");
                self.push(Expr::Select(Box::new((set, Box::new([Key::Static(body, range)]), None))), range)
            }
            ast::Expr::Lambda(node) => self.lambda(node, scope),
            ast::Expr::Apply(node) => {
                let function = self.optional(node.lambda(), range, scope);
                let argument = self.optional(node.argument(), range, scope);
                self.push(Expr::Apply(function, argument), range)
            }
            ast::Expr::Select(node) => {
                let base = self.optional(node.expr(), range, scope);
                let path = self.keys(node.attrpath(), scope);
                let default = node.default_expr().map(|default| self.expr(&default, scope));
                self.push(Expr::Select(Box::new((base, path, default))), range)
            }
            ast::Expr::HasAttr(node) => {
                let base = self.optional(node.expr(), range, scope);
                let path = self.keys(node.attrpath(), scope);
                self.push(Expr::HasAttr(Box::new((base, path))), range)
            }
            ast::Expr::IfElse(node) => {
                let condition = self.optional(node.condition(), range, scope);
                let then = self.optional(node.body(), range, scope);
                let otherwise = self.optional(node.else_body(), range, scope);
                self.push(Expr::If(Box::new([condition, then, otherwise])), range)
            }
            ast::Expr::Assert(node) => {
                let condition = self.optional(node.condition(), range, scope);
                let body = self.optional(node.body(), range, scope);
                self.push(Expr::Assert(condition, body), range)
            }
            ast::Expr::With(node) => {
                let set = self.optional(node.namespace(), range, scope);
                let inner = self.scope(ScopeKind::With, scope, range, Vec::new());
                let body = self.optional(node.body(), range, Some(inner));
                self.push(Expr::With(set, body), range)
            }
            ast::Expr::UnaryOp(node) => {
                let operand = self.optional(node.expr(), range, scope);
                let expr = match node.operator() {
                    Some(ast::UnaryOpKind::Invert) => Expr::Not(operand),
                    Some(ast::UnaryOpKind::Negate) => Expr::Negate(operand),
                    None => Expr::Error,
                };
                self.push(expr, range)
            }
            ast::Expr::BinOp(node) => self.binary(node, scope),
            ast::Expr::Ident(node) => {
                let symbol = self.ident(node);
                self.variable(symbol, range, scope)
            }
            ast::Expr::CurPos(_) => self.push(Expr::CurPos, range),
        }
    }

    fn literal(&mut self, node: &ast::Literal) -> ExprId {
        let range = node.syntax().text_range();
        let expr = match node.syntax().first_token() {
            Some(token) => match token.kind() {
                SyntaxKind::TOKEN_INTEGER => token.text().parse().map_or(Expr::Error, Expr::Int),
                SyntaxKind::TOKEN_FLOAT => token.text().parse().map_or(Expr::Error, Expr::Float),
                SyntaxKind::TOKEN_URI => {
                    let map = [(0.into(), token.text_range())];
                    Expr::Str(Box::new([Part::Text { text: token.text().into(), map: map.into() }]))
                }
                _ => Expr::Error,
            },
            None => Expr::Error,
        };
        self.push(expr, range)
    }

    fn parts(&mut self, parts: Vec<StringPart>, scope: Option<ScopeId>) -> Box<[Part]> {
        parts
            .into_iter()
            .map(|part| match part {
                StringPart::Text { text, map } => Part::Text { text: text.into(), map: map.into() },
                StringPart::Interpolation(node) => {
                    let range = node.syntax().text_range();
                    Part::Interpolation { expr: self.optional(node.expr(), range, scope), range }
                }
            })
            .collect()
    }

    fn path(&mut self, kind: PathKind, node: &SyntaxNode, scope: Option<ScopeId>) -> ExprId {
        let parts = self.parts(decode_path(node), scope);
        self.push(Expr::Path(kind, parts), node.text_range())
    }

    fn binary(&mut self, node: &ast::BinOp, scope: Option<ScopeId>) -> ExprId {
        use ast::BinOpKind as Kind;
        let range = node.syntax().text_range();
        let left = self.optional(node.lhs(), range, scope);
        let right = self.optional(node.rhs(), range, scope);
        let op = match node.operator() {
            Some(Kind::PipeRight) => return self.push(Expr::Apply(right, left), range),
            Some(Kind::PipeLeft) => return self.push(Expr::Apply(left, right), range),
            Some(Kind::Concat) => BinaryOp::Concat,
            Some(Kind::Update) => BinaryOp::Update,
            Some(Kind::Add) => BinaryOp::Add,
            Some(Kind::Sub) => BinaryOp::Sub,
            Some(Kind::Mul) => BinaryOp::Mul,
            Some(Kind::Div) => BinaryOp::Div,
            Some(Kind::And) => BinaryOp::And,
            Some(Kind::Or) => BinaryOp::Or,
            Some(Kind::Implication) => BinaryOp::Implication,
            Some(Kind::Equal) => BinaryOp::Equal,
            Some(Kind::NotEqual) => BinaryOp::NotEqual,
            Some(Kind::Less) => BinaryOp::Less,
            Some(Kind::LessOrEq) => BinaryOp::LessOrEqual,
            Some(Kind::More) => BinaryOp::More,
            Some(Kind::MoreOrEq) => BinaryOp::MoreOrEqual,
            None => return self.push(Expr::Error, range),
        };
        self.push(Expr::Binary(op, left, right), range)
    }

    fn variable(&mut self, symbol: Symbol, range: TextRange, scope: Option<ScopeId>) -> ExprId {
        let mut up = 0;
        let mut with = None;
        let mut at = scope;
        while let Some(id) = at {
            if let Some(slot) = self.slot(id, symbol) {
                let binding = BindingId { scope: id, slot };
                self.references.push(Reference {
                    range,
                    name: symbol,
                    scope,
                    resolution: Resolution::Binding(binding),
                });
                return self.push(Expr::Local { up, slot }, range);
            }
            let scope = &self.scopes[id.0 as usize];
            if scope.kind == ScopeKind::With {
                with = with.or(Some(id));
            }
            up += 1;
            at = scope.parent;
        }
        let (resolution, expr) = if builtins::is_global(&self.symbols[symbol.0 as usize]) {
            (Resolution::Builtin, Expr::Global(symbol))
        } else if let Some(with) = with {
            (Resolution::With(with), Expr::WithName(symbol))
        } else {
            (Resolution::Undefined, Expr::Undefined(symbol))
        };
        self.references.push(Reference { range, name: symbol, scope, resolution });
        self.push(expr, range)
    }

    fn lambda(&mut self, node: &ast::Lambda, scope: Option<ScopeId>) -> ExprId {
        let range = node.syntax().text_range();
        let mut bindings = Vec::new();
        let mut pattern = None;
        let mut name = None;
        match node.param() {
            Some(ast::Param::IdentParam(param)) => {
                if let Some(ident) = param.ident() {
                    let symbol = self.ident(&ident);
                    name = Some(symbol);
                    let range = ident.syntax().text_range();
                    bindings.push(Binding { name: symbol, range, kind: BindingKind::Argument });
                }
            }
            Some(ast::Param::Pattern(node)) => {
                for entry in node.pat_entries() {
                    let Some(ident) = entry.ident() else { continue };
                    let symbol = self.ident(&ident);
                    let range = ident.syntax().text_range();
                    bindings.push(Binding { name: symbol, range, kind: BindingKind::Formal });
                }
                if let Some(ident) = node.pat_bind().and_then(|bind| bind.ident()) {
                    let symbol = self.ident(&ident);
                    name = Some(symbol);
                    let range = ident.syntax().text_range();
                    bindings.push(Binding { name: symbol, range, kind: BindingKind::AtName });
                }
                pattern = Some(node);
            }
            None => {}
        }
        let inner = self.scope(ScopeKind::Lambda, scope, range, bindings);
        let ellipsis = pattern.as_ref().is_some_and(|pattern| pattern.ellipsis_token().is_some());
        let formals = pattern.map(|pattern| {
            let entries =
                pattern.pat_entries().filter_map(|entry| entry.ident().map(|ident| (ident, entry.default())));
            entries
                .map(|(ident, default)| Formal {
                    name: self.ident(&ident),
                    range: ident.syntax().text_range(),
                    default: default.map(|default| self.expr(&default, Some(inner))),
                })
                .collect()
        });
        let body = self.optional(node.body(), range, Some(inner));
        self.push(Expr::Lambda(Box::new(Lambda { formals, ellipsis, name, body })), range)
    }

    fn keys(&mut self, path: Option<ast::Attrpath>, scope: Option<ScopeId>) -> Box<[Key]> {
        let Some(path) = path else { return Box::new([]) };
        path.attrs()
            .map(|attr| match self.key(&attr) {
                KeyDraft::Static(symbol, range) => Key::Static(symbol, range),
                KeyDraft::Dynamic(expr, _) => Key::Dynamic(self.expr(&expr, scope)),
            })
            .collect()
    }

    /// An identifier, a string without interpolation and `${"such a string"}` are static for Nix.
    fn key(&mut self, attr: &ast::Attr) -> KeyDraft {
        let range = attr.syntax().text_range();
        match attr {
            ast::Attr::Ident(ident) => KeyDraft::Static(self.ident(ident), range),
            ast::Attr::Str(string) => match plain_text(string) {
                Some(text) => KeyDraft::Static(self.symbol(&text), range),
                None => KeyDraft::Dynamic(ast::Expr::Str(string.clone()), range),
            },
            ast::Attr::Dynamic(node) => match node.expr().map(peel_parens) {
                Some(ast::Expr::Str(string)) => match plain_text(&string) {
                    Some(text) => KeyDraft::Static(self.symbol(&text), range),
                    None => KeyDraft::Dynamic(ast::Expr::Str(string), range),
                },
                Some(expr) => KeyDraft::Dynamic(expr, range),
                None => KeyDraft::Static(self.symbol(""), range),
            },
        }
    }

    /// Reads the keys of a set and merges them; values stay as they are.
    fn draft(&mut self, node: &impl ast::HasEntry, recursive: bool) -> SetDraft {
        let mut set = SetDraft::new(recursive, node.syntax().text_range());
        for entry in node.entries() {
            let binding = entry.syntax().text_range();
            match entry {
                ast::Entry::Inherit(inherit) => {
                    let source = inherit.from();
                    for attr in inherit.attrs() {
                        let (name, key) = match self.key(&attr) {
                            KeyDraft::Static(name, key) => (name, key),
                            // Nix refuses `inherit ${name};`, so the set has no value.
                            KeyDraft::Dynamic(name, key) => {
                                set.dynamic.push(DynamicDraft {
                                    name,
                                    key,
                                    value: ValueDraft::Expr(None),
                                    binding,
                                });
                                continue;
                            }
                        };
                        let (kind, value) = match &source {
                            None => (BindingKind::Inherit, ValueDraft::Inherit),
                            Some(source) => match source.expr() {
                                Some(expr) => (BindingKind::InheritFrom, ValueDraft::From(expr)),
                                None => (BindingKind::InheritFrom, ValueDraft::Expr(None)),
                            },
                        };
                        self.insert(&mut set, &mut Vec::new(), AttrDraft { name, key, binding, kind, value });
                    }
                }
                ast::Entry::AttrpathValue(entry) => {
                    let Some(path) = entry.attrpath() else { continue };
                    let keys: Vec<KeyDraft> = path.attrs().map(|attr| self.key(&attr)).collect();
                    self.insert_path(&mut set, &mut Vec::new(), keys, binding, entry.value());
                }
            }
        }
        set
    }

    fn insert_path(
        &mut self,
        set: &mut SetDraft,
        trail: &mut Vec<Symbol>,
        keys: Vec<KeyDraft>,
        binding: TextRange,
        value: Option<ast::Expr>,
    ) {
        let mut set = set;
        let last = keys.len().saturating_sub(1);
        let mut value = Some(value);
        for (index, key) in keys.into_iter().enumerate() {
            match key {
                KeyDraft::Static(name, key) if index == last => {
                    let value = ValueDraft::Expr(value.take().flatten());
                    let draft = AttrDraft { name, key, binding, kind: BindingKind::Plain, value };
                    self.insert(set, trail, draft);
                    return;
                }
                KeyDraft::Static(name, key) => {
                    trail.push(name);
                    let at = match set.find(name) {
                        Some(at) => at,
                        None => {
                            let value = ValueDraft::Set(SetDraft::new(false, binding));
                            set.push(AttrDraft { name, key, binding, kind: BindingKind::Plain, value });
                            set.attrs.len() - 1
                        }
                    };
                    self.open_literal(&mut set.attrs[at].value);
                    let first = set.attrs[at].key;
                    let ValueDraft::Set(inner) = &mut set.attrs[at].value else {
                        self.duplicates.push(Duplicate { path: trail.clone(), first, second: key });
                        return;
                    };
                    set = inner;
                }
                KeyDraft::Dynamic(name, key) => {
                    // Names behind a computed key never meet another definition.
                    if index == last {
                        let value = ValueDraft::Expr(value.take().flatten());
                        set.dynamic.push(DynamicDraft { name, key, binding, value });
                        return;
                    }
                    let value = ValueDraft::Set(SetDraft::new(false, binding));
                    set.dynamic.push(DynamicDraft { name, key, binding, value });
                    let Some(DynamicDraft { value: ValueDraft::Set(inner), .. }) = set.dynamic.last_mut()
                    else {
                        return;
                    };
                    set = inner;
                }
            }
        }
    }

    fn insert(&mut self, set: &mut SetDraft, trail: &mut Vec<Symbol>, draft: AttrDraft) {
        let Some(at) = set.find(draft.name) else {
            set.push(draft);
            return;
        };
        let (first, second) = (set.attrs[at].key, draft.key);
        trail.push(draft.name);
        let mut value = draft.value;
        if draft.kind == BindingKind::Plain && set.attrs[at].kind == BindingKind::Plain {
            self.open_literal(&mut value);
            self.open_literal(&mut set.attrs[at].value);
            if let (ValueDraft::Set(old), ValueDraft::Set(new)) = (&mut set.attrs[at].value, value) {
                for attr in new.attrs {
                    if let Some(existing) = old.find(attr.name) {
                        let mut path = trail.clone();
                        path.push(attr.name);
                        let first = old.attrs[existing].key;
                        self.duplicates.push(Duplicate { path, first, second: attr.key });
                    } else {
                        old.push(attr);
                    }
                }
                old.dynamic.extend(new.dynamic);
                trail.pop();
                return;
            }
        }
        self.duplicates.push(Duplicate { path: trail.clone(), first, second });
        trail.pop();
    }

    /// Turns a literal set into a draft, so that it can be merged with another.
    fn open_literal(&mut self, value: &mut ValueDraft) {
        let ValueDraft::Expr(Some(expr)) = value else { return };
        if let ast::Expr::AttrSet(node) = peel_parens(expr.clone()) {
            *value = ValueDraft::Set(self.draft(&node, node.rec_token().is_some()));
        }
    }

    fn set(&mut self, draft: SetDraft, kind: ScopeKind, scope: Option<ScopeId>) -> ExprId {
        let range = draft.range;
        let (set, _) = self.attr_set(draft, kind, scope);
        self.push(Expr::Attrs(Box::new(set)), range)
    }

    /// Lowers the values; gives the scope that they see, which is also that of a `let` body.
    fn attr_set(
        &mut self,
        draft: SetDraft,
        kind: ScopeKind,
        outer: Option<ScopeId>,
    ) -> (AttrSet, Option<ScopeId>) {
        let SetDraft { recursive, attrs, dynamic, range, .. } = draft;
        let inner = if recursive {
            let bindings = attrs
                .iter()
                .map(|attr| Binding { name: attr.name, range: attr.key, kind: attr.kind })
                .collect();
            Some(self.scope(kind, outer, range, bindings))
        } else {
            outer
        };
        let attrs = attrs
            .into_iter()
            .map(|attr| {
                let inherited = matches!(attr.value, ValueDraft::Inherit);
                let value = match attr.value {
                    ValueDraft::Expr(expr) => self.optional(expr, attr.binding, inner),
                    ValueDraft::Set(set) => self.set(set, ScopeKind::RecursiveSet, inner),
                    ValueDraft::Inherit => self.variable(attr.name, attr.key, outer),
                    ValueDraft::From(source) => {
                        let range = source.syntax().text_range();
                        let source = match self.sources.get(&range) {
                            Some(source) => *source,
                            None => self.expr(&source, inner),
                        };
                        self.sources.insert(range, source);
                        let key = Key::Static(attr.name, attr.key);
                        self.push(Expr::Select(Box::new((source, Box::new([key]), None))), attr.key)
                    }
                };
                Attr { name: attr.name, key: attr.key, value, inherited, binding: attr.binding }
            })
            .collect();
        let dynamic = dynamic
            .into_iter()
            .map(|attr| {
                let name = self.expr(&attr.name, inner);
                let value = match attr.value {
                    ValueDraft::Set(set) => self.set(set, ScopeKind::RecursiveSet, inner),
                    ValueDraft::Expr(expr) => self.optional(expr, attr.binding, inner),
                    ValueDraft::Inherit | ValueDraft::From(_) => self.push(Expr::Error, attr.binding),
                };
                DynamicAttr { name, key: attr.key, value, binding: attr.binding }
            })
            .collect();
        (AttrSet { recursive, attrs, dynamic }, inner)
    }
}

/// The text of a quoted string that stands for itself, which most do: one token without escapes.
fn verbatim(node: &SyntaxNode) -> Option<Part> {
    let open = node.first_token()?;
    let content = open.next_token().filter(|token| token.kind() == SyntaxKind::TOKEN_STRING_CONTENT)?;
    let text = content.text();
    let is_whole = content.text_range().end() + crate::text::TextSize::new(1) == node.text_range().end();
    if open.text() != "\"" || !is_whole || text.contains(['\\', '\r']) {
        return None;
    }
    Some(Part::Text { text: text.into(), map: [(0.into(), content.text_range())].into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    fn semantics(source: &str) -> Semantics {
        let parsed = parse(source);
        assert!(parsed.is_ok(), "{source}");
        lower(&parsed.root())
    }

    fn duplicates(source: &str) -> Vec<String> {
        let semantics = semantics(source);
        let names =
            |path: &[Symbol]| path.iter().map(|name| semantics.ir.name(*name)).collect::<Vec<_>>().join(".");
        semantics.duplicates.iter().map(|duplicate| names(&duplicate.path)).collect()
    }

    fn undefined(source: &str) -> Vec<String> {
        let semantics = semantics(source);
        let is_undefined = |reference: &&Reference| reference.resolution == Resolution::Undefined;
        let names = semantics.references.iter().filter(is_undefined);
        names.map(|reference| semantics.ir.name(reference.name).to_owned()).collect()
    }

    #[test]
    fn sets_merge_as_nix_merges_them() {
        for source in [
            "{ a.b = 1; a.c = 2; }",
            "{ a = { b = 1; }; a = { c = 2; }; }",
            "{ a = ({ b = 1; }); a.c = 2; }",
            "{ a.${\"b\"} = 1; a.\"c\" = 2; }",
            "{ ${x}.a = 1; ${x}.a = 2; } ",
        ] {
            assert_eq!(duplicates(&format!("x: {source}")), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn duplicates_are_seen() {
        for (source, path) in [
            ("{ a = 1; a = 2; }", "a"),
            ("{ a = { b = 1; }; a.b = 2; }", "a.b"),
            ("{ a = 1; a.b = 2; }", "a"),
            ("x: { inherit x; x = 2; }", "x"),
            ("{ a = { b = { c = 1; }; }; a = { b = { d = 1; }; }; }", "a.b"),
            ("let a = 1; a = 2; in a", "a"),
            ("{ ${(\"a\")} = 1; a = 2; }", "a"),
        ] {
            assert_eq!(duplicates(source), [path], "{source}");
        }
    }

    #[test]
    fn names_resolve_as_in_nix() {
        for source in
            ["rec { a = b; b = 1; }", "{ a ? b, b }: a", "with {}; x", "map", "let a = a; in a", "__sub 1 2"]
        {
            assert_eq!(undefined(source), Vec::<String>::new(), "{source}");
        }
        for (source, name) in [
            ("x", "x"),
            ("rec { inherit a; }", "a"),
            ("let inherit a; in a", "a"),
            ("{ a = 1; b = a; }", "a"),
            ("let a.b = 1; in b", "b"),
            ("with x; y", "x"),
        ] {
            assert_eq!(undefined(source), [name], "{source}");
        }
    }

    #[test]
    fn references_point_at_bindings() {
        let source = "{ a, ... }@args: let b = a; in { inherit b args; }";
        let semantics = semantics(source);
        let text = |range: TextRange| &source[range];
        for name in ["a", "b", "args"] {
            let reference = semantics
                .references
                .iter()
                .find(|reference| text(reference.range) == name)
                .expect("every name is used");
            let Resolution::Binding(binding) = reference.resolution else { panic!("{name} is bound") };
            assert_eq!(text(semantics.binding(binding).range), name);
            assert_eq!(semantics.uses(binding).count(), 1);
        }
    }
}
