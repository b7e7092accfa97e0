use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds directories below `/var/lib` that are mounted, or made by a rule of tmpfiles or a script, although
    /// they are the state of a unit with a dynamic user.
    ///
    /// ## Why is this bad?
    /// With `DynamicUser=`, systemd keeps the state in `/var/lib/private/<name>`, and `/var/lib/<name>` is a
    /// link to it. Where a directory is in the place of the link, systemd moves it to `private` if nothing is
    /// there yet, and fails otherwise: 238/STATE_DIRECTORY, "File exists". A mount point cannot be moved, so
    /// there the unit never starts. Where the link is there already, the rule of tmpfiles fails instead, and
    /// with it each switch.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.tmpfiles.rules = [ "d /var/lib/relay 0755 root root -" ];
    ///   systemd.services.relay = {
    ///     script = "exec relay";
    ///     serviceConfig = {
    ///       DynamicUser = true;
    ///       StateDirectory = "relay";
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   systemd.services.relay = {
    ///     script = "exec relay";
    ///     serviceConfig = {
    ///       DynamicUser = true;
    ///       StateDirectory = "relay";
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Units that are given a static user, such as `services.ollama.user`, or `DynamicUser = lib.mkForce false`,
    /// and directories elsewhere. A mount is the variant `mounted` where no module that is not known can change
    /// the user of the unit.
    ///
    /// ## Fix safety
    /// A rule of tmpfiles is removed as an unsafe fix. Where a directory is kept across reboots, its place below
    /// `private` is shown only: the data must be moved there too. Never remove one of the two directories before
    /// you have looked into both.
    ///
    /// ## References
    /// - systemd.exec(5), `DynamicUser=`, `StateDirectory=`; systemd/systemd, `setup_exec_directory` in
    ///   src/core/exec-invoke.c
    pub struct DynamicUserManualDir {}

    name: "dynamic-user-manual-dir",
    summary: "directory in the place of the link that systemd makes for a dynamic user",
    group: Services,
    level: Warning,
    variants: [mounted: Error],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["systemd.tmpfiles.*", "environment.persistence.*"],
    supersedes: ["mkdir-in-unit-script"],
}

impl HostRule for DynamicUserManualDir {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let directories = host.state_directories();
        let directories: Vec<&StateDirectory> =
            directories.iter().filter(|directory| directory.is_dynamic == Some(true)).collect();
        if directories.is_empty() {
            return;
        }
        for (path, span) in host.mounted_directories() {
            if let Some(directory) = directories.iter().find(|directory| directory.path == path) {
                report_mount(host, cx, span, directory);
            }
        }
        for making in host.makings().iter() {
            let is_own = |unit: &str| matches!(&making.by, Maker::Script(Some(own), _) if own == unit);
            let found = directories.iter().find(|directory| directory.path == making.path);
            if let Some(directory) = found.filter(|directory| !is_own(&directory.unit)) {
                report_making(cx, making, directory);
            }
        }
    }
}

fn report_mount(host: &Host<'_>, cx: &mut HostContext<'_>, span: Span, directory: &StateDirectory) {
    if cx.has_reported(span) {
        return;
    }
    let (path, unit) = (&directory.path, &directory.unit);
    let name = path.strip_prefix("/var/lib/").unwrap_or(path);
    let is_closed =
        host.name.is_some() && !host.has_unlisted_modules() && host.open("systemd.services").is_none();
    let written = cx.text(span).to_owned();
    let is_literal = written.trim_matches('"').trim_end_matches('/') == *path && written.starts_with('"');
    let is_mount = cx.expression_at(span).is_none();
    let mut report = cx
        .report(span, format!("`{path}` is mounted, but must be a link for `{unit}`"))
        .here("a mount point cannot be moved out of the way");
    report = with_unit(report, directory);
    if is_closed {
        report = report.variant(&DynamicUserManualDir::META, "mounted");
    }
    if is_literal && !is_mount {
        let title = format!("keep `/var/lib/private/{name}`, where the data is");
        let text = format!("\"/var/lib/private/{name}\"");
        report = report.fix(Applicability::Manual, title, |edits| edits.replace_span(span, text));
    }
    let _ = report
        .help(format!("use `/var/lib/private/{name}`, mode 0700 for its parent, and move the data there"))
        .note("Cause: with `DynamicUser=` the state lies below /var/lib/private, and a link stands in its place.")
        .note(format!("To validate: systemctl status {unit} shows 238/STATE_DIRECTORY; ls -ld {path}."));
}

fn report_making(cx: &mut HostContext<'_>, making: &Making, directory: &StateDirectory) {
    if cx.has_reported(making.span) {
        return;
    }
    let (path, unit) = (&making.path, &directory.unit);
    let by = match &making.by {
        Maker::Tmpfiles(_) => "a rule of tmpfiles".to_owned(),
        Maker::Script(Some(unit), _) => format!("a script of `{unit}`"),
        Maker::Script(None, _) => "an activation script".to_owned(),
    };
    let patch = match &making.by {
        Maker::Tmpfiles(Some(item)) => cx.remove_item(item).filter(|patch| !patch.is_shared),
        _ => None,
    };
    let mut report = cx
        .report(making.span, format!("`{path}` is made by {by}, but must be a link for `{unit}`"))
        .here("systemd puts a link in this place");
    if let Some(binding) = making.binding.filter(|binding| {
        binding.file == making.span.file && binding.range().contains_range(making.span.range())
    }) {
        report = report.covers(binding.range());
    }
    report = with_unit(report, directory);
    if let Some(patch) = patch {
        report = report.fix(Applicability::Unsafe, "leave it to systemd", |edits| edits.patch(&patch));
    }
    let _ = report
        .help("leave it to systemd, which makes the directory and the link")
        .note("Cause: with `DynamicUser=` the state lies below /var/lib/private, and a link stands in its place.")
        .note(format!("To validate: systemctl status {unit}; ls -ld {path}; systemctl status systemd-tmpfiles-setup."));
}

fn with_unit<'d>(report: Report<'d>, directory: &StateDirectory) -> Report<'d> {
    match directory.service.origin.span {
        Some(place) => report.label(place, format!("`{}` has a dynamic user", directory.unit)),
        None => report,
    }
}
