//! Simple commands: their words, where they stand, and what they run behind wrappers such as `sudo`.
//!
//! It must never run anything, nor know what a program does with its arguments beyond passing them on.

use super::word::{Word, WordPart};
use crate::text::{Span, TextRange};

/// A simple command: assignments, words and redirections, any of which may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments, wrappers included. Empty when there are only assignments or
    /// redirections. `export A=b` has the word `export`; `A=b` is among the assignments.
    pub words: Vec<Word>,
    /// Assignments before the program, in order.
    pub assignments: Vec<Assignment>,
    /// Redirections of this command; not those of a loop or group around it.
    pub redirects: Vec<Redirect>,
    /// What it stands in.
    pub context: Context,
    /// Whether it stands in a statement of the script itself, alone or among others joined by `&&` and `||`.
    pub(super) in_top_list: bool,
    pub(super) source: Option<Span>,
    pub(super) anchor: Option<Span>,
    pub(super) statement: Option<Statement>,
}

/// `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable; `None` when Nix fills in the name.
    pub name: Option<String>,
    /// Whether it is `+=`.
    pub appends: bool,
    /// The value; of an array or an element of one, only that it is computed.
    pub value: Word,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The operator without the descriptor: `>`, `>>`, `<`, `&>`, `>&`, `<<`, `<<<` …
    pub operator: String,
    /// The number before the operator.
    pub descriptor: Option<u32>,
    /// What follows: a file, a descriptor, the text of `<<<`, the delimiter of `<<`.
    pub target: Option<Word>,
}

/// What a command stands in, at any distance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// A branch of `if` or `case`, or the right side of `&&` or `||`. Not the condition of an `if`.
    pub conditional: bool,
    /// The body of a loop, or the condition of `while`.
    pub in_loop: bool,
    /// A function: it runs when that is called.
    pub in_function: bool,
    /// `$(…)`, backquotes or `<(…)`.
    pub in_substitution: bool,
    /// A pipeline.
    pub in_pipeline: bool,
    /// The script of `sh -c` or the like.
    pub nested_shell: bool,
    /// It follows a hole that may hold whole statements, or text that is no valid shell: what comes before
    /// it is not known for sure.
    pub after_unknown: bool,
}

impl Context {
    pub(super) fn within(self, outer: Self) -> Self {
        Self {
            conditional: self.conditional | outer.conditional,
            in_loop: self.in_loop | outer.in_loop,
            in_function: self.in_function | outer.in_function,
            in_substitution: self.in_substitution | outer.in_substitution,
            in_pipeline: self.in_pipeline | outer.in_pipeline,
            nested_shell: self.nested_shell | outer.nested_shell,
            after_unknown: self.after_unknown | outer.after_unknown,
        }
    }
}

/// A command that is a statement of its own in a list of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Index of the list in the script.
    pub(super) body: u32,
    /// Stretches of the source span that are not part of the shell text. Only indentation may stand there.
    pub(super) gaps: Box<[TextRange]>,
}

/// A program with its arguments, wrappers taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation<'c> {
    /// Base name of the program.
    pub program: &'c str,
    /// Its arguments. More follow when [`Invocation::more_args`] is set.
    pub args: &'c [Word],
    /// Whether `xargs` adds arguments that are not known.
    pub more_args: bool,
    /// The user that the innermost of `sudo -u`, `doas -u` and `runuser -u` names.
    pub user: Option<Word>,
}

impl Command {
    /// Base name of the program, the first word: `mkdir` for `mkdir`, `/run/current-system/sw/bin/mkdir`
    /// and a hole followed by `/bin/mkdir`. `None` when it is not known.
    pub fn program(&self) -> Option<&str> {
        self.words.first()?.base_name()
    }

