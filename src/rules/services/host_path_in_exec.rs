use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds programs in `ExecStart` and its kin that are named by a path outside of the Nix store: `/usr/bin/x`,
    /// `/bin/x`, `/run/current-system/sw/bin/x`.
    ///
    /// ## Why is this bad?
    /// NixOS has neither `/usr/bin` nor `/bin` beyond `/bin/sh` and `/usr/bin/env`, so the unit fails. What is in
    /// `/run/current-system` depends on what else the host installs, and changes below a running service.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web.serviceConfig.ExecStart = "/usr/bin/python3 -m http.server"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs, ... }: { systemd.services.web.serviceConfig.ExecStart = "${pkgs.python3}/bin/python3 -m http.server"; }
    /// ```
    ///
    /// ## Exceptions
    /// Hosts with `services.envfs` or `programs.nix-ld` fill such places on purpose; with envfs the rule is silent
    /// about `/usr/bin` and `/bin`.
    ///
    /// ## Fix safety
    /// There is no automatic fix: which package has the program is not known.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/config/shells-environment.nix (`environment.binsh`), nixos/modules/config/usrbinenv.nix
    pub struct HostPathInExec {}

    name: "host-path-in-exec",
    summary: "program of a unit by a path outside of the store",
    group: Services,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Programs that NixOS puts outside of the store.
const THERE: [&str; 2] = ["/bin/sh", "/usr/bin/env"];

impl HostRule for HostPathInExec {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let has_envfs = host.may_be_enabled("services.envfs.enable");
        for unit in host.units().iter().filter(|unit| unit.suffix == "service") {
            if sees_others(host, unit) {
                continue;
            }
            for command in host.unit_commands(unit, &["/usr/", "/bin/", "/sbin/", "/run/current-system/"]) {
                let Some(word) = command.words.first() else { continue };
                let Some(path) = word.as_literal().filter(|path| is_outside(path, has_envfs)) else {
                    continue;
                };
                if host.may_be_put(path) || path.starts_with("/usr/lib/wsl/") {
                    continue;
                }
                let place = word.span.or(command.item.span).filter(|span| !cx.has_reported(*span));
                let Some(place) = place else { continue };
                let mut report = cx
                    .report(place, format!("`{}` runs `{path}`", unit.display()))
                    .here(match path.starts_with("/run/") {
                        true => "changes with the system",
                        false => "not there on NixOS",
                    })
                    .help("name the package: `${pkgs.x}/bin/x` or `lib.getExe pkgs.x`")
                    .note("Cause: programs of NixOS are in the store, and nowhere else.")
                    .note(format!("To validate: systemctl status {} after a switch.", unit.display()));
                if let Some(binding) =
                    command.item.definition.binding.filter(|binding| binding.file == place.file)
                {
                    report = report.covers(binding.range());
                }
                let _ = report;
            }
        }
    }
}

/// Whether the unit sees another file system than the host's at these paths, or starts only where the program is there.
fn sees_others(host: &Host<'_>, unit: &Unit) -> bool {
    let is_set =
        |(section, name): &(Section, &str)| !host.directive(unit, *section, name).definitions().is_empty();
    [
        (Section::Service, "BindPaths"),
        (Section::Service, "BindReadOnlyPaths"),
        (Section::Service, "ExtensionDirectories"),
        (Section::Service, "ExtensionImages"),
        (Section::Service, "MountImages"),
        (Section::Service, "RootDirectory"),
        (Section::Service, "RootImage"),
        (Section::Unit, "ConditionFileIsExecutable"),
        (Section::Unit, "ConditionPathExists"),
    ]
    .iter()
    .any(is_set)
}

fn is_outside(path: &str, has_envfs: bool) -> bool {
    let in_root = ["/usr/", "/bin/", "/sbin/"].iter().any(|folder| path.starts_with(folder));
    // Every system has systemd itself there.
    let in_system =
        path.starts_with("/run/current-system/") && !path.starts_with("/run/current-system/systemd/");
    !THERE.contains(&path) && (in_root && !has_envfs || in_system)
}
