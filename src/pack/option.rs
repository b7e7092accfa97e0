//! Rules about what options are set to, on the option table of a host.

use super::condition::{Condition, Known};
use super::draft::{self, Draft};
use super::read::{Reader, Words};
use crate::diagnostic::Applicability;
use crate::eval::Condition as When;
use crate::project::{Certainty, Definition, Host, HostClass, Item, Node, OptionKey};
use crate::rule::{ErasedHostRule, HostContext};
use crate::syntax::AstNode as _;

/// Values longer than this are not quoted in messages, in characters.
const SHOWN: usize = 40;

/// A rule about options.
pub(super) struct OptionRule {
    options: Vec<String>,
    is_of_users: bool,
    value: Option<Condition>,
    element: Option<Condition>,
    requires: Vec<Setting>,
    unless: Vec<Setting>,
    words: Words,
}

/// An option, and what it is set to; `None` for anything.
struct Setting {
    option: String,
    value: Option<Condition>,
}

impl OptionRule {
    pub(super) fn read(reader: &mut Reader, draft: &Draft) -> Option<Self> {
        let matcher = draft.matcher.get_ref();
        let mut options = Vec::new();
        for option in matcher.option.iter().flat_map(|options| &options.0) {
            option_path(reader, option);
            options.push(option.get_ref().clone());
        }
        if options.is_empty() {
            reader.mistake(&draft.matcher.span(), "`option` is empty", "matches nothing");
        }
        if matcher.value.is_some() && matcher.element.is_some() {
            let span = draft.matcher.span();
            reader.mistake(&span, "a rule looks at the `value` of an option or at an `element`", "both");
        }
        let owners = [("system", false), ("users", true)];
        let of_users = matcher.of.as_ref().map(|word| reader.word(word, "owner of options", &owners));
        let mut settings = |drafts: &[draft::Setting]| -> Vec<Setting> {
            let setting = |draft: &draft::Setting| {
                option_path(reader, &draft.option);
                let value = draft.value.as_ref().map(|value| reader.condition(value));
                Setting { option: draft.option.get_ref().clone(), value }
            };
            drafts.iter().map(setting).collect()
        };
        let (requires, unless) = (settings(&matcher.requires), settings(&matcher.unless));
        Some(Self {
            options,
            is_of_users: of_users.flatten().unwrap_or_default(),
            value: matcher.value.as_ref().map(|value| reader.condition(value)),
            element: matcher.element.as_ref().map(|element| reader.condition(element)),
            requires,
            unless,
            words: reader.words(draft, &["path", "value", "host", "key"])?,
        })
    }

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for option in &self.options {
            for (keys, node) in host.nodes(option) {
                let key = keys.last();
                for found in self.found(host, &node) {
                    if !self.applies(host) {
                        return;
                    }
                    self.report(host, cx, &found, key);
                }
            }
        }
    }

    /// The definitions or elements that the rule is about: those that certainly count.
    fn found(&self, host: &Host<'_>, node: &Node) -> Vec<Item> {
        let strongest = node.definitions().iter().map(|definition| definition.priority).min();
        let counts = |definition: &Definition| {
            Some(definition.priority) == strongest && definition.certainty == Certainty::Must
        };
        let of_definition = |definition: &Definition| Item {
            value: host.machine().settled(&definition.value),
            condition: definition.condition.clone(),
            span: definition.span(),
            definition: definition.clone(),
        };
        let (items, condition) = match &self.element {
            Some(condition) => (host.items(node).0, Some(condition)),
            None => (node.definitions().iter().map(of_definition).collect(), self.value.as_ref()),
        };
        let is_meant = |item: &Item| {
            let is_so = |condition: &Condition| condition.holds(&Known::of(&item.value)) == Some(true);
            counts(&item.definition) && item.condition == When::True && condition.is_none_or(is_so)
        };
        items.into_iter().filter(is_meant).collect()
    }

    /// Whether the host has what the rule requires, and nothing that it excludes.
    fn applies(&self, host: &Host<'_>) -> bool {
        let is_set = |setting: &Setting| match &setting.value {
            None => !host.definitions(&setting.option).is_empty(),
            Some(condition) => host
                .option_value(&setting.option)
                .is_some_and(|val| condition.holds(&Known::of(&val)) == Some(true)),
        };
        let may_be_set = |setting: &Setting| {
            let may_be_so = |definition: &Definition| match &setting.value {
                None => true,
                Some(condition) => {
                    let val = host.machine().settled(&definition.value);
                    condition.holds(&Known::of(&val)) != Some(false)
                }
            };
            host.open(&setting.option).is_some() || host.definitions(&setting.option).iter().any(may_be_so)
        };
        self.requires.iter().all(is_set) && !self.unless.iter().any(may_be_set)
    }

    fn report(&self, host: &Host<'_>, cx: &mut HostContext<'_>, found: &Item, key: Option<&OptionKey>) {
        let fill = |name: &str| match name {
            "path" => found.definition.path_text(),
            "host" => host.name.clone().unwrap_or_else(|| "the host".to_owned()),
            "key" => key.map(OptionKey::display).unwrap_or_default(),
            _ => {
                let printed = host.machine().print(&found.value.clone().thunk());
                if printed.chars().count() > SHOWN { "…".to_owned() } else { printed }
            }
        };
        let patch = self.words.fix.as_ref().and_then(|fix| self.patch(cx, found, fix, fill));
        let words = &self.words;
        let Some(report) = cx.report_item(found, shortened(&words.message.fill(fill))) else { return };
        let mut report = report.here(words.here.fill(fill));
        if let Some(help) = &words.help {
            report = report.help(help.fill(fill));
        }
        for note in &words.notes {
            report = report.note(note.fill(fill));
        }
        if let (Some(fix), Some((file, edits, applicability))) = (&words.fix, patch) {
            report = report.fix(applicability, fix.title.fill(fill), |all| all.extend(file, edits));
        }
        let _ = report;
    }

    /// The edits of the fix; none where the value is not written where the option is defined.
    fn patch(
        &self,
        cx: &HostContext<'_>,
        found: &Item,
        fix: &super::read::Fix,
        fill: impl Fn(&str) -> String,
    ) -> Option<(crate::text::FileId, crate::syntax::edit::Edits, Applicability)> {
        let span = found.span?;
        let patch = match (&fix.replacement, self.element.is_some()) {
            (None, true) => cx.remove_item(found)?,
            (None, false) => cx.remove_definition(&found.definition)?,
            (Some(replacement), _) => {
                let node = cx.expression_at(span)?;
                let edits = crate::syntax::edit::replace(node.syntax(), &replacement.fill(fill));
                let is_shared = cx.is_shared(span, &found.definition);
                crate::rule::Patch { file: span.file, edits, is_shared }
            }
        };
        // A constant with other uses would change for them too.
        if patch.is_shared && fix.replacement.is_some() {
            return None;
        }
        let applicability = if patch.is_shared { Applicability::Unsafe } else { fix.applicability };
        Some((patch.file, patch.edits, applicability.min(fix.applicability)))
    }
}

impl ErasedHostRule for &'static OptionRule {
    fn wants(&self, class: HostClass) -> bool {
        class == HostClass::Nixos
    }

    fn check_host(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if self.is_of_users {
            host.visit_users(&mut |user| OptionRule::check(self, &user.home, cx));
        } else {
            OptionRule::check(self, host, cx);
        }
    }
}

/// Messages are short whatever fills them.
pub(super) fn shortened(message: &str) -> String {
    match message.char_indices().nth(100) {
        Some(_) => message.chars().take(99).chain(['…']).collect(),
        None => message.to_owned(),
    }
}

fn option_path(reader: &mut Reader, option: &toml::Spanned<String>) {
    let text = option.get_ref();
    let is_right = |segment: &str| segment == "*" || !segment.is_empty() && !segment.contains('*');
    if !text.split('.').all(is_right) || !text.contains('.') || text.starts_with("config.") {
        reader
            .mistake(&option.span(), format!("`{text}` is no path of an option"), "matches nothing")
            .help("for example `services.openssh.settings.PermitRootLogin`, or with `*` for any one name");
    }
}
