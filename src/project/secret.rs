//! The secrets of a host: where they come from, where they end up, who may read them and who does.
//!
//! Names and places only; no value is ever read.

use std::rc::Rc;

use super::flake::HostClass;
use super::host::Host;
use super::quarry::{Hunt, Quarry};
use super::table::{Definition, Node, OptionKey};
use super::view::{Known, Origin, Switch, quoted};
use crate::eval::{Condition, Name, Symbol, SymbolRoot, Text, TextPiece, Thunk, Val, Value};
use crate::text::Span;

/// A secret, or a file with secrets.
#[derive(Clone)]
pub struct Secret {
    /// What brings it to the host.
    pub tool: SecretTool,
    /// Its name, `*` for holes; of a file that no tool brings, its path.
    pub name: String,
    /// The file on the host.
    pub path: Known<String>,
    /// The encrypted file it comes from; a path in the project is relative to its root.
    pub file: Option<Known<String>>,
    /// Who owns the file on the host.
    pub owner: Known<String>,
    /// Its mode, where it is set.
    pub mode: Option<Known<String>>,
    /// Whether it is there before users are made.
    pub for_users: Option<bool>,
    /// Who uses it.
    pub uses: Vec<SecretUse>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A place that names a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// The option that holds it.
    pub option: String,
    /// The place.
    pub span: Option<Span>,
}

/// What brings a secret to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretTool {
    /// `sops.secrets` of sops-nix.
    Sops,
    /// `sops.templates` of sops-nix: a file with several secrets.
    SopsTemplate,
    /// `age.secrets` of agenix.
    Age,
    /// An environment file of a service that is neither.
    File,
}

impl SecretTool {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sops => "sops",
            Self::SopsTemplate => "template",
            Self::Age => "age",
            Self::File => "file",
        }
    }

    /// The option whose names are the secrets.
    fn option(self) -> Option<&'static str> {
        match self {
            Self::Sops => Some("sops.secrets"),
            Self::SopsTemplate => Some("sops.templates"),
            Self::Age => Some("age.secrets"),
            Self::File => None,
        }
    }
}

/// Tools whose secrets are declared in options.
const TOOLS: [SecretTool; 3] = [SecretTool::Sops, SecretTool::SopsTemplate, SecretTool::Age];

/// Where secrets are declared, and what is no option: there nothing uses them.
const NO_USERS: [&str; 4] = ["sops", "age", "home-manager", "assertions"];

/// How deep below a root an option may stand that uses a secret.
const DEPTH: u32 = 12;

/// How many names looking for uses may pass: more would be data, not options.
const NAMES: u32 = 50_000;

