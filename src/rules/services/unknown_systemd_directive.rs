use crate::prelude::*;
use nixos::systemd::{Directive, directive, similar_directive};

declare_rule! {
    /// ## What it does
    /// Finds names in `serviceConfig`, `unitConfig`, `timerConfig` and their kin, and in the sections of units of
    /// Home Manager, that systemd does not know in that section.
    ///
    /// ## Why is this bad?
    /// systemd passes over what it does not know, with a line in the log. A misspelt sandboxing directive leaves
    /// the service open; a misspelt `EnvironmentFile` leaves it without its settings.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web.serviceConfig.ProtectKernelTunnels = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.web.serviceConfig.ProtectKernelTunables = true; }
    /// ```
    ///
    /// ## Exceptions
    /// Directives of a systemd that is newer than nixlint: without a similar name the finding is the variant
    /// `unfamiliar`. Names that begin with `X-` are for other programs. Old names that systemd still takes, or
    /// passes over on purpose, are the variants `old` and `ignored`.
    ///
    /// ## Fix safety
    /// Unsafe: the directive takes effect then.
    ///
    /// ## References
    /// - systemd.directives(7)
    /// - systemd, src/core/load-fragment-gperf.gperf.in
    pub struct UnknownSystemdDirective {}

    name: "unknown-systemd-directive",
    summary: "directive that systemd does not know",
    group: Services,
    level: Error,
    variants: [unfamiliar: Warning, ignored: Warning, old: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for UnknownSystemdDirective {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        host.visit_every_unit(&mut |host, unit, _| {
            for set in host.set_directives(unit) {
                match directive(set.section, &set.name) {
                    Directive::Known | Directive::Elsewhere(_) | Directive::Old(None) => {}
                    Directive::Old(Some(now)) => {
                        let message = format!("`{}` is an old name of `{now}`", set.name);
                        report(cx, &set, Some("old"), message, Some(now));
                    }
                    Directive::Ignored(now) => {
                        let message = format!("systemd passes over `{}`, a name of the past", set.name);
                        report(cx, &set, Some("ignored"), message, now);
                    }
                    Directive::Unknown => {
                        let similar = similar_directive(set.section, &set.name);
                        let variant = similar.is_none().then_some("unfamiliar");
                        let message = format!("systemd knows no `{}` in [{}]", set.name, set.section);
                        report(cx, &set, variant, message, similar);
                    }
                }
            }
        });
    }
}

fn report(
    cx: &mut HostContext<'_>,
    set: &SetDirective,
    variant: Option<&str>,
    message: String,
    instead: Option<&str>,
) {
    for definition in set.node.definitions() {
        let Some(span) = definition.key.filter(|span| !cx.has_reported(*span)) else { continue };
        let is_name = cx.text(span) == &*set.name;
        let mut report = cx.report(span, message.clone()).here("not a directive of this section");
        if let Some(variant) = variant {
            report = report.variant(&UnknownSystemdDirective::META, variant);
        }
        if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
            report = report.covers(binding.range());
        }
        report = match instead {
            Some(instead) => report.help(format!("write `{instead}`")),
            None => report.help("look it up in systemd.directives(7)"),
        };
        report = report.note("Cause: systemd ignores what it does not know and says so only in the log.").note(
            "To validate: systemd-analyze verify the unit file, or journalctl -b -t systemd after a switch.",
        );
        // Where the value has another form, only its author knows.
        let moves = instead.filter(|instead| *instead != "OnFailureJobMode");
        if let Some(instead) = moves.filter(|_| is_name && variant != Some("ignored")) {
            report = report.fix(Applicability::Unsafe, format!("write `{instead}`"), |edits| {
                edits.replace_span(span, instead);
            });
        }
        let _ = report;
    }
}
