//! Flakes and their lock files.

mod fetch_without_hash;
mod flake_deprecated_output;
mod flake_follows_unknown;
mod flake_implicit_input;
mod flake_output_schema;
mod flake_path_to_file;
mod flake_schema;
mod flake_unaccepted_input;
mod impure_builtin;
mod lock_duplicate_input;
mod lock_not_upstream;
mod lock_outdated;
mod lock_unsupported_ref;
mod path_outside_root;
mod search_path;
mod system_literal_repeated;
mod unused_flake_input;

pub use fetch_without_hash::FetchWithoutHash;
pub use flake_deprecated_output::FlakeDeprecatedOutput;
pub use flake_follows_unknown::FlakeFollowsUnknown;
pub use flake_implicit_input::FlakeImplicitInput;
pub use flake_output_schema::FlakeOutputSchema;
pub use flake_path_to_file::FlakePathToFile;
pub use flake_schema::FlakeSchema;
pub use flake_unaccepted_input::FlakeUnacceptedInput;
pub use impure_builtin::ImpureBuiltin;
pub use lock_duplicate_input::LockDuplicateInput;
pub use lock_not_upstream::LockNotUpstream;
pub use lock_outdated::LockOutdated;
pub use lock_unsupported_ref::LockUnsupportedRef;
pub use path_outside_root::PathOutsideRoot;
pub use search_path::SearchPath;
pub use system_literal_repeated::SystemLiteralRepeated;
pub use unused_flake_input::UnusedFlakeInput;
