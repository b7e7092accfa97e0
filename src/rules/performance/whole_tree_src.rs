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
    /// ## Exceptions
    /// A source that a function filters is not reported.
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

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
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
        if !is_tree || !is_source() || is_narrowed(binding) {
            return;
        }
        let _ = cx
            .report(&value, "the whole folder is the source of this package")
            .here("any change in it builds the package again")
            .help("take what the build needs, with `lib.fileset` or `lib.cleanSource`");
    }
}

/// Whether what gets the source takes a part of it, or is no package: a filter, or a function that is imported.
fn is_narrowed(binding: &ast::AttrpathValue) -> bool {
    let set = binding.syntax().parent().and_then(ast::AttrSet::cast);
    if set.as_ref().is_some_and(|set| may_have_attribute(set, "filter")) {
        return true;
    }
    let call = set.and_then(|set| ast::Apply::cast(set.syntax().parent()?));
    match call.and_then(|call| call.lambda()).map(peel_parens) {
        Some(ast::Expr::Apply(_)) => true,
        Some(function) => {
            let name = dotted_path(&function).and_then(|path| path.last().cloned());
            name.is_some_and(|name| name.starts_with("clean") || name == "run")
        }
        None => false,
    }
}
