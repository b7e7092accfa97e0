//! `nixlint inventory`: what hosts run, and where it is written.
//!
//! Shows what the views of a host say; must never add anything to it. What is not known is shown as `?`.

mod listing;
mod rows;

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde_json::{Map, Value, json};

use self::listing::Listing;
use super::args::{InventoryArgs, InventoryKind, RuleArgs, TableFormat};
use super::output::{Streams, to_stdout};
use super::run::Run;
use super::{Failure, Status};
use crate::config::{RuleBook, UnknownName};
use crate::project::{Host, HostClass};
use crate::text::{PositionEncoding, Sources, Span};

/// Lists what the hosts of all projects run.
pub(super) fn run(args: InventoryArgs, book: RuleBook<'_>, streams: &Streams) -> Result<Status, Failure> {
    let run = Run::prepare(args.files, &RuleArgs::default(), book)?;
    let wanted = args.host.as_deref();
    let projects = run.visit_projects(|_, project| {
        let root = project.root();
        let folder = run.folder().to_str().and_then(|folder| root.strip_prefix(folder).ok());
        let folder = folder.unwrap_or(root).as_str();
        let folder = if folder.is_empty() { "." } else { folder };
        let mut names = BTreeSet::new();
        let mut hosts = Vec::new();
        project.visit_hosts(&HostClass::ALL, &mut |host| {
            let Some(name) = &host.name else { return };
            names.insert(name.clone());
            if wanted.is_none_or(|wanted| wanted == name) {
                let cx = Cx { host, root, sources: &run.sources };
                hosts.push(Inventory::of(folder, name, args.kind, &cx));
            }
        });
        (names, hosts)
    });
    let (names, hosts): (Vec<_>, Vec<_>) = projects.into_iter().unzip();
    let names: BTreeSet<String> = names.into_iter().flatten().collect();
    let hosts: Vec<Inventory> = hosts.into_iter().flatten().collect();
    if let Some(wanted) = wanted
        && hosts.is_empty()
    {
        return Err(unknown_host(wanted, &names));
    }
    let text = match args.output_format {
        TableFormat::Json => {
            let hosts: Vec<Value> = hosts.iter().map(|host| host.json(args.kind)).collect();
            serde_json::to_string_pretty(&hosts).expect("invariant: names and texts make JSON") + "\n"
        }
        format => {
            let several = hosts.iter().any(|host| host.project != hosts[0].project);
            let texts = hosts.iter().map(|host| host.show(args.kind, format, several));
            texts.collect::<Vec<_>>().join("\n")
        }
    };
    to_stdout(text)?;
    if hosts.is_empty() && args.output_format != TableFormat::Json {
        streams.note("no hosts found\n");
    }
    Ok(if run.complain(streams) { Status::Failed } else { Status::Clean })
}

pub(super) fn unknown_host(wanted: &str, names: &BTreeSet<String>) -> Failure {
    let unknown = UnknownName::new("host", wanted, names.iter().map(String::as_str));
    let help = match unknown.suggestion() {
        Some(suggestion) => format!("did you mean `{suggestion}`?"),
        None => "`nixlint hosts` lists them all".to_owned(),
    };
    miette::MietteDiagnostic::new(unknown.to_string()).with_help(help).into()
}

/// What one host has of a kind.
struct Inventory {
    /// The folder of the flake, as it is shown.
    project: String,
    host: String,
    class: &'static str,
    listing: Listing,
    items: Vec<Value>,
    totals: Vec<(String, usize)>,
}

/// A host and what its places are shown with.
struct Cx<'c, 'm> {
    host: &'c Host<'m>,
    root: &'c Utf8Path,
    sources: &'c Sources,
}

impl Cx<'_, '_> {
    /// The lines of a place: `modules/web.nix:12-30`.
    fn place(&self, span: Span) -> String {
        let (path, first, last) = self.lines(span);
        if first == last { format!("{path}:{first}") } else { format!("{path}:{first}-{last}") }
    }

    fn json_place(&self, span: Span) -> Value {
        let (path, first, last) = self.lines(span);
        json!({ "path": path, "line": first, "endLine": last })
    }

    fn lines(&self, span: Span) -> (String, u32, u32) {
        let file = self.sources.get(span.file);
        let path = file.path.strip_prefix(self.root).unwrap_or(&file.path).to_string();
        let line = |offset| file.lines().position(offset, PositionEncoding::Utf8).line + 1;
        (path, line(span.range().start()), line(span.range().end()))
    }
}

impl Inventory {
    fn of(project: &str, name: &str, kind: InventoryKind, cx: &Cx<'_, '_>) -> Self {
        let collected = match kind {
            InventoryKind::Services => rows::services(cx),
            InventoryKind::Ports => rows::ports(cx),
            InventoryKind::Containers => rows::containers(cx),
            InventoryKind::Paths => rows::paths(cx),
            InventoryKind::Secrets => rows::secrets(cx),
            InventoryKind::Users => rows::users(cx),
            InventoryKind::Conflicts => rows::conflicts(cx),
        };
        Self {
            project: project.to_owned(),
            host: name.to_owned(),
            class: cx.host.class().as_str(),
            listing: collected.listing,
            items: collected.items,
            totals: collected.totals,
        }
    }

    fn json(&self, kind: InventoryKind) -> Value {
        let totals: Map<String, Value> =
            self.totals.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
        json!({
            "project": self.project,
            "host": self.host,
            "class": self.class,
            kind.as_str(): self.items,
            "totals": totals,
        })
    }

    fn show(&self, kind: InventoryKind, format: TableFormat, with_folder: bool) -> String {
        let name = if with_folder { format!("{}#{}", self.project, self.host) } else { self.host.clone() };
        let totals: Vec<String> = self.totals.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let totals = if totals.is_empty() { format!("no {}", kind.as_str()) } else { totals.join(", ") };
        match format {
            TableFormat::Markdown => self.listing.markdown(&name, &totals),
            _ => self.listing.plain(&name, &totals),
        }
    }
}
