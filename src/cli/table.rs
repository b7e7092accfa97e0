//! Tables for people and for Markdown. What they say is decided by the commands.

use crate::report::printable;

/// How wide a table may be where its texts can be broken, in characters.
const WIDTH: usize = 80;

/// The least that the last column gets.
const LEAST: usize = 20;

/// Texts in rows and columns. A cell may have several lines.
pub(super) struct Table<const COLUMNS: usize> {
    pub head: [&'static str; COLUMNS],
    pub rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// Columns with spaces between them; the text of the last is broken where the line is full.
    pub(super) fn plain(&self) -> String {
        let cells = |row: &[String; COLUMNS]| row.clone().map(|cell| lines_of(&cell));
        let rows: Vec<[Vec<String>; COLUMNS]> = self.rows.iter().map(cells).collect();
        let width_of = |column: usize| {
            let lines = rows.iter().flat_map(|row| &row[column]).map(|line| width(line));
            lines.chain([width(self.head[column])]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..COLUMNS - 1).map(width_of).collect();
        let indent = widths.iter().map(|width| width + 2).sum::<usize>();
        let room = WIDTH.saturating_sub(indent).max(LEAST);

        let mut result = String::new();
        let mut line = |cells: [&str; COLUMNS]| {
            let mut line = String::new();
            for (cell, column_width) in cells.iter().zip(&widths) {
                let space = column_width + 2 - width(cell);
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', space));
            }
            line.push_str(cells[COLUMNS - 1]);
            result.push_str(line.trim_end());
            result.push('\n');
        };
        line(self.head);
        for mut row in rows {
            row[COLUMNS - 1] = row[COLUMNS - 1].iter().flat_map(|line| broken(line, room)).collect();
            let height = row.iter().map(Vec::len).max().unwrap_or_default();
            for at in 0..height {
                line(row.each_ref().map(|cell| cell.get(at).map_or("", String::as_str)));
            }
        }
        result
    }

    /// The table in Markdown.
    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head = self.head.map(str::to_owned);
        let rule = self.head.map(|_| "---".to_owned());
        let escaped = |cell: &String| {
            let lines: Vec<String> = lines_of(cell).iter().map(|line| line.replace('|', "\\|")).collect();
            lines.join("<br>")
        };
        let rows = self.rows.iter().map(|row| line(&row.iter().map(escaped).collect::<Vec<_>>()));
        [line(&head), line(&rule)].into_iter().chain(rows).collect()
    }
}

/// The lines of a cell, without anything that a terminal would obey.
fn lines_of(cell: &str) -> Vec<String> {
    cell.lines().map(|line| printable(line).into_owned()).collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// `text` in lines of at most `room` characters, broken at spaces; longer words stay whole. Lines but the
/// first are indented by two spaces.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("invariant: there is always a line");
        if line.trim().is_empty() || width(line) + 1 + width(word) <= room {
            if !line.is_empty() && !line.ends_with("  ") {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(format!("  {word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<3> {
        let long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        let rows = vec![
            row(["a", "wide \u{1b}[31m", long]),
            row(["a longer name", "x|y", "first\nsecond"]),
            row(["b", "", ""]),
        ];
        Table { head: ["NAME", "WHAT", "WHY"], rows }
    }

    #[test]
    fn the_last_column_is_broken() {
        insta::assert_snapshot!(table().plain(), @r"
        NAME           WHAT             WHY
        a              wide \u{1b}[31m  one two three four five six seven eight nine ten
                                          eleven twelve thirteen fourteen
        a longer name  x|y              first
                                        second
        b
        ");
    }

    #[test]
    fn markdown_has_one_line_per_row() {
        insta::assert_snapshot!(table().markdown(), @r"
        | NAME | WHAT | WHY |
        | --- | --- | --- |
        | a | wide \u{1b}[31m | one two three four five six seven eight nine ten eleven twelve thirteen fourteen |
        | a longer name | x\|y | first<br>second |
        | b |  |  |
        ");
    }
}
