//! What certainly does the wrong thing, whatever the program is.

mod import_cycle;
mod import_from_derivation;
mod inherit_from_undefined;
mod missing_path;
mod unknown_builtin;
mod unknown_lib_function;

pub use import_cycle::ImportCycle;
pub use import_from_derivation::ImportFromDerivation;
pub use inherit_from_undefined::InheritFromUndefined;
pub use missing_path::MissingPath;
pub use unknown_builtin::UnknownBuiltin;
pub use unknown_lib_function::UnknownLibFunction;
