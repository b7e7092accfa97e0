//! How a module is written, as far as the module system minds.
//!
//! Facts from nixpkgs `lib/modules.nix` (`unifyModuleSyntax`, `collectModules`), nixpkgs.lib 26.05.

use super::imports::Import;
use super::link::Module;
use super::table::Certainty;
use crate::eval::{Atom, Condition, Machine, Name, Realm, Symbol, Val, Value, Wrapper, wrapper};
use crate::text::{FileId, Span};

/// The keys of a module that has `config` or `options`.
const STRUCTURE: [&str; 9] =
    ["_class", "_file", "key", "disabledModules", "imports", "options", "config", "meta", "freeformType"];

/// What is notable about one module.
#[derive(Debug, Clone)]
pub struct ModuleShape {
    /// The file it stands in.
    pub file: FileId,
    /// The key `config` or `options`, and the settings that stand beside it.
    pub mixed: Option<MixedKeys>,
    /// What decides the names that the module defines, although it is known only when they are.
    pub conditional_body: Option<OptionQuestion>,
    /// What decides whether the module defines one of its names, although it is known only when they are.
    pub conditional_names: Option<OptionQuestion>,
    /// What decides the imports, although it is known only when they are.
    pub conditional_imports: Vec<OptionQuestion>,
    /// `imports` that is `mkIf` and the like: not a list.
    pub wrapped_imports: Option<Span>,
    /// Imports of what the same list has before.
    pub repeated_imports: Vec<RepeatedImport>,
}

/// Settings beside `config` or `options`.
#[derive(Debug, Clone)]
pub struct MixedKeys {
    /// The structural key, e.g. `config`.
    pub structure: (String, Span),
    /// The others.
    pub settings: Vec<(String, Span)>,
}

/// A question for an option.
#[derive(Debug, Clone)]
pub struct OptionQuestion {
    /// The option, dotted.
    pub option: String,
    /// What depends on the answer.
    pub span: Span,
}

/// An import that stands twice in a list.
#[derive(Debug, Clone)]
pub struct RepeatedImport {
    /// The earlier place.
    pub first: Span,
    /// The later place.
    pub again: Span,
    /// Whether it is a file by the same path, which is one module however often it is imported.
    pub is_file: bool,
}

/// Looks at a module of the given option tree, in the scope of its host.
pub(super) fn shape(machine: &Machine<'_>, module: &Module, realm: Realm) -> ModuleShape {
    let config = || question_of(machine, &machine.force(&module.content.config), realm);
    let mut shape = ModuleShape {
        file: module.file,
        mixed: mixed_keys(machine, &module.content.value),
        conditional_body: question_of(machine, &module.content.value, realm).or_else(config),
        conditional_names: conditional_name(machine, module, realm),
        conditional_imports: Vec::new(),
        wrapped_imports: None,
        repeated_imports: Vec::new(),
    };
    if let Some(imports) = &module.content.import_list {
        let list = machine.force(imports);
        if let Some(Wrapper::If(..) | Wrapper::Merge(_)) = wrapper(machine, &list) {
            shape.wrapped_imports = list.span;
        }
        shape.conditional_imports.extend(question_of(machine, &list, realm));
        if let Value::List(list) = &list.value {
            for element in &list.elements {
                let val = machine.force(&element.value);
                let asked = question(machine, &element.condition, realm).zip(val.span);
                shape.conditional_imports.extend(asked.map(|(option, span)| OptionQuestion { option, span }));
                shape.conditional_imports.extend(question_of(machine, &val, realm));
            }
        }
        shape.repeated_imports = repeated(module);
    }
    shape
}

/// The option that decides whether a name at the root of the definitions is there.
fn conditional_name(machine: &Machine<'_>, module: &Module, realm: Realm) -> Option<OptionQuestion> {
    let config = machine.force(&module.content.config);
    if wrapper(machine, &config).is_some() {
        return None;
    }
    let Value::Attrs(attrs) = &config.value else { return None };
    let asked = attrs.entries.iter().filter_map(|(_, entry)| {
        let option = question(machine, &entry.condition, realm)?;
        Some(OptionQuestion { option, span: entry.key? })
    });
    asked.min_by_key(|asked| asked.span)
}

