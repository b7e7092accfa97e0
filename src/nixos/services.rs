//! Services that NixOS knows by name: their units, ports, directories and users.
//!
//! Says what the module of a service does by default; never what a configuration makes of it. A
//! disabled service has none of what is listed here.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::{OptionPattern, Trust, glob, verified};

/// One service and the module that defines it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its usual name, unique in the table.
    pub name: String,
    /// The prefix of its options; a `*` stands for the name of an instance.
    pub options: OptionPattern,
    /// The option that switches it on, where that is not `enable` below [`Self::options`].
    enable: Option<OptionPattern>,
    /// Earlier prefixes of its options that nixpkgs still takes.
    #[serde(default)]
    pub aliases: Vec<OptionPattern>,
    #[serde(default)]
    units: Vec<Unit>,
    #[serde(default)]
    ports: Vec<Port>,
    /// Other services of the table that its module switches on.
    #[serde(default)]
    pub brings: Vec<Brings>,
    /// Names of the Prometheus exporters that watch it, as in `services.prometheus.exporters.<name>`.
    #[serde(default)]
    pub exporters: Vec<String>,
    /// Directories that are not set up by systemd itself.
    #[serde(default)]
    pub data: Vec<DataDirectory>,
    /// Where the row was read.
    pub source: String,
    /// Read in a version several releases old: names may have changed since.
    #[serde(default)]
    pub old: bool,
    #[serde(default = "verified")]
    verified: bool,
}

/// A system unit of a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Full name with its suffix; a `*` stands for the name of an instance.
    pub name: String,
    /// Names in `StateDirectory=`, below `/var/lib`.
    #[serde(default)]
    pub state: Vec<String>,
    /// Names in `CacheDirectory=`, below `/var/cache`.
    #[serde(default)]
    pub cache: Vec<String>,
    /// Names in `LogsDirectory=`, below `/var/log`.
    #[serde(default)]
    pub logs: Vec<String>,
    /// Names in `RuntimeDirectory=`, below `/run`.
    #[serde(default)]
    pub runtime: Vec<String>,
    /// The option that moves the state directory: the names in [`Self::state`] hold only where the
    /// host leaves it alone.
    pub state_option: Option<OptionPattern>,
    /// Other state directories under an older `system.stateVersion`.
    pub earlier: Option<EarlierState>,
    /// `User=` as the module sets it, where it is no root unit; of a dynamic user, its fixed name.
    pub user: Option<String>,
    /// The option that replaces the user; with it a dynamic user may become a static one.
    pub user_option: Option<OptionPattern>,
    /// Whether the unit has `DynamicUser=`: its state then lies below `/var/lib/private`, with a link
    /// in the usual place.
    #[serde(default)]
    pub dynamic_user: bool,
    /// Whether an earlier release had `DynamicUser=` and this one no longer has: no claim can be made
    /// either way without knowing the release.
    #[serde(default)]
    pub was_dynamic: bool,
    /// The option that must be true for the unit to exist, beyond the switch of the service.
    pub when: Option<OptionPattern>,
    /// The default of that option.
    #[serde(default)]
    pub when_default: bool,
    /// The option that must be false for the unit to exist; false is its default.
    pub unless: Option<OptionPattern>,
    #[serde(default = "verified")]
    verified: bool,
}

/// A service that the module of another one switches on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brings {
    /// The name of the other service in the table.
    pub service: String,
    /// The name of its instance, where it has instances.
    pub instance: Option<String>,
    /// The option that must be true for it.
    pub when: Option<OptionPattern>,
    /// The default of that option.
    #[serde(default)]
    pub when_default: bool,
}

/// What a state directory was called before.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierState {
    /// The first `system.stateVersion` with the present name, e.g. `24.11`.
    pub until: String,
    /// The names under any older one.
    pub state: Vec<String>,
}

