//! The format `concise`: `path:line:column: level[rule] message`, a line per finding.
//!
//! ` [*]` at the end marks findings with a safe fix. Columns are 1-based and count characters.

use std::io;

use super::terminal::{Color, paint, printable};
use super::{Input, place};
use crate::diagnostic::{Applicability, Level};

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for diagnostic in input.diagnostics {
        let level = paint(diagnostic.level.as_str(), color_of(diagnostic.level), input.options.color);
        let fixable = diagnostic.applicable_fix(Applicability::Safe).map_or("", |_| " [*]");
        writeln!(
            out,
            "{}: {level}[{}] {}{fixable}",
            place::location(input.sources, diagnostic.primary.span),
            printable(diagnostic.rule.as_str()),
            printable(&diagnostic.message),
        )?;
    }
    Ok(())
}

/// The colour of a level.
pub(super) fn color_of(level: Level) -> Color {
    match level {
        Level::Error => Color::Red,
        Level::Warning => Color::Yellow,
        Level::Info => Color::Cyan,
    }
}

#[cfg(test)]
mod tests {
    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn columns_count_characters_from_one() {
        let (sources, diagnostics) = sample::unicode();
        insta::assert_snapshot!(rendered(Format::Concise, &sources, &diagnostics, Options::default()), @r"
        unicode.nix:2:2: warning[non-ascii-name] `é` is not ASCII
        unicode.nix:2:7: error[wide-string] two wide characters
        unicode.nix:2:20: info[after-emoji] `x` stands after an emoji [*]
        unicode.nix:3:3: warning[unused-let-binding] `y` is never used [*]
        ");
    }

    #[test]
    fn hostile_names_and_messages_stay_on_their_line() {
        let (sources, diagnostics) = sample::hostile();
        let text = rendered(Format::Concise, &sources, &diagnostics, Options::default());
        insta::assert_snapshot!(text, @r"evil\u{1b}[31m\nname\u{202e}.nix:1:4: error[some-rule] `a\u{1b}[2J\nb` is bad");
        assert_eq!(text.matches('\n').count(), 1);
    }

    #[test]
    fn levels_are_colored_on_request() {
        let (sources, diagnostics) = sample::unicode();
        let options = Options { color: true, ..Options::default() };
        let text = rendered(Format::Concise, &sources, &diagnostics[1..2], options);
        assert_eq!(text, "unicode.nix:2:7: \u{1b}[31merror\u{1b}[0m[wide-string] two wide characters\n");
    }
}
