//! The formats `rdjson` and `rdjsonl`: what reviewdog reads, as one document or a line per finding.
//!
//! Columns are 1-based and count bytes of UTF-8; ends are exclusive.

use std::io;

use serde::Serialize;

use super::json::write_document;
use super::mask::{MASK, masked};
use super::{Input, place};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Level};
use crate::text::{Edit, PositionEncoding, Sources, Span, TextRange, apply_edits};

/// Where nixlint is at home, once it has an address.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

#[derive(Serialize)]
struct Report<'a> {
    source: Source,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'static str,
}

#[derive(Serialize)]
struct Finding<'a> {
    message: &'a str,
    location: Location<'a>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    location: Location<'a>,
}

const SOURCE: Source = Source { name: "nixlint", url: HOME };

/// Writes the whole report as one document.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let shown = masked(input.sources, input.diagnostics);
    let diagnostics = input.diagnostics.iter().map(|diagnostic| finding(input, &shown, diagnostic));
    write_document(&Report { source: SOURCE, diagnostics: diagnostics.collect() }, out)
}

/// Writes a document per finding.
pub(super) fn write_lines(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let shown = masked(input.sources, input.diagnostics);
    for diagnostic in input.diagnostics {
        write_document(&Finding { source: Some(SOURCE), ..finding(input, &shown, diagnostic) }, out)?;
    }
    Ok(())
}

fn finding<'a>(input: &Input<'a>, shown: &Sources, diagnostic: &'a Diagnostic) -> Finding<'a> {
    let related = diagnostic.related.iter().filter(|label| !label.text.is_empty());
    let rule = diagnostic.rule.as_str();
    let fixes = diagnostic.fixes.iter().filter(|fix| fix.applicability > Applicability::Manual);
    Finding {
        message: &diagnostic.message,
        location: location(input.sources, diagnostic.primary.span),
        severity: match diagnostic.level {
            Level::Error => "ERROR",
            Level::Warning => "WARNING",
            Level::Info => "INFO",
        },
        source: None,
        code: Code { value: rule, url: input.options.url_of(rule) },
        suggestions: fixes.filter_map(|fix| suggestion(input, shown, diagnostic, fix)).collect(),
        related_locations: related
            .map(|label| Related { message: &label.text, location: location(input.sources, label.span) })
            .collect(),
    }
}

fn location<'a>(sources: &'a Sources, span: Span) -> Location<'a> {
    Location { path: &sources.get(span.file).display, range: range(sources, span) }
}

fn range(sources: &Sources, span: Span) -> Range {
    let (start, end) = place::region(sources, span, PositionEncoding::Utf8);
    let position = |at: crate::text::Position| Position { line: at.line, column: at.column };
    Range { start: position(start), end: position(end) }
}

/// A fix as one replacement, which is all that reviewdog can offer: the text from its first to its last edit.
/// There is none for a fix in several files, nor across text that no report may show.
fn suggestion(input: &Input<'_>, shown: &Sources, diagnostic: &Diagnostic, fix: &Fix) -> Option<Suggestion> {
    let file = diagnostic.primary.span.file;
    let start = fix.edits.iter().map(|edit| edit.range.start()).min()?;
    let end = fix.edits.iter().map(|edit| edit.range.end()).max()?;
    if fix.edits.iter().any(|edit| edit.file != file) {
        return None;
    }
    let around = TextRange::new(start, end);
    let old = shown.get(file).text.get(usize::from(start)..usize::from(end))?;
    let moved = fix.edits.iter().map(|edit| Edit { range: edit.range - start, ..edit.clone() });
    let text = apply_edits(old, &moved.collect::<Vec<_>>()).ok()?;
    (!text.contains(MASK)).then(|| Suggestion { range: range(input.sources, Span::new(file, around)), text })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::diagnostic::Applicability;
    use crate::report::sample::{self, diagnostic, edit, find, fix, rendered, source, sources};
    use crate::report::{Format, Options};

    #[test]
    fn columns_count_bytes_from_one() {
        let (sources, diagnostics) = sample::unicode();
        insta::assert_snapshot!(rendered(Format::Rdjsonl, &sources, &diagnostics, Options::default()), @r#"
        {"message":"`é` is not ASCII","location":{"path":"unicode.nix","range":{"start":{"line":2,"column":2},"end":{"line":2,"column":4}}},"severity":"WARNING","source":{"name":"nixlint"},"code":{"value":"non-ascii-name"}}
        {"message":"two wide characters","location":{"path":"unicode.nix","range":{"start":{"line":2,"column":8},"end":{"line":2,"column":14}}},"severity":"ERROR","source":{"name":"nixlint"},"code":{"value":"wide-string"},"related_locations":[{"message":"the value of this","location":{"path":"unicode.nix","range":{"start":{"line":2,"column":2},"end":{"line":2,"column":4}}}}]}
        {"message":"`x` stands after an emoji","location":{"path":"unicode.nix","range":{"start":{"line":2,"column":28},"end":{"line":2,"column":31}}},"severity":"INFO","source":{"name":"nixlint"},"code":{"value":"after-emoji"},"suggestions":[{"range":{"start":{"line":2,"column":28},"end":{"line":2,"column":31}},"text":"z ="}]}
        {"message":"`y` is never used","location":{"path":"unicode.nix","range":{"start":{"line":3,"column":3},"end":{"line":3,"column":9}}},"severity":"WARNING","source":{"name":"nixlint"},"code":{"value":"unused-let-binding"},"suggestions":[{"range":{"start":{"line":3,"column":1},"end":{"line":4,"column":1}},"text":""}]}
        "#);
    }

    #[test]
    fn lines_are_the_diagnostics_of_the_document() {
        for (sources, diagnostics) in sample::all() {
            let text = |format| rendered(format, &sources, &diagnostics, Options::default());
            let report: Value = serde_json::from_str(&text(Format::Rdjson)).expect("reports are JSON");
            let mut found = report["diagnostics"].as_array().expect("it has diagnostics").clone();
            found.iter_mut().for_each(|one| one["source"] = report["source"].clone());
            let lines: Vec<Value> = text(Format::Rdjsonl)
                .lines()
                .map(|line| serde_json::from_str(line).expect("lines are JSON"))
                .collect();
            assert_eq!(lines, found);
        }
    }

    #[test]
    fn a_fix_is_one_replacement() {
        let (sources, file) = sources(source("/p/a.nix", "{ a = é; b = 2; secret = 3; }\n"));
        let mut found = diagnostic("some-rule", "bad", find(&sources, file, "a"));
        let mut both = fix("swap", Applicability::Safe, find(&sources, file, "é"), "ü");
        both.edits.push(edit(find(&sources, file, "2"), "1"));
        let mut across = both.clone();
        across.edits.push(edit(find(&sources, file, "; }"), "4; }"));
        let manual = fix("think", Applicability::Manual, find(&sources, file, "é"), "");
        found.fixes = vec![both, across, manual];
        found.masks = vec![find(&sources, file, "3")];
        let text = rendered(Format::Rdjson, &sources, &[found], Options::default());
        let report: Value = serde_json::from_str(&text).expect("reports are JSON");
        assert_eq!(
            report["diagnostics"][0]["suggestions"],
            json!([{
                "range": { "start": { "line": 1, "column": 7 }, "end": { "line": 1, "column": 16 } },
                "text": "ü; b = 1",
            }])
        );
    }
}
