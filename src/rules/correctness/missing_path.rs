use camino::Utf8Path;

use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds path literals that lead nowhere, and those that lead to something a flake does not see because
    /// git does not track it.
    ///
    /// ## Why is this bad?
    /// Evaluation fails as soon as the path is read. In a git repository a flake is only made of the files
    /// that git tracks: a new file that was not added yet does not exist for Nix, and the message says so in
    /// words that are hard to understand. Files with `pathExists` are left alone, and so are paths of which only
    /// the text matters: those that are compared, extended with `+` or given to `toString`.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   imports = [ ./hardware-config.nix ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   imports = [ ./module.nix ];
    /// }
    /// ```
    ///
    /// ## References
    /// - Nix manual, "nix flake": types of flake references, `git+file`
    pub struct MissingPath {}

    name: "missing-path",
    summary: "path that does not exist, or that git does not track",
    group: Correctness,
    level: Error,
    variants: [untracked: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for MissingPath {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let asks = |file: &ProjectFile| file.facts.as_ref().is_some_and(|facts| facts.asks_for_paths);
        let may_ask = project.files().iter().any(asks);
        for file in project.files() {
            let Some(facts) = file.facts.as_ref().filter(|facts| !facts.asks_for_paths) else { continue };
            for literal in facts.paths.iter() {
                match literal.role {
                    LiteralRole::Text => continue,
                    // The function may be one that asks first.
                    LiteralRole::Argument if may_ask => continue,
                    _ => {}
                }
                let path = project.resolve(file, &literal.path);
                let presence = project.presence(&path);
                let written = &literal.path;
                let span = Span::new(file.id, literal.range);
                match presence {
                    Presence::There | Presence::Unknown => {}
                    Presence::Missing => {
                        let report = cx
                            .report(span, format!("`{written}` does not exist"))
                            .here("evaluation fails when this path is read");
                        let _ = match project.nearest(&path) {
                            Some(name) => report.help(format!("did you mean `{}`?", renamed(written, &name))),
                            None => report,
                        };
                    }
                    Presence::Untracked => {
                        let shown = path.strip_prefix(project.root()).unwrap_or(&path);
                        let _ = cx
                            .report(span, format!("`{written}` is not tracked by git"))
                            .variant(&Self::META, "untracked")
                            .here("a flake does not see it")
                            .help(format!("run `git add {shown}`; `--intent-to-add` is enough"));
                    }
                }
            }
        }
    }
}

/// The path with another last name.
fn renamed(written: &str, name: &str) -> String {
    let folder = Utf8Path::new(written).parent().map_or("", Utf8Path::as_str);
    if folder.is_empty() { format!("./{name}") } else { format!("{folder}/{name}") }
}
