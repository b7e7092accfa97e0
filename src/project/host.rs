//! A host: the machine or user that a closure of modules configures.

use std::marker::PhantomData;

/// A host of the project.
pub struct Host<'m> {
    /// Its name in the flake's outputs; `None` for the closure of a project whose hosts are not known.
    pub name: Option<String>,
    machine: PhantomData<&'m ()>,
}
