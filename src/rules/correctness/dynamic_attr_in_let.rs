use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds computed names in `let`.
    ///
    /// ## Why is this bad?
    /// Nix has to know the names that a `let` binds when it parses the file, and refuses it otherwise.
    /// A plain string, also as `${"name"}`, is no computed name.
    ///
    /// ## Example
    /// ```nix
    /// name: let ${name} = 1; in 2
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// name: { ${name} = 1; }
    /// ```
    ///
    /// ## References
    /// - NixOS/nix, src/libexpr/parser.y: "dynamic attributes not allowed in let"
    pub struct DynamicAttrInLet {}

    name: "dynamic-attr-in-let",
    summary: "computed name in `let`",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DynamicAttrInLet {
    type Node = ast::LetIn;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.bindings().any(|binding| {
            let first = binding.node(SyntaxKind::NODE_ATTRPATH).and_then(|path| path.nodes().next());
            first.is_none_or(|first| first.kind() != SyntaxKind::NODE_IDENT)
        })
    }

    fn check(&self, node: &ast::LetIn, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        for binding in node.attrpath_values() {
            let Some(first) = binding.attrpath().and_then(|path| path.attrs().next()) else { continue };
            if static_name(&first).is_none() {
                let _ = cx
                    .report(&first, "a name in `let` cannot be computed")
                    .here("known only when it is evaluated")
                    .help("put it into a set: `{ ${name} = …; }`");
            }
        }
    }
}
