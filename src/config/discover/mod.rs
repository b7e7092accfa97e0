//! From paths to the files of a run: projects, configurations, texts.
//!
//! The one place that lists folders and reads sources. What it finds depends on the tree alone, never on
//! the order in which a file system lists it.

mod git;
mod packs;
mod presence;
mod project;
mod walk;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use self::project::{Candidate, Found, Target};

pub use self::packs::{Packs, packs, rules_in};
use super::book::{Pack, RuleBook};
use super::error::{Mistake, printable};
use super::schema::{Config, Folder};
use crate::engine::{InputFile, ProjectFiles, Reader};
use crate::project::NamedHost;
use crate::text::{FileId, SourceFile, Sources};

/// What is to be looked at.
pub struct Request<'a> {
    /// The working directory.
    pub folder: &'a Path,
    /// Files and folders, as they were given.
    pub paths: &'a [PathBuf],
    /// A text that was given instead of a file.
    pub stdin: Option<Stdin>,
    /// Files that an editor has open.
    pub open: &'a [OpenFile],
    /// Where the configuration is.
    pub config: ConfigChoice,
    /// Whether what is ignored, hidden or excluded stays so when it is given.
    pub force_exclude: bool,
    /// The rules that a configuration may name.
    pub book: RuleBook<'a>,
}

/// A text that takes the place of a file.
pub struct Stdin {
    /// The file it stands for; it need not exist.
    pub name: Option<PathBuf>,
    /// The text.
    pub bytes: Vec<u8>,
}

/// A file that an editor has open: its text takes the place of what is on disk, where there is anything. It is
/// reported on unless it is ignored, hidden or excluded.
#[derive(Debug, Clone)]
pub struct OpenFile {
    /// Where it is, as [`real_place`] has it.
    pub path: PathBuf,
    /// The text.
    pub text: Arc<str>,
    /// Whether it belongs to no project, since it has no place on disk.
    pub is_homeless: bool,
}

/// Where the configuration is.
#[derive(Debug, Clone)]
pub enum ConfigChoice {
    /// In the nearest `nixlint.toml` or `.nixlint.toml` at or above the root of each project.
    Nearest,
    /// Nowhere.
    Isolated,
    /// In this file, for every project.
    File(PathBuf),
}

/// The files of a run.
#[derive(Default)]
pub struct Discovered {
    /// Paths and texts, sorted by path.
    pub sources: Sources,
    /// The projects, by configuration.
    pub groups: Vec<Group>,
    /// Reads other files of these projects.
    pub reader: Reader,
    /// Where each file of `sources` lies on disk.
    pub places: Vec<PathBuf>,
    /// The file that the text from stdin stands for.
    pub stdin: Option<FileId>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
}

/// Projects with one configuration.
pub struct Group {
    /// What it says.
    pub config: Arc<Config>,
    /// The projects, sorted by root.
    pub projects: Vec<ProjectFiles>,
}

