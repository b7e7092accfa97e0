//! From diagnostics to bytes: every output format.
//!
//! Nothing is decided here: levels, order, suppression and exit codes are settled before. This layer
//! sees `text` and `diagnostic` alone, and never asks the terminal, the environment or the clock.

mod concise;
mod excerpt;
mod fingerprint;
mod full;
mod ignore;
mod mask;
mod patch;
mod place;
#[cfg(test)]
mod sample;
mod terminal;

pub mod diff;
pub mod json;
pub mod statistics;
pub mod summary;

use std::fmt;
use std::io;
use std::str::FromStr;

pub use fingerprint::fingerprints;
pub use ignore::{ignore_edit, ignore_file_edit};
pub use place::file_uri;
pub use terminal::printable;

use crate::diagnostic::Diagnostic;
use crate::text::Sources;

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A code frame per finding, for people.
    Full,
    /// A line per finding, for people and for the error parsers of editors.
    Concise,
    /// One JSON document in the shape of the Language Server Protocol.
    Json,
}

impl Format {
    /// Every format, in the order they are listed to users.
    pub const ALL: [Self; 3] = [Self::Full, Self::Concise, Self::Json];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
        }
    }

    /// Whether programs read it, so that no summary belongs beside it.
    pub fn is_machine(self) -> bool {
        match self {
            Self::Full | Self::Concise => false,
            Self::Json => true,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

/// A name that no [`Format`] has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown output format `{}`: choose one of {}", printable(name), Format::ALL.map(Format::as_str).join(", "))]
pub struct UnknownFormat {
    /// The name that was asked for.
    pub name: String,
}

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The files of the run, with the texts the diagnostics were made for.
    pub sources: &'a Sources,
    /// The findings to show, sorted by file, start, end, rule.
    pub diagnostics: &'a [Diagnostic],
    /// What the caller knows of the place the report goes to.
    pub options: Options<'a>,
}

/// What the caller knows of the place a report goes to. The default is a plain file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Whether colours are wanted; machine formats ignore it.
    pub color: bool,
    /// Whether the terminal understands OSC 8 links; machine formats ignore it.
    pub hyperlinks: bool,
    /// Where rules are documented: the name of a rule put behind it is the address of its page.
    pub rule_url: Option<&'a str>,
}

impl Options<'_> {
    /// The address of the page about `rule`.
    fn url_of(&self, rule: &str) -> Option<String> {
        self.rule_url.map(|base| format!("{base}{}", place::percent_encoded(rule)))
    }
}

/// Writes `input` to `out` as `format`.
///
/// # Errors
/// What `out` answers.
pub fn render(format: Format, input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        Format::Full => full::write(input, out),
        Format::Concise => concise::write(input, out),
        Format::Json => json::write(input, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "xml\u{1b}[2J".parse::<Format>().expect_err("there is no such format");
        insta::assert_snapshot!(error, @r"unknown output format `xml\u{1b}[2J`: choose one of full, concise, json");
    }

    #[test]
    fn only_json_is_for_machines() {
        let machine: Vec<Format> = Format::ALL.into_iter().filter(|format| format.is_machine()).collect();
        assert_eq!(machine, [Format::Json]);
    }
}
