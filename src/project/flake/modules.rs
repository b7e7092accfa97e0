//! A module system for flakes that are built with one: flake-parts, and calls of `lib.evalModules`.
//!
//! Options are merged lazily, one by one, so that modules may define what other modules read. It must
//! never force a definition that the module system of nixpkgs would not force at the same time.

use std::collections::VecDeque;
use std::rc::Rc;

use camino::Utf8PathBuf;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::table::PLAIN_PRIORITY;
use super::types;
use crate::eval::{
    Attrs, Call, Condition, Element, Entry, List, Machine, Name, Primitive, Reason, Symbol, SymbolRoot,
    Thunk, Unknown, Val, Value, Wrapper, is_error, library, option_declaration, wrapper,
};
use crate::semantic::Expr;
use crate::text::Span;

/// `lib.evalModules` (lib/modules.nix of nixpkgs), as far as `config` of its result goes.
pub(super) static EVAL_MODULES: Primitive = Primitive {
    name: "evalModules",
    arity: 1,
    run: |machine, arguments, span| {
        let set = machine.set(&machine.force(&arguments[0]))?;
        Ok(configuration(machine, &arguments[0], &set, span))
    },
};

/// Modules that one call may have.
const MAX_MODULES: usize = 20_000;

/// The priority of an option's default (`lib.modules.mkOptionDefault`).
const DEFAULT_PRIORITY: i64 = 1500;

/// The order of a definition that says none (`lib.modules.defaultOrderPriority`).
const PLAIN_ORDER: i64 = 1000;

/// A definition that may stand in wrappers.
#[derive(Clone)]
pub(super) struct Raw {
    pub value: Thunk,
    /// Conditions that are not looked at yet: they may depend on other options.
    pub conditions: Vec<Thunk>,
    pub condition: Condition,
    pub priority: i64,
    pub order: i64,
}

/// A definition without wrappers.
#[derive(Clone)]
pub(super) struct Plain {
    pub val: Val,
    pub condition: Condition,
    pub priority: i64,
    pub order: i64,
}

impl Raw {
    pub(super) fn new(value: Thunk) -> Self {
        Self {
            value,
            conditions: Vec::new(),
            condition: Condition::True,
            priority: PLAIN_PRIORITY,
            order: PLAIN_ORDER,
        }
    }
}

/// The `config` that a list of modules makes.
pub(super) fn evaluate(modules: Thunk, special: Rc<Attrs>) -> Thunk {
    let config = inner_config(modules, special);
    Thunk::later(move |machine| {
        let config = machine.force(&config);
        let Value::Attrs(attrs) = &config.value else { return config };
        let mut attrs = (**attrs).clone();
        let own = machine.name("_module");
        attrs.entries.retain(|(name, _)| *name != own);
        Val::at(Value::Attrs(Rc::new(attrs)), config.span)
    })
}

/// The `config` that the modules themselves see, with `_module`.
fn inner_config(modules: Thunk, special: Rc<Attrs>) -> Thunk {
    Thunk::fix(move |machine, config| {
        let mut loaded = Loaded::new(machine);
        loaded.load(machine, &modules, &Arguments { special: special.clone(), config });
        level(machine, &loaded.options, &loaded.definitions, loaded.open)
    })
}

/// The definitions that count, without wrappers: those of the strongest priority.
pub(super) fn discharge(machine: &Machine<'_>, raw: &[Raw]) -> Result<Vec<Plain>, Unknown> {
    let mut plain = Vec::new();
    for raw in raw {
        for (raw, val) in unwrapped(machine, raw.clone()) {
            let mut condition = raw.condition;
            for deferred in &raw.conditions {
                let deferred = machine.force(deferred);
                condition = condition.and(&machine.condition(&deferred, deferred.span.or(val.span))?);
            }
            if condition != Condition::False {
                plain.push(Plain { val, condition, priority: raw.priority, order: raw.order });
            }
        }
    }
    let certain = plain.iter().filter(|plain| plain.condition == Condition::True);
    if let Some(strongest) = certain.map(|plain| plain.priority).min() {
        plain.retain(|plain| plain.priority <= strongest);
    }
    plain.sort_by_key(|plain| plain.order);
    Ok(plain)
}

