//! Directives of systemd: what they are called and how their values read.
//!
//! Names only; what a directive does on a host is not decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

/// Directives by which a service is shut in (systemd.exec(5), the parts on sandboxing, capabilities,
/// security and system call filtering; systemd.resource-control(5)), of those that
/// `systemd-analyze security` rates; in alphabetical order.
pub const HARDENING: [&str; 33] = [
    "CapabilityBoundingSet",
    "DeviceAllow",
    "DevicePolicy",
    "IPAddressAllow",
    "IPAddressDeny",
    "KeyringMode",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "PrivateDevices",
    "PrivateIPC",
    "PrivateMounts",
    "PrivateNetwork",
    "PrivatePIDs",
    "PrivateTmp",
    "PrivateUsers",
    "ProcSubset",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProtectSystem",
    "RemoveIPC",
    "RestrictAddressFamilies",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "SystemCallArchitectures",
    "SystemCallFilter",
];

/// Programs in `bin/` of systemd whose names do not begin with `systemd-` (systemd.index(7)). NixOS builds systemd
/// with that folder as the only one in which it looks for programs without a path (`DEFAULT_PATH_NORMAL` in
/// NixOS/nixpkgs:pkgs/os-specific/linux/systemd@0148e16d).
const TOOLS: [&str; 33] = [
    "bootctl",
    "busctl",
    "coredumpctl",
    "halt",
    "homectl",
    "hostnamectl",
    "importctl",
    "init",
    "journalctl",
    "kernel-install",
    "localectl",
    "loginctl",
    "machinectl",
    "mount.ddi",
    "networkctl",
    "oomctl",
    "portablectl",
    "poweroff",
    "reboot",
    "resolvconf",
    "resolvectl",
    "run0",
    "runlevel",
    "shutdown",
    "storagectl",
    "systemctl",
    "telinit",
    "timedatectl",
    "udevadm",
    "ukify",
    "updatectl",
    "userdbctl",
    "varlinkctl",
];

/// Whether systemd of NixOS finds a program of this name where a unit gives no path.
pub fn is_tool(name: &str) -> bool {
    name.starts_with("systemd-") || TOOLS.contains(&name)
}

/// Programs that change the machine, which a service that is shut in could not do: mounts, devices, networks,
/// modules of the kernel, other units, the system itself.
pub const ADMINISTERS: [&str; 48] = [
    "auditctl",
    "bcachefs",
    "blkid",
    "brctl",
    "btrfs",
    "chown",
    "chpasswd",
    "cryptsetup",
    "docker",
    "ethtool",
    "fsck",
    "hdparm",
    "ifconfig",
    "ip addr",
    "ip link",
    "ip netns",
    "ip route",
    "ip rule",
    "ip6tables",
    "iptables",
    "iw ",
    "kexec",
    "losetup",
    "mdadm",
    "mkfs",
    "modprobe",
    "mount",
    "nft",
    "nixos-rebuild",
    "nsenter",
    "nvidia-smi",
    "podman",
    "powertop",
    "rfkill",
    "ryzenadj",
    "setcap",
    "smartctl",
    "su ",
    "sudo",
    "swapon",
    "switch-to-configuration",
    "sysctl",
    "systemctl",
    "tc ",
    "udevadm",
    "wg ",
    "zfs",
    "zpool",
];

/// What a name is in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// A directive of it.
    Known,
    /// An old name, which is taken for the one given; `None` where it is the name of another section.
    Old(Option<&'static str>),
    /// An old name that is passed over, and what took its place, if something did.
    Ignored(Option<&'static str>),
    /// A directive of another section, which has this name.
    Elsewhere(&'static str),
    /// Nothing of that name is known.
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "source")]
    _source: String,
    groups: BTreeMap<String, String>,
    section: Vec<Section>,
    old: Vec<Old>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    name: String,
    #[serde(default)]
    with: Vec<String>,
    own: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Old {
    names: Vec<String>,
    now: Option<String>,
    ignored: Option<String>,
    /// Whether it was a directive of `[Service]` and is one of `[Unit]`.
    #[serde(default)]
    moved: bool,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("systemd"));

/// The directives of each section.
fn sections() -> &'static BTreeMap<&'static str, BTreeSet<&'static str>> {
    static SECTIONS: LazyLock<BTreeMap<&'static str, BTreeSet<&'static str>>> = LazyLock::new(|| {
        let of = |section: &'static Section| {
            let shared = section.with.iter().filter_map(|group| TABLE.groups.get(group));
            let texts = shared.chain([&section.own]);
            (section.name.as_str(), texts.flat_map(|text| text.split_whitespace()).collect())
        };
        TABLE.section.iter().map(of).collect()
    });
    &SECTIONS
}

