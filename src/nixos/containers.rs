//! What `virtualisation.oci-containers` makes of its options, and where GPU devices come from.
//!
//! Names and places only: parsing of port, volume and device strings is not done here.

use std::sync::LazyLock;

use serde::Deserialize;

use super::OptionPattern;

/// The program that runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Podman: no daemon; a container unit depends on no unit of podman.
    Podman,
    /// Docker: a container unit is after the daemon, but does not require it.
    Docker,
}

/// Facts about a backend.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendFacts {
    /// Which one.
    pub name: Backend,
    /// The option that switches the backend itself on.
    pub enable: OptionPattern,
    /// Its own units.
    pub units: Vec<String>,
    /// Units that every container unit of this backend is after.
    pub container_after: Vec<String>,
    /// Whether a missing source directory of a bind mount is made when the container starts.
    pub makes_bind_sources: bool,
    /// Where the row was read.
    pub source: String,
}

/// Where the value of a container option ends up in the command `<backend> run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Before the word `run`: for options of the backend itself.
    BeforeRun,
    /// Between `run` and the image, each value behind a flag of its own.
    RunFlag,
    /// Between `run` and the image, each list element one argument as it stands.
    RunArguments,
    /// The image itself.
    Image,
    /// After the image: arguments of the program in the container.
    AfterImage,
    /// Not on the command line: shapes the unit or is used by its start script.
    Unit,
}

/// An option of one container.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerOption {
    /// Its name below `virtualisation.oci-containers.containers.<name>`.
    pub name: String,
    /// Where it ends up.
    pub place: Place,
    /// The flag before each value, of a [`Place::RunFlag`].
    pub flag: Option<String>,
    /// Where the row was read.
    pub source: String,
}

/// A flag of the command that starts a container.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// The long name, without dashes.
    pub name: String,
    /// The letter that stands for it.
    pub short: Option<char>,
    /// Other long names.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether it has no value.
    #[serde(default)]
    pub switch: bool,
    /// Where the row was read.
    pub source: String,
}

/// How GPU devices reach containers: the Container Device Interface of one vendor.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceInterface {
    /// What a device name starts with, e.g. `nvidia.com/gpu=`.
    pub prefix: String,
    /// The unit that writes the description of the devices.
    pub generator: String,
    /// The file it writes.
    pub file: String,
    /// The options of which one must be true for the generator to exist; the first is the present one.
    pub enable: Vec<OptionPattern>,
    /// Units that require the generator upstream. None of them, and no container unit, is ordered
    /// after it.
    pub required_by: Vec<String>,
    /// Where the row was read.
    pub source: String,
}

/// Where containers are defined: below it, one attribute set for each.
pub const CONTAINERS: &str = "virtualisation.oci-containers.containers";

/// The option that chooses the backend.
pub const BACKEND_OPTION: &str = "virtualisation.oci-containers.backend";

/// The option of a container that names its unit, without `.service`.
pub const SERVICE_NAME_OPTION: &str = "serviceName";

/// The first `system.stateVersion` whose default backend is Podman.
pub const PODMAN_SINCE: (u32, u32) = (22, 5);

/// The backend where [`BACKEND_OPTION`] is not set; `None` when `state_version` is no version such as
/// `24.11`.
pub fn default_backend(state_version: &str) -> Option<Backend> {
    let (year, month) = state_version.split_once('.')?;
    let version = (year.parse::<u32>().ok()?, month.parse::<u32>().ok()?);
    Some(if version >= PODMAN_SINCE { Backend::Podman } else { Backend::Docker })
}

/// The unit of a container that sets no `serviceName`.
pub fn default_unit(backend: Backend, container: &str) -> String {
    format!("{}-{container}.service", backend.as_str())
}

/// The backend and container that a unit of the default name is for: `podman-web.service`.
pub fn container_of_unit(unit: &str) -> Option<(Backend, &str)> {
    let name = unit.strip_suffix(".service")?;
    backends().iter().find_map(|backend| {
        let container = name.strip_prefix(backend.name.as_str())?.strip_prefix('-')?;
        (!container.is_empty()).then_some((backend.name, container))
    })
}

/// Both backends.
pub fn backends() -> &'static [BackendFacts] {
    &TABLE.backend
}

/// The options of a container.
pub fn options() -> &'static [ContainerOption] {
    &TABLE.option
}

/// The option of a container of that name.
pub fn option(name: &str) -> Option<&'static ContainerOption> {
    options().iter().find(|option| option.name == name)
}

