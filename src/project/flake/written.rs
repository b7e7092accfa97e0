//! What the text of a `flake.nix` says: Nix reads everything but `outputs` without running code, so rules may
//! do the same.
//!
//! Must never guess: what is not written out is [`WrittenKind::Code`].

use std::collections::BTreeSet;

use crate::semantic::{
    BinaryOp, BindingId, BindingKind, Expr, ExprId, Ir, Key, Part, Resolution, Semantics, lower,
};
use crate::syntax::{AstNode, SyntaxNode, ast, parse, static_name, static_path};
use crate::text::{FileId, Span};

/// How deep sets are read.
const DEPTH: usize = 12;

/// An expression as far as it is written out.
#[derive(Debug, Clone)]
pub struct Written {
    /// Where it stands, without parentheses around it.
    pub span: Span,
    /// What it is.
    pub kind: WrittenKind,
}

/// What is written.
#[derive(Debug, Clone)]
pub enum WrittenKind {
    /// A string without interpolation.
    Text(String),
    /// A path without interpolation.
    Path(String),
    /// An integer, not negative.
    Int,
    /// A float.
    Float,
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// `-1` and the like.
    Negative,
    /// A list.
    List(Vec<Written>),
    /// A set.
    Set {
        /// Its attributes with known names, in the order of the text.
        attrs: Vec<WrittenAttr>,
        /// Its attributes with computed names.
        dynamic: Vec<WrittenAttr>,
    },
    /// A function.
    Function(Box<WrittenFunction>),
    /// `let … in`, `with …;` or `assert …;` around something.
    Scoped(Box<Written>),
    /// A call of a function that is named, `a.b.c`, with its last argument.
    Call(String, Box<Written>),
    /// `left // right`.
    Update(Box<Written>, Box<Written>),
    /// A name that the file binds.
    Name,
    /// Anything else.
    Code,
}

/// An attribute.
#[derive(Debug, Clone)]
pub struct WrittenAttr {
    /// Its name; the text between `${` and `}` for one that is computed.
    pub name: String,
    /// Where the name stands first.
    pub key: Span,
    /// The whole binding, where it has one of its own.
    pub binding: Span,
    /// The value.
    pub value: Written,
}

/// A function.
#[derive(Debug, Clone)]
pub struct WrittenFunction {
    /// The names of its pattern, where it has one.
    pub formals: Option<Vec<(String, Span)>>,
    /// Whether the pattern ends in `...`.
    pub ellipsis: bool,
    /// The `@` name or the plain argument.
    pub name: Option<String>,
    /// What it gives.
    pub body: Written,
}

impl Written {
    /// The attributes of a set that is written out and has no computed names.
    pub fn attrs(&self) -> &[WrittenAttr] {
        match &self.kind {
            WrittenKind::Set { attrs, .. } => attrs,
            _ => &[],
        }
    }

    /// An attribute of a set.
    pub fn attr(&self, name: &str) -> Option<&WrittenAttr> {
        self.attrs().iter().find(|attr| attr.name == name)
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            WrittenKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What stands below `let … in` and the like.
    pub fn unscoped(&self) -> &Self {
        match &self.kind {
            WrittenKind::Scoped(inner) => inner.unscoped(),
            _ => self,
        }
    }
}

/// A `flake.nix`.
#[derive(Debug)]
pub struct WrittenFlake {
    /// The file.
    pub file: FileId,
    /// Whether it is the flake of the project and not one of a folder in it.
    pub is_root: bool,
    /// Its value.
    pub value: Written,
    /// What `outputs` does with the inputs.
    pub uses: InputUses,
}

/// The inputs that `outputs` uses.
#[derive(Debug, Default)]
pub struct InputUses {
    /// Those that it names.
    pub names: BTreeSet<String>,
    /// Whether all of them, or the flake itself, are handed on, so that others may use any.
    pub all: bool,
}

/// An input as a flake declares it.
#[derive(Debug, Clone, Copy)]
pub struct WrittenInput<'w> {
    /// Its name.
    pub name: &'w str,
    /// Where the name stands.
    pub key: Span,
    /// What is said of it.
    pub value: &'w Written,
}

