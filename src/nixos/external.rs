//! What the modules of well-known flakes define: which option namespaces an import of one opens.
//!
//! An opened namespace is one where a host may have definitions that its own files do not show, so
//! "A without B" must stay unsaid there. Lists err on the side of opening too much; they never say
//! that a module does define something.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{OptionPattern, verified};

/// A flake whose modules are known.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalFlake {
    /// Its usual name, unique in the table.
    pub name: String,
    /// Names under which flakes usually take it as an input, [`Self::name`] included.
    pub inputs: Vec<String>,
    /// Where it lives: `owner/repository`, lower case, forks and former homes too.
    pub repositories: Vec<String>,
    /// What its modules declare or define; empty for a flake without modules of systems or homes.
    pub opens: Vec<OptionPattern>,
    /// Where the row was read.
    pub source: String,
    /// Whether its modules were read. Where not, paths that contain one of its names are opened too.
    #[serde(default = "verified")]
    pub verified: bool,
}

/// A module of nixpkgs that is not part of every system, and what it sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its path below `nixos/modules`.
    pub path: String,
    /// What it sets in any revision of nixpkgs.
    pub sets: Vec<OptionPattern>,
    /// Where the row was read.
    pub source: String,
}

/// Every profile of the table.
pub fn profiles() -> &'static [Profile] {
    &TABLE.profile
}

/// The profile of nixpkgs at this path, whatever stands before `nixos/modules` or for it.
pub fn profile(path: &str) -> Option<&'static Profile> {
    profiles()
        .iter()
        .find(|profile| path.strip_suffix(profile.path.as_str()).is_some_and(|before| before.ends_with('/')))
}

/// Every flake of the table.
pub fn all() -> &'static [ExternalFlake] {
    &TABLE.flake
}

/// The flake meant by an input's name, or by its URL (`github:Mic92/sops-nix/master`,
/// `https://github.com/…`, `git+ssh://…`). A repository of a known name below another owner counts as
/// a fork of it.
pub fn by_input(name_or_url: &str) -> Option<&'static ExternalFlake> {
    match repository_of(name_or_url) {
        Some((owner, name)) => {
            let full = format!("{owner}/{name}");
            let named = |flake: &&ExternalFlake, wanted: &str| {
                flake.repositories.iter().any(|repository| repository == wanted)
            };
            all().iter().find(|flake| named(flake, &full)).or_else(|| {
                all().iter().find(|flake| {
                    flake.repositories.iter().any(|known| known.rsplit('/').next() == Some(name.as_str()))
                })
            })
        }
        None => all().iter().find(|flake| flake.inputs.iter().any(|input| input == name_or_url)),
    }
}

/// The namespaces that importing a module of the input opens; `None` for a flake not in the table,
/// whose modules may define any path that contains its name, and more. For one path, ask
/// [`ExternalFlake::may_define`].
pub fn opens(name_or_url: &str) -> Option<&'static [OptionPattern]> {
    by_input(name_or_url).map(|flake| flake.opens.as_slice())
}

impl ExternalFlake {
    /// Whether a module of this flake may define the option at `path`, something below it or above
    /// it.
    pub fn may_define<S: AsRef<str>>(&self, path: &[S]) -> bool {
        self.opens.iter().any(|pattern| pattern.overlaps(path))
            || (!self.verified && path.iter().any(|segment| self.names(segment.as_ref())))
    }

    fn names(&self, segment: &str) -> bool {
        self.inputs.iter().any(|input| segment.contains(input.as_str()))
    }
}

/// Owner and name in a flake URL, lower case; `None` for text that is no URL.
fn repository_of(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once(':')?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let mut parts = rest.split('/').filter(|part| !part.is_empty());
    if rest.starts_with("//") {
        let host = parts.next()?;
        if host.ends_with("flakehub.com") && parts.clone().next() == Some("f") {
            parts.next();
        }
    } else if !matches!(scheme, "github" | "gitlab" | "sourcehut") {
        return None;
    }
    let (owner, name) = (parts.next()?.to_lowercase(), parts.next()?.to_lowercase());
    let name = name.strip_suffix(".git").unwrap_or(&name).to_owned();
    Some((owner, name))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    flake: Vec<ExternalFlake>,
    profile: Vec<Profile>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("external"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_is_complete() {
        let mut names = BTreeSet::new();
        let mut inputs = BTreeSet::new();
        let mut repositories = BTreeSet::new();
        for flake in all() {
            assert!(names.insert(&flake.name), "{}", flake.name);
            assert!(is_source(&flake.source), "{}", flake.name);
            assert!(flake.inputs.contains(&flake.name), "{}", flake.name);
            for input in &flake.inputs {
                assert!(inputs.insert(input), "{input}");
            }
            for repository in &flake.repositories {
                assert_eq!(repository.split('/').count(), 2, "{repository}");
                assert_eq!(*repository, repository.to_lowercase());
                assert!(repositories.insert(repository), "{repository}");
            }
        }
    }

    #[test]
    fn profiles_are_known_by_the_end_of_their_path() {
        for profile in profiles() {
            assert!(is_source(&profile.source) && !profile.sets.is_empty(), "{}", profile.path);
        }
        let perlless = profile("modulesPath/profiles/perlless.nix").expect("known");
        assert!(perlless.sets.iter().any(|set| set.covers(&["systemd", "sysusers", "enable"])));
        assert!(profile("modulesPath/profiles/minimal.nix").is_none());
        assert!(profile("modulesPath/my-profiles/perlless.nix").is_none());
    }

    #[test]
    fn inputs_are_known_by_name_and_by_url() {
        for text in [
            "sops-nix",
            "github:Mic92/sops-nix",
            "github:mic92/sops-nix/0123abc?dir=x",
            "https://github.com/Mic92/sops-nix/archive/master.tar.gz",
            "git+https://github.com/Mic92/sops-nix.git?ref=master",
            "git+ssh://git@github.com/Mic92/sops-nix",
            "github:somebody/sops-nix",
            "https://flakehub.com/f/Mic92/sops-nix/0.1.tar.gz",
        ] {
            assert_eq!(by_input(text).map(|flake| flake.name.as_str()), Some("sops-nix"), "{text}");
        }
        for text in ["nothing-known", "github:somebody/nothing-known", "path:./modules", "nixpkgs:x"] {
            assert!(by_input(text).is_none(), "{text}");
        }
    }

    #[test]
    fn modules_open_their_namespaces_only() {
        let disko = by_input("disko").expect("known");
        assert!(disko.may_define(&["fileSystems", "/", "device"]));
        assert!(disko.may_define(&["disko", "devices"]));
        assert!(!disko.may_define(&["systemd", "services", "web"]));
        let sops = by_input("sops-nix").expect("known");
        assert!(sops.may_define(&["systemd", "services", "sops-install-secrets", "before"]));
        assert!(!sops.may_define(&["systemd", "services", "sops-nix"]));
        let nvf = by_input("nvf").expect("known");
        assert!(!nvf.verified && nvf.may_define(&["lib", "nvf"]));
        assert!(!nvf.may_define(&["lib", "mine"]));
        assert!(opens("flake-utils").is_some_and(<[_]>::is_empty));
        assert!(opens("somebodys-flake").is_none());
    }

    #[test]
    fn no_module_opens_everything() {
        for flake in all() {
            assert!(
                !flake.may_define(&["virtualisation", "oci-containers", "containers", "web"]),
                "{}",
                flake.name
            );
            assert!(!flake.may_define(&["systemd", "services", "some-unit-of-the-user"]), "{}", flake.name);
        }
    }
}
