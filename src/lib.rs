//! nixlint: a pure function from file texts to diagnostics, and everything impure at the rim.
//!
//! Imports go down only:
//!
//! ```text
//! text ← diagnostic ← report
//! text ← syntax ← {shell, semantic} ← eval ← module ← project ← rule ← {rules, engine, config} ← cli
//! ```

pub mod diagnostic;
pub mod shell;
pub mod syntax;
pub mod text;
