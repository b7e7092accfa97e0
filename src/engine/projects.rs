//! From the files of projects to projects whose hosts can be asked for. Rules and commands come to hosts
//! here and nowhere else.

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::run::Session;
use super::{InputFile, ProjectFiles, RuleSet, Workspace};
use crate::module::Facts;
use crate::project::{Project, ProjectFile, ProjectInput, link};
use crate::text::FileId;

/// Links every project of the workspace and hands it to `visit`; gives what that gives, in the order of
/// the projects. A project for whose evaluation the system grants no thread is left out.
///
/// Works on the current pool, which should be one of [`super::pool`]: trees may be deep.
///
/// # Panics
/// When `visit` does.
pub fn visit_projects<T: Send>(
    workspace: &Workspace,
    visit: impl Fn(&ProjectFiles, &Project<'_>) -> T + Sync,
) -> Vec<T> {
    let mut session = Session::default();
    session.read_files(workspace, &RuleSet::default());
    session.visit_projects(workspace, visit)
}

impl Session {
    /// As [`visit_projects`], for files that were read before.
    ///
    /// # Panics
    /// When `visit` does, and when a file was not read before.
    pub fn visit_projects<T: Send>(
        &self,
        workspace: &Workspace,
        visit: impl Fn(&ProjectFiles, &Project<'_>) -> T + Sync,
    ) -> Vec<T> {
        let session = self;
        let facts = |file| session.result(file).facts.clone();
        let linked =
            |project: &ProjectFiles| with_project(workspace, project, facts, |linked| visit(project, linked));
        workspace.projects.par_iter().filter_map(linked).map(|(visited, _)| visited).collect()
    }
}

/// Links one project and hands it to `visit`; gives the files whose texts were read, too. `facts` gives what
/// phase 1 knows of a file.
pub(super) fn with_project<T: Send>(
    workspace: &Workspace,
    project: &ProjectFiles,
    facts: impl Fn(FileId) -> Option<Arc<Facts>>,
    visit: impl FnOnce(&Project<'_>) -> T + Send,
) -> Option<(T, FxHashSet<FileId>)> {
    let sources = &workspace.sources;
    let as_linked = |file: &InputFile| ProjectFile {
        id: file.id,
        path: sources.get(file.id).path.clone(),
        facts: facts(file.id),
    };
    let files: Vec<ProjectFile> = project.files.iter().map(as_linked).collect();
    let texts_read: Mutex<FxHashSet<FileId>> = Mutex::default();
    let read = |path: &Utf8Path| match files.iter().find(|file| file.path.as_str() == path.as_str()) {
        Some(file) => {
            texts_read.lock().unwrap_or_else(PoisonError::into_inner).insert(file.id);
            Some(sources.get(file.id).text.to_string())
        }
        None => workspace.reader.read(path),
    };
    let presence = |path: &Utf8Path, is_there: bool| workspace.reader.presence(path, is_there);
    let input = ProjectInput {
        root: &project.root,
        files: &files,
        hosts: &project.hosts,
        services: &project.services,
        tree: &project.tree,
        read: &read,
        presence: &presence,
    };
    let visited = link(&input, visit)?;
    Some((visited, texts_read.into_inner().unwrap_or_else(PoisonError::into_inner)))
}
