//! What the evaluator knows of a value.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use camino::Utf8Path;

use super::condition::{Condition, OptionPath};
use super::machine::{Environment, Machine, Primitive, Unit};
use super::scope::{Key, Needs, Realm};
use super::trace::Trace;
use crate::semantic::{Expr, ExprId};
use crate::text::{FileId, HoleKind, Piece, Segment, Span, Template, TextMap, TextRange, TextSize};

/// A name, numbered per machine; see [`Machine::text_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u32);

/// Names that every machine knows by the same numbers, since they are asked for again and again.
macro_rules! known_names {
    ($($constant:ident = $text:literal),* $(,)?) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "they number the constants")]
        enum Known { $($constant),* }

        impl Name {
            /// The texts of the names that follow, in order.
            pub(super) const KNOWN: &[&str] = &[$($text),*];
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $constant: Self = Self(Known::$constant as u32);
            )*
        }
    };
}

known_names! {
    TYPE_TAG = "_type",
    CONDITION = "condition",
    CONTENT = "content",
    CONTENTS = "contents",
    PRIORITY = "priority",
    STAR = "*",
    IMPORTS = "imports",
    DISABLED_MODULES = "disabledModules",
    CLASS = "_class",
    FILE = "_file",
    KEY = "key",
    META = "meta",
    CONFIG = "config",
    OPTIONS = "options",
    MODULE = "_module",
    FREEFORM_TYPE = "freeformType",
    TYPE = "type",
    DEFAULT = "default",
    APPLY = "apply",
    READ_ONLY = "readOnly",
    ALIAS_OF = "aliasOf",
    NIXPKGS = "nixpkgs",
    HOST_PLATFORM = "hostPlatform",
    SOPS = "sops",
    SECRETS = "secrets",
    TEMPLATES = "templates",
    AGE = "age",
}

/// See [`Attrs::type_tag`].
const _: () = assert!(Name::TYPE_TAG.0 == 0);

/// A value and the place it comes from: the literal that would have to change, not the last variable
/// it went through.
#[derive(Clone)]
pub struct Val {
    /// The value.
    pub value: Value,
    /// The expression that made it; `None` for values without text of their own.
    pub span: Option<Span>,
}

/// A value in weak head normal form.
#[derive(Clone)]
pub enum Value {
    /// `null`
    Null,
    /// A truth value.
    Bool(bool),
    /// A truth value that depends on options: known as a formula.
    Condition(Condition),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string, perhaps with holes.
    Str(Rc<Text>),
    /// An absolute, normalised path.
    Path(Rc<Utf8Path>),
    /// A path with holes.
    PathPattern(Rc<Text>),
    /// A list.
    List(Rc<List>),
    /// A set.
    Attrs(Rc<Attrs>),
    /// A function of the project.
    Lambda(Rc<Closure>),
    /// A builtin or a function of nixpkgs' `lib`, perhaps partly applied.
    Primitive(Rc<PrimitiveCall>),
    /// Something known by name only: a package, an option, a flake input, a call of one of these.
    Symbol(Rc<Symbol>),
    /// One of several values; the conditions exclude each other and one of them holds.
    Choice(Rc<[(Condition, Thunk)]>),
    /// Not known, and why.
    Unknown(Unknown),
}

/// Why a value is not known.
#[derive(Debug, Clone)]
pub struct Unknown {
    /// Why.
    pub reason: Rc<Reason>,
    /// The innermost expression that has no value for this reason.
    pub place: Option<Rc<Span>>,
}

/// The reasons of [`Unknown`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nix would stop here with `throw` or a failed `assert`: `tryEval` sees it.
    Throw(String),
    /// Nix would stop here with another error.
    Error(String),
    /// An argument nobody passed.
    Argument(String),
    /// It needs something that is not known by itself: a package, an option, a flake input.
    Symbolic(String),
    /// It depends on the machine Nix runs on.
    Impure(&'static str),
    /// A builtin or library function that is not modelled.
    NotModelled(String),
    /// The value needs itself.
    Cycle,
    /// Too much work.
    Fuel,
    /// Calls nested too deep.
    Depth,
    /// The file could not be parsed.
    Syntax,
    /// Several values are possible and the operation does not follow them.
    Several,
}

