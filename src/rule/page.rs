//! The manual page of a rule.

use super::{Fixable, RuleMeta, RuleOption, Status};

impl RuleMeta {
    /// The manual page, as Markdown.
    pub fn page(&self) -> String {
        page(self)
    }
}

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
        for RuleOption { name, default, description } in meta.options() {
            page.push_str(&format!("- `{name}` (default `{default}`): {description}\n"));
        }
    }
    page
}

fn facts(meta: &RuleMeta) -> String {
    let runs = match (meta.on, meta.status) {
        (_, Status::Preview) => "in preview: runs only when it is named",
        (true, Status::Stable { .. }) => "on by default",
        (false, Status::Stable { .. }) => "off by default",
    };
    let since = match meta.status {
        Status::Preview | Status::Stable { since: "" } => String::new(),
        Status::Stable { since } => format!(" · since {since}"),
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
