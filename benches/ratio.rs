//! How much `nixlint check` costs on top of what nobody can save: reading the files and parsing them with
//! rnix. Both sides are measured in turn, in CPU time of the whole process, with the same allocator. Then
//! what each phase takes of it, and each host.
//!
//! `NIXLINT_BENCH_DIR=… cargo bench --bench ratio`, with `NIXLINT_BENCH_SELECT=ALL` for every rule there is.

mod common;

use std::fs;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nixlint::engine::{self, ActiveRule, RuleSet, Workspace};
use nixlint::module::Facts;
use nixlint::project::{Host, HostClass, ProjectView};
use nixlint::rule::{ErasedHostRule, ErasedProjectRule, HostContext, RuleMeta, Runner};
use nixlint::semantic::lower;
use nixlint::syntax::Parser;

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
    // Trees may be deep; a worker has the stack for them.
    engine::pool(1).install(|| {
        let workspace = common::read();
        let (floor, rounds) = ratio(&workspace);
        phases(&workspace, floor, rounds);
        hosts(&workspace, rounds);
    });
}

/// Prints the ratio; gives the time of the floor in milliseconds, and how often to run what is measured.
fn ratio(workspace: &Workspace) -> (f64, u32) {
    let rules = common::rules();
    let size = |path: &PathBuf| fs::metadata(path).map(|metadata| metadata.len());
    let paths = workspace.sources.iter().map(|(_, source)| PathBuf::from(source.path.clone()));
    let files: Vec<(PathBuf, u64)> =
        paths.filter_map(|path| size(&path).ok().map(|size| (path, size))).collect();
    let bytes: u64 = files.iter().map(|(_, size)| size).sum();

    let floor = || {
        for (path, _) in &files {
            let text = fs::read_to_string(path).unwrap_or_default();
            black_box(rnix::Root::parse(&text));
        }
    };
    let check = || drop(black_box(engine::run(&common::read(), &rules)));
    // Once for the caches of the system.
    check();
    let start = Instant::now();
    floor();
    let repeats = (TURN.as_nanos() / start.elapsed().as_nanos().max(1)).clamp(1, 100_000) as u32;

    let (mut floors, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        floors.push(measured(repeats, floor));
        checks.push(measured(repeats, check));
    }
    let mut ratios: Vec<f64> = checks.iter().zip(&floors).map(|(check, floor)| check / floor).collect();
    let (floor_time, check_time, ratio) = (median(&mut floors), median(&mut checks), median(&mut ratios));
    println!("files: {} ({:.2} MB), rounds: {}", files.len(), bytes as f64 / 1e6, repeats * TURNS);
    println!("read and parse: {floor_time:8.2} ms of CPU");
    println!("nixlint check:  {check_time:8.2} ms of CPU");
    println!("ratio: {ratio:.2} (of the turns: {:.2} to {:.2})", ratios[0], ratios[ratios.len() - 1]);
    (floor_time, repeats * TURNS)
}

/// Prints what each phase costs, alone or as the difference that it makes.
fn phases(workspace: &Workspace, floor: f64, rounds: u32) {
    let texts: Vec<&str> = workspace.sources.iter().map(|(_, file)| &*file.text).collect();
    let each_tree = |step: &dyn Fn(&nixlint::syntax::ParsedFile, &str)| {
        let mut parser = Parser::default();
        for text in &texts {
            step(&parser.parse(text), text);
        }
    };
    let run = |wanted: fn(&Runner) -> bool| {
        let mut rules = common::rules();
        rules.rules.retain(|rule| wanted(&rule.runner));
        measured(rounds, || drop(black_box(engine::run(workspace, &rules))))
    };
    let read = measured(rounds, || drop(black_box(common::read())));
    let parse = measured(rounds, || each_tree(&|tree, _| _ = black_box(tree)));
    let facts = measured(rounds, || {
        each_tree(&|tree, text| {
            if tree.is_ok() {
                black_box(Facts::new(lower(&tree.root()).ir, text));
            }
        });
    });
    let without_rules = run(|_| false);
    let with_file_rules = run(|runner| matches!(runner, Runner::File(..)));
    let with_all = run(|_| true);
    for (phase, time) in [
        ("discover and read", read),
        ("parse", parse),
        ("semantics and facts", facts - parse),
        ("file rules", with_file_rules - without_rules),
        ("hosts and their rules", with_all - with_file_rules),
        ("rest", without_rules - facts),
    ] {
        println!("{phase:22} {time:8.2} ms  {:5.2} of read and parse", time / floor);
    }
}

/// Prints what the first host of each project costs, and each further one, on top of phase 1: what its modules are,
/// and those of its users; the same with the views of what it runs; and with every rule. Each round parses, too.
fn hosts(workspace: &Workspace, rounds: u32) {
    if thread_time().is_none() {
        println!("skipped: hosts, since there is no /proc/thread-self/schedstat");
        return;
    }
    let texts: Vec<Arc<str>> = workspace.sources.iter().map(|(_, file)| file.text.clone()).collect();
    let Some(meta) = common::rules().rules.first().map(|rule| rule.meta) else { return };
    let without_rules = || RuleSet { rules: Vec::new(), ..common::rules() };
    let mut with_views = without_rules();
    with_views.rules.push(ActiveRule { meta, runner: Runner::Host(Box::new(Views)), level: None });
    let visits = Arc::<Mutex<Vec<Visit>>>::default();
    let question = |name, rules| Question::new(name, rules, meta, &visits);
    let mut questions = [
        question("modules of hosts", without_rules()),
        question("and views", with_views),
        question("with every rule", common::rules()),
    ];
    // Once for the caches of the system.
    for question in &questions {
        question.time(workspace);
    }
    for _ in 0..rounds {
        let start = thread_time().expect("it was there before");
        texts.iter().for_each(|text| drop(black_box(rnix::Root::parse(text))));
        let parse = thread_time().expect("it was there before") - start;
        for question in &mut questions {
            let times = question.time(workspace);
            question.rounds.push((parse, times));
        }
    }
    questions.iter().for_each(Question::print);
}

