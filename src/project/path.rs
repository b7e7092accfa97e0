//! The files and directories that a host sets up or hands to its services.
//!
//! Lists what the project writes and what the tables of `nixos` say of services that are switched on; whether
//! a path exists on the machine is not known here.

use std::rc::Rc;

use camino::Utf8Path;

use super::firewall::of_condition;
use super::host::{Host, Item};
use super::service::{Manager, Service, ServiceKind};
use super::table::{Certainty, Node, OptionKey};
use super::unit::{DEPENDENCIES, Unit, escaped};
use super::view::{Known, Origin};
use crate::eval::{Condition, Text, Value};
use crate::nixos::services::{Creator, DirectoryKind};

/// A path and what it is there for.
#[derive(Clone)]
pub struct PathUse {
    /// The path, `*` for holes.
    pub path: String,
    /// Whether all of it is known.
    pub is_exact: bool,
    /// What it is there for.
    pub role: PathRole,
    /// The service, container, file system or rule that it belongs to.
    pub owner: String,
    /// The kind of service, where it belongs to one.
    pub kind: Option<ServiceKind>,
    /// Whose systemd sets it up.
    pub manager: Manager,
    /// Its mode, as written.
    pub mode: Option<String>,
    /// The user it belongs to.
    pub user: Option<String>,
    /// The group it belongs to.
    pub group: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// What a path is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathRole {
    /// A line of tmpfiles.d(5) with this type, e.g. `d`.
    Tmpfiles(String),
    /// A directory that systemd makes for a unit.
    Directory(DirectoryKind),
    /// Where the module of a service keeps its data, and what makes it.
    Data(Creator),
    /// A mount point, and what is mounted there.
    Mount(Option<String>),
    /// The host's side of a container volume, and the place in the container.
    Volume(String),
    /// A volume that the container runtime keeps under this name, and the place in the container.
    NamedVolume(String),
    /// The home directory of a user.
    Home,
}

impl PathRole {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Tmpfiles(_) => "tmpfiles",
            Self::Directory(DirectoryKind::State) => "state",
            Self::Directory(DirectoryKind::Cache) => "cache",
            Self::Directory(DirectoryKind::Logs) => "logs",
            Self::Directory(DirectoryKind::Runtime) => "runtime",
            Self::Data(_) => "data",
            Self::Mount(_) => "mount",
            Self::Volume(_) => "volume",
            Self::NamedVolume(_) => "named volume",
            Self::Home => "home",
        }
    }
}

