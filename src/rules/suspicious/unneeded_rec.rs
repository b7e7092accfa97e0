use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds recursive sets none of whose attributes is used inside the set.
    ///
    /// ## Why is this bad?
    /// `rec` makes every attribute a name inside the set, which can hide names outside without anyone noticing.
    /// A set with `__overrides` is left alone, because there `rec` decides about values.
    ///
    /// ## Example
    /// ```nix
    /// { lib }: rec { a = lib.version; b = 2; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib }: { a = lib.version; b = 2; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: no name inside the set means one of its attributes. Where a comment stands behind `rec`, no fix is
    /// offered.
    ///
    /// ## References
    /// - Nix manual, "Recursive sets"; NixOS/nix, src/libexpr/eval.cc: `ExprAttrs::eval` for `__overrides`
    pub struct UnneededRec {}

    name: "unneeded-rec",
    summary: "`rec` without a use of it",
    group: Suspicious,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnneededRec {
    type Node = ast::Root;
    const FINDS_UNUSED: bool = true;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        let usage = semantics.usage();
        let file = cx.file;
        for (id, scope) in semantics.numbered_scopes() {
            let is_needed = |(id, binding): (BindingId, &Binding)| {
                let name = semantics.ir.name(binding.name);
                name == "__overrides" || semantic::IMPLICIT.contains(&name) || !usage.uses(id).is_empty()
            };
            if scope.kind != ScopeKind::RecursiveSet || semantics.bindings(id).any(is_needed) {
                continue;
            }
            let covering = root.syntax().covering_element(scope.range);
            let Some(set) = covering.ancestors().find_map(ast::AttrSet::cast) else { continue };
            let Some(rec) = set.rec_token() else { continue };
            let range = rec.text_range();
            let report = cx
                .report_range(range, "this set need not be recursive")
                .here("no attribute is used by its name inside the set")
                .covers(set.syntax().text_range())
                .tag(Tag::Unused);
            if let Some(cut) = edit::delete_head(set.syntax(), SyntaxKind::TOKEN_REC) {
                let _ = report.fix(Applicability::Safe, "delete `rec`", |edits| edits.extend(file, cut));
            }
        }
    }
}
