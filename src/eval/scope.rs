//! What differs between hosts, and how values that depend on it are kept apart.
//!
//! Modules are evaluated with `config` and their arguments as symbols, once for all hosts. Only where an
//! operation needs the value behind a symbol is the current host asked, and what comes of that answer is
//! remembered for that host alone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::coercion::{Coercion, path_value};
use super::condition::{Atom, Condition};
use super::machine::{Machine, truth};
use super::trace::{Asked, Trace};
use super::value::{Name, Text, TextHole, TextPiece, Thunk, Val, Value};
use crate::text::TextMap;

/// Which option tree a path starts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Realm {
    /// That of the host: NixOS or nix-darwin.
    System,
    /// That of a Home Manager configuration.
    Home,
}

/// What one host, or one Home Manager user of it, knows of its options.
pub trait Options {
    /// The merged value of an option; `None` where it is not known.
    fn value(&self, machine: &Machine<'_>, realm: Realm, path: &[Name]) -> Option<Val>;
    /// The condition with the parts replaced that are certain here.
    fn decide(&self, machine: &Machine<'_>, condition: &Condition) -> Condition;
    /// What is passed to modules under this name.
    fn argument(&self, machine: &Machine<'_>, realm: Realm, name: Name) -> Option<Val>;
}

/// A host, or a user of it, as far as values depend on it.
#[derive(Clone)]
pub struct Scope {
    /// One number each for the arguments of modules, the host's options, those of a Home Manager user: equal
    /// numbers mean equal answers.
    pub key: [u32; 3],
    /// What answers.
    pub options: Rc<dyn Options>,
}

/// What a value depends on, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Needs(u8);

impl Needs {
    /// The arguments of modules.
    const ARGUMENTS: Self = Self(1);
    /// Options of the host.
    const SYSTEM: Self = Self(2);
    /// Options of the user.
    const HOME: Self = Self(4);
    /// A question that was cut short because it is being answered.
    const PENDING: Self = Self(8);

    fn of(realm: Realm) -> Self {
        match realm {
            Realm::System => Self::SYSTEM,
            Realm::Home => Self::HOME,
        }
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a question was cut short.
    pub(super) fn is_pending(self) -> bool {
        self.0 & Self::PENDING.0 != 0
    }

    /// Whether the value is the same on every host.
    pub(super) fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

/// The numbers that a remembered value holds for.
pub(super) type Key = [u32; 4];

/// The scope a machine is in.
#[derive(Default)]
pub(super) struct Current {
    key: Cell<[u32; 3]>,
    /// How many questions have been answered: what was cut short holds for one of them.
    answered: Cell<u32>,
    options: RefCell<Option<Rc<dyn Options>>>,
    needs: Cell<Needs>,
    numbers: Cell<u32>,
    /// Questions that are being answered.
    asking: RefCell<Vec<(Realm, Rc<[Name]>)>>,
    /// How many questions were cut short, and answers used that came of it.
    cuts: Cell<u32>,
    /// What is being computed asked so far.
    trace: RefCell<Trace>,
}

impl Current {
    /// Runs `compute`; gives what its result depends on beside it, which counts for the value around it too, and what
    /// it asked, which counts when the value is used.
    pub(super) fn watch<T>(&self, compute: impl FnOnce() -> T) -> (T, Needs, Trace) {
        let outer = self.needs.take();
        let outer_trace = self.trace.take();
        let result = compute();
        let needs = self.needs.get();
        self.needs.set(outer.or(needs));
        (result, needs, self.trace.replace(outer_trace))
    }

    /// Runs `compute`, of which one answer says all that it asks.
    fn apart<T>(&self, compute: impl FnOnce() -> T) -> T {
        let outer = self.trace.take();
        let result = compute();
        self.trace.replace(outer);
        result
    }

    fn ask(&self, asked: Asked) {
        self.trace.borrow_mut().add(asked);
    }

    /// Counts what a value asked that is used.
    pub(super) fn ask_all(&self, trace: &Trace) {
        self.trace.borrow_mut().add_all(trace);
    }

    pub(super) fn key(&self) -> Key {
        let [arguments, system, home] = self.key.get();
        [arguments, system, home, self.answered.get()]
    }

    /// Whether a value with these needs that was computed under `key` is the value here; counts its use.
    pub(super) fn is_valid(&self, needs: Needs, key: &Key) -> bool {
        let here = self.key();
        let valid = (0..4).all(|bit| needs.0 & (1 << bit) == 0 || key[bit] == here[bit]);
        if valid {
            self.need(needs);
        }
        valid
    }

    /// Marks what is being computed as dependent on `needs`.
    pub(super) fn need(&self, needs: Needs) {
        self.needs.set(self.needs.get().or(needs));
        if needs.0 & Needs::PENDING.0 != 0 {
            self.cuts.set(self.cuts.get().wrapping_add(1));
        }
    }

    /// A value that was asked for while it is being computed: what comes of it holds only for the question
    /// that is being answered, if there is one.
    pub(super) fn cut_short(&self) {
        self.cuts.set(self.cuts.get().wrapping_add(1));
        if !self.asking.borrow().is_empty() {
            self.need(Needs::PENDING);
        }
    }
}

impl Machine<'_> {
    /// A number for [`Scope::key`] that no scope has yet.
    pub fn new_scope_number(&self) -> u32 {
        let number = self.current.numbers.get() + 1;
        self.current.numbers.set(number);
        number
    }

    /// Notes that something was asked for while it is being found out: what comes of it is not whole.
    pub fn cut_short(&self) {
        self.current.cut_short();
    }

    /// Changes whenever an answer was cut short, or one was used that came of it.
    pub fn cuts(&self) -> u32 {
        self.current.cuts.get()
    }

    /// Runs `compute` for one host or user; scopes may nest.
    pub fn in_scope<T>(&self, scope: &Scope, compute: impl FnOnce() -> T) -> T {
        let current = &self.current;
        let outer_key = current.key.get();
        current.key.set(scope.key);
        let outer = current.options.replace(Some(scope.options.clone()));
        let outer_needs = current.needs.get();
        let result = current.apart(compute);
        current.needs.set(outer_needs);
        current.options.replace(outer);
        current.key.set(outer_key);
        result
    }

    /// The merged value of an option in the current scope; `None` where it is not known.
    pub fn option(&self, realm: Realm, path: &[Name]) -> Option<Val> {
        let current = &self.current;
        current.need(Needs::of(realm));
        let Some(options) = current.options.borrow().clone() else {
            current.ask(Asked::Option(realm, path.into(), None));
            return None;
        };
        let question = (realm, Rc::<[Name]>::from(path));
        if current.asking.borrow().contains(&question) {
            current.cut_short();
            return None;
        }
        current.asking.borrow_mut().push(question.clone());
        let value = || self.descend(|| Ok(options.value(self, realm, path))).ok().flatten();
        let answer = current.apart(value);
        current.ask(Asked::Option(realm, question.1, answer.clone()));
        current.asking.borrow_mut().pop();
        if current.asking.borrow().is_empty() {
            // Answers that were cut short hold no longer.
            current.answered.set(current.answered.get() + 1);
            current.needs.set(Needs(current.needs.get().0 & !Needs::PENDING.0));
        }
        answer
    }

    /// Runs `compute`; says also whether what it gives is the same on every host.
    pub fn with_reach<T>(&self, compute: impl FnOnce() -> T) -> (T, bool) {
        let cuts = self.cuts();
        let (result, needs, trace) = self.current.watch(compute);
        self.current.ask_all(&trace);
        (result, needs.is_nothing() && self.cuts() == cuts && !self.is_exhausted())
    }

    /// The value with what the current scope knows in place of options: an option reference becomes its
    /// value, a choice that is decided the chosen value, an option in a text its text. What is not known
    /// stays as it is.
    pub fn settled(&self, val: &Val) -> Val {
        self.settle(val).unwrap_or_else(|| val.clone())
    }

    /// The same; `None` where nothing changes.
    pub(super) fn settle(&self, val: &Val) -> Option<Val> {
        let settled = match &val.value {
            Value::Symbol(symbol) => {
                let option = symbol.option()?;
                self.option(option.realm, &option.names)?
            }
            Value::Choice(choice) => self.chosen(choice)?,
            Value::Condition(condition) => {
                let decided = self.decided(condition);
                return (decided != *condition).then(|| Val::at(truth(decided), val.span));
            }
            Value::Str(text) => {
                return Some(Val::at(Value::Str(Rc::new(self.settled_text(text)?)), val.span));
            }
            Value::PathPattern(text) => return Some(Val::at(path_value(self.settled_text(text)?), val.span)),
            _ => return None,
        };
        // A value has the place where it is defined.
        let settled = Val { span: settled.span.or(val.span), ..settled };
        let further = self.descend(|| Ok(self.settle(&settled))).ok().flatten();
        Some(further.unwrap_or(settled))
    }

    /// What is left of a choice; `None` where no condition can be decided.
    pub(super) fn chosen(&self, choice: &Rc<[(Condition, Thunk)]>) -> Option<Val> {
        let decided: Vec<_> = choice
            .iter()
            .map(|(condition, thunk)| (self.decided(condition), thunk))
            .filter(|(condition, _)| *condition != Condition::False)
            .collect();
        if let [(_, only)] = decided.as_slice() {
            return Some(self.force(only));
        }
        if let Some((_, thunk)) = decided.iter().find(|(condition, _)| *condition == Condition::True) {
            return Some(self.force(thunk));
        }
        if decided.len() == choice.len() {
            return None;
        }
        let rest = decided.into_iter().map(|(condition, thunk)| (condition, thunk.clone()));
        Some(Val::of(Value::Choice(rest.collect())))
    }

    fn settled_text(&self, text: &Text) -> Option<Text> {
        let mut result = Text::default();
        let mut changed = false;
        for piece in &text.pieces {
            if let TextPiece::Hole(TextHole { value: Some(val), span, .. }) = piece
                && let Some(val) = self.settle(val)
                && let Some(known) = self.known_text(&val)
            {
                let origin = span.map(|span| (span.file, TextMap::Whole(span.range())));
                if !known.is_empty() {
                    result.pieces.push(TextPiece::Known { text: known.into(), origin });
                }
                changed = true;
            } else {
                result.pieces.push(piece.clone());
            }
        }
        changed.then_some(result)
    }

    /// The text that a value has wherever it stands in one: only `toString` takes numbers and the like.
    fn known_text(&self, val: &Val) -> Option<String> {
        match &val.value {
            Value::Str(text) => text.exact(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                self.coerce(val, Coercion::ToString, None).ok()?.exact()
            }
            _ => None,
        }
    }

    /// The condition as the current scope decides it.
    pub fn decided(&self, condition: &Condition) -> Condition {
        if matches!(condition, Condition::True | Condition::False) {
            return condition.clone();
        }
        let mut needs = Needs::default();
        condition.any_atom(&mut |atom| {
            if let Atom::Option(option) | Atom::Equals(option, _) = atom {
                needs = needs.or(Needs::of(option.realm));
            }
            false
        });
        if needs.is_nothing() {
            return condition.clone();
        }
        self.current.need(needs);
        let options = self.current.options.borrow().clone();
        let decided = self.current.apart(|| match options {
            Some(options) => options.decide(self, condition),
            None => condition.clone(),
        });
        self.current.ask(Asked::Condition(condition.clone(), decided.clone()));
        decided
    }

    /// What modules get under this name in the current scope.
    pub fn argument(&self, realm: Realm, name: Name) -> Option<Val> {
        self.current.need(Needs::ARGUMENTS);
        let options = self.current.options.borrow().clone();
        let argument = self.current.apart(|| options?.argument(self, realm, name));
        self.current.ask(Asked::Argument(realm, name, argument.clone()));
        argument
    }
}
