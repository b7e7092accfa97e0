//! Names of nixpkgs' `lib` and of its packages that a file uses and that are old or not there.
//!
//! What `lib` and `pkgs` are is said by the text of the file alone: arguments of these names, and what is bound
//! to them. Whether the project hands files another `lib` is for others to say.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::nixos::{library, packages};
use crate::semantic::{AttrSet, BinaryOp, Expr, ExprId, Ir, Key, Part, Symbol};
use crate::text::TextRange;

/// Where a name was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameForm {
    /// `base.name`; these are the bytes of the whole selection where it ends with the name.
    Selected(Option<TextRange>),
    /// `inherit (base) name;`
    Inherited,
    /// A name that a `with` supplies.
    With,
}

/// A name that is old, or that its set does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameUse {
    /// The path of the set, such as `lib.types` or `pkgs`.
    pub set: Box<str>,
    /// The name.
    pub name: Box<str>,
    /// Bytes of the name.
    pub range: TextRange,
    /// How it is written.
    pub form: NameForm,
    /// Bytes of what the name is selected from, as far as it is one expression.
    pub base: Option<TextRange>,
}

/// What a file says of `lib` and `pkgs`.
#[derive(Debug, Default)]
pub struct Names {
    /// The notable uses, in no particular order.
    pub uses: Vec<NameUse>,
    /// Whether it makes a `lib` that is not nixpkgs' own.
    pub extends_library: bool,
    /// Whether a function inside of the file has an argument called `lib`, `pkgs` and so on: anything may be passed
    /// to it, while the function that the file is gets what nixpkgs and the module system pass.
    pub has_inner_arguments: bool,
}

/// What a value is: a path such as `lib.types`, `pkgs.stdenv`, `nixpkgs`, `inputs`.
type Meaning = Option<Rc<str>>;

/// Names that ask which nixpkgs this is; a file with one of them knows what it does.
const VERSION_CHECKS: [&str; 3] = ["versionAtLeast", "versionOlder", "oldestSupportedReleaseIsAtLeast"];

impl Names {
    pub(super) fn of(ir: &Ir) -> Self {
        if !ir.names().any(|name| matches!(name, "lib" | "pkgs" | "stdenv")) {
            return Self::default();
        }
        let below = |id: &ExprId| match ir.expr(*id) {
            Expr::Lambda(lambda) => Some(lambda.body),
            _ => None,
        };
        let head = std::iter::successors(Some(ir.root()), below).collect();
        let (scopes, asked) = (Vec::new(), FxHashSet::default());
        let mut walk = Walk { ir, head, scopes, found: Self::default(), asked };
        walk.expr(ir.root(), Role::Other);
        let Walk { mut found, asked, .. } = walk;
        let has_checks = ir.names().any(|name| VERSION_CHECKS.contains(&name));
        found.uses.retain(|one| !has_checks && !asked.contains(&format!("{}.{}", one.set, one.name)));
        found
    }
}

/// What the value of an attribute or argument is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The set of a flake's outputs, or what stands below `flake`: its `lib` is no argument.
    Outputs,
    Other,
}

enum Scope {
    /// Bindings, by slot.
    Bindings(Vec<Meaning>),
    /// `with`.
    With(Meaning),
}

struct Walk<'i> {
    ir: &'i Ir,
    /// The function that the file is, and what it gives.
    head: Vec<ExprId>,
    scopes: Vec<Scope>,
    found: Names,
    /// What the file asks for with `?`.
    asked: FxHashSet<String>,
}

