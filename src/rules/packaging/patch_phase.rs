use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds packages that write their own `patchPhase`.
    ///
    /// ## Why is this bad?
    /// The phase applies `patches`. Those of the package are not applied then, nor those that somebody adds later.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; patchPhase = "sed -i s/a/b/ main.c"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; postPatch = "sed -i s/a/b/ main.c"; }
    /// ```
    ///
    /// ## Exceptions
    /// A phase that runs `patchPhase` of the builder itself is not reported.
    ///
    /// ## Fix safety
    /// Unsafe: patches that had no effect are applied then. Where the script runs hooks, where the package has patches
    /// and in `overrideAttrs`, no fix is offered.
    ///
    /// ## References
    /// - nixpkgs manual, "The patch phase"
    pub struct PatchPhase {}

    name: "patch-phase",
    summary: "`patchPhase` of a package replaces that of the builder",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for PatchPhase {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["patchPhase"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::is_package) else { return };
        let Some(phase) = call.attribute("patchPhase") else { return };
        let Some(value) = phase.value() else { return };
        let text = value.syntax().text().to_string();
        if !matches!(value, ast::Expr::Str(_)) || text.contains("patchPhase") {
            return;
        }
        let patches = call.attribute("patches").map(|patches| cx.span(&patches.key));
        let is_renamable =
            !call.is_open && patches.is_none() && !call.has("postPatch") && !text.contains("runHook");
        let report = cx
            .report(&phase.key, "this replaces the phase that applies `patches`")
            .here("patches have no effect")
            .covers(phase.range())
            .help("use `postPatch`");
        let report = match patches {
            Some(patches) => report.label(patches, "these patches"),
            None => report,
        };
        let _ = match is_renamable {
            true => report.fix(Applicability::Unsafe, "use `postPatch`", |edits| {
                edits.replace(&phase.key, "postPatch");
            }),
            false => report,
        };
    }
}
