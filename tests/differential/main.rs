//! The evaluator against Nix on generated programs: where everything is known it computes what Nix
//! computes, and hiding a part never changes what else is known.
//!
//! `NIXLINT_TEST_SEED` gives another seed, `NIXLINT_TEST_PROGRAMS` another number of programs.

mod evaluate;
mod generate;
mod oracle;
mod partiality;
mod program;
mod random;
mod strings;

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use camino::{Utf8Path, Utf8PathBuf};
use evaluate::Known;
use program::Program;
use random::Random;
use tempfile::TempDir;

/// The stack of evaluation in the program itself (`engine::pool`).
const STACK: usize = 512 << 20;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The seed of the program with this number.
fn seed_of(index: u64) -> u64 {
    number("NIXLINT_TEST_SEED", 1).wrapping_mul(1 << 32).wrapping_add(index)
}

/// A folder for programs, deep enough for their relative paths.
fn folder() -> (TempDir, Utf8PathBuf) {
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().canonicalize().expect("it is there").join("project");
    fs::create_dir(&path).expect("it can be made");
    (scratch, Utf8PathBuf::from_path_buf(path).expect("UTF-8"))
}

fn on_large_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(test).expect("a thread starts");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// What Nix and the evaluator say of texts.
fn both(folder: &Utf8Path, texts: &[String]) -> Option<Vec<(Known, Option<serde_json::Value>)>> {
    let files: Vec<String> = (0..texts.len()).map(|index| format!("{index}.nix")).collect();
    for (file, text) in files.iter().zip(texts) {
        fs::write(folder.join(file), text).expect("it can be written");
    }
    let theirs = oracle::evaluate(folder.as_std_path(), &files)?;
    let ours = files.iter().zip(texts).map(|(file, text)| evaluate::whole(&folder.join(file), text));
    Some(ours.zip(theirs).collect())
}

/// How the evaluator is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    /// A value where Nix stops with an error.
    Value,
    /// An error where Nix has a value.
    Error,
    /// Another value than Nix.
    OtherValue,
}

/// What the evaluator claims and Nix does not say.
fn mistake(ours: &Known, theirs: Option<&serde_json::Value>) -> Option<Mistake> {
    let is_known = ours.unknown().is_none();
    match theirs {
        None => (is_known && ours.is_data()).then_some(Mistake::Value),
        Some(_) if ours.has_error() => Some(Mistake::Error),
        Some(value) => (is_known && !ours.is(value)).then_some(Mistake::OtherValue),
    }
}

