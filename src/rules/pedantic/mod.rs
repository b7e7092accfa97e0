//! Taste that few share: off unless asked for.

mod beta_redex;
mod empty_pattern;
mod eta_reduction;
mod experimental_syntax;
mod interpolated_path;
mod let_only_for_rec_inherit;
mod misnamed_argument;
mod redundant_builtins_prefix;
mod repeated_key_prefix;
mod unsorted_bindings;
mod unsorted_formals;
mod unsorted_inherit;
mod unused_formal_with_at;
mod unused_lambda_arg;
mod used_underscore_name;

pub use beta_redex::BetaRedex;
pub use empty_pattern::EmptyPattern;
pub use eta_reduction::EtaReduction;
pub use experimental_syntax::ExperimentalSyntax;
pub use interpolated_path::InterpolatedPath;
pub use let_only_for_rec_inherit::LetOnlyForRecInherit;
pub use misnamed_argument::MisnamedArgument;
pub use redundant_builtins_prefix::RedundantBuiltinsPrefix;
pub use repeated_key_prefix::RepeatedKeyPrefix;
pub use unsorted_bindings::UnsortedBindings;
pub use unsorted_formals::UnsortedFormals;
pub use unsorted_inherit::UnsortedInherit;
pub use unused_formal_with_at::UnusedFormalWithAt;
pub use unused_lambda_arg::UnusedLambdaArg;
pub use used_underscore_name::UsedUnderscoreName;
