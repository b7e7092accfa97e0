use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds system units that are ordered after, or depend on, `sops-nix.service`.
    ///
    /// ## Why is this bad?
    /// The NixOS module of sops-nix has no such unit: it installs secrets in an activation script, before
    /// any unit starts, or, with systemd activation, in `sops-install-secrets.service`. Systemd passes over
    /// an unknown unit in `after` and `wants`, so the order one relies on is not there; with `requires` or
    /// `bindsTo` the unit does not start at all, and with `wantedBy` nothing ever starts it.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.backup.after = [ "network.target" "sops-nix.service" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.backup.after = [ "network.target" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Units of Home Manager: its sops module does have a user unit `sops-nix.service`.
    ///
    /// ## Fix safety
    /// Removing the entry is safe where systemd activation is off: secrets are there before the unit starts.
    /// Where activation is on, `sops-install-secrets.service` takes its place.
    ///
    /// ## References
    /// - Mic92/sops-nix, modules/sops/default.nix and modules/home-manager/sops.nix
    pub struct SopsNixServiceRef {}

    name: "sops-nix-service-ref",
    summary: "system unit refers to `sops-nix.service`, which only Home Manager has",
    group: Services,
    level: Error,
    variants: [ordering: Warning],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["systemd.mounts", "systemd.automounts", "systemd.*.*.*", "systemd.*.*.unitConfig.*", "virtualisation.quadlet.*.*.unitConfig.*"],
}

const MISTAKEN: &str = "sops-nix.service";

impl HostRule for SopsNixServiceRef {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if is_defined(host) {
            return;
        }
        for unit in host.units() {
            for attribute in &DEPENDENCIES {
                let (items, _) = host.dependencies(&unit, attribute);
                for item in items.iter().filter(|item| item.exact().as_deref() == Some(MISTAKEN)) {
                    report(host, cx, &unit.display(), attribute, item);
                }
            }
        }
        for kind in ["containers", "pods", "networks", "volumes"] {
            for attribute in DEPENDENCIES.iter().filter(|attribute| !attribute.directive.is_empty()) {
                let path = format!("virtualisation.quadlet.{kind}.*.unitConfig.{}", attribute.directive);
                for (keys, node) in host.nodes(&path) {
                    let Some(key) = keys.last() else { continue };
                    let (items, _) = host.items(&node);
                    for item in items.iter().filter(|item| item.exact().as_deref() == Some(MISTAKEN)) {
                        report(host, cx, &format!("{}.service", key.display()), attribute, item);
                    }
                }
            }
        }
    }
}

/// Whether the project has a unit of its own by this name.
fn is_defined(host: &Host<'_>) -> bool {
    let key = OptionKey::Name(MISTAKEN.trim_end_matches(".service").into());
    host.services_called(&key).iter().any(|unit| host.runs_something(unit))
}

fn report(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    unit: &str,
    attribute: &DependencyAttribute,
    item: &Item,
) {
    let Some(span) = item.span.filter(|span| !cx.has_reported(*span)) else { return };
    let option = written_name(item, attribute);
    let effect = match attribute.kind {
        Dependency::Order | Dependency::Weak => format!("`{option}` of `{unit}` has no effect"),
        Dependency::Strong => format!("`{unit}` fails to start"),
        Dependency::Reverse => format!("it never starts `{unit}`"),
    };
    let activation = systemd_activation(host);
    let removal = cx.remove_item(item);
    let optional = optional_entry(cx, item);
    let mut report = cx
        .report(span, format!("`{MISTAKEN}` is no system unit: {effect}"))
        .here("only Home Manager's sops module has a unit of this name");
    if let Some(binding) = item.definition.binding.filter(|binding| binding.file == span.file) {
        report = report.covers(binding.range());
    }
    if let Activation::On(Some(definition)) = &activation
        && let Some(place) = definition.span()
    {
        report = report.label(place, "secrets are installed by a unit");
    }
    if matches!(attribute.kind, Dependency::Order | Dependency::Weak) {
        report = report.variant(&SopsNixServiceRef::META, "ordering");
    }
    report = match activation {
        Activation::Off => {
            with_patch(report, removal, "remove it: secrets are there before any unit starts", true)
        }
        Activation::On(_) => {
            let is_soft = matches!(attribute.kind, Dependency::Order | Dependency::Weak);
            let is_shared = removal.is_none_or(|patch| patch.is_shared);
            let applicability =
                if is_soft && !is_shared { Applicability::Safe } else { Applicability::Unsafe };
            report.fix(applicability, "name `sops-install-secrets.service` instead", |edits| {
                edits.replace_span(span, "\"sops-install-secrets.service\"");
            })
        }
        Activation::Unknown => match optional {
            Some(edits) => report.fix(Applicability::Unsafe, "name the unit only where it exists", |fix| {
                fix.extend(span.file, edits);
            }),
            None => with_patch(report, removal, "remove it, unless secrets are installed by a unit", false),
        },
    };
    let _ = report
        .help("remove the entry; a NixOS unit needs no order after secrets")
        .note(
            "Cause: the NixOS module of sops-nix installs secrets in an activation script before units start; \
             `sops-install-secrets.service` exists only with `sops.useSystemdActivation`.",
        )
        .note(format!("To validate: nixos-rebuild dry-build; then systemctl list-dependencies --all {unit}."));
}

