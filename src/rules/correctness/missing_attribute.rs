use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds selections of attributes that a set of the same file does not have.
    ///
    /// ## Why is this bad?
    /// Evaluation fails with "attribute missing", but only once something needs the value: until then a misspelt name goes
    /// unnoticed.
    ///
    /// ## Example
    /// ```nix
    /// let ports = { web = 80; ssh = 22; }; in ports.wbe
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let ports = { web = 80; ssh = 22; }; in ports.web
    /// ```
    ///
    /// ## Exceptions
    /// Sets with computed names are not looked at, and neither are selections where the file asks for the attribute.
    pub struct MissingAttribute {}

    name: "missing-attribute",
    summary: "attribute that a set of the file does not have",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for MissingAttribute {
    type Node = ast::Select;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let Some(base) = view.operand().map(NodeView::peel_parens) else { return false };
        match base.kind() {
            SyntaxKind::NODE_ATTR_SET => true,
            SyntaxKind::NODE_IDENT => {
                let bound = cx.semantics().let_name(base.range()).map(|id| cx.semantics().binding(id).range);
                bound.is_some_and(|name| may_be_set(&cx.text[usize::from(name.end())..]))
            }
            _ => false,
        }
    }

    fn check(&self, select: &ast::Select, cx: &mut Context<'_>) {
        if select.default_expr().is_some() {
            return;
        }
        let mut value = match select.expr().map(peel_parens) {
            Some(ast::Expr::Ident(name)) => cx.semantics().let_value(&name).map(peel_parens),
            value => value,
        };
        let Some(path) = select.attrpath() else { return };
        let mut around = "the set".to_owned();
        for attr in path.attrs() {
            let Some(ast::Expr::AttrSet(set)) = value else { return };
            let Some(name) = static_name(&attr) else { return };
            match look_up(&set, &name) {
                Found::Value(inner) => value = Some(inner),
                Found::Unknown => return,
                Found::Nothing => {
                    let asked = [format!("? {name}"), format!("? \"{name}\""), format!(".{name} or")];
                    if asked.iter().any(|asked| cx.text.contains(asked.as_str())) {
                        return;
                    }
                    let place = Span::new(cx.file, set.syntax().text_range());
                    let _ = cx
                        .report(&attr, format!("{around} has no attribute `{name}`"))
                        .here("evaluation fails here")
                        .label(place, "all there is")
                        .covers(select.syntax().text_range());
                    return;
                }
            }
            around = format!("`{name}`");
        }
    }
}

/// Whether what stands behind the name of a binding may be a set that is written out.
fn may_be_set(behind: &str) -> bool {
    let value = behind.trim_start().strip_prefix('=').map(str::trim_start);
    // Or a comment, and the set behind it.
    value.is_none_or(|value| value.starts_with(['{', '(', 'r', '#', '/']))
}

/// What a set has under a name.
enum Found {
    Value(ast::Expr),
    Unknown,
    Nothing,
}

fn look_up(set: &ast::AttrSet, name: &str) -> Found {
    use ast::HasEntry as _;
    let mut found = Found::Nothing;
    for entry in set.entries() {
        match entry {
            ast::Entry::Inherit(inherit) => {
                for attr in inherit.attrs() {
                    if static_name(&attr).is_none_or(|known| known == name) {
                        return Found::Unknown;
                    }
                }
            }
            ast::Entry::AttrpathValue(binding) => {
                let Some(path) = binding.attrpath() else { return Found::Unknown };
                let mut attrs = path.attrs();
                match attrs.next().and_then(|head| static_name(&head)) {
                    None => return Found::Unknown,
                    Some(head) if head == "__overrides" => return Found::Unknown,
                    Some(head) if head == name => {
                        // What is bound in several places, or by a path, is put together.
                        if attrs.next().is_some() || matches!(found, Found::Value(_)) {
                            return Found::Unknown;
                        }
                        let Some(value) = binding.value().map(peel_parens) else { return Found::Unknown };
                        found = Found::Value(value);
                    }
                    Some(_) => {}
                }
            }
        }
    }
    found
}
