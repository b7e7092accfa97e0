//! The homes that Home Manager makes on a host: `home-manager.users`, a closure of its own for each.
//!
//! Must never put a module of a home to the host: the options of the two are different ones.

use std::rc::Rc;

use super::closure::closure;
use super::host::Host;
use super::imports::{Edge, import, read_imports};
use super::table::{Certainty, Node, OptionKey};
use crate::eval::{
    Attrs, Condition, Entry, Name, Reason, Symbol, SymbolRoot, Thunk, Unknown, Val, Value, is_error,
};

/// A user of a host whose home Home Manager makes.
pub struct User<'m> {
    /// The name; with `*` for what is not known of it.
    pub name: String,
    /// What their home is made of: a host of its own, with options of its own.
    pub home: Host<'m>,
}

/// The users of a host, by name.
pub(super) fn users<'m>(host: &Host<'m>) -> Vec<User<'m>> {
    if host.class() == HostClass::Home {
        return Vec::new();
    }
    let special = arguments(host);
    let shared = shared_modules(host);
    let mut users: Vec<(String, Vec<Rc<Node>>)> = Vec::new();
    for (mut keys, node) in host.nodes("home-manager.users.*") {
        let Some(key) = keys.pop() else { continue };
        let name = name_of(host, &key);
        match users.iter_mut().find(|(known, _)| *known == name) {
            Some((_, nodes)) => nodes.push(node),
            None => users.push((name, vec![node])),
        }
    }
    users.sort_by(|a, b| a.0.cmp(&b.0));
    let user = |(name, nodes): (String, Vec<Rc<Node>>)| {
        let mut roots = shared(host);
        for node in nodes {
            roots.extend(modules_of(host, &node));
        }
        let closure = closure(host.machine(), host.input(), roots, &special);
        User { home: host.of_user(name.clone(), closure), name }
    };
    users.into_iter().map(user).collect()
}
