use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options of NixOS and Home Manager that are gone.
    ///
    /// ## Why is this bad?
    /// With a nixpkgs that no longer has the option, the configuration does not evaluate; until then the option
    /// usually does nothing.
    ///
    /// ## Example
    /// ```nix
    /// { sound.enable = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { services.pipewire.enable = true; }
    /// ```
    ///
    /// ## Exceptions
    /// Configurations for a nixpkgs that still has the option. Where `flake.lock` says that and the release of
    /// the change is known, the rule is silent. Options that the project declares itself are not reported.
    ///
    /// ## Fix safety
    /// There is no automatic fix: what the option did is done otherwise now, or is no longer needed.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/rename.nix
    /// - Home Manager, the `mkRemovedOptionModule` lists of its modules
    pub struct RemovedOption {}

    name: "removed-option",
    summary: "option that is gone",
    group: Deprecated,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for RemovedOption {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_options(host, cx);
        host.visit_users(&mut |user| check_options(&user.home, cx));
    }
}

fn check_options(host: &Host<'_>, cx: &mut HostContext<'_>) {
    for old in host.old_options() {
        if old.rename.now.is_some() {
            continue;
        }
        let Some(span) = old.definition.key.filter(|span| !cx.has_reported(*span)) else { continue };
        if cx.is_for_some_releases(span) {
            continue;
        }
        let mut report = cx
            .report(span, format!("`{}` is gone", old.definition.path_text()))
            .here("no longer an option")
            .help(match &old.rename.hint {
                Some(hint) => format!("upstream says: {hint}"),
                None => "delete it".to_owned(),
            })
            .tag(Tag::Deprecated);
        if let Some(binding) = old.definition.binding.filter(|binding| binding.file == span.file) {
            report = report.covers(binding.range());
        }
        if let Some(since) = old.rename.since {
            report = report.note(format!("It was removed in release {}.{:02}.", since.year, since.month));
        }
        let _ = report;
    }
}
