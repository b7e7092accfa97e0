//! The format `json`: one array of the Language Server Protocol's `PublishDiagnosticsParams`.
//!
//! The shape is a promise to editors and scripts: keys may be added, none changes its meaning. The
//! language server sends the same diagnostics, made by [`Wire::diagnostic`].

use std::collections::BTreeMap;
use std::io;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::terminal::is_deceptive;
use super::{Input, fingerprints, ignore_edit, place};
use crate::diagnostic::{self, Applicability, Level, Tag};
use crate::text::{Edit, FileId, PositionEncoding, Sources, TextRange, TextSize};

/// The findings of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishedFile<'a> {
    /// The absolute address of the file, percent-encoded.
    pub uri: String,
    /// The path as it is shown: relative to the working directory where it lies below it.
    pub path: &'a str,
    /// The findings by position.
    pub diagnostics: Vec<WireDiagnostic<'a>>,
}

/// A `Diagnostic` of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WireDiagnostic<'a> {
    /// The primary span.
    pub range: WireRange,
    /// 1 error, 2 warning, 3 information.
    pub severity: u8,
    /// The name of the rule.
    pub code: &'a str,
    /// Where the rule is documented, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_description: Option<CodeDescription>,
    /// Always `nixlint`.
    pub source: &'static str,
    /// Plain text.
    pub message: &'a str,
    /// 1 unnecessary, 2 deprecated.
    pub tags: Vec<u8>,
    /// Evidence elsewhere.
    pub related_information: Vec<RelatedInformation<'a>>,
    /// What the protocol has no key for.
    pub data: WireData<'a>,
}

/// The address of a rule's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeDescription {
    /// The address.
    pub href: String,
}

/// A label in any file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelatedInformation<'a> {
    /// The place.
    pub location: WireLocation,
    /// What it has to do with the finding.
    pub message: &'a str,
}

/// A range in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WireLocation {
    /// The absolute address of the file.
    pub uri: String,
    /// The range in it.
    pub range: WireRange,
}

/// Start and end; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WireRange {
    /// The first character.
    pub start: WirePosition,
    /// Behind the last character.
    pub end: WirePosition,
}

/// Both parts count from 0, `character` in the units of the encoding (UTF-16 in the format `json`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WirePosition {
    /// The line.
    pub line: u32,
    /// The column.
    pub character: u32,
}

/// What a finding has beyond the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WireData<'a> {
    /// The group of the rule.
    pub group: &'static str,
    /// The variant of the rule, where the finding is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'static str>,
    /// The host the finding is about, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<&'a str>,
    /// The help, where there is one, then the notes.
    pub notes: Vec<&'a str>,
    /// As [`fingerprints`] has it.
    pub fingerprint: String,
    /// Alternatives, the least risky first.
    pub fixes: Vec<WireFix<'a>>,
    /// Inserts a comment that silences the finding.
    pub ignore: WireIgnore,
}

/// A way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WireFix<'a> {
    /// An imperative.
    pub title: &'a str,
    /// `safe`, `unsafe` or `manual`.
    pub applicability: &'static str,
    /// `true` for the fix that nixlint itself would apply, left out for the others.
    #[serde(skip_serializing_if = "is_false")]
    pub is_preferred: bool,
    /// Edits that do not overlap.
    pub edits: Vec<WireEdit>,
}

/// A replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WireEdit {
    /// The address of the file, where it is not that of the finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// What goes.
    pub range: WireRange,
    /// What comes.
    pub new_text: String,
}

/// The edits that silence a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WireIgnore {
    /// An imperative.
    pub title: String,
    /// One insertion.
    pub edits: Vec<WireEdit>,
}

/// What the conversion to the protocol depends on.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    /// The files of the run.
    pub sources: &'a Sources,
    /// What columns count.
    pub encoding: PositionEncoding,
    /// Where rules are documented, as in [`super::Options`].
    pub rule_url: Option<&'a str>,
    /// Addresses that a client has its own spelling of, by file.
    pub uris: Option<&'a FxHashMap<FileId, String>>,
}

