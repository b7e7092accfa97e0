use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `$(command)` and `` `command` `` in the environment of units and containers, and in environment files
    /// that the configuration writes.
    ///
    /// ## Why is this bad?
    /// No shell reads these values: systemd, podman and Docker hand them on as they stand. Where the line is meant to
    /// bring a password from a file, the program gets the text `$(cat /run/secrets/…)` for its password.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.app = {
    ///     script = "exec app";
    ///     environment.APP_PASSWORD = "$(cat /run/secrets/app)";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }:
    /// {
    ///   systemd.services.app = {
    ///     script = "exec app";
    ///     serviceConfig.EnvironmentFile = config.sops.templates."app.env".path;
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Variables that a program hands to a shell by their nature (`…_COMMAND`, `PS1`, `…_OPTS`) are not reported, nor
    /// those of units whose scripts use `eval`.
    ///
    /// ## References
    /// - systemd.exec(5), `Environment=` and `EnvironmentFile=`: no expansion
    /// - podman-run(1), `--env` and `--env-file`
    pub struct UnexpandedCommandSubstitution {}

    name: "unexpanded-command-substitution",
    summary: "`$(command)` in an environment that no shell reads",
    group: Security,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Parts of names of variables that are commands, or parts of one.
const COMMANDS: [&str; 20] = [
    "COMMAND", "CMD", "HOOK", "SCRIPT", "EXEC", "PROMPT", "PS1", "OPTS", "ARGS", "FLAGS", "EDITOR", "PAGER",
    "TEMPLATE", "FORMAT", "REGEX", "_RE", "PATTERN", "MATCH", "FILTER", "FORMULA",
];

impl HostRule for UnexpandedCommandSubstitution {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        host.visit_every_unit(&mut |host, unit, _| {
            if unit.suffix == "service" {
                let found = substitutions(host.unit_variables(unit));
                if !found.is_empty() && !evaluates(host, unit) {
                    report(cx, &unit.display(), "systemd", found);
                }
            }
        });
        for container in host.containers() {
            let found = substitutions(host.container_variables(&container));
            let runtime = match host.container_backends().as_slice() {
                [backend] => backend.as_str(),
                _ => "the container runtime",
            };
            report(cx, &container.key.display(), runtime, found);
        }
    }
}

/// The variables with a command in them.
fn substitutions(variables: Vec<Variable>) -> Vec<Variable> {
    let has_command = |variable: &Variable| {
        let name = variable.name.to_ascii_uppercase();
        !COMMANDS.iter().any(|part| name.contains(part)) && holds_command(&variable.value.display())
    };
    variables.into_iter().filter(has_command).collect()
}

/// Whether a text has `$(command)` in it, or is `` `command` ``.
fn holds_command(text: &str) -> bool {
    let value = text.split_once('=').map_or(text, |(_, value)| value);
    let quoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let is_command = |value: &str| {
        let value = quoted(value);
        value
            .strip_prefix('`')
            .and_then(|rest| rest.strip_suffix('`'))
            .is_some_and(|command| !command.is_empty() && !command.contains('`'))
    };
    if is_command(text) || is_command(value) {
        return true;
    }
    text.match_indices("$(").any(|(at, _)| {
        let rest = &text[at + 2..];
        let Some(end) = rest.find(')') else { return false };
        let command = rest[..end].trim();
        // `$((1 + 1))` and the `$(VARIABLE)` of Kubernetes are no commands.
        let is_variable = command.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        // The end of a regular expression, as in `^a$(/|\?)`, is none either.
        let program = command.split_whitespace().next().unwrap_or_default();
        let is_program = program.len() > 1
            && program.chars().all(|c| c.is_ascii_alphanumeric() || "./_-*".contains(c))
            && program.chars().any(|c| c.is_ascii_alphabetic() || c == '*');
        is_program && !is_variable && !text[..at].ends_with(['$', '\\'])
    })
}

/// Whether a script of the unit may evaluate its environment.
fn evaluates(host: &Host<'_>, unit: &Unit) -> bool {
    host.unit_texts(unit, &["eval", "envsubst"]).iter().any(|text| matches!(text.kind, RunKind::Script(_)))
}

fn report(cx: &mut HostContext<'_>, name: &str, runtime: &str, found: Vec<Variable>) {
    for variable in found {
        let Some(span) = variable.span.filter(|span| !cx.has_reported(*span)) else { continue };
        let mut report = cx
            .report(
                span,
                format!("the command in `{}` of `{}` never runs", variable.name, name.replace('*', "…")),
            )
            .here(format!("{runtime} hands this text on as it stands"))
            .help(
                "write the file with a template of sops-nix (`sops.templates.\"…\".content` with \
                 `config.sops.placeholder.…`) and name its `path` as environment file",
            );
        if let Some(binding) = variable
            .definition
            .binding
            .filter(|binding| binding.file == span.file && binding.range().contains_range(span.range()))
        {
            report = report.covers(binding.range());
        }
        let _ = report
            .note(format!(
                "Cause: only a shell runs what stands in `$(…)`, and {runtime} starts none for variables."
            ))
            .note("To validate: tr '\\0' '\\n' < /proc/<pid>/environ shows what the program got.");
    }
}
