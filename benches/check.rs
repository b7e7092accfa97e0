//! What each step costs, on one thread, over the Nix files below `NIXLINT_BENCH_DIR`.
//!
//! `cargo bench --bench check`

mod common;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use nixlint::engine::{self, RuleSet, Workspace};
use nixlint::module::Facts;
use nixlint::rule::Runner;
use nixlint::semantic::lower;
use nixlint::syntax::{ParsedFile, parse};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // Trees may be deep; a worker has the stack for them.
    engine::pool(1).install(divan::main);
}

fn texts(workspace: &Workspace) -> Vec<&str> {
    workspace.sources.iter().map(|(_, file)| &*file.text).collect()
}

/// Runs `step` on the texts of all files.
fn on_texts(bencher: Bencher<'_, '_>, step: impl Fn(&str) + Sync) {
    let workspace = common::read();
    let texts = texts(&workspace);
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| texts.iter().for_each(|text| step(text)));
}

/// Runs `step` on the trees of all files that have one.
fn on_trees(bencher: Bencher<'_, '_>, step: impl Fn(&ParsedFile) + Sync) {
    let workspace = common::read();
    let trees: Vec<ParsedFile> = texts(&workspace).into_iter().map(parse).filter(ParsedFile::is_ok).collect();
    bencher.bench(|| trees.iter().for_each(&step));
}

/// Runs the rules that `wanted` chooses on everything.
fn on_workspace(bencher: Bencher<'_, '_>, wanted: fn(&Runner) -> bool) {
    let workspace = common::read();
    let mut rules: RuleSet = common::rules();
    rules.rules.retain(|rule| wanted(&rule.runner));
    bencher.bench(|| engine::run(&workspace, &rules));
}

#[divan::bench]
fn a_discover(bencher: Bencher<'_, '_>) {
    bencher.bench(common::read);
}

#[divan::bench]
fn b_parse_with_rnix(bencher: Bencher<'_, '_>) {
    on_texts(bencher, |text| drop(black_box(rnix::Root::parse(text))));
}

#[divan::bench]
fn c_parse(bencher: Bencher<'_, '_>) {
    on_texts(bencher, |text| drop(black_box(parse(text))));
}

#[divan::bench]
fn d_walk(bencher: Bencher<'_, '_>) {
    on_trees(bencher, |tree| _ = black_box(tree.syntax().descendants().count()));
}

#[divan::bench]
fn e_semantics_and_facts(bencher: Bencher<'_, '_>) {
    on_trees(bencher, |tree| drop(black_box(Facts::new(lower(&tree.root()).ir, ""))));
}

#[divan::bench]
fn f_check_without_rules(bencher: Bencher<'_, '_>) {
    on_workspace(bencher, |_| false);
}

#[divan::bench]
fn g_check_with_rules_on_files(bencher: Bencher<'_, '_>) {
    on_workspace(bencher, |runner| matches!(runner, Runner::File(..)));
}

#[divan::bench]
fn h_check(bencher: Bencher<'_, '_>) {
    on_workspace(bencher, |_| true);
}
