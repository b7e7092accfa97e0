//! Sets of modules: random in what they say, and made so that Nix accepts most of it.
//!
//! Options have an order, and what is said of one refers to earlier ones only, so that nothing needs itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Modules that are merged.
pub(crate) struct Set {
    /// File name to text.
    pub files: BTreeMap<String, String>,
    /// The files that are listed, in order.
    pub roots: Vec<String>,
    /// The options, dotted.
    pub paths: Vec<String>,
}

impl Set {
    /// The modules as one text, for messages.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("modules = [ {} ]\n", self.roots.join(" "));
        for (name, file) in &self.files {
            let _ = writeln!(text, "--- {name}\n{file}");
        }
        text
    }
}

/// The constructs that every run must exercise, each by a text that shows it.
const CONSTRUCTS: [(&str, &str); 27] = [
    ("imports", "imports = ["),
    ("mkIf", "mkIf"),
    ("mkMerge", "mkMerge"),
    ("mkDefault", "mkDefault"),
    ("mkForce", "mkForce"),
    ("mkOverride", "mkOverride"),
    ("mkVMOverride", "mkVMOverride"),
    ("mkOptionDefault", "mkOptionDefault"),
    ("mkBefore", "mkBefore"),
    ("mkAfter", "mkAfter"),
    ("mkOrder", "mkOrder"),
    ("config.x", "config.o"),
    ("attrsOf submodule", "attrsOf (lib.types.submodule"),
    ("submodule", " (lib.types.submodule"),
    ("listOf", "lib.types.listOf"),
    ("lines", "lib.types.lines"),
    ("separatedString", "lib.types.separatedString"),
    ("nullOr", "lib.types.nullOr"),
    ("enum", "lib.types.enum"),
    ("either", "lib.types.either"),
    ("coercedTo", "lib.types.coercedTo"),
    ("anything", "lib.types.anything"),
    ("enable option", "mkEnableOption"),
    ("computed default", "default = config."),
    ("apply", "apply = "),
    ("disabledModules", "disabledModules"),
    ("freeformType", "freeformType"),
];

/// How many percent of the sets have each construct.
pub(crate) fn shares(sets: &[Set]) -> Vec<(&'static str, usize)> {
    let share = |text: &str| {
        let with = sets.iter().filter(|set| set.files.values().any(|file| file.contains(text))).count();
        with * 100 / sets.len()
    };
    CONSTRUCTS.iter().map(|(name, text)| (*name, share(text))).collect()
}

/// The set that belongs to a seed.
pub(crate) fn set(seed: u64) -> Set {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..8 {
        random.next();
    }
    Generator { random, options: Vec::new() }.set()
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 33) % end as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Bool,
    Int,
    Str,
    Enum,
    Lines,
    Commas,
    Ints,
    Strs,
    NullInt,
    Either,
    Coerced,
    Anything,
    IntSet,
    ListSet,
    LazySet,
    Submodule,
    Submodules,
    SubmoduleList,
    Freeform,
}

const KINDS: [Kind; 19] = [
    Kind::Bool,
    Kind::Int,
    Kind::Str,
    Kind::Enum,
    Kind::Lines,
    Kind::Commas,
    Kind::Ints,
    Kind::Strs,
    Kind::NullInt,
    Kind::Either,
    Kind::Coerced,
    Kind::Anything,
    Kind::IntSet,
    Kind::ListSet,
    Kind::LazySet,
    Kind::Submodule,
    Kind::Submodules,
    Kind::SubmoduleList,
    Kind::Freeform,
];

struct Opt {
    path: String,
    kind: Kind,
}

struct Generator {
    random: Random,
    options: Vec<Opt>,
}

/// What one module says.
#[derive(Default, Clone)]
struct Module {
    options: Vec<(String, String)>,
    /// Path and value.
    config: Vec<(String, String)>,
    imports: Vec<String>,
    disabled: Vec<String>,
}

impl Generator {
    fn set(mut self) -> Set {
        let count = 2 + self.random.below(5);
        let mut modules = vec![Module::default(); count];
        self.options.push(Opt { path: "o0.enable".to_owned(), kind: Kind::Bool });
        let wanted = 5 + self.random.below(6);
        for number in 1..wanted {
            let kind = *self.random.pick(&KINDS);
            let path = match self.random.below(4) {
                0 => format!("o{number}"),
                1 => format!("o{number}.a"),
                2 => format!("o0.v{number}"),
                _ => format!("on.deep.x{number}"),
            };
            self.options.push(Opt { path, kind });
        }
        for number in 0..wanted {
            let declaring = if self.random.chance(60) { 0 } else { self.random.below(count) };
            let declaration = self.declaration(number);
            let path = self.options[number].path.clone();
            modules[declaring].options.push((path, declaration));
            self.define(number, &mut modules);
        }
        self.write(modules)
    }