/// The entry moved behind `sops.useSystemdActivation`, where the list is a value of its own and the module has
/// `config` and `lib`.
fn optional_entry(cx: &HostContext<'_>, item: &Item) -> Option<Vec<(TextRange, String)>> {
    let element = cx.expression_at(item.span?)?;
    let list = element.syntax().parent().and_then(ast::List::cast)?;
    list.syntax().parent().and_then(ast::AttrpathValue::cast)?;
    let has_formal = |name: &str| {
        let mut lambdas = list.syntax().ancestors().filter_map(ast::Lambda::cast);
        lambdas.any(|lambda| match lambda.param() {
            Some(ast::Param::Pattern(pattern)) => pattern
                .pat_entries()
                .filter_map(|entry| entry.ident())
                .any(|ident| ident.syntax().text() == name),
            _ => false,
        })
    };
    if !has_formal("config") || !has_formal("lib") {
        return None;
    }
    let mut edits = edit::delete_list_element(&element);
    let end = TextRange::empty(list.syntax().text_range().end());
    let entry = "lib.optional config.sops.useSystemdActivation \"sops-install-secrets.service\"";
    edits.push((end, format!(" ++ {entry}")));
    Some(edits)
}

/// The attribute as the definition writes it.
fn written_name(item: &Item, attribute: &DependencyAttribute) -> String {
    match item.definition.path.last() {
        Some(key) if key.exact().is_some() => key.display(),
        _ => attribute.option.to_owned(),
    }
}

fn with_patch<'d>(report: Report<'d>, patch: Option<Patch>, title: &str, is_certain: bool) -> Report<'d> {
    let Some(patch) = patch else { return report };
    let applicability =
        if is_certain && !patch.is_shared { Applicability::Safe } else { Applicability::Unsafe };
    report.fix(applicability, title, |edits| edits.patch(&patch))
}

/// How sops-nix installs secrets on the host.
enum Activation {
    /// By activation script.
    Off,
    /// By a unit; the definition that says so.
    On(Option<Definition>),
    /// Not known.
    Unknown,
}

fn systemd_activation(host: &Host<'_>) -> Activation {
    if host.name.is_none() && host.definitions("sops.useSystemdActivation").is_empty() {
        return Activation::Unknown;
    }
    let gates = nixos::secrets::unit("sops-install-secrets.service", nixos::secrets::Manager::System)
        .map(|unit| unit.gates.as_slice())
        .unwrap_or_default();
    let definitions: Vec<Definition> =
        gates.iter().flat_map(|gate| host.definitions(&gate.to_string())).collect();
    let explicit = host.definitions("sops.useSystemdActivation");
    if let [definition] = explicit.as_slice()
        && definition.condition == Condition::True
    {
        match definition.value.value {
            Value::Bool(true) => return Activation::On(Some(definition.clone())),
            Value::Bool(false) => return Activation::Off,
            _ => return Activation::Unknown,
        }
    }
    if definitions.iter().all(|definition| matches!(definition.value.value, Value::Bool(false))) {
        return Activation::Off;
    }
    let is_sure = |definition: &&Definition| {
        matches!(definition.value.value, Value::Bool(true))
            && definition.condition == Condition::True
            && definition.certainty == Certainty::Must
    };
    // Without host names two definitions may be about two machines.
    match definitions.iter().find(is_sure) {
        Some(definition) if host.name.is_some() || definitions.len() == 1 => {
            Activation::On(Some(definition.clone()))
        }
        _ => Activation::Unknown,
    }
}
