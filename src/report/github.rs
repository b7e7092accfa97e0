//! The format `github`: workflow commands, which GitHub shows beside the code of pull requests.
//!
//! Nothing from a file or a name can end a command or begin another. Columns are 1-based and count
//! characters; GitHub takes them only where start and end are on one line.

use std::cmp::Reverse;
use std::io;

use super::terminal::{is_deceptive, printable};
use super::{Input, place};
use crate::diagnostic::{Diagnostic, Level};
use crate::text::PositionEncoding;

/// How many annotations of each level GitHub shows for a step.
const SHOWN: usize = 10;

/// Writes the whole report: errors first, as not all may be shown.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for undone in input.undone {
        writeln!(out, "::error title=nixlint::{}", data(&printable(undone)))?;
    }
    let mut diagnostics: Vec<&Diagnostic> = input.diagnostics.iter().collect();
    diagnostics.sort_by_key(|diagnostic| Reverse(diagnostic.level));
    for diagnostic in &diagnostics {
        let span = diagnostic.primary.span;
        let (start, end) = place::region(input.sources, span, PositionEncoding::Chars);
        let command = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "notice",
        };
        let rule = printable(diagnostic.rule.as_str());
        let path = input.path_in_checkout(span.file);
        let end = if start.line == end.line {
            format!("col={},endLine={},endColumn={}", start.column, end.line, end.column)
        } else {
            format!("endLine={}", end.line)
        };
        let title = property(&format!("nixlint ({rule})"));
        let message = format!("{}:{}:{}: {rule} ", printable(path), start.line, start.column);
        let message = data(&(message + &printable(&diagnostic.message)));
        writeln!(
            out,
            "::{command} title={title},file={},line={},{end}::{message}",
            property(path),
            start.line
        )?;
    }
    let of_level = |level| diagnostics.iter().filter(|diagnostic| diagnostic.level == level).count();
    let hidden = |level| of_level(level).saturating_sub(SHOWN);
    let hidden = hidden(Level::Error) + hidden(Level::Warning) + hidden(Level::Info);
    if hidden > 0 {
        writeln!(out, "{hidden} more in the log: GitHub shows {SHOWN} of each level beside the code")?;
    }
    Ok(())
}

/// `text` behind the `::` that ends the properties.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// `text` as the value of a property. For what a terminal could be taken over with there is no escape: it
/// is shown as people see it elsewhere.
fn property(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|c| match c {
            '\r' | '\n' => c.to_string(),
            _ if is_deceptive(c) => printable(&c.to_string()).into_owned(),
            _ => c.to_string(),
        })
        .collect();
    data(&shown).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn errors_come_first_and_columns_count_characters_from_one() {
        let (sources, diagnostics) = sample::unicode();
        insta::assert_snapshot!(rendered(Format::Github, &sources, &diagnostics, Options::default()), @"
        ::error title=nixlint (wide-string),file=unicode.nix,line=2,col=7,endLine=2,endColumn=9::unicode.nix:2:7: wide-string two wide characters
        ::warning title=nixlint (non-ascii-name),file=unicode.nix,line=2,col=2,endLine=2,endColumn=3::unicode.nix:2:2: non-ascii-name `é` is not ASCII
        ::warning title=nixlint (unused-let-binding),file=unicode.nix,line=3,col=3,endLine=3,endColumn=9::unicode.nix:3:3: unused-let-binding `y` is never used
        ::notice title=nixlint (after-emoji),file=unicode.nix,line=2,col=20,endLine=2,endColumn=23::unicode.nix:2:20: after-emoji `x` stands after an emoji
        ");
    }

    #[test]
    fn ranges_over_several_lines_have_no_columns() {
        let (sources, mut diagnostics) = sample::unicode();
        diagnostics.truncate(1);
        diagnostics[0].primary.span = sample::span_of(diagnostics[0].primary.span.file, 0, 10);
        insta::assert_snapshot!(rendered(Format::Github, &sources, &diagnostics, Options::default()), @"::warning title=nixlint (non-ascii-name),file=unicode.nix,line=1,endLine=2::unicode.nix:1:1: non-ascii-name `é` is not ASCII");
    }

    #[test]
    fn paths_begin_where_the_checkout_does() {
        let (sources, diagnostics) = sample::project();
        for (checkout, path) in [("/p/hosts", "file=web.nix,"), ("/q", "file=hosts/web.nix,")] {
            let options = Options { checkout: Some(Utf8Path::new(checkout)), ..Options::default() };
            let text = rendered(Format::Github, &sources, &diagnostics, options);
            assert!(text.contains(path), "{text}");
        }
    }

    #[test]
    fn every_finding_is_one_command() {
        for (sources, diagnostics) in sample::all() {
            let text = rendered(Format::Github, &sources, &diagnostics, Options::default());
            assert_eq!(text.lines().count(), diagnostics.len());
            for (line, diagnostic) in text.lines().zip(by_level(&diagnostics)) {
                let (properties, message) = parsed(line);
                let display = &sources.get(diagnostic.primary.span.file).display;
                if !display.contains('\u{1b}') {
                    assert_eq!(&properties[1].1, display);
                }
                assert_eq!(properties[1].0, "file");
                assert!(message.ends_with(&*printable(&diagnostic.message)), "{message}");
            }
        }
    }

    #[test]
    fn what_github_leaves_out_is_told() {
        let (sources, diagnostics) = sample::unicode();
        let many: Vec<Diagnostic> = (0..12).flat_map(|_| diagnostics[..2].to_vec()).collect();
        let text = rendered(Format::Github, &sources, &many, Options::default());
        assert_eq!(text.lines().count(), 25);
        assert!(text.ends_with("\n4 more in the log: GitHub shows 10 of each level beside the code\n"));
    }

    fn by_level(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
        sorted.sort_by_key(|diagnostic| Reverse(diagnostic.level));
        sorted
    }

    /// A command as the runner takes it apart.
    fn parsed(line: &str) -> (Vec<(String, String)>, String) {
        let (head, message) =
            line.strip_prefix("::").expect("it is a command").split_once("::").expect("it ends");
        let (command, properties) = head.split_once(' ').expect("it has properties");
        assert!(["error", "warning", "notice"].contains(&command));
        let unescaped = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
        let value = |text: &str| unescaped(text).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
        let pair = |pair: &str| {
            let (name, text) = pair.split_once('=').expect("properties have values");
            (name.to_owned(), value(text))
        };
        (properties.split(',').map(pair).collect(), unescaped(message).replace("%25", "%"))
    }
}
