use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds environment files below `/run/secrets`, `/run/agenix` and `/etc` that a service of a host reads and
    /// that nothing on the host makes: no secret, no `environment.etc`, no rule of tmpfiles, no script.
    ///
    /// ## Why is this bad?
    /// systemd reads the file before it starts the service, which fails without it: "Failed to load environment
    /// files". Below `/run` nothing survives a reboot, so a file that nobody declares is never there. Mostly the
    /// secret was renamed, or is declared for another host only.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, sops-nix, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem {
    ///       modules = [ sops-nix.nixosModules.sops ./box.nix ];
    ///     };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// {
    ///   sops.secrets."paperless-env" = { };
    ///   services.paperless = {
    ///     enable = true;
    ///     environmentFile = "/run/secrets/paperless";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, sops-nix, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem {
    ///       modules = [ sops-nix.nixosModules.sops ./box.nix ];
    ///     };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// { config, ... }:
    /// {
    ///   sops.secrets."paperless-env" = { };
    ///   services.paperless = {
    ///     enable = true;
    ///     environmentFile = config.sops.secrets."paperless-env".path;
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A `-` in front of the path says that the file may be missing. Files below `/etc` may have been put there
    /// by hand, and stay: they are the variant `etc`, since a new machine will not have them. Nothing is said
    /// where a module that is not known may declare secrets or files.
    ///
    /// ## Fix safety
    /// There is no fix: what belongs into the file is not known.
    ///
    /// ## References
    /// - systemd.exec(5), `EnvironmentFile=`
    pub struct EnvironmentFileNotProvided {}

    name: "environment-file-not-provided",
    summary: "environment file of a service that nothing on the host makes",
    group: Services,
    level: Warning,
    variants: [etc: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Folders that are empty after a reboot.
const SECRETS: [&str; 2] = ["/run/secrets/", "/run/agenix/"];

impl HostRule for EnvironmentFileNotProvided {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if host.name.is_none() {
            return;
        }
        let mut is_closed = None;
        for file in &host.environment_files() {
            let is_secret = SECRETS.iter().any(|folder| file.path.starts_with(folder));
            let is_in_etc = file.path.starts_with("/etc/");
            if !(is_secret || is_in_etc) || file.is_optional || file.path.contains(['*', '%', '?', '[']) {
                continue;
            }
            let is_certain =
                file.service.certainty() == Certainty::Must && file.item.condition == Condition::True;
            if !is_certain || !*is_closed.get_or_insert_with(|| is_known(host)) {
                continue;
            }
            if is_in_etc && (host.may_be_set_outside("environment.etc") || is_kept(host)) {
                continue;
            }
            if !host.may_make_file(&file.path, &file.unit()) {
                report(host, cx, file, is_in_etc);
            }
        }
    }
}

/// Whether all that makes files is in sight.
fn is_known(host: &Host<'_>) -> bool {
    let options = ["sops.secrets", "sops.templates", "age.secrets", "environment.etc", "systemd.tmpfiles"];
    let is_hidden = |option: &&str| host.open(option).is_some();
    !options.iter().any(is_hidden) && !host.has_unlisted_modules() && !host.may_be_enabled("boot.isContainer")
}

/// Whether files are kept across reboots by name, so that they may have been made by hand on purpose.
fn is_kept(host: &Host<'_>) -> bool {
    !host.definitions("environment.persistence").is_empty()
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, file: &EnvironmentFile, is_in_etc: bool) {
    let (path, unit) = (&file.path, file.unit());
    let message = format!("`{unit}` reads `{path}`, which nothing on the host makes");
    let like = host.secret_like(path);
    let Some(mut report) = cx.report_item(&file.item, message) else { return };
    report = report.here("no secret, file or script of this host has this path");
    if is_in_etc {
        report = report.variant(&EnvironmentFileNotProvided::META, "etc");
    }
    report = match like {
        Some(like) => report.help(format!("a secret of this host is at `{like}`: use its `path`")),
        None => {
            report.help("declare a secret and use its `path`, or write `-` in front if it may be missing")
        }
    };
    let _ = report
        .note("Cause: systemd loads environment files before it starts the service, and fails without them.")
        .note(format!("To validate: ls -l {path}; systemctl status {unit} after a reboot."));
}