/// A port on which a service listens by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// The number; `None` where the module has no default, or it was not read.
    pub number: Option<u16>,
    /// Whether there is a default that was not read.
    #[serde(default)]
    pub unread: bool,
    /// TCP unless the row says otherwise.
    #[serde(default)]
    pub protocol: Protocol,
    /// The options that set it, none where there is no such option: first the present name, then
    /// earlier ones that nixpkgs still takes or took in a recent release.
    #[serde(default)]
    pub options: Vec<OptionPattern>,
    /// How the options spell the port.
    #[serde(default)]
    pub form: PortForm,
    /// The default address: `127.0.0.1`, `0.0.0.0` …; `None` where it was not read.
    pub address: Option<String>,
    /// The options that set the address, where those are not [`Self::options`] themselves.
    #[serde(default)]
    pub address_options: Vec<OptionPattern>,
    /// The option that must be true for the service to listen at all, beyond its own switch.
    pub when: Option<OptionPattern>,
    /// The default of that option.
    #[serde(default)]
    pub when_default: bool,
    /// The option that replaces the port, by a socket file, when it is true.
    pub unless: Option<OptionPattern>,
    /// The option that puts a socket file in the place of the port when its text says so.
    pub socket: Option<SocketSwitch>,
    /// The option that opens the port in the firewall when it is true.
    pub opened_by: Option<OptionPattern>,
    /// The default of that option.
    #[serde(default)]
    pub opened: bool,
    #[serde(default = "verified")]
    verified: bool,
}

/// An option whose text decides between a port and a socket file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketSwitch {
    /// The option.
    pub option: OptionPattern,
    /// What its text holds for a socket file.
    pub mark: String,
}

/// The transport of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// How an option spells a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PortForm {
    /// `8080`
    #[default]
    Number,
    /// `"8080"`
    String,
    /// `"127.0.0.1:8080"`, `"[::]:8080"` or `":8080"`
    Address,
    /// `[ 22 2222 ]`, or `[ "localhost:631" ]`
    List,
}

/// A directory of a service that systemd does not set up for the unit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDirectory {
    /// The default path.
    pub path: String,
    /// The option that moves it.
    pub option: Option<OptionPattern>,
    /// What makes it.
    pub by: Creator,
}

/// What makes a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Creator {
    /// The home directory of the service's user.
    Home,
    /// A tmpfiles rule of the module.
    Tmpfiles,
    /// An activation script of the module.
    Activation,
    /// A start script of the unit.
    Script,
    /// `StateDirectory=` of the unit; the row only adds the option that moves it.
    State,
}

/// Which of its directories a unit asks systemd for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DirectoryKind {
    /// `StateDirectory=`
    State,
    /// `CacheDirectory=`
    Cache,
    /// `LogsDirectory=`
    Logs,
    /// `RuntimeDirectory=`
    Runtime,
}

/// Who owns a directory that systemd sets up.
#[derive(Debug, Clone, Copy)]
pub struct DirectoryOwner {
    /// The service.
    pub service: &'static Service,
    /// The unit that asks for the directory.
    pub unit: &'static Unit,
    /// Which kind of directory it is.
    pub kind: DirectoryKind,
    /// The name as the unit gives it.
    pub name: &'static str,
}

/// Every service, in the order of the table.
pub fn all() -> &'static [Service] {
    &TABLE.service
}

/// The service to which the option at `path` belongs: the longest prefix wins.
pub fn by_option<S: AsRef<str>>(path: &[S]) -> Option<&'static Service> {
    let index = &*OPTIONS;
    let named = match path {
        [first, second, ..] => index.named.get(&(first.as_ref(), second.as_ref())),
        _ => None,
    };
    named
        .into_iter()
        .flatten()
        .chain(&index.others)
        .filter(|row| row.pattern.covers(path))
        .max_by_key(|row| (row.pattern.rank(), row.place))
        .map(|row| row.service)
}

/// The options of a service.
struct OptionRow {
    pattern: &'static OptionPattern,
    service: &'static Service,
    /// Its place among all: of rows that describe an option equally well the last counts.
    place: u32,
}

/// The options of all services.
struct OptionIndex {
    /// By the first two names.
    named: FxHashMap<(&'static str, &'static str), Vec<OptionRow>>,
    /// Those that are shorter or have a `*` there.
    others: Vec<OptionRow>,
}

