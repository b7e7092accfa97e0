use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `src = ./.;` and `src = self;`.
    ///
    /// ## Why is this bad?
    /// Every change of any file, be it a note, builds the package again.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }: stdenv.mkDerivation { name = "a"; src = ./.; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, stdenv }: stdenv.mkDerivation { name = "a"; src = lib.fileset.toSource { root = ./.; fileset = ./src; }; }
    /// ```
    ///
    /// ## References
    /// - nixpkgs manual, `lib.fileset`
    pub struct WholeTreeSrc {}

    name: "whole-tree-src",
    summary: "whole folder as the source of a package",
    group: Performance,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for WholeTreeSrc {
    type Node = ast::AttrpathValue;
    const NAMES: &'static [&'static str] = &["src"];

    fn may_concern(&self, view: NodeView<'_>, _: &Context<'_>) -> bool {
        view.key().and_then(NodeView::last_name).is_some_and(|name| ["src"].contains(&name))
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let Some(value) = binding.value().map(peel_parens) else { return };
        let is_tree = match &value {
            ast::Expr::PathRel(path) => {
                matches!(path.syntax().text().to_string().as_str(), "./." | "../." | "./..")
            }
            ast::Expr::Ident(name) => name.syntax().text() == "self",
            _ => false,
        };
        let is_source =
            || binding.attrpath().and_then(|path| static_path(&path)).is_some_and(|path| path == ["src"]);
        if !is_tree || !is_source() {
            return;
        }
        let _ = cx
            .report(&value, "the whole folder is the source of this package")
            .here("any change in it builds the package again")
            .help("take what the build needs, with `lib.fileset` or `lib.cleanSource`");
    }
}