impl<'a> Wire<'a> {
    /// `diagnostic` in the shape of the protocol.
    pub fn diagnostic(
        &self,
        diagnostic: &'a diagnostic::Diagnostic,
        fingerprint: String,
    ) -> WireDiagnostic<'a> {
        let home = diagnostic.primary.span.file;
        let rule = diagnostic.rule.as_str();
        let options = super::Options { rule_url: self.rule_url, ..super::Options::default() };
        let preferred = diagnostic.applicable_fix(Applicability::Safe);
        let fixes = diagnostic.fixes.iter().map(|fix| WireFix {
            title: &fix.title,
            applicability: fix.applicability.as_str(),
            is_preferred: preferred.is_some_and(|preferred| std::ptr::eq(preferred, fix)),
            edits: fix.edits.iter().map(|edit| self.edit(home, edit)).collect(),
        });
        let related = diagnostic.related.iter().filter(|label| !label.text.is_empty());
        WireDiagnostic {
            range: self.range(home, diagnostic.primary.span.range()),
            severity: match diagnostic.level {
                Level::Error => 1,
                Level::Warning => 2,
                Level::Info => 3,
            },
            code: rule,
            code_description: options.url_of(rule).map(|href| CodeDescription { href }),
            source: "nixlint",
            message: &diagnostic.message,
            tags: diagnostic
                .tag
                .map(|tag| match tag {
                    Tag::Unused => 1,
                    Tag::Deprecated => 2,
                })
                .into_iter()
                .collect(),
            related_information: related
                .map(|label| RelatedInformation {
                    location: WireLocation {
                        uri: self.uri(label.span.file),
                        range: self.range(label.span.file, label.span.range()),
                    },
                    message: &label.text,
                })
                .collect(),
            data: WireData {
                group: diagnostic.group.as_str(),
                variant: diagnostic.variant,
                host: diagnostic.host.as_deref(),
                notes: diagnostic.help.iter().chain(&diagnostic.notes).map(String::as_str).collect(),
                fingerprint,
                fixes: fixes.collect(),
                ignore: WireIgnore {
                    title: format!("ignore `{rule}` here"),
                    edits: vec![self.edit(home, &ignore_edit(self.sources, diagnostic))],
                },
            },
        }
    }

    /// `edit` of a finding in `home`.
    pub fn edit(&self, home: FileId, edit: &Edit) -> WireEdit {
        WireEdit {
            uri: (edit.file != home).then(|| self.uri(edit.file)),
            range: self.range(edit.file, edit.range),
            new_text: edit.text.clone(),
        }
    }

    /// Lines and columns of a range.
    pub fn range(&self, file: FileId, range: TextRange) -> WireRange {
        let file = self.sources.get(file);
        let range = place::snapped(&file.text, range);
        let wire = |offset: TextSize| {
            let at = place::position(file, offset, self.encoding);
            WirePosition { line: at.line, character: at.column }
        };
        WireRange { start: wire(range.start()), end: wire(range.end()) }
    }

    /// The address of a file.
    pub fn uri(&self, file: FileId) -> String {
        let own = self.uris.and_then(|uris| uris.get(&file)).cloned();
        own.unwrap_or_else(|| place::file_uri(&self.sources.get(file).path))
    }
}

/// The findings by file, in the order of the shown paths.
pub fn published<'a>(input: &Input<'a>) -> Vec<PublishedFile<'a>> {
    let (sources, rule_url) = (input.sources, input.options.rule_url);
    let wire = Wire { sources, encoding: PositionEncoding::Utf16, rule_url, uris: None };
    let mut files: BTreeMap<(&str, FileId), Vec<WireDiagnostic<'a>>> = BTreeMap::new();
    for (diagnostic, fingerprint) in
        input.diagnostics.iter().zip(fingerprints(input.sources, input.diagnostics))
    {
        let file = diagnostic.primary.span.file;
        let path = input.sources.get(file).display.as_str();
        files.entry((path, file)).or_default().push(wire.diagnostic(diagnostic, fingerprint));
    }
    let publish = |((path, file), diagnostics)| PublishedFile { uri: wire.uri(file), path, diagnostics };
    files.into_iter().map(publish).collect()
}

