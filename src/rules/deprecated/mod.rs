//! Old names.

mod deprecated_hash_attribute;
mod deprecated_lib;
mod deprecated_to_path;
mod hash_format_alias;
mod json_derivation_attr;
mod legacy_let;
mod or_as_identifier;
mod pkgs_system;
mod removed_option;
mod removed_package;
mod renamed_option;
mod renamed_package;
mod renamed_unit;
mod stdenv_is_platform;
mod stdenv_lib;
mod url_literal;

pub use deprecated_hash_attribute::DeprecatedHashAttribute;
pub use deprecated_lib::DeprecatedLib;
pub use deprecated_to_path::DeprecatedToPath;
pub use hash_format_alias::HashFormatAlias;
pub use json_derivation_attr::JsonDerivationAttr;
pub use legacy_let::LegacyLet;
pub use or_as_identifier::OrAsIdentifier;
pub use pkgs_system::PkgsSystem;
pub use removed_option::RemovedOption;
pub use removed_package::RemovedPackage;
pub use renamed_option::RenamedOption;
pub use renamed_package::RenamedPackage;
pub use renamed_unit::RenamedUnit;
pub use stdenv_is_platform::StdenvIsPlatform;
pub use stdenv_lib::StdenvLib;
pub use url_literal::UrlLiteral;
