//! The types of options, read from what `lib.types` gives.

use std::rc::Rc;

use super::Cx;
use crate::eval::{Attrs, Name, Reason, Symbol, SymbolRoot, Thunk, Unknown, Value};

/// How deep types are read.
const MAX_DEPTH: u32 = 40;

/// A type of lib/types.nix, as far as merging differs.
pub(super) enum Type {
    /// No type: `types.unspecified`.
    Unspecified,
    Raw,
    Anything,
    Bool,
    BoolByOr,
    /// An integer, and the range it must lie in.
    Int(Option<(i64, i64)>),
    Float,
    /// `str` and its kin.
    Str(Text),
    /// `separatedString`, `lines`, `commas`, `envVar`.
    Joined(String),
    Attrs,
    Package,
    Path,
    Enum(Vec<Thunk>),
    List {
        element: Rc<Type>,
        may_be_empty: bool,
    },
    Set {
        element: Rc<Type>,
        lazy: bool,
    },
    Submodule(Rc<Submodule>),
    NullOr(Rc<Type>),
    Either(Rc<Type>, Rc<Type>),
    Coerced {
        from: Rc<Type>,
        function: Thunk,
        to: Rc<Type>,
    },
    Unique(Rc<Type>),
    Function(Rc<Type>),
    Tag(Rc<Attrs>),
    /// `deferredModule` with its static modules.
    Deferred(Vec<Thunk>),
    /// `optionType`.
    OfOptions,
    /// `addCheck`: the type and the test.
    Checked(Rc<Type>, Thunk),
    /// What a file format can say, e.g. `pkgs.formats.json`.
    Data,
    /// The type of an option of nixpkgs or an input: nothing is known of it.
    Shape,
    /// Not known.
    Opaque(Unknown),
}

/// What a string must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    Any,
    /// Without white space only.
    NonEmpty,
    /// Without line breaks, but perhaps one at its end, which is taken off.
    SingleLine,
    /// Something that is not looked at.
    Other,
}

/// `submoduleWith`.
pub(super) struct Submodule {
    pub modules: Vec<Thunk>,
    /// Whether the modules stand one import below the others, as those of an option's own type do.
    pub wrapped: bool,
    pub special: Rc<Attrs>,
    /// Whether sets are definitions even where they have keys such as `imports`.
    pub only_config: bool,
}

impl Type {
    fn opaque(reason: Reason) -> Rc<Self> {
        Rc::new(Self::Opaque(Unknown::new(reason)))
    }
}

/// The type that `thunk` says.
pub(super) fn read(cx: Cx<'_, '_>, thunk: &Thunk) -> Rc<Type> {
    read_value(cx, thunk, 0)
}

fn read_value(cx: Cx<'_, '_>, thunk: &Thunk, depth: u32) -> Rc<Type> {
    if depth > MAX_DEPTH {
        return Type::opaque(Reason::Depth);
    }
    let val = cx.machine.force(thunk);
    let Value::Symbol(symbol) = &val.value else {
        return match &val.value {
            Value::Attrs(attrs) => tagged(cx, attrs, depth),
            _ => Rc::new(Type::Opaque(cx.machine.symbolic(&val))),
        };
    };
    let (path, arguments) = match &symbol.root {
        SymbolRoot::Library => (&symbol.path, [].as_slice()),
        SymbolRoot::Call(call)
            if matches!(call.function.root, SymbolRoot::Library) && symbol.path.is_empty() =>
        {
            (&call.function.path, call.arguments.as_slice())
        }
        SymbolRoot::Call(call) if is_format(cx, &call.function, &symbol.path) => return Rc::new(Type::Data),
        _ => return Rc::new(Type::Opaque(cx.machine.symbolic(&val))),
    };
    let names: Vec<Rc<str>> = path.iter().map(|name| cx.machine.text_of(*name)).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    match names.as_slice() {
        ["types", names @ ..] => named(cx, names, arguments, depth)
            .unwrap_or_else(|| Rc::new(Type::Opaque(cx.machine.symbolic(&val)))),
        _ => Rc::new(Type::Opaque(cx.machine.symbolic(&val))),
    }
}

/// Whether `path` of what `function` gives is the type of a format whose data are merged as they look.
fn is_format(cx: Cx<'_, '_>, function: &Symbol, path: &[Name]) -> bool {
    let text = |path: &[Name]| cx.machine.path_text(path);
    matches!(function.root, SymbolRoot::Packages)
        && text(path) == "type"
        && matches!(&*text(&function.path), "formats.json" | "formats.yaml" | "formats.toml")
}