/// What `name` is in the section, written without brackets. Names that begin with `X-` are nobody's business.
pub fn directive(section: &str, name: &str) -> Directive {
    let has = |section: &str| sections().get(section).is_some_and(|names| names.contains(name));
    if has(section) || name.starts_with("X-") {
        return Directive::Known;
    }
    let applies =
        |old: &&Old| old.names.iter().any(|other| other == name) && (!old.moved || section != "Install");
    if let Some(old) = TABLE.old.iter().find(applies) {
        let is_here = if old.moved { matches!(section, "Unit" | "Service") } else { true };
        let home = |text: &'static str| sections().get(section).is_some_and(|names| names.contains(text));
        match (&old.now, &old.ignored) {
            _ if !is_here => {}
            (Some(now), _) if old.moved || home(now) => return Directive::Old(Some(now)),
            (None, None) => return Directive::Old(None),
            (_, Some(instead)) => {
                return Directive::Ignored(Some(instead.as_str()).filter(|text| !text.is_empty()));
            }
            _ => {}
        }
    }
    // [Unit] and [Install] come first: they are meant most often.
    let others = ["Unit", "Install", "Service", "Timer", "Socket", "Path", "Mount", "Automount", "Slice"];
    match others.iter().find(|other| **other != section && has(other)) {
        Some(other) => Directive::Elsewhere(other),
        None => Directive::Unknown,
    }
}

/// The directive of the section that was probably meant.
pub fn similar_directive(section: &str, name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let names = sections().get(section)?;
    let allowed = (name.len() / 5).max(1);
    names
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The targets that systemd documents (systemd.special(7)), and `postgresql.target` of nixpkgs, without suffix.
pub const TARGETS: [&str; 54] = [
    "basic",
    "bluetooth",
    "cryptsetup",
    "cryptsetup-pre",
    "ctrl-alt-del",
    "default",
    "emergency",
    "exit",
    "final",
    "first-boot-complete",
    "getty",
    "graphical",
    "graphical-session",
    "graphical-session-pre",
    "halt",
    "hibernate",
    "hybrid-sleep",
    "initrd",
    "initrd-fs",
    "initrd-root-device",
    "initrd-root-fs",
    "kexec",
    "local-fs",
    "local-fs-pre",
    "multi-user",
    "network",
    "network-online",
    "network-pre",
    "nss-lookup",
    "nss-user-lookup",
    "paths",
    "postgresql",
    "poweroff",
    "printer",
    "reboot",
    "remote-fs",
    "remote-fs-pre",
    "rescue",
    "rpcbind",
    "shutdown",
    "sleep",
    "slices",
    "sockets",
    "sound",
    "suspend",
    "suspend-then-hibernate",
    "swap",
    "sysinit",
    "time-set",
    "time-sync",
    "timers",
    "umount",
    "usb-gadget",
    "xdg-desktop-autostart",
];

/// Targets of which no service bears the name.
const NEVER_SERVICES: [&str; 16] = [
    "multi-user",
    "graphical",
    "graphical-session",
    "network-online",
    "network-pre",
    "local-fs",
    "remote-fs",
    "sysinit",
    "basic",
    "default",
    "timers",
    "sockets",
    "time-sync",
    "nss-lookup",
    "shutdown",
    "local-fs-pre",
];

/// Names that are often written, and the unit that is meant. From the unit names in nixpkgs
/// (nixos/modules/services) and in attic (nixos/atticd.nix).
const MISNAMED: [(&str, &str); 4] = [
    ("attic.service", "atticd.service"),
    ("prometheus-nvidia-exporter.service", "prometheus-nvidia-gpu-exporter.service"),
    ("network.service", "network.target"),
    ("multiuser.target", "multi-user.target"),
];

/// The unit that is meant by a name which no unit has.
pub fn misnamed(name: &str) -> Option<String> {
    if let Some((_, meant)) = MISNAMED.iter().find(|(wrong, _)| *wrong == name) {
        return Some((*meant).to_owned());
    }
    let base = name.strip_suffix(".service")?;
    NEVER_SERVICES.contains(&base).then(|| format!("{base}.target"))
}

/// The documented target that differs from a longer name by one letter, or by two that are swapped.
pub fn similar_target(base: &str) -> Option<&'static str> {
    let is_near = |target: &&&str| {
        target.len() >= 6
            && target.len().abs_diff(base.len()) <= 1
            && strsim::damerau_levenshtein(target, base) == 1
    };
    TARGETS.iter().find(is_near).copied()
}

