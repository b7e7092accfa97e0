//! The types of options, as far as merging differs: read from what `lib.types` gives.

use std::cell::OnceCell;
use std::rc::Rc;

use super::Cx;
use crate::eval::{
    Attrs, Condition, Merge as Known, Name, OptionType, Reason, Symbol, SymbolRoot, Thunk, Unknown, Val,
    Value, library, option_type,
};

/// A type of an option.
pub(super) struct Type {
    pub merge: Merge,
    /// Whether a value fits: apply it.
    pub check: Option<Thunk>,
    /// What there is without a definition.
    pub empty: Option<Thunk>,
    name: Option<String>,
}

/// What becomes of several definitions: see [`crate::eval::Merge`].
pub(super) enum Merge {
    Equal,
    Line,
    One,
    Default,
    Or,
    Joined(Thunk),
    Update,
    Anything,
    List(Inner),
    Set {
        element: Inner,
        lazy: bool,
    },
    Submodule(Rc<Submodule>),
    NullOr(Inner),
    Either(Inner, Inner),
    Coerced {
        from: Inner,
        function: Thunk,
        to: Inner,
    },
    Unique(Inner),
    Function(Inner),
    Tagged(Thunk),
    Deferred(Thunk),
    Own(Val),
    /// That of an option of nixpkgs or an input: nothing is known of it.
    Shape,
    /// Not known.
    Opaque(Unknown),
}

/// A type in a type, read when it is asked for: types may hold themselves.
#[derive(Clone)]
pub(super) struct Inner {
    source: Source,
    wrapped: bool,
    read: OnceCell<Rc<Type>>,
}

#[derive(Clone)]
enum Source {
    Value(Thunk),
    Merged(Box<Inner>, Box<Inner>),
}

/// `submoduleWith`.
pub(super) struct Submodule {
    /// Lists of modules.
    pub modules: Vec<Thunk>,
    /// Whether the modules stand one import below the others, as those of an option's own type do.
    pub wrapped: bool,
    pub special: Thunk,
    /// Whether sets are definitions even where they have keys such as `imports`.
    pub only_config: bool,
}

impl Inner {
    fn of(thunk: &Thunk) -> Self {
        Self { source: Source::Value(thunk.clone()), wrapped: false, read: OnceCell::new() }
    }

    /// The type that is known already.
    pub(super) fn known(ty: Rc<Type>) -> Self {
        let source = Source::Value(Val::of(Value::Null).thunk());
        Self { source, wrapped: false, read: OnceCell::from(ty) }
    }

    fn wrapped(&self) -> Self {
        match self.read.get() {
            Some(ty) => Self { wrapped: true, ..Self::known(wrapped(ty)) },
            None => Self { source: self.source.clone(), wrapped: true, read: OnceCell::new() },
        }
    }

    pub(super) fn get(&self, cx: Cx<'_, '_>) -> Rc<Type> {
        if let Some(ty) = self.read.get() {
            return ty.clone();
        }
        let (ty, is_shared) = cx.machine.with_reach(|| match &self.source {
            Source::Value(thunk) => read(cx, thunk),
            Source::Merged(left, right) => merge(cx, &left.get(cx), &right.get(cx)).unwrap_or_else(|| {
                Type::opaque(Unknown::new(Reason::Error("types that do not fit".to_owned())))
            }),
        });
        let ty = if self.wrapped { wrapped(&ty) } else { ty };
        // Hosts share types; what one host says of them is read again.
        if is_shared { self.read.get_or_init(|| ty).clone() } else { ty }
    }
}

impl Type {
    fn of(merge: Merge) -> Rc<Self> {
        Rc::new(Self { merge, check: None, empty: None, name: None })
    }

    /// A type of which nothing is known.
    pub(super) fn opaque(unknown: Unknown) -> Rc<Self> {
        Self::of(Merge::Opaque(unknown))
    }

    /// That of options that nobody in the project declares.
    pub(super) fn shape() -> Rc<Self> {
        Self::of(Merge::Shape)
    }

