//! Shell variables that hold one known value from their assignment to the end of the script.
//!
//! It must never take a variable for constant when some other code could set it.

use rustc_hash::FxHashMap;

use super::buffer::Buffer;
use super::command::Command;
use super::outline::{Outline, RawCommand};
use super::word::{Origin, Word, WordPart};

/// How deep values made of other variables are followed.
const DEEPEST: u32 = 8;
/// Most values that are put into one word.
const MOST_VALUES: u32 = 64;
/// Longest text of a value that is put into a word, in bytes: the longest path of Linux.
const LONGEST_VALUE: usize = 4096;

/// The variables of one shell.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: FxHashMap<String, Variable>,
    /// Code that may set any variable: constants must be assigned behind it.
    unknown_until: u32,
    /// Code that may set any variable runs at an unknown time.
    unknown: bool,
}

#[derive(Debug)]
enum Variable {
    /// Assigned once, unconditionally, in the script itself; the value holds from byte `end` on.
    Once { value: Word, end: u32 },
    /// Set elsewhere or more than once.
    Changing,
}

impl Scope {
    /// Collects the assignments of `outline`; `commands` are its commands in the same order.
    pub(super) fn new<'c>(
        buffer: &Buffer,
        outline: &Outline,
        commands: impl Iterator<Item = &'c Command>,
    ) -> Self {
        let mut scope = Self { unknown: !outline.errors.is_empty(), ..Self::default() };
        for name in &outline.assigned_names {
            scope.set_changing(buffer.slice(name));
            scope.unknown |= buffer.has_hole_in(name);
        }
        for (raw, command) in outline.commands.iter().zip(commands) {
            scope.add(raw, command);
        }
        scope
    }

    fn add(&mut self, raw: &RawCommand, command: &Command) {
        let program = command.program();
        let changes = matches!(
            program,
            Some(
                "read"
                    | "mapfile"
                    | "readarray"
                    | "getopts"
                    | "unset"
                    | "let"
                    | "printf"
                    | "wait"
                    | "local"
                    | "declare"
                    | "typeset"
                    | "export"
                    | "readonly"
                    | "unsetenv"
            )
        );
        let keeps_value = matches!(program, Some("export" | "readonly"));
        if changes && !keeps_value {
            let operands =
                if program == Some("printf") { variable_of_printf(&command.words) } else { &command.words };
            for word in operands {
                match word.as_literal() {
                    Some(text) => {
                        let end = text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
                        self.set_changing(&text[..end.unwrap_or(text.len())]);
                    }
                    None => self.set_any(raw),
                }
            }
        }
        if keeps_value {
            let values = command.words[1..].iter().filter_map(|word| word.leading_text().split_once('='));
            for (name, _) in values {
                self.set_changing(name);
            }
        }
        if matches!(program, Some("eval" | "source" | ".")) || command.may_hold_statements() {
            self.set_any(raw);
        }

        let plain_export = keeps_value && command.words.len() == 1;
        for (assignment, raw_assignment) in command.assignments.iter().zip(&raw.assignments) {
            if !raw.words.is_empty() && !raw.is_declaration {
                continue;
            }
            let Some(name) = &assignment.name else {
                self.set_any(raw);
                continue;
            };
            let surely = raw.top_level
                && !assignment.appends
                && raw_assignment.is_scalar
                && (raw.words.is_empty() || plain_export);
            if surely && !self.variables.contains_key(name) {
                let value = Variable::Once { value: assignment.value.clone(), end: raw.bytes.end };
                self.variables.insert(name.clone(), value);
            } else {
                self.set_changing(name);
            }
        }
    }

    fn set_changing(&mut self, name: &str) {
        self.variables.insert(name.to_owned(), Variable::Changing);
    }

    /// The command may set variables whose names are not known.
    fn set_any(&mut self, raw: &RawCommand) {
        self.unknown |= raw.context.in_loop || raw.context.in_function;
        self.unknown_until = self.unknown_until.max(raw.bytes.end);
    }

    fn get(&self, name: &str) -> Option<(&Word, u32)> {
        match self.variables.get(name)? {
            Variable::Once { value, end } if !self.unknown && *end > self.unknown_until => {
                Some((value, *end))
            }
            _ => None,
        }
    }
}

/// The words of `printf` that name a variable.
fn variable_of_printf(words: &[Word]) -> &[Word] {
    match words.get(1).map(Word::leading_text) {
        Some("-v") => words.get(2..3).unwrap_or_default(),
        Some(text) if text.starts_with('-') || text.is_empty() => &words[1..2],
        _ => &[],
    }
}

/// The value of the variable `name` of the first scope, when it is constant and consists of known text and
/// holes after other constants are put in.
pub(super) fn constant(scopes: &[Scope], name: &str) -> Option<Word> {
    let (value, _) = scopes.first()?.get(name)?;
    let value = resolve(scopes, value);
    let known = value.parts.iter().all(|part| matches!(part, WordPart::Literal(_) | WordPart::Hole(_)));
    known.then_some(value)
}

/// `word` with constants in the place of the variables that hold them.
pub(super) fn resolve(scopes: &[Scope], word: &Word) -> Word {
    let mut resolved = Resolved { scopes, parts: Vec::new(), values: 0 };
    resolved.add(word, 0);
    Word { parts: resolved.parts, ..word.clone() }
}

struct Resolved<'s> {
    scopes: &'s [Scope],
    parts: Vec<WordPart>,
    values: u32,
}

impl Resolved<'_> {
    fn add(&mut self, word: &Word, depth: u32) {
        for part in &word.parts {
            if let WordPart::Variable { name, plain: true } = part
                && depth < DEEPEST
                && self.values < MOST_VALUES
                && let Some(value) = value_at(self.scopes, word.origin, name)
            {
                self.values += 1;
                self.add(value, depth + 1);
                continue;
            }
            match (part, self.parts.last_mut()) {
                (WordPart::Literal(text), Some(WordPart::Literal(last))) => last.push_str(text),
                _ => self.parts.push(part.clone()),
            }
        }
    }
}

fn value_at<'s>(scopes: &'s [Scope], origin: Origin, name: &str) -> Option<&'s Word> {
    let (value, end) = scopes.get(origin.scope as usize)?.get(name)?;
    // A value that the shell would split or match against files is not one word any more.
    let one_word = |part: &WordPart| match part {
        WordPart::Literal(text) => {
            text.len() <= LONGEST_VALUE && !text.contains(|c: char| c.is_ascii_whitespace())
        }
        _ => true,
    };
    (origin.start >= end && !value.has_glob && value.parts.iter().all(one_word)).then_some(value)
}
