//! The keys that a file seems to define, read off the text: enough to guess what kind of file it is.

use crate::nixos::roots::{self, ClassGuess, ModuleSystem};
use crate::semantic::{AttrSet, Expr, ExprId, Ir};

/// How deep keys are read.
const DEPTH: usize = 3;

/// Keys kept per file.
const MAX_KEYS: usize = 400;

/// What a file is to the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileClass {
    /// A NixOS module.
    Nixos,
    /// A Home Manager module.
    HomeManager,
    /// A nix-darwin module.
    Darwin,
    /// A flake-parts module.
    FlakeParts,
    /// A module of a system that is not known.
    Module,
    /// A function to a package.
    Package,
    /// `final: prev: { … }`.
    Overlay,
    /// A set of functions.
    Library,
    /// Anything else.
    Other,
}

impl FileClass {
    /// Whether it is a module, of whatever system.
    pub fn is_module(self) -> bool {
        matches!(self, Self::Nixos | Self::HomeManager | Self::Darwin | Self::FlakeParts | Self::Module)
    }
}

/// What a file looks like from above.
#[derive(Debug, Default)]
pub struct Outline {
    /// Option paths it seems to define, dotted, at most three names long, without `config.`.
    pub keys: Vec<String>,
    /// Whether it has one of the keys `imports`, `options`, `config`.
    pub has_module_keys: bool,
    /// The plain arguments before its body, e.g. `final` and `prev` of an overlay.
    pub arguments: Vec<String>,
    /// The names in its outermost pattern.
    pub formals: Vec<String>,
    /// Whether that pattern ends in `...`.
    pub has_ellipsis: bool,
    /// Whether it is a function.
    pub is_function: bool,
    /// The last name of the function whose call the body is, e.g. `mkDerivation`.
    pub call: Option<String>,
    /// Whether most values of the set it is are functions.
    pub holds_functions: bool,
    /// Whether its value is written as a set, perhaps below `let`, `with`, `mkIf`, `//`.
    pub is_set: bool,
}

impl Outline {
    /// The outline of a program.
    pub fn of(ir: &Ir) -> Self {
        let mut outline = Self::default();
        let mut body = ir.root();
        loop {
            match ir.expr(body) {
                Expr::Lambda(lambda) => {
                    outline.is_function = true;
                    outline.has_ellipsis |= lambda.ellipsis;
                    let formals = lambda.formals.iter().flatten();
                    outline.formals.extend(formals.map(|formal| ir.name(formal.name).to_owned()));
                    if lambda.formals.is_none() {
                        outline.arguments.extend(lambda.name.map(|name| ir.name(name).to_owned()));
                    }
                    body = lambda.body;
                }
                Expr::Let(node) => body = node.1,
                Expr::With(_, inner) | Expr::Assert(_, inner) => body = *inner,
                _ => break,
            }
        }
        outline.value(ir, body, "", 0);
        outline.call = called_name(ir, body).map(str::to_owned);
        if let Expr::Attrs(set) = ir.expr(body) {
            let is_function = |attr: &&crate::semantic::Attr| matches!(ir.expr(attr.value), Expr::Lambda(_));
            outline.holds_functions = set.attrs.iter().filter(is_function).count() * 2 > set.attrs.len();
        }
        outline
    }

    /// What the file seems to be.
    pub fn class(&self) -> FileClass {
        let is_overlay = matches!(
            self.arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
            ["final" | "self" | "_final" | "_", "prev" | "super" | "_prev"]
        );
        match self.guess() {
            ClassGuess::Nixos => FileClass::Nixos,
            ClassGuess::HomeManager => FileClass::HomeManager,
            ClassGuess::Darwin => FileClass::Darwin,
            ClassGuess::FlakeParts => FileClass::FlakeParts,
            _ if is_overlay => FileClass::Overlay,
            ClassGuess::ModuleUnknown => FileClass::Module,
            ClassGuess::NotModule if self.builds() => FileClass::Package,
            ClassGuess::NotModule if self.holds_functions => FileClass::Library,
            ClassGuess::NotModule => FileClass::Other,
        }
    }

    /// The module system that the keys speak for.
    pub fn guess(&self) -> ClassGuess {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        if !self.is_set
            || self.builds()
            || (self.is_function && !self.has_ellipsis && !self.formals.is_empty())
        {
            return ClassGuess::NotModule;
        }
        match roots::class_of_roots(&keys) {
            ClassGuess::NotModule if self.has_module_keys => ClassGuess::ModuleUnknown,
            guess => guess,
        }
    }

    /// Whether the body is a call that makes a derivation.
    fn builds(&self) -> bool {
        self.call.as_deref().is_some_and(|name| {
            name.starts_with("build")
                || name.starts_with("write")
                || matches!(name, "derivation" | "mkDerivation" | "mkShell" | "runCommand")
        })
    }

