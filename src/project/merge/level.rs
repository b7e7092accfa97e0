//! Namespaces of options: which names are options, which are namespaces, and what is defined below each.
//!
//! Follows `mergeModules'` and `mergeOptionDecls` of lib/modules.nix. Reads declarations and the shape of
//! definitions only; never the condition of a definition.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::definition::{Pushed, Raw, Wrap, push_down};
use super::types::{self, Merge, Type};
use super::{Cx, Part, alias, several, shape, value};
use crate::eval::{
    Attrs, Condition, Entry, Name, Reason, Thunk, Unknown, Val, Value, is_error, option_declaration,
};
use crate::project::places::Places;
use crate::project::table::pattern_matches;

/// What happens to definitions that no option is declared for.
#[derive(Clone)]
pub(super) enum Undeclared {
    /// They belong to options that are not known here.
    Shape,
    /// They have this type.
    Typed(Rc<Type>),
    /// There are none.
    Forbidden,
}

/// Where the declarations of a namespace come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The modules of a host, which other hosts share: what is known of them is kept for those.
    Modules,
    /// A submodule, which is evaluated anew for each of its values: nobody would ask for what is kept.
    Submodule,
}

/// A namespace: the root, or a name below which options are declared.
pub(super) struct Level {
    /// How many names stand above.
    depth: usize,
    /// The names above; those of a submodule begin there.
    path: Vec<Name>,
    origin: Origin,
    content: OnceCell<Content>,
    /// What it is made of; taken when it is first looked into, so that a question that comes back finds nothing.
    source: RefCell<Option<Source>>,
    spots: RefCell<FxHashMap<Name, Rc<Spot>>>,
    attrs: OnceCell<Thunk>,
}

enum Source {
    Parts(Vec<Part>, Undeclared),
    Below { declarations: Vec<Declared>, raws: Rc<[Raw]>, undeclared: Undeclared, open: Option<Unknown> },
}

#[derive(Clone)]
struct Declared {
    attrs: Rc<Attrs>,
    condition: Condition,
}

struct Content {
    declarations: Vec<Declared>,
    declared_at: OnceCell<Places>,
    /// Why names may be declared that are not known.
    hidden: Option<Unknown>,
    configs: Vec<Pushed>,
    defined_at: OnceCell<Places>,
    undeclared: Undeclared,
    open: Option<Unknown>,
}

impl Content {
    fn new(undeclared: Undeclared) -> Self {
        Self {
            declarations: Vec::new(),
            declared_at: OnceCell::new(),
            hidden: None,
            configs: Vec::new(),
            defined_at: OnceCell::new(),
            undeclared,
            open: None,
        }
    }

    /// Where a name is declared.
    fn declared_at(&self, name: Name) -> impl Iterator<Item = &Declared> {
        let sets = self.declarations.iter().map(|declared| Some(&*declared.attrs));
        let places = self.declared_at.get_or_init(|| Places::new(sets.enumerate(), false));
        places.of(name).into_iter().map(|place| &self.declarations[place])
    }

    /// Where it is, or may be, defined.
    fn defined_at(&self, name: Name) -> impl Iterator<Item = &Pushed> {
        let sets = self.configs.iter().map(Pushed::attrs);
        let places = self.defined_at.get_or_init(|| Places::new(sets.enumerate(), true));
        places.of(name).into_iter().map(|place| &self.configs[place])
    }

    /// The definitions of a name; `open` where there may be others.
    fn raws_below(&self, cx: Cx<'_, '_>, name: Name, open: &mut Option<Unknown>) -> Vec<Raw> {
        let text = cx.machine.text_of(name);
        let mut raws = Vec::new();
        for config in self.defined_at(name) {
            let Value::Attrs(attrs) = &config.value.value else {
                open.get_or_insert_with(|| cx.machine.symbolic(&config.value));
                continue;
            };
            match attrs.get(name) {
                Some(entry) => raws.push(below(config, entry)),
                None => {
                    for (pattern, entry) in &attrs.patterns {
                        if pattern_matches(pattern, &text)
                            && let Ok(doubt) = cx.doubt(entry.key.or(entry.binding))
                        {
                            let mut raw = below(config, entry);
                            raw.wraps.insert(0, Wrap::When(doubt));
                            raws.push(raw);
                        }
                    }
                    if attrs.open.is_some() {
                        open.clone_from(&attrs.open);
                    }
                }
            }
        }
        raws
    }
}

