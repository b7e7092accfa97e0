//! Words of a command: what is known of their text after quote removal.

use crate::text::{Hole, Span};

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The parts in order. Literals never stand side by side; an empty word (`''`) has no part.
    pub parts: Vec<WordPart>,
    /// The whole word with its quotes in the Nix file; `None` when it has no contiguous place in one file.
    /// Words that one brace expansion made share it.
    pub span: Option<Span>,
    /// Whether an unquoted `*`, `?` or `[` stands in it, so that it may become other words.
    pub has_glob: bool,
    pub(super) origin: Origin,
}

/// Where a word was read: what [`super::Script::resolve`] needs to tell what a variable holds there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// Index of the scope in the script.
    pub(super) scope: u32,
    /// First byte in the buffer of that scope.
    pub(super) start: u32,
}

/// One part of a [`Word`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordPart {
    /// Known text, quotes and escapes resolved.
    Literal(String),
    /// A variable or parameter.
    Variable {
        /// Its name, or the one character of a special parameter.
        name: String,
        /// Whether the part is exactly its value: true for `$X` and `${X}`, false for `${X:-…}`, `${X%/}`.
        plain: bool,
    },
    /// A part that Nix fills in.
    Hole(Hole),
    /// An unquoted `~` at the beginning; the name of a user may follow as literal text.
    Tilde,
    /// Text that only running the shell tells: substitutions, arithmetic, indirect expansions, ranges
    /// such as `{1..9}`.
    Substitution,
}

impl Word {
    /// The text when all of it is known. With [`Word::has_glob`] it is a pattern.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [WordPart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The known text at the beginning, perhaps none.
    pub fn leading_text(&self) -> &str {
        match self.parts.first() {
            Some(WordPart::Literal(text)) => text,
            _ => "",
        }
    }

    /// Whether the word surely begins with `prefix`.
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.leading_text().starts_with(prefix)
    }

    /// The text for people: `$X` for variables, `${…}` for holes, `$(…)` for what the shell computes.
    pub fn lossy(&self) -> String {
        let mut result = String::new();
        for part in &self.parts {
            match part {
                WordPart::Literal(text) => result.push_str(text),
                WordPart::Variable { name, .. } => {
                    result.push('$');
                    result.push_str(name);
                }
                WordPart::Hole(_) => result.push_str("${…}"),
                WordPart::Tilde => result.push('~'),
                WordPart::Substitution => result.push_str("$(…)"),
            }
        }
        result
    }

    /// The base name of the program that the word names: its text, or what follows the last `/`. `None`
    /// when that is not known.
    pub fn base_name(&self) -> Option<&str> {
        if self.has_glob {
            return None;
        }
        let Some(WordPart::Literal(last)) = self.parts.last() else { return None };
        let name = match last.rsplit_once('/') {
            Some((_, name)) => name,
            None if self.parts.len() == 1 => last.as_str(),
            None => return None,
        };
        (!name.is_empty()).then_some(name)
    }

    /// The word without the first `len` bytes of its leading text.
    pub(super) fn without_prefix(&self, len: usize) -> Self {
        let mut word = self.clone();
        word.span = None;
        if let Some(WordPart::Literal(text)) = word.parts.first_mut() {
            text.drain(..len);
            if text.is_empty() {
                word.parts.remove(0);
            }
        }
        word
    }
}
