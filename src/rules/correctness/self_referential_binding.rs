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

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        if !may_be_recursive(binding, cx) {
            return;
        }
        let Some((name, value)) = named_value(binding) else { return };
        let Some(ident) = needed_first(&value, &name) else { return };
        let semantics = cx.semantics();
        let range = ident.syntax().text_range();
        let Some(Resolution::Binding(id)) = semantics.resolve(range) else { return };
        let scope = semantics.scope(id.scope);
        let key = binding.attrpath().map(|path| path.syntax().text_range());
        if Some(semantics.binding(id).range) != key || has_overrides(scope, semantics) {
            return;
        }
        let is_alone = peel_parens(value.clone()).syntax().text_range() == range;
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

/// The name and value of a binding with one static name.
fn named_value(binding: &ast::AttrpathValue) -> Option<(String, ast::Expr)> {
    let path = binding.attrpath()?;
    let mut attrs = path.attrs();
    let (Some(ast::Attr::Ident(name)), None) = (attrs.next(), attrs.next()) else { return None };
    Some((name.syntax().text().to_string(), binding.value()?))
}

/// The use of `name` that is evaluated before `expr` has a value, if one certainly is.
fn needed_first(expr: &ast::Expr, name: &str) -> Option<ast::Ident> {
    use ast::BinOpKind as Op;
    match peel_parens(expr.clone()) {
        ast::Expr::Ident(ident) => (ident.syntax().text() == name).then_some(ident),
        ast::Expr::Select(select) => needed_first(&select.expr()?, name),
        ast::Expr::Apply(call) => needed_first(&call.lambda()?, name),
        ast::Expr::IfElse(branch) => needed_first(&branch.condition()?, name),
        ast::Expr::Assert(assert) => needed_first(&assert.condition()?, name),
        ast::Expr::HasAttr(question) => needed_first(&question.expr()?, name),
        ast::Expr::UnaryOp(operation) => needed_first(&operation.expr()?, name),
        ast::Expr::BinOp(operation) => {
            let left = operation.lhs()?;
            let found = match operation.operator()? {
                Op::PipeRight => return needed_first(&operation.rhs()?, name),
                _ => needed_first(&left, name),
            };
            found.or_else(|| {
                let is_lazy = matches!(
                    operation.operator()?,
                    Op::And | Op::Or | Op::Implication | Op::PipeLeft | Op::PipeRight
                );
                // Neither side of `==` need be evaluated as a whole, but its head is.
                if is_lazy { None } else { needed_first(&operation.rhs()?, name) }
            })
        }
        _ => None,
    }
}

/// Whether `__overrides` may give other values to the names of the set.
fn has_overrides(scope: &Scope, semantics: &semantic::Semantics) -> bool {
    scope.bindings.iter().any(|binding| semantics.ir.name(binding.name) == "__overrides")
}
