//! The hosts of a project, linked one after the other: closure, options, users.
//!
//! A host can be asked only while it is visited: what its modules evaluate to depends on the scope that the
//! machine is in.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use camino::Utf8Path;
use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::{Arguments, ArgumentsOnly, different_names};
use super::closure::{Closure, closure};
use super::flake::{self, HostClass, HostSeed};
use super::host::{Host, Identity};
use super::imports::{Edge, read_imports};
use super::input::{ProjectInput, ServiceSettings};
use super::merge::Declarations;
use super::options::{OptionSource, OptionTable};
use super::renames::Pin;
use super::script::Scripts;
use super::{named, quarry, registry};
use crate::eval::{Attrs, Machine, Name, Realm, Scope};
use crate::nixos::segments;
use crate::text::FileId;

/// A project whose flake is read: its hosts are linked when they are visited.
pub struct Project<'m> {
    pub(super) machine: &'m Machine<'m>,
    pub(super) input: &'m ProjectInput<'m>,
    seeds: Vec<HostSeed>,
    /// For the modules of all systems.
    pub(super) system: Arguments,
    /// For the modules of all homes that no system makes.
    home: Arguments,
    /// For the modules of users, by what is passed to them: hosts that pass the same share what modules
    /// evaluate to.
    users: RefCell<Vec<(Rc<Attrs>, Rc<Arguments>)>>,
    pub(super) scripts: Rc<Scripts>,
    pub(super) attached: RefCell<Attached>,
    /// The files that the hosts read, before others are looked at.
    read: OnceCell<FxHashSet<FileId>>,
    /// The names of dotted paths that were asked for: rules ask for the same ones of every unit.
    paths: RefCell<FxHashMap<String, Rc<[Name]>>>,
    /// Whether a name says that its value is, or leads to, a secret.
    pub(super) telling_names: RefCell<FxHashMap<Name, bool>>,
    /// Whether values may hold secrets that are written out, and names of declared ones.
    pub(super) known_leaks: quarry::Known,
    pub(super) known_uses: quarry::Known,
    /// Options as modules declare them, whatever the host.
    declarations: Rc<Declarations>,
    /// What the lock file says of the age of inputs, by their repository.
    pins: RefCell<FxHashMap<&'static str, Rc<[Pin]>>>,
}

/// What belongs to the hosts that were linked so far.
#[derive(Default)]
pub(super) struct Attached {
    /// The files that are or hold a module of them.
    pub files: FxHashSet<FileId>,
    /// Whether an import could not be followed.
    pub open: bool,
    /// Whether the flake may have hosts, or export modules, that are not known.
    pub unsure: bool,
    /// The hosts of which the users are linked too.
    whole: FxHashSet<(HostClass, String)>,
}

impl Attached {
    fn add(&mut self, closure: &Closure) {
        self.files.extend(closure.files.iter().map(|module| module.file));
        self.open |= !closure.open.is_empty();
    }
}

impl<'m> Project<'m> {
    /// Reads the flake.
    pub(super) fn new(machine: &'m Machine<'m>, input: &'m ProjectInput<'m>) -> Self {
        let mut seeds = flake::hosts(machine, input);
        named::add_hosts(machine, input, &mut seeds);
        let of = |realm: Realm| {
            let seeds = seeds.iter().filter(|seed| realm_of(seed.class) == realm);
            Arguments::new(machine, realm, &seeds.map(|seed| seed.arguments.clone()).collect::<Vec<_>>())
        };
        let (system, home) = (of(Realm::System), of(Realm::Home));
        Self {
            machine,
            input,
            seeds,
            system,
            home,
            users: RefCell::default(),
            scripts: Rc::default(),
            attached: RefCell::default(),
            read: OnceCell::new(),
            paths: RefCell::default(),
            telling_names: RefCell::default(),
            known_leaks: RefCell::default(),
            known_uses: RefCell::default(),
            declarations: Rc::default(),
            pins: RefCell::default(),
        }
    }

