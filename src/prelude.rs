//! All that a rule may see.

pub use crate::declare_rule;
pub use crate::diagnostic::{Applicability, Level, Tag};
pub use crate::eval::{Condition, Symbol, SymbolRoot, Text, TextPiece, Val, Value, sri_hash};
pub use crate::module::{FileClass, LiteralRole, NameForm};
pub use crate::nixos;
pub use crate::project::{
    Certainty, ClearSecret, Container, ContainerRun, DEPENDENCIES, Definition, Dependency,
    DependencyAttribute, DeviceRequest, Duplicate, DuplicateSide, EnvironmentFile, Exposure, Host, HostClass,
    ImageReference, Item, Known, LockFile, LockedNode, Maker, Making, ModuleShape, Mount, Node, OldOption,
    OldUse, OptionKey, PathRole, PathUse, PlacedName, Port, PortSource, Presence, ProjectFile, ProjectView,
    Resolved, RunKind, RunOption, RunText, Runs, Section, Service, ServiceKind, SetDirective, Side, Spelling,
    StateDirectory, StoredFile, StoredKind, Unit, UnknownName, User, Variable, Written, WrittenAttr,
    WrittenFlake, WrittenFunction, WrittenInput, WrittenKind,
};
pub use crate::rule::{
    Context, Declared, DerivationAttribute, DerivationCall, Edits, Fixable, HostContext, HostRule,
    ListElement, MissingUnit, Near, Patch, PathGlobs, Place, ProjectRule, Report, Rule, RuleMeta, Status,
    Variant, WithNames, attribute, may_have_attribute, may_make_derivation, written_text,
};
pub use crate::semantic::{
    self, Binding, BindingId, BindingKind, Expr, ExprId, Key, Kind, Owner, Reference, Resolution, RoughKind,
    Scope, ScopeId, ScopeKind, builtin_names,
};
pub use crate::shell::{self, Word};
pub use crate::syntax::{
    AstNode, Glance, NodeView, RawPart, Strength, SyntaxKind, SyntaxNode, WrittenWords, ast, call_parts,
    comments_above, dotted_path, edit, has_comment, has_comment_outside, is_indented, is_inherited_name,
    peel_parens, plain_text, raw_string, same_code, static_name, static_path, trailing_comment,
    written_words,
};
pub use crate::text::{FileId, Span, TextRange, TextSize, nearest, nearest_within};
