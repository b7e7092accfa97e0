//! The machine: lazy evaluation with blackholes, fuel and a depth limit.
//!
//! Total by construction: whatever happens, the result is a value or an unknown with its reason.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::{FxHashMap, FxHashSet};

use super::condition::{Atom, Condition};
use super::lookup::{Selection, either};
use super::scope::{Current, Realm};
use super::value::{
    Attrs, Call, Closure, Element, Entry, List, Name, Origin, PrimitiveCall, Reason, Recipe, Scoped, State,
    Symbol, SymbolRoot, Text, TextHole, TextPiece, Thunk, Unknown, Val, Value,
};
use super::{builtins, library, operators};
use crate::semantic::{AttrSet, Expr, ExprId, Ir, Key, Lambda, Part, PathKind};
use crate::text::{FileId, HoleKind, Span, TextRange, TextSize};

/// Calls nested deeper than this are unknown; the limit of Nix itself (`max-call-depth`).
const MAX_DEPTH: u32 = 10_000;

/// Names below a symbol.
const MAX_PATH: usize = 256;

/// Calls of what calls of a symbol give.
const MAX_CALLS: usize = 64;

/// Elements of lists and sets that are copied for a step.
pub(super) const ELEMENTS_PER_STEP: usize = 4;

/// What it takes to put formulas together.
const STEPS_PER_ALTERNATIVE: usize = 16;

/// The file of what is no part of the project's text.
const OWN_FILE: FileId = FileId(u32::MAX);

/// Alternatives that one value may have before it is unknown.
const MAX_ALTERNATIVES: usize = 8;

/// The evaluator's only window on files; never shows anything outside the project.
pub trait Loader {
    /// The Nix file at an absolute, normalised path and its program; `None` for a file that is not
    /// there, is not Nix or has syntax errors.
    fn program(&self, path: &Utf8Path) -> Option<(FileId, Arc<Ir>)>;
    /// The Nix file at an absolute, normalised path, whether it has syntax errors or not.
    fn file(&self, path: &Utf8Path) -> Option<FileId> {
        self.program(path).map(|(file, _)| file)
    }
    /// Where a file lies.
    fn path(&self, file: FileId) -> Utf8PathBuf;
    /// What is at a path.
    fn kind(&self, path: &Utf8Path) -> Option<FileKind>;
    /// The text of a file.
    fn read(&self, path: &Utf8Path) -> Option<String>;
    /// The names in a folder, sorted.
    fn list(&self, path: &Utf8Path) -> Option<Vec<(String, FileKind)>>;
    /// The root of the project.
    fn root(&self) -> &Utf8Path;
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A file.
    Regular,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
}

