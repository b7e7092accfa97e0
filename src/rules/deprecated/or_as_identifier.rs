use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `f or`, where the variable `or` is the argument of a function.
    ///
    /// ## Why is this bad?
    /// `or` is a keyword in `a.b or c` only, and binds in its own way elsewhere: `f or x` calls `f` with `or`, then with
    /// `x`. That will change, and Nix warns about it.
    ///
    /// ## Example
    /// ```nix
    /// { f }: f or
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { f, other }: f other
    /// ```
    ///
    /// ## Exceptions
    /// Attributes may well have that name: `lib.or a b` is fine.
    ///
    /// ## References
    /// - NixOS/nix#11118
    pub struct OrAsIdentifier {}

    name: "or-as-identifier",
    summary: "variable `or` as an argument",
    group: Deprecated,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for OrAsIdentifier {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["or"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let [_, argument] = view.operands();
        argument.and_then(NodeView::last_name) == Some("or")
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::Ident(argument)) = call.argument() else { return };
        if argument.syntax().text() != "or" {
            return;
        }
        let _ = cx
            .report(&argument, "`or` is the name of a variable here")
            .here("Nix will read this in another way one day")
            .covers(call.syntax().text_range())
            .help("give the variable another name, or write `a.b or c` where a default is meant");
    }
}
