//! The directories that systemd makes for units below `/var/lib`, and what else on a host makes or mounts them.
//!
//! Lists what is certain: directories whose names are known, of services that the host has for sure.

use std::rc::Rc;

use super::host::{Host, Item};
use super::script::{RunKind, RunText};
use super::service::{Service, ServiceKind};
use super::table::{Certainty, OptionKey};
use super::unit::{Section, Unit};
use super::view::{Switch, quoted};
use crate::eval::{Condition, Value};
use crate::nixos::services::DirectoryKind;
use crate::nixos::systemd;
use crate::text::Span;

/// Commands that make files and directories, or give them to somebody.
const MAKERS: [&str; 4] = ["mkdir", "touch", "chown", "install"];

/// A directory that systemd makes for a unit: `StateDirectory=`.
#[derive(Clone)]
pub struct StateDirectory {
    /// Its path, below `/var/lib`.
    pub path: String,
    /// The unit that asks for it, with its suffix.
    pub unit: String,
    /// Whether systemd makes up the user of the unit, so that the directory is a link; `None` where that is not
    /// known.
    pub is_dynamic: Option<bool>,
    /// The user that owns it, where that is a static one and known.
    pub user: Option<String>,
    /// Its mode, where it is known.
    pub mode: Option<String>,
    /// The service of the unit.
    pub service: Service,
}

/// Something on a host that makes a directory, beside systemd.
pub struct Making {
    /// The path, all of which is known.
    pub path: String,
    /// What makes it.
    pub by: Maker,
    /// The place of the rule or command.
    pub span: Span,
    /// The binding it is written in.
    pub binding: Option<Span>,
    /// The owner it gets, where the maker says so.
    pub user: Option<String>,
    /// The mode it gets, where the maker says so.
    pub mode: Option<String>,
}

/// What makes a directory.
pub enum Maker {
    /// A line of tmpfiles, and the element of the list it is.
    Tmpfiles(Option<Box<Item>>),
    /// A command in what this unit runs; `None` for an activation script.
    Script(Option<String>, String),
}

