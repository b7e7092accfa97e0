//! In any text every fix is applied.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nixlint::engine::RuleSet;

#[path = "../../tests/survival/mod.rs"]
#[expect(dead_code, reason = "the other target calls the rest")]
mod survival;

static RULES: LazyLock<RuleSet> = LazyLock::new(survival::all_rules);

fuzz_target!(|text: &str| {
    let files = [("a.nix".to_owned(), text.to_owned())];
    if let Err(error) = survival::fixed(&files, &RULES) {
        panic!("{error}");
    }
});
