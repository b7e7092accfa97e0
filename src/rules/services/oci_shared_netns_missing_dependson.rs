use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers that join the network of another container of the host and do not wait for it.
    ///
    /// ## Why is this bad?
    /// `--network=container:vpn` needs the container `vpn` to run already. At boot both units start at once;
    /// where this one is first, the runtime refuses to start it, and after five attempts systemd gives up.
    /// And when the other container is started anew, its network is another one: without `dependsOn`, which
    /// restarts this one with it, the container is left in a network that is gone.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers = {
    ///     vpn.image = "docker.io/qmcgaw/gluetun:v3.40";
    ///     torrents = {
    ///       image = "lscr.io/linuxserver/qbittorrent:5.1.2";
    ///       extraOptions = [ "--network=container:vpn" ];
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers = {
    ///     vpn.image = "docker.io/qmcgaw/gluetun:v3.40";
    ///     torrents = {
    ///       image = "lscr.io/linuxserver/qbittorrent:5.1.2";
    ///       extraOptions = [ "--network=container:vpn" ];
    ///       dependsOn = [ "vpn" ];
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Dependencies of the units themselves count too, in whatever direction they are written. Containers
    /// that are not defined for the host are not reported: who starts them is not known.
    ///
    /// ## Fix safety
    /// Adding `dependsOn` is safe where both containers are certain to be there and the other one does not
    /// wait for this one.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix: `dependsOn` becomes `after` and `requires`
    pub struct OciSharedNetnsMissingDependson {}

    name: "oci-shared-netns-missing-dependson",
    summary: "container joins the network of another one without waiting for it",
    group: Services,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["virtualisation.oci-containers.containers.*.dependsOn"],
}

/// Attributes by which a unit says that another one comes first, or that both go together.
const TIES: [&str; 5] = ["after", "requires", "bindsTo", "requisite", "partOf"];

/// The same, said by the other one.
const TIES_BACK: [&str; 5] = ["before", "wants", "upholds", "requiredBy", "upheldBy"];

impl HostRule for OciSharedNetnsMissingDependson {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let runs = host.container_runs();
        let joins = |run: &&ContainerRun| !run.joined_networks().is_empty();
        if !runs.iter().any(|run| joins(&run)) || host.open("systemd.services").is_some() {
            return;
        }
        for run in runs.iter().filter(joins) {
            for (option, joined) in run.joined_networks() {
                let mut others = runs.iter().filter(|other| is_called(other, &joined));
                let (Some(other), None) = (others.next(), others.next()) else { continue };
                if other.name() != run.name()
                    && !waits_for(host, &runs, run, other, 0)
                    && !units_are_tied(host, run, other)
                {
                    report(host, cx, &runs, run, option, other);
                }
            }
        }
    }
}

/// Whether a container is, or may be, what the runtime knows by this name.
fn is_called(run: &ContainerRun, name: &str) -> bool {
    let mut given = run.named("name").peekable();
    match given.peek() {
        Some(_) => given.any(|option| option.text().is_none_or(|own| own == name)),
        None => run.container.key.may_be(name),
    }
}

/// Whether `run` waits, or may wait, for `other`, be it by way of further containers.
fn waits_for(
    host: &Host<'_>,
    runs: &[ContainerRun],
    run: &ContainerRun,
    other: &ContainerRun,
    depth: u32,
) -> bool {
    let (names, open) = host.items(&host.below(&run.container.node, "dependsOn"));
    if open.is_some() || depth > 10 {
        return true;
    }
    names.iter().any(|item| {
        let Some(text) = item.text() else { return true };
        let key = OptionKey::Pattern(text.clone());
        key.may_equal(&other.container.key)
            || runs.iter().any(|next| {
                next.container.key.may_equal(&key)
                    && next.name() != run.name()
                    && waits_for(host, runs, next, other, depth + 1)
            })
    })
}

/// Whether the units of both say that they belong together.
fn units_are_tied(host: &Host<'_>, run: &ContainerRun, other: &ContainerRun) -> bool {
    let (own, others) = (host.container_units(&run.container), host.container_units(&other.container));
    if own.is_empty() || others.is_empty() {
        return true;
    }
    let names = |units: &[OptionKey], attributes: &[&str], wanted: &[OptionKey]| {
        units.iter().flat_map(|unit| host.services_called(unit)).any(|service| {
            let ties = DEPENDENCIES.iter().filter(|known| attributes.contains(&known.option));
            ties.into_iter().any(|attribute| {
                let (items, is_open) = host.dependencies(&service, attribute);
                let fits = |item: &Item| match item.text() {
                    Some(text) => wanted.iter().any(|unit| {
                        OptionKey::Pattern(text.clone()).may_be(&format!("{}.service", unit.display()))
                    }),
                    None => true,
                };
                is_open || items.iter().any(fits)
            })
        })
    };
    // Or units in between say it.
    let service = |unit: &OptionKey| format!("{}.service", unit.display());
    let is_ordered = || {
        own.iter().any(|own| others.iter().any(|other| host.may_start_after(&service(own), &service(other))))
    };
    names(&own, &TIES, &others) || names(&others, &TIES_BACK, &own) || is_ordered()
}

fn report(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    runs: &[ContainerRun],
    run: &ContainerRun,
    option: &RunOption,
    other: &ContainerRun,
) {
    let (name, joined) = (run.name().replace('*', "…"), other.name().replace('*', "…"));
    let definition = Definition { condition: option.condition().clone(), ..option.item.definition.clone() };
    let near = Near { definition, value: option.span() };
    let exact = other.container.key.exact();
    let patch = exact.and_then(|exact| {
        cx.add_to_container(host, &run.container, &near, "dependsOn", &format!("\"{exact}\""))
    });
    // Another host with this file may not have one that stands elsewhere.
    let is_there = other.container.node.definitions().iter().any(|definition| {
        definition.certainty == Certainty::Must
            && definition.file == option.item.definition.file
            && option.condition().implies(&definition.condition)
    });
    let is_safe = is_there && !waits_for(host, runs, other, run, 0);
    let message = format!("container `{name}` joins the network of `{joined}` without waiting for it");
    let Some(mut report) = cx.report_item(&option.item, message) else { return };
    report = report.here("this container has to run first");
    if let Some(span) = other.container.node.definitions().first().and_then(|definition| definition.key) {
        report = report.label(span, format!("`{joined}` is defined here"));
    }
    if let Some(patch) = patch {
        let applicability =
            if is_safe && !patch.is_shared { Applicability::Safe } else { Applicability::Unsafe };
        report =
            report.fix(applicability, format!("let it depend on `{joined}`"), |edits| edits.patch(&patch));
    }
    let unit = host.container_units(&run.container);
    let unit = unit.first().map_or("UNIT".to_owned(), |unit| unit.display().replace('*', "…"));
    let _ = report
        .help(format!("add `dependsOn = [ \"{joined}\" ];`"))
        .note("Cause: both units start at once at boot; a start that fails early is repeated only up to the start limit.")
        .note(format!(
            "To validate: nixos-rebuild dry-build; then systemctl list-dependencies --after {unit}.service."
        ));
}
