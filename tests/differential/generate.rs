//! Well-scoped, mostly well-typed programs.

use std::collections::BTreeSet;

use crate::program::{Piece, Program, Type};
use crate::random::Random;
use crate::strings;

/// Every construct that is counted.
pub(crate) const CONSTRUCTS: &[&str] = &[
    "set",
    "rec",
    "let",
    "legacy let",
    "with",
    "inherit",
    "inherit from",
    "dotted key",
    "nested set",
    "dynamic key",
    "quoted key",
    "formals",
    "default",
    "ellipsis",
    "at pattern",
    "currying",
    "functor",
    "interpolation",
    "indented string",
    "escape",
    "path",
    "list",
    "update",
    "concat",
    "has attribute",
    "or default",
    "if",
    "assert",
    "comparison",
    "equality",
    "arithmetic",
    "division",
    "float",
    "negation",
    "not",
    "boolean operator",
    "implication",
    "builtin",
    "toString",
    "__toString",
    "tryEval",
    "throw",
    "definitions",
    "unused error",
    "shadowing",
];

/// Names of variables and attributes; few, so that they shadow each other.
const NAMES: &[&str] = &["a", "b", "c", "x", "y", "f", "foo", "bar_baz", "x'", "with-dash", "enable", "name"];

/// Attributes that need quotes.
const QUOTED: &[&str] = &["if", "a b", "", "é", "1x", "a.b", "or", "${", "\"", "new\nline"];

macro_rules! pieces {
    ($($piece:expr),* $(,)?) => { vec![$(Piece::from($piece)),*] };
}
pub(crate) use pieces;

/// A program from a seed, and the constructs in it.
pub(crate) fn program(seed: u64) -> (Program, BTreeSet<&'static str>) {
    let mut generator = Generator::new(seed, 110);
    let program = generator.whole();
    (program, generator.seen)
}

/// A program with a handful of expressions.
pub(crate) fn small_program(seed: u64) -> Program {
    let mut generator = Generator::new(seed, 20);
    let kind = generator.data_kind(2);
    generator.scoped_let(&kind, 4, 2, |generator| generator.expr(&kind, 4))
}

/// A literal of this kind.
pub(crate) fn literal(kind: &Type, seed: u64) -> Program {
    Generator::new(seed, 4).leaf(kind)
}

pub(crate) struct Generator {
    pub(crate) random: Random,
    scope: Vec<Binding>,
    seen: BTreeSet<&'static str>,
    size: usize,
    /// Expressions beyond which everything is a leaf.
    max_size: usize,
}

#[derive(Clone)]
struct Binding {
    name: String,
    /// `None` for what must not be used here.
    kind: Option<Type>,
    by_with: bool,
}

impl Generator {
    fn new(seed: u64, max_size: usize) -> Self {
        Self { random: Random::new(seed), scope: Vec::new(), seen: BTreeSet::new(), size: 0, max_size }
    }

    pub(crate) fn mark(&mut self, construct: &'static str) {
        debug_assert!(CONSTRUCTS.contains(&construct), "{construct} is listed");
        self.seen.insert(construct);
    }

    /// `let … in { … }` around a few values that can be printed.
    fn whole(&mut self) -> Program {
        let kind = Type::Set(
            ["one", "two", "three", "four"]
                .iter()
                .map(|name| ((*name).to_owned(), self.data_kind(2)))
                .collect(),
        );
        let depth = 6;
        self.scoped_let(&kind, depth, 3, |generator| generator.set(&kind, depth - 1))
    }

    /// The kind of a value that JSON can hold.
    fn data_kind(&mut self, depth: usize) -> Type {
        match self.random.below(if depth == 0 { 70 } else { 100 }) {
            0..25 => Type::Int,
            25..50 => Type::Str,
            50..60 => Type::Bool,
            60..67 => Type::Float,
            67..70 => Type::Null,
            70..85 => Type::List(Box::new(self.data_kind(depth - 1))),
            _ => {
                let count = self.random.below(4);
                Type::Set(
                    self.names(count).into_iter().map(|name| (name, self.data_kind(depth - 1))).collect(),
                )
            }
        }
    }

    /// The kind of a value.
    fn kind(&mut self, depth: usize) -> Type {
        match self.random.below(100) {
            0..10 => Type::Path,
            10..35 if depth > 0 => {
                let argument = match self.random.chance(40) {
                    true => {
                        Type::Set(self.names(2).into_iter().map(|name| (name, self.data_kind(0))).collect())
                    }
                    false => self.data_kind(1),
                };
                Type::Function(Box::new(argument), Box::new(self.data_kind(1)))
            }
            _ => self.data_kind(depth),
        }
    }

