//! What is true of NixOS, as data: services, containers, secrets, option roots, programs.
//!
//! Each table is a TOML file beside its module, part of the binary, parsed once on first use; every
//! row names the upstream text it was read from. Nothing here reads a configuration, decides a
//! finding or imports another layer. Facts not read in a source are marked `verified = false`;
//! accessors leave them out unless asked with [`Trust::Any`].

/// The table in `NAME.toml` beside this file, of which the build has made JSON.
macro_rules! table {
    ($name:literal) => {
        $crate::nixos::parse($name, include_str!(concat!(env!("OUT_DIR"), "/", $name, ".json")))
    };
}

pub mod channels;
pub mod conflicts;
pub mod containers;
pub mod exec;
pub mod external;
pub mod isolation;
pub mod leaks;
pub mod library;
pub mod packages;
pub mod platforms;
pub mod python;
pub mod renamed_units;
pub mod renames;
pub mod rewritten;
pub mod roots;
pub mod secrets;
pub mod services;
pub mod sqlite;
pub mod stdenv;
pub mod systemd;
pub mod tmpfiles;
pub mod urls;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// Which facts an accessor returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Only what was read in a source: enough to base a finding on.
    Verified,
    /// Also what is only said to be so: good for overviews and suggestions.
    Any,
}

impl Trust {
    /// Whether a fact with this mark may be returned.
    fn admits(self, verified: bool) -> bool {
        verified || self == Self::Any
    }
}

/// A prefix of option paths, e.g. `services.redis.servers.*`: segments between dots, in which one
/// `*` stands for any text, empty text too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionPattern(Vec<String>);

impl OptionPattern {
    /// The pattern written with dots; segments cannot hold a dot.
    pub fn new(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }

    /// The segments, with their `*`.
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// The pattern of the option `name` below what is meant.
    pub fn join(&self, name: &str) -> Self {
        let mut segments = self.0.clone();
        segments.push(name.to_owned());
        Self(segments)
    }

    /// Whether the option at `path` is the one meant, or lies below it.
    pub fn covers<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.0.len() <= path.len() && self.agrees_with(path)
    }

    /// Whether the option at `path` is the one meant, lies below it or above it.
    pub fn overlaps<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.agrees_with(path)
    }

    fn agrees_with<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.0.iter().zip(path).all(|(pattern, segment)| glob(pattern, segment.as_ref()))
    }

    /// How well the pattern describes what it covers: more segments first, then fewer `*`.
    fn rank(&self) -> (usize, usize) {
        let exact = self.0.iter().filter(|segment| !segment.contains('*')).count();
        (self.0.len(), exact)
    }
}

impl fmt::Display for OptionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl<'de> Deserialize<'de> for OptionPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.split('.').any(|segment| segment.is_empty() || segment.matches('*').count() > 1) {
            return Err(serde::de::Error::custom(format!("`{text}` is not an option pattern")));
        }
        Ok(Self::new(&text))
    }
}

/// The names of a dotted path; a name in double quotes may hold dots.
pub fn segments(path: &str) -> Vec<String> {
    let mut result = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => result.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    if !current.is_empty() || !result.is_empty() {
        result.push(current);
    }
    result
}

/// Whether `text` is `pattern`, in which one `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let is_exact = |(own, other): &(u8, u8)| own == other && *own != b'*';
    let same = pattern.bytes().zip(text.bytes()).take_while(is_exact).count();
    match pattern.as_bytes().get(same) {
        None => text.len() == same,
        Some(b'*') => text.as_bytes()[same..].ends_with(&pattern.as_bytes()[same + 1..]),
        Some(_) => false,
    }
}

/// The table in `text`, which the build has made of `name.toml`.
fn parse<T: DeserializeOwned>(name: &str, text: &str) -> T {
    match serde_json::from_str(text) {
        Ok(table) => table,
        Err(error) => panic!("invariant: the embedded table of {name} parses, as its test shows: {error}"),
    }
}

/// For `#[serde(default)]` of the `verified` fields: rows are verified unless they say otherwise.
fn verified() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `source` looks like `owner/name:path@revision`, `owner/name issue 1` or a manual.
    pub(super) fn is_source(source: &str) -> bool {
        let file = source.split_once(':').is_some_and(|(repository, rest)| {
            repository.split('/').count() == 2
                && rest.split_once('@').is_some_and(|(path, revision)| {
                    !path.is_empty()
                        && revision.len() >= 7
                        && revision.chars().take(7).all(|c| c.is_ascii_hexdigit())
                })
        });
        let thread = source.split_once(' ').is_some_and(|(repository, rest)| {
            repository.split('/').count() == 2
                && (rest.starts_with("issue ") || rest.starts_with("pull request "))
        });
        file || thread || source.starts_with("manual: ")
    }

    #[test]
    fn patterns_cover_what_lies_below() {
        let pattern = OptionPattern::new("services.redis.servers.*");
        assert!(pattern.covers(&["services", "redis", "servers", "immich"]));
        assert!(pattern.covers(&["services", "redis", "servers", "immich", "port"]));
        assert!(!pattern.covers(&["services", "redis", "servers"]));
        assert!(!pattern.covers(&["services", "redis", "package", "immich"]));
        assert_eq!(pattern.to_string(), "services.redis.servers.*");
    }

    #[test]
    fn patterns_overlap_what_lies_above() {
        let pattern = OptionPattern::new("systemd.services.minecraft-server-*");
        assert!(pattern.overlaps(&["systemd", "services"]));
        assert!(pattern.overlaps(&["systemd", "services", "minecraft-server-a", "after"]));
        assert!(!pattern.overlaps(&["systemd", "services", "minecraft"]));
        assert!(!pattern.overlaps(&["systemd", "timers"]));
    }

    #[test]
    fn one_star_stands_for_any_text() {
        assert!(glob("prometheus-*-exporter.service", "prometheus-node-exporter.service"));
        assert!(!glob("prometheus-*-exporter.service", "prometheus-exporter.service"));
        assert!(glob("redis*", "redis"));
        assert!(!glob("aba*ba", "aba"));
    }

    #[test]
    fn broken_patterns_are_refused() {
        #[derive(Debug, Deserialize)]
        struct Row {
            #[expect(dead_code, reason = "only its parsing is of interest")]
            path: OptionPattern,
        }
        for path in ["", "a..b", "a.b.", "a.**"] {
            assert!(toml::from_str::<Row>(&format!("path = \"{path}\"")).is_err(), "{path}");
        }
    }

    #[test]
    fn sources_have_one_of_the_known_shapes() {
        assert!(is_source("NixOS/nixpkgs:nixos/modules/misc/ids.nix@071a30ae"));
        assert!(is_source("zhaofengli/attic issue 215"));
        assert!(is_source("manual: mkdir(1)"));
        assert!(!is_source("somewhere"));
        assert!(!is_source("NixOS/nixpkgs:path"));
    }
}
