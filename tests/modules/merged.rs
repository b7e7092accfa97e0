//! The values that nixlint finds.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use nixlint::eval::{Condition, SymbolRoot, Val, Value};
use nixlint::module::Facts;
use nixlint::project::{Host, HostClass, ProjectFile, ProjectInput, Resolved, ServiceSettings, Tree, link};
use nixlint::semantic::lower;
use nixlint::syntax::parse;
use nixlint::text::FileId;
use serde_json::{Number, Value as Json};

/// What the options at `paths` come to on a host of the modules `roots`; else why they are not known.
pub(crate) fn values(
    files: &BTreeMap<String, String>,
    roots: &[String],
    paths: &[String],
) -> Vec<Result<Json, String>> {
    let root = Utf8PathBuf::from("/project");
    let modules: Vec<String> = roots.iter().map(|name| format!("./{name}")).collect();
    let flake = format!(
        "{{ outputs = {{ nixpkgs, ... }}: {{ nixosConfigurations.host = nixpkgs.lib.nixosSystem {{ modules = [ {} ]; }}; }}; }}",
        modules.join(" ")
    );
    let mut texts: Vec<(Utf8PathBuf, String)> =
        files.iter().map(|(name, text)| (root.join(name), text.clone())).collect();
    texts.push((root.join("flake.nix"), flake));
    texts.sort();
    let linked = |(number, (path, text)): (usize, &(Utf8PathBuf, String))| {
        let parsed = parse(text);
        assert!(parsed.is_ok(), "{path} has syntax errors:\n{text}");
        let facts = Facts::new(lower(&parsed.root()).ir, text);
        ProjectFile { id: FileId(number as u32), path: path.clone(), facts: Some(Arc::new(facts)) }
    };
    let project: Vec<ProjectFile> = texts.iter().enumerate().map(linked).collect();
    let tree = Tree::default();
    let read = |path: &Utf8Path| texts.iter().find(|(own, _)| own == path).map(|(_, text)| text.clone());
    let input = ProjectInput {
        root: &root,
        files: &project,
        hosts: &[],
        services: &ServiceSettings::default(),
        tree: &tree,
        read: &read,
        presence: &|_, _| nixlint::project::Presence::Unknown,
    };
    let found = link(&input, |project| {
        let mut found = Vec::new();
        project.visit_hosts(&[HostClass::Nixos], &mut |host| {
            found = paths.iter().map(|path| value(host, path)).collect();
        });
        found
    });
    let result = found.expect("room for the evaluator");
    assert_eq!(result.len(), paths.len(), "the flake has one host");
    result
}

fn value(host: &Host<'_>, path: &str) -> Result<Json, String> {
    match host.merged(path) {
        Resolved::Known(val) => json(host, &val),
        Resolved::Unset => Err("unset".to_owned()),
        Resolved::Unknown(unknown) => Err(format!("{:?}", unknown.reason)),
    }
}

/// The value as JSON, as `builtins.toJSON` writes it.
fn json(host: &Host<'_>, val: &Val) -> Result<Json, String> {
    let machine = host.machine();
    match &val.value {
        Value::Null => Ok(Json::Null),
        Value::Bool(value) => Ok(Json::Bool(*value)),
        Value::Int(value) => Ok(Json::Number((*value).into())),
        Value::Float(value) => Ok(Number::from_f64(*value).map_or(Json::Null, Json::Number)),
        Value::Str(text) => {
            text.exact().map(Json::String).ok_or_else(|| format!("a text with holes: {}", text.display()))
        }
        Value::List(list) => {
            if let Some(open) = &list.open {
                return Err(format!("an open list: {:?}", open.reason));
            }
            let element = |element: &nixlint::eval::Element| match element.condition {
                Condition::True => json(host, &machine.force(&element.value)),
                _ => Err("an element under a condition".to_owned()),
            };
            list.elements.iter().map(element).collect::<Result<_, _>>().map(Json::Array)
        }
        Value::Attrs(attrs) => {
            if !attrs.is_closed() {
                return Err(format!("an open set: {:?}", attrs.open.as_ref().map(|open| &open.reason)));
            }
            let mut object = serde_json::Map::new();
            for (name, entry) in &attrs.entries {
                if entry.condition != Condition::True {
                    return Err("a name under a condition".to_owned());
                }
                object.insert(machine.text_of(*name).to_string(), json(host, &machine.force(&entry.value))?);
            }
            Ok(Json::Object(object))
        }
        Value::Symbol(symbol) if matches!(symbol.root, SymbolRoot::Config(_)) => {
            value(host, &machine.path_text(&symbol.path))
        }
        Value::Unknown(unknown) => Err(format!("{:?}", unknown.reason)),
        Value::Choice(_) => Err("several values".to_owned()),
        Value::Condition(_) => Err("a condition".to_owned()),
        other => Err(format!("no data: {other:?}")),
    }
}
