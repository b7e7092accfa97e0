use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds system units that are ordered after, or depend on, `sops-nix.service`; and such units of Home
    /// Manager where the user does not have the module that the unit is part of.
    ///
    /// ## Why is this bad?
    /// The NixOS module of sops-nix has no such unit: it installs secrets in an activation script, before
    /// any unit starts, or, with systemd activation, in `sops-install-secrets.service`. Systemd passes over
    /// an unknown unit in `after` and `wants`, so the order one relies on is not there (`ordering`); with `requires` or
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
    /// Units of Home Manager, where the user may have its sops module: that does have a user unit
    /// `sops-nix.service`.
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
    repairs: ["systemd.mounts", "systemd.automounts", "systemd.*.*.*", "home-manager.users.*.systemd.user.*.*.*", "systemd.*.*.unitConfig.*", "virtualisation.quadlet.*.*.unitConfig.*"],
    supersedes: ["unknown-unit-ref"],
}

/// The unit without its suffix.
const NAME: &str = "sops-nix";

const MISTAKEN: &str = "sops-nix.service";

impl HostRule for SopsNixServiceRef {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if !is_defined(host) {
            visit_entries(host, host.units(), &mut |unit, attribute, item| {
                report(host, cx, unit, attribute, item);
            });
        }
        host.visit_users(&mut |user| {
            if lacks_sops(host, user) {
                let home = &user.home;
                visit_entries(home, home.user_units(Spelling::Sections), &mut |unit, attribute, item| {
                    report_in_home(cx, &user.name, unit, attribute, item);
                });
            }
        });
    }
}

/// Visits what names the unit among the dependencies of `units` and of the containers of quadlet.
fn visit_entries(
    host: &Host<'_>,
    units: Vec<Unit>,
    visit: &mut dyn FnMut(&str, &DependencyAttribute, &Item),
) {
    let is_mistaken = |item: &&Item| item.exact().as_deref() == Some(MISTAKEN);
    for unit in units {
        for attribute in &DEPENDENCIES {
            let (items, _) = host.dependencies(&unit, attribute);
            items.iter().filter(is_mistaken).for_each(|item| visit(&unit.display(), attribute, item));
        }
    }
    for kind in ["containers", "pods", "networks", "volumes"] {
        for attribute in DEPENDENCIES.iter().filter(|attribute| !attribute.directive.is_empty()) {
            let path = format!("virtualisation.quadlet.{kind}.*.unitConfig.{}", attribute.directive);
            for (keys, node) in host.nodes(&path) {
                let Some(key) = keys.last() else { continue };
                let unit = format!("{}.service", key.display());
                let (items, _) = host.items(&node);
                items.iter().filter(is_mistaken).for_each(|item| visit(&unit, attribute, item));
            }
        }
    }
}

/// Whether the project has a unit of its own by this name.
fn is_defined(host: &Host<'_>) -> bool {
    let key = OptionKey::Name(NAME.into());
    host.services_called(&key).iter().any(|unit| host.runs_something(unit))
}

/// Whether the user certainly does not have the module of sops-nix, nor a unit by this name from elsewhere.
fn lacks_sops(host: &Host<'_>, user: &User<'_>) -> bool {
    let home = &user.home;
    let has_unit = |host: &Host<'_>, spelling| {
        host.user_units(spelling).iter().any(|unit| unit.suffix == "service" && unit.key.may_be(NAME))
    };
    // Without a host, what one machine passes to all users is not known.
    host.name.is_some()
        && home.definitions("sops").is_empty()
        && home.open("sops").is_none()
        && !home.may_be_set_outside("sops")
        && home.open("systemd.user.services").is_none()
        && host.open("home-manager.sharedModules").is_none()
        && !host.has_unlisted_modules()
        && !home.has_unlisted_modules()
        && !has_unit(home, Spelling::Sections)
        && !has_unit(host, Spelling::Nixos)
}

fn report_in_home(
    cx: &mut HostContext<'_>,
    user: &str,
    unit: &str,
    attribute: &DependencyAttribute,
    item: &Item,
) {
    let removal = cx.remove_item(item);
    let problem = "the user has no `sops-nix.service`";
    let here = "only the sops module of Home Manager has this unit";
    let entry = MissingUnit { problem, here, unit, attribute, item };
    let Some(report) = cx.report_missing_unit(&SopsNixServiceRef::META, &entry) else { return };
    let _ = with_patch(report, removal, "remove it, unless the user is to have secrets", false)
        .help("import the home module of sops-nix for this user, or remove the entry")
        .note("Cause: the unit is part of the home module of sops-nix, which this home does not import.")
        .note(format!("The home is that of `{user}`."))
        .note(format!(
            "To validate: nixos-rebuild dry-build; then, as the user, systemctl --user cat {unit}."
        ));
}

fn report(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    unit: &str,
    attribute: &DependencyAttribute,
    item: &Item,
) {
    let activation = systemd_activation(host);
    let removal = cx.remove_item(item);
    let optional = optional_entry(cx, item);
    let problem = "`sops-nix.service` is no system unit";
    let here = "only Home Manager's sops module has a unit of this name";
    let entry = MissingUnit { problem, here, unit, attribute, item };
    let is_soft = entry.only_loses_its_effect();
    let Some(mut report) = cx.report_missing_unit(&SopsNixServiceRef::META, &entry) else { return };
    let Some(span) = item.span else { return };
    if let Activation::On(Some(definition)) = &activation
        && let Some(place) = definition.span()
    {
        report = report.label(place, "secrets are installed by a unit");
    }
    report = match activation {
        Activation::Off => {
            with_patch(report, removal, "remove it: secrets are there before any unit starts", true)
        }
        Activation::On(_) => {
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
    // The last two gates are the default of the first, which is sops-nix's own.
    let is_hidden = |gate: &&nixos::OptionPattern| {
        let gate = gate.to_string();
        gate != "sops.useSystemdActivation" && (host.open(&gate).is_some() || host.may_be_set_outside(&gate))
    };
    let is_off = definitions.iter().all(|definition| matches!(definition.value.value, Value::Bool(false)));
    if is_off && gates.iter().find(is_hidden).is_none() {
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
