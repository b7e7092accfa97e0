use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `pkgs.system`.
    ///
    /// ## Why is this bad?
    /// It is an alias for `pkgs.stdenv.hostPlatform.system`. Nixpkgs warns about it since release 25.11, and it does not
    /// exist where aliases are forbidden.
    ///
    /// ## Example
    /// ```nix
    /// { inputs, pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ inputs.tool.packages.${pkgs.system}.default ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { inputs, pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ inputs.tool.packages.${pkgs.stdenv.hostPlatform.system}.default ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Silent where the lock file has a nixpkgs from before that.
    ///
    /// ## Fix safety
    /// Safe: both are the same text in every nixpkgs of the last years. Unsafe behind a `with`, and where a function
    /// inside of the file has an argument called `pkgs`: anything may be passed to it.
    ///
    /// ## References
    /// - nixpkgs, pkgs/top-level/aliases.nix
    pub struct PkgsSystem {}

    name: "pkgs-system",
    summary: "`pkgs.system`",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["environment.*", "home.*"],
}

impl ProjectRule for PkgsSystem {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for old in project.old_packages(Some("pkgs-system")) {
            let span = old.place.span();
            if cx.has_reported(span) {
                continue;
            }
            let report = cx
                .report(span, "`system` of `pkgs` is an alias")
                .here("nixpkgs warns about it")
                .help("use `pkgs.stdenv.hostPlatform.system`")
                .tag(Tag::Deprecated);
            let applicability =
                if old.place.is_nixpkgs { Applicability::Safe } else { Applicability::Unsafe };
            let _ = match old.place.name.form {
                NameForm::Inherited => report,
                _ => report.fix(applicability, "write `stdenv.hostPlatform.system`", |edits| {
                    edits.replace_span(span, "stdenv.hostPlatform.system");
                }),
            };
        }
    }
}