/// What is known of the world outside of the project.
pub trait Outside {
    /// What stands below the flake inputs at a path of at least two names, the input and its attribute; a
    /// name that begins with `/` is a file of the input, and the value what it holds.
    fn input(&self, machine: &Machine<'_>, path: &[Name]) -> Option<Val>;
    /// A function of nixpkgs' `lib` that is not modelled in the evaluator.
    fn library(&self, machine: &Machine<'_>, name: &str) -> Option<Val>;
}

/// How a primitive runs: its arguments, and the span of the call.
pub type Run = fn(&Machine<'_>, &[Thunk], Option<Span>) -> Result<Val, Unknown>;

/// A function that Nix or nixpkgs provides.
pub struct Primitive {
    /// Its name, without prefix.
    pub name: &'static str,
    /// How many arguments it waits for.
    pub arity: usize,
    /// What it does with them.
    pub run: Run,
}

/// A file that is being evaluated.
pub struct Unit {
    /// The file.
    pub file: FileId,
    /// Its program.
    pub ir: Arc<Ir>,
    /// Whether it is a part of nixlint: what comes from it has no place in the text of the project.
    pub is_own: bool,
    names: Vec<Name>,
    directory: Utf8PathBuf,
    /// What `scopedImport` puts in scope around the file.
    scope: Option<Rc<Attrs>>,
}

impl Unit {
    /// The name that a symbol of this file is.
    pub(super) fn name_of(&self, symbol: crate::semantic::Symbol) -> Name {
        self.names[symbol.0 as usize]
    }

    /// The place of `range` in this file.
    pub fn span(&self, range: TextRange) -> Span {
        Span::new(self.file, range)
    }

    /// The place of `range`, if the project has it.
    fn place(&self, range: TextRange) -> Option<Span> {
        (!self.is_own).then(|| self.span(range))
    }

    fn origin(&self, map: Arc<[(TextSize, TextRange)]>) -> Option<Origin> {
        (!self.is_own).then_some((self.file, map))
    }
}

/// The scopes around an expression.
pub(super) type Environment = Option<Rc<Frame>>;

/// One scope.
pub struct Frame {
    pub(super) parent: Environment,
    pub(super) kind: FrameKind,
}

pub(super) enum FrameKind {
    Slots(RefCell<Vec<Thunk>>),
    With(Thunk),
}

/// One evaluation: a project, its names, its bounds. Not shared between threads.
pub struct Machine<'l> {
    loader: &'l dyn Loader,
    names: RefCell<Interner>,
    units: RefCell<FxHashMap<FileId, (Rc<Unit>, Thunk)>>,
    /// Frames that may hold themselves through their slots; emptied at the end, so nothing leaks.
    frames: RefCell<Vec<Weak<Frame>>>,
    builtins: OnceCell<Val>,
    /// The outputs of the project's own flake.
    own_flake: OnceCell<Thunk>,
    outside: OnceCell<Rc<dyn Outside>>,
    fuel: Cell<u64>,
    /// Whether fuel was asked for that was not there.
    exhausted: Cell<bool>,
    depth: Cell<u32>,
    /// How many opaque atoms there are.
    opaque: Cell<u32>,
    /// How many assertions were taken to hold.
    assumed: Cell<u32>,
    pub(super) current: Current,
}

#[derive(Default)]
struct Interner {
    ids: FxHashMap<Rc<str>, Name>,
    texts: Vec<Rc<str>>,
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        for frame in self.frames.take() {
            if let Some(frame) = frame.upgrade()
                && let FrameKind::Slots(slots) = &frame.kind
            {
                drop(mem::take(&mut *slots.borrow_mut()));
            }
        }
    }
}

impl<'l> Machine<'l> {
    /// A machine that may take `fuel` steps.
    pub fn new(loader: &'l dyn Loader, fuel: u64) -> Self {
        Self {
            loader,
            names: RefCell::default(),
            units: RefCell::default(),
            frames: RefCell::default(),
            builtins: OnceCell::new(),
            own_flake: OnceCell::new(),
            outside: OnceCell::new(),
            fuel: Cell::new(fuel),
            exhausted: Cell::new(false),
            depth: Cell::new(0),
            opaque: Cell::new(0),
            assumed: Cell::new(0),
            current: Current::default(),
        }
    }

    /// The window on files.
    pub fn loader(&self) -> &'l dyn Loader {
        self.loader
    }

    /// The steps that are left.
    pub fn fuel(&self) -> u64 {
        self.fuel.get()
    }

    /// Sets the steps that are left.
    pub fn refuel(&self, fuel: u64) {
        self.fuel.set(fuel);
    }

    /// Runs `compute` with at most `steps` of the fuel: for what is good to know and not worth more. Running out
    /// there leaves unknowns and does not count as running out.
    pub fn sparingly<T>(&self, steps: u64, compute: impl FnOnce() -> T) -> T {
        let (fuel, exhausted) = (self.fuel.get(), self.exhausted.get());
        let allowed = fuel.min(steps);
        self.fuel.set(allowed);
        let result = compute();
        self.fuel.set(fuel - (allowed - self.fuel.get().min(allowed)));
        self.exhausted.set(exhausted);
        result
    }

    /// Whether something is not known because there was no fuel left for it.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// The name with this text.
    pub fn name(&self, text: &str) -> Name {
        let mut names = self.names.borrow_mut();
        if let Some(name) = names.ids.get(text) {
            return *name;
        }
        let name = Name(names.texts.len() as u32);
        let text: Rc<str> = text.into();
        names.texts.push(text.clone());
        names.ids.insert(text, name);
        name
    }

