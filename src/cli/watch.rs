//! `nixlint check --watch`: lints again whenever something that matters has changed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::args::{CheckArgs, Output, usage_error};
use super::check;
use super::output::Streams;
use super::run::Run;
use super::write::TEMPORARY;
use super::{Failure, Status};
use crate::config::RuleBook;

/// How long nothing happens before the next run: editors and git write several files at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Lints until somebody ends the program, or until nothing can be watched.
pub(super) fn run(
    args: &CheckArgs,
    outputs: &[Output],
    book: RuleBook<'_>,
    streams: &Streams,
) -> Result<Status, Failure> {
    if args.files.paths.iter().any(|path| path == Path::new("-")) {
        return Err(usage_error("`--watch` needs files: stdin is read once").into());
    }
    let mut watch = Watch::new(outputs)?;
    // Before anything is read, so that no change is missed.
    match args.files.paths.as_slice() {
        [] => watch.add(Path::new("."))?,
        paths => paths.iter().try_for_each(|path| watch.add(path))?,
    }
    let rules = check::rule_infos(book);
    let mut is_first = true;
    loop {
        let start = Instant::now();
        match Run::prepare(args.files.clone(), &args.rules, book) {
            Ok(run) => {
                check::refuse_inputs(&run, outputs)?;
                for root in run.roots() {
                    watch.add(&root)?;
                }
                let found = run.check(args.fail_on);
                check::tell(&check::Shown::new(&run, &found, &rules), args, outputs, start, streams)?;
            }
            Err(failure) if is_first => return Err(failure),
            Err(failure) => super::complain(failure, streams),
        }
        is_first = false;
        if !args.files.quiet {
            streams.note("Waiting for changes; Ctrl+C ends\n");
        }
        if !watch.wait() {
            return Ok(Status::Failed);
        }
    }
}

/// The folders that are watched.
struct Watch {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    folders: Vec<PathBuf>,
    /// Reports that are written here.
    own: Vec<PathBuf>,
}

impl Watch {
    fn new(outputs: &[Output]) -> Result<Self, Failure> {
        let real = |file: &PathBuf| {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
            Some(folder.join(file.file_name()?))
        };
        let own = outputs.iter().filter_map(|output| real(output.file.as_ref()?)).collect();
        let (sender, events) = channel();
        // A link may lead to the store, or in circles.
        let config = notify::Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(sender, config).map_err(failed)?;
        Ok(Self { watcher, events, folders: Vec::new(), own })
    }

    /// Watches a folder with all below it, or the folder of a file.
    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        // What is not there is told when it is to be read.
        let Ok(path) = std::fs::canonicalize(path) else { return Ok(()) };
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
        if self.folders.iter().any(|known| folder.starts_with(known)) {
            return Ok(());
        }
        self.watcher.watch(folder, RecursiveMode::Recursive).map_err(failed)?;
        self.folders.push(folder.to_owned());
        Ok(())
    }

    /// Waits for a change that matters and for the end of those that come with it; `false` once none can come.
    fn wait(&self) -> bool {
        loop {
            match self.events.recv() {
                Ok(event) if matters(&event, &self.own) => break,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        while self.events.recv_timeout(PAUSE).is_ok() {}
        true
    }
}

/// Whether a run may come to something else after the event, `own` being what a run writes itself. Where
/// events were lost, it may.
fn matters(event: &notify::Result<Event>, own: &[PathBuf]) -> bool {
    let Ok(event) = event else { return true };
    if event.need_rescan() {
        return true;
    }
    let paths = || event.paths.iter().filter(|path| !own.contains(path));
    let is_new_or_gone = match event.kind {
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
        EventKind::Modify(ModifyKind::Metadata(_)) | EventKind::Access(_) => false,
        _ => return paths().any(|path| is_read(path)),
    };
    is_new_or_gone && paths().any(|path| is_read(path) || !is_private(path))
}

/// Files whose texts count: Nix, data that Nix reads, configurations, and what git tracks.
fn is_read(path: &Path) -> bool {
    if is_private(path) {
        return path.ends_with(".git/index");
    }
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    ["nix", "lock", "toml", "json"].contains(&extension)
}

/// What git, direnv, editors and nixlint keep for themselves.
fn is_private(path: &Path) -> bool {
    let is_own = |part: &OsStr| part == ".git" || part == ".direnv";
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let is_swap = name.ends_with('~') || name.ends_with(".swp") || name.ends_with(".swx") || name == "4913";
    is_swap || name.starts_with(TEMPORARY) || path.iter().any(is_own)
}

fn failed(error: notify::Error) -> Failure {
    miette::MietteDiagnostic::new(format!("files cannot be watched: {error}")).into()
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, DataChange};

    use super::*;

    #[test]
    fn only_changes_that_matter_count() {
        let event = |kind, path: &str| {
            matters(&Ok(Event::new(kind).add_path(path.into())), &["/p/report.json".into()])
        };
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let made = EventKind::Create(CreateKind::File);
        for (kind, path) in [
            (written, "/p/a.nix"),
            (written, "/p/flake.lock"),
            (written, "/p/.git/index"),
            (made, "/p/secret.yaml"),
            (made, "/p/folder"),
        ] {
            assert!(event(kind, path), "{path}");
        }
        for (kind, path) in [
            (written, "/p/secret.yaml"),
            (written, "/p/.git/logs/HEAD"),
            (made, "/p/.git/index.lock"),
            (made, "/p/.nixlint-1-0"),
            (made, "/p/.a.nix.swp"),
            (made, "/p/4913"),
            (written, "/p/report.json"),
            (EventKind::Access(AccessKind::Any), "/p/a.nix"),
        ] {
            assert!(!event(kind, path), "{path}");
        }
    }
}
