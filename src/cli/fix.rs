//! `nixlint fix`: for formatters and editors, to which findings that remain are no failure.

use super::args::FixArgs;
use super::check::show_diff;
use super::output::{Streams, to_stdout};
use super::run::{Destination, Found, Run};
use super::{Failure, Status};
use crate::config::RuleBook;
use crate::diagnostic::Diagnostic;
use crate::report::{Format, Input, render};

/// Applies the fixes.
pub(super) fn run(args: FixArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let quiet = args.files.quiet;
    let mut run = Run::prepare(args.files, &args.rules, book)?;
    let lowest = args.fixes.lowest();
    if args.fixes.diff {
        run.fix(lowest, Destination::Memory, None);
        return show_diff(&run, streams, false);
    }
    let found = run.fix(lowest, Destination::Files, None);
    if let Some(input) = run.input.take() {
        return answer(&run, &found, &input, streams);
    }
    let failed = run.complain(streams);
    let says_enough = failed && found.fixes == 0;
    if !quiet && !says_enough {
        streams.note(&summary(&found));
    }
    Ok(if failed { Status::Failed } else { Status::Clean })
}

/// How much was fixed, in a line.
pub(super) fn fixed(found: &Found) -> String {
    format!("Fixed {} in {}\n", counted(found.fixes, "finding"), counted(found.fixed_files, "file"))
}

/// How many comments were written, in a line.
pub(super) fn ignored(found: &Found) -> String {
    format!("Wrote {} in {}\n", counted(found.ignores, "ignore comment"), counted(found.fixed_files, "file"))
}

/// Gives the fixed text back to whoever piped it in: unchanged where nothing could be done.
fn answer(run: &Run, found: &Found, input: &[u8], streams: &Streams) -> Result<Status, Failure> {
    let is_error = |diagnostic: &&Diagnostic| diagnostic.rule.as_str() == "syntax-error";
    let errors: Vec<Diagnostic> = found.outcome.diagnostics.iter().filter(is_error).cloned().collect();
    let fixed = run.stdin.filter(|_| errors.is_empty()).map(|file| run.sources.get(file).text.as_bytes());
    to_stdout(fixed.unwrap_or(input))?;

    let shown = Input::new(&run.sources, &errors, streams.on_stderr_options());
    let mut text = Vec::new();
    render(Format::Concise, &shown, &mut text)?;
    streams.note(&String::from_utf8_lossy(&text));
    let failed = run.complain(streams);
    Ok(if failed || !errors.is_empty() { Status::Failed } else { Status::Clean })
}

fn summary(found: &Found) -> String {
    let left = match found.outcome.diagnostics.len() {
        0 => String::new(),
        left => format!("{} left, see `nixlint check`\n", counted(left, "finding")),
    };
    match found.fixes {
        0 => format!("Nothing to fix in {}\n{left}", counted(found.outcome.files, "file")),
        _ => format!("{}{left}", fixed(found)),
    }
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
