//! One file as a part of a configuration: what phase 1 leaves of it.
//!
//! A pure function of one text; must never look at another file or evaluate anything.

mod outline;

use std::sync::Arc;

use crate::semantic::Ir;

pub use outline::{FileClass, Outline};

/// What the second phase knows of a file.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The program.
    pub ir: Arc<Ir>,
    /// The keys it seems to define.
    pub outline: Arc<Outline>,
}

impl Facts {
    /// The facts of a lowered file.
    pub fn new(ir: Ir) -> Self {
        let outline = Arc::new(Outline::of(&ir));
        Self { ir: Arc::new(ir), outline }
    }
}
