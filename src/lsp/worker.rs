//! The thread for what takes longer than a keystroke.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender, unbounded};
use lsp_server::RequestId;
use serde_json::Value;

use super::load::Loaded;
use super::world::Snapshot;
use crate::engine::{self, HostFindings};

/// Something to do.
type Job = Box<dyn FnOnce() -> Done + Send>;

/// What came of it.
pub(super) enum Done {
    /// The projects were scanned.
    Loaded(Box<Loaded>),
    /// The hosts were looked at, as they were at this moment.
    Hosts(Vec<HostFindings>, Box<Snapshot>),
    /// A request has its answer.
    Answer(RequestId, Result<Value, String>),
    /// Nothing came of scanning or looking at hosts.
    Lost(String),
}

/// The worker. One job at a time, each on all processors.
pub(super) struct Worker {
    jobs: Sender<(Option<RequestId>, Job)>,
    done: Receiver<Done>,
}

impl Worker {
    pub(super) fn new() -> Self {
        let (jobs, waiting) = unbounded::<(Option<RequestId>, Job)>();
        let (results, done) = unbounded();
        let work = move || {
            let pool = engine::pool(0);
            for (request, job) in waiting {
                let result = pool.install(|| catch_unwind(AssertUnwindSafe(job)));
                let result = result.unwrap_or_else(|panic| {
                    let said = panic.downcast_ref::<String>().map(String::as_str);
                    let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
                    let reason = said.unwrap_or("no reason given").to_owned();
                    match request {
                        Some(id) => Done::Answer(id, Err(reason)),
                        None => Done::Lost(reason),
                    }
                });
                if results.send(result).is_err() {
                    break;
                }
            }
        };
        // Without a thread no job is ever done; what is found in single files is shown all the same.
        let _no_thread = std::thread::Builder::new().name("worker".to_owned()).spawn(work);
        Self { jobs, done }
    }

    /// Has something done about the projects.
    pub(super) fn run(&self, job: impl FnOnce() -> Done + Send + 'static) {
        _ = self.jobs.send((None, Box::new(job)));
    }

    /// Has a request answered.
    pub(super) fn answer(&self, id: RequestId, job: impl FnOnce() -> Result<Value, String> + Send + 'static) {
        let own = id.clone();
        _ = self.jobs.send((Some(id), Box::new(move || Done::Answer(own, job()))));
    }

    /// What was done.
    pub(super) fn done(&self) -> &Receiver<Done> {
        &self.done
    }
}
