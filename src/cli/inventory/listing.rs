//! Items with a few short columns and, below them, what does not fit into columns.

use std::fmt::Write as _;
use std::mem;

use crate::report::printable;

/// How wide a listing may be where its texts can be broken, in characters.
const WIDTH: usize = 80;

/// The least that the first column gets where the others leave it little.
const NARROWEST: usize = 16;

/// A list of items.
#[derive(Default)]
pub(super) struct Listing {
    /// The names of the columns.
    pub head: Vec<&'static str>,
    /// The details: their names where there is a column for each, and the words before them elsewhere.
    pub details: Vec<(&'static str, &'static str)>,
    pub items: Vec<Item>,
}

/// An item: one text per column and per detail.
pub(super) struct Item {
    /// Lines are shown below each other.
    pub cells: Vec<String>,
    /// Empty for what there is nothing to say of.
    pub details: Vec<String>,
}

impl Listing {
    /// Columns for people, the details below each item. Where a line would be too wide, the first column gives way:
    /// what does not fit into it has a line of its own.
    pub(super) fn plain(&self, name: &str, totals: &str) -> String {
        let mut text = String::new();
        for line in broken(&printable(&format!("{name}: {totals}")), WIDTH, "  ") {
            let _ = writeln!(text, "{line}");
        }
        if self.items.is_empty() {
            return text;
        }
        let width_of = |column: usize| {
            let cells = self.items.iter().flat_map(|item| lines_of(&item.cells[column]));
            let cells = cells.map(|line| width(&line));
            cells.chain([width(self.head[column])]).max().unwrap_or_default()
        };
        let mut widths: Vec<usize> = (0..self.head.len()).map(width_of).collect();
        let others: usize = widths.iter().skip(1).map(|width| width + 2).sum();
        if let Some(first) = widths.first_mut() {
            *first = (*first).min(WIDTH.saturating_sub(others).max(NARROWEST));
        }
        text.push('\n');
        let head: Vec<String> = self.head.iter().map(|head| head.to_uppercase()).collect();
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        line(&mut text, &head, &widths);
        for item in &self.items {
            let mut cells: Vec<Vec<String>> = item.cells.iter().map(|cell| lines_of(cell)).collect();
            if cells[0].iter().any(|line| width(line) > widths[0]) {
                for line in mem::take(&mut cells[0]) {
                    let _ = writeln!(text, "{line}");
                }
            }
            let height = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
            for at in 0..height {
                let row: Vec<&str> =
                    cells.iter().map(|cell| cell.get(at).map_or("", String::as_str)).collect();
                line(&mut text, &row, &widths);
            }
            let labelled = |(detail, (_, label)): (&String, &(&str, &str))| {
                if detail.is_empty() { String::new() } else { format!("{label}{detail}") }
            };
            let details: Vec<String> = item.details.iter().zip(&self.details).map(labelled).collect();
            for detail in flowed(&details, WIDTH - 2) {
                let _ = writeln!(text, "  {detail}");
            }
        }
        text
    }

    /// A table in Markdown with a column for every detail that any item has.
    pub(super) fn markdown(&self, name: &str, totals: &str) -> String {
        let mut text = format!("## {}\n\n{}\n", escaped(name), escaped(totals));
        if self.items.is_empty() {
            return text;
        }
        let has = |at: &usize| self.items.iter().any(|item| !item.details[*at].is_empty());
        let shown: Vec<usize> = (0..self.details.len()).filter(has).collect();
        let head = self.head.iter().copied().chain(shown.iter().map(|at| self.details[*at].0));
        let head: Vec<String> = head.map(str::to_owned).collect();
        let rule: Vec<String> = head.iter().map(|_| "---".to_owned()).collect();
        let _ = writeln!(text, "\n| {} |\n| {} |", head.join(" | "), rule.join(" | "));
        for item in &self.items {
            let cells = item.cells.iter().chain(shown.iter().map(|at| &item.details[*at]));
            let cells: Vec<String> = cells.map(|cell| escaped(cell)).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }
}

fn line(text: &mut String, cells: &[&str], widths: &[usize]) {
    let mut result = String::new();
    for (cell, column) in cells.iter().zip(widths) {
        result.push_str(cell);
        result.extend(std::iter::repeat_n(' ', column + 2 - width(cell)));
    }
    let _ = writeln!(text, "{}", result.trim_end());
}

/// The lines of a text, without anything that a terminal would obey.
fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(|line| printable(line).into_owned()).collect()
}

