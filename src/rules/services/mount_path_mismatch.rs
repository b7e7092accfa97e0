use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds directories that a container or a unit is given and that nothing on the host makes, where a
    /// directory of almost the same name is made and nothing uses it: `/var/lib/frigate` beside
    /// `/var/lib/frigate-v2`.
    ///
    /// ## Why is this bad?
    /// One of the two names was changed and the other was not. Podman refuses to start a container whose
    /// directory does not exist (`statfs … no such file or directory`), and so does systemd with a unit
    /// (226/NAMESPACE). Docker makes the directory, empty: the program starts without its data (`docker`).
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nvr = nixpkgs.lib.nixosSystem { modules = [ ./nvr.nix ]; };
    ///   };
    /// }
    /// ```
    /// `nvr.nix`:
    /// ```nix
    /// {
    ///   systemd.tmpfiles.rules = [ "d /var/lib/frigate-v2 0750 root root -" ];
    ///   virtualisation.oci-containers.backend = "podman";
    ///   virtualisation.oci-containers.containers.frigate.volumes = [ "/var/lib/frigate:/config" ];
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nvr = nixpkgs.lib.nixosSystem { modules = [ ./nvr.nix ]; };
    ///   };
    /// }
    /// ```
    /// `nvr.nix`:
    /// ```nix
    /// {
    ///   systemd.tmpfiles.rules = [ "d /var/lib/frigate-v2 0750 root root -" ];
    ///   virtualisation.oci-containers.backend = "podman";
    ///   virtualisation.oci-containers.containers.frigate.volumes = [ "/var/lib/frigate-v2:/config" ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A directory that was made by hand is not seen. Nothing is reported for paths that a mount, a service,
    /// a user's home or a script of the host may have made, nor where both names are in use.
    ///
    /// ## References
    /// - podman-run(1), `--volume`; systemd.exec(5), `BindPaths` and `ReadWritePaths`
    pub struct MountPathMismatch {}

    name: "mount-path-mismatch",
    summary: "directory of a container is made under an almost equal name only",
    group: Services,
    level: Warning,
    variants: [docker: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Directives of a unit whose paths must exist.
const DIRECTIVES: [&str; 4] = ["BindPaths", "BindReadOnlyPaths", "ReadWritePaths", "ReadOnlyPaths"];

/// Places that the system fills by itself.
const OWN: [&str; 8] = ["/dev", "/proc", "/sys", "/run", "/var/run", "/nix", "/tmp", "/etc"];

/// A path that has to be there.
struct Wanted {
    path: String,
    item: Item,
    /// Who wants it.
    owner: String,
    /// Whether it is a container.
    is_container: bool,
}

impl HostRule for MountPathMismatch {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if host.name.is_none() || host.open("systemd.tmpfiles").is_some() {
            return;
        }
        let wanted = wanted(host);
        for one in &wanted {
            let Some(other) = mistaken(host, &wanted, one) else { continue };
            if !is_in_scripts(host, &one.path) {
                report(host, cx, one, &other);
            }
        }
    }
}

/// The paths that containers and units are given.
fn wanted(host: &Host<'_>) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for run in host.container_runs().iter() {
        for mount in run.mounts() {
            if mount.is_exact && mount.source.starts_with('/') {
                wanted.push(Wanted {
                    path: mount.source.clone(),
                    item: mount.option.item.clone(),
                    owner: run.name(),
                    is_container: true,
                });
            }
        }
    }
    for unit in host.units().iter().filter(|unit| unit.suffix == "service") {
        for directive in DIRECTIVES {
            for item in host.items(&host.directive(unit, Section::Service, directive)).0 {
                let Some(text) = item.text().and_then(|text| host.resolve_text(text).exact()) else {
                    continue;
                };
                for word in text.split_whitespace() {
                    // With a dash in front, a missing path is passed over.
                    let path = word.trim_start_matches('+').split(':').next().unwrap_or_default();
                    if path.starts_with('/') {
                        let (path, owner) = (path.trim_end_matches('/').to_owned(), unit.display());
                        wanted.push(Wanted { path, item: item.clone(), owner, is_container: false });
                    }
                }
            }
        }
    }
    wanted
}

/// The one directory that is made and not used, and whose name is almost that of the path.
fn mistaken(host: &Host<'_>, wanted: &[Wanted], one: &Wanted) -> Option<PathUse> {
    let is_own = |root: &&str| one.path == **root || one.path.starts_with(&format!("{root}/"));
    if OWN.iter().any(is_own) || one.path.matches('/').count() < 2 {
        return None;
    }
    // What several share is no slip.
    if wanted.iter().filter(|other| other.path == one.path).count() > 1 || host.may_have_path(&one.path) {
        return None;
    }
    let uses = |made: &PathUse, path: &str| path == made.path || path.starts_with(&format!("{}/", made.path));
    let is_used = |made: &PathUse| {
        wanted.iter().any(|other| uses(made, &other.path))
            || host
                .paths()
                .iter()
                .any(|known| !matches!(known.role, PathRole::Tmpfiles(_)) && uses(made, &known.path))
    };
    let mut alike = host.directories_like(&one.path).into_iter().filter(|made| !is_used(made));
    let (Some(made), None) = (alike.next(), alike.next()) else { return None };
    Some(made)
}

/// Whether a script of the host names the path.
fn is_in_scripts(host: &Host<'_>, path: &str) -> bool {
    let marks = [path];
    host.units().iter().any(|unit| host.unit_runs(unit, &marks)) || host.activation_runs(&marks)
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, wanted: &Wanted, made: &PathUse) {
    let is_docker = wanted.is_container && host.container_backends() != [nixos::containers::Backend::Podman];
    let message = format!("nothing makes `{}`, but `{}` is made and not used", wanted.path, made.path);
    let Some(mut report) = cx.report_item(&wanted.item, message) else { return };
    if is_docker {
        report = report.variant(&MountPathMismatch::META, "docker");
    }
    let owner = wanted.owner.replace('*', "…");
    report = report.here(match (wanted.is_container, is_docker) {
        (true, false) => format!("podman does not start `{owner}` without it"),
        (true, true) => format!("docker makes it, empty, and `{owner}` starts without its data"),
        (false, _) => format!("`{owner}` does not start without it"),
    });
    if let Some(span) = made.origin.span {
        report = report.label(span, "this one is made");
    }
    let _ = report
        .help(format!("name the same directory in both places: `{}` or `{}`", wanted.path, made.path))
        .note("Cause: the two names differ in a suffix or a letter, so one of them was probably left behind.")
        .note(format!(
            "To validate: ls -ld {} {}; journalctl -b shows what the start says.",
            wanted.path, made.path
        ));
}