/// A name in a namespace.
pub(super) struct Spot {
    pub kind: Kind,
    /// Its definitions.
    pub raws: Rc<[Raw]>,
    /// Why there may be definitions that are not known.
    pub open: Option<Unknown>,
    name: Rc<str>,
    declarations: Vec<Declared>,
    below: OnceCell<Rc<Level>>,
    value: OnceCell<Thunk>,
}

/// What a name is.
pub(super) enum Kind {
    Namespace,
    Option(Rc<Declaration>),
    /// Nobody declares it.
    Undeclared,
}

/// An option as it is declared.
pub(super) struct Declaration {
    pub ty: Rc<Type>,
    pub default: Option<Thunk>,
    pub apply: Option<Thunk>,
    pub read_only: bool,
    /// The option that this is another name of.
    pub alias: Option<Vec<Name>>,
}

impl Declaration {
    /// The declaration that `mkOption` gives.
    pub(super) fn read(cx: Cx<'_, '_>, attrs: &Attrs) -> Self {
        let not_known = |entry: Option<&Entry>| match entry {
            Some(entry) if entry.condition == Condition::True => Some(entry.value.clone()),
            Some(_) => Some(several().thunk()),
            None => attrs.open.as_ref().map(|open| Val::of(Value::Unknown(open.clone())).thunk()),
        };
        let ty = match attrs.get(Name::TYPE) {
            Some(entry) => types::read(cx, &entry.value),
            None if attrs.open.is_some() => Type::opaque(Unknown::new(Reason::Several)),
            None => Type::unspecified(),
        };
        let read_only = attrs
            .get(Name::READ_ONLY)
            .is_some_and(|entry| matches!(cx.force(&entry.value).value, Value::Bool(true)));
        let alias = alias::target(cx, attrs);
        Self {
            ty,
            default: not_known(attrs.get(Name::DEFAULT)),
            apply: not_known(attrs.get(Name::APPLY)),
            read_only,
            alias,
        }
    }

    /// The declaration of an option of which nothing else is known.
    fn unclear(unknown: Unknown) -> Self {
        let default = Some(Val::of(Value::Unknown(unknown.clone())).thunk());
        Self { ty: Type::opaque(unknown), default, apply: None, read_only: false, alias: None }
    }
}

impl Level {
    /// The options of modules in the order in which they are imported.
    pub(super) fn root(parts: Vec<Part>, undeclared: Undeclared, origin: Origin) -> Rc<Self> {
        Self::new(Vec::new(), Source::Parts(parts, undeclared), origin)
    }

    fn new(path: Vec<Name>, source: Source, origin: Origin) -> Rc<Self> {
        Rc::new(Self {
            depth: path.len(),
            path,
            origin,
            content: OnceCell::new(),
            source: RefCell::new(Some(source)),
            spots: RefCell::default(),
            attrs: OnceCell::new(),
        })
    }

    /// What is in it; `None` while that is being found out.
    fn content(&self, cx: Cx<'_, '_>) -> Option<&Content> {
        if let Some(content) = self.content.get() {
            return Some(content);
        }
        let Some(source) = self.source.borrow_mut().take() else {
            cx.machine.cut_short();
            return None;
        };
        let content = match source {
            Source::Parts(parts, undeclared) => content_of_parts(cx, parts, undeclared),
            Source::Below { declarations, raws, undeclared, open } => {
                let configs = raws.iter().flat_map(|raw| push_down(cx, raw, self.depth)).collect();
                Content { declarations, configs, open, ..Content::new(undeclared) }
            }
        };
        Some(self.content.get_or_init(|| content))
    }

