//! Units of secret managers: which exist, for whom, and what they depend on.
//!
//! sops-nix and agenix install secrets from an activation script, before any unit starts, unless a
//! host activates through systemd: only then is there a unit to order after.

use std::sync::LazyLock;

use serde::Deserialize;

use super::OptionPattern;

/// Who runs a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manager {
    /// The system's systemd: units of NixOS.
    System,
    /// A user's systemd: units of Home Manager, and `systemd.user` of NixOS.
    User,
    /// launchd, on macOS.
    Launchd,
}

/// A unit that a secret manager defines under some conditions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretUnit {
    /// Full name.
    pub name: String,
    /// The tool that defines it.
    pub tool: String,
    /// Who runs it.
    pub manager: Manager,
    /// The options of which one must be true; none where the unit needs only [`Self::needs`].
    #[serde(default)]
    pub gates: Vec<OptionPattern>,
    /// The option below which at least one secret must be declared.
    pub needs: OptionPattern,
    /// The option of a secret that must be true (`Some(true)`) or false for it to count, with
    /// [`Self::needs`].
    pub needed_for_users: Option<bool>,
    /// The units that pull it in.
    #[serde(default)]
    pub wanted_by: Vec<String>,
    /// The activation script that does the same where the gates are shut.
    pub activation_script: Option<String>,
    /// Where the row was read.
    pub source: String,
}

/// A unit name that is often written, and that no module has ever defined for that manager.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MistakenUnit {
    /// The name as it is written.
    pub name: String,
    /// The manager in which there is no such unit.
    pub manager: Manager,
    /// The unit that does the work, where its gates are open.
    pub instead: String,
    /// Where that was read.
    pub source: String,
}

/// Every unit of a secret manager.
pub fn units() -> &'static [SecretUnit] {
    &TABLE.unit
}

/// The unit of that name under that manager.
pub fn unit(name: &str, manager: Manager) -> Option<&'static SecretUnit> {
    units().iter().find(|unit| unit.name == name && unit.manager == manager)
}

/// What is mistaken about the unit of that name under that manager, if anything.
pub fn mistaken(name: &str, manager: Manager) -> Option<&'static MistakenUnit> {
    TABLE.mistaken.iter().find(|unit| unit.name == name && unit.manager == manager)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    unit: Vec<SecretUnit>,
    mistaken: Vec<MistakenUnit>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("secrets"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_is_complete() {
        let names: BTreeSet<_> =
            units().iter().map(|unit| (&unit.name, format!("{:?}", unit.manager))).collect();
        assert_eq!(names.len(), units().len());
        for unit in units() {
            assert!(is_source(&unit.source), "{}", unit.name);
            assert_eq!(unit.gates.is_empty(), unit.activation_script.is_none(), "{}", unit.name);
        }
        for mistaken in &TABLE.mistaken {
            assert!(is_source(&mistaken.source), "{}", mistaken.name);
            assert!(unit(&mistaken.name, mistaken.manager).is_none(), "{}", mistaken.name);
            assert!(unit(&mistaken.instead, mistaken.manager).is_some(), "{}", mistaken.name);
        }
    }

    #[test]
    fn sops_nix_has_its_short_name_for_users_only() {
        assert!(unit("sops-nix.service", Manager::User).is_some());
        assert!(unit("sops-nix.service", Manager::System).is_none());
        let mistaken = mistaken("sops-nix.service", Manager::System).expect("known");
        assert_eq!(mistaken.instead, "sops-install-secrets.service");
    }

    #[test]
    fn the_option_of_sops_nix_gates_one_unit_only() {
        let gates = |name| {
            let unit = unit(name, Manager::System).expect("known");
            unit.gates.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            gates("sops-install-secrets.service"),
            ["sops.useSystemdActivation", "systemd.sysusers.enable", "services.userborn.enable"]
        );
        assert_eq!(
            gates("sops-install-secrets-for-users.service"),
            ["systemd.sysusers.enable", "services.userborn.enable"]
        );
    }
}
