//! What is written for people's eyes: escapes, clipping, colours, links.
//!
//! Text that comes from files or names passes through [`printable`] before it may reach a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::mask::MASK;

/// Longest free text (messages, notes, titles) shown to people, in characters.
const LONGEST_TEXT: usize = 600;

/// What hidden text looks like, however long it is.
const HIDDEN: &str = "•••";

/// SGR parameters of the colours used outside code frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Color {
    Red,
    Yellow,
    Green,
    Cyan,
    Gray,
    Bold,
}

/// `text` on one line with every character that moves the cursor, changes the reading direction or is
/// invisible written as an escape: `\n`, `\t`, `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, is_deceptive)
}

/// As [`printable`], but tabs stay, and what is hidden is drawn as dots: for lines of source text.
pub(super) fn printable_source(line: &str) -> Cow<'_, str> {
    let is_escaped = |c| c != '\t' && is_deceptive(c);
    if !line.contains(MASK) {
        return escaped(line, is_escaped);
    }
    let mut result = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(MASK) {
        result.push_str(&escaped(&rest[..at], is_escaped));
        result.push_str(HIDDEN);
        rest = rest[at..].trim_start_matches(MASK);
    }
    result.push_str(&escaped(rest, is_escaped));
    Cow::Owned(result)
}

/// As [`printable`], but no longer than anyone reads.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => Cow::Owned(printable(&text[..end]).into_owned() + "…"),
        None => printable(text),
    }
}

/// Whether a terminal or a reader may take `c` for something it is not. Joiners (U+200C, U+200D) are
/// not among these: scripts and emoji need them.
pub(super) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// `text` in `color` where `wanted`.
pub(super) fn paint(text: &str, color: Color, wanted: bool) -> Cow<'_, str> {
    let code = match color {
        _ if !wanted => return Cow::Borrowed(text),
        Color::Red => "31",
        Color::Yellow => "33",
        Color::Green => "32",
        Color::Cyan => "36",
        Color::Gray => "38;5;246",
        Color::Bold => "1",
    };
    Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m"))
}

/// `text` as an OSC 8 link to `url`.
pub(super) fn hyperlink(text: &str, url: &str) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

/// `text` without resets that are followed at once by the colour they end.
pub(super) fn merge_colors(text: &str) -> String {
    const RESET: &str = "\u{1b}[0m";
    let mut result = String::with_capacity(text.len());
    let mut active = "";
    let mut reset_is_due = false;
    let mut rest = text;
    while !rest.is_empty() {
        let code = if rest.starts_with("\u{1b}[") { rest.find('m').map(|end| &rest[..=end]) } else { None };
        if let Some(code) = code {
            rest = &rest[code.len()..];
            if code == RESET {
                reset_is_due = !active.is_empty();
            } else if reset_is_due && code == active {
                reset_is_due = false;
            } else {
                if reset_is_due {
                    result.push_str(RESET);
                    reset_is_due = false;
                }
                result.push_str(code);
                active = code;
            }
            continue;
        }
        if reset_is_due {
            result.push_str(RESET);
            reset_is_due = false;
            active = "";
        }
        let next = rest.char_indices().skip(1).find(|(_, c)| *c == '\u{1b}');
        let end = next.map_or(rest.len(), |(at, _)| at);
        result.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    if reset_is_due {
        result.push_str(RESET);
    }
    result
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&is_escaped) else {
        return Cow::Borrowed(text);
    };
    let mut result = String::with_capacity(text.len() + 16);
    result.push_str(&text[..first]);
    for c in text[first..].chars() {
        match c {
            _ if !is_escaped(c) => result.push(c),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            _ => write!(result, "\\u{{{:x}}}", u32::from(c)).expect("invariant: strings take all text"),
        }
    }
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidi_characters_become_escapes() {
        let hostile =
            "a\u{1b}]0;x\u{7}\r\n\tb\u{202e}c\u{2066}d\u{9b}e\u{2028}f\u{85}g\u{e0041}h\0\u{7f}\u{feff}";
        insta::assert_snapshot!(
            printable(hostile),
            @r"a\u{1b}]0;x\u{7}\r\n\tb\u{202e}c\u{2066}d\u{9b}e\u{2028}f\u{85}g\u{e0041}h\u{0}\u{7f}\u{feff}"
        );
        assert_eq!(printable_source("\ta\u{1b}"), "\ta\\u{1b}");
    }

    #[test]
    fn readable_text_stays_as_it_is() {
        for text in ["", "é 日本 🦀 👩\u{200d}👧 \\n", "שלום"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn long_text_is_clipped_between_characters() {
        let long = "é".repeat(LONGEST_TEXT + 1);
        assert_eq!(readable(&long).chars().count(), LONGEST_TEXT + 1);
        assert!(readable(&long).ends_with("é…"));
        assert_eq!(readable(&long[2..]), &long[2..]);
    }

    #[test]
    fn equal_colors_in_a_row_are_merged() {
        let text = "\u{1b}[31ma\u{1b}[0m\u{1b}[31mb\u{1b}[0m \u{1b}[31mc\u{1b}[0m\u{1b}[32md\u{1b}[0m";
        insta::assert_snapshot!(printable(&merge_colors(text)), @r"\u{1b}[31mab\u{1b}[0m \u{1b}[31mc\u{1b}[0m\u{1b}[32md\u{1b}[0m");
        assert_eq!(merge_colors("plain"), "plain");
    }
}
