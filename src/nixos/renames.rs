//! Options of NixOS and Home Manager that have another name now, or none.
//!
//! From the `mkRenamedOptionModule` lists and their kin. A name covers everything below it. Facts of one module
//! system say nothing about another: the same name can be right there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::roots::ModuleSystem;
use super::{segments, verified};

/// An option that is no more what it was.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The path, dotted; `*` for any one name.
    pub name: String,
    /// Whose option it was.
    pub system: ModuleSystem,
    /// The path that takes its place; `None` where the option is gone.
    pub now: Option<String>,
    /// Whether the value has another form there.
    #[serde(default)]
    pub changed: bool,
    /// What to do instead.
    pub hint: Option<String>,
    /// The first release with the change, where it is known.
    pub since: Option<Release>,
    /// Where the row was read.
    pub source: String,
    /// Whether the text that the row was read from has a known revision.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A release, e.g. 25.11: year and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Release {
    /// The year, of this century.
    pub year: u8,
    /// The month.
    pub month: u8,
}

impl Release {
    /// The release in a name such as `nixos-25.11`, `release-25.11` or `nixpkgs-25.11-darwin`.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
            let (year, month) = word.split_once('.')?;
            let is_release = year.len() == 2 && matches!(month, "05" | "11" | "03" | "09");
            is_release.then_some(Self { year: year.parse().ok()?, month: month.parse().ok()? })
        })
    }
}

impl TryFrom<String> for Release {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::find(&text).ok_or_else(|| format!("`{text}` is no release"))
    }
}

/// The renames of one module system as a tree of names.
#[derive(Debug, Default)]
pub struct Names {
    below: BTreeMap<String, Names>,
    /// The rename of exactly this path.
    pub rename: Option<&'static Rename>,
}

impl Names {
    /// The names below that a key may be.
    pub fn at(&self, name: &str) -> Option<&Self> {
        self.below.get(name).or_else(|| self.below.get("*"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    option: Vec<Rename>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("renames"));

/// Every row.
pub fn all() -> &'static [Rename] {
    &TABLE.option
}

/// The renames of a module system.
pub fn of(system: ModuleSystem) -> &'static Names {
    static NIXOS: LazyLock<Names> = LazyLock::new(|| tree(ModuleSystem::Nixos));
    static HOME: LazyLock<Names> = LazyLock::new(|| tree(ModuleSystem::HomeManager));
    static NONE: LazyLock<Names> = LazyLock::new(Names::default);
    match system {
        ModuleSystem::Nixos => &NIXOS,
        ModuleSystem::HomeManager => &HOME,
        _ => &NONE,
    }
}

fn tree(system: ModuleSystem) -> Names {
    let mut root = Names::default();
    for rename in all().iter().filter(|rename| rename.system == system) {
        let mut names = &mut root;
        for segment in segments(&rename.name) {
            names = names.below.entry(segment).or_default();
        }
        names.rename.get_or_insert(rename);
    }
    root
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn rows_are_whole() {
        for row in all() {
            let name = &row.name;
            assert!(is_source(&row.source) || !row.verified, "{name}: {}", row.source);
            assert!(row.now.is_some() || !row.changed, "{name} changes into nothing");
            assert_ne!(row.now.as_ref(), Some(name));
        }
    }

    #[test]
    fn names_are_found_by_their_segments() {
        let opengl = of(ModuleSystem::Nixos).at("hardware").and_then(|names| names.at("opengl"));
        let enable = opengl.and_then(|names| names.at("enable")).and_then(|names| names.rename);
        let enable = enable.expect("hardware.opengl.enable is renamed");
        assert_eq!(enable.now.as_deref(), Some("hardware.graphics.enable"));
        assert_eq!(enable.since, Some(Release { year: 24, month: 11 }));
        assert!(of(ModuleSystem::HomeManager).at("hardware").is_none());
    }

    #[test]
    fn releases_are_read_from_branches() {
        let found = |text| Release::find(text).map(|release| (release.year, release.month));
        assert_eq!(found("nixos-25.11"), Some((25, 11)));
        assert_eq!(found("nixpkgs-24.05-darwin"), Some((24, 5)));
        assert_eq!(found("nixos-unstable"), None);
        assert_eq!(found("v1.0.2"), None);
        assert!(found("nixos-24.05") < found("nixos-24.11"));
    }
}