/// Writes the whole report: one document and a final line break.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    write_document(&published(input), out)
}

/// Writes `value` on one line, so that it is safe to look at in a terminal.
pub(super) fn write_document(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Escaping))?;
    out.write_all(b"\n")
}

/// Escapes what JSON would let through and [`super::printable`] would not.
struct Escaping;

impl serde_json::ser::Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_deceptive) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let c = rest[at..].chars().next().expect("invariant: the pattern matched here");
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::sample::{self, UNICODE, diagnostic, edit, fix, rendered, span_of};
    use crate::report::{Format, Options};

    fn parsed(sources: &Sources, diagnostics: &[diagnostic::Diagnostic], options: Options<'_>) -> Value {
        let text = rendered(Format::Json, sources, diagnostics, options);
        assert_eq!(text.find('\n'), Some(text.len() - 1), "one document and a final line break");
        serde_json::from_str(&text).expect("reports are JSON")
    }

    fn range(line: u32, start: u32, end: u32) -> Value {
        json!({"start": {"line": line, "character": start}, "end": {"line": line, "character": end}})
    }

    #[test]
    fn clean_is_an_empty_array() {
        assert_eq!(rendered(Format::Json, &Sources::default(), &[], Options::default()), "[]\n");
    }

    #[test]
    fn columns_count_utf16_units_from_zero() {
        let (sources, diagnostics) = sample::unicode();
        let report = parsed(&sources, &diagnostics, Options::default());
        assert_eq!(report[0]["uri"], "file:///p/unicode.nix");
        assert_eq!(report[0]["path"], "unicode.nix");
        let found = &report[0]["diagnostics"];
        let ranges: Vec<&Value> = (0..4).map(|index| &found[index]["range"]).collect();
        assert_eq!(ranges, [&range(1, 1, 2), &range(1, 6, 8), &range(1, 20, 23), &range(2, 2, 8)]);
        let line = json!({"start": {"line": 2, "character": 0}, "end": {"line": 3, "character": 0}});
        assert_eq!(found[3]["data"]["fixes"][0]["edits"], json!([{"range": line, "newText": ""}]));
        assert_eq!(
            found[3]["data"]["ignore"],
            json!({
                "title": "ignore `unused-let-binding` here",
                "edits": [{"range": range(2, 0, 0), "newText": "  # nixlint: ignore[unused-let-binding]\r\n"}],
            })
        );
    }

    #[test]
    fn other_encodings_are_for_language_servers() {
        let (sources, diagnostics) = sample::unicode();
        let character = |encoding| {
            let wire = Wire { sources: &sources, encoding, rule_url: None, uris: None };
            wire.diagnostic(&diagnostics[2], String::new()).range.start.character
        };
        assert_eq!(character(PositionEncoding::Utf8) as usize, UNICODE.find("x =").expect("it is there") - 3);
        assert_eq!(character(PositionEncoding::Utf16), 20);
        assert_eq!(character(PositionEncoding::Chars), 19);
    }

    #[test]
    fn the_whole_shape() {
        let (sources, diagnostics) = sample::project();
        let options = Options { rule_url: Some("https://example.org/rules/"), ..Options::default() };
        let report = parsed(&sources, &diagnostics, options);
        let pretty = serde_json::to_string_pretty(&report).expect("JSON can be written");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("json_evidence_in_several_files", pretty));
    }

    #[test]
    fn a_plain_finding_has_exactly_these_keys() {
        let (sources, file) = sample::sources(sample::source("/p/a.nix", "{ }\n"));
        let report =
            parsed(&sources, &[diagnostic("some-rule", "bad", span_of(file, 0, 1))], Options::default());
        let keys = |value: &Value| -> Vec<String> {
            let mut keys: Vec<String> = value.as_object().expect("an object").keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&report[0]), ["diagnostics", "path", "uri"]);
        let found = &report[0]["diagnostics"][0];
        assert_eq!(
            keys(found),
            ["code", "data", "message", "range", "relatedInformation", "severity", "source", "tags"]
        );
        assert_eq!(keys(&found["data"]), ["fingerprint", "fixes", "group", "ignore", "notes"]);
        assert_eq!(found["data"]["fixes"], json!([]));
        assert_eq!(found["severity"], 2);
    }

    #[test]
    fn only_the_first_safe_fix_is_preferred() {
        let (mut sources, file) = sample::sources(sample::source("/p/a b.nix", "{ }\n"));
        let other = sources.add(std::sync::Arc::new(sample::source("/p/é.nix", "{ }\n")));
        let mut found = diagnostic("some-rule", "bad", span_of(file, 0, 1));
        let mut both = fix("first", Applicability::Safe, span_of(file, 0, 1), "a");
        both.edits.push(edit(span_of(other, 2, 1), "b"));
        found.fixes = vec![
            both,
            fix("second", Applicability::Safe, span_of(file, 0, 1), "c"),
            fix("third", Applicability::Unsafe, span_of(file, 0, 1), "d"),
        ];
        let report = parsed(&sources, &[found], Options::default());
        let fixes = &report[0]["diagnostics"][0]["data"]["fixes"];
        let preferred: Vec<Option<&Value>> = (0..3).map(|index| fixes[index].get("isPreferred")).collect();
        assert_eq!(preferred, [Some(&json!(true)), None, None]);
        assert_eq!(fixes[2]["applicability"], "unsafe");
        assert_eq!(fixes[0]["edits"][0].get("uri"), None);
        assert_eq!(fixes[0]["edits"][1]["uri"], "file:///p/%C3%A9.nix");
    }

    #[test]
    fn files_come_by_path() {
        let mut sources = Sources::default();
        let mut found = Vec::new();
        for name in ["b", "a/z", "a"] {
            let file = sources.add(std::sync::Arc::new(sample::source(&format!("/p/{name}.nix"), "{ }\n")));
            found.push(diagnostic("some-rule", "bad", span_of(file, 0, 1)));
        }
        let report = parsed(&sources, &found, Options::default());
        let paths: Vec<&Value> = (0..3).map(|index| &report[index]["path"]).collect();
        assert_eq!(paths, ["a.nix", "a/z.nix", "b.nix"]);
    }

    #[test]
    fn hostile_texts_survive_and_stay_escaped() {
        let (sources, diagnostics) = sample::hostile();
        let text = rendered(Format::Json, &sources, &diagnostics, Options::default());
        assert_eq!(text.trim_end_matches('\n').find(is_deceptive), None);
        let report: Value = serde_json::from_str(&text).expect("reports are JSON");
        assert_eq!(report[0]["path"], "evil\u{1b}[31m\nname\u{202e}.nix");
        assert_eq!(report[0]["uri"], "file:///p/evil%1B%5B31m%0Aname%E2%80%AE.nix");
        assert_eq!(report[0]["diagnostics"][0]["message"], "`a\u{1b}[2J\nb` is bad");
        assert_eq!(report[0]["diagnostics"][0]["data"]["fixes"][0]["edits"][0]["newText"], "\u{9b}c\u{202e}");
    }

    #[test]
    fn characters_beyond_the_first_plane_are_escaped_as_pairs() {
        let mut out = Vec::new();
        write_document(&"a\u{e0041}b🦀", &mut out).expect("memory takes all bytes");
        assert_eq!(String::from_utf8(out).expect("reports are UTF-8"), "\"a\\udb40\\udc41b🦀\"\n");
    }
}
