use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `name = name;` in sets that are not recursive.
    ///
    /// ## Why is this bad?
    /// `inherit name;` says the same and cannot be mistyped on one side.
    ///
    /// ## Example
    /// ```nix
    /// { lib }: { lib = lib; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib }: { inherit lib; }
    /// ```
    ///
    /// ## Exceptions
    /// In `let` and `rec`, the name would mean itself; nothing is said there.
    ///
    /// ## Fix safety
    /// Always safe. Where a comment stands inside, no fix is offered.
    pub struct ManualInherit {}

    name: "manual-inherit",
    summary: "`name = name;` where `inherit name;` says the same",
    group: Style,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ManualInherit {
    type Node = ast::AttrpathValue;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.binds_own_name(SyntaxKind::NODE_IDENT)
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let Some(ast::Expr::Ident(value)) = binding.value() else { return };
        let mut attrs = binding.attrpath().into_iter().flat_map(|path| path.attrs());
        let (Some(ast::Attr::Ident(name)), None) = (attrs.next(), attrs.next()) else { return };
        if name.syntax().text() != value.syntax().text() {
            return;
        }
        if matches!(name.syntax().text().to_string().as_str(), "true" | "false" | "null") {
            return;
        }
        let set = binding.syntax().parent().and_then(ast::AttrSet::cast);
        if !set.is_some_and(|set| set.rec_token().is_none() && !may_join_another(&set)) {
            return;
        }
        let file = cx.file;
        let name = name.syntax().text().to_string();
        let mut report = cx
            .report(binding, format!("`{name}` is inherited by hand"))
            .here(format!("this is `inherit {name};`"));
        if !has_comment(binding.syntax()) {
            report = report.fix(Applicability::Safe, format!("use `inherit {name};`"), |edits| {
                edits.extend(file, vec![(binding.syntax().text_range(), format!("inherit {name};"))]);
            });
        }
        let _ = report;
    }
}

/// Whether the set may be merged into another one, which may be recursive: a binding beside it, or beside one of
/// the sets it stands in, has the same path or leads to a set that holds it. A longer path makes no set recursive.
fn may_join_another(set: &ast::AttrSet) -> bool {
    let mut path: Vec<Option<String>> = Vec::new();
    let mut inner = set.syntax().clone();
    let around = |node: &SyntaxNode| node.ancestors().skip(1).find(|node| !ast::Paren::can_cast(node.kind()));
    while let Some(binding) = around(&inner).and_then(ast::AttrpathValue::cast) {
        path.splice(0..0, names(&binding));
        let Some(outer) = binding.syntax().parent() else { return false };
        let mut others = outer.children().filter_map(ast::AttrpathValue::cast);
        if others.any(|other| other.syntax() != binding.syntax() && path.starts_with(&names(&other))) {
            return true;
        }
        inner = outer;
    }
    false
}

/// The names of a binding's path; `None` for those that are computed.
fn names(binding: &ast::AttrpathValue) -> Vec<Option<String>> {
    binding.attrpath().into_iter().flat_map(|path| path.attrs()).map(|name| static_name(&name)).collect()
}
