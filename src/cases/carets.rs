//! Findings as comment lines under the code they are about.
//!
//! ```text
//!   a = 1;
//! #     ^ the message
//! ```
//!
//! The carets stand under the exact characters. `…` behind them says that the finding goes on in the next
//! lines; its end is not shown. The mark of the comment takes the first column, so a finding that begins
//! there, or is empty, is written with columns from 0 instead: `#[0..4] the message`, `#[0..] the message`
//! for one that goes on. The lines are taken out before the text is read, so they may stand anywhere.

/// A finding in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Line in which it begins, from 0.
    pub line: usize,
    /// First column, in characters from 0.
    pub start: usize,
    /// Column behind it; `None` where it goes on in the next line.
    pub end: Option<usize>,
    /// What is said.
    pub message: String,
}

/// The text without caret lines.
pub fn strip(annotated: &str) -> String {
    annotated.split_inclusive('\n').filter(|line| !is_caret_line(line)).collect()
}

/// The text with caret lines.
pub fn annotate(text: &str, mut marks: Vec<Mark>) -> String {
    marks.sort();
    let mut marks = marks.into_iter().peekable();
    let last = text.lines().count().saturating_sub(1);
    let mut result = String::new();
    for (index, line) in text.lines().enumerate() {
        result.push_str(line);
        result.push('\n');
        while let Some(mark) = marks.next_if(|mark| mark.line <= index || index == last) {
            result.push_str(&caret_line(&mark, line.chars().count()));
            result.push('\n');
        }
    }
    result
}

fn caret_line(mark: &Mark, width: usize) -> String {
    let end = mark.end.unwrap_or(width);
    if mark.start == 0 || mark.start >= end {
        let end = mark.end.map(|end| end.to_string()).unwrap_or_default();
        return format!("#[{}..{end}] {}", mark.start, mark.message);
    }
    let goes_on = if mark.end.is_none() { "…" } else { "" };
    format!("#{}{}{goes_on} {}", " ".repeat(mark.start - 1), "^".repeat(end - mark.start), mark.message)
}

fn is_caret_line(line: &str) -> bool {
    let Some(rest) = line.trim_end().strip_prefix('#') else { return false };
    if let Some((columns, _)) = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        return columns
            .split_once("..")
            .is_some_and(|(start, end)| !start.is_empty() && is_number(start) && is_number(end));
    }
    let Some(carets) = rest.trim_start_matches(' ').strip_prefix('^') else { return false };
    let rest = carets.trim_start_matches('^');
    let rest = rest.strip_prefix('…').unwrap_or(rest);
    rest.is_empty() || rest.starts_with(' ')
}
