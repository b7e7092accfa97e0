use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that begin with an underscore and are used.
    ///
    /// ## Why is this bad?
    /// By a common convention the underscore says that a name is not used. Conventions differ, so the rule is off unless
    /// asked for.
    ///
    /// ## Example
    /// ```nix
    /// _value: _value + 1
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// value: value + 1
    /// ```
    ///
    /// ## Exceptions
    /// Names that begin with two underscores are names of Nix. A digit cannot begin a name, and what is inherited has its
    /// name from elsewhere. None of these is reported.
    pub struct UsedUnderscoreName {}

    name: "used-underscore-name",
    summary: "name that begins with `_` and is used",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UsedUnderscoreName {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for (id, _) in semantics.numbered_scopes() {
            for (id, binding) in semantics.bindings(id) {
                let name = semantics.ir.name(binding.name);
                let is_given = matches!(binding.kind, BindingKind::Inherit | BindingKind::InheritFrom);
                let is_number =
                    name.strip_prefix('_').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
                if is_given || is_number {
                    continue;
                }
                let first = semantics.uses(id).next();
                let (true, false, Some(first)) = (name.starts_with('_'), name.starts_with("__"), first)
                else {
                    continue;
                };
                let place = Span::new(cx.file, first.range);
                let _ = cx
                    .report_range(binding.range, format!("`{name}` is used although it begins with `_`"))
                    .here("an underscore says that it is not used")
                    .label(place, "used here");
            }
        }
    }
}
