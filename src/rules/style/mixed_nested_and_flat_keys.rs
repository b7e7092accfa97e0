use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds sets that bind a name both as a whole, `a = { … };`, and by a path, `a.x = …;`.
    ///
    /// ## Why is this bad?
    /// Who reads `a = { … }` takes it for all of `a`.
    ///
    /// ## Example
    /// ```nix
    /// { services = { a.enable = true; }; services.b.enable = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { services = { a.enable = true; b.enable = true; }; }
    /// ```
    pub struct MixedNestedAndFlatKeys {}

    name: "mixed-nested-and-flat-keys",
    summary: "name that is bound as a whole and by a path",
    group: Style,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for MixedNestedAndFlatKeys {
    type Node = ast::AttrSet;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let is_whole = |binding: &NodeView<'_>| {
            binding.operand().is_some_and(|value| value.kind() == SyntaxKind::NODE_ATTR_SET)
        };
        view.key_forms().paths > 0
            && view.bindings().any(|binding| binding.key().is_some() && is_whole(&binding))
    }

    fn check(&self, set: &ast::AttrSet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let mut whole: Vec<(ast::Attr, ast::AttrpathValue)> = Vec::new();
        let mut parts: Vec<(ast::Attr, ast::AttrpathValue)> = Vec::new();
        for binding in set.attrpath_values() {
            let Some(path) = binding.attrpath() else { continue };
            let mut attrs = path.attrs();
            let Some(name) = attrs.next() else { continue };
            if attrs.next().is_some() {
                parts.push((name, binding));
            } else if matches!(binding.value(), Some(ast::Expr::AttrSet(_))) {
                whole.push((name, binding));
            }
        }
        if whole.is_empty() || parts.is_empty() {
            return;
        }
        let named = |bindings: Vec<(ast::Attr, ast::AttrpathValue)>| -> Vec<(String, ast::AttrpathValue)> {
            bindings.into_iter().filter_map(|(name, binding)| Some((static_name(&name)?, binding))).collect()
        };
        let (whole, parts) = (named(whole), named(parts));
        for (name, binding) in whole {
            let Some((_, part)) = parts.iter().find(|(part, _)| *part == name) else { continue };
            let (Some(key), Some(other)) = (part.attrpath(), binding.attrpath()) else { continue };
            let first = Span::new(cx.file, other.syntax().text_range());
            let _ = cx
                .report(&key, format!("`{name}` is bound as a whole and by this path"))
                .here("a part of it")
                .label(first, "this looks like all of it")
                .covers(part.syntax().text_range())
                .help("write both in one way");
        }
    }
}
