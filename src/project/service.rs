//! What runs on a host: services of nixpkgs that are switched on, containers, and units of the project.
//!
//! Lists what the project asks for, not what every NixOS system runs anyway, and claims nothing of services
//! that the tables of `nixos` do not know.

use std::rc::Rc;

use super::container::Container;
use super::flake::HostClass;
use super::host::{Host, Item};
use super::table::{Certainty, Definition, Node, OptionKey};
use super::unit::{Section, Spelling, Unit};
use super::view::{Known, Origin, Setting, Switch, presence, quoted};
use crate::eval::Condition;
use crate::nixos::containers::CONTAINERS;
use crate::nixos::services::{self, DirectoryKind};
use crate::nixos::{OptionPattern, Trust};
use crate::text::Span;

/// How deep below `services` an option may stand that switches something on.
const DEPTH: usize = 4;

/// Something that runs on a host, or changes what runs.
#[derive(Clone)]
pub struct Service {
    /// What kind of thing it is.
    pub kind: ServiceKind,
    /// Whose systemd runs it.
    pub manager: Manager,
    /// Its name: of the option, of the container, of the unit without its suffix; `*` for holes.
    pub name: String,
    /// The units it consists of, with their suffixes; empty where they are not known.
    pub units: Vec<String>,
    /// The service of nixpkgs that it is, or that it changes.
    pub upstream: Option<Upstream>,
    /// The unit as the project defines it.
    pub unit: Option<Unit>,
    /// The container.
    pub container: Option<Container>,
    /// When it runs, of a timer: `OnCalendar` and the like; and whether that is all.
    pub schedule: (Vec<String>, bool),
    /// Where it comes from. The first binding is the one that makes it.
    pub origin: Origin,
    /// The definition that makes it, of which [`Host::gate`] tells the condition.
    pub definition: Option<Definition>,
}

/// A service of nixpkgs on a host.
#[derive(Clone)]
pub struct Upstream {
    /// What is known of it.
    pub service: &'static services::Service,
    /// The name of the instance, where it has instances.
    pub instance: Option<OptionKey>,
}

/// The kinds of [`Service`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// Switched on by an option of nixpkgs or another flake.
    Option,
    /// A container of `virtualisation.oci-containers`.
    Container,
    /// A service unit of the project that keeps running.
    Unit,
    /// A service unit of the project that runs and ends.
    Oneshot,
    /// A timer of the project.
    Timer,
    /// A socket of the project.
    Socket,
    /// A path unit of the project.
    Path,
    /// Settings on a unit that somebody else defines.
    Override,
    /// A unit of which too much is hidden to tell.
    Unclear,
}

/// Whose systemd runs a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// That of the system.
    System,
    /// That of every user.
    EveryUser,
    /// That of one user.
    User(Rc<str>),
}

impl ServiceKind {
    /// Every kind, in the order in which they are told.
    pub const ALL: [Self; 9] = [
        Self::Option,
        Self::Container,
        Self::Unit,
        Self::Oneshot,
        Self::Timer,
        Self::Socket,
        Self::Path,
        Self::Override,
        Self::Unclear,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Option => "option",
            Self::Container => "container",
            Self::Unit => "unit",
            Self::Oneshot => "oneshot",
            Self::Timer => "timer",
            Self::Socket => "socket",
            Self::Path => "path",
            Self::Override => "override",
            Self::Unclear => "unclear",
        }
    }
}

impl Service {
    /// The definition in which the project names a unit or container, of those in the file of the one that
    /// matters most; and the place of the name.
    pub fn named_by(&self) -> Option<(&Definition, Span)> {
        let nodes = [self.unit.as_ref().map(|unit| &unit.node), self.container.as_ref().map(|one| &one.node)];
        let main = self.definition.as_ref()?;
        let mut named = nodes.into_iter().flatten().flat_map(|node| node.definitions());
        let definition = named.find(|definition| definition.file == main.file).unwrap_or(main);
        Some((definition, definition.key.or(definition.value.span)?))
    }

    /// How sure it is that the host has it.
    pub fn certainty(&self) -> Certainty {
        self.origin.certainty
    }
}

