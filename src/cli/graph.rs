//! `nixlint graph`: which module is imported by which, from the hosts down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::args::{GraphArgs, GraphFormat, RuleArgs};
use super::hosts::{Open, folder_of, relative};
use super::inventory::unknown_host;
use super::output::{Streams, to_stdout};
use super::run::Run;
use super::{Failure, Status};
use crate::config::RuleBook;
use crate::project::{Certainty, Host, HostClass, Project};
use crate::report::printable;
use crate::text::FileId;

/// Draws the imports of all projects.
pub(super) fn run(args: GraphArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let run = Run::prepare(args.files, &RuleArgs::default(), book)?;
    let drawn = run.visit_projects(|_, project| Graph::of(&run, project, &args.hosts));
    let (names, graphs): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
    let names: BTreeSet<String> = names.into_iter().flatten().collect();
    if let Some(unknown) = args.hosts.iter().find(|host| !names.contains(*host)) {
        return Err(unknown_host(unknown, &names));
    }
    let graphs: Vec<Graph> = graphs.into_iter().filter(|graph| !graph.nodes.is_empty()).collect();
    let text = match args.output_format {
        GraphFormat::Mermaid => mermaid(&graphs),
        GraphFormat::Dot => dot(&graphs),
        GraphFormat::Json => {
            serde_json::to_string_pretty(&graphs).expect("invariant: names and texts make JSON") + "\n"
        }
    };
    to_stdout(text)?;
    if graphs.is_empty() && args.output_format != GraphFormat::Json {
        streams.note("no hosts found\n");
    }
    Ok(if run.complain(streams) { Status::Failed } else { Status::Clean })
}

/// The imports of one project.
#[derive(Serialize)]
struct Graph {
    /// The folder of the flake.
    project: String,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Serialize)]
struct Node {
    /// Its number among the nodes.
    id: usize,
    kind: Kind,
    /// The name of a host or user, the path of a file.
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    /// Its imports that could not be followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open: Vec<Open>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Host,
    User,
    /// A module of some host.
    Module,
    /// A module of none.
    Unattached,
}

#[derive(Serialize)]
struct Edge {
    from: usize,
    to: usize,
    certainty: &'static str,
}

/// A graph that is being put together.
struct Builder<'r> {
    run: &'r Run,
    project: &'r Project<'r>,
    nodes: Vec<Node>,
    files: BTreeMap<FileId, usize>,
    edges: BTreeMap<(usize, usize), Certainty>,
}

impl Graph {
    /// The names of all hosts of the project, and the imports of those that are wanted.
    fn of(run: &Run, project: &Project<'_>, wanted: &[String]) -> (BTreeSet<String>, Self) {
        let mut names = BTreeSet::new();
        let (nodes, files, edges) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let mut builder = Builder { run, project, nodes, files, edges };
        project.visit_hosts(&HostClass::ALL, &mut |host| {
            let name = host.name.clone().unwrap_or_default();
            if wanted.is_empty() || wanted.contains(&name) {
                builder.host(name.clone(), host);
            }
            names.insert(name);
        });
        if wanted.is_empty() {
            for file in project.unattached().files {
                builder.file(file, Kind::Unattached);
            }
        }
        let certainty = |certainty| if certainty == Certainty::Must { "must" } else { "may" };
        let edge = |((from, to), how)| Edge { from, to, certainty: certainty(how) };
        let edges = builder.edges.into_iter().map(edge).collect();
        (names, Self { project: folder_of(run, project), nodes: builder.nodes, edges })
    }
}