/// Why something could not be looked at.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Problem {
    /// A given path leads nowhere.
    #[error("`{}` does not exist", printable(path))]
    Missing {
        /// As it was given.
        path: String,
    },
    /// The system does not let us.
    #[error("`{}` cannot be read: {error}", printable(path))]
    Unreadable {
        /// As it is shown.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// It is no text.
    #[error("`{}` is not UTF-8: wrong byte at offset {offset}", printable(path))]
    #[diagnostic(help("{}", help_for_bytes(path)))]
    NotUtf8 {
        /// As it is shown.
        path: String,
        /// Where the first wrong byte is.
        offset: usize,
    },
    /// A lock file is no JSON, as after a merge with conflicts: what it pins is not known.
    #[error("`{}` is no JSON: {error}", printable(path))]
    #[diagnostic(help("`nix flake lock` writes it anew"))]
    Lock {
        /// As it is shown.
        path: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The configuration is wrong; nothing under it was looked at.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(Box<Mistake>),
}

impl Problem {
    /// What is wrong, with its place, on one line.
    pub fn line(&self) -> String {
        match self {
            Self::Config(mistake) => format!("{}: {mistake}", mistake.place()),
            problem => problem.to_string(),
        }
    }
}

/// Finds and reads everything that `request` is about.
pub fn discover(request: &Request<'_>) -> Discovered {
    let mut discovered = Discovered::default();
    let mut configs = Configs::new(request, &mut discovered.problems);
    let mut targets = Vec::new();
    for path in request.paths {
        match Target::given(request.folder, path) {
            Ok(target) => targets.push(target),
            Err(problem) => discovered.problems.push(problem),
        }
    }
    targets.extend(request.open.iter().map(|file| match file.is_homeless {
        true => Target::Homeless(file.path.clone()),
        false => Target::File(file.path.clone()),
    }));
    let stdin = request.stdin.as_ref().map(|stdin| {
        let target = Target::stdin(request.folder, stdin.name.as_deref());
        let path = target.path().to_owned();
        targets.push(target);
        path
    });

    let found = project::find(request, &targets, &mut configs, &mut discovered.problems);
    load(request, found, stdin.as_deref(), &mut discovered);
    discovered
}

/// The absolute `path` as [`Discovered::places`] has it: with the links and dots of its folder resolved.
pub fn real_place(path: &Path) -> PathBuf {
    project::in_real_folder(path)
}

/// The text of the file at `path`; `None` where it cannot be read or is encrypted.
pub fn read(path: &Path) -> Option<String> {
    read_text(path, "").ok().flatten()
}

/// `path` with each wrong byte replaced.
pub(super) fn lossy(path: &Path) -> Utf8PathBuf {
    Utf8PathBuf::from(path.to_string_lossy().into_owned())
}

/// The order of absolute paths without dots: part by part, as [`Path`] has it, but read as bytes, which takes
/// a third of the time. Where unreadable bytes make two paths the same, the real ones decide.
pub(super) fn order((a, real_a): (&Utf8Path, &Path), (b, real_b): (&Utf8Path, &Path)) -> Ordering {
    let (a, b) = (a.as_str().as_bytes(), b.as_str().as_bytes());
    let same = a.chunks_exact(16).zip(b.chunks_exact(16)).take_while(|(a, b)| a == b).count() * 16;
    let part = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    let by_part = a[same..].iter().map(part).cmp(b[same..].iter().map(part));
    by_part.then_with(|| real_a.as_os_str().cmp(real_b.as_os_str()))
}

/// How `path` is shown: relative to `folder` where it lies below it.
pub(super) fn display(path: &Utf8Path, folder: &Path) -> String {
    let relative = folder.to_str().and_then(|folder| path.strip_prefix(folder).ok());
    relative.filter(|relative| !relative.as_str().is_empty()).unwrap_or(path).to_string()
}

/// Configurations by file, each read once.
pub(super) struct Configs<'r> {
    request: &'r Request<'r>,
    read: FxHashMap<PathBuf, Option<Arc<Config>>>,
}

/// What was found out about the configuration of a project.
pub(super) struct Configured {
    /// The file, for telling groups apart.
    pub file: Option<PathBuf>,
    /// What it says.
    pub config: Arc<Config>,
}

impl<'r> Configs<'r> {
    /// Reads the configuration that is named, so that its mistakes are told even if no file follows.
    fn new(request: &'r Request<'r>, problems: &mut Vec<Problem>) -> Self {
        let mut configs = Self { request, read: FxHashMap::default() };
        if let ConfigChoice::File(file) = &request.config {
            configs.read(file, request.folder, problems);
        }
        configs
    }

    /// The configuration of the project at `root`; `None` where it is wrong.
    pub(super) fn of(
        &mut self,
        root: &Path,
        repository: Option<&Path>,
        problems: &mut Vec<Problem>,
    ) -> Option<Configured> {
        let nothing = Some(Configured { file: None, config: Arc::default() });
        match &self.request.config {
            ConfigChoice::Isolated => nothing,
            ConfigChoice::File(file) => {
                let config = self.read(file, self.request.folder, problems)?;
                Some(Configured { file: Some(file.clone()), config })
            }
            ConfigChoice::Nearest => {
                let Some(file) = nearest_config(root, repository, self.request.folder) else {
                    return nothing;
                };
                let folder = file.parent().unwrap_or(root);
                let config = self.read(&file, folder, problems)?;
                Some(Configured { file: Some(file), config })
            }
        }
    }

