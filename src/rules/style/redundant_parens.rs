use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds parentheses that change nothing: around names, literals, lists, sets and selections, and around whole
    /// values, bodies of `let`, and interpolations.
    ///
    /// ## Why is this bad?
    /// The reader looks for the reason and there is none.
    ///
    /// ## Example
    /// ```nix
    /// { a = (toString 1); }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a = toString 1; }
    /// ```
    ///
    /// ## Exceptions
    /// Parentheses that show how operators hold together, as in `a && (b == c)`, or where a default ends, as in
    /// `(a.b or c) == d`, are not reported. Neither are those around a value that goes on over several lines and is no
    /// list, set or string, unless the option `several-lines` asks for it.
    ///
    /// ## Fix safety
    /// Always safe: where the parentheses keep two words apart, a space takes their place, and comments stay.
    pub struct RedundantParens {
        /// Whether parentheses around values of several lines are reported, too.
        several_lines: bool = false,
    }

    name: "redundant-parens",
    summary: "parentheses that change nothing",
    group: Style,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for RedundantParens {
    type Node = ast::Paren;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        use SyntaxKind::*;
        let (Some(inner), Some(around)) = (view.operand(), view.parent()) else { return false };
        match inner.kind() {
            _ if around == NODE_PAREN => false,
            // What binds less is redundant only where it is all there is.
            NODE_APPLY | NODE_BIN_OP | NODE_UNARY_OP | NODE_HAS_ATTR | NODE_LAMBDA | NODE_IF_ELSE
            | NODE_LET_IN | NODE_WITH | NODE_ASSERT => {
                is_whole_place(around) && (self.several_lines || !cx.text[view.range()].contains('\n'))
            }
            _ => true,
        }
    }

    fn check(&self, paren: &ast::Paren, cx: &mut Context<'_>) {
        let Some(inner) = paren.expr() else { return };
        let node = paren.syntax();
        // Of several pairs the outermost is the one to take off.
        if node.parent().is_some_and(|parent| ast::Paren::can_cast(parent.kind())) {
            return;
        }
        // `(a.b or c)` shows where the default ends.
        let is_atom = Strength::of(&inner) >= Strength::Select;
        let spans_lines = node.text().contains_char('\n');
        if !is_atom
            && (!node.parent().is_some_and(|parent| is_whole_place(parent.kind()))
                || spans_lines && !self.several_lines)
        {
            return;
        }
        // `(f) or x` calls a function with the variable `or`, which no one should have to see.
        let behind = cx.text[usize::from(node.text_range().end())..].trim_start();
        if behind.starts_with("or") && !behind[2..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return;
        }
        let Some(edits) = edit::unparen(paren) else { return };
        let file = cx.file;
        let _ = cx.report(paren, "parentheses that change nothing").here("the same without them").fix(
            Applicability::Safe,
            "take them off",
            |out| out.extend(file, edits),
        );
    }
}

/// Whether nothing but the parentheses stands in their place below a node of this kind: the value of a binding, a body,
/// an interpolation.
fn is_whole_place(around: SyntaxKind) -> bool {
    use SyntaxKind::*;
    matches!(around, NODE_ATTRPATH_VALUE | NODE_LET_IN | NODE_INTERPOL | NODE_INHERIT_FROM)
}