/// The type with this name below `lib.types`, and these arguments.
fn named(cx: Cx<'_, '_>, names: &[&str], arguments: &[Thunk], depth: u32) -> Option<Rc<Type>> {
    let inner = |at: usize| read_value(cx, &arguments[at], depth + 1);
    let int = |thunk: &Thunk| match cx.force(thunk).value {
        Value::Int(value) => Some(value),
        _ => None,
    };
    Some(Rc::new(match (names, arguments.len()) {
        (["unspecified"], 0) => Type::Unspecified,
        (["raw"], 0) => Type::Raw,
        (["anything"], 0) => Type::Anything,
        (["bool"], 0) => Type::Bool,
        (["boolByOr"], 0) => Type::BoolByOr,
        (["int"], 0) => Type::Int(None),
        (["ints", "unsigned"], 0) => Type::Int(Some((0, i64::MAX))),
        (["ints", "positive"], 0) => Type::Int(Some((1, i64::MAX))),
        (["ints", "u8"], 0) => Type::Int(Some((0, 255))),
        (["ints", "u16"] | ["port"], 0) => Type::Int(Some((0, 65_535))),
        (["ints", "u32"], 0) => Type::Int(Some((0, 4_294_967_295))),
        (["ints", "s8"], 0) => Type::Int(Some((-128, 127))),
        (["ints", "s16"], 0) => Type::Int(Some((-32_768, 32_767))),
        (["ints", "s32"], 0) => Type::Int(Some((-2_147_483_648, 2_147_483_647))),
        (["ints", "between"], 2) => Type::Int(Some((int(&arguments[0])?, int(&arguments[1])?))),
        (["float"], 0) => Type::Float,
        (["number"], 0) => Type::Either(Rc::new(Type::Int(None)), Rc::new(Type::Float)),
        (["str" | "string"], 0) => Type::Str(Text::Any),
        (["nonEmptyStr"], 0) => Type::Str(Text::NonEmpty),
        (["singleLineStr"], 0) => Type::Str(Text::SingleLine),
        (["strMatching"], 1) | (["passwdEntry"], 1) => Type::Str(Text::Other),
        (["lines"], 0) => Type::Joined("\n".to_owned()),
        (["commas"], 0) => Type::Joined(",".to_owned()),
        (["envVar"], 0) => Type::Joined(":".to_owned()),
        (["separatedString"], 1) => Type::Joined(cx.force(&arguments[0]).as_str()?),
        (["attrs"], 0) => Type::Attrs,
        (["package" | "shellPackage"], 0) => Type::Package,
        (["path" | "pathInStore" | "externalPath"], 0) | (["pathWith"], 1) => Type::Path,
        (["enum"], 1) => Type::Enum(elements(cx, &arguments[0])?),
        (["listOf"], 1) => Type::List { element: inner(0), may_be_empty: true },
        (["nonEmptyListOf"], 1) => Type::List { element: inner(0), may_be_empty: false },
        (["attrsOf"], 1) => Type::Set { element: inner(0), lazy: false },
        (["lazyAttrsOf"], 1) => Type::Set { element: inner(0), lazy: true },
        (["attrsWith"], 1) => {
            let attrs = cx.machine.set(&cx.force(&arguments[0])).ok()?;
            let lazy = match attrs.get(cx.machine.name("lazy")) {
                Some(lazy) => matches!(cx.force(&lazy.value).value, Value::Bool(true)),
                None => false,
            };
            let element = attrs.get(cx.machine.name("elemType"))?.value.clone();
            Type::Set { element: read_value(cx, &element, depth + 1), lazy }
        }
        (["submodule"], 1) => {
            let val = cx.force(&arguments[0]);
            let modules = match &val.value {
                Value::List(_) => elements(cx, &arguments[0])?,
                Value::Choice(_) | Value::Unknown(_) => return None,
                _ => vec![arguments[0].clone()],
            };
            submodule(modules, Rc::default(), true)
        }
        (["submoduleWith"], 1) => {
            let attrs = cx.machine.set(&cx.force(&arguments[0])).ok()?;
            let modules = elements(cx, &attrs.get(cx.machine.name("modules"))?.value)?;
            let special = match attrs.get(cx.machine.name("specialArgs")) {
                Some(special) => cx.machine.set(&cx.force(&special.value)).ok()?,
                None => Rc::default(),
            };
            let only_config = match attrs.get(cx.machine.name("shorthandOnlyDefinesConfig")) {
                Some(entry) => matches!(cx.force(&entry.value).value, Value::Bool(true)),
                None => false,
            };
            submodule(modules, special, only_config)
        }
        (["nullOr"], 1) => Type::NullOr(inner(0)),
        (["either"], 2) => Type::Either(inner(0), inner(1)),
        (["oneOf"], 1) => {
            let types = elements(cx, &arguments[0])?;
            let types = types.iter().map(|thunk| read_value(cx, thunk, depth + 1));
            return types.reduce(|left, right| Rc::new(Type::Either(left, right)));
        }
        (["coercedTo"], 3) => Type::Coerced { from: inner(0), function: arguments[1].clone(), to: inner(2) },
        (["uniq"], 1) => Type::Unique(inner(0)),
        (["unique"], 2) => Type::Unique(inner(1)),
        (["functionTo"], 1) => Type::Function(inner(0)),
        (["attrTag"], 1) => Type::Tag(cx.machine.set(&cx.force(&arguments[0])).ok()?),
        (["deferredModule"], 0) => Type::Deferred(Vec::new()),
        (["optionType"], 0) => Type::OfOptions,
        (["addCheck"], 2) => Type::Checked(inner(0), arguments[1].clone()),
        (["json" | "toml"], 0) => Type::Data,
        _ => return None,
    }))
}