    /// `types.unspecified`, which options have that do not say theirs.
    pub(super) fn unspecified() -> Rc<Self> {
        Self::of(Merge::Default)
    }

    /// `types.anything` below the root of such a value.
    pub(super) fn anything() -> Rc<Self> {
        Self::of(Merge::Anything)
    }

    fn with(&self, merge: Merge) -> Rc<Self> {
        Rc::new(Self { merge, check: self.check.clone(), empty: self.empty.clone(), name: self.name.clone() })
    }
}

/// The type that `thunk` says.
pub(super) fn read(cx: Cx<'_, '_>, thunk: &Thunk) -> Rc<Type> {
    let val = cx.force(thunk);
    if let Some(ty) = option_type(cx.machine, &val) {
        return of_library(cx, ty);
    }
    match &val.value {
        Value::Symbol(symbol) if is_format(cx, symbol) => {
            let json = ["types", "json"]
                .iter()
                .try_fold(library(cx.machine), |val, name| cx.machine.select(&val, cx.machine.name(name)));
            match json.ok().and_then(|json| option_type(cx.machine, &json)) {
                Some(ty) => of_library(cx, ty),
                None => Type::opaque(cx.machine.symbolic(&val)),
            }
        }
        Value::Unknown(unknown) => Type::opaque(unknown.clone()),
        _ => Type::opaque(cx.machine.symbolic(&val)),
    }
}

fn of_library(cx: Cx<'_, '_>, ty: OptionType) -> Rc<Type> {
    let empty = cx.machine.set(&cx.force(&ty.empty)).ok();
    let empty = empty.and_then(|empty| Some(empty.get(cx.machine.name("value"))?.value.clone()));
    let merge = match ty.merge {
        Known::Equal => Merge::Equal,
        Known::Line => Merge::Line,
        Known::One | Known::Type => Merge::One,
        Known::Default => Merge::Default,
        Known::Or => Merge::Or,
        Known::Joined(separator) => Merge::Joined(separator),
        Known::Update => Merge::Update,
        Known::Anything => Merge::Anything,
        Known::List(element) => Merge::List(Inner::of(&element)),
        Known::Attrs { element, lazy } => Merge::Set { element: Inner::of(&element), lazy },
        Known::AttrList(_) => Merge::Opaque(Unknown::new(Reason::NotModelled("attrListOf".to_owned()))),
        Known::NullOr(inner) => Merge::NullOr(Inner::of(&inner)),
        Known::Unique(inner) => Merge::Unique(Inner::of(&inner)),
        Known::Either(left, right) => Merge::Either(Inner::of(&left), Inner::of(&right)),
        Known::Coerced { from, function, to } => {
            Merge::Coerced { from: Inner::of(&from), function, to: Inner::of(&to) }
        }
        Known::Submodule { modules, special_args, shorthand } => Merge::Submodule(Rc::new(Submodule {
            modules: vec![modules],
            wrapped: false,
            special: special_args,
            only_config: shorthand,
        })),
        Known::Deferred(modules) => Merge::Deferred(modules),
        Known::Function(inner) => Merge::Function(Inner::of(&inner)),
        Known::Tagged(options) => Merge::Tagged(options),
        Known::Own(function) => Merge::Own(function),
    };
    Rc::new(Type { merge, check: Some(ty.check), empty, name: ty.name })
}

/// Whether a symbol is the type of a format of nixpkgs whose data are those of JSON.
fn is_format(cx: Cx<'_, '_>, symbol: &Symbol) -> bool {
    let SymbolRoot::Call(call) = &symbol.root else { return false };
    let text = |path: &[Name]| cx.machine.path_text(path);
    matches!(call.function.root, SymbolRoot::Packages(_))
        && text(&symbol.path) == "type"
        && matches!(&*text(&call.function.path), "formats.json" | "formats.yaml" | "formats.toml")
}

