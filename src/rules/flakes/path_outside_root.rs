use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds paths in files of a flake that climb out of its folder.
    ///
    /// ## Why is this bad?
    /// A flake is copied into the store, and nothing of what was beside it: the path does not exist there, and Nix may
    /// not look outside.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// { outputs = _: { a = import ../a.nix; }; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// { outputs = _: { a = import ./a.nix; }; }
    /// ```
    ///
    /// ## Exceptions
    /// Where the flake is in a folder of a git repository, all of the repository is copied, and such a path
    /// may be right: hence the rule is off.
    pub struct PathOutsideRoot {}

    name: "path-outside-root",
    summary: "path that climbs out of the flake",
    group: Flakes,
    level: Warning,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for PathOutsideRoot {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for file in project.flake_files() {
            let Some(facts) = &file.facts else { continue };
            for literal in facts.paths.iter().filter(|literal| literal.path.starts_with("../")) {
                let path = project.resolve(file, &literal.path);
                if literal.role == LiteralRole::Text || path.starts_with(project.root()) {
                    continue;
                }
                let _ = cx
                    .report(
                        Span::new(file.id, literal.range),
                        format!("`{}` is outside of the flake", literal.path),
                    )
                    .here("this is not copied into the store")
                    .help("move it into the flake, or make it an input");
            }
        }
    }
}
