use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds elements of `assertions` whose `assertion` is `true`.
    ///
    /// ## Why is this bad?
    /// It never fails, so what its message promises is not checked. Usually it is what remained of a check that
    /// was switched off.
    ///
    /// ## Example
    /// ```nix
    /// { assertions = [ { assertion = true; message = "the port must be free"; } ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }: { assertions = [ { assertion = config.my.port != 80; message = "the port must be free"; } ]; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: an assertion that holds does nothing. Where the element holds a comment, no fix is offered.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/misc/assertions.nix
    pub struct InertAssertion {}

    name: "inert-assertion",
    summary: "assertion that never fails",
    group: Modules,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["assertions"],
}

impl HostRule for InertAssertion {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for (_, node) in host.nodes("assertions") {
            for item in host.items(&node).0 {
                let assertion = host.below(&host.node_of(&item), "assertion");
                let [definition] = assertion.definitions() else { continue };
                let (true, Some(span)) =
                    (matches!(definition.value.value, Value::Bool(true)), definition.value.span)
                else {
                    continue;
                };
                // What is computed, or read from an option, is true on this host only.
                let is_here = item
                    .span
                    .is_some_and(|item| item.file == span.file && item.range().contains_range(span.range()));
                if !is_here || cx.text(span) != "true" || cx.has_reported(span) {
                    continue;
                }
                let has_comment = item.span.is_some_and(|span| cx.text(span).contains(['#', '*']));
                let patch = if has_comment { None } else { cx.remove_item(&item) };
                let mut report = cx
                    .report(span, "this assertion never fails")
                    .here("always true")
                    .help("write down what must hold, or delete it");
                if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
                    report = report.covers(binding.range());
                }
                if let Some(patch) = patch.filter(|patch| !patch.is_shared) {
                    report = report.fix(Applicability::Safe, "delete it", |edits| edits.patch(&patch));
                }
                let _ = report;
            }
        }
    }
}