/// The elements of a list that is known.
pub(super) fn elements(cx: Cx<'_, '_>, thunk: &Thunk) -> Result<Vec<Thunk>, Unknown> {
    let list = cx.machine.list(&cx.force(thunk))?;
    if let Some(open) = &list.open {
        return Err(open.clone());
    }
    match list.elements.iter().all(|element| element.condition == Condition::True) {
        true => Ok(list.elements.iter().map(|element| element.value.clone()).collect()),
        false => Err(Unknown::new(Reason::Several)),
    }
}

/// The set of special arguments of a submodule.
pub(super) fn special(cx: Cx<'_, '_>, submodule: &Submodule) -> Result<Rc<Attrs>, Unknown> {
    cx.machine.set(&cx.force(&submodule.special))
}

/// The type with the modules of its submodules one import further down: what an option's own type becomes.
pub(super) fn wrapped(ty: &Rc<Type>) -> Rc<Type> {
    let merge = match &ty.merge {
        Merge::Submodule(inner) if !inner.wrapped => Merge::Submodule(Rc::new(Submodule {
            modules: inner.modules.clone(),
            wrapped: true,
            special: inner.special.clone(),
            only_config: inner.only_config,
        })),
        Merge::List(inner) => Merge::List(inner.wrapped()),
        Merge::Set { element, lazy } => Merge::Set { element: element.wrapped(), lazy: *lazy },
        Merge::NullOr(inner) => Merge::NullOr(inner.wrapped()),
        Merge::Unique(inner) => Merge::Unique(inner.wrapped()),
        Merge::Function(inner) => Merge::Function(inner.wrapped()),
        Merge::Coerced { from, function, to } => {
            Merge::Coerced { from: from.clone(), function: function.clone(), to: to.wrapped() }
        }
        _ => return ty.clone(),
    };
    ty.with(merge)
}

/// The type of an option that two modules declare, where they can be merged: `typeMerge` of lib/types.nix.
pub(super) fn merge(cx: Cx<'_, '_>, a: &Rc<Type>, b: &Rc<Type>) -> Option<Rc<Type>> {
    let both = |x: &Inner, y: &Inner| Inner {
        source: Source::Merged(Box::new(x.clone()), Box::new(y.clone())),
        wrapped: false,
        read: OnceCell::new(),
    };
    let merged = match (&a.merge, &b.merge) {
        (Merge::List(x), Merge::List(y)) => Merge::List(both(x, y)),
        (Merge::Set { element: x, lazy }, Merge::Set { element: y, lazy: other }) if lazy == other => {
            Merge::Set { element: both(x, y), lazy: *lazy }
        }
        (Merge::NullOr(x), Merge::NullOr(y)) => Merge::NullOr(both(x, y)),
        (Merge::Either(x, y), Merge::Either(v, w)) => Merge::Either(both(x, v), both(y, w)),
        // The modules of what is declared later stand before.
        (Merge::Submodule(x), Merge::Submodule(y)) => Merge::Submodule(Rc::new(Submodule {
            modules: y.modules.iter().chain(&x.modules).cloned().collect(),
            wrapped: x.wrapped,
            special: x.special.clone(),
            only_config: x.only_config,
        })),
        (Merge::Joined(x), Merge::Joined(y)) => {
            let same = cx.force(x).as_str()? == cx.force(y).as_str()?;
            return same.then(|| a.clone());
        }
        // Each adds its values.
        (Merge::Equal, Merge::Equal) if a.name.as_deref() == Some("enum") && b.name == a.name => {
            return Some(Rc::new(Type {
                merge: Merge::Equal,
                check: None,
                empty: None,
                name: a.name.clone(),
            }));
        }
        (x, y) if std::mem::discriminant(x) == std::mem::discriminant(y) && a.name == b.name => {
            let is_plain = matches!(
                x,
                Merge::Equal
                    | Merge::Line
                    | Merge::One
                    | Merge::Default
                    | Merge::Or
                    | Merge::Update
                    | Merge::Anything
            );
            return is_plain.then(|| a.clone());
        }
        _ => return None,
    };
    Some(a.with(merged))
}