    /// What stands under `name`; `None` while that is being found out.
    pub(super) fn spot(&self, cx: Cx<'_, '_>, name: Name) -> Option<Rc<Spot>> {
        if let Some(spot) = self.spots.borrow().get(&name) {
            return Some(spot.clone());
        }
        let content = self.content(cx)?;
        let mut declarations = Vec::new();
        for declared in content.declared_at(name) {
            if let Some(entry) = declared.attrs.get(name) {
                declarations.push((entry.value.clone(), declared.condition.and(&entry.condition)));
            }
        }
        let mut open = content.open.clone();
        let mut raws = content.raws_below(cx, name, &mut open);
        let (kind, declarations) = kind_of(cx, declarations, content.hidden.as_ref(), self.origin);
        if matches!((&kind, &content.undeclared), (Kind::Undeclared, Undeclared::Shape))
            && content.declarations.is_empty()
            && let Some(first) = self.path.first()
            && let Some(span) = content.configs.iter().find_map(|config| config.value.span)
        {
            let namespaces = shape::namespaces(cx, &self.path[..1], &cx.machine.text_of(*first));
            let others = content.configs.iter().filter(|config| config.entry(name).is_none());
            let others = others.map(|config| &*config.wraps);
            shape::doubt_weaker(&mut raws, others, namespaces, &cx.machine.opaque(span));
        }
        let spot = Rc::new(Spot {
            kind,
            raws: raws.into(),
            open,
            name: cx.machine.text_of(name),
            declarations,
            below: OnceCell::new(),
            value: OnceCell::new(),
        });
        Some(self.spots.borrow_mut().entry(name).or_insert(spot).clone())
    }

    /// The set of all values; `None` while its names are being found out.
    pub(super) fn attrs(self: &Rc<Self>, cx: Cx<'_, '_>) -> Option<Val> {
        let level = Rc::downgrade(self);
        let thunk = self.attrs.get_or_init(|| {
            cx.later(move |cx| {
                let attrs = level.upgrade().and_then(|level| level.compute_attrs(cx));
                attrs.unwrap_or_else(|| Val::unknown(Reason::Cycle))
            })
        });
        Some(cx.force(&thunk.clone()))
    }

    fn compute_attrs(self: &Rc<Self>, cx: Cx<'_, '_>) -> Option<Val> {
        let content = self.content(cx)?;
        let mut names: Vec<Name> = Vec::new();
        for declared in &content.declarations {
            names.extend(declared.attrs.entries.iter().map(|(name, _)| *name));
        }
        let mut patterns = Vec::new();
        let mut open = content.open.clone().or_else(|| content.hidden.clone());
        let takes_undeclared = !matches!(content.undeclared, Undeclared::Forbidden);
        for config in &content.configs {
            match &config.value.value {
                Value::Attrs(attrs) if takes_undeclared => {
                    names.extend(attrs.entries.iter().map(|(name, _)| *name));
                    patterns.extend(attrs.patterns.iter().map(|(pattern, entry)| (pattern, entry, config)));
                    open = open.or_else(|| attrs.open.clone());
                }
                Value::Attrs(_) => {}
                _ => open = open.or_else(|| Some(cx.machine.symbolic(&config.value))),
            }
        }
        let is_shared = self
            .path
            .first()
            .is_some_and(|first| shape::namespaces(cx, &[], &cx.machine.text_of(*first)) > 0);
        if matches!(content.undeclared, Undeclared::Shape) && (self.depth == 0 || is_shared) {
            open = open.or_else(|| Some(shape::elsewhere()));
        }
        names.sort_unstable();
        names.dedup();
        if self.depth == 0 {
            names.retain(|name| *name != Name::MODULE);
        }
        let mut entries = Vec::with_capacity(names.len());
        for name in names {
            let spot = self.spot(cx, name)?;
            let condition = match spot.kind {
                Kind::Undeclared => spot.presence(cx, self, &content.undeclared),
                _ => Condition::True,
            };
            if condition == Condition::False {
                continue;
            }
            let place = self.place_of(name, content);
            let Some(value) = spot.value(cx, self) else { continue };
            entries.push((name, Entry { value, condition, key: place.0, binding: place.1 }));
        }
        let mut attrs = Attrs::from_entries(entries);
        for (pattern, entry, config) in patterns {
            let raw = below(config, entry);
            let wraps = vec![raw];
            let depth = self.depth + 1;
            let value = cx.later(move |cx| shape::merge(cx, &wraps, depth, 0).unwrap_or_else(several));
            attrs.patterns.push((pattern.clone(), Entry { value, ..entry.clone() }));
        }
        attrs.open = open;
        Some(Val::of(Value::Attrs(Rc::new(attrs))))
    }

