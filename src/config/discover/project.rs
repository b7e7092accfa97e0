//! Which project a file belongs to, and which files a project is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use camino::Utf8PathBuf;
use rustc_hash::{FxHashMap, FxHashSet};

use super::walk::{Entry, Listing, Walk, walk};
use super::{Configs, Configured, Paths, Problem, Request, display, lossy, order};
use crate::eval::FileKind;
use crate::project::Tree;

/// Beyond so many files that are hidden, ignored or excluded, none of them is read: they are no part of
/// the configuration but of something that lies beside it.
const MOST_SKIPPED_FILES: usize = 2_000;
/// Beyond so many entries a folder that is no project is taken for somebody's home, not for the
/// surroundings of the one file that was given.
const MOST_LOOSE_ENTRIES: usize = 5_000;

/// A given path, absolute and without links, except that the last part of a file may be one.
pub(super) enum Target {
    /// All that is below.
    Folder(PathBuf),
    /// One file.
    File(PathBuf),
    /// A file that has no place.
    Homeless(PathBuf),
    /// Findings in the lock file of a flake.
    Lock(PathBuf),
}

impl Target {
    /// What is at `path`.
    pub(super) fn given(folder: &Path, path: &Path) -> Result<Self, Problem> {
        let absolute = folder.join(path);
        let failed = |error: io::Error| {
            let path = path.to_string_lossy().into_owned();
            match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Problem::Missing { path },
                _ => Problem::Unreadable { path, error },
            }
        };
        if fs::metadata(&absolute).map_err(failed)?.is_dir() {
            return Ok(Self::Folder(fs::canonicalize(&absolute).map_err(failed)?));
        }
        let file = in_real_folder(&absolute);
        match file.file_name() {
            Some(name) if name == "flake.lock" => Ok(Self::Lock(file)),
            _ => Ok(Self::File(file)),
        }
    }

    /// What a text from stdin stands for.
    pub(super) fn stdin(folder: &Path, name: Option<&Path>) -> Self {
        match name {
            Some(name) => Self::File(in_real_folder(&folder.join(name))),
            None => Self::Homeless(folder.join("<stdin>")),
        }
    }

    /// The path.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::File(path) | Self::Homeless(path) | Self::Lock(path) => path,
        }
    }
}

/// A project with something to report on.
pub(super) struct Found {
    pub root: Utf8PathBuf,
    pub files: Vec<Candidate>,
    pub tree: Tree,
    pub configured: Configured,
}

/// A file that is to be read.
pub(super) struct Candidate {
    pub path: Utf8PathBuf,
    pub real: PathBuf,
    pub reported: bool,
}

/// The projects that `targets` are about, sorted by root.
pub(super) fn find(
    request: &Request<'_>,
    targets: &[Target],
    configs: &mut Configs<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Found> {
    let mut found = Vec::new();
    let mut claimed = Paths::default();
    let mut roots: BTreeMap<PathBuf, Root<'_>> = BTreeMap::new();
    let mut homes: FxHashMap<&Path, Option<Home>> = FxHashMap::default();
    for target in targets {
        let (folder, is_file) = match target {
            Target::Folder(path) => (path.as_path(), false),
            Target::File(path) => (path.parent().unwrap_or(path), true),
            Target::Homeless(path) => {
                found.extend(homeless(path, configs, problems));
                continue;
            }
            // No rule speaks about lock files alone, so there is nothing to load for one.
            Target::Lock(_) => continue,
        };
        let home = homes.entry(folder).or_insert_with(|| home(folder)).clone();
        let is_loose = home.is_none() && is_file;
        let Home { root, repository } =
            home.unwrap_or_else(|| Home { root: folder.to_owned(), repository: None });
        let entry = roots.entry(root).or_insert_with(|| Root {
            repository,
            is_loose: true,
            folders: Paths::default(),
            files: BTreeSet::new(),
        });
        entry.is_loose &= is_loose;
        if is_file {
            entry.files.insert(target.path());
        } else {
            entry.folders.insert(folder.to_owned());
        }
    }
    merge_covered(&mut roots);
    // From the innermost root to the outermost, so that a file goes to the nearest.
    for (path, root) in roots.iter().rev() {
        let listing = listing(request, path, root, problems);
        found.extend(projects(request, path, root, listing, &mut claimed, configs, problems));
    }
    found.sort_by(|a, b| a.root.cmp(&b.root));
    found
}

/// Where the walk for some targets begins.
struct Root<'t> {
    repository: Option<PathBuf>,
    is_loose: bool,
    folders: Paths,
    files: BTreeSet<&'t Path>,
}

