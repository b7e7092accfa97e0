use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds units among the dependencies of others for which nixpkgs has another name by now, such as
    /// `postgresql.service`, where `postgresql.target` is meant.
    ///
    /// ## Why is this bad?
    /// The old unit is not what it was. `postgresql.service` is up while the database takes no writes yet and before
    /// its users and databases are made; a service that starts right behind it may fail on its first start.
    /// `postgresql.target` is reached when all of that is done.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   system.stateVersion = "25.11";
    ///   services.postgresql.enable = true;
    ///   systemd.services.app.after = [ "postgresql.service" ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   system.stateVersion = "25.11";
    ///   services.postgresql.enable = true;
    ///   systemd.services.app.after = [ "postgresql.target" ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Where nothing shows that the locked nixpkgs has the new unit, the rule is silent. Units that have a part in
    /// setting up the service need the old one, and are not reported where their names or `before` say so.
    ///
    /// ## Fix safety
    /// Unsafe: the unit starts later than before.
    ///
    /// ## References
    /// - NixOS manual, release notes of 25.11
    pub struct RenamedUnit {}

    name: "renamed-unit",
    summary: "unit that another one stands for by now",
    group: Deprecated,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    supersedes: ["unknown-unit-ref"],
}

impl HostRule for RenamedUnit {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let renamed: Vec<_> = nixos::renamed_units::all()
            .iter()
            .filter(|row| host.may_be_enabled(&row.enable.to_string()) && host.has_release(row.since))
            .filter(|row| !is_defined(host, &row.name))
            .collect();
        if renamed.is_empty() {
            return;
        }
        for unit in host.units() {
            for row in &renamed {
                if !has_a_part(host, &unit, row) {
                    check_unit(host, cx, &unit, row);
                }
            }
        }
    }
}

/// Whether the project has a unit of its own by this name.
fn is_defined(host: &Host<'_>, name: &str) -> bool {
    let key = OptionKey::Name(name.trim_end_matches(".service").into());
    host.services_called(&key).iter().any(|unit| host.runs_something(unit))
}

/// Whether the unit belongs to the service, or comes before a part of it.
fn has_a_part(host: &Host<'_>, unit: &Unit, row: &nixos::renamed_units::RenamedUnit) -> bool {
    let is_own = |name: &str| name.starts_with(&row.own_prefix);
    is_own(&unit.display())
        || DEPENDENCIES.iter().filter(|attribute| is_backwards(attribute)).any(|attribute| {
            host.dependencies(unit, attribute)
                .0
                .iter()
                .any(|item| item.exact().is_none_or(|name| is_own(&name)))
        })
}

/// Whether an attribute makes its unit one that others wait for, or that goes with them.
fn is_backwards(attribute: &DependencyAttribute) -> bool {
    matches!(attribute.option, "before" | "partOf" | "bindsTo" | "wantedBy" | "requiredBy" | "upheldBy")
}

fn check_unit(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    unit: &Unit,
    row: &'static nixos::renamed_units::RenamedUnit,
) {
    for attribute in DEPENDENCIES.iter().filter(|attribute| !is_backwards(attribute)) {
        let (items, _) = host.dependencies(unit, attribute);
        if items.iter().any(|item| item.exact().as_deref() == Some(row.now.as_str())) {
            continue;
        }
        for item in items.iter().filter(|item| item.exact().as_deref() == Some(row.name.as_str())) {
            let written = item.span.map(|span| cx.text(span));
            let is_plain = written.is_some_and(|text| text == format!("\"{}\"", row.name));
            let name = unit.display().replace('*', "…");
            let message = format!("`{name}` names `{}`, not `{}`", row.name, row.now);
            let span = item.span;
            let Some(mut report) = cx.report_item(item, message) else { continue };
            report = report
                .here(format!("`{}` stands for it since {}.{:02}", row.now, row.since.year, row.since.month))
                .help(format!("name `{}`", row.now))
                .tag(Tag::Deprecated);
            if let Some(span) = span.filter(|_| is_plain) {
                report = report.fix(Applicability::Unsafe, format!("name `{}`", row.now), |edits| {
                    edits.replace_span(span, format!("\"{}\"", row.now));
                });
            }
            let _ = report
                .note(format!("Cause: {}.", row.reason))
                .note(format!("To validate: systemctl list-dependencies --after {name}."));
        }
    }
}
