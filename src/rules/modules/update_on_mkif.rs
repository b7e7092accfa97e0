use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `//` with `mkIf`, `mkMerge`, `mkForce` or one of their kin on a side.
    ///
    /// ## Why is this bad?
    /// These functions give a set that stands for the value; its contents are one of its attributes. `//`
    /// puts the attributes of the other side beside that one, where the module system never looks: the
    /// definitions on that side are dropped without an error.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   config = { services.a.enable = true; } // lib.mkIf config.services.a.enable { services.b.enable = true; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   config = lib.mkMerge [
    ///     { services.a.enable = true; }
    ///     (lib.mkIf config.services.a.enable { services.b.enable = true; })
    ///   ];
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// `mkMerge` keeps both sides, which is what was meant and not what happened, so the fix is unsafe.
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `mkIf`, `mkMerge`, `pushDownProperties`
    pub struct UpdateOnMkif {}

    name: "update-on-mkif",
    summary: "`//` drops definitions beside `mkIf` and its kin",
    group: Modules,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

/// Functions of `lib` that wrap a definition, with how many arguments they take.
const WRAPPERS: [(&str, usize); 10] = [
    ("mkIf", 2),
    ("mkMerge", 1),
    ("mkForce", 1),
    ("mkDefault", 1),
    ("mkVMOverride", 1),
    ("mkOverride", 2),
    ("mkBefore", 1),
    ("mkAfter", 1),
    ("mkOrder", 2),
    ("mkImageMediaOverride", 1),
];

impl Rule for UpdateOnMkif {
    type Node = ast::BinOp;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let is_wrapped = |side: NodeView<'_>| {
            let side = side.peel_parens();
            side.kind() == SyntaxKind::NODE_APPLY && side.last_name().is_some_and(is_wrapper)
        };
        view.has_token(SyntaxKind::TOKEN_UPDATE) && view.expressions().any(is_wrapped)
    }

    fn check(&self, update: &ast::BinOp, cx: &mut Context<'_>) {
        if update.operator() != Some(ast::BinOpKind::Update) {
            return;
        }
        let (Some(left), Some(right)) = (update.lhs(), update.rhs()) else { return };
        let Some(function) = [&left, &right].into_iter().find_map(|side| wrapper(side, cx)) else { return };
        if [&left, &right].into_iter().any(is_metadata) {
            return;
        }

        let written = function.syntax().text().to_string();
        let file = cx.file;
        let report = cx
            .report(update, format!("`//` drops what stands beside `{written}`"))
            .here("the module system never sees the other side")
            .help("use `mkMerge` with both sides as elements");
        let Some(merge) = merge_beside(&function) else { return };
        let text = format!("{merge} [ {} {} ]", as_element(&left), as_element(&right));
        let _ = report.fix(Applicability::Unsafe, "merge both sides with `mkMerge`", |edits| {
            edits.extend(file, edit::replace(update.syntax(), &text));
        });
    }
}

fn is_wrapper(name: &str) -> bool {
    WRAPPERS.iter().any(|(wrapper, _)| *wrapper == name)
}

/// The function of `lib` whose result `side` is.
fn wrapper(side: &ast::Expr, cx: &Context<'_>) -> Option<ast::Expr> {
    let ast::Expr::Apply(call) = peel_parens(side.clone()) else { return None };
    let (function, arguments) = call_parts(&call)?;
    let name = cx.library_name(&function)?;
    WRAPPERS.contains(&(name.as_str(), arguments.len())).then_some(function)
}

/// Whether this is a set of what the module system reads beside the contents: `_file`, `key` …
fn is_metadata(side: &ast::Expr) -> bool {
    use ast::HasEntry as _;
    let ast::Expr::AttrSet(set) = peel_parens(side.clone()) else { return false };
    let path = |binding: ast::AttrpathValue| static_path(&binding.attrpath()?);
    let is_one = |path: Option<Vec<String>>| {
        path.is_some_and(
            |path| matches!(path.as_slice(), [name] if matches!(name.as_str(), "_file" | "_class" | "key")),
        )
    };
    set.attrpath_values().count() > 0 && set.attrpath_values().map(path).all(is_one)
}

/// How `mkMerge` is written beside `function`; `None` where that is not certain.
fn merge_beside(function: &ast::Expr) -> Option<String> {
    match function {
        ast::Expr::Select(select) => {
            let base = select.expr()?.syntax().text().to_string();
            Some(format!("{base}.mkMerge"))
        }
        _ => None,
    }
}

/// An expression as it stands in a list.
fn as_element(expr: &ast::Expr) -> String {
    let text = expr.syntax().text();
    match expr {
        ast::Expr::AttrSet(_) | ast::Expr::Paren(_) | ast::Expr::Ident(_) | ast::Expr::Select(_) => {
            text.to_string()
        }
        _ => format!("({text})"),
    }
}
