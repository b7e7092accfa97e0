//! Names looked up in sets that may be partly known: selections with a default, formals with a default,
//! `with`.
//!
//! Where a name may be missing, what stands for it then is always among the possible values.

use std::rc::Rc;

use super::condition::Condition;
use super::library;
use super::machine::{Environment, FrameKind, Machine, Unit, is_error};
use super::value::{Attrs, Entry, Name, Reason, SymbolRoot, Thunk, Unknown, Val, Value};
use crate::semantic::{ExprId, Formal, Key};
use crate::text::Span;

/// `base.path or default`, from the expressions of one file.
pub(super) struct Selection<'u> {
    pub(super) unit: &'u Rc<Unit>,
    pub(super) environment: &'u Environment,
    pub(super) default: ExprId,
    pub(super) here: Option<Span>,
}

impl Machine<'_> {
    /// `val.path or default`.
    pub(super) fn select_or(&self, selection: &Selection<'_>, val: Val, path: &[Key]) -> Val {
        let Selection { unit, environment, default, here } = *selection;
        let default = || Thunk::expr(unit, default, environment);
        let Some((key, rest)) = path.split_first() else {
            return match &val.value {
                Value::Symbol(_) => self.symbol_or(val, default(), here),
                _ => val,
            };
        };
        if let Value::Unknown(_) = &val.value {
            return val;
        }
        let name = match self.key(unit, key, environment) {
            Ok(name) => name,
            Err(unknown) => return Val::at(Value::Unknown(unknown), here),
        };
        let below = |val: Val| match self.descend(|| Ok(self.select_or(selection, val, rest))) {
            Ok(val) => val,
            Err(unknown) => Val::of(Value::Unknown(unknown)),
        };
        match &val.value {
            Value::Attrs(attrs) => match attrs.get(name) {
                Some(entry) if entry.condition == Condition::True => below(self.force(&entry.value)),
                Some(entry) => {
                    let there = below(self.force(&entry.value)).thunk();
                    let otherwise = self.without_entry(attrs, name).map_or_else(default, Val::thunk);
                    either(&entry.condition, there, otherwise)
                }
                None => match &attrs.fallback {
                    Some(fallback) => self.select_or(selection, fallback.clone(), path),
                    None => match self.select(&val, name) {
                        Ok(val) => below(val),
                        Err(_) => self.force(&default()),
                    },
                },
            },
            Value::Choice(choice) => {
                self.choose(choice, |machine, val| machine.select_or(selection, val, path))
            }
            _ => match self.select(&val, name) {
                Ok(val) => below(val),
                Err(_) => self.force(&default()),
            },
        }
    }

    /// What a name is where its conditional entry is not there; `None` where it is missing then.
    pub(super) fn without_entry(&self, attrs: &Attrs, name: Name) -> Option<Val> {
        match (&attrs.fallback, &attrs.open) {
            (Some(fallback), _) => Some(self.select_or_unknown(fallback, name)),
            (None, Some(open)) => Some(Val::of(Value::Unknown(open.clone()))),
            (None, None) if attrs.patterns.is_empty() => None,
            (None, None) => Some(self.computed_key(name)),
        }
    }

    /// What a name is that only a computed key can have.
    pub(super) fn computed_key(&self, name: Name) -> Val {
        Val::unknown(Reason::Symbolic(format!("`{}` may be a computed key", self.text_of(name))))
    }

    /// A symbol that may have no value, and what is used then.
    fn symbol_or(&self, symbol: Val, default: Thunk, span: Option<Span>) -> Val {
        if let Some(settled) = self.settle(&symbol) {
            return settled;
        }
        Val::at(either(&self.opaque(span), symbol.thunk(), default).value, span)
    }

    /// The value of a function's formal in the argument `val`.
    pub(super) fn formal(
        &self,
        unit: &Rc<Unit>,
        formal: &Formal,
        val: &Val,
        environment: &Environment,
    ) -> Thunk {
        let name = unit.name_of(formal.name);
        let default = formal.default.map(|default| Thunk::expr(unit, default, environment));
        match &val.value {
            Value::Attrs(attrs) => match (attrs.get(name), default) {
                (Some(Entry { value, condition, .. }), Some(default)) if *condition != Condition::True => {
                    let otherwise = self.without_entry(attrs, name).map_or(default, Val::thunk);
                    either(condition, value.clone(), otherwise).thunk()
                }
                // Without a default the function is called only where the name is there.
                (Some(entry), _) => entry.value.clone(),
                (None, Some(default)) if attrs.is_closed() => default,
                (None, None) if attrs.is_closed() => {
                    let name = self.text_of(name);
                    Val::error(format!("function called without required argument `{name}`")).thunk()
                }
                // The module system passes what is asked for, or fails: no default is ever used.
                (None, _) => match &attrs.fallback {
                    Some(fallback) if self.is_module_argument(fallback) => {
                        self.select_or_unknown(fallback, name).thunk()
                    }
                    _ => Val::symbol(SymbolRoot::Argument(name)).thunk(),
                },
            },
            Value::Choice(choice) => self
                .choose(choice, |machine, val| {
                    machine.force(&machine.formal(unit, formal, &val, environment))
                })
                .thunk(),
            Value::Symbol(_) => match default {
                Some(default) => {
                    let symbol = self.select_or_unknown(val, name);
                    match &symbol.value {
                        Value::Symbol(_) => {
                            self.symbol_or(symbol, default, Some(unit.span(formal.range))).thunk()
                        }
                        _ => symbol.thunk(),
                    }
                }
                None => {
                    let base = val.clone();
                    Thunk::later(move |machine| machine.select_or_unknown(&base, name))
                }
            },
            Value::Unknown(_) => val.clone().thunk(),
            _ => Val::error("a set was expected as argument").thunk(),
        }
    }

    /// A name that only a `with` around it can have.
    pub(super) fn with_name(&self, name: Name, environment: &Environment, here: Option<Span>) -> Val {
        let text = self.text_of(name);
        let mut fallback: Option<Val> = None;
        let mut frame = environment;
        while let Some(inner) = frame {
            if let FrameKind::With(set) = &inner.kind {
                let set = self.force(set);
                match &set.value {
                    Value::Attrs(attrs) => match attrs.get(name) {
                        Some(entry) if entry.condition == Condition::True => {
                            return fallback.unwrap_or_else(|| self.select_or_unknown(&set, name));
                        }
                        Some(_) => {
                            return fallback.unwrap_or_else(|| {
                                self.with_name_in(&set, name, || self.with_name(name, &inner.parent, here))
                            });
                        }
                        None if attrs.is_closed() => {}
                        None => {
                            fallback.get_or_insert_with(|| self.select_or_unknown(&set, name));
                        }
                    },
                    Value::Choice(_) => {
                        return fallback.unwrap_or_else(|| {
                            self.with_name_in(&set, name, || self.with_name(name, &inner.parent, here))
                        });
                    }
                    Value::Symbol(symbol) if matches!(symbol.root, SymbolRoot::Library) => {
                        let val = self.select_symbol(symbol, name, here);
                        let modelled = !matches!(&val.value, Value::Symbol(_));
                        if library::is_wrapper(&text) && modelled {
                            return val;
                        }
                        if modelled || frame_is_last(&inner.parent) {
                            return fallback.unwrap_or(val);
                        }
                        fallback.get_or_insert(val);
                    }
                    Value::Unknown(unknown) if is_error(unknown) => return fallback.unwrap_or(set),
                    _ => {
                        fallback
                            .get_or_insert_with(|| Val { span: here, ..self.select_or_unknown(&set, name) });
                    }
                }
            }
            frame = &inner.parent;
        }
        fallback.unwrap_or_else(|| {
            Val::at(Value::Unknown(Unknown::new(Reason::Error(format!("undefined variable `{text}`")))), here)
        })
    }

    /// A name in the set of a `with` that may have it, and what it is `outside` where the set does not.
    fn with_name_in(&self, set: &Val, name: Name, outside: impl Fn() -> Val + Copy) -> Val {
        match &set.value {
            Value::Attrs(attrs) => match attrs.get(name) {
                Some(entry) if entry.condition != Condition::True => {
                    let otherwise = self.without_entry(attrs, name).unwrap_or_else(outside);
                    either(&entry.condition, entry.value.clone(), otherwise.thunk())
                }
                None if attrs.is_closed() => outside(),
                _ => self.select_or_unknown(set, name),
            },
            Value::Choice(choice) => {
                self.choose(choice, |machine, set| machine.with_name_in(&set, name, outside))
            }
            _ => self.select_or_unknown(set, name),
        }
    }
}

/// One value where `condition` holds, the other where it does not.
pub(super) fn either(condition: &Condition, there: Thunk, otherwise: Thunk) -> Val {
    Val::of(Value::Choice(Rc::new([(condition.clone(), there), (condition.not(), otherwise)])))
}

fn frame_is_last(frame: &Environment) -> bool {
    let mut frame = frame;
    while let Some(inner) = frame {
        if matches!(inner.kind, FrameKind::With(_)) {
            return false;
        }
        frame = &inner.parent;
    }
    true
}
