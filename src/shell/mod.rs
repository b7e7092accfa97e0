//! Shell text inside Nix strings: which commands it runs, with which words, and where they stand.
//!
//! The text comes as a [`Template`]; a hole is one word, or part of one. What cannot be read for sure is
//! left out or marked, never guessed. The layer must never know what a program does, what a rule wants,
//! or where the text comes from.

mod buffer;
mod command;
pub mod exec;
mod outline;
mod quote;
mod removal;
mod variables;
mod word;

#[cfg(test)]
mod tests;

pub use command::{Assignment, Command, Context, Invocation, Redirect, effective};
pub use word::{Word, WordPart};

use buffer::{Buffer, Bytes};
use command::Statement;
use outline::{Body, Outline, RawCommand};
use quote::Variables;
use variables::Scope;
use word::Origin;

use crate::text::{Span, Template, TextRange, TextSize};

/// Longest text that is read, in bytes, with holes counted as a short word each.
const LONGEST_SCRIPT: usize = 256 * 1024;
/// How deep scripts of `sh -c` within each other are read.
const DEEPEST_NESTING: u32 = 3;
/// Most stretches of text that a command may have to be removable.
const MOST_STRETCHES: usize = 256;

/// A shell script as far as it could be read.
#[derive(Debug, Default)]
pub struct Script {
    commands: Vec<Command>,
    bodies: Vec<Body>,
    scopes: Vec<Scope>,
    has_errors: bool,
}

/// Reads a shell script, in time linear in its length.
///
/// `None` when it is longer than 256 KiB, when its first line says that it is for another interpreter than a
/// shell or does not tell for which, and when the parser gives up.
pub fn parse(template: &Template) -> Option<Script> {
    parse_nested(template, 0)
}

impl Script {
    /// Every simple command in the order in which they begin, whatever they stand in. Left out are commands
    /// whose words could not be read because of a syntax error, and those in here-documents. `[ … ]`,
    /// `[[ … ]]` and `(( … ))` are no simple commands; substitutions in them are looked into. The commands
    /// of `sh -c '…'` follow the `sh`.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// Whether some of the text is no valid shell, as far as that can be told with holes in it.
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// The value of a variable that the script itself (not one nested in it) sets once, unconditionally and
    /// outside loops and functions, to known text and holes. `None` when any other code might set it:
    /// `read`, `source`, a hole that may hold statements, and so on.
    pub fn constant(&self, name: &str) -> Option<Word> {
        variables::constant(&self.scopes, name)
    }

    /// `word`, which must be from this script, with the values of constants that hold where it stands in the
    /// place of variables.
    pub fn resolve(&self, word: &Word) -> Word {
        variables::resolve(&self.scopes, word)
    }

    /// The lines to delete from `text`, the text of the file that the commands stand in, in order to remove
    /// `commands` (from this script) and nothing else.
    ///
    /// `None` when that is not safe for each of them: it must be a statement of its own, alone on its lines;
    /// it must not follow unknown text; the script must be free of errors; and what is left must be valid
    /// shell. Every list of statements but the script itself keeps a statement that runs none of the removed
    /// programs, so that separate fixes for the same program do not empty a list together.
    pub fn removal(&self, commands: &[&Command], text: &str) -> Option<Vec<Span>> {
        if self.has_errors {
            return None;
        }
        let mut spans = Vec::with_capacity(commands.len());
        for command in commands {
            let statement = command.statement.as_ref()?;
            let body = &self.bodies[statement.body as usize];
            if command.context.after_unknown || !body.removable {
                return None;
            }
            if !body.may_be_empty && body.compound == 0 && !self.keeps_command(statement.body, commands) {
                return None;
            }
            let source = command.source?;
            if !statement.gaps.iter().all(|gap| is_blank(text, *gap)) {
                return None;
            }
            spans.push(Span::new(source.file, whole_lines(text, source.range())?));
        }
        Some(spans)
    }

    /// Whether the list `body` has a command of another program than those of `removed`.
    fn keeps_command(&self, body: u32, removed: &[&Command]) -> bool {
        self.commands.iter().any(|command| {
            command.statement.as_ref().is_some_and(|statement| statement.body == body)
                && removed.iter().all(|other| *other != command && other.program() != command.program())
        })
    }
}

fn is_blank(text: &str, range: TextRange) -> bool {
    let bytes = text.get(usize::from(range.start())..usize::from(range.end()));
    bytes.is_some_and(|bytes| bytes.bytes().all(|byte| matches!(byte, b' ' | b'\t')))
}

/// The lines of `range` with their line breaks, when nothing but blanks and a `;` behind it stands there.
fn whole_lines(text: &str, range: TextRange) -> Option<TextRange> {
    let before = text.get(..usize::from(range.start()))?;
    let behind = text.get(usize::from(range.end())..)?;
    let indentation = &before[before.rfind('\n').map_or(0, |line_break| line_break + 1)..];
    let (rest, _) = behind.split_once('\n')?;
    let rest_is_blank = matches!(rest.trim_matches([' ', '\t', '\r']), "" | ";");
    if !rest_is_blank || !indentation.bytes().all(|byte| matches!(byte, b' ' | b'\t')) {
        return None;
    }
    let start = range.start() - TextSize::new(indentation.len() as u32);
    Some(TextRange::new(start, range.end() + TextSize::new(rest.len() as u32 + 1)))
}

