//! `nixlint rules`.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::args::{ListFormat, RulesArgs, RulesCommand, RulesTestArgs};
use super::output::{Streams, to_stdout};
use super::write::{Change, write_all};
use super::{Failure, Status};
use crate::cases::{self, Book};
use crate::config::RuleBook;
use crate::config::discover::rules_in;
use crate::report::printable;
use crate::rule::{self, Entry, Fixable, RuleMeta, RuleOption};

/// Lists the rules by group and name, or tries those of a folder.
pub(super) fn run(args: &RulesArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    if let Some(RulesCommand::Test(args)) = &args.command {
        return test(args, streams);
    }
    let mut metas: Vec<&RuleMeta> = book.metas().collect();
    metas.sort_by_key(|meta| (meta.group, meta.name));
    let list = match args.output_format {
        ListFormat::Text => table(&metas),
        ListFormat::Json => {
            let rows: Vec<Row<'_>> = metas.iter().map(|meta| Row::of(meta)).collect();
            let json = serde_json::to_string_pretty(&rows);
            json.expect("invariant: names and texts make JSON") + "\n"
        }
    };
    to_stdout(list)?;
    Ok(Status::Clean)
}

/// Tries the rules of a folder on their cases.
fn test(args: &RulesTestArgs, streams: &Streams) -> Result<Status, Failure> {
    let folder = std::env::current_dir().and_then(std::fs::canonicalize)?;
    let (rules, problems) = rules_in(&args.dir, &folder);
    problems.iter().for_each(|problem| streams.complain_about(problem));
    if !problems.is_empty() {
        return Ok(Status::Failed);
    }
    if rules.is_empty() {
        let message = format!("no rule is declared in `{}`", args.dir.display());
        let report = miette::MietteDiagnostic::new(message).with_help("rules are declared in files `*.toml`");
        return Err(report.into());
    }
    let mut out = String::new();
    let mut status = Status::Clean;
    for (path, entry) in &rules {
        let complaints = tried(&path.with_extension("md"), entry, args.update);
        let name = entry.meta.name;
        match &complaints {
            Ok(count) => out.push_str(&format!("{name}: {count} cases hold\n")),
            Err(complaints) => {
                status = Status::Findings;
                complaints.iter().for_each(|what| out.push_str(&format!("{name}: {what}\n")));
            }
        }
    }
    let lines = out.lines().map(|line| format!("{}\n", printable(line)));
    to_stdout(lines.collect::<String>())?;
    Ok(status)
}

/// How many cases of a rule hold, or what is wrong with them.
fn tried(path: &Path, entry: &Entry, update: bool) -> Result<usize, Vec<String>> {
    let unreadable = |error: io::Error| vec![format!("its cases in `{}`: {error}", path.display())];
    let markdown = std::fs::read_to_string(path).map_err(unreadable)?;
    let mut book = Book::read(&markdown)?;
    if update {
        let updated = cases::updated(entry, &book);
        if updated != markdown {
            let root = path.parent().unwrap_or(path);
            let display = path.display().to_string();
            let change = Change { place: path, display: &display, old: &markdown, new: &updated };
            write_all(root, &[change]).map_err(|error| vec![error.to_string()])?;
        }
        book = Book::read(&updated)?;
    }
    let proofs = [cases::cases, cases::findings, cases::fixes_settle];
    let wrong: Vec<String> = proofs.iter().flat_map(|proof| proof(entry, &book)).collect();
    if wrong.is_empty() { Ok(book.cases.len()) } else { Err(wrong) }
}

fn table(metas: &[&RuleMeta]) -> String {
    let width = |text: fn(&RuleMeta) -> &'static str| {
        metas.iter().map(|meta| text(meta).len()).max().unwrap_or_default()
    };
    let names = width(|meta| meta.name);
    let groups = width(|meta| meta.group.as_str());
    let row = |meta: &&RuleMeta| {
        let level = match runs(meta) {
            Runs::Always => meta.level.as_str(),
            Runs::OnRequest => "off",
            Runs::Preview => "preview",
        };
        let fix = if meta.fix == Fixable::Never { "   " } else { "fix" };
        format!("{:groups$}  {:names$}  {level:7}  {fix}  {}\n", meta.group.as_str(), meta.name, meta.summary)
    };
    metas.iter().map(row).collect()
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Runs {
    Always,
    OnRequest,
    Preview,
}

fn runs(meta: &RuleMeta) -> Runs {
    match (meta.status, meta.on) {
        (rule::Status::Preview, _) => Runs::Preview,
        (rule::Status::Stable { .. }, true) => Runs::Always,
        (rule::Status::Stable { .. }, false) => Runs::OnRequest,
    }
}

/// A rule as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'m> {
    name: &'m str,
    group: &'m str,
    level: &'m str,
    runs: Runs,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'m str>,
    fix: &'m str,
    summary: &'m str,
    variants: Vec<Variant<'m>>,
    options: Vec<RuleOption>,
}

#[derive(Serialize)]
struct Variant<'m> {
    name: &'m str,
    level: &'m str,
}

impl<'m> Row<'m> {
    fn of(meta: &'m RuleMeta) -> Self {
        let variant =
            |variant: &'m rule::Variant| Variant { name: variant.name, level: variant.level.as_str() };
        Self {
            name: meta.name,
            group: meta.group.as_str(),
            level: meta.level.as_str(),
            runs: runs(meta),
            since: match meta.status {
                rule::Status::Preview | rule::Status::Stable { since: "" } => None,
                rule::Status::Stable { since } => Some(since),
            },
            fix: match meta.fix {
                Fixable::Always => "always",
                Fixable::Sometimes => "sometimes",
                Fixable::Never => "never",
            },
            summary: meta.summary,
            variants: meta.variants.iter().map(variant).collect(),
            options: meta.options(),
        }
    }
}
