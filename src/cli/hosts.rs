//! `nixlint hosts`: the hosts of each flake and the modules they are made of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8Path;
use serde::Serialize;

use super::args::{HostsArgs, RuleArgs, TableFormat};
use super::output::{Streams, to_stdout};
use super::run::Run;
use super::table::Table;
use super::{Failure, Status};
use crate::config::RuleBook;
use crate::project::{Certainty, Host, HostClass, ModuleForm, OpenEdge, Project};
use crate::report::printable;
use crate::text::{FileId, PositionEncoding, Sources};

/// How many open imports of a host a table names.
const NAMED: usize = 3;

/// Lists the hosts of all projects.
pub(super) fn run(args: HostsArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let run = Run::prepare(args.files, &RuleArgs::default(), book)?;
    let projects = run.visit_projects(|_, project| ProjectHosts::of(&run, project));
    let hosts: Vec<&HostRow> = projects.iter().flat_map(|project| &project.hosts).collect();
    let text = match args.output_format {
        TableFormat::Json => {
            let json = serde_json::to_string_pretty(&hosts);
            json.expect("invariant: names and texts make JSON") + "\n"
        }
        format => {
            let with_hosts: Vec<_> = projects.iter().filter(|project| !project.hosts.is_empty()).collect();
            let several = with_hosts.len() > 1;
            let show = |project: &&ProjectHosts| project.show(format, several, args.list_files);
            with_hosts.iter().map(show).collect::<Vec<_>>().join("\n")
        }
    };
    to_stdout(text)?;
    if hosts.is_empty() && args.output_format != TableFormat::Json {
        streams.note("no hosts found\n");
    }
    Ok(if run.complain(streams) { Status::Failed } else { Status::Clean })
}

/// The hosts of a project.
struct ProjectHosts {
    /// Its folder, as it is shown.
    folder: String,
    hosts: Vec<HostRow>,
}

/// A host, as it is printed.
#[derive(Serialize)]
struct HostRow {
    /// The folder of the flake.
    project: String,
    name: String,
    class: &'static str,
    system: Option<String>,
    #[serde(flatten)]
    modules: Modules,
    users: BTreeMap<String, Modules>,
}

/// What a host or a home is made of.
#[derive(Serialize)]
struct Modules {
    files: Vec<File>,
    external: usize,
    open: Vec<Open>,
}

#[derive(Serialize)]
struct File {
    path: String,
    certainty: &'static str,
    r#as: &'static str,
}

/// An import that could not be followed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Open {
    reason: String,
    path: String,
    line: u32,
}

impl ProjectHosts {
    fn of(run: &Run, project: &Project<'_>) -> Self {
        let (root, folder) = (project.root(), folder_of(run, project));
        let mut hosts = Vec::new();
        let mut visit = |host: &Host<'_>| hosts.push(HostRow::of(&folder, root, &run.sources, host));
        project.visit_hosts(&HostClass::ALL, &mut visit);
        Self { folder, hosts }
    }

    fn show(&self, format: TableFormat, with_folder: bool, with_files: bool) -> String {
        let mut text = String::new();
        let is_markdown = format == TableFormat::Markdown;
        if with_folder {
            let folder = printable(&self.folder);
            let _ = if is_markdown { writeln!(text, "## `{folder}`\n") } else { writeln!(text, "{folder}:") };
        }
        let table = Table {
            head: ["HOST", "CLASS", "SYSTEM", "MODULES", "OPEN"],
            rows: self.hosts.iter().flat_map(HostRow::rows).collect(),
        };
        text.push_str(&if is_markdown { table.markdown() } else { table.plain() });
        if with_files {
            for host in &self.hosts {
                host.list(is_markdown, &mut text);
            }
        }
        text
    }
}

impl HostRow {
    fn of(project: &str, root: &Utf8Path, sources: &Sources, host: &Host<'_>) -> Self {
        let mut modules = Modules::of(root, sources, host);
        modules.open.extend(host.open_users().map(|open| Open::of(root, sources, open)));
        let mut users = BTreeMap::new();
        host.visit_users(&mut |user| {
            users.insert(user.name.clone(), Modules::of(root, sources, &user.home));
        });
        Self {
            project: project.to_owned(),
            name: host.name.clone().unwrap_or_default(),
            class: host.class().as_str(),
            system: host.system(),
            modules,
            users,
        }
    }

