//! What certainly does the wrong thing, whatever the program is.

mod builtin_needs_prefix;
mod duplicate_attribute;
mod duplicate_formal;
mod dynamic_attr_in_inherit;
mod dynamic_attr_in_let;
mod import_cycle;
mod import_from_derivation;
mod inherit_from_undefined;
mod missing_path;
mod self_referential_binding;
mod undefined_in_with;
mod undefined_variable;
mod unknown_builtin;
mod unknown_lib_function;

pub use builtin_needs_prefix::BuiltinNeedsPrefix;
pub use duplicate_attribute::DuplicateAttribute;
pub use duplicate_formal::DuplicateFormal;
pub use dynamic_attr_in_inherit::DynamicAttrInInherit;
pub use dynamic_attr_in_let::DynamicAttrInLet;
pub use import_cycle::ImportCycle;
pub use import_from_derivation::ImportFromDerivation;
pub use inherit_from_undefined::InheritFromUndefined;
pub use missing_path::MissingPath;
pub use self_referential_binding::SelfReferentialBinding;
pub use undefined_in_with::UndefinedInWith;
pub use undefined_variable::UndefinedVariable;
pub use unknown_builtin::UnknownBuiltin;
pub use unknown_lib_function::UnknownLibFunction;
