use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds inputs of a flake that its `outputs` do not use.
    ///
    /// ## Why is this bad?
    /// Every input is fetched and locked, its updates are looked at, and its own inputs come with it.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko.url = "github:nix-community/disko";
    ///   outputs = { self, nixpkgs, disko }: {
    ///     lib = nixpkgs.lib;
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   outputs = { self, nixpkgs }: {
    ///     lib = nixpkgs.lib;
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Where `outputs` hands on all inputs, or `self`, anything may use them, and the rule is silent. Inputs that others
    /// follow are used, and a flake whose outputs are an empty set is there for its inputs alone.
    pub struct UnusedFlakeInput {}

    name: "unused-flake-input",
    summary: "input that `outputs` does not use",
    group: Flakes,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for UnusedFlakeInput {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes() {
            let Some(outputs) = flake.outputs() else { continue };
            // A flake without outputs is there for its inputs.
            let is_empty = outputs.body.unscoped().attrs().is_empty()
                && matches!(outputs.body.unscoped().kind, WrittenKind::Set { .. });
            if flake.uses.all || is_empty || !flake.inputs_are_known() {
                continue;
            }
            let inputs = flake.inputs();
            let mut followed = Vec::new();
            inputs.iter().for_each(|input| add_followed(input, &mut followed));
            for input in &inputs {
                let is_used = flake.uses.names.contains(input.name) || followed.contains(&input.name);
                if is_used || input.name == "self" {
                    continue;
                }
                let formals = flake.outputs().and_then(|outputs| outputs.formals.as_ref());
                let formal = formals.into_iter().flatten().find(|(name, _)| name == input.name);
                let mut report = cx
                    .report(input.key, format!("the input `{}` is not used", input.name))
                    .here("it is fetched and locked for nothing")
                    .help("delete it, or use it")
                    .tag(Tag::Unused);
                if let Some((_, span)) = formal {
                    report = report.label(*span, "taken here, and then not used");
                }
                let _ = report;
            }
        }
    }
}

/// The inputs of the flake that an input, or an input of it, follows.
fn add_followed<'w>(input: &WrittenInput<'w>, followed: &mut Vec<&'w str>) {
    let follows = input.text("follows").and_then(|(follows, _)| follows.split('/').next());
    followed.extend(follows);
    input.inputs().iter().for_each(|below| add_followed(below, followed));
}
