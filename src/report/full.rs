//! The format `full`: a code frame for every finding, with its evidence, help, notes and fixes.
//!
//! ariadne draws the frames; it never sees a file. What it draws is an [`Excerpt`], with line numbers
//! and locations put right afterwards: it ends lines at characters that end none for Nix and editors,
//! panics on offsets inside characters, prints lines of any length, and keeps 32 bytes per line of a
//! source (0.6.0).

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::io;

use ariadne::{Cache, Config, IndexType, Report, ReportKind, Source};

use super::concise::color_of;
use super::excerpt::{Excerpt, excerpt};
use super::mask::{masked, masked_edits};
use super::patch::patch;
use super::terminal::{Color, hyperlink, merge_colors, paint, printable, readable};
use super::{Input, place};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label, Level};
use crate::text::{FileId, Sources, Span, TextRange};

/// Most labels of one finding that are drawn; further ones are only counted.
const MOST_LABELS: usize = 12;

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let shown = masked(input.sources, input.diagnostics);
    for diagnostic in input.diagnostics {
        let mut text = header(input, diagnostic);
        text.push_str(&frame(input.sources, &shown, diagnostic, input.options.color)?);
        for line in below(input, &shown, diagnostic) {
            text.push_str(&line);
            text.push('\n');
        }
        text.push('\n');
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// `warning[rule]: message`.
fn header(input: &Input<'_>, diagnostic: &Diagnostic) -> String {
    let options = input.options;
    let rule = printable(diagnostic.rule.as_str());
    let linked = match options.url_of(diagnostic.rule.as_str()) {
        Some(url) if options.hyperlinks => Cow::Owned(hyperlink(&rule, &url)),
        _ => rule,
    };
    let id = format!("{}[{linked}]", diagnostic.level);
    let id = paint(&id, color_of(diagnostic.level), options.color);
    format!("{id}: {}\n", readable(&diagnostic.message))
}

/// What stands below the frame: host, help, notes, fixes.
fn below(input: &Input<'_>, shown: &Sources, diagnostic: &Diagnostic) -> Vec<String> {
    let color = input.options.color;
    let mut lines = Vec::new();
    let mut say = |word: &str, text: &str| {
        let mut paragraph = text.lines();
        let first = readable(paragraph.next().unwrap_or_default());
        lines.push(format!("  {}: {first}", paint(word, Color::Green, color)));
        let indentation = " ".repeat(word.len() + 4);
        lines.extend(paragraph.map(|line| format!("{indentation}{}", readable(line))));
    };
    if let Some(host) = &diagnostic.host {
        say("host", host);
    }
    if let Some(help) = &diagnostic.help {
        say("help", help);
    }
    for note in &diagnostic.notes {
        say("note", note);
    }
    let hidden = shown_related(diagnostic).count().saturating_sub(MOST_LABELS - 1);
    match hidden {
        0 => {}
        1 => say("note", "1 more place is not shown"),
        _ => say("note", &format!("{hidden} more places are not shown")),
    }
    for (index, fix) in diagnostic.fixes.iter().enumerate() {
        lines.push(fix_title(fix, color));
        if index == 0 {
            let edits = masked_edits(input.sources, input.diagnostics, &fix.edits);
            let patch = patch(shown, diagnostic.primary.span.file, &edits, color);
            lines.extend(patch.iter().map(|line| format!("    {line}")));
        }
    }
    lines
}

fn fix_title(fix: &Fix, color: bool) -> String {
    let shade = match fix.applicability {
        Applicability::Safe => Color::Green,
        Applicability::Unsafe | Applicability::Manual => Color::Yellow,
    };
    let word = format!("fix ({})", fix.applicability.as_str());
    format!("  {}: {}", paint(&word, shade, color), readable(&fix.title))
}

fn shown_related(diagnostic: &Diagnostic) -> impl Iterator<Item = &Label> {
    diagnostic.related.iter().filter(|label| !label.text.is_empty())
}

/// The code frame: a section per file, that of the primary label first. `shown` are the texts that may be drawn.
fn frame(sources: &Sources, shown: &Sources, diagnostic: &Diagnostic, color: bool) -> io::Result<String> {
    let sections = sections(sources, shown, diagnostic);
    let last_number = sections.iter().flat_map(|section| &section.excerpt.numbers).flatten().max();
    let width = last_number.map_or(1, |number| number.to_string().len());

    let primary = &sections[0];
    // With byte offsets ariadne takes characters for bytes in the header of every file but the first,
    // and panics where that hits the inside of a character.
    let config = Config::new().with_color(color).with_index_type(IndexType::Char);
    let mut report =
        Report::build(ReportKind::Error, (0, primary.excerpt.marks[0].clone())).with_config(config);
    for (id, section) in sections.iter().enumerate() {
        report.add_labels(section.drawing_order().map(|index| {
            let label = &section.labels[index];
            let shade = match diagnostic.level {
                _ if !label.is_primary => ariadne::Color::Blue,
                Level::Error => ariadne::Color::Red,
                Level::Warning => ariadne::Color::Yellow,
                Level::Info => ariadne::Color::Cyan,
            };
            ariadne::Label::new((id, section.excerpt.marks[index].clone()))
                .with_message(readable(label.text))
                .with_color(shade)
        }));
    }
    let mut drawn = Vec::new();
    report.finish().write(Excerpts::new(&sections), &mut drawn)?;
    let drawn = String::from_utf8(drawn).expect("invariant: ariadne writes UTF-8");
    Ok(corrected(&drawn, &sections, width, color))
}

/// The labels of one file.
struct Section<'a> {
    labels: Vec<DrawnLabel<'a>>,
    /// The marks are those of the labels.
    excerpt: Excerpt,
    location: String,
}

