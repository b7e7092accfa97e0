use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds sets whose names are not in order.
    ///
    /// ## Why is this bad?
    /// In order, a name is found at a glance, and two changes hardly meet in one place.
    ///
    /// ## Example
    /// ```nix
    /// { b = 1; a = 2; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a = 2; b = 1; }
    /// ```
    ///
    /// ## Exceptions
    /// A blank line begins a new group, which has an order of its own.
    pub struct UnsortedBindings {}

    name: "unsorted-bindings",
    summary: "bindings that are not in order",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnsortedBindings {
    type Node = ast::AttrSet;

    fn check(&self, set: &ast::AttrSet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let mut before: Option<(Vec<String>, TextRange)> = None;
        for binding in set.attrpath_values() {
            let range = binding.syntax().text_range();
            let Some(path) = binding.attrpath() else { return };
            let Some(names) = static_path(&path) else {
                before = None;
                continue;
            };
            if let Some((other, place)) = &before
                && *other > names
                && !cx.text[TextRange::new(place.end(), range.start())].contains("\n\n")
            {
                let _ = cx
                    .report(&path, format!("`{}` is not in order", names.join(".")))
                    .here("the first that is not")
                    .covers(range);
                return;
            }
            before = Some((names, range));
        }
    }
}
