use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds sets with two computed names that are written alike.
    ///
    /// ## Why is this bad?
    /// Both names are the same, and Nix rejects that when it evaluates the set.
    ///
    /// ## Example
    /// ```nix
    /// { x }: { ${x} = 1; ${x} = 2; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { x, y }: { ${x} = 1; ${y} = 2; }
    /// ```
    pub struct DuplicateDynamicAttribute {}

    name: "duplicate-dynamic-attribute",
    summary: "computed name that a set has twice",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DuplicateDynamicAttribute {
    type Node = ast::AttrSet;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.key_forms().computed > 1
    }

    fn check(&self, set: &ast::AttrSet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let mut seen: Vec<ast::Attr> = Vec::new();
        for binding in set.attrpath_values() {
            let Some(path) = binding.attrpath() else { continue };
            let mut attrs = path.attrs();
            let (Some(name), None) = (attrs.next(), attrs.next()) else { continue };
            if matches!(name, ast::Attr::Ident(_)) || static_name(&name).is_some() {
                continue;
            }
            let first = seen.iter().find(|known| same_code(known.syntax(), name.syntax()));
            if let Some(first) = first {
                let first = Span::new(cx.file, first.syntax().text_range());
                let _ = cx
                    .report(&name, "this name is computed twice in one set")
                    .here("the second time")
                    .label(first, "the first time")
                    .covers(binding.syntax().text_range());
                continue;
            }
            seen.push(name);
        }
    }
}
