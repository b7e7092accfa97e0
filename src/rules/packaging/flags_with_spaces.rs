use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds flags of a derivation with a space in them.
    ///
    /// ## Why is this bad?
    /// The builder gets the list as one text and splits that at spaces, whatever quotes are written in it: what was
    /// meant as one flag becomes several. Where each of them makes sense alone, the finding has the variant
    /// `separable`: the list only looks as if it had fewer flags than it has.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; makeFlags = [ "CFLAGS=-O2 -g" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   preBuild = ''
    ///     makeFlagsArray+=("CFLAGS=-O2 -g")
    ///   '';
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// With `__structuredAttrs = true` lists stay lists, and nothing is split.
    ///
    /// ## Fix safety
    /// The builder gets the same text from separable flags when they are apart. It is unsafe since somebody may look
    /// at the list itself.
    ///
    /// ## References
    /// - nixpkgs, pkgs/stdenv/generic/setup.sh
    pub struct FlagsWithSpaces {}

    name: "flags-with-spaces",
    summary: "flag of a derivation that is split at its spaces",
    group: Packaging,
    level: Warning,
    default: Off,
    variants: [separable: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FlagsWithSpaces {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::joins_lists) else { return };
        let file = cx.file;
        for attribute in &call.attributes {
            let Some(name) = attribute.name().filter(|name| is_split(&call, name)) else { continue };
            let Some(value) = attribute.value() else { continue };
            for element in cx.list_elements(&value) {
                let ast::Expr::Str(string) = peel_parens(element.expr.clone()) else { continue };
                let flag = written_words(&string);
                let count = flag.words.len();
                if count < 2 {
                    continue;
                }
                let report = cx
                    .report(&string, format!("`{name}` is split at spaces: this is {count} flags"))
                    .here("split by the builder")
                    .covers(attribute.range());
                if !is_separable(&flag) {
                    let _ = report.help(format!(
                        "add it to `{name}Array` in a script that runs before, or set `__structuredAttrs`"
                    ));
                    continue;
                }
                let report = report.variant(&Self::META, "separable").help("write an element for each");
                let _ = match &element.list {
                    Some(_) => report.fix(Applicability::Unsafe, "write an element for each", |edits| {
                        let flags: Vec<String> =
                            flag.words.iter().map(|word| format!("\"{word}\"")).collect();
                        edits.extend(file, vec![(element.expr.syntax().text_range(), flags.join(" "))]);
                    }),
                    None => report,
                };
            }
        }
    }
}

/// Whether the builder of the call splits these flags.
fn is_split(call: &DerivationCall, flags: &str) -> bool {
    // The hook that tests crates read its flags as shell code for years.
    let is_shell_code = call.builder.name == "buildRustPackage" && flags == "checkFlags";
    nixos::stdenv::is_split_at_spaces(flags) && !is_shell_code
}

/// Whether each word of a flag may be meant as a flag, or as the argument of the one before it.
fn is_separable(flag: &WrittenWords) -> bool {
    let is_assignment = |word: &str| !word.starts_with('-') && word.contains('=');
    // `-DNAME=a b` is one setting; `-DNAME=a -DOTHER=b`, `-I a` and `A=1 B=2` are two flags.
    let is_end = |pair: &[String]| {
        let begins_anew = pair[1].starts_with("--") || pair[1].starts_with("-D");
        !pair[0].contains('=') || begins_anew || is_assignment(&pair[0]) && is_assignment(&pair[1])
    };
    let begins = flag.words[0].starts_with('-') || is_assignment(&flag.words[0]);
    flag.is_plain && begins && flag.words.windows(2).all(is_end)
}
