//! All that a rule may see.

pub use crate::declare_rule;
pub use crate::diagnostic::{Applicability, Level, Tag};
pub use crate::project::Host;
pub use crate::rule::{
    Context, Declared, Edits, Fixable, HostContext, HostRule, Report, Rule, RuleMeta, Status, Variant,
};
pub use crate::semantic::Resolution;
pub use crate::syntax::{AstNode, ast};
pub use crate::text::{Span, TextRange};