    /// The text of a name.
    pub fn text_of(&self, name: Name) -> Rc<str> {
        self.names.borrow().texts[name.0 as usize].clone()
    }

    /// The names joined by dots.
    pub fn path_text(&self, path: &[Name]) -> String {
        path.iter().map(|name| self.text_of(*name).to_string()).collect::<Vec<_>>().join(".")
    }

    /// Says what `self` is: the outputs of the project's flake. The first call counts.
    pub fn set_own_flake(&self, outputs: Thunk) {
        let _ = self.own_flake.set(outputs);
    }

    /// Says what is known of the world outside of the project. The first call counts.
    pub fn set_outside(&self, outside: Rc<dyn Outside>) {
        let _ = self.outside.set(outside);
    }

    pub(super) fn outside(&self) -> Option<&Rc<dyn Outside>> {
        self.outside.get()
    }

    /// The set `builtins`.
    pub(super) fn builtins(&self) -> Val {
        self.builtins.get_or_init(|| builtins::set(self)).clone()
    }

    /// The value of a whole file, computed once per machine.
    pub fn file(&self, file: FileId, ir: &Arc<Ir>) -> Thunk {
        if let Some((_, thunk)) = self.units.borrow().get(&file) {
            return thunk.clone();
        }
        let unit = Rc::new(self.unit(file, ir));
        let thunk = Thunk::expr(&unit, ir.root(), &None);
        self.units.borrow_mut().insert(file, (unit, thunk.clone()));
        thunk
    }

    /// The value of a program that is a part of nixlint.
    pub fn own_program(&self, ir: &Arc<Ir>) -> Val {
        let unit = Rc::new(Unit { is_own: true, ..self.unit(OWN_FILE, ir) });
        self.force(&Thunk::expr(&unit, ir.root(), &None))
    }

    /// Whether the file was read so far: as a module, by `import`, or in any other way.
    pub fn has_read(&self, file: FileId) -> bool {
        self.units.borrow().contains_key(&file)
    }

    /// What `import path` gives.
    pub fn import(&self, path: &Utf8Path) -> Val {
        match self.program(path) {
            Ok((file, ir)) => self.force(&self.file(file, &ir)),
            Err(reason) => Val::unknown(reason),
        }
    }

    /// What `scopedImport scope path` gives: the names of `scope` come before those of Nix.
    pub(super) fn import_scoped(&self, path: &Utf8Path, scope: Rc<Attrs>) -> Val {
        match self.program(path) {
            Ok((file, ir)) => {
                let unit = Rc::new(Unit { scope: Some(scope), ..self.unit(file, &ir) });
                self.force(&Thunk::expr(&unit, ir.root(), &None))
            }
            Err(reason) => Val::unknown(reason),
        }
    }

    fn program(&self, path: &Utf8Path) -> Result<(FileId, Arc<Ir>), Reason> {
        let missing = |path: &Utf8Path| match path.starts_with(self.loader.root()) {
            true => Reason::Error(format!("path `{path}` does not exist")),
            false => Reason::Impure("files outside the project"),
        };
        let path = match self.loader.kind(path) {
            Some(FileKind::Directory) => path.join("default.nix"),
            Some(_) => path.to_owned(),
            None => return Err(missing(path)),
        };
        match self.loader.program(&path) {
            Some(program) => Ok(program),
            None if self.loader.kind(&path).is_none() => Err(missing(&path)),
            None => Err(Reason::Syntax),
        }
    }

    fn unit(&self, file: FileId, ir: &Arc<Ir>) -> Unit {
        let names = ir.names().map(|name| self.name(name)).collect();
        let mut directory = self.loader.path(file);
        directory.pop();
        Unit { file, ir: ir.clone(), is_own: false, names, directory, scope: None }
    }

    /// How many assertions were taken to hold so far because nothing known decides them.
    pub(super) fn assumed(&self) -> u32 {
        self.assumed.get()
    }

