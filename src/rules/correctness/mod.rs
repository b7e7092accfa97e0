//! What certainly does the wrong thing, whatever the program is.

mod import_cycle;
mod missing_path;

pub use import_cycle::ImportCycle;
pub use missing_path::MissingPath;
