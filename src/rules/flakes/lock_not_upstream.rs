use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds an input called `nixpkgs` that is locked to a repository other than `NixOS/nixpkgs`.
    ///
    /// ## Why is this bad?
    /// A fork gets fixes only when somebody merges them, its packages may be in no binary cache, and what is in it is
    /// up to its owner. Some projects want to allow none.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:owner/nixpkgs";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    /// `flake.lock`:
    /// ```json
    /// { "root": "root", "nodes": {
    ///   "root": { "inputs": { "nixpkgs": "nixpkgs" } },
    ///   "nixpkgs": { "original": { "type": "github", "owner": "owner", "repo": "nixpkgs" } } } }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    /// `flake.lock`:
    /// ```json
    /// { "root": "root", "nodes": {
    ///   "root": { "inputs": { "nixpkgs": "nixpkgs" } },
    ///   "nixpkgs": { "original": { "type": "github", "owner": "NixOS", "repo": "nixpkgs" } } } }
    /// ```
    pub struct LockNotUpstream {
        /// Repositories that are allowed beside `NixOS/nixpkgs`, as `owner/name`.
        allow: Vec<String> = Vec::new(),
    }

    name: "lock-not-upstream",
    summary: "`nixpkgs` is a fork",
    group: Flakes,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for LockNotUpstream {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let (Some(flake), Some(root)) = (project.flake(), project.lock().and_then(LockFile::root)) else {
            return;
        };
        for input in flake.inputs().into_iter().filter(|input| input.name == "nixpkgs") {
            let Some(repository) = root.input(input.name).and_then(|node| node.repository()) else {
                continue;
            };
            let is_allowed = repository == "nixos/nixpkgs"
                || self.allow.iter().any(|allowed| allowed.eq_ignore_ascii_case(&repository));
            if !is_allowed {
                let _ = cx
                    .report(input.key, format!("`nixpkgs` is locked to `{repository}`"))
                    .here("this is not the repository of NixOS")
                    .help("follow `github:NixOS/nixpkgs`, or allow this repository in `nixlint.toml`");
            }
        }
    }
}
