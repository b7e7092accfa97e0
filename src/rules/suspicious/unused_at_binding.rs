use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names for all arguments (`{ … }@args:`) that are not used.
    ///
    /// ## Why is this bad?
    /// The reader looks for what the function does with arguments that the pattern does not name: nothing.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }@args: lib.version
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }: lib.version
    /// ```
    ///
    /// ## Fix safety
    /// Safe: the function takes the same arguments; only `builtins.toXML` of it shows the name. Where a comment stands
    /// beside the name, no fix is offered.
    pub struct UnusedAtBinding {}

    name: "unused-at-binding",
    summary: "`@` name that is not used",
    group: Suspicious,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnusedAtBinding {
    type Node = ast::PatBind;
    const FINDS_UNUSED: bool = true;

    fn check(&self, bind: &ast::PatBind, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        let lambda = bind.syntax().ancestors().find_map(ast::Lambda::cast);
        let Some(lambda) = lambda else { return };
        let Some(scope) = semantics.lambda_scope(lambda.syntax().text_range()) else { return };
        let whole = semantics.bindings(scope).find(|(_, binding)| binding.kind == BindingKind::AtName);
        let Some((id, binding)) = whole else { return };
        let name = semantics.ir.name(binding.name);
        let is_twice = semantics.bindings(scope).filter(|(_, other)| other.name == binding.name).count() > 1;
        if is_twice || name.starts_with('_') || !semantics.usage().uses(id).is_empty() {
            return;
        }
        let file = cx.file;
        let report = cx
            .report_range(binding.range, format!("the name `{name}` for all arguments is not used"))
            .here("nothing uses this name")
            .tag(Tag::Unused);
        if let Some(cut) = edit::delete_pattern_bind(bind) {
            let _ =
                report.fix(Applicability::Safe, format!("delete `@{name}`"), |edits| edits.extend(file, cut));
        }
    }
}
