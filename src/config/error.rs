//! Mistakes in what the user wrote for nixlint, as miette shows them.

use std::ops::Range;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, NamedSource, SourceSpan};

/// A mistake in a configuration file.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Mistake {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("{label}")]
    span: SourceSpan,
    label: String,
    file: Option<PathBuf>,
}

/// A place that can be shown: what is missing at the end of a text is shown at its last character.
fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let shown = text.trim_end_matches(['\n', '\r']);
    match shown.char_indices().next_back() {
        Some((last, _)) if span.start >= shown.len() => last..shown.len(),
        _ => span,
    }
}

impl Mistake {
    /// A mistake at bytes `span` of `text`, the file shown as `path`.
    pub(super) fn new(
        path: &str,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            message: harmless(&message.into()),
            help: None,
            source_code: NamedSource::new(harmless(path), harmless(text)),
            span: within(text, span).into(),
            label: harmless(&label.into()),
            file: None,
        }
    }

    /// The same mistake, in a file that lies at `file`.
    pub(super) fn in_file(self, file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The same mistake with the way out.
    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(harmless(&help.into())), ..self }
    }

    /// The file, line and column from 1, as people read them.
    pub fn place(&self) -> String {
        let text = self.source_code.inner();
        let before = text.get(..self.start()).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.source_code.name())
    }

    /// Where the file lies, where that is known.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The text that the mistake is in, characters that could take over a terminal replaced by others of as
    /// many bytes.
    pub fn text(&self) -> &str {
        self.source_code.inner()
    }

    /// Whether the mistake is one in this text.
    pub fn is_in(&self, text: &str) -> bool {
        harmless(text) == *self.source_code.inner()
    }

    /// The bytes of the text that are wrong.
    pub fn range(&self) -> Range<usize> {
        self.start()..self.start() + self.span.len()
    }

    /// What is wrong, why, and the way out, in lines.
    pub fn in_full(&self) -> String {
        let help = self.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}: {}{help}", self.message, self.label)
    }

    /// First byte of the place.
    pub(super) fn start(&self) -> usize {
        self.span.offset()
    }
}

/// `text` on one line, with escapes for what would move the cursor.
pub(super) fn printable(text: &str) -> String {
    let escaped = |c: char| {
        if c == harmless_char(c) && c != '\n' { c.to_string() } else { c.escape_default().to_string() }
    };
    text.chars().map(escaped).collect()
}

/// `text` with each character that could take over a terminal replaced by a visible one of as many
/// bytes, so that spans still fit.
fn harmless(text: &str) -> String {
    text.chars().map(harmless_char).collect()
}

fn harmless_char(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\r' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}' => '?',
        '\u{80}'..='\u{9f}' => '¿',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            char::REPLACEMENT_CHARACTER
        }
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_raw_and_offsets_stay() {
        let text = "a\u{1b}[2J\u{9b}b\u{202e}c\u{feff}\r\n";
        assert_eq!(harmless(text), "a?[2J¿b\u{fffd}c\u{fffd} \n");
        assert_eq!(harmless(text).len(), text.len());
        assert_eq!(printable("é\u{1b}[2J\n\u{202e}"), r"é\u{1b}[2J\n\u{202e}");
    }
}
