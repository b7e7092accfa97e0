use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds paths such as `foo/bar` without `./` before them.
    ///
    /// ## Why is this bad?
    /// They look like divisions or words, and a space makes them one. Nix can be told to reject them.
    ///
    /// ## Example
    /// ```nix
    /// import lib/default.nix
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// import ./lib/default.nix
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: both are relative to the folder of the file.
    ///
    /// ## References
    /// - Nix manual, `lint-short-path-literals` in nix.conf
    pub struct ShortPathLiteral {}

    name: "short-path-literal",
    summary: "relative path without `./`",
    group: Suspicious,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ShortPathLiteral {
    type Node = ast::PathRel;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.tokens()
            .next()
            .is_some_and(|token| !token.text.starts_with("./") && !token.text.starts_with("../"))
    }

    fn check(&self, path: &ast::PathRel, cx: &mut Context<'_>) {
        let text = path.syntax().text().to_string();
        if text.starts_with("./") || text.starts_with("../") {
            return;
        }
        let file = cx.file;
        let shown = if text.contains(['`', '\n']) || text.len() > 60 {
            "this path".to_owned()
        } else {
            format!("`{text}`")
        };
        let _ = cx
            .report(path, format!("{shown} is a path without `./`"))
            .here("relative to the folder of the file")
            .fix(Applicability::Safe, "add `./`", |edits| {
                edits.extend(file, edit::replace(path.syntax(), &format!("./{text}")));
            });
    }
}
