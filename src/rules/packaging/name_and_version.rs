use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds derivations with `name` and `version`, but without `pname`.
    ///
    /// ## Why is this bad?
    /// Nixpkgs makes the name of a derivation of `pname` and `version`. With `name` the version is not added, or has to
    /// be written into it a second time, and tools that ask for `pname` find none.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }: stdenv.mkDerivation { name = "tool"; version = "1.0"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }: stdenv.mkDerivation { pname = "tool"; version = "1.0"; }
    /// ```
    ///
    /// ## Fix safety
    /// Unsafe: the derivation gets another name where `name` had no version in it, and has no attribute `name` to be
    /// overridden any more. A `name` that the set uses is left alone.
    ///
    /// ## References
    /// - nixpkgs manual, "Using stdenv"
    pub struct NameAndVersion {}

    name: "name-and-version",
    summary: "`name` beside `version`, where `pname` is meant",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for NameAndVersion {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["version"];

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call) else { return };
        if call.is_open || !call.is_package() || call.has("pname") {
            return;
        }
        let (Some(name), Some(version)) = (call.attribute("name"), call.attribute("version")) else { return };
        let renamed = short_name(name).filter(|_| !call.uses(name));
        let place = cx.span(&version.key);
        let report = cx
            .report(&name.key, "this package has a `name` and a `version`, but no `pname`")
            .here("without the version")
            .label(place, "the version")
            .covers(name.range())
            .help("write `pname`, without the version: nixpkgs makes the name of both");
        let _ = match renamed {
            Some((string, text)) => report.fix(Applicability::Unsafe, "write `pname`", |edits| {
                edits.replace(&name.key, "pname");
                edits.replace(&string, format!("\"{text}\""));
            }),
            None => report,
        };
    }
}

/// The name without `-${version}`, as it is written.
fn short_name(name: &DerivationAttribute) -> Option<(ast::Str, String)> {
    let Some(ast::Expr::Str(string)) = name.value() else { return None };
    let words = written_words(&string);
    let ([word], true) = (words.words.as_slice(), words.is_plain) else { return None };
    let versions = ["-${version}", "-${finalAttrs.version}"];
    let short = versions.iter().find_map(|version| word.strip_suffix(version)).unwrap_or(word);
    // `tool-1.0` has a version of its own.
    let has_version =
        short.contains("${") || short.contains('-') && short.ends_with(|c: char| c.is_ascii_digit());
    (!has_version).then(|| (string, short.to_owned()))
}
