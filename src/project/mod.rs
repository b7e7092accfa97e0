//! Many files: hosts, the modules they are made of, and the options these set.
//!
//! Everything is evaluated here and nowhere above; nothing here reads a file.

mod arguments;
mod classify;
mod closure;
mod container;
mod flake;
mod host;
mod hosts;
mod imports;
mod input;
mod link;
mod loader;
mod options;
mod registry;
mod script;
mod table;
#[cfg(test)]
mod tests;
mod unit;
mod user;

use crate::eval::Machine;

pub use closure::{ModuleFile, ModuleForm, OpenEdge};
pub use container::{Container, DeviceRequest};
pub use flake::HostClass;
pub use host::{Host, Item};
pub use hosts::Project;
pub use input::{ProjectFile, ProjectInput, Tree};
pub use options::Resolved;
pub use script::{RunKind, RunText};
pub use table::{Certainty, Definition, Node, OptionKey};
pub use unit::{DEPENDENCIES, Dependency, DependencyAttribute, Unit};
pub use user::User;

/// Steps of evaluation that one project may take, which bounds time and memory: a step stands for some 64
/// bytes. Of 26 public repositories the largest configuration takes 130,000, and the tests of Nix 2,200,000.
const FUEL: u64 = 3_000_000;

/// Stack of the thread that evaluates, in bytes: calls nested to the evaluator's limit fit.
const STACK: usize = 1 << 30;

/// Reads the flake of a project and hands it to `visit`; `None` where the system grants no thread.
///
/// Evaluates on a thread with a large stack, which is why `visit` must be `Send`.
pub fn link<T: Send>(input: &ProjectInput<'_>, visit: impl FnOnce(&Project<'_>) -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("evaluate".to_owned()).stack_size(STACK);
        let run = || {
            let loader = loader::ProjectLoader::new(input);
            let machine = Machine::new(&loader, FUEL);
            visit(&Project::new(&machine, input))
        };
        let thread = thread.spawn_scoped(scope, run).ok()?;
        match thread.join() {
            Ok(result) => Some(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
