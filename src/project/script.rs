//! The commands that units and activation scripts run, as far as the project writes them.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::host::{Host, Item};
use super::options::Resolved;
use super::table::Definition;
use super::unit::{Section, Unit};
use crate::eval::{Condition, Symbol, SymbolRoot, Text, TextHole, TextPiece, Val, Value};
use crate::shell::{self, Script, Word};
use crate::text::{Piece, Span, Template, TextMap};

/// The scripts of all hosts, by their text: each is read once, where it is.
pub(super) type Scripts = RefCell<FxHashMap<Template, Rc<ShellText>>>;

/// Options of a service that are shell text.
const SHELL_OPTIONS: [&str; 6] = ["preStart", "script", "postStart", "reload", "preStop", "postStop"];

/// Options of a service that are command lines of systemd.
const EXEC_OPTIONS: [&str; 7] =
    ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"];

/// How deep scripts that call scripts of the project are followed.
const DEPTH: u32 = 4;

/// What reading a script costs in steps of evaluation, next to a copy of its text.
const STEPS: usize = 8;

/// A script or command line that a unit or an activation runs.
pub struct RunText {
    /// What it is.
    pub kind: RunKind,
    /// The definition it comes from.
    pub definition: Definition,
    /// Whether it runs with full privileges whatever `User` says (`+` and `!` of systemd).
    pub is_privileged: bool,
}

/// A command line of a unit, as systemd runs it.
pub struct UnitCommand {
    /// The directive it stands in.
    pub directive: &'static str,
    /// The characters of systemd in front of the program, such as `-`.
    pub prefixes: String,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// Whether the program is a shell that reads a script among the arguments.
    pub has_script: bool,
    /// The string it is written in.
    pub item: Item,
}

/// The two kinds of [`RunText`].
pub enum RunKind {
    /// Shell.
    Script(Rc<ShellText>),
    /// One command without a shell.
    Command {
        /// The program and its arguments.
        words: Vec<Word>,
        /// The string in the file.
        span: Option<Span>,
        /// Whether the string is a whole element or value, so that removing it removes the command.
        is_whole: bool,
    },
}

/// A text that a shell runs; read as a [`Script`] when it is first asked for its commands. One that cannot be
/// read has none.
pub struct ShellText {
    template: Template,
    script: OnceCell<Script>,
}

impl ShellText {
    /// Whether the known parts of the text have `mark` in them.
    pub fn contains(&self, mark: &str) -> bool {
        self.template.contains(mark)
    }

    /// Whether one of these programs may be called: whether its name stands in the known parts of the text, outside of
    /// comments, as it would in a command.
    pub fn may_call(&self, programs: &[&str]) -> bool {
        self.template.pieces.iter().any(|piece| match piece {
            Piece::Text { text, .. } => programs.iter().any(|program| has_word(text, program)),
            Piece::Hole(_) => false,
        })
    }

    /// Whether one of these programs may be called with an absolute path of which all is known: written where it is
    /// called, or in the value of a variable.
    pub fn may_name_path(&self, programs: &[&str]) -> bool {
        if !self.may_call(programs) {
            return false;
        }
        let pieces = self.template.pieces.iter().map(|piece| match piece {
            Piece::Text { text, .. } => text,
            Piece::Hole(_) => HOLE,
        });
        let text: String = pieces.collect();
        let may_name =
            |(at, program): (usize, &str)| may_begin_path(&text, arguments(&text[at + program.len()..]));
        programs.iter().any(|program| text.match_indices(program).any(may_name))
    }
}

/// What stands for a hole where only the text around it is looked at; no script has it.
const HOLE: &str = "\0";

/// The rest of a line, and the lines that go on with it.
fn arguments(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        if !line.ends_with("\\\n") {
            break;
        }
    }
    &text[..end]
}

