//! A `flake.lock` as rules ask about it: what each input is locked to, and what its own inputs are.

use serde_json::Value as Json;

use super::lock::{registered, repository_of, resolve};

/// A lock file.
#[derive(Debug)]
pub struct LockFile {
    nodes: Json,
    root: String,
}

/// A node of the lock file: the flake itself or an input.
#[derive(Debug, Clone, Copy)]
pub struct LockedNode<'l> {
    lock: &'l LockFile,
    /// Its key, which is the same for all inputs that share it.
    pub key: &'l str,
    node: &'l Json,
}

impl LockFile {
    /// Reads the text; `None` where it is no lock file.
    pub(in crate::project) fn read(text: &str) -> Option<Self> {
        let mut lock: Json = serde_json::from_str(text).ok()?;
        let root = lock.get("root")?.as_str()?.to_owned();
        let nodes = lock.get_mut("nodes")?.take();
        nodes.get(&root)?;
        Some(Self { nodes, root })
    }

    fn node(&self, key: &str) -> Option<LockedNode<'_>> {
        let (key, node) = self.nodes.as_object()?.get_key_value(key)?;
        Some(LockedNode { lock: self, key, node })
    }

    /// The flake itself.
    pub fn root(&self) -> Option<LockedNode<'_>> {
        self.node(&self.root)
    }

    /// Every node but the flake itself.
    pub fn nodes(&self) -> impl Iterator<Item = LockedNode<'_>> {
        let nodes = self.nodes.as_object().into_iter().flatten();
        nodes.filter(|(key, _)| **key != self.root).map(|(key, node)| LockedNode { lock: self, key, node })
    }
}

impl<'l> LockedNode<'l> {
    /// The names of its inputs, with whether each is locked for it and does not follow another.
    pub fn inputs(&self) -> impl Iterator<Item = (&'l str, bool)> {
        let inputs = self.node.get("inputs").and_then(Json::as_object).into_iter().flatten();
        inputs.map(|(name, target)| (name.as_str(), target.is_string()))
    }

    /// The input of this name; `None` where it has none, or it follows one that is not there.
    pub fn input(&self, name: &str) -> Option<LockedNode<'l>> {
        let target = self.node.get("inputs")?.get(name)?;
        self.lock.node(resolve(&self.lock.nodes, &self.lock.root, target, 0)?)
    }

    /// Whether it has an input of this name.
    pub fn has_input(&self, name: &str) -> bool {
        self.node.get("inputs").is_some_and(|inputs| inputs.get(name).is_some())
    }

    /// Whether it is a flake.
    pub fn is_flake(&self) -> bool {
        self.node.get("flake").and_then(Json::as_bool).unwrap_or(true)
    }

    /// `owner/name` in lower case, as far as it has such a name.
    pub fn repository(&self) -> Option<String> {
        ["original", "locked"].into_iter().find_map(|part| {
            let field = |name: &str| self.node.get(part)?.get(name)?.as_str();
            match (field("owner"), field("repo")) {
                (Some(owner), Some(repo)) => Some(format!("{owner}/{repo}").to_lowercase()),
                _ => field("url").and_then(repository_of).or_else(|| registered(field("id")?)),
            }
        })
    }

    /// The branch or tag that it follows, or the address that names it.
    pub fn reference(&self) -> Option<&'l str> {
        let original = self.node.get("original")?;
        original.get("ref").or_else(|| original.get("url"))?.as_str()
    }

    /// What it is locked to: the revision or the hash of what was fetched.
    pub fn revision(&self) -> Option<&'l str> {
        let locked = self.node.get("locked")?;
        locked.get("rev").or_else(|| locked.get("narHash"))?.as_str()
    }

    /// When its newest commit was made, in seconds since 1970.
    pub fn modified(&self) -> Option<i64> {
        self.node.get("locked")?.get("lastModified")?.as_i64()
    }
}