    /// The rules that a configuration declares, where they are among those of the run.
    fn pack(&self, config: &Path) -> Option<usize> {
        let config = fs::canonicalize(config).ok()?;
        let is_it = |other: &Pack| fs::canonicalize(&other.config).is_ok_and(|other| other == config);
        self.request.book.packs.iter().position(is_it)
    }

    /// The configuration in `file`, whose patterns count from `folder`.
    fn read(&mut self, file: &Path, folder: &Path, problems: &mut Vec<Problem>) -> Option<Arc<Config>> {
        if let Some(config) = self.read.get(file) {
            return config.clone();
        }
        let path = self.request.folder.join(file);
        let shown = display(&lossy(&path), self.request.folder);
        let wrong = |mistake: Mistake| Problem::Config(Box::new(mistake.in_file(&real_place(&path))));
        let config = match read_text(&path, &shown) {
            Ok(Some(text)) => {
                match Config::parse(&shown, &base_of(&path, folder, &lossy(folder)), &text, self.request.book)
                {
                    Ok(mut config) => {
                        config.pack = config.rule_dirs.as_ref().and_then(|_| self.pack(&path));
                        let span = config.rule_dirs.clone().filter(|_| config.pack.is_none());
                        problems.extend(span.map(|span| wrong(not_followed(&shown, &text, span))));
                        Some(Arc::new(config))
                    }
                    Err(mistakes) => {
                        // Its rules are unknown then.
                        let key = text.find("\nrule-dirs").map(|at| at + 1);
                        let key = key.or_else(|| text.starts_with("rule-dirs").then_some(0));
                        let start = key.filter(|_| self.pack(&path).is_none());
                        let span = start.map(|start| start..start + "rule-dirs".len());
                        problems.extend(span.map(|span| wrong(not_followed(&shown, &text, span))));
                        problems.extend(mistakes.into_iter().map(wrong));
                        None
                    }
                }
            }
            Ok(None) => None,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        self.read.insert(file.to_owned(), config.clone());
        config
    }
}

/// What to do with a file that is no text.
fn help_for_bytes(path: &str) -> &'static str {
    match path.ends_with(".nix") {
        true => "store it as UTF-8; a file that is not meant to be Nix can go to `exclude` in nixlint.toml",
        false => "store it as UTF-8",
    }
}

/// The nearest configuration at or above the folder `start`: inside the repository, else inside `working`, the
/// working directory. It may be a link that leads nowhere: reading it tells what is wrong with it.
fn nearest_config(start: &Path, repository: Option<&Path>, working: &Path) -> Option<PathBuf> {
    // Without a repository there is no telling whose the folders above are.
    let highest = repository.unwrap_or(if start.starts_with(working) { working } else { start });
    let above = start.ancestors().take_while(|above| above.starts_with(highest));
    let mut files = above.flat_map(|above| [above.join("nixlint.toml"), above.join(".nixlint.toml")]);
    files.find(|file| fs::symlink_metadata(file).is_ok())
}

/// What paths in the configuration at `place` count from: `folder`, which is `path` as text.
fn base_of<'f>(place: &Path, folder: &Path, path: &'f Utf8Path) -> Folder<'f> {
    Folder { path, is_its_own: place.parent() == Some(folder), holds: &|path| path.as_std_path().exists() }
}

/// That the folders of rules, which the bytes `span` name, are not read.
fn not_followed(shown: &str, text: &str, span: Range<usize>) -> Mistake {
    let message = "`rule-dirs` of this file is not followed";
    Mistake::new(shown, text, span, message, "no rule is read from there")
        .with_help("it counts at or above what nixlint is called on: name this folder, too")
}

/// The mistakes in a text that is to take the place of the configuration at `place`, as [`discover`] would tell
/// them; `folder`, `config` and `book` are those of its request.
pub fn mistakes_in(
    text: &str,
    place: &Path,
    folder: &Path,
    config: &ConfigChoice,
    book: RuleBook<'_>,
) -> Vec<Mistake> {
    let base = match config {
        ConfigChoice::File(_) => folder,
        ConfigChoice::Nearest | ConfigChoice::Isolated => place.parent().unwrap_or(place),
    };
    let shown = lossy(base);
    let base = base_of(place, base, &shown);
    let shown = display(&lossy(place), folder);
    let mistakes = Config::parse(&shown, &base, text, book).err().unwrap_or_default();
    mistakes.into_iter().map(|mistake| mistake.in_file(place)).collect()
}

