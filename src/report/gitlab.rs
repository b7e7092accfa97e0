//! The format `gitlab`: a code quality report, which GitLab shows in merge requests.
//!
//! GitLab drops findings with a fingerprint it has seen, and knows a finding again by it when lines move.

use std::io;

use serde::Serialize;

use super::json::write_document;
use super::{Input, fingerprints, place};
use crate::diagnostic::Level;
use crate::text::PositionEncoding;

#[derive(Serialize)]
struct Finding<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let fingerprints = fingerprints(input.sources, input.diagnostics);
    let findings = input.diagnostics.iter().zip(fingerprints).map(|(diagnostic, fingerprint)| {
        let span = diagnostic.primary.span;
        let (start, end) = place::region(input.sources, span, PositionEncoding::Chars);
        Finding {
            description: &diagnostic.message,
            check_name: diagnostic.rule.as_str(),
            fingerprint,
            severity: match diagnostic.level {
                Level::Error => "major",
                Level::Warning => "minor",
                Level::Info => "info",
            },
            location: Location {
                path: input.path_in_checkout(span.file),
                lines: Lines { begin: start.line, end: end.line },
            },
        }
    });
    write_document(&findings.collect::<Vec<_>>(), out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use camino::Utf8Path;
    use serde_json::Value;

    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn findings_have_what_the_manual_asks_for() {
        let (sources, diagnostics) = sample::project();
        let options = Options { checkout: Some(Utf8Path::new("/p/hosts")), ..Options::default() };
        insta::assert_snapshot!(rendered(Format::Gitlab, &sources, &diagnostics, options), @r#"[{"description":"service `web` needs `postgresql.service` but does not wait for it","check_name":"missing-after","fingerprint":"0f694a8781722bf2e0c4239b1ee59e5f","severity":"major","location":{"path":"web.nix","lines":{"begin":10,"end":10}}}]"#);
    }

    #[test]
    fn fingerprints_are_unique() {
        let (sources, mut diagnostics) = sample::unicode();
        diagnostics.extend(diagnostics.clone());
        let text = rendered(Format::Gitlab, &sources, &diagnostics, Options::default());
        let report: Vec<Value> = serde_json::from_str(&text).expect("reports are JSON");
        let unique: BTreeSet<&str> = report.iter().filter_map(|one| one["fingerprint"].as_str()).collect();
        assert_eq!(unique.len(), diagnostics.len());
    }

    #[test]
    fn hostile_names_and_messages_come_back_whole() {
        let (sources, diagnostics) = sample::hostile_names();
        let text = rendered(Format::Gitlab, &sources, &diagnostics, Options::default());
        let report: Vec<Value> = serde_json::from_str(&text).expect("reports are JSON");
        let paths: Vec<_> = report.iter().map(|one| &one["location"]["path"]).collect();
        assert_eq!(paths, sample::HOSTILE_NAMES);
        assert!(report.iter().all(|one| one["description"] == sample::HOSTILE_MESSAGE));
    }
}