struct DrawnLabel<'a> {
    range: TextRange,
    text: &'a str,
    is_primary: bool,
}

impl Section<'_> {
    /// Indices of the labels, those first that end first: otherwise ariadne begins a second section.
    fn drawing_order(&self) -> impl Iterator<Item = usize> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.sort_by_key(|index| {
            let mark = &self.excerpt.marks[*index];
            (mark.end, mark.start)
        });
        order.into_iter()
    }
}

fn sections<'a>(sources: &Sources, shown: &Sources, diagnostic: &'a Diagnostic) -> Vec<Section<'a>> {
    let primary = &diagnostic.primary;
    let text = if primary.text.is_empty() { "here" } else { &primary.text };
    let mut groups: Vec<(FileId, Vec<DrawnLabel<'a>>)> =
        vec![(primary.span.file, vec![DrawnLabel { range: primary.span.range(), text, is_primary: true }])];
    for label in shown_related(diagnostic).take(MOST_LABELS - 1) {
        let drawn = DrawnLabel { range: label.span.range(), text: &label.text, is_primary: false };
        match groups.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, labels)) => labels.push(drawn),
            None => groups.push((label.span.file, vec![drawn])),
        }
    }
    let section = |(file, labels): (FileId, Vec<DrawnLabel<'a>>)| {
        let ranges: Vec<TextRange> = labels.iter().map(|label| label.range).collect();
        Section {
            excerpt: excerpt(shown.get(file), &ranges),
            location: place::location(sources, Span::new(file, ranges[0])),
            labels,
        }
    };
    groups.into_iter().map(section).collect()
}

/// What ariadne draws from; the id of a section is its index.
struct Excerpts(Vec<Source<String>>);

impl Excerpts {
    fn new(sections: &[Section<'_>]) -> Self {
        Self(sections.iter().map(|section| Source::from(section.excerpt.text.clone())).collect())
    }
}

impl Cache<usize> for Excerpts {
    type Storage = String;

    fn fetch(&mut self, id: &usize) -> Result<&Source, impl fmt::Debug> {
        Ok::<_, Infallible>(&self.0[*id])
    }

    fn display<'a>(&self, id: &'a usize) -> Option<impl fmt::Display + 'a> {
        Some(format!("{PLACEHOLDER}{id}{PLACEHOLDER}"))
    }
}