impl Host<'_> {
    /// The state directories of units of the system.
    pub fn state_directories(&self) -> Rc<[StateDirectory]> {
        self.views.states.get_or_init(|| self.build_states().into()).clone()
    }

    fn build_states(&self) -> Vec<StateDirectory> {
        let mut found = Vec::new();
        for service in self.services().iter() {
            if service.origin.certainty != Certainty::Must || service.origin.condition != Condition::True {
                continue;
            }
            match (&service.upstream, &service.unit) {
                (Some(upstream), _) if service.kind == ServiceKind::Option => {
                    for unit in self.upstream_units(upstream) {
                        let is_moved = unit.state_option.as_ref().is_some_and(|option| {
                            let path = upstream.option(option);
                            path.is_none_or(|path| !self.below(self.root(), &path).definitions().is_empty())
                        });
                        if is_moved || unit.earlier.is_some() {
                            continue;
                        }
                        let name = upstream.unit_name(&unit.name);
                        let (is_changed, is_dynamic) = self.changed_user(&name, unit.dynamic_user);
                        let has_own_user = unit.user_option.as_ref().is_some_and(|option| {
                            let path = upstream.option(option);
                            path.is_none_or(|path| !self.below(self.root(), &path).definitions().is_empty())
                        });
                        let is_dynamic = match unit.was_dynamic || (has_own_user && unit.dynamic_user) {
                            true => None,
                            false => is_dynamic,
                        };
                        let user = unit.user.clone().filter(|_| !is_changed && !has_own_user);
                        for state in &unit.state {
                            found.push(StateDirectory {
                                path: format!(
                                    "{}/{}",
                                    DirectoryKind::State.base(),
                                    upstream.unit_name(state)
                                ),
                                unit: name.clone(),
                                is_dynamic,
                                user: user.clone(),
                                mode: None,
                                service: service.clone(),
                            });
                        }
                    }
                }
                (_, Some(unit))
                    if matches!(service.kind, ServiceKind::Unit | ServiceKind::Oneshot)
                        && service.manager == super::service::Manager::System =>
                {
                    self.own_state(service, unit, &mut found);
                }
                _ => {}
            }
        }
        found.retain(|directory| !directory.path.contains(['*', '%']));
        found
    }

    fn own_state(&self, service: &Service, unit: &Unit, found: &mut Vec<StateDirectory>) {
        let (words, is_known) = self.directive_words(unit, Section::Service, "StateDirectory");
        if !is_known {
            return;
        }
        let text = |name: &str| self.directive_text(unit, Section::Service, name);
        let user = match text("User") {
            None => Some("root".to_owned()),
            Some(user) => user.value().cloned(),
        };
        let mode = match text("StateDirectoryMode") {
            None => Some("0755".to_owned()),
            Some(mode) => mode.value().cloned(),
        };
        for word in words {
            let name = word.split(':').next().unwrap_or_default().trim_end_matches('/');
            found.push(StateDirectory {
                path: format!("{}/{name}", DirectoryKind::State.base()),
                unit: unit.display(),
                is_dynamic: self.directive_flag(unit, Section::Service, "DynamicUser"),
                user: user.clone(),
                mode: mode.clone(),
                service: service.clone(),
            });
        }
    }

    /// Whether the project changes the user of a unit of nixpkgs or its directories, and whether that is a
    /// dynamic one then.
    fn changed_user(&self, unit: &str, is_dynamic: bool) -> (bool, Option<bool>) {
        let Some(name) = unit.strip_suffix(".service") else { return (false, Some(is_dynamic)) };
        let units = self.services_called(&OptionKey::Name(name.into()));
        let is_set = |name: &str| {
            units.iter().any(|unit| !self.directive(unit, Section::Service, name).definitions().is_empty())
        };
        if is_set("StateDirectory") {
            return (true, None);
        }
        let texts =
            units.iter().filter_map(|unit| self.directive_text(unit, Section::Service, "DynamicUser"));
        let flags: Vec<Option<bool>> =
            texts.map(|text| text.value().map(|text| systemd::is_true(text))).collect();
        match flags.as_slice() {
            [] if is_set("User") && is_dynamic => (true, None),
            [] => (is_set("User"), Some(is_dynamic)),
            [flag] => (true, *flag),
            _ => (true, None),
        }
    }

    /// What rules of tmpfiles of the system and scripts make of the directories of [`Self::state_directories`], paths
    /// known in full.
    pub fn makings(&self) -> Rc<[Making]> {
        self.views.makings.get_or_init(|| self.build_makings().into()).clone()
    }

    fn build_makings(&self) -> Vec<Making> {
        let mut found = self.tmpfiles_makings();
        let directories = self.state_directories();
        let names: Vec<&str> =
            directories.iter().filter_map(|directory| directory.path.rsplit('/').next()).collect();
        for unit in self.units().iter().filter(|unit| unit.suffix == "service") {
            for text in self.unit_texts(unit, &MAKERS) {
                commands(&text, Some(unit.display()), &names, &mut found);
            }
        }
        for text in self.activation_texts(&MAKERS) {
            commands(&text, None, &names, &mut found);
        }
        found.retain(|making| directories.iter().any(|directory| directory.path == making.path));
        found
    }

    fn tmpfiles_makings(&self) -> Vec<Making> {
        let mut found = Vec::new();
        let makes = |kind: &str| kind.starts_with(['d', 'D', 'q', 'Q', 'v']);
        let said = |field: Option<&str>| field.filter(|field| *field != "-").map(str::to_owned);
        for (_, node) in self.nodes("systemd.tmpfiles.rules") {
            for item in self.items(&node).0 {
                let text = item.text().and_then(|text| self.resolve_text(text).exact());
                let (Some(text), Some(span)) = (text, item.span) else { continue };
                let fields: Vec<&str> =
                    text.split_whitespace().map(|field| field.trim_matches('"')).collect();
                if item.condition != Condition::True || !fields.first().is_some_and(|kind| makes(kind)) {
                    continue;
                }
                let Some(path) = fields.get(1) else { continue };
                found.push(Making {
                    path: path.trim_end_matches('/').to_owned(),
                    span,
                    binding: item.definition.binding,
                    user: said(fields.get(3).copied()),
                    mode: said(fields.get(2).copied()),
                    by: Maker::Tmpfiles(Some(Box::new(item))),
                });
            }
        }
        for (keys, node) in self.nodes("systemd.tmpfiles.settings.*.*.*") {
            let [_, path, kind] = keys.as_slice() else { continue };
            let (Some(path), Some(kind)) = (path.exact(), kind.exact()) else { continue };
            let Some(definition) = node.definitions().first() else { continue };
            let (Some(span), true) = (definition.key, makes(kind)) else { continue };
            if definition.condition != Condition::True || definition.certainty != Certainty::Must {
                continue;
            }
            let text = |name: &str| {
                let text = self.text_setting(&self.below(&node, name), &Condition::True)?;
                text.value().cloned().filter(|text| text != "-")
            };
            found.push(Making {
                path: path.trim_end_matches('/').to_owned(),
                by: Maker::Tmpfiles(None),
                span,
                binding: definition.binding,
                user: text("user"),
                mode: text("mode"),
            });
        }
        found
    }

    /// Directories that are mounted by name for sure: file systems, and what impermanence keeps across reboots;
    /// each with the place that says so.
    pub fn mounted_directories(&self) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        for (mut keys, node) in self.nodes("fileSystems.*") {
            let Some(path) = keys.pop().and_then(|key| key.exact().map(str::to_owned)) else { continue };
            let is_off = matches!(self.switch(&self.below(&node, "enable")), Switch::Off | Switch::Unknown);
            if let Some(definition) = node.definitions().first()
                && definition.certainty == Certainty::Must
                && definition.condition == Condition::True
                && let Some(span) = definition.key.filter(|_| !is_off)
            {
                found.push((path.trim_end_matches('/').to_owned(), span));
            }
        }
        for (keys, node) in self.nodes("environment.persistence.*") {
            let Some(name) = keys.last().map(OptionKey::display) else { continue };
            let enable =
                self.below(self.root(), &format!("environment.persistence.{}.enable", quoted(&name)));
            if !matches!(self.switch(&enable), Switch::Unset | Switch::On) {
                continue;
            }
            for item in self.items(&self.below(&node, "directories")).0 {
                let is_certain =
                    item.condition == Condition::True && item.definition.certainty == Certainty::Must;
                let Some(span) = item.span.filter(|_| is_certain) else { continue };
                let path = match &item.value.value {
                    Value::Attrs(_) => {
                        let node = self.node_of(&item);
                        let is_plain = ["method", "how"]
                            .iter()
                            .all(|name| self.below(&node, name).definitions().is_empty());
                        let text = self.text_setting(&self.below(&node, "directory"), &Condition::True);
                        text.and_then(|text| text.value().cloned()).filter(|_| is_plain)
                    }
                    _ => self.plain(&item.value),
                };
                found.extend(path.map(|path| (path.trim_end_matches('/').to_owned(), span)));
            }
        }
        found
    }

    /// Directories that a unit of nixpkgs has anyway, of those that the project asks for once more: the directive, the
    /// name and the place.
    pub fn repeated_directories(&self) -> Vec<(DirectoryKind, String, Unit, Item)> {
        let mut found = Vec::new();
        for service in self.services().iter().filter(|service| service.kind == ServiceKind::Override) {
            let (Some(unit), Some(upstream)) = (&service.unit, &service.upstream) else { continue };
            if unit.suffix != "service" {
                continue;
            }
            for kind in [DirectoryKind::State, DirectoryKind::Runtime] {
                let (items, open) = self.items(&self.directive(unit, Section::Service, kind.directive()));
                let [item] = items.as_slice() else { continue };
                let Some(name) = self.plain(&item.value).filter(|_| open.is_none()) else { continue };
                let names = self.upstream_units(upstream).into_iter().filter(|known| {
                    upstream.unit_name(&known.name) == unit.display() && known.state_option.is_none()
                });
                let mut names = names.flat_map(|known| known.directories(kind).collect::<Vec<_>>());
                let is_plain = item.definition.priority == super::table::PLAIN_PRIORITY;
                if is_plain && names.any(|known| upstream.unit_name(known) == name) {
                    found.push((kind, name, unit.clone(), item.clone()));
                }
            }
        }
        found
    }
}

