//! What is said about a rule before it runs.

use crate::diagnostic::{Group, Level, RuleName};

/// Everything about a rule that does not depend on the code it looks at.
#[derive(Debug, Clone, Copy)]
pub struct RuleMeta {
    /// The only id of the rule.
    pub name: &'static str,
    /// One line without a final dot.
    pub summary: &'static str,
    /// The manual page, Markdown.
    pub docs: &'static str,
    /// Options: name of the field, default as written, description.
    pub options: &'static [(&'static str, &'static str, &'static str)],
    /// The family.
    pub group: Group,
    /// The level of findings that are no variant.
    pub level: Level,
    /// Whether the rule runs without being asked for.
    pub on: bool,
    /// Findings with a level of their own.
    pub variants: &'static [Variant],
    /// Whether findings have fixes.
    pub fix: Fixable,
    /// How settled the rule is.
    pub status: Status,
    /// Patterns of the option paths that a fix of this rule changes on purpose; empty for rules whose
    /// safe fixes keep every value.
    pub repairs: &'static [&'static str],
    /// Rules whose findings at the same place give way to this one's.
    pub supersedes: &'static [&'static str],
    /// The source file, from the root of the project.
    pub file: &'static str,
}

impl RuleMeta {
    /// The name as diagnostics carry it.
    pub const fn rule_name(&self) -> RuleName {
        RuleName::new(self.name)
    }
}

/// A kind of finding with its own level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Its name, e.g. `docker`.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
}

/// Whether findings of a rule have fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixable {
    /// Every finding has one.
    Always,
    /// Some have.
    Sometimes,
    /// None has.
    Never,
}

/// How settled a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Runs only when it is named.
    Preview,
    /// Has its final name and behaviour.
    Stable {
        /// The release that made it so.
        since: &'static str,
    },
}
