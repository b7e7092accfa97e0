//! What to delete from a file in order to take commands out of a script, and nothing else.
//!
//! Whoever asks must know that the commands succeed when nothing is left for them to do: what depends on
//! their success goes on as before.

use super::command::Command;
use super::{Script, Word};
use crate::text::{Span, TextRange, TextSize};

impl Script {
    /// The stretch to delete in order to take `commands` out of the chain `a && b && …` that they begin: up
    /// to what is left of the chain, else whole lines. The first of them comes first in the chain.
    ///
    /// `None` where they do not begin a chain that is a statement of its own, or something else stands
    /// between them.
    pub fn removal_from_chain(&self, commands: &[&Command], text: &str) -> Option<Span> {
        let (first, others) = commands.split_first()?;
        if self.has_errors || commands.iter().any(|command| is_unsure(command)) || first.context.conditional {
            return None;
        }
        let start = first.source?;
        let before = line_before(text, start.range().start())?;
        if !begins_statement(before) {
            return None;
        }
        let mut end = start.range().end();
        let mut left: Vec<&Command> = others.to_vec();
        loop {
            let rest = text.get(usize::from(end)..)?;
            let behind = rest.trim_start_matches([' ', '\t']);
            let Some(next) = behind.strip_prefix("&&") else {
                // All of the chain goes, and with it its lines.
                let is_alone = before.trim_matches([' ', '\t']).is_empty() && !first.context.nested_shell;
                let line = behind.split_once('\n')?.0;
                let ends = matches!(line.trim_matches([' ', '\t', '\r']), "" | ";");
                if !left.is_empty() || !is_alone || !ends || !first.in_top_list {
                    return None;
                }
                let start = start.range().start() - TextSize::of(before);
                let end = end + TextSize::new((rest.len() - behind.len() + line.len() + 1) as u32);
                return Some(Span::new(first.source?.file, TextRange::new(start, end)));
            };
            let next = next.trim_start_matches([' ', '\t', '\r', '\n']);
            let at = end + TextSize::new((rest.len() - next.len()) as u32);
            match left.iter().position(|command| command.source.is_some_and(|own| own.range().start() == at))
            {
                Some(index) => end = left.remove(index).source?.range().end(),
                // Something must be left to run, and a comment runs nothing.
                None if !left.is_empty() || next.is_empty() || next.starts_with('#') => return None,
                None => return Some(Span::new(start.file, TextRange::new(start.range().start(), at))),
            }
        }
    }

    /// The lines to delete in order to take out `[ -d path ] || command` or `[ ! -d path ] && command`, where
    /// `path` is written as the word `argument` of the command.
    pub fn removal_with_test(&self, command: &Command, argument: &Word, text: &str) -> Option<Span> {
        if self.has_errors || is_unsure(command) || command.context.nested_shell || !command.in_top_list {
            return None;
        }
        let source = command.source?;
        let argument = argument.span.filter(|span| span.file == source.file)?.range();
        let path = text.get(usize::from(argument.start())..usize::from(argument.end()))?;
        let before = line_before(text, source.range().start())?;
        let behind = text.get(usize::from(source.range().end())..)?;
        let (rest, _) = behind.split_once('\n')?;
        let words: Vec<&str> = before.split_whitespace().collect();
        let is_test = match words.as_slice() {
            ["[", "-d" | "-e", tested, "]", "||"]
            | ["[[", "-d" | "-e", tested, "]]", "||"]
            | ["test", "-d" | "-e", tested, "||"]
            | ["[", "!", "-d" | "-e", tested, "]", "&&"]
            | ["[[", "!", "-d" | "-e", tested, "]]", "&&"]
            | ["test", "!", "-d" | "-e", tested, "&&"] => *tested == path,
            _ => false,
        };
        if !is_test || !matches!(rest.trim_matches([' ', '\t', '\r']), "" | ";") {
            return None;
        }
        let start = source.range().start() - TextSize::of(before);
        let above = text.get(..usize::from(start))?.trim_end();
        if above.ends_with(['\\', '|', '&', '!']) {
            return None;
        }
        let end = source.range().end() + TextSize::new(rest.len() as u32 + 1);
        Some(Span::new(source.file, TextRange::new(start, end)))
    }

    /// The stretches to delete in order to take `words`, each the argument of `command` that it is, out of it.
    ///
    /// `None` where one has no place of its own in the command, or the command does not run for sure.
    pub fn removal_of_words(&self, command: &Command, words: &[&Word], text: &str) -> Option<Vec<Span>> {
        if self.has_errors || is_unsure(command) || command.context.conditional {
            return None;
        }
        let source = command.source?;
        let mut spans = Vec::with_capacity(words.len());
        for word in words {
            let span = word.span.filter(|span| span.file == source.file)?;
            let shares = |other: &&Word| other.span.is_some_and(|other| other == span);
            if !source.range().contains_range(span.range())
                || command.words.iter().filter(shares).count() != 1
            {
                return None;
            }
            // The first word of a line that continues another stays: the line break in front of it would too.
            let before = line_before(text, span.range().start())?;
            let kept = before.trim_end_matches([' ', '\t']);
            if kept.trim_start().is_empty() || kept.len() == before.len() {
                return None;
            }
            let start = span.range().start() - TextSize::new((before.len() - kept.len()) as u32);
            spans.push(Span::new(span.file, TextRange::new(start, span.range().end())));
        }
        Some(spans)
    }
}

/// Whether it is not known that the command runs, once, for all of the script.
fn is_unsure(command: &Command) -> bool {
    let context = command.context;
    context.after_unknown
        || context.in_loop
        || context.in_function
        || context.in_substitution
        || context.in_pipeline
}

/// What stands before `at` on its line.
fn line_before(text: &str, at: TextSize) -> Option<&str> {
    let before = text.get(..usize::from(at))?;
    Some(&before[before.rfind('\n').map_or(0, |line_break| line_break + 1)..])
}

/// Whether a statement begins behind `before`: at the beginning of a line, of a script or behind a `;`.
fn begins_statement(before: &str) -> bool {
    let trimmed = before.trim_end_matches([' ', '\t']);
    trimmed.is_empty() || trimmed.ends_with(['\'', '"', ';'])
}