fn submodule(modules: Vec<Thunk>, special: Rc<Attrs>, only_config: bool) -> Type {
    Type::Submodule(Rc::new(Submodule { modules, wrapped: false, special, only_config }))
}

/// The elements of a list that is known.
fn elements(cx: Cx<'_, '_>, thunk: &Thunk) -> Option<Vec<Thunk>> {
    let list = cx.machine.list(&cx.force(thunk)).ok()?;
    let known = list.open.is_none()
        && list.elements.iter().all(|element| element.condition == crate::eval::Condition::True);
    known.then(|| list.elements.iter().map(|element| element.value.clone()).collect())
}

/// The type that a set with the tag of option types says.
fn tagged(_: Cx<'_, '_>, _: &Rc<Attrs>, _: u32) -> Rc<Type> {
    Type::opaque(Reason::NotModelled("a type of its own".to_owned()))
}

/// The type with the modules of its submodules one import further down: what an option's own type becomes.
pub(super) fn wrapped(ty: &Rc<Type>) -> Rc<Type> {
    match &**ty {
        Type::Submodule(inner) if !inner.wrapped => Rc::new(Type::Submodule(Rc::new(Submodule {
            modules: inner.modules.clone(),
            wrapped: true,
            special: inner.special.clone(),
            only_config: inner.only_config,
        }))),
        Type::List { element, may_be_empty } => {
            Rc::new(Type::List { element: wrapped(element), may_be_empty: *may_be_empty })
        }
        Type::Set { element, lazy } => Rc::new(Type::Set { element: wrapped(element), lazy: *lazy }),
        Type::NullOr(inner) => Rc::new(Type::NullOr(wrapped(inner))),
        Type::Unique(inner) => Rc::new(Type::Unique(wrapped(inner))),
        Type::Function(inner) => Rc::new(Type::Function(wrapped(inner))),
        Type::Checked(inner, check) => Rc::new(Type::Checked(wrapped(inner), check.clone())),
        Type::Coerced { from, function, to } => {
            Rc::new(Type::Coerced { from: from.clone(), function: function.clone(), to: wrapped(to) })
        }
        _ => ty.clone(),
    }
}

/// The type of an option that two modules declare, where they can be merged: `typeMerge` of lib/types.nix.
pub(super) fn merge(a: &Rc<Type>, b: &Rc<Type>) -> Option<Rc<Type>> {
    let simple = |a: &Type, b: &Type| {
        std::mem::discriminant(a) == std::mem::discriminant(b)
            && matches!(
                a,
                Type::Unspecified
                    | Type::Raw
                    | Type::Anything
                    | Type::Bool
                    | Type::BoolByOr
                    | Type::Int(None)
                    | Type::Float
                    | Type::Str(Text::Any)
                    | Type::Attrs
                    | Type::Package
                    | Type::Path
            )
    };
    Some(match (&**a, &**b) {
        (Type::Joined(x), Type::Joined(y)) if x == y => a.clone(),
        (Type::List { element: x, may_be_empty }, Type::List { element: y, .. }) => {
            Rc::new(Type::List { element: merge(x, y)?, may_be_empty: *may_be_empty })
        }
        (Type::Set { element: x, lazy }, Type::Set { element: y, lazy: other }) if lazy == other => {
            Rc::new(Type::Set { element: merge(x, y)?, lazy: *lazy })
        }
        (Type::NullOr(x), Type::NullOr(y)) => Rc::new(Type::NullOr(merge(x, y)?)),
        (Type::Either(x, y), Type::Either(v, w)) => Rc::new(Type::Either(merge(x, v)?, merge(y, w)?)),
        (Type::Enum(x), Type::Enum(y)) => Rc::new(Type::Enum(x.iter().chain(y).cloned().collect())),
        // The modules of what is declared later stand before.
        (Type::Submodule(x), Type::Submodule(y)) => Rc::new(Type::Submodule(Rc::new(Submodule {
            modules: y.modules.iter().chain(&x.modules).cloned().collect(),
            wrapped: x.wrapped,
            special: x.special.clone(),
            only_config: x.only_config,
        }))),
        (x, y) if simple(x, y) => a.clone(),
        _ => return None,
    })
}
