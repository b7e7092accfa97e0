//! Calls that make a derivation, as rules on nodes see them: `stdenv.mkDerivation { … }` and its kin.
//!
//! The set of attributes is looked for in all the forms it is written in: alone, recursive, behind
//! `finalAttrs:`, merged by `//`. Whatever is not written out makes the call open, and rules that rest on an
//! attribute being absent stay silent then.

use super::context::{Context, Place};
use super::package::is_package_root;
use crate::nixos::stdenv::{self, Builder, BuilderKind};
use crate::syntax::{AstNode, Glance, ast, call_parts, peel_parens, static_name, static_path};
use crate::text::TextRange;

/// A call that makes a derivation from attributes that are written out, at least some of them.
#[derive(Debug, Clone)]
pub struct DerivationCall {
    /// The function of nixpkgs.
    pub builder: &'static Builder,
    /// As it is written.
    pub function: ast::Expr,
    /// The call, up to the set.
    pub call: ast::Apply,
    /// The attributes, in the order of the text.
    pub attributes: Vec<DerivationAttribute>,
    /// Whether there may be other attributes, or other values for these.
    pub is_open: bool,
}

/// An attribute of a [`DerivationCall`].
#[derive(Debug, Clone)]
pub struct DerivationAttribute {
    /// Its names: `env.CFLAGS` has two.
    pub path: Vec<String>,
    /// Where the first name stands.
    pub key: ast::Attr,
    /// The binding that gives the value; `None` where it is inherited.
    pub binding: Option<ast::AttrpathValue>,
    /// The set it is written in.
    pub set: ast::AttrSet,
}

impl Place for DerivationAttribute {
    /// The bytes of the binding, or of the inherited name.
    fn range(&self) -> TextRange {
        match &self.binding {
            Some(binding) => binding.syntax().text_range(),
            None => self.key.syntax().text_range(),
        }
    }
}

impl DerivationAttribute {
    /// The value, without parentheses; `None` where it is inherited.
    pub fn value(&self) -> Option<ast::Expr> {
        self.binding.as_ref()?.value().map(peel_parens)
    }

    /// The list that it is, with nothing in front of it or behind but a `with`.
    pub fn list(&self) -> Option<ast::List> {
        let mut value = self.value()?;
        while let ast::Expr::With(with) = &value {
            value = peel_parens(with.body()?);
        }
        match value {
            ast::Expr::List(list) => Some(list),
            _ => None,
        }
    }

    /// Its name, where the whole attribute is written at once.
    pub fn name(&self) -> Option<&str> {
        match self.path.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }
}

impl DerivationCall {
    /// The attribute `name`, written at once.
    pub fn attribute(&self, name: &str) -> Option<&DerivationAttribute> {
        self.attributes.iter().find(|attribute| attribute.name() == Some(name))
    }

    /// Whether an attribute, or a part of it, is written.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.path[0] == name)
    }

    /// Whether it makes a package, new or changed: not a command with a few attributes.
    pub fn is_package(&self) -> bool {
        self.builder.kind != BuilderKind::Command
    }

    /// Whether it makes an environment to work in, which is never built.
    pub fn is_shell(&self) -> bool {
        self.has("shellHook")
    }

    /// Whether the builder certainly gets its attributes as texts: lists are joined by spaces.
    pub fn joins_lists(&self) -> bool {
        !self.is_open && !self.has("__structuredAttrs")
    }

    /// Whether the name is used anywhere in the call but where this attribute is bound: as a name, as an attribute, or
    /// in the text of a script.
    pub fn uses(&self, attribute: &DerivationAttribute) -> bool {
        let text = self.call.syntax().text().to_string();
        let own = attribute.key.syntax().text_range() - self.call.syntax().text_range().start();
        let name = &attribute.path[0];
        let is_word = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\''))
        };
        text.match_indices(name.as_str()).any(|(at, _)| {
            let bytes = text.as_bytes();
            at != usize::from(own.start())
                && !is_word(at.checked_sub(1).and_then(|before| bytes.get(before)))
                && !is_word(bytes.get(at + name.len()))
        })
    }
}

/// Whether a call may be one that makes a derivation, by the name of what it calls.
pub fn may_make_derivation(call: &Glance<'_>) -> bool {
    call.called().is_some_and(|name| stdenv::builder(name).is_some())
}

