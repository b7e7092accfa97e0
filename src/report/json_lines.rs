//! The format `json-lines`: each finding as the format [`json`](super::json) has it, on a line of its own
//! together with the address and the path of its file.

use std::io;

use serde::Serialize;

use super::Input;
use super::json::{WireDiagnostic, published, write_document};

/// A finding with its file.
#[derive(Serialize)]
struct Line<'a> {
    uri: &'a str,
    path: &'a str,
    #[serde(flatten)]
    diagnostic: WireDiagnostic<'a>,
}

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    for file in published(input) {
        for diagnostic in file.diagnostics {
            write_document(&Line { uri: &file.uri, path: file.path, diagnostic }, out)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::sample::{self, rendered};
    use crate::report::{Format, Options};

    #[test]
    fn lines_are_the_diagnostics_of_the_document() {
        for (sources, diagnostics) in sample::all() {
            let text = |format| rendered(format, &sources, &diagnostics, Options::default());
            let document: Vec<Value> = serde_json::from_str(&text(Format::Json)).expect("reports are JSON");
            let mut expected = Vec::new();
            for file in document {
                for diagnostic in file["diagnostics"].as_array().expect("files have diagnostics") {
                    let mut line = diagnostic.clone();
                    line["uri"] = file["uri"].clone();
                    line["path"] = file["path"].clone();
                    expected.push(line);
                }
            }
            let lines: Vec<Value> = text(Format::JsonLines)
                .lines()
                .map(|line| serde_json::from_str(line).expect("lines are JSON"))
                .collect();
            assert_eq!(lines, expected);
        }
    }
}