    /// The key and the binding of the first definition of a name.
    fn place_of(
        &self,
        name: Name,
        content: &Content,
    ) -> (Option<crate::text::Span>, Option<crate::text::Span>) {
        let entry = content.configs.iter().find_map(|config| config.entry(name));
        entry.map_or((None, None), |entry| (entry.key, entry.binding))
    }
}

impl Spot {
    /// The namespace below; `None` while that is being found out.
    pub(super) fn level(&self, cx: Cx<'_, '_>, parent: &Level) -> Option<Rc<Level>> {
        let content = parent.content(cx)?;
        let below = self.below.get_or_init(|| {
            let mut path = parent.path.clone();
            path.push(cx.machine.name(&self.name));
            let undeclared = match &content.undeclared {
                Undeclared::Typed(ty) => Undeclared::Typed(value::step(cx, ty)),
                other => other.clone(),
            };
            Level::new(
                path,
                Source::Below {
                    declarations: self.declarations.clone(),
                    raws: self.raws.clone(),
                    undeclared,
                    open: self.open.clone(),
                },
                parent.origin,
            )
        });
        Some(below.clone())
    }

    /// Whether nobody says anything about the name, as far as definitions are known.
    pub(super) fn is_unset(&self, cx: Cx<'_, '_>, parent: &Level) -> bool {
        match &self.kind {
            Kind::Namespace => false,
            Kind::Option(declaration) => {
                self.raws.is_empty()
                    && declaration.default.is_none()
                    && declaration.alias.is_none()
                    && value::empty(cx, &declaration.ty).is_none()
            }
            Kind::Undeclared if self.raws.is_empty() => true,
            Kind::Undeclared => match parent.content(cx) {
                Some(content) => self.presence(cx, parent, &content.undeclared) == Condition::False,
                None => false,
            },
        }
    }

    /// When an undeclared name is there.
    fn presence(&self, cx: Cx<'_, '_>, level: &Level, undeclared: &Undeclared) -> Condition {
        match undeclared {
            Undeclared::Typed(ty) => match &ty.merge {
                Merge::Set { lazy: true, .. } => Condition::True,
                _ => {
                    value::merge_definitions(
                        cx,
                        &self.name,
                        &value::step(cx, ty),
                        &self.raws,
                        level.depth + 1,
                    )
                    .defined
                }
            },
            Undeclared::Shape => shape::presence(cx, &self.raws, level.depth + 1),
            Undeclared::Forbidden => Condition::False,
        }
    }

    /// The merged value; `None` while the namespace around it is being found out.
    pub(super) fn value(&self, cx: Cx<'_, '_>, parent: &Level) -> Option<Thunk> {
        if let Some(value) = self.value.get() {
            return Some(value.clone());
        }
        let content = parent.content(cx)?;
        let (name, raws, depth) = (self.name.clone(), self.raws.clone(), parent.depth + 1);
        let open = self.open.clone();
        let value = match &self.kind {
            Kind::Namespace => {
                let level = self.level(cx, parent)?;
                cx.later(move |cx| level.attrs(cx).unwrap_or_else(|| Val::unknown(Reason::Cycle)))
            }
            Kind::Option(declaration) => {
                let declaration = declaration.clone();
                cx.later(move |cx| {
                    if let Some(target) = &declaration.alias {
                        return alias::value(cx, target);
                    }
                    match &open {
                        Some(open) if raws.is_empty() => Val::of(Value::Unknown(open.clone())),
                        _ => opened(value::of_option(cx, &name, &declaration, &raws, depth), &open),
                    }
                })
            }
            Kind::Undeclared => match &content.undeclared {
                Undeclared::Typed(ty) => {
                    let ty = value::step(cx, ty);
                    value::merge_definitions(cx, &name, &ty, &raws, depth).value
                }
                Undeclared::Shape => {
                    let fixed = shape::namespaces(cx, &parent.path, &self.name);
                    cx.later(move |cx| match shape::merge(cx, &raws, depth, fixed) {
                        Some(val) => opened(val, &open),
                        None => Val::error("an option is used and not defined"),
                    })
                }
                Undeclared::Forbidden => Val::error("an option that is not declared").thunk(),
            },
        };
        Some(self.value.get_or_init(|| value).clone())
    }
}