/// The set that a call of `evalModules` gives. What is not modelled of it is looked up in the call.
fn configuration(machine: &Machine<'_>, argument: &Thunk, set: &Attrs, span: Option<Span>) -> Val {
    let entry = |name: &str| set.get(machine.name(name)).map(|entry| entry.value.clone());
    let special = entry("specialArgs").and_then(|special| machine.set(&machine.force(&special)).ok());
    let modules = entry("modules").unwrap_or_else(|| Val::list(Vec::new()).thunk());
    let function = Symbol { root: SymbolRoot::Library, path: vec![machine.name("evalModules")] };
    let call = Call { function, arguments: vec![argument.clone()], span };
    let call = Val { span, ..Val::symbol(SymbolRoot::Call(Rc::new(call))) };
    let config = evaluate(modules, special.unwrap_or_default());
    let extend = Val::function(&EXTEND_MODULES, vec![argument.clone()]).thunk();
    let mut attrs = Attrs::from_entries(vec![
        (machine.name("config"), Entry::of(config)),
        (machine.name("extendModules"), Entry::of(extend)),
    ]);
    attrs.open = Some(machine.symbolic(&call));
    attrs.fallback = Some(call);
    Val::at(Value::Attrs(Rc::new(attrs)), span)
}

/// `extendModules` of what `evalModules` gives: its argument, and more modules and arguments.
static EXTEND_MODULES: Primitive = Primitive {
    name: "extendModules",
    arity: 2,
    run: |machine, arguments, span| {
        let base = machine.set(&machine.force(&arguments[0]))?;
        let more = machine.set(&machine.force(&arguments[1]))?;
        let [modules, special] = [machine.name("modules"), machine.name("specialArgs")];
        let mut set = (*base).clone();
        let value = |attrs: &Attrs, name: Name| attrs.get(name).map(|entry| machine.force(&entry.value));
        let lists = [&base, &more].map(|attrs| value(attrs, modules).map(|val| machine.list(&val)));
        let mut list = List::default();
        for part in lists.into_iter().flatten() {
            let part = part?;
            list.elements.extend(part.elements.iter().cloned());
            list.open = list.open.or_else(|| part.open.clone());
        }
        let mut arguments = Vec::new();
        for part in [&base, &more].into_iter().filter_map(|attrs| value(attrs, special)) {
            arguments.extend(machine.set(&part)?.entries.iter().cloned());
        }
        set.entries.retain(|(name, _)| *name != modules && *name != special);
        set.entries.push((modules, Entry::of(Val::of(Value::List(Rc::new(list))).thunk())));
        let arguments = Val::of(Value::Attrs(Rc::new(Attrs::from_entries(arguments))));
        set.entries.push((special, Entry::of(arguments.thunk())));
        set.entries.sort_by_key(|(name, _)| *name);
        let argument = Val::of(Value::Attrs(Rc::new(set.clone()))).thunk();
        Ok(configuration(machine, &argument, &set, span))
    },
};

/// What modules are called with.
struct Arguments {
    special: Rc<Attrs>,
    config: Thunk,
}

impl Arguments {
    /// The set for a module with these formals: those that are no special arguments come from the option
    /// `_module.args`.
    fn set(&self, machine: &Machine<'_>, formals: &[Name]) -> Thunk {
        let mut entries = vec![
            (machine.name("lib"), Entry::of(library(machine).thunk())),
            (machine.name("config"), Entry::of(self.config.clone())),
            (machine.name("options"), Entry::of(Val::symbol(SymbolRoot::Options).thunk())),
            (machine.name("specialArgs"), Entry::of(Val::of(Value::Attrs(self.special.clone())).thunk())),
        ];
        entries.extend(self.special.entries.iter().cloned());
        let mut attrs = Attrs::from_entries(entries);
        for name in formals {
            if attrs.get(*name).is_none() {
                let (name, config) = (*name, self.config.clone());
                let value = Thunk::later(move |machine| argument(machine, &config, name));
                let at = attrs.entries.partition_point(|(other, _)| *other < name);
                attrs.entries.insert(at, (name, Entry::of(value)));
            }
        }
        attrs.open = self.special.open.clone();
        Val::of(Value::Attrs(Rc::new(attrs))).thunk()
    }
}

/// The argument `name` that modules themselves define.
fn argument(machine: &Machine<'_>, config: &Thunk, name: Name) -> Val {
    let config = machine.force(config);
    let path = [machine.name("_module"), machine.name("args"), name];
    let value = path.iter().try_fold(config, |val, name| machine.select(&val, *name));
    match value {
        Ok(val) if !matches!(&val.value, Value::Unknown(unknown) if is_error(unknown)) => val,
        _ => Val::symbol(SymbolRoot::Argument(name)),
    }
}

/// What modules declare and define.
struct Loaded {
    options: Vec<Thunk>,
    definitions: Vec<Raw>,
    /// Why there may be more.
    open: Option<Unknown>,
    files: FxHashSet<Utf8PathBuf>,
    keys: FxHashSet<String>,
}

/// A module in a list, and when it is there.
struct Listed {
    val: Val,
    condition: Condition,
}

impl Loaded {
    fn new(machine: &Machine<'_>) -> Self {
        let (options, definitions) = (vec![types::base(machine)], Vec::new());
        Self { options, definitions, open: None, files: FxHashSet::default(), keys: FxHashSet::default() }
    }

