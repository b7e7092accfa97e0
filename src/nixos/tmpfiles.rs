//! Lines of tmpfiles.d(5): split as systemd splits them, and what can be wrong with them.
//!
//! From src/tmpfiles/tmpfiles.c of systemd (`parse_line`): types, modifiers and the mode; users, groups and ages are
//! not looked at.

/// What stands in a line for text that is not known.
pub const HOLE: char = '\u{fffc}';

/// Types of lines.
const TYPES: &str = "fFwdDevqQpLcbCxXrRzZmtThHaA";

/// What may follow the type.
const MODIFIERS: &str = "!-+=~^$?";

/// Types whose mode is that of what they make or change.
const WITH_MODE: &str = "fFdDevqQpcbC";

/// A line that is whole as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The type with its modifiers.
    pub kind: String,
    /// The path.
    pub path: String,
    /// The mode, where one is given and known.
    pub mode: Option<String>,
}

/// Why systemd passes over a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// A quote without its partner.
    #[error("a quote is not closed")]
    OpenQuote,
    /// The first field is no type.
    #[error("`{0}` is no type of line")]
    Type(String),
    /// There is nothing behind the type.
    #[error("there is no path")]
    NoPath,
    /// The path does not begin at the root.
    #[error("the path `{0}` is not absolute")]
    Relative(String),
    /// The third field is no mode.
    #[error("`{0}` is no mode")]
    Mode(String),
}

impl Line {
    /// Reads a line; `Ok(None)` for a comment or nothing.
    ///
    /// # Errors
    /// The first thing that makes systemd pass over the line. What holds [`HOLE`] is taken to be right.
    pub fn parse(text: &str) -> Result<Option<Self>, Mistake> {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        let fields = fields(text).ok_or(Mistake::OpenQuote)?;
        let is_known = |field: &&String| !field.contains(HOLE);
        let kind = fields.first().cloned().unwrap_or_default();
        if is_known(&&kind) && !is_type(&kind) {
            return Err(Mistake::Type(kind));
        }
        let Some(path) = fields.get(1) else {
            return if kind.contains(HOLE) { Ok(None) } else { Err(Mistake::NoPath) };
        };
        if !path.starts_with(['/', '%', HOLE]) {
            return Err(Mistake::Relative(path.clone()));
        }
        let mode = fields.get(2).filter(is_known).filter(|mode| *mode != "-" && !mode.is_empty());
        if let Some(mode) = mode
            && is_known(&&kind)
            && !is_mode(mode)
        {
            return Err(Mistake::Mode(mode.clone()));
        }
        Ok(Some(Self { kind, path: path.clone(), mode: mode.cloned() }))
    }

    /// Whether everyone may write to what the line makes, and delete what others put there.
    pub fn is_world_writable(&self) -> bool {
        let makes = self.kind.starts_with(|kind| WITH_MODE.contains(kind));
        makes && self.mode.as_deref().is_some_and(is_world_writable)
    }
}

/// Whether a mode lets everyone write, without the sticky bit.
pub fn is_world_writable(mode: &str) -> bool {
    let digits = mode.trim_start_matches(['~', ':']);
    u32::from_str_radix(digits, 8).is_ok_and(|mode| mode & 0o002 != 0 && mode & 0o1000 == 0)
}

fn is_type(kind: &str) -> bool {
    let mut chars = kind.chars();
    chars.next().is_some_and(|first| TYPES.contains(first)) && chars.all(|c| MODIFIERS.contains(c))
}

fn is_mode(mode: &str) -> bool {
    let digits = mode.trim_start_matches(['~', ':']);
    !digits.is_empty() && digits.len() <= 5 && digits.chars().all(|c| c.is_digit(8))
}

/// The fields of a line without their quotes; `None` where a quote is not closed.
fn fields(text: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        // The last field is the rest of the line.
        if chars.peek().is_none() || fields.len() == 6 {
            return Some(fields);
        }
        let mut field = String::new();
        let mut quote = None;
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => quote = Some(c),
                (_, '\\') => field.extend(chars.next()),
                (None, c) if c.is_whitespace() => break,
                (_, c) => field.push(c),
            }
        }
        if quote.is_some() {
            return None;
        }
        fields.push(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_systemd_reads_them() {
        let path = |text| Line::parse(text).map(|line| line.map(|line| line.path));
        for (text, expected) in [
            ("d /srv 0755 root root -", "/srv"),
            ("d '/srv/a b' 0755", "/srv/a b"),
            ("L+ /etc/x - - - - /y z", "/etc/x"),
            ("f+ %t/x", "%t/x"),
            ("d \u{fffc}/x ~2755 root", "\u{fffc}/x"),
            ("a+ /var - - - - u:x:r", "/var"),
            ("R! /tmp/x", "/tmp/x"),
        ] {
            assert_eq!(path(text), Ok(Some(expected.to_owned())), "{text}");
        }
        assert_eq!(path("# a comment"), Ok(None));
        assert_eq!(path("d /srv/a b 0755 root root"), Err(Mistake::Mode("b".to_owned())));
        assert_eq!(path("d /srv -m0755"), Err(Mistake::Mode("-m0755".to_owned())));
        assert_eq!(path("mkdir /srv"), Err(Mistake::Type("mkdir".to_owned())));
        assert_eq!(path("d srv"), Err(Mistake::Relative("srv".to_owned())));
        assert_eq!(path("d"), Err(Mistake::NoPath));
        assert_eq!(path("d '/srv"), Err(Mistake::OpenQuote));
    }

    #[test]
    fn the_sticky_bit_counts() {
        let is_open = |text: &str| Line::parse(text).expect("right").expect("a line").is_world_writable();
        assert!(is_open("d /srv 0777") && is_open("d /srv 777") && is_open("f /srv/x 0666"));
        assert!(
            !is_open("d /srv 1777")
                && !is_open("d /srv 0775")
                && !is_open("L /srv 0777")
                && !is_open("d /srv")
        );
    }
}
