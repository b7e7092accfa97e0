//! What is known of the projects: texts, rules, and what was found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::Diagnostic;
use crate::engine::{
    Earlier, HostFindings, InputFile, ProjectFiles, Reader, RuleSet, Session, Workspace, moved,
};
use crate::text::{Change, FileId, Sources};

/// Projects with one configuration.
#[derive(Clone)]
pub(super) struct Group {
    /// Its rules.
    pub rules: Arc<RuleSet>,
    /// What the rules were made of; equal where they are.
    pub key: String,
    /// The projects.
    pub projects: Arc<Vec<ProjectFiles>>,
    /// What is known of single files.
    pub session: Session,
}

/// All projects at one moment; cheap to copy.
#[derive(Clone, Default)]
pub(super) struct Snapshot {
    /// Paths and texts.
    pub sources: Sources,
    /// The projects by configuration.
    pub groups: Vec<Group>,
    /// How other files are read.
    pub reader: Reader,
}

impl Snapshot {
    /// The files of a group.
    pub(super) fn workspace(&self, group: &Group) -> Workspace {
        Workspace {
            sources: self.sources.clone(),
            projects: group.projects.as_ref().clone(),
            reader: self.reader.clone(),
        }
    }

    /// The project of a file, in which nothing but the file is reported on.
    pub(super) fn around(&self, group: &Group, file: FileId) -> Workspace {
        let holds = |project: &&ProjectFiles| project.files.iter().any(|input| input.id == file);
        let mut projects: Vec<ProjectFiles> = group.projects.iter().filter(holds).cloned().collect();
        for input in projects.iter_mut().flat_map(|project| &mut project.files) {
            input.reported = input.id == file;
        }
        Workspace { sources: self.sources.clone(), projects, reader: self.reader.clone() }
    }

    /// As [`Self::of_hosts`], of the same files after edits.
    pub(super) fn of_hosts_again(&self, seen: &Self, found: &[HostFindings]) -> Vec<HostFindings> {
        let earlier = seen.groups.iter().zip(found);
        let again = |(group, (seen_group, found)): (&Group, (&Group, &HostFindings))| {
            let earlier = Earlier { session: &seen_group.session, sources: &seen.sources, found };
            group.session.of_hosts_again(&self.workspace(group), &group.rules, earlier)
        };
        self.groups.iter().zip(earlier).map(again).collect()
    }

    /// The findings on all hosts, by group. Every file must have been read.
    pub(super) fn of_hosts(&self) -> Vec<HostFindings> {
        self.groups.iter().map(|group| group.session.of_hosts(&self.workspace(group), &group.rules)).collect()
    }
}

/// What is known of a file besides its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Membership {
    /// Index of its group.
    pub group: usize,
    /// Whether findings in it are shown.
    pub reported: bool,
}

/// The projects as they are now, with what was found on hosts a moment ago.
#[derive(Default)]
pub(super) struct World {
    /// The projects.
    pub now: Snapshot,
    ids: FxHashMap<PathBuf, FileId>,
    members: Vec<Option<Membership>>,
    /// Files that were asked for by the client when the projects were scanned.
    asked: FxHashSet<PathBuf>,
    on_hosts: FxHashMap<FileId, Vec<Diagnostic>>,
    /// What was known when hosts were looked at, and what was found, by group.
    pub seen: Arc<Snapshot>,
    pub found: Arc<Vec<HostFindings>>,
    /// Files whose text may be another than the one that was seen.
    edited: FxHashSet<FileId>,
    shown: FxHashMap<FileId, Arc<Vec<Diagnostic>>>,
}

impl World {
    /// `places` says where each file lies, `asked` which files the client had open.
    pub(super) fn new(now: Snapshot, places: Vec<PathBuf>, asked: FxHashSet<PathBuf>) -> Self {
        let mut members = vec![None; now.sources.len()];
        for (index, group) in now.groups.iter().enumerate() {
            for InputFile { id, reported } in group.projects.iter().flat_map(|project| &project.files) {
                members[id.0 as usize] = Some(Membership { group: index, reported: *reported });
            }
        }
        let ids = places.into_iter().zip((0..).map(FileId)).collect();
        Self { now, ids, members, asked, ..Self::default() }
    }

