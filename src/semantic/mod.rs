//! One file as Nix understands it: names resolved, sets merged, everything else still in place.
//!
//! One walk over the syntax tree gives the [`Ir`] that `eval` runs and the scopes and references that
//! rules ask about, so there is a single model of Nix's scoping. It must never look at another file.

mod builtins;
mod ir;
mod kind;
mod lower;
mod meaning;
mod moved;
mod scope;
mod usage;

pub use builtins::{builtin_names, globals, is_global as is_global_builtin, needs_prefix, prefixed};
pub use ir::{
    Attr, AttrSet, BinaryOp, DynamicAttr, Expr, ExprId, Formal, Ir, Key, Lambda, Part, PathKind, Symbol,
};
pub use kind::{Kind, RoughKind};
pub use lower::lower;
pub use scope::{
    Binding, BindingId, BindingKind, Duplicate, Owner, RecMismatch, Reference, Resolution, Scope, ScopeId,
    ScopeKind, Semantics, Source,
};
pub use usage::{IMPLICIT, Usage};
