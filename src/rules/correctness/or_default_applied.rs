use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `x.a or f y`, where the default is called with an argument, as it seems.
    ///
    /// ## Why is this bad?
    /// `or` takes the next word only: Nix reads `(x.a or f) y`. As long as `a` is missing this works by chance; where it
    /// is there, its value is called with `y`.
    ///
    /// ## Example
    /// ```nix
    /// { cfg }: cfg.port or toString 80
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { cfg }: cfg.port or (toString 80)
    /// ```
    ///
    /// ## Exceptions
    /// Where the choice is between two functions on purpose, `(x.f or g) y` says so. Where both have one name, as in
    /// `final.fetchurl or prev.fetchurl { … }`, or are of one set, as in `types.loaOf or types.attrsOf types.str`, it may
    /// well be one: a warning (`choice`). A default in parentheses shows where it ends, and is not reported.
    ///
    /// ## Fix safety
    /// Unsafe, since it changes what is called. The other reading is shown, too.
    ///
    /// ## References
    /// - Nix manual, "Operators": attribute selection
    pub struct OrDefaultApplied {}

    name: "or-default-applied",
    summary: "`x.a or f y`, which calls `x.a`",
    group: Correctness,
    level: Error,
    variants: [choice: Warning],
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for OrDefaultApplied {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.operand().is_some_and(|function| function.has_token(SyntaxKind::TOKEN_OR))
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::Select(select)) = call.lambda() else { return };
        let Some(default) = select.default_expr() else { return };
        // Who puts the default in parentheses knows where it ends.
        if matches!(default, ast::Expr::Paren(_)) {
            return;
        }
        // The whole call, with all arguments.
        let mut outer = call.clone();
        while let Some(parent) = outer.syntax().parent().and_then(ast::Apply::cast) {
            if parent.lambda().is_none_or(|function| function.syntax() != outer.syntax()) {
                break;
            }
            outer = parent;
        }
        let from = default.syntax().text_range().start();
        let meant = TextRange::new(from, outer.syntax().text_range().end());
        let taken = select.syntax().text_range();
        let name = default.syntax().text().to_string();
        let shown =
            if name.len() <= 40 && !name.contains('`') { format!("`{name}`") } else { "it".to_owned() };
        let file = cx.file;
        let is_choice = may_be_choice(&select, &default);
        let mut report = cx
            .report_range(meant, format!("the default ends after {shown}, and the whole is called"))
            .here("this looks like one default")
            .label(Span::new(file, taken), "this is called")
            .covers(outer.syntax().text_range())
            .help("put the default, or what is called, in parentheses");
        if is_choice {
            report = report.variant(&Self::META, "choice");
        }
        let around = |range: TextRange| {
            vec![
                (TextRange::empty(range.start()), "(".to_owned()),
                (TextRange::empty(range.end()), ")".to_owned()),
            ]
        };
        let _ = report
            .fix(Applicability::Unsafe, "make it one default", |edits| edits.extend(file, around(meant)))
            .fix(Applicability::Manual, "show what is called", |edits| edits.extend(file, around(taken)));
    }
}

/// Whether both may be functions on purpose: they have one name, as in `final.fooBar or prev.fooBar { }`, or are of one
/// set, as a new and an old name of a function are.
fn may_be_choice(select: &ast::Select, default: &ast::Expr) -> bool {
    let base = select.expr().and_then(|base| dotted_path(&base));
    let names = select.attrpath().map(|path| path.attrs().map(|name| static_name(&name)).collect::<Vec<_>>());
    let (Some(names), Some(other)) = (names, dotted_path(default)) else { return false };
    let (Some(Some(name)), Some(other_name)) = (names.last(), other.last()) else { return false };
    let set = base.and_then(|base| {
        let above = names[..names.len() - 1].iter().cloned();
        base.into_iter().map(Some).chain(above).collect::<Option<Vec<_>>>()
    });
    name == other_name || (other.len() > 1 && set.as_deref() == Some(&other[..other.len() - 1]))
}
