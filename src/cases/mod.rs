//! Cases of rules, as Markdown beside each rule: small projects, with carets under what is found.
//!
//! The tests of nixlint prove its own rules with them, and `nixlint rules test` those of users. Works in memory
//! alone.

mod bench;
mod book;
mod carets;
mod proof;

pub use bench::{
    Bench, Files, ROOT, files, marks, text_of, texts, with_stack, workspace, workspace_beside, workspace_of,
};
pub use book::{Block, Book, Case};
pub use carets::{Mark, annotate, strip};
pub use proof::{benches, cases, findings, fixes_settle, mistakes, updated};
