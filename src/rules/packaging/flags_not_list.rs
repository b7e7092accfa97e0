use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds flags of a derivation that are one text instead of a list: `configureFlags = "--a --b";`.
    ///
    /// ## Why is this bad?
    /// Nixpkgs adds its own flags to `configureFlags`, `cmakeFlags` and `mesonFlags` as to a list, and who overrides
    /// the package expects one. With `__structuredAttrs` a text is a single flag.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; makeFlags = "V=1 STATIC=0"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; makeFlags = [ "V=1" "STATIC=0" ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Other attributes that end in `Flags` are not looked at: only those that the builders and hooks of nixpkgs split
    /// at spaces.
    ///
    /// ## Fix safety
    /// Unsafe: whoever adds to the text elsewhere has to add to a list then.
    ///
    /// ## References
    /// - nixpkgs manual, "Variables controlling the configure phase"
    pub struct FlagsNotList {}

    name: "flags-not-list",
    summary: "flags of a derivation as one text",
    group: Packaging,
    level: Warning,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FlagsNotList {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::is_package) else { return };
        let file = cx.file;
        for attribute in &call.attributes {
            let Some(name) = attribute.name().filter(|name| call.builder.is_list_of_flags(name)) else {
                continue;
            };
            let Some(value) = attribute.value().filter(|value| is_text(value, cx)) else { continue };
            let words = match &value {
                ast::Expr::Str(string) => Some(written_words(string)).filter(|words| words.is_plain),
                _ => None,
            };
            let report = cx
                .report(&value, format!("`{name}` is a text"))
                .here("the builder wants a list")
                .covers(attribute.range())
                .help("write a list with an element for each flag");
            let _ = match words {
                Some(words) => report.fix(Applicability::Unsafe, "write a list", |edits| {
                    let list: String = words.words.iter().map(|word| format!("\"{word}\" ")).collect();
                    edits.extend(file, edit::replace(value.syntax(), &format!("[ {list}]")));
                }),
                None => report,
            };
        }
    }
}

/// Whether an expression certainly is a text.
fn is_text(expr: &ast::Expr, cx: &Context<'_>) -> bool {
    let of_library = cx.library_call(expr).is_some_and(|(function, arguments)| {
        let wanted = match function.as_str() {
            "optionalString" | "concatStringsSep" => 2,
            "concatMapStringsSep" => 3,
            _ => return false,
        };
        arguments.len() == wanted
    });
    of_library || cx.semantics().kind(expr) == Some(Kind::String)
}