    /// So many names, or fewer.
    fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = BTreeSet::new();
        for _ in 0..count {
            let all = if self.random.chance(12) { QUOTED } else { NAMES };
            names.insert((self.random.pick(all)).to_owned());
        }
        names.into_iter().collect()
    }

    /// Up to so many names that can be variables.
    fn variable_names(&mut self, count: usize) -> Vec<String> {
        let mut names: Vec<String> = (0..count).map(|_| (self.random.pick(NAMES)).to_owned()).collect();
        names.sort();
        names.dedup();
        self.random.shuffle(&mut names);
        names
    }

    /// An expression of this kind.
    pub(crate) fn expr(&mut self, kind: &Type, depth: usize) -> Program {
        self.size += 1;
        if depth == 0 || self.size > self.max_size {
            return self.leaf(kind);
        }
        match self.random.below(100) {
            0..18 => self.leaf(kind),
            18..52 => self.any(kind, depth - 1),
            _ => self.typed(kind, depth - 1),
        }
    }

    fn leaf(&mut self, kind: &Type) -> Program {
        if self.random.chance(65)
            && let Some(variable) = self.variable(kind)
        {
            return variable;
        }
        let text: String = match kind {
            Type::Null => "null".into(),
            Type::Bool => ["true", "false"][self.random.below(2)].into(),
            Type::Int => match self.random.below(10) {
                0 => "1000000".into(),
                1 => "007".into(),
                _ => self.random.below(12).to_string(),
            },
            Type::Float => {
                self.mark("float");
                (self.random.pick(&["0.5", "1.0", "2.25", ".5", "3.", "1.5e3", "12.5e-2", "100.125"])).into()
            }
            Type::Str => return strings::literal(self, 0),
            Type::Path => {
                self.mark("path");
                (self.random.pick(&["./x.nix", "./.", "../y", "/a/b", "./a/../b", "a/b.txt", "/a/./c"]))
                    .into()
            }
            Type::List(inner) => {
                self.mark("list");
                let inner = (**inner).clone();
                let count = self.random.below(3);
                let mut pieces = pieces!["[ "];
                for _ in 0..count {
                    pieces.push(Piece::Optional(pieces![self.leaf(&inner), " "]));
                }
                pieces.push("]".into());
                return Program::new(kind, pieces);
            }
            Type::Set(_) => return self.set(kind, 0),
            Type::Function(argument, result) => {
                let (argument, result) = ((**argument).clone(), (**result).clone());
                return self.lambda(kind, &argument, &result, 0);
            }
        };
        Program::new(kind, pieces![text])
    }

    /// What a name means here.
    fn lookup(&self, name: &str) -> Option<&Type> {
        let named = || self.scope.iter().rev().filter(|binding| binding.name == name);
        let found = named().find(|binding| !binding.by_with).or_else(|| named().next())?;
        found.kind.as_ref()
    }

    /// A use of a variable of this kind, or of an attribute of one.
    fn variable(&mut self, kind: &Type) -> Option<Program> {
        let names: BTreeSet<&String> = self.scope.iter().map(|binding| &binding.name).collect();
        let mut found = Vec::new();
        for name in names {
            match self.lookup(name) {
                Some(of) if of == kind => found.push(name.clone()),
                Some(Type::Set(fields)) => {
                    let fields = fields.iter().filter(|(_, of)| of == kind);
                    found.extend(fields.map(|(field, _)| format!("{name}.{}", strings::key(field))));
                }
                _ => {}
            }
        }
        (!found.is_empty()).then(|| Program::new(kind, pieces![self.random.pick(&found)]))
    }

    fn bind(&mut self, name: &str, kind: Option<&Type>) {
        if self.scope.iter().any(|binding| binding.name == name) {
            self.mark("shadowing");
        }
        self.scope.push(Binding { name: name.to_owned(), kind: kind.cloned(), by_with: false });
    }

    /// Runs `build` and forgets the names that it bound.
    fn inside<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> T {
        let names = self.scope.len();
        let result = build(self);
        self.scope.truncate(names);
        result
    }

    /// `let` with up to so many names around what `body` makes.
    fn scoped_let(
        &mut self,
        kind: &Type,
        depth: usize,
        count: usize,
        body: impl FnOnce(&mut Self) -> Program,
    ) -> Program {
        self.mark("let");
        self.inside(|generator| {
            let bindings = generator.recursive_bindings(depth, count);
            let mut pieces = pieces!["(let "];
            pieces.extend(bindings);
            pieces.extend(pieces!["in ", body(generator), ")"]);
            Program::new(kind, pieces)
        })
    }

    /// Bindings that see those before them, whatever their order; their names stay bound.
    fn recursive_bindings(&mut self, depth: usize, count: usize) -> Vec<Piece> {
        let names = self.variable_names(count);
        for name in &names {
            self.bind(name, None);
        }
        let first = self.scope.len() - names.len();
        let mut bindings = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let kind = self.kind(2);
            let value = self.expr(&kind, depth.saturating_sub(1));
            bindings.push(Piece::Optional(pieces![format!("{name} = "), value, "; "]));
            self.scope[first + index].kind = Some(kind);
        }
        if self.random.chance(10) {
            bindings.push(Piece::Optional(pieces!["unused' = ", self.bad(), "; "]));
        }
        self.random.shuffle(&mut bindings);
        bindings
    }

    /// An expression that nobody may evaluate.
    fn bad(&mut self) -> &'static str {
        self.mark("unused error");
        self.random.pick(&[
            "throw \"no\"",
            "abort \"no\"",
            "(1 + \"x\")",
            "({ }.missing)",
            "(assert false; 1)",
            "(builtins.head [ ])",
            "(let z = z; in z)",
            "(1 / 0)",
        ])
    }

    /// Ways to make a value of any kind.
    fn any(&mut self, kind: &Type, depth: usize) -> Program {
        let pieces = match self.random.below(26) {
            0..3 => {
                let count = 1 + self.random.below(3);
                return self.scoped_let(kind, depth, count, |generator| generator.expr(kind, depth));
            }
            3 | 4 => return self.with(kind, depth),
            5 => {
                self.mark("if");
                let condition = self.expr(&Type::Bool, depth);
                pieces![
                    "(if ",
                    condition,
                    " then ",
                    self.expr(kind, depth),
                    " else ",
                    self.expr(kind, depth),
                    ")"
                ]
            }
            6 => {
                self.mark("assert");
                let condition = match self.random.below(10) {
                    0 => self.expr(&Type::Bool, depth),
                    1..4 => Program::new(&Type::Bool, pieces!["true"]),
                    _ => {
                        self.mark("equality");
                        let of = self.data_kind(1);
                        let value = self.leaf(&of);
                        Program::new(&Type::Bool, pieces!["(", value.clone(), " == ", value, ")"])
                    }
                };
                pieces!["(assert ", condition, "; ", self.expr(kind, depth), ")"]
            }
            7 | 8 => {
                self.mark("currying");
                let (first, second) = (self.kind(1), self.kind(1));
                let inner = Type::Function(Box::new(second.clone()), Box::new(kind.clone()));
                let function = match self.random.chance(50) {
                    true => self.lambda(
                        &Type::Function(Box::new(first.clone()), Box::new(inner.clone())),
                        &first,
                        &inner,
                        depth,
                    ),
                    false => self.functor(&first, &inner, depth),
                };
                pieces!["(", function, " ", self.expr(&first, depth), " ", self.expr(&second, depth), ")"]
            }
            9..12 => {
                let count = 1 + self.random.below(3);
                let names = self.variable_names(count);
                let argument = Type::Set(names.into_iter().map(|name| (name, self.data_kind(1))).collect());
                let function = Type::Function(Box::new(argument.clone()), Box::new(kind.clone()));
                let function = self.lambda(&function, &argument, kind, depth);
                pieces!["(", function, " ", self.set(&argument, depth), ")"]
            }
            12 => {
                self.mark("functor");
                let argument = self.data_kind(1);
                pieces!["(", self.functor(&argument, kind, depth), " ", self.expr(&argument, depth), ")"]
            }
            13 | 14 => return self.selection(kind, depth),
            15 => {
                self.mark("or default");
                self.mark("has attribute");
                let (base, path) = self.maybe_missing(kind, depth);
                pieces![
                    "(let s = ",
                    base,
                    "; in if s ? ",
                    path.clone(),
                    " then s.",
                    path,
                    " else ",
                    self.expr(kind, depth),
                    ")"
                ]
            }
            16 => {
                self.mark("or default");
                let (base, path) = self.maybe_missing(kind, depth);
                pieces!["(", base, ".", path, " or ", self.expr(kind, depth), ")"]
            }
            17 => {
                self.mark("builtin");
                let list = Type::List(Box::new(kind.clone()));
                let (value, other) = (self.expr(kind, depth), self.expr(&list, depth));
                match self.random.below(3) {
                    0 => pieces!["(builtins.head ([ ", value, " ] ++ ", other, "))"],
                    1 => pieces!["(builtins.elemAt ([ ", value, " ] ++ ", other, ") 0)"],
                    _ => pieces!["(builtins.foldl' (_: x: x) ", value, " ", other, ")"],
                }
            }
            18 => {
                self.mark("tryEval");
                let first = match self.random.chance(40) {
                    true => {
                        self.mark("throw");
                        Program::new(kind, pieces!["(throw \"caught\")"])
                    }
                    false => self.expr(kind, depth),
                };
                pieces![
                    "(let r = builtins.tryEval ",
                    first,
                    "; in if r.success then r.value else ",
                    self.expr(kind, depth),
                    ")"
                ]
            }
            19 => {
                self.mark("builtin");
                let other = self.data_kind(1);
                let forced = self.expr(&other, depth.min(2));
                let name = ["seq", "deepSeq", "trace"][self.random.below(3)];
                pieces![format!("(builtins.{name} "), forced, " ", self.expr(kind, depth), ")"]
            }
            20 => return self.definitions(kind, depth),
            21 => {
                let bad = self.bad();
                match self.random.below(3) {
                    0 => pieces!["(let lazy = ", bad, "; in ", self.expr(kind, depth), ")"],
                    1 => pieces!["((_: ", self.expr(kind, depth), ") (", bad, "))"],
                    _ => pieces!["{ bad' = ", bad, "; good' = ", self.expr(kind, depth), "; }.good'"],
                }
            }
            22 => {
                self.mark("legacy let");
                self.inside(|generator| {
                    generator.bind("body", None);
                    let bindings = generator.recursive_bindings(depth, 2);
                    let mut pieces = pieces!["let { "];
                    pieces.extend(bindings);
                    pieces.extend(pieces!["body = ", generator.expr(kind, depth), "; }"]);
                    pieces
                })
            }
            23 if self.random.chance(15) => {
                self.mark("throw");
                pieces!["(throw \"stop\")"]
            }
            23 => {
                self.mark("builtin");
                let names: Vec<String> = self.variable_names(1);
                let set = Type::Set(vec![(names[0].clone(), kind.clone())]);
                pieces![format!("(builtins.getAttr \"{}\" ", names[0]), self.expr(&set, depth), ")"]
            }
            24 => {
                self.mark("rec");
                self.inside(|generator| {
                    generator.bind("result'", None);
                    let bindings = generator.recursive_bindings(depth, 3);
                    let mut pieces = pieces!["(rec { "];
                    pieces.extend(bindings);
                    pieces.extend(pieces!["result' = ", generator.expr(kind, depth), "; }).result'"]);
                    pieces
                })
            }
            _ => pieces!["(", self.expr(kind, depth), ")"],
        };
        Program::new(kind, pieces)
    }

    fn with(&mut self, kind: &Type, depth: usize) -> Program {
        self.mark("with");
        let count = 1 + self.random.below(3);
        let names = self.variable_names(count);
        let fields: Vec<(String, Type)> = names.into_iter().map(|name| (name, self.kind(1))).collect();
        let set = Type::Set(fields.clone());
        let set = self.expr(&set, depth);
        self.inside(|generator| {
            for (name, kind) in fields {
                generator.scope.push(Binding { name, kind: Some(kind), by_with: true });
            }
            Program::new(kind, pieces!["(with ", set, "; ", generator.expr(kind, depth), ")"])
        })
    }

    /// A set that has a path with a value of this kind, or misses some of it.
    fn maybe_missing(&mut self, kind: &Type, depth: usize) -> (Program, String) {
        let names = self.names(2);
        let path = names.iter().map(|name| strings::key(name)).collect::<Vec<_>>().join(".");
        let there = names.iter().rev().fold(kind.clone(), |kind, name| Type::Set(vec![(name.clone(), kind)]));
        let set = match self.random.below(4) {
            0 => Type::Set(vec![(names[0].clone(), Type::Int)]),
            1 => Type::Set(vec![("other".to_owned(), Type::Str)]),
            _ => there,
        };
        (self.set(&set, depth), path)
    }

    /// `set.name` in its forms.
    fn selection(&mut self, kind: &Type, depth: usize) -> Program {
        let mut fields: Vec<(String, Type)> =
            self.names(2).into_iter().map(|name| (name, self.data_kind(1))).collect();
        let at = self.random.below(fields.len());
        fields[at].1 = kind.clone();
        let name = fields[at].0.clone();
        let set = self.expr(&Type::Set(fields), depth);
        let key = match self.random.below(4) {
            0 => {
                self.mark("dynamic key");
                format!("${{{}}}", strings::quoted(&name))
            }
            1 => {
                self.mark("quoted key");
                strings::quoted(&name)
            }
            _ => strings::key(&name),
        };
        let rest = if self.random.chance(20) { " or null" } else { "" };
        Program::new(kind, pieces!["(", set, ".", key, rest, ")"])
    }

    /// What a module system does, in small: definitions with priorities, folded into one value.
    fn definitions(&mut self, kind: &Type, depth: usize) -> Program {
        self.mark("definitions");
        self.mark("update");
        let count = 1 + self.random.below(3);
        let mut pieces = pieces![
            "(builtins.foldl' (all: one: all // { ",
            "${one.name} = if all ? ${one.name} && all.${one.name}.priority <= one.priority then all.${one.name} else one; }) { } [ "
        ];
        for _ in 0..count {
            let priority = self.expr(&Type::Int, depth.min(2));
            let value = self.expr(kind, depth);
            pieces.push(Piece::Optional(pieces![
                "{ name = \"other\"; priority = ",
                priority,
                "; value = ",
                value,
                "; } "
            ]));
        }
        pieces.extend(pieces![
            "{ name = \"it\"; priority = ",
            self.expr(&Type::Int, depth.min(2)),
            "; value = "
        ]);
        pieces.extend(pieces![self.expr(kind, depth), "; } ]).it.value"]);
        Program::new(kind, pieces)
    }

    /// A function in one of its forms.
    fn lambda(&mut self, kind: &Type, argument: &Type, result: &Type, depth: usize) -> Program {
        if let Type::Set(fields) = argument
            && fields.iter().all(|(name, _)| NAMES.contains(&name.as_str()))
            && self.random.chance(75)
        {
            return self.inside(|generator| generator.formals(kind, fields, result, depth));
        }
        self.inside(|generator| {
            let name = generator.random.pick(NAMES);
            generator.bind(name, Some(argument));
            Program::new(kind, pieces![format!("({name}: "), generator.expr(result, depth), ")"])
        })
    }

    fn formals(&mut self, kind: &Type, fields: &[(String, Type)], result: &Type, depth: usize) -> Program {
        self.mark("formals");
        let mut formals: Vec<(String, Type, bool)> = Vec::new();
        let mut ellipsis = self.random.chance(35);
        for (name, of) in fields {
            // What the pattern leaves out needs an ellipsis.
            if self.random.chance(15) {
                ellipsis = true;
            } else {
                formals.push((name.clone(), of.clone(), self.random.chance(20)));
            }
        }
        let more = self.random.below(3);
        for name in self.variable_names(more) {
            if fields.iter().all(|(other, _)| *other != name) {
                let of = self.data_kind(1);
                formals.push((name, of, true));
            }
        }
        let at = self.random.chance(35).then(|| "args'".to_owned());
        for (name, ..) in &formals {
            self.bind(name, None);
        }
        let first = self.scope.len() - formals.len();
        if at.is_some() {
            self.mark("at pattern");
            self.bind("args'", Some(&Type::Set(fields.to_vec())));
        }
        let mut pieces = pieces!["("];
        let before = self.random.chance(50);
        match &at {
            Some(name) if before => pieces.push(format!("{name}@").into()),
            _ => {}
        }
        pieces.push("{ ".into());
        let mut items = Vec::new();
        for (index, (name, of, default)) in formals.iter().enumerate() {
            items.push(match default {
                true => {
                    self.mark("default");
                    let default = self.expr(of, depth.min(2));
                    pieces![format!("{name} ? "), default]
                }
                false => pieces![name.clone()],
            });
            self.scope[first + index].kind = Some(of.clone());
        }
        self.random.shuffle(&mut items);
        if ellipsis {
            self.mark("ellipsis");
            items.push(pieces!["..."]);
        }
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                pieces.push(", ".into());
            }
            pieces.extend(item);
        }
        pieces.push(" }".into());
        match at {
            Some(name) if !before => pieces.push(format!("@{name}").into()),
            _ => {}
        }
        pieces.extend(pieces![": ", self.expr(result, depth), ")"]);
        Program::new(kind, pieces)
    }

    fn functor(&mut self, argument: &Type, result: &Type, depth: usize) -> Program {
        self.mark("functor");
        let kind = Type::Function(Box::new(argument.clone()), Box::new(result.clone()));
        let own = self.data_kind(1);
        let value = self.expr(&own, depth.min(2));
        self.inside(|generator| {
            let own = Type::Set(vec![("value".to_owned(), own)]);
            generator.bind("self'", Some(&own));
            let function = generator.lambda(&kind, argument, result, depth);
            Program::new(&kind, pieces!["{ value = ", value, "; __functor = self': ", function, "; }"])
        })
    }

    /// A set with exactly these names.
    pub(crate) fn set(&mut self, kind: &Type, depth: usize) -> Program {
        let Type::Set(fields) = kind else { return self.leaf(kind) };
        self.mark("set");
        let can_be_rec = fields.iter().all(|(name, _)| NAMES.contains(&name.as_str()));
        let recursive = can_be_rec && !fields.is_empty() && self.random.chance(20);
        self.inside(|generator| {
            if recursive {
                generator.mark("rec");
                for (name, _) in fields {
                    generator.bind(name, None);
                }
            }
            let first = generator.scope.len() - if recursive { fields.len() } else { 0 };
            let mut bindings = Vec::new();
            for (index, (name, of)) in fields.iter().enumerate() {
                generator.field(name, of, depth, recursive, &mut bindings);
                if recursive {
                    generator.scope[first + index].kind = Some(of.clone());
                }
            }
            generator.random.shuffle(&mut bindings);
            let mut pieces = pieces![if recursive { "(rec { " } else { "{ " }];
            pieces.extend(bindings.into_iter().flatten());
            pieces.push(if recursive { "})" } else { "}" }.into());
            Program::new(kind, pieces)
        })
    }

    /// One name of a set, as one binding or several.
    fn field(
        &mut self,
        name: &str,
        kind: &Type,
        depth: usize,
        recursive: bool,
        bindings: &mut Vec<Vec<Piece>>,
    ) {
        let can_be_variable = NAMES.contains(&name);
        if !recursive && can_be_variable && self.lookup(name) == Some(kind) && self.random.chance(60) {
            self.mark("inherit");
            bindings.push(pieces![format!("inherit {name}; ")]);
            return;
        }
        let inner = depth.saturating_sub(1);
        match kind {
            Type::Set(fields) if !fields.is_empty() && self.random.chance(45) => {
                self.mark("dotted key");
                let head = self.key(name, false);
                let split =
                    if self.random.chance(30) { self.random.below(fields.len()) } else { fields.len() };
                for (field, of) in &fields[..split] {
                    let key = self.key(field, false);
                    bindings.push(pieces![format!("{head}.{key} = "), self.expr(of, inner), "; "]);
                }
                if split < fields.len() {
                    self.mark("nested set");
                    let mut binding = pieces![format!("{head} = {{ ")];
                    for (field, of) in &fields[split..] {
                        let key = self.key(field, false);
                        binding.extend(pieces![format!("{key} = "), self.expr(of, inner), "; "]);
                    }
                    binding.push("}; ".into());
                    bindings.push(binding);
                }
            }
            _ if self.random.chance(12) => {
                self.mark("inherit from");
                let mut fields: Vec<(String, Type)> =
                    self.names(1).into_iter().map(|name| (name, self.data_kind(1))).collect();
                fields.retain(|(other, _)| other != name);
                fields.push((name.to_owned(), kind.clone()));
                let source = self.expr(&Type::Set(fields), inner);
                let key = if self.random.chance(20) { strings::quoted(name) } else { strings::key(name) };
                bindings.push(pieces!["inherit (", source, format!(") {key}; ")]);
            }
            _ => {
                let key = self.key(name, !recursive);
                bindings.push(pieces![format!("{key} = "), self.expr(kind, inner), "; "]);
            }
        }
    }

    /// A key in one of its forms.
    fn key(&mut self, name: &str, may_be_dynamic: bool) -> String {
        match self.random.below(10) {
            0 | 1 if may_be_dynamic => {
                self.mark("dynamic key");
                match self.random.below(3) {
                    0 => format!("${{{}}}", strings::quoted(name)),
                    1 => format!("\"${{{}}}\"", strings::quoted(name)),
                    _ => format!("${{toString ({} + \"\")}}", strings::quoted(name)),
                }
            }
            2 | 3 => {
                self.mark("quoted key");
                strings::quoted(name)
            }
            _ => strings::key(name),
        }
    }

    /// Ways to make a value of this kind.
    fn typed(&mut self, kind: &Type, depth: usize) -> Program {
        let pieces = match kind {
            Type::Null => return self.leaf(kind),
            Type::Int => self.integer(depth),
            Type::Float => {
                self.mark("float");
                self.mark("arithmetic");
                let other = [Type::Int, Type::Float][self.random.below(2)].clone();
                let operator = [" + ", " - ", " * "][self.random.below(3)];
                match self.random.below(4) {
                    0 => {
                        self.mark("negation");
                        pieces!["(-", self.expr(kind, depth), ")"]
                    }
                    1 => {
                        self.mark("division");
                        pieces!["(", self.expr(kind, depth), " / 4)"]
                    }
                    2 => pieces!["(", self.expr(&other, depth), operator, self.expr(kind, depth), ")"],
                    _ => pieces!["(", self.expr(kind, depth), operator, self.expr(&other, depth), ")"],
                }
            }
            Type::Bool => self.boolean(depth),
            Type::Str => return strings::typed(self, depth),
            Type::Path => {
                self.mark("path");
                match self.random.below(4) {
                    0 => pieces!["(", self.expr(kind, depth), " + \"/z\")"],
                    1 => pieces!["(", self.expr(kind, depth), " + ", self.leaf(kind), ")"],
                    2 => pieces!["./q${toString ", self.expr(&Type::Int, depth), "}/r"],
                    _ => {
                        self.mark("builtin");
                        pieces!["(dirOf ", self.expr(kind, depth), ")"]
                    }
                }
            }
            Type::List(inner) => {
                let inner = (**inner).clone();
                self.list(kind, &inner, depth)
            }
            Type::Set(fields) => {
                let fields = fields.clone();
                return self.typed_set(kind, &fields, depth);
            }
            Type::Function(argument, result) => {
                let (argument, result) = ((**argument).clone(), (**result).clone());
                return match self.random.chance(20) {
                    true => self.functor(&argument, &result, depth),
                    false => self.lambda(kind, &argument, &result, depth),
                };
            }
        };
        Program::new(kind, pieces)
    }

    fn integer(&mut self, depth: usize) -> Vec<Piece> {
        let kind = Type::Int;
        match self.random.below(10) {
            0..4 => {
                self.mark("arithmetic");
                // Factors are small: Nix 2.8 has no integer overflow.
                match self.random.pick(&[" + ", " - ", " * "]) {
                    " * " => pieces!["(", self.expr(&kind, depth), " * 3)"],
                    operator => pieces!["(", self.expr(&kind, depth), operator, self.expr(&kind, depth), ")"],
                }
            }
            4 => {
                self.mark("division");
                let by = match self.random.chance(10) {
                    true => self.expr(&kind, depth),
                    false => Program::new(&kind, pieces![self.random.pick(&["2", "3", "(-4)", "7"])]),
                };
                pieces!["(", self.expr(&kind, depth), " / ", by, ")"]
            }
            5 => {
                self.mark("negation");
                pieces!["(-", self.expr(&kind, depth), ")"]
            }
            6 => {
                self.mark("builtin");
                let of = self.data_kind(0);
                pieces!["(builtins.length ", self.expr(&Type::List(Box::new(of)), depth), ")"]
            }
            7 => {
                self.mark("builtin");
                pieces!["(builtins.stringLength ", self.expr(&Type::Str, depth), ")"]
            }
            8 => {
                self.mark("builtin");
                let list = self.expr(&Type::List(Box::new(Type::Int)), depth);
                pieces!["(builtins.foldl' (x: y: x + y) ", self.expr(&kind, depth), " ", list, ")"]
            }
            _ => {
                self.mark("builtin");
                let (left, right) = (self.expr(&kind, depth), self.expr(&kind, depth));
                match self.random.below(6) {
                    0 => pieces!["(builtins.bitAnd ", left, " ", right, ")"],
                    1 => pieces!["(builtins.bitXor ", left, " ", right, ")"],
                    2 => pieces!["(builtins.sub ", left, " ", right, ")"],
                    3 => pieces![
                        "(builtins.compareVersions \"1.${toString ",
                        left,
                        "}\" \"1.${toString ",
                        right,
                        "}a\")"
                    ],
                    4 => pieces![
                        "(builtins.",
                        self.random.pick(&["floor", "ceil"]),
                        " ",
                        self.expr(&Type::Float, depth),
                        ")"
                    ],
                    _ => pieces!["(builtins.mul ", left, " 5)"],
                }
            }
        }
    }

    fn boolean(&mut self, depth: usize) -> Vec<Piece> {
        let kind = Type::Bool;
        match self.random.below(14) {
            0 | 1 => {
                self.mark("equality");
                let operator = [" == ", " != "][self.random.below(2)];
                let left = self.kind(1);
                let left = if let Type::Function(..) = left { Type::Path } else { left };
                let right = if self.random.chance(15) { self.data_kind(1) } else { left.clone() };
                pieces!["(", self.expr(&left, depth), operator, self.expr(&right, depth), ")"]
            }
            2 | 3 => {
                self.mark("comparison");
                let operator = self.random.pick(&[" < ", " <= ", " > ", " >= "]);
                let (left, right) = match self.random.below(6) {
                    0 => (Type::Str, Type::Str),
                    1 => (Type::Path, Type::Path),
                    2 => (Type::Float, Type::Int),
                    3 => (Type::List(Box::new(Type::Int)), Type::List(Box::new(Type::Int))),
                    4 => (Type::Float, Type::Float),
                    _ => (Type::Int, Type::Int),
                };
                pieces!["(", self.expr(&left, depth), operator, self.expr(&right, depth), ")"]
            }
            4 | 5 => {
                self.mark("boolean operator");
                let operator = [" && ", " || "][self.random.below(2)];
                pieces!["(", self.expr(&kind, depth), operator, self.expr(&kind, depth), ")"]
            }
            6 => {
                self.mark("implication");
                pieces!["(", self.expr(&kind, depth), " -> ", self.expr(&kind, depth), ")"]
            }
            7 | 8 => {
                self.mark("not");
                pieces!["(!", self.expr(&kind, depth), ")"]
            }
            9 => {
                self.mark("has attribute");
                let of = self.data_kind(1);
                let (base, path) = self.maybe_missing(&of, depth);
                pieces!["(", base, " ? ", path, ")"]
            }
            10 => {
                self.mark("builtin");
                let of = self.data_kind(0);
                let list = self.expr(&Type::List(Box::new(of.clone())), depth);
                match self.random.below(3) {
                    0 => pieces!["(builtins.elem ", self.expr(&of, depth), " ", list, ")"],
                    at => {
                        let name = ["any", "all"][at - 1];
                        let test = Type::Function(Box::new(of.clone()), Box::new(Type::Bool));
                        let test = self.lambda(&test, &of, &Type::Bool, depth.min(2));
                        pieces![format!("(builtins.{name} "), test, " ", list, ")"]
                    }
                }
            }
            11 => {
                self.mark("builtin");
                let of = self.kind(1);
                let test = self.random.pick(&[
                    "isAttrs",
                    "isBool",
                    "isFloat",
                    "isFunction",
                    "isInt",
                    "isList",
                    "isNull",
                    "isPath",
                    "isString",
                ]);
                pieces![format!("(builtins.{test} "), self.expr(&of, depth), ")"]
            }
            12 => {
                self.mark("builtin");
                let names = self.names(1);
                let of = self.data_kind(1);
                let set = if self.random.chance(50) {
                    Type::Set(vec![(names[0].clone(), of)])
                } else {
                    Type::Set(Vec::new())
                };
                pieces![
                    format!("(builtins.hasAttr {} ", strings::quoted(&names[0])),
                    self.expr(&set, depth),
                    ")"
                ]
            }
            _ => {
                self.mark("tryEval");
                let of = self.data_kind(1);
                let value = match self.random.below(4) {
                    0 => Program::new(&of, pieces!["(throw \"caught\")"]),
                    1 => Program::new(&of, pieces!["[ (throw \"not forced\") ]"]),
                    2 => Program::new(
                        &of,
                        pieces!["(assert ", self.expr(&kind, depth), "; ", self.expr(&of, depth), ")"],
                    ),
                    _ => self.expr(&of, depth),
                };
                pieces!["(builtins.tryEval ", value, ").success"]
            }
        }
    }

    fn list(&mut self, kind: &Type, inner: &Type, depth: usize) -> Vec<Piece> {
        let choice = self.random.below(12);
        if choice > 4 {
            self.mark("builtin");
        }
        match choice {
            0..3 => {
                self.mark("list");
                let count = self.random.below(5);
                let mut pieces = pieces!["[ "];
                for _ in 0..count {
                    pieces.push(Piece::Optional(pieces![self.expr(inner, depth), " "]));
                }
                pieces.push("]".into());
                pieces
            }
            3 | 4 => {
                self.mark("concat");
                pieces!["(", self.expr(kind, depth), " ++ ", self.expr(kind, depth), ")"]
            }
            5 | 6 => {
                let from = self.kind(1);
                let function = Type::Function(Box::new(from.clone()), Box::new(inner.clone()));
                let list = self.expr(&Type::List(Box::new(from)), depth);
                // Versions of Nix differ in when they look at the function.
                pieces!["(map ", self.typed(&function, depth), " ", list, ")"]
            }
            7 => {
                let test = Type::Function(Box::new(inner.clone()), Box::new(Type::Bool));
                let test = self.lambda(&test, inner, &Type::Bool, depth.min(2));
                let list = self.expr(kind, depth);
                match self.random.below(3) {
                    0 => pieces!["(builtins.partition ", test, " ", list, ").right"],
                    _ => pieces!["(builtins.filter ", test, " ", list, ")"],
                }
            }
            8 => {
                let function = Type::Function(Box::new(Type::Int), Box::new(inner.clone()));
                pieces![
                    "(builtins.genList ",
                    self.typed(&function, depth),
                    format!(" {})", self.random.below(5))
                ]
            }
            9 => match inner {
                Type::Int | Type::Float | Type::Str => {
                    let order = ["a < b", "a > b"][self.random.below(2)];
                    pieces![format!("(builtins.sort (a: b: {order}) "), self.expr(kind, depth), ")"]
                }
                _ => pieces![
                    "(builtins.concatLists [ ",
                    self.expr(kind, depth),
                    " ",
                    self.expr(kind, depth),
                    " ])"
                ],
            },
            10 => match inner {
                Type::Str => {
                    let set = self.data_kind(2);
                    let set =
                        if let Type::Set(_) = set { set } else { Type::Set(vec![("a".to_owned(), set)]) };
                    pieces!["(builtins.attrNames ", self.expr(&set, depth), ")"]
                }
                _ => {
                    let fields = self.names(3).into_iter().map(|name| (name, inner.clone())).collect();
                    pieces!["(builtins.attrValues ", self.expr(&Type::Set(fields), depth), ")"]
                }
            },
            _ => {
                let of = Type::List(Box::new(Type::Set(vec![("a".to_owned(), inner.clone())])));
                match self.random.below(3) {
                    0 => pieces![
                        "(builtins.tail ([ ",
                        self.leaf(inner),
                        " ] ++ ",
                        self.expr(kind, depth),
                        "))"
                    ],
                    1 => pieces!["(builtins.catAttrs \"a\" ", self.expr(&of, depth), ")"],
                    _ => {
                        let function = Type::Function(Box::new(Type::Int), Box::new(kind.clone()));
                        let list = self.expr(&Type::List(Box::new(Type::Int)), depth);
                        pieces!["(builtins.concatMap ", self.expr(&function, depth), " ", list, ")"]
                    }
                }
            }
        }
    }

    fn typed_set(&mut self, kind: &Type, fields: &[(String, Type)], depth: usize) -> Program {
        let part = |generator: &mut Self| {
            let kept = fields.iter().filter(|_| generator.random.chance(60)).cloned().collect();
            Type::Set(kept)
        };
        let pieces = match self.random.below(10) {
            0..3 => {
                self.mark("update");
                let (left, right) = (part(self), part(self));
                let rest = fields.iter().filter(|field| {
                    let has = |set: &Type| matches!(set, Type::Set(of) if of.contains(field));
                    !has(&left) && !has(&right)
                });
                let rest = Type::Set(rest.cloned().collect());
                pieces![
                    "(",
                    self.expr(&left, depth),
                    " // ",
                    self.expr(&rest, depth),
                    " // ",
                    self.expr(&right, depth),
                    ")"
                ]
            }
            3 => {
                self.mark("builtin");
                let mut more = fields.to_vec();
                let extra = self.names(1).pop().expect("a name");
                if fields.iter().all(|(name, _)| *name != extra) {
                    let of = self.data_kind(0);
                    more.push((extra.clone(), of));
                }
                let name =
                    if more.len() > fields.len() { strings::quoted(&extra) } else { "\"none\"".to_owned() };
                pieces!["(removeAttrs ", self.expr(&Type::Set(more), depth), format!(" [ {name} \"none\" ])")]
            }
            4 => {
                self.mark("builtin");
                let mut pieces = pieces!["(builtins.listToAttrs [ "];
                for (name, of) in fields {
                    let name = strings::quoted(name);
                    pieces.extend(pieces![
                        format!("{{ name = {name}; value = "),
                        self.expr(of, depth),
                        "; } "
                    ]);
                    if self.random.chance(15) {
                        pieces.push(Piece::Optional(pieces![format!("{{ name = {name}; value = 1; }} ")]));
                    }
                }
                pieces.push("])".into());
                pieces
            }
            5 => {
                self.mark("builtin");
                let names: String =
                    fields.iter().map(|(name, _)| format!("{} = null; ", strings::quoted(name))).collect();
                pieces![format!("(builtins.intersectAttrs {{ {names}}} "), self.expr(kind, depth), ")"]
            }
            6 if !fields.is_empty() && fields.iter().all(|(_, of)| *of == fields[0].1) => {
                self.mark("builtin");
                let from = self.data_kind(0);
                let inner = Type::Function(Box::new(from.clone()), Box::new(fields[0].1.clone()));
                let function = Type::Function(Box::new(Type::Str), Box::new(inner.clone()));
                let source = fields.iter().map(|(name, _)| (name.clone(), from.clone())).collect();
                let function = self.lambda(&function, &Type::Str, &inner, depth);
                pieces!["(builtins.mapAttrs ", function, " ", self.expr(&Type::Set(source), depth), ")"]
            }
            _ => return self.set(kind, depth),
        };
        Program::new(kind, pieces)
    }
}
