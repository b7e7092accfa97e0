use rustc_hash::FxHashSet;

use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names and ports that a list of packages or ports has twice.
    ///
    /// ## Why is this bad?
    /// Once is enough; usually one of the two was to be another.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs, ... }: { environment.systemPackages = [ pkgs.git pkgs.curl pkgs.git ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs, ... }: { environment.systemPackages = [ pkgs.git pkgs.curl ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Lists that are not bound to a name that says what they hold, such as `systemPackages` or `allowedTCPPorts`, are
    /// not looked at. For `imports` there is `duplicate-import`.
    ///
    /// ## Fix safety
    /// Unsafe, since the list becomes a shorter one.
    pub struct DuplicateListElement {}

    name: "duplicate-list-element",
    summary: "name that a list has twice",
    group: Suspicious,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DuplicateListElement {
    type Node = ast::List;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let is_name = |item: &NodeView<'_>| {
            matches!(item.kind(), SyntaxKind::NODE_IDENT | SyntaxKind::NODE_SELECT | SyntaxKind::NODE_LITERAL)
        };
        let mut seen = FxHashSet::default();
        view.expressions().filter(is_name).any(|item| {
            let text = &cx.text[item.range()];
            // `a . b` is `a.b`.
            !seen.insert(text) || text.contains(char::is_whitespace)
        })
    }

    fn check(&self, list: &ast::List, cx: &mut Context<'_>) {
        let mut items = list.items();
        if items.next().is_none() || items.next().is_none() || !is_of_things(list) {
            return;
        }
        let mut seen: Vec<(String, ast::Expr)> = Vec::new();
        for item in list.items() {
            let Some(name) = name_of(&item) else { continue };
            let file = cx.file;
            match seen.iter().find(|(known, _)| *known == name) {
                Some((_, first)) => {
                    let first = Span::new(file, first.syntax().text_range());
                    let _ = cx
                        .report(&item, format!("`{name}` is in this list already"))
                        .here("a second time")
                        .label(first, "the first time")
                        .fix(Applicability::Unsafe, "delete it", |edits| {
                            edits.extend(file, edit::delete_list_element(&item));
                        });
                }
                None => seen.push((name, item)),
            }
        }
    }
}

fn name_of(item: &ast::Expr) -> Option<String> {
    match item {
        ast::Expr::Ident(_) | ast::Expr::Select(_) => dotted_path(item).map(|path| path.join(".")),
        ast::Expr::Literal(literal) => matches!(literal.kind(), ast::LiteralKind::Integer(_))
            .then(|| literal.syntax().text().to_string()),
        _ => None,
    }
}

/// Whether the list is bound, perhaps below `with` and `++`, to a name that says that each element counts once.
fn is_of_things(list: &ast::List) -> bool {
    for node in list.syntax().ancestors().skip(1) {
        let kind = node.kind();
        let is_around = ast::With::can_cast(kind) || ast::BinOp::can_cast(kind) || ast::Paren::can_cast(kind);
        if let Some(binding) = ast::AttrpathValue::cast(node) {
            let name =
                binding.attrpath().and_then(|path| path.attrs().last()).and_then(|name| static_name(&name));
            return name.is_some_and(|name| {
                ["Packages", "packages", "Inputs", "Ports", "fonts", "plugins", "extensions"]
                    .iter()
                    .any(|end| name.ends_with(end))
            });
        }
        if !is_around {
            return false;
        }
    }
    false
}
