//! The format `junit`: a test report in which every file is a suite and every finding a failing case.

use std::io;

use super::terminal::printable;
use super::xml::escaped;
use super::{Input, place};
use crate::diagnostic::Diagnostic;
use crate::text::PositionEncoding;

/// Writes the whole report. One without findings has a case that passes, since a report without cases counts as
/// a failure in places, unless something could not be done: that is a case with an error.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let (count, errors) = (input.diagnostics.len(), input.undone.len());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"nixlint\" tests=\"{}\" failures=\"{count}\" errors=\"{errors}\">",
        (count + errors).max(1)
    )?;
    if errors > 0 {
        writeln!(
            out,
            "  <testsuite name=\"nixlint\" tests=\"{errors}\" failures=\"0\" errors=\"{errors}\">"
        )?;
        for undone in input.undone {
            let undone = escaped(undone);
            writeln!(out, "    <testcase name=\"{undone}\" classname=\"nixlint\">")?;
            writeln!(out, "      <error message=\"{undone}\"/>")?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    if count + errors == 0 {
        writeln!(out, "  <testsuite name=\"nixlint\" tests=\"1\" failures=\"0\" errors=\"0\">")?;
        writeln!(out, "    <testcase name=\"No errors found\" classname=\"nixlint\"/>")?;
        writeln!(out, "  </testsuite>")?;
    }
    for ((path, _), diagnostics) in input.by_file() {
        let (path, count) = (escaped(path), diagnostics.len());
        writeln!(out, "  <testsuite name=\"{path}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\">")?;
        for diagnostic in diagnostics {
            let (start, _) = place::region(input.sources, diagnostic.primary.span, PositionEncoding::Chars);
            let rule = escaped(diagnostic.rule.as_str());
            let (line, column) = (start.line, start.column);
            writeln!(
                out,
                "    <testcase name=\"{rule}\" classname=\"{path}\" line=\"{line}\" column=\"{column}\">"
            )?;
            writeln!(
                out,
                "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                diagnostic.level,
                escaped(&diagnostic.message),
                text(input, diagnostic),
            )?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// What there is to read about a finding, a line for each part.
fn text(input: &Input<'_>, diagnostic: &Diagnostic) -> String {
    let place = place::location(input.sources, diagnostic.primary.span);
    let mut text = escaped(&format!("{place}: {}", printable(&diagnostic.message)));
    let related = diagnostic.related.iter().filter(|label| !label.text.is_empty());
    for label in related {
        let place = place::location(input.sources, label.span);
        text.push('\n');
        text.push_str(&escaped(&format!("{place}: {}", printable(&label.text))));
    }
    let help = diagnostic.help.iter().map(|help| format!("help: {}", printable(help)));
    for line in help.chain(diagnostic.notes.iter().map(|note| printable(note).into_owned())) {
        text.push('\n');
        text.push_str(&escaped(&line));
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn every_finding_is_a_case_that_fails() {
        let (sources, diagnostics) = sample::project();
        insta::assert_snapshot!(rendered(Format::Junit, &sources, &diagnostics, Options::default()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="nixlint" tests="1" failures="1" errors="0">
          <testsuite name="hosts/web.nix" tests="1" failures="1" errors="0">
            <testcase name="missing-after" classname="hosts/web.nix" line="10" column="13">
              <failure type="error" message="service `web` needs `postgresql.service` but does not wait for it">hosts/web.nix:10:13: service `web` needs `postgresql.service` but does not wait for it
        modules/db.nix:3:3: the database is enabled here
        hosts/web.nix:7:14: this script connects to it
        flake.nix:4:19: on this host
        help: order the service after the database
        systemd starts both at once, and the first connection is refused
        validate with `systemctl list-dependencies --after web`\nafter the next switch</failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn columns_count_characters_from_one() {
        let (sources, diagnostics) = sample::unicode();
        let text = rendered(Format::Junit, &sources, &diagnostics, Options::default());
        let document = roxmltree::Document::parse(&text).expect("reports are XML");
        let places: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"))
            .map(|case| (case.attribute("line"), case.attribute("column")))
            .collect();
        let expected = [("2", "2"), ("2", "7"), ("2", "20"), ("3", "3")];
        assert_eq!(places, expected.map(|(line, column)| (Some(line), Some(column))));
    }

    #[test]
    fn without_findings_a_case_passes() {
        let (sources, _) = sample::unicode();
        insta::assert_snapshot!(rendered(Format::Junit, &sources, &[], Options::default()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="nixlint" tests="1" failures="0" errors="0">
          <testsuite name="nixlint" tests="1" failures="0" errors="0">
            <testcase name="No errors found" classname="nixlint"/>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn hostile_names_and_messages_come_back_whole() {
        let (sources, diagnostics) = sample::hostile_names();
        let text = rendered(Format::Junit, &sources, &diagnostics, Options::default());
        let document = roxmltree::Document::parse(&text).expect("reports are XML");
        let suites = document.root_element().children().filter(|node| node.is_element());
        let names: Vec<_> = suites.map(|suite| suite.attribute("name").unwrap_or_default()).collect();
        let mut expected = sample::HOSTILE_NAMES.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected);
        let mut failures = document.descendants().filter(|node| node.has_tag_name("failure"));
        assert!(failures.all(|failure| failure.attribute("message") == Some(sample::HOSTILE_MESSAGE)));
    }
}
