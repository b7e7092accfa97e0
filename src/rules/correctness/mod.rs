//! What certainly does the wrong thing, whatever the program is.

mod builtin_needs_prefix;
mod duplicate_attribute;
mod duplicate_formal;
mod dynamic_attr_in_inherit;
mod dynamic_attr_in_let;
mod import_cycle;
mod missing_path;
mod self_referential_binding;
mod undefined_in_with;
mod undefined_variable;

pub use builtin_needs_prefix::BuiltinNeedsPrefix;
pub use duplicate_attribute::DuplicateAttribute;
pub use duplicate_formal::DuplicateFormal;
pub use dynamic_attr_in_inherit::DynamicAttrInInherit;
pub use dynamic_attr_in_let::DynamicAttrInLet;
pub use import_cycle::ImportCycle;
pub use missing_path::MissingPath;
pub use self_referential_binding::SelfReferentialBinding;
pub use undefined_in_with::UndefinedInWith;
pub use undefined_variable::UndefinedVariable;
