//! The standard environment of nixpkgs: what makes packages, which attributes it looks at, and which tools it has.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

/// What the set is that a builder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuilderKind {
    /// All of a package.
    Package,
    /// What changes another package: whatever is not there comes from that.
    Override,
    /// A few attributes beside a command.
    Command,
}

/// A function of nixpkgs that makes a derivation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Builder {
    /// Its name, without the set it stands in.
    pub name: String,
    /// What it takes.
    pub kind: BuilderKind,
    /// Which of its arguments is the set.
    #[serde(default)]
    pub argument: usize,
    /// The builder whose arguments it takes.
    like: Option<String>,
    /// Attributes that it looks at itself.
    #[serde(default)]
    arguments: Vec<String>,
    /// Those of its own attributes that are lists of flags.
    #[serde(default)]
    lists: Vec<String>,
    /// Where the row was read.
    pub source: String,
}

impl Builder {
    /// Names of attributes that are looked at, when a package is built with it.
    pub fn attributes(&self) -> impl Iterator<Item = &'static str> {
        let own = match self.kind {
            BuilderKind::Override => &TABLE.builder[..],
            _ => std::slice::from_ref(&TABLE.builder[self.place()]),
        };
        let own = own.iter().flat_map(|builder| &builder.arguments);
        TABLE.attributes.iter().flat_map(|group| &group.names).chain(own).map(String::as_str)
    }

    /// Whether an attribute is a list of flags for it.
    pub fn is_list_of_flags(&self, attribute: &str) -> bool {
        is_split_at_spaces(attribute) || self.lists.iter().any(|list| list == attribute)
    }

    /// The place in the table of the row with its arguments.
    fn place(&self) -> usize {
        let name = self.like.as_ref().unwrap_or(&self.name);
        TABLE.builder.iter().position(|builder| builder.name == *name).unwrap_or_default()
    }
}

/// A license that is not to be used any more.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldLicense {
    /// Its name in `lib.licenses`.
    pub name: String,
    /// The names of what may be meant.
    pub meant: Vec<String>,
    /// Where the row was read.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    builder: Vec<Builder>,
    attributes: Vec<Names>,
    flags: Vec<Flags>,
    tools: Vec<Names>,
    default_tools: Vec<Names>,
    license: Vec<OldLicense>,
    fetchers: Vec<Names>,
}

/// Names that were read in one place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    names: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flags {
    split: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
    source: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("stdenv"));

static BUILDERS: LazyLock<FxHashMap<&'static str, &'static Builder>> =
    LazyLock::new(|| TABLE.builder.iter().map(|row| (row.name.as_str(), row)).collect());

static TOOLS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| set(&TABLE.tools));
static DEFAULT_TOOLS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| set(&TABLE.default_tools));
static FETCHERS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| set(&TABLE.fetchers));

fn set(groups: &'static [Names]) -> FxHashSet<&'static str> {
    groups.iter().flat_map(|group| &group.names).map(String::as_str).collect()
}

/// The builder of this name: `mkDerivation`, `buildGoModule` and so on; `buildGo124Module` is one too.
pub fn builder(name: &str) -> Option<&'static Builder> {
    let version = name.strip_prefix("buildGo").and_then(|rest| rest.strip_suffix("Module"));
    let is_go = version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit()));
    BUILDERS.get(if is_go { "buildGoModule" } else { name }).copied()
}

/// Whether an attribute is a list of flags that a builder without `__structuredAttrs` splits at spaces.
pub fn is_split_at_spaces(attribute: &str) -> bool {
    TABLE.flags.iter().flat_map(|group| &group.split).any(|flags| flags == attribute)
}

/// Whether the package at a path such as `cmake` or `qt5.wrapQtAppsHook` is only there to build others.
pub fn is_build_tool(path: &str) -> bool {
    TOOLS.contains(path)
}

/// Whether every builder has the package at this path.
pub fn is_default_tool(path: &str) -> bool {
    DEFAULT_TOOLS.contains(path)
}

/// A license that `lib.licenses` marks as deprecated.
pub fn old_license(name: &str) -> Option<&'static OldLicense> {
    TABLE.license.iter().find(|license| license.name == name)
}

/// Whether a fetcher takes `hash` beside `sha256`.
pub fn takes_hash(fetcher: &str) -> bool {
    FETCHERS.contains(fetcher)
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn rows_have_a_source_and_no_name_twice() {
        let table = &*TABLE;
        let groups = [&table.attributes, &table.tools, &table.default_tools, &table.fetchers];
        for group in groups {
            let names: Vec<&String> = group.iter().flat_map(|group| &group.names).collect();
            let distinct: FxHashSet<&&String> = names.iter().collect();
            assert_eq!(names.len(), distinct.len());
            assert!(group.iter().all(|group| is_source(&group.source)));
        }
        assert!(table.flags.iter().all(|flags| is_source(&flags.source)));
        assert!(table.license.iter().all(|license| is_source(&license.source)));
        assert!(table.builder.iter().all(|builder| is_source(&builder.source)));
        assert_eq!(BUILDERS.len(), table.builder.len());
        assert!(TOOLS.is_disjoint(&DEFAULT_TOOLS));
    }

    #[test]
    fn builders_know_their_arguments() {
        let has = |builder: &Builder, name: &str| builder.attributes().any(|attribute| attribute == name);
        let python = builder("buildPythonApplication").expect("it is in the table");
        assert!(
            has(python, "pythonImportsCheck") && has(python, "buildInputs") && !has(python, "vendorHash")
        );
        let go = builder("buildGo124Module").expect("it is in the table");
        assert_eq!(go.name, "buildGoModule");
        assert!(has(go, "vendorHash") && go.is_list_of_flags("ldflags") && go.is_list_of_flags("makeFlags"));
        let changed = builder("overrideAttrs").expect("it is in the table");
        assert!(has(changed, "cargoHash") && has(changed, "vendorHash"));
        assert!(builder("mkShell").is_none() && builder("buildGoxModule").is_none());
        let like = |builder: &&Builder| builder.like.is_some();
        for builder in TABLE.builder.iter().filter(like) {
            assert_eq!(Some(&TABLE.builder[builder.place()].name), builder.like.as_ref());
        }
    }
}