/// Something that is asked of every host.
struct Question {
    name: &'static str,
    rules: RuleSet,
    /// Those of the last run, and before them where the one before it ended.
    visits: Arc<Mutex<Vec<Visit>>>,
    /// What parsing took in each round, and the hosts.
    rounds: Vec<(Duration, HostTimes)>,
}

/// What hosts cost in one run.
struct HostTimes {
    /// Of the first host of each project, the reading of the flake with it, and what is left to do when the project
    /// before it is done.
    first: Duration,
    /// Of all others.
    further: Duration,
    projects: u32,
    further_hosts: u32,
}

impl Question {
    /// What the rules ask, with a look at the clock after each host and each project.
    fn new(
        name: &'static str,
        mut rules: RuleSet,
        meta: &'static RuleMeta,
        visits: &Arc<Mutex<Vec<Visit>>>,
    ) -> Self {
        for runner in [
            Runner::Host(Box::new(Stopwatch(visits.clone()))),
            Runner::Project(Box::new(Stopwatch(visits.clone()))),
        ] {
            rules.rules.push(ActiveRule { meta, runner, level: None });
        }
        Self { name, rules, visits: visits.clone(), rounds: Vec::new() }
    }

    fn time(&self, workspace: &Workspace) -> HostTimes {
        let visits = || self.visits.lock().expect("invariant: nobody panics while holding it");
        let last = visits().pop();
        *visits() = last.into_iter().collect();
        black_box(engine::run(workspace, &self.rules));
        let mut times =
            HostTimes { first: Duration::ZERO, further: Duration::ZERO, projects: 0, further_hosts: 0 };
        for pair in visits().windows(2) {
            let [before, visit] = pair else { continue };
            let time = visit.time.saturating_sub(before.time);
            match (before.at, visit.at) {
                (At::Project, At::Host) => {
                    times.first += time;
                    times.projects += 1;
                }
                (At::Host, At::Host) => {
                    times.further += time;
                    times.further_hosts += 1;
                }
                _ => {}
            }
        }
        times
    }

    /// Prints the medians of the rounds.
    fn print(&self) {
        let Some((_, last)) = self.rounds.last() else { return };
        let median_of = |time: &dyn Fn(&(Duration, HostTimes)) -> f64| {
            median(&mut self.rounds.iter().map(time).collect::<Vec<f64>>())
        };
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        print!(
            "{:16} first hosts of {} projects: {:8.2} ms  {:5.2} of parsing",
            self.name,
            last.projects,
            median_of(&|(_, times)| milliseconds(times.first)),
            median_of(&|(parse, times)| times.first.as_secs_f64() / parse.as_secs_f64()),
        );
        let count = f64::from(last.further_hosts);
        if last.further_hosts > 0 {
            print!(
                "; each of {} further: {:8.2} ms  {:5.2}",
                last.further_hosts,
                median_of(&|(_, times)| milliseconds(times.further) / count),
                median_of(&|(parse, times)| times.further.as_secs_f64() / parse.as_secs_f64() / count),
            );
        }
        println!();
    }
}

/// Asks each host for the views of what it runs.
struct Views;

impl ErasedHostRule for Views {
    fn wants(&self, class: HostClass) -> bool {
        class == HostClass::Nixos
    }

    fn check_host(&self, host: &Host<'_>, _: &mut HostContext<'_>) {
        black_box((host.services(), host.ports(), host.user_ports(), host.container_runs()));
        black_box((host.firewall(), host.paths(), host.secrets(), host.accounts(), host.groups()));
    }
}

/// When the rules were through with something, on the clock of the thread that evaluates.
#[derive(Clone, Copy)]
struct Visit {
    at: At,
    time: Duration,
}

#[derive(Clone, Copy)]
enum At {
    Host,
    /// What no host has.
    Rest,
    Project,
}

/// Notes the time whenever it is asked about something.
struct Stopwatch(Arc<Mutex<Vec<Visit>>>);

impl Stopwatch {
    fn note(&self, at: At) {
        let time = thread_time().expect("it was there before");
        self.0.lock().expect("invariant: nobody panics while holding it").push(Visit { at, time });
    }
}

impl ErasedHostRule for Stopwatch {
    fn wants(&self, class: HostClass) -> bool {
        class == HostClass::Nixos
    }

    fn check_host(&self, host: &Host<'_>, _: &mut HostContext<'_>) {
        self.note(if host.name.is_some() { At::Host } else { At::Rest });
    }
}

impl ErasedProjectRule for Stopwatch {
    fn check_project(&self, _: &ProjectView<'_>, _: &mut HostContext<'_>) {
        self.note(At::Project);
    }
}

/// The value in the middle, which a slow turn does not move; leaves them in order.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { values[middle - 1].midpoint(values[middle]) } else { values[middle] }
}

/// CPU time of `repeats` runs, in milliseconds per run.
fn measured(repeats: u32, run: impl Fn()) -> f64 {
    let now = || cpu_time().expect("it was there before");
    let start = now();
    (0..repeats).for_each(|_| run());
    (now() - start).as_secs_f64() * 1000.0 / f64::from(repeats)
}

/// CPU time of this thread.
fn thread_time() -> Option<Duration> {
    // The system brings the count up to date when another thread may run.
    std::thread::yield_now();
    let stat = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
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
