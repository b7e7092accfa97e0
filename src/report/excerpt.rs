//! The lines of a file that a report shows, as a small text of their own.
//!
//! Only lines in which a marked range starts or ends are copied, with a blank line for every gap, so
//! that the cost of a finding does not depend on the size of its file. Characters a terminal could
//! act on become escapes, and very long lines are clipped around the marks. Lines end at `\n` only.

use std::collections::BTreeMap;
use std::ops::Range;

use super::place;
use super::terminal::printable_source;
use crate::text::{PositionEncoding, SourceFile, TextRange, TextSize, floor_char_boundary};

/// Longest line that is shown whole, in characters.
pub(super) const LONGEST_LINE: usize = 300;
/// What the marks of one clipped line share for their surroundings, in characters.
const SURROUNDINGS: usize = 240;
/// What is shown at least before and after a mark in a clipped line, in characters.
const LEAST_SURROUNDINGS: usize = 8;

/// Some lines of a file, ready to be drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines, each with a blank and `\n` at its end: every mark has a character to stand under.
    pub text: String,
    /// For every line of `text` its number in the file, from 1; `None` for a gap.
    pub numbers: Vec<Option<u32>>,
    /// The marked ranges in the order they were given, in characters of `text`; never empty.
    pub marks: Vec<Range<usize>>,
}

/// The excerpt of `file` that shows where `ranges` start and end.
pub(super) fn excerpt(file: &SourceFile, ranges: &[TextRange]) -> Excerpt {
    let ends: Vec<[End; 2]> = ranges.iter().map(|range| ends_of(file, *range)).collect();
    let mut lines: BTreeMap<u32, Vec<Range<usize>>> = BTreeMap::new();
    for [start, end] in &ends {
        if start.line == end.line {
            lines.entry(start.line).or_default().push(start.byte..end.byte);
        } else {
            lines.entry(start.line).or_default().push(start.byte..start.byte);
            lines.entry(end.line).or_default().push(end.byte..end.byte);
        }
    }

    let mut text = String::new();
    let mut characters = 0;
    let mut numbers = Vec::new();
    let mut shown: BTreeMap<u32, (usize, ShownLine<'_>)> = BTreeMap::new();
    for (line, marks) in lines {
        if shown.last_key_value().is_some_and(|(last, _)| last + 1 < line) {
            text.push_str(" \n");
            characters += 2;
            numbers.push(None);
        }
        let line_shown = shown_line(place::line_content(file, line).1, marks);
        text.push_str(&line_shown.text);
        text.push_str(" \n");
        numbers.push(Some(line + 1));
        let length = line_shown.text.chars().count() + 2;
        shown.insert(line, (characters, line_shown));
        characters += length;
    }

    let marks = ends.iter().map(|[start, end]| {
        let character = |at: &End| {
            let (offset, line) = &shown[&at.line];
            (*offset, line.column(at.byte))
        };
        let (start_line, start_column) = character(start);
        let (end_line, end_column) = character(end);
        // The end of a range over several lines lies behind its last character, at least one.
        let end_column = if end_line == start_line { end_column } else { end_column.max(1) };
        let start = start_line + start_column;
        start..(end_line + end_column).max(start + 1)
    });
    Excerpt { text, numbers, marks: marks.collect() }
}

/// One end of a range.
struct End {
    line: u32,
    /// Byte in the content of the line, line break left out.
    byte: usize,
}

fn ends_of(file: &SourceFile, range: TextRange) -> [End; 2] {
    let range = place::snapped(&file.text, range);
    // The last character decides in which line a range ends, not the place behind it.
    let last = if range.is_empty() {
        range.start()
    } else {
        floor_char_boundary(&file.text, range.end() - TextSize::new(1))
    };
    let end_in = |offset: TextSize, line_of: TextSize| {
        let line = place::position(file, line_of, PositionEncoding::Utf8).line;
        let (start, content) = place::line_content(file, line);
        End { line, byte: usize::from(offset - start).min(content.len()) }
    };
    [end_in(range.start(), range.start()), end_in(range.end(), last)]
}

/// A line as it is drawn, and which of its bytes that shows.
struct ShownLine<'t> {
    text: String,
    content: &'t str,
    pieces: Vec<Piece>,
}

/// A part of a line that is shown.
struct Piece {
    bytes: Range<usize>,
    /// The column of its first character, from 0.
    column: usize,
}

impl ShownLine<'_> {
    /// The column that shows `byte`, from 0; bytes that are clipped away stand where `…` does.
    fn column(&self, byte: usize) -> usize {
        let Some(piece) = self.pieces.iter().rev().find(|piece| piece.bytes.start <= byte) else {
            return 0;
        };
        let end = byte.min(piece.bytes.end);
        let within = printable_source(&self.content[piece.bytes.start..end]).chars().count();
        let clipped = usize::from(byte > piece.bytes.end);
        piece.column + within + clipped
    }
}

fn shown_line(content: &str, marks: Vec<Range<usize>>) -> ShownLine<'_> {
    let mut text = String::new();
    let mut pieces = Vec::new();
    for bytes in windows(content, marks) {
        if bytes.start > 0 && pieces.is_empty() {
            text.push('…');
        }
        pieces.push(Piece { bytes: bytes.clone(), column: text.chars().count() });
        text.push_str(&printable_source(&content[bytes.clone()]));
        if bytes.end < content.len() {
            text.push('…');
        }
    }
    ShownLine { text, content, pieces }
}

