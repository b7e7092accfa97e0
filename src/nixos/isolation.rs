//! What of the host a container must not get, and what belongs to the runtime and not into a container.
//!
//! Paths are compared as they are written, with `/var/run` read as `/run`; links on the host are not known.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{OptionPattern, glob};

/// A socket by which a process commands a container runtime.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Socket {
    /// Where it is; `*` for any text.
    pub path: String,
    /// Where the row was read.
    pub source: String,
}

/// A place of the host that keeps it apart from its containers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The path; `*` for any text.
    pub path: String,
    /// What is there, as people say it.
    pub holds: String,
    /// Whether reading it is enough to do harm.
    #[serde(default)]
    pub read: bool,
    /// Where the row was read.
    pub source: String,
}

/// A capability that is as good as being root on the host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capability {
    /// The name without `CAP_`.
    pub name: String,
    /// What it allows, as people say it.
    pub gives: String,
    /// Where the row was read.
    pub source: String,
}

/// A security option that takes a wall away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityOption {
    /// The part in front of the sign.
    pub name: String,
    /// The part behind it.
    pub value: String,
    /// The NixOS option without which there is no such wall.
    pub needs: Option<OptionPattern>,
    /// What it allows, as people say it.
    pub gives: String,
    /// Where the row was read.
    pub source: String,
}

/// A flag that only a container runtime understands, at least with such values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeFlag {
    /// The long name without dashes.
    pub name: String,
    /// The values that show it; `*` for any text.
    pub values: Vec<String>,
    /// Where the row was read.
    pub source: String,
}

/// The socket of a runtime at `path`.
pub fn socket(path: &str) -> Option<&'static Socket> {
    let path = canonical(path);
    TABLE.socket.iter().find(|socket| glob(&socket.path, &path))
}

/// The place of the host at exactly `path`.
pub fn place(path: &str) -> Option<&'static Place> {
    let path = canonical(path);
    TABLE.place.iter().find(|place| glob(&place.path, &path))
}

/// The capability of that name, in whatever spelling.
pub fn capability(name: &str) -> Option<&'static Capability> {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("CAP_").unwrap_or(&name);
    TABLE.capability.iter().find(|capability| capability.name == name)
}

/// The security option that `text` is, e.g. `seccomp=unconfined` or `seccomp:unconfined`.
pub fn security_option(text: &str) -> Option<&'static SecurityOption> {
    let (name, value) = text.split_once(['=', ':'])?;
    TABLE
        .security_option
        .iter()
        .find(|option| option.name == name && option.value.eq_ignore_ascii_case(value))
}

/// The flag of a runtime that `--name=value` is.
pub fn runtime_flag(name: &str, value: &str) -> Option<&'static RuntimeFlag> {
    let is_value = |pattern: &String| match pattern.matches('*').count() {
        2 => {
            let (first, rest) = pattern.split_once(':').unwrap_or((pattern, "*"));
            value.split_once(':').is_some_and(|(a, b)| glob(first, a) && glob(rest, b))
        }
        _ => glob(pattern, value),
    };
    TABLE.runtime_flag.iter().find(|flag| flag.name == name && flag.values.iter().any(is_value))
}

/// Whether a flag of a runtime has this name, without dashes.
pub fn is_runtime_flag(name: &str) -> bool {
    TABLE.runtime_flag.iter().any(|flag| flag.name == name)
}

/// `/var/run` is a link to `/run`.
fn canonical(path: &str) -> String {
    match path.strip_prefix("/var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => path.to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    socket: Vec<Socket>,
    place: Vec<Place>,
    capability: Vec<Capability>,
    security_option: Vec<SecurityOption>,
    runtime_flag: Vec<RuntimeFlag>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("isolation"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_names_its_source() {
        let sources = TABLE.socket.iter().map(|row| &row.source);
        let sources = sources.chain(TABLE.place.iter().map(|row| &row.source));
        let sources = sources.chain(TABLE.capability.iter().map(|row| &row.source));
        let sources = sources.chain(TABLE.security_option.iter().map(|row| &row.source));
        let mut sources = sources.chain(TABLE.runtime_flag.iter().map(|row| &row.source));
        assert!(sources.all(|source| is_source(source)));
    }

    #[test]
    fn paths_are_known_in_both_spellings() {
        assert!(socket("/var/run/docker.sock").is_some());
        assert!(socket("/run/user/1000/podman/podman.sock").is_some());
        assert!(socket("/run/dbus/system_bus_socket").is_none());
        assert_eq!(place("/var/run").map(|place| place.path.as_str()), Some("/run"));
        assert_eq!(place("/home/me/.ssh").map(|place| place.path.as_str()), Some("/home/*/.ssh"));
        assert!(place("/etc/localtime").is_none());
        assert!(place("/home/me").is_none());
    }

    #[test]
    fn capabilities_and_security_options_have_spellings() {
        assert!(capability("CAP_SYS_ADMIN").is_some() && capability("sys_admin").is_some());
        assert!(capability("NET_ADMIN").is_none());
        assert!(security_option("seccomp:unconfined").is_some());
        assert!(security_option("seccomp=/etc/seccomp.json").is_none());
        assert!(security_option("no-new-privileges").is_none());
    }

    #[test]
    fn flags_of_the_runtime_show_by_their_values() {
        assert!(runtime_flag("device", "nvidia.com/gpu=all").is_some());
        assert!(runtime_flag("device", "/dev/ttyUSB0:/dev/ttyUSB0").is_some());
        assert!(runtime_flag("device", "/dev/ttyUSB0").is_none());
        assert!(runtime_flag("device", "cuda").is_none());
        assert!(runtime_flag("network", "mainnet").is_none());
        assert!(runtime_flag("gpus", "all").is_some());
        assert!(runtime_flag("volume", "/srv/a:/b").is_some() && runtime_flag("volume", "80").is_none());
    }
}