    /// The rows of the table: one for the host and one for each of its users.
    fn rows(&self) -> Vec<[String; 5]> {
        let system = self.system.clone().unwrap_or_else(|| "?".to_owned());
        let mut rows = vec![[
            self.name.clone(),
            self.class.to_owned(),
            system,
            self.modules.files.len().to_string(),
            self.modules.open_text(),
        ]];
        rows.extend(self.users.iter().map(|(name, home)| {
            let count = home.files.len().to_string();
            [format!("  {name}"), "user".to_owned(), String::new(), count, home.open_text()]
        }));
        rows
    }

    /// The modules as a list.
    fn list(&self, is_markdown: bool, text: &mut String) {
        let name = printable(&self.name).into_owned();
        self.modules.list(&name, is_markdown, text);
        for (user, home) in &self.users {
            home.list(&format!("{name}, user {}", printable(user)), is_markdown, text);
        }
    }
}

impl Modules {
    fn of(root: &Utf8Path, sources: &Sources, host: &Host<'_>) -> Self {
        let file = |module: &crate::project::ModuleFile| File {
            path: relative(root, sources, module.file),
            certainty: match module.certainty {
                Certainty::Must => "must",
                Certainty::May | Certainty::Open => "may",
            },
            r#as: match module.form {
                ModuleForm::Path => "path",
                ModuleForm::Inline => "inline",
            },
        };
        let mut files: Vec<File> = host.files().iter().map(file).collect();
        files.extend(host.unread_files().map(|path| File {
            path: path.strip_prefix(root).unwrap_or(path).to_string(),
            certainty: "must",
            r#as: "path",
        }));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let open = host.open_imports().iter().map(|open| Open::of(root, sources, open)).collect();
        Self { files, external: host.external(), open }
    }

    /// What is open and why, in a few lines.
    fn open_text(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for open in self.open.iter().take(NAMED) {
            lines.push(format!("{}:{}: {}", open.path, open.line, open.reason));
        }
        if self.open.len() > NAMED {
            lines.push(format!("and {} more", self.open.len() - NAMED));
        }
        if lines.is_empty() { "-".to_owned() } else { lines.join("\n") }
    }

    fn list(&self, name: &str, is_markdown: bool, text: &mut String) {
        let _ = if is_markdown { writeln!(text, "\n### {name}\n") } else { writeln!(text, "\n{name}:") };
        for file in &self.files {
            let path = printable(&file.path);
            let _ = if is_markdown { write!(text, "- `{path}`") } else { write!(text, "  {path}") };
            let notes: Vec<&str> = [file.r#as, file.certainty]
                .into_iter()
                .filter(|word| !["path", "must"].contains(word))
                .collect();
            if !notes.is_empty() {
                let _ = write!(text, " ({})", notes.join(", "));
            }
            text.push('\n');
        }
    }
}

impl Open {
    pub(super) fn of(root: &Utf8Path, sources: &Sources, open: &OpenEdge) -> Self {
        let file = open.span.map_or(open.file, |span| span.file);
        let start = open.span.map(|span| span.range().start()).unwrap_or_default();
        let line = sources.get(file).lines().position(start, PositionEncoding::Utf8).line + 1;
        Self { reason: open.reason.reason.to_string(), path: relative(root, sources, file), line }
    }
}

/// The folder of a project, as it is shown: below the working directory where it is there.
pub(super) fn folder_of(run: &Run, project: &Project<'_>) -> String {
    let root = project.root();
    let folder = run.folder().to_str().and_then(|folder| root.strip_prefix(folder).ok());
    let folder = folder.unwrap_or(root);
    if folder.as_str().is_empty() { ".".to_owned() } else { folder.to_string() }
}

/// The path of a file below the root of its project.
pub(super) fn relative(root: &Utf8Path, sources: &Sources, file: FileId) -> String {
    let path = &sources.get(file).path;
    path.strip_prefix(root).unwrap_or(path).to_string()
}
