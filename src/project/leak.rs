//! Secrets that the modules of a host write out: whatever they set ends up in the Nix store, which every user
//! of the machine can read.
//!
//! Finds the literals and says where they stand. Must never hand on what they say.

use std::ops::Range;
use std::rc::Rc;

use super::flake::HostClass;
use super::host::Host;
use super::quarry::{Hunt, Quarry};
use super::table::{Definition, Node, OptionKey};
use super::unit::{Section, Spelling};
use super::view::{Switch, quoted};
use super::written::{Written, may_be_written, written};
use crate::eval::{Condition, Name, Symbol, SymbolRoot, Text, TextPiece, Thunk, Val, Value};
use crate::nixos::leaks::{self, FileName, SecretKind, SecretName, SecretOption, file_name};
use crate::nixos::roots::{self, ModuleSystem};
use crate::nixos::segments;
use crate::text::{FileId, Span};

/// A secret that is written out.
#[derive(Clone)]
pub struct ClearSecret {
    /// The option that gets it, `*` for holes and `[]` for an element of a list.
    pub option: String,
    /// The name by which it is known as a secret: the last one of the option, or that of a variable.
    pub name: String,
    /// The place of the value.
    pub span: Span,
    /// Every place that shows it.
    pub hidden: Vec<Span>,
    /// The binding it is written in.
    pub binding: Option<Span>,
}

/// A file with a secret that the configuration puts into the store.
#[derive(Clone)]
pub struct StoredFile {
    /// The option that gets it.
    pub option: String,
    /// Which file.
    pub kind: StoredKind,
    /// The place of the value.
    pub span: Span,
    /// Every place that shows the secret.
    pub hidden: Vec<Span>,
    /// The binding it is written in.
    pub binding: Option<Span>,
}

/// What a [`StoredFile`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredKind {
    /// A file of the project, by its path from the root.
    OfProject(String),
    /// A file that the configuration writes.
    Written,
}

/// What a host writes out.
#[derive(Default)]
pub(super) struct Leaks {
    secrets: Vec<ClearSecret>,
    files: Vec<StoredFile>,
}

/// How deep below a root an option may stand.
const DEPTH: usize = 10;

/// How many names looking for secrets may pass: more would be data, not options.
const NAMES: u32 = 30_000;

/// Steps of evaluation that looking for secrets may take on a host.
const STEPS: u64 = 100_000;

/// Sets of options in which a name says what its value is.
const TREES: [&str; 10] = [
    "services",
    "programs",
    "users.users",
    "networking.wireguard.interfaces",
    "networking.wg-quick.interfaces",
    "networking.wireless",
    "environment.variables",
    "environment.sessionVariables",
    "home.sessionVariables",
    "networking.networkmanager.ensureProfiles.profiles",
];

/// Options that make files.
const FILES: [&str; 4] = ["environment.etc", "home.file", "xdg.configFile", "xdg.dataFile"];

