//! nixlint: a pure function from file texts to diagnostics, and everything impure at the rim.
//!
//! Imports go down only:
//!
//! ```text
//! text ← diagnostic ← report
//! text ← syntax ← {shell, semantic} ← eval ← module ← project ← rule ← {rules, pack, engine, config} ← lsp ← cli
//! ```

pub mod cases;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod engine;
pub mod eval;
pub mod lsp;
pub mod module;
pub mod nixos;
pub mod pack;
pub mod prelude;
pub mod project;
pub mod report;
pub mod rule;
pub mod rules;
pub mod semantic;
pub mod shell;
pub mod syntax;
pub mod text;
