//! From configuration and flags to the rules of a run.

use super::book::{RuleBook, Selector, UnknownName};
use super::exclude::Exclude;
use super::schema::{Config, Setting};
use crate::diagnostic::{Group, Level};
use crate::engine::{ActiveRule, Quiet, RuleSet};
use crate::rule::{RuleMeta, Status};

/// What the command line says about rules. It has the last word over the configuration.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    /// Where not empty: these rules run and no others.
    pub select: Vec<Selector>,
    /// These run as well, at the levels they declare.
    pub extend_select: Vec<Selector>,
    /// These do not run, unless `select` or `extend_select` names them more closely.
    pub ignore: Vec<Selector>,
    /// Levels, the last one wins.
    pub levels: Vec<(Selector, Setting)>,
}

impl Selectors {
    /// Looks the names up in `book`.
    ///
    /// # Errors
    /// At the first name that is neither a rule, nor a group, nor `ALL`.
    pub fn new(
        select: &[String],
        ignore: &[String],
        levels: &[(String, Setting)],
        book: RuleBook<'_>,
    ) -> Result<Self, UnknownName> {
        let selectors = |names: &[String]| {
            names
                .iter()
                .map(|name| book.selector(name.trim()))
                .collect::<Result<Vec<Selector>, UnknownName>>()
        };
        let level = |(name, setting): &(String, Setting)| Ok((book.selector(name.trim())?, *setting));
        Ok(Self {
            select: selectors(select)?,
            ignore: selectors(ignore)?,
            levels: levels.iter().map(level).collect::<Result<_, UnknownName>>()?,
            extend_select: Vec::new(),
        })
    }

    /// The same with rules that run as well.
    ///
    /// # Errors
    /// At the first name that is neither a rule, nor a group, nor `ALL`.
    pub fn and_also(mut self, names: &[String], book: RuleBook<'_>) -> Result<Self, UnknownName> {
        self.extend_select = names.iter().map(|name| book.selector(name.trim())).collect::<Result<_, _>>()?;
        Ok(self)
    }
}

/// The rules that run, with their levels and options.
///
/// Without a word from the user these are the settled rules that are on by default. A group brings in
/// those of its rules that are off by default; rules in preview want their own name, `ALL`, or
/// `preview = true`.
pub fn resolve(book: RuleBook<'_>, config: &Config, flags: &Selectors) -> RuleSet {
    let mut set = RuleSet::default();
    for meta in book.built_in {
        // Whatever is selected: a file that cannot be read must not pass for one without findings.
        let stays = meta.group == Group::Correctness;
        let Decision { runs, level } = Decision::about(meta, stays, config, flags);
        set.known.insert(meta.name.to_owned(), runs);
        set.built_in_levels.extend(level.map(|level| (meta.name.to_owned(), level)));
    }
    for entry in book.rules.iter().filter(|entry| book.counts(entry.meta, config.pack)) {
        let Decision { runs, level } = Decision::about(entry.meta, false, config, flags);
        set.known.insert(entry.meta.name.to_owned(), runs);
        if runs {
            let options = config.options.get(entry.meta.name).cloned().unwrap_or_default();
            let runner = (entry.build)(options).expect("invariant: options are tried when they are read");
            set.rules.push(ActiveRule { meta: entry.meta, runner, level });
        }
    }
    for (rule, variant, setting) in &config.variants {
        // Flags have the last word, over all of a rule.
        let meta = book.rules.iter().map(|entry| entry.meta).find(|meta| meta.name == *rule);
        let is_told =
            meta.is_some_and(|meta| flags.levels.iter().any(|(selector, _)| selector.matches(meta)));
        let level = match setting {
            Setting::Off => None,
            Setting::At(level) => Some(*level),
            Setting::On => continue,
        };
        if !is_told {
            set.variant_levels.insert((rule, variant), level);
        }
    }
    let quiet = |(files, selectors): &(Exclude, Vec<Selector>)| {
        let names = book.metas().filter(|meta| selectors.iter().any(|selector| selector.matches(meta)));
        let (names, files) = (names.map(|meta| meta.name).collect(), files.clone());
        Quiet { names, files: Box::new(move |path| files.matches(path)) }
    };
    set.quiet = config.per_file.iter().map(quiet).collect();
    set
}

/// What is to happen with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decision {
    runs: bool,
    /// `None` keeps the levels it declares.
    level: Option<Level>,
}

