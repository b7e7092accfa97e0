use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds neighbours such as `a = x.a; b = x.b;`, which take what they are from the same source.
    ///
    /// ## Why is this bad?
    /// `inherit (x) a b;` names the source once, and each name once.
    ///
    /// ## Example
    /// ```nix
    /// { lib }: { id = lib.id; const = lib.const; flip = lib.flip; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib }: { inherit (lib) id const flip; }
    /// ```
    ///
    /// ## Exceptions
    /// Fewer neighbours than the option `min` are not reported, nor are those with comments between them, and
    /// selections with a default.
    ///
    /// ## Fix safety
    /// Always safe: the source means the same in `inherit`, in recursive sets and `let`, too.
    pub struct ManualInheritFrom {
        /// How many neighbours with one source are too many.
        min: usize = 3,
        /// How many names the source may have: `a.b.c` has three.
        depth: usize = 3,
    }

    name: "manual-inherit-from",
    summary: "neighbours that take their values from one source",
    group: Style,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for ManualInheritFrom {
    type Node = ast::AttrpathValue;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.binds_own_name(SyntaxKind::NODE_SELECT)
    }

    fn check(&self, first: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let Some((source, name)) = self.inherited(first) else { return };
        let is_of_run = |binding: &ast::AttrpathValue| {
            self.inherited(binding).filter(|(other, _)| *other == source).map(|(_, name)| name)
        };
        // Only the first of a run speaks for it.
        let before = first.syntax().prev_sibling().and_then(ast::AttrpathValue::cast);
        if before.is_some_and(|before| follows(&before, first, cx) && is_of_run(&before).is_some()) {
            return;
        }
        let mut names = vec![name];
        let mut last = first.clone();
        while let Some(next) = last.syntax().next_sibling().and_then(ast::AttrpathValue::cast) {
            let Some(name) = is_of_run(&next).filter(|_| follows(&last, &next, cx)) else { break };
            names.push(name);
            last = next;
        }
        if names.len() < self.min.max(1) {
            return;
        }
        let range = first.syntax().text_range().cover(last.syntax().text_range());
        let start = usize::from(range.start());
        let line = cx.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let column = start - line;
        let mut text = format!("inherit ({source}) {};", names.join(" "));
        if column + text.len() > 100 {
            let indentation = " ".repeat(column);
            let each: String = names.iter().map(|name| format!("\n{indentation}  {name}")).collect();
            text = format!("inherit ({source}){each}\n{indentation}  ;");
        }
        let file = cx.file;
        let _ = cx
            .report_range(range, format!("{} names are taken from `{source}` one by one", names.len()))
            .here(format!("this is one `inherit ({source}) …;`"))
            .fix(Applicability::Safe, format!("use `inherit ({source})`"), |edits| {
                edits.extend(file, vec![(range, text)]);
            });
    }
}

impl ManualInheritFrom {
    /// The source and the name of `name = source.name;`.
    fn inherited(&self, binding: &ast::AttrpathValue) -> Option<(String, String)> {
        let Some(ast::Expr::Select(select)) = binding.value() else { return None };
        let mut attrs = binding.attrpath()?.attrs();
        let (Some(ast::Attr::Ident(name)), None) = (attrs.next(), attrs.next()) else { return None };
        let name = name.syntax().text().to_string();
        let selected = select.attrpath()?;
        let is_same = matches!(selected.attrs().last(), Some(ast::Attr::Ident(last)) if last.syntax().text() == name.as_str());
        let path = is_same.then(|| dotted_path(&ast::Expr::Select(select.clone()))).flatten()?;
        let (_, source) = path.split_last()?;
        let source = source.join(".");
        let is_plain = format!("{source}.{name}") == select.syntax().text().to_string();
        (is_plain && path.len() - 1 <= self.depth && !has_comment(binding.syntax())).then_some((source, name))
    }
}

/// Whether the second stands directly behind the first: no comment and no blank line is between them.
fn follows(first: &ast::AttrpathValue, second: &ast::AttrpathValue, cx: &Context<'_>) -> bool {
    let (end, start) = (first.syntax().text_range().end(), second.syntax().text_range().start());
    let between = &cx.text[TextRange::new(end, start)];
    between.trim().is_empty() && between.matches('\n').count() < 2
}
