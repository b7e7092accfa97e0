//! The command line: one file per command. Puts the layers together, and alone knows terminals, the
//! environment and the clock.

mod args;
mod check;
mod completions;
mod eval;
mod explain;
mod fix;
mod graph;
mod hosts;
mod inventory;
mod lsp;
mod man;
mod output;
mod rules;
mod run;
mod syntax;
mod table;
mod watch;
mod write;

use std::ffi::OsString;
use std::io;
use std::panic;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{CommandFactory, Parser};

use self::args::{Args, Command, FileArgs};
use self::output::Streams;
use crate::config::RuleBook;
use crate::config::discover::{ConfigChoice, Packs, packs};
use crate::engine::BUILT_IN;
use crate::pack::shipped;
use crate::rule::Entry;
use crate::rules::RULES;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    /// Nothing at or above the level that fails a run.
    Clean,
    /// Something to look at.
    Findings,
    /// The work could not be done, or not all of it.
    Failed,
}

/// Runs the command in `args`, the first of which is the name of the program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // What rules do wrong is caught and becomes a finding; a trace beside it would help nobody but us.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(|_| {}));
    }
    let args: Vec<OsString> = args.into_iter().collect();
    let status = panic::catch_unwind(|| dispatch(args)).unwrap_or_else(|payload| {
        let reason = payload.downcast_ref::<String>().map(String::as_str);
        let reason = reason.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        Streams::plain().complain(&format!("internal error, please report it: {reason}"));
        Status::Failed
    });
    match status {
        Status::Clean => ExitCode::SUCCESS,
        Status::Findings => ExitCode::from(1),
        Status::Failed => ExitCode::from(2),
    }
}

fn dispatch(args: Vec<OsString>) -> Status {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are errors to clap, too, and go to stdout.
            let _broken_pipe = error.print();
            return if error.use_stderr() { Status::Failed } else { Status::Clean };
        }
    };
    let streams = Streams::new(args.color);
    let packs = match &args.command {
        // The server reads configurations itself, and goes on where they are wrong.
        Some(Command::Lsp(_)) => Ok(Packs::default()),
        command => packs_of(command.as_ref().and_then(Command::files)),
    };
    let packs = match packs {
        Ok(packs) => packs,
        Err(error) => {
            streams.complain(&format!("the working directory cannot be found: {error}"));
            return Status::Failed;
        }
    };
    if !packs.problems.is_empty() {
        packs.problems.iter().for_each(|problem| streams.complain_about(problem));
        return Status::Failed;
    }
    let rules: Vec<Entry> = own_rules().iter().chain(&packs.rules).copied().collect();
    let book = RuleBook { rules: &rules, built_in: BUILT_IN, packs: &packs.packs };
    let result = match args.command {
        Some(Command::Check(args)) => check::run(args, book, &streams),
        Some(Command::Fix(args)) => fix::run(args, book, &streams),
        Some(Command::Explain(args)) => explain::run(&args, book, &streams),
        Some(Command::Rules(args)) => rules::run(&args, book, &streams),
        Some(Command::Hosts(args)) => hosts::run(args, book, &streams),
        Some(Command::Inventory(args)) => inventory::run(args, book, &streams),
        Some(Command::Eval(args)) => eval::run(args, book, &streams),
        Some(Command::Graph(args)) => graph::run(args, book, &streams),
        Some(Command::Syntax(args)) => syntax::run(&args),
        Some(Command::Lsp(_)) => Ok(lsp::run()),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man(args)) => man::run(&args),
        None => Args::command().print_help().map(|()| Status::Clean).map_err(Failure::from),
    };
    match result {
        Ok(status) => status,
        Err(failure) => {
            complain(failure, &streams);
            Status::Failed
        }
    }
}

/// Says why a command could not go on.
fn complain(failure: Failure, streams: &Streams) {
    match failure {
        Failure::Output(error) => streams.complain(&format!("the output cannot be written: {error}")),
        Failure::Usage(error) => {
            let _nobody = error.print();
        }
        Failure::Report(report) => streams.complain_about(&*report),
    }
}

/// The rules that ship, by group and name.
pub fn own_rules() -> &'static [Entry] {
    static ALL: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        let mut rules: Vec<Entry> = RULES.iter().chain(shipped()).copied().collect();
        rules.sort_by_key(|entry| (entry.meta.group, entry.meta.name));
        rules
    });
    &ALL
}

/// The rules that users declare for what the command is about.
fn packs_of(files: Option<&FileArgs>) -> io::Result<Packs> {
    let folder = std::env::current_dir().and_then(std::fs::canonicalize)?;
    let taken: Vec<&str> = BUILT_IN
        .iter()
        .map(|meta| meta.name)
        .chain(own_rules().iter().map(|entry| entry.meta.name))
        .collect();
    let (config, paths) = match files {
        Some(files) => (files.config_choice(), files.paths.as_slice()),
        None => (ConfigChoice::Nearest, &[][..]),
    };
    Ok(packs(&config, paths, &folder, &taken))
}

/// Why a command could not go on.
enum Failure {
    /// Nobody takes the output.
    Output(io::Error),
    /// The arguments do not go together.
    Usage(clap::Error),
    /// The user asked for something that is not there.
    Report(Box<dyn miette::Diagnostic + Send + Sync>),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<miette::MietteDiagnostic> for Failure {
    fn from(report: miette::MietteDiagnostic) -> Self {
        Self::Report(Box::new(report))
    }
}

impl From<crate::config::UnknownName> for Failure {
    fn from(unknown: crate::config::UnknownName) -> Self {
        let help = match unknown.suggestion() {
            Some(suggestion) => format!("did you mean `{suggestion}`?"),
            None => "`nixlint rules` lists them all".to_owned(),
        };
        miette::MietteDiagnostic::new(unknown.to_string()).with_help(help).into()
    }
}
