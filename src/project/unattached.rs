//! Module files that belong to no host.
//!
//! Must never name a file that something of the project leads to in a way that is not followed: what is
//! exported, read, or only mentioned by a file in use is no dead module.

use std::rc::Rc;

use camino::Utf8Path;
use rustc_hash::FxHashSet;

use super::arguments::ArgumentsOnly;
use super::closure::closure;
use super::hosts::Project;
use super::imports::{Edge, file_at, read_import};
use crate::eval::{Condition, Entry, Realm, SymbolRoot, Val, Value, is_error, normalise};
use crate::module::FileClass;
use crate::semantic::{Expr, Ir, Part, PathKind};
use crate::text::FileId;

/// The module files that no host has.
#[derive(Debug, Default)]
pub struct Unattached {
    /// The files, sorted by path; none where the project has no host.
    pub files: Vec<FileId>,
    /// Whether a host may have some of them after all: something that it imports could not be followed.
    pub open: bool,
}

/// Outputs that hold modules for others, by name.
const EXPORTS: [&str; 8] = [
    "nixosModules",
    "homeModules",
    "homeManagerModules",
    "darwinModules",
    "nixosModule",
    "homeManagerModule",
    "darwinModule",
    "modules",
];

/// How deep modules lie in an output: `modules.nixos.x`.
const EXPORT_DEPTH: u32 = 3;

impl Project<'_> {
    /// The module files that belong to no host, no user of one, and no module that the flake exports. Links
    /// what was not visited yet.
    pub fn unattached(&self) -> Unattached {
        if self.is_without_hosts() {
            return Unattached::default();
        }
        self.link_rest();
        self.link_exports();
        let attached = self.attached.borrow();
        let in_use = |file: FileId| attached.files.contains(&file) || self.was_read(file);
        let is_module = |class: FileClass| {
            matches!(class, FileClass::Nixos | FileClass::HomeManager | FileClass::Darwin | FileClass::Module)
        };
        let mut files: Vec<FileId> = Vec::new();
        let mut mentioned: FxHashSet<FileId> = FxHashSet::default();
        for file in self.input.files {
            let Some(facts) = &file.facts else { continue };
            let is_flake = file.path.file_name() == Some("flake.nix");
            if !is_flake && !in_use(file.id) && is_module(facts.class) {
                files.push(file.id);
            } else if let Some(ir) = &facts.ir {
                mentioned.extend(self.mentions(&file.path, ir));
            }
        }
        files.retain(|file| !mentioned.contains(file));
        Unattached { files, open: attached.open }
    }

    /// The files that path literals of a file lead to.
    fn mentions(&self, path: &Utf8Path, ir: &Ir) -> Vec<FileId> {
        let folder = path.parent().unwrap_or(path);
        let targets = ir.iter().filter_map(|(_, expr)| match expr {
            Expr::Path(PathKind::Relative, parts) => match &**parts {
                [Part::Text { text, .. }] => Some(normalise(&format!("{folder}/{text}"))),
                _ => None,
            },
            _ => None,
        });
        targets.filter_map(|target| file_at(self.machine, &target)).collect()
    }

    /// Follows the modules that the flake exports.
    fn link_exports(&self) {
        let machine = self.machine;
        let Some(flake) = self.input.files.iter().find(|file| file.path == self.input.root.join("flake.nix"))
        else {
            return;
        };
        let own = Val::symbol(SymbolRoot::SelfFlake);
        let scope = ArgumentsOnly::scope(machine, Realm::System, Rc::default());
        machine.in_scope(&scope, || {
            let mut roots = Vec::new();
            for output in EXPORTS {
                match machine.select(&own, machine.name(output)) {
                    Ok(val) => self.exports(flake.id, &val, 0, &mut roots),
                    Err(unknown) => self.attached.borrow_mut().unsure |= !is_error(&unknown),
                }
            }
            let closure = closure(machine, self.input, self.arguments(Realm::System), roots, flake.id);
            let mut attached = self.attached.borrow_mut();
            attached.files.extend(closure.files.iter().map(|module| module.file));
            attached.unsure |= !closure.open.is_empty();
        });
    }

    /// The modules below an output: sets are modules and perhaps hold modules.
    fn exports(&self, flake: FileId, val: &Val, depth: u32, roots: &mut Vec<Edge>) {
        roots.extend(read_import(self.machine, self.input, flake, val, &Condition::True));
        if let (Value::Attrs(attrs), true) = (&val.value, depth < EXPORT_DEPTH) {
            // A module is a set too, and what it sets may be unknown; a set of modules has few keys.
            self.attached.borrow_mut().unsure |= depth == 0 && !attrs.is_closed();
            for (_, Entry { value, .. }) in &attrs.entries {
                self.exports(flake, &self.machine.force(value), depth + 1, roots);
            }
        }
    }
}