/// The commands of a text that make files or directories with known paths, or give them to somebody. A script is read
/// where one of the `names` stands in it.
fn commands(text: &RunText, unit: Option<String>, names: &[&str], found: &mut Vec<Making>) {
    let RunKind::Script(script) = &text.kind else {
        if let RunKind::Command { words, span: Some(span), .. } = &text.kind {
            let literal: Vec<Option<String>> =
                words.iter().map(|word| word.as_literal().map(str::to_owned)).collect();
            let program = words.first().and_then(|word| word.base_name()).unwrap_or_default();
            command(program, &literal, *span, text, unit, found);
        }
        return;
    };
    if !names.iter().any(|name| script.contains(name)) || !script.may_name_path(&MAKERS) {
        return;
    }
    for item in script.commands() {
        let (Some(program), Some(span)) = (item.program(), item.anchor()) else { continue };
        if item.context.in_substitution || item.context.after_unknown {
            continue;
        }
        let literal: Vec<Option<String>> =
            item.words.iter().map(|word| script.resolve(word).as_literal().map(str::to_owned)).collect();
        command(program, &literal, span, text, unit.clone(), found);
    }
}

fn command(
    program: &str,
    words: &[Option<String>],
    span: Span,
    text: &RunText,
    unit: Option<String>,
    found: &mut Vec<Making>,
) {
    if !MAKERS.contains(&program) {
        return;
    }
    let options = words.iter().skip(1).flatten().filter(|word| word.starts_with('-'));
    let is_of_directory =
        |option: &String| option == "--directory" || (!option.starts_with("--") && option.contains('d'));
    if program == "install" && !options.clone().any(is_of_directory) {
        return;
    }
    for path in words.iter().skip(1).flatten().filter(|word| word.starts_with('/')) {
        found.push(Making {
            path: path.trim_end_matches('/').to_owned(),
            by: Maker::Script(unit.clone(), program.to_owned()),
            span,
            binding: text.definition.binding,
            user: None,
            mode: None,
        });
    }
}
