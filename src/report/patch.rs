//! What a fix changes, as a small diff to show under a finding.
//!
//! The lines around the edits are compared, never whole files; nothing here can be applied.

use std::ops::Range;

use super::diff::{ChangeTag, hunks, painted};
use super::excerpt::clipped_line;
use super::place;
use super::terminal::{Color, paint, readable};
use crate::text::{
    Edit, FileId, PositionEncoding, SourceFile, Sources, TextRange, TextSize, apply_edits,
    floor_char_boundary,
};

/// Most lines of one patch that are shown.
const MOST_LINES: usize = 40;
/// How much of a line is looked at on each side of an edit, in bytes.
const REACH: u32 = 600;
/// Largest stretch of text whose change is shown, in bytes.
const LARGEST_REGION: usize = 64 * 1024;

/// The lines of a diff for `edits`, without line breaks: a hunk header, changed lines and one line
/// around them. Files other than `home` are named. Empty when the edits do not fit the texts.
pub(super) fn patch(sources: &Sources, home: FileId, edits: &[Edit], color: bool) -> Vec<String> {
    let mut result = Vec::new();
    let mut files: Vec<FileId> = edits.iter().map(|edit| edit.file).collect();
    files.sort_by_key(|file| (*file != home, *file));
    files.dedup();
    for file in &files {
        let mut own: Vec<&Edit> = edits.iter().filter(|edit| edit.file == *file).collect();
        own.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
        if files != [home] {
            let path = readable(&sources.get(*file).display).into_owned();
            result.push(paint(&path, Color::Bold, color).into_owned());
        }
        let Some(lines) = file_patch(sources.get(*file), &own, color) else {
            return Vec::new();
        };
        result.extend(lines);
    }
    let hidden = result.len().saturating_sub(MOST_LINES);
    // A line that says that one line is missing is no shorter than that line.
    if hidden > 1 {
        result.truncate(MOST_LINES);
        result.push(format!("… {hidden} more lines"));
    }
    result
}

/// The patch of one file; `None` when the edits, sorted, do not fit its text.
fn file_patch(file: &SourceFile, edits: &[&Edit], color: bool) -> Option<Vec<String>> {
    let mut result = Vec::new();
    let mut shift: isize = 0;
    for region in regions(file, edits) {
        let old = &file.text[region.bytes.clone()];
        let start = TextSize::new(region.bytes.start as u32);
        let moved: Vec<Edit> = region
            .edits
            .iter()
            .map(|edit| Some(Edit { range: edit.range.checked_sub(start)?, ..(*edit).clone() }))
            .collect::<Option<_>>()?;
        if old.len() + moved.iter().map(|edit| edit.text.len()).sum::<usize>() > LARGEST_REGION {
            result.push(format!("… a change of {} bytes from line {} on", old.len(), region.line + 1));
            continue;
        }
        let new = apply_edits(old, &moved).ok()?;
        let sides = Sides::new(&region, old, &new);
        for mut hunk in hunks(old, &new, 1) {
            let (mut old_line, mut new_line) = (hunk.old_start, hunk.new_start);
            hunk.old_start += region.line as usize;
            hunk.new_start = (hunk.new_start + region.line as usize).saturating_add_signed(shift);
            result.push(paint(&hunk.header(), Color::Cyan, color).into_owned());
            for (tag, line) in hunk.lines {
                let text = match tag {
                    ChangeTag::Insert => sides.shown(&sides.new, new_line, line),
                    ChangeTag::Delete | ChangeTag::Equal => sides.shown(&sides.old, old_line, line),
                };
                old_line += usize::from(tag != ChangeTag::Insert);
                new_line += usize::from(tag != ChangeTag::Delete);
                result.push(painted(tag, &text, color));
                if sides.final_break_changes && tag != ChangeTag::Equal && !line.ends_with('\n') {
                    result.push("\\ No newline at end of file".to_owned());
                }
            }
        }
        shift += new.matches('\n').count() as isize - old.matches('\n').count() as isize;
    }
    Some(result)
}

/// A stretch of text and the edits in it.
struct Region<'e> {
    /// Line in which it starts, from 0.
    line: u32,
    bytes: Range<usize>,
    /// Whether it starts or ends inside a line, because the line is very long.
    cut: [bool; 2],
    edits: &'e [&'e Edit],
}

