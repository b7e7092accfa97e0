use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds packages that write their own `fixupPhase`.
    ///
    /// ## Why is this bad?
    /// The phase strips programs, corrects paths in scripts and libraries, moves what belongs to other outputs, and
    /// records what the package propagates. All of that is lost.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; fixupPhase = "rm $out/bin/test"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; postFixup = "rm $out/bin/test"; }
    /// ```
    ///
    /// ## Exceptions
    /// A phase that runs `fixupPhase` of the builder itself is not reported, nor one of a derivation with an
    /// `outputHash`: what is fetched stays as it is. A single step is switched off with
    /// `dontStrip`, `dontPatchELF` and the like, all of it with `dontFixup`.
    ///
    /// ## References
    /// - nixpkgs manual, "The fixup phase"
    pub struct FixupPhase {}

    name: "fixup-phase",
    summary: "`fixupPhase` of a package replaces that of the builder",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FixupPhase {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["fixupPhase"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::is_package) else { return };
        let Some(phase) = call.attribute("fixupPhase") else { return };
        let Some(value) = phase.value().filter(|_| !call.has("outputHash")) else { return };
        if !matches!(value, ast::Expr::Str(_)) || value.syntax().text().to_string().contains("fixupPhase") {
            return;
        }
        let is_empty = matches!(written_text(&value).as_deref().map(str::trim), Some("" | ":" | "true"));
        let help = if is_empty { "write `dontFixup = true`" } else { "use `postFixup` or `preFixup`" };
        let _ = cx
            .report(&phase.key, "this replaces all that `fixupPhase` does")
            .here("nothing is stripped or patched")
            .covers(phase.range())
            .help(help);
    }
}
