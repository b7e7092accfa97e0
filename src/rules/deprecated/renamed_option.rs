use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options of NixOS and Home Manager that are called otherwise by now.
    ///
    /// ## Why is this bad?
    /// The old name still works for a while, with a warning at every evaluation; then it is removed and the
    /// configuration no longer evaluates.
    ///
    /// ## Example
    /// ```nix
    /// { boot.cleanTmpDir = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { boot.tmp.cleanOnBoot = true; }
    /// ```
    ///
    /// ## Exceptions
    /// Configurations for a nixpkgs in which the new name does not exist yet. Where `flake.lock` says that and
    /// the release of the change is known, the rule is silent. Options that the project declares itself are not
    /// reported.
    ///
    /// ## Fix safety
    /// Safe where `flake.lock` shows that the new name exists and the value moves unchanged; else unsafe. Where
    /// the value has another form under the new name, or the name is spread over several sets, no fix is
    /// offered.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/rename.nix
    /// - Home Manager, the `mkRenamedOptionModule` lists of its modules
    pub struct RenamedOption {}

    name: "renamed-option",
    summary: "option by its old name",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["boot.*", "hardware.*", "programs.*", "services.*"],
}

impl HostRule for RenamedOption {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_options(host, cx);
        host.visit_users(&mut |user| check_options(&user.home, cx));
    }
}

fn check_options(host: &Host<'_>, cx: &mut HostContext<'_>) {
    for old in host.old_options() {
        let Some(now) = &old.rename.now else { continue };
        let Some(span) = old.definition.key.filter(|span| !cx.has_reported(*span)) else { continue };
        if cx.is_for_some_releases(span) {
            continue;
        }
        let written = old.definition.path_text();
        let patch = fix(cx, &old, now);
        let mut report = cx
            .report(span, format!("`{written}` is called `{now}` now"))
            .here("the old name")
            .help(match old.rename.changed {
                true => format!("set `{now}`; its value has another form"),
                false => format!("set `{now}`"),
            })
            .tag(Tag::Deprecated);
        if let Some(binding) = old.definition.binding.filter(|binding| binding.file == span.file) {
            report = report.covers(binding.range());
        }
        if let Some(since) = old.rename.since {
            report = report.note(format!("The name changed in release {}.{:02}.", since.year, since.month));
        }
        if let Some(patch) = patch {
            let applicability = if old.is_proven { Applicability::Safe } else { Applicability::Unsafe };
            report = report.fix(applicability, format!("write `{now}`"), |edits| edits.patch(&patch));
        }
        let _ = report;
    }
}

fn fix(cx: &HostContext<'_>, old: &OldOption, now: &str) -> Option<Patch> {
    if old.rename.changed || now.contains('*') {
        return None;
    }
    cx.rename_option(&old.definition, &nixos::segments(&old.rename.name), &nixos::segments(now))
}