impl Host<'_> {
    /// The rules for systemd-tmpfiles, those of the system and those of users: elements of lists, as far as they
    /// are certainly there.
    pub fn tmpfiles_rules(&self) -> Vec<Item> {
        let nodes = ["systemd.tmpfiles.rules", "systemd.user.tmpfiles.rules"].map(|path| self.nodes(path));
        let items = nodes.iter().flatten().flat_map(|(_, node)| self.items(node).0);
        items.filter(|item| item.condition != Condition::False).collect()
    }

    /// The paths, those of one role together and sorted.
    pub fn paths(&self) -> Rc<[PathUse]> {
        self.views.paths.get_or_init(|| self.build_paths().into()).clone()
    }

    fn build_paths(&self) -> Vec<PathUse> {
        let mut paths = Vec::new();
        self.mounts(&mut paths);
        self.tmpfiles(&mut paths);
        for service in self.services().iter() {
            self.directories_of(service, &mut paths);
            self.data_of(service, &mut paths);
            self.volumes_of(service, &mut paths);
        }
        self.homes(&mut paths);
        paths
    }

    /// Whether a path lies, or may lie, in a file system that is mounted after tmpfiles rules are applied: over the
    /// network, on demand, where it may fail, or by a unit that this one waits for.
    pub fn is_mounted_late(&self, unit: &Unit, path: &str) -> bool {
        const LATE_TYPES: [&str; 9] =
            ["nfs", "nfs4", "cifs", "smb3", "fuse", "9p", "virtiofs", "glusterfs", "ceph"];
        const LATE_OPTIONS: [&str; 4] = ["_netdev", "nofail", "noauto", "x-systemd.automount"];
        let holds = |place: &str| {
            place != "/"
                && (path == place || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
        };
        let is_late_file_system = self.nodes("fileSystems.*").iter().any(|(keys, node)| {
            let place = keys.last().and_then(OptionKey::exact).map(|place| place.trim_end_matches('/'));
            let kind = self.below(node, "fsType");
            let kind = kind.definitions().first().and_then(|kind| kind.value.as_str());
            let is_late =
                |kind: &str| LATE_TYPES.iter().any(|late| kind == *late || kind.starts_with("fuse."));
            place.is_some_and(holds)
                && (kind.is_some_and(|kind| is_late(&kind)) || {
                    let (options, open) = self.items(&self.below(node, "options"));
                    let is_late = |item: &Item| {
                        item.exact().is_none_or(|option| LATE_OPTIONS.contains(&option.as_str()))
                    };
                    open.is_some() || options.iter().any(is_late)
                })
        });
        let by_unit = |other: &Unit| {
            let place = self.below(&other.node, "where");
            matches!(other.suffix, "mount" | "automount")
                && place
                    .definitions()
                    .iter()
                    .any(|place| place.value.as_str().is_none_or(|place| holds(&place)))
        };
        let ancestors = || Utf8Path::new(path).ancestors().filter(|place| place.as_str() != "/");
        let is_named = |name: &str| {
            name.strip_suffix(".mount")
                .is_some_and(|name| ancestors().any(|place| escaped(place.as_str()) == name))
        };
        is_late_file_system
            || self.units().iter().any(by_unit)
            || DEPENDENCIES
                .iter()
                .any(|attribute| self.named_units(unit, attribute).0.iter().any(|(name, _)| is_named(name)))
    }

    fn mounts(&self, paths: &mut Vec<PathUse>) {
        for (mut keys, node) in self.nodes("fileSystems.*") {
            let Some(key) = keys.pop() else { continue };
            let origin = self.origin(format!("fileSystems.\"{}\"", key.display()), &node, None);
            let device = self.text_setting(&self.below(&node, "device"), &origin.condition);
            let device = device.and_then(|device| device.value().cloned());
            paths.push(PathUse {
                path: key.display(),
                is_exact: key.exact().is_some(),
                role: PathRole::Mount(device),
                owner: "fileSystems".to_owned(),
                origin,
                ..blank()
            });
        }
        for unit in self.units().iter().filter(|unit| matches!(unit.suffix, "mount" | "automount")) {
            let text =
                |name: &str| self.text_setting(&self.below(&unit.node, name), &self.unit_condition(unit));
            let Some(place) = text("where") else { continue };
            let origin = self.origin(format!("systemd.{}s", unit.suffix), &unit.node, None);
            let path = place.value().cloned();
            paths.push(PathUse {
                is_exact: path.is_some(),
                path: path.unwrap_or_else(|| "*".to_owned()),
                role: PathRole::Mount(text("what").and_then(|what| what.value().cloned())),
                owner: unit.display(),
                origin,
                ..blank()
            });
        }
    }

    fn tmpfiles(&self, paths: &mut Vec<PathUse>) {
        for (option, manager) in
            [("systemd.tmpfiles.rules", Manager::System), ("systemd.user.tmpfiles.rules", Manager::EveryUser)]
        {
            for item in self.items(&self.below(self.root(), option)).0 {
                let Some(text) = item.text() else { continue };
                let Some(rule) = TmpfilesRule::parse(&self.resolve_text(text)) else { continue };
                paths.push(PathUse {
                    manager: manager.clone(),
                    origin: self.origin_of_item(option, &item),
                    ..rule.into_use(option)
                });
            }
        }
        for (keys, node) in self.nodes("systemd.tmpfiles.settings.*.*.*") {
            let [group, path, kind] = keys.as_slice() else { continue };
            let origin = self.origin(format!("systemd.tmpfiles.settings.{}", group.display()), &node, None);
            let text = |name: &str| {
                let text = self.text_setting(&self.below(&node, name), &origin.condition)?;
                text.value().cloned()
            };
            paths.push(PathUse {
                path: path.display(),
                is_exact: path.exact().is_some(),
                role: PathRole::Tmpfiles(kind.display()),
                owner: "systemd.tmpfiles.settings".to_owned(),
                mode: text("mode"),
                user: text("user"),
                group: text("group"),
                origin,
                ..blank()
            });
        }
    }

    /// The origin of an element of a list option.
    pub(super) fn origin_of_item(&self, option: &str, item: &Item) -> Origin {
        Origin {
            option: option.to_owned(),
            span: item.span,
            bindings: item.span.into_iter().collect(),
            certainty: of_condition(item.definition.certainty, &item.condition),
            condition: item.condition.clone(),
        }
    }

    fn directories_of(&self, service: &Service, paths: &mut Vec<PathUse>) {
        let user = self.service_user(service).and_then(|user| user.value().cloned());
        for (kind, name) in self.service_directories(service) {
            let folder = match service.manager {
                Manager::System => kind.base(),
                // Below the directories of the user (systemd.exec(5)).
                Manager::EveryUser | Manager::User(_) => match kind {
                    DirectoryKind::State => "~/.local/state",
                    DirectoryKind::Cache => "~/.cache",
                    DirectoryKind::Logs => "~/.local/state/log",
                    DirectoryKind::Runtime => "/run/user/*",
                },
            };
            let name = name.value().cloned();
            paths.push(PathUse {
                path: format!("{folder}/{}", name.as_deref().unwrap_or("*")),
                is_exact: name.is_some_and(|name| !name.contains('*')) && !folder.contains('*'),
                role: PathRole::Directory(kind),
                user: user.clone(),
                ..of_service(service)
            });
        }
    }

    fn data_of(&self, service: &Service, paths: &mut Vec<PathUse>) {
        let Some(upstream) = service.upstream.as_ref().filter(|_| service.kind == ServiceKind::Option) else {
            return;
        };
        let user = self.service_user(service).and_then(|user| user.value().cloned());
        let mut add = |path: Option<String>, creator: Creator| {
            paths.push(PathUse {
                is_exact: path.is_some(),
                path: path.unwrap_or_else(|| "*".to_owned()),
                role: PathRole::Data(creator),
                user: user.clone(),
                ..of_service(service)
            });
        };
        let set = |option: &crate::nixos::OptionPattern| {
            self.text_at(&upstream.option(option)?, &service.origin.condition)
        };
        for data in &upstream.service.data {
            match data.option.as_ref().and_then(set) {
                Some(path) => add(path.value().cloned(), data.by),
                // Its name is among the directories of the unit.
                None if data.by == Creator::State => {}
                None => add(Some(data.path.clone()), data.by),
            }
        }
    }

    fn volumes_of(&self, service: &Service, paths: &mut Vec<PathUse>) {
        let Some(container) = &service.container else { return };
        for item in self.items(&self.below(&container.node, "volumes")).0 {
            let Some(text) = item.text() else { continue };
            let shown = self.resolve_text(text).display();
            let Some((host, inner)) = shown.split_once(':') else { continue };
            let inner = inner.split(':').next().unwrap_or_default().to_owned();
            let is_path = host.starts_with(['/', '.', '~', '*']);
            let role = if is_path { PathRole::Volume(inner) } else { PathRole::NamedVolume(inner) };
            let mut origin = self.origin_of_item(&service.origin.option, &item);
            origin.certainty = origin.certainty.max(service.origin.certainty);
            paths.push(PathUse {
                path: host.to_owned(),
                is_exact: !host.contains('*'),
                role,
                origin,
                ..of_service(service)
            });
        }
    }

    fn homes(&self, paths: &mut Vec<PathUse>) {
        for account in self.accounts().iter() {
            let Some(Known::Value(home)) = &account.home else { continue };
            paths.push(PathUse {
                path: home.clone(),
                is_exact: true,
                role: PathRole::Home,
                owner: account.name.clone(),
                user: Some(account.name.clone()),
                origin: account.origin.clone(),
                ..blank()
            });
        }
    }

    /// Whether something on the host may make the path, or it lies below something that the project has: then
    /// who makes it is another matter.
    pub fn may_have_path(&self, path: &str) -> bool {
        let is_made = |known: &PathUse| {
            !matches!(known.role, PathRole::Volume(_) | PathRole::NamedVolume(_))
                && (may_be_path(&known.path, path)
                    || path.starts_with(&format!("{}/", known.path))
                    || known.path.starts_with(&format!("{path}/")))
        };
        self.paths().iter().any(is_made)
    }

    /// The directories that tmpfiles makes on the host for sure and that are written almost like `path`.
    pub fn directories_like(&self, path: &str) -> Vec<PathUse> {
        let is_like = |known: &&PathUse| {
            let PathRole::Tmpfiles(kind) = &known.role else { return false };
            known.is_exact
                && known.manager == Manager::System
                && known.origin.certainty == Certainty::Must
                && kind.starts_with(['d', 'D', 'q', 'Q', 'v'])
                && looks_like(&known.path, path)
        };
        let mut found: Vec<PathUse> = self.paths().iter().filter(is_like).cloned().collect();
        found.dedup_by(|a, b| a.path == b.path);
        found
    }

    /// Paths that mean something to the views: the text of an option that holds a path.
    pub(super) fn path_text(&self, node: &Node, given: &Condition) -> Option<Known<String>> {
        self.text_setting(node, given).map(|text| match text {
            Known::Value(text) => Known::Value(text),
            Known::Unknown => match node.definitions() {
                // A file of the project is shown by its place in it.
                [definition] => match &definition.value.value {
                    Value::Path(path) => {
                        let root = self.machine().loader().root();
                        let path = path.strip_prefix(root).unwrap_or(path);
                        Known::Value(path.to_string())
                    }
                    _ => Known::Unknown,
                },
                _ => Known::Unknown,
            },
        })
    }
}

