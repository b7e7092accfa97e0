use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds attributes that are defined twice in one set or `let`: by the same name, by paths that meet, or by
    /// `inherit`.
    ///
    /// ## Why is this bad?
    /// Nix refuses the file. It merges two definitions only where both are sets that are written out, as in
    /// `a = { … }; a.b = …;`. Where such sets have a set of the same name inside, Nix merges these too, but only since
    /// 2.26: that is a finding of its own (`nested`), for those whose Nix is older.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   services.nginx.enable = true;
    ///   services.nginx.enable = false;
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   services.nginx.enable = true;
    /// }
    /// ```
    ///
    /// ## References
    /// - NixOS/nix, src/libexpr/parser-state.hh: `ParserState::addAttr`; pull request 11294
    pub struct DuplicateAttribute {}

    name: "duplicate-attribute",
    summary: "attribute defined twice",
    group: Correctness,
    level: Error,
    variants: [nested: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DuplicateAttribute {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for duplicate in &semantics.duplicates {
            let names: Vec<&str> = duplicate.path.iter().map(|name| semantics.ir.name(*name)).collect();
            let path = names.join(".");
            let first = Span::new(cx.file, duplicate.first);
            if duplicate.is_merged {
                let _ = cx
                    .report_range(
                        duplicate.second,
                        format!("both sets `{path}` are merged only since Nix 2.26"),
                    )
                    .variant(&Self::META, "nested")
                    .here("defined again here")
                    .label(first, "first defined here")
                    .help("write both as one set where an older Nix reads this");
                continue;
            }
            let _ = cx
                .report_range(duplicate.second, format!("`{path}` is defined already"))
                .here("defined again here")
                .label(first, "first defined here")
                .help("keep one of the two; Nix merges only sets that are written out");
        }
    }
}