/// The parts of a line to show: all of it, or what surrounds the marks where it is too long.
fn windows(content: &str, mut marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    if content.chars().nth(LONGEST_LINE).is_none() {
        return std::iter::once(0..content.len()).collect();
    }
    let share = (SURROUNDINGS / marks.len() / 4).max(LEAST_SURROUNDINGS);
    marks.sort_by_key(|mark| (mark.start, mark.end));
    let mut result: Vec<Range<usize>> = Vec::new();
    for mark in marks {
        let start = back(content, mark.start, share);
        let shown_end = mark.end.min(forward(content, mark.start, 2 * share));
        let end = forward(content, shown_end, share);
        match result.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => result.push(start..end),
        }
    }
    result
}

/// The byte `count` characters before `byte`.
fn back(content: &str, byte: usize, count: usize) -> usize {
    content[..byte].char_indices().rev().take(count).last().map_or(byte, |(at, _)| at)
}

/// The byte `count` characters behind `byte`.
fn forward(content: &str, byte: usize, count: usize) -> usize {
    content[byte..].char_indices().nth(count).map_or(content.len(), |(at, _)| byte + at)
}

/// `line` without its middle or ends where it is too long: `focus`, in bytes, stays visible.
pub(super) fn clipped_line(line: &str, focus: Range<usize>) -> String {
    shown_line(line, vec![focus]).text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::source;

    fn of(text: &str, ranges: &[(usize, usize)]) -> Excerpt {
        let ranges: Vec<TextRange> = ranges
            .iter()
            .map(|(start, end)| TextRange::new((*start as u32).into(), (*end as u32).into()))
            .collect();
        excerpt(&source("/p/a.nix", text), &ranges)
    }

    fn marked(excerpt: &Excerpt) -> Vec<String> {
        let text: Vec<char> = excerpt.text.chars().collect();
        excerpt.marks.iter().map(|mark| text[mark.clone()].iter().collect()).collect()
    }

    #[test]
    fn only_lines_with_ends_are_copied() {
        let text = "one\ntwo\r\nthree\nfour\nfive\n";
        let result = of(text, &[(4, 7), (15, 24), (0, 1)]);
        assert_eq!(result.text, "one \ntwo \n \nfour \nfive \n");
        assert_eq!(result.numbers, [Some(1), Some(2), None, Some(4), Some(5)]);
        assert_eq!(marked(&result), ["two", "four \nfive", "o"]);
    }

    #[test]
    fn empty_ranges_and_line_breaks_have_a_place() {
        assert_eq!(marked(&of("ab\r\n", &[(1, 1), (2, 2), (2, 4), (4, 4)])), ["b", " ", " ", " "]);
        assert_eq!(of("", &[(0, 0)]).text, " \n");
        assert_eq!(of("a\n", &[(2, 2)]).numbers, [Some(2)]);
    }

    #[test]
    fn escapes_move_the_marks() {
        let text = "\u{1b}a\rb\u{85}c\u{2028}d\n";
        let at = |c| text.find(c).expect("the text has the character");
        let result = of(text, &[(at('a'), at('a') + 1), (at('b'), at('d')), (0, 1)]);
        assert_eq!(result.text, "\\u{1b}a\\rb\\u{85}c\\u{2028}d \n");
        assert_eq!(marked(&result), ["a", r"b\u{85}c\u{2028}", r"\u{1b}"]);
    }

    #[test]
    fn long_lines_are_clipped_around_the_marks() {
        let text = format!("{}needle{}thread{}", "é".repeat(5000), "日".repeat(5000), "x".repeat(5000));
        let at = |needle: &str| {
            let start = text.find(needle).expect("the text has the needle");
            (start, start + needle.len())
        };
        let both = of(&text, &[at("thread"), at("needle")]);
        assert_eq!(marked(&both), ["thread", "needle"]);
        assert!(both.text.chars().count() < LONGEST_LINE, "{}", both.text);
        assert_eq!(both.text.matches('…').count(), 3);

        let all = of(&text, &[(0, text.len())]);
        assert!(all.text.chars().count() < LONGEST_LINE, "{}", all.text);
        assert!(marked(&all)[0].ends_with('…'));
    }

    proptest! {
        #[test]
        fn marks_lie_in_the_text_and_show_what_they_mark(
            text in "[a-c日🦀\u{1b}\u{85} \t\r\n]{0,600}",
            cuts in proptest::collection::vec((0usize..900, 0usize..900), 1..6),
        ) {
            let ranges: Vec<(usize, usize)> = cuts.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
            let result = of(&text, &ranges);
            let length = result.text.chars().count();
            prop_assert_eq!(result.text.lines().count(), result.numbers.len());
            for (mark, (start, end)) in result.marks.iter().zip(ranges) {
                prop_assert!(mark.start < mark.end && mark.end <= length);
                let wanted = text.get(start..end).filter(|wanted| {
                    !wanted.is_empty() && !wanted.contains('\n') && text.len() < LONGEST_LINE
                });
                // A carriage return before a line feed is part of the line break.
                if let Some(wanted) = wanted && !wanted.ends_with('\r') {
                    let shown: String = result.text.chars().skip(mark.start).take(mark.len()).collect();
                    prop_assert_eq!(shown, printable_source(wanted).into_owned());
                }
            }
        }
    }
}
