use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds bindings of `let` and recursive sets whose value needs itself first: `a = a;`, `pkgs = pkgs.extend f;`.
    ///
    /// ## Why is this bad?
    /// In `let` and `rec` the name on the right means the binding itself, not the one outside.
    /// Evaluating it ends with "infinite recursion encountered".
    ///
    /// ## Example
    /// ```nix
    /// { pkgs }: let pkgs = pkgs.extend (final: prev: { }); in pkgs.hello
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs }: let extended = pkgs.extend (final: prev: { }); in extended.hello
    /// ```
    ///
    /// ## Fix safety
    /// For `a = a;`, `inherit a;` takes the name from outside, which is probably what was meant. That is another value,
    /// so the fix is unsafe; it is offered only where there is such a name outside.
    ///
    /// ## References
    /// - Nix manual, "Let-expressions" and "Recursive sets"
    pub struct SelfReferentialBinding {}

    name: "self-referential-binding",
    summary: "binding that needs its own value",
    group: Correctness,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for SelfReferentialBinding {
    type Node = ast::AttrpathValue;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.operand().is_some_and(|value| needed_first_of(**view, value).is_some())
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        if !may_be_recursive(binding, cx) {
            return;
        }
        let view = NodeView::new(binding.syntax());
        let Some(value) = view.operand() else { return };
        let Some((name, range)) = needed_first_of(view, value) else { return };
        let semantics = cx.semantics();
        let Some(Resolution::Binding(id)) = semantics.resolve(range) else { return };
        let scope = semantics.scope(id.scope);
        let key = binding.attrpath().map(|path| path.syntax().text_range());
        if Some(semantics.binding(id).range) != key || has_overrides(scope, semantics) {
            return;
        }
        let is_alone = value.peel_parens().range() == range;
        let is_outside = semantics.around(scope.parent).any(|outer| {
            let outer = semantics.scope(outer);
            outer.kind == ScopeKind::With
                || outer.bindings.iter().any(|other| semantics.ir.name(other.name) == name)
        });
        let file = cx.file;
        let text = format!("inherit {name};");
        let report = cx
            .report_range(range, format!("`{name}` needs its own value first"))
            .here("this is the binding itself, not a name outside")
            .covers(binding.syntax().text_range())
            .help(if is_alone && is_outside {
                format!("`inherit {name};` takes the name from outside")
            } else {
                "give the binding another name".to_owned()
            });
        if is_alone && is_outside {
            let _ = report.fix(Applicability::Unsafe, format!("write `{text}`"), |edits| {
                edits.extend(file, edit::replace(binding.syntax(), &text));
            });
        }
    }
}

/// Whether the binding may see itself: a plain set is part of a recursive one only where two of them are merged.
fn may_be_recursive(binding: &ast::AttrpathValue, cx: &Context<'_>) -> bool {
    let set = binding.syntax().parent().and_then(ast::AttrSet::cast);
    set.is_none_or(|set| {
        set.syntax().first_token().is_some_and(|token| token.kind() == SyntaxKind::TOKEN_REC)
    }) || !cx.semantics().rec_mismatches.is_empty()
}

/// The name of a binding whose `value` uses it before it is there, and where.
fn needed_first_of<'t>(binding: NodeView<'t>, value: NodeView<'t>) -> Option<(&'t str, TextRange)> {
    if !may_need_first(value.kind()) {
        return None;
    }
    let name = binding.key().filter(|name| name.kind() == SyntaxKind::NODE_IDENT)?.last_name()?;
    Some((name, needed_first(value, name)?))
}

/// Whether an expression of this kind may have a use of a name that is evaluated before it has a value.
fn may_need_first(kind: SyntaxKind) -> bool {
    use SyntaxKind::*;
    !matches!(kind, NODE_STRING | NODE_LITERAL | NODE_LIST | NODE_ATTR_SET | NODE_LAMBDA)
}

/// The use of `name` that is evaluated before `expr` has a value, if one certainly is.
fn needed_first(expr: NodeView<'_>, name: &str) -> Option<TextRange> {
    use SyntaxKind::*;
    match expr.kind() {
        NODE_IDENT => (expr.last_name() == Some(name)).then(|| expr.range()),
        NODE_PAREN | NODE_SELECT | NODE_APPLY | NODE_IF_ELSE | NODE_ASSERT | NODE_HAS_ATTR
        | NODE_UNARY_OP => needed_first(expr.operand()?, name),
        NODE_BIN_OP => {
            let [left, right] = expr.operands();
            let is = |operators: &[SyntaxKind]| expr.tokens().any(|token| operators.contains(&token.kind));
            if is(&[TOKEN_PIPE_RIGHT]) {
                return needed_first(right?, name);
            }
            // Neither side of `==` need be evaluated as a whole, but its head is.
            let is_lazy = is(&[TOKEN_AND_AND, TOKEN_OR_OR, TOKEN_IMPLICATION, TOKEN_PIPE_LEFT]);
            needed_first(left?, name).or_else(|| if is_lazy { None } else { needed_first(right?, name) })
        }
        _ => None,
    }
}

/// Whether `__overrides` may give other values to the names of the set.
fn has_overrides(scope: &Scope, semantics: &semantic::Semantics) -> bool {
    scope.bindings.iter().any(|binding| semantics.ir.name(binding.name) == "__overrides")
}