/// The value with the mark that there may be more of it.
fn opened(val: Val, open: &Option<Unknown>) -> Val {
    let Some(open) = open else { return val };
    let value = match &val.value {
        Value::List(list) => {
            let mut list = (**list).clone();
            list.open.get_or_insert_with(|| open.clone());
            Value::List(Rc::new(list))
        }
        Value::Attrs(attrs) => {
            let mut attrs = (**attrs).clone();
            attrs.open.get_or_insert_with(|| open.clone());
            Value::Attrs(Rc::new(attrs))
        }
        _ => return val,
    };
    Val { value, span: val.span }
}

/// Declarations and definitions of modules in the order in which they are imported. The module system reads
/// them the other way round.
fn content_of_parts(cx: Cx<'_, '_>, parts: Vec<Part>, undeclared: Undeclared) -> Content {
    let mut content = Content::new(undeclared);
    let mut freeform = Vec::new();
    for part in parts.iter().rev() {
        if let Some(options) = &part.options {
            let val = cx.force(options);
            for (condition, val) in cx.machine.alternatives(&val) {
                match cx.machine.set(&val) {
                    Ok(attrs) => {
                        content.hidden = content.hidden.take().or_else(|| attrs.open.clone());
                        let condition = part.condition.and(&cx.decided(&condition));
                        content.declarations.push(Declared { attrs, condition });
                    }
                    Err(unknown) if is_error(&unknown) => {}
                    Err(unknown) => content.hidden = Some(unknown),
                }
            }
        }
        let raw = Raw::when(part.config.clone(), &part.condition);
        for pushed in push_down(cx, &raw, 0) {
            if let Value::Unknown(unknown) = &pushed.value.value
                && is_error(unknown)
            {
                continue;
            }
            if let Value::Attrs(attrs) = &pushed.value.value {
                freeform.extend(freeform_of(cx, attrs));
            }
            content.configs.push(pushed);
        }
        freeform.extend(part.freeform.clone());
    }
    if let Some(first) = freeform.first() {
        let ty = match cx.force(first).value {
            Value::Null => return content,
            _ if freeform.len() == 1 => types::read(cx, first),
            _ => Type::opaque(Unknown::new(Reason::Several)),
        };
        content.undeclared = Undeclared::Typed(ty);
    }
    for config in &content.configs {
        if !matches!(config.value.value, Value::Attrs(_)) {
            content.open.get_or_insert_with(|| cx.machine.symbolic(&config.value));
        }
    }
    content
}

/// `_module.freeformType` of a definition.
fn freeform_of(cx: Cx<'_, '_>, attrs: &Attrs) -> Option<Thunk> {
    let own = attrs.get(Name::MODULE)?;
    let own = cx.machine.set(&cx.force(&own.value)).ok()?;
    Some(own.get(Name::FREEFORM_TYPE)?.value.clone())
}

fn below(config: &Pushed, entry: &Entry) -> Raw {
    let mut wraps = config.wraps.clone();
    if entry.condition != Condition::True {
        // It is there or not, whatever is around it.
        wraps.insert(0, Wrap::When(entry.condition.clone()));
    }
    Raw { wraps, value: entry.value.clone() }
}

