//! `nixlint check`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use camino::Utf8PathBuf;

use super::args::{CheckArgs, Output, usage_error};
use super::output::{Streams, hand_over, to_stdout};
use super::run::{Destination, Found, Run};
use super::write::write_report;
use super::{Failure, Status};
use crate::config::RuleBook;
use crate::diagnostic::Applicability;
use crate::report::statistics::{statistics, statistics_table, write_statistics_json};
use crate::report::summary::Summary;
use crate::report::{Format, Input, Options, RuleInfo, printable, render};
use crate::rule::RuleMeta;

/// Lints, and fixes if that is wanted.
pub(super) fn run(args: CheckArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let start = Instant::now();
    let outputs = outputs(&args.output_format, args.statistics)?;
    if let Some(output) = outputs.iter().find(|output| args.fixes.diff && output.file.is_some()) {
        let message = format!("`--diff` prints a patch and writes no report as `{}`", output.format);
        return Err(usage_error(&message).into());
    }
    if args.watch {
        return super::watch::run(&args, &outputs, book, streams);
    }
    let mut run = Run::prepare(args.files.clone(), &args.rules, book)?;
    refuse_inputs(&run, &outputs)?;
    let lowest = args.fixes.lowest();

    if args.fixes.diff {
        let found = run.fix(lowest, Destination::Memory, args.fail_on);
        run.note_what_is_missing(&found, streams);
        return show_diff(&run, streams, args.exit_zero);
    }
    let found = match (args.fix, &args.add_ignore) {
        (true, _) => run.fix(lowest, Destination::Files, args.fail_on),
        (false, Some(reason)) => run.add_ignores(reason, args.fail_on),
        (false, None) => run.check(args.fail_on),
    };

    // With fixes applied to it, stdout belongs to the text from stdin.
    let writes = args.fix || args.add_ignore.is_some();
    let fixed_input = if writes { run.input.take() } else { None };
    let rules = rule_infos(book);
    let shown = Shown::new(&run, &found, &rules);
    let failed = match fixed_input {
        Some(input) => {
            let text = run.stdin.map(|file| run.sources.get(file).text.as_bytes());
            to_stdout(text.unwrap_or(&input))?;
            let options = streams.on_stderr_options();
            let human = report(&shown, &outputs, args.statistics, options, &mut io::stderr())?;
            close(&run, &found, human && !args.files.quiet, start, streams)
        }
        None => tell(&shown, &args, &outputs, start, streams)?,
    };
    Ok(match (failed, found.fails && !args.exit_zero) {
        (true, _) => Status::Failed,
        (false, true) => Status::Findings,
        (false, false) => Status::Clean,
    })
}

/// Writes all there is to say about a run; gives whether some of it could not be done.
pub(super) fn tell(
    shown: &Shown<'_>,
    args: &CheckArgs,
    outputs: &[Output],
    start: Instant,
    streams: &Streams,
) -> Result<bool, Failure> {
    let human = report(shown, outputs, args.statistics, streams.options(), &mut io::stdout())?;
    Ok(close(shown.run, shown.found, human && !args.files.quiet, start, streams))
}

/// Tells on stderr what went wrong, and sums up.
fn close(run: &Run, found: &Found, sums_up: bool, start: Instant, streams: &Streams) -> bool {
    run.note_what_is_missing(found, streams);
    let failed = run.complain(streams);
    if sums_up {
        summarise(run, found, failed, start, streams);
    }
    failed
}

/// Prints what the fixes would change.
pub(super) fn show_diff(run: &Run, streams: &Streams, exit_zero: bool) -> Result<Status, Failure> {
    let diff = run.diff(streams);
    to_stdout(&diff)?;
    Ok(match (run.complain(streams), diff.is_empty() || exit_zero) {
        (true, _) => Status::Failed,
        (false, false) => Status::Findings,
        (false, true) => Status::Clean,
    })
}

/// Where the findings go; at most one output is for stdout.
fn outputs(outputs: &[Output], counts: bool) -> Result<Vec<Output>, Failure> {
    if outputs.is_empty() {
        return Ok(vec![Output { format: Format::Full, file: None }]);
    }
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        let message = "only one output format can go to stdout: give the others a file, as in `-o json=FILE`";
        return Err(usage_error(message).into());
    }
    // `/dev/null` takes any number of reports.
    let is_device = |file: &&PathBuf| std::fs::metadata(file).is_ok_and(|metadata| !metadata.is_file());
    let files: Vec<&PathBuf> =
        outputs.iter().filter_map(|output| output.file.as_ref()).filter(|file| !is_device(file)).collect();
    if let Some(file) =
        files.iter().enumerate().find_map(|(at, file)| files[..at].contains(file).then_some(file))
    {
        let message = format!("two reports cannot go to one file: `{}`", printable(&file.to_string_lossy()));
        return Err(usage_error(&message).into());
    }
    let knows_counts = |format| matches!(format, Format::Full | Format::Concise | Format::Json);
    if let Some(output) = outputs.iter().find(|output| counts && !knows_counts(output.format)) {
        let message =
            format!("`--statistics` are not written as `{}`: choose full, concise or json", output.format);
        return Err(usage_error(&message).into());
    }
    Ok(outputs.to_vec())
}

