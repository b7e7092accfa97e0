//! Options that a host sets and that nixpkgs or Home Manager calls otherwise by now.

use std::rc::Rc;

use super::flake::HostClass;
use super::host::Host;
use super::table::{Definition, Node, OptionKey};
use crate::eval::Thunk;
use crate::nixos::renames::{self, Names, Release, Rename};
use crate::nixos::roots::ModuleSystem;

/// Seconds of half a year: how long a release is in the making.
const HALF_A_YEAR: i64 = 183 * 24 * 3600;

/// How old an input is, by the lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// The release whose branch it follows.
    pub release: Option<Release>,
    /// When its newest commit was made, in seconds since 1970.
    pub modified: Option<i64>,
}

impl Pin {
    /// Whether it is certainly from before the release was in the making.
    pub fn is_before(self, release: Release) -> bool {
        match (self.release, self.modified) {
            (Some(own), _) => own < release,
            (None, Some(modified)) => modified < released(release) - HALF_A_YEAR,
            (None, None) => false,
        }
    }

    /// Whether it certainly has what a release has, or, where the release is not known, what the newest text
    /// of the table has, which was read at `read`.
    pub fn has(self, since: Option<Release>, read: Release) -> bool {
        match (self.release, since, self.modified) {
            (Some(own), Some(since), _) => own >= since,
            (Some(own), None, _) => own > read,
            (None, Some(since), Some(modified)) => modified > released(since),
            (None, None, Some(modified)) => modified > released(read),
            (None, _, None) => false,
        }
    }
}

/// The first of the month of a release, in seconds since 1970, to a day.
fn released(release: Release) -> i64 {
    let years = i64::from(release.year) + 30;
    (years * 365 + years / 4 + i64::from(release.month - 1) * 30) * 24 * 3600
}

/// A definition of an option that has another name, or none.
pub struct OldOption {
    /// The fact.
    pub rename: &'static Rename,
    /// The definition.
    pub definition: Definition,
    /// Whether the inputs of the flake certainly have the new option.
    pub is_proven: bool,
}

impl Host<'_> {
    /// What the modules of this host set by an old name, those of its Home Manager users not among it. Options
    /// that the project declares itself are its own, and facts that are newer than the locked inputs do not
    /// count.
    pub fn old_options(&self) -> Vec<OldOption> {
        // The months of the newest texts that the tables were made from.
        let (system, repository, read) = match self.class() {
            HostClass::Nixos => (ModuleSystem::Nixos, "nixos/nixpkgs", Release { year: 26, month: 2 }),
            HostClass::Home => {
                (ModuleSystem::HomeManager, "nix-community/home-manager", Release { year: 26, month: 9 })
            }
            HostClass::Darwin => return Vec::new(),
        };
        let mut found = Vec::new();
        self.walk(self.root(), renames::of(system), &mut String::new(), &mut found);
        if found.is_empty() {
            return Vec::new();
        }
        let pins = self.project().pins(repository);
        let old = found.into_iter().filter(|(rename, path, _)| {
            // Without a known release the new name may be as young as the text of the table; few are younger than
            // the release before it.
            let since = rename.since.unwrap_or(Release { year: read.year - 1, month: 11 });
            let is_too_new = pins.iter().any(|pin| pin.is_before(since));
            !is_too_new && !self.declares(path)
        });
        let is_proven =
            |rename: &Rename| !pins.is_empty() && pins.iter().all(|pin| pin.has(rename.since, read));
        old.flat_map(|(rename, _, node)| {
            let definitions = node.definitions().to_vec();
            definitions.into_iter().map(|definition| OldOption {
                rename,
                definition,
                is_proven: is_proven(rename),
            })
        })
        .collect()
    }

    /// Whether the locked nixpkgs certainly has what a release has: by its branch or age, or because the host was
    /// set up with that release.
    pub fn has_release(&self, release: Release) -> bool {
        let pins = self.project().pins("nixos/nixpkgs");
        if !pins.is_empty() {
            return pins.iter().all(|pin| pin.has(Some(release), release));
        }
        let version = self.option_value("system.stateVersion").and_then(|version| version.as_str());
        version.and_then(|version| Release::find(&version)).is_some_and(|version| version >= release)
    }

    fn walk(
        &self,
        node: &Rc<Node>,
        names: &'static Names,
        path: &mut String,
        found: &mut Vec<(&'static Rename, String, Rc<Node>)>,
    ) {
        // Most options were never called otherwise.
        let wanted = |name, _: &Thunk| names.at(&self.machine().text_of(name)).is_some();
        for (key, node) in &self.options.keys_with(self.machine(), node, &wanted) {
            let Some(below) = key.exact().and_then(|name| names.at(name)) else { continue };
            if node.definitions().is_empty() {
                continue;
            }
            let length = path.len();
            path.push_str(&quoted(key, length > 0));
            match below.rename {
                Some(rename) => found.push((rename, path.clone(), node.clone())),
                None => self.walk(node, below, path, found),
            }
            path.truncate(length);
        }
    }
}

/// A name behind others in a dotted path.
fn quoted(key: &OptionKey, is_behind: bool) -> String {
    let name = key.display();
    let name = if name.contains('.') { format!("\"{name}\"") } else { name };
    if is_behind { format!(".{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn release(year: u8, month: u8) -> Release {
        Release { year, month }
    }

    #[test]
    fn pins_are_older_or_newer() {
        let stable = Pin { release: Some(release(25, 5)), modified: None };
        assert!(stable.is_before(release(25, 11)) && !stable.is_before(release(25, 5)));
        assert!(stable.has(Some(release(25, 5)), release(26, 2)) && !stable.has(None, release(26, 2)));
        // 2025-01-01
        let unstable = Pin { release: None, modified: Some(1_735_689_600) };
        assert!(unstable.is_before(release(25, 11)) && !unstable.is_before(release(25, 5)));
        assert!(unstable.has(Some(release(24, 11)), release(26, 2)) && !unstable.has(None, release(26, 2)));
        let unknown = Pin { release: None, modified: None };
        assert!(!unknown.is_before(release(99, 5)) && !unknown.has(None, release(24, 5)));
    }
}
