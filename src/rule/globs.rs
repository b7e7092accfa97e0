//! Patterns of paths, as options of rules.

use camino::Utf8Path;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Deserializer, de};

/// Patterns for paths that count from the root of the project, as in `.gitignore`: `*` stays in its folder and
/// `**` does not. A pattern that names a folder means what is in it.
#[derive(Debug, Clone, Default)]
pub struct PathGlobs {
    patterns: Vec<String>,
    set: GlobSet,
}

impl PathGlobs {
    /// The patterns that a rule has by default.
    ///
    /// # Panics
    /// When one is no pattern: they are written in the code.
    pub fn of(patterns: &[&str]) -> Self {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Self::new(patterns).expect("invariant: the default is a pattern")
    }

    fn new(patterns: Vec<String>) -> Result<Self, globset::Error> {
        let mut builder = GlobSetBuilder::new();
        for pattern in &patterns {
            let bare = pattern.trim_start_matches("./").trim_matches('/');
            for pattern in [bare.to_owned(), format!("{bare}/**")] {
                builder.add(GlobBuilder::new(&pattern).literal_separator(true).build()?);
            }
        }
        Ok(Self { set: builder.build()?, patterns })
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a path from the root of the project is meant.
    pub fn matches(&self, path: &Utf8Path) -> bool {
        self.set.is_match(path.as_str())
    }

    /// The patterns, for people.
    pub fn shown(&self) -> String {
        let quoted: Vec<String> = self.patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
        quoted.join(" and ")
    }
}

impl<'de> Deserialize<'de> for PathGlobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_mean_what_is_in_them() {
        let globs = PathGlobs::of(&["modules/services", "**/units/*.nix"]);
        let is = |path: &str| globs.matches(Utf8Path::new(path));
        assert!(is("modules/services/web.nix") && is("modules/services/a/b.nix") && is("x/units/a.nix"));
        assert!(!is("modules/web.nix") && !is("other/modules/services/web.nix") && !is("x/units/a/b.nix"));
        assert_eq!(globs.shown(), "`modules/services` and `**/units/*.nix`");
    }

    #[test]
    fn broken_patterns_are_mistakes() {
        assert!(toml::Value::Array(vec!["a[".into()]).try_into::<PathGlobs>().is_err());
    }
}