impl fmt::Display for Reason {
    /// The reason in a few words, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throw(message) | Self::Error(message) => write!(f, "error: {message}"),
            Self::Argument(name) => write!(f, "argument `{name}` is not known"),
            Self::Symbolic(what) => write!(f, "needs {what}"),
            Self::Impure(what) => write!(f, "depends on {what}"),
            Self::NotModelled(what) => write!(f, "not modelled: {what}"),
            Self::Cycle => f.write_str("infinite recursion"),
            Self::Fuel => f.write_str("too much work"),
            Self::Depth => f.write_str("nested too deep"),
            Self::Syntax => f.write_str("syntax error"),
            Self::Several => f.write_str("several values are possible"),
        }
    }
}

impl Unknown {
    /// An unknown for this reason.
    pub fn new(reason: Reason) -> Self {
        Self { reason: Rc::new(reason), place: None }
    }
}

/// A string: known text and holes.
#[derive(Clone, Default)]
pub struct Text {
    /// The parts in order.
    pub pieces: Vec<TextPiece>,
}

/// A file and the map from decoded text into it.
pub type Origin = (FileId, TextMap);

/// A part of a [`Text`].
#[derive(Clone)]
pub enum TextPiece {
    /// Known text.
    Known {
        /// The text.
        text: Arc<str>,
        /// The file and the map into it, see [`crate::syntax::StringPart::Text`]; `None` for computed text.
        origin: Option<Origin>,
    },
    /// Unknown text.
    Hole(TextHole),
}

/// Unknown text in a [`Text`].
#[derive(Clone)]
pub struct TextHole {
    /// What is known of it.
    pub kind: HoleKind,
    /// Whether it may be empty.
    pub may_be_empty: bool,
    /// The expression.
    pub span: Option<Span>,
    /// The value that is converted to text here.
    pub value: Option<Val>,
}

/// A list: the known elements, and whether there may be more.
#[derive(Clone, Default)]
pub struct List {
    /// The elements in order.
    pub elements: Vec<Element>,
    /// Why there may be elements that are not known.
    pub open: Option<Unknown>,
}

/// An element of a list.
#[derive(Clone)]
pub struct Element {
    /// The value.
    pub value: Thunk,
    /// When it is there.
    pub condition: Condition,
}

/// A set: the known entries, keys with holes, and whether there may be more.
#[derive(Clone, Default)]
pub struct Attrs {
    /// Known keys, ascending by [`Name`].
    pub entries: Vec<(Name, Entry)>,
    /// Keys with holes.
    pub patterns: Vec<(Rc<Text>, Entry)>,
    /// Why there may be keys that are not known.
    pub open: Option<Unknown>,
    /// What has the names that are not among the entries: the left side of `//`, known by name only.
    pub fallback: Option<Val>,
}

/// A value of a set.
#[derive(Clone)]
pub struct Entry {
    /// The value.
    pub value: Thunk,
    /// When it is there.
    pub condition: Condition,
    /// The key in the text.
    pub key: Option<Span>,
    /// The whole binding in the text.
    pub binding: Option<Span>,
}

/// A function of the project with its environment.
pub struct Closure {
    /// The file.
    pub unit: Rc<Unit>,
    /// The [`crate::semantic::Expr::Lambda`].
    pub expr: ExprId,
    /// What is in scope around it.
    pub environment: Environment,
}

impl Closure {
    /// The names that the function takes of a set, where it takes any set with them and sees nothing else of it: a
    /// pattern with `...` and without `@`.
    pub fn formals_alone(&self) -> Option<Vec<Name>> {
        let Expr::Lambda(lambda) = self.unit.ir.expr(self.expr) else { return None };
        let formals = lambda.formals.as_ref().filter(|_| lambda.ellipsis && lambda.name.is_none())?;
        Some(formals.iter().map(|formal| self.unit.name_of(formal.name)).collect())
    }
}

/// A primitive and the arguments it has so far.
pub struct PrimitiveCall {
    /// The function.
    pub primitive: &'static Primitive,
    /// Fewer than its arity.
    pub arguments: Vec<Thunk>,
}

