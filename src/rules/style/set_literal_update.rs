use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds two sets that are written out, have no name in common, and are put together with `//`.
    ///
    /// ## Why is this bad?
    /// One set says the same.
    ///
    /// ## Example
    /// ```nix
    /// { a = 1; } // { b = 2; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a = 1; b = 2; }
    /// ```
    ///
    /// ## Exceptions
    /// Sets with computed names, with comments, and recursive ones are not reported. Two sets of several lines each may be
    /// apart for the reader: they are reported with the option `several-lines`.
    ///
    /// ## Fix safety
    /// Always safe.
    pub struct SetLiteralUpdate {
        /// Whether two sets of several lines each are reported, too.
        several_lines: bool = false,
    }

    name: "set-literal-update",
    summary: "`//` between two sets that are written out",
    group: Style,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for SetLiteralUpdate {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let [left, right] = view.operands().map(|side| side.map(NodeView::kind));
        view.has_token(SyntaxKind::TOKEN_UPDATE) && left == right && left == Some(SyntaxKind::NODE_ATTR_SET)
    }

    fn check(&self, operation: &ast::BinOp, cx: &mut Context<'_>) {
        if operation.operator() != Some(ast::BinOpKind::Update) {
            return;
        }
        let (Some(ast::Expr::AttrSet(left)), Some(ast::Expr::AttrSet(right))) =
            (operation.lhs(), operation.rhs())
        else {
            return;
        };
        let text = cx.text;
        let is_long = |set: &ast::AttrSet| text[set.syntax().text_range()].contains('\n');
        if is_long(&left) && is_long(&right) && !self.several_lines {
            return;
        }
        let (Some(first), Some(second)) = (names(&left), names(&right)) else { return };
        if first.is_empty() || second.is_empty() || first.iter().any(|name| second.contains(name)) {
            return;
        }
        let (Some(close), Some(open)) = (left.r_curly_token(), right.l_curly_token()) else { return };
        let words = close.text_range().cover(open.text_range());
        if !cx.text[words].split_whitespace().collect::<String>().eq("}//{") {
            return;
        }
        if has_comment(operation.syntax()) {
            return;
        }
        let Some(edit) = edit::join_at(cx.text, words) else { return };
        let file = cx.file;
        let _ = cx
            .report(operation, "`//` between two sets that are written out")
            .here("one set says the same")
            .fix(Applicability::Safe, "make them one set", |edits| edits.extend(file, vec![edit]));
    }
}

/// The names at the head of what a set binds; `None` where it is recursive, or some are computed.
fn names(set: &ast::AttrSet) -> Option<Vec<String>> {
    use ast::HasEntry as _;
    if set.rec_token().is_some() {
        return None;
    }
    let mut names = Vec::new();
    for entry in set.entries() {
        match entry {
            ast::Entry::Inherit(inherit) => {
                for attr in inherit.attrs() {
                    names.push(static_name(&attr)?);
                }
            }
            ast::Entry::AttrpathValue(binding) => {
                names.push(static_name(&binding.attrpath()?.attrs().next()?)?)
            }
        }
    }
    Some(names)
}
