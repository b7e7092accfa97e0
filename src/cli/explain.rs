//! `nixlint explain`.

use super::args::ExplainArgs;
use super::output::{Streams, to_stdout};
use super::{Failure, Status};
use crate::config::RuleBook;

/// Prints the manual page of a rule.
pub(super) fn run(args: &ExplainArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let page = book.rule(&args.rule)?.page();
    let bold = |line: &str| if streams.color { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line.to_owned() };
    let mut in_code = false;
    let mut out = String::new();
    for line in page.lines() {
        in_code ^= line.starts_with("```");
        out.push_str(&if line.starts_with('#') && !in_code { bold(line) } else { line.to_owned() });
        out.push('\n');
    }
    to_stdout(out)?;
    Ok(Status::Clean)
}
