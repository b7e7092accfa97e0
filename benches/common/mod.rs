//! What the benchmarks share: the files below `NIXLINT_BENCH_DIR` and the rules that run.

use std::path::PathBuf;

use nixlint::cli::own_rules;
use nixlint::config::discover::{ConfigChoice, Discovered, Request, discover};
use nixlint::config::{Config, RuleBook, Selectors, resolve};
use nixlint::engine::{BUILT_IN, RuleSet, Workspace};

fn book() -> RuleBook<'static> {
    RuleBook { rules: own_rules(), built_in: BUILT_IN, packs: &[] }
}

/// The folder to work on: `examples/homelab` unless the environment names another.
pub(crate) fn folder() -> PathBuf {
    let homelab = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/homelab");
    let folder = std::env::var_os("NIXLINT_BENCH_DIR").map_or_else(|| PathBuf::from(homelab), PathBuf::from);
    std::fs::canonicalize(folder).expect("the folder of NIXLINT_BENCH_DIR is there")
}

/// Every file below the folder, as `nixlint check` reads them.
pub(crate) fn read() -> Workspace {
    let folder = folder();
    let request = Request {
        folder: &folder,
        paths: &[PathBuf::from(".")],
        stdin: None,
        open: &[],
        config: ConfigChoice::Isolated,
        force_exclude: false,
        book: book(),
    };
    let Discovered { sources, groups, reader, .. } = discover(&request);
    Workspace { sources, projects: groups.into_iter().flat_map(|group| group.projects).collect(), reader }
}

/// The rules that run without being asked for, or those that `NIXLINT_BENCH_SELECT` names, with commas between them.
pub(crate) fn rules() -> RuleSet {
    let names = std::env::var("NIXLINT_BENCH_SELECT").unwrap_or_default();
    let names: Vec<String> = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let selectors = Selectors::new(&names, &[], &[], book()).expect("NIXLINT_BENCH_SELECT names rules");
    resolve(book(), &Config::default(), &selectors)
}