/// Something known by name only.
#[derive(Clone)]
pub struct Symbol {
    /// Where it comes from.
    pub root: SymbolRoot,
    /// The attribute path below.
    pub path: Vec<Name>,
}

impl Symbol {
    /// The option it names, where it names one.
    pub fn option(&self) -> Option<OptionPath> {
        match self.root {
            SymbolRoot::Config(realm) => Some(OptionPath { realm, names: self.path.as_slice().into() }),
            _ => None,
        }
    }
}

/// Where a [`Symbol`] comes from.
#[derive(Clone)]
pub enum SymbolRoot {
    /// `pkgs`, or another set of packages.
    Packages(Platform),
    /// `config` of the modules of a host or a user.
    Config(Realm),
    /// `options`.
    Options,
    /// `lib`, where it is not modelled.
    Library,
    /// The set of all flake inputs; the first name of the path is the input.
    Inputs,
    /// The flake itself.
    SelfFlake,
    /// `modulesPath` of nixpkgs.
    ModulesPath,
    /// An argument of a module or function whose value is not known.
    Argument(Name),
    /// `<name>`
    SearchPath(Rc<str>),
    /// The result of calling a symbol.
    Call(Rc<Call>),
}

/// What the packages of a set run on.
#[derive(Clone)]
pub enum Platform {
    /// The host that is asked.
    Host,
    /// The system whose name the value is, where it is known.
    Of(Thunk),
    /// Nothing is known of it.
    Unknown,
}

/// A call whose result is not known.
pub struct Call {
    /// What is called; its value is a symbol.
    pub function: Symbol,
    /// The arguments in order.
    pub arguments: Vec<Thunk>,
    /// The call expression.
    pub span: Option<Span>,
}

/// A value that is computed when it is asked for.
#[derive(Clone)]
pub struct Thunk(pub(super) Rc<RefCell<State>>);

pub(super) enum State {
    Waiting(Recipe),
    Busy,
    Done(Val),
    /// Computed from what only one host says.
    Scoped(Box<Scoped>),
}

/// With the counts of its [`Rc`] it fills a line of the processor's cache: there are many, in no order.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<RefCell<State>>() <= 48 && size_of::<(Name, Entry)>() <= 64);

