//! Every rule that is written in Rust.

use crate::rule::Entry;

/// The rules, in the order they are listed.
pub static RULES: &[Entry] = &[];
