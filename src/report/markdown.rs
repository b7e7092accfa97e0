//! The format `markdown`: a table for the summary of a job.

use std::fmt::Write as _;
use std::io;

use super::summary::{Summary, counted};
use super::terminal::readable;
use super::{Input, place};
use crate::diagnostic::Diagnostic;

/// Bytes after which no row begins: GitHub takes 1 MiB and nothing of what is longer.
const MOST_BYTES: usize = 900_000;

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for undone in input.undone {
        writeln!(out, "**nixlint:** {}\n", prose(&readable(undone)))?;
    }
    let summary = Summary::of(input.diagnostics);
    let Some(found) = summary.found() else {
        return writeln!(out, "**nixlint:** nothing found");
    };
    let files = counted(summary.files_with_findings, "file");
    let mut text = format!("**nixlint:** {found} in {files}\n\n| level | rule | place | finding |\n");
    text.push_str("| --- | --- | --- | --- |\n");
    for (shown, diagnostic) in input.diagnostics.iter().enumerate() {
        if text.len() > MOST_BYTES {
            let left = input.diagnostics.len() - shown;
            writeln!(text, "\n… and {left} more").expect("invariant: strings take all text");
            break;
        }
        row(input, diagnostic, &mut text).expect("invariant: strings take all text");
    }
    out.write_all(text.as_bytes())
}

fn row(input: &Input<'_>, diagnostic: &Diagnostic, text: &mut String) -> std::fmt::Result {
    let rule = diagnostic.rule.as_str();
    let shown = code(rule);
    let rule = match input.options.url_of(rule) {
        Some(url) => format!("[{shown}]({url})"),
        None => shown,
    };
    let place = code(&place::location(input.sources, diagnostic.primary.span));
    writeln!(text, "| {} | {rule} | {place} | {} |", diagnostic.level, prose(&readable(&diagnostic.message)))
}

/// A message: what stands between backticks is code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return literal(text);
    }
    let part = |(index, part): (usize, &&str)| match index % 2 {
        0 => literal(part),
        _ => code(part),
    };
    parts.iter().enumerate().map(part).collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", literal(text))
}

/// `text` with every character that means something to Markdown or HTML as a reference.
fn literal(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in super::printable(text).chars() {
        match c {
            '&' | '<' | '>' | '"' | '|' | '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '!' | '#' | '@'
            | '$' | ':' => {
                write!(result, "&#{};", u32::from(c)).expect("invariant: strings take all text");
            }
            _ => result.push(c),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Parser, Tag, TagEnd};

    use super::*;
    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn findings_are_rows() {
        let (sources, diagnostics) = sample::unicode();
        let options = Options { rule_url: Some("https://nixlint.example/rules/"), ..Options::default() };
        insta::assert_snapshot!(rendered(Format::Markdown, &sources, &diagnostics, options), @"
        **nixlint:** 1 error, 2 warnings, 1 info in 1 file

        | level | rule | place | finding |
        | --- | --- | --- | --- |
        | warning | [<code>non-ascii-name</code>](https://nixlint.example/rules/non-ascii-name) | <code>unicode.nix&#58;2&#58;2</code> | <code>é</code> is not ASCII |
        | error | [<code>wide-string</code>](https://nixlint.example/rules/wide-string) | <code>unicode.nix&#58;2&#58;7</code> | two wide characters |
        | info | [<code>after-emoji</code>](https://nixlint.example/rules/after-emoji) | <code>unicode.nix&#58;2&#58;20</code> | <code>x</code> stands after an emoji |
        | warning | [<code>unused-let-binding</code>](https://nixlint.example/rules/unused-let-binding) | <code>unicode.nix&#58;3&#58;3</code> | <code>y</code> is never used |
        ");
        assert_eq!(rendered(Format::Markdown, &sources, &[], options), "**nixlint:** nothing found\n");
    }

    #[test]
    fn nothing_passes_for_markup() {
        for (sources, diagnostics) in sample::all() {
            let text = rendered(Format::Markdown, &sources, &diagnostics, Options::default());
            let mut cells = Vec::new();
            let mut bold = 0;
            for event in Parser::new_ext(&text, pulldown_cmark::Options::ENABLE_TABLES) {
                match event {
                    Event::Start(Tag::TableCell) => cells.push(String::new()),
                    Event::Text(text) => {
                        if let Some(cell) = cells.last_mut() {
                            cell.push_str(&text);
                        }
                    }
                    Event::InlineHtml(html) => assert!(["<code>", "</code>"].contains(&&*html), "{html}"),
                    Event::Start(Tag::Strong) => bold += 1,
                    Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::Paragraph)
                    | Event::End(
                        TagEnd::Table
                        | TagEnd::TableHead
                        | TagEnd::TableRow
                        | TagEnd::TableCell
                        | TagEnd::Paragraph
                        | TagEnd::Strong,
                    ) => {}
                    other => panic!("{other:?} in {text}"),
                }
            }
            assert_eq!((bold, cells.len()), (1, 4 * (1 + diagnostics.len())));
            for (row, diagnostic) in cells[4..].chunks(4).zip(&diagnostics) {
                assert_eq!(row[0], diagnostic.level.as_str());
                assert_eq!(row[2], place::location(&sources, diagnostic.primary.span));
                let message = super::super::printable(&diagnostic.message);
                assert!(row[3] == message || row[3] == message.replace('`', ""), "{}", row[3]);
            }
        }
    }

    #[test]
    fn there_is_a_limit() {
        let (sources, diagnostics) = sample::unicode();
        let many: Vec<Diagnostic> = (0..8_000).flat_map(|_| diagnostics[..2].to_vec()).collect();
        let text = rendered(Format::Markdown, &sources, &many, Options::default());
        assert!(text.len() < MOST_BYTES + 2_000 && text.ends_with(" more\n"), "{}", text.len());
    }
}