    /// An atom for something at `span` of which nothing is known; another one at each call.
    pub fn opaque(&self, span: impl Into<Option<Span>>) -> Condition {
        let span = span.into().unwrap_or_else(|| Span::new(OWN_FILE, TextRange::default()));
        let number = self.opaque.get();
        self.opaque.set(number.wrapping_add(1));
        Condition::atom(Atom::Opaque(span, number))
    }

    /// Evaluates to weak head normal form.
    pub fn force(&self, thunk: &Thunk) -> Val {
        let state = {
            let mut state = thunk.0.borrow_mut();
            match &*state {
                State::Done(val) => return val.clone(),
                State::Busy => {
                    self.current.cut_short();
                    return Val::unknown(Reason::Cycle);
                }
                State::Scoped(scoped) if self.current.is_valid(scoped.needs, &scoped.key) => {
                    return scoped.val.clone();
                }
                State::Waiting(_) | State::Scoped(_) => mem::replace(&mut *state, State::Busy),
            }
        };
        let recipe = match state {
            State::Waiting(recipe) => recipe,
            State::Scoped(scoped) => scoped.recipe,
            State::Busy | State::Done(_) => return Val::unknown(Reason::Cycle),
        };
        let (val, needs) = self.current.watch(|| match &recipe {
            Recipe::Expr { unit, expr, environment } => self.eval(unit, *expr, environment),
            Recipe::Later(compute) => self.nested(|| compute(self)),
        });
        *thunk.0.borrow_mut() = if needs.is_nothing() {
            State::Done(val.clone())
        } else {
            let key = self.current.key();
            State::Scoped(Box::new(Scoped { val: val.clone(), recipe, needs, key }))
        };
        val
    }

