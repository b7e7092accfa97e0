//! From the text of a declaration to an entry of the registry; each mistake with its place.

use std::ops::Range;

use regex::Regex;
use toml::Spanned;

use super::call::CallRule;
use super::condition::Condition;
use super::draft::{Draft, Match};
use super::import::ImportRule;
use super::option::OptionRule;
use super::pattern::PatternRule;
use super::template::Template;
use crate::diagnostic::{Applicability, Group, Level};
use crate::rule::{Entry, Fixable, RuleMeta, Runner, Status};

/// A mistake in a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// The words under the place.
    pub label: String,
    /// The way out.
    pub help: Option<String>,
}

/// Reads the declaration in `text`, whose file is shown as `path`. What it says lives as long as the program.
///
/// # Errors
/// Every mistake in it, in the order of the text. A rule that could match nothing is one.
pub fn read(path: &str, text: &str) -> Result<Entry, Vec<Mistake>> {
    let draft: Draft = match toml::from_str(text) {
        Ok(draft) => draft,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let message = "this is no declaration of a rule".to_owned();
            return Err(vec![Mistake {
                span,
                message,
                label: error.message().trim().to_owned(),
                help: None,
            }]);
        }
    };
    let mut reader = Reader { mistakes: Vec::new() };
    let parts = reader.rule(path, draft);
    let mut mistakes = reader.mistakes;
    match parts {
        Some((meta, program)) if mistakes.is_empty() => {
            let meta: &'static RuleMeta = Box::leak(Box::new(meta));
            let program: &'static Program = Box::leak(Box::new(program));
            Ok(Entry {
                meta,
                build: Box::leak(Box::new(move |options: toml::Table| match options.keys().next() {
                    None => Ok(program.runner()),
                    Some(key) => Err(serde::de::Error::custom(format!(
                        "`{key}` is no option of this rule: declared rules have none"
                    ))),
                })),
            })
        }
        _ => {
            mistakes.sort_by_key(|mistake| mistake.span.start);
            Err(mistakes)
        }
    }
}

/// What a rule does, by what it looks for.
pub(super) enum Program {
    Option(OptionRule),
    Pattern(PatternRule),
    Call(CallRule),
    Import(ImportRule),
}

impl Program {
    fn runner(&'static self) -> Runner {
        match self {
            Self::Option(rule) => Runner::Host(Box::new(rule)),
            Self::Pattern(rule) => Runner::File(Box::new(rule)),
            Self::Call(rule) => Runner::File(Box::new(rule)),
            Self::Import(rule) => Runner::File(Box::new(rule)),
        }
    }
}

/// What is said of each finding.
pub(super) struct Words {
    pub message: Template,
    pub here: Template,
    pub help: Option<Template>,
    pub notes: Vec<Template>,
    pub fix: Option<Fix>,
}

/// How a finding is mended.
pub(super) struct Fix {
    pub title: Template,
    pub applicability: Applicability,
    /// `None` deletes.
    pub replacement: Option<Template>,
}

/// Reads a declaration and notes what is wrong with it.
pub(super) struct Reader {
    mistakes: Vec<Mistake>,
}

impl Reader {
    fn rule(&mut self, path: &str, draft: Draft) -> Option<(RuleMeta, Program)> {
        self.name(path, &draft.name);
        let group = self.word(&draft.group, "group", &Group::ALL.map(|group| (group.as_str(), group)));
        let levels = [Level::Info, Level::Warning, Level::Error].map(|level| (level.as_str(), level));
        let level = self.word(&draft.level, "level", &levels);
        self.manual_page(&draft.docs);
        if draft.summary.get_ref().ends_with('.') || draft.summary.get_ref().contains('\n') {
            self.mistake(&draft.summary.span(), "a summary is one line without a final dot", "this is not");
        }
        let repairs = match &draft.matcher.get_ref().option {
            Some(options) if draft.fix.is_some() => {
                options.0.iter().map(|option| leaked(option.get_ref())).collect()
            }
            _ => Vec::new(),
        };
        let fix = if draft.fix.is_some() { Fixable::Sometimes } else { Fixable::Never };
        let meta = RuleMeta {
            name: leaked(draft.name.get_ref()),
            summary: leaked(draft.summary.get_ref()),
            docs: leaked(draft.docs.get_ref()),
            options: &[],
            group: group.unwrap_or(Group::Pedantic),
            level: level.unwrap_or(Level::Info),
            on: draft.on,
            variants: &[],
            fix,
            status: match (draft.preview, &draft.since) {
                (true, _) => Status::Preview,
                (false, since) => Status::Stable { since: leaked(since.as_deref().unwrap_or_default()) },
            },
            repairs: repairs.leak(),
            supersedes: draft.supersedes.iter().map(|name| leaked(name)).collect::<Vec<_>>().leak(),
            file: leaked(path),
        };
        let program = self.program(&draft)?;
        Some((meta, program))
    }

    fn name(&mut self, path: &str, name: &Spanned<String>) {
        let is_word = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !name.get_ref().split('-').all(is_word) {
            self.mistake(&name.span(), "a name is made of lower-case words and dashes", "this is not");
        }
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        if file.strip_suffix(".toml").is_some_and(|stem| stem != name.get_ref()) {
            self.mistake(&name.span(), format!("the file is called `{file}`"), "the rule has another name")
                .help("a rule has the name of its file");
        }
    }

    /// The headings that `explain` promises.
    fn manual_page(&mut self, docs: &Spanned<String>) {
        for heading in ["## What it does", "## Why is this bad?"] {
            if !docs.get_ref().lines().any(|line| line.trim() == heading) {
                self.mistake(&docs.span(), format!("the manual page has no heading `{heading}`"), "missing");
            }
        }
    }

