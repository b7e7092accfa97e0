//! From diagnostics to bytes: every output format.
//!
//! Nothing is decided here: levels, order, suppression and exit codes are settled before. This layer
//! sees `text` and `diagnostic` alone, and never asks the terminal, the environment or the clock.

mod checkstyle;
mod concise;
mod errfmt;
mod excerpt;
mod fingerprint;
mod full;
mod github;
mod gitlab;
mod ignore;
mod json_lines;
mod junit;
mod markdown;
mod mask;
mod patch;
mod place;
mod rdjson;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod schemas;
mod terminal;
mod xml;

pub mod diff;
pub mod json;
pub mod statistics;
pub mod summary;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::str::FromStr;

pub use fingerprint::fingerprints;
pub use ignore::{ignore_edit, ignore_edits, ignore_file_edit};
pub use place::file_uri;
pub use terminal::printable;

use camino::Utf8Path;

use crate::diagnostic::{Diagnostic, Group, Level};
use crate::text::{FileId, Sources};

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A code frame per finding, for people.
    Full,
    /// A line per finding, for people and for the error parsers of editors.
    Concise,
    /// One JSON document in the shape of the Language Server Protocol.
    Json,
    /// The same, a line per finding.
    JsonLines,
    /// The Static Analysis Results Interchange Format, version 2.1.0.
    Sarif,
    /// Workflow commands that annotate pull requests on GitHub.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// A test report: a failing case per finding.
    Junit,
    /// The XML of Checkstyle.
    Checkstyle,
    /// The diagnostic format of reviewdog as one document.
    Rdjson,
    /// The same, a line per finding.
    Rdjsonl,
    /// A line per finding as statix prints it, for editors that are set up for statix.
    Errfmt,
    /// A table in Markdown, for summaries of jobs.
    Markdown,
}

impl Format {
    /// Every format, in the order they are listed to users.
    pub const ALL: [Self; 13] = [
        Self::Full,
        Self::Concise,
        Self::Json,
        Self::JsonLines,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Checkstyle,
        Self::Rdjson,
        Self::Rdjsonl,
        Self::Errfmt,
        Self::Markdown,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::JsonLines => "json-lines",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Checkstyle => "checkstyle",
            Self::Rdjson => "rdjson",
            Self::Rdjsonl => "rdjsonl",
            Self::Errfmt => "errfmt",
            Self::Markdown => "markdown",
        }
    }

    /// Whether programs read it, so that no summary belongs beside it.
    pub fn is_machine(self) -> bool {
        !matches!(self, Self::Full | Self::Concise)
    }

    /// Whether it tells what fixes would write, for programs that apply them.
    pub fn has_fixes(self) -> bool {
        matches!(self, Self::Json | Self::JsonLines | Self::Sarif | Self::Rdjson | Self::Rdjsonl)
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
    /// The findings that comments silence, for the formats that tell of them.
    pub suppressed: &'a [Diagnostic],
    /// What could not be looked at or done, a sentence each: to formats that tell whether a run was whole.
    pub undone: &'a [String],
    /// What there is to say about the rules, for the formats that explain them.
    pub rules: &'a [RuleInfo<'a>],
    /// What the caller knows of the place the report goes to.
    pub options: Options<'a>,
}

impl<'a> Input<'a> {
    /// The findings without what else there is to tell.
    pub fn new(sources: &'a Sources, diagnostics: &'a [Diagnostic], options: Options<'a>) -> Self {
        Self { sources, diagnostics, suppressed: &[], undone: &[], rules: &[], options }
    }

    /// The findings of each file, in the order of the shown paths.
    fn by_file(&self) -> BTreeMap<(&'a str, FileId), Vec<&'a Diagnostic>> {
        let mut files: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for diagnostic in self.diagnostics {
            let file = diagnostic.primary.span.file;
            files.entry((self.sources.get(file).display.as_str(), file)).or_default().push(diagnostic);
        }
        files
    }

    /// The path of `file` for the formats of code hosts: below what was checked out, where that is known.
    fn path_in_checkout(&self, file: FileId) -> &'a str {
        let file = self.sources.get(file);
        let below = self.options.checkout.and_then(|checkout| file.path.strip_prefix(checkout).ok());
        below.map_or(file.display.as_str(), Utf8Path::as_str)
    }
}

/// What formats that explain rules have to say about one.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its family.
    pub group: Group,
    /// The level it declares.
    pub level: Level,
    /// One line without a final dot.
    pub summary: &'a str,
    /// The manual page, Markdown; lines may begin with one blank too many.
    pub docs: &'a str,
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
    /// The absolute path of the folder that continuous integration checked out: to code hosts, paths are
    /// relative to it.
    pub checkout: Option<&'a Utf8Path>,
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
        Format::JsonLines => json_lines::write(input, out),
        Format::Sarif => sarif::write(input, out),
        Format::Github => github::write(input, out),
        Format::Gitlab => gitlab::write(input, out),
        Format::Junit => junit::write(input, out),
        Format::Checkstyle => checkstyle::write(input, out),
        Format::Rdjson => rdjson::write(input, out),
        Format::Rdjsonl => rdjson::write_lines(input, out),
        Format::Errfmt => errfmt::write(input, out),
        Format::Markdown => markdown::write(input, out),
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
        insta::assert_snapshot!(error, @r"unknown output format `xml\u{1b}[2J`: choose one of full, concise, json, json-lines, sarif, github, gitlab, junit, checkstyle, rdjson, rdjsonl, errfmt, markdown");
    }

    #[test]
    fn people_read_two_formats() {
        let human: Vec<Format> = Format::ALL.into_iter().filter(|format| !format.is_machine()).collect();
        assert_eq!(human, [Format::Full, Format::Concise]);
    }
}
