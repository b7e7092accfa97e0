//! Taste that few share.

mod experimental_syntax;
mod unused_formal_with_at;
mod unused_lambda_arg;
mod used_underscore_name;

pub use experimental_syntax::ExperimentalSyntax;
pub use unused_formal_with_at::UnusedFormalWithAt;
pub use unused_lambda_arg::UnusedLambdaArg;
pub use used_underscore_name::UsedUnderscoreName;
