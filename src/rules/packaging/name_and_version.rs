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
    /// ## Exceptions
    /// A name with something else in it, such as the version of the kernel that a module is for, cannot be made of
    /// `pname` and `version`.
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

/// The version as names have it.
const VERSIONS: [&str; 3] = ["${version}", "${finalAttrs.version}", "${final.version}"];

impl Rule for NameAndVersion {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["version"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call) else { return };
        if call.is_open || !call.is_package() || call.has("pname") {
            return;
        }
        let (Some(name), Some(version)) = (call.attribute("name"), call.attribute("version")) else { return };
        let Some(written) = WrittenName::of(name) else { return };
        let renamed = written.short.filter(|_| !call.uses(name));
        let place = cx.span(&version.key);
        let report = cx
            .report(&name.key, "this package has a `name` and a `version`, but no `pname`")
            .here("without the version")
            .label(place, "the version")
            .covers(name.range())
            .help("write `pname`, without the version: nixpkgs makes the name of both");
        let _ = match renamed {
            Some(short) => report.fix(Applicability::Unsafe, "write `pname`", |edits| {
                edits.replace(&name.key, "pname");
                edits.replace(&written.string, format!("\"{short}\""));
            }),
            None => report,
        };
    }
}

/// A name that has nothing computed in it but the version.
struct WrittenName {
    string: ast::Str,
    /// The name without the version, where that is certain.
    short: Option<String>,
}

impl WrittenName {
    fn of(name: &DerivationAttribute) -> Option<Self> {
        let Some(ast::Expr::Str(string)) = name.value() else { return None };
        let words = written_words(&string);
        let ([word], true) = (words.words.as_slice(), words.is_plain) else { return None };
        let bare = VERSIONS.iter().fold(word.clone(), |word, version| word.replace(version, ""));
        if bare.contains("${") {
            return None;
        }
        let short = VERSIONS.iter().find_map(|version| word.strip_suffix(version)?.strip_suffix('-'));
        let short = short.unwrap_or(word);
        // `tool-1.0` has a version of its own.
        let has_version = short.contains('-') && short.ends_with(|c: char| c.is_ascii_digit());
        let short = Some(short.to_owned()).filter(|short| !has_version && !short.contains("${"));
        Some(Self { string, short })
    }
}
