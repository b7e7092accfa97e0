use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds inputs of a flake that its `outputs` do not take: the pattern neither names them nor ends in `...`.
    ///
    /// ## Why is this bad?
    /// Nix calls `outputs` with all inputs and with `self`. A pattern without `...` refuses those that it does not
    /// name, and nothing of the flake can be evaluated: "called with unexpected argument".
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko.url = "github:nix-community/disko";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko.url = "github:nix-community/disko";
    ///   outputs = { self, nixpkgs, ... }: { };
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// With `...` the flake can be evaluated again; whether the input was meant to be used, only you know. The fix is
    /// unsafe.
    ///
    /// ## References
    /// - NixOS/nix, src/libflake/call-flake.nix
    pub struct FlakeUnacceptedInput {}

    name: "flake-unaccepted-input",
    summary: "input that `outputs` refuses",
    group: Flakes,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for FlakeUnacceptedInput {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes() {
            let Some(outputs) = flake.outputs() else { continue };
            let Some(formals) = &outputs.formals else { continue };
            if outputs.ellipsis {
                continue;
            }
            let place = pattern(cx, flake);
            let is_taken = |name: &str| formals.iter().any(|(formal, _)| formal == name);
            for input in flake.inputs() {
                if input.name == "self" || is_taken(input.name) {
                    continue;
                }
                let mut report = cx
                    .report(input.key, format!("`outputs` does not take the input `{}`", input.name))
                    .here("Nix passes it")
                    .help(format!("name `{}` in the pattern of `outputs`, or end it in `...`", input.name));
                if let Some((pattern, last)) = &place {
                    report = report.label(*pattern, "this pattern refuses it").fix(
                        Applicability::Unsafe,
                        "end the pattern in `...`",
                        |edits| edits.replace_span(*last, ", ..."),
                    );
                }
                let _ = report;
            }
            if let Some((pattern, last)) = place.filter(|_| !is_taken("self")) {
                let _ = cx
                    .report(pattern, "`outputs` does not take `self`")
                    .here("Nix passes it with the inputs")
                    .help("name `self` in the pattern of `outputs`, or end it in `...`")
                    .fix(Applicability::Unsafe, "end the pattern in `...`", |edits| {
                        edits.replace_span(last, ", ...");
                    });
            }
        }
    }
}

/// The pattern of `outputs`, and the place behind its last name.
fn pattern(cx: &HostContext<'_>, flake: &WrittenFlake) -> Option<(Span, Span)> {
    let outputs = flake.value.attr("outputs")?;
    let lambda = cx.node_at::<ast::Lambda>(outputs.value.span)?;
    let ast::Param::Pattern(pattern) = lambda.param()? else { return None };
    let last = pattern.pat_entries().last()?.syntax().text_range().end();
    let range = pattern.syntax().text_range();
    Some((Span::new(flake.file, range), Span::new(flake.file, TextRange::empty(last))))
}
