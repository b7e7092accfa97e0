//! `nixlint.toml`, read key by key so that each mistake is shown at its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::book::{RuleBook, Selector, UnknownName};
use super::error::Mistake;
use super::exclude::Exclude;
use crate::diagnostic::Level;
use crate::eval::normalise;
use crate::nixos::conflicts::{Conflict, ConflictPort};
use crate::nixos::services::Protocol;
use crate::project::{HostClass, NamedHost, ServiceSettings, Side};
use crate::rule::RuleMeta;

/// What a configuration file says. The default says nothing.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Levels of rules and groups, the broadest first.
    pub rules: Vec<(Selector, Setting)>,
    /// Levels of variants of rules, by rule and variant.
    pub variants: Vec<(&'static str, &'static str, Setting)>,
    /// Options of rules, by name; each table fits its rule.
    pub options: BTreeMap<&'static str, toml::Table>,
    /// Where the folders of the user's own rules stand in the text.
    pub rule_dirs: Option<Range<usize>>,
    /// Which of [`RuleBook::packs`] these folders are.
    pub pack: Option<usize>,
    /// What is not reported on.
    pub exclude: Exclude,
    /// Rules that do not speak about some files.
    pub per_file: Vec<(Exclude, Vec<Selector>)>,
    /// Hosts that no output of a flake names.
    pub hosts: Vec<NamedHost>,
    /// What is said of services that the system and a user both run.
    pub services: Arc<ServiceSettings>,
    /// Whether rules in preview run.
    pub preview: bool,
    /// The lowest level that fails a run.
    pub fail_on: Option<Level>,
}

/// What is said about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// It does not run.
    Off,
    /// It runs at the levels it declares.
    On,
    /// It runs at this level.
    At(Level),
}

/// The keys of the file.
const KEYS: [&str; 8] =
    ["rules", "rule-dirs", "per-file-ignores", "hosts", "services", "exclude", "preview", "fail-on"];
/// The keys of a host.
const HOST_KEYS: [&str; 2] = ["modules", "class"];
/// The keys of what is said of services.
const SERVICES_KEYS: [&str; 2] = ["prefer", "conflict"];
/// The keys of a service that conflicts with itself.
const CONFLICT_KEYS: [&str; 6] = ["name", "system", "user", "ports", "protocol", "address"];
/// The words for levels.
const LEVELS: [&str; 5] = ["error", "warning", "info", "on", "off"];

impl Config {
    /// Reads a configuration whose patterns count from the absolute `folder`. `path` is how the file
    /// is shown.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the text.
    pub fn parse(
        path: &str,
        folder: &Folder<'_>,
        text: &str,
        book: RuleBook<'_>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { path, text, book, mistakes: Vec::new() };
        // Once with spans, once as the plain values that rules are built from.
        let (table, values) = match (DeTable::parse(text), text.parse::<toml::Table>()) {
            (Ok(table), Ok(values)) => (table.into_inner(), values),
            (Err(error), _) | (_, Err(error)) => {
                let span = error.span().unwrap_or(0..0);
                reader.mistake(span, "the configuration is not valid TOML", error.message().trim());
                return Err(reader.mistakes);
            }
        };
        let config = reader.config(&table, &values, folder);
        if reader.mistakes.is_empty() {
            return Ok(config);
        }
        reader.mistakes.sort_by_key(Mistake::start);
        Err(reader.mistakes)
    }
}

/// The level, `on` or `off` behind a word.
///
/// # Errors
/// When it is no such word.
pub fn parse_level(word: &str) -> Result<Setting, UnknownName> {
    match word {
        "error" => Ok(Setting::At(Level::Error)),
        "warning" | "warn" => Ok(Setting::At(Level::Warning)),
        "info" => Ok(Setting::At(Level::Info)),
        "off" => Ok(Setting::Off),
        "on" => Ok(Setting::On),
        _ => Err(UnknownName::new("level", word, LEVELS.into_iter())),
    }
}

/// Where paths of a configuration count from.
pub struct Folder<'f> {
    /// The folder.
    pub path: &'f Utf8Path,
    /// Whether the configuration lies in it; else it is the one that nixlint was called in.
    pub is_its_own: bool,
    /// Whether there is something at an absolute path.
    pub holds: &'f dyn Fn(&Utf8Path) -> bool,
}