    /// The folder of the flake.
    pub fn root(&self) -> &'m Utf8Path {
        self.input.root
    }

    /// What the user says of its services.
    pub fn services(&self) -> &'m ServiceSettings {
        self.input.services
    }

    /// Whether something of it is not known because its evaluation was cut short.
    pub fn is_exhausted(&self) -> bool {
        self.machine.is_exhausted()
    }

    /// Visits the hosts of the `classes` that the flake names, by class and name.
    pub fn visit_hosts(&self, classes: &[HostClass], visit: &mut dyn FnMut(&Host<'_>)) {
        for seed in self.seeds.iter().filter(|seed| classes.contains(&seed.class)) {
            let host = self.host(seed);
            host.within(|| visit(&host));
        }
    }

    /// Visits all modules of the project together, as far as their files are not among those `attached`:
    /// what no host has. Does nothing where nothing is left.
    pub fn visit_rest(&self, attached: &FxHashSet<FileId>, visit: &mut dyn FnMut(&Host<'_>)) {
        self.files_read();
        let modules = registry::nixos_modules(self.machine, self.input, &self.system);
        let rest: FxHashSet<FileId> =
            self.input.files.iter().map(|file| file.id).filter(|file| !attached.contains(file)).collect();
        // A module of a host has nothing to say here that it does not say there.
        if rest.is_empty() || modules.iter().all(|(module, _)| !rest.contains(&module.file)) {
            return;
        }
        let source = OptionSource {
            realm: Realm::System,
            class: HostClass::Nixos,
            platform: None,
            packages: None,
            is_host: false,
            modules: &modules,
            shared: self.declarations.clone(),
            incomplete: None,
            arguments: Rc::default(),
            system: None,
        };
        let options = Rc::new(OptionTable::new(self.machine, source));
        let scope = Scope { key: [0, self.machine.new_scope_number(), 0], options: options.clone() };
        let identity = Identity { name: None, class: HostClass::Nixos, system: None };
        let closure = Closure { modules, ..Closure::default() };
        let host = Host::new(self, identity, options, scope, closure, Some(rest));
        host.within(|| visit(&host));
    }

    /// The names of a dotted path.
    pub(super) fn names(&self, path: &str) -> Rc<[Name]> {
        if let Some(names) = self.paths.borrow().get(path) {
            return names.clone();
        }
        let names: Rc<[Name]> = segments(path).iter().map(|name| self.machine.name(name)).collect();
        self.paths.borrow_mut().insert(path.to_owned(), names.clone());
        names
    }

    /// What the lock file says of the age of the inputs that come from `repository`, `owner/name` in lower case.
    pub(super) fn pins(&self, repository: &'static str) -> Rc<[Pin]> {
        let mut pins = self.pins.borrow_mut();
        let read = || flake::pins(self.machine, self.root(), repository).into();
        pins.entry(repository).or_insert_with(read).clone()
    }

    /// Whether the project has no host at all.
    pub(super) fn is_without_hosts(&self) -> bool {
        self.seeds.is_empty()
    }

    /// Links the hosts and users that were not visited yet.
    pub(super) fn link_rest(&self) {
        for seed in &self.seeds {
            let is_whole = self.attached.borrow().whole.contains(&(seed.class, seed.name.clone()));
            if !is_whole {
                let host = self.host(seed);
                host.within(|| host.visit_users(&mut |_| {}));
            }
        }
    }

    /// Notes that all users of a host are linked, and whether there may be more.
    pub(super) fn note_users(&self, host: &Host<'_>, are_open: bool) {
        let mut attached = self.attached.borrow_mut();
        attached.open |= are_open;
        attached.whole.extend(host.name.clone().map(|name| (host.class(), name)));
    }

    /// Whether something of a host read the file.
    pub(super) fn was_read(&self, file: FileId) -> bool {
        self.files_read().contains(&file)
    }

    fn files_read(&self) -> &FxHashSet<FileId> {
        self.read.get_or_init(|| {
            let files = self.input.files.iter().map(|file| file.id);
            files.filter(|file| self.machine.has_read(*file)).collect()
        })
    }

    /// What the modules of the hosts of a realm are called with.
    pub(super) fn arguments(&self, realm: Realm) -> &Arguments {
        match realm {
            Realm::System => &self.system,
            Realm::Home => &self.home,
        }
    }

    fn host(&self, seed: &HostSeed) -> Host<'_> {
        let machine = self.machine;
        let realm = realm_of(seed.class);
        let arguments = self.arguments(realm);
        let before = ArgumentsOnly::scope(machine, realm, seed.arguments.clone());
        let closure = machine.in_scope(&before, || {
            let mut roots = Vec::new();
            for list in &seed.roots {
                let edges = read_imports(machine, self.input, seed.flake, &list.modules);
                roots.extend(edges.into_iter().map(|edge| edge.at_most(list.certainty)));
            }
            roots.extend(seed.open.clone().map(|unknown| Edge::lost(unknown, None)));
            closure(machine, self.input, arguments, roots, seed.flake)
        });
        self.attached.borrow_mut().add(&closure);
        let source = OptionSource {
            realm,
            class: seed.class,
            platform: seed.system.as_deref().map(Into::into),
            packages: seed.packages.clone(),
            is_host: true,
            modules: &closure.modules,
            shared: self.declarations.clone(),
            incomplete: closure.open.first().map(|open| open.reason.clone()),
            arguments: seed.arguments.clone(),
            system: None,
        };
        let options = Rc::new(OptionTable::new(machine, source));
        let number = machine.new_scope_number();
        let key = match realm {
            Realm::System => [before.key[0], number, 0],
            // What it says of the platform counts as said by a system.
            Realm::Home => [before.key[0], number, number],
        };
        let scope = Scope { key, options: options.clone() };
        let identity =
            Identity { name: Some(seed.name.clone()), class: seed.class, system: seed.system.clone() };
        Host::new(self, identity, options, scope, closure, None)
    }

    /// The home of a user on `host`, which is being visited; `roots` reads the modules that it begins with,
    /// in `file`.
    pub(super) fn home(
        &self,
        host: &Host<'_>,
        name: &str,
        special: Rc<Attrs>,
        file: FileId,
        roots: impl FnOnce() -> Vec<Edge>,
    ) -> Host<'_> {
        let machine = self.machine;
        let arguments = self.arguments_of_users(&special);
        let table = |closure: &Closure, is_host: bool| {
            let source = OptionSource {
                realm: Realm::Home,
                class: HostClass::Home,
                platform: None,
                packages: None,
                is_host,
                modules: &closure.modules,
                shared: self.declarations.clone(),
                incomplete: closure.open.first().map(|open| open.reason.clone()),
                arguments: special.clone(),
                system: Some(host.options.clone()),
            };
            let key = [machine.new_scope_number(), host.scope.key[1], machine.new_scope_number()];
            (key, Rc::new(OptionTable::new(machine, source)))
        };
        let (key, options) = table(&Closure::default(), false);
        let before = Scope { key, options };
        let closure = machine.in_scope(&before, || closure(machine, self.input, &arguments, roots(), file));
        self.attached.borrow_mut().add(&closure);
        let (mut key, options) = table(&closure, true);
        key[0] = before.key[0];
        let scope = Scope { key, options: options.clone() };
        let identity =
            Identity { name: Some(name.to_owned()), class: HostClass::Home, system: host.system() };
        Host::new(self, identity, options, scope, closure, None)
    }

    fn arguments_of_users(&self, special: &Rc<Attrs>) -> Rc<Arguments> {
        let mut users = self.users.borrow_mut();
        let mut others = Vec::with_capacity(users.len());
        for (known, arguments) in &*users {
            let different = different_names(self.machine, known, special);
            if different.is_empty() {
                return arguments.clone();
            }
            others.push((arguments.clone(), different));
        }
        let arguments = Rc::new(Arguments::beside(self.machine, Realm::Home, special, others));
        users.push((special.clone(), arguments.clone()));
        arguments
    }
}

fn realm_of(class: HostClass) -> Realm {
    match class {
        HostClass::Nixos | HostClass::Darwin => Realm::System,
        HostClass::Home => Realm::Home,
    }
}
