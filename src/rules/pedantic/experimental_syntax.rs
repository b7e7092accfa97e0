use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds the pipe operators `|>` and `<|`.
    ///
    /// ## Why is this bad?
    /// Nix reads them only with the experimental feature `pipe-operators`; elsewhere the file is a syntax error.
    /// For code that others shall use. Off unless asked for.
    ///
    /// ## Example
    /// ```nix
    /// [ 1 2 ] |> map toString
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// map toString [ 1 2 ]
    /// ```
    ///
    /// ## References
    /// - RFC 148; Nix manual, "Experimental features"
    pub struct ExperimentalSyntax {}

    name: "experimental-syntax",
    summary: "operator that needs an experimental feature",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ExperimentalSyntax {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.has_token(SyntaxKind::TOKEN_PIPE_LEFT) || view.has_token(SyntaxKind::TOKEN_PIPE_RIGHT)
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        let is_pipe = |kind| matches!(kind, SyntaxKind::TOKEN_PIPE_LEFT | SyntaxKind::TOKEN_PIPE_RIGHT);
        let token = operation.syntax().children_with_tokens().find(|child| is_pipe(child.kind()));
        let Some(token) = token else { return };
        let _ = cx
            .report_range(token.text_range(), "this operator needs the feature `pipe-operators`")
            .here("an error without it");
    }
}
