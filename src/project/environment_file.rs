//! The environment files that services of a host read, and whether anything on the host makes them.
//!
//! Files that are put there by hand are never known here: what is said is that nothing in the project makes
//! them.

use std::rc::Rc;

use super::host::{Host, Item};
use super::path::PathRole;
use super::service::{Manager, Service, ServiceKind};
use super::table::{Node, OptionKey};
use super::unit::{DEPENDENCIES, Dependency, DependencyAttribute, Section, Unit};
use super::view::Known;
use crate::eval::Value;

/// An environment file that a service of the system reads.
pub struct EnvironmentFile {
    /// The path, all of which is known.
    pub path: String,
    /// Whether the service starts without it.
    pub is_optional: bool,
    /// The option that names it.
    pub option: String,
    /// Who reads it.
    pub service: Service,
    /// The element or value that names it.
    pub item: Item,
}

impl EnvironmentFile {
    /// The unit that reads it, as far as it is known.
    pub fn unit(&self) -> String {
        match self.service.units.first() {
            Some(unit) => unit.clone(),
            None => self.service.name.clone(),
        }
    }
}

impl Host<'_> {
    /// The environment files of services of the system whose paths are known, in the order of the services.
    pub fn environment_files(&self) -> Vec<EnvironmentFile> {
        let mut files = Vec::new();
        for service in self.services().iter().filter(|service| service.manager == Manager::System) {
            let option = &service.origin.option;
            if let Some(unit) = &service.unit {
                let node = self.directive(unit, Section::Service, "EnvironmentFile");
                let option = format!("{option}.serviceConfig.EnvironmentFile");
                self.files_of(service, &node, &option, &mut files);
            } else if matches!(service.kind, ServiceKind::Option | ServiceKind::Container) {
                for name in ["environmentFile", "environmentFiles"] {
                    let path = format!("{option}.{name}");
                    if !path.contains('*') {
                        self.files_of(service, &self.below(self.root(), &path), &path, &mut files);
                    }
                }
            }
        }
        files
    }

    fn files_of(&self, service: &Service, node: &Rc<Node>, option: &str, files: &mut Vec<EnvironmentFile>) {
        for item in self.items(node).0 {
            let Value::Str(text) = &item.value.value else { continue };
            // Where a hole stands, another option says what it is: a secret, or nothing that is known.
            let Some(text) = self.resolve_text(text).exact() else { continue };
            files.push(EnvironmentFile {
                path: text.trim_start_matches('-').to_owned(),
                is_optional: text.starts_with('-'),
                option: option.to_owned(),
                service: service.clone(),
                item,
            });
        }
    }

    /// Whether something in the project may make the file at `path` before services read it: a secret, a file
    /// of `environment.etc`, a rule of tmpfiles, a mount, or the script of another unit than `unit`.
    pub fn may_make_file(&self, path: &str, unit: &str) -> bool {
        self.may_be_secret(path)
            || self.may_be_in_etc(path)
            || self.may_be_prepared(path)
            || self.may_be_rendered()
            || self.is_named_in_scripts(path, unit)
            || self.waits_for_own(unit)
    }

    /// Whether a service that writes files from templates or keys may write it.
    fn may_be_rendered(&self) -> bool {
        /// Such services; the last are the keys of colmena and nixops.
        const WRITERS: [&str; 3] = ["services.vault-agent", "services.consul-template", "deployment.keys"];
        let is_used = |option: &str| !self.below(self.root(), option).definitions().is_empty();
        WRITERS.iter().any(|option| is_used(option))
    }

    /// Whether the unit needs another one of the project to come first: that one may make its files, by means that
    /// nothing shows.
    fn waits_for_own(&self, unit: &str) -> bool {
        let units = self.units();
        let find = |name: &str| units.iter().find(|other| other.display() == name);
        let Some(own) = find(unit) else { return false };
        let needs = |attribute: &&DependencyAttribute| attribute.kind == Dependency::Strong;
        let needed =
            DEPENDENCIES.iter().filter(needs).flat_map(|attribute| self.named_units(own, attribute).0);
        let required = units.iter().filter(|other| {
            let requires = |attribute: &&DependencyAttribute| attribute.option == "requiredBy";
            DEPENDENCIES.iter().filter(requires).any(|attribute| self.may_depend_on(other, attribute, unit))
        });
        let names: Vec<String> = needed.map(|(name, _)| name).chain(required.map(Unit::display)).collect();
        names.iter().any(|name| {
            find(name).is_some_and(|other| self.runs_something(other)) && self.may_start_after(unit, name)
        })
    }

    /// Whether the host puts something at `path` before services start: a rule of tmpfiles, a mount, or an activation
    /// script. Of all scripts only the last are looked at: that is asked of many paths.
    pub fn may_be_put(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.may_be_prepared(path) || self.activation_runs(&[name])
    }

    /// The path of a secret that is called almost as the file at `path`.
    pub fn secret_like(&self, path: &str) -> Option<String> {
        let bare = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".env");
            name.to_lowercase().replace(['_', '.'], "-")
        };
        let wanted = bare(path);
        let secrets = self.declared_secrets();
        let close = |path: &&String| {
            let name = bare(path);
            name == wanted || (name.len() > 4 && strsim::damerau_levenshtein(&name, &wanted) <= 2)
        };
        secrets.iter().filter_map(|secret| secret.path.value()).find(close).cloned()
    }

    fn may_be_secret(&self, path: &str) -> bool {
        self.declared_secrets().iter().any(|secret| match &secret.path {
            // Keys with holes have paths with holes.
            Known::Value(known) => known == path,
            Known::Unknown => true,
        })
    }

    fn may_be_in_etc(&self, path: &str) -> bool {
        /// Files of NixOS that hold assignments.
        const OWN: [&str; 4] = ["locale.conf", "os-release", "set-environment", "vconsole.conf"];
        let Some(rest) = path.strip_prefix("/etc/") else { return false };
        if OWN.contains(&rest) {
            return true;
        }
        let is_it =
            |name: &str| rest == name || rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        self.nodes("environment.etc.*").iter().any(|(keys, node)| {
            let is_called = keys.last().is_some_and(|key| match key {
                OptionKey::Name(name) => is_it(name),
                OptionKey::Pattern(_) => true,
            });
            let target = self.below(node, "target");
            let is_put = target.definitions().iter().any(|definition| {
                definition.value.as_str().is_none_or(|target| is_it(target.trim_start_matches("/etc/")))
            });
            is_called || is_put
        })
    }

    /// Whether a rule of tmpfiles makes the file or a directory with it, or a mount brings it.
    fn may_be_prepared(&self, path: &str) -> bool {
        let is_above =
            |above: &str| path == above || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
        self.paths().iter().any(|known| match &known.role {
            PathRole::Mount(_) => !known.is_exact || (known.path != "/" && is_above(&known.path)),
            PathRole::Tmpfiles(kind) => {
                !known.is_exact && known.path.starts_with('*')
                    || known.path == path
                    || (kind.starts_with(['C', 'L']) && is_above(&known.path))
            }
            _ => false,
        })
    }

    fn is_named_in_scripts(&self, path: &str, unit: &str) -> bool {
        // A script may go into the folder first.
        let name = path.rsplit('/').next().unwrap_or(path);
        let marks = [name];
        let is_other = |other: &Unit| other.suffix == "service" && other.display() != unit;
        self.units().iter().filter(|other| is_other(other)).any(|other| self.unit_runs(other, &marks))
            || self.activation_runs(&marks)
    }
}
