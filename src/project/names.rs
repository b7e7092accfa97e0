//! Names of nixpkgs that the files of a project use and that are old, or not there, for the nixpkgs that the project
//! locks.

use std::rc::Rc;

use super::flake;
use super::renames::Pin;
use super::survey::ProjectView;
use crate::module::{NameForm, NameUse};
use crate::nixos::library::{self, OldName};
use crate::nixos::packages::{self, OldPackage};
use crate::nixos::renames::Release;
use crate::text::{FileId, Span};

/// How far back the table of `lib` can be trusted: names that went away before are not in it.
const TABLE_REACHES_BACK: i64 = 365 * 24 * 3600;

/// The month that the tables of old names were read in.
const READ: Release = Release { year: 26, month: 5 };

/// A use of a name, with its places.
#[derive(Debug, Clone, Copy)]
pub struct PlacedName<'p> {
    /// The file.
    pub file: FileId,
    /// The use.
    pub name: &'p NameUse,
    /// Whether what it stands for surely comes from nixpkgs: not from a function inside of the file, to which anything
    /// may be passed, and not from a `with`.
    pub is_nixpkgs: bool,
}

impl PlacedName<'_> {
    /// The place of the name.
    pub fn span(&self) -> Span {
        Span::new(self.file, self.name.range)
    }

    /// The place from the base of the selection to the name.
    pub fn path_span(&self) -> Option<Span> {
        let base = self.name.base.filter(|_| matches!(self.name.form, NameForm::Selected(_)))?;
        Some(Span::new(self.file, base.cover(self.name.range)))
    }

    /// The path, such as `lib.types.string`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.name.set, self.name.name)
    }
}

/// A name that `lib` does not have.
pub struct UnknownName<'p> {
    /// Where it is used.
    pub place: PlacedName<'p>,
    /// Whether the locked nixpkgs surely does not have it.
    pub is_proven: bool,
}

/// An old name, with its row of the table.
pub struct OldUse<'p, R: 'static> {
    /// Where it is used.
    pub place: PlacedName<'p>,
    /// The row.
    pub row: &'static R,
    /// Whether the locked nixpkgs certainly has what takes its place.
    pub is_proven: bool,
}

impl ProjectView<'_> {
    fn name_uses(&self) -> impl Iterator<Item = PlacedName<'_>> {
        self.files().iter().flat_map(|file| {
            file.facts.iter().flat_map(|facts| {
                let place = |name| PlacedName {
                    file: file.id,
                    name,
                    is_nixpkgs: !facts.names.has_inner_arguments && name.form != NameForm::With,
                };
                facts.names.uses.iter().map(place)
            })
        })
    }

    fn nixpkgs_pins(&self) -> Rc<[Pin]> {
        self.project().pins("nixos/nixpkgs")
    }

    /// Whether `lib` is nixpkgs' own in all files: nothing of the project extends it, or hands over another one.
    fn library_is_own(&self) -> bool {
        let extends = |facts: &crate::module::Facts| facts.names.extends_library;
        if self.files().iter().filter_map(|file| file.facts.as_deref()).any(extends) {
            return false;
        }
        let Some(root) = self.lock().and_then(flake::LockFile::root) else { return true };
        let brings_own = ["snowfall", "nilla", "haskell-nix"];
        let is_foreign = |(name, _): (&str, bool)| {
            let repository = root.input(name).and_then(|node| node.repository());
            let is_fork =
                name == "nixpkgs" && repository.as_deref().is_some_and(|known| known != "nixos/nixpkgs");
            is_fork || brings_own.iter().any(|part| name.contains(part))
        };
        !root.inputs().any(is_foreign)
    }

    /// The names that `lib` does not have, where `lib` is nixpkgs' own.
    pub fn unknown_library_names(&self) -> Vec<UnknownName<'_>> {
        let is_unknown = |place: &PlacedName<'_>| {
            library::lacks(&place.name.set, &place.name.name) && library::old(&place.path()).is_none()
        };
        let places: Vec<PlacedName<'_>> = self.name_uses().filter(is_unknown).collect();
        if places.is_empty() || !self.library_is_own() {
            return Vec::new();
        }
        let pins = self.nixpkgs_pins();
        let date = library::date();
        let is_covered = |pin: &Pin| {
            pin.modified.is_some_and(|modified| (date - TABLE_REACHES_BACK..=date).contains(&modified))
        };
        let is_proven = !pins.is_empty() && pins.iter().all(is_covered);
        places.into_iter().map(|place| UnknownName { place, is_proven }).collect()
    }

    /// The names of `lib` that are on their way out, where `lib` is nixpkgs' own and not older than that.
    pub fn old_library_names(&self) -> Vec<OldUse<'_, OldName>> {
        let old = |place: PlacedName<'_>| library::old(&place.path());
        let places: Vec<_> = self.name_uses().filter_map(|place| Some((place, old(place)?))).collect();
        if places.is_empty() || !self.library_is_own() {
            return Vec::new();
        }
        let pins = self.nixpkgs_pins();
        let fits = |since: Option<Release>| {
            let is_new = since.is_some_and(|since| pins.iter().any(|pin| pin.is_before(since)));
            let has = |pin: &Pin| since.is_none() || pin.has(since, READ);
            (!is_new).then(|| !pins.is_empty() && pins.iter().all(has))
        };
        let found = places
            .into_iter()
            .filter_map(|(place, row)| Some(OldUse { place, row, is_proven: fits(row.since)? }));
        found.collect()
    }

    /// The packages by old names of which `rule` speaks, where the locked nixpkgs is not older than that. `None`
    /// stands for the names that no rule has for its own.
    pub fn old_packages(&self, rule: Option<&str>) -> Vec<OldUse<'_, OldPackage>> {
        let old =
            |place: PlacedName<'_>| packages::old(&place.path()).filter(|row| row.rule.as_deref() == rule);
        let places: Vec<_> = self.name_uses().filter_map(|place| Some((place, old(place)?))).collect();
        if places.is_empty() || self.is_package_set() {
            return Vec::new();
        }
        let pins = self.nixpkgs_pins();
        let found = places.into_iter().filter_map(|(place, row)| {
            let is_new = row.since.is_some_and(|since| pins.iter().any(|pin| pin.is_before(since)));
            let is_proven = !pins.is_empty() && pins.iter().all(|pin| pin.has(row.since, READ));
            (!is_new).then_some(OldUse { place, row, is_proven })
        });
        found.collect()
    }

    /// Whether the project makes a package set of its own, as nixpkgs and its forks do: names in it are its own.
    fn is_package_set(&self) -> bool {
        let is_mark = |path: &str| {
            ["stdenv/generic/default.nix", "top-level/all-packages.nix", "pkgs/top-level/default.nix"]
                .iter()
                .any(|mark| path.ends_with(mark))
        };
        self.files().iter().any(|file| is_mark(file.path.as_str()))
    }

    /// Whether the outermost pattern of a file has this name.
    pub fn takes_argument(&self, file: FileId, name: &str) -> bool {
        let file = self.files().iter().find(|known| known.id == file);
        let facts = file.and_then(|file| file.facts.as_ref());
        facts.is_some_and(|facts| facts.outline.formals.iter().any(|formal| formal == name))
    }
}
