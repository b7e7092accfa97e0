//! Syntax trees of Nix: the only layer that names rnix and rowan.
//!
//! It must never know what a name means (that is `semantic`) or what a rule wants.

mod code;
mod debug;
pub mod edit;
mod error;
mod ext;
mod grammar;
pub mod guard;
mod legacy_let;
mod mistakes;
mod parse;
mod pattern;
mod permissive;
mod precedence;
mod quick;
mod string;
mod tokens;
mod view;
mod walk;

pub use code::{call_parts, dotted_path, has_comment, has_comment_outside, same_code};
pub use debug::debug_tree;
pub use error::{ErrorKind, SyntaxError, SyntaxFix};
pub use ext::{
    comments_above, enclosing_binding, indentation_of, is_inherited_name, names_taken, peel_parens,
    plain_text, static_name, static_path, trailing_comment,
};
pub use parse::{ParsedFile, Parser, parse};
pub use pattern::{Captures, Pattern, PatternError};
pub use precedence::{Strength, glues, needs_parens, weakest_allowed};
pub use rnix::ast;
pub use rnix::{NixLanguage, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
pub use rowan::ast::AstNode;
pub use rowan::{Direction, NodeOrToken, WalkEvent};
pub use string::{
    RawPart, StringPart, WrittenWords, decode_path, decode_string, decode_string_view, is_indented,
    plain_text_view, raw_string, verbatim, written_words,
};
pub use view::{Glance, KeyForms, NodeView, TokenKinds, TokenView};
pub use walk::walk;
