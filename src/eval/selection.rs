//! `set.name`, for sets that are known and for what is known by name only.

use std::rc::Rc;

use super::condition::Condition;
use super::lookup::either;
use super::machine::Machine;
use super::scope::Realm;
use super::value::{Name, Platform, Reason, Symbol, SymbolRoot, Unknown, Val, Value};
use super::{builtins, library};
use crate::nixos::platforms;
use crate::text::Span;

/// Names below a symbol.
const MAX_PATH: usize = 256;

/// What `stdenv.hostPlatform` of a system has under `name`, at `span`: its name, or a flag. Names that stand for
/// others, such as `x86_64-unknown-linux-gnu`, are not read.
pub fn platform_attribute(system: &str, name: &str, span: Option<Span>) -> Option<Val> {
    match name {
        "system" => platforms::is_system(system).then(|| Val::string(system)),
        flag => Some(Val::at(Value::Bool(platforms::flag(system, flag)?), span)),
    }
}

impl Machine<'_> {
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
            (SymbolRoot::Packages(_), []) if &*text == "lib" => {
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
                return Val::at(Value::Path(self.loader().root().into()), span);
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
            (SymbolRoot::Packages(platform), _)
                if let Some(val) = self.of_platform(platform, &path, span) =>
            {
                return val;
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

    /// What stands at a path of a set of packages, where that says something about its platform:
    /// `stdenv.hostPlatform.isLinux`, `stdenv.isLinux`, `system`. `pkgs` of a host says what the option
    /// `nixpkgs.hostPlatform` says (nixos/modules/misc/nixpkgs.nix of nixpkgs).
    fn of_platform(&self, platform: &Platform, path: &[Name], span: Option<Span>) -> Option<Val> {
        // Nearly all are names of packages.
        if path.len() > 3 || !matches!(&*self.text_of(*path.first()?), "system" | "stdenv" | "hostPlatform") {
            return None;
        }
        let texts: Vec<Rc<str>> = path.iter().map(|name| self.text_of(*name)).collect();
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        match texts.as_slice() {
            ["system"] => {}
            ["stdenv", flag] if platforms::is_flag_of_stdenv(flag) => {}
            ["stdenv", "hostPlatform", name] | ["hostPlatform", name]
                if *name == "system" || platforms::is_flag(name) => {}
            _ => return None,
        }
        let (name, text) = (*path.last()?, *texts.last()?);
        match platform {
            Platform::Host => {
                let path = vec![self.name("nixpkgs"), self.name("hostPlatform"), name];
                let root = SymbolRoot::Config(Realm::System);
                Some(Val::at(Value::Symbol(Rc::new(Symbol { root, path })), span))
            }
            Platform::Of(system) => {
                platform_attribute(&self.settled(&self.force(system)).as_str()?, text, span)
            }
            Platform::Unknown => None,
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
    pub(super) fn module_argument<'s>(&self, symbol: &'s Symbol) -> Option<&'s [Name]> {
        match (&symbol.root, symbol.path.as_slice()) {
            (SymbolRoot::Config(_), [module, args, rest @ ..])
                if *self.text_of(*module) == *"_module" && *self.text_of(*args) == *"args" =>
            {
                Some(rest)
            }
            _ => None,
        }
    }

    /// The system that packages are for, where it is known.
    pub fn system_of_packages(&self, packages: &Val) -> Option<String> {
        let path = ["stdenv", "hostPlatform", "system"];
        let select = |val: Val, name| self.select_or_unknown(&val, self.name(name));
        path.into_iter().fold(packages.clone(), select).as_str()
    }

    /// A symbol as it would be written.
    pub fn symbol_text(&self, symbol: &Symbol) -> String {
        if let Some(argument @ [_, ..]) = self.module_argument(symbol) {
            return self.path_text(argument);
        }
        let root = match &symbol.root {
            SymbolRoot::Packages(_) => "pkgs".to_owned(),
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
}