/// Whether a path with `*` for holes may be `path`.
fn may_be_path(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| path.strip_prefix(start)) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut last = "";
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    last.is_empty() || path.ends_with(last)
}

/// Whether two paths differ in one name only, and there in a version, a suffix or a slip of the pen.
fn looks_like(a: &str, b: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('/').collect(), b.split('/').collect());
    if a.len() != b.len() {
        return false;
    }
    let mut different = a.iter().zip(&b).filter(|(a, b)| a != b);
    let (Some((a, b)), None) = (different.next(), different.next()) else { return false };
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let has_suffix = long.strip_prefix(short).is_some_and(|rest| {
        let rest = rest.strip_prefix(['-', '_', '.']).unwrap_or_default();
        let is_version = rest.trim_start_matches('v').chars().all(|c| c.is_ascii_digit());
        !rest.is_empty() && (is_version || ["old", "new", "bak", "backup"].contains(&rest))
    });
    // Numbers tell apart what is meant to be told apart.
    let word = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let is_slip = short.len() >= 5 && word(a) != word(b) && strsim::damerau_levenshtein(a, b) == 1;
    short.len() >= 3 && (has_suffix || is_slip)
}

fn blank() -> PathUse {
    PathUse {
        path: String::new(),
        is_exact: true,
        role: PathRole::Home,
        owner: String::new(),
        kind: None,
        manager: Manager::System,
        mode: None,
        user: None,
        group: None,
        origin: Origin {
            option: String::new(),
            span: None,
            bindings: Vec::new(),
            certainty: Certainty::Must,
            condition: Condition::True,
        },
    }
}