/// How a value is computed.
pub(super) enum Recipe {
    Expr { unit: Rc<Unit>, expr: ExprId, environment: Environment },
    Later(Rc<dyn Fn(&Machine<'_>) -> Val>),
}

/// A value that holds in some scopes only, and how it is computed for others.
pub(super) struct Scoped {
    pub(super) val: Val,
    pub(super) recipe: Recipe,
    pub(super) needs: Needs,
    pub(super) key: Key,
    pub(super) trace: Trace,
}

impl State {
    /// Whether nothing inside goes when it does: what it holds is shared, or holds nothing.
    fn is_shallow(&self) -> bool {
        let is_shared = |environment: &Environment| {
            environment.as_ref().is_none_or(|environment| Rc::strong_count(environment) > 1)
        };
        match self {
            Self::Busy => true,
            Self::Waiting(Recipe::Expr { environment, .. }) => is_shared(environment),
            Self::Done(val) => match &val.value {
                Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Path(_) => true,
                Value::Lambda(closure) => Rc::strong_count(closure) > 1 || is_shared(&closure.environment),
                Value::List(list) => Rc::strong_count(list) > 1,
                Value::Attrs(attrs) => Rc::strong_count(attrs) > 1,
                _ => false,
            },
            _ => false,
        }
    }
}

thread_local! {
    /// What has been dropped inside of what is being dropped.
    static DROPPED: RefCell<Option<Vec<State>>> = const { RefCell::new(None) };
}

impl Drop for Thunk {
    /// Values hold values deeper than a stack could follow, so those inside wait until the one around
    /// them is gone.
    fn drop(&mut self) {
        if Rc::strong_count(&self.0) != 1 {
            return;
        }
        let Ok(state) = self.0.try_borrow_mut().map(|mut state| mem::replace(&mut *state, State::Busy))
        else {
            return;
        };
        if state.is_shallow() {
            return;
        }
        let mut next = Some(state);
        let is_outermost = DROPPED.try_with(|dropped| match &mut *dropped.borrow_mut() {
            Some(waiting) => {
                waiting.extend(next.take());
                false
            }
            none => {
                *none = Some(Vec::new());
                true
            }
        });
        // Without the queue, at the end of a thread, it is dropped here.
        if is_outermost != Ok(true) {
            return;
        }
        let take = || DROPPED.with(|dropped| dropped.borrow_mut().as_mut().and_then(Vec::pop));
        while let Some(state) = next {
            drop(state);
            next = take();
        }
        DROPPED.with(|dropped| dropped.take());
    }
}

impl Thunk {
    /// A value that is there already.
    pub fn done(val: Val) -> Self {
        Self(Rc::new(RefCell::new(State::Done(val))))
    }

    /// A value computed by `compute` when it is first asked for, and once more for each host where it
    /// depends on that.
    pub fn later(compute: impl Fn(&Machine<'_>) -> Val + 'static) -> Self {
        Self(Rc::new(RefCell::new(State::Waiting(Recipe::Later(Rc::new(compute))))))
    }

    /// Whether both are one and the same.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// A value computed from itself: `compute` is also given the thunk it is computed for.
    pub fn fix(compute: impl Fn(&Machine<'_>, Self) -> Val + 'static) -> Self {
        Self(Rc::new_cyclic(|weak: &Weak<RefCell<State>>| {
            let weak = weak.clone();
            let compute = move |machine: &Machine<'_>| match weak.upgrade() {
                Some(state) => compute(machine, Self(state)),
                None => Val::unknown(Reason::Cycle),
            };
            RefCell::new(State::Waiting(Recipe::Later(Rc::new(compute))))
        }))
    }

    /// Whether it is evaluated and the same on every host.
    pub fn is_of_every_host(&self) -> bool {
        matches!(&*self.0.borrow(), State::Done(_))
    }

    /// Whether it is, or is written as, a constant: numbers, texts and paths, functions, and lists and sets of them, in
    /// which no set has a name that is `wanted`. Texts with interpolations are none unless `with_holes`. Evaluates
    /// nothing, and says `false` in doubt.
    pub fn is_constant_without(&self, wanted: &dyn Fn(Name) -> bool, with_holes: bool) -> bool {
        match &*self.0.borrow() {
            State::Waiting(Recipe::Expr { unit, expr, .. }) => {
                unit.is_constant_without(*expr, wanted, with_holes)
            }
            State::Done(val) => match &val.value {
                Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Path(_)
                | Value::Lambda(_) => true,
                Value::Str(text) | Value::PathPattern(text) => {
                    with_holes || text.pieces.iter().all(|piece| matches!(piece, TextPiece::Known { .. }))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Where it lies: equal for what is one value wherever it is used.
    pub fn identity(&self) -> *const () {
        Rc::as_ptr(&self.0).cast()
    }

    pub(super) fn expr(unit: &Rc<Unit>, expr: ExprId, environment: &Environment) -> Self {
        let recipe = Recipe::Expr { unit: unit.clone(), expr, environment: environment.clone() };
        Self(Rc::new(RefCell::new(State::Waiting(recipe))))
    }
}

impl Val {
    /// A value without a place.
    pub fn of(value: Value) -> Self {
        Self { value, span: None }
    }

    /// A value made at `span`.
    pub fn at(value: Value, span: Option<Span>) -> Self {
        Self { value, span }
    }

    /// What is known by name only, with nothing below its root.
    pub fn symbol(root: SymbolRoot) -> Self {
        Self::of(Value::Symbol(Rc::new(Symbol { root, path: Vec::new() })))
    }

    /// An unknown.
    pub fn unknown(reason: Reason) -> Self {
        Self::of(Value::Unknown(Unknown::new(reason)))
    }

    /// An error of Nix with this message.
    pub fn error(message: impl Into<String>) -> Self {
        Self::unknown(Reason::Error(message.into()))
    }

    /// Computed text without holes.
    pub fn string(text: impl AsRef<str>) -> Self {
        Self::of(Value::Str(Rc::new(Text::known(text.as_ref()))))
    }

    /// A closed list of values.
    pub fn list(values: Vec<Thunk>) -> Self {
        let elements =
            values.into_iter().map(|value| Element { value, condition: Condition::True }).collect();
        Self::of(Value::List(Rc::new(List { elements, open: None })))
    }

    /// A function that Nix does not provide, with the arguments it has already.
    pub fn function(primitive: &'static Primitive, arguments: Vec<Thunk>) -> Self {
        Self::of(Value::Primitive(Rc::new(PrimitiveCall { primitive, arguments })))
    }

    /// Whether it is a string, and which, is known to be this.
    pub fn is_text(&self, text: &str) -> bool {
        match &self.value {
            Value::Str(own) => match own.in_one() {
                Some(own) => own == text,
                None => own.exact().is_some_and(|own| own == text),
            },
            _ => false,
        }
    }

    /// The exact text of a string without holes.
    pub fn as_str(&self) -> Option<String> {
        match &self.value {
            Value::Str(text) => text.exact(),
            _ => None,
        }
    }

    /// The thunk that is done with this.
    pub fn thunk(self) -> Thunk {
        Thunk::done(self)
    }
}

impl Text {
    /// Computed text.
    pub fn known(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self { pieces: vec![TextPiece::Known { text: text.into(), origin: None }] }
    }

    /// One hole.
    pub fn hole(hole: TextHole) -> Self {
        Self { pieces: vec![TextPiece::Hole(hole)] }
    }

    /// The text when there are no holes and it is in one piece, as most are.
    pub fn in_one(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [TextPiece::Known { text, .. }] => Some(text),
            _ => None,
        }
    }

    /// The text when there are no holes.
    pub fn exact(&self) -> Option<String> {
        let mut result = String::new();
        for piece in &self.pieces {
            match piece {
                TextPiece::Known { text, .. } => result.push_str(text),
                TextPiece::Hole(_) => return None,
            }
        }
        Some(result)
    }

    /// Whether it may be a path: what is added to something unknown is kept as text.
    pub(super) fn may_be_path(&self) -> bool {
        matches!(self.pieces.first(), Some(TextPiece::Hole(_)))
    }

    /// Whether it is certainly empty.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The text before the first hole.
    pub fn known_prefix(&self) -> String {
        let mut result = String::new();
        for piece in &self.pieces {
            match piece {
                TextPiece::Known { text, .. } => result.push_str(text),
                TextPiece::Hole(_) => break,
            }
        }
        result
    }

    /// The steps of evaluation that a copy costs, by what it takes of memory.
    pub fn weight(&self) -> usize {
        let of_piece = |piece: &TextPiece| match piece {
            TextPiece::Known { text, .. } => 1 + text.len() / 64,
            TextPiece::Hole(_) => 1,
        };
        self.pieces.iter().map(of_piece).sum()
    }

    /// Appends `other`.
    pub fn extend(&mut self, other: &Self) {
        self.pieces.extend(other.pieces.iter().cloned());
    }

    /// The form that `shell` reads and that patches are made on.
    pub fn template(&self) -> Template {
        let pieces = self.pieces.iter().map(|piece| match piece {
            TextPiece::Known { text, origin } => {
                let map = match origin {
                    Some((file, map)) => map
                        .entries()
                        .map(|(at, range)| Segment { at, source: Span::new(*file, range) })
                        .collect(),
                    None => Box::default(),
                };
                Piece::Text { text: (&**text).into(), map }
            }
            TextPiece::Hole(hole) => Piece::Hole(crate::text::Hole {
                span: hole.span,
                kind: hole.kind,
                may_be_empty: hole.may_be_empty,
            }),
        });
        Template { pieces: pieces.collect() }
    }

    /// The known text with `*` for every hole: for messages.
    pub fn display(&self) -> String {
        self.with_holes('*')
    }

    /// Whether the bytes `range` of [`Self::display`] hold no hole and stand in files.
    pub fn is_written_out(&self, range: Range<usize>) -> bool {
        let is_written = |piece: &TextPiece| matches!(piece, TextPiece::Known { origin: Some(_), .. });
        self.pieces_in(range).all(|(piece, _)| is_written(piece))
    }

    /// The bytes `range` of [`Self::display`], without their places.
    pub fn part(&self, range: Range<usize>) -> Self {
        let pieces = self.pieces_in(range).map(|(piece, within)| match piece {
            TextPiece::Known { text, .. } => TextPiece::Known { text: text[within].into(), origin: None },
            hole => hole.clone(),
        });
        Self { pieces: pieces.collect() }
    }

    /// Where the bytes `range` of [`Self::display`] stand in files, as far as they do; what lies side by side is one
    /// place.
    pub fn places(&self, range: Range<usize>) -> Vec<Span> {
        let mut places: Vec<Span> = Vec::new();
        for (piece, within) in self.pieces_in(range) {
            let TextPiece::Known { text, origin: Some((file, map)) } = piece else { continue };
            let ends = map.entries().skip(1).map(|(next, _)| usize::from(next)).chain([text.len()]);
            for ((at, source), end) in map.entries().zip(ends) {
                let at = usize::from(at);
                let (from, to) = (at.max(within.start), end.min(within.end));
                if from >= to {
                    continue;
                }
                let range = if usize::from(source.len()) == end - at {
                    let offset = |byte: usize| source.start() + TextSize::new((byte - at) as u32);
                    TextRange::new(offset(from), offset(to))
                } else {
                    source
                };
                match places.last_mut() {
                    Some(last) if last.file == *file && last.range().end() == range.start() => {
                        *last = Span::new(*file, TextRange::new(last.range().start(), range.end()));
                    }
                    _ => places.push(Span::new(*file, range)),
                }
            }
        }
        places
    }

    /// The pieces in the bytes `range` of [`Self::display`], and which of their own bytes lie there.
    fn pieces_in(&self, range: Range<usize>) -> impl Iterator<Item = (&TextPiece, Range<usize>)> {
        let mut start = 0;
        self.pieces.iter().filter_map(move |piece| {
            let length = match piece {
                TextPiece::Known { text, .. } => text.len(),
                TextPiece::Hole(_) => 1,
            };
            let (from, to) = (range.start.max(start), range.end.min(start + length));
            let within = from.saturating_sub(start)..to.saturating_sub(start);
            start += length;
            (from < to).then_some((piece, within))
        })
    }

    /// The known text with this character for every hole.
    pub fn with_holes(&self, hole: char) -> String {
        let mut result = String::new();
        for piece in &self.pieces {
            match piece {
                TextPiece::Known { text, .. } => result.push_str(text),
                TextPiece::Hole(_) => result.push(hole),
            }
        }
        result
    }
}

impl Attrs {
    /// The entry with this known name.
    pub fn get(&self, name: Name) -> Option<&Entry> {
        let at = self.entries.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        Some(&self.entries[at].1)
    }

    /// The entry that says what the module system makes of the set: its name comes before all others.
    pub fn type_tag(&self) -> Option<&Entry> {
        self.entries.first().filter(|(name, _)| *name == Name::TYPE_TAG).map(|(_, entry)| entry)
    }

    /// A set of the given entries, in any order; the last of equal names stays.
    pub fn from_entries(mut entries: Vec<(Name, Entry)>) -> Self {
        entries.reverse();
        entries.sort_by_key(|(name, _)| *name);
        entries.dedup_by_key(|(name, _)| *name);
        Self { entries, ..Self::default() }
    }

    /// Whether every key is known and there for sure.
    pub fn is_closed(&self) -> bool {
        self.open.is_none() && self.patterns.is_empty()
    }
}

impl Entry {
    /// A value that is there for sure and has no text of its own.
    pub fn of(value: Thunk) -> Self {
        Self { value, condition: Condition::True, key: None, binding: None }
    }
}

impl fmt::Debug for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Condition(condition) => condition.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Str(text) => text.display().fmt(f),
            Self::Path(path) => f.write_str(path.as_str()),
            Self::PathPattern(text) => f.write_str(&text.display()),
            Self::List(list) => write!(f, "list of {}", list.elements.len()),
            Self::Attrs(attrs) => write!(f, "set of {}", attrs.entries.len()),
            Self::Lambda(_) | Self::Primitive(_) => f.write_str("function"),
            Self::Symbol(_) => f.write_str("symbol"),
            Self::Choice(_) => f.write_str("choice"),
            Self::Unknown(unknown) => unknown.fmt(f),
        }
    }
}
