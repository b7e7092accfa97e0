//! What the rim hands over: files with their facts, and the names of everything else in the tree.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::flake::HostClass;
use crate::eval::FileKind;
use crate::module::Facts;
use crate::nixos::conflicts::Conflict;
use crate::text::FileId;

/// A Nix file of a project.
#[derive(Debug, Clone)]
pub struct ProjectFile {
    /// Its id in the run's sources.
    pub id: FileId,
    /// Absolute, normalised.
    pub path: Utf8PathBuf,
    /// `None` for a file with syntax errors: it is there, but opaque.
    pub facts: Option<Arc<Facts>>,
}

/// Everything below the root of a project, by absolute path.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Files, folders and links; by text, because comparing paths part by part is slow.
    pub entries: BTreeMap<String, FileKind>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Something that Nix sees.
    There,
    /// Nothing.
    Missing,
    /// Something that git does not track: a flake does not see it.
    Untracked,
    /// Not known: outside the project, in a submodule, behind a link.
    Unknown,
}

/// A host that the user names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHost {
    /// What it is called.
    pub name: String,
    /// Its module system.
    pub class: HostClass,
    /// The modules that it begins with; absolute, normalised.
    pub modules: Vec<Utf8PathBuf>,
}

/// What the user says of services, beyond the tables of `nixos`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Who keeps a service that the system and a user both run.
    pub prefer: Option<Side>,
    /// Services beside those of [`crate::nixos::conflicts`].
    pub conflicts: Vec<Conflict>,
}

/// One of the two that may run a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The systemd of the system.
    System,
    /// That of a user.
    User,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::System, Self::User];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// A project to be linked.
pub struct ProjectInput<'p> {
    /// The folder of the flake.
    pub root: &'p Utf8Path,
    /// Its Nix files, sorted by path.
    pub files: &'p [ProjectFile],
    /// Hosts that no output of its flake names.
    pub hosts: &'p [NamedHost],
    /// What the user says of its services.
    pub services: &'p ServiceSettings,
    /// Everything that is there.
    pub tree: &'p Tree,
    /// Reads a file of the tree that is not Nix.
    pub read: &'p (dyn Fn(&Utf8Path) -> Option<String> + Sync),
    /// Says what is at a path; the second argument says that something is there, for sure.
    pub presence: &'p (dyn Fn(&Utf8Path, bool) -> Presence + Sync),
}
