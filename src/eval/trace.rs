//! What a value asked of the host it was computed for. Where another host gives the same answers, it is the value
//! there, too.

use std::rc::Rc;

use super::condition::Condition;
use super::machine::Machine;
use super::scope::Realm;
use super::value::{Name, Text, TextPiece, Val, Value};

/// A value with more questions is computed anew.
const MOST: usize = 32;

/// The questions, in the order in which they were asked first.
#[derive(Clone, Default)]
pub(super) struct Trace {
    asked: Vec<Asked>,
    /// Whether there were too many, or an answer holds only where it was given.
    is_lost: bool,
}

#[derive(Clone)]
pub(super) enum Asked {
    Option(Realm, Rc<[Name]>, Option<Val>),
    Argument(Realm, Name, Option<Val>),
    Condition(Condition, Condition),
}

impl Asked {
    /// Whether the answer is the same where the question is; `None` of another question.
    fn is_same_as(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Option(realm, path, answer), Self::Option(other_realm, other_path, other_answer)) => {
                let is_it = (realm, path) == (other_realm, other_path);
                is_it.then(|| is_same(answer.as_ref(), other_answer.as_ref()))
            }
            (Self::Argument(realm, name, answer), Self::Argument(other_realm, other_name, other_answer)) => {
                let is_it = (realm, name) == (other_realm, other_name);
                is_it.then(|| is_same(answer.as_ref(), other_answer.as_ref()))
            }
            (Self::Condition(condition, answer), Self::Condition(other, other_answer)) => {
                (condition == other).then(|| answer == other_answer)
            }
            _ => None,
        }
    }
}

impl Trace {
    pub(super) fn add(&mut self, asked: Asked) {
        if self.is_lost {
            return;
        }
        match self.asked.iter().find_map(|known| known.is_same_as(&asked)) {
            Some(true) => {}
            None if self.asked.len() < MOST => self.asked.push(asked),
            _ => self.lose(),
        }
    }

    /// Adds what a value asked that was used.
    pub(super) fn add_all(&mut self, other: &Self) {
        if other.is_lost {
            self.lose();
        }
        other.asked.iter().for_each(|asked| self.add(asked.clone()));
    }

    /// From here on it tells nothing.
    pub(super) fn lose(&mut self) {
        self.asked = Vec::new();
        self.is_lost = true;
    }

    /// Whether the current scope gives the same answers.
    pub(super) fn holds(&self, machine: &Machine<'_>) -> bool {
        !self.is_lost
            && self.asked.iter().all(|asked| match asked {
                Asked::Option(realm, path, answer) => {
                    is_same(answer.as_ref(), machine.option(*realm, path).as_ref())
                }
                Asked::Argument(realm, name, answer) => {
                    is_same(answer.as_ref(), machine.argument(*realm, *name).as_ref())
                }
                Asked::Condition(condition, answer) => machine.decided(condition) == *answer,
            })
    }
}

/// Whether two answers are the same for sure, the places they come from among it.
fn is_same(a: Option<&Val>, b: Option<&Val>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.span == b.span && is_same_value(&a.value, &b.value),
        _ => false,
    }
}

fn is_same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Condition(a), Value::Condition(b)) => a == b,
        (Value::Path(a), Value::Path(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => Rc::ptr_eq(a, b) || is_same_text(a, b),
        (Value::List(a), Value::List(b)) => Rc::ptr_eq(a, b),
        (Value::Attrs(a), Value::Attrs(b)) => Rc::ptr_eq(a, b),
        (Value::Lambda(a), Value::Lambda(b)) => Rc::ptr_eq(a, b),
        (Value::Symbol(a), Value::Symbol(b)) => Rc::ptr_eq(a, b),
        (Value::Choice(a), Value::Choice(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

fn is_same_text(a: &Text, b: &Text) -> bool {
    a.pieces.len() == b.pieces.len()
        && a.pieces.iter().zip(&b.pieces).all(|pieces| match pieces {
            (
                TextPiece::Known { text, origin },
                TextPiece::Known { text: other_text, origin: other_origin },
            ) => text == other_text && origin == other_origin,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::scope::Scope;
    use super::super::value::Thunk;
    use super::super::{Everywhere, Nothing};
    use super::*;

    #[test]
    fn a_value_is_computed_again_where_an_answer_is_another() {
        let machine = Machine::new(&Nothing, 10_000);
        let runs = Rc::new(Cell::new(0));
        let (path, counter) = ([machine.name("a")], runs.clone());
        let inner = Thunk::later(move |machine| {
            counter.set(counter.get() + 1);
            machine.option(Realm::System, &path).unwrap_or(Val::of(Value::Null))
        });
        let used = inner.clone();
        let outer = Thunk::later(move |machine| machine.force(&used));
        let shown = |host: Option<Option<i64>>, thunk: &Thunk| {
            let show = || match machine.force(thunk).value {
                Value::Int(value) => value,
                _ => -1,
            };
            let Some(value) = host else { return (show(), runs.get()) };
            let number = machine.new_scope_number();
            let scope = Scope { key: [number; 3], options: Rc::new(Everywhere(value)) };
            (machine.in_scope(&scope, show), runs.get())
        };
        // Outside of all hosts nothing has a value.
        assert_eq!(shown(None, &outer), (-1, 1));
        assert_eq!(shown(Some(Some(1)), &outer), (1, 2));
        assert_eq!(shown(Some(Some(1)), &outer), (1, 2));
        assert_eq!(shown(Some(Some(1)), &inner), (1, 2));
        assert_eq!(shown(Some(Some(2)), &outer), (2, 3));
        assert_eq!(shown(Some(None), &outer), (-1, 4));
        assert_eq!(shown(Some(None), &inner), (-1, 4));
    }

    #[test]
    fn too_many_questions_are_no_trace() {
        let machine = Machine::new(&Nothing, 10_000);
        let asked = |number: u32| Asked::Argument(Realm::System, Name(number), None);
        let mut trace = Trace::default();
        (0..MOST as u32).for_each(|number| trace.add(asked(number)));
        trace.add(asked(0));
        assert!(trace.holds(&machine), "it is asked only once");
        let mut other = Trace::default();
        other.add(asked(MOST as u32));
        trace.add_all(&other);
        assert!(!trace.holds(&machine));
        other.add(Asked::Argument(Realm::System, Name(MOST as u32), Some(Val::of(Value::Null))));
        assert!(!other.holds(&machine), "one question has two answers");
    }
}
