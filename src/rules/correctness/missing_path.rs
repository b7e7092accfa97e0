use camino::{Utf8Path, Utf8PathBuf};

use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds path literals that lead nowhere, and those that lead to something a flake does not see because
    /// git does not track it.
    ///
    /// ## Why is this bad?
    /// Evaluation fails as soon as the path is read. In a git repository a flake is only made of the files
    /// that git tracks: a new file that was not added yet does not exist for Nix, and the message says so in
    /// words that are hard to understand (`untracked`).
    ///
    /// Several paths of a file below one folder that does not exist are one finding.
    ///
    /// ## Example
    /// ```nix
    /// { imports = [ ./hardware-config.nix ]; }
    /// ```
    /// `hardware-configuration.nix`:
    /// ```nix
    /// { boot.loader.grub.enable = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { imports = [ ./hardware-configuration.nix ]; }
    /// ```
    /// `hardware-configuration.nix`:
    /// ```nix
    /// { boot.loader.grub.enable = true; }
    /// ```
    ///
    /// ## Exceptions
    /// Files with `pathExists` are left alone, and so are paths of which only the text matters: those that are
    /// compared, extended with `+` or given to `toString`. Tests, templates and examples may name what is not there on
    /// purpose, or will be there once they are copied; in them the finding is an info (`aside`).
    /// Secrets may be kept elsewhere than in the repository: an info, too (`secret`).
    ///
    /// ## References
    /// - Nix manual, "nix flake": types of flake references, `git+file`
    pub struct MissingPath {}

    name: "missing-path",
    summary: "path that does not exist, or that git does not track",
    group: Correctness,
    level: Error,
    variants: [aside: Info, secret: Info, untracked: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for MissingPath {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let asks = |file: &ProjectFile| file.facts.as_ref().is_some_and(|facts| facts.asks_for_paths);
        let may_ask = project.files().iter().any(asks);
        for file in project.files() {
            let Some(facts) = file.facts.as_ref().filter(|facts| !facts.asks_for_paths) else { continue };
            let mut missing = Vec::new();
            for literal in facts.paths.iter() {
                match literal.role {
                    LiteralRole::Text => continue,
                    // The function may be one that asks first.
                    LiteralRole::Argument if may_ask => continue,
                    _ => {}
                }
                let path = project.resolve(file, &literal.path);
                let written: &str = &literal.path;
                let span = Span::new(file.id, literal.range);
                match project.presence(&path) {
                    Presence::There | Presence::Unknown => {}
                    Presence::Missing => {
                        let root = missing_root(project, &path).to_owned();
                        missing.push(Missing { span, written, path, root });
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
            missing.sort_by_key(|found| found.span.range().start());
            report_missing(&missing, file, project, cx);
        }
    }
}

/// A path literal that leads nowhere.
struct Missing<'f> {
    span: Span,
    written: &'f str,
    path: Utf8PathBuf,
    /// The path, or the first folder on the way to it that does not exist either.
    root: Utf8PathBuf,
}

/// Reports paths of one file, in the order of the text; those below one folder that does not exist once.
fn report_missing(
    missing: &[Missing<'_>],
    file: &ProjectFile,
    project: &ProjectView<'_>,
    cx: &mut HostContext<'_>,
) {
    for (at, found) in missing.iter().enumerate() {
        let is_same = |other: &&Missing<'_>| other.root == found.root && found.root != found.path;
        if missing[..at].iter().any(|other| is_same(&other)) {
            continue;
        }
        let written = found.written;
        let mut report = cx
            .report(found.span, format!("`{written}` does not exist"))
            .here("evaluation fails when this path is read");
        if project.is_aside(file) {
            report = report.variant(&MissingPath::META, "aside");
        } else if is_secret(Utf8Path::new(written)) {
            report = report.variant(&MissingPath::META, "secret");
        }
        if let Some(name) = project.nearest(&found.path) {
            report = report.help(format!("did you mean `{}`?", renamed(written, &name)));
        }
        let others = missing[at + 1..].iter().filter(is_same).count();
        if others > 0 {
            let folder = found.root.strip_prefix(project.root()).unwrap_or(&found.root);
            let paths = if others == 1 {
                "one more path of this file leads"
            } else {
                &format!("{others} more paths of this file lead")
            };
            report = report.note(format!("There is no `{folder}` at all: {paths} there."));
        }
        drop(report);
    }
}

/// Whether a path is one of a secret: many keep these elsewhere than in a repository that others see.
fn is_secret(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("age" | "gpg" | "key" | "pem"))
        || path.components().any(|part| part.as_str().to_ascii_lowercase().contains("secret"))
}

/// The first folder on the way to a path that does not exist, or the path.
fn missing_root<'p>(project: &ProjectView<'_>, path: &'p Utf8Path) -> &'p Utf8Path {
    let folders = path.ancestors().skip(1).take_while(|folder| {
        folder.starts_with(project.root()) && project.presence(folder) == Presence::Missing
    });
    folders.last().unwrap_or(path)
}

/// The path with another last name.
fn renamed(written: &str, name: &str) -> String {
    let folder = Utf8Path::new(written).parent().map_or("", Utf8Path::as_str);
    if folder.is_empty() { format!("./{name}") } else { format!("{folder}/{name}") }
}
