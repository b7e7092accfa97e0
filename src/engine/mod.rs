//! Runs rules over files and hosts. Knows no rule and no configuration: it is handed a [`RuleSet`].
//!
//! It must never touch a file: texts come in a [`Workspace`] and leave in one.

mod again;
mod built_in;
mod file;
mod fix;
mod hosts;
mod moved;
mod projects;
mod run;
#[cfg(test)]
mod sample;
mod suppress;
mod workspace;

pub use again::Earlier;
pub use built_in::BUILT_IN;
pub use fix::{Fixed, fix, fix_once, fix_some};
pub use moved::moved;
pub use projects::visit_projects;
pub use run::{HostFindings, STACK, Session, is_of_form, pool, run};
pub use suppress::rule_name_at;
pub use workspace::{ActiveRule, InputFile, Outcome, ProjectFiles, Quiet, Reader, RuleSet, Workspace};