impl Builder<'_> {
    fn host(&mut self, name: String, host: &Host<'_>) {
        let root = self.node(Kind::Host, name, Some(host.class().as_str()));
        self.imports(root, host);
        host.visit_users(&mut |user| {
            let home = self.node(Kind::User, user.name.clone(), None);
            self.edges.insert((root, home), Certainty::Must);
            self.imports(home, &user.home);
        });
    }

    /// The imports of a host or a home, with `root` in its place.
    fn imports(&mut self, root: usize, host: &Host<'_>) {
        for import in host.imports() {
            let from = import.from.map_or(root, |file| self.file(file, Kind::Module));
            let to = self.file(import.to, Kind::Module);
            let known = self.edges.entry((from, to)).or_insert(import.certainty);
            *known = (*known).min(import.certainty);
        }
        for open in host.open_imports() {
            let node = self.files.get(&open.file).copied().unwrap_or(root);
            let open = Open::of(self.project.root(), &self.run.sources, open);
            if !self.nodes[node].open.contains(&open) {
                self.nodes[node].open.push(open);
            }
        }
    }

    fn file(&mut self, file: FileId, kind: Kind) -> usize {
        if let Some(known) = self.files.get(&file) {
            return *known;
        }
        let name = relative(self.project.root(), &self.run.sources, file);
        let node = self.node(kind, name, None);
        self.files.insert(file, node);
        node
    }

    fn node(&mut self, kind: Kind, name: String, class: Option<&'static str>) -> usize {
        let id = self.nodes.len();
        self.nodes.push(Node { id, kind, name, class, open: Vec::new() });
        id
    }
}

impl Node {
    /// The marks of the node, for styles.
    fn marks(&self) -> Vec<&'static str> {
        let kind = match self.kind {
            Kind::Host => Some("host"),
            Kind::User => Some("user"),
            Kind::Module => None,
            Kind::Unattached => Some("unattached"),
        };
        kind.into_iter().chain((!self.open.is_empty()).then_some("open")).collect()
    }
}

/// A flowchart of <https://mermaid.js.org>; one for all projects.
fn mermaid(graphs: &[Graph]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (number, graph) in graphs.iter().enumerate() {
        let id = |node: usize| format!("p{number}n{node}");
        if graphs.len() > 1 {
            let _ = writeln!(text, "  subgraph p{number} [\"{}\"]", mermaid_text(&graph.project));
        }
        for node in &graph.nodes {
            let name = mermaid_text(&node.name);
            let _ = match node.kind {
                Kind::Host => write!(text, "  {}([\"{name}\"])", id(node.id)),
                Kind::User => write!(text, "  {}[/\"{name}\"/]", id(node.id)),
                Kind::Module | Kind::Unattached => write!(text, "  {}[\"{name}\"]", id(node.id)),
            };
            text.push('\n');
            for mark in node.marks() {
                let _ = writeln!(text, "  class {} {mark}", id(node.id));
            }
        }
        for edge in &graph.edges {
            let arrow = if edge.certainty == "must" { "-->" } else { "-.->" };
            let _ = writeln!(text, "  {} {arrow} {}", id(edge.from), id(edge.to));
        }
        if graphs.len() > 1 {
            text.push_str("  end\n");
        }
    }
    text.push_str("  classDef host stroke-width:3px\n");
    text.push_str("  classDef open stroke:#c00\n");
    text.push_str("  classDef unattached stroke-dasharray:4\n");
    text
}

fn mermaid_text(text: &str) -> String {
    printable(text).replace('#', "#35;").replace('"', "#quot;")
}

/// A graph for Graphviz; one for all projects.
fn dot(graphs: &[Graph]) -> String {
    let mut text = "digraph imports {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (number, graph) in graphs.iter().enumerate() {
        let id = |node: usize| format!("p{number}n{node}");
        let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label={};", dot_text(&graph.project));
        for node in &graph.nodes {
            let mut attributes = vec![format!("label={}", dot_text(&node.name))];
            match node.kind {
                Kind::Host => attributes.push("shape=ellipse, penwidth=3".to_owned()),
                Kind::User => attributes.push("shape=parallelogram".to_owned()),
                Kind::Module => {}
                Kind::Unattached => attributes.push("style=dashed".to_owned()),
            }
            if !node.open.is_empty() {
                attributes.push("color=red".to_owned());
            }
            let _ = writeln!(text, "    {} [{}];", id(node.id), attributes.join(", "));
        }
        for edge in &graph.edges {
            let style = if edge.certainty == "must" { "" } else { " [style=dashed]" };
            let _ = writeln!(text, "    {} -> {}{style};", id(edge.from), id(edge.to));
        }
        text.push_str("  }\n");
    }
    text.push_str("}\n");
    text
}

fn dot_text(text: &str) -> String {
    format!("\"{}\"", printable(text).replace('\\', "\\\\").replace('"', "\\\""))
}
