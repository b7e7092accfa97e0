//! Patches to option definitions: which node to touch, and whether others would feel it.

use super::context::HostContext;
use crate::nixos::containers::CONTAINERS;
use crate::project::{Container, Definition, Host, Item, OptionKey};
use crate::semantic::{Resolution, ScopeKind, lower};
use crate::syntax::{
    AstNode, SyntaxKind, SyntaxNode, ast, edit, enclosing_binding, peel_parens, static_name,
};
use crate::text::{FileId, Span, TextRange};

/// Edits of one file for a fix.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The file.
    pub file: FileId,
    /// Ranges in bytes and what replaces them.
    pub edits: Vec<(TextRange, String)>,
    /// Whether something else uses the text that changes.
    pub is_shared: bool,
}

/// Where a patch adds something: beside this definition, under the conditions that the value is written below.
#[derive(Clone)]
pub struct Near {
    /// The definition.
    pub definition: Definition,
    /// The value in it that the patch is about.
    pub value: Option<Span>,
}

impl HostContext<'_> {
    /// Whether the expression at `literal` is used by more than `definition`: a constant of the file with
    /// other uses, or text of another file.
    pub fn is_shared(&self, literal: Span, definition: &Definition) -> bool {
        if let Some(binding) = definition.binding
            && binding.file == literal.file
            && binding.range().contains_range(literal.range())
        {
            return false;
        }
        let Some(node) = self.node_at::<ast::Expr>(literal) else { return true };
        let Some(binding) = enclosing_binding(node.syntax()) else { return true };
        let Some(key) = binding.attrpath().and_then(|path| path.attrs().next()) else { return true };
        let Some(root) = ast::Root::cast((*self.syntax(literal.file)).clone()) else { return true };
        let semantics = lower(&root);
        let range = key.syntax().text_range();
        for (index, scope) in semantics.scopes.iter().enumerate() {
            if scope.kind != ScopeKind::Let {
                continue;
            }
            for (slot, bound) in scope.bindings.iter().enumerate() {
                if bound.range == range {
                    let wanted = |reference: &&crate::semantic::Reference| match reference.resolution {
                        Resolution::Binding(id) => id.scope.0 as usize == index && id.slot as usize == slot,
                        _ => false,
                    };
                    return semantics.references.iter().filter(wanted).count() != 1;
                }
            }
        }
        true
    }

    /// Removes an element from the list it is written in; the whole binding where nothing else is in it.
    pub fn remove_item(&self, item: &Item) -> Option<Patch> {
        let span = item.span?;
        let element = self.expression_at(span)?;
        let list = element.syntax().parent().and_then(ast::List::cast)?;
        let is_only = list.items().count() == 1;
        let binding = list.syntax().parent().and_then(ast::AttrpathValue::cast);
        let edits = match binding {
            Some(binding) if is_only && self.belongs_to(&binding, &item.definition) => {
                edit::delete_binding(binding.syntax())
            }
            _ => edit::delete_list_element(&element),
        };
        Some(Patch { file: span.file, edits, is_shared: self.is_shared(span, &item.definition) })
    }

    /// Removes several elements of the list they are written in; the whole binding where these are all.
    pub fn remove_items(&self, items: &[&Item]) -> Option<Patch> {
        let (first, span) = (items.first()?, items.first()?.span?);
        let elements: Option<Vec<ast::Expr>> =
            items.iter().map(|item| self.expression_at(item.span?)).collect();
        let elements = elements?;
        let list = ast::List::cast(elements.first()?.syntax().parent()?)?;
        let is_there = |element: &ast::Expr| element.syntax().parent().as_ref() == Some(list.syntax());
        if !elements.iter().all(is_there) {
            return None;
        }
        let binding = list.syntax().parent().and_then(ast::AttrpathValue::cast);
        let edits = match binding {
            Some(binding)
                if list.items().count() == elements.len() && self.belongs_to(&binding, &first.definition) =>
            {
                edit::delete_binding(binding.syntax())
            }
            _ => elements.iter().flat_map(edit::delete_list_element).collect(),
        };
        Some(Patch { file: span.file, edits, is_shared: self.is_shared(span, &first.definition) })
    }

    /// Removes the binding that a definition is written as.
    pub fn remove_definition(&self, definition: &Definition) -> Option<Patch> {
        let span = definition.binding?;
        let binding = self.node_at::<ast::AttrpathValue>(span)?;
        let is_it = binding.syntax().text_range() == span.range();
        // What is written in a constant may be used elsewhere.
        let is_shared = definition.value.span.is_none_or(|value| self.is_shared(value, definition));
        is_it.then(|| Patch { file: span.file, edits: edit::delete_binding(binding.syntax()), is_shared })
    }

    /// The expression that is written at exactly this place.
    pub fn expression_at(&self, span: Span) -> Option<ast::Expr> {
        let root = self.syntax(span.file);
        let covering = root.covering_element(span.range());
        covering
            .ancestors()
            .filter_map(ast::Expr::cast)
            .find(|expr| expr.syntax().text_range() == span.range())
    }

    /// Whether what is written at `span` is part of its module whatever happens: in no call but those that merge
    /// or order, in no condition, and in no function but that of the module.
    pub fn is_unconditional(&self, span: Span) -> bool {
        let root = self.syntax(span.file);
        let is_module = |lambda: &SyntaxNode| {
            lambda.parent().is_none_or(|parent| {
                matches!(
                    parent.kind(),
                    SyntaxKind::NODE_ROOT | SyntaxKind::NODE_LAMBDA | SyntaxKind::NODE_PAREN
                )
            })
        };
        root.covering_element(span.range()).ancestors().all(|node| match node.kind() {
            SyntaxKind::NODE_IF_ELSE | SyntaxKind::NODE_ASSERT => false,
            SyntaxKind::NODE_LAMBDA => is_module(&node),
            SyntaxKind::NODE_APPLY => {
                let function = ast::Apply::cast(node).and_then(|call| call.lambda());
                function.and_then(|function| last_name(&function)).is_some_and(|name| passes_elements(&name))
            }
            _ => true,
        })
    }

    /// Whether `binding` is the one that `definition` is written as.
    fn belongs_to(&self, binding: &ast::AttrpathValue, definition: &Definition) -> bool {
        definition.binding.is_some_and(|span| span.range() == binding.syntax().text_range())
    }

    /// Adds names of units to attributes of the service `unit`: into lists and sets that are there, else as
    /// a new definition beside that of `near`, under the conditions that `near` is written below.
    ///
    /// `None` where no place is certain to be right.
    pub fn add_dependencies(
        &self,
        host: &Host<'_>,
        unit: &str,
        near: &Near,
        dependencies: &[(&str, &str)],
    ) -> Option<Patch> {
        let key = OptionKey::Name(unit.into());
        let existing =
            host.services_called(&key).into_iter().filter(|service| service.key.exact() == Some(unit));
        let file = near.definition.binding?.file;
        let mut edits = Vec::new();
        let mut missing: Vec<(&str, &str)> = Vec::new();
        let existing: Vec<_> = existing.collect();
        for (attribute, name) in dependencies {
            let lists = existing.iter().flat_map(|service| {
                let node = host.below(&service.node, attribute);
                node.definitions().to_vec()
            });
            let list = lists
                .filter(|definition| near.definition.condition.implies(&definition.condition))
                .find_map(|definition| {
                    let span = definition.value.span.filter(|span| span.file == file)?;
                    let list = ast::List::cast(self.expression_at(span)?.syntax().clone())?;
                    (!self.is_shared(span, &definition)).then_some(list)
                });
            match list {
                Some(list) => edits.extend(edit::append_list_element(&list, &format!("\"{name}\""))),
                None => missing.push((attribute, name)),
            }
        }
        if missing.is_empty() {
            return Some(Patch { file, edits, is_shared: false });
        }
        let lines: Vec<String> =
            missing.iter().map(|(attribute, name)| format!("{attribute} = [ \"{name}\" ];")).collect();
        edits.extend(self.add_to_unit(host, unit, near, &lines)?);
        Some(Patch { file, edits, is_shared: false })
    }

    /// Adds directives to `serviceConfig` of the service `unit`, in the manner of
    /// [`HostContext::add_dependencies`]. Values are Nix expressions.
    pub fn add_service_config(
        &self,
        host: &Host<'_>,
        unit: &str,
        near: &Near,
        directives: &[(&str, String)],
    ) -> Option<Patch> {
        let file = near.definition.binding?.file;
        let key = OptionKey::Name(unit.into());
        let services =
            host.services_called(&key).into_iter().filter(|service| service.key.exact() == Some(unit));
        let sets =
            services.flat_map(|service| host.below(&service.node, "serviceConfig").definitions().to_vec());
        let edits = match self.literal_set(sets, near) {
            Some(set) => {
                let lines: Vec<String> =
                    directives.iter().map(|(name, value)| format!("{name} = {value};")).collect();
                edit::insert_binding_at_end(&set, &lines.join("\n"))
            }
            None => {
                let lines: Vec<String> = directives
                    .iter()
                    .map(|(name, value)| format!("serviceConfig.{name} = {value};"))
                    .collect();
                self.add_to_unit(host, unit, near, &lines)?
            }
        };
        Some(Patch { file, edits, is_shared: false })
    }

    /// Adds an element, a Nix expression, to a list option of a container: to the list where it is written,
    /// else as a binding of the container's set, else beside the definition of `near`.
    pub fn add_to_container(
        &self,
        host: &Host<'_>,
        container: &Container,
        near: &Near,
        option: &str,
        element: &str,
    ) -> Option<Patch> {
        let file = near.definition.binding?.file;
        let node = host.below(&container.node, option);
        let written = node.definitions().iter().filter(|definition| {
            near.definition.condition.implies(&definition.condition)
                && definition.path.iter().all(|key| key.exact().is_some())
        });
        let list = written.clone().find_map(|definition| {
            let span = definition.value.span.filter(|span| span.file == file)?;
            let list = ast::List::cast(self.expression_at(span)?.syntax().clone())?;
            (!self.is_shared(span, definition)).then_some(list)
        });
        if let Some(list) = list {
            return Some(Patch { file, edits: edit::append_list_element(&list, element), is_shared: false });
        }
        if let Some(set) = self.literal_set(container.node.definitions().iter().cloned(), near) {
            let edits = edit::insert_binding_at_end(&set, &format!("{option} = [ {element} ];"));
            return Some(Patch { file, edits, is_shared: false });
        }
        if let Some(edits) = self.beside_dotted(container, near, &format!("{option} = [ {element} ];")) {
            return Some(Patch { file, edits, is_shared: false });
        }
        let name = container.key.exact()?;
        let name = if is_identifier(name) { name.to_owned() } else { format!("\"{name}\"") };
        self.add_beside(near, &format!("{CONTAINERS}.{name}.{option}"), &format!("[ {element} ]"))
    }

    /// A binding of a container whose options are written as `name.option = …`, behind such a one.
    fn beside_dotted(
        &self,
        container: &Container,
        near: &Near,
        binding: &str,
    ) -> Option<Vec<(TextRange, String)>> {
        let file = near.definition.binding?.file;
        container.node.definitions().iter().find_map(|definition| {
            let span = definition.binding.filter(|span| span.file == file)?;
            let key = definition.key.filter(|_| near.definition.condition.implies(&definition.condition))?;
            definition.path.iter().all(|key| key.exact().is_some()).then_some(())?;
            let written = self.node_at::<ast::AttrpathValue>(span)?;
            let path = written.attrpath()?;
            let start = path.syntax().text_range().start();
            let is_last = path.syntax().text_range().end() == key.range().end();
            if is_last || !path.syntax().text_range().contains_range(key.range()) {
                return None;
            }
            let name = self.text(Span::new(file, TextRange::new(start, key.range().end())));
            Some(edit::insert_binding_after(written.syntax(), &format!("{name}.{binding}")))
        })
    }

    /// Replaces the binding that a definition is written as by another one; `None` where its name is not the
    /// only one in front of the sign.
    pub fn replace_definition(&self, definition: &Definition, binding: &str) -> Option<Patch> {
        let span = definition.binding?;
        let written = self.node_at::<ast::AttrpathValue>(span)?;
        let is_it = written.syntax().text_range() == span.range() && written.attrpath()?.attrs().count() == 1;
        let is_shared = definition.value.span.is_none_or(|value| self.is_shared(value, definition));
        let edits = vec![(span.range(), binding.to_owned())];
        is_it.then_some(Patch { file: span.file, edits, is_shared })
    }

    /// Writes the option `from` of a definition as `to`, both from the root of the options; `None` where the
    /// binding does not name all that differs, or names it by more than plain names.
    pub fn rename_option(&self, definition: &Definition, from: &[String], to: &[String]) -> Option<Patch> {
        let (span, key) = (definition.binding?, definition.key?);
        let written = self.node_at::<ast::AttrpathValue>(span)?;
        let attrs: Vec<ast::Attr> = written.attrpath()?.attrs().collect();
        let last = attrs.iter().position(|attr| attr.syntax().text_range() == key.range())?;
        let names: Vec<String> = attrs[..=last].iter().map(static_name).collect::<Option<_>>()?;
        let above = from.len().checked_sub(names.len())?;
        let is_covered = written.syntax().text_range() == span.range()
            && from[above..] == names
            && to.get(..above) == Some(&from[..above])
            && to.len() > above;
        let shown = |name: &String| if is_identifier(name) { name.clone() } else { format!("\"{name}\"") };
        let path: Vec<String> = to[above..].iter().map(shown).collect();
        let range = TextRange::new(attrs[0].syntax().text_range().start(), key.range().end());
        is_covered.then(|| Patch { file: span.file, edits: vec![(range, path.join("."))], is_shared: false })
    }

    /// Adds bindings, written from the root of the options, beside the outermost binding of `near`.
    pub fn add_beside(&self, near: &Near, path: &str, value: &str) -> Option<Patch> {
        let file = near.definition.binding?.file;
        let (binding, guard) = self.outermost_binding(near)?;
        let guard = guard.map(|guard| format!("{guard} ")).unwrap_or_default();
        let edits = edit::insert_binding_after(&binding, &format!("{path} = {guard}{value};"));
        Some(Patch { file, edits, is_shared: false })
    }

    /// Bindings for the set of the service `unit`: into the set where it is written, else as a definition of
    /// their own beside that of `near`.
    fn add_to_unit(
        &self,
        host: &Host<'_>,
        unit: &str,
        near: &Near,
        lines: &[String],
    ) -> Option<Vec<(TextRange, String)>> {
        let key = OptionKey::Name(unit.into());
        let services =
            host.services_called(&key).into_iter().filter(|service| service.key.exact() == Some(unit));
        let sets = services.flat_map(|service| service.node.definitions().to_vec());
        if let Some(set) = self.literal_set(sets, near) {
            return Some(edit::insert_binding_at_end(&set, &lines.join("\n")));
        }
        let (binding, guard) = self.outermost_binding(near)?;
        let name = if is_identifier(unit) { unit.to_owned() } else { format!("\"{unit}\"") };
        let guard = guard.map(|guard| format!("{guard} ")).unwrap_or_default();
        let text = match lines {
            [line] if guard.is_empty() => format!("systemd.services.{name}.{line}"),
            _ => {
                let body: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
                format!("systemd.services.{name} = {guard}{{\n{}\n}};", body.join("\n"))
            }
        };
        Some(edit::insert_binding_after(&binding, &text))
    }

    /// The first of the definitions whose value is a set written in the file of `near`, in place and under no
    /// other condition.
    fn literal_set(
        &self,
        definitions: impl Iterator<Item = Definition>,
        near: &Near,
    ) -> Option<ast::AttrSet> {
        let file = near.definition.binding?.file;
        definitions
            .filter(|definition| near.definition.condition.implies(&definition.condition))
            .filter(|definition| definition.path.iter().all(|key| key.exact().is_some()))
            .find_map(|definition| {
                let span = definition.value.span.filter(|span| span.file == file)?;
                let set = written_set(self.expression_at(span)?)?;
                (!self.is_shared(span, &definition)).then_some(set)
            })
    }

    /// The binding at the root of the options that `definition` is written in, and the `mkIf c` that stands
    /// between the two.
    fn outermost_binding(&self, near: &Near) -> Option<(SyntaxNode, Option<String>)> {
        let definition = &near.definition;
        let span = definition.binding?;
        // Begin at the value that the patch is about, where it is written in the definition.
        let start =
            near.value.filter(|value| value.file == span.file && span.range().contains_range(value.range()));
        let root = self.syntax(span.file);
        let mut at = match start {
            Some(value) => self.expression_at(value)?.syntax().clone(),
            None => root.covering_element(span.range()).ancestors().find(|node| {
                node.kind() == SyntaxKind::NODE_ATTRPATH_VALUE && node.text_range() == span.range()
            })?,
        };
        let own_key = definition.key.map(|key| key.range());
        let mut remaining = definition.path.len();
        let mut guards: Vec<String> = Vec::new();
        loop {
            match at.kind() {
                SyntaxKind::NODE_ATTRPATH_VALUE => {
                    let path = ast::AttrpathValue::cast(at.clone())?.attrpath()?;
                    // The definition may be one of the sets that its own binding's path makes.
                    let own_key = path.attrs().position(|key| Some(key.syntax().text_range()) == own_key);
                    let keys = own_key.map_or_else(|| path.attrs().count(), |index| index + 1);
                    remaining = remaining.checked_sub(keys)?;
                    if remaining == 0 {
                        let guard = match guards.as_slice() {
                            [] => None,
                            [guard] => Some(guard.clone()),
                            _ => return None,
                        };
                        return Some((at, guard));
                    }
                }
                SyntaxKind::NODE_APPLY => {
                    // `mkIf c { … }` is `(mkIf c) { … }`.
                    let call = ast::Apply::cast(at.clone())?;
                    match peel_parens(call.lambda()?) {
                        ast::Expr::Apply(inner) if !passes_elements(&last_name(&inner.lambda()?)?) => {
                            let name = last_name(&inner.lambda()?)?;
                            if !matches!(name.as_str(), "mkIf" | "optional" | "optionals" | "optionalAttrs") {
                                return None;
                            }
                            let text = inner.syntax().text().to_string();
                            guards.push(text.replacen(&name, "mkIf", 1));
                        }
                        function if passes_elements(&last_name(&function)?) => {}
                        _ => return None,
                    }
                }
                SyntaxKind::NODE_ATTR_SET
                | SyntaxKind::NODE_PAREN
                | SyntaxKind::NODE_LIST
                | SyntaxKind::NODE_STRING
                | SyntaxKind::NODE_BIN_OP => {}
                _ => return None,
            }
            at = at.parent()?;
        }
    }
}

/// Functions whose result has every element of their argument.
fn passes_elements(name: &str) -> bool {
    ["mkMerge", "mkAfter", "mkBefore", "mkOrder", "mkDefault", "flatten", "unique", "toList", "concatLists"]
        .contains(&name)
}

/// The set that a literal, or the right side of `//`, adds its own names in.
fn written_set(expr: ast::Expr) -> Option<ast::AttrSet> {
    match peel_parens(expr) {
        ast::Expr::AttrSet(set) => Some(set),
        ast::Expr::BinOp(operation) if operation.operator() == Some(ast::BinOpKind::Update) => {
            written_set(operation.rhs()?)
        }
        _ => None,
    }
}

/// The last name of a name or selection, or of what a call calls.
fn last_name(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Apply(call) => last_name(&call.lambda()?),
        ast::Expr::Ident(ident) => Some(ident.syntax().text().to_string()),
        ast::Expr::Select(select) => Some(select.attrpath()?.attrs().last()?.syntax().text().to_string()),
        _ => None,
    }
}

/// Whether `name` can be written without quotes.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_'-".contains(c))
}
