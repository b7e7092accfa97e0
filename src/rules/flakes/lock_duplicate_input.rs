use std::collections::BTreeSet;

use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds repositories that a flake has as an input, and that other inputs bring in versions of their own: more than
    /// the option `copies` allows.
    ///
    /// ## Why is this bad?
    /// Each version is fetched and, for nixpkgs, evaluated for itself; packages are built twice, and the old ones stay
    /// old. `follows` makes an input use the version that the flake has anyway.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.a.url = "github:owner/a";
    ///   inputs.b.url = "github:owner/b";
    ///   outputs = { self, ... }: { };
    /// }
    /// ```
    /// `flake.lock`:
    /// ```json
    /// { "root": "root", "nodes": {
    ///   "root": { "inputs": { "nixpkgs": "nixpkgs", "a": "a", "b": "b" } },
    ///   "a": { "inputs": { "nixpkgs": "nixpkgs_2" } },
    ///   "b": { "inputs": { "nixpkgs": "nixpkgs_3" } },
    ///   "nixpkgs": { "locked": { "rev": "1" }, "original": { "owner": "NixOS", "repo": "nixpkgs" } },
    ///   "nixpkgs_2": { "locked": { "rev": "2" }, "original": { "owner": "NixOS", "repo": "nixpkgs" } },
    ///   "nixpkgs_3": { "locked": { "rev": "3" }, "original": { "owner": "NixOS", "repo": "nixpkgs" } } } }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.a = { url = "github:owner/a"; inputs.nixpkgs.follows = "nixpkgs"; };
    ///   inputs.b = { url = "github:owner/b"; inputs.nixpkgs.follows = "nixpkgs"; };
    ///   outputs = { self, ... }: { };
    /// }
    /// ```
    /// `flake.lock`:
    /// ```json
    /// { "root": "root", "nodes": {
    ///   "root": { "inputs": { "nixpkgs": "nixpkgs", "a": "a", "b": "b" } },
    ///   "a": { "inputs": { "nixpkgs": ["nixpkgs"] } },
    ///   "b": { "inputs": { "nixpkgs": ["nixpkgs"] } },
    ///   "nixpkgs": { "locked": { "rev": "1" }, "original": { "owner": "NixOS", "repo": "nixpkgs" } } } }
    /// ```
    ///
    /// ## Exceptions
    /// Versions that the flake itself asks for, such as a stable and an unstable nixpkgs, do not count. Inputs that say
    /// they build with their own nixpkgs only lose their binary cache when they follow yours: leave those as they are.
    pub struct LockDuplicateInput {
        /// How many versions there may be that other inputs bring.
        copies: usize = 1,
    }

    name: "lock-duplicate-input",
    summary: "inputs bring their own versions of what the flake has",
    group: Flakes,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// How many inputs a note names.
const NAMED: usize = 6;

impl ProjectRule for LockDuplicateInput {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let (Some(flake), Some(lock)) = (project.flake(), project.lock()) else { return };
        let Some(root) = lock.root() else { return };
        let own: Vec<(&str, LockedNode<'_>)> =
            root.inputs().filter_map(|(name, _)| Some((name, root.input(name)?))).collect();
        let mut told = BTreeSet::new();
        for input in flake.inputs() {
            let Some(node) = root.input(input.name) else { continue };
            let Some(repository) = node.repository() else { continue };
            // Of several, that which others call so, too.
            let usual = repository.rsplit('/').next().unwrap_or_default();
            let is_usual = input.name == usual || !own.iter().any(|(name, _)| *name == usual);
            if !is_usual || !told.insert(repository.clone()) {
                continue;
            }
            let others: Vec<LockedNode<'_>> = lock
                .nodes()
                .filter(|other| other.repository().as_ref() == Some(&repository))
                .filter(|other| !own.iter().any(|(_, known)| known.key == other.key))
                .collect();
            let revisions: BTreeSet<&str> = others
                .iter()
                .filter_map(|other| other.revision())
                .filter(|revision| !own.iter().any(|(_, known)| known.revision() == Some(revision)))
                .collect();
            if revisions.len() <= self.copies {
                continue;
            }
            // Who could follow without a further level.
            let mut bringers: Vec<String> = own
                .iter()
                .flat_map(|(name, node)| {
                    let own = node.inputs().filter(|(_, is_own)| *is_own);
                    own.filter_map(move |(below, _)| Some((name, below, node.input(below)?)))
                })
                .filter(|(.., target)| others.iter().any(|other| other.key == target.key))
                .map(|(name, below, _)| format!("{name}.inputs.{below}"))
                .collect();
            let Some(first) = bringers.first().cloned() else { continue };
            let more = bringers.len().saturating_sub(NAMED);
            bringers.truncate(NAMED);
            let named: Vec<String> = bringers.iter().map(|name| format!("`{name}`")).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = cx
                .report(
                    input.key,
                    format!("other inputs bring {} more versions of `{}`", revisions.len(), input.name),
                )
                .here("this is locked several times")
                .help(format!("let them follow it: `inputs.{first}.follows = \"{}\"`", input.name))
                .note(format!("Versions of their own: {}{more}.", named.join(", ")));
        }
    }
}
