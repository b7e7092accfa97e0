use crate::prelude::*;
use nixos::systemd::{Directive, directive};

declare_rule! {
    /// ## What it does
    /// Finds directives in the wrong section of a unit, for example `After` in `serviceConfig`.
    ///
    /// ## Why is this bad?
    /// systemd passes over directives of another section, with a line in the log: the order, the limit or the
    /// condition does not exist.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web.serviceConfig.StartLimitIntervalSec = 60; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.web.unitConfig.StartLimitIntervalSec = 60; }
    /// ```
    ///
    /// ## Exceptions
    /// A few directives moved from `[Service]` to `[Unit]` long ago, `StartLimitBurst` for example, and systemd
    /// still takes them in the old place: the variant `legacy`.
    ///
    /// ## Fix safety
    /// Unsafe: the directive takes effect then.
    ///
    /// ## References
    /// - systemd.directives(7)
    /// - systemd, src/core/load-fragment-gperf.gperf.in
    pub struct SystemdDirectiveWrongSection {}

    name: "systemd-directive-wrong-section",
    summary: "directive in a section that does not have it",
    group: Services,
    level: Error,
    variants: [legacy: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for SystemdDirectiveWrongSection {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        host.visit_every_unit(&mut |host, unit, _| {
            for set in host.set_directives(unit) {
                match directive(set.section, &set.name) {
                    Directive::Elsewhere(section) => report(cx, unit, &set, section, false),
                    Directive::Old(None) if set.section == "Service" => report(cx, unit, &set, "Unit", true),
                    _ => {}
                }
            }
        });
    }
}

fn report(cx: &mut HostContext<'_>, unit: &Unit, set: &SetDirective, section: &str, is_legacy: bool) {
    let option = option(unit, section, &set.name);
    for definition in set.node.definitions() {
        let Some(span) = definition.key.filter(|span| !cx.has_reported(*span)) else { continue };
        let patch = fix(cx, definition, &option);
        let name = &set.name;
        let message = match is_legacy {
            true => format!("`{name}` is a directive of [Unit]; systemd still takes it in [Service]"),
            false => format!("`{name}` is a directive of [{section}], not of [{}]", set.section),
        };
        let mut report =
            cx.report(span, message).here("in the wrong section").help(format!("set `{option}`"));
        if is_legacy {
            report = report.variant(&SystemdDirectiveWrongSection::META, "legacy");
        } else {
            report = report
                .note("Cause: systemd ignores what it does not know and says so only in the log.")
                .note("To validate: journalctl -b -t systemd after a switch.");
        }
        if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
            report = report.covers(binding.range());
        }
        if let Some(patch) = patch {
            report =
                report.fix(Applicability::Unsafe, format!("set `{option}`"), |edits| edits.patch(&patch));
        }
        let _ = report;
    }
}

/// The option below the unit that the directive belongs to.
fn option(unit: &Unit, section: &str, name: &str) -> String {
    if unit.spelling == Spelling::Sections {
        return format!("{section}.{name}");
    }
    match (section, name) {
        ("Install", "WantedBy") => "wantedBy".to_owned(),
        ("Install", "RequiredBy") => "requiredBy".to_owned(),
        ("Install", "UpheldBy") => "upheldBy".to_owned(),
        ("Install", "Alias") => "aliases".to_owned(),
        ("Install", _) => format!("unitConfig.{name}"),
        _ => format!("{}Config.{name}", section.to_lowercase()),
    }
}

/// Writes the other section where it is named together with the directive.
fn fix(cx: &HostContext<'_>, definition: &Definition, option: &str) -> Option<Patch> {
    let from: Vec<String> =
        definition.path.iter().map(|key| key.exact().map(str::to_owned)).collect::<Option<_>>()?;
    let (section, name) = option.split_once('.')?;
    let mut to = from.clone();
    to.truncate(from.len().checked_sub(2)?);
    to.extend([section.to_owned(), name.to_owned()]);
    cx.rename_option(definition, &from, &to)
}
