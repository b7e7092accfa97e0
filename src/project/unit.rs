//! Systemd units as the project's modules define them.

use std::rc::Rc;

use super::flake::HostClass;
use super::host::{Host, Item};
use super::options::Resolved;
use super::table::{Node, OptionKey};
use super::view::Known;
use crate::eval::{Condition, Value};
use crate::nixos::systemd;

/// Kinds of unit that NixOS has an option for, as `systemd.<option>`, and their suffix.
const KINDS: [(&str, &str); 6] = [
    ("services", "service"),
    ("timers", "timer"),
    ("sockets", "socket"),
    ("targets", "target"),
    ("paths", "path"),
    ("slices", "slice"),
];

/// A system unit that modules of the project define or extend.
#[derive(Clone)]
pub struct Unit {
    /// The name without suffix, as the definitions write it.
    pub key: OptionKey,
    /// `service`, `timer` …
    pub suffix: &'static str,
    /// Its definitions.
    pub node: Rc<Node>,
    /// How they are spelt.
    pub spelling: Spelling,
}

/// How the sections of a unit file are spelt in Nix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `serviceConfig.ExecStart`, with options of its own for `After` and the like: NixOS.
    Nixos,
    /// `Service.ExecStart`, `Unit.After`: Home Manager.
    Sections,
}

/// A section of a unit file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `[Unit]`
    Unit,
    /// `[Service]`
    Service,
    /// `[Timer]`
    Timer,
    /// `[Socket]`
    Socket,
    /// `[Path]`
    Path,
}

/// What naming another unit in an attribute of a unit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// Order only: a unit that does not exist is passed over.
    Order,
    /// Starts the other unit where it exists.
    Weak,
    /// The start fails when the other unit does not exist.
    Strong,
    /// The other unit starts this one: never, when it does not exist.
    Reverse,
}

/// An attribute that names other units.
#[derive(Debug, Clone, Copy)]
pub struct DependencyAttribute {
    /// The NixOS option below the unit.
    pub option: &'static str,
    /// The name in `unitConfig`; empty for what systemd has no directive for.
    pub directive: &'static str,
    /// What it does.
    pub kind: Dependency,
}

/// The attributes of a unit that name other units (systemd.unit(5); nixos/lib/systemd-unit-options.nix of
/// nixpkgs).
pub const DEPENDENCIES: [DependencyAttribute; 11] = {
    const fn attribute(
        option: &'static str,
        directive: &'static str,
        kind: Dependency,
    ) -> DependencyAttribute {
        DependencyAttribute { option, directive, kind }
    }
    [
        attribute("after", "After", Dependency::Order),
        attribute("before", "Before", Dependency::Order),
        attribute("wants", "Wants", Dependency::Weak),
        attribute("upholds", "Upholds", Dependency::Weak),
        attribute("partOf", "PartOf", Dependency::Order),
        attribute("requires", "Requires", Dependency::Strong),
        attribute("requisite", "Requisite", Dependency::Strong),
        attribute("bindsTo", "BindsTo", Dependency::Strong),
        attribute("wantedBy", "", Dependency::Reverse),
        attribute("requiredBy", "", Dependency::Reverse),
        attribute("upheldBy", "", Dependency::Reverse),
    ]
};

/// The unit name of a mount point (systemd-escape(1), `--path`).
pub(super) fn escaped(path: &str) -> String {
    let trimmed = path.trim_matches('/');
    trimmed
        .chars()
        .map(|c| match c {
            '/' => "-".to_owned(),
            c if c.is_ascii_alphanumeric() || "_.:".contains(c) => c.to_string(),
            c => c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        })
        .collect()
}

