use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds computed names in `inherit`.
    ///
    /// ## Why is this bad?
    /// Nix has to know the names that are inherited when it parses the file, and refuses it otherwise.
    /// A plain string, also as `${"name"}`, is no computed name.
    ///
    /// ## Example
    /// ```nix
    /// name: set: { inherit (set) ${name}; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// name: set: { ${name} = set.${name}; }
    /// ```
    ///
    /// ## References
    /// - NixOS/nix, src/libexpr/parser.y: "dynamic attributes not allowed in inherit"
    pub struct DynamicAttrInInherit {}

    name: "dynamic-attr-in-inherit",
    summary: "computed name in `inherit`",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DynamicAttrInInherit {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        for name in &cx.semantics().dynamic_inherits {
            let _ = cx
                .report_range(*name, "a name in `inherit` cannot be computed")
                .here("known only when it is evaluated")
                .help("write it as a binding: `${name} = source.${name};`");
        }
    }
}
