//! The names by which rules are chosen: a rule, a group, or `ALL`.

use std::path::PathBuf;

use super::error::printable;
use crate::diagnostic::Group;
use crate::rule::{Entry, RuleMeta};

/// Every rule there is.
#[derive(Clone, Copy)]
pub struct RuleBook<'r> {
    /// The rules of the registry, in the order they are listed.
    pub rules: &'r [Entry],
    /// What the engine itself reports.
    pub built_in: &'r [&'static RuleMeta],
    /// Which of the rules users declare, and where.
    pub packs: &'r [Pack],
}

/// The rules that the `rule-dirs` of one configuration declare.
pub struct Pack {
    /// The file of the configuration.
    pub config: PathBuf,
    /// The names of the rules.
    pub rules: Vec<&'static str>,
}

/// The word that stands for every rule.
const ALL: &str = "ALL";

impl<'r> RuleBook<'r> {
    /// Every rule, those of the engine first.
    pub fn metas(self) -> impl Iterator<Item = &'static RuleMeta> + use<'r> {
        self.built_in.iter().copied().chain(self.rules.iter().map(|entry| entry.meta))
    }

    /// Whether a rule counts under a configuration: those that ship do everywhere, others where they are declared.
    pub(super) fn counts(self, meta: &RuleMeta, pack: Option<usize>) -> bool {
        let owner = self.packs.iter().position(|pack| pack.rules.contains(&meta.name));
        owner.is_none() || owner == pack
    }

    /// The rule called `name`.
    ///
    /// # Errors
    /// When there is none; groups are not rules.
    pub fn rule(self, name: &str) -> Result<&'static RuleMeta, UnknownName> {
        let found = self.metas().find(|meta| meta.name == name);
        found.ok_or_else(|| UnknownName::new("rule", name, self.metas().map(|meta| meta.name)))
    }

    /// What `name` stands for.
    ///
    /// # Errors
    /// When it is neither a rule, nor a group, nor `ALL`.
    pub fn selector(self, name: &str) -> Result<Selector, UnknownName> {
        if name == ALL {
            return Ok(Selector::All);
        }
        if let Some(group) = Group::ALL.into_iter().find(|group| group.as_str() == name) {
            return Ok(Selector::Group(group));
        }
        if let Ok(meta) = self.rule(name) {
            return Ok(Selector::Rule(meta.name));
        }
        let rules = self.metas().map(|meta| meta.name);
        let groups = Group::ALL.into_iter().map(Group::as_str);
        Err(UnknownName::new("rule or group", name, rules.chain(groups).chain([ALL])))
    }
}

/// A choice of rules. Ordered by how much it says: all, a group, one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// Every rule.
    All,
    /// The rules of a group.
    Group(Group),
    /// One rule.
    Rule(&'static str),
}

impl Selector {
    /// Whether the rule is among them.
    pub fn matches(self, meta: &RuleMeta) -> bool {
        match self {
            Self::All => true,
            Self::Group(group) => meta.group == group,
            Self::Rule(name) => meta.name == name,
        }
    }

    /// How closely it names its rules: 0 for all, 1 for a group, 2 for a rule.
    pub(super) fn precision(self) -> u8 {
        match self {
            Self::All => 0,
            Self::Group(_) => 1,
            Self::Rule(_) => 2,
        }
    }
}

/// A name that nothing has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} `{}`", printable(name))]
pub struct UnknownName {
    kind: &'static str,
    name: String,
    suggestion: Option<String>,
}

impl UnknownName {
    /// `name` is no `kind`, though it may resemble one of `candidates`.
    /// Nothing of the `candidates` is called `name`; `kind` says what they are, e.g. `rule`.
    pub fn new<'c>(kind: &'static str, name: &str, candidates: impl Iterator<Item = &'c str>) -> Self {
        Self { kind, name: name.to_owned(), suggestion: closest(name, candidates).map(str::to_owned) }
    }

    /// The name that was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        self.suggestion.as_deref()
    }
}

/// The candidate most like `name`, if any is.
fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // Longer names are not worth the quadratic comparison: no rule is called so.
    if name.len() > 80 {
        return None;
    }
    let lower = name.to_lowercase().replace('_', "-");
    let allowed = (lower.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            *distance <= allowed || (lower.len() >= 4 && candidate.starts_with(lower.as_str()))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve::tests::BOOK;

    #[test]
    fn names_are_rules_groups_or_all() {
        assert_eq!(BOOK.selector("ALL"), Ok(Selector::All));
        assert_eq!(BOOK.selector("style"), Ok(Selector::Group(Group::Style)));
        assert_eq!(BOOK.selector("plain-rule"), Ok(Selector::Rule("plain-rule")));
        assert_eq!(BOOK.selector("broken-syntax"), Ok(Selector::Rule("broken-syntax")));
    }

    #[test]
    fn unknown_names_come_with_what_was_meant() {
        let suggestion = |name: &str| {
            BOOK.selector(name).expect_err("nothing is called so").suggestion().map(str::to_owned)
        };
        assert_eq!(suggestion("plain_rul").as_deref(), Some("plain-rule"));
        assert_eq!(suggestion("all").as_deref(), Some("ALL"));
        assert_eq!(suggestion("servcies").as_deref(), Some("services"));
        assert_eq!(suggestion("broken").as_deref(), Some("broken-syntax"));
        assert_eq!(suggestion("W291"), None);
        assert_eq!(BOOK.rule("style").expect_err("a group is no rule").to_string(), "unknown rule `style`");
        assert_eq!(
            BOOK.selector("a\u{1b}[2J").expect_err("nothing is called so").to_string(),
            r"unknown rule or group `a\u{1b}[2J`"
        );
    }
}
