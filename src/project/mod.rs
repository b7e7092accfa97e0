//! Many files: hosts, the modules they are made of, and the options these set.
//!
//! Everything is evaluated here and nowhere above; nothing here reads a file.

mod container;
mod flake;
mod host;
mod input;
mod link;
mod loader;
mod merge;
mod script;
mod table;
mod unit;

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::eval::Machine;
use crate::text::FileId;

pub use container::{Container, DeviceRequest};
pub use host::{Host, Item, Resolved};
pub use input::{ProjectFile, ProjectInput, Tree};
pub use script::{RunKind, RunText};
pub use table::{Certainty, Definition, Node, OptionKey};
pub use unit::{DEPENDENCIES, Dependency, DependencyAttribute, Unit};

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
            for seed in flake::hosts(&machine, input) {
                let closure = link::closure(&machine, input, &seed.modules, seed.flake, &seed.arguments);
                attached.extend(closure.files.iter().copied());
                visit(&Host::new(
                    Some(seed.name),
                    &machine,
                    &closure.modules,
                    closure.incomplete,
                    None,
                    scripts.clone(),
                ));
            }
            // What no host has is looked at with everything else in the project.
            let modules = link::nixos_modules(&machine, input);
            let rest: FxHashSet<FileId> =
                input.files.iter().map(|file| file.id).filter(|file| !attached.contains(file)).collect();
            if !modules.is_empty() && !rest.is_empty() {
                visit(&Host::new(None, &machine, &modules, None, Some(rest), scripts));
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
