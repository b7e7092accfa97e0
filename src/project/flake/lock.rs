//! The inputs of the project's flake: their names, and the repositories they come from, from `flake.lock`
//! or, without one, from `flake.nix` itself.
//!
//! Must never take an input for something it is not: without a source only its name speaks.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde_json::Value as Json;

use super::super::input::ProjectInput;
use super::super::renames::Pin;
use crate::eval::{Machine, Val, Value, normalise};
use crate::nixos::renames::Release;
use crate::semantic::Expr;

/// What is known of a flake input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Input {
    /// `owner/name` in lower case, as far as it has such a name.
    pub repository: Option<String>,
    /// The folder of the project it is, as `path:` inputs are.
    pub folder: Option<Utf8PathBuf>,
    /// Whether its own outputs are evaluated.
    pub is_flake: bool,
}

/// The inputs of a flake.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub by_name: BTreeMap<String, Input>,
    /// Whether there are no others.
    pub is_closed: bool,
}

/// Names of the global flake registry (NixOS/flake-registry:flake-registry.json@ffa18e3c) for what is
/// known here.
const REGISTRY: [(&str, &str); 6] = [
    ("flake-parts", "hercules-ci/flake-parts"),
    ("flake-utils", "numtide/flake-utils"),
    ("home-manager", "nix-community/home-manager"),
    ("nix-darwin", "nix-darwin/nix-darwin"),
    ("nixpkgs", "nixos/nixpkgs"),
    ("systems", "nix-systems/default"),
];

/// Reads the inputs of the flake in `flake`, the value of the project's `flake.nix`.
pub(super) fn inputs(machine: &Machine<'_>, project: &ProjectInput<'_>, flake: &Val) -> Inputs {
    let mut inputs = from_flake(machine, project, flake);
    let lock = machine.loader().read(&project.root.join("flake.lock"));
    if let Some(lock) = lock.and_then(|text| serde_json::from_str::<Json>(&text).ok())
        && let Some(locked) = from_lock(project, &lock)
    {
        for (name, input) in locked {
            let known = inputs.by_name.entry(name).or_default();
            let folder = known.folder.take().or(input.folder);
            *known = Input { folder, ..input };
        }
        inputs.is_closed = true;
    }
    inputs
}

/// What `flake.nix` says: the attribute `inputs`, and the formals of `outputs`.
fn from_flake(machine: &Machine<'_>, project: &ProjectInput<'_>, flake: &Val) -> Inputs {
    let mut inputs = Inputs::default();
    let declared = machine.select(flake, machine.name("inputs")).and_then(|inputs| machine.set(&inputs));
    if let Ok(set) = &declared {
        inputs.is_closed = set.is_closed();
        for (name, entry) in &set.entries {
            let input = declared_input(machine, project, &machine.force(&entry.value));
            inputs.by_name.insert(machine.text_of(*name).to_string(), input);
        }
    }
    if let Ok(outputs) = machine.select(flake, machine.name("outputs"))
        && let Value::Lambda(closure) = &outputs.value
        && let Expr::Lambda(lambda) = closure.unit.ir.expr(closure.expr)
    {
        for formal in lambda.formals.iter().flatten() {
            let name = closure.unit.ir.name(formal.name);
            if name != "self" {
                let registered =
                    || Input { repository: registered(name), is_flake: true, ..Input::default() };
                inputs.by_name.entry(name.to_owned()).or_insert_with(registered);
            }
        }
    }
    inputs
}

fn declared_input(machine: &Machine<'_>, project: &ProjectInput<'_>, val: &Val) -> Input {
    let field = |name: &str| {
        let val = machine.set(val).ok()?.get(machine.name(name)).map(|entry| machine.force(&entry.value))?;
        match &val.value {
            Value::Path(path) => Some(path.to_string()),
            _ => val.as_str(),
        }
    };
    let repository = match (field("url"), field("owner"), field("repo"), field("id")) {
        (Some(url), ..) => repository_of(&url),
        (None, Some(owner), Some(repo), _) => Some(format!("{owner}/{repo}").to_lowercase()),
        (None, None, None, Some(id)) => registered(&id),
        _ => None,
    };
    let is_flake = machine.set(val).ok().and_then(|set| {
        let entry = set.get(machine.name("flake"))?;
        Some(!matches!(machine.force(&entry.value).value, Value::Bool(false)))
    });
    let folder = field("url").or_else(|| field("path")).and_then(|url| folder_of(project, &url));
    Input { repository, folder, is_flake: is_flake.unwrap_or(true) }
}

/// What the lock file says of the inputs of the root.
fn from_lock(project: &ProjectInput<'_>, lock: &Json) -> Option<Vec<(String, Input)>> {
    let nodes = lock.get("nodes")?;
    let root = lock.get("root")?.as_str()?;
    let mut result = Vec::new();
    for (name, target) in nodes.get(root)?.get("inputs")?.as_object()? {
        let node = resolve(nodes, root, target, 0).and_then(|key| nodes.get(key));
        let input = node.map(|node| locked_input(project, node)).unwrap_or_default();
        result.push((name.clone(), input));
    }
    Some(result)
}

