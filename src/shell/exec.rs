//! Command lines of systemd (`ExecStart=` and its kin), which are no shell.
//!
//! Split and unquoted as `extract_first_word` and `config_parse_exec` of systemd do, variables as its
//! `replace_env_argv`. `%` specifiers stay as they are.

use super::buffer::Buffer;
use super::command::{Invocation, effective, nested_script};
use super::quote::{Part, Parts, Variables};
use super::word::{Origin, Word};
use crate::text::Template;

/// Longest line that is read, in bytes: systemd's own limit is 1 MiB.
const LONGEST_LINE: usize = 1024 * 1024;

/// One command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecCommand {
    /// The prefix characters in front of the path, of `@`, `-`, `:`, `+`, `!` and `|`.
    pub prefixes: String,
    /// The path and the arguments; not the word that `@` makes `argv[0]`.
    pub words: Vec<Word>,
    script: Option<Template>,
}

/// Splits a command line; `None` when systemd would refuse it, for an open quote or for prefixes without a
/// path, and for one of over 1 MiB.
///
/// A line break that no backslash precedes ends the line, as it does in a unit file.
pub fn parse(template: &Template) -> Option<Vec<ExecCommand>> {
    let buffer = Buffer::new(template, LONGEST_LINE)?;
    let mut line = Line { buffer: &buffer, at: 0, expand: true };
    let mut commands = Vec::new();
    while line.skip_blanks() {
        let prefixes = line.prefixes();
        line.expand = !prefixes.contains(':');
        let mut command = ExecCommand { prefixes, words: Vec::new(), script: None };
        let mut arguments: Vec<Parts> = Vec::new();
        let mut skips_next = command.prefixes.contains('@');
        // Behind prefixes the path follows at once.
        loop {
            if !command.words.is_empty() && line.take_separator() {
                break;
            }
            let start = line.at;
            let parts = line.word()?;
            if line.at == start {
                return None;
            }
            if skips_next && !command.words.is_empty() {
                skips_next = false;
            } else {
                let origin = Origin { scope: 0, start: arguments.len() as u32 };
                command.words.push(parts.word(&buffer, &(start..line.at), origin));
                arguments.push(parts);
            }
            if !line.skip_blanks() {
                break;
            }
        }
        command.script =
            command.script_argument().map(|index| arguments[index].template(&buffer, Variables::Keep));
        commands.push(command);
    }
    Some(commands)
}

impl ExecCommand {
    /// Base name of the program; `None` when it is not known.
    pub fn program(&self) -> Option<&str> {
        self.words.first()?.base_name()
    }

    /// The command behind wrappers such as `env`; see [`effective`].
    pub fn effective(&self) -> Option<Invocation<'_>> {
        effective(&self.words)
    }

    /// What a shell reads when the line is `sh -c '…'` or the like, for [`super::parse`]. Variables stay as
    /// they are written, although systemd replaces those in braces itself.
    pub fn script(&self) -> Option<&Template> {
        self.script.as_ref()
    }

    fn script_argument(&self) -> Option<usize> {
        Some(nested_script(&self.effective()?)?.origin.start as usize)
    }
}

struct Line<'b> {
    buffer: &'b Buffer,
    at: u32,
    /// Whether variables are replaced.
    expand: bool,
}

