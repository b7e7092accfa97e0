//! Many files: hosts, the modules they are made of, and the options these set.
//!
//! Everything is evaluated here and nowhere above; nothing here reads a file.

mod container;
mod host;
mod input;
mod link;
mod loader;
mod script;
mod table;
mod unit;

use std::rc::Rc;

use crate::eval::Machine;

pub use container::{Container, DeviceRequest};
pub use host::{Host, Item, Resolved};
pub use input::{ProjectFile, ProjectInput, Tree};
pub use script::{RunKind, RunText};
pub use table::{Certainty, Definition, Node, OptionKey};
pub use unit::{DEPENDENCIES, Dependency, DependencyAttribute, Unit};

/// Steps of evaluation that one project may take.
const FUEL: u64 = 50_000_000;

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
            let modules = link::nixos_modules(&machine, input);
            if modules.is_empty() {
                return;
            }
            let root = Rc::new(link::table(&machine, &modules));
            let options = Rc::new(link::declarations(&machine, &modules));
            visit(&Host { name: None, machine: &machine, root, options });
        };
        // Without room for the thread nothing is known of the hosts.
        if let Ok(thread) = thread.spawn_scoped(scope, run)
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    });
}
