use crate::prelude::*;
use nixos::containers::Backend;
use nixos::systemd::{TARGETS, misnamed};

declare_rule! {
    /// ## What it does
    /// Finds references to units that do not exist: misspelt targets, targets written as services, container
    /// units with the wrong prefix, and names that are often written and never existed.
    ///
    /// ## Why is this bad?
    /// It depends on where the name stands. In `after` or `wants` it is ignored (`ordering`); with `requires` the unit fails to
    /// start; with `wantedBy` nothing ever starts it.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web = { wantedBy = [ "multi-user.service" ]; script = "web"; }; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.web = { wantedBy = [ "multi-user.target" ]; script = "web"; }; }
    /// ```
    ///
    /// ## Exceptions
    /// Names that nixlint does not know are left alone: packages bring units too. A unit of that name in the
    /// project is the one that is meant.
    ///
    /// ## Fix safety
    /// Unsafe: the dependency takes effect then.
    ///
    /// ## References
    /// - systemd.special(7)
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix (`serviceName`)
    pub struct UnknownUnitRef {}

    name: "unknown-unit-ref",
    summary: "reference to a unit that does not exist",
    group: Services,
    level: Error,
    variants: [ordering: Warning],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for UnknownUnitRef {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for unit in host.units() {
            for attribute in &DEPENDENCIES {
                for item in host.dependencies(&unit, attribute).0 {
                    let Some(name) = item.exact() else { continue };
                    if let Some(meant) = meant(host, &name).filter(|_| !is_defined(host, &name)) {
                        report(cx, &unit.display(), attribute, &item, &name, &meant);
                    }
                }
            }
        }
    }
}

/// The unit that was probably meant by a name that certainly is none.
fn meant(host: &Host<'_>, name: &str) -> Option<String> {
    if let Some(meant) = misnamed(name) {
        return Some(meant);
    }
    let (base, suffix) = name.rsplit_once('.')?;
    match suffix {
        "service" => container(host, base),
        "target" if !TARGETS.contains(&base) => {
            nixos::systemd::similar_target(base).map(|base| format!("{base}.target"))
        }
        _ => None,
    }
}

/// The unit of a container that a name with the wrong prefix means.
fn container(host: &Host<'_>, base: &str) -> Option<String> {
    let (prefix, name) = ["oci-containers-", "podman-", "docker-"]
        .iter()
        .find_map(|prefix| Some((*prefix, base.strip_prefix(prefix)?)))?;
    let container = host.containers().into_iter().find(|container| container.key.exact() == Some(name))?;
    let units = host.container_units(&container);
    let [OptionKey::Name(unit)] = units.as_slice() else { return None };
    // With both backends possible, either name may be right.
    let is_certain = host.container_backends().len() == 1;
    let own = match host.container_backends().first()? {
        Backend::Podman => "podman-",
        Backend::Docker => "docker-",
    };
    (is_certain && prefix != own && **unit != *base).then(|| format!("{unit}.service"))
}

fn is_defined(host: &Host<'_>, name: &str) -> bool {
    let is_whole = |(keys, _): &(Vec<OptionKey>, _)| keys.last().is_some_and(|key| key.may_be(name));
    host.defined_units().iter().any(|unit| host.may_be_called(unit, name))
        || host.nodes("systemd.units.*").iter().any(is_whole)
}

fn report(
    cx: &mut HostContext<'_>,
    unit: &str,
    attribute: &DependencyAttribute,
    item: &Item,
    name: &str,
    meant: &str,
) {
    let literal = item
        .span
        .and_then(|span| cx.expression_at(span))
        .filter(|expr| expr.to_string() == format!("\"{name}\""));
    let is_shared = item.span.is_none_or(|span| cx.is_shared(span, &item.definition));
    let problem = format!("there is no `{name}`");
    let entry = MissingUnit { problem: &problem, here: "no such unit", unit, attribute, item };
    let Some(report) = cx.report_missing_unit(&UnknownUnitRef::META, &entry) else { return };
    let mut report = report
        .help(format!("write `{meant}`"))
        .note(format!("To validate: systemctl list-dependencies {unit} after a switch."));
    if let Some(literal) = literal.filter(|_| !is_shared) {
        report = report.fix(Applicability::Unsafe, format!("write `{meant}`"), |edits| {
            edits.replace(&literal, format!("\"{meant}\""));
        });
    }
    let _ = report;
}
