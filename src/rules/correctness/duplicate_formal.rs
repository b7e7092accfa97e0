use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that the pattern of a function has twice: `{ a, a }:` and `{ a }@a:`.
    ///
    /// ## Why is this bad?
    /// Nix refuses the file.
    ///
    /// ## Example
    /// ```nix
    /// { lib, pkgs, lib }: pkgs
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, pkgs }: pkgs
    /// ```
    ///
    /// ## References
    /// - NixOS/nix, src/libexpr/parser-state.hh: `ParserState::validateFormals`
    pub struct DuplicateFormal {}

    name: "duplicate-formal",
    summary: "argument named twice in a pattern",
    group: Correctness,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DuplicateFormal {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for scope in semantics.scopes.iter().filter(|scope| scope.kind == ScopeKind::Lambda) {
            let mut bindings: Vec<&Binding> = scope.bindings.iter().collect();
            bindings.sort_by_key(|binding| (binding.name, binding.range.start()));
            for pair in bindings.windows(2) {
                let (first, second) = (pair[0], pair[1]);
                if first.name != second.name {
                    continue;
                }
                let name = semantics.ir.name(first.name);
                let is_whole = |binding: &Binding| binding.kind == BindingKind::AtName;
                let (message, help) = if is_whole(first) || is_whole(second) {
                    (
                        format!("`{name}` is both an argument and the name of all arguments"),
                        "give the set of arguments another name",
                    )
                } else {
                    (format!("the argument `{name}` is named twice"), "keep one of the two")
                };
                let place = Span::new(cx.file, first.range);
                let _ = cx
                    .report_range(second.range, message)
                    .here("named again here")
                    .label(place, "first named here")
                    .help(help);
            }
        }
    }
}
