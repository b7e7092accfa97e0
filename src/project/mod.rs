//! Many files: hosts, the modules they are made of, and the options these set.
//!
//! Everything is evaluated here and nowhere above; nothing here reads a file.

mod account;
mod arguments;
mod classify;
mod closure;
mod container;
mod dead;
mod duplicate;
mod environment_file;
mod evaluate;
mod firewall;
mod flake;
mod host;
mod hosts;
mod imports;
mod input;
mod leak;
mod link;
mod loader;
mod merge;
mod monitor;
mod named;
mod names;
mod options;
mod order;
mod outside;
mod path;
mod places;
mod port;
mod pull;
mod quarry;
mod registry;
mod renames;
mod run;
mod script;
mod secret;
mod service;
mod shape;
mod state;
mod survey;
mod table;
#[cfg(test)]
mod tests;
mod unattached;
mod unit;
mod user;
mod user_port;
mod variable;
mod view;
#[cfg(test)]
mod view_tests;
mod written;

use std::sync::LazyLock;

use crate::eval::Machine;

pub use account::{Account, AccountKind, Group};
pub use closure::{ImportEdge, ModuleFile, ModuleForm, OpenEdge};
pub use container::{Container, DeviceRequest, ImageReference};
pub use dead::DeadModule;
pub use duplicate::{Duplicate, DuplicateSide};
pub use environment_file::EnvironmentFile;
pub use evaluate::{Evaluation, Placed, ValueForm};
pub use firewall::{Exposure, Firewall, Opening};
pub use flake::{
    HostClass, InputUses, LockFile, LockedNode, Written, WrittenAttr, WrittenFlake, WrittenFunction,
    WrittenInput, WrittenKind,
};
pub use host::{Host, Item};
pub use hosts::Project;
pub use input::{NamedHost, Presence, ProjectFile, ProjectInput, ServiceSettings, Side, Tree};
pub use leak::{ClearSecret, StoredFile, StoredKind};
pub use names::{OldUse, PlacedName, UnknownName};
pub use options::Resolved;
pub use path::{PathRole, PathUse};
pub use port::{Number, Port, PortSource};
pub use renames::{OldOption, Pin};
pub use run::{ContainerRun, Mount, RunOption};
pub use script::{RunKind, RunText, ShellText, UnitCommand};
pub use secret::{Secret, SecretTool, SecretUse};
pub use service::{Manager, Service, ServiceKind, Upstream};
pub use shape::{MixedKeys, ModuleShape, OptionQuestion, RepeatedImport};
pub use state::{Maker, Making, StateDirectory};
pub use survey::{ProjectView, Survey};
pub use table::{Certainty, Definition, KeyPath, Node, OptionKey};
pub use unattached::Unattached;
pub use unit::{DEPENDENCIES, Dependency, DependencyAttribute, Runs, Section, SetDirective, Spelling, Unit};
pub use user::User;
pub use variable::Variable;
pub use view::{Known, Origin};

/// Steps of evaluation that one project may take, which bounds time and memory: a step stands for some 64
/// bytes. Of 26 public repositories the largest configuration takes 130,000, and the tests of Nix 2,200,000.
const FUEL: u64 = 3_000_000;

/// Stack of the thread that evaluates, in bytes: calls nested to the evaluator's limit fit.
const STACK: usize = 1 << 30;

/// The threads that evaluate. They stay for the next project: a new stack and a new heap for each would cost
/// more than many a project.
static EVALUATORS: LazyLock<Option<rayon::ThreadPool>> = LazyLock::new(|| {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(rayon::current_num_threads())
        .thread_name(|index| format!("evaluate-{index}"))
        .stack_size(STACK);
    pool.build().ok()
});

/// Reads the flake of a project and hands it to `visit`; `None` where the system grants no thread.
///
/// Evaluates on a thread with a large stack, which is why `visit` must be `Send`.
pub fn link<T: Send>(input: &ProjectInput<'_>, visit: impl FnOnce(&Project<'_>) -> T + Send) -> Option<T> {
    let run = || {
        let loader = loader::ProjectLoader::new(input);
        let machine = Machine::new(&loader, FUEL);
        visit(&Project::new(&machine, input))
    };
    Some(EVALUATORS.as_ref()?.install(run))
}
