//! Packages in the manner of nixpkgs: for those who ask for it.

mod attribute_typo;
mod build_tool_in_build_inputs;
mod deprecated_license;
mod env_var_outside_env;
mod fetcher_sha256;
mod fixup_phase;
mod flags_array;
mod flags_not_list;
mod flags_with_spaces;
mod missing_phase_hooks;
mod name_and_version;
mod patch_phase;
mod python_inconsistent_interpreters;
mod redundant_stdenv_tool;

pub use attribute_typo::AttributeTypo;
pub use build_tool_in_build_inputs::BuildToolInBuildInputs;
pub use deprecated_license::DeprecatedLicense;
pub use env_var_outside_env::EnvVarOutsideEnv;
pub use fetcher_sha256::FetcherSha256;
pub use fixup_phase::FixupPhase;
pub use flags_array::FlagsArray;
pub use flags_not_list::FlagsNotList;
pub use flags_with_spaces::FlagsWithSpaces;
pub use missing_phase_hooks::MissingPhaseHooks;
pub use name_and_version::NameAndVersion;
pub use patch_phase::PatchPhase;
pub use python_inconsistent_interpreters::PythonInconsistentInterpreters;
pub use redundant_stdenv_tool::RedundantStdenvTool;