    /// The file at `place`.
    pub(super) fn file(&self, place: &Path) -> Option<FileId> {
        self.ids.get(place).copied()
    }

    /// Whether a scan would find nothing new about `place`.
    pub(super) fn knows(&self, place: &Path) -> bool {
        self.ids.contains_key(place) || self.asked.contains(place)
    }

    pub(super) fn member(&self, file: FileId) -> Option<Membership> {
        self.members[file.0 as usize]
    }

    /// Every file in which findings are shown.
    pub(super) fn reported(&self) -> impl Iterator<Item = FileId> + use<> {
        let files = self.members.iter().zip((0..).map(FileId));
        let reported = files.filter(|(member, _)| member.is_some_and(|member| member.reported));
        reported.map(|(_, file)| file).collect::<Vec<_>>().into_iter()
    }

    /// Gives a file another text.
    pub(super) fn edit(&mut self, file: FileId, text: &Arc<str>) {
        let old = self.now.sources.get(file);
        if Arc::ptr_eq(&old.text, text) {
            return;
        }
        let new = old.with_text(text.clone());
        self.now.sources.replace(file, Arc::new(new));
        self.edited.insert(file);
        self.shown.remove(&file);
    }

    /// Whether the findings on hosts are about the texts as they are.
    pub(super) fn is_fresh(&self) -> bool {
        let is_same = |file: &FileId| {
            Arc::ptr_eq(&self.now.sources.get(*file).text, &self.seen.sources.get(*file).text)
        };
        self.edited.iter().all(is_same)
    }

    /// Takes over what was found on hosts of `seen`; gives the files in which something else may be shown now.
    pub(super) fn take(&mut self, found: Vec<HostFindings>, seen: Snapshot) -> FxHashSet<FileId> {
        let mut changed: FxHashSet<FileId> = self.on_hosts.keys().copied().collect();
        self.on_hosts.clear();
        for diagnostic in found.iter().flat_map(HostFindings::diagnostics) {
            self.on_hosts.entry(diagnostic.primary.span.file).or_default().push(diagnostic.clone());
        }
        changed.extend(self.on_hosts.keys());
        let is_seen =
            |file: &FileId| Arc::ptr_eq(&self.now.sources.get(*file).text, &seen.sources.get(*file).text);
        self.edited.retain(|file| !is_seen(file));
        self.seen = Arc::new(seen);
        self.found = Arc::new(found);
        for file in &changed {
            self.shown.remove(file);
        }
        changed
    }

    /// Looks at the texts of edited files, so that hosts can be looked at.
    pub(super) fn read_edited(&mut self) {
        let edited: Vec<FileId> = self.edited.iter().copied().collect();
        for file in edited {
            match self.member(file) {
                Some(Membership { reported: true, .. }) => drop(self.findings(file)),
                Some(Membership { group, .. }) => {
                    let group = &mut self.now.groups[group];
                    let text = &self.now.sources.get(file).text;
                    group.session.read_file(file, text, &group.rules);
                }
                None => {}
            }
        }
    }

    /// What there is to say about a file: what its text shows, and what was found on hosts, at the place where
    /// it is by now.
    pub(super) fn findings(&mut self, file: FileId) -> Arc<Vec<Diagnostic>> {
        if let Some(shown) = self.shown.get(&file) {
            return shown.clone();
        }
        let Some(Membership { group, reported: true }) = self.member(file) else { return Arc::default() };
        let on_hosts = match self.on_hosts.get(&file) {
            None => Vec::new(),
            Some(found) if self.edited.is_empty() => found.clone(),
            Some(found) => {
                let changes = self.changes();
                found.iter().filter_map(|diagnostic| moved(diagnostic, &changes)).collect()
            }
        };
        let group = &mut self.now.groups[group];
        let source = self.now.sources.get(file);
        let shown = Arc::new(group.session.of_file(file, source, on_hosts, &group.rules));
        self.shown.insert(file, shown.clone());
        shown
    }

    /// What became of the files since their hosts were looked at.
    fn changes(&self) -> FxHashMap<FileId, Change> {
        let change = |file: &FileId| {
            let (old, new) = (&self.seen.sources.get(*file).text, &self.now.sources.get(*file).text);
            Some((*file, Change::between(old, new)?))
        };
        self.edited.iter().filter_map(change).collect()
    }
}