impl Upstream {
    /// The option pattern with the instance in the place of its star; `None` where that is not known.
    pub fn option(&self, pattern: &OptionPattern) -> Option<String> {
        let mut instance = self.instance.as_ref().map(OptionKey::exact);
        let mut path = Vec::new();
        for segment in pattern.segments() {
            path.push(match (segment.contains('*'), &mut instance) {
                (false, _) => quoted(segment),
                (true, Some(name)) => quoted(&segment.replace('*', (*name)?)),
                (true, None) => return None,
            });
        }
        Some(path.join("."))
    }

    /// Its name among those of other services.
    fn name(&self) -> String {
        let Some(instance) = &self.instance else { return self.service.name.clone() };
        match self.service.units(Trust::Any).next().and_then(|unit| unit.name.rsplit_once('.')) {
            Some((name, _)) if name.contains('*') => name.replace('*', &instance.display()),
            _ => format!("{}-{}", self.service.name, instance.display()),
        }
    }

    /// The unit name with the instance in the place of its star.
    pub(super) fn unit_name(&self, name: &str) -> String {
        match &self.instance {
            Some(instance) => name.replace('*', &instance.display()),
            None => name.to_owned(),
        }
    }
}

impl Host<'_> {
    /// What runs on the host, in the order of [`ServiceKind`] and by name.
    pub fn services(&self) -> Rc<[Service]> {
        self.views.services.get_or_init(|| self.build_services().into()).clone()
    }

    fn build_services(&self) -> Vec<Service> {
        let mut services = match self.class() {
            HostClass::Nixos => self.system_services(),
            // Options of nix-darwin are called as those of NixOS and mean something else.
            HostClass::Darwin => self.other_options(&Manager::System),
            HostClass::Home => self.home_services(self.name.as_deref().unwrap_or_default()),
        };
        self.visit_users(&mut |user| services.extend(user.home.home_services(&user.name)));
        services.sort_by(|a, b| (a.kind, &a.manager, &a.name).cmp(&(b.kind, &b.manager, &b.name)));
        services
    }

    fn system_services(&self) -> Vec<Service> {
        let mut services = self.upstream_services();
        self.brought_services(&mut services);
        services.extend(self.other_options(&Manager::System));
        services
            .extend(self.running_containers().into_iter().map(|container| self.container_service(container)));
        services.extend(self.unit_services(self.defined_units(), &Manager::System, &services));
        services.extend(self.unit_services(self.user_units(Spelling::Nixos), &Manager::EveryUser, &[]));
        services
    }

    /// What Home Manager runs for a user.
    fn home_services(&self, user: &str) -> Vec<Service> {
        let manager = Manager::User(user.into());
        let mut services = self.other_options(&manager);
        services.extend(self.unit_services(self.user_units(Spelling::Sections), &manager, &[]));
        services
    }

    /// Asks the host whose options define a service: of a user, their home.
    pub(super) fn on<T>(&self, manager: &Manager, ask: impl FnOnce(&Host<'_>) -> T) -> Option<T> {
        let Manager::User(name) = manager else { return Some(ask(self)) };
        if self.class() == HostClass::Home {
            return Some(ask(self));
        }
        let (mut ask, mut answer) = (Some(ask), None);
        self.visit_users(&mut |user| {
            if *user.name == **name
                && let Some(ask) = ask.take()
            {
                answer = Some(ask(&user.home));
            }
        });
        answer
    }

    /// The services of the system that the project writes itself: units with a command, and containers. A unit on
    /// which a command is forced, that takes the commands of another away first, or that is called as an option of
    /// nixpkgs which is switched on, is somebody else's.
    pub fn own_services(&self) -> Rc<[Service]> {
        self.views.own_services.get_or_init(|| self.build_own_services().into()).clone()
    }

    fn build_own_services(&self) -> Vec<Service> {
        let is_own = |service: &&Service| {
            let main = service.definition.as_ref();
            service.manager == Manager::System
                && matches!(service.kind, ServiceKind::Unit | ServiceKind::Oneshot | ServiceKind::Container)
                && main.is_none_or(|main| main.priority >= super::table::PLAIN_PRIORITY)
        };
        let services = self.services();
        let is_of_option = |service: &&Service| {
            services.iter().any(|other| other.kind == ServiceKind::Option && other.name == service.name)
        };
        let resets = |service: &&Service| {
            service.unit.as_ref().is_some_and(|unit| {
                let (items, _) = self.items(&self.directive(unit, Section::Service, "ExecStart"));
                items.first().and_then(Item::exact).is_some_and(|first| first.is_empty())
            })
        };
        let is_own = |service: &&Service| {
            is_own(service) && (service.unit.is_none() || !(is_of_option(service) || resets(service)))
        };
        services.iter().filter(is_own).cloned().collect()
    }

    /// Whether a service is one of [`Self::own_services`].
    pub fn is_own_service(&self, unit: &Unit) -> bool {
        let name = unit.display();
        self.own_services().iter().any(|service| service.unit.is_some() && service.units.contains(&name))
    }

    /// Services of the table that are switched on.
    fn upstream_services(&self) -> Vec<Service> {
        let mut result = Vec::new();
        for service in services::all() {
            let mut switches = vec![(service.enable(), service.options.clone())];
            let of_alias = |alias: &OptionPattern| (alias.join("enable"), alias.clone());
            switches.extend(service.aliases.iter().map(of_alias));
            for (enable, options) in switches {
                let matching = self.matching(&enable);
                // What a name with holes says goes to those that fit it.
                let is_named = |key: &OptionKey| {
                    let instance = |(keys, _): &(Vec<MatchedKey>, _)| {
                        keys.iter().any(|(_, own)| {
                            own.as_ref().and_then(OptionKey::exact).is_some_and(|own| key.may_be(own))
                        })
                    };
                    key.exact().is_none() && matching.iter().any(instance)
                };
                for (keys, node) in &matching {
                    if keys.iter().any(|(_, instance)| instance.as_ref().is_some_and(is_named)) {
                        continue;
                    }
                    let names: Vec<String> = keys.iter().map(|(key, _)| key.display()).collect();
                    let is_it = services::by_option(&names).is_some_and(|best| best.name == service.name);
                    let Some((certainty, condition)) = self.switch(node).certainty() else { continue };
                    if is_it {
                        let instance = keys.iter().find_map(|(_, instance)| instance.clone());
                        let upstream = Upstream { service, instance };
                        result.push(self.upstream_service(upstream, &options, node, certainty, condition));
                    }
                }
            }
        }
        result
    }

    fn upstream_service(
        &self,
        upstream: Upstream,
        options: &OptionPattern,
        node: &Rc<Node>,
        certainty: Certainty,
        condition: Condition,
    ) -> Service {
        let units = self.unit_names(&upstream);
        let definition = node.definitions().first().cloned();
        let path = upstream.option(options);
        let around = path.as_ref().map(|path| self.below(self.root(), path));
        let all = around.as_ref().map_or(node.definitions(), |around| around.definitions());
        let option = path.unwrap_or_else(|| options.to_string());
        let origin = self.origin_of(option, all, definition.as_ref(), certainty, condition);
        let name = upstream.name();
        Service {
            kind: ServiceKind::Option,
            manager: Manager::System,
            name,
            units,
            upstream: Some(upstream),
            unit: None,
            container: None,
            schedule: (Vec::new(), true),
            origin,
            definition,
        }
    }

    /// Adds the services that those of the list switch on.
    fn brought_services(&self, services: &mut Vec<Service>) {
        let mut at = 0;
        while let Some(by) = services.get(at).cloned() {
            at += 1;
            let Some(upstream) = &by.upstream else { continue };
            for brought in &upstream.service.brings {
                let switch = match &brought.when {
                    Some(option) => self.upstream_switch(upstream, option, brought.when_default),
                    None => Switch::On,
                };
                let Some((certainty, condition)) = switch.certainty() else { continue };
                let found = services::all().iter().find(|service| service.name == brought.service);
                let Some(service) = found else { continue };
                let instance = brought.instance.as_deref().map(|name| OptionKey::Name(name.into()));
                let new = Upstream { service, instance };
                let units = self.unit_names(&new);
                let name = new.name();
                let is_same = |other: &Service| {
                    other.name == name || units.iter().any(|unit| other.units.contains(unit))
                };
                if services.iter().any(is_same) {
                    continue;
                }
                let option = new.option(&service.options).unwrap_or_else(|| service.options.to_string());
                let origin = Origin {
                    option,
                    certainty: by.origin.certainty.max(certainty),
                    condition: by.origin.condition.and(&condition),
                    ..by.origin.clone()
                };
                services.push(Service { name, units, upstream: Some(new), origin, ..by.clone() });
            }
        }
    }

    /// The names of the units of a service of nixpkgs that its options do not take away.
    fn unit_names(&self, upstream: &Upstream) -> Vec<String> {
        let units = self.upstream_units(upstream);
        units.iter().map(|unit| upstream.unit_name(&unit.name)).collect()
    }

    pub(super) fn upstream_units(&self, upstream: &Upstream) -> Vec<&'static services::Unit> {
        let is_there = |unit: &&services::Unit| {
            let is_off = |option: &OptionPattern, default: bool| {
                matches!(self.upstream_switch(upstream, option, default), Switch::Off | Switch::Unset)
            };
            let is_on =
                |option: &OptionPattern| matches!(self.upstream_switch(upstream, option, false), Switch::On);
            !unit.when.as_ref().is_some_and(|option| is_off(option, unit.when_default))
                && !unit.unless.as_ref().is_some_and(is_on)
        };
        upstream.service.units(Trust::Verified).filter(is_there).collect()
    }

    /// Whether an option of a service of nixpkgs is on; `default` where nobody sets it.
    pub(super) fn upstream_switch(
        &self,
        upstream: &Upstream,
        option: &OptionPattern,
        default: bool,
    ) -> Switch {
        match upstream.option(option) {
            Some(path) => match self.switch(&self.below(self.root(), &path)) {
                Switch::Unset if default => Switch::On,
                switch => switch,
            },
            None => Switch::Unknown,
        }
    }

    /// Options below `services` that switch on something the table does not have.
    fn other_options(&self, manager: &Manager) -> Vec<Service> {
        let has_table = self.class() == HostClass::Nixos;
        let mut result = Vec::new();
        let services = self.below(self.root(), "services");
        let mut work = vec![(vec!["services".to_owned()], services, self.declaration("services"))];
        while let Some((path, node, declared)) = work.pop() {
            for (key, child) in &self.keys(&node).keys {
                let Some(name) = key.exact() else { continue };
                if matches!(name, "enable") {
                    continue;
                }
                let (enable, declared) = (self.child(child, "enable"), self.child(&declared, name));
                // What the project declares, it defines too.
                let is_own = !self.child(&declared, "enable").definitions().is_empty();
                let is_unset = enable.definitions().is_empty();
                if is_own || is_unset && path.len() >= DEPTH {
                    continue;
                }
                let path: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
                if is_unset {
                    work.push((path, child.clone(), declared));
                    continue;
                }
                if has_table && services::by_option(&path).is_some() {
                    continue;
                }
                let dotted: Vec<String> = path.iter().map(|name| quoted(name)).collect();
                let dotted = dotted.join(".");
                let Some((certainty, condition)) = self.switch(&enable).certainty() else { continue };
                let definition = enable.definitions().first().cloned();
                let definitions = child.definitions();
                let origin = self.origin_of(dotted, definitions, definition.as_ref(), certainty, condition);
                result.push(Service {
                    kind: ServiceKind::Option,
                    manager: manager.clone(),
                    name: path[1..].join("."),
                    units: Vec::new(),
                    upstream: None,
                    unit: None,
                    container: None,
                    schedule: (Vec::new(), true),
                    origin,
                    definition,
                });
            }
        }
        result
    }

    fn container_service(&self, container: Container) -> Service {
        let units = self.container_units(&container);
        let image = self.below(&container.node, "image");
        let definition =
            image.definitions().first().or_else(|| container.node.definitions().first()).cloned();
        let name = container.key.display();
        let origin =
            self.origin(format!("{CONTAINERS}.{}", quoted(&name)), &container.node, definition.as_ref());
        let units: Vec<String> = units.iter().map(|unit| format!("{}.service", unit.display())).collect();
        Service {
            kind: ServiceKind::Container,
            manager: Manager::System,
            name,
            // Two backends are possible, and none is known.
            units: if units.len() == 1 { units } else { Vec::new() },
            upstream: None,
            unit: None,
            container: Some(container),
            schedule: (Vec::new(), true),
            origin,
            definition,
        }
    }

    fn unit_services(&self, units: Vec<Unit>, manager: &Manager, known: &[Service]) -> Vec<Service> {
        let mut result = Vec::new();
        let mut generated = Vec::new();
        for unit in units {
            let Some(kind) = self.unit_kind(&unit, known) else { continue };
            let service = self.unit_service(unit, kind, manager, known);
            if let Some(unit) = &service.unit
                && unit.suffix == "service"
                && kind != ServiceKind::Override
            {
                generated.extend(self.generated_timer(unit, &service));
            }
            result.push(service);
        }
        result.extend(generated);
        result
    }

    /// The kind of a unit; `None` for units that run nothing, such as targets, and those taken away.
    fn unit_kind(&self, unit: &Unit, known: &[Service]) -> Option<ServiceKind> {
        let name = unit.display();
        let is_known =
            known.iter().any(|service| service.units.contains(&name)) || self.is_container_unit(unit);
        match unit.suffix {
            "service" => {}
            _ if self.is_masked(unit) => return None,
            _ if is_known => return Some(ServiceKind::Override),
            "timer" => {
                let schedule = self.schedule(unit);
                let is_own = !schedule.0.is_empty() || !schedule.1;
                return Some(if is_own { ServiceKind::Timer } else { ServiceKind::Override });
            }
            "socket" => return Some(ServiceKind::Socket),
            "path" => return Some(ServiceKind::Path),
            _ => return None,
        }
        if is_known {
            return Some(ServiceKind::Override);
        }
        if !self.runs_something(unit) {
            let is_hidden = self.may_run_something(unit);
            return Some(if is_hidden { ServiceKind::Unclear } else { ServiceKind::Override });
        }
        if self.is_masked(unit) {
            return None;
        }
        Some(match self.directive_text(unit, Section::Service, "Type") {
            Some(Known::Value(text)) if text == "oneshot" => ServiceKind::Oneshot,
            _ => ServiceKind::Unit,
        })
    }

    fn is_container_unit(&self, unit: &Unit) -> bool {
        unit.suffix == "service"
            && self.containers().iter().any(|container| {
                self.container_units(container).iter().any(|name| name.display() == unit.key.display())
            })
    }

    fn unit_service(&self, unit: Unit, kind: ServiceKind, manager: &Manager, known: &[Service]) -> Service {
        let marks = [
            self.directive(&unit, Section::Service, "ExecStart"),
            self.below(&unit.node, "script"),
            self.below(&unit.node, "description"),
        ];
        let main = marks.iter().find_map(|node| node.definitions().first());
        let definition = main.or_else(|| unit.node.definitions().first()).cloned();
        // What is changed may be a timer or a socket of a service.
        let name = match unit.suffix {
            suffix if kind == ServiceKind::Override && suffix != "service" => unit.display(),
            _ => unit.key.display(),
        };
        let level = match manager {
            Manager::System => "systemd",
            Manager::EveryUser | Manager::User(_) => "systemd.user",
        };
        let option = format!("{level}.{}s.{}", unit.suffix, quoted(&unit.key.display()));
        let origin = self.origin(option, &unit.node, definition.as_ref());
        let upstream = (kind == ServiceKind::Override)
            .then(|| {
                let of = |service: &&Service| service.units.contains(&unit.display());
                known.iter().find(of).and_then(|service| service.upstream.clone())
            })
            .flatten();
        let schedule = match unit.suffix {
            "timer" => self.schedule(&unit),
            _ => (Vec::new(), true),
        };
        Service {
            kind,
            manager: manager.clone(),
            name,
            units: vec![unit.display()],
            upstream,
            unit: Some(unit),
            container: None,
            schedule,
            origin,
            definition,
        }
    }

    /// When a timer elapses; and whether that is all.
    fn schedule(&self, timer: &Unit) -> (Vec<String>, bool) {
        let mut result = Vec::new();
        let mut is_known = true;
        for name in TIMES {
            let (texts, known) = self.texts(&self.directive(timer, Section::Timer, name));
            is_known &= known;
            let is_calendar = name == "OnCalendar";
            result.extend(texts.into_iter().map(|text| match is_calendar {
                true => text,
                false => format!("{name}={text}"),
            }));
        }
        (result, is_known)
    }

    /// The timer that NixOS makes of `startAt` of a service.
    fn generated_timer(&self, unit: &Unit, service: &Service) -> Option<Service> {
        let node = self.below(&unit.node, "startAt");
        let (times, is_known) = self.texts(&node);
        if node.definitions().is_empty() || (times.is_empty() && is_known) {
            return None;
        }
        let definition = node.definitions().first().cloned();
        let (certainty, condition) = presence(node.definitions());
        let option = format!("{}.startAt", service.origin.option);
        let origin = self.origin_of(option, node.definitions(), definition.as_ref(), certainty, condition);
        Some(Service {
            kind: ServiceKind::Timer,
            units: vec![format!("{}.timer", service.name)],
            unit: None,
            schedule: (times, is_known),
            origin,
            definition,
            ..service.clone()
        })
    }

    /// Who the service runs as: `None` for root, or where the container decides.
    pub fn service_user(&self, service: &Service) -> Option<Known<String>> {
        if let Some(unit) = &service.unit
            && service.kind != ServiceKind::Override
        {
            return self.on(&service.manager, |host| host.directive_text(unit, Section::Service, "User"))?;
        }
        let upstream = service.upstream.as_ref()?;
        let unit = *self.upstream_units(upstream).first()?;
        if let Some(option) = &unit.user_option {
            let Some(path) = upstream.option(option) else { return Some(Known::Unknown) };
            if let Some(user) = self.text_at(&path, &service.origin.condition) {
                return Some(user);
            }
        }
        unit.user.clone().map(Known::Value)
    }

    /// Whether systemd makes up the user of the service; `None` where that is not known.
    pub fn has_dynamic_user(&self, service: &Service) -> Option<bool> {
        if let Some(unit) = &service.unit
            && service.kind != ServiceKind::Override
        {
            return self
                .on(&service.manager, |host| host.directive_flag(unit, Section::Service, "DynamicUser"))?;
        }
        let unit = *self.upstream_units(service.upstream.as_ref()?).first()?;
        if unit.was_dynamic {
            return None;
        }
        // A user of its own may make it a static one.
        let is_changed = unit.user_option.as_ref().is_some_and(|option| {
            let path = service.upstream.as_ref().and_then(|upstream| upstream.option(option));
            path.is_none_or(|path| !self.below(self.root(), &path).definitions().is_empty())
        });
        if is_changed && unit.dynamic_user { None } else { Some(unit.dynamic_user) }
    }

    /// The directives by which the project shuts the service in; what nixpkgs does is not among them.
    pub fn service_hardening(&self, service: &Service) -> Vec<String> {
        match &service.unit {
            Some(unit) if unit.suffix == "service" => {
                self.on(&service.manager, |host| host.hardening(unit)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// The directories that systemd makes for the service, below the folder of their kind.
    pub fn service_directories(&self, service: &Service) -> Vec<(DirectoryKind, Known<String>)> {
        let mut result = Vec::new();
        if let Some(unit) = service.unit.as_ref().filter(|unit| unit.suffix == "service") {
            return self.on(&service.manager, |host| host.unit_directories(unit)).unwrap_or_default();
        }
        let Some(upstream) = service.upstream.as_ref().filter(|_| service.kind == ServiceKind::Option) else {
            return result;
        };
        for unit in self.upstream_units(upstream) {
            let is_moved = unit.state_option.as_ref().is_some_and(|option| {
                let path = upstream.option(option);
                path.is_none_or(|path| !self.below(self.root(), &path).definitions().is_empty())
            });
            for kind in DirectoryKind::ALL {
                if kind == DirectoryKind::State && is_moved {
                    continue;
                }
                let names = match (kind, &unit.earlier) {
                    (DirectoryKind::State, Some(earlier)) => match self.state_version() {
                        Some(version) if Some(version) < version_of(&earlier.until) => earlier.state.clone(),
                        Some(_) => unit.state.clone(),
                        None => {
                            result.push((kind, Known::Unknown));
                            continue;
                        }
                    },
                    _ => unit.directories(kind).map(str::to_owned).collect(),
                };
                let name = |name: String| (kind, Known::Value(upstream.unit_name(&name)));
                result.extend(names.into_iter().map(name));
            }
        }
        result.dedup();
        result
    }

    /// The directories that systemd surely makes for a service of the system, with their whole paths: those that the
    /// project asks for, and those of the unit of nixpkgs that it is or changes.
    pub fn own_directories(&self, service: &Service) -> Vec<(DirectoryKind, String)> {
        let mut found = self.service_directories(service);
        if service.kind == ServiceKind::Override
            && let Some(upstream) = &service.upstream
        {
            let whole = Service { kind: ServiceKind::Option, unit: None, ..service.clone() };
            let changed: Vec<DirectoryKind> = found.iter().map(|(kind, _)| *kind).collect();
            let rest = self.service_directories(&Service { upstream: Some(upstream.clone()), ..whole });
            found.extend(rest.into_iter().filter(|(kind, _)| !changed.contains(kind)));
        }
        let path = |(kind, name): (DirectoryKind, Known<String>)| {
            let name =
                name.value().filter(|name| !name.contains(['*', '%']))?.trim_end_matches('/').to_owned();
            Some((kind, format!("{}/{name}", kind.base())))
        };
        found.into_iter().filter_map(path).collect()
    }

    fn unit_directories(&self, unit: &Unit) -> Vec<(DirectoryKind, Known<String>)> {
        let mut result = Vec::new();
        for kind in DirectoryKind::ALL {
            let (words, is_known) = self.directive_words(unit, Section::Service, kind.directive());
            let name = |word: String| word.split(':').next().unwrap_or_default().to_owned();
            result.extend(words.into_iter().map(|word| (kind, Known::Value(name(word)))));
            if !is_known {
                result.push((kind, Known::Unknown));
            }
        }
        result
    }

    fn state_version(&self) -> Option<(u32, u32)> {
        let node = self.below(self.root(), "system.stateVersion");
        match self.setting(&node, &Condition::True) {
            Setting::Known(val, _) => version_of(&val.as_str()?),
            _ => None,
        }
    }

    /// The options that a pattern means, with their keys; with a key, what its star stands for.
    fn matching(&self, pattern: &OptionPattern) -> Vec<(Vec<MatchedKey>, Rc<Node>)> {
        let mut found: Vec<(Vec<MatchedKey>, Rc<Node>)> = vec![(Vec::new(), self.root().clone())];
        for segment in pattern.segments() {
            let mut next = Vec::new();
            for (keys, node) in found {
                let Some((head, tail)) = segment.split_once('*') else {
                    let child = self.child(&node, segment);
                    if !child.definitions().is_empty() {
                        let mut keys = keys;
                        keys.push((OptionKey::Name(segment.as_str().into()), None));
                        next.push((keys, child));
                    }
                    continue;
                };
                for (key, child) in &self.keys(&node).keys {
                    let instance = match key {
                        OptionKey::Name(name) => {
                            let inner = name.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
                            let Some(inner) = inner.filter(|inner| !inner.is_empty()) else { continue };
                            OptionKey::Name(inner.into())
                        }
                        OptionKey::Pattern(_) if segment == "*" => key.clone(),
                        OptionKey::Pattern(_) => continue,
                    };
                    let mut keys = keys.clone();
                    keys.push((key.clone(), Some(instance)));
                    next.push((keys, child.clone()));
                }
            }
            found = next;
        }
        found
    }
}

/// A key and what the star of a pattern stands for in it.
type MatchedKey = (OptionKey, Option<OptionKey>);

/// Directives that say when a timer elapses (systemd.timer(5)).
const TIMES: [&str; 6] =
    ["OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"];

fn version_of(text: &str) -> Option<(u32, u32)> {
    let (year, month) = text.split_once('.')?;
    Some((year.parse().ok()?, month.parse().ok()?))
}
