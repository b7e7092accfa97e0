use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions without a space behind the colon, such as `x:x`, which Nix reads as a URL.
    ///
    /// ## Why is this bad?
    /// It is the string `"x:x"`: the error comes from where it is called, far away.
    ///
    /// ## Example
    /// ```nix
    /// map (x:x) [ 1 2 ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// map (x: x) [ 1 2 ]
    /// ```
    ///
    /// ## Exceptions
    /// What has `//` behind the colon, or begins with the scheme of a URL, such as `mailto:`, is not reported.
    ///
    /// ## Fix safety
    /// Unsafe, since the value becomes another one: a function.
    pub struct LambdaLexedAsUrl {}

    name: "lambda-lexed-as-url",
    summary: "function that Nix reads as a URL",
    group: Correctness,
    level: Error,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for LambdaLexedAsUrl {
    type Node = ast::Literal;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.has_token(SyntaxKind::TOKEN_URI)
    }

    fn check(&self, literal: &ast::Literal, cx: &mut Context<'_>) {
        if !matches!(literal.kind(), ast::LiteralKind::Uri(_)) {
            return;
        }
        let url = literal.syntax().text().to_string();
        let Some((argument, body)) = url.split_once(':') else { return };
        if !nixos::urls::looks_like_function(&url) {
            return;
        }
        let file = cx.file;
        let fixed = format!("{argument}: {body}");
        // What is no expression either way was not meant as a function.
        if Strength::of_text(&fixed).is_none() {
            return;
        }
        let _ = cx
            .report(literal, format!("`{url}` is a string, not a function"))
            .here("Nix reads this as a URL")
            .help("put a space behind the colon")
            .fix(Applicability::Unsafe, "add the space", |edits| {
                edits.extend(file, edit::replace(literal.syntax(), &fixed));
            });
    }
}
