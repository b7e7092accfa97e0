use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds attributes that are made of two definitions, one of which is a recursive set and one is not.
    ///
    /// ## Why is this bad?
    /// Nix makes one set of both, and the first definition alone decides whether it is recursive.
    /// Where the first is plain, the `rec` of the second is dropped and its names are looked up outside; where the
    /// first is recursive, names in the later definition mean its attributes.
    ///
    /// ## Example
    /// ```nix
    /// x: {
    ///   a.y = 1;
    ///   a = rec { x = 2; z = x; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// x: {
    ///   a = rec { y = 1; x = 2; z = x; };
    /// }
    /// ```
    ///
    /// ## References
    /// - NixOS/nix, issue 9020, and src/libexpr/parser-state.hh: `ParserState::addAttr`
    pub struct MergedRecMismatch {}

    name: "merged-rec-mismatch",
    summary: "recursive set merged with one that is not",
    group: Suspicious,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for MergedRecMismatch {
    type Node = ast::Root;

    fn check(&self, _root: &ast::Root, cx: &mut Context<'_>) {
        for mismatch in &cx.semantics().rec_mismatches {
            let first = Span::new(cx.file, mismatch.first);
            let (message, label) = if mismatch.is_first_recursive {
                (
                    "this definition becomes part of a recursive set",
                    "the set is recursive because of this definition",
                )
            } else {
                (
                    "the `rec` of this definition is ignored",
                    "the set is not recursive because of this definition",
                )
            };
            let _ = cx
                .report_range(mismatch.second, message)
                .here("merged into the first definition")
                .label(first, label)
                .help("write both as one set");
        }
    }
}
