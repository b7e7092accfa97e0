//! From the syntax tree to the [`Ir`] and the scopes, in one walk.
//!
//! Sets are built in two steps, because in a recursive set a value may use a name bound below it: first
//! all keys are read and merged by Nix's rule (`ParserState::addAttr` in src/libexpr/parser-state.hh of
//! NixOS/nix), then the values are lowered in the scope that results.

use std::borrow::Cow;
use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::builtins;
use super::ir::{
    Attr, AttrSet, BinaryOp, DynamicAttr, Expr, ExprId, Formal, Ir, Key, Lambda, Part, PathKind, Symbol,
};
use super::scope::{
    Binding, BindingId, BindingKind, Duplicate, Owner, RecMismatch, Reference, Resolution, Scope, ScopeId,
    ScopeKind, Semantics, Source,
};
use crate::syntax::{
    AstNode as _, NodeView, StringPart, SyntaxKind, ast, decode_path, decode_string_view, plain_text_view,
    verbatim,
};
use crate::text::{TextMap, TextRange};

/// Lowers a whole file. Total: what the parser could not read becomes [`Expr::Error`].
///
/// Recursive over the nesting of the tree, so the caller has checked the nesting and provides the stack.
pub fn lower(root: &ast::Root) -> Semantics {
    let root = NodeView::new(root.syntax());
    let mut cx = Lowering::default();
    // An expression takes some twenty bytes of text: growing step by step would copy them again and again.
    let expected = usize::from(root.range().len()) / 20;
    cx.exprs.reserve(expected);
    cx.spans.reserve(expected);
    let id = cx.optional(root.operand(), root.range(), None);
    let symbols = cx.symbols.into_iter().map(Box::from).collect();
    let ir = Ir { exprs: cx.exprs, spans: cx.spans, symbols, root: id };
    Semantics {
        ir,
        scopes: cx.scopes,
        references: cx.references,
        duplicates: cx.duplicates,
        rec_mismatches: cx.rec_mismatches,
        dynamic_inherits: cx.dynamic_inherits,
        sources: cx.inherited,
        by_start: OnceCell::new(),
        usage: OnceCell::new(),
        scopes_by_range: OnceCell::new(),
    }
}

/// Up to so many names are searched one by one, which is faster than a table.
const FEW: usize = 8;

struct Lowering<'t> {
    exprs: Vec<Expr>,
    spans: Vec<TextRange>,
    symbols: Vec<Cow<'t, str>>,
    symbol_ids: FxHashMap<Cow<'t, str>, Symbol>,
    scopes: Vec<Scope>,
    /// Names of each scope that has more than [`FEW`].
    names: FxHashMap<ScopeId, FxHashMap<Symbol, u32>>,
    references: Vec<Reference>,
    duplicates: Vec<Duplicate>,
    rec_mismatches: Vec<RecMismatch>,
    dynamic_inherits: Vec<TextRange>,
    /// Sources of `inherit (source) …`, lowered once for all their names; the number is for those of `let`.
    sources: FxHashMap<TextRange, (ExprId, u32)>,
    inherited: Vec<Source>,
    /// What the expression is for that is read now.
    owner: Owner,
}

impl Default for Lowering<'_> {
    fn default() -> Self {
        Self {
            exprs: Vec::new(),
            spans: Vec::new(),
            symbols: Vec::new(),
            symbol_ids: FxHashMap::default(),
            scopes: Vec::new(),
            names: FxHashMap::default(),
            references: Vec::new(),
            duplicates: Vec::new(),
            rec_mismatches: Vec::new(),
            dynamic_inherits: Vec::new(),
            sources: FxHashMap::default(),
            inherited: Vec::new(),
            owner: Owner::File,
        }
    }
}

/// A set whose keys are read and whose values are not.
struct SetDraft<'t> {
    recursive: bool,
    attrs: Vec<AttrDraft<'t>>,
    index: FxHashMap<Symbol, usize>,
    dynamic: Vec<DynamicDraft<'t>>,
    range: TextRange,
}

struct AttrDraft<'t> {
    name: Symbol,
    key: TextRange,
    binding: TextRange,
    kind: BindingKind,
    value: ValueDraft<'t>,
}

struct DynamicDraft<'t> {
    name: NodeView<'t>,
    key: TextRange,
    binding: TextRange,
    value: ValueDraft<'t>,
}

