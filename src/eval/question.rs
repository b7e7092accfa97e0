//! What is asked of a value: its alternatives, its truth, its elements, its attributes.
//!
//! An answer is whole or it says why it is not; the host is asked where the value alone does not tell.

use std::rc::Rc;

use super::condition::{Atom, Condition};
use super::machine::{ELEMENTS_PER_STEP, Machine, is_error, is_final};
use super::operators;
use super::value::{Attrs, Element, List, Reason, SymbolRoot, Thunk, Unknown, Val, Value};
use crate::text::Span;

/// What it takes to put formulas together.
const STEPS_PER_ALTERNATIVE: usize = 16;

/// Alternatives that one value may have before it is unknown.
const MAX_ALTERNATIVES: usize = 8;

impl Machine<'_> {
    /// Maps every alternative of a choice.
    pub fn choose(&self, choice: &Rc<[(Condition, Thunk)]>, map: impl Fn(&Machine<'_>, Val) -> Val) -> Val {
        let chosen = self.chosen(choice);
        let choice = match &chosen {
            Some(Val { value: Value::Choice(choice), .. }) => choice,
            Some(only) => return map(self, only.clone()),
            None => choice,
        };
        if choice.len() > MAX_ALTERNATIVES {
            return Val::unknown(Reason::Several);
        }
        let mut result = Vec::new();
        for (condition, thunk) in choice.iter() {
            let val = map(self, self.force(thunk));
            result.push((condition.clone(), val.thunk()));
        }
        Val::of(Value::Choice(result.into()))
    }

    /// Every value that `val` may have, with its condition; choices in choices are flattened.
    pub fn alternatives(&self, val: &Val) -> Vec<(Condition, Val)> {
        let Value::Choice(choice) = &val.value else { return vec![(Condition::True, val.clone())] };
        let chosen = self.chosen(choice);
        let choice = match &chosen {
            Some(Val { value: Value::Choice(choice), .. }) => choice,
            Some(only) => {
                return self
                    .descend(|| Ok(self.alternatives(only)))
                    .unwrap_or_else(|unknown| vec![(Condition::True, Val::of(Value::Unknown(unknown)))]);
            }
            None => choice,
        };
        let mut result = Vec::new();
        for (condition, thunk) in choice.iter() {
            let inner = self.charge(STEPS_PER_ALTERNATIVE).and_then(|()| {
                let val = self.force(thunk);
                self.descend(|| Ok(self.alternatives(&val)))
            });
            match inner {
                Ok(inner) => result.extend(inner.into_iter().filter_map(|(inner, val)| {
                    let condition = condition.and(&inner);
                    (condition != Condition::False).then_some((condition, val))
                })),
                Err(unknown) => return vec![(Condition::True, Val::of(Value::Unknown(unknown)))],
            }
            if result.len() > MAX_ALTERNATIVES {
                return vec![(Condition::True, Val::unknown(Reason::Several))];
            }
        }
        result
    }

    /// The value as a truth value. `span` names an atom where nothing else does.
    ///
    /// # Errors
    /// With the error of Nix where the value is certainly no truth value.
    pub fn condition(&self, val: &Val, span: Option<Span>) -> Result<Condition, Unknown> {
        let opaque = || Ok(self.opaque(val.span.or(span)));
        match &val.value {
            Value::Bool(truth) => Ok(Condition::known(*truth)),
            Value::Condition(condition) => Ok(condition.clone()),
            Value::Symbol(symbol) => match symbol.option() {
                Some(option) => Ok(Condition::atom(Atom::Option(option))),
                None => opaque(),
            },
            Value::Choice(_) => {
                let mut any = Err(Unknown::new(Reason::Several));
                for (condition, val) in self.alternatives(val) {
                    match self.condition(&val, span) {
                        Ok(truth) => any = Ok(any.unwrap_or(Condition::False).or(&condition.and(&truth))),
                        // Only where every alternative fails, the whole does.
                        Err(unknown) if is_error(&unknown) => any = any.or(Err(unknown)),
                        Err(unknown) => return Err(unknown),
                    }
                }
                any
            }
            Value::Unknown(unknown) if is_final(unknown) => Err(unknown.clone()),
            Value::Unknown(_) => opaque(),
            _ => Err(Unknown::new(Reason::Error("a Boolean was expected".to_owned()))),
        }
    }

    /// The value as a list; a choice of lists is one list with conditions.
    ///
    /// # Errors
    /// With the reason where it is no list or nothing is known.
    pub fn list(&self, val: &Val) -> Result<Rc<List>, Unknown> {
        match &val.value {
            Value::List(list) => Ok(list.clone()),
            Value::Choice(_) => {
                let mut result = List::default();
                let mut failed = Some(Unknown::new(Reason::Several));
                for (condition, val) in self.alternatives(val) {
                    match self.list(&val) {
                        Ok(list) => {
                            failed = None;
                            for element in &list.elements {
                                let condition = condition.and(&element.condition);
                                result.elements.push(Element { value: element.value.clone(), condition });
                            }
                            result.open = result.open.or_else(|| list.open.clone());
                        }
                        // Only where every alternative fails, the whole does.
                        Err(unknown) if is_error(&unknown) => failed = failed.map(|_| unknown),
                        Err(unknown) => {
                            failed = None;
                            result.open = Some(unknown);
                        }
                    }
                }
                failed.map_or_else(|| Ok(Rc::new(result)), Err)
            }
            Value::Unknown(unknown) => Err(unknown.clone()),
            Value::Symbol(_) | Value::Condition(_) => match self.settle(val) {
                Some(settled) => self.descend(|| self.list(&settled)),
                None => Err(self.symbolic(val)),
            },
            _ => Err(Unknown::new(Reason::Error("a list was expected".to_owned()))),
        }
    }

    /// The value as a set; a choice of sets is one set with conditions.
    ///
    /// # Errors
    /// With the reason where it is no set or nothing is known.
    pub fn set(&self, val: &Val) -> Result<Rc<Attrs>, Unknown> {
        match &val.value {
            Value::Attrs(attrs) => Ok(attrs.clone()),
            Value::Choice(_) => {
                let mut result = Attrs::default();
                let mut failed = Some(Unknown::new(Reason::Several));
                for (condition, val) in self.alternatives(val) {
                    match self.set(&val) {
                        Ok(attrs) if self.charge(attrs.entries.len() / ELEMENTS_PER_STEP).is_err() => {
                            return Err(Unknown::new(Reason::Fuel));
                        }
                        Ok(attrs) => {
                            failed = None;
                            result = operators::join(&result, &attrs, &condition);
                        }
                        Err(unknown) if is_error(&unknown) => failed = failed.map(|_| unknown),
                        Err(unknown) => {
                            failed = None;
                            result.open = Some(unknown);
                        }
                    }
                }
                failed.map_or_else(|| Ok(Rc::new(result)), Err)
            }
            Value::Unknown(unknown) => Err(unknown.clone()),
            Value::Symbol(_) | Value::Condition(_) => match self.settle(val) {
                Some(settled) => self.descend(|| self.set(&settled)),
                None => Err(self.symbolic(val)),
            },
            _ => Err(Unknown::new(Reason::Error("a set was expected".to_owned()))),
        }
    }

    /// The unknown that a symbol is where a plain value is needed.
    pub fn symbolic(&self, val: &Val) -> Unknown {
        match &val.value {
            Value::Symbol(symbol) => Unknown::new(Reason::Symbolic(self.symbol_text(symbol))),
            Value::Unknown(unknown) => unknown.clone(),
            _ => Unknown::new(Reason::Several),
        }
    }
}

/// Whether more may be known of a result when more is known of what it was made of.
pub(super) fn is_vague(val: &Val) -> bool {
    match &val.value {
        Value::Unknown(unknown) => matches!(
            &*unknown.reason,
            Reason::Argument(_) | Reason::Symbolic(_) | Reason::NotModelled(_) | Reason::Several
        ),
        Value::Condition(condition) => condition.has_opaque(),
        Value::Symbol(symbol) => matches!(symbol.root, SymbolRoot::Call(_)),
        _ => false,
    }
}
