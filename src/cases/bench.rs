//! Runs one rule on the files of a case, in memory.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::diagnostic::{Applicability, Diagnostic, Level};
use crate::engine::{self, ActiveRule, Fixed, InputFile, Outcome, ProjectFiles, Reader, RuleSet, Workspace};
use crate::nixos::conflicts::{Conflict, ConflictPort};
use crate::nixos::services::Protocol;
use crate::project::{Presence, ServiceSettings, Side};
use crate::rule::Entry;
use crate::text::{FileId, PositionEncoding, SourceFile};

use super::book::{Block, Case};
use super::carets::{Mark, strip};

/// Where the files of a case are.
pub const ROOT: &str = "/case";

/// Names of files with their texts.
pub type Files = Vec<(String, String)>;

/// One rule with its configuration.
pub struct Bench {
    /// The rule and nothing else.
    pub rules: RuleSet,
    /// Its name.
    pub name: &'static str,
    /// What its configuration says of services.
    services: Arc<ServiceSettings>,
}

impl Bench {
    /// The rule as `nixlint.toml` wants it: its table under `rules`, or its level there.
    pub fn new(entry: &Entry, toml: Option<&str>) -> Result<Self, String> {
        let name = entry.meta.name;
        let mut table: toml::Table = toml.unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
        let of_rules = match table.remove("rules") {
            Some(toml::Value::Table(rules)) => rules,
            Some(_) => return Err("`rules` is no table".to_owned()),
            None => toml::Table::new(),
        };
        let services = table.remove("services").map_or_else(|| Ok(ServiceSettings::default()), services)?;
        if let Some(key) = table.keys().next() {
            return Err(format!("`{key}` has no meaning in cases"));
        }
        if let Some(other) = of_rules.keys().find(|key| *key != name) {
            return Err(format!("`{other}` is not the rule of these cases"));
        }
        let (mut options, mut level) = match of_rules.get(name) {
            Some(toml::Value::Table(options)) => (options.clone(), None),
            level => (toml::Table::new(), level.cloned()),
        };
        level = options.remove("level").or(level);
        let level = match level.as_ref().map(|level| level.as_str().unwrap_or_default()) {
            None => None,
            Some("info") => Some(Level::Info),
            Some("warning") => Some(Level::Warning),
            Some("error") => Some(Level::Error),
            Some(other) => return Err(format!("`{other}` is no level")),
        };
        let runner = (entry.build)(options).map_err(|error| error.to_string())?;
        let known = [(name.to_owned(), true)].into_iter().collect();
        let rules = vec![ActiveRule { meta: entry.meta, runner, level }];
        let rules = RuleSet { rules, known, ..RuleSet::default() };
        Ok(Self { rules, name, services: Arc::new(services) })
    }

    /// Checks a workspace.
    pub fn run(&self, workspace: &Workspace) -> Outcome {
        let workspace = self.configured(workspace.clone());
        POOL.install(|| engine::run(&workspace, &self.rules))
    }

    /// Fixes a workspace in memory, down to this applicability.
    pub fn fix(&self, workspace: Workspace, lowest: Applicability) -> Fixed {
        let workspace = self.configured(workspace);
        POOL.install(|| engine::fix(workspace, &self.rules, lowest))
    }

    fn configured(&self, mut workspace: Workspace) -> Workspace {
        for project in &mut workspace.projects {
            project.services = self.services.clone();
        }
        workspace
    }

    /// The findings of the rule alone.
    pub fn findings<'o>(&self, outcome: &'o Outcome) -> Vec<&'o Diagnostic> {
        outcome.diagnostics.iter().filter(|found| found.rule.as_str() == self.name).collect()
    }
}