    /// The module systems that have all the keys; `None` where no key says anything.
    pub fn systems(&self) -> Option<Vec<ModuleSystem>> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        roots::systems_of_all(&keys)
    }

    /// Reads the keys of a value at `path`.
    fn value(&mut self, ir: &Ir, expr: ExprId, path: &str, depth: usize) {
        if self.keys.len() >= MAX_KEYS {
            return;
        }
        match ir.expr(expr) {
            Expr::Attrs(set) if depth < DEPTH => self.set(ir, set, path, depth),
            Expr::Let(node) => self.value(ir, node.1, path, depth),
            Expr::With(_, inner) | Expr::Assert(_, inner) => self.value(ir, *inner, path, depth),
            Expr::If(node) => {
                self.value(ir, node[1], path, depth);
                self.value(ir, node[2], path, depth);
            }
            Expr::Binary(crate::semantic::BinaryOp::Update, left, right) => {
                self.value(ir, *left, path, depth);
                self.value(ir, *right, path, depth);
            }
            // `mkIf c { … }`, `mkMerge [ … ]`
            Expr::Apply(_, argument) if depth == 0 || depth < DEPTH && is_wrapper(ir, expr) => {
                self.value(ir, *argument, path, depth);
            }
            Expr::List(items) if depth == 0 || path.is_empty() => {
                for item in items {
                    self.value(ir, *item, path, depth);
                }
            }
            _ if !path.is_empty() => self.push(path),
            _ => {}
        }
    }

    fn set(&mut self, ir: &Ir, set: &AttrSet, path: &str, depth: usize) {
        if path.is_empty() {
            self.is_set = true;
        }
        if set.attrs.is_empty() && !path.is_empty() {
            self.push(path);
        }
        for attr in &set.attrs {
            let name = ir.name(attr.name);
            if path.is_empty() {
                match name {
                    "config" => {
                        self.has_module_keys = true;
                        self.value(ir, attr.value, "", 0);
                        continue;
                    }
                    "options" | "imports" => {
                        self.has_module_keys = true;
                        continue;
                    }
                    _ => {}
                }
            }
            if self.keys.len() >= MAX_KEYS {
                continue;
            }
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            if depth + 1 == DEPTH {
                self.push(&path);
            } else {
                self.value(ir, attr.value, &path, depth + 1);
            }
        }
        if !set.dynamic.is_empty() && !path.is_empty() {
            self.push(path);
        }
    }

    fn push(&mut self, path: &str) {
        if self.keys.len() < MAX_KEYS && !self.keys.iter().any(|key| key == path) {
            self.keys.push(path.to_owned());
        }
    }
}

/// The last name of the function that an application calls.
fn called_name(ir: &Ir, expr: ExprId) -> Option<&str> {
    let mut function = expr;
    while let Expr::Apply(inner, _) = ir.expr(function) {
        function = *inner;
    }
    match ir.expr(function) {
        _ if function == expr => None,
        Expr::WithName(name) | Expr::Global(name) => Some(ir.name(*name)),
        Expr::Select(node) => match node.1.last() {
            Some(crate::semantic::Key::Static(name, _)) => Some(ir.name(*name)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an application is one of a function called `mk…` or `optionalAttrs`.
fn is_wrapper(ir: &Ir, expr: ExprId) -> bool {
    let wrappers = ["mkIf", "mkMerge", "mkForce", "mkDefault", "mkOverride", "optionalAttrs"];
    called_name(ir, expr).is_some_and(|name| wrappers.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::lower;
    use crate::syntax::parse;

    fn outline(source: &str) -> Outline {
        Outline::of(&lower(&parse(source).root()).ir)
    }

    #[test]
    fn keys_are_read_through_wrappers() {
        let outline = outline(
            "{ config, lib, ... }: with lib; { options.a = 1; config = mkIf true (mkMerge [ { systemd.services.x.script = \"\"; } { boot = mkForce { a.b = 1; }; } ]); }",
        );
        assert_eq!(outline.keys, ["systemd.services.x", "boot.a.b"]);
        assert!(outline.has_module_keys && outline.is_set && outline.has_ellipsis);
        assert_eq!(outline.guess(), ClassGuess::Nixos);
    }

    #[test]
    fn files_have_a_class() {
        for (source, class) in [
            ("{ stdenv, fetchurl }: stdenv.mkDerivation { name = \"x\"; }", FileClass::Package),
            ("final: prev: { hello = prev.hello.override { }; }", FileClass::Overlay),
            ("{ lib }: { double = x: x * 2; twice = f: x: f (f x); }", FileClass::Library),
            ("{ pkgs, ... }: { home.packages = [ pkgs.hello ]; xdg.enable = true; }", FileClass::HomeManager),
            ("{ ... }: { boot.loader.grub.enable = true; }", FileClass::Nixos),
            ("{ imports = [ ./a.nix ]; }", FileClass::Module),
            ("derivation { name = \"x\"; system = \"y\"; builder = \"z\"; }", FileClass::Package),
            ("[ 1 2 ]", FileClass::Other),
        ] {
            assert_eq!(outline(source).class(), class, "{source}");
        }
    }

    #[test]
    fn packages_are_no_modules() {
        assert_eq!(
            outline("{ stdenv, fetchurl }: stdenv.mkDerivation { name = \"x\"; }").guess(),
            ClassGuess::NotModule
        );
        assert_eq!(outline("{ a = 1; }").guess(), ClassGuess::NotModule);
    }
}