/// Stands around the id of a section where its location belongs. No text that is drawn can contain it,
/// as all control characters in it are escaped.
const PLACEHOLDER: char = '\u{1}';

/// The drawing with the header left out, and with the locations and line numbers of the files in
/// place of those of the excerpts; numbers are `width` characters wide.
fn corrected(drawn: &str, sections: &[Section<'_>], width: usize, color: bool) -> String {
    let mut result = String::with_capacity(drawn.len());
    let mut numbers: &[Option<u32>] = &[];
    let mut drawn_width = 0;
    let mut lines = drawn.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() {
            let end = format!("{}╯", "─".repeat(width + 2));
            result.push_str(&paint(&end, Color::Gray, color));
        } else if let Some((front, id, back)) = split_location(line) {
            numbers = &sections[id].excerpt.numbers;
            drawn_width = line.len() - line.trim_start_matches(' ').len() - 2;
            result.push_str(&" ".repeat(width.saturating_sub(drawn_width)));
            result.extend([front, &sections[id].location, back]);
        } else if let Some((front, drawn_number, back)) = split_number(line) {
            let number = numbers.get(drawn_number.wrapping_sub(1)).copied().flatten();
            let number = number.map(|number| number.to_string()).unwrap_or_default();
            result.push_str(&format!("{front}{number:>width$}{back}"));
        } else {
            result.push_str(&" ".repeat(width.saturating_sub(drawn_width)));
            result.push_str(line);
        }
        // ariadne fills lines up with blanks.
        result.truncate(result.trim_end_matches(' ').len());
        result.push('\n');
    }
    merge_colors(&result)
}

/// The id between two placeholders, with what stands before it and behind the location after it.
fn split_location(line: &str) -> Option<(&str, usize, &str)> {
    let (front, rest) = line.split_once(PLACEHOLDER)?;
    let (id, rest) = rest.split_once(PLACEHOLDER)?;
    let back = rest.trim_start_matches(|c: char| c == ':' || c == '?' || c.is_ascii_digit());
    Some((front, id.parse().ok()?, back))
}

