use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds sources that are fetched over `http://` with no hash to check them.
    ///
    /// ## Why is this bad?
    /// Whoever sits between the server and you can replace what is sent, and nothing notices. With `https`, or with a
    /// hash, Nix does.
    ///
    /// ## Example
    /// ```nix
    /// import (builtins.fetchTarball "http://example.org/lib.tar.gz")
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// import (builtins.fetchTarball "https://example.org/lib.tar.gz")
    /// ```
    ///
    /// ## Exceptions
    /// A source with a hash is checked after it was fetched: others can only see what is fetched. The option `hashed`
    /// reports these, too, as an info (`checked`). Addresses of the own machine and network are not reported.
    ///
    /// ## References
    /// - Nix manual, `fetchTarball` and `fetchurl`
    pub struct InsecureHttpSource {
        /// Whether sources with a hash are reported, too.
        hashed: bool = false,
    }

    name: "insecure-http-source",
    summary: "source that is fetched over http, unchecked",
    group: Security,
    level: Warning,
    variants: [checked: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Attributes that say what must come.
const HASHES: [&str; 7] = ["hash", "sha256", "sha512", "narHash", "rev", "outputHash", "sha1"];

impl Rule for InsecureHttpSource {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        view.called().is_some_and(|name| name.starts_with("fetch"))
            && cx.text[view.range()].contains("http://")
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(function) = call.lambda().map(peel_parens) else { return };
        let name = match &function {
            ast::Expr::Ident(ident) => Some(ident.syntax().text().to_string()),
            ast::Expr::Select(select) => {
                select.attrpath().and_then(|path| static_path(&path)).and_then(|path| path.last().cloned())
            }
            _ => None,
        };
        if !name.is_some_and(|name| name.starts_with("fetch")) {
            return;
        }
        let Some((url, is_hashed)) = call.argument().map(peel_parens).and_then(source) else { return };
        if is_hashed && !self.hashed {
            return;
        }
        let mut report = cx
            .report(&url, "this source is fetched over http")
            .covers(call.syntax().text_range())
            .help("use https, or give it a hash");
        report = match is_hashed {
            true => report.variant(&Self::META, "checked").here("everyone on the way sees what is fetched"),
            false => report.here("everyone on the way can replace what comes"),
        };
        let _ = report;
    }
}

/// The address that an argument names, and whether a hash stands beside it; `None` where that is not certain.
fn source(argument: ast::Expr) -> Option<(ast::Str, bool)> {
    match argument {
        ast::Expr::Str(url) => is_http(&url).then_some((url, false)),
        ast::Expr::AttrSet(set) => {
            use ast::HasEntry as _;
            let (mut url, mut is_hashed) = (None, false);
            for entry in set.entries() {
                let ast::Entry::AttrpathValue(binding) = entry else {
                    // An inherited name may be the hash.
                    is_hashed = true;
                    continue;
                };
                let path = static_path(&binding.attrpath()?)?;
                match (path.first()?.as_str(), binding.value().map(peel_parens)?) {
                    ("url", ast::Expr::Str(value)) => url = Some(value),
                    (name, _) if HASHES.contains(&name) => is_hashed = true,
                    _ => {}
                }
            }
            url.filter(is_http).map(|url| (url, is_hashed))
        }
        _ => None,
    }
}

fn is_http(url: &ast::Str) -> bool {
    let text = url.syntax().text().to_string();
    let Some(rest) = text.trim_matches('"').strip_prefix("http://") else { return false };
    let host = rest.split(['/', ':', '$']).next().unwrap_or_default();
    host.contains('.') && !nixos::urls::is_private(host)
}