impl Context<'_> {
    /// The call that makes a derivation, if `call` is one and no other argument follows before the set.
    pub fn derivation_call(&self, call: &ast::Apply) -> Option<DerivationCall> {
        let (function, arguments) = call_parts(call)?;
        let builder = self.builder(&function)?;
        if arguments.len() != builder.argument + 1 {
            return None;
        }
        let mut parts =
            DerivationCall { builder, function, call: call.clone(), attributes: Vec::new(), is_open: false };
        parts.is_open = builder.kind == BuilderKind::Override;
        let argument = arguments.into_iter().nth(builder.argument)?;
        collect(self, &behind_arguments(argument), &mut parts);
        let is_haskell = parts.attributes.iter().any(|attribute| is_of_cabal(&attribute.path[0]));
        (!parts.attributes.is_empty() && !is_haskell).then_some(parts)
    }

    fn builder(&self, function: &ast::Expr) -> Option<&'static Builder> {
        let last = match function {
            ast::Expr::Ident(ident) => ident.syntax().text().to_string(),
            ast::Expr::Select(select) => static_name(&select.attrpath()?.attrs().last()?)?,
            _ => return None,
        };
        let builder = stdenv::builder(&last)?;
        if builder.kind == BuilderKind::Override {
            // What is changed may be any expression.
            return matches!(function, ast::Expr::Select(_)).then_some(builder);
        }
        let path = self.selection_path(function)?;
        let (_, base) = path.split_last().filter(|(name, _)| **name == last)?;
        let is_standard = match base.last() {
            Some(base) if builder.name == "mkDerivation" => {
                base.to_ascii_lowercase().contains("stdenv") || matches!(base.as_str(), "libsForQt5" | "qt5")
            }
            // Shells have a `runCommand` of their own, without the standard environment.
            Some(base) if builder.kind == BuilderKind::Command => {
                is_package_root(base) || base == "buildPackages"
            }
            _ => true,
        };
        is_standard.then_some(builder)
    }
}

/// The body of `finalAttrs: …` and `final: prev: …`.
fn behind_arguments(expr: ast::Expr) -> ast::Expr {
    let mut expr = peel_parens(expr);
    while let ast::Expr::Lambda(lambda) = &expr {
        let Some(body) = lambda.body() else { break };
        expr = peel_parens(body);
    }
    expr
}

fn collect(cx: &Context<'_>, expr: &ast::Expr, parts: &mut DerivationCall) {
    let sides = match expr {
        ast::Expr::AttrSet(set) => return collect_entries(set, parts),
        ast::Expr::LetIn(let_in) => vec![let_in.body()],
        ast::Expr::With(with) => vec![with.body()],
        ast::Expr::Assert(assert) => vec![assert.body()],
        ast::Expr::BinOp(operation) if operation.operator() == Some(ast::BinOpKind::Update) => {
            vec![operation.lhs(), operation.rhs()]
        }
        ast::Expr::Apply(_) => {
            parts.is_open = true;
            match cx.library_call(expr) {
                Some((function, arguments)) if function == "optionalAttrs" => {
                    vec![arguments.into_iter().nth(1)]
                }
                _ => return,
            }
        }
        _ => {
            parts.is_open = true;
            return;
        }
    };
    for side in sides.into_iter().flatten() {
        collect(cx, &peel_parens(side), parts);
    }
}

fn collect_entries(set: &ast::AttrSet, parts: &mut DerivationCall) {
    use ast::HasEntry as _;
    for entry in set.entries() {
        match entry {
            ast::Entry::AttrpathValue(binding) => {
                let path = binding.attrpath().and_then(|path| static_path(&path));
                let key = binding.attrpath().and_then(|path| path.attrs().next());
                match (path, key) {
                    (Some(path), Some(key)) if !path.is_empty() => {
                        let binding = Some(binding);
                        parts.attributes.push(DerivationAttribute { path, key, binding, set: set.clone() });
                    }
                    _ => parts.is_open = true,
                }
            }
            ast::Entry::Inherit(inherit) => {
                for key in inherit.attrs() {
                    match static_name(&key) {
                        Some(name) => parts.attributes.push(DerivationAttribute {
                            path: vec![name],
                            key,
                            binding: None,
                            set: set.clone(),
                        }),
                        None => parts.is_open = true,
                    }
                }
            }
        }
    }
}

/// Attributes of the `mkDerivation` of Haskell packages, which is another function.
fn is_of_cabal(name: &str) -> bool {
    name.ends_with("HaskellDepends") || matches!(name, "isLibrary" | "isExecutable")
}
