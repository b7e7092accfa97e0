//! Names in nixpkgs' package set that have another name now, or none.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::renames::Release;
use super::verified;

/// A name that is on its way out, or gone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldPackage {
    /// Where it stands, with `pkgs.` in front.
    pub path: String,
    /// The path that takes its place, without `pkgs.` where it is no package.
    pub now: Option<String>,
    /// Whether the new one is the same thing.
    #[serde(default)]
    pub exact: bool,
    /// Whether evaluation fails on it; otherwise nixpkgs warns, or says nothing yet.
    #[serde(default)]
    pub gone: bool,
    /// What to do instead.
    pub hint: Option<String>,
    /// The first release with that, where it is known.
    pub since: Option<Release>,
    /// The rule that speaks about it, where it has one of its own.
    pub rule: Option<String>,
    /// Where the row was read.
    pub source: String,
    /// Whether the text that the row was read from has a known revision.
    #[serde(default = "verified")]
    pub verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    package: Vec<OldPackage>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("packages"));

static BY_PATH: LazyLock<FxHashMap<&'static str, &'static OldPackage>> =
    LazyLock::new(|| TABLE.package.iter().map(|row| (row.path.as_str(), row)).collect());

/// The last names of the paths.
static LAST: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| TABLE.package.iter().filter_map(|row| row.path.rsplit('.').next()).collect());

/// Every row.
pub fn all() -> &'static [OldPackage] {
    &TABLE.package
}

/// Whether a path that ends in this name may be in the table: quicker than [`old`].
pub fn may_be_old(name: &str) -> bool {
    LAST.contains(name)
}

/// The name at a path such as `pkgs.nerdfonts`, if it is on its way out.
pub fn old(path: &str) -> Option<&'static OldPackage> {
    BY_PATH.get(path).copied()
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn rows_are_whole() {
        for row in all() {
            assert!(is_source(&row.source) || !row.verified, "{}", row.path);
            assert!(row.path.starts_with("pkgs."), "{}", row.path);
            assert!(row.now.is_some() || row.hint.is_some(), "{}", row.path);
            assert!(!row.exact || row.now.is_some(), "{}", row.path);
        }
        assert_eq!(BY_PATH.len(), all().len(), "a name stands there twice");
    }
}
