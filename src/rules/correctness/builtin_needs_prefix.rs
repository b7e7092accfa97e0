use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds primitive operations that are written without `builtins.`, where nothing else binds the name.
    ///
    /// ## Why is this bad?
    /// Only some operations are in scope everywhere, `map` and `toString` among them. Of the others Nix says
    /// "undefined variable" and refuses the file.
    ///
    /// ## Example
    /// ```nix
    /// set: attrNames set
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// set: builtins.attrNames set
    /// ```
    ///
    /// ## Fix safety
    /// Nix refuses the file without the prefix, so there is no value to keep; the fix counts as unsafe.
    ///
    /// ## References
    /// - NixOS/nix, src/libexpr/eval.cc: `EvalState::addPrimOp`
    pub struct BuiltinNeedsPrefix {}

    name: "builtin-needs-prefix",
    summary: "primitive operation without `builtins.`",
    group: Correctness,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BuiltinNeedsPrefix {
    type Node = ast::Ident;

    fn check(&self, ident: &ast::Ident, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        let range = ident.syntax().text_range();
        let Some(token) = ident.ident_token() else { return };
        let name = token.text();
        if !semantic::needs_prefix(name) || semantics.resolve(range) != Some(Resolution::Undefined) {
            return;
        }
        let is_inherited =
            ident.syntax().parent().is_some_and(|parent| parent.kind() == SyntaxKind::NODE_INHERIT);
        let is_shadowed = semantics.numbered_scopes().any(|(_, scope)| {
            scope.bindings.iter().any(|binding| semantics.ir.name(binding.name) == "builtins")
        });
        let report = cx
            .report(ident, format!("`{name}` is only in scope as `builtins.{name}`"))
            .here("Nix says: undefined variable");
        if is_inherited {
            let _ = report.help(format!("write `inherit (builtins) {name};`"));
        } else if !is_shadowed {
            let _ = report.fix(Applicability::Unsafe, format!("write `builtins.{name}`"), |edits| {
                edits.replace(ident, format!("builtins.{name}"));
            });
        }
    }
}