fn parse_nested(template: &Template, depth: u32) -> Option<Script> {
    let buffer = Buffer::new(template, LONGEST_SCRIPT)?;
    if !is_shell_text(&buffer) {
        return None;
    }
    let outline = outline::outline(&buffer.text)?;
    let mut commands: Vec<Command> =
        outline.commands.iter().map(|raw| command(&buffer, &outline, raw)).collect();
    mark_unknown(&outline, &mut commands);
    let scope = Scope::new(&buffer, &outline, commands.iter());
    let mut script = Script {
        commands: Vec::with_capacity(commands.len()),
        has_errors: !outline.errors.is_empty(),
        bodies: outline.bodies.clone(),
        scopes: vec![scope],
    };
    for (raw, command) in outline.commands.iter().zip(commands) {
        let nested =
            if depth < DEEPEST_NESTING { nested(&buffer, &outline, raw, &command, depth) } else { None };
        let context = command.context;
        script.commands.push(command);
        if let Some(nested) = nested {
            script.add_nested(nested, context);
        }
    }
    Some(script)
}

impl Script {
    fn add_nested(&mut self, nested: Self, outer: Context) {
        let (bodies, scopes) = (self.bodies.len() as u32, self.scopes.len() as u32);
        self.has_errors |= nested.has_errors;
        self.scopes.extend(nested.scopes);
        self.bodies.extend(nested.bodies.into_iter().map(|body| Body { may_be_empty: false, ..body }));
        for mut command in nested.commands {
            command.context = command.context.within(outer);
            command.context.nested_shell = true;
            if let Some(statement) = &mut command.statement {
                statement.body += bodies;
            }
            let words = command.words.iter_mut();
            let values = command.assignments.iter_mut().map(|assignment| &mut assignment.value);
            let targets = command.redirects.iter_mut().filter_map(|redirect| redirect.target.as_mut());
            for word in words.chain(values).chain(targets) {
                word.origin.scope += scopes;
            }
            self.commands.push(command);
        }
    }
}

/// Whether the first line leaves the text to a shell.
fn is_shell_text(buffer: &Buffer) -> bool {
    let Some(line) = buffer.text.strip_prefix("#!") else { return true };
    let line = line.lines().next().unwrap_or_default();
    let mut at = 2;
    let mut words = line.split([' ', '\t']).filter_map(|word| {
        let name = word.rfind('/').map_or(0, |slash| slash + 1);
        let bytes = at + name as u32..at + word.len() as u32;
        at += word.len() as u32 + 1;
        (!bytes.is_empty()).then_some(bytes)
    });
    let mut interpreter = words.next();
    if interpreter.as_ref().is_some_and(|name| buffer.slice(name) == "env") {
        interpreter = words.find(|word| {
            let word = buffer.slice(word);
            !word.starts_with('-') && !word.contains('=')
        });
    }
    interpreter.is_some_and(|name| !buffer.has_hole_in(&name) && command::is_shell(buffer.slice(&name)))
}

fn command(buffer: &Buffer, outline: &Outline, raw: &RawCommand) -> Command {
    let origin = |bytes: &Bytes| Origin { scope: 0, start: bytes.start };
    let single =
        |bytes: &Bytes| quote::unquote(buffer, &outline.expansions, bytes).word(buffer, bytes, origin(bytes));
    let words = raw
        .words
        .iter()
        .flat_map(|bytes| {
            quote::unquote(buffer, &outline.expansions, bytes).words(buffer, bytes, origin(bytes))
        })
        .collect();
    let assignments = raw.assignments.iter().map(|assignment| {
        let mut value = match &assignment.value {
            Some(bytes) => single(bytes),
            None => Word { parts: Vec::new(), span: None, has_glob: false, origin: origin(&assignment.name) },
        };
        if !assignment.is_scalar {
            value.parts = vec![WordPart::Substitution];
        }
        let known = !buffer.has_hole_in(&assignment.name);
        let name = known.then(|| buffer.slice(&assignment.name).to_owned());
        Assignment { name, appends: assignment.appends, value }
    });
    let redirects = raw.redirects.iter().map(|redirect| Redirect {
        operator: buffer.slice(&redirect.operator).to_owned(),
        descriptor: redirect.descriptor.as_ref().and_then(|bytes| buffer.slice(bytes).parse().ok()),
        target: redirect.target.as_ref().map(single),
    });
    let statement = raw.statement.filter(|_| !raw.has_heredoc).and_then(|body| {
        let gaps = buffer.gaps(&raw.bytes, MOST_STRETCHES)?;
        Some(Statement { body, gaps: gaps.into() })
    });
    Command {
        words,
        assignments: assignments.collect(),
        redirects: redirects.collect(),
        context: raw.context,
        in_top_list: raw.in_top_list,
        source: buffer.span(&raw.bytes),
        anchor: buffer.anchor(&raw.bytes),
        statement,
    }
}

/// Marks what follows a hole that may hold statements, or an error.
fn mark_unknown(outline: &Outline, commands: &mut [Command]) {
    let mut unknown_from = outline.errors.first().map(|error| error.start);
    for (raw, command) in outline.commands.iter().zip(commands) {
        command.context.after_unknown = unknown_from.is_some_and(|from| raw.bytes.start >= from);
        if command.may_hold_statements() {
            unknown_from = Some(unknown_from.map_or(raw.bytes.end, |from| from.min(raw.bytes.end)));
        }
    }
}

/// The script of a command such as `sh -c '…'`.
fn nested(
    buffer: &Buffer,
    outline: &Outline,
    raw: &RawCommand,
    command: &Command,
    depth: u32,
) -> Option<Script> {
    let invocation = command.effective()?;
    let script = command::nested_script(&invocation)?;
    let bytes = raw.words.iter().find(|bytes| bytes.start == script.origin.start)?;
    let parts = quote::unquote(buffer, &outline.expansions, bytes);
    parse_nested(&parts.template(buffer, Variables::Hole), depth + 1)
}
