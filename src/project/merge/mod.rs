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
mod plain;
mod shape;
mod submodule;
mod types;
mod value;

use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};

use rustc_hash::FxHashMap;

use super::link::Module;
use super::options::Resolved;
use super::table::Certainty;
use crate::eval::{Atom, Attrs, Condition, Machine, Name, Reason, Thunk, Unknown, Val, Value};
use crate::text::{Span, TextRange};
use level::{Kind, Level, Origin};

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

/// Options as modules declare them, by the address of the declaration, which is kept: those that are the same on
/// every host.
#[derive(Default)]
pub(super) struct Declarations(RefCell<FxHashMap<*const Attrs, Declared>>);

/// A declaration as it is written and as it is read.
type Declared = (Rc<Attrs>, Rc<level::Declaration>);

/// The options of one closure of modules.
pub(super) struct Merger {
    root: Rc<Level>,
    declarations: Rc<Declarations>,
    /// Submodules, whose modules ask for their own values.
    submodules: RefCell<Vec<Rc<OnceCell<Rc<Level>>>>>,
}

/// The modules of a host, in the order in which they are imported.
pub(super) fn parts(modules: &[(Module, Certainty)]) -> Vec<Part> {
    let part = |(module, certainty): &(Module, Certainty)| Part {
        options: module.content.options.clone(),
        config: module.content.config.clone(),
        freeform: None,
        condition: match certainty {
            Certainty::Must => Condition::True,
            _ => Condition::atom(Atom::Opaque(Span::new(module.file, TextRange::default()), u32::MAX)),
        },
    };
    modules.iter().map(part).collect()
}

impl Merger {
    /// The options of modules in the order in which they are imported: first those of the list, then those
    /// these import, and so on, as `genericClosure` finds them.
    pub(super) fn new(parts: Vec<Part>, declarations: Rc<Declarations>) -> Rc<Self> {
        Rc::new(Self {
            root: Level::root(parts, level::Undeclared::Shape, Origin::Modules),
            declarations,
            submodules: RefCell::default(),
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

    /// Keeps a submodule as long as the host.
    fn keep(&self, submodule: Rc<OnceCell<Rc<Level>>>) {
        self.submodules.borrow_mut().push(submodule);
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
        self.machine.settled(&val)
    }

    fn decided(self, condition: &Condition) -> Condition {
        self.machine.decided(condition)
    }

    /// A condition of which nothing is known.
    fn doubt(self, span: Option<Span>) -> Result<Condition, Unknown> {
        match span {
            Some(span) => Ok(self.machine.opaque(span)),
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
