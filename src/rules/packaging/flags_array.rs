use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `makeFlagsArray = [ … ];` and other arrays of flags as attributes of a derivation.
    ///
    /// ## Why is this bad?
    /// These are arrays of the shell, for scripts to add to. An attribute reaches the builder as one text, and so the
    /// array has one element, with all flags in it.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; makeFlagsArray = [ "V=1" "STATIC=0" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; makeFlags = [ "V=1" "STATIC=0" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// With `__structuredAttrs = true` a list becomes an array.
    ///
    /// ## Fix safety
    /// Unsafe, since it repairs. Where a flag has a space in it no fix is offered: a script has to add that one,
    /// `makeFlagsArray+=("CFLAGS=-O2 -g")`.
    ///
    /// ## References
    /// - nixpkgs, pkgs/stdenv/generic/setup.sh
    pub struct FlagsArray {}

    name: "flags-array",
    summary: "shell array of flags as an attribute",
    group: Packaging,
    level: Warning,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FlagsArray {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::joins_lists) else { return };
        for attribute in &call.attributes {
            let Some(name) = attribute.name() else { continue };
            let flags = name.strip_suffix("Array").filter(|flags| nixos::stdenv::is_split_at_spaces(flags));
            let Some(flags) = flags else { continue };
            let report = cx
                .report(&attribute.key, format!("`{name}` reaches the builder as one text, not as an array"))
                .here("all flags become one")
                .covers(attribute.range())
                .help(format!("use `{flags}`, or add to `{name}` in a script that runs before"));
            let has_other = call.has(flags);
            let _ = match attribute.value() {
                Some(ast::Expr::List(list)) if !has_other && list.items().all(|flag| is_word(&flag)) => {
                    report.fix(Applicability::Unsafe, format!("use `{flags}`"), |edits| {
                        edits.replace(&attribute.key, flags);
                    })
                }
                _ => report,
            };
        }
    }
}

/// Whether a flag certainly is one word.
fn is_word(flag: &ast::Expr) -> bool {
    match peel_parens(flag.clone()) {
        ast::Expr::Str(string) => {
            let words = written_words(&string);
            words.is_plain && words.words.len() == 1
        }
        _ => false,
    }
}
