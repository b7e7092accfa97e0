//! Taste that most share.

mod bool_literal_comparison;
mod empty_inherit;
mod empty_let;
mod empty_list_concat;
mod empty_set_update;
mod has_attr_then_select;
mod interpolation_only_string;
mod list_literal_concat;
mod manual_inherit;
mod manual_inherit_from;
mod mixed_nested_and_flat_keys;
mod negated_bool_literal;
mod negated_equality;
mod nested_let;
mod redundant_at_pattern;
mod redundant_parens;
mod set_literal_update;
mod top_level_with;

pub use bool_literal_comparison::BoolLiteralComparison;
pub use empty_inherit::EmptyInherit;
pub use empty_let::EmptyLet;
pub use empty_list_concat::EmptyListConcat;
pub use empty_set_update::EmptySetUpdate;
pub use has_attr_then_select::HasAttrThenSelect;
pub use interpolation_only_string::InterpolationOnlyString;
pub use list_literal_concat::ListLiteralConcat;
pub use manual_inherit::ManualInherit;
pub use manual_inherit_from::ManualInheritFrom;
pub use mixed_nested_and_flat_keys::MixedNestedAndFlatKeys;
pub use negated_bool_literal::NegatedBoolLiteral;
pub use negated_equality::NegatedEquality;
pub use nested_let::NestedLet;
pub use redundant_at_pattern::RedundantAtPattern;
pub use redundant_parens::RedundantParens;
pub use set_literal_update::SetLiteralUpdate;
pub use top_level_with::TopLevelWith;