static OPTIONS: LazyLock<OptionIndex> = LazyLock::new(|| {
    let patterns = all().iter().flat_map(|service| {
        std::iter::once(&service.options).chain(&service.aliases).map(move |pattern| (pattern, service))
    });
    let mut index = OptionIndex { named: FxHashMap::default(), others: Vec::new() };
    for (place, (pattern, service)) in patterns.enumerate() {
        let row = OptionRow { pattern, service, place: place as u32 };
        match pattern.segments() {
            [first, second, ..] if !first.contains('*') && !second.contains('*') => {
                index.named.entry((first, second)).or_default().push(row);
            }
            _ => index.others.push(row),
        }
    }
    index
});

/// The service and its unit of that name, e.g. `tailscaled.service`; a name without suffix means the
/// `.service` unit. A unit named in full wins over one with a `*`.
pub fn by_unit(name: &str) -> Option<(&'static Service, &'static Unit)> {
    let has_suffix = name.rsplit_once('.').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix));
    let name = if has_suffix { name.into() } else { Cow::Owned(format!("{name}.service")) };
    let units = &*UNITS;
    let starred = || units.starred.iter().find(|(_, unit)| glob(&unit.name, &name));
    units.exact.get(&*name).or_else(starred).copied()
}

/// The units of all services by their names.
struct UnitIndex {
    exact: FxHashMap<&'static str, (&'static Service, &'static Unit)>,
    /// Those with a `*`, in the order of the table.
    starred: Vec<(&'static Service, &'static Unit)>,
}

static UNITS: LazyLock<UnitIndex> = LazyLock::new(|| {
    let units =
        all().iter().flat_map(|service| service.units(Trust::Verified).map(move |unit| (service, unit)));
    let (starred, exact): (Vec<_>, Vec<_>) = units.partition(|(_, unit)| unit.name.contains('*'));
    // Of two rows with one name the first counts.
    let exact = exact.into_iter().rev().map(|(service, unit)| (&*unit.name, (service, unit))).collect();
    UnitIndex { exact, starred }
});

/// The unit whose `StateDirectory=`, `CacheDirectory=`, `LogsDirectory=` or `RuntimeDirectory=` is
/// the directory `path` or one above it. `/var/lib/private/x` counts as `/var/lib/x`.
pub fn directory_owner(path: &str) -> Option<DirectoryOwner> {
    let (kind, below) = split_base(path)?;
    all()
        .iter()
        .flat_map(|service| service.units(Trust::Verified).map(move |unit| (service, unit)))
        .flat_map(|(service, unit)| {
            unit.directories(kind).map(move |name| DirectoryOwner { service, unit, kind, name })
        })
        .filter(|owner| lies_in(below, owner.name))
        .max_by_key(|owner| (owner.name.matches('/').count(), !owner.name.contains('*')))
}

/// [`directory_owner`] of a path below `/var/lib`; `None` for any other path.
pub fn state_directory_owner(path: &str) -> Option<DirectoryOwner> {
    directory_owner(path).filter(|owner| owner.kind == DirectoryKind::State)
}

impl Service {
    /// The option that switches the service on.
    pub fn enable(&self) -> OptionPattern {
        self.enable.clone().unwrap_or_else(|| OptionPattern::new(&format!("{}.enable", self.options)))
    }

    /// Its units.
    pub fn units(&self, trust: Trust) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(move |unit| trust.admits(self.verified && unit.verified))
    }

    /// Whether all that is said of its ports was read in a source.
    pub fn knows_ports(&self) -> bool {
        self.ports(Trust::Verified).count() == self.ports.len()
    }

    /// Its default ports.
    pub fn ports(&self, trust: Trust) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(move |port| trust.admits(self.verified && port.verified))
    }
}

