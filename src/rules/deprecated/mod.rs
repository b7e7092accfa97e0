//! Old names.

mod deprecated_hash_attribute;
mod deprecated_lib;
mod hash_format_alias;
mod json_derivation_attr;
mod pkgs_system;
mod removed_option;
mod removed_package;
mod renamed_option;
mod renamed_package;
mod renamed_unit;
mod stdenv_is_platform;
mod stdenv_lib;

pub use deprecated_hash_attribute::DeprecatedHashAttribute;
pub use deprecated_lib::DeprecatedLib;
pub use hash_format_alias::HashFormatAlias;
pub use json_derivation_attr::JsonDerivationAttr;
pub use pkgs_system::PkgsSystem;
pub use removed_option::RemovedOption;
pub use removed_package::RemovedPackage;
pub use renamed_option::RenamedOption;
pub use renamed_package::RenamedPackage;
pub use renamed_unit::RenamedUnit;
pub use stdenv_is_platform::StdenvIsPlatform;
pub use stdenv_lib::StdenvLib;
