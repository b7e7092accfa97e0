//! `nixlint rules`.

use std::io::{self, Write};

use serde::Serialize;

use super::args::{ListFormat, RulesArgs};
use super::{Failure, Status};
use crate::config::RuleBook;
use crate::rule::{self, Fixable, RuleMeta};

/// Lists the rules by group and name.
pub(super) fn run(args: &RulesArgs, book: RuleBook<'_>) -> Result<Status, Failure> {
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
    io::stdout().lock().write_all(list.as_bytes())?;
    Ok(Status::Clean)
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
    options: Vec<Opt<'m>>,
}

#[derive(Serialize)]
struct Variant<'m> {
    name: &'m str,
    level: &'m str,
}

#[derive(Serialize)]
struct Opt<'m> {
    name: String,
    default: &'m str,
    description: &'m str,
}

impl<'m> Row<'m> {
    fn of(meta: &'m RuleMeta) -> Self {
        let variant =
            |variant: &'m rule::Variant| Variant { name: variant.name, level: variant.level.as_str() };
        let option = |(field, default, description): &'m (&str, &str, &str)| Opt {
            name: field.replace('_', "-"),
            default,
            description: description.trim(),
        };
        Self {
            name: meta.name,
            group: meta.group.as_str(),
            level: meta.level.as_str(),
            runs: runs(meta),
            since: match meta.status {
                rule::Status::Preview => None,
                rule::Status::Stable { since } => Some(since),
            },
            fix: match meta.fix {
                Fixable::Always => "always",
                Fixable::Sometimes => "sometimes",
                Fixable::Never => "never",
            },
            summary: meta.summary,
            variants: meta.variants.iter().map(variant).collect(),
            options: meta.options.iter().map(option).collect(),
        }
    }
}
