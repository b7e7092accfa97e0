//! Option values as `lib.evalModules` makes them of definitions: lib/modules.nix and lib/types.nix of nixpkgs,
//! on values that may be partly known.
//!
//! Where every definition, condition and type is known, the result is what Nix computes; where one is not, the
//! part of the result that depends on it says so. Nothing is computed before it is asked for: like in the
//! module system, options may depend on each other in any order. Never reports a conflict.

mod alias;
mod check;
mod definition;
mod level;
mod shape;
mod submodule;
mod types;
mod value;

use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};

use rustc_hash::FxHashMap;

use super::host::Resolved;
use super::link::Module;
use super::table::Certainty;
use crate::eval::{
    Atom, Condition, Machine, Name, Reason, Scalar, SymbolRoot, Thunk, Unknown, Val, Value, is_error,
};
use crate::text::{Span, TextRange};
use level::{Kind, Level};

pub(super) use alias::alias_module;

/// A module, as far as values depend on it.
pub(super) struct Part {
    /// What it declares.
    pub options: Option<Thunk>,
    /// What it defines.
    pub config: Thunk,
    /// The type of what nobody declares.
    pub freeform: Option<Thunk>,
    /// When it counts: a place for the doubt where it may not belong to the others.
    pub condition: Condition,
}

/// The options of one closure of modules.
pub(super) struct Merger {
    root: Rc<Level>,
    /// Whether they are those of one machine; else two definitions may belong to two.
    is_host: bool,
    /// Submodules, whose modules ask for their own values.
    submodules: RefCell<Vec<Rc<OnceCell<Rc<Level>>>>>,
    decisions: RefCell<FxHashMap<Atom, Option<bool>>>,
    /// Atoms that are being decided: a question that comes back to itself is not decided.
    deciding: RefCell<Vec<Atom>>,
}

/// The modules of a host, in the order in which they are imported.
pub(super) fn parts(modules: &[(Module, Certainty)]) -> Vec<Part> {
    let part = |(module, certainty): &(Module, Certainty)| Part {
        options: module.options.clone(),
        config: module.config.clone(),
        freeform: None,
        condition: match certainty {
            Certainty::Must => Condition::True,
            _ => Condition::atom(Atom::Opaque(Span::new(module.file, TextRange::default()))),
        },
    };
    modules.iter().map(part).collect()
}

impl Merger {
    /// The options of modules in the order in which they are imported: first those of the list, then those
    /// these import, and so on, as `genericClosure` finds them.
    pub(super) fn new(parts: Vec<Part>, is_host: bool) -> Rc<Self> {
        Rc::new(Self {
            root: Level::root(parts, level::Undeclared::Shape),
            is_host,
            submodules: RefCell::default(),
            decisions: RefCell::default(),
            deciding: RefCell::default(),
        })
    }

    /// The merged value of the option at `path`, or of what is below it.
    pub(super) fn lookup(self: &Rc<Self>, machine: &Machine<'_>, path: &[Name]) -> Resolved {
        let cx = Cx { machine, merger: self };
        let mut level = self.root.clone();
        let mut open: Option<Unknown> = None;
        for (at, name) in path.iter().enumerate() {
            let Some(spot) = level.spot(cx, *name) else {
                return Resolved::Unknown(Unknown::new(Reason::Cycle));
            };
            open = open.or_else(|| spot.open.clone());
            let rest = &path[at + 1..];
            let is_done = rest.is_empty() || matches!(spot.kind, Kind::Option(_));
            if !is_done {
                match spot.level(cx, &level) {
                    Some(next) => level = next,
                    None => return Resolved::Unknown(Unknown::new(Reason::Cycle)),
                }
                continue;
            }
            if spot.is_unset(cx, &level) {
                break;
            }
            let Some(thunk) = spot.value(cx, &level) else { break };
            let mut val = cx.force(&thunk);
            for name in rest {
                val = cx.settle(machine.select_or_unknown(&val, *name));
            }
            return match val.value {
                Value::Unknown(unknown) => Resolved::Unknown(unknown),
                _ => Resolved::Known(val),
            };
        }
        if path.is_empty() {
            return match level.attrs(cx) {
                Some(val) => Resolved::Known(val),
                None => Resolved::Unknown(Unknown::new(Reason::Cycle)),
            };
        }
        match open {
            Some(open) => Resolved::Unknown(open),
            None => Resolved::Unset,
        }
    }

    /// The condition with what is certain here decided.
    pub(super) fn decided(self: &Rc<Self>, machine: &Machine<'_>, condition: &Condition) -> Condition {
        if matches!(condition, Condition::True | Condition::False) {
            return condition.clone();
        }
        match condition.decide(&mut |atom| self.decide_atom(machine, atom)) {
            // Without a host two machines may decide differently: enough for silence, not for a claim.
            decided if self.is_host || decided == Condition::False => decided,
            _ => condition.clone(),
        }
    }

