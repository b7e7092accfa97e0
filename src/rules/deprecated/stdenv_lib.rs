use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `stdenv.lib`.
    ///
    /// ## Why is this bad?
    /// It is gone since release 21.11: evaluation stops with "attribute missing". `lib` is an argument of its own.
    ///
    /// ## Example
    /// ```nix
    /// { lib, stdenv }:
    /// stdenv.mkDerivation {
    ///   name = "tool";
    ///   meta.license = stdenv.lib.licenses.mit;
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, stdenv }:
    /// stdenv.mkDerivation {
    ///   name = "tool";
    ///   meta.license = lib.licenses.mit;
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// Offered where the file takes `lib` as an argument; unsafe, because the place may be one that nothing evaluates.
    ///
    /// ## References
    /// - nixpkgs, pkgs/stdenv/generic/default.nix
    pub struct StdenvLib {}

    name: "stdenv-lib",
    summary: "`stdenv.lib`",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for StdenvLib {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for old in project.old_packages(Some("stdenv-lib")) {
            let place = old.place;
            let span = place.span();
            if cx.has_reported(span) {
                continue;
            }
            let path = place.path_span().filter(|_| project.takes_argument(place.file, "lib"));
            let report = cx
                .report(span, "`stdenv` has no `lib` any more")
                .here("evaluation stops here")
                .help("take `lib` as an argument and use it")
                .tag(Tag::Deprecated);
            let _ = report.fix(Applicability::Unsafe, "write `lib`", |edits| {
                if let Some(path) = path {
                    edits.replace_span(path, "lib");
                }
            });
        }
    }
}
