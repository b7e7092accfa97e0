//! What stands in the TOML file of a rule, as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Draft {
    pub name: Spanned<String>,
    pub summary: Spanned<String>,
    pub group: Spanned<String>,
    pub level: Spanned<String>,
    /// Whether it runs without being asked for.
    #[serde(default = "yes")]
    pub on: bool,
    /// The release since which it is settled; rules of users need none.
    pub since: Option<String>,
    #[serde(default)]
    pub preview: bool,
    #[serde(default)]
    pub supersedes: Vec<String>,
    /// The manual page.
    pub docs: Spanned<String>,
    #[serde(rename = "match")]
    pub matcher: Spanned<Match>,
    pub report: Report,
    pub fix: Option<Spanned<Fix>>,
}

fn yes() -> bool {
    true
}

/// What the rule looks for: exactly one of `option`, `pattern`, `call` and `import`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Match {
    /// Option paths, `*` for any one name.
    pub option: Option<OneOrMany>,
    /// Whose options they are.
    pub of: Option<Spanned<String>>,
    /// What the option is set to.
    pub value: Option<Spanned<Condition>>,
    /// What the option, a list, has among its elements.
    pub element: Option<Spanned<Condition>>,
    /// What the host must have for sure.
    #[serde(default)]
    pub requires: Vec<Setting>,
    /// What the host must not have.
    #[serde(default)]
    pub unless: Vec<Setting>,
    /// A piece of Nix with holes.
    pub pattern: Option<Spanned<String>>,
    /// What holes of the pattern stand for.
    #[serde(default)]
    pub r#where: BTreeMap<Spanned<String>, Spanned<Condition>>,
    /// The function of a call, dotted.
    pub call: Option<Spanned<String>>,
    /// The first argument of the call.
    pub argument: Option<Spanned<Condition>>,
    /// What is imported: a path or a dotted name, with the stars of a shell.
    pub import: Option<Spanned<String>>,
}

/// One text or a list of texts.
#[derive(Debug)]
pub(super) struct OneOrMany(pub Vec<Spanned<String>>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Spanned::<toml::Value>::deserialize(deserializer)?;
        let span = value.span();
        let wrong = || serde::de::Error::custom("expected an option path or a list of them");
        let text = |value: toml::Value| match value {
            toml::Value::String(text) => Ok(Spanned::new(span.clone(), text)),
            _ => Err(wrong()),
        };
        match value.into_inner() {
            toml::Value::Array(values) => Ok(Self(values.into_iter().map(text).collect::<Result<_, _>>()?)),
            value => Ok(Self(vec![text(value)?])),
        }
    }
}

/// An option of the host, and what it is set to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Setting {
    pub option: Spanned<String>,
    pub value: Option<Spanned<Condition>>,
}

/// What a value is. All that is given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Condition {
    pub equals: Option<toml::Value>,
    pub one_of: Option<Vec<toml::Value>>,
    pub none_of: Option<Vec<toml::Value>>,
    /// A regular expression that is found in a string.
    pub matches: Option<Spanned<String>>,
    /// A regular expression that is not found in a string.
    pub matches_not: Option<Spanned<String>>,
    pub kind: Option<Spanned<String>>,
}

/// What is said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Report {
    pub message: Spanned<String>,
    /// The words under the place.
    pub here: Spanned<String>,
    pub help: Option<Spanned<String>>,
    #[serde(default)]
    pub notes: Vec<Spanned<String>>,
}

/// How it is mended: by `replace` or by `delete`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fix {
    pub title: Spanned<String>,
    pub applicability: Spanned<String>,
    /// What stands there afterwards.
    pub replace: Option<Spanned<String>>,
    /// Takes the definition or list element away.
    #[serde(default)]
    pub delete: bool,
}