    fn program(&mut self, draft: &Draft) -> Option<Program> {
        let span = draft.matcher.span();
        let matcher = draft.matcher.get_ref();
        let given = [
            ("option", matcher.option.is_some()),
            ("pattern", matcher.pattern.is_some()),
            ("call", matcher.call.is_some()),
            ("import", matcher.import.is_some()),
        ];
        let given: Vec<&str> =
            given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect();
        let [kind] = given.as_slice() else {
            self.mistake(
                &span,
                "a rule looks for one of `option`, `pattern`, `call` and `import`",
                "not one",
            );
            return None;
        };
        self.refuse_strangers(matcher, kind, &span);
        match *kind {
            "option" => OptionRule::read(self, draft).map(Program::Option),
            "pattern" => PatternRule::read(self, draft).map(Program::Pattern),
            "call" => CallRule::read(self, draft).map(Program::Call),
            _ => ImportRule::read(self, draft).map(Program::Import),
        }
    }

    /// Keys that belong to another kind of match would say nothing.
    fn refuse_strangers(&mut self, matcher: &Match, kind: &str, span: &Range<usize>) {
        let keys = [
            ("of", "option", matcher.of.is_some()),
            ("value", "option", matcher.value.is_some()),
            ("element", "option", matcher.element.is_some()),
            ("requires", "option", !matcher.requires.is_empty()),
            ("unless", "option", !matcher.unless.is_empty()),
            ("where", "pattern", !matcher.r#where.is_empty()),
            ("argument", "call", matcher.argument.is_some()),
        ];
        for (key, owner, is_given) in keys {
            if is_given && owner != kind {
                self.mistake(span, format!("`{key}` goes with `{owner}`, not with `{kind}`"), "says nothing");
            }
        }
    }

    /// What is said, with these placeholders.
    pub(super) fn words(&mut self, draft: &Draft, names: &[&str]) -> Option<Words> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let message = self.template(&draft.report.message, &names);
        let here = self.template(&draft.report.here, &names);
        let help = draft.report.help.as_ref().map(|help| self.template(help, &names));
        let notes: Vec<Option<Template>> =
            draft.report.notes.iter().map(|note| self.template(note, &names)).collect();
        let text = draft.report.message.get_ref();
        let starts_well =
            text.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit() || c == '`' || c == '{');
        if !starts_well || text.ends_with('.') || text.chars().count() > 100 {
            self.mistake(
                &draft.report.message.span(),
                "a message begins in lower case and ends without a dot",
                "this does not",
            )
            .help("and it has 100 characters at most");
        }
        let fix = match &draft.fix {
            Some(fix) => Some(self.fix(fix, &names)?),
            None => None,
        };
        Some(Words {
            message: message?,
            here: here?,
            help: match help {
                Some(help) => Some(help?),
                None => None,
            },
            notes: notes.into_iter().collect::<Option<_>>()?,
            fix,
        })
    }

    fn fix(&mut self, draft: &Spanned<super::draft::Fix>, names: &[String]) -> Option<Fix> {
        let span = draft.span();
        let draft = draft.get_ref();
        let words = [Applicability::Safe, Applicability::Unsafe, Applicability::Manual]
            .map(|applicability| (applicability.as_str(), applicability));
        let applicability = self.word(&draft.applicability, "applicability", &words);
        let title = self.template(&draft.title, names);
        let replacement = draft.replace.as_ref().map(|text| self.template(text, names));
        if replacement.is_some() == draft.delete {
            self.mistake(&span, "a fix has either `replace` or `delete = true`", "neither, or both");
            return None;
        }
        let replacement = match replacement {
            Some(replacement) => Some(replacement?),
            None => None,
        };
        Some(Fix { title: title?, applicability: applicability?, replacement })
    }

    fn template(&mut self, text: &Spanned<String>, names: &[String]) -> Option<Template> {
        match Template::read(text.get_ref(), names) {
            Ok(template) => Some(template),
            Err(message) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
                self.mistake(&text.span(), message, "not filled").help(match names.is_empty() {
                    true => "this match has no placeholders".to_owned(),
                    false => format!("the placeholders are {}", names.join(", ")),
                });
                None
            }
        }
    }

    pub(super) fn condition(&mut self, draft: &Spanned<super::draft::Condition>) -> Condition {
        Condition::read(self, draft)
    }

    pub(super) fn regex(&mut self, text: &Spanned<String>) -> Option<Regex> {
        Regex::new(text.get_ref())
            .map_err(|error| {
                let message = error.to_string();
                let last =
                    message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.mistake(&text.span(), "this is no regular expression", last);
            })
            .ok()
    }

    /// The meaning of a word.
    pub(super) fn word<T: Copy>(
        &mut self,
        word: &Spanned<String>,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let found = words.iter().find(|(name, _)| name == word.get_ref()).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let names: Vec<String> = words.iter().map(|(name, _)| format!("`{name}`")).collect();
            self.mistake(&word.span(), format!("unknown {what} `{}`", word.get_ref()), "not known")
                .help(format!("one of {}", names.join(", ")));
        }
        found
    }

    /// Notes a mistake.
    pub(super) fn mistake(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Mistake {
        let mistake =
            Mistake { span: span.clone(), message: message.into(), label: label.into(), help: None };
        self.mistakes.push(mistake);
        self.mistakes.last_mut().expect("invariant: one was pushed")
    }
}

impl Mistake {
    /// The same with the way out.
    pub(super) fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
