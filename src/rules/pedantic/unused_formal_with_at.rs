use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds arguments in a pattern that are not used by name, in functions that give all their arguments a name with `@`.
    ///
    /// ## Why is this bad?
    /// They may be used by way of that name, so this is only a hint: off unless asked for. Where the name is used to
    /// select some arguments and for nothing else, `unused-formal` speaks of the others.
    ///
    /// ## Example
    /// ```nix
    /// { a, b, ... }@args: builtins.attrNames args ++ a
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a, ... }@args: builtins.attrNames args ++ a
    /// ```
    pub struct UnusedFormalWithAt {}

    name: "unused-formal-with-at",
    summary: "argument not used by its name beside `@`",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnusedFormalWithAt {
    type Node = ast::Root;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for (id, scope) in semantics.numbered_scopes() {
            let whole = semantics.bindings(id).find(|(_, binding)| binding.kind == BindingKind::AtName);
            let Some((whole, whole_binding)) = whole else { continue };
            // Where only some of its attributes are used, it is clear which are not: that is `unused-formal`.
            if scope.kind != ScopeKind::Lambda || cx.attributes_used(root.syntax(), whole).is_some() {
                continue;
            }
            for (id, binding) in semantics.bindings(id) {
                let name = semantics.ir.name(binding.name);
                if binding.kind != BindingKind::Formal
                    || name.starts_with('_')
                    || !semantics.usage().uses(id).is_empty()
                {
                    continue;
                }
                let all = semantics.ir.name(whole_binding.name);
                let _ = cx
                    .report_range(binding.range, format!("the argument `{name}` is not used by its name"))
                    .here(format!("perhaps used as a part of `{all}`"))
                    .tag(Tag::Unused);
            }
        }
    }
}
