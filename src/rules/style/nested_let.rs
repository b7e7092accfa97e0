use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `let` directly inside of `let` where one would do: no name of the inner one is bound or used by the outer.
    ///
    /// ## Why is this bad?
    /// Two scopes make the reader look for the name that needs them.
    ///
    /// ## Example
    /// ```nix
    /// let
    ///   a = 1;
    /// in
    /// let
    ///   b = a + 1;
    /// in
    /// a + b
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// let
    ///   a = 1;
    ///   b = a + 1;
    /// in
    /// a + b
    /// ```
    ///
    /// ## Fix safety
    /// Safe: it is offered only where no name can come to mean something else.
    pub struct NestedLet {}

    name: "nested-let",
    summary: "`let` inside of `let` where one would do",
    group: Style,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for NestedLet {
    type Node = ast::LetIn;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.expressions().next_back().is_some_and(|body| body.kind() == SyntaxKind::NODE_LET_IN)
    }

    fn check(&self, outer: &ast::LetIn, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let Some(ast::Expr::LetIn(inner)) = outer.body() else { return };
        let (Some(last), Some(first)) = (outer.entries().last(), inner.entries().next()) else { return };
        let (Some(end), Some(start)) = (outer.in_token(), inner.let_token()) else { return };
        if !can_be_one(outer, &inner, cx) {
            return;
        }
        // Between the bindings nothing may stand but the two words.
        let between = TextRange::new(last.syntax().text_range().end(), first.syntax().text_range().start());
        let words = TextRange::new(end.text_range().start(), start.text_range().end());
        let text = &cx.text[between];
        let is_bare = text.split_whitespace().eq(["in", "let"]);
        let (before, after) =
            (TextRange::new(between.start(), words.start()), TextRange::new(words.end(), between.end()));
        let edit = match cx.text[after].contains('\n') {
            true => (before.cover(words), String::new()),
            false => (words.cover(after), " ".repeat(usize::from(before.is_empty()))),
        };
        let file = cx.file;
        let mut report = cx
            .report_range(start.text_range(), "`let` inside of `let` where one would do")
            .here("nothing needs a scope of its own")
            .covers(inner.syntax().text_range())
            .help("bind all names in one `let`");
        if is_bare {
            report = report.fix(Applicability::Safe, "make them one", |edits| edits.extend(file, vec![edit]));
        }
        let _ = report;
    }
}

/// Whether no name means something else when both bind in one scope.
fn can_be_one(outer: &ast::LetIn, inner: &ast::LetIn, cx: &Context<'_>) -> bool {
    let (Some(outer_names), Some(inner_names)) = (bound_names(outer), bound_names(inner)) else {
        return false;
    };
    if inner_names.iter().any(|name| name.starts_with("__") || outer_names.contains(name)) {
        return false;
    }
    use ast::HasEntry as _;
    let places: Vec<TextRange> = outer.entries().map(|entry| entry.syntax().text_range()).collect();
    let semantics = cx.semantics();
    semantics.references.iter().all(|reference| {
        let name = semantics.ir.name(reference.name);
        !inner_names.iter().any(|inner| inner == name)
            || !places.iter().any(|place| place.contains_range(reference.range))
    })
}

/// The names that a `let` binds; `None` where some are not known.
fn bound_names(let_in: &ast::LetIn) -> Option<Vec<String>> {
    use ast::HasEntry as _;
    let mut names = Vec::new();
    for entry in let_in.entries() {
        match entry {
            ast::Entry::Inherit(inherit) => {
                for attr in inherit.attrs() {
                    names.push(static_name(&attr)?);
                }
            }
            ast::Entry::AttrpathValue(binding) => {
                names.push(static_name(&binding.attrpath()?.attrs().next()?)?)
            }
        }
    }
    Some(names)
}