/// What the lock file says of the age of the inputs of the root that come from `repository`.
pub(super) fn pins(lock: &str, repository: &str) -> Vec<Pin> {
    let Ok(lock) = serde_json::from_str::<Json>(lock) else { return Vec::new() };
    let pin = |target: &Json| {
        let nodes = lock.get("nodes")?;
        let root = lock.get("root")?.as_str()?;
        let node = nodes.get(resolve(nodes, root, target, 0)?)?;
        let field = |part: &str, name: &str| node.get(part)?.get(name)?.as_str().map(str::to_owned);
        let sources = || ["original", "locked"].into_iter();
        let is_meant = sources().any(|part| {
            let named = field(part, "owner").zip(field(part, "repo"));
            let named = named.map(|(owner, repo)| format!("{owner}/{repo}").to_lowercase());
            let named = named.or_else(|| field(part, "url").and_then(|url| repository_of(&url)));
            named.or_else(|| registered(&field(part, "id")?)).as_deref() == Some(repository)
        });
        let release = ["ref", "url"].iter().find_map(|name| Release::find(&field("original", name)?));
        let modified = node.get("locked").and_then(|locked| locked.get("lastModified")?.as_i64());
        is_meant.then_some(Pin { release, modified })
    };
    let root = || lock.get("nodes")?.get(lock.get("root")?.as_str()?)?.get("inputs")?.as_object();
    root().into_iter().flatten().filter_map(|(_, target)| pin(target)).collect()
}

/// The node that an input means: its key, or a path of inputs from the root (`follows`).
pub(super) fn resolve<'l>(nodes: &'l Json, root: &'l str, target: &'l Json, depth: u32) -> Option<&'l str> {
    if depth > 20 {
        return None;
    }
    match target {
        Json::String(key) => Some(key),
        Json::Array(path) => path.iter().try_fold(root, |key, name| {
            let target = nodes.get(key)?.get("inputs")?.get(name.as_str()?)?;
            resolve(nodes, root, target, depth + 1)
        }),
        _ => None,
    }
}

fn locked_input(project: &ProjectInput<'_>, node: &Json) -> Input {
    let is_flake = node.get("flake").and_then(Json::as_bool).unwrap_or(true);
    let sources = || ["original", "locked"].into_iter().filter_map(|part| node.get(part));
    let repository = sources().find_map(|source| {
        let field = |name: &str| source.get(name).and_then(Json::as_str);
        match (field("owner"), field("repo")) {
            (Some(owner), Some(repo)) => Some(format!("{owner}/{repo}").to_lowercase()),
            _ => field("url").and_then(repository_of).or_else(|| registered(field("id")?)),
        }
    });
    let folder = sources().find_map(|source| {
        let is_path = source.get("type").and_then(Json::as_str) == Some("path");
        let path = source.get("path").and_then(Json::as_str).filter(|_| is_path)?;
        folder_of(project, path)
    });
    Input { repository, folder, is_flake }
}

/// The folder of the project that a `path:` input means.
fn folder_of(project: &ProjectInput<'_>, url: &str) -> Option<Utf8PathBuf> {
    let path = url.strip_prefix("path:").unwrap_or(url);
    let path = path.split('?').next().unwrap_or_default();
    let absolute = match path {
        path if path.starts_with('/') => normalise(path),
        path if path.starts_with('.') => normalise(&format!("{}/{path}", project.root)),
        _ => return None,
    };
    absolute.starts_with(project.root).then_some(absolute)
}

pub(super) fn registered(id: &str) -> Option<String> {
    REGISTRY.iter().find(|(name, _)| *name == id).map(|(_, repository)| (*repository).to_owned())
}

/// Owner and name in a flake reference; tarballs of a channel are nixpkgs.
pub(super) fn repository_of(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once(':') else {
        return registered(url.split('/').next().unwrap_or_default());
    };
    let is_channel = ["channels.nixos.org", "nixos.org/channels", "flakehub.com/f/nixos/nixpkgs"];
    if is_channel.iter().any(|channel| rest.to_lowercase().contains(channel)) {
        return Some("nixos/nixpkgs".to_owned());
    }
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    match scheme {
        "github" | "gitlab" | "sourcehut" => {}
        "flake" => return registered(parts.first()?),
        _ if rest.starts_with("//") => {
            let host = parts.remove(0);
            if host.ends_with("flakehub.com") && parts.first() == Some(&"f") {
                parts.remove(0);
            }
        }
        _ => return None,
    }
    let [owner, name, ..] = parts.as_slice() else { return None };
    Some(format!("{owner}/{}", name.strip_suffix(".git").unwrap_or(name)).to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_repositories() {
        for (url, repository) in [
            ("github:NixOS/nixpkgs/nixos-unstable", Some("nixos/nixpkgs")),
            ("https://channels.nixos.org/nixpkgs-unstable/nixexprs.tar.xz", Some("nixos/nixpkgs")),
            ("https://flakehub.com/f/Mic92/sops-nix/0.1.tar.gz", Some("mic92/sops-nix")),
            ("git+https://github.com/hercules-ci/flake-parts.git?ref=main", Some("hercules-ci/flake-parts")),
            ("nixpkgs/nixos-26.05", Some("nixos/nixpkgs")),
            ("flake:home-manager", Some("nix-community/home-manager")),
            ("path:./modules", None),
            ("somewhere", None),
        ] {
            assert_eq!(repository_of(url).as_deref(), repository, "{url}");
        }
    }

    #[test]
    fn follows_lead_to_the_node_that_is_meant() {
        let lock: Json = serde_json::from_str(
            r#"{ "root": "root", "nodes": {
                "root": { "inputs": { "a": "a", "b": ["a", "lib"], "c": ["b"], "d": ["d"] } },
                "a": { "inputs": { "lib": "lib_2" } },
                "lib_2": { "original": { "type": "github", "owner": "NixOS", "repo": "nixpkgs" } } } }"#,
        )
        .expect("JSON");
        let nodes = &lock["nodes"];
        let inputs = &nodes["root"]["inputs"];
        assert_eq!(resolve(nodes, "root", &inputs["b"], 0), Some("lib_2"));
        assert_eq!(resolve(nodes, "root", &inputs["c"], 0), Some("lib_2"));
        assert_eq!(resolve(nodes, "root", &inputs["d"], 0), None);
    }
}
