//! Scopes, bindings and references of one file.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::ir::{Ir, Symbol};
use crate::text::{TextRange, TextSize};

/// Index of a scope in [`Semantics::scopes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// A binding: a scope and a place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BindingId {
    /// The scope that holds it.
    pub scope: ScopeId,
    /// Index in [`Scope::bindings`].
    pub slot: u32,
}

/// What opens a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// `let … in`.
    Let,
    /// `let { … }`.
    LegacyLet,
    /// `rec { … }`.
    RecursiveSet,
    /// A function; one scope for all its formals and the `@` name.
    Lambda,
    /// `with e;`. Holds no bindings.
    With,
}

/// A part of the file in which names are bound.
#[derive(Debug)]
pub struct Scope {
    /// What opened it.
    pub kind: ScopeKind,
    /// The scope around it; `None` for the outermost.
    pub parent: Option<ScopeId>,
    /// Bytes of the construct that opened it.
    pub range: TextRange,
    /// The names bound here, in the order of their first definition.
    pub bindings: Vec<Binding>,
}

/// How a name is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingKind {
    /// `name = value;`, also as the head of an attribute path.
    Plain,
    /// `inherit name;`.
    Inherit,
    /// `inherit (source) name;`.
    InheritFrom,
    /// An entry of a function's pattern.
    Formal,
    /// The name before or behind `@`.
    AtName,
    /// The argument of `name: body`.
    Argument,
}

/// A name bound in a scope.
#[derive(Debug)]
pub struct Binding {
    /// The name.
    pub name: Symbol,
    /// Bytes of the name where it is bound first.
    pub range: TextRange,
    /// How it is bound.
    pub kind: BindingKind,
}

/// What a use of a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// A binding of the file.
    Binding(BindingId),
    /// A name of Nix's outermost scope.
    Builtin,
    /// Bound by none of these, but this `with` (the innermost) or one around it may have it.
    With(ScopeId),
    /// Bound nowhere: Nix rejects the file.
    Undefined,
}

/// A use of a name.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// Bytes of the name.
    pub range: TextRange,
    /// The name.
    pub name: Symbol,
    /// The scope it stands in.
    pub scope: Option<ScopeId>,
    /// What it means.
    pub resolution: Resolution,
}

/// An attribute that Nix refuses because it is defined already.
#[derive(Debug, Clone)]
pub struct Duplicate {
    /// The attribute path inside its set, as far as the two share it.
    pub path: Vec<Symbol>,
    /// Bytes of the first definition's key.
    pub first: TextRange,
    /// Bytes of the second definition's key.
    pub second: TextRange,
}

/// What is known of one file without looking at another: built by [`super::lower`].
#[derive(Debug)]
pub struct Semantics {
    /// The desugared program.
    pub ir: Ir,
    /// Every scope, outer before inner.
    pub scopes: Vec<Scope>,
    /// Every use of a name.
    pub references: Vec<Reference>,
    /// Attributes defined twice.
    pub duplicates: Vec<Duplicate>,
    /// Index of the reference that begins at an offset; built when it is first asked for.
    by_start: OnceCell<FxHashMap<TextSize, u32>>,
}

impl Semantics {
    pub(super) fn new(
        ir: Ir,
        scopes: Vec<Scope>,
        references: Vec<Reference>,
        duplicates: Vec<Duplicate>,
    ) -> Self {
        let by_start = OnceCell::new();
        Self { ir, scopes, references, duplicates, by_start }
    }

    /// What the name at `range` means; `None` where no name is used (e.g. an attribute name).
    pub fn resolve(&self, range: TextRange) -> Option<Resolution> {
        let by_start = self.by_start.get_or_init(|| {
            let starts = self.references.iter().map(|reference| reference.range.start());
            starts.zip(0..).collect()
        });
        let reference = self.references[*by_start.get(&range.start())? as usize];
        (reference.range == range).then_some(reference.resolution)
    }

    /// The scope `id`.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// The binding `id`.
    pub fn binding(&self, id: BindingId) -> &Binding {
        &self.scope(id.scope).bindings[id.slot as usize]
    }

    /// Every use of the binding, in the order of the text.
    pub fn uses(&self, id: BindingId) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(move |reference| reference.resolution == Resolution::Binding(id))
    }
}
