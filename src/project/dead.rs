//! Modules that nothing leads to: those of [`Project::unattached`] that are surely modules of the
//! configuration, where surely nothing is left unseen that could lead to them.
//!
//! Must never name a file that another one names in any way: by a path, by a folder, by a piece of text.

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashSet;

use super::hosts::Project;
use super::imports::file_at;
use super::input::ProjectFile;
use crate::eval::{FileKind, SymbolRoot, Val, is_error, normalise};
use crate::module::{Facts, FileClass};
use crate::nixos::roots::ModuleSystem;
use crate::semantic::{Expr, Part, PathKind};
use crate::text::FileId;

/// A module file that nothing leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadModule {
    /// The file.
    pub file: FileId,
    /// Its module system, as far as its options tell.
    pub class: FileClass,
    /// The nearest `default.nix` above it that is in use and imports modules.
    pub importer: Option<FileId>,
}

/// Outputs whose values are, or hold, the hosts of a flake.
const HOST_OUTPUTS: [&str; 3] = ["nixosConfigurations", "darwinConfigurations", "homeConfigurations"];

/// Outputs with hosts of kinds that are not followed.
const OTHER_HOSTS: [&str; 2] = ["nixOnDroidConfigurations", "systemConfigs"];

/// Folders of files that are there to be copied, tried or kept.
const ASIDE: [&str; 18] = [
    "template",
    "templates",
    "example",
    "examples",
    "test",
    "tests",
    "archive",
    "archived",
    "attic",
    "backup",
    "deprecated",
    "disabled",
    "legacy",
    "old",
    "retired",
    "sample",
    "samples",
    "unused",
];

/// Files that a program looks for by name.
const ENTRY_POINTS: [&str; 6] =
    ["flake.nix", "shell.nix", "devenv.nix", "flake-module.nix", "treefmt.nix", "hive.nix"];

impl Project<'_> {
    /// The modules that nothing leads to, sorted by path; none where something is not followed.
    pub fn dead_modules(&self) -> Vec<DeadModule> {
        let unattached = self.unattached();
        if unattached.files.is_empty() || unattached.open || self.may_have_more_hosts() {
            return Vec::new();
        }
        let by_id = |id: FileId| self.input.files.iter().find(|file| file.id == id);
        let candidates = unattached.files.iter().filter_map(|file| by_id(*file));
        let mut candidates: Vec<&ProjectFile> =
            candidates.filter(|file| is_surely_module(file) && !self.is_aside(file)).collect();
        if candidates.is_empty() {
            return Vec::new();
        }
        let mut mentions = Mentions::default();
        for file in self.input.files {
            self.add_mentions(file, &mut mentions);
        }
        candidates.retain(|file| !mentions.name(file, self.input.root));
        let dead = |file: &ProjectFile| DeadModule {
            file: file.id,
            class: self.class(file),
            importer: self.importer(file),
        };
        candidates.into_iter().map(dead).collect()
    }

    fn may_have_more_hosts(&self) -> bool {
        let machine = self.machine;
        let own = Val::symbol(SymbolRoot::SelfFlake);
        let is_open = |output: &str| match machine.select(&own, machine.name(output)) {
            Ok(val) => machine.set(&val).map_or(true, |set| !set.is_closed()),
            Err(unknown) => !is_error(&unknown),
        };
        let is_there = |output: &str| !matches!(machine.select(&own, machine.name(output)), Err(unknown) if is_error(&unknown));
        self.attached.borrow().unsure
            || HOST_OUTPUTS.iter().any(|output| is_open(output))
            || OTHER_HOSTS.iter().any(|output| is_there(output))
    }

    /// Whether the file is kept for another purpose than to be imported.
    fn is_aside(&self, file: &ProjectFile) -> bool {
        let below = file.path.strip_prefix(self.input.root).unwrap_or(&file.path);
        let is_entry_point = file.path.file_name().is_some_and(|name| ENTRY_POINTS.contains(&name));
        let is_in_root = below.components().count() == 1;
        is_entry_point
            || is_in_root
            || below.components().any(|component| {
                let name = component.as_str();
                name.starts_with(['_', '.']) || ASIDE.contains(&name.to_ascii_lowercase().as_str())
            })
    }

    fn add_mentions(&self, file: &ProjectFile, mentions: &mut Mentions) {
        let Some(facts) = &file.facts else { return };
        let folder = file.path.parent().unwrap_or(&file.path);
        for literal in facts.paths.iter() {
            let target = normalise(&format!("{folder}/{}", literal.path));
            match file_at(self.machine, &target) {
                Some(named) if named != file.id => {
                    mentions.files.insert(named);
                }
                Some(_) => {}
                // What a function makes of the folder is not known here.
                None if self.machine.loader().kind(&target) == Some(FileKind::Directory) => {
                    mentions.folders.insert(target);
                }
                None => {}
            }
        }
        let Some(ir) = &facts.ir else { return };
        for (_, expr) in ir.iter() {
            match expr {
                Expr::Path(PathKind::Relative, parts) => {
                    if let [Part::Text { .. }, _, ..] = &**parts {
                        let text = |part: &Part| match part {
                            Part::Text { text, .. } => text.to_string(),
                            Part::Interpolation { .. } => "*".to_owned(),
                        };
                        let written: String = parts.iter().map(text).collect();
                        mentions.patterns.insert(normalise(&format!("{folder}/{written}")));
                    }
                }
                // `self + /modules/web.nix`
                Expr::Path(PathKind::Absolute, parts) | Expr::Str(parts) => mentions.add_texts(parts),
                _ => {}
            }
        }
    }

    /// The module system that the options speak for. Without nix-darwin hosts, what fits NixOS and
    /// nix-darwin is NixOS.
    fn class(&self, file: &ProjectFile) -> FileClass {
        let Some(facts) = &file.facts else { return FileClass::Module };
        let has_darwin =
            self.input.files.iter().any(|file| file.facts.as_ref().is_some_and(|facts| facts.names_darwin));
        match facts.outline.systems().as_deref() {
            Some([ModuleSystem::Nixos, ModuleSystem::Darwin]) if !has_darwin => FileClass::Nixos,
            _ => facts.class,
        }
    }

    /// The nearest `default.nix` above a file that could import it.
    fn importer(&self, file: &ProjectFile) -> Option<FileId> {
        let folders = file.path.ancestors().skip(1).take_while(|folder| folder.starts_with(self.input.root));
        let candidates = folders.filter_map(|folder| {
            let path = folder.join("default.nix");
            self.input.files.iter().find(|other| other.path == path && other.id != file.id)
        });
        let attached = self.attached.borrow();
        let imports = |other: &&ProjectFile| {
            attached.files.contains(&other.id)
                && other.facts.as_ref().is_some_and(|facts| facts.outline.has_module_keys)
        };
        candidates.into_iter().find(imports).map(|other| other.id)
    }
}

