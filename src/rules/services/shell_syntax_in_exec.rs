use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds redirections, pipes and chains of commands in `ExecStart` and its kin where no shell reads them.
    ///
    /// ## Why is this bad?
    /// systemd starts the program itself. `2>/dev/null`, `|` and `&&` become arguments of it, so it fails or
    /// does something else.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web.serviceConfig.ExecStop = "/bin/web-stop 2>/dev/null || true"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.web.serviceConfig.ExecStop = "-/bin/web-stop"; }
    /// ```
    ///
    /// ## Exceptions
    /// Lines whose program is a shell, runs another command line, or is not known.
    ///
    /// ## Fix safety
    /// There is no automatic fix: use `script`, `preStart` or `sh -c`, or the prefix `-` to ignore a failure.
    ///
    /// ## References
    /// - systemd.service(5), "Command lines"
    pub struct ShellSyntaxInExec {}

    name: "shell-syntax-in-exec",
    summary: "shell syntax where no shell reads it",
    group: Services,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Words that are of the shell and of hardly any program.
const WORDS: [&str; 12] = [
    "&&",
    "||",
    "|",
    ">",
    ">>",
    "2>&1",
    "2>/dev/null",
    ">/dev/null",
    "&>/dev/null",
    "1>/dev/null",
    "1>&2",
    ">&2",
];

/// Programs that hand their arguments to a shell, or take such words themselves.
const READERS: [&str; 32] = [
    "sh",
    "bash",
    "dash",
    "zsh",
    "fish",
    "ksh",
    "nu",
    "ssh",
    "su",
    "runuser",
    "script",
    "tmux",
    "screen",
    "watch",
    "flock",
    "expr",
    "test",
    "[",
    "find",
    "awk",
    "gawk",
    "jq",
    "python3",
    "perl",
    "tcpdump",
    "tshark",
    "dumpcap",
    "ngrep",
    "sqlite3",
    "iptables",
    "ip6tables",
    "nft",
];

impl HostRule for ShellSyntaxInExec {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for unit in host.units().iter().filter(|unit| unit.suffix == "service") {
            for command in host.unit_commands(unit, &["|", ">", "&&"]) {
                let words = &command.words;
                let Some(program) = words.first().and_then(Word::base_name) else { continue };
                // Who quotes such a word means it as an argument.
                let is_bare = |word: &Word, text: &str| word.span.is_some_and(|span| cx.text(span) == text);
                let is_shell = |word: &&Word| {
                    word.as_literal().is_some_and(|text| WORDS.contains(&text) && is_bare(word, text))
                };
                if command.has_script || READERS.contains(&program) || words.iter().any(reads) {
                    continue;
                }
                let Some(word) = words[1..].iter().find(is_shell) else { continue };
                let place = word.span.or(command.item.span).filter(|span| !cx.has_reported(*span));
                let (Some(place), Some(shown)) = (place, word.as_literal()) else { continue };
                let mut report = cx
                    .report(
                        place,
                        format!("`{program}` of `{}` gets `{shown}` as an argument", unit.display()),
                    )
                    .here("no shell reads this")
                    .help("use `script`, or the prefix `-` to ignore a failure")
                    .note("Cause: systemd starts the program itself, without a shell.")
                    .note(format!("To validate: systemctl status {} and its journal.", unit.display()));
                if let Some(binding) =
                    command.item.definition.binding.filter(|binding| binding.file == place.file)
                {
                    report = report.covers(binding.range());
                }
                let _ = report;
            }
        }
    }
}

/// Whether a word names a program that reads the rest as a command line.
fn reads(word: &Word) -> bool {
    word.base_name().is_some_and(|name| READERS[..11].contains(&name))
}
