use std::collections::{BTreeMap, BTreeSet};

use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds files that cannot be evaluated because each needs the value of the next, by `import`, and the
    /// last that of the first.
    ///
    /// ## Why is this bad?
    /// Evaluating any of them ends in infinite recursion. Modules that list each other in `imports` are
    /// fine, and so are imports that are only needed once a function is called or an attribute is asked for.
    ///
    /// ## Example
    /// `ports.nix`:
    /// ```nix
    /// import ./hosts.nix // { web = 80; }
    /// ```
    /// `hosts.nix`:
    /// ```nix
    /// import ./ports.nix // { box = "10.0.0.1"; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `ports.nix`:
    /// ```nix
    /// import ./hosts.nix // { web = 80; }
    /// ```
    /// `hosts.nix`:
    /// ```nix
    /// { box = "10.0.0.1"; }
    /// ```
    ///
    /// ## References
    /// - Nix manual, `builtins.import`
    pub struct ImportCycle {}

    name: "import-cycle",
    summary: "files need each other's value before they have one",
    group: Correctness,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for ImportCycle {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let mut edges: BTreeMap<FileId, Vec<(FileId, TextRange)>> = BTreeMap::new();
        for file in project.files() {
            for path in file.facts.iter().flat_map(|facts| facts.paths.iter()).filter(|path| path.is_strict) {
                if let Some(target) = project.file_at(&project.resolve(file, &path.path)) {
                    edges.entry(file.id).or_default().push((target.id, path.range));
                }
            }
        }
        let mut told = BTreeSet::new();
        for start in edges.keys() {
            let Some(cycle) = cycle_from(*start, &edges) else { continue };
            if cycle.iter().any(|(file, _)| !told.insert(*file)) {
                continue;
            }
            let [(file, range), rest @ ..] = cycle.as_slice() else { continue };
            let span = Span::new(*file, *range);
            let mut report = cx
                .report(span, "this import needs the file it stands in")
                .here("infinite recursion: needed before the file has a value");
            for (file, range) in rest {
                report = report.label(Span::new(*file, *range), "which needs this import");
            }
            let _ = report.help("import it inside of a function or attribute, where it is needed later");
        }
    }
}

/// The imports that lead from `start` back to it.
fn cycle_from(
    start: FileId,
    edges: &BTreeMap<FileId, Vec<(FileId, TextRange)>>,
) -> Option<Vec<(FileId, TextRange)>> {
    let mut seen = BTreeSet::new();
    let mut work = vec![vec![(start, None)]];
    while let Some(way) = work.pop() {
        let (at, _) = *way.last()?;
        for (target, range) in edges.get(&at).into_iter().flatten() {
            let mut next = way.clone();
            next.last_mut()?.1 = Some(*range);
            if *target == start {
                return next.into_iter().map(|(file, range)| Some((file, range?))).collect();
            }
            if seen.insert(*target) {
                next.push((*target, None));
                work.push(next);
            }
        }
    }
    None
}
