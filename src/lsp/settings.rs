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
    /// Reads settings as clients send them: bare, or in a section `nixlint` or `settings`. What is wrong is told in
    /// sentences, and passed over; `None` where nothing can be read.
    pub(super) fn read(value: &Value) -> (Option<Self>, Vec<String>) {
        let section = ["nixlint", "settings"].iter().find_map(|name| value.get(name));
        if let Some(section) = section.filter(|section| section.is_object()) {
            return Self::read(section);
        }
        if value.is_null() {
            return (Some(Self::default()), Vec::new());
        }
        let told = |error: serde_json::Error| format!("settings of nixlint: {error}");
        let Some(keys) = value.as_object() else {
            return (None, Self::deserialize(value).err().map(told).into_iter().collect());
        };
        let (mut right, mut problems) = (serde_json::Map::new(), Vec::new());
        for (key, value) in keys {
            let alone = serde_json::Map::from_iter([(key.clone(), value.clone())]);
            match Self::deserialize(&Value::Object(alone)) {
                Ok(_) => _ = right.insert(key.clone(), value.clone()),
                Err(error) => problems.push(told(error)),
            }
        }
        (Self::deserialize(&Value::Object(right)).ok(), problems)
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
            assert_eq!(Settings::read(&value), (Some(wanted.clone()), Vec::new()));
        }
        assert_eq!(Settings::read(&Value::Null).0, Some(Settings::default()));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let (settings, told) = Settings::read(&json!({"ignor": [], "select": 7, "ignore": ["x"]}));
        assert_eq!(settings.map(|settings| settings.ignore), Some(vec!["x".to_owned()]));
        assert!(told.len() == 2 && told.iter().any(|problem| problem.contains("ignor")), "{told:?}");
        assert!(matches!(Settings::read(&json!(7)), (None, told) if told.len() == 1));
    }
}
