use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds URLs without quotes.
    ///
    /// ## Why is this bad?
    /// They are strings that do not look like strings, and they are on their way out: Nix can be told to reject them.
    ///
    /// ## Example
    /// ```nix
    /// { homepage = https://example.org; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { homepage = "https://example.org"; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: nothing in such a URL has a meaning of its own inside quotes.
    ///
    /// ## References
    /// - RFC 45, "Deprecate unquoted URL syntax"
    pub struct UrlLiteral {}

    name: "url-literal",
    summary: "URL without quotes",
    group: Deprecated,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UrlLiteral {
    type Node = ast::Literal;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.has_token(SyntaxKind::TOKEN_URI)
    }

    fn check(&self, literal: &ast::Literal, cx: &mut Context<'_>) {
        if !matches!(literal.kind(), ast::LiteralKind::Uri(_)) {
            return;
        }
        let url = literal.syntax().text().to_string();
        if is_lambda(&url) {
            return;
        }
        let file = cx.file;
        let _ = cx.report(literal, "unquoted URL").here("this is a string").fix(
            Applicability::Safe,
            "quote it",
            |edits| edits.extend(file, edit::replace(literal.syntax(), &format!("\"{url}\""))),
        );
    }
}

/// Whether a function was meant, which `lambda-lexed-as-url` speaks of.
fn is_lambda(url: &str) -> bool {
    nixos::urls::looks_like_function(url)
}
