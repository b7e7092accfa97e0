//! Many files: hosts, the modules they are made of, and the options these set.
//!
//! Everything is evaluated here and nowhere above; nothing here reads a file.

mod classify;
mod closure;
mod container;
mod flake;
mod host;
mod imports;
mod input;
mod link;
mod loader;
mod registry;
mod script;
mod table;
mod unit;
mod user;

use std::rc::Rc;

use camino::Utf8Path;
use rustc_hash::FxHashSet;

use crate::eval::Machine;
use crate::text::FileId;

pub use closure::{ModuleFile, ModuleForm, OpenEdge};
pub use container::{Container, DeviceRequest};
pub use flake::HostClass;
pub use host::{Host, Item, Resolved};
pub use input::{ProjectFile, ProjectInput, Tree};
pub use script::{RunKind, RunText};
pub use table::{Certainty, Definition, Node, OptionKey};
pub use unit::{DEPENDENCIES, Dependency, DependencyAttribute, Unit};
pub use user::User;

/// Steps of evaluation that one project may take, which bounds time and memory: a step stands for some 64
/// bytes. Of 26 public repositories the largest configuration takes 130,000, and the tests of Nix 2,200,000.
const FUEL: u64 = 3_000_000;

/// Stack of the thread that evaluates, in bytes: calls nested to the evaluator's limit fit.
const STACK: usize = 1 << 30;

/// A project whose flake is read: its hosts are linked when they are asked for.
pub struct Project<'m> {
    machine: &'m Machine<'m>,
    input: &'m ProjectInput<'m>,
    seeds: Vec<flake::HostSeed>,
    scripts: Rc<script::Scripts>,
}

impl<'m> Project<'m> {
    /// The folder of the flake.
    pub fn root(&self) -> &'m Utf8Path {
        self.input.root
    }

    /// The hosts that the flake names, by name. Each is linked when its turn comes, and what it takes of
    /// memory is given back when it is dropped.
    pub fn hosts(&self) -> impl Iterator<Item = Host<'m>> {
        self.seeds.iter().map(|seed| Host::of_seed(self.machine, self.input, seed, self.scripts.clone()))
    }

    /// All modules of the project together, as far as their files are not among those `attached`: what no
    /// host has. `None` where that is nothing.
    pub fn rest(&self, attached: &FxHashSet<FileId>) -> Option<Host<'m>> {
        let modules = registry::nixos_modules(self.machine, self.input);
        let rest: FxHashSet<FileId> =
            self.input.files.iter().map(|file| file.id).filter(|file| !attached.contains(file)).collect();
        let is_something = !modules.is_empty() && !rest.is_empty();
        is_something.then(|| Host::of_rest(self.machine, self.input, modules, rest, self.scripts.clone()))
    }
}

/// Reads the flake of a project and hands it to `visit`.
///
/// Evaluates on a thread with a large stack, which is why `visit` must be `Send`.
pub fn link<T: Send>(input: &ProjectInput<'_>, visit: impl FnOnce(&Project<'_>) -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("evaluate".to_owned()).stack_size(STACK);
        let run = || {
            let loader = loader::ProjectLoader::new(input);
            let machine = Machine::new(&loader, FUEL);
            let seeds = flake::hosts(&machine, input);
            visit(&Project { machine: &machine, input, seeds, scripts: Rc::default() })
        };
        // Without room for the thread nothing is known of the hosts.
        let thread = thread.spawn_scoped(scope, run).ok()?;
        match thread.join() {
            Ok(result) => Some(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
