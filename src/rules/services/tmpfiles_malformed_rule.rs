use crate::prelude::*;
use nixos::tmpfiles::{HOLE, Line};

declare_rule! {
    /// ## What it does
    /// Finds rules for systemd-tmpfiles that it cannot read: no type, no absolute path, something else where the
    /// mode belongs.
    ///
    /// ## Why is this bad?
    /// systemd-tmpfiles passes over such a rule, with a line in the log: the directory is not made, and the
    /// service that needs it fails.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.tmpfiles.rules = [ "d /srv/my files 0755 root root" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.tmpfiles.rules = [ "d '/srv/my files' 0755 root root" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Parts that are not known when nixlint looks are taken to be right. Users, groups and ages are not checked.
    ///
    /// ## References
    /// - tmpfiles.d(5)
    /// - systemd, src/tmpfiles/tmpfiles.c
    pub struct TmpfilesMalformedRule {}

    name: "tmpfiles-malformed-rule",
    summary: "rule that systemd-tmpfiles cannot read",
    group: Services,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for TmpfilesMalformedRule {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_rules(host, cx);
        host.visit_users(&mut |user| check_rules(&user.home, cx));
    }
}

fn check_rules(host: &Host<'_>, cx: &mut HostContext<'_>) {
    for item in host.tmpfiles_rules() {
        let Some(text) = item.text() else { continue };
        // An element of several lines is several rules.
        let text = text.with_holes(HOLE);
        let Some(mistake) = text.lines().find_map(|line| Line::parse(line).err()) else { continue };
        let mistake = mistake.to_string().replace(HOLE, "…");
        let Some(report) =
            cx.report_item(&item, format!("systemd-tmpfiles passes over this rule: {mistake}"))
        else {
            continue;
        };
        let _ = report
            .here("not a rule")
            .help("a rule is: type path mode user group age argument; blanks in a path need quotes")
            .note("Cause: systemd-tmpfiles skips lines that it cannot read and says so only in the log.")
            .note("To validate: journalctl -b -u systemd-tmpfiles-setup after a boot.");
    }
}
