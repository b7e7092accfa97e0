//! What certainly does the wrong thing, whatever the program is.

mod call_argument_mismatch;
mod certain_throw;
mod division_lexed_as_path;
mod float_leading_zero;
mod import_cycle;
mod lambda_lexed_as_url;
mod legacy_let_missing_body;
mod missing_attribute;
mod missing_path;
mod or_default_applied;
mod type_mismatch_literal;

pub use call_argument_mismatch::CallArgumentMismatch;
pub use certain_throw::CertainThrow;
pub use division_lexed_as_path::DivisionLexedAsPath;
pub use float_leading_zero::FloatLeadingZero;
pub use import_cycle::ImportCycle;
pub use lambda_lexed_as_url::LambdaLexedAsUrl;
pub use legacy_let_missing_body::LegacyLetMissingBody;
pub use missing_attribute::MissingAttribute;
pub use missing_path::MissingPath;
pub use or_default_applied::OrDefaultApplied;
pub use type_mismatch_literal::TypeMismatchLiteral;