    /// The command behind wrappers; see [`effective`].
    pub fn effective(&self) -> Option<Invocation<'_>> {
        effective(&self.words)
    }

    /// From the first to the last byte in the Nix file, here-document bodies left out; `None` when that is
    /// not one stretch of one file.
    pub fn source(&self) -> Option<Span> {
        self.source
    }

    /// A place to point at: the first part of the command that has one.
    pub fn anchor(&self) -> Option<Span> {
        self.source.or(self.anchor)
    }

    /// Whether it begins with a hole that may hold whole statements instead of a program. A path may
    /// follow a hole that is a folder.
    pub(super) fn may_hold_statements(&self) -> bool {
        let mut parts = self.words.first().map_or(&[][..], |word| &word.parts).iter();
        let Some(WordPart::Hole(hole)) = parts.next() else { return false };
        let folder = matches!(parts.next(), Some(WordPart::Literal(text)) if text.starts_with('/'));
        !hole.kind.is_one_word() && !folder
    }
}

/// What `words`, a program and its arguments, run when the wrappers in front are taken off: `sudo`, `doas`,
/// `runuser -u`, `env`, `exec`, `command`, `builtin`, `time`, `nice`, `ionice`, `nohup`, `setsid`,
/// `stdbuf`, `setpriv`, `timeout`, `taskset`, `flock`, `systemd-cat`, `systemd-inhibit`, `busybox` and `xargs`.
///
/// `None` when the program is not known, or an option of a wrapper is not. What leads to another file
/// system or machine (`chroot`, `nsenter`, `ssh`, `podman exec` …) is no wrapper: it is the program.
pub fn effective(words: &[Word]) -> Option<Invocation<'_>> {
    let (mut words, mut user, mut more_args) = (words, None, false);
    loop {
        let (first, args) = words.split_first()?;
        let program = first.base_name()?;
        let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == program);
        let Some(inner) = wrapper.map(|wrapper| wrapper.unwrap(args)) else {
            return Some(Invocation { program, args, more_args, user });
        };
        match inner {
            Unwrapped::Command { start, user: named } => {
                user = named.or(user);
                more_args |= program == "xargs";
                words = &args[start..];
            }
            Unwrapped::OnlyWrapper => return Some(Invocation { program, args, more_args, user }),
            Unwrapped::Unknown => return None,
        }
    }
}

/// The word that holds the script of `sh -c`, `bash -euc` and the like; `None` for any other invocation.
pub(super) fn nested_script<'c>(invocation: &Invocation<'c>) -> Option<&'c Word> {
    if !is_shell(invocation.program) {
        return None;
    }
    let mut has_script = false;
    let mut args = invocation.args.iter();
    while let Some(arg) = args.next() {
        let text = arg.leading_text();
        if !text.starts_with(['-', '+']) || text.len() == 1 {
            // Without text at the beginning it may be an option; then the script is not known.
            return Some(arg).filter(|_| has_script);
        }
        let option = arg.as_literal()?;
        if option == "--" {
            return args.next().filter(|_| has_script);
        }
        if option.starts_with("--") {
            if matches!(option, "--rcfile" | "--init-file") {
                args.next();
            }
            continue;
        }
        has_script |= option.starts_with('-') && option.contains('c');
        for _ in option.bytes().filter(|letter| matches!(letter, b'o' | b'O')) {
            args.next();
        }
    }
    None
}

/// Whether `program` is the base name of a shell of the POSIX kind.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "mksh")
}

/// How a program that runs another one takes its own arguments.
struct Wrapper {
    name: &'static str,
    /// Letters of the options that take a value.
    with_value: &'static str,
    /// Long options that take a value, without dashes.
    long_with_value: &'static [&'static str],
    /// Letters of options that make it do something else.
    other: &'static str,
    /// Long options that make it do something else.
    long_other: &'static [&'static str],
    /// Arguments of its own before the program.
    positionals: usize,
    /// Whether `NAME=value` may stand before the program.
    assignments: bool,
    /// The option that names a user.
    user: Option<(char, &'static str)>,
    /// Whether it runs a program only when a user is named.
    needs_user: bool,
}

