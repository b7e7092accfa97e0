use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds the format `base32` in calls of `builtins.convertHash`.
    ///
    /// ## Why is this bad?
    /// It is not the base 32 that others mean by the word, so Nix calls it `nix32`. Since Nix 2.24 the old name is a
    /// deprecated alias.
    ///
    /// ## Example
    /// ```nix
    /// builtins.convertHash { hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; toHashFormat = "base32"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// builtins.convertHash { hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; toHashFormat = "nix32"; }
    /// ```
    ///
    /// ## Fix safety
    /// Unsafe: Nix before 2.20 does not know the new name.
    ///
    /// ## References
    /// - Nix manual, `convertHash`
    pub struct HashFormatAlias {}

    name: "hash-format-alias",
    summary: "hash format by its old name",
    group: Deprecated,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for HashFormatAlias {
    type Node = ast::AttrpathValue;
    const NAMES: &'static [&'static str] = &["toHashFormat"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.key().and_then(NodeView::last_name).is_some_and(|name| ["toHashFormat"].contains(&name))
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let is_format = binding
            .attrpath()
            .and_then(|path| static_path(&path))
            .is_some_and(|path| path == ["toHashFormat"]);
        let Some(value) = binding.value().filter(|_| is_format) else { return };
        if written_text(&value).as_deref() == Some("base32") {
            let _ = cx
                .report(&value, "the hash format `base32` is called `nix32` now")
                .here("the old name")
                .help("write `\"nix32\"`")
                .tag(Tag::Deprecated)
                .fix(Applicability::Unsafe, "write `nix32`", |edits| edits.replace(&value, "\"nix32\""));
        }
    }
}
