//! Scopes, bindings and references of one file.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::ir::{Ir, Symbol};
use super::usage::Usage;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// The innermost value that it is a part of.
    pub owner: Owner,
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

/// What a use of a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Whatever the file is for.
    File,
    /// The value of this binding of a `let`.
    Binding(BindingId),
    /// The source of an `inherit (source) …` in a `let`: index in [`Semantics::sources`].
    Source(u32),
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
    /// The innermost value that needs it.
    pub owner: Owner,
}

/// An attribute that Nix refuses, or refused once, because it is defined already.
#[derive(Debug, Clone)]
pub struct Duplicate {
    /// The attribute path inside its set, as far as the two share it.
    pub path: Vec<Symbol>,
    /// Bytes of the first definition's key.
    pub first: TextRange,
    /// Bytes of the second definition's key.
    pub second: TextRange,
    /// Whether both are sets inside sets, which Nix merges since 2.26 (NixOS/nix, pull request 11294).
    pub is_merged: bool,
}

/// A set that Nix makes of two, of which only one is recursive: the first decides.
#[derive(Debug, Clone, Copy)]
pub struct RecMismatch {
    /// Bytes of the first definition's key.
    pub first: TextRange,
    /// Bytes of the second definition's key.
    pub second: TextRange,
    /// Whether the first is recursive.
    pub is_first_recursive: bool,
}

/// The source of an `inherit (source) …` in a `let`, and what is inherited from it.
#[derive(Debug)]
pub struct Source {
    /// The names.
    pub bindings: Vec<BindingId>,
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
    /// Literal sets that are merged although only one is recursive.
    pub rec_mismatches: Vec<RecMismatch>,
    /// Computed names in `inherit`, which Nix refuses: bytes of the names.
    pub dynamic_inherits: Vec<TextRange>,
    /// Sources of `inherit (source) …` in `let`.
    pub sources: Vec<Source>,
    /// Index of the reference that begins at an offset; built when it is first asked for.
    pub(super) by_start: OnceCell<FxHashMap<TextSize, u32>>,
    pub(super) usage: OnceCell<Usage>,
    pub(super) scopes_by_range: OnceCell<FxHashMap<(ScopeKind, TextRange), ScopeId>>,
}

impl Semantics {
    /// What the name at `range` means; `None` where no name is used (e.g. an attribute name).
    pub fn resolve(&self, range: TextRange) -> Option<Resolution> {
        self.reference(range).map(|reference| reference.resolution)
    }

    /// The use of a name at exactly `range`.
    pub(super) fn reference(&self, range: TextRange) -> Option<&Reference> {
        let by_start = self.by_start.get_or_init(|| {
            let starts = self.references.iter().map(|reference| reference.range.start());
            starts.zip(0..).collect()
        });
        let reference = &self.references[*by_start.get(&range.start())? as usize];
        (reference.range == range).then_some(reference)
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
        self.usage().uses(id).iter().map(|index| &self.references[*index as usize])
    }

    /// Which bindings are used, by whom, and to what end; worked out when it is first asked for.
    pub fn usage(&self) -> &Usage {
        self.usage.get_or_init(|| Usage::of(self))
    }

    /// The scope `id` and those around it, innermost first.
    pub fn around(&self, id: Option<ScopeId>) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(id, |id| self.scope(*id).parent)
    }

    /// Where names stand that nothing binds, in bytes.
    pub fn undefined(&self) -> impl Iterator<Item = TextRange> {
        let is_undefined = |reference: &&Reference| reference.resolution == Resolution::Undefined;
        self.references.iter().filter(is_undefined).map(|reference| reference.range)
    }

    /// Every scope with its number.
    pub fn numbered_scopes(&self) -> impl Iterator<Item = (ScopeId, &Scope)> {
        (0..).map(ScopeId).zip(&self.scopes)
    }

    /// The bindings of a scope with their numbers.
    pub fn bindings(&self, scope: ScopeId) -> impl Iterator<Item = (BindingId, &Binding)> {
        (0..).map(move |slot| BindingId { scope, slot }).zip(&self.scope(scope).bindings)
    }
    /// The scope that the function at `range` opens.
    pub fn lambda_scope(&self, range: TextRange) -> Option<ScopeId> {
        self.by_range(ScopeKind::Lambda, range)
    }

    /// The scope that the `with` at `range` opens.
    pub fn with_scope(&self, range: TextRange) -> Option<ScopeId> {
        self.by_range(ScopeKind::With, range)
    }

    fn by_range(&self, kind: ScopeKind, range: TextRange) -> Option<ScopeId> {
        let by_range = self.scopes_by_range.get_or_init(|| {
            self.numbered_scopes().map(|(id, scope)| ((scope.kind, scope.range), id)).collect()
        });
        by_range.get(&(kind, range)).copied()
    }
}
