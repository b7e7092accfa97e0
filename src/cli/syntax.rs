//! `nixlint syntax`.

use std::io::{self, Read};
use std::path::Path;

use miette::MietteDiagnostic;

use super::args::SyntaxArgs;
use super::output::to_stdout;
use super::{Failure, Status};
use crate::syntax::debug_tree;

/// Prints the tree of a file.
pub(super) fn run(args: &SyntaxArgs) -> Result<Status, Failure> {
    let text = read(&args.file).map_err(|error| {
        let path = args.file.to_string_lossy();
        MietteDiagnostic::new(format!("`{}` cannot be read: {error}", crate::report::printable(&path)))
    })?;
    let pool = crate::engine::pool(1);
    let tree = pool.install(|| debug_tree(&text));
    to_stdout(tree)?;
    Ok(Status::Clean)
}

fn read(path: &Path) -> io::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(path)
}
