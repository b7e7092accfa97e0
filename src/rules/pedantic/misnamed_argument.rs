use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions such as `x: { y = x; }`, where the argument is used once, as the value of another name.
    ///
    /// ## Why is this bad?
    /// With that name, the argument can be inherited.
    ///
    /// ## Example
    /// ```nix
    /// map (x: { name = x; value = 1; }) [ "a" ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// map (name: { inherit name; value = 1; }) [ "a" ]
    /// ```
    pub struct MisnamedArgument {}

    name: "misnamed-argument",
    summary: "argument that could have the name it is given",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for MisnamedArgument {
    type Node = ast::Lambda;

    fn check(&self, lambda: &ast::Lambda, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let (Some(ast::Param::IdentParam(param)), Some(ast::Expr::AttrSet(set))) =
            (lambda.param(), lambda.body().map(peel_parens))
        else {
            return;
        };
        if set.rec_token().is_some() {
            return;
        }
        let name = param.syntax().text().to_string();
        for binding in set.attrpath_values() {
            let Some(ast::Expr::Ident(value)) = binding.value() else { continue };
            let key = binding.attrpath().and_then(|path| static_path(&path));
            let Some([key]) = key.as_deref() else { continue };
            if value.syntax().text() != name.as_str() || *key == name {
                continue;
            }
            let Some(Resolution::Binding(id)) = cx.semantics().resolve(value.syntax().text_range()) else {
                return;
            };
            let is_plain = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            if cx.semantics().uses(id).count() != 1 || !is_plain {
                return;
            }
            let _ = cx
                .report(&param, format!("`{name}` could be called `{key}`, which it becomes"))
                .here(format!("used once, as the value of `{key}`"));
            return;
        }
    }
}
