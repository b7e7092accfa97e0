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

    fn check(&self, set: &ast::AttrSet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let mut whole: Vec<(String, ast::AttrpathValue)> = Vec::new();
        let mut parts: Vec<(String, ast::AttrpathValue)> = Vec::new();
        for binding in set.attrpath_values() {
            let Some(path) = binding.attrpath() else { continue };
            let mut attrs = path.attrs();
            let Some(name) = attrs.next().and_then(|name| static_name(&name)) else { continue };
            if attrs.next().is_some() {
                parts.push((name, binding));
            } else if matches!(binding.value(), Some(ast::Expr::AttrSet(_))) {
                whole.push((name, binding));
            }
        }
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