/// What serde says of a type, in words that are no names of Rust.
fn plain(message: &str) -> String {
    ["usize", "u32", "u64", "i64"].into_iter().fold(message.to_owned(), |text, name| {
        text.replace(&format!("expected {name}"), "expected a whole number")
    })
}

struct Reader<'t> {
    path: &'t str,
    text: &'t str,
    book: RuleBook<'t>,
    mistakes: Vec<Mistake>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Reader<'_> {
    fn config(&mut self, table: &DeTable<'_>, values: &toml::Table, folder: &Folder<'_>) -> Config {
        let mut config = Config::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "rules" => {
                    if let Some(rules) = self.table(value) {
                        let values = values.get("rules").and_then(toml::Value::as_table);
                        let values = values.expect("invariant: both readings have the same tables");
                        self.rules(rules, values, &mut config);
                    }
                }
                "rule-dirs" => {
                    let folders = value.get_ref().as_array();
                    if folders.is_some_and(|folders| folders.iter().all(|folder| folder.get_ref().is_str())) {
                        config.rule_dirs = Some(key.span());
                    } else {
                        self.wrong_type(value, "a list of folders");
                    }
                }
                "hosts" => config.hosts = self.hosts(value, folder),
                "services" => config.services = Arc::new(self.services(value)),
                "exclude" => config.exclude = self.exclude(value, folder.path),
                "per-file-ignores" => config.per_file = self.per_file(value, folder.path),
                "preview" => match value.get_ref().as_bool() {
                    Some(preview) => config.preview = preview,
                    None => self.wrong_type(value, "`true` or `false`"),
                },
                "fail-on" => match self.level(value, &LEVELS[..3]) {
                    Some(Setting::At(level)) => config.fail_on = Some(level),
                    Some(Setting::Off | Setting::On) => {
                        self.mistake(value.span(), "`fail-on` needs a level", "not a level")
                            .help("`nixlint check --exit-zero` never fails");
                    }
                    None => {}
                },
                name => {
                    let unknown = UnknownName::new("key", name, KEYS.into_iter());
                    self.unknown(key.span(), &unknown, || format!("the keys are {}", listed(&KEYS)));
                }
            }
        }
        // Sorted by what they name, broad before narrow, so that the narrow ones have the last word
        // wherever they stand in the file.
        config.rules.sort_by_key(|(selector, _)| *selector);
        config
    }

    fn rules(&mut self, rules: &DeTable<'_>, values: &toml::Table, config: &mut Config) {
        for (key, value) in rules {
            let name = key.get_ref().as_ref();
            let selector = match self.book.selector(name) {
                Ok(selector) => selector,
                Err(unknown) => {
                    self.unknown(key.span(), &unknown, || "`nixlint rules` lists them all".to_owned());
                    continue;
                }
            };
            match (value.get_ref(), selector) {
                (DeValue::Table(table), Selector::Rule(rule)) => {
                    let values = values.get(name).and_then(toml::Value::as_table);
                    let values = values.expect("invariant: both readings have the same tables");
                    let (setting, options) = self.rule(rule, table, values, &mut config.variants);
                    config.rules.extend(setting.map(|setting| (selector, setting)));
                    config.options.insert(rule, options);
                }
                (DeValue::Table(table), Selector::All | Selector::Group(_)) => {
                    for (option, value) in table {
                        if option.get_ref() == "level" {
                            config
                                .rules
                                .extend(self.level(value, &LEVELS).map(|setting| (selector, setting)));
                        } else {
                            let message = format!("`{name}` is not a single rule and has no options");
                            self.mistake(option.span(), message, "an option of what?")
                                .help("give options to one rule: `[rules.<name>]`");
                        }
                    }
                }
                _ => config.rules.extend(self.level(value, &LEVELS).map(|setting| (selector, setting))),
            }
        }
    }

    /// The table of one rule: its level and its options.
    fn rule(
        &mut self,
        rule: &'static str,
        table: &DeTable<'_>,
        values: &toml::Table,
        variants: &mut Vec<(&'static str, &'static str, Setting)>,
    ) -> (Option<Setting>, toml::Table) {
        let mut setting = Some(Setting::On);
        let mut options = toml::Table::new();
        let entry = self.book.rules.iter().find(|entry| entry.meta.name == rule);
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if name == "level" {
                setting = self.level(value, &LEVELS);
                continue;
            }
            if let Some(entry) = entry.filter(|_| name == "variants") {
                self.variants(entry.meta, value, variants);
                continue;
            }
            let known = entry.map_or(Vec::new(), |entry| option_names(entry.meta));
            let (Some(entry), true) = (entry, known.iter().any(|option| option == name)) else {
                let unknown = UnknownName::new("option", name, known.iter().map(String::as_str));
                self.unknown(key.span(), &unknown, || match known.is_empty() {
                    true => format!("`{rule}` has no options but `level`"),
                    false => format!("the options of `{rule}` are {}", listed(&known)),
                });
                continue;
            };
            // Tried one by one: the error of a whole table does not say which key it is about.
            let option = toml::Table::from_iter([(name.to_owned(), values[name].clone())]);
            match (entry.build)(option.clone()) {
                Ok(_) => options.extend(option),
                Err(error) => {
                    let message = format!("wrong value for the option `{name}` of `{rule}`");
                    self.mistake(value.span(), message, plain(error.message().trim()));
                }
            }
        }
        (setting, options)
    }

    /// The levels of variants of a rule.
    fn variants(
        &mut self,
        meta: &'static RuleMeta,
        value: &Value<'_>,
        variants: &mut Vec<(&'static str, &'static str, Setting)>,
    ) {
        for (key, value) in self.table(value).into_iter().flatten() {
            let name = key.get_ref().as_ref();
            let names = || meta.variants.iter().map(|variant| variant.name);
            let Some(known) = names().find(|known| *known == name) else {
                let unknown = UnknownName::new("variant", name, names());
                self.unknown(key.span(), &unknown, || match meta.variants {
                    [] => format!("`{}` has no variants", meta.name),
                    _ => format!(
                        "the variants of `{}` are {}",
                        meta.name,
                        listed(&names().collect::<Vec<_>>())
                    ),
                });
                continue;
            };
            variants.extend(self.level(value, &LEVELS).map(|setting| (meta.name, known, setting)));
        }
    }

    /// The table of hosts: for each its modules, or a table with its modules and its class.
    fn hosts(&mut self, value: &Value<'_>, folder: &Folder<'_>) -> Vec<NamedHost> {
        let mut hosts = Vec::new();
        for (name, value) in self.table(value).into_iter().flatten() {
            let mut host =
                NamedHost { name: name.get_ref().to_string(), class: HostClass::Nixos, modules: Vec::new() };
            let DeValue::Table(table) = value.get_ref() else {
                host.modules = self.paths(value, folder);
                hosts.push(host);
                continue;
            };
            for (key, value) in table {
                match key.get_ref().as_ref() {
                    "modules" => host.modules = self.paths(value, folder),
                    "class" => host.class = self.class(value).unwrap_or(host.class),
                    name => {
                        let unknown = UnknownName::new("key", name, HOST_KEYS.into_iter());
                        let listed = || format!("the keys of a host are {}", listed(&HOST_KEYS));
                        self.unknown(key.span(), &unknown, listed);
                    }
                }
            }
            if !table.contains_key("modules") {
                let message = format!("the host `{}` has no `modules`", host.name);
                self.mistake(value.span(), message, "what is it made of?");
            }
            hosts.push(host);
        }
        hosts
    }

    fn class(&mut self, value: &Value<'_>) -> Option<HostClass> {
        let word = self.word(value, "class", &HostClass::ALL.map(HostClass::as_str))?;
        HostClass::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// What is said of services: who keeps one that runs twice, and which may.
    fn services(&mut self, value: &Value<'_>) -> ServiceSettings {
        let mut settings = ServiceSettings::default();
        for (key, value) in self.table(value).into_iter().flatten() {
            match key.get_ref().as_ref() {
                "prefer" => {
                    let word = self.word(value, "side", &Side::ALL.map(Side::as_str));
                    settings.prefer =
                        Side::ALL.into_iter().find(|side| Some(side.as_str()) == word.as_deref());
                }
                "conflict" => match value.get_ref().as_array() {
                    Some(array) => {
                        settings.conflicts = array.iter().filter_map(|value| self.conflict(value)).collect();
                    }
                    None => self.wrong_type(value, "a list of tables, `[[services.conflict]]`"),
                },
                name => {
                    let unknown = UnknownName::new("key", name, SERVICES_KEYS.into_iter());
                    self.unknown(key.span(), &unknown, || format!("the keys are {}", listed(&SERVICES_KEYS)));
                }
            }
        }
        settings
    }

    /// A service that may run in the system and for a user.
    fn conflict(&mut self, value: &Value<'_>) -> Option<Conflict> {
        let table = self.table(value)?;
        let before = self.mistakes.len();
        let (mut name, mut system) = (String::new(), String::new());
        let (mut user, mut ports) = (Vec::new(), Vec::new());
        let (mut protocol, mut address) = (Protocol::Tcp, None);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => name = self.texts(value, "a name").pop().unwrap_or_default(),
                "system" => system = self.texts(value, "the name of a unit").pop().unwrap_or_default(),
                "user" => user = self.texts(value, "a pattern or a list of patterns"),
                "ports" => ports = self.ports(value),
                "protocol" => match self.word(value, "protocol", &["tcp", "udp"]).as_deref() {
                    Some("udp") => protocol = Protocol::Udp,
                    _ => protocol = Protocol::Tcp,
                },
                "address" => address = self.texts(value, "an address").pop(),
                other => {
                    let unknown = UnknownName::new("key", other, CONFLICT_KEYS.into_iter());
                    self.unknown(key.span(), &unknown, || format!("the keys are {}", listed(&CONFLICT_KEYS)));
                }
            }
        }
        for key in ["system", "user", "ports"] {
            if !table.contains_key(key) {
                let message = format!("a conflict has no `{key}`");
                self.mistake(value.span(), message, "incomplete")
                    .help("it needs `system`, a unit, `user`, names of units or containers, and `ports`");
            }
        }
        let port = |number| ConflictPort { address: address.clone(), ..ConflictPort::new(number, protocol) };
        let ports = ports.into_iter().map(port).collect();
        (self.mistakes.len() == before).then(|| Conflict::of_user(&name, &system, &user, ports))
    }

    /// The number of a port, or a list of such.
    fn ports(&mut self, value: &Value<'_>) -> Vec<u16> {
        let number = |value: &Value<'_>| match value.get_ref() {
            DeValue::Integer(number) => {
                u16::from_str_radix(number.as_str(), number.radix()).ok().filter(|number| *number != 0)
            }
            _ => None,
        };
        let numbers: Option<Vec<u16>> = match value.get_ref() {
            DeValue::Array(array) if !array.is_empty() => array.iter().map(number).collect(),
            _ => number(value).map(|number| vec![number]),
        };
        if numbers.is_none() {
            self.mistake(value.span(), "`ports` needs numbers of ports", "not a list of ports")
                .help("ports go from 1 to 65535");
        }
        numbers.unwrap_or_default()
    }

    /// A text, or a list of texts, with at most one `*` in each.
    fn texts(&mut self, value: &Value<'_>, expected: &str) -> Vec<String> {
        let values = match value.get_ref() {
            DeValue::Array(array) if !array.is_empty() => array.iter().collect(),
            _ => vec![value],
        };
        let mut texts = Vec::new();
        for value in values {
            match value.get_ref().as_str() {
                Some(text) if text.is_empty() || text.matches('*').count() > 1 => {
                    self.mistake(value.span(), format!("not {expected}"), "empty, or more than one `*`");
                }
                Some(text) => texts.push(text.to_owned()),
                None => self.wrong_type(value, expected),
            }
        }
        texts
    }

    /// One of several words.
    fn word(&mut self, value: &Value<'_>, kind: &'static str, words: &[&'static str]) -> Option<String> {
        let Some(word) = value.get_ref().as_str() else {
            self.wrong_type(value, &format!("a {kind}"));
            return None;
        };
        if words.contains(&word) {
            return Some(word.to_owned());
        }
        let unknown = UnknownName::new(kind, word, words.iter().copied());
        self.unknown(value.span(), &unknown, || format!("it is one of {}", listed(words)));
        None
    }

    /// The path of something that is there, or a list of such; they count from `folder`.
    fn paths(&mut self, value: &Value<'_>, folder: &Folder<'_>) -> Vec<Utf8PathBuf> {
        let values = match value.get_ref() {
            DeValue::Array(array) if array.is_empty() => {
                self.mistake(value.span(), "a host needs at least one module", "empty");
                return Vec::new();
            }
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![value],
        };
        let mut paths = Vec::new();
        for value in values {
            match value.get_ref().as_str() {
                Some(path) => {
                    let absolute = normalise(folder.path.join(path).as_str());
                    if !(folder.holds)(&absolute) {
                        let help = match folder.is_its_own {
                            true => format!("paths count from the folder of {}", self.path),
                            false => "with `--config`, paths count from the working directory".to_owned(),
                        };
                        self.mistake(value.span(), "a module of this host is missing", "nothing is there")
                            .help(help);
                    }
                    paths.push(absolute);
                }
                None => self.wrong_type(value, "a path"),
            }
        }
        paths
    }

    /// Patterns of files, each with the rules that do not speak about them.
    fn per_file(&mut self, value: &Value<'_>, folder: &Utf8Path) -> Vec<(Exclude, Vec<Selector>)> {
        let mut ignores = Vec::new();
        for (pattern, rules) in self.table(value).into_iter().flatten() {
            let files = match Exclude::new(folder, &[pattern.get_ref()]) {
                Ok(files) => files,
                Err((_, reason)) => {
                    self.mistake(pattern.span(), "wrong pattern in `per-file-ignores`", reason);
                    continue;
                }
            };
            let Some(names) = rules.get_ref().as_array() else {
                self.wrong_type(rules, "a list of rules and groups");
                continue;
            };
            let mut selectors = Vec::new();
            for name in names.iter() {
                match name.get_ref().as_str().map(|word| self.book.selector(word)) {
                    Some(Ok(selector)) => selectors.push(selector),
                    Some(Err(unknown)) => {
                        self.unknown(name.span(), &unknown, || "`nixlint rules` lists them all".to_owned());
                    }
                    None => self.wrong_type(name, "the name of a rule or group"),
                }
            }
            ignores.push((files, selectors));
        }
        ignores
    }

    fn exclude(&mut self, value: &Value<'_>, folder: &Utf8Path) -> Exclude {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(value, "a list of patterns");
            return Exclude::default();
        };
        let mut patterns = Vec::new();
        for pattern in array.iter() {
            match pattern.get_ref().as_str() {
                Some(text) => patterns.push((text, pattern.span())),
                None => self.wrong_type(pattern, "a pattern"),
            }
        }
        let texts: Vec<&str> = patterns.iter().map(|(text, _)| *text).collect();
        match Exclude::new(folder, &texts) {
            Ok(exclude) => exclude,
            Err((index, reason)) => {
                self.mistake(patterns[index].1.clone(), "wrong pattern in `exclude`", reason);
                Exclude::default()
            }
        }
    }

    /// The level in a value; where it is none, `known` are the words to choose from.
    fn level(&mut self, value: &Value<'_>, known: &[&str]) -> Option<Setting> {
        let Some(word) = value.get_ref().as_str() else {
            self.wrong_type(value, "a level");
            return None;
        };
        match parse_level(word) {
            Ok(setting) => Some(setting),
            Err(unknown) => {
                self.unknown(value.span(), &unknown, || format!("the levels are {}", listed(known)));
                None
            }
        }
    }

    fn table<'v, 't>(&mut self, value: &'v Value<'t>) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(value, "a table");
        }
        table
    }

    fn wrong_type(&mut self, value: &Value<'_>, expected: &str) {
        let found = value.get_ref().type_str();
        self.mistake(value.span(), format!("expected {expected}, found {found}"), "wrong type");
    }

    fn unknown(&mut self, span: Range<usize>, unknown: &UnknownName, otherwise: impl FnOnce() -> String) {
        let help = match unknown.suggestion() {
            Some(suggestion) => format!("did you mean `{suggestion}`?"),
            None => otherwise(),
        };
        self.mistake(span, unknown.to_string(), "not known").help(help);
    }

    fn mistake(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Helped<'_> {
        self.mistakes.push(Mistake::new(self.path, self.text, span, message, label));
        Helped { mistakes: &mut self.mistakes }
    }
}

