//! Taste that few share: off unless asked for.

mod beta_redex;
mod empty_pattern;
mod eta_reduction;
mod interpolated_path;
mod let_only_for_rec_inherit;
mod misnamed_argument;
mod redundant_builtins_prefix;
mod repeated_key_prefix;
mod unsorted_bindings;
mod unsorted_formals;
mod unsorted_inherit;

pub use beta_redex::BetaRedex;
pub use empty_pattern::EmptyPattern;
pub use eta_reduction::EtaReduction;
pub use interpolated_path::InterpolatedPath;
pub use let_only_for_rec_inherit::LetOnlyForRecInherit;
pub use misnamed_argument::MisnamedArgument;
pub use redundant_builtins_prefix::RedundantBuiltinsPrefix;
pub use repeated_key_prefix::RepeatedKeyPrefix;
pub use unsorted_bindings::UnsortedBindings;
pub use unsorted_formals::UnsortedFormals;
pub use unsorted_inherit::UnsortedInherit;