    /// Follows a list of modules, breadth first.
    fn load(&mut self, machine: &Machine<'_>, modules: &Thunk, arguments: &Arguments) {
        let mut queue: VecDeque<Listed> = VecDeque::new();
        self.list(machine, modules, &Condition::True, &mut queue);
        let mut count = 0;
        while let Some(listed) = queue.pop_front() {
            count += 1;
            if count > MAX_MODULES {
                self.open = Some(Unknown::new(Reason::Fuel));
                return;
            }
            let val = match machine.project_path(&listed.val) {
                Some(path) if !self.files.insert(path.clone()) => continue,
                Some(path) => machine.import(&path),
                None => listed.val,
            };
            self.module(machine, val, &listed.condition, arguments, &mut queue);
        }
    }

    fn list(
        &mut self,
        machine: &Machine<'_>,
        modules: &Thunk,
        condition: &Condition,
        queue: &mut VecDeque<Listed>,
    ) {
        let list = match machine.list(&machine.force(modules)) {
            Ok(list) => list,
            Err(unknown) => {
                self.open = Some(unknown);
                return;
            }
        };
        self.open = self.open.take().or_else(|| list.open.clone());
        for element in &list.elements {
            let val = machine.force(&element.value);
            for (alternative, val) in machine.alternatives(&val) {
                let condition = condition.and(&element.condition).and(&alternative);
                if condition != Condition::False {
                    queue.push_back(Listed { val, condition });
                }
            }
        }
    }

    fn module(
        &mut self,
        machine: &Machine<'_>,
        val: Val,
        condition: &Condition,
        arguments: &Arguments,
        queue: &mut VecDeque<Listed>,
    ) {
        let mut val = val;
        for _ in 0..3 {
            let Some(formals) = formals(machine, &val) else { break };
            val = machine.apply(&val, arguments.set(machine, &formals), None);
        }
        let attrs = match machine.set(&val) {
            Ok(attrs) => attrs,
            Err(unknown) => {
                self.open = Some(unknown);
                return;
            }
        };
        let define = |value: Thunk| Raw { condition: condition.clone(), ..Raw::new(value) };
        if wrapper(machine, &val).is_some() {
            self.definitions.push(define(val.thunk()));
            return;
        }
        let entry = |name: &str| attrs.get(machine.name(name)).map(|entry| entry.value.clone());
        if let Some(key) = entry("key").and_then(|key| machine.force(&key).as_str())
            && !self.keys.insert(key)
        {
            return;
        }
        for name in ["imports", "require"] {
            if let Some(imports) = entry(name) {
                self.list(machine, &imports, condition, queue);
            }
        }
        self.options.extend(entry("options"));
        if entry("config").is_some() || entry("options").is_some() {
            self.definitions.extend(entry("config").map(define));
        } else {
            let mut config = (*attrs).clone();
            let special = ["imports", "require", "disabledModules", "_class", "_file", "key", "freeformType"]
                .map(|name| machine.name(name));
            config.entries.retain(|(name, _)| !special.contains(name));
            self.definitions.push(define(Val::at(Value::Attrs(Rc::new(config)), val.span).thunk()));
        }
    }
}

/// The names that a module function asks for; `None` for what is no function.
fn formals(machine: &Machine<'_>, val: &Val) -> Option<Vec<Name>> {
    match &val.value {
        Value::Lambda(closure) => {
            let Expr::Lambda(lambda) = closure.unit.ir.expr(closure.expr) else { return Some(Vec::new()) };
            let formals = lambda.formals.iter().flatten();
            Some(formals.map(|formal| machine.name(closure.unit.ir.name(formal.name))).collect())
        }
        Value::Primitive(_) => Some(Vec::new()),
        Value::Attrs(attrs) => {
            let functor = machine.force(&attrs.get(machine.name("__functor"))?.value);
            formals(machine, &machine.apply(&functor, val.clone().thunk(), None)).or(Some(Vec::new()))
        }
        _ => None,
    }
}

