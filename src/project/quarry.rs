//! Values that hold nothing of what is looked for. What was found out of a value that is the same on every host is
//! not found out again for the next one.
//!
//! Says only that there is nothing: where something is, and what conditions it stands under, options tell.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use crate::eval::{Machine, Name, Symbol, SymbolRoot, Text, TextPiece, Thunk, Val, Value, Wrapper, wrapper};

/// Whether values may hold what is looked for, by their address; they are kept, so that no other gets it.
pub(super) type Known = RefCell<FxHashMap<*const (), (Thunk, bool)>>;

/// How deep values are looked into.
const DEPTH: u32 = 16;

/// How many values are looked into for one host: more would be data.
const VALUES: u32 = 50_000;

/// What is looked for in values.
pub(super) struct Quarry<'a> {
    /// Names of attributes.
    pub is_name: &'a dyn Fn(Name) -> bool,
    /// Symbols.
    pub is_symbol: &'a dyn Fn(&Symbol) -> bool,
    /// Whether it counts in texts and in the arguments of calls.
    pub is_part: bool,
}

/// Looks for it in the values of one host.
pub(super) struct Hunt<'a, 'm> {
    machine: &'a Machine<'m>,
    known: &'a Known,
    left: Cell<u32>,
}

impl<'a, 'm> Hunt<'a, 'm> {
    /// `known` is of the same quarry.
    pub(super) fn new(machine: &'a Machine<'m>, known: &'a Known) -> Self {
        Self { machine, known, left: Cell::new(VALUES) }
    }

    /// Whether a value may hold the quarry. Says yes in doubt, as of what a condition decides.
    pub(super) fn may_be_in(&self, thunk: &Thunk, quarry: &Quarry<'_>) -> bool {
        !thunk.is_constant_without(quarry.is_name, !quarry.is_part) && self.look(thunk, quarry, 0)
    }

    fn look(&self, thunk: &Thunk, quarry: &Quarry<'_>, depth: u32) -> bool {
        if let Some((_, may_hold)) = self.known.borrow().get(&thunk.identity()) {
            return *may_hold;
        }
        let Some(left) = self.left.get().checked_sub(1).filter(|_| depth < DEPTH) else { return true };
        self.left.set(left);
        // Values may hold themselves.
        self.known.borrow_mut().insert(thunk.identity(), (thunk.clone(), true));
        let (may_hold, is_shared) =
            self.machine.with_reach(|| self.look_into(&self.machine.force(thunk), quarry, depth));
        // That it may be there is a doubt, which holds for every host.
        if is_shared || may_hold && thunk.is_of_every_host() {
            self.known.borrow_mut().insert(thunk.identity(), (thunk.clone(), may_hold));
        } else {
            self.known.borrow_mut().remove(&thunk.identity());
        }
        may_hold
    }

    fn look_into(&self, val: &Val, quarry: &Quarry<'_>, depth: u32) -> bool {
        match &val.value {
            Value::Str(text) | Value::PathPattern(text) => {
                quarry.is_part && self.look_into_text(text, quarry, depth)
            }
            Value::List(list) => {
                list.elements.iter().any(|element| self.look(&element.value, quarry, depth + 1))
            }
            Value::Attrs(attrs) => {
                !attrs.patterns.is_empty()
                    || attrs.entries.iter().any(|(name, _)| (quarry.is_name)(*name))
                    || matches!(wrapper(self.machine, val), Some(Wrapper::If(..)))
                    || attrs.entries.iter().any(|(_, entry)| self.look(&entry.value, quarry, depth + 1))
            }
            Value::Choice(_) => true,
            Value::Symbol(symbol) => {
                (quarry.is_symbol)(symbol)
                    || match &symbol.root {
                        SymbolRoot::Call(call) if quarry.is_part => {
                            call.arguments.iter().any(|argument| self.look(argument, quarry, depth + 1))
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
    }

    fn look_into_text(&self, text: &Text, quarry: &Quarry<'_>, depth: u32) -> bool {
        text.pieces.iter().any(|piece| match piece {
            TextPiece::Hole(hole) => match &hole.value {
                Some(val) if depth < DEPTH => self.look_into(val, quarry, depth + 1),
                Some(_) => true,
                None => false,
            },
            TextPiece::Known { .. } => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::sync::Arc;

    use super::*;
    use crate::eval::{Attrs, Entry, Everywhere, Nothing, Realm, Scope};
    use crate::semantic::lower;
    use crate::syntax::parse;
    use crate::text::FileId;

    /// Whether `password` may be a name in the value of a program.
    fn may_hold(program: &str) -> bool {
        let parsed = parse(program);
        assert!(parsed.is_ok(), "{program}");
        let machine = Machine::new(&Nothing, 100_000);
        let thunk = machine.file(FileId(0), &Arc::new(lower(&parsed.root()).ir));
        let password = machine.name("password");
        let known = Known::default();
        let quarry = Quarry { is_name: &|name| name == password, is_symbol: &|_| false, is_part: false };
        let answer = Hunt::new(&machine, &known).may_be_in(&thunk, &quarry);
        let fuel = machine.fuel();
        assert_eq!(Hunt::new(&machine, &known).may_be_in(&thunk, &quarry), answer, "{program}");
        assert_eq!(machine.fuel(), fuel, "{program}: it is remembered");
        answer
    }

    #[test]
    fn what_one_host_does_not_hold_another_may() {
        let machine = Machine::new(&Nothing, 10_000);
        let (option, password) = ([machine.name("a")], machine.name("password"));
        let inner = Thunk::later(move |machine| match machine.option(Realm::System, &option) {
            Some(value) => Val::of(Value::Attrs(Rc::new(Attrs::from_entries(vec![(
                password,
                Entry::of(value.thunk()),
            )])))),
            None => Val::of(Value::Null),
        });
        // The list is the same everywhere, and what is in it is not.
        let list = Val::list(vec![inner]).thunk();
        let known = Known::default();
        let quarry = Quarry { is_name: &|name| name == password, is_symbol: &|_| false, is_part: false };
        let may_hold = |value: Option<i64>| {
            let number = machine.new_scope_number();
            let scope = Scope { key: [number; 3], options: Rc::new(Everywhere(value)) };
            machine.in_scope(&scope, || Hunt::new(&machine, &known).may_be_in(&list, &quarry))
        };
        assert!(!may_hold(None));
        assert!(may_hold(Some(1)));
    }

    #[test]
    fn values_are_looked_into() {
        for program in [
            "{ a = [ 1 { password = 2; } ]; }",
            "let f = x: { a.password = x; }; in { b = f 1; }",
            // What a condition decides, the option tells.
            "{ _type = \"if\"; condition = x: x; content = 1 + 1; }",
            "let a = { b = a; }; in a",
            "let f = n: { a = f (n + 1); b = f (n + 1); }; in f 0",
        ] {
            assert!(may_hold(program), "{program}");
        }
        for program in [
            "{ a = [ 1 { pass = \"password\"; } ]; }",
            "let f = x: { a.b = x; }; in { b = f 1; c = f; }",
            "{ a = { _type = \"override\"; priority = 50; content = 1 + 1; }; }",
        ] {
            assert!(!may_hold(program), "{program}");
        }
    }
}