impl DependencyAttribute {
    /// Where it may stand below a unit.
    fn nodes(&self, host: &Host<'_>, unit: &Unit) -> [Option<Rc<Node>>; 2] {
        let directive =
            || (!self.directive.is_empty()).then(|| host.directive(unit, Section::Unit, self.directive));
        match unit.spelling {
            Spelling::Nixos => [Some(host.child(&unit.node, self.option)), directive()],
            Spelling::Sections => {
                let reverse = || {
                    // `wantedBy` is `Install.WantedBy`.
                    let (first, rest) = self.option.split_at(1);
                    let install = host.child(&unit.node, "Install");
                    host.child(&install, &format!("{}{rest}", first.to_uppercase()))
                };
                [Some(directive().unwrap_or_else(reverse)), None]
            }
        }
    }
}

impl Unit {
    /// The name with its suffix, `*` for holes.
    pub fn display(&self) -> String {
        format!("{}.{}", self.key.display(), self.suffix)
    }
}

impl Spelling {
    /// The option below a unit that holds the directives of a section.
    pub fn section(self, section: Section) -> &'static str {
        let (nixos, name) = match section {
            Section::Unit => ("unitConfig", "Unit"),
            Section::Service => ("serviceConfig", "Service"),
            Section::Timer => ("timerConfig", "Timer"),
            Section::Socket => ("socketConfig", "Socket"),
            Section::Path => ("pathConfig", "Path"),
        };
        match self {
            Self::Nixos => nixos,
            Self::Sections => name,
        }
    }
}

/// What the attributes of a unit name.
pub(super) struct Named {
    /// The node of the unit: while it is kept, no other one has its address.
    #[expect(dead_code, reason = "it is kept for its address")]
    unit: Rc<Node>,
    /// By the option of the attribute: the names, and whether there may be more.
    by_option: Vec<(&'static str, Vec<Item>, bool)>,
}

/// Who runs a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// The systemd of the system.
    System,
    /// The systemd of a user.
    User,
}

/// Sections with the options that NixOS has for them.
const SECTIONS: [(&str, &str); 9] = [
    ("Unit", "unitConfig"),
    ("Service", "serviceConfig"),
    ("Timer", "timerConfig"),
    ("Socket", "socketConfig"),
    ("Path", "pathConfig"),
    ("Mount", "mountConfig"),
    ("Automount", "automountConfig"),
    ("Slice", "sliceConfig"),
    ("Install", ""),
];

/// A directive that a unit sets by name.
pub struct SetDirective {
    /// The section it stands in.
    pub section: &'static str,
    /// Its name.
    pub name: Rc<str>,
    /// Its definitions.
    pub node: Rc<Node>,
}