/// Reads the files of all projects and hands out ids in the order of their paths.
/// What is wrong with the lock file of the flake at `root`.
fn lock_problem(root: &Path, folder: &Path) -> Option<Problem> {
    let path = root.join("flake.lock");
    let text = fs::read_to_string(&path).ok()?;
    let error = serde_json::from_str::<serde::de::IgnoredAny>(&text).err()?;
    Some(Problem::Lock { path: display(&lossy(&path), folder), error })
}

fn load(request: &Request<'_>, found: Vec<Found>, stdin: Option<&Path>, discovered: &mut Discovered) {
    let mut candidates: Vec<(usize, Candidate)> = Vec::new();
    let mut found: Vec<(Found, Vec<InputFile>)> =
        found.into_iter().map(|found| (found, Vec::new())).collect();
    for (index, (found, _)) in found.iter_mut().enumerate() {
        candidates.extend(std::mem::take(&mut found.files).into_iter().map(|file| (index, file)));
    }
    candidates.sort_by(|(_, a), (_, b)| order((&a.path, &a.real), (&b.path, &b.real)));

    let given = request.stdin.as_ref().zip(stdin);
    let open: FxHashMap<&Path, &Arc<str>> =
        request.open.iter().map(|file| (file.path.as_path(), &file.text)).collect();
    let read = |(_, file): &(usize, Candidate)| {
        let shown = match &given {
            Some((Stdin { name: None, .. }, place)) if *place == file.real => "<stdin>".to_owned(),
            _ => display(&file.path, request.folder),
        };
        if let Some(text) = open.get(file.real.as_path()) {
            return Ok(Some(SourceFile::new(file.path.clone(), shown, Arc::clone(text))));
        }
        let text = match &given {
            Some((stdin, place)) if *place == file.real => text_of(Cow::Borrowed(&stdin.bytes), &shown),
            _ => read_text(&file.real, &shown),
        };
        text.map(|text| text.map(|text| SourceFile::new(file.path.clone(), shown, text.into())))
    };
    let texts: Vec<Result<Option<SourceFile>, Problem>> = candidates.par_iter().map(read).collect();

    for ((project, file), text) in candidates.into_iter().zip(texts) {
        match text {
            Ok(Some(source)) => {
                let id = discovered.sources.add(Arc::new(source));
                if stdin == Some(file.real.as_path()) {
                    discovered.stdin = Some(id);
                }
                discovered.places.push(file.real);
                found[project].1.push(InputFile { id, reported: file.reported });
            }
            Err(problem) if file.reported => discovered.problems.push(problem),
            // It only would have helped to understand others: to them it is a file of unknown content.
            Ok(None) | Err(_) => {}
        }
    }

    let roots: Vec<PathBuf> = found.iter().map(|(found, _)| PathBuf::from(found.root.as_str())).collect();
    discovered.problems.extend(roots.iter().filter_map(|root| lock_problem(root, request.folder)));
    let presence = presence::Presences::new(&roots);
    discovered.reader = Reader::new(
        move |path| read_below(&roots, path.as_std_path()),
        move |path, is_there| presence.of(path.as_std_path(), is_there),
    );

    let mut by_config: FxHashMap<Option<PathBuf>, usize> = FxHashMap::default();
    let roots: Vec<Utf8PathBuf> = found.iter().map(|(found, _)| found.root.clone()).collect();
    for (Found { root, tree, configured, .. }, files) in found {
        // A configuration may be that of several projects: a host belongs to the one nearest to its modules.
        let is_own = |host: &&NamedHost| {
            let nearest = |path: &Utf8PathBuf| {
                roots.iter().filter(|root| path.starts_with(root)).max_by_key(|root| root.as_str().len())
            };
            host.modules.first().and_then(nearest) == Some(&root)
        };
        let hosts: Vec<NamedHost> = configured.config.hosts.iter().filter(is_own).cloned().collect();
        let services = configured.config.services.clone();
        let group = *by_config.entry(configured.file).or_insert_with(|| {
            discovered.groups.push(Group { config: configured.config, projects: Vec::new() });
            discovered.groups.len() - 1
        });
        discovered.groups[group].projects.push(ProjectFiles { root, files, hosts, services, tree });
    }
}