impl<'w> WrittenInput<'w> {
    /// The text of an attribute, with its place.
    pub fn text(&self, name: &str) -> Option<(&'w str, Span)> {
        let value = &self.value.attr(name)?.value;
        Some((value.text()?, value.span))
    }

    /// What it says of its own inputs.
    pub fn inputs(&self) -> Vec<WrittenInput<'w>> {
        inputs_of(self.value)
    }

    /// Whether it is a flake.
    pub fn is_flake(&self) -> bool {
        self.value.attr("flake").is_none_or(|flake| matches!(flake.value.kind, WrittenKind::Bool(true)))
    }
}

fn inputs_of(value: &Written) -> Vec<WrittenInput<'_>> {
    let inputs = value.attr("inputs").map(|inputs| inputs.value.attrs()).unwrap_or_default();
    inputs.iter().map(|attr| WrittenInput { name: &attr.name, key: attr.key, value: &attr.value }).collect()
}

impl WrittenFlake {
    pub(in crate::project) fn read(file: FileId, is_root: bool, text: &str) -> Option<Self> {
        let parsed = parse(text);
        if !parsed.is_ok() {
            return None;
        }
        let semantics = lower(&parsed.root());
        let value = written(&semantics.ir, file, semantics.ir.root(), DEPTH);
        let uses = input_uses(&semantics, &parsed.syntax());
        Some(Self { file, is_root, value, uses })
    }

    /// The inputs that it declares. Where not all are known, see [`Self::inputs_are_known`].
    pub fn inputs(&self) -> Vec<WrittenInput<'_>> {
        inputs_of(&self.value)
    }

    /// Whether it says of every input by its name that it is there.
    pub fn inputs_are_known(&self) -> bool {
        let is_plain =
            |value: &Written| matches!(&value.kind, WrittenKind::Set { dynamic, .. } if dynamic.is_empty());
        is_plain(&self.value) && self.value.attr("inputs").is_none_or(|inputs| is_plain(&inputs.value))
    }

    /// The function `outputs`.
    pub fn outputs(&self) -> Option<&WrittenFunction> {
        match &self.value.attr("outputs")?.value.kind {
            WrittenKind::Function(function) => Some(function),
            _ => None,
        }
    }
}

/// Reads an expression.
fn written(ir: &Ir, file: FileId, id: ExprId, depth: usize) -> Written {
    let span = Span::new(file, ir.span(id));
    let inner = |id: ExprId| written(ir, file, id, depth - 1);
    let kind = match ir.expr(id) {
        _ if depth == 0 => WrittenKind::Code,
        Expr::Str(parts) => plain(parts).map_or(WrittenKind::Code, WrittenKind::Text),
        Expr::Path(_, parts) => plain(parts).map_or(WrittenKind::Code, WrittenKind::Path),
        Expr::Int(_) => WrittenKind::Int,
        Expr::Float(_) => WrittenKind::Float,
        Expr::Global(name) => match ir.name(*name) {
            "true" => WrittenKind::Bool(true),
            "false" => WrittenKind::Bool(false),
            "null" => WrittenKind::Null,
            _ => WrittenKind::Code,
        },
        Expr::Negate(_) => WrittenKind::Negative,
        Expr::List(items) => WrittenKind::List(items.iter().map(|item| inner(*item)).collect()),
        Expr::Attrs(set) => {
            let attrs = set.attrs.iter().map(|attr| WrittenAttr {
                name: ir.name(attr.name).to_owned(),
                key: Span::new(file, attr.key),
                binding: Span::new(file, attr.binding),
                value: inner(attr.value),
            });
            let dynamic = set.dynamic.iter().map(|attr| WrittenAttr {
                name: String::new(),
                key: Span::new(file, attr.key),
                binding: Span::new(file, attr.binding),
                value: inner(attr.value),
            });
            WrittenKind::Set { attrs: attrs.collect(), dynamic: dynamic.collect() }
        }
        Expr::Lambda(lambda) => WrittenKind::Function(Box::new(WrittenFunction {
            formals: lambda.formals.as_ref().map(|formals| {
                let formal = |formal: &crate::semantic::Formal| {
                    (ir.name(formal.name).to_owned(), Span::new(file, formal.range))
                };
                formals.iter().map(formal).collect()
            }),
            ellipsis: lambda.ellipsis,
            name: lambda.name.map(|name| ir.name(name).to_owned()),
            body: inner(lambda.body),
        })),
        Expr::Let(node) => WrittenKind::Scoped(Box::new(inner(node.1))),
        Expr::With(_, body) | Expr::Assert(_, body) => WrittenKind::Scoped(Box::new(inner(*body))),
        Expr::Apply(function, argument) => match called(ir, *function) {
            Some(name) => WrittenKind::Call(name, Box::new(inner(*argument))),
            None => WrittenKind::Code,
        },
        Expr::Binary(BinaryOp::Update, left, right) => {
            WrittenKind::Update(Box::new(inner(*left)), Box::new(inner(*right)))
        }
        Expr::Local { .. } => WrittenKind::Name,
        _ => WrittenKind::Code,
    };
    Written { span, kind }
}

