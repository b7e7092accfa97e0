//! `nixlint eval`: what the evaluator knows of a file, or of an option of a host.

mod option;

use std::path::PathBuf;

use camino::Utf8PathBuf;
use miette::MietteDiagnostic;
use serde_json::json;

use crate::cli::args::{EvalArgs, EvalFormat, FileArgs, RuleArgs, usage_error};
use crate::cli::output::{Streams, to_stdout};
use crate::cli::run::Run;
use crate::cli::{Failure, Status};
use crate::config::RuleBook;
use crate::diagnostic::{Diagnostic, Group, Label, Level, RuleName};
use crate::eval::Extent;
use crate::project::{Evaluation, ValueForm};
use crate::report::{Format, Input, printable, render};
use crate::text::Span;

/// Prints the value of a file, or of an option. An error of Nix goes to stderr and makes the exit code 1.
pub(super) fn run(args: EvalArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    if let Some(host) = &args.host {
        return option::run(host, &args, book, streams);
    }
    let names = attribute_path(args.attribute_path.as_deref().unwrap_or_default())?;
    let is_folder = args.subject.is_dir();
    let file = if is_folder { args.subject.join("default.nix") } else { args.subject };
    let shown = printable(&file.to_string_lossy()).into_owned();
    let run = Run::prepare(files(file), &RuleArgs::default(), book)?;
    if run.complain(streams) {
        return Ok(Status::Failed);
    }
    let form = match args.output_format {
        EvalFormat::Text if args.strict => ValueForm::Text(Extent::Whole),
        EvalFormat::Text => ValueForm::Text(Extent::Outermost),
        EvalFormat::Json => ValueForm::Json,
    };
    let results = run.visit_projects(|files, project| {
        let reported = files.files.iter().find(|file| file.reported)?;
        let path: &Utf8PathBuf = &run.sources.get(reported.id).path;
        Some(project.evaluate(path, &names, form))
    });
    let Some(result) = results.into_iter().flatten().next() else {
        return Err(MietteDiagnostic::new(format!("`{shown}` is no Nix file that could be read")).into());
    };
    let Some(evaluation) = result else {
        streams.complain(&format!("`{shown}` has syntax errors: `nixlint check` shows them"));
        return Ok(Status::Findings);
    };
    if let Some(status) = complain_of(&evaluation, &run, streams)? {
        return Ok(status);
    }
    let text = match args.output_format {
        EvalFormat::Text => lines(&evaluation.text),
        EvalFormat::Json => document(&evaluation),
    };
    to_stdout(text + "\n")?;
    Ok(Status::Clean)
}

/// Says what went wrong; gives how the program ends where that is all there is.
fn complain_of(evaluation: &Evaluation, run: &Run, streams: &Streams) -> Result<Option<Status>, Failure> {
    if evaluation.is_exhausted {
        streams.note("nixlint: the evaluation took too many steps and was cut short\n");
    }
    let Some((message, place)) = &evaluation.error else { return Ok(None) };
    tell(run, streams, message.clone(), *place)?;
    Ok(Some(Status::Findings))
}

/// The configuration says which rules run, which does not matter here.
fn files(file: PathBuf) -> FileArgs {
    FileArgs {
        stdin: false,
        paths: vec![file],
        stdin_filename: None,
        force_exclude: false,
        config: None,
        isolated: true,
        threads: 0,
        quiet: false,
    }
}

/// The text, with what a terminal could act on as escapes; lines stay.
fn lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// `{"value": …}` where all of it is known, else `{"unknown": reason}`.
fn document(evaluation: &Evaluation) -> String {
    match &evaluation.unknown {
        None => format!("{{\"value\":{}}}", evaluation.text),
        Some(reason) => json!({ "unknown": reason }).to_string(),
    }
}

/// Shows an error of Nix on stderr.
fn tell(run: &Run, streams: &Streams, message: String, place: Option<Span>) -> Result<(), Failure> {
    let Some(span) = place else {
        streams.complain(&message);
        return Ok(());
    };
    let diagnostic = Diagnostic {
        rule: RuleName::new("evaluation-error"),
        group: Group::Correctness,
        variant: None,
        level: Level::Error,
        message,
        primary: Label { span, text: "Nix stops here".to_owned() },
        related: Vec::new(),
        covers: None,
        masks: Vec::new(),
        help: None,
        notes: Vec::new(),
        host: None,
        fixes: Vec::new(),
        tag: None,
    };
    let shown = std::slice::from_ref(&diagnostic);
    let input = Input::new(&run.sources, shown, streams.on_stderr_options());
    let mut text = Vec::new();
    render(Format::Full, &input, &mut text)?;
    streams.note(&String::from_utf8_lossy(&text));
    Ok(())
}

/// The names of an attribute path: `a."b.c".0`, as `nix-instantiate -A` reads it.
fn attribute_path(text: &str) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    if text.is_empty() {
        return Ok(names);
    }
    let mut name = String::new();
    let mut is_quoted = false;
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => names.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    names.push(name);
    if is_quoted {
        return Err(usage_error(&format!("a quotation mark is missing in `{text}`")).into());
    }
    if names.iter().any(String::is_empty) {
        return Err(usage_error(&format!("a name is missing in `{text}`")).into());
    }
    Ok(names)
}