const PLAIN: Wrapper = Wrapper {
    name: "",
    with_value: "",
    long_with_value: &[],
    other: "",
    long_other: &[],
    positionals: 0,
    assignments: false,
    user: None,
    needs_user: false,
};

/// From the manual pages of sudo, doas, util-linux, coreutils, findutils, systemd, busybox and bash.
const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "sudo",
        with_value: "ugphCDrtTUa",
        long_with_value: &[
            "user",
            "group",
            "prompt",
            "host",
            "close-from",
            "chdir",
            "role",
            "type",
            "command-timeout",
            "other-user",
        ],
        other: "elvKVR",
        long_other: &["edit", "list", "validate", "remove-timestamp", "version", "chroot", "help"],
        assignments: true,
        user: Some(('u', "user")),
        ..PLAIN
    },
    Wrapper { name: "doas", with_value: "u", other: "LCs", user: Some(('u', "user")), ..PLAIN },
    Wrapper {
        name: "runuser",
        with_value: "ugGw",
        long_with_value: &["user", "group", "supp-group", "whitelist-environment"],
        other: "cls",
        long_other: &["command", "login", "shell", "session-command", "help", "version"],
        user: Some(('u', "user")),
        needs_user: true,
        ..PLAIN
    },
    Wrapper {
        name: "env",
        with_value: "uC",
        long_with_value: &["unset", "chdir"],
        other: "S",
        long_other: &["split-string", "help", "version"],
        assignments: true,
        ..PLAIN
    },
    Wrapper { name: "exec", with_value: "a", ..PLAIN },
    Wrapper { name: "command", other: "vV", ..PLAIN },
    Wrapper { name: "builtin", ..PLAIN },
    Wrapper { name: "time", with_value: "fo", long_with_value: &["format", "output"], ..PLAIN },
    Wrapper { name: "nice", with_value: "n", long_with_value: &["adjustment"], ..PLAIN },
    Wrapper {
        name: "ionice",
        with_value: "cn",
        long_with_value: &["class", "classdata"],
        other: "pPu",
        long_other: &["pid", "pgid", "uid"],
        ..PLAIN
    },
    Wrapper { name: "nohup", ..PLAIN },
    Wrapper { name: "setsid", ..PLAIN },
    Wrapper { name: "stdbuf", with_value: "ioe", long_with_value: &["input", "output", "error"], ..PLAIN },
    Wrapper {
        name: "setpriv",
        long_with_value: &[
            "reuid",
            "ruid",
            "euid",
            "regid",
            "rgid",
            "egid",
            "groups",
            "inh-caps",
            "ambient-caps",
            "bounding-set",
            "securebits",
            "pdeathsig",
            "selinux-label",
            "apparmor-profile",
        ],
        other: "d",
        long_other: &["dump", "list-caps", "help", "version"],
        ..PLAIN
    },
    Wrapper {
        name: "timeout",
        with_value: "sk",
        long_with_value: &["signal", "kill-after"],
        positionals: 1,
        ..PLAIN
    },
    Wrapper { name: "taskset", other: "p", long_other: &["pid", "help", "version"], positionals: 1, ..PLAIN },
    Wrapper {
        name: "flock",
        with_value: "wE",
        long_with_value: &["timeout", "wait", "conflict-exit-code"],
        other: "cu",
        long_other: &["command", "unlock", "help", "version"],
        positionals: 1,
        ..PLAIN
    },
    Wrapper {
        name: "systemd-cat",
        with_value: "tp",
        long_with_value: &["identifier", "priority", "stderr-priority", "level-prefix", "namespace"],
        other: "h",
        long_other: &["help", "version"],
        ..PLAIN
    },
    Wrapper {
        name: "systemd-inhibit",
        long_with_value: &["what", "who", "why", "mode"],
        other: "h",
        long_other: &["list", "help", "version"],
        ..PLAIN
    },
    Wrapper { name: "busybox", ..PLAIN },
    Wrapper {
        name: "xargs",
        with_value: "adEILnPs",
        long_with_value: &["arg-file", "delimiter", "max-args", "max-procs", "max-chars", "process-slot-var"],
        ..PLAIN
    },
];

