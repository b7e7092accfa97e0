//! Which option paths belong to which module system, so that a module's class can be guessed from
//! what it sets.
//!
//! A guess is for files that no host reaches; where an edge of the project says what a file is, the
//! edge wins. Evidence that does not fit together yields no guess.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::OptionPattern;

/// A module system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModuleSystem {
    /// NixOS.
    Nixos,
    /// Home Manager.
    HomeManager,
    /// nix-darwin.
    Darwin,
    /// flake-parts.
    FlakeParts,
}

/// What a set of option paths says about the file that defines them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassGuess {
    /// A NixOS module.
    Nixos,
    /// A Home Manager module.
    HomeManager,
    /// A nix-darwin module.
    Darwin,
    /// A flake-parts module.
    FlakeParts,
    /// A module of some system: its paths fit several, or none together.
    ModuleUnknown,
    /// Nothing known to be an option: probably no module.
    NotModule,
}

/// A prefix of options and the module systems that have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// The prefix.
    pub path: OptionPattern,
    /// The systems in which an option of this prefix exists.
    pub systems: Vec<ModuleSystem>,
}

/// Keys of a module itself, beside its options.
pub fn module_keys() -> &'static [String] {
    &TABLE.module_keys
}

/// Every known prefix, sorted; the first two segments of none have a `*`.
pub fn all() -> &'static [Root] {
    &TABLE.root
}

/// The systems in which an option `path`, written with dots, can exist; `None` for an unknown root.
/// The longest known prefix decides, so `systemd.user.services.x.Unit` says more than `systemd`.
pub fn systems_of(path: &str) -> Option<&'static [ModuleSystem]> {
    let mut dots = path.match_indices('.').map(|(at, _)| at).chain([path.len(), path.len()]);
    let (first, second) = (&path[..dots.next()?], &path[..dots.next()?]);
    let alike = [Some(first), (second.len() > first.len()).then_some(second)];
    let mut rows =
        alike.into_iter().flatten().filter_map(|start| TABLE.by_start.get(start)).flatten().peekable();
    rows.peek()?;
    let segments: Vec<&str> = path.split('.').collect();
    rows.map(|row| &all()[*row])
        .filter(|root| root.path.covers(&segments))
        .max_by_key(|root| root.path.rank())
        .map(|root| root.systems.as_slice())
}

/// The systems in which all of the options `paths` exist, those of unknown roots aside: none where the
/// paths do not fit together, `None` where no root is known. A caller that knows which systems its
/// project uses can narrow the result down.
pub fn systems_of_all(paths: &[&str]) -> Option<Vec<ModuleSystem>> {
    let mut known = paths.iter().filter_map(|path| systems_of(path));
    let mut possible = known.next()?.to_vec();
    for systems in known {
        possible.retain(|system| systems.contains(system));
    }
    Some(possible)
}

/// The class of a module that defines the options `paths`, written with dots from the top; keys of the
/// module itself (`imports`, `options` …) may be among them, what lies below `config` comes without it.
pub fn class_of_roots(paths: &[&str]) -> ClassGuess {
    match systems_of_all(paths).as_deref() {
        Some([ModuleSystem::Nixos]) => ClassGuess::Nixos,
        Some([ModuleSystem::HomeManager]) => ClassGuess::HomeManager,
        Some([ModuleSystem::Darwin]) => ClassGuess::Darwin,
        Some([ModuleSystem::FlakeParts]) => ClassGuess::FlakeParts,
        Some(_) => ClassGuess::ModuleUnknown,
        None if paths.iter().any(|path| is_module_key(path)) => ClassGuess::ModuleUnknown,
        None => ClassGuess::NotModule,
    }
}

fn is_module_key(path: &str) -> bool {
    module_keys().iter().any(|key| path.split('.').next() == Some(key))
}

struct Table {
    module_keys: Vec<String>,
    root: Vec<Root>,
    /// The places in `root` of the prefixes that begin alike: by their first two segments, or the only one.
    by_start: FxHashMap<String, Vec<usize>>,
}

