use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds services that are ordered after `network-online.target` without pulling it in.
    ///
    /// ## Why is this bad?
    /// `after` only orders what starts anyway. Nothing starts `network-online.target` unless a unit wants it, so
    /// the service may start long before the network is up, on one boot and not on the next.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.sync = {
    ///     after = [ "network-online.target" ];
    ///     script = "sync-files";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   systemd.services.sync = {
    ///     after = [ "network-online.target" ];
    ///     wants = [ "network-online.target" ];
    ///     script = "sync-files";
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Hosts on which another unit of the project pulls the target in for all. Units of users are the variant
    /// `user`: the systemd of a user has no such target, and nothing can order after it.
    ///
    /// ## Fix safety
    /// Unsafe: the service then waits for the network, and so does what waits for the service.
    ///
    /// ## References
    /// - systemd.special(7), network-online.target
    /// - nixpkgs, nixos/modules/system/boot/systemd.nix, which warns about the same
    pub struct AfterNetworkOnlineWithoutWants {}

    name: "after-network-online-without-wants",
    summary: "order after a target that nothing pulls in",
    group: Services,
    level: Warning,
    variants: [user: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

const TARGET: &str = "network-online.target";

impl HostRule for AfterNetworkOnlineWithoutWants {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let pulled_in = host.units().iter().any(|unit| match unit.display() == TARGET {
            true => has_reverse(host, unit),
            // Such as `multi-user.target`, which wants it for every unit that it starts.
            false => unit.suffix == "target" && may_pull_in(host, unit),
        });
        host.visit_every_unit(&mut |owner, unit, runs| {
            let Some(item) = after(owner, unit) else { return };
            match runs {
                Runs::System if !pulled_in && is_own(owner, unit) && !may_pull_in(owner, unit) => {
                    report(owner, cx, unit, &item);
                }
                Runs::User if !defines_target(host, owner) => report_user(cx, unit, &item),
                _ => {}
            }
        });
    }
}

/// The entry of `after` that certainly names the target.
fn after(host: &Host<'_>, unit: &Unit) -> Option<Item> {
    let attribute = DEPENDENCIES.iter().find(|attribute| attribute.option == "after")?;
    let (items, _) = host.dependencies(unit, attribute);
    items.into_iter().find(|item| {
        item.condition == Condition::True
            && item.exact().is_some_and(|text| text.split_whitespace().any(|name| name == TARGET))
    })
}

/// Whether the project writes the whole unit: an upstream unit may pull the target in itself.
fn is_own(host: &Host<'_>, unit: &Unit) -> bool {
    let is_upstream = nixos::services::by_unit(&unit.display()).is_some();
    unit.key.exact().is_some() && host.runs_something(unit) && !is_upstream
}

fn may_pull_in(host: &Host<'_>, unit: &Unit) -> bool {
    // What the target starts needs not start it.
    let is_started_by_it = DEPENDENCIES
        .iter()
        .filter(|attribute| attribute.kind == Dependency::Reverse)
        .any(|attribute| host.may_depend_on(unit, attribute, TARGET));
    if is_started_by_it {
        return true;
    }
    let pulls = DEPENDENCIES.iter().filter(|attribute| {
        matches!(attribute.kind, Dependency::Weak | Dependency::Strong) && attribute.option != "requisite"
    });
    pulls.into_iter().any(|attribute| {
        let (items, is_open) = host.dependencies(unit, attribute);
        is_open || items.iter().any(|item| item.exact().is_none_or(|text| text.contains(TARGET)))
    })
}

/// Whether something starts the target for all.
fn has_reverse(host: &Host<'_>, unit: &Unit) -> bool {
    DEPENDENCIES.iter().filter(|attribute| attribute.kind == Dependency::Reverse).any(|attribute| {
        let (items, is_open) = host.dependencies(unit, attribute);
        is_open || !items.is_empty()
    })
}

/// Whether the project makes such a target for users.
fn defines_target(host: &Host<'_>, owner: &Host<'_>) -> bool {
    let names =
        |host: &Host<'_>, spelling| host.user_units(spelling).iter().any(|unit| unit.display() == TARGET);
    names(host, Spelling::Nixos) || names(owner, Spelling::Sections)
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, unit: &Unit, item: &Item) {
    let name = unit.display();
    let near = Near { definition: item.definition.clone(), value: item.span };
    let patch = unit
        .key
        .exact()
        .filter(|_| unit.suffix == "service")
        .and_then(|key| cx.add_dependencies(host, key, &near, &[("wants", TARGET)]));
    let message = format!("`{name}` waits for `{TARGET}`, which it does not pull in");
    let Some(mut report) = cx.report_item(item, message) else { return };
    report = report
        .here("only the order")
        .help(format!("add `wants = [ \"{TARGET}\" ];`"))
        .note("Cause: `after` orders units that start anyway; only `wants` and its kin start them.")
        .note(format!("To validate: systemctl list-dependencies {name} shows {TARGET}."));
    if let Some(patch) = patch {
        report =
            report.fix(Applicability::Unsafe, format!("want `{TARGET}` too"), |edits| edits.patch(&patch));
    }
    let _ = report;
}

fn report_user(cx: &mut HostContext<'_>, unit: &Unit, item: &Item) {
    let message = format!("the systemd of a user has no `{TARGET}`: no effect on `{}`", unit.display());
    let Some(report) = cx.report_item(item, message) else { return };
    let _ = report
        .variant(&AfterNetworkOnlineWithoutWants::META, "user")
        .here("no such target for users")
        .help("let the program try again until the network is there, or make it a unit of the system")
        .note("Cause: targets of the system and of users are apart; units of users start when the user logs in.")
        .note(format!("To validate: systemctl --user list-dependencies {}.", unit.display()));
}