impl Decision {
    fn about(meta: &'static RuleMeta, stays: bool, config: &Config, flags: &Selectors) -> Self {
        let settled = config.preview || meta.status != Status::Preview;
        let mut decision = Self { runs: meta.on && settled, level: None };
        for (selector, setting) in &config.rules {
            decision.take(*selector, *setting, meta, settled);
        }
        let selected = closest(&flags.select, |selector| brings_in(selector, meta, settled));
        if !flags.select.is_empty() && !stays {
            decision.runs = selected.is_some();
        }
        let extended = closest(&flags.extend_select, |selector| brings_in(selector, meta, settled));
        decision.runs |= extended.is_some();
        let selected = selected.max(extended);
        let ignored = closest(&flags.ignore, |selector| selector.matches(meta));
        if ignored.is_some() && ignored >= selected {
            decision.runs = false;
        }
        for (selector, setting) in &flags.levels {
            decision.take(*selector, *setting, meta, settled);
        }
        decision
    }

    fn take(&mut self, selector: Selector, setting: Setting, meta: &RuleMeta, settled: bool) {
        if !selector.matches(meta) {
            return;
        }
        match setting {
            Setting::Off => *self = Self { runs: false, level: None },
            Setting::On => self.runs |= brings_in(selector, meta, settled),
            Setting::At(level) => {
                self.runs |= brings_in(selector, meta, settled);
                self.level = Some(level);
            }
        }
    }
}

/// Whether naming `selector` makes the rule run.
fn brings_in(selector: Selector, meta: &RuleMeta, settled: bool) -> bool {
    selector.matches(meta) && (settled || !matches!(selector, Selector::Group(_)))
}

/// How closely the best of the `selectors` that apply names its rules.
fn closest(selectors: &[Selector], applies: impl Fn(Selector) -> bool) -> Option<u8> {
    selectors.iter().filter(|selector| applies(**selector)).map(|selector| selector.precision()).max()
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "`declare_rule!` makes rules public")]
pub(super) mod tests {
    use camino::Utf8Path;

    use super::super::schema::Folder;
    use super::*;
    use crate::prelude::*;
    use crate::rule::Entry;

