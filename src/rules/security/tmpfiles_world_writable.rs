use crate::prelude::*;
use nixos::tmpfiles::{HOLE, Line, is_world_writable};

declare_rule! {
    /// ## What it does
    /// Finds directories and files that systemd-tmpfiles makes for everyone to write to.
    ///
    /// ## Why is this bad?
    /// Every user and every service of the host can change or replace what is there. Without the sticky bit they
    /// can also delete what others put there.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.tmpfiles.rules = [ "d /srv/media 0777 root root" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.tmpfiles.rules = [ "d /srv/media 2775 root media" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Modes with the sticky bit, such as 1777, are for places like /tmp and not reported.
    ///
    /// ## References
    /// - tmpfiles.d(5)
    pub struct TmpfilesWorldWritable {}

    name: "tmpfiles-world-writable",
    summary: "directory or file that everyone may write to",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for TmpfilesWorldWritable {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for item in host.tmpfiles_rules() {
            let Some(text) = item.text() else { continue };
            if let Ok(Some(line)) = Line::parse(&text.with_holes(HOLE))
                && line.is_world_writable()
                // Nodes of devices, such as `/dev/net/tun`, are what their drivers make of them.
                && !line.kind.starts_with(['b', 'c'])
            {
                report(cx, &item, &line.path.replace(HOLE, "…"));
            }
        }
        for (keys, node) in host.nodes("systemd.tmpfiles.settings.*.*.*.mode") {
            let path = keys.get(1).map(OptionKey::display).unwrap_or_default();
            for item in host.items(&node).0 {
                if item.exact().is_some_and(|mode| is_world_writable(&mode)) {
                    report(cx, &item, &path);
                }
            }
        }
    }
}

fn report(cx: &mut HostContext<'_>, item: &Item, path: &str) {
    let Some(report) = cx.report_item(item, format!("everyone on the host may write to `{path}`")) else {
        return;
    };
    let _ = report
        .here("writable for all")
        .help("give it to a group, with a mode such as 2775, or to one user with 0755");
}