impl<'i> Walk<'i> {
    fn text(&self, name: Symbol) -> &'i str {
        self.ir.name(name)
    }

    fn expr(&mut self, id: ExprId, role: Role) {
        match self.ir.expr(id) {
            Expr::Str(parts) | Expr::Path(_, parts) => {
                for part in parts {
                    if let Part::Interpolation { expr, .. } = part {
                        self.expr(*expr, Role::Other);
                    }
                }
            }
            Expr::List(items) => items.iter().for_each(|item| self.expr(*item, Role::Other)),
            Expr::Attrs(set) => self.set(set, role),
            Expr::Let(node) => {
                self.bind(&node.0);
                self.values(&node.0, Role::Other, true);
                self.expr(node.1, role);
                self.scopes.pop();
            }
            Expr::Lambda(lambda) => {
                let mut slots: Vec<Meaning> = Vec::new();
                for formal in lambda.formals.iter().flatten() {
                    slots.push(argument(self.text(formal.name)));
                }
                let is_pattern = lambda.formals.is_some();
                slots.extend(lambda.name.map(|name| match self.text(name) {
                    "inputs" => Some("inputs".into()),
                    "lib" if !is_pattern => Some("lib".into()),
                    "pkgs" if !is_pattern => Some("pkgs".into()),
                    _ => None,
                }));
                let is_of_nixpkgs = |slot: &Meaning| {
                    slot.as_deref().is_some_and(|path| path == "lib" || path.starts_with("pkgs"))
                };
                self.found.has_inner_arguments |= !self.head.contains(&id) && slots.iter().any(is_of_nixpkgs);
                self.scopes.push(Scope::Bindings(slots));
                for (slot, formal) in lambda.formals.iter().flatten().enumerate() {
                    let Some(default) = formal.default else { continue };
                    self.expr(default, Role::Other);
                    let meaning = self.meaning(default, 0);
                    // Who passes nothing gets the default.
                    if let Some(Scope::Bindings(slots)) = self.scopes.last_mut()
                        && slots[slot].is_some()
                        && slots[slot] != meaning
                    {
                        slots[slot] = None;
                    }
                }
                self.expr(lambda.body, role);
                self.scopes.pop();
            }
            Expr::Apply(function, argument) => {
                self.expr(*function, Role::Other);
                self.expr(*argument, Role::Other);
            }
            Expr::Select(node) => {
                self.expr(node.0, Role::Other);
                self.keys(&node.1);
                if let Some(default) = node.2 {
                    // `pkgs.new or pkgs.old` is for both: what the first has is asked for.
                    let known = self.found.uses.len();
                    self.expr(default, Role::Other);
                    if self.meaning(node.0, 0).is_some() {
                        self.found.uses.truncate(known);
                    }
                } else if let Some(base) = self.meaning(node.0, 0) {
                    self.select(id, node.0, base, &node.1);
                }
            }
            Expr::HasAttr(node) => {
                self.expr(node.0, Role::Other);
                self.keys(&node.1);
                if let Some(base) = self.meaning(node.0, 0) {
                    let mut path = base.to_string();
                    for key in &node.1 {
                        let Key::Static(name, _) = key else { break };
                        path = format!("{path}.{}", self.text(*name));
                        self.asked.insert(path.clone());
                    }
                }
            }
            Expr::If(node) => {
                self.expr(node[0], Role::Other);
                self.expr(node[1], role);
                self.expr(node[2], role);
            }
            Expr::Assert(condition, body) => {
                self.expr(*condition, Role::Other);
                self.expr(*body, role);
            }
            Expr::With(set, body) => {
                self.expr(*set, Role::Other);
                let meaning = self.meaning(*set, 0);
                self.scopes.push(Scope::With(meaning));
                self.expr(*body, role);
                self.scopes.pop();
            }
            Expr::Not(inner) | Expr::Negate(inner) => self.expr(*inner, Role::Other),
            Expr::Binary(operator, left, right) => {
                let is_library = |id| self.meaning(id, 0).as_deref() == Some("lib");
                if *operator == BinaryOp::Update && (is_library(*left) || is_library(*right)) {
                    self.found.extends_library = true;
                }
                self.expr(*left, role);
                self.expr(*right, role);
            }
            Expr::WithName(name) => {
                let name = *name;
                self.with_name(id, name);
            }
            _ => {}
        }
    }

    fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            if let Key::Dynamic(expr) = key {
                self.expr(*expr, Role::Other);
            }
        }
    }

    fn set(&mut self, set: &AttrSet, role: Role) {
        if set.recursive {
            self.bind(set);
        }
        self.values(set, role, set.recursive);
        if set.recursive {
            self.scopes.pop();
        }
    }

    /// Opens the scope of a recursive set.
    fn bind(&mut self, set: &AttrSet) {
        self.scopes.push(Scope::Bindings(vec![None; set.attrs.len()]));
        // In the order of the text, and again for what stands above what it uses.
        for _ in 0..2 {
            for (slot, attr) in set.attrs.iter().enumerate() {
                let meaning = match attr.inherited {
                    true => {
                        let own = self.scopes.pop();
                        let meaning = self.meaning(attr.value, 0);
                        self.scopes.extend(own);
                        meaning
                    }
                    false => self.meaning(attr.value, 0),
                };
                if let Some(Scope::Bindings(slots)) = self.scopes.last_mut() {
                    slots[slot] = meaning;
                }
            }
        }
    }

    fn values(&mut self, set: &AttrSet, role: Role, is_recursive: bool) {
        for attr in &set.attrs {
            let name = self.text(attr.name).to_owned();
            let own = (attr.inherited && is_recursive).then(|| self.scopes.pop()).flatten();
            if name == "lib" {
                let is_argument = role == Role::Other || is_recursive;
                let is_own = self.meaning(attr.value, 0).as_deref() == Some("lib");
                let is_plain = matches!(self.ir.expr(attr.value), Expr::Attrs(_)) && !is_recursive;
                self.found.extends_library |= is_argument && !is_own && !is_plain;
            }
            let below = match name.as_str() {
                "outputs" | "flake" => Role::Outputs,
                _ => Role::Other,
            };
            self.expr(attr.value, below);
            self.scopes.extend(own);
        }
        for attr in &set.dynamic {
            self.expr(attr.name, Role::Other);
            self.expr(attr.value, Role::Other);
        }
    }

    /// What an expression is.
    fn meaning(&self, id: ExprId, depth: u32) -> Meaning {
        if depth > 8 {
            return None;
        }
        match self.ir.expr(id) {
            Expr::Local { up, slot } => {
                let at = self.scopes.len().checked_sub(1 + *up as usize)?;
                match &self.scopes[at] {
                    Scope::Bindings(slots) => slots.get(*slot as usize)?.clone(),
                    Scope::With(_) => None,
                }
            }
            Expr::Select(node) => {
                let mut meaning = self.meaning(node.0, depth + 1)?;
                for key in &node.1 {
                    let name = match key {
                        Key::Static(name, _) => Some(self.text(*name)),
                        Key::Dynamic(_) => None,
                    };
                    meaning = below(&meaning, name)?;
                }
                Some(meaning)
            }
            Expr::WithName(name) => {
                let name = self.text(*name);
                let set = self.supplier(name)?;
                below(&set, Some(name))
            }
            // `import nixpkgs { … }`
            Expr::Apply(function, _) => match self.ir.expr(*function) {
                Expr::Apply(import, file) if matches!(self.ir.expr(*import), Expr::Global(name) if self.text(*name) == "import") => {
                    (self.meaning(*file, depth + 1).as_deref() == Some("nixpkgs")).then(|| "pkgs".into())
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The set whose `with` supplies a name, if that is certain.
    fn supplier(&self, name: &str) -> Meaning {
        for scope in self.scopes.iter().rev() {
            let Scope::With(meaning) = scope else { continue };
            let meaning = meaning.as_ref()?;
            match library::has(meaning, name) {
                Some(true) => return Some(meaning.clone()),
                Some(false) if library::old(&format!("{meaning}.{name}")).is_some() => {
                    return Some(meaning.clone());
                }
                Some(false) => {}
                None if &**meaning == "pkgs" => return Some(meaning.clone()),
                None => return None,
            }
        }
        None
    }

    fn with_name(&mut self, id: ExprId, name: Symbol) {
        let name = self.text(name);
        let Some(set) = self.supplier(name) else { return };
        if is_old(&set, name) {
            let (name, range) = (name.into(), self.ir.span(id));
            let set = set.as_ref().into();
            self.found.uses.push(NameUse { set, name, range, form: NameForm::With, base: None });
        }
    }

    fn select(&mut self, id: ExprId, base: ExprId, meaning: Rc<str>, keys: &[Key]) {
        let mut set = meaning;
        let whole = self.ir.span(id);
        let is_inherited = matches!(keys, [Key::Static(_, range)] if *range == whole);
        let start = self.ir.span(base).start();
        let mut before = self.ir.span(base);
        for (index, key) in keys.iter().enumerate() {
            let (name, range) = match key {
                Key::Static(name, range) => (Some(self.text(*name)), *range),
                Key::Dynamic(_) => (None, whole),
            };
            if let Some(name) = name {
                if &*set == "lib" && name == "extend" {
                    self.found.extends_library = true;
                }
                if is_old(&set, name) || library::lacks(&set, name) {
                    let is_last = index + 1 == keys.len();
                    let form = match is_inherited {
                        true => NameForm::Inherited,
                        false => NameForm::Selected(is_last.then_some(whole)),
                    };
                    let base = Some(before);
                    let one = NameUse { set: set.as_ref().into(), name: name.into(), range, form, base };
                    self.found.uses.push(one);
                    return;
                }
            }
            match below(&set, name) {
                Some(next) => set = next,
                None => return,
            }
            if !is_inherited {
                before = TextRange::new(start, range.end());
            }
        }
    }
}

/// What an argument of this name is.
fn argument(name: &str) -> Meaning {
    match name {
        "lib" | "pkgs" | "inputs" => Some(name.into()),
        "stdenv" => Some("pkgs.stdenv".into()),
        _ if is_nixpkgs(name) => Some("nixpkgs".into()),
        _ => None,
    }
}

fn is_nixpkgs(name: &str) -> bool {
    name == "nixpkgs" || name.starts_with("nixpkgs-")
}

/// What an attribute is; `None` for the name of one that is computed.
fn below(set: &Rc<str>, name: Option<&str>) -> Meaning {
    match (&**set, name) {
        ("pkgs" | "nixpkgs", Some("lib")) => Some("lib".into()),
        ("inputs", Some(name)) if is_nixpkgs(name) => Some("nixpkgs".into()),
        ("inputs", Some("self")) => None,
        ("nixpkgs", Some("legacyPackages")) => Some("nixpkgs.legacyPackages".into()),
        ("nixpkgs.legacyPackages", _) => Some("pkgs".into()),
        (path, Some(name)) if path.starts_with("lib") || path.starts_with("pkgs") => {
            Some(format!("{path}.{name}").into())
        }
        _ => None,
    }
}

/// Whether the name is in one of the tables of old names.
fn is_old(set: &str, name: &str) -> bool {
    match set.split_once('.').map_or(set, |(first, _)| first) {
        "lib" => library::old(&format!("{set}.{name}")).is_some(),
        "pkgs" => packages::may_be_old(name) && packages::old(&format!("{set}.{name}")).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::lower;
    use crate::syntax::parse;

    fn found(source: &str) -> String {
        let names = Names::of(&lower(&parse(source).root()).ir);
        let mut uses: Vec<String> =
            names.uses.iter().map(|one| format!("{}.{}", one.set, one.name)).collect();
        uses.sort();
        if names.extends_library {
            uses.push("extended".to_owned());
        }
        uses.join(" ")
    }

    #[test]
    fn names_are_followed() {
        for (source, uses) in [
            ("{ lib, ... }: lib.mkIff true { }", "lib.mkIff"),
            ("{ lib, ... }: lib.types.strng", "lib.types.strng"),
            ("{ lib, ... }: let inherit (lib) types mkOptin; in types.strng", "lib.mkOptin lib.types.strng"),
            ("{ pkgs, ... }: let inherit (pkgs) lib; in with lib; with types; string", "lib.types.string"),
            ("{ nixpkgs, ... }: let lib = nixpkgs.lib; in lib.nixosSystm { }", "lib.nixosSystm"),
            ("{ inputs, ... }: inputs.nixpkgs.lib.genAtrs", "lib.genAtrs"),
            ("{ lib, ... }: lib.licenses.mitt", "lib.licenses.mitt"),
            ("{ nixpkgs }: (import nixpkgs { }).lib.foo", "lib.foo"),
            ("{ pkgs, ... }: pkgs.stdenv.lib.mkIf", "pkgs.stdenv.lib"),
            ("{ pkgs, ... }: with pkgs; [ system ]", "pkgs.system"),
        ] {
            assert_eq!(found(source), uses, "{source}");
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for source in [
            "{ lib, ... }: lib.mkIff or 1",
            "{ lib, ... }: if lib ? mkIff then lib.mkIff else 1",
            "{ lib, ... }: lib.hm.dag.entryAfter",
            "{ lib, ... }: lib.systems.examples.anything",
            "{ lib ? import ./lib { }, ... }: lib.mkIff",
            "{ config, ... }: config.lib.mkIff",
            "{ inputs, ... }: inputs.own.lib.mkIff",
            "{ lib, ... }: with lib; mkIff",
            "{ lib, ... }: if lib.versionAtLeast lib.version \"24.05\" then lib.mkIff else 1",
        ] {
            assert_eq!(found(source), "", "{source}");
        }
    }

    #[test]
    fn other_libraries_are_seen() {
        for source in [
            "{ nixpkgs, ... }: let lib = nixpkgs.lib.extend (_: _: { }); in lib.x",
            "{ nixpkgs, home-manager, ... }: let lib = nixpkgs.lib // home-manager.lib; in lib.mkIff",
            "{ inputs, ... }: let inherit (inputs.own) lib; in lib.mkIff",
            "inputs: { specialArgs = { lib = import ./lib; }; }",
            "inputs: f { lib = inputs.own.lib; }",
        ] {
            assert!(found(source).ends_with("extended"), "{source}: {}", found(source));
        }
        for source in [
            "{ outputs = { nixpkgs, ... }: { lib = import ./lib; }; }",
            "{ nixpkgs, ... }: let inherit (nixpkgs) lib; in f { inherit lib; }",
            "{ lib, ... }: f { inherit lib; }",
        ] {
            assert!(!found(source).contains("extended"), "{source}");
        }
    }
}
