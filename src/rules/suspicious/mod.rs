//! What is probably not what was meant.

mod absolute_path_literal;
mod assert_false;
mod bool_to_string;
mod constant_comparison;
mod dollar_escape_confusion;
mod duplicate_dynamic_attribute;
mod duplicate_list_element;
mod function_equality;
mod home_path_literal;
mod incomparable_literals;
mod mutual_default_cycle;
mod optional_with_list;
mod path_coercion_copies;
mod short_path_literal;
mod tab_in_indented_string;
mod unapplied_function_in_list;
mod unreachable_branch;
mod useless_escape;

pub use absolute_path_literal::AbsolutePathLiteral;
pub use assert_false::AssertFalse;
pub use bool_to_string::BoolToString;
pub use constant_comparison::ConstantComparison;
pub use dollar_escape_confusion::DollarEscapeConfusion;
pub use duplicate_dynamic_attribute::DuplicateDynamicAttribute;
pub use duplicate_list_element::DuplicateListElement;
pub use function_equality::FunctionEquality;
pub use home_path_literal::HomePathLiteral;
pub use incomparable_literals::IncomparableLiterals;
pub use mutual_default_cycle::MutualDefaultCycle;
pub use optional_with_list::OptionalWithList;
pub use path_coercion_copies::PathCoercionCopies;
pub use short_path_literal::ShortPathLiteral;
pub use tab_in_indented_string::TabInIndentedString;
pub use unapplied_function_in_list::UnappliedFunctionInList;
pub use unreachable_branch::UnreachableBranch;
pub use useless_escape::UselessEscape;
