//! Where words go: colours, links, and complaints on stderr.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::args::Color;
use crate::report::{Options, printable};

/// Writes to stdout or where it goes instead. That nobody reads on is no failure, and changes nothing about what was
/// found: whoever closed the pipe has seen enough.
pub(super) fn hand_over(stream: &mut dyn Write, text: impl AsRef<[u8]>) -> io::Result<()> {
    match stream.write_all(text.as_ref()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes to stdout, see [`hand_over`].
pub(super) fn to_stdout(text: impl AsRef<[u8]>) -> io::Result<()> {
    hand_over(&mut io::stdout().lock(), text)
}

/// What is known of stdout and stderr.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    /// Whether stdout gets colours.
    pub color: bool,
    /// Whether stdout is looked at on a terminal.
    pub terminal: bool,
    color_on_stderr: bool,
}

impl Streams {
    /// Asks the terminal and the environment.
    pub(super) fn new(color: Color) -> Self {
        let wants = |is_terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => wants_color(|name| env::var_os(name), is_terminal),
        };
        let terminal = io::stdout().is_terminal();
        Self { color: wants(terminal), terminal, color_on_stderr: wants(io::stderr().is_terminal()) }
    }

    /// Knows nothing and uses no colours.
    pub(super) fn plain() -> Self {
        Self { color: false, terminal: false, color_on_stderr: false }
    }

    /// How findings are shown on stdout.
    pub(super) fn options(&self) -> Options<'static> {
        let links = self.terminal && self.color && !is_dumb(env::var_os("TERM").as_deref());
        Options { color: self.color, hyperlinks: links, rule_url: rule_url(), checkout: None }
    }

    /// How findings are shown on stderr.
    pub(super) fn on_stderr_options(&self) -> Options<'static> {
        Options { color: self.color_on_stderr, hyperlinks: false, rule_url: rule_url(), checkout: None }
    }

    /// Says something on stderr, if anybody is there to hear it.
    pub(super) fn note(&self, text: &str) {
        let _nobody = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Says on one line of stderr what went wrong.
    pub(super) fn complain(&self, message: &str) {
        self.note(&format!("nixlint: {}\n", printable(message)));
    }

    /// Shows on stderr what went wrong, with its place and the way out.
    pub(super) fn complain_about(&self, problem: &dyn Diagnostic) {
        let theme =
            if self.color_on_stderr { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false);
        let mut text = String::new();
        handler.render_report(&mut text, problem).expect("invariant: strings take all text");
        let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
        self.note(&lines.collect::<String>());
    }
}

/// Where rules are documented, once the project has an address.
pub(super) fn rule_url() -> Option<&'static str> {
    const URL: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "#");
    (!env!("CARGO_PKG_REPOSITORY").is_empty()).then_some(URL)
}

/// The conventions of <https://no-color.org>, <https://force-color.org> and
/// <https://bixense.com/clicolors>; a wish for none is the strongest.
fn wants_color(variable: impl Fn(&str) -> Option<std::ffi::OsString>, is_terminal: bool) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let is_forced = |name: &str| is_set(name) && variable(name).is_some_and(|value| value != "0");
    if is_set("NO_COLOR") {
        false
    } else if is_forced("FORCE_COLOR") || is_forced("CLICOLOR_FORCE") {
        true
    } else {
        is_terminal && !is_dumb(variable("TERM").as_deref())
    }
}

fn is_dumb(term: Option<&OsStr>) -> bool {
    term.is_some_and(|term| term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_about_colours() {
        let wants = |variables: &[(&str, &str)], is_terminal| {
            let variable = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
            };
            wants_color(variable, is_terminal)
        };
        assert!(wants(&[], true));
        assert!(!wants(&[], false));
        assert!(!wants(&[("TERM", "dumb")], true));
        assert!(!wants(&[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true));
        assert!(wants(&[("NO_COLOR", "")], true));
        assert!(wants(&[("FORCE_COLOR", "1"), ("TERM", "dumb")], false));
        assert!(wants(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!wants(&[("CLICOLOR_FORCE", "0")], false));
    }
}
