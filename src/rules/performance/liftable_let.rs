use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that a function binds with `let`, though their values do not depend on its argument.
    ///
    /// ## Why is this bad?
    /// The value is computed anew for each call. Around the function it is computed once.
    ///
    /// ## Example
    /// ```nix
    /// { f, big }: map (x: let table = f big; in table x)
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { f, big }: let table = f big; in map (x: table x)
    /// ```
    ///
    /// ## Exceptions
    /// Where the function is called once, nothing is gained: hence the rule is off.
    pub struct LiftableLet {}

    name: "liftable-let",
    summary: "value that is computed anew for each call",
    group: Performance,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for LiftableLet {
    type Node = ast::Lambda;

    fn check(&self, lambda: &ast::Lambda, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let (Some(ast::Param::IdentParam(_)), Some(ast::Expr::LetIn(let_in))) =
            (lambda.param(), lambda.body())
        else {
            return;
        };
        let semantics = cx.semantics();
        let around = lambda.syntax().text_range();
        let mut found = Vec::new();
        for binding in let_in.attrpath_values() {
            // Only calls are worth the while.
            let Some(ast::Expr::Apply(value)) = binding.value().map(peel_parens) else { continue };
            let place = value.syntax().text_range();
            let depends =
                semantics.references.iter().filter(|used| place.contains_range(used.range)).any(|used| {
                    match used.resolution {
                        Resolution::Binding(id) => {
                            let bound = semantics.binding(id).range;
                            around.contains_range(bound) && !place.contains_range(bound)
                        }
                        Resolution::With(scope) => around.contains_range(semantics.scope(scope).range),
                        Resolution::Builtin => false,
                        Resolution::Undefined => true,
                    }
                });
            let name = binding.attrpath().and_then(|path| static_path(&path));
            if let (false, Some([name])) = (depends, name.as_deref()) {
                found.push((binding, name.clone()));
            }
        }
        for (binding, name) in found {
            let Some(key) = binding.attrpath() else { continue };
            let _ = cx
                .report(&key, format!("`{name}` does not depend on the argument"))
                .here("computed anew for each call")
                .covers(binding.syntax().text_range())
                .help("bind it around the function");
        }
    }
}
