use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions that do not use their argument, where its name does not begin with `_`.
    ///
    /// ## Why is this bad?
    /// Often it is not: overlays and callbacks must take what they are given. An underscore tells readers that the
    /// argument is not used on purpose. Off unless asked for.
    ///
    /// ## Example
    /// ```nix
    /// builtins.mapAttrs (name: value: value.enable)
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// builtins.mapAttrs (_name: value: value.enable)
    /// ```
    ///
    /// ## Fix safety
    /// Renaming an argument that is not used changes nothing. Where the new name is used inside the function it would
    /// mean something else from then on, so no fix is offered there. `builtins.toXML` of the function shows the name.
    pub struct UnusedLambdaArg {}

    name: "unused-lambda-arg",
    summary: "argument that is not used and does not begin with `_`",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnusedLambdaArg {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        let file = cx.file;
        for (id, scope) in semantics.numbered_scopes() {
            let Some((id, binding)) = semantics.bindings(id).next() else { continue };
            let name = semantics.ir.name(binding.name);
            if binding.kind != BindingKind::Argument
                || name.starts_with('_')
                || !semantics.usage().uses(id).is_empty()
            {
                continue;
            }
            let new = format!("_{name}");
            let is_taken = semantics.references.iter().any(|reference| {
                scope.range.contains_range(reference.range) && semantics.ir.name(reference.name) == new
            });
            let range = binding.range;
            let report = cx
                .report_range(range, format!("the argument `{name}` is not used"))
                .here("taken and not used")
                .tag(Tag::Unused);
            if !is_taken {
                let _ = report.fix(Applicability::Safe, format!("call it `{new}`"), |edits| {
                    edits.extend(file, vec![(range, new.clone())]);
                });
            }
        }
    }
}