/// Refuses to write a report over what is looked at.
pub(super) fn refuse_inputs(run: &Run, outputs: &[Output]) -> Result<(), Failure> {
    let names = ["nixlint.toml", ".nixlint.toml", "flake.lock"];
    for file in outputs.iter().filter_map(|output| output.file.as_deref()) {
        let Ok(target) = std::fs::canonicalize(file) else { continue };
        let is_input =
            target.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(&name))
                || run.sources.iter().any(|(_, source)| {
                    *source.path == *target
                        || std::fs::canonicalize(&source.path).is_ok_and(|path| path == target)
                });
        if is_input {
            let path = file.to_string_lossy();
            let message = format!("a report cannot go to `{}`, which nixlint reads", printable(&path));
            return Err(usage_error(&message).into());
        }
    }
    Ok(())
}

/// What reports are made of.
pub(super) struct Shown<'a> {
    run: &'a Run,
    found: &'a Found,
    rules: &'a [RuleInfo<'a>],
    checkout: Option<Utf8PathBuf>,
}

impl<'a> Shown<'a> {
    /// Everything about a run; `rules` are those of [`rule_infos`].
    pub(super) fn new(run: &'a Run, found: &'a Found, rules: &'a [RuleInfo<'a>]) -> Self {
        Self { run, found, rules, checkout: checkout() }
    }
}

/// What reports say of the rules of a book.
pub(super) fn rule_infos(book: RuleBook<'_>) -> Vec<RuleInfo<'_>> {
    let of_rules = book.rules.iter().map(|entry| entry.meta);
    book.built_in.iter().copied().chain(of_rules).map(rule_info).collect()
}

fn rule_info(meta: &RuleMeta) -> RuleInfo<'_> {
    RuleInfo { name: meta.name, group: meta.group, level: meta.level, summary: meta.summary, docs: meta.docs }
}

/// The folder that GitHub or GitLab checked out for this job.
fn checkout() -> Option<Utf8PathBuf> {
    let folder = ["CI_PROJECT_DIR", "GITHUB_WORKSPACE"].into_iter().find_map(std::env::var_os)?;
    Utf8PathBuf::from_path_buf(std::fs::canonicalize(folder).ok()?).ok()
}

/// Writes every report, and gives whether people are there to read a summary.
fn report(
    shown: &Shown<'_>,
    outputs: &[Output],
    counts: bool,
    options: Options<'_>,
    stream: &mut dyn Write,
) -> Result<bool, Failure> {
    let mut human = true;
    let outcome = &shown.found.outcome;
    let undone = shown.run.undone();
    // A report would say that nothing is wrong.
    if outcome.files == 0 && !undone.is_empty() {
        return Ok(human);
    }
    for output in outputs {
        let options = if output.file.is_none() {
            options
        } else {
            Options { rule_url: options.rule_url, ..Options::default() }
        };
        let options = Options { checkout: shown.checkout.as_deref(), ..options };
        let mut text = Vec::new();
        if counts {
            let counts = statistics(&outcome.diagnostics);
            match output.format {
                Format::Json => write_statistics_json(&counts, &mut text)?,
                _ => text.extend(statistics_table(&counts).into_bytes()),
            }
        } else {
            let input = Input {
                sources: &shown.run.sources,
                diagnostics: &outcome.diagnostics,
                suppressed: &outcome.suppressed,
                undone: &undone,
                rules: shown.rules,
                options,
            };
            render(output.format, &input, &mut text)?;
        }
        match &output.file {
            Some(file) => write_report(file, &text).map_err(|error| {
                let path = file.to_string_lossy();
                miette::MietteDiagnostic::new(format!("`{}` cannot be written: {error}", printable(&path)))
            })?,
            None => {
                human = !output.format.is_machine();
                hand_over(stream, &text)?;
            }
        }
    }
    Ok(human)
}

fn summarise(run: &Run, found: &Found, failed: bool, start: Instant, streams: &Streams) {
    let outcome = &found.outcome;
    if found.ignores > 0 {
        streams.note(&super::fix::ignored(found));
    }
    if found.fixes > 0 {
        streams.note(&super::fix::fixed(found));
    }
    if outcome.files == 0 && run.wants_files && !failed {
        streams.note("No Nix files to check\n");
        return;
    }
    // Something is wrong: whatever was found, not all checks passed.
    if failed && outcome.diagnostics.is_empty() {
        return;
    }
    let summary = Summary {
        ignored: outcome.suppressed.len() as u64,
        files: outcome.files as u64,
        rules: outcome.rules as u64,
        elapsed: Some(start.elapsed()),
        ..Summary::of(&outcome.diagnostics)
    };
    streams.note(&summary.text());
}

impl super::args::FixChoice {
    /// How far fixes are trusted.
    pub(super) fn lowest(&self) -> Applicability {
        if self.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe }
    }
}
