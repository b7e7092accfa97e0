use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds environment files of a unit that lie in a directory which systemd makes for this very unit:
    /// `StateDirectory`, `CacheDirectory`, `LogsDirectory` or `RuntimeDirectory`.
    ///
    /// ## Why is this bad?
    /// systemd reads the file before it sets up the directory and before it runs `preStart`. On a new machine
    /// neither exists, so the first start fails; the service only works where somebody made the file earlier.
    /// A `RuntimeDirectory` is removed when the unit stops, and the file with it.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.bot = {
    ///     preStart = "generate-token > /var/lib/bot/env";
    ///     script = "exec bot";
    ///     serviceConfig = {
    ///       StateDirectory = "bot";
    ///       EnvironmentFile = "/var/lib/bot/env";
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }:
    /// {
    ///   systemd.services.bot = {
    ///     script = "exec bot";
    ///     serviceConfig = {
    ///       StateDirectory = "bot";
    ///       EnvironmentFile = config.sops.templates."bot.env".path;
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A `-` in front of the path says that the file may be missing. Files beside the directory, such as
    /// `/var/lib/bot.env`, and in directories of other units are no finding; nor is a file that a secret, a rule
    /// of tmpfiles or another unit makes.
    ///
    /// ## Fix safety
    /// There is no fix: where the file comes from is not known.
    ///
    /// ## References
    /// - systemd.exec(5), `EnvironmentFile=`: read shortly before the process is executed; `StateDirectory=`
    pub struct EnvfileInStateDirectory {}

    name: "envfile-in-state-directory",
    summary: "environment file in a directory that is made after it is read",
    group: Services,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for EnvfileInStateDirectory {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for file in &host.environment_files() {
            // What a container reads, its runtime opens when it starts.
            if file.is_optional || file.service.container.is_some() || !file.path.starts_with("/") {
                continue;
            }
            let Some((kind, directory)) = own_directory(host, file) else { continue };
            let may_have_others = host.name.is_some() && host.open("sops.secrets").is_some();
            if may_have_others || host.may_make_file(&file.path, &file.unit()) {
                continue;
            }
            let (path, unit) = (&file.path, file.unit());
            let message = format!("`{path}` is read before `{}` of `{unit}` is made", kind.directive());
            let Some(report) = cx.report_item(&file.item, message) else { continue };
            let _ = report
                .here(format!("below `{directory}`, which systemd makes later"))
                .help("put the file elsewhere, such as a secret or template of sops-nix, or write `-` in front")
                .note("Cause: systemd loads environment files first, then sets up directories, then runs `preStart`.")
                .note(format!("To validate: systemctl status {unit} on a machine without {directory}."));
        }
    }
}

/// The directory of the unit in which the file lies.
fn own_directory(
    host: &Host<'_>,
    file: &EnvironmentFile,
) -> Option<(nixos::services::DirectoryKind, String)> {
    host.own_directories(&file.service)
        .into_iter()
        .find(|(_, directory)| file.path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/')))
}
