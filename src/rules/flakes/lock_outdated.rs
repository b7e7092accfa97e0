use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds locks in which nixpkgs is much older than the newest of the inputs.
    ///
    /// ## Why is this bad?
    /// Updates of the other inputs come in, those of nixpkgs, with its fixes for known holes, do not. Modules and
    /// overlays that are newer than the packages they were made for tend to fail.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko.url = "github:nix-community/disko";
    ///   outputs = { self, ... }: { };
    /// }
    /// ```
    /// `flake.lock`:
    /// ```json
    /// { "root": "root", "nodes": {
    ///   "root": { "inputs": { "nixpkgs": "nixpkgs", "disko": "disko" } },
    ///   "disko": { "locked": { "lastModified": 1780000000 } },
    ///   "nixpkgs": { "locked": { "lastModified": 1770000000 }, "original": { "owner": "NixOS", "repo": "nixpkgs" } } } }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko.url = "github:nix-community/disko";
    ///   outputs = { self, ... }: { };
    /// }
    /// ```
    /// `flake.lock`:
    /// ```json
    /// { "root": "root", "nodes": {
    ///   "root": { "inputs": { "nixpkgs": "nixpkgs", "disko": "disko" } },
    ///   "disko": { "locked": { "lastModified": 1780000000 } },
    ///   "nixpkgs": { "locked": { "lastModified": 1779000000 }, "original": { "owner": "NixOS", "repo": "nixpkgs" } } } }
    /// ```
    ///
    /// ## Limits
    /// Only ages within the lock file are compared, so that a project has the same findings every day.
    pub struct LockOutdated {
        /// How many days nixpkgs may be behind the newest input.
        days: i64 = 30,
    }

    name: "lock-outdated",
    summary: "nixpkgs is much older than the other inputs",
    group: Flakes,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

const DAY: i64 = 24 * 3600;

impl ProjectRule for LockOutdated {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let (Some(flake), Some(root)) = (project.flake(), project.lock().and_then(LockFile::root)) else {
            return;
        };
        let newest = root.inputs().filter_map(|(name, _)| root.input(name)?.modified()).max();
        let Some(newest) = newest else { return };
        for input in flake.inputs().into_iter().filter(|input| input.name == "nixpkgs") {
            let Some(modified) = root.input(input.name).and_then(|node| node.modified()) else { continue };
            let days = (newest - modified) / DAY;
            if days > self.days {
                let _ = cx
                    .report(
                        input.key,
                        format!("`{}` is locked {days} days behind the newest input", input.name),
                    )
                    .here("its updates are missing")
                    .help(format!("run `nix flake update {}`", input.name));
            }
        }
    }
}
