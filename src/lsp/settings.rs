//! What a client says about linting, on top of `nixlint.toml`.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::coexist;
use crate::config::discover::ConfigChoice;
use crate::config::{RuleBook, Selectors};

/// The keys of the section `nixlint`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Settings {
    /// Use this configuration file for everything.
    pub config_path: Option<PathBuf>,
    /// Run these rules and no others.
    pub select: Vec<String>,
    /// Do not run these.
    pub ignore: Vec<String>,
    /// Other servers that run beside this one: what they show is left to them.
    pub coexist_with: Vec<String>,
}

impl Settings {
    /// Reads settings as clients send them: bare, or in a section `nixlint` or `settings`. What is wrong is
    /// told in a sentence.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let section = ["nixlint", "settings"].iter().find_map(|name| value.get(name));
        match section {
            Some(section) if section.is_object() => Self::read(section),
            _ if value.is_null() => Ok(Self::default()),
            _ => Self::deserialize(value).map_err(|error| format!("settings of nixlint: {error}")),
        }
    }

    /// Where the configuration is.
    pub(super) fn config_choice(&self) -> ConfigChoice {
        match &self.config_path {
            Some(path) if !path.as_os_str().is_empty() => ConfigChoice::File(path.clone()),
            _ => ConfigChoice::Nearest,
        }
    }

    /// What they say about rules; names that are wrong are told in sentences and passed over.
    pub(super) fn selectors(&self, book: RuleBook<'_>) -> (Selectors, Vec<String>) {
        let mut problems = Vec::new();
        let mut known = |names: &[String]| -> Vec<String> {
            let is_known = |name: &&String| match book.selector(name) {
                Ok(_) => true,
                Err(unknown) => {
                    let suggestion = unknown.suggestion();
                    let help = suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                    problems.push(format!("settings of nixlint: {unknown}{help}"));
                    false
                }
            };
            names.iter().filter(is_known).cloned().collect()
        };
        let (select, mut ignore) = (known(&self.select), known(&self.ignore));
        for peer in &self.coexist_with {
            match coexist::covered_by(peer) {
                Some(rules) => {
                    let ours = rules.iter().filter(|rule| book.rule(rule).is_ok());
                    ignore.extend(ours.map(|rule| (*rule).to_owned()));
                }
                None => problems
                    .push(format!("settings of nixlint: `coexistWith` knows `nil` and `nixd`, not `{peer}`")),
            }
        }
        let selectors = Selectors::new(&select, &ignore, &[], book);
        (selectors.unwrap_or_default(), problems)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_come_bare_or_in_a_section() {
        let wanted = Settings { ignore: vec!["x".to_owned()], ..Settings::default() };
        for value in [
            json!({"ignore": ["x"]}),
            json!({"nixlint": {"ignore": ["x"]}}),
            json!({"settings": {"nixlint": {"ignore": ["x"]}}}),
        ] {
            assert_eq!(Settings::read(&value), Ok(wanted.clone()));
        }
        assert_eq!(Settings::read(&Value::Null), Ok(Settings::default()));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let error = Settings::read(&json!({"ignor": []})).expect_err("there is no such key");
        assert!(error.contains("ignor"), "{error}");
        assert!(Settings::read(&json!(7)).is_err());
    }
}
