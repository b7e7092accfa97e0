use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds oneshot services that another service pulls in by `requiredBy` or `wantedBy`, without an order between
    /// the two.
    ///
    /// ## Why is this bad?
    /// Both start at the same time. What the oneshot prepares may not be there yet when the other one needs it, on
    /// one boot and not on the next.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.prepare = {
    ///     requiredBy = [ "web.service" ];
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
    ///     requiredBy = [ "web.service" ];
    ///     before = [ "web.service" ];
    ///     serviceConfig.Type = "oneshot";
    ///     script = "prepare-web";
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Targets, which are no services that could need something; pairs of which one side orders the two in either
    /// direction, and those with an order by way of a target or in modules that are not seen.
    ///
    /// ## Fix safety
    /// Left to you: `before` where the oneshot prepares something, `after` where it uses the other one.
    ///
    /// ## References
    /// - systemd.unit(5), `Before=` and `Requires=`
    pub struct RequiredByWithoutBefore {}

    name: "required-by-without-before",
    summary: "pulled in by a service without an order between the two",
    group: Services,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

fn attribute(option: &str) -> &'static DependencyAttribute {
    let found = DEPENDENCIES.iter().find(|attribute| attribute.option == option);
    found.expect("invariant: these attributes are in the table")
}

impl HostRule for RequiredByWithoutBefore {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        // Of modules that no host names, another one may order them.
        if host.name.is_none() {
            return;
        }
        let units = host.units();
        for unit in units.iter().filter(|unit| unit.suffix == "service") {
            let Some(key) = unit.key.exact() else { continue };
            for option in ["requiredBy", "wantedBy"] {
                let (named, _) = host.named_units(unit, attribute(option));
                for (other, item) in named {
                    let is_service = other.ends_with(".service") && other != unit.display();
                    if is_service
                        && item.condition == Condition::True
                        && is_own_oneshot(host, unit)
                        && !may_be_ordered(host, unit, key, &other)
                        && !may_order(host, &other, &unit.display())
                    {
                        report(host, cx, unit, option, &other, &item);
                    }
                }
            }
        }
    }
}

fn is_own_oneshot(host: &Host<'_>, unit: &Unit) -> bool {
    let kind = host.directive_text(unit, Section::Service, "Type");
    matches!(kind, Some(Known::Value(kind)) if kind == "oneshot") && host.is_own_service(unit)
}

/// Whether the oneshot may have an order to the other unit, also by way of a target.
fn may_be_ordered(host: &Host<'_>, unit: &Unit, key: &str, other: &str) -> bool {
    let path = format!("systemd.services.\"{key}\"");
    let is_hidden = host.open(&path).is_some() || host.may_be_set_outside(&path);
    is_hidden
        || ["before", "after"].into_iter().any(|option| {
            let (named, is_known) = host.named_units(unit, attribute(option));
            let orders = |name: &str| name == other || !name.ends_with(".service");
            !is_known || named.iter().any(|(name, _)| orders(name))
        })
}

/// Whether the other unit may say in which order the two start.
fn may_order(host: &Host<'_>, other: &str, name: &str) -> bool {
    let path = other.strip_suffix(".service").map(|base| format!("systemd.services.\"{base}\""));
    path.is_some_and(|path| host.may_be_set_outside(&path))
        || host.may_start_after(other, name)
        || host.may_start_after(name, other)
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, unit: &Unit, option: &str, other: &str, item: &Item) {
    let name = unit.display();
    let near = Near { definition: item.definition.clone(), value: item.span };
    let add = |attribute: &str| cx.add_dependencies(host, unit.key.exact()?, &near, &[(attribute, other)]);
    let patches = [("before", add("before")), ("after", add("after"))];
    let message = format!("`{name}` and `{other}` start at the same time");
    let Some(mut report) = cx.report_item(item, message) else { return };
    report = report
        .here(format!("`{option}` gives no order"))
        .help(format!("add `before = [ \"{other}\" ];`, or `after` where it uses the other one"))
        .note("Cause: what pulls a unit in and what orders it are two things to systemd.")
        .note(format!("To validate: systemctl show -p Before -p After {name}."));
    for (attribute, patch) in patches {
        if let Some(patch) = patch {
            let title = format!("start it {attribute} `{other}`");
            report = report.fix(Applicability::Manual, title, |edits| edits.patch(&patch));
        }
    }
    let _ = report;
}