/// What files of the project name.
#[derive(Default)]
struct Mentions {
    files: FxHashSet<FileId>,
    /// Folders, absolute, of which any file may be meant.
    folders: FxHashSet<Utf8PathBuf>,
    /// Paths with holes, absolute; a `*` stands for each hole.
    patterns: FxHashSet<Utf8PathBuf>,
    /// Pieces of text that may be a part of a path, without `.nix` and slashes around them.
    texts: FxHashSet<Box<str>>,
}

impl Mentions {
    fn add_texts(&mut self, parts: &[Part]) {
        for part in parts {
            let Part::Text { text, .. } = part else { continue };
            if text.len() > 200 || text.contains(char::is_whitespace) {
                continue;
            }
            let text = text.trim_matches('/');
            let text = text.strip_suffix("/default.nix").or(text.strip_suffix(".nix")).unwrap_or(text);
            let last = text.rsplit('/').next().unwrap_or(text);
            if !last.is_empty() {
                self.texts.insert(last.into());
            }
        }
    }

    /// Whether the file is named.
    fn name(&self, file: &ProjectFile, root: &Utf8Path) -> bool {
        let path = &file.path;
        let below_folder = || {
            let folders = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
            folders.into_iter().any(|folder| self.folders.contains(folder))
        };
        let stem = match path.file_name() {
            Some("default.nix") => path.parent().and_then(Utf8Path::file_name),
            _ => path.file_stem(),
        };
        let folder = path.parent().filter(|_| path.file_name() == Some("default.nix"));
        let fits = |pattern: &Utf8PathBuf| {
            fits_pattern(pattern, path) || folder.is_some_and(|folder| fits_pattern(pattern, folder))
        };
        self.files.contains(&file.id)
            || below_folder()
            || self.patterns.iter().any(fits)
            || stem.is_none_or(|stem| self.texts.contains(stem))
    }
}

/// Whether holes of a pattern can be filled to make `path`: each with a part of one name, the last with
/// anything where it ends the pattern.
fn fits_pattern(pattern: &Utf8Path, path: &Utf8Path) -> bool {
    let mut names = path.components().map(|component| component.as_str());
    let mut segments = pattern.components().map(|component| component.as_str()).peekable();
    while let Some(segment) = segments.next() {
        let Some(name) = names.next() else { return false };
        if segments.peek().is_none() && segment.ends_with('*') {
            return fits_name(segment, name);
        }
        if !fits_name(segment, name) {
            return false;
        }
    }
    names.next().is_none()
}

fn fits_name(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return name.ends_with(piece);
        }
        let Some(at) = name.find(piece) else { return false };
        name = &name[at + piece.len()..];
    }
    true
}

/// Whether the text of a file leaves no doubt that it is a module of a host or user.
fn is_surely_module(file: &ProjectFile) -> bool {
    let Some(facts) = &file.facts else { return false };
    let outline = &facts.outline;
    let is_known = match facts.class {
        FileClass::Nixos | FileClass::HomeManager | FileClass::Darwin => true,
        // Modules of other systems, say of a development shell, have `imports` and `options` too.
        FileClass::Module => outline.systems().is_some_and(|systems| !systems.is_empty()),
        _ => false,
    };
    is_known && outline.is_function && outline.has_ellipsis && !facts.is_generated && !is_for_program(facts)
}

/// Whether a program reads the file by itself: `disko` takes the layout of disks from a file.
fn is_for_program(facts: &Facts) -> bool {
    let keys = &facts.outline.keys;
    !keys.is_empty() && keys.iter().all(|key| key == "disko" || key.starts_with("disko."))
}