/// Whether an absolute path may begin in `arguments`, a part of the script `text`: at a `/` that follows on no name, or
/// at a variable whose value may begin with one. Says yes in doubt.
fn may_begin_path(text: &str, arguments: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let goes_on = |c: char| is_of_name(c) || matches!(c, '.' | '~' | '}' | ')') || HOLE.contains(c);
    let is_written = arguments.match_indices('/').any(|(at, _)| !arguments[..at].ends_with(goes_on));
    let is_open = |quote: char| arguments.matches(quote).count() % 2 == 1;
    // What a substitution gives is not known.
    let outside = without_substitutions(arguments);
    let is_in_variable = || {
        outside.match_indices('$').any(|(at, _)| {
            let name = outside[at + 1..].trim_start_matches('{');
            let name = &name[..name.find(|c| !is_of_name(c)).unwrap_or(name.len())];
            let may_begin = |value: &str| value.trim_start_matches(['"', '\'']).starts_with(['/', '$', '\\']);
            let assigned = || {
                text.match_indices(&format!("{name}=")).any(|(at, sign)| may_begin(&text[at + sign.len()..]))
            };
            !name.is_empty() && assigned()
        })
    };
    is_written || is_open('"') || is_open('\'') || is_in_variable()
}

/// The text without its `$(…)`, as far as their brackets can be told.
fn without_substitutions(text: &str) -> Cow<'_, str> {
    let Some(start) = text.find("$(") else { return text.into() };
    let mut depth = 0;
    let end = text[start..].char_indices().find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        *c == ')' && depth == 0
    });
    match end {
        Some((end, _)) => {
            let rest = without_substitutions(&text[start + end + 1..]);
            format!("{}){rest}", &text[..start]).into()
        }
        None => text.into(),
    }
}

/// Whether `text` has `word` as a word, or as the end of a path, on a line that is no comment. Around the text there
/// may be more of its first and last line.
fn has_word(text: &str, word: &str) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices(word).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        let is_comment = before.rsplit_once('\n').is_some_and(|(_, line)| line.trim_start().starts_with('#'));
        !is_comment && !before.ends_with(is_of_name) && !behind.starts_with(|c| is_of_name(c) || c == '/')
    })
}

impl Deref for ShellText {
    type Target = Script;

    fn deref(&self) -> &Script {
        self.script.get_or_init(|| shell::parse(&self.template).unwrap_or_default())
    }
}

/// Texts of shell with their options filled in, by the address of the text: rules ask for the same ones one after the
/// other. The text is kept, so that no other one gets its address.
pub(super) type Filled = RefCell<FxHashMap<*const Text, (Rc<Text>, Rc<ShellText>)>>;

/// Looking for texts that hold one of the marks.
struct Search<'a> {
    marks: &'a [&'a str],
    texts: Vec<RunText>,
    /// Whether the question is only whether there are some.
    is_question: bool,
    has_script: bool,
}

impl<'a> Search<'a> {
    fn new(marks: &'a [&'a str], is_question: bool) -> Self {
        Self { marks, texts: Vec::new(), is_question, has_script: false }
    }

    fn has_found(&self) -> bool {
        self.has_script || !self.texts.is_empty()
    }
}