/// Whether systemd reads the text as yes (systemd.syntax(7)).
pub fn is_true(text: &str) -> bool {
    ["1", "yes", "true", "on"].iter().any(|yes| text.eq_ignore_ascii_case(yes))
}

/// Whether systemd reads the text as no (systemd.syntax(7)).
pub fn is_false(text: &str) -> bool {
    ["0", "no", "false", "off"].iter().any(|no| text.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directives_are_sorted() {
        assert!(HARDENING.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn names_are_known_old_misplaced_or_unknown() {
        assert_eq!(directive("Service", "ExecStart"), Directive::Known);
        assert_eq!(directive("Service", "MemoryMax"), Directive::Known);
        assert_eq!(directive("Service", "X-Restart-Triggers"), Directive::Known);
        assert_eq!(directive("Service", "After"), Directive::Elsewhere("Unit"));
        assert_eq!(directive("Service", "StartLimitIntervalSec"), Directive::Elsewhere("Unit"));
        assert_eq!(directive("Service", "StartLimitBurst"), Directive::Old(None));
        assert_eq!(directive("Service", "StartLimitInterval"), Directive::Old(Some("StartLimitIntervalSec")));
        assert_eq!(directive("Unit", "WantedBy"), Directive::Elsewhere("Install"));
        assert_eq!(directive("Unit", "StartLimitInterval"), Directive::Old(Some("StartLimitIntervalSec")));
        assert_eq!(directive("Service", "MemoryLimit"), Directive::Ignored(Some("MemoryMax")));
        assert_eq!(directive("Service", "ProtectKernelTunnels"), Directive::Unknown);
        assert_eq!(directive("Timer", "OnCalender"), Directive::Unknown);
    }

    #[test]
    fn what_was_meant_is_found() {
        assert_eq!(similar_directive("Service", "ProtectKernelTunnels"), Some("ProtectKernelTunables"));
        assert_eq!(similar_directive("Service", "EnvironmentFiles"), Some("EnvironmentFile"));
        assert_eq!(similar_directive("Timer", "OnCalender"), Some("OnCalendar"));
        assert_eq!(similar_directive("Service", "type"), Some("Type"));
        assert_eq!(similar_directive("Service", "RestartTriggers"), None);
    }

    #[test]
    fn every_group_and_new_name_exists() {
        for section in &TABLE.section {
            assert!(section.with.iter().all(|group| TABLE.groups.contains_key(group)), "{}", section.name);
        }
        for old in &TABLE.old {
            let new = [&old.now, &old.ignored].into_iter().flatten().filter(|name| !name.is_empty());
            for name in new {
                assert!(sections().values().any(|names| names.contains(name.as_str())), "{name}");
            }
        }
    }

    #[test]
    fn truth_has_four_spellings() {
        assert!(is_true("Yes") && is_true("1") && !is_true("off") && !is_true(""));
        assert!(is_false("no") && is_false("FALSE") && !is_false("full"));
    }
}