    /// Runs `compute` one level deeper.
    fn nested(&self, compute: impl FnOnce() -> Val) -> Val {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Val::unknown(Reason::Depth);
        }
        self.depth.set(depth + 1);
        let val = compute();
        self.depth.set(depth);
        val
    }

    fn step(&self) -> bool {
        self.charge(1).is_ok()
    }

    /// Takes `steps` from the fuel: for work and memory that no expression of its own pays for.
    ///
    /// # Errors
    /// When there is not as much left.
    pub fn charge(&self, steps: usize) -> Result<(), Unknown> {
        let rest = self.fuel.get().checked_sub(steps as u64);
        self.exhausted.set(self.exhausted.get() || rest.is_none());
        self.fuel.set(rest.unwrap_or(0));
        rest.map(|_| ()).ok_or_else(|| Unknown::new(Reason::Fuel))
    }

    /// Runs a part of a recursion over values, which may hold themselves: a step, one level deeper.
    ///
    /// # Errors
    /// When it is too deep, or no fuel is left.
    pub(super) fn descend<T>(&self, compute: impl FnOnce() -> Result<T, Unknown>) -> Result<T, Unknown> {
        self.charge(1)?;
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Err(Unknown::new(Reason::Depth));
        }
        self.depth.set(depth + 1);
        let result = compute();
        self.depth.set(depth);
        result
    }

    fn eval(&self, unit: &Rc<Unit>, id: ExprId, environment: &Environment) -> Val {
        let mut val = self.eval_here(unit, id, environment);
        if let Value::Unknown(unknown) = &mut val.value
            && unknown.place.is_none()
        {
            unknown.place = Some(unit.span(unit.ir.span(id)));
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
    fn thunk(&self, unit: &Rc<Unit>, expr: ExprId, environment: &Environment) -> Thunk {
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
                                origin: unit.origin(Arc::new([(0.into(), *range)])),
                            });
                        }
                        _ => {
                            text.pieces.extend(inner.pieces.into_iter().enumerate().map(|(index, piece)| {
                                let rest = TextRange::empty(range.end());
                                let place = if index == 0 { *range } else { rest };
                                match piece {
                                    TextPiece::Known { text, .. } => {
                                        let origin = unit.origin(Arc::from([(0.into(), place)]));
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

    /// `val.name`; an error of Nix for a name that is certainly missing.
    ///
    /// # Errors
    /// With the error of Nix where the name is missing for sure or `val` is no set.
    pub fn select(&self, val: &Val, name: Name) -> Result<Val, Unknown> {
        match &val.value {
            Value::Attrs(attrs) => match attrs.get(name) {
                Some(entry) if entry.condition == Condition::True => Ok(self.force(&entry.value)),
                Some(entry) => {
                    let missing = || Val::error(format!("attribute `{}` missing", self.text_of(name)));
                    let otherwise = self.without_entry(attrs, name).unwrap_or_else(missing);
                    Ok(either(&entry.condition, entry.value.clone(), otherwise.thunk()))
                }
                None if let Some(fallback) = &attrs.fallback => self.select(fallback, name),
                None => match &attrs.open {
                    Some(open) => Ok(Val::of(Value::Unknown(open.clone()))),
                    None if attrs.patterns.is_empty() => Err(Unknown::new(self.missing(name))),
                    None => Ok(self.computed_key(name)),
                },
            },
            Value::Symbol(symbol) => {
                let val = self.select_symbol(symbol, name, val.span);
                match (&symbol.root, &val.value) {
                    (SymbolRoot::SelfFlake, Value::Unknown(unknown))
                        if symbol.path.is_empty() && *unknown.reason == self.missing(name) =>
                    {
                        Err(unknown.clone())
                    }
                    _ => Ok(val),
                }
            }
            Value::Choice(choice) => {
                Ok(self.choose(choice, |machine, val| machine.select_or_unknown(&val, name)))
            }
            Value::Unknown(_) => Ok(val.clone()),
            _ => Err(Unknown::new(Reason::Error("a set was expected".to_owned()))),
        }
    }

    fn missing(&self, name: Name) -> Reason {
        Reason::Error(format!("attribute `{}` missing", self.text_of(name)))
    }

    /// `val.name`, with a missing name as a value.
    pub fn select_or_unknown(&self, val: &Val, name: Name) -> Val {
        self.select(val, name).unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)))
    }

    pub(super) fn select_symbol(&self, symbol: &Symbol, name: Name, span: Option<Span>) -> Val {
        if symbol.path.len() > MAX_PATH {
            return Val::unknown(Reason::Depth);
        }
        let mut path = symbol.path.clone();
        path.push(name);
        let text = self.text_of(name);
        let root = match (&symbol.root, symbol.path.as_slice()) {
            (SymbolRoot::Packages, []) if &*text == "lib" => {
                return library::library(self);
            }
            (SymbolRoot::Inputs, []) if &*text == "self" => {
                path.clear();
                SymbolRoot::SelfFlake
            }
            (SymbolRoot::Inputs, [input])
                if self.outside().is_none()
                    && &*text == "lib"
                    && self.text_of(*input).starts_with("nixpkgs") =>
            {
                return library::library(self);
            }
            (SymbolRoot::SelfFlake, []) if &*text == "inputs" => {
                path.clear();
                SymbolRoot::Inputs
            }
            (SymbolRoot::SelfFlake, []) if &*text == "outputs" && self.own_flake.get().is_some() => {
                return self
                    .own_flake
                    .get()
                    .map_or_else(|| Val::unknown(Reason::Cycle), |own| self.force(own));
            }
            (SymbolRoot::SelfFlake, []) if &*text == "outputs" => {
                path.clear();
                SymbolRoot::SelfFlake
            }
            (SymbolRoot::SelfFlake, []) if &*text == "outPath" => {
                return Val::at(Value::Path(self.loader.root().into()), span);
            }
            (SymbolRoot::SelfFlake, [])
                if matches!(
                    &*text,
                    "rev" | "shortRev" | "dirtyRev" | "lastModified" | "lastModifiedDate" | "narHash"
                ) =>
            {
                SymbolRoot::SelfFlake
            }
            (SymbolRoot::SelfFlake, []) if let Some(outputs) = self.own_flake.get() => {
                let outputs = self.force(outputs);
                return match &outputs.value {
                    Value::Attrs(_) | Value::Choice(_) => self.select_or_unknown(&outputs, name),
                    _ => Val::unknown(Reason::Symbolic("self".to_owned())),
                };
            }
            (SymbolRoot::Library, _) => return library::select(self, &path, span),
            (SymbolRoot::Inputs, [_, ..])
                if let Some(known) = self.outside().and_then(|outside| outside.input(self, &path)) =>
            {
                return known;
            }
            (SymbolRoot::Call(call), [])
                if let Some(attribute) = builtins::derivation_attribute(self, call, name) =>
            {
                return attribute.unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)));
            }
            (root, _) => root.clone(),
        };
        Val::at(Value::Symbol(Rc::new(Symbol { root, path })), span)
    }

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

    /// What modules define as arguments of modules: `config._module.args`.
    pub fn module_arguments(&self, realm: Realm) -> Val {
        let path = vec![self.name("_module"), self.name("args")];
        Val::of(Value::Symbol(Rc::new(Symbol { root: SymbolRoot::Config(realm), path })))
    }

    /// Whether a value is, or is below, what modules define as arguments of modules.
    pub fn is_module_argument(&self, val: &Val) -> bool {
        matches!(&val.value, Value::Symbol(symbol) if self.module_argument(symbol).is_some())
    }

    /// The argument of modules that a symbol is, and what it selects from it.
    fn module_argument<'s>(&self, symbol: &'s Symbol) -> Option<&'s [Name]> {
        match (&symbol.root, symbol.path.as_slice()) {
            (SymbolRoot::Config(_), [module, args, rest @ ..])
                if *self.text_of(*module) == *"_module" && *self.text_of(*args) == *"args" =>
            {
                Some(rest)
            }
            _ => None,
        }
    }

    /// A symbol as it would be written.
    pub fn symbol_text(&self, symbol: &Symbol) -> String {
        if let Some(argument @ [_, ..]) = self.module_argument(symbol) {
            return self.path_text(argument);
        }
        let root = match &symbol.root {
            SymbolRoot::Packages => "pkgs".to_owned(),
            SymbolRoot::Config(_) => "config".to_owned(),
            SymbolRoot::Options => "options".to_owned(),
            SymbolRoot::Library => "lib".to_owned(),
            SymbolRoot::Inputs => "inputs".to_owned(),
            SymbolRoot::SelfFlake => "self".to_owned(),
            SymbolRoot::ModulesPath => "modulesPath".to_owned(),
            SymbolRoot::Argument(name) => self.text_of(*name).to_string(),
            SymbolRoot::SearchPath(name) => format!("<{name}>"),
            SymbolRoot::Call(call) => format!("({} …)", self.symbol_text(&call.function)),
        };
        if symbol.path.is_empty() { root } else { format!("{root}.{}", self.path_text(&symbol.path)) }
    }

    /// The value as text, as Nix's string coercion makes it. `span` is the expression, for holes.
    ///
    /// # Errors
    /// With the error of Nix where the value has no text.
    pub fn coerce(&self, val: &Val, coercion: Coercion, span: Option<Span>) -> Result<Text, Unknown> {
        match &val.value {
            Value::Str(text) => {
                self.charge(text.weight())?;
                Ok((**text).clone())
            }
            _ => self.descend(|| self.coerce_other(val, coercion, span)),
        }
    }

    /// What is no string as text.
    fn coerce_other(&self, val: &Val, coercion: Coercion, span: Option<Span>) -> Result<Text, Unknown> {
        let hole = |kind| {
            Text::hole(TextHole { kind, may_be_empty: kind == HoleKind::Any, span, value: Some(val.clone()) })
        };
        let no_text =
            |what: &str| Err(Unknown::new(Reason::Error(format!("cannot coerce {what} to a string"))));
        let lenient = coercion == Coercion::ToString;
        match &val.value {
            Value::Str(text) => Ok((**text).clone()),
            Value::Path(path) if lenient => Ok(Text::known(path.as_str())),
            Value::PathPattern(text) if lenient => Ok((**text).clone()),
            Value::Path(_) | Value::PathPattern(_) => Ok(hole(HoleKind::StorePath)),
            Value::Null if lenient => Ok(Text::default()),
            Value::Bool(truth) if lenient => Ok(Text::known(if *truth { "1" } else { "" })),
            Value::Int(value) if lenient => Ok(Text::known(&value.to_string())),
            Value::Float(value) if lenient => Ok(Text::known(&format!("{value:.6}"))),
            Value::List(list) if lenient => {
                // Where there may be more elements than those that are known, they may stand anywhere.
                let gap = || Text { pieces: hole(HoleKind::Any).pieces };
                let mut result = if list.open.is_some() { gap() } else { Text::default() };
                let mut is_separated = true;
                for element in &list.elements {
                    let val = self.force(&element.value);
                    if element.condition != Condition::True {
                        result.extend(&gap());
                        continue;
                    }
                    if !is_separated {
                        result.extend(&Text::known(" "));
                    }
                    result.extend(&self.coerce(&val, coercion, span)?);
                    is_separated = matches!(&val.value, Value::List(list) if list.elements.is_empty());
                    if list.open.is_some() {
                        result.extend(&gap());
                        is_separated = true;
                    }
                }
                Ok(result)
            }
            Value::Null => no_text("null"),
            Value::Bool(_) => no_text("a Boolean"),
            Value::Int(_) => no_text("an integer"),
            Value::Float(_) => no_text("a float"),
            Value::List(_) => no_text("a list"),
            Value::Lambda(_) | Value::Primitive(_) => no_text("a function"),
            Value::Attrs(attrs) => {
                for name in ["__toString", "outPath"] {
                    let name = self.name(name);
                    match attrs.get(name) {
                        Some(entry) if entry.condition == Condition::True => {
                            let inner = self.force(&entry.value);
                            let inner = match &*self.text_of(name) {
                                "__toString" => self.apply(&inner, val.clone().thunk(), span),
                                _ => inner,
                            };
                            return self.coerce(&inner, coercion, span);
                        }
                        Some(_) => return Ok(hole(HoleKind::Any)),
                        None => {}
                    }
                }
                if attrs.is_closed() { no_text("a set") } else { Ok(hole(HoleKind::Any)) }
            }
            Value::Symbol(symbol) => Ok(hole(self.symbol_hole(symbol, lenient))),
            Value::Condition(_) => Ok(hole(HoleKind::Any)),
            Value::Choice(_) => {
                let alternatives = self.alternatives(val);
                let mut texts = alternatives.iter().map(|(_, val)| self.coerce(val, coercion, span));
                let mut one_word: Option<HoleKind> = None;
                let mut may_be_empty = false;
                let all_one_word = texts.all(|text| match text {
                    Ok(text) => match text.pieces.as_slice() {
                        [TextPiece::Hole(hole)] if hole.kind.is_one_word() => {
                            may_be_empty |= hole.may_be_empty;
                            let same = one_word.is_none_or(|kind| kind == hole.kind);
                            one_word = Some(hole.kind);
                            same
                        }
                        _ => false,
                    },
                    Err(unknown) => is_error(&unknown),
                });
                match one_word.filter(|_| all_one_word) {
                    Some(kind) => {
                        Ok(Text::hole(TextHole { kind, may_be_empty, span, value: Some(val.clone()) }))
                    }
                    None => Ok(hole(HoleKind::Any)),
                }
            }
            Value::Unknown(unknown) if is_error(unknown) => Err(unknown.clone()),
            Value::Unknown(_) => Ok(hole(HoleKind::Any)),
        }
    }

    fn symbol_hole(&self, symbol: &Symbol, lenient: bool) -> HoleKind {
        let last = symbol.path.last().map(|name| self.text_of(*name));
        let is_metadata = matches!(
            last.as_deref(),
            Some(
                "version"
                    | "pname"
                    | "name"
                    | "system"
                    | "meta"
                    | "mainProgram"
                    | "sitePackages"
                    | "rev"
                    | "shortRev"
            )
        );
        match &symbol.root {
            _ if is_metadata || self.module_argument(symbol).is_some() => HoleKind::Any,
            SymbolRoot::Config(_) | SymbolRoot::Options => match last.as_deref() {
                Some("port") if lenient => HoleKind::Integer,
                Some("package") => HoleKind::StorePath,
                _ => HoleKind::Option,
            },
            SymbolRoot::Packages
            | SymbolRoot::SelfFlake
            | SymbolRoot::ModulesPath
            | SymbolRoot::SearchPath(_) => HoleKind::StorePath,
            SymbolRoot::Inputs if symbol.path.len() != 1 || !lenient => HoleKind::StorePath,
            SymbolRoot::Call(call) => match &call.function.root {
                SymbolRoot::Packages => HoleKind::StorePath,
                _ => HoleKind::Any,
            },
            SymbolRoot::Inputs | SymbolRoot::Library | SymbolRoot::Argument(_) => HoleKind::Any,
        }
    }

    /// The path inside the project that a value names: a path, `self + "/x"`, `"${self}/x"`, `"${./x}/y"`.
    pub fn project_path(&self, val: &Val) -> Option<Utf8PathBuf> {
        match &val.value {
            Value::Path(path) => Some(path.to_path_buf()),
            Value::Symbol(symbol)
                if matches!(symbol.root, SymbolRoot::SelfFlake) && symbol.path.is_empty() =>
            {
                Some(self.loader.root().to_owned())
            }
            Value::Str(text) => {
                let mut pieces = text.pieces.iter();
                let base = match pieces.next()? {
                    TextPiece::Hole(TextHole { value: Some(val), .. }) => self.project_path(val)?,
                    TextPiece::Known { text, .. } if text.starts_with('/') => Utf8PathBuf::from(&**text),
                    _ => return None,
                };
                let mut path = base.into_string();
                for piece in pieces {
                    match piece {
                        TextPiece::Known { text, .. } => path.push_str(text),
                        TextPiece::Hole(_) => return None,
                    }
                }
                Some(normalise(&path))
            }
            _ => None,
        }
    }
}

