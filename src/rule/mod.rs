//! The contract between rules and the engine. Knows no rule.

mod context;
mod dependency;
mod derivation;
mod globs;
mod guard;
mod library;
mod meta;
mod options;
mod package;
mod page;
mod patch;
mod registry;
mod switch;
mod texts;
mod unknown_name;
mod unused;
mod with;

pub use context::{Context, Edits, HostContext, Place, Report};
pub use dependency::MissingUnit;
pub use derivation::{DerivationAttribute, DerivationCall, may_make_derivation};
pub use globs::PathGlobs;
pub use library::{attribute, may_have_attribute, written_text};
pub use meta::{Fixable, RuleMeta, Status, Variant};
pub use options::RuleOption;
pub use package::ListElement;
pub use patch::{Near, Patch};
pub use registry::{
    Build, Declared, Entry, ErasedHostRule, ErasedProjectRule, ErasedRule, HostRule, ProjectRule, Rule,
    Runner,
};
pub use texts::{Question, Texts, TextsRead};
pub use with::WithNames;

/// Declares a rule: its manual page, its options with their defaults, and its metadata.
///
/// The doc comment is what `explain` prints; the fields are the keys of the rule's table in
/// `nixlint.toml`.
#[macro_export]
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])+
        pub struct $rule:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty = $default:expr,)*
        }

        name: $name:literal,
        summary: $summary:literal,
        group: $group:ident,
        level: $level:ident,
        $(default: $on:ident,)?
        $(variants: [$($variant:ident: $variant_level:ident),+ $(,)?],)?
        fix: $fix:ident,
        status: $status:expr,
        $(repairs: [$($repair:literal),+ $(,)?],)?
        $(supersedes: [$($superseded:literal),+ $(,)?],)?
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $rule {
            $($(#[doc = $field_doc])+ pub $field: $type,)*
        }

        impl Default for $rule {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $crate::rule::Declared for $rule {
            const META: $crate::rule::RuleMeta = $crate::rule::RuleMeta {
                name: $name,
                summary: $summary,
                docs: concat!($($doc, "\n"),+),
                options: &[$((
                    stringify!($field),
                    stringify!($default),
                    concat!($($field_doc),+),
                )),*],
                group: $crate::diagnostic::Group::$group,
                level: $crate::diagnostic::Level::$level,
                on: $crate::declare_rule!(@on $($on)?),
                variants: &[$($($crate::rule::Variant {
                    name: stringify!($variant),
                    level: $crate::diagnostic::Level::$variant_level,
                }),+)?],
                fix: $crate::rule::Fixable::$fix,
                status: $status,
                repairs: &[$($($repair),+)?],
                supersedes: &[$($($superseded),+)?],
                file: file!(),
            };
        }
    };
    (@on) => { true };
    (@on On) => { true };
    (@on Off) => { false };
}