    /// A folder in which everything is but `missing.nix`.
    pub(in crate::config) fn folder() -> Folder<'static> {
        Folder {
            path: Utf8Path::new("/p"),
            is_its_own: true,
            holds: &|path| path.file_name() != Some("missing.nix"),
        }
    }

    /// One rule of each sort.
    pub(in crate::config) const BOOK: RuleBook<'static> = RuleBook {
        rules: &[
            Entry::file::<PlainRule>(),
            Entry::file::<RuleWithOptions>(),
            Entry::file::<OffRule>(),
            Entry::file::<PreviewRule>(),
        ],
        built_in: &[&BrokenSyntax::META],
        packs: &[],
    };

    /// Declares a rule that looks at nothing.
    macro_rules! silent_rule {
        ($rule:ident $name:literal $group:ident $default:ident $status:expr; $($field:ident)?) => {
            declare_rule! {
                /// Looks at nothing.
                pub struct $rule {
                    $(
                        /// How deep.
                        $field: u32 = 1,
                    )?
                }

                name: $name,
                summary: "nothing",
                group: $group,
                level: Warning,
                default: $default,
                fix: Never,
                status: $status,
            }

            impl Rule for $rule {
                type Node = ast::Root;

                fn check(&self, _: &ast::Root, _: &mut Context<'_>) {}
            }
        };
    }

    const STABLE: Status = Status::Stable { since: "0.1.0" };

    silent_rule!(BrokenSyntax "broken-syntax" Correctness On STABLE;);
    silent_rule!(PlainRule "plain-rule" Style On STABLE;);
    silent_rule!(RuleWithOptions "rule-with-options" Style On STABLE; max_depth);
    silent_rule!(OffRule "off-rule" Style Off STABLE;);
    silent_rule!(PreviewRule "preview-rule" Style On Status::Preview;);

    /// The rules that run, `!` before those with the level error, `.` before those at info.
    fn running(config: &str, select: &[&str], ignore: &[&str], levels: &[(&str, &str)]) -> String {
        let config = Config::parse("nixlint.toml", &folder(), config, BOOK);
        let config = config.expect("the configuration is right");
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let setting = |word| crate::config::parse_level(word).expect("it is a level");
        let levels: Vec<_> = levels.iter().map(|(name, word)| ((*name).to_owned(), setting(word))).collect();
        let flags = Selectors::new(&names(select), &names(ignore), &levels, BOOK).expect("names are known");
        let set = resolve(BOOK, &config, &flags);
        let name = |rule: &ActiveRule| {
            let mark = match rule.level {
                Some(Level::Error) => "!",
                Some(Level::Warning) => "~",
                Some(Level::Info) => ".",
                None => "",
            };
            format!("{mark}{}", rule.meta.name)
        };
        for rule in &set.rules {
            assert_eq!(set.known.get(rule.meta.name), Some(&true));
        }
        assert_eq!(set.known.len(), 5);
        set.rules.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_default_is_what_is_settled_and_on() {
        assert_eq!(running("", &[], &[], &[]), "plain-rule rule-with-options");
        assert_eq!(running("preview = true", &[], &[], &[]), "plain-rule rule-with-options preview-rule");
    }

    #[test]
    fn more_rules_can_be_asked_for() {
        let running = |config: &str, also: &[&str], ignore: &[&str]| {
            let config = Config::parse("nixlint.toml", &folder(), config, BOOK);
            let config = config.expect("the configuration is right");
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let flags = Selectors::new(&[], &names(ignore), &[], BOOK);
            let flags = flags.and_then(|flags| flags.and_also(&names(also), BOOK)).expect("names are known");
            let set = resolve(BOOK, &config, &flags);
            assert!(set.rules.iter().all(|rule| rule.level.is_none()));
            set.rules.iter().map(|rule| rule.meta.name).collect::<Vec<_>>().join(" ")
        };
        let all = "plain-rule rule-with-options off-rule";
        assert_eq!(running("", &["style"], &[]), all);
        assert_eq!(running("", &["off-rule"], &[]), all);
        assert_eq!(running("rules.plain-rule = 'off'", &["off-rule"], &[]), "rule-with-options off-rule");
        assert_eq!(running("", &["off-rule"], &["style"]), "off-rule");
        assert_eq!(running("", &["style"], &["off-rule"]), "plain-rule rule-with-options");
        assert_eq!(running("", &["preview-rule"], &[]), "plain-rule rule-with-options preview-rule");
        assert_eq!(running("rules.style = 'on'", &[], &[]), all);
        assert_eq!(running("rules.off-rule = 'on'", &[], &[]), all);
        assert!(Selectors::default().and_also(&["no-rule".to_owned()], BOOK).is_err());
    }

    #[test]
    fn groups_bring_in_what_is_off_but_not_previews() {
        let all = "plain-rule rule-with-options off-rule";
        assert_eq!(running("", &["style"], &[], &[]), all);
        assert_eq!(
            running("rules.style = 'error'", &[], &[], &[]),
            "!plain-rule !rule-with-options !off-rule"
        );
        assert_eq!(running("", &[], &[], &[("style", "info")]), ".plain-rule .rule-with-options .off-rule");
        assert_eq!(running("", &["ALL"], &[], &[]), format!("{all} preview-rule"));
    }

    #[test]
    fn names_bring_in_anything() {
        assert_eq!(running("", &["preview-rule"], &[], &[]), "preview-rule");
        let config = "rules.preview-rule = 'info'\nrules.off-rule = {}";
        assert_eq!(running(config, &[], &[], &[]), "plain-rule rule-with-options off-rule .preview-rule");
    }

    #[test]
    fn the_narrower_entry_of_the_configuration_wins() {
        let config = "[rules]\nplain-rule = 'info'\nstyle = 'off'\nALL = 'error'";
        assert_eq!(running(config, &[], &[], &[]), ".plain-rule");
        let config = "[rules]\nstyle = 'error'\nrule-with-options = { max-depth = 2 }";
        assert_eq!(running(config, &[], &[], &[]), "!plain-rule !rule-with-options !off-rule");
    }

    #[test]
    fn flags_win_over_the_configuration() {
        let config = "[rules]\nplain-rule = 'off'\nrule-with-options = 'error'";
        assert_eq!(
            running(config, &["plain-rule", "rule-with-options"], &[], &[]),
            "plain-rule !rule-with-options"
        );
        assert_eq!(running(config, &[], &["style"], &[]), "");
        assert_eq!(running(config, &["ALL"], &["style"], &[]), "");
        assert_eq!(running("", &["plain-rule", "off-rule"], &["style"], &[]), "plain-rule off-rule");
        assert_eq!(running("", &["plain-rule"], &["plain-rule"], &[]), "");
    }

    #[test]
    fn what_the_engine_says_about_unreadable_files_stays() {
        let about = |select: &[&str], ignore: &[&str], levels: &[(String, Setting)]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            let flags = Selectors::new(&names(select), &names(ignore), levels, BOOK);
            let set = resolve(BOOK, &Config::default(), &flags.expect("names are known"));
            (set.known["broken-syntax"], set.built_in_levels.get("broken-syntax").copied())
        };
        assert_eq!(about(&["style"], &[], &[]), (true, None));
        assert_eq!(about(&[], &["correctness"], &[]), (false, None));
        let info = [("broken-syntax".to_owned(), Setting::At(Level::Info))];
        assert_eq!(about(&[], &[], &info), (true, Some(Level::Info)));
    }

    #[test]
    fn the_last_level_wins() {
        let levels = [("style", "error"), ("off-rule", "off"), ("plain-rule", "warning")];
        assert_eq!(running("", &[], &[], &levels), "~plain-rule !rule-with-options");
        assert_eq!(
            running("rules.preview-rule = {}", &[], &[], &[("plain-rule", "off"), ("style", "error")]),
            "!plain-rule !rule-with-options !off-rule !preview-rule"
        );
    }
}
