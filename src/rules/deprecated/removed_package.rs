use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds packages that nixpkgs no longer has.
    ///
    /// ## Why is this bad?
    /// The name is there, with an error that says why the package is gone: evaluation stops at it.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ pkgs.neofetch ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ pkgs.fastfetch ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Names that the project defines itself, such as in an overlay, and removals that are newer than the locked nixpkgs
    /// are not reported.
    ///
    /// ## References
    /// - nixpkgs, pkgs/top-level/aliases.nix
    pub struct RemovedPackage {}

    name: "removed-package",
    summary: "package that nixpkgs no longer has",
    group: Deprecated,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for RemovedPackage {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for old in project.old_packages(None) {
            let (place, row) = (old.place, old.row);
            let span = place.span();
            if row.now.is_some()
                || cx.has_reported(span)
                || cx.defines_attribute(project, &place.name.name)
                || cx.is_for_some_releases(span)
            {
                continue;
            }
            let written = row.path.trim_start_matches("pkgs.");
            let mut report = cx
                .report(span, format!("nixpkgs has no package `{written}` any more"))
                .here("evaluation stops here")
                .help(row.hint.clone().unwrap_or_else(|| "use another package".to_owned()))
                .tag(Tag::Deprecated);
            if let Some(since) = row.since {
                report = report.note(format!("It is gone since release {}.{:02}.", since.year, since.month));
            }
            let _ = report;
        }
    }
}
