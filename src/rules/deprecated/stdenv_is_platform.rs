use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `stdenv.isLinux`, `stdenv.isDarwin` and their kin.
    ///
    /// ## Why is this bad?
    /// They are aliases for the same names in `stdenv.hostPlatform`. Nixpkgs warns about each use since May 2026.
    ///
    /// ## Example
    /// ```nix
    /// { lib, pkgs, ... }:
    /// {
    ///   home.packages = lib.optional pkgs.stdenv.isLinux pkgs.hello;
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, pkgs, ... }:
    /// {
    ///   home.packages = lib.optional pkgs.stdenv.hostPlatform.isLinux pkgs.hello;
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Silent where the lock file has a nixpkgs from before that.
    ///
    /// ## Fix safety
    /// Safe: the alias has the same value. Unsafe behind a `with`, and where a function inside of the file has an argument
    /// called `pkgs` or `stdenv`: anything may be passed to it.
    ///
    /// ## References
    /// - nixpkgs, pkgs/stdenv/generic/default.nix
    pub struct StdenvIsPlatform {}

    name: "stdenv-is-platform",
    summary: "`stdenv.isLinux` and its kin",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["environment.*", "home.*"],
}

impl ProjectRule for StdenvIsPlatform {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for old in project.old_packages(Some("stdenv-is-platform")) {
            let span = old.place.span();
            if cx.has_reported(span) {
                continue;
            }
            let name = &old.place.name.name;
            let report = cx
                .report(span, format!("`{name}` of `stdenv` is an alias"))
                .here("nixpkgs warns about it")
                .help(format!("use `stdenv.hostPlatform.{name}`"))
                .tag(Tag::Deprecated);
            let applicability =
                if old.place.is_nixpkgs { Applicability::Safe } else { Applicability::Unsafe };
            let _ = match old.place.name.form {
                NameForm::Inherited => report,
                _ => report.fix(applicability, format!("write `hostPlatform.{name}`"), |edits| {
                    edits.replace_span(span, format!("hostPlatform.{name}"));
                }),
            };
        }
    }
}
