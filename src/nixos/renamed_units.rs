//! Units of nixpkgs that another unit stands for by now.

use std::sync::LazyLock;

use serde::Deserialize;

use super::renames::Release;
use super::{OptionPattern, verified};

/// A unit that is no longer the one to name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenamedUnit {
    /// Its full name.
    pub name: String,
    /// The unit to name instead.
    pub now: String,
    /// The first release with that.
    pub since: Release,
    /// The option that brings both.
    pub enable: OptionPattern,
    /// Whether the old unit goes on to exist beside the new one.
    pub stays: bool,
    /// How units begin that belong to the service itself, and may have to name the old one.
    pub own_prefix: String,
    /// Why the other one is to be named.
    pub reason: String,
    /// Where that was read.
    pub source: String,
    /// Whether the text that the row was read from has a known revision.
    #[serde(default = "verified")]
    pub verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    unit: Vec<RenamedUnit>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("renamed_units"));

/// Every row.
pub fn all() -> &'static [RenamedUnit] {
    &TABLE.unit
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn rows_are_whole() {
        for row in all() {
            assert!(is_source(&row.source) || !row.verified, "{}", row.name);
            assert!(row.name.contains('.') && row.now.contains('.'), "{}", row.name);
            assert!(row.name.starts_with(&row.own_prefix), "{}", row.name);
        }
    }
}
