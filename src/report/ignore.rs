//! The edit that silences one finding.

use std::collections::{BTreeMap, BTreeSet};

use super::place;
use crate::diagnostic::Diagnostic;
use crate::text::{Edit, FileId, PositionEncoding, Sources, TextRange, TextSize};

/// Inserts a line with an ignore comment for the rule above the line the diagnostic starts in (the
/// line its `covers` starts in, where it has one: a span inside a multi-line string cannot have a
/// comment above it). Such a comment silences the node that starts on the next code line.
pub fn ignore_edit(sources: &Sources, diagnostic: &Diagnostic) -> Edit {
    Place::of(sources, diagnostic).comment(diagnostic.rule.as_str(), "")
}

/// Where a comment stands that silences a finding.
struct Place<'s> {
    file: FileId,
    /// Bytes.
    at: TextSize,
    indentation: &'s str,
    line_break: &'static str,
}

impl<'s> Place<'s> {
    fn of(sources: &'s Sources, diagnostic: &Diagnostic) -> Self {
        let span = diagnostic.primary.span;
        let file = sources.get(span.file);
        let offset = diagnostic.covers.unwrap_or(span.range()).start();
        let line = place::position(file, offset, PositionEncoding::Utf8).line;
        let (start, content) = place::line_content(file, line);

        // A byte-order mark stays in front.
        let mark = if line == 0 && content.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let code = content[mark..].trim_start_matches([' ', '\t']);
        let indentation = &content[mark..content.len() - code.len()];
        let at = usize::from(start) + mark;
        Self {
            file: span.file,
            at: TextSize::new(at as u32),
            indentation,
            line_break: line_break(&file.text, at),
        }
    }

    /// The edit that writes the comment; `rules` are separated by commas.
    fn comment(&self, rules: &str, reason: &str) -> Edit {
        let Self { file, at, indentation, line_break } = *self;
        let space = if reason.is_empty() { "" } else { " " };
        let text = format!("{indentation}# nixlint: ignore[{rules}]{space}{reason}{line_break}");
        Edit { file, range: TextRange::empty(at), text }
    }
}

/// The edits that silence all of these findings, one comment for those that begin in one line, with `reason` behind
/// the rules; sorted by file and place.
pub fn ignore_edits(sources: &Sources, diagnostics: &[&Diagnostic], reason: &str) -> Vec<Edit> {
    let mut by_place: BTreeMap<(FileId, TextSize), (Place<'_>, BTreeSet<&str>)> = BTreeMap::new();
    for diagnostic in diagnostics {
        let place = Place::of(sources, diagnostic);
        let (_, rules) = by_place.entry((place.file, place.at)).or_insert_with(|| (place, BTreeSet::new()));
        rules.insert(diagnostic.rule.as_str());
    }
    let comment = |(place, rules): (Place<'_>, BTreeSet<&str>)| {
        let rules: Vec<&str> = rules.into_iter().collect();
        place.comment(&rules.join(", "), reason)
    };
    by_place.into_values().map(comment).collect()
}

/// Inserts a comment at the top of the file that silences the rule in all of it: below a byte-order mark and
/// the lines that tell a shell what runs the file.
pub fn ignore_file_edit(sources: &Sources, file: FileId, rule: &str) -> Edit {
    let text = &sources.get(file).text;
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while text[at..].starts_with("#!") {
        at = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    }
    let comment = format!("# nixlint: ignore-file[{rule}]{}", line_break(text, at));
    // Behind a line that has no end.
    let before = if at > 0 && at == text.len() && !text.ends_with(['\n', '\u{feff}']) { "\n" } else { "" };
    Edit { file, range: TextRange::empty((at as u32).into()), text: format!("{before}{comment}") }
}

/// The line break used at the end of the line around `at`, or before it where it is the last.
fn line_break(text: &str, at: usize) -> &'static str {
    let end = text[at..].find('\n').map(|end| at + end).or_else(|| text[..at].rfind('\n'));
    match end {
        Some(end) if text[..end].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{diagnostic, source, sources, span_of};
    use crate::text::apply_edits;

    fn ignored(text: &str, needle: &str, covers: Option<&str>) -> String {
        let (sources, file) = sources(source("/p/a.nix", text));
        let find = |needle: &str| text.find(needle).expect("the text has the needle");
        let mut found = diagnostic("some-rule", "bad", span_of(file, find(needle), needle.len()));
        found.covers = covers.map(|covers| span_of(file, find(covers), covers.len()).range());
        apply_edits(text, &[ignore_edit(&sources, &found)]).expect("one edit applies")
    }

    #[test]
    fn the_comment_has_the_indentation_of_its_line() {
        insta::assert_snapshot!(ignored("{\n    a = 1;\n}\n", "1", None), @"
        {
            # nixlint: ignore[some-rule]
            a = 1;
        }
        ");
        assert_eq!(ignored("{\n\t a = 1;\n}", "a", None), "{\n\t # nixlint: ignore[some-rule]\n\t a = 1;\n}");
    }

    #[test]
    fn inside_a_string_it_stands_above_what_is_covered() {
        let text = "{\n  script = ''\n    bad\n  '';\n}\n";
        insta::assert_snapshot!(ignored(text, "bad", Some("script = ''\n    bad\n  '';")), @"
        {
          # nixlint: ignore[some-rule]
          script = ''
            bad
          '';
        }
        ");
    }

    #[test]
    fn a_comment_for_the_file_stands_at_its_top() {
        let ignored = |text: &str| {
            let (sources, file) = sources(source("/p/a.nix", text));
            apply_edits(text, &[ignore_file_edit(&sources, file, "r")]).expect("one edit applies")
        };
        assert_eq!(ignored("{ }\r\n"), "# nixlint: ignore-file[r]\r\n{ }\r\n");
        assert_eq!(ignored("\u{feff}{ }"), "\u{feff}# nixlint: ignore-file[r]\n{ }");
        let shebang = "#! /usr/bin/env nix-shell\n#! nix-shell -i bash\n";
        assert_eq!(ignored(&format!("{shebang}1")), format!("{shebang}# nixlint: ignore-file[r]\n1"));
        assert_eq!(ignored("#!x"), "#!x\n# nixlint: ignore-file[r]\n");
    }

    #[test]
    fn line_breaks_and_byte_order_marks_are_kept() {
        assert_eq!(
            ignored("{\r\n  a = 1;\r\n}", "a", None),
            "{\r\n  # nixlint: ignore[some-rule]\r\n  a = 1;\r\n}"
        );
        assert_eq!(
            ignored("{\r\n  a = 1; }", "a", None),
            "{\r\n  # nixlint: ignore[some-rule]\r\n  a = 1; }"
        );
        assert_eq!(ignored("\u{feff}{ }", "{", None), "\u{feff}# nixlint: ignore[some-rule]\n{ }");
    }
}