    /// Keeps a submodule as long as the host.
    fn keep(&self, submodule: Rc<OnceCell<Rc<Level>>>) {
        self.submodules.borrow_mut().push(submodule);
    }

    fn decide_atom(self: &Rc<Self>, machine: &Machine<'_>, atom: &Atom) -> Option<bool> {
        let (Atom::Option(path) | Atom::Equals(path, _)) = atom else { return None };
        if let Some(decision) = self.decisions.borrow().get(atom) {
            return *decision;
        }
        if self.deciding.borrow().contains(atom) {
            return None;
        }
        self.deciding.borrow_mut().push(atom.clone());
        let scalar = match self.lookup(machine, path) {
            Resolved::Known(val) => self.scalar(machine, &val),
            _ => None,
        };
        self.deciding.borrow_mut().pop();
        let decision = match (atom, scalar) {
            (Atom::Equals(_, wanted), Some(scalar)) => Some(scalar == *wanted),
            (_, Some(Scalar::Bool(truth))) => Some(truth),
            _ => None,
        };
        // An answer that was cut short by a question around it holds only there.
        if decision.is_some() || self.deciding.borrow().is_empty() {
            self.decisions.borrow_mut().insert(atom.clone(), decision);
        }
        decision
    }

    fn scalar(self: &Rc<Self>, machine: &Machine<'_>, val: &Val) -> Option<Scalar> {
        match &val.value {
            Value::Null => Some(Scalar::Null),
            Value::Bool(value) => Some(Scalar::Bool(*value)),
            Value::Int(value) => Some(Scalar::Int(*value)),
            Value::Str(text) => text.exact().map(|text| Scalar::Str(text.into())),
            Value::Condition(condition) => match self.decided(machine, condition) {
                Condition::True => Some(Scalar::Bool(true)),
                Condition::False => Some(Scalar::Bool(false)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What merging works with.
#[derive(Clone, Copy)]
struct Cx<'a, 'l> {
    machine: &'a Machine<'l>,
    merger: &'a Rc<Merger>,
}

impl Cx<'_, '_> {
    /// A value computed when it is asked for.
    fn later(self, compute: impl Fn(Cx<'_, '_>) -> Val + 'static) -> Thunk {
        let merger: Weak<Merger> = Rc::downgrade(self.merger);
        Thunk::later(move |machine| match merger.upgrade() {
            Some(merger) => compute(Cx { machine, merger: &merger }),
            None => Val::unknown(Reason::Argument("host".to_owned())),
        })
    }

    /// The value, with what the options of this host decide of it.
    fn force(self, thunk: &Thunk) -> Val {
        self.settle(self.machine.force(thunk))
    }

    /// A value of which the options of this host decide more than what it says itself.
    fn settle(self, val: Val) -> Val {
        match &val.value {
            Value::Symbol(symbol) if matches!(symbol.root, SymbolRoot::Config) && self.merger.is_host => {
                match self.merger.lookup(self.machine, &symbol.path) {
                    Resolved::Known(known) => known,
                    Resolved::Unknown(unknown) if matches!(*unknown.reason, Reason::Cycle) => {
                        Val::at(Value::Unknown(unknown), val.span)
                    }
                    Resolved::Unknown(unknown) if is_error(&unknown) => {
                        Val::at(Value::Unknown(unknown), val.span)
                    }
                    _ => val,
                }
            }
            Value::Condition(condition) => {
                let value = match self.decided(condition) {
                    Condition::True => Value::Bool(true),
                    Condition::False => Value::Bool(false),
                    condition => Value::Condition(condition),
                };
                Val { value, span: val.span }
            }
            Value::Choice(choice) => {
                let mut left = Vec::new();
                for (condition, thunk) in choice.iter() {
                    match self.decided(condition) {
                        Condition::False => {}
                        Condition::True => return self.force(thunk),
                        condition => left.push((condition, thunk.clone())),
                    }
                }
                Val { value: Value::Choice(left.into()), span: val.span }
            }
            _ => val,
        }
    }

    fn decided(self, condition: &Condition) -> Condition {
        self.merger.decided(self.machine, condition)
    }

    /// A condition of which nothing is known.
    fn doubt(self, span: Option<Span>) -> Result<Condition, Unknown> {
        match span {
            Some(span) => Ok(Condition::atom(Atom::Opaque(span))),
            None => Err(Unknown::new(Reason::Several)),
        }
    }
}

fn error(message: impl Into<String>) -> Val {
    Val::error(message)
}

fn several() -> Val {
    Val::unknown(Reason::Several)
}
