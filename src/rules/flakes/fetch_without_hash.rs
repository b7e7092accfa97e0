use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `fetchTarball`, `builtins.fetchurl`, `fetchGit` and `builtins.fetchTree` without a hash or revision in files
    /// that a flake leads to.
    ///
    /// ## Why is this bad?
    /// What is fetched may be another thing tomorrow, so Nix refuses it when it evaluates a flake.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { ... }: {
    ///     lib = import (builtins.fetchTarball "https://example.org/lib.tar.gz");
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { ... }: {
    ///     lib = import (builtins.fetchTarball {
    ///       url = "https://example.org/lib.tar.gz";
    ///       sha256 = "0000000000000000000000000000000000000000000000000000";
    ///     });
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Defaults of arguments, and files such as `shell.nix`, which are there for those who do without the flake, are
    /// not reported.
    ///
    /// ## References
    /// - Nix manual, `pure-eval` in nix.conf; `fetchTarball` and `fetchGit`
    pub struct FetchWithoutHash {}

    name: "fetch-without-hash",
    summary: "fetch that a flake refuses because it has no hash",
    group: Flakes,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// The functions of Nix that fetch, whether they need `builtins.` in front, and what pins them.
const FETCHERS: [(&str, bool, &[&str]); 4] = [
    ("fetchTarball", false, &["sha256", "hash", "narHash"]),
    ("fetchurl", true, &["sha256", "hash"]),
    ("fetchGit", false, &["rev", "narHash"]),
    ("fetchTree", true, &["rev", "narHash"]),
];

impl ProjectRule for FetchWithoutHash {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for file in project.flake_files() {
            let may_fetch = file.facts.as_ref().is_some_and(|facts| facts.outside.builtin);
            let has_a_name: fn(&str) -> bool = |text| FETCHERS.iter().any(|(name, ..)| text.contains(name));
            if !may_fetch || !cx.text_says(file.id, has_a_name) || project.is_aside(file) {
                continue;
            }
            let text = cx.file_text(file.id);
            let root = cx.syntax(file.id);
            for call in root.descendants().filter_map(ast::Apply::cast) {
                let Some(name) = unpinned(&call, text) else { continue };
                let is_default = call.syntax().ancestors().any(|node| ast::PatEntry::can_cast(node.kind()));
                if is_default {
                    continue;
                }
                let what = if matches!(name, "fetchGit" | "fetchTree") { "a revision" } else { "a hash" };
                let _ = cx
                    .report(
                        Span::new(file.id, call.syntax().text_range()),
                        format!("`{name}` without {what} does not work in a flake"),
                    )
                    .here("evaluation fails here")
                    .help(match what {
                        "a hash" => "make it an input of the flake, or give it a `sha256`",
                        _ => "make it an input of the flake, or give it a `rev`",
                    })
                    .note("Cause: flakes are evaluated without anything that may change, unless `--impure` is given.");
            }
        }
    }
}

/// Whether a reference as in `github:owner/repository/revision` has a revision, or a hole in its place.
fn names_revision(reference: &str) -> bool {
    let Some((kind, rest)) = reference.split_once(':') else { return false };
    let revision = rest.split(['?', '#']).next().unwrap_or_default().splitn(3, '/').nth(2);
    let is_whole = |text: &str| text.len() == 40 && text.chars().all(|c| c.is_ascii_hexdigit());
    matches!(kind, "github" | "gitlab" | "sourcehut")
        && revision.is_some_and(|revision| is_whole(revision) || revision.contains("${"))
}

/// The name of the fetcher that a call calls with nothing that pins the result.
fn unpinned(call: &ast::Apply, text: &str) -> Option<&'static str> {
    let (name, needs_prefix) = match peel_parens(call.lambda()?) {
        ast::Expr::Ident(ident) => (ident.syntax().text().to_string(), false),
        ast::Expr::Select(select) if select.default_expr().is_none() => {
            let ast::Expr::Ident(base) = select.expr()? else { return None };
            let path = static_path(&select.attrpath()?)?;
            let [name] = path.as_slice() else { return None };
            (base.syntax().text() == "builtins").then(|| (name.clone(), true))?
        }
        _ => return None,
    };
    let (name, needs, pins) = FETCHERS.iter().find(|(known, ..)| *known == name)?;
    // A name of another origin.
    let is_shadowed = !needs_prefix
        && (*needs || text.contains(&format!("{name} =")) || text.contains(&format!(", {name}")));
    if is_shadowed {
        return None;
    }
    let is_remote = |string: &ast::Str| {
        let text = string.syntax().text().to_string();
        let text = text.trim_matches('"');
        ["https://", "http://", "ssh://", "git@", "git://", "github:", "gitlab:"]
            .iter()
            .any(|start| text.starts_with(start))
            && !(*name == "fetchTree" && (text.contains("rev=") || names_revision(text)))
    };
    let is_unpinned = match peel_parens(call.argument()?) {
        ast::Expr::Str(string) => is_remote(&string),
        ast::Expr::AttrSet(set) => {
            use ast::HasEntry as _;
            let mut url = false;
            for entry in set.entries() {
                let ast::Entry::AttrpathValue(binding) = entry else { return None };
                let path = static_path(&binding.attrpath()?)?;
                let [key] = path.as_slice() else { return None };
                if pins.contains(&key.as_str()) {
                    return None;
                }
                if key == "url" {
                    url =
                        matches!(peel_parens(binding.value()?), ast::Expr::Str(string) if is_remote(&string));
                }
            }
            url
        }
        _ => false,
    };
    is_unpinned.then_some(*name)
}
