//! What certainly does the wrong thing, whatever the program is.

mod import_cycle;
mod lambda_lexed_as_url;
mod legacy_let_missing_body;
mod missing_path;

pub use import_cycle::ImportCycle;
pub use lambda_lexed_as_url::LambdaLexedAsUrl;
pub use legacy_let_missing_body::LegacyLetMissingBody;
pub use missing_path::MissingPath;
