//! What is shown for a place: the page of a rule, or what hosts make of an option.

use std::fmt::Write as _;
use std::sync::Arc;

use gen_lsp_types::Position;
use serde_json::{Value, json};

use super::client::Client;
use super::convert;
use super::option_path::{self, OptionPath};
use super::world::{Membership, Snapshot};
use crate::engine::rule_name_at;
use crate::eval::Extent;
use crate::project::{HostClass, ValueForm};
use crate::text::{LineIndex, PositionEncoding, TextRange, TextSize};

/// How many hosts are shown.
const HOSTS: usize = 8;
/// How much of a value is shown, in characters.
const VALUE: usize = 400;

/// A place in a document.
pub(super) struct Subject {
    text: Arc<str>,
    lines: LineIndex,
    offset: TextSize,
    encoding: PositionEncoding,
    markdown: bool,
}

impl Subject {
    pub(super) fn new(text: &Arc<str>, position: Position, client: &Client) -> Self {
        let encoding = client.encoding;
        let lines = LineIndex::new(text);
        let offset = convert::offset(text, &lines, position, encoding);
        Self { text: text.clone(), lines, offset, encoding, markdown: client.markdown }
    }

    /// The page of a rule that an ignore comment names; `page` gives it.
    pub(super) fn in_comment(&self, page: impl Fn(&str) -> Option<String>) -> Option<Value> {
        let (name, range) = rule_name_at(&self.text, self.offset)?;
        Some(hover(&page(&name)?, self.wire_range(range), self.markdown))
    }

    /// The page of a rule that a configuration names.
    pub(super) fn in_config(&self, page: impl Fn(&str) -> Option<String>) -> Value {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let at = usize::from(self.offset);
        let start = self.text[..at]
            .rfind(|c| !is_word(c))
            .map_or(0, |before| before + self.text[before..].chars().next().map_or(1, char::len_utf8));
        let end = self.text[at..].find(|c| !is_word(c)).map_or(self.text.len(), |after| at + after);
        match page(&self.text[start..end]) {
            Some(page) => {
                let range = TextRange::new((start as u32).into(), (end as u32).into());
                hover(&page, self.wire_range(range), self.markdown)
            }
            None => Value::Null,
        }
    }

    /// The option at the place.
    pub(super) fn option(&self) -> Option<OptionPath> {
        option_path::at(&self.text, self.offset)
    }

    /// Lines and columns of a range.
    pub(super) fn wire_range(&self, range: TextRange) -> Value {
        wire_range(&self.text, &self.lines, range, self.encoding)
    }
}

/// Lines and columns of a range of `text`.
pub(super) fn wire_range(
    text: &str,
    lines: &LineIndex,
    range: TextRange,
    encoding: PositionEncoding,
) -> Value {
    let end = range.end().min(crate::text::size_of(text));
    let at = |offset: TextSize| {
        let position = lines.position(offset, encoding);
        json!({"line": position.line, "character": position.column})
    };
    json!({"start": at(range.start().min(end)), "end": at(end)})
}

/// A hover; `text` is Markdown, which a client that does not know it shows as it is.
fn hover(text: &str, range: Value, markdown: bool) -> Value {
    let kind = if markdown { "markdown" } else { "plaintext" };
    json!({"contents": {"kind": kind, "value": text}, "range": range})
}

impl OptionPath {
    /// Its value on each host that has the file, and where it is defined; null where no host knows it.
    pub(super) fn hover(
        &self,
        snapshot: &Snapshot,
        member: Membership,
        file: crate::text::FileId,
        range: Value,
        markdown: bool,
    ) -> Value {
        let group = &snapshot.groups[member.group];
        let workspace = snapshot.around(group, file);
        let name = |name: &String| match name.chars().all(|c| c.is_ascii_alphanumeric() || "_-'".contains(c))
        {
            true => name.clone(),
            false => format!("{name:?}"),
        };
        let shown = self.names.iter().map(name).collect::<Vec<_>>().join(".");
        let hosts = group.session.visit_projects(&workspace, |_, project| {
            let mut hosts: Vec<String> = Vec::new();
            project.visit_hosts(&HostClass::ALL, &mut |host| {
                if !host.files().iter().any(|module| module.file == file) {
                    return;
                }
                let Some(evaluation) = host.evaluate(&self.names, ValueForm::Text(Extent::Outermost)) else {
                    return;
                };
                let name = host.name.as_deref().unwrap_or("a module");
                let mut text = format!("On `{name}`:\n\n```nix\n{}\n```\n", clipped(&evaluation.text));
                if let Some(reason) = &evaluation.unknown {
                    let _ = writeln!(text, "\nNot all of it is known: {reason}.\n");
                }
                for placed in host.placed(&self.names) {
                    let Some(span) = placed.span else { continue };
                    let source = snapshot.sources.get(span.file);
                    let line = source.lines().position(span.range().start(), PositionEncoding::Utf8).line + 1;
                    let uri = crate::report::file_uri(&source.path);
                    let _ = write!(text, "- [{}:{line}]({uri}#L{line})", source.display);
                    let _ = match placed.priority {
                        100 => Ok(()),
                        1500 => write!(text, ": default"),
                        priority => write!(text, ": priority {priority}"),
                    };
                    let _ = match &placed.condition {
                        Some(condition) => writeln!(text, ", if `{condition}`"),
                        None => writeln!(text),
                    };
                }
                hosts.push(text);
            });
            hosts
        });
        let hosts: Vec<String> = hosts.into_iter().flatten().collect();
        if hosts.is_empty() {
            return Value::Null;
        }
        let mut text = format!("`{shown}`\n\n{}", hosts[..hosts.len().min(HOSTS)].join("\n"));
        if hosts.len() > HOSTS {
            let _ = write!(text, "\nand {} more hosts", hosts.len() - HOSTS);
        }
        hover(&text, range, markdown)
    }
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
