//! The static evaluator: where everything is known it computes what Nix computes; where something is
//! not known it says so and why, and never guesses.
//!
//! It reads files through a [`Loader`] only, never runs anything, and always ends: fuel, depth and
//! cycles are unknowns with that reason.

mod builtins;
mod call;
mod coercion;
mod condition;
mod expression;
mod library;
mod lookup;
mod machine;
mod operators;
mod print;
mod question;
mod scope;
mod selection;
#[cfg(test)]
mod termination;
mod trace;
mod value;

#[cfg(test)]
pub(crate) use termination::{Everywhere, Nothing};

pub use builtins::{IMPORT_NIXPKGS, builtin_names, sri_hash};
pub use coercion::{Coercion, normalise};
pub use condition::{Atom, Condition, OptionPath, Scalar};
pub use library::{
    Merge, OptionType, Wrapper, library, library_names, option_declaration, option_type, wrapper,
};
pub use machine::{FileKind, Loader, Machine, Outside, Primitive, Run, Unit, is_error};
pub use print::{Extent, Printed};
pub use scope::{Options, Realm, Scope};
pub use selection::platform_attribute;
pub use value::{
    Attrs, Call, Closure, Element, Entry, List, Name, Origin, Platform, PrimitiveCall, Reason, Symbol,
    SymbolRoot, Text, TextHole, TextPiece, Thunk, Unknown, Val, Value,
};