impl Unit {
    /// The names of its directories of that kind, earlier names of the state directory too.
    pub fn directories(&self, kind: DirectoryKind) -> impl Iterator<Item = &str> {
        let (names, earlier) = match kind {
            DirectoryKind::State => {
                (&self.state, self.earlier.as_ref().map_or(&[][..], |earlier| &earlier.state))
            }
            DirectoryKind::Cache => (&self.cache, &[][..]),
            DirectoryKind::Logs => (&self.logs, &[][..]),
            DirectoryKind::Runtime => (&self.runtime, &[][..]),
        };
        names.iter().chain(earlier).map(String::as_str)
    }
}

impl DirectoryKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::State, Self::Cache, Self::Logs, Self::Runtime];

    /// The folder in which systemd makes such directories.
    pub fn base(self) -> &'static str {
        match self {
            Self::State => "/var/lib",
            Self::Cache => "/var/cache",
            Self::Logs => "/var/log",
            Self::Runtime => "/run",
        }
    }

    /// The key in the `[Service]` section.
    pub fn directive(self) -> &'static str {
        match self {
            Self::State => "StateDirectory",
            Self::Cache => "CacheDirectory",
            Self::Logs => "LogsDirectory",
            Self::Runtime => "RuntimeDirectory",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    service: Vec<Service>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("services"));

const SUFFIXES: [&str; 11] = [
    "service",
    "socket",
    "target",
    "timer",
    "mount",
    "automount",
    "path",
    "slice",
    "scope",
    "swap",
    "device",
];

fn split_base(path: &str) -> Option<(DirectoryKind, &str)> {
    DirectoryKind::ALL.into_iter().find_map(|kind| {
        let below = path.strip_prefix(kind.base())?.strip_prefix('/')?.trim_matches('/');
        let below = match kind {
            DirectoryKind::Runtime => below,
            _ => below.strip_prefix("private/").unwrap_or(below),
        };
        (!below.is_empty()).then_some((kind, below))
    })
}

