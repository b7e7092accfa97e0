//! The scan: from folders and open documents to projects with all that is found in them.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::mistakes::{Mistakes, told};
use super::settings::Settings;
use super::world::{Group, Snapshot, World};
use crate::config::discover::{ConfigChoice, OpenFile, Request, discover, packs};
use crate::config::{Config, Pack, RuleBook, Selectors, resolve};
use crate::engine::{BUILT_IN, HostFindings, Session};
use crate::rule::{Entry, RuleMeta};
use crate::text::{FileId, SourceFile, Sources};

/// What is to be scanned.
pub(super) struct Load {
    /// The rules that ship.
    pub shipped: &'static [Entry],
    /// Paths are shown relative to this.
    pub folder: PathBuf,
    /// The folders of the client.
    pub folders: Vec<PathBuf>,
    /// What it has open.
    pub open: Vec<OpenFile>,
    /// What it wants.
    pub settings: Settings,
    /// The rules of users, where they are known already.
    pub packs: Option<Arc<Packs>>,
    /// What is known from the last time.
    pub last: Snapshot,
}

/// The rules that users declare.
pub(super) struct Packs {
    rules: Vec<Entry>,
    packs: Vec<Pack>,
    problems: Vec<String>,
    mistakes: Mistakes,
}

impl Packs {
    /// The rules that ship and these, as configurations may name them.
    pub(super) fn with<T>(&self, shipped: &[Entry], run: impl FnOnce(RuleBook<'_>) -> T) -> T {
        let rules: Vec<Entry> = shipped.iter().chain(&self.rules).copied().collect();
        run(RuleBook { rules: &rules, built_in: BUILT_IN, packs: &self.packs })
    }

    /// What is known of the rules.
    pub(super) fn metas(&self) -> Vec<&'static RuleMeta> {
        self.rules.iter().map(|entry| entry.meta).collect()
    }
}

/// What a scan found.
pub(super) struct Loaded {
    /// The projects.
    pub world: World,
    /// The rules of users, for the next time.
    pub packs: Arc<Packs>,
    /// What is wrong, in sentences.
    pub problems: Vec<String>,
    /// What of it is a mistake at a place of a file.
    pub mistakes: Mistakes,
}

impl Load {
    /// Works on the current pool.
    pub(super) fn run(self) -> Loaded {
        let config = self.settings.config_choice();
        let packs = self.packs.clone().unwrap_or_else(|| Arc::new(self.packs(&config)));
        packs.with(self.shipped, |book| self.load(config, &packs, book))
    }

    fn load(&self, config: ConfigChoice, packs: &Arc<Packs>, book: RuleBook<'_>) -> Loaded {
        let (flags, mut problems) = self.settings.selectors(book);
        problems.extend(packs.problems.iter().cloned());

        let discovered = discover(&Request {
            folder: &self.folder,
            paths: &self.folders,
            stdin: None,
            open: &self.open,
            config,
            force_exclude: false,
            book,
        });
        let (lines, mistakes) = told(discovered.problems);
        problems.extend(lines);
        let mistakes = packs.mistakes.iter().cloned().chain(mistakes).collect();
        let mut now = Snapshot { sources: discovered.sources, groups: Vec::new(), reader: discovered.reader };
        for group in discovered.groups {
            let key = key(&group.config, &flags, packs);
            let rules = Arc::new(resolve(book, &group.config, &flags));
            let projects = Arc::new(group.projects);
            now.groups.push(Group { rules, key, projects, session: Session::default() });
        }
        self.carry_over(&mut now);
        for index in 0..now.groups.len() {
            let workspace = now.workspace(&now.groups[index]);
            let group = &mut now.groups[index];
            group.session.read_files(&workspace, &group.rules);
        }
        let found: Vec<HostFindings> = now.of_hosts();
        let cut_short = found.iter().flat_map(|found| &found.cut_short);
        problems.extend(cut_short.map(|root| {
            format!("evaluating `{root}` took too many steps: findings about its hosts may be missing")
        }));
        let seen = now.clone();
        let asked: FxHashSet<PathBuf> = self.open.iter().map(|file| file.path.clone()).collect();
        let mut world = World::new(now, discovered.places, asked);
        world.take(found, seen);
        Loaded { world, packs: packs.clone(), problems, mistakes }
    }

    fn packs(&self, config: &ConfigChoice) -> Packs {
        let built_in = BUILT_IN.iter().map(|meta| meta.name);
        let taken: Vec<&str> = built_in.chain(self.shipped.iter().map(|entry| entry.meta.name)).collect();
        let mut paths = self.folders.clone();
        if paths.is_empty() {
            let folders = self.open.iter().filter_map(|file| file.path.parent());
            paths.extend(folders.map(PathBuf::from));
        }
        let packs = packs(config, &paths, &self.folder, &taken);
        let (problems, mistakes) = told(packs.problems);
        Packs { rules: packs.rules, packs: packs.packs, problems, mistakes }
    }

    /// Spares a second look at files that are as they were, where all files have kept their ids.
    fn carry_over(&self, now: &mut Snapshot) {
        let paths = |sources: &Sources| -> Vec<Arc<SourceFile>> {
            sources.iter().map(|(_, file)| file.clone()).collect()
        };
        let (old, new) = (paths(&self.last.sources), paths(&now.sources));
        let is_same = |(old, new): (&Arc<SourceFile>, &Arc<SourceFile>)| {
            old.path == new.path && old.display == new.display
        };
        if old.len() != new.len() || !old.iter().zip(&new).all(is_same) {
            return;
        }
        let flags = |snapshot: &Snapshot| -> Vec<(FileId, bool)> {
            let projects = snapshot.groups.iter().flat_map(|group| group.projects.iter());
            let mut flags: Vec<_> =
                projects.flat_map(|project| &project.files).map(|file| (file.id, file.reported)).collect();
            flags.sort_unstable();
            flags
        };
        if flags(&self.last) != flags(now) {
            return;
        }
        for ((file, old), new) in (0..).map(FileId).zip(&old).zip(&new) {
            if old.text == new.text {
                now.sources.replace(file, old.clone());
            }
        }
        for group in &mut now.groups {
            if let Some(last) = self.last.groups.iter().find(|last| last.key == group.key) {
                group.session = last.session.clone();
            }
        }
    }
}

/// What tells rule sets apart.
fn key(config: &Config, flags: &Selectors, packs: &Arc<Packs>) -> String {
    let packs = Arc::as_ptr(packs);
    let Config { rules, variants, options, preview, per_file, .. } = config;
    format!("{rules:?} {variants:?} {options:?} {preview:?} {per_file:?} {flags:?} {packs:p}")
}
