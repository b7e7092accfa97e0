//! One file as a part of a configuration: what phase 1 leaves of it.

use std::sync::Arc;

use crate::semantic::Ir;

/// What the second phase knows of a file: a pure function of its text.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The program.
    pub ir: Arc<Ir>,
}

impl Facts {
    /// The facts of a lowered file.
    pub fn new(ir: Ir) -> Self {
        Self { ir: Arc::new(ir) }
    }
}
