//! Files that the project has a function of nixpkgs write into the store.

use crate::eval::{Machine, Symbol, SymbolRoot, Val};

/// The functions: two that write a text (pkgs/build-support/trivial-builders of nixpkgs), and one that writes a value
/// in the format that it belongs to (pkgs/pkgs-lib/formats.nix).
const WRITERS: [&str; 3] = ["writeText", "writeTextFile", "generate"];

/// What such a file is written from.
pub(super) enum Written {
    /// Its text.
    Text(Val),
    /// The value that it shows.
    Data(Val),
}

impl Written {
    /// The text, where it is written from one.
    pub(super) fn text(self) -> Option<Val> {
        match self {
            Self::Text(text) => Some(text),
            Self::Data(_) => None,
        }
    }
}

/// Whether the symbol may stand for such a file, by the name of the function alone: evaluates nothing.
pub(super) fn may_be_written(machine: &Machine<'_>, symbol: &Symbol) -> bool {
    let SymbolRoot::Call(call) = &symbol.root else { return false };
    call.function.path.last().is_some_and(|name| WRITERS.contains(&&*machine.text_of(*name)))
}

/// What the file is written from that the symbol stands for.
pub(super) fn written(machine: &Machine<'_>, symbol: &Symbol) -> Option<Written> {
    if !may_be_written(machine, symbol) {
        return None;
    }
    let SymbolRoot::Call(call) = &symbol.root else { return None };
    let function = machine.text_of(*call.function.path.last()?);
    match (&*function, call.arguments.as_slice()) {
        ("writeText", [_, text]) => Some(Written::Text(machine.force(text))),
        ("writeTextFile", [attributes]) => {
            let attributes = machine.force(attributes);
            Some(Written::Text(machine.select_or_unknown(&attributes, machine.name("text"))))
        }
        ("generate", [_, value]) => Some(Written::Data(machine.force(value))),
        _ => None,
    }
}
