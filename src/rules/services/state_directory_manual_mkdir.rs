use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds rules of tmpfiles, activation scripts and scripts of other units that make a directory below
    /// `/var/lib`, or give it to somebody, although systemd makes it for a unit with `StateDirectory`. Also
    /// finds units of nixpkgs whose `StateDirectory` or `RuntimeDirectory` is set once more to the same name.
    ///
    /// ## Why is this bad?
    /// Two parties decide on owner and mode. The rule sets them at boot and at each switch, systemd at each
    /// start of the unit, and each undoes what the other did. Where both agree, one of them is needless and
    /// stays behind when the service goes.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.tmpfiles.rules = [ "d /var/lib/web 0777 root root -" ];
    ///   systemd.services.web = {
    ///     script = "exec web";
    ///     serviceConfig = {
    ///       User = "web";
    ///       StateDirectory = "web";
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   systemd.services.web = {
    ///     script = "exec web";
    ///     serviceConfig = {
    ///       User = "web";
    ///       StateDirectory = "web";
    ///       StateDirectoryMode = "0750";
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A directory that something else needs before the unit starts for the first time, such as a backup. What
    /// agrees with systemd, or does not say enough to tell, is the variant `redundant`. Units with a dynamic
    /// user are the business of `dynamic-user-manual-dir`, and what a script of the unit itself makes that of
    /// `mkdir-in-unit-script`.
    ///
    /// ## Fix safety
    /// Unsafe: until the unit has started once, the directory is missing.
    ///
    /// ## References
    /// - systemd.exec(5), `StateDirectory=`, `StateDirectoryMode=`; tmpfiles.d(5)
    pub struct StateDirectoryManualMkdir {}

    name: "state-directory-manual-mkdir",
    summary: "state directory of a unit is made by something else too",
    group: Services,
    level: Warning,
    variants: [redundant: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["systemd.tmpfiles.*", "systemd.services.*.serviceConfig.*"],
    supersedes: ["mkdir-in-unit-script"],
}

impl HostRule for StateDirectoryManualMkdir {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        repeated(host, cx);
        let directories = host.state_directories();
        if directories.is_empty() {
            return;
        }
        for making in host.makings().iter() {
            let is_it = |directory: &&StateDirectory| {
                directory.path == making.path && directory.is_dynamic == Some(false)
            };
            let Some(directory) = directories.iter().find(is_it) else { continue };
            let is_own = matches!(&making.by, Maker::Script(Some(unit), _) if *unit == directory.unit);
            if !is_own {
                report(cx, making, directory);
            }
        }
    }
}

fn report(cx: &mut HostContext<'_>, making: &Making, directory: &StateDirectory) {
    if cx.has_reported(making.span) {
        return;
    }
    let (path, unit) = (&making.path, &directory.unit);
    let quarrel = quarrel(making, directory);
    let message = match &quarrel {
        Some(quarrel) => format!("`{path}` {quarrel}"),
        None => format!("`{path}` of `{unit}` is also made by {}", maker(&making.by)),
    };
    let fix = match &making.by {
        Maker::Tmpfiles(Some(item)) => cx.remove_item(item).filter(|patch| !patch.is_shared),
        _ => None,
    };
    let mut report = cx.report(making.span, message).here("not needed for this unit");
    if let Some(binding) = making.binding.filter(|binding| {
        binding.file == making.span.file && binding.range().contains_range(making.span.range())
    }) {
        report = report.covers(binding.range());
    }
    if let Some(place) = directory.service.origin.span {
        report = report.label(place, format!("systemd makes `{path}` for `{unit}`"));
    }
    if quarrel.is_none() {
        report = report.variant(&StateDirectoryManualMkdir::META, "redundant");
    }
    if let Some(patch) = fix {
        report = report.fix(Applicability::Unsafe, "leave it to systemd", |edits| edits.patch(&patch));
    }
    let _ = report
        .help("leave it to systemd; `StateDirectoryMode` and `User` of the unit say mode and owner")
        .note(
            "Cause: systemd sets owner and mode when the unit starts, the other one at boot and each switch.",
        )
        .note(format!(
            "To validate: ls -ld {path} after systemctl restart {unit}, and again after a switch."
        ));
}

/// What made it, in words.
fn maker(by: &Maker) -> String {
    match by {
        Maker::Tmpfiles(_) => "a rule of tmpfiles".to_owned(),
        Maker::Script(Some(unit), _) => format!("a script of `{unit}`"),
        Maker::Script(None, _) => "an activation script".to_owned(),
    }
}

/// In what the two surely do not agree.
fn quarrel(making: &Making, directory: &StateDirectory) -> Option<String> {
    if let Maker::Script(_, program) = &making.by
        && program == "chown"
    {
        return Some(format!("is given away by {}", maker(&making.by)));
    }
    let name = |user: &&String| user.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if let (Some(one), Some(other)) =
        (making.user.as_ref().filter(name), directory.user.as_ref().filter(name))
        && one != other
    {
        return Some(format!("goes to `{one}` by {}, and back to `{other}`", maker(&making.by)));
    }
    let octal = |mode: &String| u32::from_str_radix(mode.trim_start_matches(['~', ':']), 8).ok();
    if let (Some(one), Some(other)) =
        (making.mode.as_ref().and_then(octal), directory.mode.as_ref().and_then(octal))
        && one != other
    {
        return Some(format!("gets the mode {one:04o} by {}, and {other:04o} by systemd", maker(&making.by)));
    }
    None
}

/// Directories that units of nixpkgs have anyway.
fn repeated(host: &Host<'_>, cx: &mut HostContext<'_>) {
    for (kind, name, unit, item) in host.repeated_directories() {
        let message =
            format!("`{}` is `{name}` anyway in the unit `{}` of nixpkgs", kind.directive(), unit.display());
        let patch = cx.remove_definition(&item.definition).filter(|patch| !patch.is_shared);
        let Some(report) = cx.report_item(&item, message) else { continue };
        let mut report = report
            .variant(&StateDirectoryManualMkdir::META, "redundant")
            .here("the same as without it")
            .help("leave it to the module of nixpkgs");
        if let Some(patch) = patch {
            report = report.fix(Applicability::Unsafe, "leave it to nixpkgs", |edits| edits.patch(&patch));
        }
        let _ = report
            .note("Cause: the module sets the directive itself, and would be contradicted if it changed.")
            .note(format!("To validate: systemctl show -p {} {}.", kind.directive(), unit.display()));
    }
}
