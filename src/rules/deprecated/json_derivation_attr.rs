use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `__json` among the attributes of a derivation.
    ///
    /// ## Why is this bad?
    /// It was how `__structuredAttrs` was implemented, and has been deprecated since Nix 2.30. With `__structuredAttrs = true`
    /// Nix writes all attributes of the derivation as JSON by itself.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }: stdenv.mkDerivation { name = "tool"; __json = builtins.toJSON { a = 1; }; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }: stdenv.mkDerivation { name = "tool"; __structuredAttrs = true; a = 1; }
    /// ```
    ///
    /// ## References
    /// - Nix release notes, 2.30
    pub struct JsonDerivationAttr {}

    name: "json-derivation-attr",
    summary: "`__json` in a derivation",
    group: Deprecated,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for JsonDerivationAttr {
    type Node = ast::AttrpathValue;
    const NAMES: &'static [&'static str] = &["__json"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.key().and_then(NodeView::last_name).is_some_and(|name| ["__json"].contains(&name))
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let Some(path) = binding.attrpath() else { return };
        let is_argument = binding.syntax().ancestors().skip(1).any(|node| ast::Apply::can_cast(node.kind()));
        if is_argument && static_path(&path).is_some_and(|path| path == ["__json"]) {
            let _ = cx
                .report(&path, "`__json` is deprecated")
                .here("Nix warns about it since 2.30")
                .help("use `__structuredAttrs = true`")
                .tag(Tag::Deprecated);
        }
    }
}
