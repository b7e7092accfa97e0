//! Runs rules over files and hosts. Knows no rule and no configuration: it is handed a [`RuleSet`].

mod workspace;

pub use workspace::{ActiveRule, InputFile, Outcome, ProjectFiles, RuleSet, Workspace};