fn of_service(service: &Service) -> PathUse {
    PathUse {
        owner: service.name.clone(),
        kind: Some(service.kind),
        manager: service.manager.clone(),
        origin: service.origin.clone(),
        ..blank()
    }
}

/// A line of tmpfiles.d(5).
struct TmpfilesRule {
    kind: String,
    path: String,
    fields: Vec<String>,
}

impl TmpfilesRule {
    /// Reads the type, path, mode, user and group of a line; holes show as `*`.
    fn parse(text: &Text) -> Option<Self> {
        let shown = text.display();
        let mut words = shown.split_whitespace().map(|word| word.trim_matches('"').to_owned());
        let (kind, path) = (words.next()?, words.next()?);
        let is_kind = kind.starts_with(|c: char| c.is_ascii_alphabetic());
        (is_kind && path.starts_with(['/', '%', '*'])).then(|| Self {
            kind,
            path,
            fields: words.take(3).collect(),
        })
    }

    fn into_use(self, option: &str) -> PathUse {
        let field = |at: usize| self.fields.get(at).filter(|field| *field != "-").cloned();
        PathUse {
            is_exact: !self.path.contains('*'),
            mode: field(0),
            user: field(1),
            group: field(2),
            path: self.path,
            role: PathRole::Tmpfiles(self.kind),
            owner: option.to_owned(),
            ..blank()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_look_alike_by_a_suffix_or_a_slip() {
        assert!(looks_like("/var/lib/frigate", "/var/lib/frigate-v2"));
        assert!(looks_like("/srv/photos-old/a", "/srv/photos/a"));
        assert!(looks_like("/var/lib/jellyfin", "/var/lib/jelyfin"));
        assert!(!looks_like("/srv/disk1", "/srv/disk2"));
        assert!(!looks_like("/srv/movies", "/srv/movies"));
        assert!(!looks_like("/srv/web", "/srv/web/data"));
        assert!(!looks_like("/srv/a/b", "/srv/c/d"));
        assert!(!looks_like("/srv/tv", "/srv/tb"));
        assert!(!looks_like("/srv/web", "/srv/webdav"));
    }

    #[test]
    fn paths_with_holes_may_be_many() {
        assert!(may_be_path("/var/lib/*/data", "/var/lib/web/data"));
        assert!(may_be_path("*", "/srv"));
        assert!(!may_be_path("/var/lib/*/data", "/var/lib/web"));
        assert!(!may_be_path("/srv", "/srv/web"));
    }

    #[test]
    fn rules_of_tmpfiles_are_read() {
        let rule = TmpfilesRule::parse(&Text::known("d  /var/lib/web 0750 web - 10d")).expect("a rule");
        assert_eq!((rule.kind.as_str(), rule.path.as_str()), ("d", "/var/lib/web"));
        let path = rule.into_use("systemd.tmpfiles.rules");
        assert_eq!(
            (path.mode.as_deref(), path.user.as_deref(), path.group),
            (Some("0750"), Some("web"), None)
        );
        assert!(TmpfilesRule::parse(&Text::known("/var/lib/web 0750")).is_none());
        assert!(TmpfilesRule::parse(&Text::known("d")).is_none());
    }
}
