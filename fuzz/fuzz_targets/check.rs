//! Any text is checked with every rule and reported on in every format.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nixlint::engine::RuleSet;
use nixlint::report::Format;

#[path = "../../tests/survival/mod.rs"]
#[expect(dead_code, reason = "the other target calls the rest")]
mod survival;

static RULES: LazyLock<RuleSet> = LazyLock::new(survival::all_rules);

fuzz_target!(|text: &str| {
    let files = [("a.nix".to_owned(), text.to_owned())];
    if let Err(error) = survival::run(&files, &RULES, &Format::ALL) {
        panic!("{error}");
    }
});
