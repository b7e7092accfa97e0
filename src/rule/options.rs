//! The options of a rule as users write them in `nixlint.toml`.

use super::meta::RuleMeta;

/// An option of a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleOption {
    /// Its key in the table of the rule.
    pub name: String,
    /// Its default, in TOML.
    pub default: String,
    /// What it does, a sentence.
    pub description: &'static str,
}

impl RuleMeta {
    /// The options, in the order of their declaration.
    pub fn options(&self) -> Vec<RuleOption> {
        let option = |(field, default, description): &(&str, &str, &'static str)| RuleOption {
            name: field.replace('_', "-"),
            default: as_toml(default),
            description: description.trim(),
        };
        self.options.iter().map(option).collect()
    }
}

/// A default in TOML: what the declaration says in Rust, without the calls that make owned values of it.
fn as_toml(default: &str) -> String {
    let default = default.split_whitespace().collect::<Vec<_>>().join(" ");
    if default == "String::new()" {
        return "\"\"".to_owned();
    }
    if default.ends_with("::new()") || default.ends_with("::default()") {
        return "[]".to_owned();
    }
    if let (Some(start), Some(end)) = (default.find('['), default.find(']')) {
        return default[start..=end].to_owned();
    }
    if let Some(text) = default.strip_suffix(".to_owned()") {
        return text.to_owned();
    }
    match default.split_once("::") {
        Some((_, variant)) => format!("\"{}\"", variant.to_ascii_lowercase()),
        None => default,
    }
}

#[cfg(test)]
mod tests {
    use super::as_toml;

    #[test]
    fn defaults_are_shown_in_toml() {
        for (rust, toml) in [
            ("3", "3"),
            ("false", "false"),
            ("Vec::new()", "[]"),
            ("String::new()", "\"\""),
            ("PathGlobs::of(&[\"hosts\", \"machines\"])", "[\"hosts\", \"machines\"]"),
            ("[\"a\",\n\"b\"].map(str::to_owned).to_vec()", "[\"a\", \"b\"]"),
            ("\"/.*\".to_owned()", "\"/.*\""),
            ("Wanted::Any", "\"any\""),
        ] {
            assert_eq!(as_toml(rust), toml);
        }
    }
}
