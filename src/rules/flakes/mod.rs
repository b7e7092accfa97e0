//! Flakes and their lock files.

mod fetch_without_hash;
mod impure_builtin;
mod path_outside_root;
mod search_path;

pub use fetch_without_hash::FetchWithoutHash;
pub use impure_builtin::ImpureBuiltin;
pub use path_outside_root::PathOutsideRoot;
pub use search_path::SearchPath;