/// Gives the targets of roots that lie in a folder which is asked for to the root of that folder: its
/// walk comes by anyway, and finds the same projects.
fn merge_covered(roots: &mut BTreeMap<PathBuf, Root<'_>>) {
    let paths: Vec<PathBuf> = roots.keys().cloned().collect();
    for path in paths.iter().rev() {
        let covers = |root: &Root<'_>| root.folders.iter().any(|folder| path.starts_with(folder));
        let outer = paths.iter().find(|outer| *outer != path && roots.get(*outer).is_some_and(covers));
        let Some(outer) = outer else { continue };
        let inner = roots.remove(path).expect("invariant: each root is removed once");
        let outer = roots.get_mut(outer).expect("invariant: outer roots come later in this order");
        outer.folders.extend(inner.folders);
        outer.files.extend(inner.files);
    }
}

/// The project a folder belongs to.
#[derive(Clone)]
struct Home {
    root: PathBuf,
    repository: Option<PathBuf>,
}

/// The nearest folder at or above `folder` with a flake, else the root of its git repository. A flake
/// above the repository is none of its business, as for Nix.
fn home(folder: &Path) -> Option<Home> {
    let repository = folder.ancestors().find(|above| above.join(".git").exists());
    let flake = folder
        .ancestors()
        .take_while(|above| repository.is_none_or(|repository| above.starts_with(repository)))
        .find(|above| above.join("flake.nix").is_file());
    let root = flake.or(repository)?.to_owned();
    Some(Home { root, repository: repository.map(Path::to_owned) })
}

fn listing(request: &Request<'_>, path: &Path, root: &Root<'_>, problems: &mut Vec<Problem>) -> Listing {
    let mut plan = Walk {
        root: path,
        repository: root.repository.as_deref(),
        asked: &root.folders,
        force: request.force_exclude,
        limit: if root.is_loose { MOST_LOOSE_ENTRIES } else { usize::MAX },
    };
    let mut listing = walk(&plan);
    // Folders that no walk enters by itself, for those who ask for them.
    let listed: Paths = listing.entries.iter().map(|entry| entry.real.clone()).collect();
    let mut left_out: Vec<&PathBuf> =
        root.folders.iter().filter(|folder| *folder != path && !listed.contains(*folder)).collect();
    left_out.sort();
    if !request.force_exclude {
        for folder in left_out {
            plan.root = folder;
            let more = walk(&plan);
            listing.entries.extend(more.entries.into_iter().filter(|entry| !listed.contains(&entry.real)));
            listing.unreadable.extend(more.unreadable);
        }
        listing.entries.sort_by(|a, b| order((&a.path, &a.real), (&b.path, &b.real)));
        listing.entries.dedup_by(|a, b| a.real == b.real);
    }
    for (path, error) in listing.unreadable.drain(..) {
        problems.push(Problem::Unreadable { path: display(&lossy(&path), request.folder), error });
    }
    listing
}

