use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds inputs whose path ends in `flake.nix`.
    ///
    /// ## Why is this bad?
    /// A `path:` input is the folder of a flake. Nix warns about the file and takes its folder; older versions fail,
    /// because they copy the file alone.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.tools.url = "path:./tools/flake.nix";
    ///   outputs = { self, tools }: { };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.tools.url = "path:./tools";
    ///   outputs = { self, tools }: { };
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// The fix is unsafe: the lock file has to be updated with it.
    ///
    /// ## References
    /// - NixOS/nix, src/libflake/flakeref.cc
    pub struct FlakePathToFile {}

    name: "flake-path-to-file",
    summary: "input that names `flake.nix` instead of its folder",
    group: Flakes,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for FlakePathToFile {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for input in project.flakes().iter().flat_map(WrittenFlake::inputs) {
            if !input.is_flake() {
                continue;
            }
            let (text, span) = match input.value.attr("url").map(|url| &url.value) {
                Some(Written { kind: WrittenKind::Text(text), span }) => {
                    let is_path = text.starts_with("path:") || text.starts_with(['.', '/']);
                    if !is_path {
                        continue;
                    }
                    (text, *span)
                }
                Some(Written { kind: WrittenKind::Path(text), span }) => (text, *span),
                _ => continue,
            };
            let Some(folder) = text.strip_suffix("/flake.nix") else { continue };
            let written = cx.text(span);
            let fixed = written.replacen(text.as_str(), folder, 1);
            let report = cx
                .report(span, format!("the input `{}` is a file instead of a folder", input.name))
                .here("this is the file of the flake")
                .help(format!("write `{folder}`"));
            let _ = report.fix(Applicability::Unsafe, "name the folder", |edits| {
                if fixed != written && !folder.ends_with([':', '.']) {
                    edits.replace_span(span, fixed);
                }
            });
        }
    }
}