/// The line number in the margin, with what stands before it, padding left out, and behind it.
fn split_number(line: &str) -> Option<(&str, usize, &str)> {
    let blank = line.strip_prefix(' ')?;
    let code = if blank.starts_with("\u{1b}[") { blank.find('m')? + 1 } else { 0 };
    let padded = &blank[code..];
    let digits = padded.trim_start_matches(' ');
    let back = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits[..digits.len() - back.len()].parse().ok()?;
    back.starts_with(" │").then_some((&line[..1 + code], number, back))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::{self, diagnostic, edit, find, fix, rendered, source, sources, span_of};
    use crate::report::terminal::is_deceptive;
    use crate::report::{Format, Options};

    fn shown(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
        rendered(Format::Full, sources, diagnostics, Options::default())
    }

    fn assert_named(name: &str, text: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
    }

    #[test]
    fn evidence_in_several_files() {
        let (sources, diagnostics) = sample::project();
        assert_named("full_evidence_in_several_files", &shown(&sources, &diagnostics));
    }

    #[test]
    fn unicode_tabs_and_crlf() {
        let (sources, diagnostics) = sample::unicode();
        let text = shown(&sources, &diagnostics);
        for place in ["2:2 ]", "2:7 ]", "2:20 ]", "3:3 ]"] {
            assert!(text.contains(&format!("unicode.nix:{place}")), "{place}");
        }
        assert_named("full_unicode_tabs_and_crlf", &text);
    }

    #[test]
    fn hostile_names_and_texts_are_escaped() {
        let (sources, diagnostics) = sample::hostile();
        let text = shown(&sources, &diagnostics);
        assert_eq!(text.find(|c| c != '\n' && is_deceptive(c)), None);
        assert_named("full_hostile_names_and_texts", &text);
    }

    #[test]
    fn colors_and_links() {
        let (sources, diagnostics) = sample::unicode();
        let options = Options {
            color: true,
            hyperlinks: true,
            rule_url: Some("https://example.org/rules/"),
            ..Options::default()
        };
        let text = rendered(Format::Full, &sources, &diagnostics[3..], options);
        assert!(
            text.contains("\u{1b}]8;;https://example.org/rules/unused-let-binding\u{1b}\\unused-let-binding")
        );
        assert_named("full_colors_and_links", &text.replace('\u{1b}', "␛"));
        let without = Options { hyperlinks: true, ..Options::default() };
        assert!(!rendered(Format::Full, &sources, &diagnostics, without).contains('\u{1b}'));
    }

    #[test]
    fn only_line_feeds_end_lines() {
        let text = "# a\rb\u{c}c\u{85}d\u{2028}e\u{2029}f\u{b}g\n\rx = 1;\n";
        let (sources, file) = sources(source("/p/a.nix", text));
        let found = diagnostic("some-rule", "bad", find(&sources, file, "x = 1"));
        let mut first = diagnostic("some-rule", "bad", find(&sources, file, "g\n"));
        first.related.push(Label { span: find(&sources, file, "x"), text: "this".to_owned() });
        insta::assert_snapshot!(shown(&sources, &[found, first]), @r"
        warning[some-rule]: bad
           ╭─[ a.nix:2:2 ]
           │
         2 │ \rx = 1;
           │   ──┬──
           │     ╰──── here
        ───╯

        warning[some-rule]: bad
           ╭─[ a.nix:1:15 ]
           │
         1 │ # a\rb\u{c}c\u{85}d\u{2028}e\u{2029}f\u{b}g
           │                                           ┬
           │                                           ╰── here
         2 │ \rx = 1;
           │   ┬
           │   ╰── this
        ───╯
        ");
    }

    #[test]
    fn places_without_characters_have_a_frame() {
        let (mut sources, file) = sources(source("/p/a.nix", "{\n}\n"));
        let empty = sources.add(Arc::new(source("/p/empty.nix", "")));
        let end = diagnostic("some-rule", "bad", span_of(file, 4, 0));
        let nothing = diagnostic("some-rule", "bad", span_of(empty, 0, 0));
        insta::assert_snapshot!(shown(&sources, &[end, nothing]), @"
        warning[some-rule]: bad
           ╭─[ a.nix:3:1 ]
           │
         3 │
           │ ┬
           │ ╰── here
        ───╯

        warning[some-rule]: bad
           ╭─[ empty.nix:1:1 ]
           │
         1 │
           │ ┬
           │ ╰── here
        ───╯
        ");
    }

    #[test]
    fn line_numbers_are_those_of_the_file() {
        let text: String = (1..=1200).map(|line| format!("line {line}\n")).collect();
        let (sources, file) = sources(source("/p/a.nix", &text));
        let mut found = diagnostic("some-rule", "bad", find(&sources, file, "line 1100"));
        found.related = vec![
            Label { span: find(&sources, file, "line 9\n"), text: "first".to_owned() },
            Label {
                span: span_of(file, text.find("line 98\n").expect("it is there"), 20),
                text: "three lines".to_owned(),
            },
        ];
        insta::assert_snapshot!(shown(&sources, &[found]), @"
        warning[some-rule]: bad
              ╭─[ a.nix:1100:1 ]
              │
            9 │     line 9
              │     ───┬──
              │        ╰──── first
              │
           98 │ ╭─▶ line 98
              ┆ ┆
          100 │ ├─▶ line 100
              │ │
              │ ╰─────────────── three lines
              │
         1100 │     line 1100
              │     ────┬────
              │         ╰────── here
        ──────╯
        ");
    }

    #[test]
    fn a_file_in_one_line_has_a_short_report() {
        let mut text = "é = \"日本\"; ".repeat(80_000);
        let middle = text.len() / 2 - text.len() / 2 % 16;
        text.insert_str(middle, "needle = 1;");
        assert!(text.len() > 1_000_000);
        let (sources, file) = sources(source("/p/bundle.nix", &text));
        let mut found = diagnostic("some-rule", "bad", find(&sources, file, "needle"));
        found.related = vec![
            Label { span: span_of(file, 0, text.len()), text: "in this".to_owned() },
            Label { span: span_of(file, text.len(), 0), text: "up to here".to_owned() },
        ];
        found.fixes = vec![fix("rename it", Applicability::Safe, find(&sources, file, "needle"), "thread")];
        let plain = shown(&sources, std::slice::from_ref(&found));
        assert!(plain.contains("needle = 1;é") && plain.contains("thread = 1;é"), "{plain}");
        for color in [false, true] {
            let options = Options { color, ..Options::default() };
            let text = rendered(Format::Full, &sources, std::slice::from_ref(&found), options);
            assert!(text.len() < 10_000, "{}", text.len());
        }
    }

    #[test]
    fn long_texts_and_many_labels_are_clipped() {
        let (sources, file) = sources(source("/p/a.nix", &"x\n".repeat(1000)));
        let mut found = diagnostic("some-rule", &"long ".repeat(10_000), span_of(file, 0, 1));
        found.related = (1..1000)
            .map(|line| Label { span: span_of(file, 2 * line, 1), text: format!("number {line}") })
            .collect();
        let text = shown(&sources, &[found]);
        assert!(text.contains("number 11") && !text.contains("number 12"));
        assert!(text.contains("note: 988 more places are not shown"));
        assert!(text.len() < 10_000, "{}", text.len());
    }

    #[test]
    fn a_fix_that_does_not_fit_shows_its_title() {
        let (sources, file) = sources(source("/p/a.nix", "é\n"));
        let mut found = diagnostic("some-rule", "bad", span_of(file, 0, 2));
        found.fixes = vec![Fix {
            title: "cut it".to_owned(),
            applicability: Applicability::Manual,
            edits: vec![edit(span_of(file, 1, 9), "")],
        }];
        assert!(shown(&sources, &[found]).ends_with("╯\n  fix (manual): cut it\n\n"));
    }

    proptest! {
        #[test]
        fn no_text_and_no_label_makes_it_panic(
            texts in proptest::collection::vec("[a日🦀e\u{301}\u{1b}\u{85}\u{2028}\u{202e}\u{200d}\t\r\n \u{feff}]{0,80}|[x日]{290,420}", 1..4),
            labels in proptest::collection::vec((0usize..4, 0u32..700, 0u32..700, "[a\n\u{1b}]{0,3}"), 1..16),
            color: bool,
        ) {
            let mut sources = Sources::default();
            for (index, text) in texts.iter().enumerate() {
                sources.add(Arc::new(source(&format!("/p/{index}.nix"), text)));
            }
            let label = |(file, a, b, text): &(usize, u32, u32, String)| {
                let file = file % texts.len();
                // Most offsets lie in the text or just behind it.
                let length = texts[file].len() as u32 + 4;
                let (a, b) = (a % length, b % length);
                let range = TextRange::new(a.min(b).into(), a.max(b).into());
                Label { span: Span::new(FileId(file as u32), range), text: text.clone() }
            };
            let mut found = diagnostic("some-rule", "bad", label(&labels[0]).span);
            found.related = labels[1..].iter().map(label).collect();
            found.fixes = labels
                .iter()
                .map(|one| fix("change it", Applicability::Safe, label(one).span, &one.3))
                .collect();
            let options = Options { color, ..Options::default() };
            let text = rendered(Format::Full, &sources, std::slice::from_ref(&found), options);

            let file = found.primary.span.file;
            let at = place::location(&sources, found.primary.span);
            let is_located = text.contains(&format!(" {at} "));
            prop_assert!(is_located, "{}", text);
            let is_expected = |c: char| matches!(c, '\n' | '\t') || (color && c == '\u{1b}');
            prop_assert!(!text.contains(|c| is_deceptive(c) && !is_expected(c)));
            // Every file has one section.
            let mut files: Vec<FileId> = found.related.iter().filter(|label| !label.text.is_empty()).take(MOST_LABELS - 1).map(|label| label.span.file).collect();
            files.push(file);
            files.sort();
            files.dedup();
            prop_assert_eq!(text.matches(".nix:").count(), files.len());
        }
    }
}
