//! `nixlint eval --host HOST OPTION`: the value of an option of a host, and where it is defined.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::{attribute_path, complain_of, document, lines};
use crate::cli::args::{EvalArgs, EvalFormat, FileArgs, RuleArgs};
use crate::cli::hosts::relative;
use crate::cli::inventory::unknown_host;
use crate::cli::output::{Streams, to_stdout};
use crate::cli::run::Run;
use crate::cli::{Failure, Status};
use crate::config::{RuleBook, UnknownName};
use crate::eval::Extent;
use crate::project::{Evaluation, Host, HostClass, Placed, ValueForm};
use crate::report::printable;
use crate::text::{PositionEncoding, Sources};

/// Why there is no value.
const NOT_SET: &str = "the project does not set it";

/// Prints the value on the host called `wanted` and the places. An error of Nix makes the exit code 1.
pub(super) fn run(
    wanted: &str,
    args: &EvalArgs,
    book: RuleBook<'_>,
    streams: &Streams,
) -> Result<Status, Failure> {
    let path = args.subject.to_string_lossy();
    let names = attribute_path(&path)?;
    let run = Run::prepare(files(), &RuleArgs::default(), book)?;
    if run.complain(streams) {
        return Ok(Status::Failed);
    }
    let form = match args.output_format {
        EvalFormat::Text => ValueForm::Text(Extent::Whole),
        EvalFormat::Json => ValueForm::Json,
    };
    let found = run.visit_projects(|_, project| {
        let mut found = Found::default();
        project.visit_hosts(&HostClass::ALL, &mut |host| {
            let Some(name) = &host.name else { return };
            found.hosts.insert(name.clone());
            if name != wanted {
                return;
            }
            let answer = |host: &Host<'_>| Answer {
                evaluation: host.evaluate(&names, form),
                definitions: host
                    .placed(&names)
                    .iter()
                    .map(|placed| Place::of(project.root(), &run.sources, placed))
                    .collect(),
            };
            match &args.user {
                None => found.answers.push(answer(host)),
                Some(wanted) => host.visit_users(&mut |user| {
                    found.users.insert(user.name.clone());
                    if user.name == *wanted {
                        found.answers.push(answer(&user.home));
                    }
                }),
            }
        });
        found
    });
    let found = found.into_iter().fold(Found::default(), Found::and);
    if !found.hosts.contains(wanted) {
        return Err(unknown_host(wanted, &found.hosts));
    }
    let mut answers = found.answers.into_iter();
    let Some(answer) = answers.next() else {
        let user = args.user.as_deref().unwrap_or_default();
        return Err(unknown_user(user, wanted, &found.users));
    };
    if answers.next().is_some() {
        let wanted = printable(wanted);
        streams.note(&format!("nixlint: several hosts are called `{wanted}`: this is the first\n"));
    }
    if let Some(evaluation) = &answer.evaluation
        && let Some(status) = complain_of(evaluation, &run, streams)?
    {
        return Ok(status);
    }
    let text = match args.output_format {
        EvalFormat::Text => answer.text(),
        EvalFormat::Json => answer.json(),
    };
    to_stdout(text + "\n")?;
    Ok(Status::Clean)
}

/// What was found in projects.
#[derive(Default)]
struct Found {
    hosts: BTreeSet<String>,
    users: BTreeSet<String>,
    answers: Vec<Answer>,
}

impl Found {
    fn and(mut self, other: Self) -> Self {
        self.hosts.extend(other.hosts);
        self.users.extend(other.users);
        self.answers.extend(other.answers);
        self
    }
}

/// What is known of the option.
struct Answer {
    /// `None` where nobody sets or declares it.
    evaluation: Option<Evaluation>,
    definitions: Vec<Place>,
}

/// Where a definition stands.
#[derive(serde::Serialize)]
struct Place {
    path: Option<String>,
    line: Option<u32>,
    priority: i64,
    condition: Option<String>,
}

impl Answer {
    /// The value, why some of it is not known, and a line for each definition.
    fn text(&self) -> String {
        let mut text = match &self.evaluation {
            Some(evaluation) => lines(&evaluation.text),
            None => format!("«unknown: {NOT_SET}»"),
        };
        if let Some(Evaluation { unknown: Some(reason), .. }) = &self.evaluation {
            let _ = write!(text, "\nnot known: {}", printable(reason));
        }
        for place in &self.definitions {
            let _ = write!(text, "\n{}", place.text());
        }
        text
    }

    fn json(&self) -> String {
        let value = match &self.evaluation {
            Some(evaluation) => document(evaluation),
            None => json!({ "unknown": NOT_SET }).to_string(),
        };
        let definitions = json!(self.definitions);
        // The value is JSON already.
        let value = value.strip_suffix('}').expect("invariant: a document is an object");
        format!("{value},\"definitions\":{definitions}}}")
    }
}

impl Place {
    fn of(root: &camino::Utf8Path, sources: &Sources, placed: &Placed) -> Self {
        let line = |span: crate::text::Span| {
            let lines = sources.get(span.file).lines();
            lines.position(span.range().start(), PositionEncoding::Utf8).line + 1
        };
        Self {
            path: placed.span.map(|span| relative(root, sources, span.file)),
            line: placed.span.map(line),
            priority: placed.priority,
            condition: placed.condition.clone(),
        }
    }

    fn text(&self) -> String {
        let place = match (&self.path, self.line) {
            (Some(path), Some(line)) => format!("{}:{line}", printable(path)),
            _ => "somewhere".to_owned(),
        };
        let kind = match self.priority {
            1500 => "default".to_owned(),
            priority => format!("definition of priority {priority}"),
        };
        match &self.condition {
            None => format!("{place}: {kind}"),
            Some(condition) => format!("{place}: {kind}, if {}", printable(condition)),
        }
    }
}

/// The flake around the working directory, with the hosts that its configuration names.
fn files() -> FileArgs {
    FileArgs { paths: vec![".".into()], isolated: false, ..super::files(".".into()) }
}

fn unknown_user(wanted: &str, host: &str, names: &BTreeSet<String>) -> Failure {
    let unknown = UnknownName::new("user", wanted, names.iter().map(String::as_str));
    let help = match unknown.suggestion() {
        Some(suggestion) => format!("did you mean `{suggestion}`?"),
        None => format!("`nixlint hosts` lists the users of `{}`", printable(host)),
    };
    miette::MietteDiagnostic::new(unknown.to_string()).with_help(help).into()
}
