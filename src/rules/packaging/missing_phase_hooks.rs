use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds phases that a package writes itself, without the hooks that belong to them: an `installPhase` without
    /// `runHook preInstall` and `runHook postInstall`.
    ///
    /// ## Why is this bad?
    /// `postInstall` and its like have no effect then, neither those of the package, nor those that somebody adds with
    /// `overrideAttrs`, nor those of setup hooks such as `installShellFiles` and `copyDesktopItems`.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   installPhase = ''
    ///     install -D tool $out/bin/tool
    ///   '';
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   installPhase = ''
    ///     runHook preInstall
    ///     install -D tool $out/bin/tool
    ///     runHook postInstall
    ///   '';
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A phase that does nothing, that runs another phase, or that has a whole line from elsewhere in it, is not
    /// reported.
    ///
    /// ## Fix safety
    /// Unsafe: hooks that had no effect have one then.
    ///
    /// ## References
    /// - nixpkgs manual, "Phases"
    pub struct MissingPhaseHooks {}

    name: "missing-phase-hooks",
    summary: "phase of a package that does not run its hooks",
    group: Packaging,
    level: Warning,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

/// Phases, and how their hooks are called behind `pre` and `post`.
const PHASES: [(&str, &str); 5] = [
    ("configurePhase", "Configure"),
    ("buildPhase", "Build"),
    ("checkPhase", "Check"),
    ("installPhase", "Install"),
    ("installCheckPhase", "InstallCheck"),
];

impl Rule for MissingPhaseHooks {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] =
        &["configurePhase", "buildPhase", "checkPhase", "installPhase", "installCheckPhase"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::is_package) else { return };
        let file = cx.file;
        for (phase, stem) in PHASES {
            let Some(attribute) = call.attribute(phase) else { continue };
            let Some(ast::Expr::Str(string)) = attribute.value() else { continue };
            let Some(text) = whole_text(&string) else { continue };
            if does_nothing(&text) || runs_a_phase(&text) {
                continue;
            }
            let missing: Vec<String> = [format!("pre{stem}"), format!("post{stem}")]
                .into_iter()
                .filter(|hook| !runs_hook(&text, hook))
                .collect();
            let Some(first) = missing.first() else { continue };
            let hooks = missing.iter().map(|hook| format!("`{hook}`")).collect::<Vec<_>>().join(" and ");
            let report = cx
                .report(&attribute.key, format!("`{phase}` does not run {hooks}"))
                .here("hooks have no effect")
                .covers(attribute.range())
                .help(format!("write `runHook {first}`, and so on, where it belongs"));
            let _ = match with_hooks(&string, stem, &missing) {
                Some(edits) => {
                    report.fix(Applicability::Unsafe, "run the hooks", |fix| fix.extend(file, edits))
                }
                None => report,
            };
        }
    }
}

/// The text of a script as it is written, with `${}` for each interpolation; `None` where one of them may be a
/// statement.
fn whole_text(string: &ast::Str) -> Option<String> {
    let start = string.syntax().text_range().start();
    let source = string.syntax().text().to_string();
    let mut text = String::new();
    for part in raw_string(string) {
        match part {
            RawPart::Text(range) => {
                let range = range - start;
                text.push_str(&source[usize::from(range.start())..usize::from(range.end())]);
            }
            RawPart::Interpolation(_) => text.push_str("${}"),
        }
    }
    let may_be_statement = |line: &str| {
        let rest = line.replace("${}", "");
        rest.len() < line.len() && rest.trim_matches([' ', '\t', ';']).is_empty()
    };
    (!text.lines().any(may_be_statement)).then_some(text)
}

/// Whether a phase is there to be skipped.
fn does_nothing(text: &str) -> bool {
    let is_empty = |line: &str| {
        let line = line.trim().trim_end_matches(';').trim();
        line.is_empty() || line.starts_with('#') || matches!(line, ":" | "true")
    };
    text.lines().all(is_empty)
}

/// Whether a script leaves the work to another phase, which has its hooks.
fn runs_a_phase(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = text.split(|c: char| !is_word(c)).filter(|word| !word.is_empty());
    words.any(|word| word.ends_with("Phase") || matches!(word, "eval" | "source" | "genericBuild"))
}

/// Whether a script runs a hook.
fn runs_hook(text: &str, hook: &str) -> bool {
    text.match_indices("runHook").any(|(at, found)| {
        let argument =
            text[at + found.len()..].trim_start_matches([' ', '\t']).trim_start_matches(['"', '\'']);
        argument.strip_prefix(hook).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    })
}

/// The edits that run hooks at the beginning and the end of a script of several lines.
fn with_hooks(string: &ast::Str, stem: &str, missing: &[String]) -> Option<Vec<(TextRange, String)>> {
    if !is_indented(string) {
        return None;
    }
    let range = string.syntax().text_range();
    let source = string.syntax().text().to_string();
    let content = source.strip_prefix("''")?.strip_suffix("''")?;
    let (first_line, lines) = content.split_once('\n')?;
    let (_, last_line) = content.rsplit_once('\n')?;
    if !first_line.trim().is_empty() || !last_line.trim().is_empty() {
        return None;
    }
    let line = lines.lines().find(|line| !line.trim().is_empty())?;
    let indentation = &line[..line.len() - line.trim_start_matches(' ').len()];
    let at = |bytes: usize| TextRange::empty(range.start() + TextSize::new(bytes as u32));
    let mut edits = Vec::new();
    for hook in missing {
        let call = format!("{indentation}runHook {hook}\n");
        let is_first = hook.strip_prefix("pre").is_some_and(|rest| rest == stem);
        edits.push(match is_first {
            true => (at("''".len() + first_line.len() + 1), call),
            false => (at(source.len() - "''".len() - last_line.len()), call),
        });
    }
    Some(edits)
}
