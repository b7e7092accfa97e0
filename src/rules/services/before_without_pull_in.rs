use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds oneshot services that are ordered before another unit, but that nothing starts.
    ///
    /// ## Why is this bad?
    /// `before` only orders what starts anyway. Nothing wants the service, so it never runs, and what it should
    /// prepare is missing.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.prepare = {
    ///     before = [ "web.service" ];
    ///     serviceConfig.Type = "oneshot";
    ///     script = "prepare-web";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   systemd.services.prepare = {
    ///     before = [ "web.service" ];
    ///     requiredBy = [ "web.service" ];
    ///     serviceConfig.Type = "oneshot";
    ///     script = "prepare-web";
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Services that a timer, a socket, a path or another unit of the host may start, templates, those that the
    /// host changes in modules that are not seen, and those whose name stands elsewhere in the modules of the host,
    /// say in a script or a rule of udev.
    ///
    /// ## Fix safety
    /// Left to you: with `requiredBy` the other unit fails where the service does, with `wantedBy` it does not.
    ///
    /// ## References
    /// - systemd.unit(5), `Before=` and `Wants=`
    pub struct BeforeWithoutPullIn {}

    name: "before-without-pull-in",
    summary: "order before a unit, but nothing starts the service",
    group: Services,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for BeforeWithoutPullIn {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        // Of modules that no host names, another one may start it.
        if host.name.is_none() {
            return;
        }
        let Some(before) = DEPENDENCIES.iter().find(|attribute| attribute.option == "before") else { return };
        for unit in host.units().into_iter().filter(|unit| unit.suffix == "service") {
            let Some(key) = unit.key.exact().filter(|key| !key.contains('@')) else { continue };
            let (named, _) = host.named_units(&unit, before);
            let is_certain = |item: &Item| item.condition == Condition::True;
            let Some((other, item)) = named.into_iter().find(|(_, item)| is_certain(item)) else { continue };
            let kind = host.directive_text(&unit, Section::Service, "Type");
            let is_oneshot = matches!(&kind, Some(Known::Value(kind)) if kind == "oneshot");
            if is_oneshot
                && host.is_own_service(&unit)
                && !host.may_be_started(&unit)
                && !may_change(host, key)
                && !is_named_elsewhere(host, cx, key)
            {
                report(host, cx, &unit, &other, &item);
            }
        }
    }
}

/// Whether modules that are not seen may say something about the unit.
fn may_change(host: &Host<'_>, key: &str) -> bool {
    let path = format!("systemd.services.\"{key}\"");
    host.open(&path).is_some() || host.may_be_set_outside(&path)
}

/// Whether a text in the modules of the host names the unit: as a unit, or in a command that starts it.
fn is_named_elsewhere(host: &Host<'_>, cx: &HostContext<'_>, key: &str) -> bool {
    let unit = format!("{key}.service");
    let starts = |line: &str| {
        line.contains(key) && ["systemctl", "start ", "SYSTEMD_"].iter().any(|mark| line.contains(mark))
    };
    host.files().iter().any(|file| {
        let text = cx.file_text(file.file);
        text.contains(key) && (text.contains(&unit) || text.lines().any(starts))
    })
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, unit: &Unit, other: &str, item: &Item) {
    let name = unit.display();
    let near = Near { definition: item.definition.clone(), value: item.span };
    let add = |attribute: &str| cx.add_dependencies(host, unit.key.exact()?, &near, &[(attribute, other)]);
    let patches = [("requiredBy", add("requiredBy")), ("wantedBy", add("wantedBy"))];
    let message = format!("`{name}` runs before `{other}`, but nothing starts it");
    let Some(mut report) = cx.report_item(item, message) else { return };
    report = report
        .here("only the order")
        .help(format!("add `requiredBy` or `wantedBy` with `{other}`, or what else starts it"))
        .note("Cause: `before` orders units that start anyway; only `wants` and its kin start them.")
        .note(format!("To validate: systemctl list-dependencies --reverse {name} after a switch."));
    for (attribute, patch) in patches {
        if let Some(patch) = patch {
            let title = format!("start it with `{attribute}`");
            report = report.fix(Applicability::Manual, title, |edits| edits.patch(&patch));
        }
    }
    let _ = report;
}
