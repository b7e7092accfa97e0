use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions that are built into Nix and written without `builtins.`, where nothing else binds the name.
    ///
    /// ## Why is this bad?
    /// Only some of these functions are in scope everywhere, `map` and `toString` among them. Of the others Nix says
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
    summary: "built-in function without `builtins.`",
    group: Correctness,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BuiltinNeedsPrefix {
    type Node = ast::Root;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for reference in &semantics.references {
            if reference.resolution == Resolution::Undefined {
                let name = semantics.ir.name(reference.name);
                if semantic::needs_prefix(name) {
                    report(root, reference.range, name, cx);
                }
            }
        }
    }
}

fn report(root: &ast::Root, range: TextRange, name: &str, cx: &mut Context<'_>) {
    let (semantics, file) = (cx.semantics(), cx.file);
    let mut bindings = semantics.scopes.iter().flat_map(|scope| &scope.bindings);
    let report = cx
        .report_range(range, format!("`{name}` is only in scope as `builtins.{name}`"))
        .here("Nix says: undefined variable");
    if is_inherited_name(root.syntax(), range) {
        let _ = report.help(format!("write `inherit (builtins) {name};`"));
    } else if !bindings.any(|binding| semantics.ir.name(binding.name) == "builtins") {
        let text = format!("builtins.{name}");
        let _ = report.fix(Applicability::Unsafe, format!("write `{text}`"), |edits| {
            edits.extend(file, vec![(range, text)]);
        });
    }
}
