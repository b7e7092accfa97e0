//! `nixlint completions`.

use clap::CommandFactory;
use clap_complete::{Generator, generate};
use clap_complete_nushell::Nushell;

use super::args::{Args, CompletionsArgs, Shell};
use super::output::to_stdout;
use super::{Failure, Status};

/// Prints the completions for a shell.
pub(super) fn run(args: &CompletionsArgs) -> Result<Status, Failure> {
    let script = match args.shell {
        Shell::Bash => script(clap_complete::Shell::Bash),
        Shell::Elvish => script(clap_complete::Shell::Elvish),
        Shell::Fish => script(clap_complete::Shell::Fish),
        Shell::Nushell => script(Nushell),
        Shell::Powershell => script(clap_complete::Shell::PowerShell),
        Shell::Zsh => script(clap_complete::Shell::Zsh),
    };
    to_stdout(&script)?;
    Ok(Status::Clean)
}

fn script(generator: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    generate(generator, &mut Args::command(), "nixlint", &mut script);
    script
}
