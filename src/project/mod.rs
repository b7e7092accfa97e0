//! Many files: hosts, the modules they are made of, and the options these set.
//!
//! Everything is evaluated here and nowhere above; nothing here reads a file.

mod account;
mod arguments;
mod container;
mod firewall;
mod flake;
mod host;
mod input;
mod link;
mod loader;
mod merge;
mod options;
mod path;
mod port;
mod script;
mod secret;
mod service;
mod table;
#[cfg(test)]
mod tests;
mod unit;
mod view;
#[cfg(test)]
mod view_tests;

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::eval::{Machine, Realm, Scope};
use crate::text::FileId;
use arguments::{Arguments, ArgumentsOnly};
use options::{OptionSource, OptionTable};

pub use account::{Account, AccountKind, Group};
pub use container::{Container, DeviceRequest};
pub use firewall::{Exposure, Firewall, Opening};
pub use flake::HostClass;
pub use host::{Host, Item};
pub use input::{ProjectFile, ProjectInput, Tree};
pub use options::Resolved;
pub use path::{PathRole, PathUse};
pub use port::{Number, Port, PortSource};
pub use script::{RunKind, RunText};
pub use secret::{Secret, SecretTool, SecretUse};
pub use service::{Manager, Service, ServiceKind, Upstream};
pub use table::{Certainty, Definition, Node, OptionKey};
pub use unit::{DEPENDENCIES, Dependency, DependencyAttribute, Section, Spelling, Unit};
pub use view::{Known, Origin};

/// Steps of evaluation that one project may take, which bounds time and memory: a step stands for some 64
/// bytes. Of 26 public repositories the largest configuration takes 130,000, and the tests of Nix 2,200,000.
const FUEL: u64 = 3_000_000;

/// Stack of the thread that evaluates, in bytes: calls nested to the evaluator's limit fit.
const STACK: usize = 1 << 30;

/// Links the files of a project and calls `visit` for each of its hosts, in a stable order.
///
/// Evaluates on a thread with a large stack, which is why `visit` must be `Send`.
pub fn visit_hosts(input: &ProjectInput<'_>, visit: &mut (dyn FnMut(&Host<'_>) + Send)) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("evaluate".to_owned()).stack_size(STACK);
        let run = || {
            let loader = loader::ProjectLoader::new(input);
            let machine = Machine::new(&loader, FUEL);
            let scripts: Rc<script::Scripts> = Rc::default();
            let mut attached = FxHashSet::default();
            let seeds = flake::hosts(&machine, input);
            let nixos: Vec<_> = seeds.into_iter().filter(|seed| seed.class == HostClass::Nixos).collect();
            let special: Vec<_> = nixos.iter().map(|seed| seed.arguments.clone()).collect();
            let arguments = Arguments::new(&machine, Realm::System, &special);
            for seed in nixos {
                let scope = ArgumentsOnly::scope(&machine, Realm::System, seed.arguments.clone());
                let mut modules = Vec::new();
                let mut incomplete = seed.open;
                for roots in &seed.roots {
                    let closure = machine.in_scope(&scope, || {
                        link::closure(&machine, input, &roots.modules, seed.flake, &arguments)
                    });
                    attached.extend(closure.files.iter().copied());
                    let weakest =
                        |(module, certainty): (_, Certainty)| (module, certainty.max(roots.certainty));
                    modules.extend(closure.modules.into_iter().map(weakest));
                    incomplete = incomplete.or(closure.incomplete);
                }
                let options = Rc::new(OptionTable::new(
                    &machine,
                    OptionSource {
                        realm: Realm::System,
                        is_host: true,
                        modules: &modules,
                        incomplete,
                        arguments: seed.arguments,
                        system: None,
                    },
                ));
                let host = Host::new(Some(seed.name), &machine, options.clone(), None, scripts.clone());
                let key = [scope.key[0], machine.new_scope_number(), 0];
                machine.in_scope(&Scope { key, options }, || visit(&host));
            }
            // What no host has is looked at with everything else in the project.
            let modules = link::nixos_modules(&machine, input, &arguments);
            let rest: FxHashSet<FileId> =
                input.files.iter().map(|file| file.id).filter(|file| !attached.contains(file)).collect();
            if !modules.is_empty() && !rest.is_empty() {
                let options = Rc::new(OptionTable::new(
                    &machine,
                    OptionSource {
                        realm: Realm::System,
                        is_host: false,
                        modules: &modules,
                        incomplete: None,
                        arguments: Rc::default(),
                        system: None,
                    },
                ));
                let host = Host::new(None, &machine, options.clone(), Some(rest), scripts);
                let key = [0, machine.new_scope_number(), 0];
                machine.in_scope(&Scope { key, options }, || visit(&host));
            }
        };
        // Without room for the thread nothing is known of the hosts.
        if let Ok(thread) = thread.spawn_scoped(scope, run)
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    });
}
