use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `sha256 = "…";` in calls of the fetchers of nixpkgs.
    ///
    /// ## Why is this bad?
    /// `hash` takes the form in which Nix itself prints hashes, and says which algorithm it is. Nixpkgs uses it
    /// everywhere since 2022.
    ///
    /// ## Example
    /// ```nix
    /// { fetchurl }:
    /// fetchurl {
    ///   url = "https://example.org/a";
    ///   sha256 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { fetchurl }:
    /// fetchurl {
    ///   url = "https://example.org/a";
    ///   hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// `builtins.fetchurl` and `builtins.fetchTarball` know nothing else. A hash that is not written out, as
    /// `lib.fakeSha256`, and files that say that a program wrote them, are not looked at.
    ///
    /// ## Fix safety
    /// The conversion is exact, and what is fetched has the same store path. It is unsafe since nixpkgs before 22.05
    /// does not know `hash` everywhere, and programs that update the hash may look for the old name.
    ///
    /// ## References
    /// - nixpkgs manual, "Fetchers"
    pub struct FetcherSha256 {}

    name: "fetcher-sha256",
    summary: "`sha256` of a fetcher, where `hash` says more",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FetcherSha256 {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["sha256"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.last_name().is_some_and(nixos::stdenv::takes_hash)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::AttrSet(set)) = call.argument().map(peel_parens) else { return };
        let path = call.lambda().and_then(|function| cx.selection_path(&peel_parens(function)));
        let Some((fetcher, base)) = path.as_deref().and_then(<[String]>::split_last) else { return };
        if !nixos::stdenv::takes_hash(fetcher) || base.iter().any(|name| name == "builtins") {
            return;
        }
        use ast::HasEntry as _;
        let binding = set.attrpath_values().find(|binding| {
            let path = binding.attrpath().and_then(|path| static_path(&path));
            path.is_some_and(|path| path == ["sha256"])
        });
        let Some((key, value)) = binding.as_ref().and_then(|binding| binding.attrpath().zip(binding.value()))
        else {
            return;
        };
        let written = written_text(&peel_parens(value.clone()));
        let Some(hash) = written.and_then(|hash| sri_hash("sha256", &hash)) else { return };
        let report = cx
            .report(&key, format!("`{fetcher}` takes `hash`"))
            .here("the old way")
            .covers(key.syntax().text_range().cover(value.syntax().text_range()))
            .help(format!("write `hash = \"{hash}\"`"));
        // In a recursive set the name may be used.
        let _ = match may_have_attribute(&set, "hash") || set.rec_token().is_some() {
            true => report,
            false => report.fix(Applicability::Unsafe, "write `hash`", |edits| {
                edits.replace(&key, "hash");
                edits.replace(&value, format!("\"{hash}\""));
            }),
        };
    }
}