/// The embedded file. The sources in it are for readers and tests.
#[derive(Deserialize)]
struct File {
    module_keys: Vec<String>,
    group: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    systems: Vec<ModuleSystem>,
    paths: Vec<OptionPattern>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = table!("roots");
    let root = file.group.into_iter().flat_map(|group| {
        group.paths.into_iter().map(move |path| Root { path, systems: group.systems.clone() })
    });
    let mut root: Vec<Root> = root.collect();
    root.sort_by(|a, b| a.path.cmp(&b.path));
    let mut by_start: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (row, root) in root.iter().enumerate() {
        let start = root.path.segments().iter().take(2).map(String::as_str).collect::<Vec<_>>().join(".");
        by_start.entry(start).or_default().push(row);
    }
    Table { module_keys: file.module_keys, root, by_start }
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_group_is_complete() {
        let table: toml::Table = toml::from_str(include_str!("roots.toml")).expect("parses");
        assert!(is_source(table["module_keys_source"].as_str().expect("text")));
        for group in table["group"].as_array().expect("a list") {
            assert!(is_source(group["source"].as_str().expect("text")), "{group}");
        }
        let paths: BTreeSet<_> = all().iter().map(|root| &root.path).collect();
        assert_eq!(paths.len(), all().len());
        assert!(all().iter().all(|root| !root.systems.is_empty()));
        let starts = || all().iter().flat_map(|root| root.path.segments().iter().take(2));
        assert!(starts().all(|segment| !segment.contains('*')));
    }

    #[test]
    fn the_longest_prefix_decides() {
        use ModuleSystem::{Darwin, HomeManager, Nixos};
        assert_eq!(systems_of("systemd.user.services.web"), Some(&[Nixos, HomeManager][..]));
        assert_eq!(systems_of("systemd.user.services.web.Service.ExecStart"), Some(&[HomeManager][..]));
        assert_eq!(systems_of("systemd.user.services.web.serviceConfig.ExecStart"), Some(&[Nixos][..]));
        assert_eq!(systems_of("system.stateVersion"), Some(&[Nixos, Darwin][..]));
        assert_eq!(systems_of("system.defaults.dock.autohide"), Some(&[Darwin][..]));
        assert_eq!(systems_of("my.options"), None);
    }

    #[test]
    fn options_of_one_system_give_its_class() {
        assert_eq!(class_of_roots(&["imports", "boot.loader.grub.enable"]), ClassGuess::Nixos);
        assert_eq!(class_of_roots(&["home.packages", "programs.git.enable"]), ClassGuess::HomeManager);
        assert_eq!(class_of_roots(&["homebrew.casks", "environment.variables"]), ClassGuess::Darwin);
        assert_eq!(class_of_roots(&["perSystem", "systems"]), ClassGuess::FlakeParts);
    }

    #[test]
    fn shared_options_narrow_each_other_down() {
        assert_eq!(class_of_roots(&["environment.systemPackages"]), ClassGuess::ModuleUnknown);
        assert_eq!(
            class_of_roots(&["environment.systemPackages", "systemd.user.tmpfiles"]),
            ClassGuess::Nixos
        );
        assert_eq!(class_of_roots(&["launchd", "xdg"]), ClassGuess::HomeManager);
        assert_eq!(
            systems_of_all(&["environment.variables", "users.users.x", "mine"]),
            Some(vec![ModuleSystem::Nixos, ModuleSystem::Darwin])
        );
        assert_eq!(systems_of_all(&["mine"]), None);
    }

    #[test]
    fn evidence_that_does_not_fit_gives_no_class() {
        assert_eq!(class_of_roots(&["home.packages", "boot.loader"]), ClassGuess::ModuleUnknown);
        assert_eq!(class_of_roots(&["homebrew.enable", "boot.loader"]), ClassGuess::ModuleUnknown);
    }

    #[test]
    fn files_without_options_are_no_modules() {
        assert_eq!(class_of_roots(&[]), ClassGuess::NotModule);
        assert_eq!(class_of_roots(&["pname", "version", "src"]), ClassGuess::NotModule);
        assert_eq!(class_of_roots(&["imports"]), ClassGuess::ModuleUnknown);
        assert_eq!(class_of_roots(&["options", "my.options"]), ClassGuess::ModuleUnknown);
    }
}
