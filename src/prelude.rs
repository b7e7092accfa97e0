//! All that a rule may see.

pub use crate::declare_rule;
pub use crate::diagnostic::{Applicability, Level, Tag};
pub use crate::eval::{Condition, Symbol, SymbolRoot, Text, TextPiece, Val, Value};
pub use crate::module::{FileClass, LiteralRole};
pub use crate::nixos;
pub use crate::project::{
    Certainty, ClearSecret, Container, ContainerRun, DEPENDENCIES, Definition, Dependency,
    DependencyAttribute, DeviceRequest, Duplicate, DuplicateSide, EnvironmentFile, Exposure, Host, HostClass,
    ImageReference, Item, Known, Maker, Making, ModuleShape, Mount, Node, OldOption, OptionKey, PathRole,
    PathUse, Port, PortSource, Presence, ProjectFile, ProjectView, Resolved, RunKind, RunOption, RunText,
    Runs, Section, Service, ServiceKind, SetDirective, Side, Spelling, StateDirectory, StoredFile,
    StoredKind, Unit, User, Variable,
};
pub use crate::rule::{
    Context, Declared, Edits, Fixable, HostContext, HostRule, MissingUnit, Near, Patch, PathGlobs, Place,
    ProjectRule, Report, Rule, RuleMeta, Status, UnusedBinding, Variant, unused_bindings,
};
pub use crate::semantic::{
    self, Binding, BindingId, BindingKind, Expr, ExprId, Key, Owner, Reference, Resolution, Scope, ScopeId,
    ScopeKind,
};
pub use crate::shell::{self, Word};
pub use crate::syntax::{AstNode, SyntaxKind, SyntaxNode, ast, edit, peel_parens, static_name, static_path};
pub use crate::text::{FileId, Span, TextRange, TextSize, nearest};
