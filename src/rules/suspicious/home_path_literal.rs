use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds paths that begin with `~/`.
    ///
    /// ## Why is this bad?
    /// It is the home of whoever evaluates: root's for one, the build user's for another. In a file that
    /// a flake evaluates it is an error of Nix (`flake`).
    ///
    /// ## Example
    /// ```nix
    /// { key = ~/.ssh/id_ed25519.pub; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { key = ./id_ed25519.pub; }
    /// ```
    ///
    /// ## References
    /// - Nix manual, `pure-eval` in nix.conf
    pub struct HomePathLiteral {}

    name: "home-path-literal",
    summary: "path that begins with `~/`",
    group: Suspicious,
    level: Warning,
    variants: [flake: Error],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for HomePathLiteral {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let mut of_flake: Option<Vec<FileId>> = None;
        for file in project.files() {
            if !file.facts.as_ref().is_some_and(|facts| facts.outside.home_path) {
                continue;
            }
            let root = cx.syntax(file.id);
            for path in root.descendants().filter_map(ast::PathHome::cast) {
                let of_flake = of_flake
                    .get_or_insert_with(|| project.flake_files().iter().map(|file| file.id).collect());
                let in_flake = of_flake.contains(&file.id) && !project.is_aside(file);
                let text = path.syntax().text().to_string();
                let shown = if text.contains(['$', '`']) || text.len() > 60 {
                    "this".to_owned()
                } else {
                    format!("`{text}`")
                };
                let mut report = cx
                    .report(
                        Span::new(file.id, path.syntax().text_range()),
                        format!("{shown} is below the home of whoever evaluates"),
                    )
                    .help("put the file beside the code, or use a string for a place on the running system");
                report = match in_flake {
                    true => report.variant(&Self::META, "flake").here("an error in a flake"),
                    false => report.here("another place for each user"),
                };
                let _ = report;
            }
        }
    }
}
