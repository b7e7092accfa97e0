//! The format `errfmt`: `path>line:column:level:0:[rule] message`, as statix prints it.
//!
//! Editors that are set up for statix read it as it is. They insist on a number, which rules here do not
//! have: it is always `0`. Columns are 1-based and count bytes.

use std::io;

use super::terminal::printable;
use super::{Input, place};
use crate::diagnostic::Level;
use crate::text::PositionEncoding;

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for diagnostic in input.diagnostics {
        let span = diagnostic.primary.span;
        let (start, _) = place::region(input.sources, span, PositionEncoding::Utf8);
        let level = match diagnostic.level {
            Level::Error => 'E',
            Level::Warning => 'W',
            Level::Info => 'I',
        };
        writeln!(
            out,
            "{}>{}:{}:{level}:0:[{}] {}",
            place::path(input.sources, span.file),
            start.line,
            start.column,
            printable(diagnostic.rule.as_str()),
            printable(&diagnostic.message),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn columns_count_bytes_from_one() {
        let (sources, diagnostics) = sample::unicode();
        insta::assert_snapshot!(rendered(Format::Errfmt, &sources, &diagnostics, Options::default()), @"
        unicode.nix>2:2:W:0:[non-ascii-name] `é` is not ASCII
        unicode.nix>2:8:E:0:[wide-string] two wide characters
        unicode.nix>2:28:I:0:[after-emoji] `x` stands after an emoji
        unicode.nix>3:3:W:0:[unused-let-binding] `y` is never used
        ");
    }

    #[test]
    fn every_finding_stays_on_its_line() {
        let pattern = regex::Regex::new(r"^.*>[1-9][0-9]*:[1-9][0-9]*:[EWI]:0:\[[a-z-]+\] .*$");
        let pattern = pattern.expect("the pattern is right");
        for (sources, diagnostics) in sample::all() {
            let text = rendered(Format::Errfmt, &sources, &diagnostics, Options::default());
            assert_eq!(text.lines().count(), diagnostics.len());
            assert!(text.lines().all(|line| pattern.is_match(line)), "{text}");
        }
    }
}