/// The table `services` of `nixlint.toml`, without the words for its mistakes.
fn services(value: toml::Value) -> Result<ServiceSettings, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        prefer: Option<String>,
        #[serde(default)]
        conflict: Vec<Row>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        system: String,
        user: Vec<String>,
        ports: Vec<u16>,
    }
    let table: Table = value.try_into().map_err(|error: toml::de::Error| error.to_string())?;
    let prefer = match table.prefer.as_deref() {
        None => None,
        Some(word) => {
            let side = Side::ALL.into_iter().find(|side| side.as_str() == word);
            Some(side.ok_or_else(|| format!("`{word}` is no side"))?)
        }
    };
    let conflict = |row: Row| {
        let ports = row.ports.into_iter().map(|number| ConflictPort::new(number, Protocol::Tcp)).collect();
        Conflict::of_user("", &row.system, &row.user, ports)
    };
    Ok(ServiceSettings { prefer, conflicts: table.conflict.into_iter().map(conflict).collect() })
}

/// Does the work on a thread with a stack as large as the engine's.
pub fn with_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    POOL.install(work)
}

static POOL: LazyLock<rayon::ThreadPool> = LazyLock::new(|| engine::pool(0));

/// The files of a case without carets.
pub fn files(blocks: &[Block]) -> Files {
    blocks.iter().map(|block| (block.path.clone(), strip(&block.text))).collect()
}

/// The files as one project, in the order of their paths.
pub fn workspace(files: &[(String, String)]) -> Workspace {
    let mut sorted: Vec<&(String, String)> = files.iter().collect();
    sorted.sort();
    let mut workspace = Workspace::default();
    let mut project = ProjectFiles { root: ROOT.into(), ..ProjectFiles::default() };
    for (path, text) in sorted {
        let source = SourceFile::new(format!("{ROOT}/{path}").into(), path.clone(), text.as_str().into());
        let id = workspace.sources.add(Arc::new(source));
        project.files.push(InputFile { id, reported: true });
    }
    workspace.projects.push(project);
    // What is no file of the case does not exist.
    let presence = |_: &_, is_there| if is_there { Presence::There } else { Presence::Missing };
    workspace.reader = Reader::new(|_| None, presence);
    workspace
}

/// The texts of a workspace.
pub fn texts(workspace: &Workspace) -> Files {
    workspace.sources.iter().map(|(_, file)| (file.display.clone(), file.text.to_string())).collect()
}

/// The text of the file, which is there.
pub fn text_of(files: &[(String, String)], path: &str) -> String {
    let file = files.iter().find(|(name, _)| name == path);
    file.expect("the file belongs to the case").1.clone()
}

/// The findings in a file as marks.
pub fn marks(workspace: &Workspace, file: FileId, found: &[&Diagnostic]) -> Vec<Mark> {
    let lines = workspace.sources.get(file).lines();
    let mark = |diagnostic: &&&Diagnostic| {
        let range = diagnostic.primary.span.range();
        let start = lines.position(range.start(), PositionEncoding::Chars);
        let end = lines.position(range.end(), PositionEncoding::Chars);
        Mark {
            line: start.line as usize,
            start: start.column as usize,
            end: (end.line == start.line).then_some(end.column as usize),
            message: diagnostic.message.clone(),
        }
    };
    found.iter().filter(|diagnostic| diagnostic.primary.span.file == file).map(|found| mark(&found)).collect()
}

/// The workspace of a case.
pub fn workspace_of(case: &Case) -> Workspace {
    let mut workspace = workspace(&files(&case.sources));
    if !case.data.is_empty() {
        let data: Vec<(String, String)> =
            case.data.iter().map(|block| (format!("{ROOT}/{}", block.path), block.text.clone())).collect();
        let read = move |path: &camino::Utf8Path| {
            data.iter().find(|(name, _)| name == path.as_str()).map(|(_, text)| text.clone())
        };
        let presence = |_: &_, is_there| if is_there { Presence::There } else { Presence::Missing };
        workspace.reader = Reader::new(read, presence);
    }
    workspace
}

/// A workspace of other texts that reads what `before` reads.
pub fn workspace_beside(before: &Workspace, files: &[(String, String)]) -> Workspace {
    Workspace { reader: before.reader.clone(), ..workspace(files) }
}