/// Longest file that is not Nix and is read: lock files and tables of data are far smaller.
const LONGEST_DATA: u64 = 4 << 20;

/// The text of a file in one of the `roots`, none of a link that leads out of them.
fn read_below(roots: &[PathBuf], path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let metadata = fs::metadata(&path).ok()?;
    let is_inside = roots.iter().any(|root| path.starts_with(root));
    if !is_inside || !metadata.is_file() || metadata.len() > LONGEST_DATA {
        return None;
    }
    fs::read_to_string(path).ok()
}

/// More than the engine takes, so that it refuses such a file, but no more than fits into memory.
const LONGEST_READ: u64 = (32 << 20) + 16;

/// How files begin that git-crypt or age encrypted, for those who have no key.
const ENCRYPTED: [&[u8]; 2] = [b"\0GITCRYPT\0", b"age-encryption.org/"];

/// The text of a file; `None` for an encrypted one.
fn read_text(path: &Path, shown: &str) -> Result<Option<String>, Problem> {
    let unreadable = |error| Problem::Unreadable { path: shown.to_owned(), error };
    let file = fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_or(0, |metadata| metadata.len()).min(LONGEST_READ);
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(LONGEST_READ).read_to_end(&mut bytes).map_err(unreadable)?;
    text_of(Cow::Owned(bytes), shown)
}

fn text_of(bytes: Cow<'_, [u8]>, shown: &str) -> Result<Option<String>, Problem> {
    if ENCRYPTED.iter().any(|start| bytes.starts_with(start)) {
        return Ok(None);
    }
    let mut bytes = bytes.into_owned();
    if let Err(error) = std::str::from_utf8(&bytes) {
        let is_cut = bytes.len() as u64 == LONGEST_READ && error.error_len().is_none();
        if !is_cut {
            return Err(Problem::NotUtf8 { path: shown.to_owned(), offset: error.valid_up_to() });
        }
        bytes.truncate(error.valid_up_to());
    }
    Ok(Some(String::from_utf8(bytes).expect("invariant: the bytes were just validated")))
}

