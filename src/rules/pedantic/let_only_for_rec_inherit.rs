use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `let` whose names are all inherited by the recursive set that is its body.
    ///
    /// ## Why is this bad?
    /// The set could bind them itself: it is recursive.
    ///
    /// ## Example
    /// ```nix
    /// let a = 1; in rec { inherit a; b = a; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// rec { a = 1; b = a; }
    /// ```
    pub struct LetOnlyForRecInherit {}

    name: "let-only-for-rec-inherit",
    summary: "`let` whose names a recursive set inherits",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for LetOnlyForRecInherit {
    type Node = ast::LetIn;

    fn check(&self, let_in: &ast::LetIn, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let Some(ast::Expr::AttrSet(set)) = let_in.body().map(peel_parens) else { return };
        if set.rec_token().is_none() || let_in.inherits().next().is_some() {
            return;
        }
        let inherited: Vec<String> = set
            .inherits()
            .filter(|inherit| inherit.from().is_none())
            .flat_map(|inherit| inherit.attrs().filter_map(|attr| static_name(&attr)).collect::<Vec<_>>())
            .collect();
        let mut heads = let_in.attrpath_values().map(|binding| {
            binding.attrpath().and_then(|path| path.attrs().next()).and_then(|name| static_name(&name))
        });
        let is_empty = let_in.attrpath_values().next().is_none();
        if is_empty || !heads.all(|head| head.is_some_and(|head| inherited.contains(&head))) {
            return;
        }
        let Some(word) = let_in.let_token() else { return };
        let _ = cx
            .report_range(word.text_range(), "the recursive set inherits all names of this `let`")
            .here("the set could bind them itself")
            .covers(let_in.syntax().text_range());
    }
}