enum ValueDraft<'t> {
    Expr(Option<NodeView<'t>>),
    Set(SetDraft<'t>),
    /// `inherit name;`
    Inherit,
    /// `inherit (source) name;`
    From(NodeView<'t>),
}

/// A key of an attribute path on the left of `=`.
enum KeyDraft<'t> {
    Static(Symbol, TextRange),
    Dynamic(NodeView<'t>, TextRange),
}

impl<'t> SetDraft<'t> {
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

    fn push(&mut self, attr: AttrDraft<'t>) {
        self.attrs.push(attr);
        let len = self.attrs.len();
        if len == FEW + 1 {
            self.index = self.attrs.iter().enumerate().map(|(at, attr)| (attr.name, at)).collect();
        } else if len > FEW {
            self.index.insert(self.attrs[len - 1].name, len - 1);
        }
    }
}

impl<'t> Lowering<'t> {
    fn push(&mut self, expr: Expr, range: TextRange) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        self.exprs.push(expr);
        self.spans.push(range);
        id
    }

    fn symbol(&mut self, name: Cow<'t, str>) -> Symbol {
        if let Some(symbol) = self.symbol_ids.get(&*name) {
            return *symbol;
        }
        let symbol = Symbol(self.symbols.len() as u32);
        self.symbols.push(name.clone());
        self.symbol_ids.insert(name, symbol);
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
        self.scopes.push(Scope { kind, parent, range, bindings, owner: self.owner });
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

    fn ident(&mut self, ident: NodeView<'t>) -> Symbol {
        let text = ident.tokens().next().map_or("", |token| token.text);
        self.symbol(Cow::Borrowed(text))
    }

    fn optional(&mut self, node: Option<NodeView<'t>>, around: TextRange, scope: Option<ScopeId>) -> ExprId {
        match node {
            Some(node) => self.expr(node, scope),
            None => self.push(Expr::Error, around),
        }
    }

    fn expr(&mut self, node: NodeView<'t>, scope: Option<ScopeId>) -> ExprId {
        let range = node.range();
        match node.kind() {
            SyntaxKind::NODE_PAREN | SyntaxKind::NODE_ROOT => self.optional(node.operand(), range, scope),
            SyntaxKind::NODE_LITERAL => self.literal(node),
            SyntaxKind::NODE_STRING => {
                let parts = match verbatim(node) {
                    Some(token) => {
                        let map = TextMap::Whole(token.range);
                        Box::new([Part::Text { text: token.text.into(), map }]) as Box<[Part]>
                    }
                    None => self.parts(decode_string_view(node), scope),
                };
                self.push(Expr::Str(parts), range)
            }
            SyntaxKind::NODE_PATH_ABS => self.path(PathKind::Absolute, node, scope),
            SyntaxKind::NODE_PATH_REL => self.path(PathKind::Relative, node, scope),
            SyntaxKind::NODE_PATH_HOME => self.path(PathKind::Home, node, scope),
            SyntaxKind::NODE_PATH_SEARCH => {
                let text = node.tokens().next().map_or("", |token| token.text);
                let inner = text.trim_start_matches('<').trim_end_matches('>');
                self.push(Expr::SearchPath(inner.into()), range)
            }
            SyntaxKind::NODE_LIST => {
                let items: Box<[ExprId]> = node.expressions().map(|item| self.expr(item, scope)).collect();
                self.push(Expr::List(items), range)
            }
            SyntaxKind::NODE_ATTR_SET => {
                let draft = self.draft(node, node.has_token(SyntaxKind::TOKEN_REC));
                self.set(draft, ScopeKind::RecursiveSet, scope)
            }
            SyntaxKind::NODE_LET_IN => {
                let draft = self.draft(node, true);
                let (set, inner) = self.attr_set(draft, ScopeKind::Let, scope);
                let body = self.optional(node.operand(), range, inner);
                self.push(Expr::Let(Box::new((set, body))), range)
            }
            SyntaxKind::NODE_LEGACY_LET => {
                let draft = self.draft(node, true);
                let set = self.set(draft, ScopeKind::LegacyLet, scope);
                let body = self.symbol(Cow::Borrowed("body"));
                self.push(Expr::Select(Box::new((set, Box::new([Key::Static(body, range)]), None))), range)
            }
            SyntaxKind::NODE_LAMBDA => self.lambda(node, scope),
            SyntaxKind::NODE_APPLY => {
                let [function, argument] = self.two(node, scope);
                self.push(Expr::Apply(function, argument), range)
            }
            SyntaxKind::NODE_SELECT => {
                let [base, default] = node.operands();
                let base = self.optional(base, range, scope);
                let path = self.keys(node, scope);
                let default = default.map(|default| self.expr(default, scope));
                self.push(Expr::Select(Box::new((base, path, default))), range)
            }
            SyntaxKind::NODE_HAS_ATTR => {
                let base = self.optional(node.operand(), range, scope);
                let path = self.keys(node, scope);
                self.push(Expr::HasAttr(Box::new((base, path))), range)
            }
            SyntaxKind::NODE_IF_ELSE => {
                let parts = node.operands::<3>().map(|part| self.optional(part, range, scope));
                self.push(Expr::If(Box::new(parts)), range)
            }
            SyntaxKind::NODE_ASSERT => {
                let [condition, body] = self.two(node, scope);
                self.push(Expr::Assert(condition, body), range)
            }
            SyntaxKind::NODE_WITH => {
                let [set, body] = node.operands();
                let set = self.optional(set, range, scope);
                let inner = self.scope(ScopeKind::With, scope, range, Vec::new());
                let body = self.optional(body, range, Some(inner));
                self.push(Expr::With(set, body), range)
            }
            SyntaxKind::NODE_UNARY_OP => {
                let operand = self.optional(node.operand(), range, scope);
                let operator = node.tokens().find_map(|token| match token.kind {
                    SyntaxKind::TOKEN_INVERT => Some(Expr::Not(operand)),
                    SyntaxKind::TOKEN_SUB => Some(Expr::Negate(operand)),
                    _ => None,
                });
                self.push(operator.unwrap_or(Expr::Error), range)
            }
            SyntaxKind::NODE_BIN_OP => self.binary(node, scope),
            SyntaxKind::NODE_IDENT => {
                let symbol = self.ident(node);
                self.variable(symbol, range, scope)
            }
            SyntaxKind::NODE_CUR_POS => self.push(Expr::CurPos, range),
            _ => self.push(Expr::Error, range),
        }
    }

    /// The two operands of a node.
    fn two(&mut self, node: NodeView<'t>, scope: Option<ScopeId>) -> [ExprId; 2] {
        node.operands::<2>().map(|operand| self.optional(operand, node.range(), scope))
    }

    fn literal(&mut self, node: NodeView<'t>) -> ExprId {
        let expr = match node.tokens().next() {
            Some(token) => match token.kind {
                SyntaxKind::TOKEN_INTEGER => token.text.parse().map_or(Expr::Error, Expr::Int),
                SyntaxKind::TOKEN_FLOAT => token.text.parse().map_or(Expr::Error, Expr::Float),
                SyntaxKind::TOKEN_URI => {
                    let map = TextMap::Whole(token.range);
                    Expr::Str(Box::new([Part::Text { text: token.text.into(), map }]))
                }
                _ => Expr::Error,
            },
            None => Expr::Error,
        };
        self.push(expr, node.range())
    }

    fn parts(&mut self, parts: Vec<StringPart<NodeView<'t>>>, scope: Option<ScopeId>) -> Box<[Part]> {
        parts
            .into_iter()
            .map(|part| match part {
                StringPart::Text { text, map } => Part::Text { text: text.into(), map: map.into() },
                StringPart::Interpolation(node) => {
                    let range = node.range();
                    Part::Interpolation { expr: self.optional(node.operand(), range, scope), range }
                }
            })
            .collect()
    }

    fn path(&mut self, kind: PathKind, node: NodeView<'t>, scope: Option<ScopeId>) -> ExprId {
        let parts = self.parts(decode_path(node), scope);
        self.push(Expr::Path(kind, parts), node.range())
    }

    fn binary(&mut self, node: NodeView<'t>, scope: Option<ScopeId>) -> ExprId {
        let [left, right] = self.two(node, scope);
        let operator = node.tokens().find_map(|token| {
            Some(match token.kind {
                SyntaxKind::TOKEN_PIPE_RIGHT => Expr::Apply(right, left),
                SyntaxKind::TOKEN_PIPE_LEFT => Expr::Apply(left, right),
                kind => Expr::Binary(binary_operator(kind)?, left, right),
            })
        });
        self.push(operator.unwrap_or(Expr::Error), node.range())
    }

    fn variable(&mut self, symbol: Symbol, range: TextRange, scope: Option<ScopeId>) -> ExprId {
        let mut up = 0;
        let mut with = None;
        let mut at = scope;
        while let Some(id) = at {
            if let Some(slot) = self.slot(id, symbol) {
                let binding = BindingId { scope: id, slot };
                let resolution = Resolution::Binding(binding);
                self.references.push(Reference { range, name: symbol, scope, resolution, owner: self.owner });
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
        self.references.push(Reference { range, name: symbol, scope, resolution, owner: self.owner });
        self.push(expr, range)
    }

    fn lambda(&mut self, node: NodeView<'t>, scope: Option<ScopeId>) -> ExprId {
        let range = node.range();
        let mut bindings = Vec::new();
        let mut name = None;
        let parameter = node
            .nodes()
            .find(|node| matches!(node.kind(), SyntaxKind::NODE_PATTERN | SyntaxKind::NODE_IDENT_PARAM));
        let pattern = parameter.filter(|node| node.kind() == SyntaxKind::NODE_PATTERN);
        let entries = pattern.into_iter().flat_map(NodeView::nodes).filter_map(|entry| {
            let ident = entry.node(SyntaxKind::NODE_IDENT)?;
            (entry.kind() == SyntaxKind::NODE_PAT_ENTRY).then_some((entry, ident))
        });
        for (_, ident) in entries.clone() {
            bindings.push(self.bound(ident, BindingKind::Formal));
        }
        let (named, kind) = match pattern {
            Some(pattern) => (pattern.node(SyntaxKind::NODE_PAT_BIND), BindingKind::AtName),
            None => (parameter, BindingKind::Argument),
        };
        if let Some(ident) = named.and_then(|named| named.node(SyntaxKind::NODE_IDENT)) {
            let binding = self.bound(ident, kind);
            name = Some(binding.name);
            bindings.push(binding);
        }
        let inner = self.scope(ScopeKind::Lambda, scope, range, bindings);
        let ellipsis = pattern.is_some_and(|pattern| pattern.has_token(SyntaxKind::TOKEN_ELLIPSIS));
        let formals = pattern.map(|_| {
            let formal = |(entry, ident): (NodeView<'t>, NodeView<'t>)| Formal {
                name: self.ident(ident),
                range: ident.range(),
                default: entry.expressions().nth(1).map(|default| self.expr(default, Some(inner))),
            };
            entries.map(formal).collect()
        });
        let body = self.optional(node.operand(), range, Some(inner));
        self.push(Expr::Lambda(Box::new(Lambda { formals, ellipsis, name, body })), range)
    }

    fn bound(&mut self, ident: NodeView<'t>, kind: BindingKind) -> Binding {
        Binding { name: self.ident(ident), range: ident.range(), kind }
    }

    /// The attribute path of a selection.
    fn keys(&mut self, node: NodeView<'t>, scope: Option<ScopeId>) -> Box<[Key]> {
        let Some(path) = node.node(SyntaxKind::NODE_ATTRPATH) else { return Box::new([]) };
        attributes(path)
            .map(|attr| match self.key(attr) {
                KeyDraft::Static(symbol, range) => Key::Static(symbol, range),
                KeyDraft::Dynamic(expr, _) => Key::Dynamic(self.expr(expr, scope)),
            })
            .collect()
    }

    /// An identifier, a string without interpolation and `${"such a string"}` are static for Nix.
    fn key(&mut self, attr: NodeView<'t>) -> KeyDraft<'t> {
        let range = attr.range();
        let value = match attr.kind() {
            SyntaxKind::NODE_IDENT => return KeyDraft::Static(self.ident(attr), range),
            SyntaxKind::NODE_DYNAMIC => match attr.operand() {
                Some(expr) => expr.peel_parens(),
                None => return KeyDraft::Static(self.symbol(Cow::Borrowed("")), range),
            },
            _ => attr,
        };
        let text = if value.kind() == SyntaxKind::NODE_STRING { plain_text_view(value) } else { None };
        match text {
            Some(text) => KeyDraft::Static(self.symbol(text), range),
            None => KeyDraft::Dynamic(value, range),
        }
    }

    /// Reads the keys of a set and merges them; values stay as they are.
    fn draft(&mut self, node: NodeView<'t>, recursive: bool) -> SetDraft<'t> {
        let mut set = SetDraft::new(recursive, node.range());
        for entry in node.nodes() {
            let binding = entry.range();
            match entry.kind() {
                SyntaxKind::NODE_INHERIT => {
                    let source = entry.node(SyntaxKind::NODE_INHERIT_FROM);
                    for attr in attributes(entry) {
                        let (name, key) = match self.key(attr) {
                            KeyDraft::Static(name, key) => (name, key),
                            // Nix refuses `inherit ${name};`, so the set has no value.
                            KeyDraft::Dynamic(name, key) => {
                                self.dynamic_inherits.push(key);
                                let value = ValueDraft::Expr(None);
                                set.dynamic.push(DynamicDraft { name, key, value, binding });
                                continue;
                            }
                        };
                        let (kind, value) = match source {
                            None => (BindingKind::Inherit, ValueDraft::Inherit),
                            Some(source) => match source.operand() {
                                Some(expr) => (BindingKind::InheritFrom, ValueDraft::From(expr)),
                                None => (BindingKind::InheritFrom, ValueDraft::Expr(None)),
                            },
                        };
                        self.insert(&mut set, &mut Vec::new(), AttrDraft { name, key, binding, kind, value });
                    }
                }
                SyntaxKind::NODE_ATTRPATH_VALUE => {
                    let Some(path) = entry.node(SyntaxKind::NODE_ATTRPATH) else { continue };
                    self.insert_path(&mut set, path, binding, entry.operand());
                }
                _ => {}
            }
        }
        set
    }

    fn insert_path(
        &mut self,
        set: &mut SetDraft<'t>,
        path: NodeView<'t>,
        binding: TextRange,
        value: Option<NodeView<'t>>,
    ) {
        let mut trail = Vec::new();
        let mut set = set;
        let mut attributes = attributes(path).peekable();
        while let Some(attribute) = attributes.next() {
            let is_last = attributes.peek().is_none();
            match self.key(attribute) {
                KeyDraft::Static(name, key) if is_last => {
                    let value = ValueDraft::Expr(value);
                    let draft = AttrDraft { name, key, binding, kind: BindingKind::Plain, value };
                    self.insert(set, &mut trail, draft);
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
                        self.duplicates.push(Duplicate { path: trail, first, second: key, is_merged: false });
                        return;
                    };
                    if inner.recursive {
                        self.rec_mismatches.push(RecMismatch {
                            first,
                            second: key,
                            is_first_recursive: true,
                        });
                    }
                    set = inner;
                }
                KeyDraft::Dynamic(name, key) => {
                    // Names behind a computed key never meet another definition.
                    if is_last {
                        let value = ValueDraft::Expr(value);
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

    fn insert(&mut self, set: &mut SetDraft<'t>, trail: &mut Vec<Symbol>, draft: AttrDraft<'t>) {
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
                if old.recursive != new.recursive {
                    self.rec_mismatches.push(RecMismatch {
                        first,
                        second,
                        is_first_recursive: old.recursive,
                    });
                }
                // Sets inside of them merge in the same way since Nix 2.26 (NixOS/nix 8034589d7e).
                for attr in new.attrs {
                    self.insert_nested(old, trail, attr);
                }
                old.dynamic.extend(new.dynamic);
                trail.pop();
                return;
            }
        }
        self.duplicates.push(Duplicate { path: trail.clone(), first, second, is_merged: false });
        trail.pop();
    }

    /// Merges one attribute of a literal set into another such set. Nix before 2.26 refuses the name where both
    /// have it; later it goes on merging sets.
    fn insert_nested(&mut self, set: &mut SetDraft<'t>, trail: &mut Vec<Symbol>, draft: AttrDraft<'t>) {
        let met = set.find(draft.name).map(|at| (draft.name, set.attrs[at].key, draft.key));
        let known = self.duplicates.len();
        self.insert(set, trail, draft);
        let Some((name, first, second)) = met else { return };
        let refused: Vec<_> = self.duplicates.drain(known..).filter(|found| !found.is_merged).collect();
        if refused.is_empty() {
            let path = trail.iter().copied().chain([name]).collect();
            self.duplicates.push(Duplicate { path, first, second, is_merged: true });
        }
        self.duplicates.extend(refused);
    }

    /// Turns a literal set into a draft, so that it can be merged with another.
    fn open_literal(&mut self, value: &mut ValueDraft<'t>) {
        let ValueDraft::Expr(Some(expr)) = value else { return };
        let node = expr.peel_parens();
        if node.kind() == SyntaxKind::NODE_ATTR_SET {
            *value = ValueDraft::Set(self.draft(node, node.has_token(SyntaxKind::TOKEN_REC)));
        }
    }

    fn set(&mut self, draft: SetDraft<'t>, kind: ScopeKind, scope: Option<ScopeId>) -> ExprId {
        let range = draft.range;
        let (set, _) = self.attr_set(draft, kind, scope);
        self.push(Expr::Attrs(Box::new(set)), range)
    }

    /// Lowers the values; gives the scope that they see, which is also that of a `let` body.
    fn attr_set(
        &mut self,
        draft: SetDraft<'t>,
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
        let around = self.owner;
        let mut slot = 0;
        let attrs = attrs
            .into_iter()
            .map(|attr| {
                let binding = inner.filter(|_| kind == ScopeKind::Let).map(|scope| BindingId { scope, slot });
                slot += 1;
                self.owner = binding.map_or(around, Owner::Binding);
                let inherited = matches!(attr.value, ValueDraft::Inherit);
                let value = match attr.value {
                    ValueDraft::Expr(expr) => self.optional(expr, attr.binding, inner),
                    ValueDraft::Set(set) => self.set(set, ScopeKind::RecursiveSet, inner),
                    ValueDraft::Inherit => self.variable(attr.name, attr.key, outer),
                    ValueDraft::From(source) => {
                        let source = self.source(source, inner, binding);
                        let key = Key::Static(attr.name, attr.key);
                        self.push(Expr::Select(Box::new((source, Box::new([key]), None))), attr.key)
                    }
                };
                Attr { name: attr.name, key: attr.key, value, inherited, binding: attr.binding }
            })
            .collect();
        self.owner = around;
        let dynamic = dynamic
            .into_iter()
            .map(|attr| {
                let name = self.expr(attr.name, inner);
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

    /// The source of an `inherit (source) …`; `binding` is a name of a `let` that is inherited from it.
    fn source(&mut self, node: NodeView<'t>, scope: Option<ScopeId>, binding: Option<BindingId>) -> ExprId {
        let range = node.range();
        let (expr, number) = match self.sources.get(&range) {
            Some(source) => *source,
            None => {
                let number = self.inherited.len() as u32;
                if binding.is_some() {
                    self.inherited.push(Source { bindings: Vec::new() });
                    self.owner = Owner::Source(number);
                }
                let expr = self.expr(node, scope);
                self.sources.insert(range, (expr, number));
                (expr, number)
            }
        };
        if let Some(binding) = binding {
            self.inherited[number as usize].bindings.push(binding);
        }
        expr
    }
}

/// The attributes of a path or an `inherit`.
fn attributes(node: NodeView<'_>) -> impl Iterator<Item = NodeView<'_>> {
    use SyntaxKind::{NODE_DYNAMIC, NODE_IDENT, NODE_STRING};
    node.nodes().filter(|node| matches!(node.kind(), NODE_IDENT | NODE_STRING | NODE_DYNAMIC))
}

fn binary_operator(token: SyntaxKind) -> Option<BinaryOp> {
    Some(match token {
        SyntaxKind::TOKEN_CONCAT => BinaryOp::Concat,
        SyntaxKind::TOKEN_UPDATE => BinaryOp::Update,
        SyntaxKind::TOKEN_ADD => BinaryOp::Add,
        SyntaxKind::TOKEN_SUB => BinaryOp::Sub,
        SyntaxKind::TOKEN_MUL => BinaryOp::Mul,
        SyntaxKind::TOKEN_DIV => BinaryOp::Div,
        SyntaxKind::TOKEN_AND_AND => BinaryOp::And,
        SyntaxKind::TOKEN_OR_OR => BinaryOp::Or,
        SyntaxKind::TOKEN_IMPLICATION => BinaryOp::Implication,
        SyntaxKind::TOKEN_EQUAL => BinaryOp::Equal,
        SyntaxKind::TOKEN_NOT_EQUAL => BinaryOp::NotEqual,
        SyntaxKind::TOKEN_LESS => BinaryOp::Less,
        SyntaxKind::TOKEN_LESS_OR_EQ => BinaryOp::LessOrEqual,
        SyntaxKind::TOKEN_MORE => BinaryOp::More,
        SyntaxKind::TOKEN_MORE_OR_EQ => BinaryOp::MoreOrEqual,
        _ => return None,
    })
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
        let shown = |found: &Duplicate| {
            format!("{}{}", names(&found.path), if found.is_merged { " merged" } else { "" })
        };
        semantics.duplicates.iter().map(shown).collect()
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
            ("{ a = { b = { c = 1; }; }; a = { b = { d = 1; }; }; }", "a.b merged"),
            ("{ a = { b = { c = 1; }; }; a = { b = { c = 1; }; }; }", "a.b.c"),
            ("{ a.b.c.d = 1; a = { b = { c = { e = 1; }; }; }; }", "a.b merged"),
            ("x: { a = { inherit x; }; a = { x = { }; }; }", "a.x"),
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
