use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds fetches that are pinned by an MD5 or SHA-1 hash.
    ///
    /// ## Why is this bad?
    /// Two files with the same MD5 or SHA-1 hash can be made. Whoever makes the file that you looked at may have made a
    /// second one, and can serve that later: Nix takes it for the same.
    ///
    /// ## Example
    /// ```nix
    /// { fetchurl }: fetchurl { url = "https://example.org/a"; sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { fetchurl }: fetchurl {
    ///   url = "https://example.org/a";
    ///   hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    /// }
    /// ```
    ///
    /// ## References
    /// - SHAttered, 2017: two files with the same SHA-1
    pub struct WeakHash {}

    name: "weak-hash",
    summary: "source pinned by MD5 or SHA-1",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for WeakHash {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["url", "urls"];

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let [_, argument] = view.operands();
        argument.is_some_and(|argument| {
            let text = &cx.text[argument.range()];
            argument.peel_parens().binds(&["url", "urls"]) && (text.contains("md5") || text.contains("sha1"))
        })
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(ast::Expr::AttrSet(set)) = call.argument().map(peel_parens) else { return };
        use ast::HasEntry as _;
        let has_source = set.attrpath_values().any(|binding| {
            let path = binding.attrpath().and_then(|path| static_path(&path));
            path.is_some_and(|path| matches!(path.as_slice(), [name] if name == "url" || name == "urls"))
        });
        if !has_source {
            return;
        }
        // A strong one beside it counts.
        let is_strong = |binding: ast::AttrpathValue| {
            let names = binding.attrpath().and_then(|path| static_path(&path));
            let is_named = names.is_some_and(|names| matches!(names.as_slice(), [name] if matches!(name.as_str(), "sha256" | "sha512" | "hash" | "outputHash")));
            is_named && weak(&binding).is_none()
        };
        if set.attrpath_values().any(is_strong) {
            return;
        }
        for binding in set.attrpath_values() {
            let Some((value, algorithm)) = weak(&binding) else { continue };
            let _ = cx
                .report(&value, format!("this source is pinned by {algorithm} only"))
                .here("another file can be made to have this hash")
                .covers(binding.syntax().text_range())
                .help("use a SHA-256 hash: `nix-prefetch-url` prints it, `hash = \"sha256-…\"` takes it");
        }
    }
}

/// The hash that a binding sets, and its weak algorithm.
fn weak(binding: &ast::AttrpathValue) -> Option<(ast::Str, &'static str)> {
    let path = static_path(&binding.attrpath()?)?;
    let [name] = path.as_slice() else { return None };
    let ast::Expr::Str(value) = peel_parens(binding.value()?) else { return None };
    let text = value.syntax().text().to_string();
    let text = text.trim_matches('"');
    let algorithm = match name.as_str() {
        "md5" if !text.is_empty() => "MD5",
        "sha1" if !text.is_empty() => "SHA-1",
        "hash" | "outputHash" if text.starts_with("md5-") || text.starts_with("md5:") => "MD5",
        "hash" | "outputHash" if text.starts_with("sha1-") || text.starts_with("sha1:") => "SHA-1",
        _ => return None,
    };
    Some((value, algorithm))
}