/// A definition without its wrappers. Conditions are kept for later.
fn unwrapped(machine: &Machine<'_>, raw: Raw) -> Vec<(Raw, Val)> {
    let mut result = Vec::new();
    let mut work = vec![(machine.force(&raw.value), raw, 0)];
    while let Some((val, raw, depth)) = work.pop() {
        if depth > 50 || machine.charge(1).is_err() {
            continue;
        }
        let mut go_on = |value: &Thunk, raw: Raw| work.push((machine.force(value), raw, depth + 1));
        match wrapper(machine, &val) {
            Some(Wrapper::If(condition, content)) => {
                let mut raw = raw;
                raw.conditions.push(condition);
                go_on(&content, raw);
            }
            Some(Wrapper::Merge(contents)) => match machine.list(&machine.force(&contents)) {
                Ok(list) => {
                    for element in list.elements.iter().rev() {
                        let condition = raw.condition.and(&element.condition);
                        go_on(&element.value, Raw { condition, ..raw.clone() });
                    }
                }
                Err(unknown) => result.push((raw, Val::of(Value::Unknown(unknown)))),
            },
            Some(Wrapper::Override(priority, content)) => go_on(&content, Raw { priority, ..raw }),
            Some(Wrapper::Order(order, content)) => go_on(&content, Raw { order, ..raw }),
            None => {
                let alternatives = machine.alternatives(&val);
                // One definition of one of several values is one definition.
                if alternatives.iter().all(|(_, val)| wrapper(machine, val).is_none()) {
                    result.push((raw, val));
                    continue;
                }
                for (condition, val) in alternatives.into_iter().rev() {
                    let condition = raw.condition.and(&condition);
                    go_on(&val.thunk(), Raw { condition, ..raw.clone() });
                }
            }
        }
    }
    result
}

/// What stands below one name of an option path.
#[derive(Default)]
struct Below {
    options: Vec<Thunk>,
    definitions: Vec<Raw>,
    key: Option<Span>,
    binding: Option<Span>,
}

/// The set of all options at a place of the option tree where no option is.
fn level(machine: &Machine<'_>, options: &[Thunk], definitions: &[Raw], open: Option<Unknown>) -> Val {
    let mut below: FxHashMap<Name, Below> = FxHashMap::default();
    let mut open = open;
    for set in options {
        match machine.set(&machine.force(set)) {
            Ok(attrs) => {
                for (name, entry) in &attrs.entries {
                    below.entry(*name).or_default().options.push(entry.value.clone());
                }
            }
            Err(unknown) => open = Some(unknown),
        }
    }
    for definition in definitions {
        for (raw, val) in unwrapped(machine, definition.clone()) {
            let attrs = match machine.set(&val) {
                Ok(attrs) => attrs,
                Err(unknown) => {
                    open = Some(unknown);
                    continue;
                }
            };
            open = open.or_else(|| attrs.open.clone());
            for (name, entry) in &attrs.entries {
                let condition = raw.condition.and(&entry.condition);
                let below = below.entry(*name).or_default();
                below.definitions.push(Raw { value: entry.value.clone(), condition, ..raw.clone() });
                below.key = below.key.or(entry.key);
                below.binding = below.binding.or(entry.binding);
            }
        }
    }
    let entries = below.into_iter().map(|(name, below)| {
        let Below { options, definitions, key, binding } = below;
        let value = Thunk::later(move |machine| value(machine, &options, &definitions));
        (name, Entry { value, condition: Condition::True, key, binding })
    });
    let mut attrs = Attrs::from_entries(entries.collect());
    attrs.open = open;
    Val::of(Value::Attrs(Rc::new(attrs)))
}

/// The value at a place of the option tree.
fn value(machine: &Machine<'_>, options: &[Thunk], definitions: &[Raw]) -> Val {
    let declared: Vec<Rc<Attrs>> =
        options.iter().filter_map(|option| option_declaration(machine, &machine.force(option))).collect();
    if !declared.is_empty() {
        return option(machine, &declared, definitions);
    }
    if !options.is_empty() {
        return level(machine, options, definitions, None);
    }
    match discharge(machine, definitions) {
        Ok(plain) => types::by_shape(machine, plain),
        Err(unknown) => Val::of(Value::Unknown(unknown)),
    }
}

/// The value of an option with these declarations.
fn option(machine: &Machine<'_>, declared: &[Rc<Attrs>], definitions: &[Raw]) -> Val {
    let field = |name: &str| {
        let name = machine.name(name);
        declared.iter().filter_map(move |declared| declared.get(name)).map(|entry| entry.value.clone())
    };
    let mut definitions = definitions.to_vec();
    if let Some(default) = field("default").next() {
        definitions.push(Raw { priority: DEFAULT_PRIORITY, ..Raw::new(default) });
    }
    let kinds: Vec<Val> = field("type").map(|kind| machine.force(&kind)).collect();
    let merged = match discharge(machine, &definitions) {
        Ok(plain) => types::merge(machine, &kinds, plain, None),
        Err(unknown) => Val::of(Value::Unknown(unknown)),
    };
    match field("apply").next() {
        Some(apply) => machine.apply(&machine.force(&apply), merged.thunk(), None),
        None => merged,
    }
}

/// Modules as the list that [`evaluate`] takes.
pub(super) fn module_list(modules: Vec<(Thunk, Condition)>) -> Thunk {
    let elements = modules.into_iter().map(|(value, condition)| Element { value, condition }).collect();
    Val::of(Value::List(Rc::new(List { elements, open: None }))).thunk()
}