fn escaped(text: &str) -> String {
    let lines: Vec<String> = lines_of(text).iter().map(|line| line.replace('|', "\\|")).collect();
    lines.join("<br>")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Texts in lines of at most `room` characters, as many in a line as fit.
fn flowed(texts: &[String], room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut current = String::new();
    for text in texts.iter().flat_map(|text| lines_of(text)).filter(|text| !text.is_empty()) {
        if !current.is_empty() && width(&current) + 2 + width(&text) > room {
            lines.extend(broken(&std::mem::take(&mut current), room, "  "));
        }
        current = if current.is_empty() { text } else { format!("{current}; {text}") };
    }
    if !current.is_empty() {
        lines.extend(broken(&current, room, "  "));
    }
    lines
}

/// `text` in lines of at most `room` characters, broken at spaces; longer words stay whole. Lines but the
/// first begin with `indent`.
fn broken(text: &str, room: usize, indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut current = String::new();
    for word in text.split(' ') {
        let is_empty = current.trim().is_empty();
        if !is_empty && width(&current) + 1 + width(word) > room {
            lines.push(std::mem::replace(&mut current, format!("{indent}{word}")));
        } else {
            if !is_empty {
                current.push(' ');
            }
            current.push_str(word);
        }
    }
    lines.push(current);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        let long = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen";
        let item = |cells: [&str; 2], details: [&str; 2]| Item {
            cells: cells.map(str::to_owned).into(),
            details: details.map(str::to_owned).into(),
        };
        Listing {
            head: vec!["Name", "Ports"],
            details: vec![("Where", ""), ("Why", "because ")],
            items: vec![
                item(["a \u{1b}[31m", "1\n2"], ["x.nix:1", long]),
                item(["a|longer", "-"], ["y.nix:2", ""]),
            ],
        }
    }

    #[test]
    fn details_stand_below_their_item() {
        let expected = "\
host: 2 things

NAME          PORTS
a \\u{1b}[31m  1
              2
  x.nix:1
  because one two three four five six seven eight nine ten eleven twelve
    thirteen fourteen fifteen
a|longer      -
  y.nix:2
";
        assert_eq!(listing().plain("host", "2 things"), expected);
    }

    #[test]
    fn a_name_that_leaves_no_room_has_a_line_of_its_own() {
        let item = |name: &str| Item {
            cells: vec![name.to_owned(), "x".repeat(30), "y".repeat(28)],
            details: Vec::new(),
        };
        let items = vec![item("short"), item("a-name-of-twenty-nine-letters")];
        let listing = Listing { head: vec!["Name", "X", "Y"], details: Vec::new(), items };
        let text = listing.plain("host", "2 things");
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(lines[0].find('x'), Some(20));
        assert_eq!(lines[1], "a-name-of-twenty-nine-letters");
        assert_eq!(lines[2].find('x'), Some(20));
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
    }

    #[test]
    fn markdown_has_a_column_for_each_detail() {
        let text = listing().markdown("host", "2 things");
        let rows: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(rows[0], "| Name | Ports | Where | Why |");
        assert!(rows[2].contains("| 1<br>2 | x.nix:1 | one two"), "{}", rows[2]);
        assert_eq!(rows[3], "| a\\|longer | - | y.nix:2 |  |");
    }

    #[test]
    fn nothing_is_said_in_one_line() {
        assert_eq!(Listing::default().plain("host", "no ports"), "host: no ports\n");
        assert_eq!(Listing::default().markdown("host", "no ports"), "## host\n\nno ports\n");
    }
}