fn plain(parts: &[Part]) -> Option<String> {
    match parts {
        [] => Some(String::new()),
        [Part::Text { text, .. }] => Some(text.to_string()),
        _ => None,
    }
}

/// The names by which a function is selected, without the base.
fn called(ir: &Ir, function: ExprId) -> Option<String> {
    let mut function = function;
    while let Expr::Apply(inner, _) = ir.expr(function) {
        function = *inner;
    }
    match ir.expr(function) {
        Expr::Select(node) => {
            let name = |key: &Key| match key {
                Key::Static(name, _) => Some(ir.name(*name)),
                Key::Dynamic(_) => None,
            };
            Some(node.1.iter().map(name).collect::<Option<Vec<_>>>()?.join("."))
        }
        Expr::WithName(name) | Expr::Global(name) => Some(ir.name(*name).to_owned()),
        Expr::Local { .. } => Some(String::new()),
        _ => None,
    }
}

/// What `outputs` uses of its argument.
fn input_uses(semantics: &Semantics, tree: &SyntaxNode) -> InputUses {
    let mut uses = InputUses::default();
    let Expr::Attrs(set) = semantics.ir.expr(semantics.ir.root()) else {
        uses.all = true;
        return uses;
    };
    let outputs = set.attrs.iter().find(|attr| semantics.ir.name(attr.name) == "outputs");
    let Some(outputs) = outputs else { return uses };
    let range = semantics.ir.span(outputs.value);
    let Expr::Lambda(_) = semantics.ir.expr(outputs.value) else {
        uses.all = true;
        return uses;
    };
    let Some(scope) = semantics.scopes.iter().position(|scope| scope.range == range) else {
        uses.all = true;
        return uses;
    };
    let scope = crate::semantic::ScopeId(scope as u32);
    for (slot, binding) in semantics.scope(scope).bindings.iter().enumerate() {
        let name = semantics.ir.name(binding.name);
        let id = BindingId { scope, slot: slot as u32 };
        for reference in semantics.uses(id) {
            let is_set = matches!(binding.kind, BindingKind::AtName | BindingKind::Argument);
            match selected(tree, reference.range) {
                Selected::Path(path) if is_set => add(&mut uses, &path),
                Selected::Inherited(names) if is_set => {
                    names.into_iter().for_each(|name| add(&mut uses, &[name]));
                }
                Selected::Inherited(names) if name == "self" => {
                    uses.all |= names.contains(&"inputs".to_owned())
                }
                Selected::Path(path) if name == "self" => match path.as_slice() {
                    [first, rest @ ..] if first == "inputs" => add(&mut uses, rest),
                    [] => uses.all = true,
                    _ => {}
                },
                _ if !is_set && name != "self" => {
                    uses.names.insert(name.to_owned());
                }
                _ => uses.all = true,
            }
        }
    }
    // What a `with` may have.
    let is_of_with = |reference: &crate::semantic::Reference| {
        matches!(reference.resolution, Resolution::With(_)) && range.contains_range(reference.range)
    };
    for reference in semantics.references.iter().filter(|reference| is_of_with(reference)) {
        uses.names.insert(semantics.ir.name(reference.name).to_owned());
    }
    uses
}