impl Host<'_> {
    /// The literals in options of which it is known that they hold a secret; those of its Home Manager users
    /// not among them.
    pub fn secret_options(&self) -> Vec<(&'static SecretOption, ClearSecret)> {
        let Some(system) = self.module_system() else { return Vec::new() };
        let mut found = Vec::new();
        for option in leaks::options(system) {
            let mut nodes = Vec::new();
            self.nodes_at(self.root(), &segments(&option.name), &mut Vec::new(), &mut nodes);
            for (path, node) in nodes {
                if self.is_outdone(&path) {
                    continue;
                }
                for definition in strongest(node.definitions()) {
                    let val = self.referenced(&definition.value).unwrap_or_else(|| definition.value.clone());
                    let Some((text, exact)) = literal(&val) else { continue };
                    let is_secret = match option.kind {
                        SecretKind::Hash => !leaks::is_locked(&exact) && !leaks::is_reference_to_file(&exact),
                        _ => !exact.is_empty() && !leaks::is_reference(&exact) && !leaks::is_hash(&exact),
                    };
                    if is_secret && let Some(secret) = clear(&path, &val, text, definition, None) {
                        found.push((option, secret));
                    }
                }
            }
        }
        found
    }

    /// The literals elsewhere that are secrets by their names and looks: in settings and environments of units,
    /// containers, services and programs, and in the text of files.
    pub fn clear_secrets(&self) -> Vec<ClearSecret> {
        self.leaks().secrets.clone()
    }

    /// The files that options for files with secrets get from the store: paths of the project, which are copied
    /// there, and files that the configuration writes.
    pub fn stored_files(&self) -> Vec<StoredFile> {
        self.leaks().files.clone()
    }

    fn leaks(&self) -> Rc<Leaks> {
        let build = || self.machine().sparingly(STEPS, || self.build_leaks()).into();
        self.views.leaks.get_or_init(build).clone()
    }

    fn build_leaks(&self) -> Leaks {
        let Some(system) = self.module_system() else { return Leaks::default() };
        let hunt = Hunt::new(self.machine(), &self.project().known_leaks);
        let mut walk = Walk { host: self, hunt, system, found: Vec::new(), files: Vec::new(), names: 0 };
        let spelling = match system {
            ModuleSystem::HomeManager => Spelling::Sections,
            _ => Spelling::Nixos,
        };
        for unit in self.units().iter().chain(&self.user_units(spelling)) {
            if unit.suffix != "service" {
                continue;
            }
            let option = format!("systemd.services.{}", quoted(&unit.key.display()));
            if spelling == Spelling::Nixos {
                walk.node(
                    &self.below(&unit.node, "environment"),
                    &mut vec![option.clone(), "environment".to_owned()],
                );
            }
            for item in self.items(&self.directive(unit, Section::Service, "Environment")).0 {
                if let Some(text) = item.text() {
                    walk.variables(&format!("{option}.Environment"), &item.value, text, &item.definition);
                }
            }
            let file = self.directive(unit, Section::Service, "EnvironmentFile");
            walk.node(&file, &mut vec![option, "EnvironmentFile".to_owned()]);
        }
        for container in self.containers() {
            let option =
                format!("virtualisation.oci-containers.containers.{}", quoted(&container.key.display()));
            for name in ["environment", "environmentFiles"] {
                walk.node(&self.below(&container.node, name), &mut vec![option.clone(), name.to_owned()]);
            }
            for variable in self.container_run(container).named("env") {
                // The value, or the whole `--env=…`, which says where the value stands.
                let item = &variable.item;
                if let Some(text) = item.text() {
                    walk.variables(&option, &item.value, text, &item.definition);
                }
            }
        }
        for root in TREES {
            walk.node(&self.below(self.root(), root), &mut segments(root));
        }
        // What the project declares itself ends up somewhere, and be it in the store as a part of its sources.
        for (key, node) in &self.keys(self.root()).keys {
            let Some(root) = key.exact() else { continue };
            let is_own = self.declares(root) && roots::systems_of(root).is_none();
            if is_own && !self.below(self.root(), root).definitions().is_empty() {
                walk.node(node, &mut vec![root.to_owned()]);
            }
        }
        for root in FILES {
            for (keys, node) in self.nodes(&format!("{root}.*")) {
                let Some(key) = keys.last().map(OptionKey::display) else { continue };
                for name in ["text", "source"] {
                    let path = format!("{root}.{}.{name}", quoted(&key));
                    for definition in strongest(self.below(&node, name).definitions()) {
                        match &definition.value.value {
                            Value::Str(text) if name == "text" => {
                                walk.assignments(&path, &definition.value, text, definition);
                            }
                            _ => walk.value(&definition.value, &mut vec![path.clone()], definition, 0),
                        }
                    }
                }
            }
        }
        Leaks { secrets: walk.found, files: walk.files }
    }

    /// Whether the host is made to be thrown away: a medium to install from, or a machine to try things on.
    pub fn is_throwaway(&self) -> bool {
        if self.name.as_deref().is_some_and(is_throwaway_name) {
            return true;
        }
        self.external_names().any(|name| {
            [
                "/installer/",
                "/netboot",
                "qemu-vm",
                "iso-image",
                "sd-image",
                "/virtualisation/build-vm",
                "/testing/",
            ]
            .iter()
            .any(|mark| name.contains(mark))
        })
    }

    /// Whether a file is, by its path in the project, about such hosts.
    pub fn is_throwaway_file(&self, file: FileId) -> bool {
        let loader = self.machine().loader();
        let path = loader.path(file);
        let path = path.strip_prefix(loader.root()).unwrap_or(&path);
        path.components().any(|part| is_throwaway_name(part.as_str()))
    }

    /// Whether the password of an account does not count because the account has a file with one.
    fn is_outdone(&self, path: &[String]) -> bool {
        let [users @ .., name] = path else { return false };
        users.first().is_some_and(|root| root == "users")
            && matches!(name.as_str(), "password" | "initialPassword")
            && self
                .definitions(&format!("{}.hashedPasswordFile", users.join(".")))
                .iter()
                .any(|file| file.condition == Condition::True && !matches!(file.value.value, Value::Null))
    }

    fn module_system(&self) -> Option<ModuleSystem> {
        match self.class() {
            HostClass::Nixos => Some(ModuleSystem::Nixos),
            HostClass::Home => Some(ModuleSystem::HomeManager),
            HostClass::Darwin => None,
        }
    }

    /// The nodes at a path in which `*` stands for any name and `[]` for the elements of a list.
    fn nodes_at(
        &self,
        node: &Rc<Node>,
        rest: &[String],
        path: &mut Vec<String>,
        found: &mut Vec<(Vec<String>, Rc<Node>)>,
    ) {
        if node.definitions().is_empty() {
            return;
        }
        let Some((first, rest)) = rest.split_first() else {
            found.push((path.clone(), node.clone()));
            return;
        };
        let mut go = |name: String, node: &Rc<Node>| {
            path.push(name);
            self.nodes_at(node, rest, path, found);
            path.pop();
        };
        match first.as_str() {
            "*" => self.keys(node).keys.iter().for_each(|(key, node)| go(quoted(&key.display()), node)),
            "[]" => {
                for item in self.items(node).0 {
                    if matches!(item.value.value, Value::Attrs(_)) {
                        go("[]".to_owned(), &self.node_of(&item));
                    }
                }
            }
            name => go(name.to_owned(), &self.below(node, &quoted(name))),
        }
    }
}

