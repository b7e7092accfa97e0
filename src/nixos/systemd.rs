//! Directives of systemd: what they are called and how their values read.
//!
//! Names only; what a directive does on a host is not decided here.

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
    fn truth_has_four_spellings() {
        assert!(is_true("Yes") && is_true("1") && !is_true("off") && !is_true(""));
        assert!(is_false("no") && is_false("FALSE") && !is_false("full"));
    }
}
