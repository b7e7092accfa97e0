//! What other language servers for Nix show already, so that users of several see it once.

/// The servers, each with the rules whose findings it shows, too. Read from the sources of nil (2026-07) and
/// of nixf, which nixd runs (2026-08).
pub const PEERS: [(&str, &[&str]); 2] = [
    (
        "nil",
        &[
            "syntax-error",
            "undefined-variable",
            "duplicate-attribute",
            "duplicate-formal",
            "dynamic-attr-in-let",
            "dynamic-attr-in-inherit",
            "merged-rec-mismatch",
            "unused-let-binding",
            "unused-inherited-name",
            "unused-at-binding",
            "unused-with",
            "unneeded-rec",
            "empty-let",
            "empty-inherit",
            "url-literal",
            "legacy-let",
        ],
    ),
    (
        "nixd",
        &[
            "syntax-error",
            "undefined-variable",
            "builtin-needs-prefix",
            "shadowed-builtin",
            "shadowed-constant",
            "duplicate-attribute",
            "duplicate-formal",
            "dynamic-attr-in-let",
            "dynamic-attr-in-inherit",
            "merged-rec-mismatch",
            "unused-let-binding",
            "unused-inherited-name",
            "unused-formal",
            "unused-at-binding",
            "unused-with",
            "unneeded-rec",
            "empty-inherit",
            "redundant-parens",
            "url-literal",
            "legacy-let",
            "legacy-let-missing-body",
        ],
    ),
];

/// The rules that the server called `peer` makes superfluous; `None` for a server that is not known.
pub(super) fn covered_by(peer: &str) -> Option<&'static [&'static str]> {
    PEERS.iter().find(|(name, _)| *name == peer).map(|(_, rules)| *rules)
}
