use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds systems that a `flake.nix` names more often than the option `times` allows.
    ///
    /// ## Why is this bad?
    /// To build for another system, each place has to be found and changed. A list of systems and a function over it say it once.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { self, nixpkgs }: {
    ///     packages.x86_64-linux.a = nixpkgs.legacyPackages.x86_64-linux.hello;
    ///     packages.x86_64-linux.b = nixpkgs.legacyPackages.x86_64-linux.cowsay;
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { self, nixpkgs }:
    ///     let
    ///       forAllSystems = nixpkgs.lib.genAttrs [ "x86_64-linux" ];
    ///     in
    ///     {
    ///       packages = forAllSystems (system: {
    ///         a = nixpkgs.legacyPackages.${system}.hello;
    ///         b = nixpkgs.legacyPackages.${system}.cowsay;
    ///       });
    ///     };
    /// }
    /// ```
    pub struct SystemLiteralRepeated {
        /// How often a system may be named.
        times: usize = 3,
    }

    name: "system-literal-repeated",
    summary: "flake that names a system again and again",
    group: Flakes,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for SystemLiteralRepeated {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes() {
            let text = cx.file_text(flake.file);
            for system in ["x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"] {
                let code = text.match_indices(system).filter(|(at, _)| {
                    let line = text[..*at].rsplit('\n').next().unwrap_or_default();
                    !line.contains('#')
                });
                let places: Vec<usize> = code.map(|(at, _)| at).collect();
                let Some(first) = places.first().filter(|_| places.len() > self.times) else { continue };
                let range =
                    TextRange::at(TextSize::try_from(*first).unwrap_or_default(), TextSize::of(system));
                let _ = cx
                    .report(
                        Span::new(flake.file, range),
                        format!("`{system}` stands in {} places", places.len()),
                    )
                    .here("the first of them")
                    .help("name it once, and make outputs with `lib.genAttrs`");
            }
        }
    }
}