/// The path of a set of inputs: `x` is the input, `self.inputs` are all of them again.
fn add(uses: &mut InputUses, path: &[String]) {
    match path {
        [] => uses.all = true,
        [first, second, rest @ ..] if first == "self" && second == "inputs" => add(uses, rest),
        [first, _, ..] if first == "self" => {}
        [first, ..] if first == "self" => uses.all = true,
        [first, ..] => {
            uses.names.insert(first.clone());
        }
    }
}

enum Selected {
    /// `name.path`, as far as it is known.
    Path(Vec<String>),
    /// `inherit (name) …;`
    Inherited(Vec<String>),
    /// The name alone.
    Whole,
}

/// What is selected from the name at `range`.
fn selected(tree: &SyntaxNode, range: crate::text::TextRange) -> Selected {
    let node = tree.covering_element(range);
    let Some(ident) = node.ancestors().find_map(ast::Ident::cast) else { return Selected::Whole };
    let Some(parent) = ident.syntax().parent() else { return Selected::Whole };
    if let Some(select) = ast::Select::cast(parent.clone())
        && select.expr().is_some_and(|base| base.syntax() == ident.syntax())
        && let Some(path) = select.attrpath()
    {
        return static_path(&path).map_or(Selected::Whole, Selected::Path);
    }
    if let Some(asked) = ast::HasAttr::cast(parent.clone())
        && asked.expr().is_some_and(|base| base.syntax() == ident.syntax())
        && let Some(path) = asked.attrpath()
    {
        return static_path(&path).map_or(Selected::Whole, Selected::Path);
    }
    // `inherit (inputs) a;`
    if let Some(source) = ast::InheritFrom::cast(parent)
        && let Some(inherit) = source.syntax().parent().and_then(ast::Inherit::cast)
    {
        let names: Option<Vec<String>> = inherit.attrs().map(|attr| static_name(&attr)).collect();
        return names.map_or(Selected::Whole, Selected::Inherited);
    }
    Selected::Whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flake(text: &str) -> WrittenFlake {
        WrittenFlake::read(FileId(0), true, text).expect("it parses")
    }

    #[test]
    fn inputs_are_read_from_sets_and_paths() {
        let flake = flake(
            r#"{ inputs.a.url = "github:o/a"; inputs = { b = { url = ./b; inputs.a.follows = "a"; }; };
                 outputs = { self, a, ... }: { }; }"#,
        );
        let names: Vec<_> = flake.inputs().iter().map(|input| input.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(flake.inputs()[0].text("url").map(|(text, _)| text), Some("github:o/a"));
        assert_eq!(flake.inputs()[1].inputs()[0].text("follows").map(|(text, _)| text), Some("a"));
        assert!(flake.outputs().is_some_and(|outputs| outputs.ellipsis));
    }

    #[test]
    fn uses_are_seen_until_the_set_is_handed_on() {
        let uses = |outputs: &str| {
            let flake = flake(&format!("{{ outputs = {outputs}; }}"));
            let names: Vec<String> = flake.uses.names.iter().cloned().collect();
            (names.join(" "), flake.uses.all)
        };
        let seen = |names: &str| (names.to_owned(), false);
        assert_eq!(
            uses("{ self, a, b, ... }@inputs: { x = a.lib; y = inputs.c.z; inherit (inputs.d) e; }"),
            seen("a c d")
        );
        assert_eq!(uses("inputs: { x = inputs.self.inputs.b; y = inputs.self.packages; }"), seen("b"));
        assert_eq!(uses("{ self, a, ... }: with a; { x = b; }"), seen("a b"));
        assert!(uses("inputs: { x = f inputs; }").1);
        assert!(uses("{ self, ... }: { x = f { inherit self; }; }").1);
    }
}