/// Whether the name of a host or file says that it is about machines to be thrown away.
fn is_throwaway_name(name: &str) -> bool {
    const WORDS: [&str; 10] =
        ["iso", "installer", "install", "live", "livecd", "liveusb", "netboot", "test", "tests", "vm"];
    name.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

/// The definitions that no stronger one, there for sure, replaces.
fn strongest(definitions: &[Definition]) -> impl Iterator<Item = &Definition> {
    let sure = definitions.iter().filter(|definition| definition.condition == Condition::True);
    let priority = sure.map(|definition| definition.priority).min();
    definitions.iter().filter(move |definition| priority.is_none_or(|least| definition.priority <= least))
}

/// The text that the project writes out, all of it known. What is read from a file is none.
fn literal(val: &Val) -> Option<(&Rc<Text>, String)> {
    let Value::Str(text) = &val.value else { return None };
    let is_written = |piece: &TextPiece| matches!(piece, TextPiece::Known { origin: Some(_), .. });
    if !text.pieces.iter().all(is_written) {
        return None;
    }
    Some((text, text.exact()?))
}

/// The secret in a part of a text, or in all of it.
fn clear(
    path: &[String],
    val: &Val,
    text: &Text,
    definition: &Definition,
    part: Option<(&str, Range<usize>)>,
) -> Option<ClearSecret> {
    let (name, range) = match part {
        Some((name, range)) => (name.to_owned(), range),
        None => (path.last()?.trim_matches('"').to_owned(), 0..text.display().len()),
    };
    let mut hidden = text.places(range);
    let span = match (val.span, hidden.as_slice()) {
        // In a long text, point at the place itself.
        (_, [place]) if part_of_more(text) => *place,
        (Some(span), _) => span,
        (None, [place, ..]) => *place,
        (None, []) => return None,
    };
    if hidden.is_empty() {
        hidden.push(span);
    }
    let binding = definition.binding.filter(|binding| binding.file == span.file);
    Some(ClearSecret { option: path.join("."), name, span, hidden, binding })
}

/// Whether a text has several lines.
fn part_of_more(text: &Text) -> bool {
    text.pieces
        .iter()
        .any(|piece| matches!(piece, TextPiece::Known { text, .. } if text.trim_end().contains('\n')))
}

struct Walk<'h, 'm> {
    host: &'h Host<'m>,
    hunt: Hunt<'h, 'm>,
    system: ModuleSystem,
    found: Vec<ClearSecret>,
    files: Vec<StoredFile>,
    names: u32,
}

impl Walk<'_, '_> {
    fn push(&mut self, secret: Option<ClearSecret>) {
        if let Some(secret) = secret
            && !self.found.iter().any(|known| known.span == secret.span)
        {
            self.found.push(secret);
        }
    }

    fn may_go_on(&mut self, depth: usize) -> bool {
        self.names += 1;
        self.names < NAMES && depth < DEPTH
    }

    /// Everything below a node.
    fn node(&mut self, node: &Rc<Node>, path: &mut Vec<String>) {
        if !self.may_go_on(path.len()) || node.definitions().is_empty() {
            return;
        }
        let mut has_keys = false;
        for definition in strongest(node.definitions()) {
            if matches!(definition.value.value, Value::Attrs(_)) {
                has_keys = true;
            } else {
                self.value(&definition.value, path, definition, 0);
            }
        }
        if !has_keys || self.is_off(node, path) {
            return;
        }
        let (host, machine) = (self.host, self.host.machine());
        let wanted = |name, thunk: &Thunk| !self.is_dull(name, thunk);
        for (key, child) in &host.options.keys_with(machine, node, &wanted) {
            path.push(quoted(&key.display()));
            self.node(child, path);
            path.pop();
        }
    }

    /// Whether a constant is, and holds, none of the values that are looked for, by its name and those in it.
    fn is_dull(&self, name: Name, thunk: &Thunk) -> bool {
        let is_telling = |name: Name| {
            let say = || {
                let text = self.host.machine().text_of(name);
                leaks::secret_name(&text).is_some() || file_name(&text).is_some()
            };
            *self.host.project().telling_names.borrow_mut().entry(name).or_insert_with(say)
        };
        if is_telling(name) {
            return false;
        }
        let is_file = |symbol: &Symbol| may_be_written(self.host.machine(), symbol);
        let quarry = Quarry { is_name: &is_telling, is_symbol: &is_file, is_part: false };
        !self.hunt.may_be_in(thunk, &quarry)
    }

    /// Whether a service or program is there and switched off.
    fn is_off(&self, node: &Rc<Node>, path: &[String]) -> bool {
        path.len() == 2 && matches!(self.host.switch(&self.host.below(node, "enable")), Switch::Off)
    }

    fn value(&mut self, val: &Val, path: &mut Vec<String>, definition: &Definition, depth: usize) {
        if !self.may_go_on(path.len() + depth) {
            return;
        }
        let machine = self.host.machine();
        if let Some(kind) = path.iter().rev().find(|name| *name != "[]").and_then(|name| file_name(name)) {
            self.file(val, path, definition, kind);
        }
        match &val.value {
            Value::Str(_) => self.leaf(val, path, definition),
            Value::List(list) => {
                path.push("[]".to_owned());
                for element in &list.elements {
                    self.value(&machine.force(&element.value), path, definition, depth + 1);
                }
                path.pop();
            }
            Value::Attrs(attrs) => {
                for (name, entry) in &attrs.entries {
                    if self.is_dull(*name, &entry.value) {
                        continue;
                    }
                    path.push(quoted(&machine.text_of(*name)));
                    let binding = entry.binding.or(definition.binding);
                    let inner = Definition { binding, ..definition.clone() };
                    self.value(&machine.force(&entry.value), path, &inner, depth + 1);
                    path.pop();
                }
            }
            Value::Symbol(symbol) => {
                if matches!(symbol.root, SymbolRoot::Call(_)) {
                    self.written(symbol, path, definition, depth);
                } else if let Some(other) = self.host.referenced(val)
                    && matches!(other.value, Value::Str(_))
                {
                    self.leaf(&other, path, definition);
                }
            }
            _ => {}
        }
    }

    /// What is written into a file in the store.
    fn written(&mut self, symbol: &Symbol, path: &mut Vec<String>, definition: &Definition, depth: usize) {
        match written(self.host.machine(), symbol) {
            Some(Written::Text(val)) => {
                if let Value::Str(text) = &val.value {
                    self.assignments(&path.join("."), &val, text, definition);
                }
            }
            Some(Written::Data(val)) if matches!(val.value, Value::Attrs(_) | Value::List(_)) => {
                self.value(&val, path, definition, depth + 1);
            }
            _ => {}
        }
    }

    /// The value of an option for a file with secrets.
    fn file(&mut self, val: &Val, path: &[String], definition: &Definition, kind: FileName) {
        let mut hidden = Vec::new();
        let stored = match self.stored(val, &mut hidden) {
            Some(StoredKind::Written) if kind == FileName::Environment => None,
            Some(StoredKind::OfProject(path)) if !self.is_secret(&path, kind) => None,
            stored => stored,
        };
        if let Some(kind) = stored
            && let Some(span) = val.span.or(definition.key)
            && !self.files.iter().any(|known| known.span == span)
        {
            let binding = definition.binding.filter(|binding| binding.file == span.file);
            self.files.push(StoredFile { option: path.join("."), kind, span, hidden, binding });
        }
    }

    /// The file in the store that a value is the path of.
    fn stored(&self, val: &Val, hidden: &mut Vec<Span>) -> Option<StoredKind> {
        let machine = self.host.machine();
        let root = machine.loader().root();
        let of_project = |path: &str| {
            let rest = path.strip_prefix(root.as_str())?.strip_prefix('/')?;
            Some(StoredKind::OfProject(rest.to_owned()))
        };
        match &val.value {
            Value::Path(path) => of_project(path.as_str()),
            Value::Str(text) => match text.pieces.as_slice() {
                // `toString ./file` names the copy of the flake.
                [TextPiece::Known { text, .. }] => of_project(text),
                [TextPiece::Hole(hole)] => self.stored(hole.value.as_ref()?, hidden),
                [TextPiece::Hole(hole), TextPiece::Known { text, .. }] => match &hole.value.as_ref()?.value {
                    Value::Path(path) => of_project(&format!("{path}{text}")),
                    Value::Symbol(symbol) => {
                        let is_flake = matches!(symbol.root, SymbolRoot::SelfFlake) && symbol.path.is_empty();
                        let path = text.strip_prefix('/').filter(|_| is_flake)?;
                        Some(StoredKind::OfProject(path.to_owned()))
                    }
                    _ => None,
                },
                _ => None,
            },
            Value::Symbol(symbol) => {
                let content = written(machine, symbol)?.text()?;
                let (text, exact) = literal(&content)?;
                if exact.trim().is_empty() {
                    return None;
                }
                hidden.extend(text.places(0..exact.len()));
                Some(StoredKind::Written)
            }
            _ => None,
        }
    }

    /// Whether the file of the project has a secret that can be read: none that is encrypted.
    fn is_secret(&self, path: &str, kind: FileName) -> bool {
        if leaks::is_encrypted_name(path) {
            return false;
        }
        let machine = self.host.machine();
        let text = machine.loader().read(&machine.loader().root().join(path));
        match (text, kind) {
            (Some(text), _) if leaks::is_encrypted_text(&text) => false,
            (Some(text), FileName::Environment) => text.lines().any(|line| {
                assignment(line).is_some_and(|(name, value, _)| {
                    leaks::secret_name(name).is_some_and(|kind| leaks::is_secret_value(kind, &line[value]))
                })
            }),
            (None, FileName::Environment) => false,
            (text, FileName::Secret) => text.is_none_or(|text| !text.trim().is_empty()),
        }
    }

    /// A text whose name is the last of the path.
    fn leaf(&mut self, val: &Val, path: &[String], definition: &Definition) {
        let Some(name) = path.last().map(|name| name.trim_matches('"')) else { return };
        let Some(kind) = leaks::secret_name(name) else { return };
        let Some((text, exact)) = literal(val) else { return };
        if leaks::is_secret_value(kind, &exact) && !leaks::is_secret_option(self.system, path) {
            self.push(clear(path, val, text, definition, None));
        }
    }

    /// `NAME=value` in `Environment=` of a unit or behind `--env`.
    fn variables(&mut self, option: &str, val: &Val, text: &Text, definition: &Definition) {
        let shown = text.display();
        for word in words(&shown) {
            let flag = ["--env=", "-e="].into_iter().find(|flag| shown[word.clone()].starts_with(flag));
            let word = word.start + flag.map_or(0, str::len)..word.end;
            let Some(equals) = shown[word.clone()].find('=') else { continue };
            let name = &shown[word.start..word.start + equals];
            let value = word.start + equals + 1..word.end;
            let is_secret = leaks::secret_name(name)
                .is_some_and(|kind| leaks::is_secret_value(kind, &shown[value.clone()]));
            if is_secret && text.is_written_out(value.clone()) {
                self.push(clear(&[option.to_owned()], val, text, definition, Some((name, value))));
            }
        }
    }

    /// Lines such as `name = "value"` in the text of a file.
    fn assignments(&mut self, option: &str, val: &Val, text: &Text, definition: &Definition) {
        let shown = text.display();
        if shown.starts_with("#!") {
            return;
        }
        let mut start = 0;
        for line in shown.split_inclusive('\n') {
            if let Some((name, value, is_loose)) = assignment(line)
                && let Some(kind) = leaks::secret_name(name)
            {
                // A word without quotes may as well be code.
                let kind = if is_loose { SecretName::Key } else { kind };
                let range = start + value.start..start + value.end;
                if leaks::is_secret_value(kind, &line[value]) && text.is_written_out(range.clone()) {
                    self.push(clear(&[option.to_owned()], val, text, definition, Some((name, range))));
                }
            }
            start += line.len();
        }
    }
}

/// The words of a list of assignments, quotes around a word left out.
fn words(text: &str) -> Vec<Range<usize>> {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    for quote in ['"', '\''] {
        let inner = trimmed.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return std::iter::once(start + 1..start + 1 + inner.len()).collect();
        }
    }
    if trimmed.contains(['"', '\'']) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() {
            found.push(at..at + word.len());
        }
        // Blanks of several bytes do not occur in systemd's syntax.
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// The name, the value and whether that may be code, in a line such as `NAME=value` or `"name": "value",`.
fn assignment(line: &str) -> Option<(&str, Range<usize>, bool)> {
    let content = line.trim();
    if content.starts_with(['#', ';', '/', '-', '*', '<']) {
        return None;
    }
    let content = content.strip_prefix("export ").unwrap_or(content);
    let at = content.find(['=', ':'])?;
    let name = content[..at].trim_end().trim_matches(['"', '\'']);
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
        return None;
    }
    let value = content[at + 1..].trim().trim_end_matches([',', ';']).trim_end();
    let is_tight = content[at..].starts_with('=')
        && !content[..at].ends_with(char::is_whitespace)
        && !content[at + 1..].starts_with(char::is_whitespace);
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    });
    let is_loose = inner.is_none() && !is_tight;
    let value = inner.unwrap_or(value);
    let start = value.as_ptr() as usize - line.as_ptr() as usize;
    Some((name, start..start + value.len(), is_loose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_have_many_forms() {
        let read = |line: &str| {
            assignment(line).map(|(name, value, is_loose)| format!("{name}|{}|{is_loose}", &line[value]))
        };
        assert_eq!(read("  PASSWORD=abc\n").as_deref(), Some("PASSWORD|abc|false"));
        assert_eq!(read("export TOKEN='a b'").as_deref(), Some("TOKEN|a b|false"));
        assert_eq!(read("\"token\": \"abc\",").as_deref(), Some("token|abc|false"));
        assert_eq!(read("password: abc").as_deref(), Some("password|abc|true"));
        assert_eq!(read("# password=abc"), None);
        assert_eq!(read("if (password == x)"), None);
    }

    #[test]
    fn variables_are_words() {
        let read = |text: &str| words(text).into_iter().map(|word| text[word].to_owned()).collect::<Vec<_>>();
        assert_eq!(read("A=b C=d"), ["A=b", "C=d"]);
        assert_eq!(read("\"A=b c\""), ["A=b c"]);
        assert!(read("A=\"b c\"").is_empty());
    }
}
