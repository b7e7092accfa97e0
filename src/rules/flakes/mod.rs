//! Flakes and their lock files.

mod fetch_without_hash;
mod impure_builtin;

pub use fetch_without_hash::FetchWithoutHash;
pub use impure_builtin::ImpureBuiltin;