fn mixed_keys(machine: &Machine<'_>, module: &Val) -> Option<MixedKeys> {
    let Value::Attrs(attrs) = &module.value else { return None };
    // With functions in their place these are other things of the same name.
    let is_function = |name: &str| {
        let entry = attrs.get(machine.name(name));
        entry.is_some_and(|entry| matches!(machine.force(&entry.value).value, Value::Lambda(_)))
    };
    if is_function("config") || is_function("options") {
        return None;
    }
    let sure = attrs.entries.iter().filter(|(_, entry)| entry.condition == Condition::True);
    let keys: Vec<(String, Option<Span>)> =
        sure.map(|(name, entry)| (machine.text_of(*name).to_string(), entry.key)).collect();
    let structure = keys.iter().find_map(|(name, span)| {
        let is_structure = name == "config" || name == "options";
        is_structure.then(|| span.map(|span| (name.clone(), span))).flatten()
    })?;
    let mut settings: Vec<(String, Span)> = keys
        .iter()
        .filter(|(name, _)| !STRUCTURE.contains(&name.as_str()))
        .filter_map(|(name, span)| Some((name.clone(), (*span)?)))
        .collect();
    settings.sort_by_key(|(_, span)| *span);
    (!settings.is_empty()).then_some(MixedKeys { structure, settings })
}

/// The option that decides which value this is, or that it is.
fn question_of(machine: &Machine<'_>, val: &Val, realm: Realm) -> Option<OptionQuestion> {
    let option = match &val.value {
        Value::Choice(choice) => {
            choice.iter().find_map(|(condition, _)| question(machine, condition, realm))?
        }
        Value::Symbol(symbol) => option_text(machine, symbol, realm)?,
        _ => return None,
    };
    Some(OptionQuestion { option, span: val.span? })
}

/// Whether a path below `config` is that of an option. An argument that a module may define with `_module.args`
/// may as well be passed by the flake.
fn is_option(machine: &Machine<'_>, names: &[Name]) -> bool {
    names.first().is_some_and(|first| *machine.text_of(*first) != *"_module")
}

/// An option of this option tree that the condition asks for.
fn question(machine: &Machine<'_>, condition: &Condition, realm: Realm) -> Option<String> {
    let mut found = None;
    condition.any_atom(&mut |atom| {
        if let Atom::Option(option) | Atom::Equals(option, _) = atom
            && option.realm == realm
            && is_option(machine, &option.names)
        {
            found = Some(machine.path_text(&option.names));
        }
        found.is_some()
    });
    found
}

fn option_text(machine: &Machine<'_>, symbol: &Symbol, realm: Realm) -> Option<String> {
    let option =
        symbol.option().filter(|option| option.realm == realm && is_option(machine, &option.names))?;
    Some(machine.path_text(&option.names))
}

/// Imports of the same file by path or of the same module from outside, each surely there.
fn repeated(module: &Module) -> Vec<RepeatedImport> {
    let mut seen: Vec<(&Import, Span)> = Vec::new();
    let mut result = Vec::new();
    for edge in &module.imports {
        let (Some(span), Certainty::Must) = (edge.span, edge.certainty) else { continue };
        let same = |known: &Import| match (known, &edge.import) {
            (Import::File(a, _), Import::File(b, _)) => a == b,
            // Calls have no name of their own.
            (Import::External(a), Import::External(b)) => a == b && !a.starts_with('('),
            _ => false,
        };
        match seen.iter().find(|(known, _)| same(known)) {
            Some((known, first)) if *first != span => {
                let is_file =
                    matches!((known, &edge.import), (Import::File(_, a), Import::File(_, b)) if a == b);
                result.push(RepeatedImport { first: *first, again: span, is_file });
            }
            Some(_) => {}
            None => seen.push((&edge.import, span)),
        }
    }
    result
}
