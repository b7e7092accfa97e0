//! The machine: lazy evaluation with blackholes, fuel and a depth limit.
//!
//! Total by construction: whatever happens, the result is a value or an unknown with its reason.

use std::cell::{Cell, OnceCell, RefCell};
use std::mem;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use rustc_hash::FxHashMap;

use super::builtins;
use super::condition::{Atom, Condition};
use super::scope::{Current, Needs};
use super::value::{Attrs, Name, Origin, Reason, Recipe, Scoped, State, Thunk, Unknown, Val, Value};
use crate::semantic::{Attr, Expr, ExprId, Ir, Part};
use crate::text::{FileId, Span, TextMap, TextRange};

/// Calls nested deeper than this are unknown; the limit of Nix itself (`max-call-depth`).
const MAX_DEPTH: u32 = 10_000;

/// Elements of lists and sets that are copied for a step.
pub(super) const ELEMENTS_PER_STEP: usize = 4;

/// The file of what is no part of the project's text.
const OWN_FILE: FileId = FileId(u32::MAX);

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
    pub(super) names: Vec<Name>,
    pub(super) directory: Utf8PathBuf,
    /// What `scopedImport` puts in scope around the file.
    pub(super) scope: Option<Rc<Attrs>>,
}

impl Unit {
    /// The name that a symbol of this file is.
    pub(super) fn name_of(&self, symbol: crate::semantic::Symbol) -> Name {
        self.names[symbol.0 as usize]
    }

    /// See [`Thunk::is_constant_without`].
    pub(super) fn is_constant_without(
        &self,
        expr: ExprId,
        wanted: &dyn Fn(Name) -> bool,
        with_holes: bool,
    ) -> bool {
        let is_constant = |expr| self.is_constant_without(expr, wanted, with_holes);
        match self.ir.expr(expr) {
            Expr::Int(_) | Expr::Float(_) | Expr::Lambda(_) => true,
            Expr::Str(parts) | Expr::Path(_, parts) => {
                with_holes || parts.iter().all(|part| matches!(part, Part::Text { .. }))
            }
            Expr::Global(_) => self.scope.is_none(),
            Expr::List(items) => items.iter().all(|item| is_constant(*item)),
            Expr::Attrs(set) => {
                let is_dull = |attr: &Attr| {
                    !attr.inherited && !wanted(self.name_of(attr.name)) && is_constant(attr.value)
                };
                set.dynamic.is_empty() && set.attrs.iter().all(is_dull)
            }
            _ => false,
        }
    }

    /// The place of `range` in this file.
    pub fn span(&self, range: TextRange) -> Span {
        Span::new(self.file, range)
    }

    /// The place of `range`, if the project has it.
    pub(super) fn place(&self, range: TextRange) -> Option<Span> {
        (!self.is_own).then(|| self.span(range))
    }

    pub(super) fn origin(&self, map: TextMap) -> Option<Origin> {
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
    /// The texts under [`Name::TYPE_TAG`], which mark what the module system reads in its own way.
    tags: RefCell<FxHashMap<&'static str, Thunk>>,
    units: RefCell<FxHashMap<FileId, (Rc<Unit>, Thunk)>>,
    /// Frames that may hold themselves through their slots; emptied at the end, so nothing leaks.
    pub(super) frames: RefCell<Vec<Weak<Frame>>>,
    builtins: OnceCell<Val>,
    /// The outputs of the project's own flake.
    pub(super) own_flake: OnceCell<Thunk>,
    outside: OnceCell<Rc<dyn Outside>>,
    fuel: Cell<u64>,
    /// Whether fuel was asked for that was not there.
    exhausted: Cell<bool>,
    depth: Cell<u32>,
    /// How many opaque atoms there are.
    opaque: Cell<u32>,
    /// How many assertions were taken to hold.
    pub(super) assumed: Cell<u32>,
    pub(super) current: Current,
}

struct Interner {
    ids: FxHashMap<Rc<str>, Name>,
    texts: Vec<Rc<str>>,
}

impl Default for Interner {
    /// Those that every machine knows.
    fn default() -> Self {
        let texts: Vec<Rc<str>> = Name::KNOWN.iter().map(|text| (*text).into()).collect();
        let ids = texts.iter().enumerate().map(|(id, text)| (text.clone(), Name(id as u32))).collect();
        Self { ids, texts }
    }
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
            tags: RefCell::default(),
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

    /// The text `tag`, one and the same for everything that it marks.
    pub(super) fn tag(&self, tag: &'static str) -> Thunk {
        self.tags.borrow_mut().entry(tag).or_insert_with(|| Val::string(tag).thunk()).clone()
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

    /// The value of a whole file that was read so far.
    pub fn known_file(&self, file: FileId) -> Option<Thunk> {
        self.units.borrow().get(&file).map(|(_, thunk)| thunk.clone())
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
                    self.current.ask_all(&scoped.trace);
                    return scoped.val.clone();
                }
                State::Waiting(_) | State::Scoped(_) => mem::replace(&mut *state, State::Busy),
            }
        };
        let recipe = match state {
            State::Waiting(recipe) => recipe,
            State::Scoped(mut scoped) => {
                if let Some(needs) = self.holds(&scoped) {
                    (scoped.needs, scoped.key) = (needs, self.current.key());
                    self.current.ask_all(&scoped.trace);
                    let val = scoped.val.clone();
                    *thunk.0.borrow_mut() = State::Scoped(scoped);
                    return val;
                }
                scoped.recipe
            }
            State::Busy | State::Done(_) => return Val::unknown(Reason::Cycle),
        };
        let (assumed, cuts) = (self.assumed(), self.cuts());
        let (val, needs, mut trace) = self.current.watch(|| match &recipe {
            Recipe::Expr { unit, expr, environment } => self.eval(unit, *expr, environment),
            Recipe::Later(compute) => self.nested(|| compute(self)),
        });
        *thunk.0.borrow_mut() = if needs.is_nothing() {
            State::Done(val.clone())
        } else {
            let is_whole = !needs.is_pending() && self.cuts() == cuts;
            if !is_whole || self.assumed() != assumed || self.exhausted.get() {
                trace.lose();
            }
            self.current.ask_all(&trace);
            let key = self.current.key();
            State::Scoped(Box::new(Scoped { val: val.clone(), recipe, needs, key, trace }))
        };
        val
    }

    /// Whether a value that was computed for another host is the value here: what it depends on, then.
    fn holds(&self, scoped: &Scoped) -> Option<Needs> {
        let cuts = self.cuts();
        let (holds, needs, _) = self.current.watch(|| scoped.trace.holds(self));
        (holds && self.cuts() == cuts && !needs.is_pending()).then_some(needs)
    }

    /// Runs `compute` one level deeper.
    pub(super) fn nested(&self, compute: impl FnOnce() -> Val) -> Val {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Val::unknown(Reason::Depth);
        }
        self.depth.set(depth + 1);
        let val = compute();
        self.depth.set(depth);
        val
    }

    pub(super) fn step(&self) -> bool {
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