#[test]
fn generated_programs_agree_with_nix() {
    on_large_stack(|| {
        let count = number("NIXLINT_TEST_PROGRAMS", 2_000);
        let (_scratch, folder) = folder();
        let mut constructs: BTreeMap<&str, u64> = BTreeMap::new();
        let mut programs: Vec<Program> = Vec::new();
        for index in 0..count {
            let (program, seen) = generate::program(seed_of(index));
            programs.push(program);
            for construct in seen {
                *constructs.entry(construct).or_default() += 1;
            }
        }
        let texts: Vec<String> = programs.iter().map(Program::to_string).collect();
        let Some(results) = both(&folder, &texts) else {
            println!("skipped: nix-instantiate is not installed");
            return;
        };

        let mut unknown = Vec::new();
        let mut wrong = Vec::new();
        for (index, (ours, theirs)) in results.iter().enumerate() {
            if let Some(mistake) = mistake(ours, theirs.as_ref()) {
                wrong.push((index, mistake));
            } else if theirs.is_some() && ours.unknown().is_some() {
                unknown.push(index);
            }
        }
        let values = results.iter().filter(|(_, theirs)| theirs.is_some()).count();
        println!(
            "{count} programs, {values} with a value, {} not known, {} wrong",
            unknown.len(),
            wrong.len()
        );
        for construct in generate::CONSTRUCTS {
            let of = constructs.get(construct).copied().unwrap_or(0);
            println!("{construct}: {:.1} %", of as f64 * 100.0 / count as f64);
        }
        let shown = number("NIXLINT_TEST_SHOWN", 5) as usize;
        let run = |program: &Program| {
            let mut results = both(&folder, &[program.to_string()]).expect("Nix is there");
            results.pop().expect("one program, one result")
        };
        let is_well_scoped = |program: &Program| evaluate::is_well_scoped(&program.to_string());
        for index in unknown.iter().take(shown) {
            let is_unknown =
                |(ours, theirs): &(Known, Option<_>)| theirs.is_some() && ours.unknown().is_some();
            let program = programs[*index]
                .clone()
                .minimised(|program| is_well_scoped(program) && is_unknown(&run(program)));
            let (ours, theirs) = run(&program);
            println!(
                "--- not known, seed {}\n{program}\nNix: {theirs:?}\nnixlint: {ours:?}",
                seed_of(*index as u64)
            );
        }
        for (index, kind) in wrong.iter().take(shown) {
            let is_wrong =
                |(ours, theirs): &(Known, Option<_>)| mistake(ours, theirs.as_ref()) == Some(*kind);
            let program = programs[*index]
                .clone()
                .minimised(|program| is_well_scoped(program) && is_wrong(&run(program)));
            let (ours, theirs) = run(&program);
            println!(
                "--- {kind:?}, seed {}\n{program}\nNix: {theirs:?}\nnixlint: {ours:?}",
                seed_of(*index as u64)
            );
        }
        assert!(wrong.is_empty(), "{} programs of seed {}", wrong.len(), number("NIXLINT_TEST_SEED", 1));
        assert!(unknown.len() as u64 * 100 <= count, "{} programs are not known", unknown.len());
        assert!(values as u64 * 10 >= count * 8, "most programs have a value");
        for construct in generate::CONSTRUCTS {
            let of = constructs.get(construct).copied().unwrap_or(0);
            assert!(of * 20 >= count, "{construct} is in {of} programs only");
        }
    });
}

#[test]
fn hiding_a_part_changes_nothing_else() {
    on_large_stack(|| {
        let programs = number("NIXLINT_TEST_PROGRAMS", 1_000);
        let path = Utf8Path::new("/project/hidden.nix");
        let mut hidings = 0;
        let mut wrong = 0;
        for index in 0..programs {
            let seed = seed_of(index);
            let mut random = Random::new(seed);
            let mut cases = vec![(generate::program(seed).0, random.pick(partiality::HIDDEN))];
            let small = generate::small_program(seed);
            cases.extend(partiality::HIDDEN.iter().map(|hidden| (small.clone(), *hidden)));
            for (mut program, hidden) in cases {
                for name in &partiality::NAMES[..1 + random.below(partiality::NAMES.len())] {
                    let at = random.below(program.size());
                    let part = program.at(at).expect("it has so many parts");
                    part.hiding = Some(partiality::hiding(&part.kind, name, &mut random));
                }
                hidings += 1;
                if partiality::mistake(path, &program, hidden).is_none() {
                    continue;
                }
                wrong += 1;
                if wrong <= number("NIXLINT_TEST_SHOWN", 5) {
                    let is_wrong = |program: &Program| {
                        evaluate::is_well_scoped(&program.to_string())
                            && evaluate::is_well_scoped(&partiality::text(program))
                            && partiality::mistake(path, program, hidden).is_some()
                    };
                    let program = program.minimised(is_wrong);
                    let mistake = partiality::mistake(path, &program, hidden).unwrap_or_default();
                    println!("--- {hidden:?}, seed {seed}\n{program}\n{program:#}\n{mistake}");
                }
            }
        }
        println!("{hidings} hidings, {wrong} wrong");
        assert!(hidings >= programs);
        assert_eq!(wrong, 0, "of {hidings} hidings, seed {}", number("NIXLINT_TEST_SEED", 1));
    });
}
