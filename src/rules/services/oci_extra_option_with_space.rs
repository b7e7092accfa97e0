use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds elements of `extraOptions` of containers that hold a flag and its value in one string, with a
    /// space between them.
    ///
    /// ## Why is this bad?
    /// Each element is one argument of docker or podman, quoted as it stands. There is no flag called
    /// `--device /dev/dri`, so the container does not start; and in `-v /a:/b` the value begins with a space.
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.video.extraOptions = [ "--device /dev/dri" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { virtualisation.oci-containers.containers.video.extraOptions = [ "--device=/dev/dri" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// A space behind an equals sign is part of the value: `--health-cmd=curl -f http://localhost` is fine.
    ///
    /// ## Fix safety
    /// Safe where the string is a known flag with one value and nothing else uses it: the container gets the
    /// option that was meant. Unsafe where the string holds more than that.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix: `map escapeShellArg container.extraOptions`
    pub struct OciExtraOptionWithSpace {}

    name: "oci-extra-option-with-space",
    summary: "flag and value of a container option in one string",
    group: Services,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: [
        "virtualisation.oci-containers.containers.*.extraOptions",
        "virtualisation.oci-containers.containers.*.preRunExtraOptions",
    ],
}

impl HostRule for OciExtraOptionWithSpace {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            for item in &run.arguments {
                let Some(text) = item.text() else { continue };
                let known = text.known_prefix();
                if let Some(flag) = flag_before_space(&known) {
                    report(cx, run, item, flag);
                }
            }
        }
    }
}

/// The flag that stands in front of the first space.
fn flag_before_space(text: &str) -> Option<&str> {
    let (flag, _) = text.split_once(|c: char| c.is_ascii_whitespace())?;
    let name = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-'))?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (is_name && (flag.starts_with("--") || name.len() <= 3)).then_some(flag)
}

fn report(cx: &mut HostContext<'_>, run: &ContainerRun, item: &Item, flag: &str) {
    let name = run.name().replace('*', "…");
    let patch = split(cx, item, flag);
    let message = format!("`{flag}` and what follows are one argument of container `{name}`");
    let Some(mut report) = cx.report_item(item, message) else { return };
    if let Some((applicability, edits)) = patch
        && let Some(span) = item.span
    {
        report = report.fix(
            applicability,
            format!("give `{flag}` its value as docker and podman read it"),
            |fix| {
                fix.extend(span.file, edits);
            },
        );
    }
    let effect = match flag.len() {
        2 => "the value begins with a space",
        _ => "there is no flag of this name",
    };
    let _ = report
        .here(effect)
        .help("write `--flag=value`, or two elements")
        .note("Cause: NixOS quotes each element of the list, so that a space in it does not part arguments.")
        .note(format!("To validate: journalctl -b | grep {name}, which shows what the runtime made of it."));
}

/// The string in two, or with an equals sign.
fn split(cx: &HostContext<'_>, item: &Item, flag: &str) -> Option<(Applicability, Vec<(TextRange, String)>)> {
    let span = item.span?;
    let source = cx.text(span);
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    let rest = inner.strip_prefix(flag)?;
    let value = rest.trim_start();
    let spaces = rest.len() - value.len();
    if value.is_empty() || spaces == 0 {
        return None;
    }
    let known = match flag.strip_prefix("--") {
        Some(name) => nixos::containers::flag(name),
        None => flag
            .strip_prefix('-')
            .filter(|name| name.len() == 1)
            .and_then(|name| nixos::containers::short_flag(name.chars().next()?)),
    };
    let takes_value = known.is_some_and(|known| !known.switch);
    let is_one = takes_value && !value.starts_with('-') && !value.contains(char::is_whitespace);
    let is_long = flag.starts_with("--");
    // What follows may be further flags: taking apart the first of them would not do.
    if value.split_whitespace().skip(1).any(|word| word.starts_with('-')) {
        return None;
    }
    let is_element = || {
        let string = cx.expression_at(span).and_then(|string| string.syntax().parent());
        string.is_some_and(|around| ast::List::can_cast(around.kind()))
    };
    let between = if is_long && !value.starts_with('-') && known.is_none_or(|known| !known.switch) {
        "="
    } else if is_element() {
        "\" \""
    } else {
        return None;
    };
    let start = span.range().start() + TextSize::of(flag) + TextSize::of('"');
    let range = TextRange::at(start, TextSize::try_from(spaces).ok()?);
    let is_safe = is_one && !cx.is_shared(span, &item.definition);
    let applicability = if is_safe { Applicability::Safe } else { Applicability::Unsafe };
    Some((applicability, vec![(range, between.to_owned())]))
}
