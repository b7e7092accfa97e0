//! What is probably not what was meant.

mod constant_comparison;

pub use constant_comparison::ConstantComparison;