impl Line<'_> {
    fn rest(&self) -> &str {
        &self.buffer.text[self.at as usize..]
    }

    /// Passes over blanks and continued line ends; whether a word follows.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let len = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            self.at += len as u32;
            if !self.skip_continuation() {
                return !self.rest().is_empty() && !self.rest().starts_with('\n');
            }
        }
    }

    fn skip_continuation(&mut self) -> bool {
        let continues = self.rest().starts_with("\\\n");
        self.at += if continues { 2 } else { 0 };
        continues
    }

    fn prefixes(&mut self) -> String {
        let rest = self.rest();
        let prefixes = &rest[..rest.len() - rest.trim_start_matches(['@', '-', ':', '+', '!', '|']).len()];
        let prefixes = prefixes.to_owned();
        self.at += prefixes.len() as u32;
        prefixes
    }

    /// Passes over a `;` that stands alone.
    fn take_separator(&mut self) -> bool {
        let Some(behind) = self.rest().strip_prefix(';') else { return false };
        let separates = behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n']);
        self.at += u32::from(separates);
        separates
    }

    /// The word that begins here; `None` when a quote is not closed.
    fn word(&mut self) -> Option<Parts> {
        let mut out = Parts::default();
        let start = self.at;
        let mut quote = None;
        loop {
            if let Some((hole, end)) = self.buffer.hole_at(self.at) {
                out.push(Part::Hole(hole));
                self.at = end;
                continue;
            }
            let rest = self.rest();
            let Some(c) = rest.chars().next() else { break };
            match c {
                '\n' | ' ' | '\t' | '\r' if quote.is_none() => break,
                '\\' if quote.is_none() && rest.starts_with("\\\n") => break,
                '\n' => return None,
                '\'' | '"' if quote.is_none() => {
                    quote = Some(c);
                    self.at += 1;
                }
                _ if quote == Some(c) => {
                    quote = None;
                    self.at += 1;
                }
                '\\' => self.escape(&mut out, start),
                '$' if self.expand => self.dollar(&mut out, start),
                _ => {
                    let end = self.at + c.len_utf8() as u32;
                    let stop = self.buffer.next_hole(self.at);
                    let plain = self.buffer.slice(&(end..stop.max(end)));
                    let special = [' ', '\t', '\r', '\n', '\'', '"', '\\', '$'];
                    let len = plain.find(special).unwrap_or(plain.len()) as u32;
                    self.text(&mut out, end + len);
                }
            }
        }
        quote.is_none().then_some(out)
    }

    /// Takes the bytes up to `end` as they are.
    fn text(&mut self, out: &mut Parts, end: u32) {
        let bytes = self.at..end;
        out.text(self.buffer.slice(&bytes), bytes);
        self.at = end;
    }

    fn escape(&mut self, out: &mut Parts, start: u32) {
        let rest = self.rest();
        if rest.starts_with("\\\n") {
            out.text(" ", self.at..self.at + 2);
            self.at += 2;
            return;
        }
        let is_semicolon = rest[1..].starts_with(';')
            && self.at == start
            && rest[2..].chars().next().is_none_or(char::is_whitespace);
        if is_semicolon {
            out.text(";", self.at..self.at + 2);
            self.at += 2;
            return;
        }
        match unescape(rest) {
            Some((c, len)) => {
                let mut encoded = [0; 4];
                out.text(c.encode_utf8(&mut encoded), self.at..self.at + len);
                self.at += len;
            }
            None => self.text(out, self.at + 1),
        }
    }

    fn dollar(&mut self, out: &mut Parts, start: u32) {
        let rest = self.rest();
        if rest.starts_with("$$") {
            out.text("$", self.at..self.at + 2);
            self.at += 2;
            return;
        }
        let name_len = |text: &str| {
            let is_part = |c: char| c == '_' || c.is_ascii_alphanumeric();
            text.find(|c| !is_part(c)).unwrap_or(text.len())
        };
        let (name, len) = if let Some(inside) = rest.strip_prefix("${") {
            let len = name_len(inside);
            if len == 0 || !inside[len..].starts_with('}') {
                return self.text(out, self.at + 1);
            }
            (self.at + 2, len as u32 + 3)
        } else {
            // Without braces only a whole word is a variable.
            let len = name_len(&rest[1..]);
            let quoted = self.at == start + 1;
            let behind = &rest[1 + len..];
            let ends = behind.chars().next().is_none_or(char::is_whitespace)
                || quoted && behind.starts_with(['"', '\'']);
            if len == 0 || !out.is_empty() || self.at > start + 1 || !ends {
                return self.text(out, self.at + 1);
            }
            (self.at + 1, len as u32 + 1)
        };
        let bytes = self.at..self.at + len;
        let name = name..bytes.end - u32::from(rest[1..].starts_with('{'));
        self.at = bytes.end;
        if self.buffer.has_hole_in(&bytes) {
            out.push(Part::Computed(bytes));
        } else {
            let name = self.buffer.slice(&name).to_owned();
            out.push(Part::Variable { name, plain: true, bytes });
        }
    }
}

/// The character that the escape sequence at the start of `text` stands for, and its length in bytes.
fn unescape(text: &str) -> Option<(char, u32)> {
    let letter = text[1..].chars().next()?;
    let simple = match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        's' => ' ',
        '\\' | '"' | '\'' => letter,
        _ => {
            let (digits, radix, skip) = match letter {
                'x' => (2, 16, 2),
                'u' => (4, 16, 2),
                'U' => (8, 16, 2),
                '0'..='7' => (3, 8, 1),
                _ => return None,
            };
            let code = text.get(skip..skip + digits)?;
            let is_number = code.chars().all(|c| c.is_digit(radix));
            let code = u32::from_str_radix(code, radix).ok().filter(|code| is_number && *code != 0)?;
            // A byte above 0x7f is part of a character that is spelled out byte by byte; it stays as it is.
            let ascii_only = matches!(letter, 'x' | '0'..='7');
            let c = char::from_u32(code).filter(|c| c.is_ascii() || !ascii_only)?;
            return Some((c, (skip + digits) as u32));
        }
    };
    Some((simple, 2))
}