/// Whether more may be known of a result when more is known of what it was made of.
fn is_vague(val: &Val) -> bool {
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

/// Which conversion to text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coercion {
    /// `"${x}"`: paths are copied to the store, numbers are refused.
    Interpolation,
    /// `toString x`: paths stay, numbers, lists, Booleans and null have a text.
    ToString,
}

/// Whether Nix itself would stop with an error.
pub fn is_error(unknown: &Unknown) -> bool {
    matches!(&*unknown.reason, Reason::Throw(_) | Reason::Error(_))
}

/// Whether there is nothing to follow: an error of Nix, or no means to go on.
pub(super) fn is_final(unknown: &Unknown) -> bool {
    is_error(unknown) || matches!(&*unknown.reason, Reason::Fuel | Reason::Depth)
}

/// The value of a formula.
pub(super) fn truth(condition: Condition) -> Value {
    match condition {
        Condition::True => Value::Bool(true),
        Condition::False => Value::Bool(false),
        condition => Value::Condition(condition),
    }
}

/// The path value of an absolute text.
pub(super) fn path_value(text: Text) -> Value {
    match text.exact() {
        Some(text) => Value::Path(normalise(&text).as_path().into()),
        None => Value::PathPattern(Rc::new(with_normal_beginning(text))),
    }
}

/// The text of a path with its known folders in front normalised.
fn with_normal_beginning(text: Text) -> Text {
    let known = text.known_prefix();
    let Some(slash) = known.rfind('/') else { return text };
    let folder = normalise(&known[..slash]);
    let folder = if folder == "/" { String::new() } else { folder.into_string() };
    let mut result = Text::known(&format!("{folder}{}", &known[slash..]));
    result
        .pieces
        .extend(text.pieces.into_iter().skip_while(|piece| matches!(piece, TextPiece::Known { .. })));
    result
}

/// An absolute path without `.`, `..` and doubled slashes, by text alone, as Nix does (`canonPath`).
pub fn normalise(path: &str) -> Utf8PathBuf {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Utf8PathBuf::from(format!("/{}", parts.join("/")))
}
