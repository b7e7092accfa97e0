//! Functions and what they are applied to: those of the project, primitives, functors, and what is known by name
//! only.

use std::cell::RefCell;
use std::rc::Rc;

use super::condition::Condition;
use super::machine::{ELEMENTS_PER_STEP, Environment, Frame, FrameKind, Machine, Unit, is_error};
use super::question::is_vague;
use super::value::{
    Call, Closure, Entry, Name, PrimitiveCall, Reason, Symbol, SymbolRoot, Thunk, Val, Value,
};
use crate::semantic::{Expr, Lambda};
use crate::text::Span;

/// Calls of what calls of a symbol give.
const MAX_CALLS: usize = 64;

impl Machine<'_> {
    /// Applies a function. `span` is that of the call.
    pub fn apply(&self, function: &Val, argument: Thunk, span: Option<Span>) -> Val {
        if !self.step() {
            return Val::unknown(Reason::Fuel);
        }
        match &function.value {
            Value::Lambda(closure) => self.nested(|| self.call(closure, argument)),
            Value::Primitive(call) => {
                let mut arguments = call.arguments.clone();
                arguments.push(argument);
                if arguments.len() < call.primitive.arity {
                    let call = PrimitiveCall { primitive: call.primitive, arguments };
                    return Val::at(Value::Primitive(Rc::new(call)), span);
                }
                let run = |arguments: &[Thunk]| {
                    let run = || (call.primitive.run)(self, arguments, span);
                    self.nested(|| run().unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown))))
                };
                let mut val = run(&arguments);
                if is_vague(&val) {
                    // What the host knows of the arguments may help.
                    let settled: Vec<_> =
                        arguments.iter().map(|argument| self.settle(&self.force(argument))).collect();
                    if settled.iter().any(Option::is_some) {
                        let arguments: Vec<_> = settled
                            .into_iter()
                            .zip(arguments)
                            .map(|(settled, argument)| settled.map_or(argument, Val::thunk))
                            .collect();
                        val = run(&arguments);
                    }
                }
                val.span = val.span.or(span);
                val
            }
            Value::Attrs(attrs) => match attrs.get(self.name("__functor")) {
                Some(_) => {
                    let functor = self.select_or_unknown(function, self.name("__functor"));
                    self.nested(|| {
                        let bound = self.apply(&functor, function.clone().thunk(), span);
                        self.apply(&bound, argument, span)
                    })
                }
                None if attrs.is_closed() => Val::error("attempt to call a set"),
                None => Val::unknown(Reason::Symbolic("a set with unknown names is called".to_owned())),
            },
            Value::Symbol(symbol) if let Some(functor) = self.functor(symbol) => self.nested(|| {
                let bound = self.apply(&functor, function.clone().thunk(), span);
                self.apply(&bound, argument, span)
            }),
            Value::Symbol(symbol) => {
                if let Some(settled) = self.settle(function) {
                    return self.apply(&settled, argument, span);
                }
                let (function, mut arguments) = match &symbol.root {
                    SymbolRoot::Call(call) if symbol.path.is_empty() => {
                        (call.function.clone(), call.arguments.clone())
                    }
                    _ => ((**symbol).clone(), Vec::new()),
                };
                arguments.push(argument);
                if self.charge(arguments.len() / ELEMENTS_PER_STEP).is_err()
                    || calls_in(&function) > MAX_CALLS
                {
                    return Val::unknown(Reason::Depth);
                }
                let call = Call { function, arguments, span };
                let root = SymbolRoot::Call(Rc::new(call));
                Val { span, ..Val::symbol(root) }
            }
            Value::Choice(choice) => {
                self.choose(choice, |machine, function| machine.apply(&function, argument.clone(), span))
            }
            Value::Unknown(_) => function.clone(),
            _ => Val::error("attempt to call something which is not a function"),
        }
    }

    /// What calling a flake input itself does.
    fn functor(&self, symbol: &Symbol) -> Option<Val> {
        let (SymbolRoot::Inputs, [input]) = (&symbol.root, symbol.path.as_slice()) else { return None };
        self.outside()?.input(self, &[*input, self.name("__functor")])
    }

    /// Applies a function to several arguments.
    pub fn apply_all(
        &self,
        function: &Val,
        arguments: impl IntoIterator<Item = Thunk>,
        span: Option<Span>,
    ) -> Val {
        arguments
            .into_iter()
            .fold(function.clone(), |function, argument| self.apply(&function, argument, span))
    }

    fn call(&self, closure: &Closure, argument: Thunk) -> Val {
        let Expr::Lambda(lambda) = closure.unit.ir.expr(closure.expr) else {
            return Val::unknown(Reason::Syntax);
        };
        let kind = FrameKind::Slots(RefCell::new(Vec::new()));
        let frame = Rc::new(Frame { parent: closure.environment.clone(), kind });
        self.frames.borrow_mut().push(Rc::downgrade(&frame));
        let environment = Some(frame.clone());
        let slots = match self.arguments(&closure.unit, lambda, argument, &environment) {
            Ok(slots) => slots,
            Err(val) => return val,
        };
        if let FrameKind::Slots(cell) = &frame.kind {
            *cell.borrow_mut() = slots;
        }
        self.eval(&closure.unit, lambda.body, &environment)
    }

    fn arguments(
        &self,
        unit: &Rc<Unit>,
        lambda: &Lambda,
        argument: Thunk,
        environment: &Environment,
    ) -> Result<Vec<Thunk>, Val> {
        let Some(formals) = &lambda.formals else { return Ok(vec![argument]) };
        let val = self.force(&argument);
        match &val.value {
            Value::Attrs(attrs) => {
                let names: Vec<Name> = formals.iter().map(|formal| unit.name_of(formal.name)).collect();
                if attrs.is_closed()
                    && let Some(missing) = formals
                        .iter()
                        .zip(&names)
                        .find(|(formal, name)| formal.default.is_none() && attrs.get(**name).is_none())
                {
                    let name = self.text_of(*missing.1);
                    return Err(Val::error(format!("function called without required argument `{name}`")));
                }
                let is_unexpected = |(name, entry): &&(Name, Entry)| {
                    entry.condition == Condition::True && !names.contains(name)
                };
                if !lambda.ellipsis
                    && let Some((name, _)) = attrs.entries.iter().find(is_unexpected)
                {
                    let name = self.text_of(*name);
                    return Err(Val::error(format!("function called with unexpected argument `{name}`")));
                }
            }
            Value::Unknown(unknown) if is_error(unknown) => return Err(val),
            Value::Symbol(_) | Value::Choice(_) | Value::Unknown(_) => {}
            _ => return Err(Val::error("a set was expected as argument")),
        }
        let mut slots: Vec<Thunk> =
            formals.iter().map(|formal| self.formal(unit, formal, &val, environment)).collect();
        if lambda.name.is_some() {
            slots.push(argument);
        }
        Ok(slots)
    }
}

/// How many calls are in each other here.
fn calls_in(symbol: &Symbol) -> usize {
    let mut root = &symbol.root;
    let mut calls = 0;
    while let SymbolRoot::Call(call) = root {
        calls += 1;
        root = &call.function.root;
    }
    calls
}