    fn declaration(&mut self, number: usize) -> String {
        let kind = self.options[number].kind;
        let ty = self.type_of(kind);
        if kind == Kind::Bool && self.random.chance(50) {
            return match self.random.below(3) {
                0 => "lib.mkEnableOption \"it\" // { default = true; }".to_owned(),
                _ => "lib.mkEnableOption \"it\"".to_owned(),
            };
        }
        let mut text = format!("lib.mkOption {{ type = {ty};");
        if self.random.chance(85) {
            let default = self.value(kind, number, 1);
            let earlier = self.earlier(number, kind);
            let default = match earlier {
                Some(path) if self.random.chance(40) => format!("config.{path}"),
                _ => default,
            };
            let _ = write!(text, " default = {default};");
        }
        if self.random.chance(10) {
            let apply = match kind {
                Kind::Int => Some("x: x + 1"),
                Kind::Str | Kind::Lines | Kind::Commas => Some("x: \"<\" + x + \">\""),
                Kind::Ints | Kind::Strs => Some("x: lib.reverseList x"),
                Kind::Bool => Some("x: !x"),
                _ => None,
            };
            if let Some(apply) = apply {
                let _ = write!(text, " apply = {apply};");
            }
        }
        text.push_str(" }");
        text
    }

    fn type_of(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Bool => "lib.types.bool".to_owned(),
            Kind::Int => match self.random.below(4) {
                0 => "lib.types.port".to_owned(),
                1 => "lib.types.ints.unsigned".to_owned(),
                2 => "(lib.types.ints.between 0 100)".to_owned(),
                _ => "lib.types.int".to_owned(),
            },
            Kind::Str => "lib.types.str".to_owned(),
            Kind::Enum => "lib.types.enum [ \"x\" \"y\" \"z\" ]".to_owned(),
            Kind::Lines => "lib.types.lines".to_owned(),
            Kind::Commas => match self.random.below(2) {
                0 => "lib.types.commas".to_owned(),
                _ => "lib.types.separatedString \"; \"".to_owned(),
            },
            Kind::Ints => "lib.types.listOf lib.types.int".to_owned(),
            Kind::Strs => "with lib.types; lib.types.listOf str".to_owned(),
            Kind::NullInt => "lib.types.nullOr lib.types.int".to_owned(),
            Kind::Either => "lib.types.either lib.types.int lib.types.str".to_owned(),
            Kind::Coerced => "lib.types.coercedTo lib.types.int toString lib.types.str".to_owned(),
            Kind::Anything => "lib.types.anything".to_owned(),
            Kind::IntSet => "lib.types.attrsOf lib.types.int".to_owned(),
            Kind::ListSet => "lib.types.attrsOf (lib.types.listOf lib.types.str)".to_owned(),
            Kind::LazySet => "lib.types.lazyAttrsOf lib.types.int".to_owned(),
            Kind::Submodule => {
                let inner = self.submodule();
                format!("lib.types.nullOr (lib.types.submodule {inner})")
            }
            Kind::Submodules => {
                let inner = self.submodule();
                format!("lib.types.attrsOf (lib.types.submodule {inner})")
            }
            Kind::SubmoduleList => {
                let inner = self.submodule();
                format!("lib.types.listOf (lib.types.submodule {inner})")
            }
            Kind::Freeform => {
                "lib.types.submodule { freeformType = lib.types.attrsOf lib.types.int; options.port = lib.mkOption { type = lib.types.int; default = 80; }; }".to_owned()
            }
        }
    }

    /// A module of a submodule: it has the options `enable`, `port`, `tags`, `text`, `level.low`.
    fn submodule(&mut self) -> String {
        let port = match self.random.below(3) {
            0 => "if config.enable then 1 else 2",
            1 => "8080",
            _ => "config.level.low + 1",
        };
        let config = match self.random.below(4) {
            0 => "config.tags = lib.mkIf config.enable [ \"on-${name}\" ];",
            1 => {
                "config = lib.mkMerge [ { tags = lib.mkAfter [ name ]; } (lib.mkIf config.enable { text = \"from ${name}\"; }) ];"
            }
            2 => "config.level.low = lib.mkDefault 7;",
            _ => "",
        };
        format!(
            "({{ name, config, ... }}: {{ options = {{ enable = lib.mkEnableOption \"it\"; port = lib.mkOption {{ type = lib.types.int; default = {port}; }}; tags = lib.mkOption {{ type = lib.types.listOf lib.types.str; default = [ ]; }}; text = lib.mkOption {{ type = lib.types.lines; default = \"\"; }}; level.low = lib.mkOption {{ type = lib.types.int; default = 3; }}; }}; {config} }})"
        )
    }

    /// An earlier option of this kind.
    fn earlier(&mut self, number: usize, kind: Kind) -> Option<String> {
        let all: Vec<String> = self.options[..number]
            .iter()
            .filter(|option| option.kind == kind)
            .map(|option| option.path.clone())
            .collect();
        if all.is_empty() { None } else { Some(self.random.pick(&all).clone()) }
    }

    /// A condition on options before `number`.
    fn condition(&mut self, number: usize, depth: u32) -> String {
        if number == 0 {
            return (*self.random.pick(&["true", "false"])).to_owned();
        }
        if depth < 2 && self.random.chance(20) {
            let (left, right) = (self.condition(number, depth + 1), self.condition(number, depth + 1));
            return format!("({left} {} {right})", self.random.pick(&["&&", "||"]));
        }
        let at = self.random.below(number);
        let (path, kind) = (self.options[at].path.clone(), self.options[at].kind);
        let path = format!("config.{path}");
        let negated = self.random.chance(40);
        let text = match kind {
            Kind::Bool => path,
            Kind::Int => match self.random.below(3) {
                0 => format!("{path} > 3"),
                1 => format!("{path} == 4"),
                _ => format!("lib.elem {path} [ 1 2 3 ]"),
            },
            Kind::Str => format!("{path} == \"s1\""),
            Kind::Enum => format!("{path} == \"x\""),
            Kind::Lines | Kind::Commas => format!("lib.hasInfix \"s1\" {path}"),
            Kind::Ints => format!("{path} != [ ]"),
            Kind::Strs => format!("lib.elem \"s1\" {path}"),
            Kind::NullInt => format!("{path} != null"),
            Kind::Either | Kind::Coerced => format!("{path} == \"s2\""),
            Kind::IntSet | Kind::LazySet => format!("{path} ? k1"),
            Kind::ListSet => format!("{path} != {{ }}"),
            Kind::Anything => format!("{path} == {{ }}"),
            Kind::Freeform => format!("{path}.port == 80"),
            Kind::Submodules => format!("lib.any (one: one.enable) (lib.attrValues {path})"),
            Kind::SubmoduleList => format!("lib.length {path} > 1"),
            Kind::Submodule => format!("{path} == null"),
        };
        if negated { format!("(!({text}))") } else { format!("({text})") }
    }

    fn int(&mut self, number: usize) -> String {
        match self.earlier(number, Kind::Int) {
            Some(path) if self.random.chance(35) => match self.random.below(3) {
                0 => format!("(config.{path} + 1)"),
                1 => format!("(if config.{path} > 2 then 4 else 5)"),
                _ => format!("config.{path}"),
            },
            _ => self.random.below(6).to_string(),
        }
    }

    fn text(&mut self, number: usize) -> String {
        match self.random.below(6) {
            0 => match self.earlier(number, Kind::Str) {
                Some(path) => format!("config.{path}"),
                None => "\"s0\"".to_owned(),
            },
            1 => match self.earlier(number, Kind::Int) {
                Some(path) => format!("\"n${{toString config.{path}}}\""),
                None => "\"s1\"".to_owned(),
            },
            2 => {
                let condition = self.condition(number, 1);
                format!("(lib.optionalString {condition} \"s1\")")
            }
            other => format!("\"s{}\"", other - 2),
        }
    }

    fn list(&mut self, number: usize, ints: bool) -> String {
        let (kind, element) =
            if ints { (Kind::Ints, self.int(number)) } else { (Kind::Strs, self.text(number)) };
        let second = if ints { self.int(number) } else { self.text(number) };
        match self.random.below(7) {
            0 => "[ ]".to_owned(),
            1 => format!("[ {element} ]"),
            2 => {
                let condition = self.condition(number, 1);
                format!("(lib.optional {condition} {element})")
            }
            3 => {
                let condition = self.condition(number, 1);
                format!("([ {element} ] ++ lib.optionals {condition} [ {second} {element} ])")
            }
            4 => match self.earlier(number, kind) {
                Some(path) => format!("(config.{path} ++ [ {element} ])"),
                None => format!("[ {element} ]"),
            },
            5 => {
                let condition = self.condition(number, 1);
                format!("[ (lib.mkIf {condition} {element}) {second} ]")
            }
            _ => format!("[ {element} {second} ]"),
        }
    }

    /// A value for the option `number` that has this kind.
    fn value(&mut self, kind: Kind, number: usize, depth: u32) -> String {
        match kind {
            Kind::Bool => match self.random.below(3) {
                0 => self.condition(number, 1),
                1 => "true".to_owned(),
                _ => "false".to_owned(),
            },
            Kind::Int => self.int(number),
            Kind::Str => self.text(number),
            Kind::Enum => match self.earlier(number, Kind::Enum) {
                Some(path) if self.random.chance(30) => format!("config.{path}"),
                _ => format!("\"{}\"", self.random.pick(&["x", "y", "z"])),
            },
            Kind::Lines | Kind::Commas => self.text(number),
            Kind::Ints => self.list(number, true),
            Kind::Strs => self.list(number, false),
            Kind::NullInt => match self.random.below(3) {
                0 => "null".to_owned(),
                _ => self.int(number),
            },
            Kind::Either | Kind::Coerced => {
                if self.random.chance(50) {
                    self.int(number)
                } else {
                    self.text(number)
                }
            }
            Kind::Anything => self.anything(number, depth),
            Kind::IntSet | Kind::LazySet => {
                let (a, b) = (self.int(number), self.int(number));
                let key = self.random.pick(&["k1", "k2"]);
                match self.random.below(4) {
                    0 => "{ }".to_owned(),
                    1 => format!("{{ {key} = {a}; }}"),
                    2 => format!("{{ k3 = {a}; ${{\"k\" + toString 4}} = {b}; }}"),
                    _ => format!("(lib.genAttrs [ \"g1\" \"g2\" ] (name: {a}))"),
                }
            }
            Kind::ListSet => {
                let (a, b) = (self.list(number, false), self.list(number, false));
                let wrapped = match self.random.below(4) {
                    0 => format!("lib.mkBefore {a}"),
                    1 => {
                        let condition = self.condition(number, 1);
                        format!("lib.mkIf {condition} {a}")
                    }
                    2 => format!("lib.mkDefault {a}"),
                    _ => a,
                };
                match self.random.below(3) {
                    0 => format!("{{ k1 = {wrapped}; }}"),
                    1 => format!("{{ k1 = {wrapped}; k2 = {b}; }}"),
                    _ => format!("{{ k3 = {b}; }}"),
                }
            }
            Kind::Submodule if self.random.chance(15) => "null".to_owned(),
            Kind::Submodule => self.submodule_value(number),
            Kind::Submodules => {
                let first = self.submodule_value(number);
                match self.random.below(3) {
                    0 => format!("{{ one = {first}; }}"),
                    1 => {
                        let second = self.submodule_value(number);
                        format!("{{ one = {first}; two = {second}; }}")
                    }
                    _ => "(lib.mapAttrs (name: value: { text = \"${name} ${value}\"; }) { one = \"m\"; three = \"n\"; })".to_owned(),
                }
            }
            Kind::SubmoduleList => {
                let first = self.submodule_value(number);
                match self.random.below(3) {
                    0 => "[ ]".to_owned(),
                    1 => format!("[ {first} ]"),
                    _ => {
                        let second = self.submodule_value(number);
                        let condition = self.condition(number, 1);
                        format!("[ {first} (lib.mkIf {condition} {second}) ]")
                    }
                }
            }
            Kind::Freeform => {
                let a = self.int(number);
                let key = self.random.pick(&["f1", "f2", "port"]);
                match self.random.below(3) {
                    0 => format!("{{ {key} = lib.mkDefault {a}; }}"),
                    1 => {
                        let condition = self.condition(number, 1);
                        format!("{{ f3 = lib.mkIf {condition} 3; }}")
                    }
                    _ => "{ }".to_owned(),
                }
            }
        }
    }

    fn submodule_value(&mut self, number: usize) -> String {
        let mut text = String::from("{");
        if self.random.chance(40) {
            let value = match self.random.below(3) {
                0 => "true".to_owned(),
                1 => "lib.mkForce true".to_owned(),
                _ => self.condition(number, 1),
            };
            let _ = write!(text, " enable = {value};");
        }
        if self.random.chance(25) {
            let value = self.int(number);
            let wrap = self.random.pick(&["lib.mkForce", "lib.mkOverride 60", "lib.mkDefault"]);
            let _ = write!(text, " port = {wrap} {value};");
        }
        if self.random.chance(40) {
            let value = self.list(number, false);
            let wrap = self.random.pick(&["", "lib.mkBefore", "lib.mkAfter", "lib.mkOrder 1200"]);
            let _ = write!(text, " tags = {wrap} {value};");
        }
        if self.random.chance(40) {
            let value = self.text(number);
            let _ = write!(text, " text = {value};");
        }
        if self.random.chance(15) {
            let value = self.int(number);
            let _ = write!(text, " level.low = lib.mkForce {value};");
        }
        text.push_str(" }");
        text
    }

    fn anything(&mut self, number: usize, depth: u32) -> String {
        if depth > 2 {
            return self.int(number);
        }
        let a = self.int(number);
        match self.random.below(4) {
            0 => "{ }".to_owned(),
            1 => format!("{{ {} = {a}; }}", self.random.pick(&["p1", "p2.q", "p3.q.r"])),
            2 => {
                let inner = self.anything(number, depth + 1);
                if inner.starts_with('{') { format!("{{ inner = {inner}; }}") } else { "{ }".to_owned() }
            }
            _ => {
                let condition = self.condition(number, 1);
                format!("{{ when = lib.mkIf {condition} 9; }}")
            }
        }
    }

    /// Definitions of the option `number` in some of the modules.
    fn define(&mut self, number: usize, modules: &mut [Module]) {
        let kind = self.options[number].kind;
        let path = self.options[number].path.clone();
        let is_scalar = matches!(
            kind,
            Kind::Bool | Kind::Int | Kind::Str | Kind::Enum | Kind::NullInt | Kind::Either | Kind::Coerced
        );
        let count = self.random.below(if is_scalar { 4 } else { 5 });
        let mut strengths = vec![
            "",
            "lib.mkDefault ",
            "lib.mkForce ",
            "lib.mkOverride 70 ",
            "lib.mkVMOverride ",
            "lib.mkOptionDefault ",
        ];
        for _ in 0..count {
            let value = self.value(kind, number, 0);
            let definition = if is_scalar {
                // Each of another strength, so that they do not conflict.
                let strength = strengths.remove(self.random.below(strengths.len().min(5)));
                let value = format!("{strength}{value}");
                match self.random.below(5) {
                    0 | 1 => value,
                    2 => format!("lib.mkMerge [ ({value}) ]"),
                    3 => {
                        let (condition, other) = (self.condition(number, 0), self.value(kind, number, 0));
                        format!(
                            "lib.mkMerge [ (lib.mkIf {condition} ({strength}{other})) (lib.mkIf (!{condition}) ({value})) ]"
                        )
                    }
                    _ => {
                        let condition = self.condition(number, 0);
                        format!("lib.mkIf {condition} ({value})")
                    }
                }
            } else {
                self.wrapped(number, value, kind, 0)
            };
            let module = self.random.below(modules.len());
            modules[module].config.push((path.clone(), definition));
        }
    }

    fn wrapped(&mut self, number: usize, value: String, kind: Kind, depth: u32) -> String {
        if depth > 2 {
            return format!("({value})");
        }
        let ordered = matches!(kind, Kind::Lines | Kind::Commas | Kind::Ints | Kind::Strs);
        match self.random.below(12) {
            0 | 1 => {
                let condition = self.condition(number, 0);
                let inner = self.wrapped(number, value, kind, depth + 1);
                format!("(lib.mkIf {condition} {inner})")
            }
            2 => {
                let other = self.value(kind, number, 0);
                let (first, second) = (
                    self.wrapped(number, value, kind, depth + 1),
                    self.wrapped(number, other, kind, depth + 1),
                );
                format!("(lib.mkMerge [ {first} {second} ])")
            }
            3 => format!("(lib.mkDefault ({value}))"),
            4 if self.random.chance(50) => format!("(lib.mkForce ({value}))"),
            5 if ordered => format!("(lib.mkBefore ({value}))"),
            6 if ordered => format!("(lib.mkAfter ({value}))"),
            7 if ordered => format!("(lib.mkOrder 700 ({value}))"),
            8 if ordered && self.random.chance(50) => format!("(lib.mkForce (lib.mkAfter ({value})))"),
            _ => format!("({value})"),
        }
    }

    fn write(mut self, mut modules: Vec<Module>) -> Set {
        let count = modules.len();
        let mut roots = Vec::new();
        let name = |number: usize| format!("m{number}.nix");
        for number in 0..count {
            // A module is listed, or an earlier one imports it.
            if number == 0 || self.random.chance(60) {
                roots.push(name(number));
            } else {
                let importer = self.random.below(number);
                modules[importer].imports.push(format!("./{}", name(number)));
                if self.random.chance(15) {
                    roots.push(name(number));
                }
            }
        }
        if self.random.chance(25) {
            let inline = modules[count - 1].config.pop();
            if let Some((path, value)) = inline {
                modules[count - 1].imports.push(format!("{{ {path} = {value}; }}"));
            }
        }
        if self.random.chance(20) {
            // Only what declares nothing can be taken away.
            let silent: Vec<usize> =
                (1..count).filter(|number| declares_nothing(&modules, *number)).collect();
            if !silent.is_empty() {
                let target = *self.random.pick(&silent);
                let by = self.random.below(count);
                if by != target {
                    modules[by].disabled.push(format!("./{}", name(target)));
                }
            }
        }
        let mut files = BTreeMap::new();
        for (number, module) in modules.into_iter().enumerate() {
            files.insert(name(number), self.file(module));
        }
        let paths = self.options.iter().map(|option| option.path.clone()).collect();
        Set { files, roots, paths }
    }

    fn file(&mut self, module: Module) -> String {
        let mut text = String::from("{ config, lib, ... }:\n{\n");
        if !module.imports.is_empty() {
            let _ = writeln!(text, "  imports = [ {} ];", module.imports.join(" "));
        }
        if !module.disabled.is_empty() {
            let _ = writeln!(text, "  disabledModules = [ {} ];", module.disabled.join(" "));
        }
        for (path, option) in &module.options {
            let _ = writeln!(text, "  options.{path} = {option};");
        }
        // Definitions of one path stand in one list, those of others beside them.
        let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for definition in module.config {
            match groups.iter_mut().find(|group| group.iter().all(|(path, _)| *path != definition.0)) {
                Some(group) => group.push(definition),
                None => groups.push(vec![definition]),
            }
        }
        let set = |group: &[(String, String)]| {
            let lines: Vec<String> =
                group.iter().map(|(path, value)| format!("    {path} = {value};\n")).collect();
            format!("{{\n{}  }}", lines.concat())
        };
        let plain = module.options.is_empty() && groups.len() == 1 && self.random.chance(50);
        if plain {
            for (path, value) in &groups[0] {
                let _ = writeln!(text, "  {path} = {value};");
            }
        } else if groups.len() == 1 {
            let wrap = match self.random.below(8) {
                0 => format!("lib.mkIf {} ", self.condition_around(&groups[0])),
                1 => "lib.mkMerge [ { } ".to_owned(),
                _ => String::new(),
            };
            let end = if wrap.contains("mkMerge") { " ]" } else { "" };
            let _ = writeln!(text, "  config = {wrap}{}{end};", set(&groups[0]));
        } else {
            let mut sets = Vec::new();
            for group in &groups {
                sets.push(match self.random.below(5) {
                    0 => format!("(lib.mkIf {} {})", self.condition_around(group), set(group)),
                    _ => set(group),
                });
            }
            let _ = writeln!(text, "  config = lib.mkMerge [ {} ];", sets.join(" "));
        }
        text.push_str("}\n");
        text
    }

    /// A condition on what comes before everything in the group.
    fn condition_around(&mut self, group: &[(String, String)]) -> String {
        let first = self.options.iter().position(|option| group.iter().any(|(path, _)| *path == option.path));
        self.condition(first.unwrap_or(0), 0)
    }
}

fn declares_nothing(modules: &[Module], number: usize) -> bool {
    let below = |module: &Module| -> Vec<usize> {
        let number = |import: &String| import.strip_prefix("./m")?.strip_suffix(".nix")?.parse().ok();
        module.imports.iter().filter_map(number).collect()
    };
    modules[number].options.is_empty()
        && below(&modules[number]).into_iter().all(|inner| declares_nothing(modules, inner))
}