impl Host<'_> {
    /// The secrets, by tool and name, with what uses them: every option is looked at.
    pub fn secrets(&self) -> Rc<[Secret]> {
        self.views.secrets.get_or_init(|| self.build_secrets().into()).clone()
    }

    /// The secrets that options of a tool declare, as [`Self::secrets`] has them but for their uses.
    pub(super) fn declared_secrets(&self) -> Rc<[Secret]> {
        let build = || {
            let mut secrets: Vec<Secret> = Vec::new();
            for tool in TOOLS {
                let Some(option) = tool.option() else { continue };
                for (mut keys, node) in self.nodes(&format!("{option}.*")) {
                    let Some(key) = keys.pop() else { continue };
                    secrets.push(self.secret(tool, option, &key, &node));
                }
            }
            secrets.sort_by(|a, b| (a.tool, &a.name).cmp(&(b.tool, &b.name)));
            secrets.into()
        };
        self.views.declared_secrets.get_or_init(build).clone()
    }

    fn build_secrets(&self) -> Vec<Secret> {
        let mut secrets = self.declared_secrets().to_vec();
        let is_use = Self::is_declared_secret;
        let quarry = Quarry { is_name: &|_| false, is_symbol: &is_use, is_part: true };
        let hunt = Hunt::new(self.machine(), &self.project().known_uses);
        let may_use = |thunk: &Thunk| hunt.may_be_in(thunk, &quarry);
        let mut search = Search { found: Vec::new(), names: 0, may_use: &may_use };
        for (key, node) in &self.keys(self.root()).keys {
            let is_user = |root: &str| !secrets.is_empty() && !NO_USERS.contains(&root);
            if key.exact().is_some_and(is_user) {
                self.search(node, &mut vec![key.clone()], &mut search);
            }
        }
        for (path, found) in search.found {
            let [namespace, list, name, ..] = path.as_slice() else { continue };
            let option = format!("{namespace}.{list}");
            let is_it = |secret: &&mut Secret| secret.tool.option() == Some(&option) && secret.name == *name;
            if let Some(secret) = secrets.iter_mut().find(is_it)
                && !secret.uses.contains(&found)
            {
                secret.uses.push(found);
            }
        }
        self.add_environment_files(&mut secrets);
        secrets.sort_by(|a, b| (a.tool, &a.name).cmp(&(b.tool, &b.name)));
        secrets
    }

    fn secret(&self, tool: SecretTool, option: &str, key: &OptionKey, node: &Rc<Node>) -> Secret {
        let name = key.display();
        let origin = self.origin(format!("{option}.{}", quoted(&name)), node, None);
        let text = |option: &str| self.text_setting(&self.below(node, option), &origin.condition);
        let file_name = text("name").unwrap_or_else(|| key.exact().map(str::to_owned).into());
        let for_users = match self.switch(&self.below(node, "neededForUsers")) {
            _ if tool != SecretTool::Sops => Some(false),
            Switch::Unset | Switch::Off => Some(false),
            Switch::On => Some(true),
            Switch::If(_) | Switch::Unknown => None,
        };
        let path = text("path").unwrap_or_else(|| {
            let folder = self.secret_folder(tool, for_users);
            match (folder, file_name) {
                (Some(folder), Known::Value(name)) => Known::Value(format!("{folder}/{name}")),
                _ => Known::Unknown,
            }
        });
        let of_path = |option: &str| self.path_text(&self.below(node, option), &origin.condition);
        let file = match tool {
            SecretTool::Sops => of_path("sopsFile").or_else(|| {
                self.path_text(&self.below(self.root(), "sops.defaultSopsFile"), &Condition::True)
            }),
            SecretTool::Age => of_path("file"),
            SecretTool::SopsTemplate | SecretTool::File => None,
        };
        let is_home = self.class() == HostClass::Home;
        let owner = match text("owner") {
            _ if is_home => self.name.clone().into(),
            Some(owner) => owner,
            None => match text("uid") {
                Some(uid) => uid,
                None => Known::Value("root".to_owned()),
            },
        };
        Secret { tool, name, path, file, owner, mode: text("mode"), for_users, uses: Vec::new(), origin }
    }

    /// The folder in which a tool puts secrets that do not say where they go (modules/sops/default.nix and
    /// templates/default.nix of Mic92/sops-nix at 56b24064, modules/age.nix of ryantm/agenix at b027ee29).
    fn secret_folder(&self, tool: SecretTool, for_users: Option<bool>) -> Option<String> {
        match (tool, for_users) {
            // The user's own folder.
            _ if self.class() == HostClass::Home => None,
            (SecretTool::Sops, Some(true)) => Some("/run/secrets-for-users".to_owned()),
            (SecretTool::Sops, Some(false)) => Some("/run/secrets".to_owned()),
            (SecretTool::SopsTemplate, _) => Some("/run/secrets/rendered".to_owned()),
            (SecretTool::Age, _) => {
                let folder = self.below(self.root(), "age.secretsDir");
                match self.text_setting(&folder, &Condition::True) {
                    None => Some("/run/agenix".to_owned()),
                    Some(folder) => folder.value().cloned(),
                }
            }
            _ => None,
        }
    }

    /// Environment files of units and services that no secret stands behind.
    fn add_environment_files(&self, secrets: &mut Vec<Secret>) {
        for file in self.environment_files() {
            let used = SecretUse { option: file.option.clone(), span: file.item.span };
            let known = secrets.iter_mut().find(|secret| secret.path.value() == Some(&file.path));
            match known {
                Some(secret) if secret.uses.contains(&used) => {}
                Some(secret) => secret.uses.push(used),
                None => {
                    let mut origin = self.origin_of_item(&file.option, &file.item);
                    origin.certainty = origin.certainty.max(file.service.origin.certainty);
                    secrets.push(Secret {
                        tool: SecretTool::File,
                        name: file.path.clone(),
                        path: Known::Value(file.path),
                        file: None,
                        owner: Known::Unknown,
                        mode: None,
                        for_users: None,
                        uses: vec![used],
                        origin,
                    });
                }
            }
        }
    }

    /// Looks for secrets in everything below a node.
    fn search(&self, node: &Rc<Node>, path: &mut Vec<OptionKey>, search: &mut Search<'_>) {
        if path.len() as u32 > DEPTH || search.names > NAMES {
            return;
        }
        for definition in node.definitions() {
            if !matches!(definition.value.value, Value::Attrs(_)) {
                let value = definition.value.value.clone();
                self.search_val(&Val { value, span: definition.span() }, path, search, 0);
            }
        }
        // A computed name may be any other name, too.
        let has_pattern = |definition: &Definition| match &definition.value.value {
            Value::Attrs(attrs) => !attrs.patterns.is_empty(),
            _ => false,
        };
        let has_patterns = node.definitions().iter().any(has_pattern);
        let may_use = search.may_use;
        let wanted = |_, thunk: &Thunk| has_patterns || may_use(thunk);
        for (key, child) in self.options.keys_with(self.machine(), node, &wanted) {
            search.names += 1;
            path.push(key);
            self.search(&child, path, search);
            path.pop();
        }
    }

    fn search_val(&self, val: &Val, path: &[OptionKey], search: &mut Search<'_>, depth: u32) {
        search.names += 1;
        if depth > DEPTH || search.names > NAMES {
            return;
        }
        match &val.value {
            Value::Symbol(symbol) => self.search_symbol(symbol, val.span, path, search, depth),
            Value::Str(text) | Value::PathPattern(text) => {
                self.search_text(text, val.span, path, search, depth)
            }
            Value::List(list) => {
                for element in list.elements.iter().filter(|element| (search.may_use)(&element.value)) {
                    let inner = self.machine().force(&element.value);
                    self.search_val(&inner, path, search, depth + 1);
                }
            }
            Value::Attrs(attrs) => {
                for (_, entry) in attrs.entries.iter().filter(|(_, entry)| (search.may_use)(&entry.value)) {
                    let inner = self.machine().force(&entry.value);
                    self.search_val(&inner, path, search, depth + 1);
                }
            }
            Value::Choice(choice) => {
                for (_, thunk) in choice.iter() {
                    let inner = self.machine().force(thunk);
                    self.search_val(&inner, path, search, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn search_text(
        &self,
        text: &Text,
        span: Option<Span>,
        path: &[OptionKey],
        search: &mut Search<'_>,
        depth: u32,
    ) {
        for piece in &text.pieces {
            if let TextPiece::Hole(hole) = piece
                && let Some(val) = &hole.value
            {
                let val = Val { value: val.value.clone(), span: hole.span.or(span) };
                self.search_val(&val, path, search, depth + 1);
            }
        }
    }

    /// Whether it is something of a secret that options of a tool declare. `sops.placeholder.x` is not, which stands for
    /// the value of one in a template.
    fn is_declared_secret(symbol: &Symbol) -> bool {
        matches!(symbol.root, SymbolRoot::Config(_))
            && matches!(
                symbol.path.as_slice(),
                [Name::SOPS, Name::SECRETS | Name::TEMPLATES, _, ..] | [Name::AGE, Name::SECRETS, _, ..]
            )
    }

    fn search_symbol(
        &self,
        symbol: &Symbol,
        span: Option<Span>,
        path: &[OptionKey],
        search: &mut Search<'_>,
        depth: u32,
    ) {
        match &symbol.root {
            SymbolRoot::Config(_) if Self::is_declared_secret(symbol) => {
                let names =
                    symbol.path.iter().map(|name| self.machine().text_of(*name).to_string()).collect();
                let keys: Vec<String> = path.iter().map(|key| quoted(&key.display())).collect();
                search.found.push((names, SecretUse { option: keys.join("."), span }));
            }
            // Scripts of the project.
            SymbolRoot::Call(call) => {
                for argument in &call.arguments {
                    let argument = self.machine().force(argument);
                    self.search_val(&argument, path, search, depth + 1);
                }
            }
            _ => {}
        }
    }
}

struct Search<'a> {
    found: Vec<(Vec<String>, SecretUse)>,
    names: u32,
    /// Whether a value may name one.
    may_use: &'a dyn Fn(&Thunk) -> bool,
}
