//! How much `nixlint check` costs on top of what nobody can save: reading the files and parsing them with
//! rnix. Both sides are measured in turn, in CPU time of the whole process, with the same allocator.
//!
//! `NIXLINT_BENCH_DIR=… cargo bench --bench ratio`

mod common;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nixlint::engine;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often the sides take turns, so that one slow turn does not decide.
const TURNS: u32 = 8;
/// How long a turn of the floor is: enough for the clock, which counts hundredths of a second.
const TURN: Duration = Duration::from_millis(500);

fn main() {
    if cpu_time().is_none() {
        println!("skipped: the CPU time is read from /proc/self/stat, which is not there");
        return;
    }
    let pool = engine::pool(1);
    let rules = common::rules();
    let files: Vec<(PathBuf, u64)> = pool.install(|| {
        let workspace = common::read();
        let file = |path: PathBuf| fs::metadata(&path).map(|metadata| (path, metadata.len()));
        workspace.sources.iter().filter_map(|(_, source)| file(source.path.clone().into()).ok()).collect()
    });
    let bytes: u64 = files.iter().map(|(_, size)| size).sum();

    let floor = || {
        pool.install(|| {
            for (path, _) in &files {
                let text = fs::read_to_string(path).unwrap_or_default();
                std::hint::black_box(rnix::Root::parse(&text));
            }
        });
    };
    let check = || {
        pool.install(|| {
            let workspace = common::read();
            std::hint::black_box(engine::run(&workspace, &rules));
        });
    };
    // Once for the caches of the system.
    check();
    let start = Instant::now();
    floor();
    let repeats = (TURN.as_nanos() / start.elapsed().as_nanos().max(1)).clamp(1, 100_000) as u32;

    let (mut floor_time, mut check_time) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..TURNS {
        floor_time += measured(repeats, floor);
        check_time += measured(repeats, check);
    }
    let rounds = repeats * TURNS;
    let per_round = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(rounds);
    println!("files: {} ({:.2} MB), rounds: {rounds}", files.len(), bytes as f64 / 1e6);
    println!("read and parse: {:8.2} ms of CPU", per_round(floor_time));
    println!("nixlint check:  {:8.2} ms of CPU", per_round(check_time));
    println!("ratio: {:.2}", check_time.as_secs_f64() / floor_time.as_secs_f64());
}

/// CPU time of `repeats` runs.
fn measured(repeats: u32, run: impl Fn()) -> Duration {
    let now = || cpu_time().expect("it was there before");
    let start = now();
    (0..repeats).for_each(|_| run());
    now() - start
}

/// CPU time of all threads of this process, in user and system mode, ended ones included.
fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything; the state and ten more fields follow.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: Vec<u64> = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    // Linux counts in hundredths of a second here whatever its own clock does.
    (ticks.len() == 2).then(|| Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}
