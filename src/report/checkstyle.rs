//! The format `checkstyle`: XML as Checkstyle writes it. Columns are 1-based and count characters.

use std::io;

use super::xml::escaped;
use super::{Input, place};
use crate::text::PositionEncoding;

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    for ((path, _), diagnostics) in input.by_file() {
        writeln!(out, "  <file name=\"{}\">", escaped(path))?;
        for diagnostic in diagnostics {
            let (start, _) = place::region(input.sources, diagnostic.primary.span, PositionEncoding::Chars);
            writeln!(
                out,
                "    <error line=\"{}\" column=\"{}\" severity=\"{}\" message=\"{}\" source=\"nixlint.{}\"/>",
                start.line,
                start.column,
                diagnostic.level,
                escaped(&diagnostic.message),
                escaped(diagnostic.rule.as_str()),
            )?;
        }
        writeln!(out, "  </file>")?;
    }
    writeln!(out, "</checkstyle>")
}

#[cfg(test)]
mod tests {
    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn columns_count_characters_from_one() {
        let (sources, diagnostics) = sample::unicode();
        insta::assert_snapshot!(rendered(Format::Checkstyle, &sources, &diagnostics, Options::default()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <checkstyle version="4.3">
          <file name="unicode.nix">
            <error line="2" column="2" severity="warning" message="`é` is not ASCII" source="nixlint.non-ascii-name"/>
            <error line="2" column="7" severity="error" message="two wide characters" source="nixlint.wide-string"/>
            <error line="2" column="20" severity="info" message="`x` stands after an emoji" source="nixlint.after-emoji"/>
            <error line="3" column="3" severity="warning" message="`y` is never used" source="nixlint.unused-let-binding"/>
          </file>
        </checkstyle>
        "#);
    }

    #[test]
    fn hostile_names_and_messages_come_back_whole() {
        let (sources, diagnostics) = sample::hostile_names();
        let text = rendered(Format::Checkstyle, &sources, &diagnostics, Options::default());
        let document = roxmltree::Document::parse(&text).expect("reports are XML");
        let files: Vec<_> = document.root_element().children().filter(|node| node.is_element()).collect();
        let names: Vec<_> = files.iter().map(|file| file.attribute("name").unwrap_or_default()).collect();
        let mut expected = sample::HOSTILE_NAMES.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected);
        for file in files {
            let error = file.children().find(|node| node.is_element()).expect("the file has a finding");
            assert_eq!(error.attribute("message"), Some(sample::HOSTILE_MESSAGE));
            assert_eq!(error.attribute("severity"), Some("warning"));
        }
    }
}