impl Host<'_> {
    /// Visits the units of the system, those that NixOS modules define for all users, and those of the Home
    /// Manager users of this host, each with the host or home that defines it.
    pub fn visit_every_unit(&self, visit: &mut dyn FnMut(&Host<'_>, &Unit, Runs)) {
        match self.class() {
            HostClass::Nixos => {
                self.units().iter().for_each(|unit| visit(self, unit, Runs::System));
                self.user_units(Spelling::Nixos).iter().for_each(|unit| visit(self, unit, Runs::User));
                self.visit_users(&mut |user| {
                    let units = user.home.user_units(Spelling::Sections);
                    units.iter().for_each(|unit| visit(&user.home, unit, Runs::User));
                });
            }
            HostClass::Home => {
                self.user_units(Spelling::Sections).iter().for_each(|unit| visit(self, unit, Runs::User));
            }
            HostClass::Darwin => {}
        }
    }

    /// The directives that a unit sets by their names, section by section; options of NixOS that stand for
    /// directives are not among them.
    pub fn set_directives(&self, unit: &Unit) -> Vec<SetDirective> {
        let mut found = Vec::new();
        for (section, option) in SECTIONS {
            let option = match unit.spelling {
                Spelling::Nixos if option.is_empty() => continue,
                Spelling::Nixos => option,
                Spelling::Sections => section,
            };
            let node = self.below(&unit.node, option);
            if node.definitions().is_empty() {
                continue;
            }
            for (key, node) in &self.keys(&node).keys {
                let OptionKey::Name(name) = key else { continue };
                if !node.definitions().is_empty() {
                    found.push(SetDirective { section, name: name.clone(), node: node.clone() });
                }
            }
        }
        found
    }

    /// The system units of every kind, without those that are taken away with `enable = false`.
    pub fn units(&self) -> Vec<Unit> {
        self.views.units.get_or_init(|| self.without_masked(self.defined_units())).clone()
    }

    /// The system units of every kind, those among them that are taken away.
    pub fn defined_units(&self) -> Vec<Unit> {
        self.views.defined_units.get_or_init(|| self.build_units()).clone()
    }

    fn without_masked(&self, units: Vec<Unit>) -> Vec<Unit> {
        units.into_iter().filter(|unit| !self.is_masked(unit)).collect()
    }

    fn build_units(&self) -> Vec<Unit> {
        let of_kind = |(option, suffix): &(&str, &'static str)| {
            let suffix = *suffix;
            let nodes = self.nodes(&format!("systemd.{option}.*"));
            let spelling = Spelling::Nixos;
            nodes
                .into_iter()
                .filter_map(move |(mut keys, node)| Some(Unit { key: keys.pop()?, suffix, node, spelling }))
        };
        KINDS.iter().flat_map(of_kind).chain(self.mount_units()).collect()
    }

    /// The units that modules define for the systemd of users: of every user of a NixOS host; of its one
    /// user in a Home Manager configuration.
    pub fn user_units(&self, spelling: Spelling) -> Vec<Unit> {
        let of_kind = |(option, suffix): &(&str, &'static str)| {
            let suffix = *suffix;
            let nodes = self.nodes(&format!("systemd.user.{option}.*"));
            nodes
                .into_iter()
                .filter_map(move |(mut keys, node)| Some(Unit { key: keys.pop()?, suffix, node, spelling }))
        };
        self.without_masked(KINDS.iter().flat_map(of_kind).collect())
    }

    /// Units of `systemd.mounts` and `systemd.automounts`, which are lists of sets.
    fn mount_units(&self) -> Vec<Unit> {
        let mut units = Vec::new();
        for (option, suffix) in [("mounts", "mount"), ("automounts", "automount")] {
            for (_, node) in self.nodes(&format!("systemd.{option}")) {
                for item in self.items(&node).0 {
                    let node = self.node_of(&item);
                    let place = self
                        .below(&node, "where")
                        .definitions()
                        .first()
                        .and_then(|place| place.value.as_str());
                    let name = place.map(|place| escaped(&place)).unwrap_or_default();
                    let key = OptionKey::Name(name.into());
                    units.push(Unit { key, suffix, node, spelling: Spelling::Nixos });
                }
            }
        }
        units
    }

    /// The services that may be called `name` (without suffix).
    pub fn services_called(&self, name: &OptionKey) -> Vec<Unit> {
        let nodes = self.nodes("systemd.services.*");
        let units = nodes.into_iter().filter_map(|(mut keys, node)| Some((keys.pop()?, node)));
        units
            .filter(|(key, _)| key.may_equal(name))
            .map(|(key, node)| Unit { key, suffix: "service", node, spelling: Spelling::Nixos })
            .collect()
    }

    /// Whether the project says what the service runs: then it is the project's own, not an extension.
    pub fn runs_something(&self, unit: &Unit) -> bool {
        let is_set = |option: &str| !self.below(&unit.node, option).definitions().is_empty();
        !self.directive(unit, Section::Service, "ExecStart").definitions().is_empty()
            || (unit.spelling == Spelling::Nixos && is_set("script"))
    }

    /// Whether a part of the unit is hidden, so that it may run something although nothing shows it.
    pub fn may_run_something(&self, unit: &Unit) -> bool {
        let section = self.below(&unit.node, unit.spelling.section(Section::Service));
        unit.node.open().is_some() || section.open().is_some()
    }

    /// The node of a directive of the unit.
    pub fn directive(&self, unit: &Unit, section: Section, name: &str) -> Rc<Node> {
        self.child(&self.child(&unit.node, unit.spelling.section(section)), name)
    }

    /// The text of a directive that has one value; `None` where it is not set.
    pub fn directive_text(&self, unit: &Unit, section: Section, name: &str) -> Option<Known<String>> {
        self.text_setting(&self.directive(unit, section, name), &self.unit_condition(unit))
    }

    /// When the unit is there, as far as the host leaves it open.
    pub fn unit_condition(&self, unit: &Unit) -> Condition {
        super::view::presence(unit.node.definitions()).1
    }

    /// Whether a directive that says yes or no says yes; `None` where it is not known.
    pub fn directive_flag(&self, unit: &Unit, section: Section, name: &str) -> Option<bool> {
        match self.directive_text(unit, section, name) {
            None => Some(false),
            Some(Known::Value(text)) => Some(systemd::is_true(&text)),
            Some(Known::Unknown) => None,
        }
    }

    /// The words of a directive such as `StateDirectory`, and whether these are all.
    pub fn directive_words(&self, unit: &Unit, section: Section, name: &str) -> (Vec<String>, bool) {
        let (texts, is_known) = self.texts(&self.directive(unit, section, name));
        let words = texts.iter().flat_map(|text| text.split_whitespace().map(str::to_owned)).collect();
        (words, is_known)
    }

    /// The directives by which the project shuts the service in, in alphabetical order.
    pub fn hardening(&self, unit: &Unit) -> Vec<String> {
        let section = self.below(&unit.node, unit.spelling.section(Section::Service));
        let is_on = |name: &&&str| {
            let node = self.below(&section, name);
            let says_no = |value: &Value| match value {
                Value::Bool(value) => !value,
                Value::Str(text) => text.exact().is_some_and(|text| systemd::is_false(&text)),
                _ => false,
            };
            node.definitions().iter().any(|definition| !says_no(&definition.value.value))
        };
        systemd::HARDENING.iter().filter(is_on).map(|name| (*name).to_owned()).collect()
    }

    /// Whether the project takes the unit away with `enable = false`.
    pub fn is_masked(&self, unit: &Unit) -> bool {
        // Without a word it is not: a condition that is not known leaves it on.
        unit.spelling == Spelling::Nixos
            && matches!(self.value_of(&self.below(&unit.node, "enable")), Resolved::Known(val) if matches!(val.value, Value::Bool(false)))
    }

    /// Whether something starts the unit by its own words: `wantedBy` and its kin.
    pub fn is_wanted(&self, unit: &Unit) -> bool {
        let is_reverse = |attribute: &&DependencyAttribute| matches!(attribute.kind, Dependency::Reverse);
        DEPENDENCIES.iter().filter(is_reverse).any(|attribute| {
            let (items, is_open) = self.dependencies(unit, attribute);
            is_open || !items.is_empty()
        })
    }

    /// The units that an attribute of `unit` names, however its sections are spelt; and whether there may be
    /// more. Strings of several names are one item each.
    pub fn dependencies(&self, unit: &Unit, attribute: &DependencyAttribute) -> (Vec<Item>, bool) {
        let known = self.views.named.borrow().get(&Rc::as_ptr(&unit.node)).cloned();
        let known = known.unwrap_or_else(|| {
            let named = Rc::new(Named { unit: unit.node.clone(), by_option: self.named(unit) });
            self.views.named.borrow_mut().insert(Rc::as_ptr(&unit.node), named.clone());
            named
        });
        let found = known.by_option.iter().find(|(option, ..)| *option == attribute.option);
        found.map(|(_, items, is_open)| (items.clone(), *is_open)).unwrap_or_default()
    }

    /// What each attribute of a unit names, as far as it names something or may.
    fn named(&self, unit: &Unit) -> Vec<(&'static str, Vec<Item>, bool)> {
        let of = |attribute: &DependencyAttribute| {
            let (mut items, mut is_open) = (Vec::new(), false);
            for node in attribute.nodes(self, unit).into_iter().flatten() {
                let (more, open) = self.items(&node);
                items.extend(more);
                is_open |= open.is_some();
            }
            (attribute.option, items, is_open)
        };
        DEPENDENCIES.iter().map(of).filter(|(_, items, is_open)| *is_open || !items.is_empty()).collect()
    }
}
