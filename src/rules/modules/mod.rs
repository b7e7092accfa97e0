//! The module system: what it refuses, what never ends, and what it silently drops.

mod conditional_module_body;
mod config_dependent_imports;
mod duplicate_import;
mod enable_default_true;
mod inert_assertion;
mod missing_enable_gate;
mod missing_path_assertion;
mod mixed_module_syntax;
mod module_not_imported;
mod update_on_mkif;

pub use conditional_module_body::ConditionalModuleBody;
pub use config_dependent_imports::ConfigDependentImports;
pub use duplicate_import::DuplicateImport;
pub use enable_default_true::EnableDefaultTrue;
pub use inert_assertion::InertAssertion;
pub use missing_enable_gate::MissingEnableGate;
pub use missing_path_assertion::MissingPathAssertion;
pub use mixed_module_syntax::MixedModuleSyntax;
pub use module_not_imported::ModuleNotImported;
pub use update_on_mkif::UpdateOnMkif;
