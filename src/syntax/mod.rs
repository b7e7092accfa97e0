//! Syntax trees of Nix: the only layer that names rnix and rowan.
//!
//! It must never know what a name means (that is `semantic`) or what a rule wants.

mod error;
mod grammar;
pub mod guard;
mod mistakes;
mod parse;
mod permissive;
mod string;
mod tokens;

pub use error::{ErrorKind, SyntaxError, SyntaxFix};
pub use parse::{ParsedFile, parse};
pub use rnix::ast;
pub use rnix::{NixLanguage, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
pub use rowan::ast::AstNode;
pub use rowan::{Direction, NodeOrToken, WalkEvent};
pub use string::{StringPart, decode_path, decode_string};