/// A mistake that was just noted.
struct Helped<'m> {
    mistakes: &'m mut Vec<Mistake>,
}

impl Helped<'_> {
    fn help(self, help: impl Into<String>) {
        let mistake = self.mistakes.pop().expect("invariant: a mistake was just noted");
        self.mistakes.push(mistake.with_help(help));
    }
}

/// The options of a rule as they are written in the file.
fn option_names(meta: &RuleMeta) -> Vec<String> {
    meta.options.iter().map(|(field, _, _)| field.replace('_', "-")).collect()
}

fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;
    use crate::config::resolve::tests::{BOOK, folder};

    fn parsed(text: &str) -> Config {
        Config::parse("nixlint.toml", &folder(), text, BOOK).expect("the configuration is right")
    }

    fn mistakes(text: &str) -> String {
        let mistakes = Config::parse("nixlint.toml", &folder(), text, BOOK);
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
        let mut shown = String::new();
        for mistake in mistakes.expect_err("the configuration is wrong") {
            handler.render_report(&mut shown, &mistake).expect("strings take all text");
        }
        shown.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    #[test]
    fn every_key_is_read() {
        let config = parsed(
            r#"
            exclude = ["vendor", "**/hardware.nix"]
            preview = true
            fail-on = "error"
            [hosts]
            old = "machines/old"
            mac = { modules = ["mac.nix", "../shared.nix"], class = "darwin" }
            [rules]
            plain-rule = "off"
            ALL = "info"
            style = "warn"
            rule-with-options = { level = "error", max-depth = 3 }
            "#,
        );
        assert!(config.preview);
        assert_eq!(config.fail_on, Some(Level::Error));
        assert!(config.exclude.matches(Utf8Path::new("/p/vendor/a.nix")));
        assert_eq!(
            config.rules,
            [
                (Selector::All, Setting::At(Level::Info)),
                (Selector::Group(crate::diagnostic::Group::Style), Setting::At(Level::Warning)),
                (Selector::Rule("plain-rule"), Setting::Off),
                (Selector::Rule("rule-with-options"), Setting::At(Level::Error)),
            ]
        );
        let host = |name: &str, class, modules: &[&str]| NamedHost {
            name: name.to_owned(),
            class,
            modules: modules.iter().map(Utf8PathBuf::from).collect(),
        };
        let (mac, old) = (["/p/mac.nix", "/shared.nix"], ["/p/machines/old"]);
        let hosts = [host("mac", HostClass::Darwin, &mac), host("old", HostClass::Nixos, &old)];
        assert_eq!(config.hosts, hosts);
        assert_eq!(config.options["rule-with-options"]["max-depth"].as_integer(), Some(3));
    }

    #[test]
    fn a_table_of_its_own_turns_a_rule_on() {
        let config = parsed("[rules.rule-with-options]\nmax-depth = 3\n");
        assert_eq!(config.rules, [(Selector::Rule("rule-with-options"), Setting::On)]);
    }

    #[test]
    fn mistakes_are_shown_at_their_places() {
        insta::assert_snapshot!(mistakes(
            "exlude = [\"a\"]\npreview = 1\nfail-on = \"off\"\n\n[rules]\nservcies = \"error\"\nplain-rule = \"eror\"\nno-such = \"off\"\nstyle = { max-depth = 1 }\n\n[rules.rule-with-options]\nmax-depht = 2\nmax-depth = \"two\"\n"
        ), @r#"
         × unknown key `exlude`
          ╭─[nixlint.toml:1:1]
        1 │ exlude = ["a"]
          · ───┬──
          ·    ╰── not known
        2 │ preview = 1
          ╰────
         help: did you mean `exclude`?
         × expected `true` or `false`, found integer
          ╭─[nixlint.toml:2:11]
        1 │ exlude = ["a"]
        2 │ preview = 1
          ·           ┬
          ·           ╰── wrong type
        3 │ fail-on = "off"
          ╰────
         × `fail-on` needs a level
          ╭─[nixlint.toml:3:11]
        2 │ preview = 1
        3 │ fail-on = "off"
          ·           ──┬──
          ·             ╰── not a level
        4 │
          ╰────
         help: `nixlint check --exit-zero` never fails
         × unknown rule or group `servcies`
          ╭─[nixlint.toml:6:1]
        5 │ [rules]
        6 │ servcies = "error"
          · ────┬───
          ·     ╰── not known
        7 │ plain-rule = "eror"
          ╰────
         help: did you mean `services`?
         × unknown level `eror`
          ╭─[nixlint.toml:7:14]
        6 │ servcies = "error"
        7 │ plain-rule = "eror"
          ·              ───┬──
          ·                 ╰── not known
        8 │ no-such = "off"
          ╰────
         help: did you mean `error`?
         × unknown rule or group `no-such`
          ╭─[nixlint.toml:8:1]
        7 │ plain-rule = "eror"
        8 │ no-such = "off"
          · ───┬───
          ·    ╰── not known
        9 │ style = { max-depth = 1 }
          ╰────
         help: `nixlint rules` lists them all
         × `style` is not a single rule and has no options
           ╭─[nixlint.toml:9:11]
         8 │ no-such = "off"
         9 │ style = { max-depth = 1 }
           ·           ────┬────
           ·               ╰── an option of what?
        10 │
           ╰────
         help: give options to one rule: `[rules.<name>]`
         × unknown option `max-depht`
           ╭─[nixlint.toml:12:1]
        11 │ [rules.rule-with-options]
        12 │ max-depht = 2
           · ────┬────
           ·     ╰── not known
        13 │ max-depth = "two"
           ╰────
         help: did you mean `max-depth`?
         × wrong value for the option `max-depth` of `rule-with-options`
           ╭─[nixlint.toml:13:13]
        12 │ max-depht = 2
        13 │ max-depth = "two"
           ·             ──┬──
           ·               ╰── invalid type: string "two", expected a whole number
           ╰────
        "#);
    }

    #[test]
    fn mistakes_in_hosts_are_shown_at_their_places() {
        insta::assert_snapshot!(mistakes(
            "[hosts]\na = 1\nb = []\nc = { class = \"nixso\" }\nd = { module = \"d.nix\", modules = [\"d.nix\", 2] }\ne = \"missing.nix\"\n"
        ), @r#"
         × expected a path, found integer
          ╭─[nixlint.toml:2:5]
        1 │ [hosts]
        2 │ a = 1
          ·     ┬
          ·     ╰── wrong type
        3 │ b = []
          ╰────
         × a host needs at least one module
          ╭─[nixlint.toml:3:5]
        2 │ a = 1
        3 │ b = []
          ·     ─┬
          ·      ╰── empty
        4 │ c = { class = "nixso" }
          ╰────
         × the host `c` has no `modules`
          ╭─[nixlint.toml:4:5]
        3 │ b = []
        4 │ c = { class = "nixso" }
          ·     ─────────┬─────────
          ·              ╰── what is it made of?
        5 │ d = { module = "d.nix", modules = ["d.nix", 2] }
          ╰────
         × unknown class `nixso`
          ╭─[nixlint.toml:4:15]
        3 │ b = []
        4 │ c = { class = "nixso" }
          ·               ───┬───
          ·                  ╰── not known
        5 │ d = { module = "d.nix", modules = ["d.nix", 2] }
          ╰────
         help: did you mean `nixos`?
         × unknown key `module`
          ╭─[nixlint.toml:5:7]
        4 │ c = { class = "nixso" }
        5 │ d = { module = "d.nix", modules = ["d.nix", 2] }
          ·       ───┬──
          ·          ╰── not known
        6 │ e = "missing.nix"
          ╰────
         help: did you mean `modules`?
         × expected a path, found integer
          ╭─[nixlint.toml:5:45]
        4 │ c = { class = "nixso" }
        5 │ d = { module = "d.nix", modules = ["d.nix", 2] }
          ·                                             ┬
          ·                                             ╰── wrong type
        6 │ e = "missing.nix"
          ╰────
         × a module of this host is missing
          ╭─[nixlint.toml:6:5]
        5 │ d = { module = "d.nix", modules = ["d.nix", 2] }
        6 │ e = "missing.nix"
          ·     ──────┬──────
          ·           ╰── nothing is there
          ╰────
         help: paths count from the folder of nixlint.toml
        "#);
    }

    #[test]
    fn services_that_run_twice_are_read() {
        let config = parsed(
            r#"
            [services]
            prefer = "user"
            [[services.conflict]]
            system = "nvr"
            user = ["nvr-*.service", "camera"]
            ports = [5000, 0x22fb]
            protocol = "udp"
            address = "127.0.0.1"
            "#,
        );
        assert_eq!(config.services.prefer, Some(Side::User));
        let [conflict] = &config.services.conflicts[..] else { panic!("there is one") };
        assert_eq!((conflict.name.as_str(), conflict.system.as_str()), ("nvr", "nvr.service"));
        assert_eq!(conflict.user, ["nvr-*", "camera"]);
        let ports: Vec<_> = conflict.ports.iter().map(|port| (port.number, port.protocol)).collect();
        assert_eq!(ports, [(5000, Protocol::Udp), (8955, Protocol::Udp)]);
        assert_eq!(conflict.ports[0].address.as_deref(), Some("127.0.0.1"));
    }

    #[test]
    fn mistakes_about_services_are_shown_at_their_places() {
        insta::assert_snapshot!(mistakes(
            "[services]\nprefer = \"sytem\"\nconflicts = []\n\n[[services.conflict]]\nsystem = \"a.service\"\nuser = \"a**\"\nports = [0]\nprotocol = 6\n"
        ), @r#"
          × unknown side `sytem`
           ╭─[nixlint.toml:2:10]
         1 │ [services]
         2 │ prefer = "sytem"
           ·          ───┬───
           ·             ╰── not known
         3 │ conflicts = []
           ╰────
          help: did you mean `system`?
          × unknown key `conflicts`
           ╭─[nixlint.toml:3:1]
         2 │ prefer = "sytem"
         3 │ conflicts = []
           · ────┬────
           ·     ╰── not known
         4 │
           ╰────
          help: did you mean `conflict`?
          × not a pattern or a list of patterns
           ╭─[nixlint.toml:7:8]
         6 │ system = "a.service"
         7 │ user = "a**"
           ·        ──┬──
           ·          ╰── empty, or more than one `*`
         8 │ ports = [0]
           ╰────
          × `ports` needs numbers of ports
           ╭─[nixlint.toml:8:9]
         7 │ user = "a**"
         8 │ ports = [0]
           ·         ─┬─
           ·          ╰── not a list of ports
         9 │ protocol = 6
           ╰────
          help: ports go from 1 to 65535
          × expected a protocol, found integer
           ╭─[nixlint.toml:9:12]
         8 │ ports = [0]
         9 │ protocol = 6
           ·            ┬
           ·            ╰── wrong type
           ╰────
        "#);
    }

    #[test]
    fn wrong_toml_is_shown_too() {
        insta::assert_snapshot!(mistakes("[rules\nplain-rule = \"off\"\n"), @r#"
         × the configuration is not valid TOML
          ╭─[nixlint.toml:1:7]
        1 │ [rules
          ·       ▲
          ·       ╰── unclosed table, expected `]`
        2 │ plain-rule = "off"
          ╰────
        "#);
        insta::assert_snapshot!(mistakes("exclude = [\"a\", \"b[\", 1]\n[rules.plain-rule]\nx = 1\n"), @r#"
         × wrong pattern in `exclude`
          ╭─[nixlint.toml:1:17]
        1 │ exclude = ["a", "b[", 1]
          ·                 ──┬─
          ·                   ╰── unclosed character class; missing ']'
        2 │ [rules.plain-rule]
          ╰────
         × expected a pattern, found integer
          ╭─[nixlint.toml:1:23]
        1 │ exclude = ["a", "b[", 1]
          ·                       ┬
          ·                       ╰── wrong type
        2 │ [rules.plain-rule]
          ╰────
         × unknown option `x`
          ╭─[nixlint.toml:3:1]
        2 │ [rules.plain-rule]
        3 │ x = 1
          · ┬
          · ╰── not known
          ╰────
         help: `plain-rule` has no options but `level`
        "#);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([a-z.\\[\\]={}\"' \n]|rules|level|exclude|plain-rule|\u{1b}){0,30}") {
            let _ = Config::parse("nixlint.toml", &folder(), &text, BOOK);
        }
    }
}
