//! The value of each kind of expression.
//!
//! Must never look at how an expression is written: that is done when a file is lowered.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::coercion::{Coercion, path_value};
use super::condition::Condition;
use super::lookup::Selection;
use super::machine::{Environment, Frame, FrameKind, Machine, Unit, is_error, truth};
use super::question::is_vague;
use super::value::{
    Attrs, Closure, Element, Entry, List, Name, Reason, Recipe, State, Symbol, SymbolRoot, Text, TextHole,
    TextPiece, Thunk, Unknown, Val, Value,
};
use super::{builtins, operators};
use crate::semantic::{AttrSet, Expr, ExprId, Key, Part, PathKind};
use crate::text::{HoleKind, Span, TextMap, TextRange};

impl Machine<'_> {
    pub(super) fn eval(&self, unit: &Rc<Unit>, id: ExprId, environment: &Environment) -> Val {
        let mut val = self.eval_here(unit, id, environment);
        if let Value::Unknown(unknown) = &mut val.value
            && unknown.place.is_none()
        {
            unknown.place = Some(Rc::new(unit.span(unit.ir.span(id))));
        }
        val
    }

    fn eval_here(&self, unit: &Rc<Unit>, id: ExprId, environment: &Environment) -> Val {
        if !self.step() {
            return Val::unknown(Reason::Fuel);
        }
        let range = unit.ir.span(id);
        let here = unit.place(range);
        let done = |value| Val::at(value, here);
        let name_of = |symbol: crate::semantic::Symbol| unit.names[symbol.0 as usize];
        match unit.ir.expr(id) {
            Expr::Error => Val::unknown(Reason::Syntax),
            Expr::Int(value) => done(Value::Int(*value)),
            Expr::Float(value) => done(Value::Float(*value)),
            Expr::Str(parts) => match self.text(unit, parts, environment) {
                Ok(text) => done(Value::Str(Rc::new(text))),
                Err(unknown) => done(Value::Unknown(unknown)),
            },
            Expr::Path(kind, parts) => self.path_literal(unit, *kind, parts, environment, here),
            Expr::SearchPath(name) => done(Value::Symbol(Rc::new(Symbol {
                root: SymbolRoot::SearchPath((&**name).into()),
                path: Vec::new(),
            }))),
            Expr::List(items) => {
                let elements = items
                    .iter()
                    .map(|item| Element {
                        value: self.thunk(unit, *item, environment),
                        condition: Condition::True,
                    })
                    .collect();
                done(Value::List(Rc::new(List { elements, open: None })))
            }
            Expr::Attrs(set) => {
                let (inner, mut slots) = self.bind(unit, set, environment);
                match self.overrides(unit, set, &inner, &mut slots) {
                    Ok(others) => done(self.attrs(unit, set, &inner, slots, others)),
                    Err(unknown) => done(Value::Unknown(unknown)),
                }
            }
            Expr::Let(node) => {
                let (set, body) = &**node;
                let (inner, _) = self.bind(unit, set, environment);
                self.nested(|| self.eval(unit, *body, &inner))
            }
            Expr::Lambda(_) => done(Value::Lambda(Rc::new(Closure {
                unit: unit.clone(),
                expr: id,
                environment: environment.clone(),
            }))),
            Expr::Apply(function, argument) => {
                let function = self.nested(|| self.eval(unit, *function, environment));
                self.apply(&function, self.thunk(unit, *argument, environment), here)
            }
            Expr::Select(node) => {
                let (base, path, default) = &**node;
                let mut val = self.nested(|| self.eval(unit, *base, environment));
                if let Some(default) = *default {
                    return self.select_or(&Selection { unit, environment, default, here }, val, path);
                }
                for key in path {
                    let next = self.key(unit, key, environment).and_then(|name| self.select(&val, name));
                    val = match next {
                        Ok(next) => next,
                        Err(unknown) => return Val::at(Value::Unknown(unknown), here),
                    };
                }
                // What is known by name only stands where it is named.
                Val { span: val.span.or(here), ..val }
            }
            Expr::HasAttr(node) => {
                let (base, path) = &**node;
                let mut val = self.nested(|| self.eval(unit, *base, environment));
                for key in path {
                    val = self.settled(&val);
                    let name = match self.key(unit, key, environment) {
                        Ok(name) => name,
                        Err(_) => {
                            return done(Value::Condition(self.opaque(unit.span(range))));
                        }
                    };
                    match &val.value {
                        Value::Attrs(attrs) => match attrs.get(name) {
                            Some(entry) if entry.condition == Condition::True => {
                                val = self.force(&entry.value)
                            }
                            None if attrs.is_closed() => return done(Value::Bool(false)),
                            _ => {
                                return done(Value::Condition(self.opaque(unit.span(range))));
                            }
                        },
                        Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => {
                            return match &val.value {
                                Value::Unknown(unknown) if is_error(unknown) => val,
                                _ => done(Value::Condition(self.opaque(unit.span(range)))),
                            };
                        }
                        _ => return done(Value::Bool(false)),
                    }
                }
                done(Value::Bool(true))
            }
            Expr::If(node) => {
                let [condition, then, otherwise] = **node;
                let condition = self.nested(|| self.eval(unit, condition, environment));
                match self.condition(&condition, here) {
                    Ok(Condition::True) => self.eval(unit, then, environment),
                    Ok(Condition::False) => self.eval(unit, otherwise, environment),
                    Ok(condition) => {
                        let negation = condition.not();
                        done(Value::Choice(Rc::new([
                            (condition, Thunk::expr(unit, then, environment)),
                            (negation, Thunk::expr(unit, otherwise, environment)),
                        ])))
                    }
                    Err(unknown) => done(Value::Unknown(unknown)),
                }
            }
            Expr::Assert(condition, body) => {
                let condition = self.nested(|| self.eval(unit, *condition, environment));
                match self.condition(&condition, here) {
                    Ok(Condition::False) => {
                        done(Value::Unknown(Unknown::new(Reason::Throw("assertion failed".into()))))
                    }
                    Ok(condition) => {
                        if condition != Condition::True {
                            self.assumed.set(self.assumed.get().wrapping_add(1));
                        }
                        self.eval(unit, *body, environment)
                    }
                    Err(unknown) => done(Value::Unknown(unknown)),
                }
            }
            Expr::With(set, body) => {
                let set = Thunk::expr(unit, *set, environment);
                let frame = Rc::new(Frame { parent: environment.clone(), kind: FrameKind::With(set) });
                self.nested(|| self.eval(unit, *body, &Some(frame)))
            }
            Expr::Not(operand) => {
                let operand = self.nested(|| self.eval(unit, *operand, environment));
                match self.condition(&operand, here) {
                    Ok(condition) => done(truth(condition.not())),
                    Err(unknown) => done(Value::Unknown(unknown)),
                }
            }
            Expr::Negate(operand) => {
                let operand = self.nested(|| self.eval(unit, *operand, environment));
                done(operators::negate(&operand))
            }
            Expr::Binary(op, left, right) => {
                let left = self.nested(|| self.eval(unit, *left, environment));
                let right = Thunk::expr(unit, *right, environment);
                let val = self.nested(|| operators::binary(self, *op, &left, &right, here));
                if !is_vague(&val) {
                    return val;
                }
                // What the host knows of the operands may help.
                let (left_settled, right_settled) = (self.settle(&left), self.settle(&self.force(&right)));
                if left_settled.is_none() && right_settled.is_none() {
                    return val;
                }
                let (left, right) = (left_settled.unwrap_or(left), right_settled.map_or(right, Val::thunk));
                self.nested(|| operators::binary(self, *op, &left, &right, here))
            }
            Expr::Local { up, slot } => match slot_of(environment, *up, *slot) {
                Some(thunk) => self.nested(|| self.force(&thunk)),
                None => Val::unknown(Reason::Cycle),
            },
            Expr::Global(symbol) | Expr::WithName(symbol) | Expr::Undefined(symbol)
                if let Some(entry) = unit.scope.as_ref().and_then(|scope| scope.get(name_of(*symbol))) =>
            {
                self.nested(|| self.force(&entry.value))
            }
            Expr::Global(symbol) => {
                let mut val = builtins::global(self, unit.ir.name(*symbol));
                val.span = here;
                val
            }
            Expr::WithName(symbol) => self.nested(|| self.with_name(name_of(*symbol), environment, here)),
            Expr::Undefined(symbol) => Val::at(
                Value::Unknown(Unknown::new(Reason::Error(format!(
                    "undefined variable `{}`",
                    unit.ir.name(*symbol)
                )))),
                here,
            ),
            Expr::CurPos => done(
                builtins::position(self, unit.span(range))
                    .map_or_else(Value::Unknown, |position| position.value),
            ),
        }
    }

    /// The value of an expression, later. A name is what it stands for, and no second value like it: Nix
    /// tells them apart where functions are compared and lists printed (`maybeThunk` in its eval.cc).
    pub(super) fn thunk(&self, unit: &Rc<Unit>, expr: ExprId, environment: &Environment) -> Thunk {
        let bound = match unit.ir.expr(expr) {
            Expr::Local { up, slot } => slot_of(environment, *up, *slot),
            _ => None,
        };
        bound.unwrap_or_else(|| Thunk::expr(unit, expr, environment))
    }

    /// The value as far as it is there without evaluating: constants, and what was evaluated before.
    pub(super) fn peek(&self, thunk: &Thunk) -> Option<Val> {
        let constant = match &*thunk.0.borrow() {
            State::Done(val) if !matches!(val.value, Value::Unknown(_)) => return Some(val.clone()),
            State::Waiting(Recipe::Expr { unit, expr, environment }) => match unit.ir.expr(*expr) {
                Expr::Local { up, slot } => Some(slot_of(environment, *up, *slot)?),
                Expr::Int(_) | Expr::Float(_) | Expr::Global(_) => None,
                Expr::List(items) if items.is_empty() => None,
                Expr::Str(parts) | Expr::Path(_, parts)
                    if !parts.iter().any(|part| matches!(part, Part::Interpolation { .. })) =>
                {
                    None
                }
                _ => return None,
            },
            State::Waiting(_) | State::Busy | State::Done(_) | State::Scoped(_) => return None,
        };
        match constant {
            Some(bound) => self.peek(&bound),
            None => Some(self.force(thunk)),
        }
    }

    /// `__overrides` in a recursive set replaces what is bound in it; gives what it adds.
    fn overrides(
        &self,
        unit: &Rc<Unit>,
        set: &AttrSet,
        inner: &Environment,
        slots: &mut [Thunk],
    ) -> Result<Vec<(Name, Entry)>, Unknown> {
        let name_of = |attr: &crate::semantic::Attr| unit.names[attr.name.0 as usize];
        let found = match set.recursive {
            true => set.attrs.iter().position(|attr| unit.ir.name(attr.name) == "__overrides"),
            false => None,
        };
        let Some(found) = found else { return Ok(Vec::new()) };
        let overrides = self.set(&self.force(&slots[found]))?;
        if !overrides.is_closed()
            || overrides.entries.iter().any(|(_, entry)| entry.condition != Condition::True)
        {
            return Err(Unknown::new(Reason::NotModelled("__overrides that are not known".to_owned())));
        }
        let mut others = Vec::new();
        for (name, entry) in &overrides.entries {
            match set.attrs.iter().position(|attr| name_of(attr) == *name) {
                Some(index) => slots[index] = entry.value.clone(),
                None => others.push((*name, entry.clone())),
            }
        }
        if let Some(Frame { kind: FrameKind::Slots(cell), .. }) = inner.as_deref() {
            *cell.borrow_mut() = slots.to_vec();
        }
        Ok(others)
    }

    /// Opens the scope of a recursive set; gives it and the thunks of the named bindings.
    fn bind(&self, unit: &Rc<Unit>, set: &AttrSet, environment: &Environment) -> (Environment, Vec<Thunk>) {
        let inner = if set.recursive {
            let kind = FrameKind::Slots(RefCell::new(Vec::new()));
            let frame = Rc::new(Frame { parent: environment.clone(), kind });
            self.frames.borrow_mut().push(Rc::downgrade(&frame));
            Some(frame)
        } else {
            environment.clone()
        };
        let slots: Vec<Thunk> = set
            .attrs
            .iter()
            .map(|attr| self.thunk(unit, attr.value, if attr.inherited { environment } else { &inner }))
            .collect();
        if set.recursive
            && let Some(Frame { kind: FrameKind::Slots(cell), .. }) = inner.as_deref()
        {
            *cell.borrow_mut() = slots.clone();
        }
        (inner, slots)
    }

    /// The set of the named bindings, those with computed names, and `others`.
    fn attrs(
        &self,
        unit: &Rc<Unit>,
        set: &AttrSet,
        inner: &Environment,
        slots: Vec<Thunk>,
        others: Vec<(Name, Entry)>,
    ) -> Value {
        let mut entries: Vec<(Name, Entry)> = set
            .attrs
            .iter()
            .zip(slots)
            .map(|(attr, value)| {
                let entry = Entry {
                    value,
                    condition: Condition::True,
                    key: unit.place(attr.key),
                    binding: unit.place(attr.binding),
                };
                (unit.names[attr.name.0 as usize], entry)
            })
            .chain(others)
            .collect();
        let mut patterns = Vec::new();
        let mut keys: FxHashSet<Name> = match set.dynamic.is_empty() {
            true => FxHashSet::default(),
            false => entries.iter().map(|(name, _)| *name).collect(),
        };
        for attr in &set.dynamic {
            let value = self.thunk(unit, attr.value, inner);
            let entry = Entry {
                value,
                condition: Condition::True,
                key: unit.place(attr.key),
                binding: unit.place(attr.binding),
            };
            let name = self.nested(|| self.eval(unit, attr.name, inner));
            match &name.value {
                Value::Null => {}
                Value::Unknown(unknown) if is_error(unknown) => return name.value,
                _ => match self.coerce(&name, Coercion::Interpolation, None) {
                    Ok(text) => match text.exact() {
                        Some(text) => {
                            let name = self.name(&text);
                            if !keys.insert(name) {
                                return Value::Unknown(Unknown::new(Reason::Error(format!(
                                    "dynamic attribute `{text}` already defined"
                                ))));
                            }
                            entries.push((name, entry));
                        }
                        None => patterns.push((Rc::new(text), entry)),
                    },
                    Err(unknown) => return Value::Unknown(unknown),
                },
            }
        }
        let mut attrs = Attrs::from_entries(entries);
        attrs.patterns = patterns;
        Value::Attrs(Rc::new(attrs))
    }

    pub(super) fn key(&self, unit: &Rc<Unit>, key: &Key, environment: &Environment) -> Result<Name, Unknown> {
        match key {
            Key::Static(symbol, _) => Ok(unit.names[symbol.0 as usize]),
            Key::Dynamic(expr) => {
                let val = self.nested(|| self.settled(&self.eval(unit, *expr, environment)));
                match (&val.value, val.as_str()) {
                    (_, Some(text)) => Ok(self.name(&text)),
                    (Value::Unknown(unknown), None) => Err(unknown.clone()),
                    _ => Err(Unknown::new(Reason::Several)),
                }
            }
        }
    }

    fn text(&self, unit: &Rc<Unit>, parts: &[Part], environment: &Environment) -> Result<Text, Unknown> {
        let mut text = Text::default();
        for part in parts {
            match part {
                Part::Text { text: known, map } => {
                    let origin = unit.origin(map.clone());
                    text.pieces.push(TextPiece::Known { text: known.clone(), origin });
                }
                Part::Interpolation { expr, range } => {
                    let val = self.nested(|| self.eval(unit, *expr, environment));
                    let inner = self.coerce(&val, Coercion::Interpolation, unit.place(*range))?;
                    // What is known stands where the interpolation stands, as an escape does.
                    match inner.exact() {
                        Some(known) if !known.is_empty() => {
                            text.pieces.push(TextPiece::Known {
                                text: known.into(),
                                origin: unit.origin(TextMap::Whole(*range)),
                            });
                        }
                        _ => {
                            text.pieces.extend(inner.pieces.into_iter().enumerate().map(|(index, piece)| {
                                let rest = TextRange::empty(range.end());
                                let place = if index == 0 { *range } else { rest };
                                match piece {
                                    TextPiece::Known { text, .. } => {
                                        let origin = unit.origin(TextMap::Whole(place));
                                        TextPiece::Known { text, origin }
                                    }
                                    TextPiece::Hole(hole) => {
                                        TextPiece::Hole(TextHole { span: unit.place(place), ..hole })
                                    }
                                }
                            }))
                        }
                    }
                }
            }
        }
        Ok(text)
    }

    fn path_literal(
        &self,
        unit: &Rc<Unit>,
        kind: PathKind,
        parts: &[Part],
        environment: &Environment,
        here: Option<Span>,
    ) -> Val {
        let mut text = match self.text(unit, parts, environment) {
            Ok(text) => text,
            Err(unknown) => return Val::at(Value::Unknown(unknown), here),
        };
        match kind {
            PathKind::Home => {
                let kind = HoleKind::Any;
                let mut absolute =
                    Text::hole(TextHole { kind, may_be_empty: false, span: here, value: None });
                absolute.extend(&Text::known("/"));
                absolute.extend(&text);
                text = absolute;
            }
            PathKind::Absolute => {}
            PathKind::Relative => {
                let mut absolute = Text::known(&format!("{}/", unit.directory));
                absolute.extend(&text);
                text = absolute;
            }
        }
        Val::at(path_value(text), here)
    }
}

/// What a name stands for; `None` while its scope is being made.
fn slot_of(environment: &Environment, up: u32, slot: u32) -> Option<Thunk> {
    let mut frame = environment.as_ref()?;
    for _ in 0..up {
        frame = frame.parent.as_ref()?;
    }
    match &frame.kind {
        FrameKind::Slots(slots) => slots.borrow().get(slot as usize).cloned(),
        FrameKind::With(_) => None,
    }
}