impl Host<'_> {
    /// What a service runs, where the text holds one of `marks`.
    pub fn unit_texts(&self, unit: &Unit, marks: &[&str]) -> Vec<RunText> {
        let mut search = Search::new(marks, false);
        self.search_unit(unit, &mut search);
        search.texts
    }

    /// Whether there are [`Self::unit_texts`].
    pub fn unit_runs(&self, unit: &Unit, marks: &[&str]) -> bool {
        let mut search = Search::new(marks, true);
        self.search_unit(unit, &mut search);
        search.has_found()
    }

    fn search_unit(&self, unit: &Unit, search: &mut Search<'_>) {
        for option in SHELL_OPTIONS {
            let node = self.below(&unit.node, option);
            for definition in node.definitions() {
                if let Value::Str(text) = &definition.value.value {
                    self.shell(text, definition, false, search, 0);
                }
            }
        }
        for option in EXEC_OPTIONS {
            let node = self.directive(unit, Section::Service, option);
            if !node.definitions().iter().any(|definition| self.may_hold(&definition.value, search.marks)) {
                continue;
            }
            for item in self.items(&node).0 {
                if item.condition == Condition::False || !self.may_hold(&item.value, search.marks) {
                    continue;
                }
                let definition = Definition { condition: item.condition.clone(), ..item.definition.clone() };
                match &item.value.value {
                    Value::Str(text) => self.exec(text, item.span, &definition, search),
                    Value::Symbol(symbol) => self.program(symbol, &definition, false, search, 0),
                    _ => {}
                }
            }
        }
    }

    /// The commands that systemd runs for a service, where the text holds one of `marks`; no script is read.
    pub fn unit_commands(&self, unit: &Unit, marks: &[&str]) -> Vec<UnitCommand> {
        let mut found = Vec::new();
        for option in EXEC_OPTIONS {
            let node = self.directive(unit, Section::Service, option);
            if node.definitions().is_empty() {
                continue;
            }
            for item in self.items(&node).0 {
                let Value::Str(text) = &item.value.value else { continue };
                if item.condition == Condition::False || !self.holds(text, marks) || !self.may_read(text) {
                    continue;
                }
                let template = self.resolve_text(text).template();
                for command in shell::exec::parse(&template).into_iter().flatten() {
                    let has_script = command.script().is_some();
                    found.push(UnitCommand {
                        directive: option,
                        prefixes: command.prefixes,
                        words: command.words,
                        has_script,
                        item: item.clone(),
                    });
                }
            }
        }
        found
    }

    /// What the activation of the system runs, where the text holds one of `marks`.
    pub fn activation_texts(&self, marks: &[&str]) -> Vec<RunText> {
        let mut search = Search::new(marks, false);
        self.search_activation(&mut search);
        search.texts
    }

    /// Whether there are [`Self::activation_texts`].
    pub fn activation_runs(&self, marks: &[&str]) -> bool {
        let mut search = Search::new(marks, true);
        self.search_activation(&mut search);
        search.has_found()
    }

    fn search_activation(&self, search: &mut Search<'_>) {
        for (_, node) in self.nodes("system.activationScripts.*") {
            let nested = self.below(&node, "text");
            for definition in node.definitions().iter().chain(nested.definitions()) {
                if let Value::Str(text) = &definition.value.value {
                    self.shell(text, definition, true, search, 0);
                }
            }
        }
    }

    fn shell(
        &self,
        text: &Rc<Text>,
        definition: &Definition,
        is_privileged: bool,
        search: &mut Search<'_>,
        depth: u32,
    ) {
        // Programs of the project that the script calls run as part of it.
        for piece in &text.pieces {
            if let TextPiece::Hole(TextHole { value: Some(val), .. }) = piece
                && let Value::Symbol(symbol) = &val.value
                && depth < DEPTH
            {
                self.program(symbol, definition, is_privileged, search, depth + 1);
            }
        }
        if !self.holds(text, search.marks) || !self.may_read(text) {
            return;
        }
        if search.is_question {
            search.has_script = true;
            return;
        }
        search.texts.push(RunText {
            kind: RunKind::Script(self.filled(text)),
            definition: definition.clone(),
            is_privileged,
        });
    }

    /// A text of shell with the options filled in that have one known value.
    fn filled(&self, text: &Rc<Text>) -> Rc<ShellText> {
        if let Some((_, script)) = self.views.filled.borrow().get(&Rc::as_ptr(text)) {
            return script.clone();
        }
        let script = self.shell_text(self.resolve_text(text).template());
        self.views.filled.borrow_mut().insert(Rc::as_ptr(text), (text.clone(), script.clone()));
        script
    }

    /// Whether a command may have one of the marks in it, or run a script that has. Lists and what is not known may.
    fn may_hold(&self, val: &Val, marks: &[&str]) -> bool {
        let runs_a_script = |piece: &TextPiece| match piece {
            TextPiece::Hole(TextHole { value: Some(val), .. }) => match &val.value {
                Value::Symbol(symbol) => matches!(symbol.root, SymbolRoot::Call(_)),
                _ => false,
            },
            _ => false,
        };
        match &val.value {
            Value::Str(text) => text.pieces.iter().any(runs_a_script) || self.holds(text, marks),
            _ => true,
        }
    }

    /// Whether a text has one of the marks in it. Looking for them is paid for: many units may share a long text.
    fn holds(&self, text: &Text, marks: &[&str]) -> bool {
        let is_marked = |piece: &TextPiece| match piece {
            TextPiece::Known { text, .. } => marks.iter().any(|mark| text.contains(mark)),
            TextPiece::Hole(_) => false,
        };
        self.machine().charge(text.weight()).is_ok() && text.pieces.iter().any(is_marked)
    }

    /// Whether there is fuel for a script: one text may stand in any number of units.
    fn may_read(&self, text: &Text) -> bool {
        self.machine().charge(text.weight() * STEPS).is_ok()
    }

    fn exec(&self, text: &Text, span: Option<Span>, definition: &Definition, search: &mut Search<'_>) {
        if !self.may_read(text) {
            return;
        }
        let template = self.resolve_text(text).template();
        let Some(commands) = shell::exec::parse(&template) else { return };
        let is_whole = commands.len() == 1;
        // The program may be a script of the project.
        let privileged = commands.first().is_some_and(|command| command.prefixes.contains(['+', '!']));
        for piece in &text.pieces {
            if let TextPiece::Hole(TextHole { value: Some(val), .. }) = piece
                && let Value::Symbol(symbol) = &val.value
            {
                self.program(symbol, definition, privileged, search, 0);
            }
        }
        if !self.holds(text, search.marks) {
            return;
        }
        for command in commands {
            let is_privileged = command.prefixes.contains(['+', '!']);
            if let Some(script) = command.script() {
                search.texts.push(RunText {
                    kind: RunKind::Script(self.shell_text(script.clone())),
                    definition: definition.clone(),
                    is_privileged,
                });
                continue;
            }
            let kind = RunKind::Command { words: command.words, span, is_whole };
            search.texts.push(RunText { kind, definition: definition.clone(), is_privileged });
        }
    }

    /// The script that all hosts share.
    fn shell_text(&self, template: Template) -> Rc<ShellText> {
        let mut scripts = self.scripts.borrow_mut();
        if let Some(text) = scripts.get(&template) {
            return text.clone();
        }
        let text = Rc::new(ShellText { template: template.clone(), script: OnceCell::new() });
        scripts.insert(template, text.clone());
        text
    }

    /// The text of a script that the project writes with one of nixpkgs' script writers.
    fn program(
        &self,
        symbol: &Symbol,
        definition: &Definition,
        is_privileged: bool,
        search: &mut Search<'_>,
        depth: u32,
    ) {
        let SymbolRoot::Call(call) = &symbol.root else { return };
        let writer = call.function.path.last().map(|name| self.machine().text_of(*name));
        let text = match (writer.as_deref(), call.arguments.as_slice()) {
            (
                Some("writeShellScript" | "writeShellScriptBin" | "writeScript" | "writeScriptBin"),
                [_, text],
            ) => self.machine().force(text),
            (Some("writeShellApplication"), [attributes]) => {
                let attributes = self.machine().force(attributes);
                self.machine().select_or_unknown(&attributes, self.machine().name("text"))
            }
            _ => return,
        };
        if let Value::Str(text) = &text.value
            && depth < DEPTH
        {
            self.shell(text, definition, is_privileged, search, depth + 1);
        }
    }

    /// `text` with options that have one known value in the place of their holes.
    pub fn resolve_text(&self, text: &Text) -> Text {
        let mut result = Text::default();
        for piece in &text.pieces {
            let known = match piece {
                TextPiece::Hole(TextHole { value: Some(val), span, .. }) => {
                    self.option_text(val).map(|known| (known, *span))
                }
                _ => None,
            };
            match known {
                Some((known, span)) => {
                    let origin = span.map(|span| (span.file, TextMap::Whole(span.range())));
                    result.pieces.push(TextPiece::Known { text: known.into(), origin });
                }
                None => result.pieces.push(piece.clone()),
            }
        }
        result
    }

    /// The text of an option reference, where one value is certain.
    fn option_text(&self, val: &Val) -> Option<String> {
        match self.referenced(val)?.value {
            Value::Str(text) => text.exact(),
            Value::Path(path) if !path.starts_with(self.machine().loader().root()) => Some(path.to_string()),
            Value::Int(value) => Some(value.to_string()),
            _ => None,
        }
    }

    /// The text of a scalar option of a unit, e.g. `serviceConfig.User`, with options resolved; `None`
    /// where it is not set, `Some(None)` where its value is not known.
    pub fn unit_text(&self, unit: &Unit, path: &str) -> Option<Option<String>> {
        let node = self.below(&unit.node, path);
        if node.definitions().is_empty() {
            return None;
        }
        Some(match self.value_of(&node) {
            Resolved::Known(val) => match &val.value {
                Value::Str(text) => self.resolve_text(text).exact(),
                Value::Symbol(_) => self.option_text(&val),
                Value::Bool(value) => Some(value.to_string()),
                Value::Int(value) => Some(value.to_string()),
                _ => None,
            },
            _ => match node.definitions() {
                // One definition under a condition: if the unit is there, so is the value.
                [definition] => match &definition.value.value {
                    Value::Str(text) => self.resolve_text(text).exact(),
                    Value::Symbol(_) => self.option_text(&definition.value),
                    Value::Bool(value) => Some(value.to_string()),
                    _ => None,
                },
                _ => None,
            },
        })
    }

    /// The words of a directive that takes several: a list, or a string of words. `None` where one is not
    /// known.
    pub fn unit_words(&self, unit: &Unit, path: &str) -> Option<Vec<String>> {
        let (items, open) = self.items(&self.below(&unit.node, path));
        if open.is_some() {
            return None;
        }
        let mut words = Vec::new();
        for item in items {
            let text = self.resolve_text(item.text()?).exact()?;
            words.extend(text.split_whitespace().map(str::to_owned));
        }
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_words_outside_of_comments() {
        let may_call = |text: &str| has_word(text, "mount");
        for text in
            ["mount /x", "set -e\n\tmount /x", "/bin/mount", "a && mount", "$(mount)", "x # mount", "mount"]
        {
            assert!(may_call(text), "{text}");
        }
        for text in
            ["\n# mount /x", "mountpoint /x", "umount /x", "ro-mount", "mount.cifs", "/mount/x", "mount-a"]
        {
            assert!(!may_call(text), "{text}");
        }
    }

    #[test]
    fn paths_begin_where_no_name_ends() {
        let may_name = |text: &str| {
            let (_, rest) = text.split_once("mkdir").expect("it is called");
            may_begin_path(text, arguments(rest))
        };
        for text in [
            "mkdir -p /var/lib/x",
            "mkdir -p \\\n  \"/var/lib/x\"",
            "mkdir {/a,/b}",
            "mkdir --mode=0700 a \"\"/b",
            "D=/var/lib/x\nmkdir -p \"$D\"",
            "E=/a\nD=\"$E/b\"\nmkdir ${D}/c",
            "mkdir 'a\n/b'",
            "mkdir ${D:-/a}",
            "D=/a\nmkdir \"$(id -u \"$E\")\" $D",
            "D=/a\nmkdir \"$(id $D\"",
        ] {
            assert!(may_name(text), "{text}");
        }
        for text in [
            "mkdir -p \"$HOME/.config/x\"\nls /a",
            "D=\"\0/backups\"\nmkdir -p \"$D\"",
            "LOG=/var/log/x\nmkdir -p \"$(dirname \"$LOG\")\" ../a ~/b $(id (a) $LOG)/c",
            "D=x\nmkdir $D/y \0/z ${1}/w",
            "mkdir a; \n ls /b",
        ] {
            assert!(!may_name(text), "{text}");
        }
    }
}
