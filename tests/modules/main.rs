//! Merged option values, compared with `lib.evalModules` of nixpkgs under Nix itself.
//!
//! `NIXLINT_NIXPKGS_LIB` names a checkout of <https://github.com/nix-community/nixpkgs.lib>; without it,
//! or without `nix-instantiate`, the comparison prints that it is skipped.

mod cases;
mod generate;
mod library;
mod merged;
#[path = "../nix/mod.rs"]
mod nix;

use std::collections::BTreeMap;

use generate::Set;

/// Sets that one run compares.
const SETS: usize = 500;

/// Sets that Nix evaluates at a time.
const BATCH: usize = 50;

#[test]
fn generated_modules_merge_as_in_nix() {
    let Some(nix) = library::Nix::find() else { return };
    let seed = std::env::var("NIXLINT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_120);
    let sets: Vec<Set> = (0..SETS as u64).map(|number| generate::set(seed + number)).collect();
    let (mut options, mut failing, mut unknown) = (0, 0, 0);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let (mut wrong, mut vague) = (Vec::new(), Vec::new());
    for batch in sets.chunks(BATCH) {
        let expected = nix.evaluate(batch);
        for (set, expected) in batch.iter().zip(expected) {
            let found = merged::values(&set.files, &set.roots, &set.paths);
            for ((path, expected), found) in set.paths.iter().zip(expected).zip(found) {
                options += 1;
                match (expected, found) {
                    (None, Err(_)) => failing += 1,
                    // What Nix refuses has no value to be compared with.
                    (None, Ok(_)) => failing += 1,
                    (Some(_), Err(reason)) => {
                        unknown += 1;
                        vague.push(format!("{}\n{path} is not known: {reason}", set.text()));
                        *reasons.entry(reason).or_default() += 1;
                    }
                    (Some(expected), Ok(found)) if expected == found => {}
                    (Some(expected), Ok(found)) => {
                        wrong.push(format!("{}\n{path}: Nix says {expected}, nixlint {found}", set.text()));
                    }
                }
            }
        }
    }
    println!(
        "{SETS} sets, {options} options: {failing} that Nix refuses, {unknown} unknown, {} wrong",
        wrong.len()
    );
    for (reason, count) in &reasons {
        println!("  {count} unknown: {reason}");
    }
    for (construct, share) in generate::shares(&sets) {
        println!("  {construct}: {share} %");
        assert!(share >= 5, "`{construct}` is in {share} % of the sets only");
    }
    if std::env::var_os("NIXLINT_ALL_WRONG").is_some() {
        wrong.sort_by_key(String::len);
        vague.sort_by_key(String::len);
        for one in vague.iter().take(10).chain(&wrong) {
            println!("=====\n{one}");
        }
    }
    if let Some(first) = wrong.first() {
        panic!("{} values differ from those of Nix; the first:\n{first}", wrong.len());
    }
    assert!(failing * 10 <= options, "Nix refuses {failing} of {options} options");
    assert!(unknown * 50 <= options, "{unknown} of {options} options are unknown");
}
