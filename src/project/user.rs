//! The homes that Home Manager makes on a host: `home-manager.users`, a closure of its own for each.
//!
//! Must never put a module of a home to the host: the options of the two are different ones.

use std::rc::Rc;

use super::closure::OpenEdge;
use super::flake::HostClass;
use super::host::Host;
use super::imports::{Edge, read_import, read_imports};
use super::table::{Certainty, Definition, Node, OptionKey};
use crate::eval::{Attrs, Condition, Entry, Name, Realm, SymbolRoot, TextPiece, Val};

/// Where the name stands in the path of a definition, after `home-manager.users`.
const USER_AT: usize = 2;

/// What stands for what is not known of a name.
const HOLE: &str = "*";

/// A user of a host whose home Home Manager makes.
pub struct User<'m> {
    /// The name; with `*` for what is not known of it.
    pub name: String,
    /// What their home is made of: a host with options of its own.
    pub home: Host<'m>,
}

/// The users of a host.
#[derive(Default)]
pub(super) struct Users<'m> {
    /// By name.
    pub list: Vec<User<'m>>,
    /// Why there may be more.
    pub open: Option<OpenEdge>,
}

/// The users of a host.
pub(super) fn users<'m>(host: &Host<'m>) -> Users<'m> {
    if host.class() == HostClass::Home {
        host.project().note_users(host, false);
        return Users::default();
    }
    let nodes = host.nodes("home-manager.users.*");
    let all = host.node("home-manager.users");
    let open = all.open().and_then(|unknown| {
        let definition = all.definitions().first()?;
        Some(OpenEdge { reason: unknown.clone(), file: definition.file, span: definition.span() })
    });
    if nodes.is_empty() {
        host.project().note_users(host, open.is_some());
        return Users { list: Vec::new(), open };
    }
    let mut users: Vec<(String, Vec<Rc<Node>>)> = Vec::new();
    for (mut keys, node) in nodes {
        let Some(key) = keys.pop() else { continue };
        let name = resolved(host, &key);
        if !node.definitions().iter().any(|definition| is_about(host, definition, &name)) {
            continue;
        }
        match users.iter_mut().find(|(known, _)| *known == name) {
            Some((_, nodes)) => nodes.push(node),
            None => users.push((name, vec![node])),
        }
    }
    users.sort_by(|a, b| a.0.cmp(&b.0));
    let special = arguments(host);
    let user = |(name, nodes): (String, Vec<Rc<Node>>)| {
        let file = nodes.iter().find_map(|node| Some(node.definitions().first()?.file));
        let file = file.expect("invariant: a key has a definition");
        let roots = || {
            let mut roots = shared_modules(host);
            roots.extend(nodes.iter().flat_map(|node| modules(host, node, &name)));
            roots
        };
        User { home: host.project().home(host, &name, special.clone(), file, roots), name }
    };
    let list = users.into_iter().map(user).collect();
    host.project().note_users(host, open.is_some());
    Users { list, open }
}

/// Whether a definition below a key that may be `user` is about `user`.
fn is_about(host: &Host<'_>, definition: &Definition, user: &str) -> bool {
    match definition.path.get(USER_AT) {
        Some(key @ OptionKey::Pattern(_)) => {
            let name = resolved(host, key);
            name == user || name.contains(HOLE)
        }
        _ => true,
    }
}

/// The modules that define a user.
fn modules(host: &Host<'_>, node: &Node, user: &str) -> Vec<Edge> {
    let mut result = Vec::new();
    for definition in node.definitions().iter().filter(|definition| is_about(host, definition, user)) {
        let (val, condition) = (&definition.value, &definition.condition);
        let edges = read_import(host.machine(), host.project().input, definition.file, val, condition);
        result.extend(edges.into_iter().map(|edge| edge.at_most(definition.certainty)));
    }
    result
}

/// What every user has.
fn shared_modules(host: &Host<'_>) -> Vec<Edge> {
    let node = host.node("home-manager.sharedModules");
    let mut result: Vec<Edge> = Vec::new();
    for definition in node.definitions() {
        let list = definition.value.clone().thunk();
        let is_sure = definition.condition == Condition::True;
        let certainty = if is_sure { definition.certainty } else { Certainty::May };
        let edges = read_imports(host.machine(), host.project().input, definition.file, &list);
        result.extend(edges.into_iter().map(|edge| edge.at_most(certainty)));
    }
    result
}

/// What modules of users are called with.
fn arguments(host: &Host<'_>) -> Rc<Attrs> {
    let machine = host.machine();
    let root = SymbolRoot::Config(Realm::System);
    let system = Val::symbol(root);
    let mut entries: Vec<(Name, Entry)> = ["osConfig", "nixosConfig", "darwinConfig"]
        .into_iter()
        .map(|name| (machine.name(name), Entry::of(system.clone().thunk())))
        .collect();
    for definition in host.node("home-manager.extraSpecialArgs").definitions() {
        if let Ok(attrs) = machine.set(&definition.value) {
            entries.extend(attrs.entries.iter().cloned());
        }
    }
    Rc::new(Attrs::from_entries(entries))
}

/// The text of a key, with the holes filled that are options of the host with a known value.
fn resolved(host: &Host<'_>, key: &OptionKey) -> String {
    let OptionKey::Pattern(text) = key else { return key.display() };
    let piece = |piece: &TextPiece| match piece {
        TextPiece::Known { text, .. } => text.to_string(),
        TextPiece::Hole(hole) => {
            let known = hole.value.as_ref().and_then(|val| host.known_text(val));
            known.unwrap_or_else(|| HOLE.to_owned())
        }
    };
    text.pieces.iter().map(piece).collect()
}
