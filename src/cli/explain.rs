//! `nixlint explain`.

use std::io::{self, Write};

use super::args::ExplainArgs;
use super::output::Streams;
use super::{Failure, Status};
use crate::config::RuleBook;
use crate::rule::{self, Fixable, RuleMeta};

/// Prints the manual page of a rule.
pub(super) fn run(args: &ExplainArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let page = page(book.rule(&args.rule)?);
    let bold = |line: &str| if streams.color { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line.to_owned() };
    let mut in_code = false;
    let mut out = String::new();
    for line in page.lines() {
        in_code ^= line.starts_with("```");
        out.push_str(&if line.starts_with('#') && !in_code { bold(line) } else { line.to_owned() });
        out.push('\n');
    }
    io::stdout().lock().write_all(out.as_bytes())?;
    Ok(Status::Clean)
}

/// The page as Markdown.
fn page(meta: &RuleMeta) -> String {
    let mut page = format!("# {}\n\n{}.\n\n{}\n", meta.name, capitalised(meta.summary), facts(meta));
    // Doc comments come with the blank that follows their slashes.
    for line in meta.docs.trim_end().lines() {
        page.push('\n');
        page.push_str(line.strip_prefix(' ').unwrap_or(line));
    }
    page.push('\n');
    if !meta.variants.is_empty() {
        page.push_str("\n## Variants\n");
        for variant in meta.variants {
            page.push_str(&format!("- `{}`: {}\n", variant.name, variant.level));
        }
    }
    if !meta.options.is_empty() {
        page.push_str("\n## Options\n");
        for (field, default, description) in meta.options {
            let name = field.replace('_', "-");
            page.push_str(&format!("- `{name}` (default `{default}`): {}\n", description.trim()));
        }
    }
    page
}

fn facts(meta: &RuleMeta) -> String {
    let runs = match (meta.on, meta.status) {
        (_, rule::Status::Preview) => "in preview: runs only when it is named",
        (true, rule::Status::Stable { .. }) => "on by default",
        (false, rule::Status::Stable { .. }) => "off by default",
    };
    let since = match meta.status {
        rule::Status::Preview | rule::Status::Stable { since: "" } => String::new(),
        rule::Status::Stable { since } => format!(" · since {since}"),
    };
    let fix = match meta.fix {
        Fixable::Always => "always fixable",
        Fixable::Sometimes => "sometimes fixable",
        Fixable::Never => "not fixable",
    };
    format!("{} · {} · {runs} · {fix}{since}", meta.group, meta.level)
}

fn capitalised(summary: &str) -> String {
    let mut chars = summary.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
