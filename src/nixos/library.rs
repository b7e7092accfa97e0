//! The names in nixpkgs' `lib`, and those that are on their way out.
//!
//! `library_names.toml` is made by `.ci/library-names`; `library.toml` by hand, from the warnings of `lib`.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::renames::Release;
use super::verified;

/// A name that is on its way out, or gone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldName {
    /// Where it stands, with `lib.` in front.
    pub path: String,
    /// The path that takes its place.
    pub now: Option<String>,
    /// Whether the new one is the same thing.
    #[serde(default)]
    pub exact: bool,
    /// Whether there is nothing by that name any more.
    #[serde(default)]
    pub gone: bool,
    /// Whether its argument can stand alone.
    #[serde(default)]
    pub argument: bool,
    /// What to do instead.
    pub hint: Option<String>,
    /// The first release with that, where it is known.
    pub since: Option<Release>,
    /// Where the row was read.
    pub source: String,
    /// Whether the text that the row was read from has a known revision.
    #[serde(default = "verified")]
    pub verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: Vec<OldName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    source: String,
    date: String,
    set: Vec<Set>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    path: String,
    names: String,
}

/// Names beside those of the table, which `nixpkgs` and Home Manager add to what they hand out as `lib`.
const ADDED: [(&str, &[&str]); 1] =
    [("lib", &["hm", "maintainers", "nixos", "nixosSystem", "nixvim", "teams"])];

static OLD: LazyLock<FxHashMap<&'static str, &'static OldName>> = LazyLock::new(|| {
    static TABLE: LazyLock<Table> = LazyLock::new(|| table!("library"));
    TABLE.name.iter().map(|row| (row.path.as_str(), row)).collect()
});

static NAMES: LazyLock<Names> = LazyLock::new(|| table!("library_names"));

static SETS: LazyLock<FxHashMap<&'static str, FxHashSet<&'static str>>> = LazyLock::new(|| {
    let mut sets: FxHashMap<&str, FxHashSet<&str>> =
        NAMES.set.iter().map(|set| (set.path.as_str(), set.names.split_whitespace().collect())).collect();
    for (path, names) in ADDED {
        sets.entry(path).or_default().extend(names);
    }
    sets
});

/// The name at a path such as `lib.types.string`, if it is on its way out.
pub fn old(path: &str) -> Option<&'static OldName> {
    OLD.get(path).copied()
}

/// Whether the set at `path` surely has no attribute `name`; sets that the table does not have may have any.
pub fn lacks(path: &str, name: &str) -> bool {
    SETS.get(path).is_some_and(|names| !names.contains(name))
}

/// Whether the set at `path` has an attribute `name`; `None` for sets that the table does not have.
pub fn has(path: &str, name: &str) -> Option<bool> {
    Some(SETS.get(path)?.contains(name))
}

/// The names in the set at `path`, sorted.
pub fn names(path: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = SETS.get(path).into_iter().flatten().copied().collect();
    names.sort_unstable();
    names
}

/// Every set that has an attribute `name`, sorted.
pub fn sets_with(name: &str) -> Vec<&'static str> {
    let mut sets: Vec<&str> =
        SETS.iter().filter(|(_, names)| names.contains(name)).map(|(path, _)| *path).collect();
    sets.sort_unstable();
    sets
}

/// When the text was made that the names were read from, in seconds since 1970, to a day.
pub fn date() -> i64 {
    let parts: Vec<i64> = NAMES.date.split('-').filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = parts.as_slice() else { return 0 };
    ((year - 1970) * 365 + (year - 1969) / 4 + (month - 1) * 30 + month / 2 + day) * 24 * 3600
}

/// The text that the names were read from.
pub fn source() -> &'static str {
    &NAMES.source
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn rows_are_whole() {
        assert!(is_source(source()) && date() > 1_770_000_000, "{} {}", source(), date());
        for row in OLD.values() {
            assert!(is_source(&row.source) || !row.verified, "{}", row.path);
            assert!(row.now.is_some() || row.hint.is_some(), "{}", row.path);
            let (set, name) = row.path.rsplit_once('.').expect("a path");
            assert_eq!(row.gone, lacks(set, name), "{}", row.path);
            if let Some((set, name)) = row.now.as_deref().and_then(|now| now.rsplit_once('.')) {
                assert!(!lacks(set, name), "{}", row.path);
            }
        }
    }

    #[test]
    fn names_are_known_two_levels_deep() {
        assert!(lacks("lib", "mkIff") && !lacks("lib", "mkIf"));
        assert!(lacks("lib.types", "strng") && !lacks("lib.types", "str"));
        assert!(!lacks("lib.systems.examples", "anything") && !lacks("lib", "nixosSystem"));
        assert_eq!(sets_with("listOf"), ["lib.types"]);
    }
}
