use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `lib.optional` with a list that is written out.
    ///
    /// ## Why is this bad?
    /// `optional c x` puts `x` into a list: with a list, that is a list in a list. `optionals` takes a list.
    ///
    /// ## Example
    /// ```nix
    /// { lib, c }: { packages = [ 1 ] ++ lib.optional c [ 2 3 ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, c }: { packages = [ 1 ] ++ lib.optionals c [ 2 3 ]; }
    /// ```
    ///
    /// ## Exceptions
    /// A list of lists may be meant: `optional c [ … ] ++ [ [ … ] ]` then has another list in a list.
    ///
    /// ## Fix safety
    /// Unsafe, since the list becomes a flat one.
    ///
    /// ## References
    /// - nixpkgs manual, `lib.lists.optional`
    pub struct OptionalWithList {}

    name: "optional-with-list",
    summary: "`lib.optional` with a list",
    group: Suspicious,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for OptionalWithList {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["optional"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let [_, argument] = view.operands();
        view.calls(&["optional"])
            && argument.is_some_and(|argument| argument.peel_parens().kind() == SyntaxKind::NODE_LIST)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::List(list)) = call.argument().map(peel_parens) else { return };
        let Some((function, arguments)) = call_parts(call) else { return };
        let name = dotted_path(&function).and_then(|path| path.last().cloned());
        if arguments.len() != 2 || name.is_none_or(|name| name != "optional") {
            return;
        }
        if let (ast::Expr::Ident(_), Some(Resolution::Binding(id))) =
            (&function, cx.semantics().resolve(function.syntax().text_range()))
            && cx.semantics().binding(id).kind != BindingKind::InheritFrom
            && cx.semantics().binding(id).kind != BindingKind::Formal
        {
            return;
        }
        // A list of lists is put together from such.
        let holds_lists = list.items().next().is_some_and(|item| matches!(item, ast::Expr::List(_)));
        if holds_lists || is_beside_list_of_lists(call) {
            return;
        }
        let file = cx.file;
        let end = TextRange::empty(function.syntax().text_range().end());
        let _ = cx
            .report(&function, "`optional` makes a list of this list")
            .here("`optionals` takes a list")
            .label(Span::new(file, list.syntax().text_range()), "a list in a list")
            .covers(call.syntax().text_range())
            .fix(Applicability::Unsafe, "use `optionals`", |edits| {
                edits.extend(file, vec![(end, "s".to_owned())]);
            });
    }
}

/// Whether the call is added to a list that is written out and holds lists.
fn is_beside_list_of_lists(call: &ast::Apply) -> bool {
    let outer = call
        .syntax()
        .ancestors()
        .skip(1)
        .take_while(|node| ast::BinOp::can_cast(node.kind()) || ast::Paren::can_cast(node.kind()));
    outer.filter_map(ast::BinOp::cast).flat_map(|operation| [operation.lhs(), operation.rhs()]).flatten().any(
        |side| matches!(side, ast::Expr::List(list) if list.items().any(|item| matches!(item, ast::Expr::List(_)))),
    )
}
