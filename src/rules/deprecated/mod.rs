//! Old names.

mod deprecated_to_path;
mod legacy_let;
mod or_as_identifier;
mod removed_option;
mod renamed_option;
mod renamed_unit;
mod url_literal;

pub use deprecated_to_path::DeprecatedToPath;
pub use legacy_let::LegacyLet;
pub use or_as_identifier::OrAsIdentifier;
pub use removed_option::RemovedOption;
pub use renamed_option::RenamedOption;
pub use renamed_unit::RenamedUnit;
pub use url_literal::UrlLiteral;