/// The flag of that long name, without dashes.
pub fn flag(name: &str) -> Option<&'static Flag> {
    let is_it = |flag: &&Flag| flag.name == name || flag.aliases.iter().any(|alias| alias == name);
    TABLE.flag.iter().find(is_it)
}

/// The flag of that letter.
pub fn short_flag(letter: char) -> Option<&'static Flag> {
    TABLE.flag.iter().find(|flag| flag.short == Some(letter))
}

/// Every device interface whose generator is known.
pub fn device_interfaces() -> &'static [DeviceInterface] {
    &TABLE.device
}

/// The interface to which a device such as `nvidia.com/gpu=all` belongs.
pub fn interface_of_device(device: &str) -> Option<&'static DeviceInterface> {
    device_interfaces().iter().find(|interface| device.starts_with(&interface.prefix))
}

impl Backend {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Podman, Self::Docker];

    /// The word in options, unit names and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }

    /// What the module does for it.
    pub fn facts(self) -> &'static BackendFacts {
        let facts = backends().iter().find(|facts| facts.name == self);
        facts.expect("invariant: containers.toml has both backends, as its test shows")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    backend: Vec<BackendFacts>,
    option: Vec<ContainerOption>,
    device: Vec<DeviceInterface>,
    flag: Vec<Flag>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("containers"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_is_complete() {
        assert_eq!(backends().len(), 2);
        for backend in [Backend::Podman, Backend::Docker] {
            assert_eq!(backend.facts().name, backend);
            assert!(is_source(&backend.facts().source), "{}", backend.as_str());
        }
        let names: BTreeSet<_> = options().iter().map(|option| &option.name).collect();
        assert_eq!(names.len(), options().len());
        for option in options() {
            assert!(is_source(&option.source), "{}", option.name);
            assert_eq!(option.flag.is_some(), option.place == Place::RunFlag, "{}", option.name);
        }
        for device in device_interfaces() {
            assert!(is_source(&device.source), "{}", device.prefix);
            assert!(!device.enable.is_empty(), "{}", device.prefix);
        }
        let names: BTreeSet<_> = TABLE.flag.iter().map(|flag| &flag.name).collect();
        assert_eq!(names.len(), TABLE.flag.len());
        for flag in &TABLE.flag {
            assert!(is_source(&flag.source), "{}", flag.name);
        }
    }

    #[test]
    fn flags_are_found_by_every_name() {
        assert_eq!(flag("net").map(|flag| flag.name.as_str()), Some("network"));
        assert_eq!(short_flag('v').map(|flag| flag.name.as_str()), Some("volume"));
        assert!(flag("privileged").is_some_and(|flag| flag.switch));
        assert!(flag("v").is_none());
    }

    #[test]
    fn the_default_backend_follows_the_state_version() {
        assert_eq!(default_backend("21.11"), Some(Backend::Docker));
        assert_eq!(default_backend("22.05"), Some(Backend::Podman));
        assert_eq!(default_backend("25.11"), Some(Backend::Podman));
        assert_eq!(default_backend("unstable"), None);
    }

    #[test]
    fn units_are_named_after_backend_and_container() {
        assert_eq!(default_unit(Backend::Docker, "web"), "docker-web.service");
        assert_eq!(container_of_unit("podman-my-web.service"), Some((Backend::Podman, "my-web")));
        assert_eq!(container_of_unit("podman.service"), None);
        assert_eq!(container_of_unit("podman-.service"), None);
        assert_eq!(container_of_unit("podman-web.timer"), None);
    }

    #[test]
    fn options_end_where_the_module_puts_them() {
        assert_eq!(option("preRunExtraOptions").map(|option| option.place), Some(Place::BeforeRun));
        assert_eq!(option("cmd").map(|option| option.place), Some(Place::AfterImage));
        assert_eq!(option("extraOptions").map(|option| option.place), Some(Place::RunArguments));
        assert_eq!(option("devices").and_then(|option| option.flag.as_deref()), Some("--device"));
        assert!(option(SERVICE_NAME_OPTION).is_some());
        assert!(option("restart").is_none());
    }

    #[test]
    fn gpu_devices_are_known_by_their_prefix() {
        let interface = interface_of_device("nvidia.com/gpu=all").expect("known");
        assert_eq!(interface.generator, "nvidia-container-toolkit-cdi-generator.service");
        assert_eq!(interface.enable[0].to_string(), "hardware.nvidia-container-toolkit.enable");
        assert!(interface_of_device("amd.com/gpu=all").is_none());
        assert!(interface_of_device("/dev/nvidia0").is_none());
    }
}