/// The paths that a request names, for the walk.
pub(super) type Paths = FxHashSet<PathBuf>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve::tests::BOOK;

    /// A folder with files; those whose names end in a slash are folders.
    struct Place {
        folder: tempfile::TempDir,
    }

    impl Place {
        fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("there is a place for temporary files");
            for (name, text) in files {
                let path = folder.path().join(name);
                let parent = if name.ends_with('/') { Some(path.as_path()) } else { path.parent() };
                fs::create_dir_all(parent.expect("files have folders")).expect("folders can be made");
                if !name.ends_with('/') {
                    fs::write(&path, text).expect("files can be written");
                }
            }
            Self { folder }
        }

        fn root(&self) -> PathBuf {
            fs::canonicalize(self.folder.path()).expect("the folder is there")
        }

        fn discover(&self, paths: &[&str]) -> Discovered {
            self.discover_with(paths, |_| {})
        }

        fn discover_with(&self, paths: &[&str], change: impl FnOnce(&mut Request<'_>)) -> Discovered {
            let root = self.root();
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let mut request = Request {
                folder: &root,
                paths: &paths,
                stdin: None,
                open: &[],
                config: ConfigChoice::Nearest,
                force_exclude: false,
                book: BOOK,
            };
            change(&mut request);
            discover(&request)
        }

        /// A line per project: its root, its files, those that are not reported in brackets.
        fn shown(&self, discovered: &Discovered) -> String {
            let mut lines = Vec::new();
            for project in discovered.groups.iter().flat_map(|group| &group.projects) {
                let name = |file: &InputFile| {
                    let name = &discovered.sources.get(file.id).display;
                    if file.reported { name.clone() } else { format!("({name})") }
                };
                let files: Vec<String> = project.files.iter().map(name).collect();
                let root = display(&project.root, &self.root());
                let root = if root == lossy(&self.root()) { "." } else { &root };
                lines.push(format!("{root}: {}\n", files.join(" ")));
            }
            lines.extend(discovered.problems.iter().map(|problem| format!("! {problem}\n")));
            lines.concat()
        }

        fn seen(&self, paths: &[&str]) -> String {
            self.shown(&self.discover(paths))
        }
    }

    #[test]
    fn a_file_belongs_to_the_nearest_flake() {
        let place = Place::new(&[
            (".git/HEAD", ""),
            ("flake.nix", "{}"),
            ("a.nix", "1"),
            ("templates/x/flake.nix", "{}"),
            ("templates/x/sub/b.nix", "1"),
            ("templates/c.nix", "1"),
        ]);
        insta::assert_snapshot!(place.seen(&["."]), @"
        .: a.nix flake.nix templates/c.nix
        templates/x: templates/x/flake.nix templates/x/sub/b.nix
        ");
        insta::assert_snapshot!(place.seen(&["templates/x/sub/b.nix"]), @"templates/x: (templates/x/flake.nix) templates/x/sub/b.nix");
        insta::assert_snapshot!(place.seen(&["templates"]), @"
        .: (a.nix) (flake.nix) templates/c.nix
        templates/x: templates/x/flake.nix templates/x/sub/b.nix
        ");
        assert_eq!(place.seen(&[".", "templates/x/sub/b.nix", "a.nix"]), place.seen(&["."]));
        insta::assert_snapshot!(place.seen(&["a.nix", "templates/x/sub/b.nix"]), @"
        .: a.nix (flake.nix) (templates/c.nix)
        templates/x: (templates/x/flake.nix) templates/x/sub/b.nix
        ");
    }

    #[test]
    fn without_a_flake_it_belongs_to_its_repository() {
        let place = Place::new(&[
            ("flake.nix", "{}"),
            ("repo/.git/HEAD", ""),
            ("repo/hosts/a.nix", "1"),
            ("repo/b.nix", "1"),
        ]);
        insta::assert_snapshot!(place.seen(&["repo/hosts"]), @"repo: (repo/b.nix) repo/hosts/a.nix");
    }

    #[test]
    fn without_either_it_belongs_to_its_folder() {
        let place = Place::new(&[("a/x.nix", "1"), ("a/sub/y.nix", "1"), ("b.nix", "1")]);
        insta::assert_snapshot!(place.seen(&["a"]), @"a: a/sub/y.nix a/x.nix");
        insta::assert_snapshot!(place.seen(&["a/x.nix"]), @"a: (a/sub/y.nix) a/x.nix");
        insta::assert_snapshot!(place.seen(&["a/sub/y.nix", "a"]), @"a: a/sub/y.nix a/x.nix");
    }

    #[test]
    fn a_crowded_folder_is_not_the_project_of_a_given_file() {
        let names: Vec<String> = (0..=MOST_FILES).map(|index| format!("home/sub/{index}.nix")).collect();
        let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        files.extend([("home/a.nix", "1"), ("home/b.nix", "1")]);
        insta::assert_snapshot!(Place::new(&files).seen(&["home/a.nix"]), @"home: home/a.nix (home/b.nix)");
    }

    const MOST_FILES: usize = 5_000;

    #[test]
    fn ignored_and_hidden_files_only_help_to_understand() {
        let place = Place::new(&[
            ("flake.nix", "{}"),
            (".gitignore", "secret.nix\n/gen/\n!gen/kept.nix\n*.tmp.nix\n"),
            ("secret.nix", "1"),
            ("gen/x.nix", "1"),
            ("gen/kept.nix", "1"),
            ("sub/.gitignore", "!keep.tmp.nix\n"),
            ("sub/keep.tmp.nix", "1"),
            ("sub/lose.tmp.nix", "1"),
            (".hidden/h.nix", "1"),
            (".direnv/d.nix", "1"),
            ("node_modules/n.nix", "1"),
            ("target/CACHEDIR.TAG", ""),
            ("target/t.nix", "1"),
            ("hosts/target/t.nix", "1"),
        ]);
        insta::assert_snapshot!(place.seen(&["."]), @".: (.hidden/h.nix) flake.nix (gen/kept.nix) (gen/x.nix) hosts/target/t.nix (secret.nix) sub/keep.tmp.nix (sub/lose.tmp.nix)");
        insta::assert_snapshot!(place.seen(&["gen", ".hidden", "secret.nix", ".direnv"]), @".: .direnv/d.nix .hidden/h.nix (flake.nix) gen/kept.nix gen/x.nix (hosts/target/t.nix) secret.nix (sub/keep.tmp.nix) (sub/lose.tmp.nix)");
        let force = place.discover_with(&["gen", ".hidden", "secret.nix", "flake.nix"], |request| {
            request.force_exclude = true;
        });
        insta::assert_snapshot!(place.shown(&force), @".: (.hidden/h.nix) flake.nix (gen/kept.nix) (gen/x.nix) (hosts/target/t.nix) (secret.nix) (sub/keep.tmp.nix) (sub/lose.tmp.nix)");
    }

    #[test]
    fn open_files_have_the_text_of_the_editor() {
        let place = Place::new(&[
            ("flake.nix", "{}"),
            ("nixlint.toml", "exclude = ['vendor']"),
            ("a.nix", "1"),
            ("vendor/b.nix", "1"),
        ]);
        let open: Vec<OpenFile> = ["a.nix", "vendor/b.nix", "new.nix"]
            .into_iter()
            .map(|name| OpenFile { path: place.root().join(name), text: "2".into(), is_homeless: false })
            .collect();
        let open: &'static [OpenFile] = Vec::leak(open);
        let found = place.discover_with(&["."], |request| request.open = open);
        insta::assert_snapshot!(place.shown(&found), @".: a.nix flake.nix new.nix (vendor/b.nix)");
        let texts: Vec<&str> = found.sources.iter().map(|(_, file)| &*file.text).collect();
        assert_eq!(texts, ["2", "{}", "2", "2"]);
    }

    #[test]
    fn configuration_excludes() {
        let place = Place::new(&[
            ("flake.nix", "{}"),
            ("nixlint.toml", "exclude = ['vendor', 'hw.nix']"),
            ("vendor/a.nix", "1"),
            ("hosts/hw.nix", "1"),
        ]);
        insta::assert_snapshot!(place.seen(&["."]), @".: flake.nix (hosts/hw.nix) (vendor/a.nix)");
        insta::assert_snapshot!(place.seen(&["hosts/hw.nix"]), @".: (flake.nix) hosts/hw.nix (vendor/a.nix)");
        let isolated = place.discover_with(&["."], |request| request.config = ConfigChoice::Isolated);
        insta::assert_snapshot!(place.shown(&isolated), @".: flake.nix hosts/hw.nix vendor/a.nix");
    }

    #[test]
    fn the_nearest_configuration_wins() {
        let place = Place::new(&[
            (".git/HEAD", ""),
            (".nixlint.toml", "preview = true"),
            ("a/flake.nix", "{}"),
            ("b/flake.nix", "{}"),
            ("b/nixlint.toml", "fail-on = 'error'"),
            ("c/flake.nix", "{}"),
            ("c/nixlint.toml", "fail-on = 'eror'"),
        ]);
        let discovered = place.discover(&["."]);
        insta::assert_snapshot!(place.shown(&discovered), @"
        a: a/flake.nix
        b: b/flake.nix
        ! unknown level `eror`
        ");
        let groups: Vec<_> = discovered
            .groups
            .iter()
            .map(|group| (group.config.preview, group.config.fail_on.is_some(), group.projects.len()))
            .collect();
        assert_eq!(groups, [(true, false, 1), (false, true, 1)]);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
        let place = Place::new(&[
            ("flake.nix", "{}"),
            ("crypt.nix", "\0GITCRYPT\0\u{7f}"),
            ("age.nix", "age-encryption.org/v1\n"),
        ]);
        fs::write(place.root().join("latin.nix"), b"{ a = \"\xe9\"; }").expect("files can be written");
        insta::assert_snapshot!(place.seen(&[".", "no/such", "flake.nix/x"]), @"
        .: flake.nix
        ! `no/such` does not exist
        ! `flake.nix/x` does not exist
        ! `latin.nix` is not UTF-8: wrong byte at offset 7
        ");
        insta::assert_snapshot!(place.seen(&["flake.nix"]), @".: flake.nix");
    }

    #[test]
    fn a_lock_file_is_not_nix() {
        let place = Place::new(&[("flake.nix", "{}"), ("flake.lock", "{}"), ("odd", "1")]);
        assert_eq!(place.seen(&["flake.lock"]), "");
        insta::assert_snapshot!(place.seen(&["flake.lock", "odd"]), @".: (flake.nix) odd");
    }

    #[test]
    fn stdin_takes_the_place_of_its_file() {
        let place = Place::new(&[("flake.nix", "{}"), ("a.nix", "1")]);
        let given = |name: Option<&str>| {
            let stdin = Stdin { name: name.map(PathBuf::from), bytes: b"2".to_vec() };
            let discovered = place.discover_with(&[], |request| request.stdin = Some(stdin));
            let id = discovered.stdin.expect("the text is one of the files");
            assert_eq!(&*discovered.sources.get(id).text, "2");
            place.shown(&discovered)
        };
        insta::assert_snapshot!(given(Some("a.nix")), @".: a.nix (flake.nix)");
        insta::assert_snapshot!(given(Some("new/b.nix")), @".: (a.nix) (flake.nix) new/b.nix");
        insta::assert_snapshot!(given(None), @".: <stdin>");
    }

    #[test]
    fn the_tree_has_everything_but_caches_and_build_results() {
        let place = Place::new(&[
            ("flake.nix", "{}"),
            ("data/x.json", "{}"),
            ("x.nix/y.nix", "1"),
            (".git/HEAD", ""),
            (".hidden/a", ""),
        ]);
        #[cfg(unix)]
        for (target, link) in [("..", "x.nix/loop"), ("/nowhere", "result"), ("/nowhere", "result-doc")] {
            std::os::unix::fs::symlink(target, place.root().join(link)).expect("links can be made");
        }
        let discovered = place.discover(&["."]);
        insta::assert_snapshot!(place.shown(&discovered), @".: flake.nix x.nix/y.nix");
        let tree = &discovered.groups[0].projects[0].tree;
        let root = lossy(&place.root());
        let entries: Vec<String> = tree
            .entries
            .iter()
            .map(|(path, kind)| {
                format!("{} {kind:?}", Utf8Path::new(path).strip_prefix(&root).expect("it is below"))
            })
            .collect();
        insta::assert_snapshot!(entries.join("\n"), @"
        .hidden Directory
        .hidden/a Regular
        data Directory
        data/x.json Regular
        flake.nix Regular
        x.nix Directory
        x.nix/loop Symlink
        x.nix/y.nix Regular
        ");
    }

    #[test]
    fn data_is_read_inside_the_projects_alone() {
        let place = Place::new(&[("p/flake.nix", "{}"), ("p/data.json", "{}"), ("secret", "1")]);
        let root = place.root();
        let reader = place.discover(&["p"]).reader;
        let read = |name: &str| reader.read(&lossy(&root.join(name)));
        assert_eq!(read("p/data.json").as_deref(), Some("{}"));
        assert_eq!(read("p/../secret"), None);
        assert_eq!(read("secret"), None);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret", root.join("p/link")).expect("links can be made");
            assert_eq!(read("p/link"), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_not_utf8_are_shown_lossily() {
        use std::os::unix::ffi::OsStrExt;

        let place = Place::new(&[("flake.nix", "{}")]);
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.nix");
        fs::write(place.root().join(name), "1").expect("files can be written");
        let discovered = place.discover(&["."]);
        assert_eq!(place.shown(&discovered), ".: caf\u{fffd}.nix flake.nix\n");
        assert_eq!(discovered.places[0].file_name(), Some(name));
    }

    #[test]
    fn more_than_the_limit_is_cut_inside_the_text() {
        let mut bytes = vec![b' '; LONGEST_READ as usize - 1];
        bytes.push(0xc3);
        let text = text_of(Cow::Owned(bytes), "big.nix").expect("it is UTF-8 up to the cut");
        assert_eq!(text.map(|text| text.len() as u64), Some(LONGEST_READ - 1));
        assert!(matches!(text_of(Cow::Borrowed(b"a\xc3"), "x"), Err(Problem::NotUtf8 { offset: 1, .. })));
    }
}