/// Whether the path `below` the base is the directory `name` or lies in it.
fn lies_in(below: &str, name: &str) -> bool {
    let mut segments = below.split('/').filter(|segment| !segment.is_empty());
    name.split('/').all(|pattern| segments.next().is_some_and(|segment| glob(pattern, segment)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    fn service(name: &str) -> &'static Service {
        all().iter().find(|service| service.name == name).expect("listed")
    }

    #[test]
    fn every_row_is_complete() {
        let mut names = BTreeSet::new();
        let mut prefixes = BTreeSet::new();
        let mut units = BTreeSet::new();
        for service in all() {
            assert!(names.insert(&service.name), "{}", service.name);
            assert!(prefixes.insert(&service.options), "{}", service.options);
            assert!(service.aliases.iter().all(|alias| prefixes.insert(alias)), "{}", service.name);
            assert!(is_source(&service.source), "{}", service.name);
            for unit in service.units(Trust::Any) {
                assert!(units.insert(&unit.name), "{}", unit.name);
                let suffix = unit.name.rsplit('.').next().unwrap_or_default();
                assert!(SUFFIXES.contains(&suffix), "{}", unit.name);
                assert!(!(unit.dynamic_user && unit.was_dynamic), "{}", unit.name);
            }
            for port in service.ports(Trust::Any) {
                assert!(port.number.is_some() || !port.options.is_empty(), "{}", service.name);
                assert!(port.number != Some(0), "{}", service.name);
                assert!(port.number.is_none() || !port.unread, "{}", service.name);
            }
            for brought in &service.brings {
                let other = all().iter().find(|other| other.name == brought.service);
                let other = other.unwrap_or_else(|| panic!("{} is in the table", brought.service));
                let has_instances = other.options.segments().iter().any(|segment| segment.contains('*'));
                assert_eq!(has_instances, brought.instance.is_some(), "{}", service.name);
            }
            assert!(service.data.iter().all(|data| data.path.starts_with('/')), "{}", service.name);
        }
    }

    #[test]
    fn options_belong_to_the_closest_service() {
        let name = |path: &[&str]| by_option(path).map(|service| service.name.as_str());
        assert_eq!(name(&["services", "ollama", "port"]), Some("ollama"));
        assert_eq!(name(&["services", "prometheus", "port"]), Some("prometheus"));
        assert_eq!(name(&["services", "prometheus", "alertmanager", "port"]), Some("alertmanager"));
        assert_eq!(
            name(&["services", "prometheus", "exporters", "node", "port"]),
            Some("prometheus-node-exporter")
        );
        assert_eq!(name(&["services", "prometheus", "exporters", "unbound"]), Some("prometheus-exporter"));
        assert_eq!(name(&["services", "redis", "servers", "web", "port"]), Some("redis-server"));
        assert_eq!(name(&["services", "bitwarden_rs", "enable"]), Some("vaultwarden"));
        assert_eq!(name(&["services"]), None);
        assert_eq!(name(&["services", "unheard-of"]), None);
    }

    #[test]
    fn units_lead_to_their_service() {
        let name = |unit| by_unit(unit).map(|(service, _)| service.name.as_str());
        assert_eq!(name("tailscaled.service"), Some("tailscale"));
        assert_eq!(name("tailscaled"), Some("tailscale"));
        assert_eq!(name("tailscale.service"), None);
        assert_eq!(name("redis.service"), Some("redis"));
        assert_eq!(name("redis-immich"), Some("redis-server"));
        assert_eq!(name("prometheus-node-exporter"), Some("prometheus-node-exporter"));
        assert_eq!(name("prometheus-unbound-exporter.service"), Some("prometheus-exporter"));
        assert_eq!(name("postgresql.target"), Some("postgresql"));
        assert_eq!(name("postgresql.timer"), None);
    }

    #[test]
    fn directories_lead_to_the_unit_that_asks_for_them() {
        let owner = |path| directory_owner(path).map(|owner| (owner.unit.name.as_str(), owner.kind));
        assert_eq!(owner("/var/lib/ollama/models"), Some(("ollama.service", DirectoryKind::State)));
        assert_eq!(owner("/var/lib/private/ollama"), Some(("ollama.service", DirectoryKind::State)));
        assert_eq!(owner("/var/lib/bitwarden_rs"), Some(("vaultwarden.service", DirectoryKind::State)));
        assert_eq!(owner("/var/lib/redis-immich"), Some(("redis-*.service", DirectoryKind::State)));
        assert_eq!(owner("/var/log/nginx/access.log"), Some(("nginx.service", DirectoryKind::Logs)));
        assert_eq!(
            owner("/run/cdi"),
            Some(("nvidia-container-toolkit-cdi-generator.service", DirectoryKind::Runtime))
        );
        assert_eq!(owner("/var/lib/ollama-models"), None);
        assert_eq!(owner("/var/lib"), None);
        assert_eq!(owner("/var/lib/"), None);
        assert_eq!(owner("/srv/ollama"), None);
        assert!(state_directory_owner("/var/lib/n8n").is_some_and(|owner| owner.unit.dynamic_user));
        assert!(state_directory_owner("/var/log/nginx").is_none());
    }

    #[test]
    fn unread_facts_are_left_out_unless_asked_for() {
        let sabnzbd = service("sabnzbd");
        assert_eq!(sabnzbd.ports(Trust::Verified).count(), 0);
        assert_eq!(sabnzbd.ports(Trust::Any).next().and_then(|port| port.number), Some(8080));
        let podman = service("podman");
        assert_eq!(podman.units(Trust::Verified).count(), 1);
        assert_eq!(podman.units(Trust::Any).count(), 2);
        assert!(by_unit("podman.socket").is_none());
    }

    #[test]
    fn switches_are_below_the_prefix_unless_named() {
        assert_eq!(service("ollama").enable().to_string(), "services.ollama.enable");
        assert_eq!(service("harmonia").enable().to_string(), "services.harmonia.cache.enable");
    }

    #[test]
    fn services_that_share_a_default_port_are_all_there() {
        let mut on_8080: Vec<_> = all()
            .iter()
            .filter(|service| service.ports(Trust::Verified).any(|port| port.number == Some(8080)))
            .map(|service| service.name.as_str())
            .collect();
        on_8080.sort_unstable();
        assert_eq!(on_8080, ["cadvisor", "llama-cpp", "miniflux", "open-webui", "qbittorrent"]);
    }
}
