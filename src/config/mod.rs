//! What the user asked for: `nixlint.toml`, the flags, and the files they are about.
//!
//! Knows that rules exist, but none by name: the table of them is handed in. Only [`discover`] touches
//! the file system.

pub mod discover;

mod book;
mod error;
mod exclude;
mod resolve;
mod schema;

pub use book::{Pack, RuleBook, Selector, UnknownName};
pub use error::Mistake;
pub use exclude::Exclude;
pub use resolve::{Selectors, resolve};
pub use schema::{Config, Setting, parse_level};
