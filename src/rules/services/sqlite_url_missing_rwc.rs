use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `sqlite:` URLs without `mode=` in the settings of programs that open the database through sqlx
    /// and do not create it themselves, such as atticd.
    ///
    /// ## Why is this bad?
    /// sqlx opens such a URL as it stands and creates the file only with `mode=rwc`. A host that has the
    /// database keeps working; a new one, or one whose state was lost, ends with `unable to open database
    /// file`. The module's own default has the parameter, so it is lost when the URL is set by hand.
    ///
    /// ## Example
    /// ```nix
    /// { services.atticd.settings.database.url = "sqlite:///var/lib/atticd/server.db"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { services.atticd.settings.database.url = "sqlite:///var/lib/atticd/server.db?mode=rwc"; }
    /// ```
    ///
    /// ## Exceptions
    /// A database that something else creates before the program starts. Programs of which it is not certain that they
    /// need the parameter are a warning (`other`).
    ///
    /// ## Fix safety
    /// Safe: an existing database opens as before. Unsafe where the same text is used elsewhere too.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/services/networking/atticd.nix: the default of the option
    /// - zhaofengli/attic issue 215
    pub struct SqliteUrlMissingRwc {}

    name: "sqlite-url-missing-rwc",
    summary: "sqlite URL of a program that creates the database only with `mode=rwc`",
    group: Services,
    level: Error,
    variants: [other: Warning],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: [
        "services.*.settings.database.url",
        "systemd.services.*.environment.*",
        "systemd.services.*.serviceConfig.Environment",
        "virtualisation.oci-containers.containers.*.environment.*",
    ],
}

impl HostRule for SqliteUrlMissingRwc {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let containers = host.containers();
        for program in nixos::sqlite::needing_mode() {
            for option in program.options.iter().map(ToString::to_string) {
                if !is_disabled(host, &option) {
                    check_all(host, cx, program, host.definitions(&option));
                }
            }
            for variable in &program.variables {
                check_all(
                    host,
                    cx,
                    program,
                    host.definitions(&format!("systemd.services.*.environment.{variable}")),
                );
                for (_, node) in host.nodes("systemd.services.*.serviceConfig.Environment") {
                    check_assignments(host, cx, program, variable, &node);
                }
            }
            if program.images.is_empty() {
                continue;
            }
            for container in &containers {
                if host.container_image(container).is_none_or(|image| !program.images.contains(&image)) {
                    continue;
                }
                for variable in &program.variables {
                    let node = host.below(&container.node, &format!("environment.{variable}"));
                    check_all(host, cx, program, node.definitions().to_vec());
                }
            }
        }
    }
}

fn check_all(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    program: &'static nixos::sqlite::SqliteProgram,
    definitions: Vec<Definition>,
) {
    for definition in strongest(definitions) {
        let definition = resolved(host, definition);
        let Value::Str(text) = &definition.value.value else { continue };
        if text.known_prefix().starts_with("sqlite:") && lacks_mode(text) {
            report(cx, program, &definition, text);
        }
    }
}

/// `Environment = [ "VARIABLE=url" ];`
fn check_assignments(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    program: &'static nixos::sqlite::SqliteProgram,
    variable: &str,
    node: &Node,
) {
    for item in host.items(node).0 {
        let Some(text) = item.text().cloned() else { continue };
        let prefix = text.known_prefix();
        let value =
            prefix.trim_start_matches('"').strip_prefix(variable).and_then(|rest| rest.strip_prefix('='));
        if value.is_some_and(|value| value.starts_with("sqlite:")) && lacks_mode(&text) {
            report(cx, program, &Definition { value: item.value, ..item.definition }, &text);
        }
    }
}

/// Whether the service that the option belongs to is switched off for sure.
fn is_disabled(host: &Host<'_>, option: &str) -> bool {
    let service: Vec<&str> = option.split('.').take(2).collect();
    let enable = host.definitions(&format!("{}.enable", service.join(".")));
    !enable.is_empty() && enable.iter().all(|definition| matches!(definition.value.value, Value::Bool(false)))
}

/// The definitions that no stronger one, there for sure, replaces.
fn strongest(definitions: Vec<Definition>) -> Vec<Definition> {
    let sure = definitions.iter().filter(|definition| definition.condition == Condition::True);
    let Some(priority) = sure.map(|definition| definition.priority).min() else { return definitions };
    definitions.into_iter().filter(|definition| definition.priority <= priority).collect()
}

/// The definition with the value of the option that it refers to.
fn resolved(host: &Host<'_>, definition: Definition) -> Definition {
    match host.referenced(&definition.value) {
        Some(value) => Definition { value, ..definition },
        None => definition,
    }
}

/// Whether a URL of sqlite certainly has no `mode`.
fn lacks_mode(text: &Text) -> bool {
    let known = text.display();
    let ends_in_hole = !matches!(text.pieces.last(), Some(TextPiece::Known { .. }));
    let query = known.split_once('?').map(|(_, query)| query);
    let says_mode = query.is_some_and(|query| query.split('&').any(|part| part.starts_with("mode=")));
    let may_say_mode = ends_in_hole || query.is_some_and(|query| query.contains('*'));
    !says_mode && !may_say_mode && !known.contains(":memory:")
}

fn report(
    cx: &mut HostContext<'_>,
    program: &'static nixos::sqlite::SqliteProgram,
    definition: &Definition,
    url: &Text,
) {
    if definition.condition == Condition::False {
        return;
    }
    let Some(span) = definition.span().filter(|span| !cx.has_reported(*span)) else { return };
    let name = &program.name;
    let separator = if url.display().contains('?') { '&' } else { '?' };
    let end = end_of_literal(cx, url, span);
    let is_shared = cx.is_shared(span, definition);
    let mut report = cx
        .report(
            span,
            format!("`sqlite:` URL without `mode=rwc`: {name} opens an existing database but creates none"),
        )
        .here("the file must exist before the first start");
    if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
        report = report.covers(binding.range());
    } else if let Some(key) = definition.key {
        report = report.label(key, "set here");
    }
    if !program.certain {
        report = report.variant(&SqliteUrlMissingRwc::META, "other");
    }
    if let Some(end) = end {
        let applicability = if is_shared { Applicability::Unsafe } else { Applicability::Safe };
        let text = format!("{separator}mode=rwc");
        report = report.fix(applicability, format!("append `{text}`"), |edits| {
            edits.replace_span(end, text);
        });
    }
    let _ = report
        .help("let the program create the database: `mode=rwc`")
        .note("Cause: sqlx passes the URL to SQLite as it is, and SQLite makes a missing file only with `mode=rwc`.")
        .note("A host that has the database already starts; the failure waits for the next machine or a lost disk.")
        .note(format!(
            "To validate: nixos-rebuild dry-build; after switching, systemctl status {name} and journalctl -u {name}.",
        ));
}

/// The place just before the closing quote, where the text of the URL ends with its literal.
fn end_of_literal(cx: &HostContext<'_>, url: &Text, literal: Span) -> Option<Span> {
    let TextPiece::Known { origin: Some((file, map)), .. } = url.pieces.last()? else { return None };
    let end = map.entries().last()?.1.end();
    let whole = literal.range();
    let tail = cx.file_text(*file).get(usize::from(end)..usize::from(whole.end()))?;
    let is_end = *file == literal.file && whole.contains_inclusive(end) && (tail == "\"" || tail == "''");
    is_end.then(|| Span::new(*file, TextRange::empty(end)))
}
