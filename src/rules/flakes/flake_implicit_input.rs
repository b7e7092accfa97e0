use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names in the pattern of `outputs` that the flake does not declare as inputs.
    ///
    /// ## Why is this bad?
    /// Nix takes such a name for an input of its own and looks it up in the flake registry, which differs from
    /// machine to machine. Most often the name is a misspelt one, and the flake fails with "cannot find flake in the
    /// flake registries".
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   outputs = { self, nixpkg, ... }: { lib = nixpkg.lib; };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   outputs = { self, nixpkgs, ... }: { lib = nixpkgs.lib; };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// What the registry has may be meant, so this is an info. A name that is like that of a declared input is a warning
    /// (`misspelt`).
    ///
    /// ## References
    /// - NixOS/nix, src/libflake/flake.cc: `readFlake` adds the formals of `outputs` to the inputs
    /// - Nix manual, `nix registry`
    pub struct FlakeImplicitInput {}

    name: "flake-implicit-input",
    summary: "argument of `outputs` that no input declares",
    group: Flakes,
    level: Info,
    variants: [misspelt: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for FlakeImplicitInput {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes().iter().filter(|flake| flake.inputs_are_known()) {
            let Some(outputs) = flake.outputs() else { continue };
            let inputs = flake.inputs();
            let is_declared = |name: &str| inputs.iter().any(|input| input.name == name);
            for (name, span) in outputs.formals.iter().flatten() {
                if name == "self" || is_declared(name) {
                    continue;
                }
                // Those that are taken already are not meant.
                let free = inputs
                    .iter()
                    .map(|input| input.name)
                    .filter(|input| !outputs.formals.iter().flatten().any(|(formal, _)| formal == input));
                let like = nearest(name, free);
                let report = cx
                    .report(*span, format!("no input is called `{name}`"))
                    .here("Nix looks it up in the flake registry");
                let _ = match like {
                    Some(like) => report
                        .variant(&Self::META, "misspelt")
                        .help(format!("perhaps the input `{like}` is meant")),
                    None => report.help(format!("declare it: `inputs.{name}.url = \"…\"`")),
                };
            }
        }
    }
}
