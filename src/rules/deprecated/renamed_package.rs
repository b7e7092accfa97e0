use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds packages of nixpkgs by their old names.
    ///
    /// ## Why is this bad?
    /// Nixpkgs keeps an old name as an alias for a release or two: first with a warning, then with an error.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ pkgs.nixfmt-rfc-style ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs, ... }:
    /// {
    ///   environment.systemPackages = [ pkgs.nixfmt ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Names that the project defines itself, such as in an overlay, and changes that are newer than the locked nixpkgs
    /// are not reported.
    ///
    /// ## Fix safety
    /// Safe where the lock file shows that nixpkgs has the new name, and it is for the same package; unsafe otherwise.
    ///
    /// ## References
    /// - nixpkgs, pkgs/top-level/aliases.nix
    pub struct RenamedPackage {}

    name: "renamed-package",
    summary: "package by its old name",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["environment.*", "home.*"],
}

impl ProjectRule for RenamedPackage {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for old in project.old_packages(None) {
            let (place, row) = (old.place, old.row);
            let Some(now) = &row.now else { continue };
            let span = place.span();
            if cx.has_reported(span)
                || cx.defines_attribute(project, &place.name.name)
                || cx.is_for_some_releases(span)
            {
                continue;
            }
            let (written, shown) = (row.path.trim_start_matches("pkgs."), now.trim_start_matches("pkgs."));
            let edit = edit(cx, &old, now);
            let is_sure = old.is_proven && place.is_nixpkgs;
            let applicability = if is_sure { Applicability::Safe } else { Applicability::Unsafe };
            let mut report = cx
                .report(span, format!("the package `{written}` is called `{shown}` now"))
                .here(if row.gone { "nixpkgs refuses the old name" } else { "the old name" })
                .help(row.hint.clone().unwrap_or_else(|| format!("use `{shown}`")))
                .tag(Tag::Deprecated);
            if let Some(since) = row.since {
                report =
                    report.note(format!("The name changed in release {}.{:02}.", since.year, since.month));
            }
            if let Some((span, text)) = edit {
                report = report
                    .fix(applicability, format!("write `{text}`"), |edits| edits.replace_span(span, text));
            }
            let _ = report;
        }
    }
}

fn edit(
    cx: &HostContext<'_>,
    old: &OldUse<'_, nixos::packages::OldPackage>,
    now: &str,
) -> Option<(Span, String)> {
    let place = old.place;
    if !old.row.exact {
        return None;
    }
    let below = now.strip_prefix("pkgs.")?;
    match place.name.form {
        NameForm::With if &*place.name.set == "pkgs" => Some((place.span(), below.to_owned())),
        NameForm::Selected(_) => {
            let span = place.path_span()?;
            let written = cx.text(span);
            let base = written.strip_suffix(old.row.path.strip_prefix("pkgs.")?)?;
            // `pkgs.`, or another name for it.
            let is_name = base.ends_with('.') && !base.trim_end_matches('.').contains(['.', ' ', '(']);
            is_name.then(|| (span, format!("{base}{below}")))
        }
        _ => None,
    }
}