/// Edits with the line before and the line behind them; edits whose lines meet are taken together.
fn regions<'e>(file: &SourceFile, edits: &'e [&'e Edit]) -> Vec<Region<'e>> {
    let line_of = |offset| place::position(file, offset, PositionEncoding::Utf8).line;
    let first_line = |edit: &Edit| line_of(edit.range.start()).saturating_sub(1);
    let mut result = Vec::new();
    let mut rest = edits;
    while let Some(first) = rest.first() {
        let mut last_line = line_of(first.range.end()) + 1;
        let mut end = first.range.end();
        let mut count = 1;
        while let Some(next) = rest.get(count).filter(|next| first_line(next) <= last_line + 1) {
            last_line = last_line.max(line_of(next.range.end()) + 1);
            end = end.max(next.range.end());
            count += 1;
        }
        let line_start =
            file.lines().line_range(first_line(first)).map_or(TextSize::new(0), TextRange::start);
        let line_end =
            file.lines().line_range(last_line).map_or(crate::text::size_of(&file.text), TextRange::end);
        let reach = TextSize::new(REACH);
        let wanted_start = first.range.start().checked_sub(reach).unwrap_or_default().max(line_start);
        let wanted_end = end.checked_add(reach).map_or(line_end, |end| end.min(line_end));
        let start = floor_char_boundary(&file.text, wanted_start);
        let end = floor_char_boundary(&file.text, wanted_end).max(start);
        let text = &*file.text;
        let starts_line = start == TextSize::new(0) || text[..usize::from(start)].ends_with('\n');
        let ends_line = usize::from(end) == text.len() || text[..usize::from(end)].ends_with('\n');
        result.push(Region {
            line: line_of(start),
            bytes: usize::from(start)..usize::from(end),
            cut: [!starts_line, !ends_line],
            edits: &rest[..count],
        });
        rest = &rest[count..];
    }
    result
}

/// What it takes to show a line of a region before or after a change.
struct Sides {
    old: Side,
    new: Side,
    cut: [bool; 2],
    /// Whether carriage returns before line feeds go without saying.
    hides_carriage_returns: bool,
    final_break_changes: bool,
}

struct Side {
    /// Where every line starts, in bytes of the region.
    starts: Vec<usize>,
    /// What differs from the other side, in bytes of the region.
    changed: Range<usize>,
}

impl Sides {
    fn new(region: &Region<'_>, old: &str, new: &str) -> Self {
        let front = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
        let shorter = old.len().min(new.len()) - front;
        let back = old.bytes().rev().zip(new.bytes().rev()).take(shorter).take_while(|(a, b)| a == b).count();
        let side = |text: &str| {
            let mut starts = vec![0];
            starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
            Side { starts, changed: front..text.len() - back }
        };
        let is_uniform = |text: &str| text.matches('\n').count() == text.matches("\r\n").count();
        Self {
            old: side(old),
            new: side(new),
            cut: region.cut,
            hides_carriage_returns: is_uniform(old) && is_uniform(new),
            final_break_changes: !region.cut[1] && old.ends_with('\n') != new.ends_with('\n'),
        }
    }

    /// `line` is line `index` of `side`: without its line break, clipped where it is very long.
    fn shown(&self, side: &Side, index: usize, line: &str) -> String {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = match content.strip_suffix('\r') {
            Some(content) if self.hides_carriage_returns && line.ends_with('\n') => content,
            _ => content,
        };
        let within = |byte: usize| {
            let byte = byte.saturating_sub(side.starts[index]).min(content.len());
            usize::from(floor_char_boundary(content, TextSize::new(byte as u32)))
        };
        let mut result = clipped_line(content, within(side.changed.start)..within(side.changed.end));
        if self.cut[0] && index == 0 && !result.starts_with('…') {
            result.insert(0, '…');
        }
        if self.cut[1] && index + 1 == side.starts.len() && !result.ends_with('…') {
            result.push('…');
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{edit, find, source, sources, span_of};

    fn shown(text: &str, changes: &[(&str, &str)]) -> String {
        let (sources, file) = sources(source("/p/a.nix", text));
        let edits: Vec<Edit> =
            changes.iter().map(|(old, new)| edit(find(&sources, file, old), new)).collect();
        patch(&sources, file, &edits, false).join("\n")
    }

    #[test]
    fn a_change_stands_between_its_neighbours() {
        let text = "{\n  a = 1;\n  b = 2;\n  c = 3;\n  d = 4;\n  e = 5;\n  f = 6;\n  g = 7;\n}\n";
        insta::assert_snapshot!(shown(text, &[("2", "two;\n  x = 0")]), @"
        @@ -2,3 +2,4 @@
           a = 1;
        -  b = 2;
        +  b = two;
        +  x = 0;
           c = 3;
        ");
        insta::assert_snapshot!(shown(text, &[("  b = 2;\n", ""), ("d", "x"), ("7", "8")]), @"
        @@ -2,8 +2,7 @@
           a = 1;
        -  b = 2;
           c = 3;
        -  d = 4;
        +  x = 4;
           e = 5;
           f = 6;
        -  g = 7;
        +  g = 8;
         }
        ");
    }

    #[test]
    fn line_numbers_follow_earlier_changes() {
        let text: String = (1..=30).map(|line| format!("line {line}\n")).collect();
        insta::assert_snapshot!(shown(&text, &[("line 3\n", "3a\n3b\n3c\n"), ("line 25", "25")]), @"
        @@ -2,3 +2,5 @@
         line 2
        -line 3
        +3a
        +3b
        +3c
         line 4
        @@ -24,3 +26,3 @@
         line 24
        -line 25
        +25
         line 26
        ");
    }

    #[test]
    fn carriage_returns_show_only_where_they_matter() {
        insta::assert_snapshot!(shown("a\r\nb\r\n", &[("b", "c")]), @"
        @@ -1,2 +1,2 @@
         a
        -b
        +c
        ");
        insta::assert_snapshot!(shown("a\r\nb\r\n", &[("b\r", "b")]), @r"
        @@ -1,2 +1,2 @@
         a\r
        -b\r
        +b
        ");
    }

    #[test]
    fn a_final_line_break_that_comes_or_goes_is_said() {
        insta::assert_snapshot!(shown("a\nb", &[("b", "b\n")]), @r"
        @@ -1,2 +1,2 @@
         a
        -b
        \ No newline at end of file
        +b
        ");
        insta::assert_snapshot!(shown("a\nb", &[("b", "c")]), @"
        @@ -1,2 +1,2 @@
         a
        -b
        +c
        ");
    }

    #[test]
    fn very_long_lines_are_clipped_around_the_change() {
        let text = format!("{}needle{}\nnext\n", "é".repeat(400_000), "日x".repeat(100_000));
        let result = shown(&text, &[("needle", "thread")]);
        let lines: Vec<&str> = result.lines().collect();
        assert_eq!(lines.len(), 3, "{result}");
        assert!(lines[1].starts_with("-…é") && lines[1].contains("éneedle日x") && lines[1].ends_with('…'));
        assert!(lines[2].starts_with("+…é") && lines[2].contains("éthread日x") && lines[2].ends_with('…'));
        assert!(result.len() < 2000, "{}", result.len());
    }

    #[test]
    fn large_changes_are_only_counted() {
        let text = "line\n".repeat(50_000);
        let (sources, file) = sources(source("/p/a.nix", &text));
        let all = [edit(span_of(file, 0, text.len()), "")];
        assert_eq!(patch(&sources, file, &all, false), ["… a change of 250000 bytes from line 1 on"]);
        let some = [edit(span_of(file, 0, 500), "")];
        let lines = patch(&sources, file, &some, false);
        assert_eq!(lines.len(), MOST_LINES + 1);
        assert_eq!(lines[MOST_LINES], "… 62 more lines");
    }

    #[test]
    fn edits_that_do_not_fit_give_no_patch() {
        let (sources, file) = sources(source("/p/a.nix", "é\n"));
        assert!(patch(&sources, file, &[edit(span_of(file, 1, 1), "")], false).is_empty());
        assert!(patch(&sources, file, &[edit(span_of(file, 90, 1), "")], false).is_empty());
    }
}
