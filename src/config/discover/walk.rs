//! What lies below a folder, with a mark on what git ignores or hides. Follows no link, so it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use camino::Utf8PathBuf;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustc_hash::FxHashSet;

use super::{lossy, order};
use crate::eval::FileKind;

/// Something below the folder that was walked.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path with unreadable bytes of names replaced.
    pub path: Utf8PathBuf,
    /// Its path as the system has it.
    pub real: PathBuf,
    /// What it is.
    pub kind: FileKind,
    /// Whether it is hidden or ignored, or in a folder that is.
    pub skipped: bool,
    /// Whether it is below one of the folders that were asked for.
    pub asked: bool,
}

/// How a walk goes.
pub(super) struct Walk<'a> {
    /// The folder; not listed itself.
    pub root: &'a Path,
    /// The root of the git repository it belongs to: what is ignored there counts too.
    pub repository: Option<&'a Path>,
    /// Folders that the user named.
    pub asked: &'a FxHashSet<PathBuf>,
    /// Whether hidden and ignored folders stay so when they are asked for.
    pub force: bool,
    /// Give up beyond so many entries.
    pub limit: usize,
}

/// What a walk found.
pub(super) struct Listing {
    /// Everything below the root, sorted by path.
    pub entries: Vec<Entry>,
    /// Folders that were asked for and could not be read, and why.
    pub unreadable: Vec<(PathBuf, std::io::Error)>,
    /// Whether the limit was met; the entries are then those of the root alone.
    pub incomplete: bool,
}

/// Lists what is below a folder.
pub(super) fn walk(walk: &Walk<'_>) -> Listing {
    let mut listing = Listing { entries: Vec::new(), unreadable: Vec::new(), incomplete: false };
    let mut folders = vec![Folder {
        path: walk.root.to_owned(),
        ignores: ignores_above(walk),
        skipped: false,
        asked: walk.asked.contains(walk.root),
    }];
    while let Some(folder) = folders.pop() {
        let is_wanted = folder.asked && !folder.skipped;
        if let Err((path, error)) = list(walk, folder, &mut folders, &mut listing)
            && is_wanted
            && error.kind() != std::io::ErrorKind::NotFound
        {
            listing.unreadable.push((path, error));
        }
        if listing.entries.len() > walk.limit {
            listing.entries.retain(|entry| entry.real.parent() == Some(walk.root));
            listing.incomplete = true;
            break;
        }
    }
    listing.entries.sort_by(|a, b| order((&a.path, &a.real), (&b.path, &b.real)));
    listing.unreadable.sort_by(|(a, _), (b, _)| a.cmp(b));
    listing
}

/// A folder to be listed.
struct Folder {
    path: PathBuf,
    ignores: Option<Rc<Ignores>>,
    skipped: bool,
    asked: bool,
}

/// The patterns of one `.gitignore` and of those above it.
struct Ignores {
    patterns: Gitignore,
    above: Option<Rc<Ignores>>,
}

impl Ignores {
    /// The closest pattern that says something has the last word.
    fn matches(&self, path: &Path, is_folder: bool) -> bool {
        match self.patterns.matched(path, is_folder) {
            Match::Ignore(_) => true,
            Match::Whitelist(_) => false,
            Match::None => self.above.as_ref().is_some_and(|above| above.matches(path, is_folder)),
        }
    }
}

fn list(
    walk: &Walk<'_>,
    folder: Folder,
    folders: &mut Vec<Folder>,
    listing: &mut Listing,
) -> Result<(), (PathBuf, std::io::Error)> {
    let failed = |error| (folder.path.clone(), error);
    let entries: Vec<fs::DirEntry> =
        fs::read_dir(&folder.path).and_then(Iterator::collect).map_err(failed)?;
    let above = folder.ignores.clone();
    let ignores = match entries.iter().find(|entry| entry.file_name() == ".gitignore") {
        Some(file) => with_ignore_file(&file.path(), &folder.path, above),
        None => above,
    };
    for entry in entries {
        let kind = match entry.file_type().map_err(failed)? {
            kind if kind.is_dir() => FileKind::Directory,
            kind if kind.is_file() => FileKind::Regular,
            kind if kind.is_symlink() => FileKind::Symlink,
            // Pipes and devices are no part of a configuration, and reading them may never end.
            _ => continue,
        };
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let real = entry.path();
        if is_left_out(&name, &real, kind) {
            continue;
        }
        let is_folder = kind == FileKind::Directory;
        let named = is_folder && walk.asked.contains(&real);
        let ignored = ignores.as_ref().is_some_and(|ignores| ignores.matches(&real, is_folder));
        let skipped = (folder.skipped || name.starts_with('.') || ignored) && (walk.force || !named);
        let asked = folder.asked || named;
        if is_folder {
            folders.push(Folder { path: real.clone(), ignores: ignores.clone(), skipped, asked });
        }
        listing.entries.push(Entry { path: lossy(&real), real, kind, skipped, asked });
    }
    Ok(())
}

/// What no configuration is made of: the repository itself, links to build results, and caches.
fn is_left_out(name: &str, path: &Path, kind: FileKind) -> bool {
    match kind {
        FileKind::Symlink => name == "result" || name.starts_with("result-"),
        FileKind::Directory => match name {
            ".git" | ".direnv" | "node_modules" => true,
            // Other folders are called so too; cargo's has this file in it.
            "target" => path.join("CACHEDIR.TAG").is_file(),
            _ => false,
        },
        FileKind::Regular => name == ".git",
    }
}

/// What is ignored in the root because of files above it.
fn ignores_above(walk: &Walk<'_>) -> Option<Rc<Ignores>> {
    let repository = walk.repository?;
    let exclude = repository.join(".git/info/exclude");
    let mut ignores = with_ignore_file(&exclude, repository, None);
    let mut above: Vec<&Path> =
        walk.root.ancestors().skip(1).take_while(|path| path.starts_with(repository)).collect();
    above.reverse();
    for folder in above {
        ignores = with_ignore_file(&folder.join(".gitignore"), folder, ignores);
    }
    ignores
}

/// `above` and the patterns of `file`, which count from `folder`. Lines that are no patterns are left
/// out, as git does.
fn with_ignore_file(file: &Path, folder: &Path, above: Option<Rc<Ignores>>) -> Option<Rc<Ignores>> {
    if !file.is_file() {
        return above;
    }
    let mut builder = GitignoreBuilder::new(folder);
    let _unreadable_lines = builder.add(file);
    match builder.build() {
        Ok(patterns) if !patterns.is_empty() => Some(Rc::new(Ignores { patterns, above })),
        _ => above,
    }
}