/// The projects at and below `path` in which something is reported on.
fn projects(
    request: &Request<'_>,
    path: &Path,
    root: &Root<'_>,
    listing: Listing,
    claimed: &mut Paths,
    configs: &mut Configs<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Found> {
    // Compared as bytes: path by path, part by part, is slow on large trees.
    let listed: FxHashSet<&OsStr> = match root.files.is_empty() {
        true => FxHashSet::default(),
        false => listing.entries.iter().map(|entry| entry.real.as_os_str()).collect(),
    };
    let missing = root.files.iter().filter(|file| !listed.contains(file.as_os_str()));
    let unlisted: Vec<Entry> = missing
        .map(|file| Entry {
            path: lossy(file),
            real: file.to_path_buf(),
            kind: FileKind::Regular,
            skipped: false,
            asked: false,
        })
        .collect();
    // Still sorted, so that what is below a project stands together.
    let mut entries: Vec<Entry> = listing.entries;
    if !unlisted.is_empty() {
        entries.extend(unlisted);
        entries.sort_by(|a, b| order((&a.path, &a.real), (&b.path, &b.real)));
    }
    let is_flake =
        |entry: &&Entry| entry.kind == FileKind::Regular && entry.path.file_name() == Some("flake.nix");
    let flakes: Paths = entries
        .iter()
        .filter(is_flake)
        .filter_map(|entry| entry.real.parent().map(Path::to_owned))
        .chain([path.to_owned()])
        .collect();
    let mut members: FxHashMap<&OsStr, Vec<&Entry>> = FxHashMap::default();
    let mut known: Option<(&OsStr, &OsStr)> = None;
    for entry in &entries {
        let is_nix = entry.kind == FileKind::Regular && entry.path.extension() == Some("nix");
        if !is_nix && !root.files.contains(entry.real.as_path()) {
            continue;
        }
        let folder = entry.real.parent().unwrap_or(path).as_os_str();
        let owner = match known {
            Some((same, owner)) if same == folder => owner,
            _ => {
                let owner = entry.real.ancestors().skip(1).find(|above| flakes.contains(*above));
                owner.unwrap_or(path).as_os_str()
            }
        };
        known = Some((folder, owner));
        members.entry(owner).or_default().push(entry);
    }

    let mut found = Vec::new();
    let mut members: Vec<(&Path, Vec<&Entry>)> =
        members.into_iter().map(|(owner, members)| (Path::new(owner), members)).collect();
    members.sort_by(|(a, _), (b, _)| b.cmp(a));
    for (owner, members) in members {
        let wanted =
            |entry: &&Entry| entry.asked && !entry.skipped || root.files.contains(entry.real.as_path());
        if !members.iter().any(wanted) {
            continue;
        }
        let Some(configured) = configs.of(owner, root.repository.as_deref(), problems) else { continue };
        let mut files = Vec::new();
        let mut skipped_files = Vec::new();
        for entry in members {
            let skipped = entry.skipped || configured.config.exclude.matches(&entry.path);
            let given = root.files.contains(entry.real.as_path());
            let force = request.force_exclude || request.open.iter().any(|file| file.path == entry.real);
            let reported = if given { !(skipped && force) } else { entry.asked && !skipped };
            let candidate = Candidate { path: entry.path.clone(), real: entry.real.clone(), reported };
            if skipped && !reported { skipped_files.push(candidate) } else { files.push(candidate) }
        }
        if !files.iter().any(|file| file.reported && !claimed.contains(&file.real)) {
            continue;
        }
        if skipped_files.len() <= MOST_SKIPPED_FILES {
            files.extend(skipped_files);
        }
        files.retain(|file| claimed.insert(file.real.clone()));
        let root = lossy(owner);
        let start =
            entries.partition_point(|entry| order((&entry.path, &entry.real), (&root, owner)).is_lt());
        let has_prefix = |path: &[u8], above: &[u8]| {
            let rest = path.strip_prefix(above);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || above.ends_with(b"/"))
        };
        let lossy_below = entries[start..]
            .iter()
            .take_while(|entry| has_prefix(entry.path.as_str().as_bytes(), root.as_str().as_bytes()));
        let below = lossy_below.filter(|entry| {
            has_prefix(entry.real.as_os_str().as_encoded_bytes(), owner.as_os_str().as_encoded_bytes())
        });
        let tree =
            Tree { entries: below.map(|entry| (entry.path.as_str().to_owned(), entry.kind)).collect() };
        found.push(Found { root, files, tree, configured });
    }
    found
}

/// A text without a place is a project of its own.
fn homeless(path: &Path, configs: &mut Configs<'_>, problems: &mut Vec<Problem>) -> Option<Found> {
    let root = path.parent().unwrap_or(path);
    let home = home(root);
    let repository = home.as_ref().and_then(|home| home.repository.as_deref());
    let configured = configs.of(home.as_ref().map_or(root, |home| &home.root), repository, problems)?;
    let candidate = Candidate { path: lossy(path), real: path.to_owned(), reported: true };
    Some(Found { root: lossy(root), files: vec![candidate], tree: Tree::default(), configured })
}

/// `path` with the links and dots of its folder resolved, or at least the dots.
pub(super) fn in_real_folder(path: &Path) -> PathBuf {
    if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
        && let Ok(folder) = fs::canonicalize(folder)
    {
        return folder.join(name);
    }
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}