/// What several declarations make of a name, and those that go further down.
fn kind_of(
    cx: Cx<'_, '_>,
    declarations: Vec<(Thunk, Condition)>,
    hidden: Option<&Unknown>,
    origin: Origin,
) -> (Kind, Vec<Declared>) {
    let mut options = Vec::new();
    let mut inner = Vec::new();
    for (thunk, condition) in declarations {
        let condition = cx.decided(&condition);
        if condition == Condition::False {
            continue;
        }
        let val = cx.force(&thunk);
        let Ok(attrs) = cx.machine.set(&val) else {
            return (unclear(cx.machine.symbolic(&val)), Vec::new());
        };
        if condition != Condition::True || matches!(val.value, Value::Choice(_)) {
            return (unclear(Unknown::new(Reason::Several)), Vec::new());
        }
        match option_declaration(cx.machine, &val) {
            Some(option) => options.push(option),
            None => inner.push(Declared { attrs, condition }),
        }
    }
    match (options.is_empty(), inner.is_empty()) {
        (true, true) => match hidden {
            Some(unknown) => (unclear(unknown.clone()), Vec::new()),
            None => (Kind::Undeclared, Vec::new()),
        },
        (true, false) => (Kind::Namespace, inner),
        (false, _) => (option(cx, &options, &inner, origin), Vec::new()),
    }
}

fn unclear(unknown: Unknown) -> Kind {
    Kind::Option(Rc::new(Declaration::unclear(unknown)))
}

/// `mergeOptionDecls` and `fixupOptionType`.
fn option(cx: Cx<'_, '_>, options: &[Rc<Attrs>], inner: &[Declared], origin: Origin) -> Kind {
    if let ([only], []) = (options, inner) {
        return Kind::Option(only_declaration(cx, only, origin));
    }
    let read: Vec<Declaration> = options.iter().map(|attrs| Declaration::read(cx, attrs)).collect();
    let twice = || unclear(Unknown::new(Reason::Error("an option is declared twice".to_owned())));
    if !inner.is_empty() {
        return unclear(Unknown::new(Reason::NotModelled("options below an option".to_owned())));
    }
    // Declarations without a type take that of the others.
    let typed = |declaration: &&Declaration| !matches!(declaration.ty.merge, Merge::Default);
    let types: Vec<Rc<Type>> = read.iter().filter(typed).map(|declaration| declaration.ty.clone()).collect();
    let ty = if types.is_empty() {
        Type::unspecified()
    } else {
        match value::merged_type(cx, &types) {
            Some(ty) => types::wrapped(&ty),
            None => return twice(),
        }
    };
    let mut read = read.into_iter();
    let Some(first) = read.next() else { return twice() };
    let merged = read.try_fold(first, |sum, next| {
        if (sum.default.is_some() && next.default.is_some()) || (sum.apply.is_some() && next.apply.is_some())
        {
            return None;
        }
        Some(Declaration {
            ty: sum.ty,
            default: sum.default.or(next.default),
            apply: sum.apply.or(next.apply),
            read_only: sum.read_only || next.read_only,
            alias: sum.alias.or(next.alias),
        })
    });
    match merged {
        Some(merged) => Kind::Option(Rc::new(Declaration { ty, ..merged })),
        None => twice(),
    }
}

/// The option that one module alone declares.
fn only_declaration(cx: Cx<'_, '_>, attrs: &Rc<Attrs>, origin: Origin) -> Rc<Declaration> {
    let declarations = &cx.merger.declarations.0;
    if let Some((_, known)) = declarations.borrow().get(&Rc::as_ptr(attrs)) {
        return known.clone();
    }
    let (declaration, is_shared) = cx.machine.with_reach(|| {
        let read = Declaration::read(cx, attrs);
        Rc::new(Declaration { ty: types::wrapped(&read.ty), ..read })
    });
    if is_shared && origin == Origin::Modules {
        declarations.borrow_mut().insert(Rc::as_ptr(attrs), (attrs.clone(), declaration.clone()));
    }
    declaration
}

/// The definitions of an option as they stand, with those around it.
pub(super) fn definitions_at(cx: Cx<'_, '_>, root: &Rc<Level>, path: &[Name]) -> Option<(Vec<Raw>, usize)> {
    let (last, above) = path.split_last()?;
    let mut level = root.clone();
    for name in above {
        let spot = level.spot(cx, *name)?;
        level = spot.level(cx, &level)?;
    }
    let spot = level.spot(cx, *last)?;
    Some((spot.raws.to_vec(), path.len()))
}
