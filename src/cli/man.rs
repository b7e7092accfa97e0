//! `nixlint man`.

use clap::CommandFactory;
use clap_mangen::{Man, generate_to};

use super::args::{Args, ManArgs};
use super::output::to_stdout;
use super::{Failure, Status};
use crate::report::printable;

/// Writes a manual page for nixlint and each of its commands, or prints the first.
pub(super) fn run(args: &ManArgs) -> Result<Status, Failure> {
    let command = Args::command();
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        to_stdout(&page)?;
        return Ok(Status::Clean);
    };
    std::fs::create_dir_all(dir).and_then(|()| generate_to(command, dir)).map_err(|error| {
        let path = dir.to_string_lossy();
        miette::MietteDiagnostic::new(format!("`{}` cannot be written: {error}", printable(&path)))
    })?;
    Ok(Status::Clean)
}