enum Unwrapped {
    /// The program stands at this argument.
    Command { start: usize, user: Option<Word> },
    /// It runs no other program.
    OnlyWrapper,
    /// An argument that is not known decides.
    Unknown,
}

/// What one argument of a wrapper is.
enum Argument {
    Flag,
    /// An option whose value stands in the same word, or follows.
    Value {
        option: String,
        value: Option<Word>,
    },
    Other,
    Unknown,
}

impl Wrapper {
    fn unwrap(&self, args: &[Word]) -> Unwrapped {
        let (mut user, mut positionals, mut at, mut options) = (None, self.positionals, 0, true);
        while let Some(arg) = args.get(at) {
            let text = arg.leading_text();
            at += 1;
            if options && text == "--" && arg.parts.len() == 1 {
                options = false;
            } else if options && text.starts_with('-') {
                match self.option(arg, text) {
                    Argument::Flag => {}
                    Argument::Value { option, value } => {
                        let value = value.or_else(|| {
                            at += 1;
                            args.get(at - 1).cloned()
                        });
                        let names_user = |(letter, long): (char, &str)| {
                            option == long || option.strip_prefix(letter).is_some_and(str::is_empty)
                        };
                        if self.user.is_some_and(names_user) {
                            user = value;
                        }
                    }
                    Argument::Other => return Unwrapped::OnlyWrapper,
                    Argument::Unknown => return Unwrapped::Unknown,
                }
            } else if self.assignments && is_assignment(text) {
                options = false;
            } else if positionals > 0 {
                if !is_one_word(arg) {
                    return Unwrapped::Unknown;
                }
                positionals -= 1;
                options = false;
            } else if self.needs_user && user.is_none() {
                return Unwrapped::OnlyWrapper;
            } else {
                return Unwrapped::Command { start: at - 1, user };
            }
        }
        Unwrapped::OnlyWrapper
    }

    fn option(&self, arg: &Word, text: &str) -> Argument {
        let whole = arg.as_literal().is_some();
        if let Some(long) = text.strip_prefix("--") {
            let (name, has_value) = match long.split_once('=') {
                Some((name, _)) => (name, true),
                None if whole => (long, false),
                None => return Argument::Unknown,
            };
            return if self.long_other.contains(&name) {
                Argument::Other
            } else if has_value {
                let value = arg.without_prefix(2 + name.len() + 1);
                Argument::Value { option: name.to_owned(), value: Some(value) }
            } else if self.long_with_value.contains(&name) {
                Argument::Value { option: name.to_owned(), value: None }
            } else {
                Argument::Flag
            };
        }
        for (index, letter) in text.char_indices().skip(1) {
            if self.other.contains(letter) {
                return Argument::Other;
            }
            if self.with_value.contains(letter) {
                let end = index + letter.len_utf8();
                let attached = end < text.len() || !whole;
                let value = attached.then(|| arg.without_prefix(end));
                return Argument::Value { option: letter.to_string(), value };
            }
        }
        if whole { Argument::Flag } else { Argument::Unknown }
    }
}

/// Whether the word begins with `NAME=`.
fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    })
}

/// Whether the word surely is one argument, and not none or several.
fn is_one_word(word: &Word) -> bool {
    !word.parts.is_empty()
        && word.parts.iter().all(|part| match part {
            WordPart::Literal(_) | WordPart::Variable { .. } | WordPart::Substitution | WordPart::Tilde => {
                true
            }
            WordPart::Hole(hole) => hole.kind.is_one_word() || word.parts.len() > 1,
        })
}
